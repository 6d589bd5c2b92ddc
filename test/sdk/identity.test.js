// Checks of identity, codes and face checks through the official Node SDK: every action, every result, every code that it declares on
// purpose. The people are those of docs/identity-tests.md.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { component, contract, day, fields, id, ip, nothing, now, personRequest, platform, refused } from "../lib/platform.js";

let world, sdk, caller, party;

before(async () => {
  world = await platform();
  ({ sdk, caller } = world);
  party = await world.party();
});
after(() => world?.stop());

const missing = "MissingParameter";
const type = "InvalidParameter";
const value = "InvalidParameterValue";
const unknown = "ResourceNotFound";
const failed = "FailedOperation";
const upstream = "InternalError.Api";
const cache = "InternalError.Cache";
const ticketCode = "InvalidParameter.InvalidVerifyResult";

/** The rows of the table of the documents. */
const columns = ["name", "idCard", "mobile", "bankCard", "idCardResult", "mobileResult", "bankCardResult", "faceResult"];
const people = readFileSync(new URL("../../docs/identity-tests.md", import.meta.url), "utf8")
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter((cells) => cells.length === 10 && /^(1349\d{7})$/.test(cells[3]))
  .map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i + 1] === "–" ? "" : cells[i + 1]])));
const [lin, other, nobody] = people;
const named = people.filter((person) => person.name);
const wanting = (column, result) => people.find((person) => person[column] === result);

const free = { idCard: "11010519491231002X", mobile: "13800138000", bankCard: "4111111111111111" };
const wrong = { idCard: "110105194912310021", mobile: "15400000000", bankCard: "4111111111111112", name: "林1" };

const text = (s) => typeof s === "string" && s.length > 0;
const result = (Result) => ({ Result, Description: text });

/** Gives each row of the table to a check: what it wants, and what the check then answers. */
async function everyRow(column, check) {
  for (const person of named) {
    const want = person[column];
    if (want === "error") await refused(upstream, check(person));
    else fields(await check(person), result(Number(want || 0)));
  }
}

/** Puts a person with a wanted result on the register, for what no person of the documents wants. */
async function add(person) {
  await world.console.post("/console/identities/new", { name: "", id_card: "", mobile: "", bank_card: "", id_card_result: "", mobile_result: "", bank_card_result: "", face_result: "", ...person });
}

test("the documents name people", () => assert.ok(people.length > 20, `${people.length} rows`));

test("CheckIdCardVerification", async () => {
  const check = ({ name, idCard }, more = {}) => sdk.CheckIdCardVerification({ Caller: caller(), Name: name, IdCardNumber: idCard, ...more });
  await everyRow("idCardResult", check);
  fields(await check(lin, { IdCardType: "ID_CARD" }), result(0));
  fields(await check({ ...lin, idCard: other.idCard }), result(1));
  fields(await check({ ...lin, idCard: wrong.idCard }), result(101));
  fields(await check({ ...lin, name: wrong.name }), result(102));
  fields(await check({ ...lin, idCard: free.idCard }), result(104));
  await refused(missing, check({ name: lin.name }));
  await refused(missing, check({ idCard: lin.idCard }));
  await refused(value, check(lin, { IdCardType: "PASSPORT" }));
});

test("CheckMobileAndName", async () => {
  const check = ({ name, mobile }) => sdk.CheckMobileAndName({ Caller: caller(), Name: name, Mobile: mobile });
  await everyRow("mobileResult", check);
  fields(await check({ ...lin, mobile: nobody.mobile }), result(1));
  fields(await check({ ...lin, mobile: other.mobile }), result(2));
  fields(await check({ ...lin, mobile: free.mobile }), result(101));
  fields(await check({ ...lin, name: wrong.name }), result(102));
  fields(await check({ ...lin, mobile: wrong.mobile }), result(103));
  await refused(missing, check({ name: lin.name }));
  await refused(missing, check({ mobile: lin.mobile }));
  await refused(value, check({ name: 5, mobile: lin.mobile }));
});

