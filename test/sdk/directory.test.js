// Organisations, people, seals and files through the official Node SDK: every action, every field of its answer, every code that it
// declares on purpose.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { contract, day, fields, id, ip, nothing, now, organizationRequest, personRequest, picture, platform, refused } from "../lib/platform.js";

let world, sdk, caller;

before(async () => {
  world = await platform();
  ({ sdk, caller } = world);
});
after(() => world?.stop());

const missing = "MissingParameter";
const value = "InvalidParameterValue";
const unknown = "ResourceNotFound";
const denied = "OperationDenied";

test("a sub-organisation is registered, verified, changed", async () => {
  const request = {
    ...organizationRequest(caller(), "杭州示范贸易有限公司", 901),
    OpenId: "org-901",
    LegalMobile: "15012340702",
    ContactName: "钱进",
    Email: "a@example.com",
    VerifyClientIp: ip,
    VerifyServerIp: "203.0.113.8",
    IdCardFileType: "USCCFILE",
    BizLicenseFile: picture(),
    BizLicenseFileName: "licence.png",
    ContactAddress: { Province: "浙江", City: "杭州", County: "西湖", Details: "文三路 1 号", Country: "中国" },
  };
  const created = await sdk.CreateSubOrganization(request);
  fields(created, { SubOrganizationId: id });
  const organization = created.SubOrganizationId;
  const describe = async () => {
    const answer = await sdk.DescribeSubOrganizations({ Caller: caller(), SubOrganizationIds: [organization] });
    fields(answer, { SubOrganizationInfos: (list) => list.length === 1 });
    return answer.SubOrganizationInfos[0];
  };
  const wanted = {
    Id: organization,
    Name: request.Name,
    Email: "a@example.com",
    IdCardType: "USCC",
    IdCardNumber: request.IdCardNumber,
    OrganizationType: "ENTERPRISE",
    IdCardFileType: "USCCFILE",
    BizLicenseFile: /^http/,
    BizLicenseFileName: "licence.png",
    LegalName: "王小明",
    LegalIdCardType: "ID_CARD",
    LegalIdCardNumber: "1****************8",
    LegalMobile: "150****0702",
    ContactName: "钱进",
    VerifyStatus: "NotVerified",
    VerifiedOn: 0,
    CreatedOn: (t) => Math.abs(t - now()) < 60,
    UpdatedOn: 0,
    VerifyClientIp: ip,
    VerifyServerIp: "203.0.113.8",
    ContactAddress: request.ContactAddress,
  };
  const before = await describe();
  fields(before, wanted);
  assert.equal((await fetch(before.BizLicenseFile)).headers.get("content-type"), "image/png");

  fields(await sdk.VerifySubOrganization({ Caller: caller(undefined, organization) }), { SubOrganizationId: organization });
  fields(await sdk.VerifySubOrganization({ Caller: caller(), OpenId: "org-901" }), { SubOrganizationId: organization });
  const set = (t) => Math.abs(t - now()) < 60;
  fields(await describe(), { ...wanted, VerifyStatus: "Verified", VerifiedOn: set, UpdatedOn: set });

  const changed = { LegalName: "孙悦", LegalIdCardType: "PASSPORT", ContactName: "周强", Email: "b@example.com", OrganizationType: "OTHERS", BizLicenseFileName: "new.png" };
  const address = { Province: "上海", City: "上海", County: "黄浦", Details: "人民广场", Country: "" };
  fields(
    await sdk.ModifySubOrganizationInfo({
      Caller: caller(),
      OpenId: "org-901",
      ...changed,
      LegalIdCardNumber: "E12345678",
      LegalMobile: "13900001111",
      ContactAddress: address,
    }),
    { SubOrganizationId: organization },
  );
  const after = { ...wanted, ...changed, LegalIdCardNumber: "E*******8", LegalMobile: "139****1111", VerifyStatus: "Verified", VerifiedOn: set, UpdatedOn: set };
  fields(await describe(), { ...after, ContactAddress: (got) => got.Details === "人民广场" });
  await sdk.ModifySubOrganizationInfo({ Caller: caller(undefined, organization), Name: "杭州改名贸易有限公司" });
  fields(await describe(), { ...after, Name: "杭州改名贸易有限公司", VerifyStatus: "NotVerified", VerifiedOn: 0, ContactAddress: (got) => got.City === "上海" });
  await sdk.VerifySubOrganization({ Caller: caller(), OpenId: "org-901" });
  await sdk.ModifySubOrganizationInfo({ Caller: caller(), OpenId: "org-901", BizLicenseFile: picture(130) });
  assert.equal((await describe()).VerifyStatus, "NotVerified");

  const other = { ...organizationRequest(caller(), "另一家", 902), OpenId: "org-902", UseOpenId: true };
  fields(await sdk.CreateSubOrganization(other), { SubOrganizationId: "org-902" });
  await refused("FailedOperation.OpenIdAlreadyExists", sdk.CreateSubOrganization({ ...other, IdCardNumber: "91440300MA5EX9990F" }));
  await refused("FailedOperation.OrgIdCardNumberAlreadyExists", sdk.CreateSubOrganization({ ...other, OpenId: "org-903" }));
  await refused("FailedOperation.OpenIdAlreadyExists", sdk.ModifySubOrganizationInfo({ Caller: caller(undefined, organization), OpenId: "org-902" }));
  await refused(unknown, sdk.ModifySubOrganizationInfo({ Caller: caller(), OpenId: "nobody" }));
  await refused(missing, sdk.ModifySubOrganizationInfo({ Caller: caller(), Name: "无" }));
  await refused(value, sdk.ModifySubOrganizationInfo({ Caller: caller(), OpenId: "org-902", OrganizationType: "CLUB" }));
  await refused(unknown, sdk.VerifySubOrganization({ Caller: caller(undefined, nothing) }));
  await refused(missing, sdk.VerifySubOrganization({ Caller: caller() }));
  await refused(unknown, sdk.DescribeSubOrganizations({ Caller: caller(), SubOrganizationIds: [nothing] }));
  await refused(missing, sdk.DescribeSubOrganizations({ Caller: caller(), SubOrganizationIds: [] }));
  await refused(missing, sdk.CreateSubOrganization({ ...other, Name: "" }));
  await refused(value, sdk.CreateSubOrganization({ ...other, OpenId: "x".repeat(33) }));
  await refused(unknown, sdk.CreateSubOrganization({ ...other, Caller: caller(nothing), OpenId: "org-904", IdCardNumber: "91440300MA5EX9991F" }));
});

