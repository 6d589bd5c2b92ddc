// The wire through the official Node SDK in all its ways to sign, and by hand for what the SDK cannot be made to send.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import tencentcloud from "tencentcloud-sdk-nodejs";
import { run, start } from "../lib/sealdesk.js";
import { call } from "../lib/tc3.js";

const { Client } = tencentcloud.essbasic.v20201222;
const methods = ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"];

let program, credentials;

before(async () => {
  program = await start("engine", ["--simulate"]);
  credentials = JSON.parse(run(["engine", "credentials", "--json", "--data", program.data, "--engine-listen", program.engine]));
});
after(() => program?.stop());

function client({ secretId = credentials.secretId, secretKey = credentials.secretKey, token, reqMethod = "POST", signMethod, language } = {}) {
  return new Client({
    credential: { secretId, secretKey, token },
    region: credentials.region,
    profile: { signMethod, language, httpProfile: { endpoint: program.engine, protocol: "http://", reqMethod } },
  });
}

const caller = () => ({ ApplicationId: credentials.applicationId });

async function refusal(promise) {
  const error = await promise.then((answer) => assert.fail(`answered ${JSON.stringify(answer)}`), (error) => error);
  assert.match(error.requestId, /^s\d{19}$/, `no request id on ${error}`);
  return error;
}

const code = async (promise) => (await refusal(promise)).code;

for (const reqMethod of ["POST", "GET"]) {
  for (const signMethod of methods) {
    test(`${signMethod} by ${reqMethod}: flattened lists, Chinese, signs, booleans, empty values`, async () => {
      const sdk = client({ reqMethod, signMethod });
      const OpenId = `${reqMethod[0]} ${signMethod.slice(0, 8)}&+`;
      const made = await sdk.CreateUser({
        Caller: caller(),
        OpenId,
        UseOpenId: true,
        Name: "钱 进 ·*'()!~",
        IdCardType: "ID_CARD",
        IdCardNumber: "110101199003074418",
        Mobile: "",
      });
      assert.equal(made.UserId, OpenId);
      const { Users } = await sdk.DescribeUsers({ Caller: caller(), UserIds: [OpenId, "nobody"] });
      assert.deepEqual(Users.map(({ UserId, Name, Mobile }) => ({ UserId, Name, Mobile })), [{ UserId: OpenId, Name: "钱 进 ·*'()!~", Mobile: "" }]);
    });

    test(`${signMethod} by ${reqMethod}: refusals`, async () => {
      const options = { reqMethod, signMethod };
      const ask = (more = {}) => client({ ...options, ...more }).DescribeFlow({ Caller: caller(), FlowId: "x" });
      assert.equal(await code(ask({ secretKey: "wrong" })), "AuthFailure.SignatureFailure");
      assert.equal(await code(ask({ secretId: "AKIDnobody" })), "AuthFailure.SecretIdNotFound");
      assert.equal(await code(ask({ secretId: "12345" })), "AuthFailure.InvalidSecretId");
      assert.equal(await code(ask({ token: "temporary" })), "AuthFailure.TokenFailure");
      assert.equal(await code(ask()), "ResourceNotFound");
      assert.equal(await code(client(options).request("DescribeFlows", { Caller: caller() })), "InvalidAction");
      assert.equal(await code(client(options).DescribeFlow({ Caller: { ApplicationId: "another" }, FlowId: "x" })), "AuthFailure.UnauthorizedOperation");
      assert.equal(await code(client(options).DescribeFlow({ Caller: caller() })), "MissingParameter");
      assert.equal(await code(client(options).DescribeUsers({ Caller: caller(), UserIds: "no list" })), "InvalidParameterValue");
      const old = client(options);
      old.apiVersion = "2021-05-26";
      assert.equal(await code(old.DescribeFlow({ Caller: caller(), FlowId: "x" })), "NoSuchVersion");
    });

    test(`${signMethod} by ${reqMethod}: the language of messages`, async () => {
      const ask = (language) => refusal(client({ reqMethod, signMethod, language }).DescribeFlow({ Caller: caller(), FlowId: "x" }));
      assert.match((await ask("zh-CN")).message, /^资源不存在/);
      assert.match((await ask("en-US")).message, /^FlowId "x" does not exist/);
    });
  }
}