test("CheckMobileVerification", async () => {
  const check = ({ name, mobile, idCard }, more = {}) =>
    sdk.CheckMobileVerification({ Caller: caller(), Name: name, Mobile: mobile, IdCardNumber: idCard, ...more });
  await everyRow("mobileResult", check);
  fields(await check(lin, { IdCardType: "ID_CARD" }), result(0));
  fields(await check({ ...lin, mobile: nobody.mobile }), result(1));
  fields(await check({ ...lin, mobile: other.mobile }), result(2));
  fields(await check({ ...lin, idCard: other.idCard }), result(3));
  fields(await check({ ...lin, mobile: free.mobile }), result(101));
  fields(await check({ ...lin, name: wrong.name }), result(102));
  fields(await check({ ...lin, mobile: wrong.mobile }), result(103));
  fields(await check({ ...lin, idCard: wrong.idCard }), result(104));
  await refused(missing, check({ name: lin.name, mobile: lin.mobile }));
  await refused(value, check(lin, { IdCardType: "PASSPORT" }));
});

const bankChecks = {
  CheckBankCard2EVerification: ["bankCard", "name"],
  CheckBankCard3EVerification: ["bankCard", "name", "idCard"],
  CheckBankCard4EVerification: ["bankCard", "name", "idCard", "mobile"],
  CheckBankCardVerification: ["bankCard", "name", "idCard", "mobile"],
};
const parameter = { bankCard: "BankCard", name: "Name", idCard: "IdCardNumber", mobile: "Mobile" };

for (const [action, takes] of Object.entries(bankChecks)) {
  test(action, async () => {
    const check = (person, more = {}) =>
      sdk[action]({ Caller: caller(), ...Object.fromEntries(takes.filter((name) => name in person).map((name) => [parameter[name], person[name]])), ...more });
    await everyRow("bankCardResult", check);
    fields(await check({ ...lin, name: other.name }), result(1));
    fields(await check({ ...lin, bankCard: free.bankCard }), result(5));
    fields(await check({ ...lin, name: wrong.name }), result(101));
    fields(await check({ ...lin, bankCard: wrong.bankCard }), result(102));
    if (takes.includes("idCard")) {
      fields(await check({ ...lin, idCard: other.idCard }), result(2));
      fields(await check({ ...lin, idCard: wrong.idCard }), result(104));
      fields(await check(lin, { IdCardType: "ID_CARD" }), result(0));
      await refused(value, check(lin, { IdCardType: "PASSPORT" }));
    }
    if (takes.includes("mobile")) {
      fields(await check({ ...lin, mobile: other.mobile }), result(2));
      fields(await check({ ...lin, mobile: wrong.mobile }), result(105));
      fields(await check({ name: lin.name, bankCard: lin.bankCard }), result(0)); // the last two are optional
    }
    await refused(missing, check({ name: lin.name }));
    await refused(missing, check({ ...lin, name: "" }));
    await refused(value, check({ ...lin, name: 5 }));
  });
}

test("results that a check with fewer elements gives only when they are wanted", async () => {
  for (const [i, wanted] of ["2", "104", "105"].entries()) {
    const bankCard = ["4012888888881881", "5555555555554444", "378282246310005"][i];
    await add({ name: "赵敏", bank_card: bankCard, bank_card_result: wanted });
    const check = { Caller: caller(), BankCard: bankCard, Name: "赵敏" };
    fields(await sdk.CheckBankCard2EVerification(check), result(Number(wanted)));
    fields(await sdk.CheckBankCard3EVerification({ ...check, IdCardNumber: lin.idCard }), result(Number(wanted)));
  }
});

/** The code in the newest message, which stands on the console and nowhere else. */
const lastCode = async () => (await world.console.get("/console/messages")).match(/：(\d{6})/)[1];
const another = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");
const advance = (by) => world.console.post("/console/clock", { by });