test("a sub-organisation with its seal", async () => {
  const request = { ...organizationRequest(caller(), "深圳市示例科技有限公司", 910), VerifyClientIp: ip, SealName: "主章", SealType: "OFFICIAL", SealHorizontalText: "业务专用" };
  const created = await sdk.CreateSubOrganizationAndSeal(request);
  fields(created, { SubOrganizationId: id, SealId: id });
  const { Seals } = await sdk.DescribeSeals({ Caller: caller(), SealIds: [created.SealId] });
  assert.deepEqual([Seals[0].SealName, Seals[0].SealType, Seals[0].DefaultSeal], ["主章", "OFFICIAL", true]);
  await refused("FailedOperation.OrgIdCardNumberAlreadyExists", sdk.CreateSubOrganizationAndSeal(request));
  const other = { ...request, IdCardNumber: "91440300MA5EX9992F" };
  await refused(missing, sdk.CreateSubOrganizationAndSeal({ ...other, VerifyClientIp: "" }));
  await refused(value, sdk.CreateSubOrganizationAndSeal({ ...other, SealHorizontalText: "一二三四五六七八九" }));
  await refused("FailedOperation", sdk.CreateSubOrganizationAndSeal({ ...other, Name: "\u{2EBD0}有限公司" }));
});

test("people are registered, verified, changed", async () => {
  const request = { ...personRequest(caller(), "张三", 920), Email: "z@example.com" };
  const created = await sdk.CreateUser(request);
  fields(created, { UserId: id });
  const user = created.UserId;
  const describe = async () => {
    const answer = await sdk.DescribeUsers({ Caller: caller(), UserIds: [user, nothing] });
    fields(answer, { Users: (list) => list.length === 1 });
    return answer.Users[0];
  };
  const wanted = {
    UserId: user,
    Mobile: "150****0702",
    CreatedOn: (t) => Math.abs(t - now()) < 60,
    VerifyStatus: 0,
    Name: "张三",
    VerifiedOn: 0,
    IdCardType: "ID_CARD",
    IdCardNumber: "1****************8",
  };
  fields(await describe(), wanted);
  fields(await sdk.VerifyUser({ Caller: caller(), UserId: user, CertificateRequired: true }), { UserId: user });
  const set = (t) => Math.abs(t - now()) < 60;
  fields(await describe(), { ...wanted, VerifyStatus: 1, VerifiedOn: set });
  fields(await sdk.ModifyUser({ Caller: caller(), OpenId: request.OpenId, Mobile: "13900001111", Email: "y@example.com" }), { UserId: user });
  fields(await describe(), { ...wanted, Mobile: "139****1111", VerifyStatus: 1, VerifiedOn: set });
  await sdk.ModifyUser({ Caller: caller(), UserId: user, Name: "张四" });
  fields(await describe(), { ...wanted, Mobile: "139****1111", Name: "张四" });

  fields(await sdk.CreateUser({ ...personRequest(caller(), "李四", 921), UseOpenId: true }), { UserId: "person-921" });
  const both = await sdk.CreateUserAndSeal({ ...personRequest(caller(), "王五", 922), SourceIp: ip, SealName: "王五的签名", Email: "w@example.com" });
  fields(both, { UserId: id, SealId: id });
  const { Seals } = await sdk.DescribeSeals({ Caller: caller(), SealIds: [both.SealId], UserId: both.UserId });
  assert.deepEqual([Seals[0].SealName, Seals[0].SealType, Seals[0].SealSource, Seals[0].DefaultSeal], ["王五的签名", "PERSONAL", "GENERATE", true]);

  const taken = "FailedOperation.AccountAlreadyExists";
  await refused(taken, sdk.CreateUser(request));
  await refused(taken, sdk.CreateUserAndSeal({ ...request, SourceIp: ip }));
  await refused("FailedOperation.GenerateUserSeal", sdk.CreateUserAndSeal({ ...personRequest(caller(), "王\u{2EBD0}", 923), SourceIp: ip }));
  await refused(value, sdk.CreateUserAndSeal({ ...personRequest(caller(), "护照", 924), IdCardType: "PASSPORT", SourceIp: ip }));
  await refused(missing, sdk.CreateUserAndSeal(personRequest(caller(), "无地址", 925)));
  await refused(missing, sdk.CreateUser({ ...request, OpenId: "" }));
  await refused(value, sdk.CreateUser({ ...request, IdCardType: "LIBRARY_CARD" }));
  await refused(unknown, sdk.ModifyUser({ Caller: caller(), UserId: nothing, Name: "无" }));
  await refused(missing, sdk.ModifyUser({ Caller: caller(), Name: "无" }));
  await refused(unknown, sdk.VerifyUser({ Caller: caller(), UserId: nothing }));
  await refused(missing, sdk.VerifyUser({ Caller: caller() }));
  await refused(missing, sdk.DescribeUsers({ Caller: caller() }));
  await refused(value, sdk.DescribeUsers({ Caller: caller(), UserIds: Array(101).fill(user) }));
  assert.equal((await sdk.DescribeUsers({ Caller: caller(), UserIds: Array(100).fill(user) })).Users.length, 100);
});

