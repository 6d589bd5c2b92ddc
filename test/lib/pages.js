// The portal's pages in the demo data.
/** Pages by name, with their addresses; a function finds one on the page before it. */
export const pages = [
  ["overview", "/"],
  ["organizations", "/organizations"],
  ["organization", firstLink("/organizations", /^\/organizations\/[^/]{8,}$/)],
  ["organization-new", "/organizations/new"],
  ["organization-import", "/organizations/import"],
  ["organization-edit", async (page, url) => `${await firstLink("/organizations", /^\/organizations\/[^/]{32,}$/)(page, url)}/edit`],
  ["users", "/users"],
  ["user", firstLink("/users", /^\/users\/[^/]{8,}$/)],
  ["user-new", "/users/new"],
  ["user-import", "/users/import"],
  ["user-edit", async (page, url) => `${await firstLink("/users", /^\/users\/[^/]{32,}$/)(page, url)}/edit`],
  ["identity", "/identity"],
  ["identity-bank-card", "/identity/bank-card"],
  ["identity-face-link", "/identity/face-link"],
  ["identity-faces", "/identity/faces"],
  ["seals", "/seals"],
  ["seal", firstLink("/seals", /^\/seals\/[^/]{8,}$/)],
  ["seal-new", "/seals/new"],
  ["seal-edit", async (page, url) => `${await firstLink("/seals", /^\/seals\/[^/]{32,}$/)(page, url)}/edit`],
  ["catalogs", "/catalogs"],
  ["catalog-new", "/catalogs/new"],
  ["files", "/files"],
  ["file", firstLink("/files", /^\/files\/[^/]{8,}$/)],
  ["drafts", "/drafts"],
  ["draft-new", "/drafts/new"],
  ["draft-people", sub(firstLink("/drafts", /^\/drafts\/[^/]{8,}\/builder$/), (path) => path.replace("/builder", "/people"))],
  ["builder", firstLink("/drafts", /^\/drafts\/[^/]{8,}\/builder$/)],
  ["draft-to-template", async (page, url) => (await firstLink("/drafts", /^\/drafts\/[^/]{8,}\/builder$/)(page, url)).replace("builder", "template")],
  ["templates", "/templates"],
  ["template", firstLink("/templates", /^\/templates\/[^/]{8,}$/)],
  ["template-new", "/templates/new"],
  ["template-use", firstLink("/templates", /^\/templates\/[^/]{8,}\/use$/)],
  ["template-roles", async (page, url) => (await firstLink("/templates", /^\/templates\/[^/]{8,}$/)(page, url)) + "/roles"],
  ["template-builder", async (page, url) => (await firstLink("/templates", /^\/templates\/[^/]{8,}$/)(page, url)).replace("templates", "drafts") + "/builder"],
  ["bulk", "/bulk"],
  ["batch", firstLink("/bulk", /^\/bulk\/[^/]{8,}$/)],
  ["bulk-new", async (page, url) => (await firstLink("/templates", /^\/templates\/[^/]{8,}$/)(page, url)) + "/bulk"],
  ["flows", "/flows"],
  ["flow", linkNamed("/flows", "软件服务采购合同")],
  ["flow-restart", sub(linkNamed("/flows", "软件服务采购合同"), (path) => path + "/restart")],
  ["flow-approval", linkNamed("/flows", "年度保洁服务合同")],
  ["approvals", "/approvals"],
  ["flow-archived", linkNamed("/flows", "品牌设计服务合同")],
  ["flow-preview", async (page, url) => (await linkNamed("/flows", "软件服务采购合同")(page, url)) + "/preview?q=甲方"],
  ["flow-destroy", sub(linkNamed("/flows", "品牌设计服务合同"), (path) => path + "/destroy")],
  ["flow-rejected", linkNamed("/flows", "办公室装修合同")],
  ["verify", "/verify"],
  ["audit", "/audit"],
  ["audit-event", firstLink("/audit", /^\/audit\/\d+$/)],
  ["accounts", "/accounts"],
  ["account-new", "/accounts/new"],
  ["account-edit", linkNamed("/accounts", "business")],
  ["sessions", "/sessions"],
  ["account", "/account"],
  ["factor", "/account/factor"],
  ["account-oidc", "/account/oidc"],
  ["requests", "/requests"],
  ["request", firstLink("/requests", /^\/requests\/\d+$/)],
  ["calls", "/calls"],
  ["call", "/calls/SendFlow"],
  ["settings", "/settings"],
  ["configuration", "/settings/configuration"],
  ["flows-stuck", "/flows?state=stuck&mine=1"],
  ["notices", "/notices"],
  ["notice-settings", "/account/notices"],
  ["deliveries", "/settings/deliveries"],
  ["not-found", "/nothing-here"],
];

/** Every page by name with its address in this portal, found once by whoever may open them all. */
export async function addresses(page, url) {
  const found = [];
  for (const [title, where] of pages) {
    const path = typeof where === "string" ? where : await where(page, url);
    if (!path) throw new Error(`no link to ${title} was found`);
    found.push([title, path]);
  }
  return found;
}

/** A page below another one. */
function sub(find, change) {
  return async (page, url) => change(await find(page, url));
}

function firstLink(list, pattern) {
  return async (page, url) => {
    await page.goto(url + list);
    const all = await page.locator("main a[href]").evaluateAll((links) => links.map((a) => new URL(a.href).pathname));
    return all.find((path) => pattern.test(path));
  };
}

function linkNamed(list, name) {
  return async (page, url) => {
    await page.goto(url + list);
    return new URL(await page.locator(`main a:has-text("${name}")`).first().evaluate((a) => a.href)).pathname;
  };
}

/** Logs in to a portal with demo data. */
export async function logIn(page, program, name = "admin") {
  const password = program.printed.match(/(?:password|密码均为) (\S+)/)[1];
  await page.goto(program.url + "/login");
  await page.locator("[name=Name]").fill(name);
  await page.locator("input[type=password]").fill(password);
  await page.locator("form:has(input[type=password]) button[type=submit]").click();
  await page.waitForURL(program.url + "/");
}