/** A contract that waits for the party by channels. */
async function task(...channels) {
  const { FileIds } = await sdk.UploadFiles({ Caller: party.caller, BusinessType: "DOCUMENT", FileInfos: [{ FileBody: contract, FileName: "合同.pdf" }] });
  const { FlowId } = await sdk.CreateFlowByFiles({ Caller: party.caller, FlowInfo: { FlowName: "核验合同", Deadline: now() + 300 * day }, FileIds });
  const { SignId, SignUrl } = await sdk.SendFlowUrl({
    Caller: party.caller,
    FlowId,
    UserId: party.user,
    SubOrganizationId: party.organization,
    VerifyChannel: channels,
    Mobile: free.mobile,
    Deadline: now() + 200 * day,
    SignComponents: [component("seal", "SIGN_SEAL", 100, 300)],
  });
  return { FlowId, SignId, SignUrl };
}

const sign = ({ FlowId, SignId }, VerifyChannel, VerifyResult) =>
  sdk.SignFlow({
    Caller: party.caller,
    FlowId,
    SignId,
    VerifyChannel,
    VerifyResult,
    SourceIp: ip,
    SignSeals: [{ ComponentId: "seal", SignType: "SIGN_SEAL", FileIndex: 0, SealId: party.seal }],
  });
const reject = ({ FlowId, SignId }, VerifyChannel, VerifyResult) =>
  sdk.RejectFlow({ Caller: party.caller, FlowId, SignId, VerifyChannel, VerifyResult, SourceIp: ip, RejectMessage: "不同意" });

test("codes are sent, matched and signed with", async () => {
  const [first, second] = [await task("VERIFYCODE"), await task("VERIFYCODE")];
  const send = (more = {}) => sdk.SendSignInnerVerifyCode({ Caller: caller(), Mobile: free.mobile, VerifyType: "SIGN", ...more });
  const match = async (FlowId, VerifyCode, Mobile = free.mobile) => {
    const answer = await sdk.CheckVerifyCodeMatchFlowId({ Caller: caller(), Mobile, VerifyCode, FlowId });
    fields(answer, { Success: answer.Result === 0, Result: (r) => r >= 0 && r <= 6, Description: text });
    return answer.Result;
  };
  assert.equal(await match(first.FlowId, "123456"), 1);
  fields(await send({ FlowId: first.FlowId, UserId: party.user, VerifySign: "印台", VerifyTemplateId: "1" }), { Result: true });
  await refused("FailedOperation.RequestLimitExceeded30S", send());
  let code = await lastCode();
  assert.doesNotMatch(world.program.printed, new RegExp(`：${code}`), "a code is printed");
  assert.equal(await match(first.FlowId, code), 0);
  assert.equal(await match(second.FlowId, code), 3);
  assert.equal(await match(nothing, code), 6);
  assert.equal(await match(first.FlowId, code, wrong.mobile), 6);
  assert.equal(await match(first.FlowId, code, wanting("mobileResult", "106").mobile), 5);
  for (let i = 0; i < 5; i++) assert.equal(await match(first.FlowId, another(code)), 2);
  assert.equal(await match(first.FlowId, code), 4);

  await advance("1m");
  await send({ FlowId: first.FlowId });
  code = await lastCode();
  await refused(ticketCode, sign(first, "VERIFYCODE", another(code)));
  await refused(ticketCode, sign(second, "VERIFYCODE", code));
  fields(await sign(first, "VERIFYCODE", code), { Status: "SUCCESS" });
  assert.equal(await match(first.FlowId, code), 1);
  await refused(ticketCode, reject(second, "VERIFYCODE", code));
  await advance("1m");
  await send({ FlowId: second.FlowId });
  fields(await reject(second, "VERIFYCODE", await lastCode()), {});
});