test("seals are made, described, changed and deleted", async () => {
  const party = await world.party();
  const mine = { Caller: party.caller, SourceIp: ip };
  const made = await sdk.CreateSeal({ ...mine, SealType: "OFFICIAL", SealName: "扫描公章", Image: picture(), IsDefault: true });
  fields(made, { SealId: id });
  const describe = async (sealId, user) => {
    const answer = await sdk.DescribeSeals({ Caller: party.caller, SealIds: [sealId], UserId: user });
    fields(answer, { Seals: (list) => list.length === 1 });
    return answer.Seals[0];
  };
  const wanted = {
    SealId: made.SealId,
    SealName: "扫描公章",
    SealType: "OFFICIAL",
    SealSource: "CREATE",
    Creator: { ApplicationId: world.credentials.applicationId, SubOrganizationId: party.organization, OperatorId: party.user },
    CreatedOn: (t) => Math.abs(t - now()) < 60,
    UserId: "",
    FileUrl: (url) => /^http/.test(url.Url) && JSON.parse(url.Option).width > 50 && url.Index === 0 && url.FlowId === "",
    DefaultSeal: true,
  };
  const seal = await describe(made.SealId);
  fields(seal, wanted);
  assert.equal((await fetch(seal.FileUrl.Url)).headers.get("content-type"), "image/png");
  assert.equal((await describe(party.seal)).DefaultSeal, false);

  const drawn = await sdk.GenerateOrganizationSeal({ ...mine, SealType: "SPECIAL_FINANCIAL", SealHorizontalText: "财务专用章" });
  fields(drawn, { SealId: id });
  fields(await describe(drawn.SealId), { ...wanted, SealId: drawn.SealId, SealName: "财务专用章", SealType: "SPECIAL_FINANCIAL", SealSource: "GENERATE", DefaultSeal: false });
  fields(await sdk.ModifyOrganizationDefaultSeal({ ...mine, SealId: drawn.SealId }), {});
  assert.equal((await describe(drawn.SealId)).DefaultSeal, true);

  const { FileIds } = await sdk.UploadFiles({ Caller: party.caller, BusinessType: "SEAL", FileInfos: [{ FileBody: picture(300, 100), FileName: "hand.png" }] });
  const hand = await sdk.CreateSeal({ ...mine, SealType: "PERSONAL", SealName: "手写", FileId: FileIds[0], UserId: party.user });
  fields(await describe(hand.SealId, party.user), { ...wanted, SealId: hand.SealId, SealName: "手写", SealType: "PERSONAL", UserId: party.user, DefaultSeal: false });
  fields(await sdk.ModifyUserDefaultSeal({ ...mine, UserId: party.user, SealId: hand.SealId }), {});
  assert.equal((await describe(hand.SealId)).DefaultSeal, true);

  fields(await sdk.ModifySeal({ ...mine, SealName: "默认章" }), {});
  assert.equal((await describe(drawn.SealId)).SealName, "默认章");
  await sdk.ModifySeal({ ...mine, SealId: drawn.SealId, FileId: FileIds[0] });
  assert.equal((await describe(drawn.SealId)).SealSource, "CREATE");
  await sdk.ModifySeal({ ...mine, SealId: party.hand, UserId: party.user, Image: picture(300, 100), SealName: "重签" });
  const again = await sdk.GenerateUserSeal({ ...mine, UserId: party.user, SealName: "新签名", IsDefault: true });
  fields(again, { SealId: id });
  assert.deepEqual([(await describe(again.SealId)).DefaultSeal, (await describe(hand.SealId)).DefaultSeal], [true, false]);
  fields(await sdk.DeleteSeal({ ...mine, SealId: made.SealId }), {});
  fields(await sdk.DeleteSeal({ ...mine, SealId: hand.SealId, UserId: party.user }), {});

  await refused(unknown, sdk.DescribeSeals({ Caller: party.caller, SealIds: [made.SealId] }));
  await refused(unknown, sdk.DescribeSeals({ Caller: party.caller, SealIds: [drawn.SealId], UserId: party.user }));
  await refused(missing, sdk.DescribeSeals({ Caller: party.caller, SealIds: [] }));
  await refused(denied, sdk.DeleteSeal({ ...mine, SealId: drawn.SealId })); // the default
  await refused(unknown, sdk.DeleteSeal({ ...mine, SealId: party.hand })); // a person's
  await refused(missing, sdk.DeleteSeal({ Caller: party.caller, SealId: party.seal }));
  await refused(unknown, sdk.ModifySeal({ ...mine, SealId: nothing, SealName: "无" }));
  await refused(missing, sdk.ModifySeal(mine));
  await refused(value, sdk.ModifySeal({ ...mine, Image: "AAAA" }));
  await refused(denied, sdk.GenerateUserSeal({ ...mine, UserId: party.user }));
  await refused(unknown, sdk.GenerateUserSeal({ ...mine, UserId: nothing }));
  await refused(missing, sdk.GenerateUserSeal({ ...mine }));
  const { UserId: rare } = await sdk.CreateUser(personRequest(caller(), "王\u{2EBD0}", 930));
  const message = await refused("FailedOperation.GenerateUserSeal", sdk.GenerateUserSeal({ ...mine, UserId: rare }));
  assert.match(message, /U\+2EBD0/);
  const { SubOrganizationId: odd } = await sdk.CreateSubOrganization(organizationRequest(caller(), "\u{2EBD0}公司", 931));
  await refused("FailedOperation.GenerateOrgSeal", sdk.GenerateOrganizationSeal({ ...mine, Caller: caller(party.user, odd), SealType: "OFFICIAL" }));
  await refused(unknown, sdk.GenerateOrganizationSeal({ ...mine, Caller: caller(party.user, nothing), SealType: "OFFICIAL" }));
  await refused(missing, sdk.GenerateOrganizationSeal({ ...mine }));
  await refused(value, sdk.GenerateOrganizationSeal({ ...mine, SealType: "PERSONAL" }));
  await refused(unknown, sdk.CreateSeal({ ...mine, SealType: "OFFICIAL", SealName: "无", FileId: nothing }));
  await refused(unknown, sdk.CreateSeal({ ...mine, SealType: "PERSONAL", SealName: "无", Image: picture(), UserId: nothing }));
  await refused(missing, sdk.CreateSeal({ ...mine, SealType: "OFFICIAL", SealName: "无" }));
  await refused(value, sdk.CreateSeal({ ...mine, SealType: "OFFICIAL", SealName: "无", Image: picture(), UserId: party.user }));
  await refused(unknown, sdk.ModifyOrganizationDefaultSeal({ ...mine, SealId: nothing }));
  await refused(denied, sdk.ModifyOrganizationDefaultSeal({ ...mine, SealId: again.SealId }));
  await refused(missing, sdk.ModifyOrganizationDefaultSeal({ ...mine }));
  await refused(unknown, sdk.ModifyUserDefaultSeal({ ...mine, UserId: party.user, SealId: nothing }));
  await refused(denied, sdk.ModifyUserDefaultSeal({ ...mine, UserId: party.user, SealId: drawn.SealId }));
  await refused(missing, sdk.ModifyUserDefaultSeal({ ...mine, UserId: party.user }));
});

