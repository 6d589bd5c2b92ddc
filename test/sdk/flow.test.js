// The main job through the platform's official Node SDK, with nothing changed but the endpoint.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import tencentcloud from "tencentcloud-sdk-nodejs";
import { plainPDF } from "../lib/pdf.js";
import { run, start } from "../lib/sealdesk.js";

const { Client } = tencentcloud.essbasic.v20201222;

let program, credentials;

before(async () => {
  program = await start("engine", ["--simulate"]);
  credentials = JSON.parse(run(["engine", "credentials", "--json", "--data", program.data, "--engine-listen", program.engine]));
});
after(() => program?.stop());

/** A client as an integrator writes it: only endpoint and protocol differ from the cloud. */
function client({ secretKey = credentials.secretKey, reqMethod = "POST" } = {}) {
  return new Client({
    credential: { secretId: credentials.secretId, secretKey },
    region: credentials.region,
    profile: { httpProfile: { endpoint: program.engine, protocol: "http://", reqMethod } },
  });
}

function caller(operator, organization) {
  return { ApplicationId: credentials.applicationId, OperatorId: operator, SubOrganizationId: organization };
}

/** Expects a rejected call and returns the platform's code. */
async function codeOf(promise) {
  try {
    await promise;
  } catch (error) {
    assert.match(error.requestId, /^s\d{19}$/, `no request id on ${error}`);
    return error.code;
  }
  throw new assert.AssertionError({ message: "the call was expected to fail" });
}

const organizations = [
  { name: "深圳市示例科技有限公司", number: "91440300MA5EXAMP1F", legal: "王小明", person: "王小明", idCard: "440301198001010018" },
  { name: "北京样例软件有限责任公司", number: "91110108MA01EXAM2F", legal: "李娜", person: "李娜", idCard: "110101198503072027" },
];

async function party(sdk, { name, number, legal, person, idCard }, index) {
  const { SubOrganizationId: organization, SealId: seal } = await sdk.CreateSubOrganizationAndSeal({
    Caller: caller(),
    Name: name,
    IdCardType: "USCC",
    IdCardNumber: number,
    OrganizationType: "ENTERPRISE",
    LegalName: legal,
    LegalIdCardType: "ID_CARD",
    LegalIdCardNumber: idCard,
    VerifyClientIp: "127.0.0.1",
    SealType: "CONTRACT",
  });
  assert.match(organization, /^[0-9a-f]{32}$/);
  const { UserId: user } = await sdk.CreateUser({
    Caller: caller(),
    OpenId: `sdk-person-${index}`,
    Name: person,
    IdCardType: "ID_CARD",
    IdCardNumber: idCard,
    Mobile: `1380000000${index}`,
  });
  await sdk.VerifyUser({ Caller: caller(), UserId: user });
  return { organization, seal, user };
}

function component(id, type, x, y, value) {
  const box = type === "SIGN_SEAL" ? { ComponentWidth: 119, ComponentHeight: 119 } : { ComponentWidth: 119, ComponentHeight: 43 };
  return {
    ComponentId: id,
    ComponentType: type,
    ComponentRequired: true,
    FileIndex: 0,
    GenerateMode: 0,
    ComponentPage: 3,
    ComponentPosX: x,
    ComponentPosY: y,
    ComponentValue: value,
    ...box,
  };
}