test("what the code actions refuse", async () => {
  const send = (more) => sdk.SendSignInnerVerifyCode({ Caller: caller(), Mobile: "13900139000", VerifyType: "SIGN", ...more });
  await refused(missing, send({ Mobile: "" }));
  await refused(missing, send({ VerifyType: "" }));
  await refused(missing, send({ CheckThreeElementResult: 1 }));
  await refused(type, send({ Mobile: 5 }));
  await refused(value, send({ Mobile: wrong.mobile }));
  await refused(value, send({ VerifyType: "LOGIN" }));
  await refused(unknown, send({ FlowId: nothing }));
  await refused(unknown, send({ UserId: nothing }));
  await refused(failed, send({ UserId: party.user, CheckThreeElementResult: 1 }));
  const broken = wanting("mobileResult", "error");
  await refused(cache, send({ Mobile: broken.mobile }));
  await refused(upstream, send({ Mobile: broken.mobile, UserId: party.user, CheckThreeElementResult: 1 }));
  const { UserId } = await sdk.CreateUser({ ...personRequest(caller(), lin.name, "lin"), IdCardNumber: lin.idCard });
  fields(await send({ Mobile: lin.mobile, UserId, CheckThreeElementResult: 1 }), { Result: true });

  const match = (more) => sdk.CheckVerifyCodeMatchFlowId({ Caller: caller(), Mobile: lin.mobile, VerifyCode: "123456", FlowId: nothing, ...more });
  await refused(missing, match({ VerifyCode: "" }));
  await refused(type, match({ VerifyCode: 123456 }));
  await refused(value, match({ Caller: caller(nothing) }));
  await refused(cache, match({ Mobile: broken.mobile }));
});

test("a mobile gets five codes an hour and ten a day", async () => {
  const send = () => sdk.SendSignInnerVerifyCode({ Caller: caller(), Mobile: "13700137000", VerifyType: "SIGN" });
  // To the first minute after an hour that leaves two more on its day in China.
  const time = Math.floor(Date.now() / 1000) + 8 * 3600;
  await advance(`${day - (time % day) + 3660}s`);
  for (let i = 0; i < 5; i++) {
    await send();
    await advance("30s");
  }
  await refused("FailedOperation.RequestLimitExceeded1H", send());
  await advance("1h");
  for (let i = 0; i < 5; i++) {
    await send();
    await advance("30s");
  }
  await advance("1h");
  await refused("FailedOperation.RequestLimitExceeded1D", send());
  await advance("24h");
  fields(await send(), { Result: true });
});

test("CreateFaceIdSign", async () => {
  const create = (Values, operator = party.user) => sdk.CreateFaceIdSign({ Caller: caller(operator), Values });
  const values = ["IDATEST1", party.user, "1.0.0", "nonce", "1611108096"];
  const answer = await create(values);
  fields(answer, { Sign: /^[0-9A-F]{40}$/ });
  assert.equal((await create([...values].reverse())).Sign, answer.Sign);
  assert.notEqual((await create([...values.slice(1), "other"])).Sign, answer.Sign);
  await refused(missing, create([]));
  await refused(value, create("x"));
  await refused(unknown, create(values, nothing));
  const broken = wanting("faceResult", "error");
  const { UserId } = await sdk.CreateUser({ ...personRequest(caller(), broken.name, "broken"), IdCardNumber: broken.idCard });
  await refused(upstream, create(values, UserId));
});

const WbAppId = "IDATEST1";

/** Presses a button on the page of a check, and gives where the browser is sent. */
async function decide(url, outcome) {
  const page = await fetch(url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /不打开摄像头|不连接微信/);
  const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ Outcome: outcome }), redirect: "manual" });
  assert.equal(answer.status, 303);
  return new URL(answer.headers.get("location"), url);
}