test("files are uploaded, found and downloaded", async () => {
  const party = await world.party("北京样例软件有限责任公司", "李娜");
  const upload = (more) => sdk.UploadFiles({ Caller: party.caller, BusinessType: "DOCUMENT", FileInfos: [{ FileBody: contract, FileName: "合同.pdf" }], ...more });
  const answer = await upload({
    FileInfos: [
      { FileBody: contract, FileName: "一.pdf" },
      { FileBody: contract, FileName: "二.pdf" },
    ],
    CustomIds: ["file-1", "file-2"],
  });
  fields(answer, { FileIds: (list) => list.length === 2 && list.every((file) => id.test(file)), TotalCount: 2 });
  fields(await sdk.DescribeFileIdsByCustomIds({ Caller: caller(), CustomIds: ["file-2", "nothing", "file-1"] }), {
    CustomIdList: [
      { CustomId: "file-2", FileId: answer.FileIds[1] },
      { CustomId: "file-1", FileId: answer.FileIds[0] },
    ],
  });
  for (const type of ["TEMPLATE", "FLOW"]) assert.equal((await upload({ BusinessType: type })).TotalCount, 1);
  for (const type of ["SEAL", "BUSINESSLICENSE", "IDCARD"]) await upload({ BusinessType: type, FileInfos: [{ FileBody: picture() }] });
  assert.equal((await upload({ FileInfos: Array(20).fill({ FileBody: contract }) })).FileIds.length, 20);

  const urls = (more) => sdk.DescribeFileUrls({ Caller: caller(), BusinessIds: [answer.FileIds[0]], BusinessType: "DOCUMENT", ...more });
  const jpg = await urls({ FileType: "JPG", ResourceOffset: 1, ResourceLimit: 1 });
  fields(jpg, { FileUrls: (list) => list.length === 1, TotalCount: 3 });
  fields(jpg.FileUrls[0], { Url: /^http/, Option: '{"width":595,"height":842}', Index: 1, FlowId: "" });
  assert.equal((await fetch(jpg.FileUrls[0].Url)).headers.get("content-type"), "image/jpeg");
  const pdf = await urls({ FileType: "PDF", BusinessIds: answer.FileIds });
  assert.equal(pdf.TotalCount, 2);
  assert.equal(Buffer.from(await (await fetch(pdf.FileUrls[0].Url)).arrayBuffer()).toString("base64"), contract);
  const zip = await fetch((await urls({ FileType: "ZIP", FileName: "打包" })).FileUrls[0].Url);
  assert.match(decodeURIComponent(zip.headers.get("content-disposition")), /打包\.zip/);
  assert.equal((await urls({ BusinessType: "SEAL", BusinessIds: [party.seal] })).TotalCount, 1);
  assert.equal((await urls({ BusinessType: "TEMPLATE" })).TotalCount, 1);

  const bad = "InvalidParameter"; // the only parameter code that UploadFiles declares
  await refused(bad, upload({ BusinessType: undefined }));
  await refused(bad, upload({ FileInfos: Array(21).fill({ FileBody: contract }) }));
  await refused(bad, upload({ FileInfos: [{ FileBody: Buffer.from("no PDF").toString("base64") }] }));
  await refused(bad, upload({ CustomIds: ["one", "too many"] }));
  await refused(bad, upload({ FileInfos: undefined, FileUrls: [`http://${world.program.engine}/healthz`] })); // a private address
  await refused(denied, upload({ FileType: "HTML", FileInfos: [{ FileBody: Buffer.from("<h1>合同</h1>").toString("base64") }] }));
  await refused(unknown, upload({ Caller: caller(nothing) }));
  await refused(unknown, sdk.DescribeFileIdsByCustomIds({ Caller: caller(), CustomIds: ["nothing"] }));
  await refused(missing, sdk.DescribeFileIdsByCustomIds({ Caller: caller() }));
  await refused(unknown, urls({ BusinessIds: [nothing] }));
  await refused(missing, urls({ BusinessIds: [] }));
  await refused(bad, urls({ FileType: "PDF", BusinessType: "SEAL", BusinessIds: [party.seal] }));

  // What was destroyed with its contract is no longer there.
  const { FileIds } = await upload({ CustomIds: ["file-gone"] });
  const flow = { Caller: party.caller, FlowInfo: { FlowName: "销毁", Deadline: now() + day }, FileIds };
  const { FlowId } = await sdk.CreateFlowByFiles(flow);
  await sdk.CreateServerFlowSign({ Caller: party.caller, FlowId, SourceIp: ip, SignComponents: [{ ComponentType: "SIGN_SEAL", ComponentPage: 1, ComponentPosX: 9, ComponentPosY: 9 }] });
  await sdk.ArchiveFlow({ Caller: party.caller, FlowId });
  await sdk.DestroyFlowFile({ Caller: caller(), FlowId });
  await refused("ResourceUnavailable", sdk.DescribeFileIdsByCustomIds({ Caller: caller(), CustomIds: ["file-gone"] }));
  await refused("ResourceUnavailable", urls({ BusinessIds: FileIds }));
  await refused("ResourceUnavailable", sdk.CreateFlowByFiles(flow));
});