test("two organisations sign a contract, and it is archived", async () => {
  const sdk = client();
  const [first, second] = [await party(sdk, organizations[0], 1), await party(sdk, organizations[1], 2)];

  const { SubOrganizationInfos: infos } = await sdk.DescribeSubOrganizations({
    Caller: caller(),
    SubOrganizationIds: [first.organization, second.organization],
  });
  assert.deepEqual(infos.map((info) => info.Name), organizations.map((o) => o.name));
  assert.deepEqual(infos.map((info) => info.VerifyStatus), ["Verified", "Verified"]);
  assert.equal(infos[0].LegalIdCardNumber.includes(organizations[0].idCard), false, "an id card number came back in clear");

  const { Users } = await sdk.DescribeUsers({ Caller: caller(), UserIds: [first.user, second.user] });
  assert.deepEqual(Users.map((user) => user.VerifyStatus), [1, 1]);
  assert.equal(Users[0].Mobile, "138****0001");

  const { Seals } = await sdk.DescribeSeals({ Caller: caller(first.user, first.organization), SealIds: [first.seal] });
  assert.equal(Seals[0].DefaultSeal, true);
  assert.equal(Seals[0].SealSource, "GENERATE");

  const initiator = caller(first.user, first.organization);
  const { FileIds, TotalCount } = await sdk.UploadFiles({
    Caller: initiator,
    BusinessType: "DOCUMENT",
    FileInfos: [{ FileBody: plainPDF(3).toString("base64"), FileName: "contract.pdf" }],
    CustomIds: ["sdk-file-1"],
  });
  assert.equal(TotalCount, 1);

  const deadline = Math.floor(Date.now() / 1000) + 7 * 24 * 3600;
  const { FlowId } = await sdk.CreateFlowByFiles({
    Caller: initiator,
    FlowInfo: { FlowName: "软件服务采购合同", Deadline: deadline, FlowType: "销售", FlowDescription: "SDK" },
    FileIds,
    CustomId: "sdk-flow-1",
  });
  assert.equal((await sdk.DescribeFlow({ Caller: initiator, FlowId })).FlowStatus, 0);

  const { SignId } = await sdk.SendFlow({
    Caller: initiator,
    FlowId,
    UserId: first.user,
    SubOrganizationId: first.organization,
    VerifyChannel: ["NONE"],
    SignComponents: [component("seal-a", "SIGN_SEAL", 90, 560, first.seal), component("hand-a", "SIGN_SIGNATURE", 230, 620)],
  });
  const sent = await sdk.SendFlowUrl({
    Caller: initiator,
    FlowId,
    UserId: second.user,
    SubOrganizationId: second.organization,
    VerifyChannel: ["NONE"],
    Deadline: deadline,
    SignComponents: [component("seal-b", "SIGN_SEAL", 360, 560, second.seal)],
  });
  assert.match(sent.SignUrl, /^http/);
  assert.equal(
    await codeOf(
      sdk.SendFlow({
        Caller: initiator,
        FlowId,
        UserId: second.user,
        SubOrganizationId: second.organization,
        VerifyChannel: ["NONE"],
        SignComponents: [component("seal-c", "SIGN_SEAL", 360, 400, second.seal)],
      }),
    ),
    "InvalidParameter.BizApproverAlreadyExists",
  );

  const page = await fetch(sent.SignUrl);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /软件服务采购合同/);

  const hand = await sdk.GenerateUserSeal({ Caller: caller(first.user), UserId: first.user, SourceIp: "127.0.0.1", IsDefault: true });
  const signed = await sdk.SignFlow({
    Caller: caller(first.user, first.organization),
    FlowId,
    SignId,
    VerifyChannel: "NONE",
    VerifyResult: "",
    SourceIp: "127.0.0.1",
    SignSeals: [
      { ComponentId: "seal-a", SignType: "SIGN_SEAL", FileIndex: 0, SealId: first.seal },
      { ComponentId: "hand-a", SignType: "SIGN_SIGNATURE", FileIndex: 0, SealId: hand.SealId },
    ],
  });
  assert.equal(signed.Status, "SUCCESS");
  assert.equal(await codeOf(sdk.ArchiveFlow({ Caller: initiator, FlowId })), "OperationDenied");

  await sdk.SignFlow({
    Caller: caller(second.user, second.organization),
    FlowId,
    SignId: sent.SignId,
    VerifyChannel: "NONE",
    VerifyResult: "",
    SourceIp: "127.0.0.1",
    SignSeals: [{ ComponentId: "seal-b", SignType: "SIGN_SEAL", FileIndex: 0, SealId: second.seal }],
  });
  const { Approvers } = await sdk.DescribeFlowApprovers({ Caller: initiator, FlowId });
  assert.deepEqual(Approvers.map((approver) => approver.ApproveStatus), [1, 1]);
  assert.equal((await sdk.DescribeFlow({ Caller: initiator, FlowId })).FlowStatus, 7);

  await sdk.ArchiveFlow({ Caller: initiator, FlowId });
  assert.equal((await sdk.DescribeFlow({ Caller: initiator, FlowId })).FlowStatus, 4);
  assert.equal(await codeOf(sdk.CancelFlow({ Caller: initiator, FlowId })), "OperationDenied");

  const { FileUrls } = await sdk.DescribeFileUrls({ Caller: initiator, BusinessIds: [FlowId], BusinessType: "FLOW", FileType: "PDF" });
  const contract = Buffer.from(await (await fetch(FileUrls[0].Url)).arrayBuffer());
  const file = join(program.data, "signed.pdf");
  writeFileSync(file, contract);
  const report = execFileSync("pdfsig", [file], { encoding: "utf8" });
  assert.equal((report.match(/Signature is Valid/g) ?? []).length, 2, report);
  execFileSync("qpdf", ["--check", file]);

  const { CustomIdList } = await sdk.DescribeCustomFlowIds({ Caller: initiator, CustomIds: ["sdk-flow-1"] });
  assert.deepEqual(CustomIdList, [{ CustomId: "sdk-flow-1", FlowId }]);
});