/** Does a face check and gives its order number. */
async function faceCheck(more = {}, outcome = "pass") {
  const { Url } = await sdk.CreateH5FaceIdUrl({ Caller: party.caller, WbAppId, JumpUrl: "https://app.example/done?x=1", JumpType: "1", ...more });
  const back = await decide(Url, outcome);
  assert.equal(back.origin, "https://app.example");
  assert.equal(back.searchParams.get("x"), "1");
  assert.equal(back.searchParams.get("code") === "0", Number(back.searchParams.get("liveRate")) > 90);
  return back.searchParams.get("orderNo");
}

test("face checks are begun, passed or failed, and described", async () => {
  const begun = await sdk.CreateH5FaceIdUrl({ Caller: party.caller, WbAppId, OpenFrom: "browser", RedirectType: "1" });
  fields(begun, { Url: /^http.*\/f\/[\w-]{22}$/ });
  const [passed, not] = [await faceCheck(), await faceCheck({}, "fail")];
  const stranger = await faceCheck({ Caller: caller(), Name: lin.name, IdCardType: "ID_CARD", IdCardNumber: lin.idCard });
  const never = wanting("faceResult", "1");
  const unlike = await faceCheck({ Caller: caller(), Name: never.name, IdCardNumber: never.idCard });

  const time = (t) => t > now() - 60;
  const identify = (order, more = {}) =>
    sdk.CheckFaceIdentify({ Caller: party.caller, VerifyChannel: "FACEID", VerifyResult: `${WbAppId}:${order}`, ...more });
  const common = { Description: text, ChannelName: text, VerifiedOn: time, SerialNumber: id, VerifyServerIp: "127.0.0.1" };
  const isPicture = (data) => Buffer.from(data, "base64").subarray(1, 4).toString() === "PNG";
  const noPhoto = { PhotoFileName: "", PhotoFileData: "" };
  fields(await identify(passed, { GetPhoto: true }), { Result: 0, ...common, PhotoFileName: /\.png$/, PhotoFileData: isPicture });
  fields(await identify(passed), { Result: 0, ...common, ...noPhoto });
  fields(await identify(not, { GetPhoto: true }), { Result: 1, ...common, ...noPhoto });
  fields(await identify(stranger), { Result: 1, ...common, ...noPhoto });
  fields(await identify(stranger, { Caller: caller(), Name: lin.name, IdCardNumber: lin.idCard }), { Result: 0, ...common, ...noPhoto });
  fields(await identify(unlike, { Caller: caller(), Name: never.name }), { Result: 1, ...common, ...noPhoto });
  assert.equal((await sdk.CheckFaceIdentify({ Caller: party.caller, VerifyChannel: "None", VerifyResult: "-" })).Result, 0);

  const { Results, ...rest } = await sdk.DescribeFaceIdResults({ Caller: caller(), WbAppId, OrderNumbers: [passed, not], FileType: 1 });
  fields(rest, {});
  const person = { Name: party.person, IdCardType: "ID_CARD", IdCardNumber: "1****************8", OccurredTime: time, Description: text };
  fields(Results[0], {
    ...person,
    Result: 0,
    OrderNumber: passed,
    LiveRate: (n) => n > 90,
    Similarity: (n) => n > 90,
    Photo: isPicture,
    Video: (data) => Buffer.from(data, "base64").subarray(0, 3).toString() === "GIF",
  });
  fields(Results[1], { ...person, Result: 1, OrderNumber: not, LiveRate: (n) => n < 50, Similarity: (n) => n < 50, Photo: "", Video: "" });
  for (const [FileType, photo, video] of [[0, false, false], [2, true, false], [3, false, true]]) {
    const [r] = (await sdk.DescribeFaceIdResults({ Caller: caller(), WbAppId, OrderNumbers: [passed], FileType })).Results;
    assert.deepEqual([r.Photo !== "", r.Video !== ""], [photo, video], `FileType ${FileType}`);
  }
  const { Photos } = await sdk.DescribeFaceIdPhotos({ Caller: caller(), WbAppId, OrderNumbers: [passed, not] });
  fields(Photos[0], { Result: 0, Description: text, Photo: isPicture, OrderNumber: passed });
  fields(Photos[1], { Result: 1, Description: text, Photo: "", OrderNumber: not });

  for (const action of ["DescribeFaceIdResults", "DescribeFaceIdPhotos"]) {
    const describe = (more) => sdk[action]({ Caller: caller(), WbAppId, OrderNumbers: [passed], ...more });
    await refused(missing, describe({ WbAppId: "" }));
    await refused(missing, describe({ OrderNumbers: [] }));
    await refused(type, describe({ WbAppId: 5 }));
    await refused(value, describe({ OrderNumbers: [passed, passed, passed, passed] }));
    await refused(unknown, describe({ OrderNumbers: [nothing] }));
    await refused(unknown, describe({ WbAppId: "IDAOTHER" }));
  }
  await refused(missing, identify(passed, { VerifyChannel: "" }));
  await refused(missing, identify(passed, { Caller: caller() }));
  await refused(type, identify(passed, { GetPhoto: "yes" }));
  await refused(value, identify(passed, { VerifyResult: passed }));
  await refused(value, identify(passed, { VerifyChannel: "SMS" }));
  await refused(unknown, identify(nothing));
  const broken = wanting("faceResult", "error");
  await refused(upstream, identify(passed, { Name: broken.name, IdCardNumber: broken.idCard }));

  const create = (more) => sdk.CreateH5FaceIdUrl({ Caller: caller(), Name: lin.name, IdCardNumber: lin.idCard, ...more });
  await refused(missing, create({ Name: "" }));
  await refused(missing, create({ IdCardNumber: "" }));
  await refused(value, create({ IdCardNumber: wrong.idCard }));
  await refused(value, create({ JumpUrl: "javascript:alert(1)" }));
  await refused(unknown, create({ Caller: caller(nothing) }));
  await refused(upstream, create({ Name: broken.name, IdCardNumber: broken.idCard }));
});