test("limits of size", async () => {
  const upload = (bytes, options) => client(options).UploadFiles({
    Caller: caller(), BusinessType: "DOCUMENT", FileInfos: [{ FileBody: "A".repeat(bytes), FileName: "a.pdf" }],
  });
  const tooLarge = "RequestSizeLimitExceeded";
  assert.equal(await code(upload(10 * 1024 * 1024, {})), tooLarge);
  assert.equal(await code(upload(1024 * 1024, { signMethod: "HmacSHA256" })), tooLarge);
  for (const signMethod of methods) assert.equal(await code(upload(32 * 1024, { reqMethod: "GET", signMethod })), tooLarge);
  assert.notEqual(await code(upload(9 * 1024 * 1024, {})), tooLarge); // not a PDF, but not too large
  assert.notEqual(await code(upload(900 * 1024, { signMethod: "HmacSHA1" })), tooLarge);
});

test("the clock may be five minutes off, not more", async () => {
  const ask = async (skew) => (await call(credentials, "DescribeFlow", { Caller: caller(), FlowId: "x" }, { skew })).Error.Code;
  for (const skew of [-290, 290]) assert.equal(await ask(skew), "ResourceNotFound");
  for (const skew of [-310, 310]) assert.equal(await ask(skew), "AuthFailure.SignatureExpire");
});

test("headers that no SDK sends", async () => {
  const ask = async (change, more = {}) => (await call(credentials, "DescribeFlow", { Caller: caller(), FlowId: "x" }, { change, ...more })).Error.Code;
  const authorization = (from, to) => (headers) => (headers.Authorization = headers.Authorization.replace(from, to));
  const invalid = "AuthFailure.InvalidAuthorization";
  assert.equal(await ask((headers) => delete headers.Authorization), invalid);
  assert.equal(await ask(authorization("TC3-", "TC4-")), invalid);
  assert.equal(await ask(authorization("content-type;host", "host")), invalid);
  assert.equal(await ask(authorization(/Signature=\w+/, "Signature=")), invalid);
  assert.equal(await ask((headers) => delete headers["X-TC-Timestamp"]), invalid);
  assert.equal(await ask(authorization(/\/\d{4}-/, "/1999-")), "AuthFailure.SignatureFailure");
  assert.equal(await ask(null, { version: "2021-05-26" }), "NoSuchVersion");
  assert.equal(await ask(null, { headers: { "X-TC-Content-SHA256": "UNSIGNED-PAYLOAD" } }), "ResourceNotFound");
});

test("bodies that no SDK sends", async () => {
  const ask = async (body) => (await call(credentials, "DescribeFlow", body)).Error.Code;
  assert.equal(await ask("{"), "InvalidRequest");
  assert.equal(await ask("[]"), "InvalidParameterValue");
  assert.equal(await ask({ Caller: caller(), FlowId: 7 }), "InvalidParameterValue");
  assert.equal(await ask({ Caller: "me", FlowId: "x" }), "InvalidParameterValue");
  assert.equal(await ask({ Caller: caller(), FlowId: "x", Unknown: { a: [1] } }), "ResourceNotFound");
  assert.equal(await ask(""), "MissingParameter");
  const put = await fetch(`http://${program.engine}/`, { method: "PUT", body: "{}" });
  assert.equal((await put.json()).Response.Error.Code, "UnsupportedProtocol");
});

test("a request with signature v1 is taken once", async () => {
  // The SDK's own parameters, sent twice.
  const sdk = client({ signMethod: "HmacSHA256", reqMethod: "GET" });
  const params = await sdk.formatRequestData("DescribeUsers", sdk.mergeData({ Caller: caller(), UserIds: ["x"] }));
  const url = `http://${program.engine}/?${new URLSearchParams(params)}`;
  assert.deepEqual((await (await fetch(url)).json()).Response.Users, []);
  assert.equal((await (await fetch(url)).json()).Response.Error.Code, "AuthFailure.SignatureFailure");
});