test("a rejected and a withdrawn flow", async () => {
  const sdk = client();
  const { UserId: user } = await sdk.CreateUserAndSeal({
    Caller: caller(),
    OpenId: "sdk-signer",
    Name: "赵强",
    IdCardType: "ID_CARD",
    IdCardNumber: "110101199003070118",
    SourceIp: "127.0.0.1",
  });
  const { FileIds } = await sdk.UploadFiles({
    Caller: caller(user),
    BusinessType: "DOCUMENT",
    FileInfos: [{ FileBody: plainPDF(3).toString("base64"), FileName: "offer.pdf" }],
  });
  const send = async () => {
    const { FlowId } = await sdk.CreateFlowByFiles({
      Caller: caller(user),
      FlowInfo: { FlowName: "要约", Deadline: Math.floor(Date.now() / 1000) + 3600 },
      FileIds,
    });
    const { SignId } = await sdk.SendFlow({
      Caller: caller(user),
      FlowId,
      UserId: user,
      VerifyChannel: ["NONE"],
      SignComponents: [component("s", "SIGN_SIGNATURE", 100, 100)],
    });
    return { FlowId, SignId };
  };

  const rejected = await send();
  await sdk.RejectFlow({
    Caller: caller(user),
    ...rejected,
    VerifyChannel: "NONE",
    VerifyResult: "",
    SourceIp: "127.0.0.1",
    RejectMessage: "金额不符",
  });
  const after = await sdk.DescribeFlow({ Caller: caller(user), FlowId: rejected.FlowId });
  assert.deepEqual([after.FlowStatus, after.FlowMessage], [2, "金额不符"]);

  const withdrawn = await send();
  await sdk.CancelFlow({ Caller: caller(user), FlowId: withdrawn.FlowId, CancelMessage: "条款有误" });
  const { Approvers } = await sdk.DescribeFlowApprovers({ Caller: caller(user), FlowId: withdrawn.FlowId });
  assert.equal(Approvers[0].ApproveStatus, 4);
});

test("GET requests with flattened parameters are understood", async () => {
  const { UserId: user } = await client({ reqMethod: "GET" }).CreateUser({
    Caller: caller(),
    OpenId: "sdk-get",
    Name: "钱 进",
    IdCardType: "ID_CARD",
    IdCardNumber: "110101199003074418",
  });
  const { Users } = await client({ reqMethod: "GET" }).DescribeUsers({ Caller: caller(), UserIds: [user] });
  assert.equal(Users[0].Name, "钱 进");
});

test("a wrong key, a missing parameter and an unknown id give the platform's codes", async () => {
  assert.equal(
    await codeOf(client({ secretKey: "wrong" }).DescribeFlow({ Caller: caller(), FlowId: "0".repeat(32) })),
    "AuthFailure.SignatureFailure",
  );
  assert.equal(await codeOf(client().DescribeFlow({ Caller: caller() })), "MissingParameter");
  assert.equal(await codeOf(client().DescribeFlow({ Caller: caller(), FlowId: "0".repeat(32) })), "ResourceNotFound");
});