test("white-listed actions are refused without their right", async () => {
  const party = await world.party();
  const organization = { Caller: caller(undefined, party.organization) };
  const person = { Caller: caller(), UserId: party.user };
  const cases = {
    VerifySubOrganization: ["OperationDenied.NoApiAuth", () => sdk.VerifySubOrganization(organization)],
    CreateSubOrganizationAndSeal: [
      "OperationDenied.NoApiAuth",
      () => sdk.CreateSubOrganizationAndSeal({ ...organizationRequest(caller(), "无权", 940), VerifyClientIp: ip }),
    ],
    CreateUserAndSeal: ["OperationDenied.NoApiAuth", () => sdk.CreateUserAndSeal({ ...personRequest(caller(), "无权", 941), SourceIp: ip })],
    VerifyUser: ["AuthFailure.UnauthorizedOperation", () => sdk.VerifyUser(person)],
    CertificateRequired: ["AuthFailure.UnauthorizedOperation", () => sdk.VerifyUser({ ...person, CertificateRequired: true })],
  };
  for (const [right, [code, call]] of Object.entries(cases)) {
    await world.console.post("/console/rights", { right, granted: "0" });
    await refused(code, call());
    await world.console.post("/console/rights", { right, granted: "1" });
    await call();
  }
});

test("the gateway refuses a wrong key and another application", async () => {
  await refused("AuthFailure.SignatureFailure", world.client({ secretKey: "wrong" }).DescribeUsers({ Caller: caller(), UserIds: [nothing] }));
  await refused("AuthFailure.UnauthorizedOperation", sdk.DescribeUsers({ Caller: { ApplicationId: nothing }, UserIds: [nothing] }));
});

test("a parameter of another type is refused", async () => {
  const wrong = { Caller: caller(), SourceIp: ip };
  for (const [action, parameters] of Object.entries({
    CreateSeal: { Image: 1 },
    DeleteSeal: { SealId: 1 },
    DescribeSeals: { SealIds: "x" },
    DescribeFileIdsByCustomIds: { CustomIds: "x" },
    GenerateOrganizationSeal: { SealType: 1 },
    GenerateUserSeal: { UserId: 1 },
    ModifyOrganizationDefaultSeal: { SealId: 1 },
    ModifySeal: { SealId: 1 },
    ModifyUserDefaultSeal: { SealId: 1 },
  })) {
    await refused("InvalidParameter", sdk[action]({ ...wrong, ...parameters }));
  }
  await refused(value, sdk.VerifyUser({ ...wrong, UserId: 1 })); // the only parameter code that it declares
});