test("tickets of checks sign once, and only for their person", async () => {
  const first = await task("FACEID", "WEIXINAPP");
  const order = await faceCheck();
  await refused(ticketCode, sign(first, "FACEID", await faceCheck({ Caller: caller(), Name: lin.name, IdCardNumber: lin.idCard })));
  await refused(ticketCode, sign(first, "FACEID", await faceCheck({}, "fail")));
  await refused(ticketCode, sign(first, "WEIXINAPP", order));
  fields(await sign(first, "FACEID", order), { Status: "SUCCESS" });
  const second = await task("FACEID", "WEIXINAPP");
  await refused(ticketCode, sign(second, "FACEID", order));
  const old = await faceCheck();
  await advance("10m");
  await refused(ticketCode, sign(second, "FACEID", old));

  // The signing page leads to WeChat's check, which shows the ticket.
  const begun = await fetch(`${second.SignUrl}/check/WEIXINAPP`, { method: "POST", redirect: "manual" });
  const page = new URL(begun.headers.get("location"), second.SignUrl).href;
  await decide(page, "pass");
  const [, ticket] = (await (await fetch(page)).text()).match(/data-ticket[^>]*>([0-9A-Za-z]{32})</);
  fields(await sdk.CheckFaceIdentify({ Caller: party.caller, VerifyChannel: "WEIXINAPP", VerifyResult: ticket }), {
    Result: 0,
    Description: text,
    ChannelName: text,
    VerifiedOn: (t) => t > now() - 60,
    SerialNumber: id,
    VerifyServerIp: "127.0.0.1",
    PhotoFileName: "",
    PhotoFileData: "",
  });
  fields(await reject(second, "WEIXINAPP", ticket), {});
  await refused(ticketCode, sign(await task("WEIXINAPP"), "WEIXINAPP", ticket));
});
