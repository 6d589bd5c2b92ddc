// Flows and signing through the official Node SDK: every action, every field of its answer, every code that it declares on
// purpose.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { flowsOf } from "../lib/flows.js";
import { component, contract, day, fields, id, ip, nothing, now, organizationRequest, personRequest, picture, platform, refused } from "../lib/platform.js";

let world, sdk, caller, first, second, upload, create, task, signature, statusOf;

before(async () => {
  world = await platform();
  ({ sdk, caller } = world);
  first = await world.party();
  second = await world.party("北京样例软件有限责任公司", "李娜");
  ({ upload, create, task, signature, statusOf } = flowsOf(world, first));
});
after(() => world?.stop());

const missing = "MissingParameter";
const value = "InvalidParameterValue";
const unknown = "ResourceNotFound";
const denied = "OperationDenied";
const gone = "ResourceUnavailable";
const double = "InvalidParameter.BizApproverAlreadyExists";
const ticket = "InvalidParameter.InvalidVerifyResult";
const recent = (t) => Math.abs(t - now()) < 60;

/** A flow in a state. */
async function flowIn(state) {
  const FlowId = await create();
  if (state === 0) return FlowId;
  await sdk.SendFlow(task(FlowId, first));
  if (state === 2) await sdk.RejectFlow(signature(FlowId, first, { RejectMessage: "不同意" }));
  if (state === 3) await sdk.CancelFlow({ Caller: first.caller, FlowId, CancelMessage: "有误" });
  if ([4, 6, 7].includes(state)) await sdk.SignFlow(signature(FlowId, first));
  if ([4, 6].includes(state)) await sdk.ArchiveFlow({ Caller: first.caller, FlowId });
  if (state === 6) await sdk.DestroyFlowFile({ Caller: caller(), FlowId });
  assert.equal(await statusOf(FlowId), state);
  return FlowId;
}

test("a flow is created and described", async () => {
  const FlowInfo = { FlowName: "采购合同", Deadline: now() + 30 * day, FlowDescription: "年度", FlowType: "劳务合同", CallbackUrl: "https://callback.example", UserData: "42" };
  const request = { Caller: first.caller, FlowInfo, FileIds: await upload(), CustomId: "flow-1" };
  const created = await sdk.CreateFlowByFiles(request);
  fields(created, { FlowId: id });
  const { FlowId } = created;
  fields(await sdk.DescribeFlow({ Caller: caller(), FlowId }), {
    Creator: { ApplicationId: world.credentials.applicationId, SubOrganizationId: first.organization, OperatorId: first.user },
    FlowId,
    FlowName: "采购合同",
    FlowDescription: "年度",
    FlowType: "劳务合同",
    FlowStatus: 0,
    CreatedOn: recent,
    UpdatedOn: 0,
    Deadline: FlowInfo.Deadline,
    CallbackUrl: "https://callback.example",
    FlowMessage: "",
  });
  const files = await sdk.DescribeFlowFiles({ Caller: caller(), FlowId });
  fields(files, { FlowId, FlowFileInfos: (list) => list.length === 1 });
  const size = Buffer.from(contract, "base64").length;
  fields(files.FlowFileInfos[0], {
    FileIndex: 0,
    FileType: "PDF",
    FileMd5: /^[0-9a-f]{32}$/,
    FileName: "合同.pdf",
    FileSize: size,
    CreatedOn: recent,
    Url: /^http/,
  });
  assert.equal((await fetch(files.FlowFileInfos[0].Url)).headers.get("content-length"), String(size));
  const pair = { CustomIdList: [{ CustomId: "flow-1", FlowId }] };
  fields(await sdk.DescribeCustomFlowIds({ Caller: caller(), CustomIds: ["flow-1", "nothing"] }), pair);
  fields(await sdk.DescribeCustomFlowIdsByFlowId({ Caller: caller(), FlowIds: [FlowId] }), pair);

  await refused(value, sdk.CreateFlowByFiles(request)); // the custom id again
  await refused(unknown, sdk.CreateFlowByFiles({ ...request, CustomId: "", FileIds: [nothing] }));
  await refused(missing, sdk.CreateFlowByFiles({ ...request, CustomId: "", FileIds: [] }));
  await refused(missing, sdk.CreateFlowByFiles({ ...request, CustomId: "", Caller: caller() }));
  await refused(value, sdk.CreateFlowByFiles({ ...request, CustomId: "", FlowInfo: { ...FlowInfo, Deadline: now() - 1 } }));
  await refused(value, sdk.CreateFlowByFiles({ ...request, CustomId: "", FileIds: Array(21).fill(request.FileIds[0]) }));
  await refused(unknown, sdk.DescribeFlow({ Caller: caller(), FlowId: nothing }));
  await refused(missing, sdk.DescribeFlow({ Caller: caller() }));
  await refused(value, sdk.DescribeFlowFiles({ Caller: caller(), FlowId: nothing }));
  await refused(missing, sdk.DescribeFlowFiles({ Caller: caller() }));
  for (const [action, list] of [
    ["DescribeCustomFlowIds", "CustomIds"],
    ["DescribeCustomFlowIdsByFlowId", "FlowIds"],
  ]) {
    await refused(unknown, sdk[action]({ Caller: caller(), [list]: [nothing] }));
    await refused(value, sdk[action]({ Caller: caller(), [list]: Array(11).fill("x") }));
    await refused(missing, sdk[action]({ Caller: caller(), [list]: [] }));
  }
});

test("a task is sent and described whole", async () => {
  const FlowId = await create();
  const more = {
    Mobile: "13900001111",
    VerifyChannel: ["VERIFYCODE", "FACEID"],
    Deadline: now() + day,
    IsLastApprover: true,
    JumpUrl: "https://jump.example",
    SmsTemplate: { TemplateId: "1160", Sign: "示例科技" },
    IsFullText: true,
    PreReadTime: 20,
    CanOffLine: true,
    CallbackUrl: "https://task.example",
    SignComponents: [
      component("seal", "SIGN_SEAL", 90, 200, { ComponentValue: "SUBORG_DEFAULT_SEAL", SealOperate: 1, ComponentName: "章" }),
      component("hand", "SIGN_SIGNATURE", 300, 200, { ComponentValue: "USER_DEFAULT_SEAL" }),
      component("date", "SIGN_DATE", 300, 300, { ComponentExtra: '{"Format":"yyyy-mm-dd","FontSize":10}' }),
      component("price", "TEXT", 90, 100, { ComponentPage: 1, ComponentValue: "1000" }),
      component(undefined, "SIGN_SEAL", 90, 600, { ComponentValue: first.seal }),
    ],
  };
  const sent = await sdk.SendFlow(task(FlowId, first, more));
  fields(sent, { SignId: id });
  const url = await sdk.SendFlowUrl(task(FlowId, second));
  fields(url, { SignId: id, SignUrl: /^http/ });
  assert.equal((await fetch(url.SignUrl)).status, 200);
  assert.match(await world.console.get("/console/messages"), /【示例科技】.*《采购合同》.*\/s\//);

  const answer = await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId });
  fields(answer, { FlowId, Approvers: (list) => list.length === 2 });
  fields(answer.Approvers[0], {
    UserId: first.user,
    VerifyChannel: ["VERIFYCODE", "FACEID"],
    ApproveStatus: 0,
    ApproveMessage: "",
    ApproveTime: 0,
    SubOrganizationId: first.organization,
    JumpUrl: "https://jump.example",
    ComponentSeals: (list) =>
      assert.deepEqual(list.slice(0, 4), [
        { ComponentId: "seal", SealId: first.seal },
        { ComponentId: "hand", SealId: first.hand },
        { ComponentId: "date", SealId: "" },
        { ComponentId: "price", SealId: "" },
      ]) ?? (id.test(list[4].ComponentId) && list[4].SealId === first.seal),
    IsFullText: true,
    PreReadTime: 20,
    Mobile: "139****1111",
    Deadline: more.Deadline,
    IsLastApprover: true,
    SmsTemplate: { TemplateId: "1160", Sign: "示例科技" },
    IdCardNumber: "1****************8",
    Name: "王小明",
    CanOffLine: true,
    IdCardType: "ID_CARD",
    CallbackUrl: "https://task.example",
    SignId: sent.SignId,
  });
  const default7 = answer.Approvers[1];
  assert.ok(Math.abs(default7.Deadline - now() - 7 * day) < 60);
  assert.equal(default7.SmsTemplate, null);
  const only = async (filter) => (await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId, ...filter })).Approvers.map((a) => a.SignId);
  assert.deepEqual(await only({ UserId: second.user }), [url.SignId]);
  assert.deepEqual(await only({ SignId: sent.SignId }), [sent.SignId]);
  assert.deepEqual((await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId: nothing })).Approvers, []);
  await refused(missing, sdk.DescribeFlowApprovers({ Caller: caller() }));

  const { UserId: plain } = await sdk.CreateUser(personRequest(caller(), "未核", 900));
  const { SubOrganizationId: unverified } = await sdk.CreateSubOrganization(organizationRequest(caller(), "未核公司", 901));
  const third = await world.party("第三方公司", "赵强");
  const wrong = (change) => task(FlowId, third, change);
  for (const [action, absent] of [
    ["SendFlow", value],
    ["SendFlowUrl", unknown],
  ]) {
    await refused(double, sdk[action](task(FlowId, second)));
    await refused(absent, sdk[action](wrong({ FlowId: nothing })));
    await refused(absent, sdk[action](wrong({ UserId: nothing })));
    await refused(denied, sdk[action](wrong({ UserId: plain })));
    await refused(denied, sdk[action](wrong({ SubOrganizationId: unverified })));
    await refused(missing, sdk[action](wrong({ SignComponents: [] })));
    await refused(missing, sdk[action](wrong({ SignComponents: [component("t", "TEXT", 1, 1)] })));
    await refused(value, sdk[action](wrong({ VerifyChannel: ["THIRD"] })));
    await refused(value, sdk[action](wrong({ SignComponents: [component("s", "SIGN_SEAL", 1, 1, { ComponentPage: 4 })] })));
    await refused(value, sdk[action](wrong({ SignComponents: [component("s", "SIGN_SEAL", 1, 1, { GenerateMode: 2 })] })));
    await refused(value, sdk[action](wrong({ SignComponents: [component("s", "SIGN_SEAL", 1, 1, { ComponentValue: first.seal })] })));
    for (const state of [2, 3, 4, 6]) await refused(denied, sdk[action](task(await flowIn(state), second)));
  }
  await refused(value, sdk.SendFlow(wrong({ VerifyChannel: ["OFFLINE"] }))); // SendFlowUrl only
});

test("components stand at keywords and on form fields", async () => {
  const FlowId = await create();
  await refused(value, sdk.SendFlow(task(FlowId, first, { SignComponents: [component("nowhere", "SIGN_SEAL", 0, 0, { GenerateMode: 3 })] })));
  await refused(value, sdk.SendFlow(task(FlowId, first, { SignComponents: [component("nowhere", "SIGN_SEAL", 0, 0, { GenerateMode: 1 })] })));
  // Every page of the contract says "Page 1 of 3" and so on at 72, 82 from the top left.
  const extra = { GenerateMode: 3, ComponentPage: 0, GenerateExtra: '{"KeywordOrder":"Reverse","KeywordIndexes":[0],"RelativeLocation":"Below","OffsetY":10}' };
  await sdk.SendFlow(task(FlowId, first, { SignComponents: [component("^Page^", "SIGN_SEAL", 0, 0, extra)] }));
  const signed = { SignSeals: [{ ComponentId: "^Page^", SignType: "SIGN_SEAL", FileIndex: 0, SealId: first.seal }] };
  await sdk.SignFlow(signature(FlowId, first, signed));
  const { Approvers } = await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId });
  assert.deepEqual(Approvers[0].ComponentSeals, [{ ComponentId: "^Page^", SealId: first.seal }]);
});

test("signing, refusing, withdrawing, archiving", async () => {
  const FlowId = await create();
  const { SignId } = await sdk.SendFlow(task(FlowId, first));
  await sdk.SendFlow(task(FlowId, second, { SignComponents: [component("hand", "SIGN_SIGNATURE", 300, 400)] }));
  await refused(ticket, sdk.SignFlow(signature(FlowId, first, { VerifyChannel: "VERIFYCODE", VerifyResult: "123456" })));
  await refused(missing, sdk.SignFlow(signature(FlowId, first, { VerifyChannel: "VERIFYCODE" })));
  await refused(missing, sdk.SignFlow(signature(FlowId, first, { SourceIp: "" })));
  await refused(unknown, sdk.SignFlow(signature(nothing, first)));
  await refused(unknown, sdk.SignFlow(signature(FlowId, first, { SignId: nothing })));
  await refused(unknown, sdk.SignFlow(signature(FlowId, first, { SignSeals: [{ ComponentId: "seal", SignType: "SIGN_SEAL", FileIndex: 0, SealId: nothing }] })));
  await refused("InvalidParameter", sdk.SignFlow(signature(FlowId, first, { SignSeals: [{ ComponentId: "x", SignType: "SIGN_SEAL", FileIndex: 0 }] })));
  fields(await sdk.SignFlow(signature(FlowId, first, { SignId, ApproveMessage: "同意" })), { Status: "SUCCESS" });
  await refused(denied, sdk.SignFlow(signature(FlowId, first, { SignId })));
  const drawn = { SignSeals: [{ ComponentId: "hand", SignType: "SIGN_SIGNATURE", FileIndex: 0, SealContent: picture(300, 100) }] };
  await sdk.SignFlow(signature(FlowId, second, drawn));
  const approver = (await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId })).Approvers[0];
  assert.deepEqual([approver.ApproveStatus, approver.ApproveMessage, recent(approver.ApproveTime)], [1, "同意", true]);
  await refused(denied, sdk.SignFlow(signature(FlowId, second, drawn)));
  await refused(unknown, sdk.ArchiveFlow({ Caller: first.caller, FlowId: nothing }));
  await refused(missing, sdk.ArchiveFlow({ Caller: first.caller }));
  fields(await sdk.ArchiveFlow({ Caller: first.caller, FlowId }), {});
  const done = await sdk.DescribeFlow({ Caller: caller(), FlowId });
  assert.deepEqual([done.FlowStatus, recent(done.UpdatedOn)], [4, true]);
  await refused(denied, sdk.ArchiveFlow({ Caller: first.caller, FlowId }));
  await refused(denied, sdk.CancelFlow({ Caller: first.caller, FlowId }));
  const { FileUrls, TotalCount } = await sdk.DescribeFileUrls({ Caller: caller(), BusinessIds: [FlowId], BusinessType: "FLOW", FileType: "PDF" });
  fields({ FileUrls, TotalCount }, { FileUrls: (list) => list[0].FlowId === FlowId, TotalCount: 1 });
  const file = join(world.program.data, "signed.pdf");
  writeFileSync(file, Buffer.from(await (await fetch(FileUrls[0].Url)).arrayBuffer()));
  assert.equal((execFileSync("pdfsig", [file], { encoding: "utf8" }).match(/Signature is Valid/g) ?? []).length, 2);

  const refusal = await create();
  await sdk.SendFlow(task(refusal, first));
  await refused(ticket, sdk.RejectFlow(signature(refusal, first, { VerifyChannel: "WEIXINAPP", VerifyResult: "x" })));
  await refused(unknown, sdk.RejectFlow(signature(refusal, second)));
  await refused(missing, sdk.RejectFlow(signature(refusal, { ...first, caller: caller() })));
  fields(await sdk.RejectFlow(signature(refusal, first, { RejectMessage: "金额不符" })), {});
  const rejected = await sdk.DescribeFlow({ Caller: caller(), FlowId: refusal });
  assert.deepEqual([rejected.FlowStatus, rejected.FlowMessage], [2, "金额不符"]);
  await refused(denied, sdk.RejectFlow(signature(refusal, first)));

  const withdrawn = await create();
  await sdk.SendFlow(task(withdrawn, second));
  await refused(denied, sdk.CancelFlow({ Caller: second.caller, FlowId: withdrawn })); // not the initiator
  await refused(unknown, sdk.CancelFlow({ Caller: first.caller, FlowId: nothing }));
  await refused(missing, sdk.CancelFlow({ Caller: first.caller }));
  fields(await sdk.CancelFlow({ Caller: first.caller, FlowId: withdrawn, CancelMessage: "条款有误" }), {});
  const cancelled = await sdk.DescribeFlow({ Caller: caller(), FlowId: withdrawn });
  assert.deepEqual([cancelled.FlowStatus, cancelled.FlowMessage], [3, "条款有误"]);
  assert.equal((await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId: withdrawn })).Approvers[0].ApproveStatus, 4);
});

test("links for signing and reading", async () => {
  const FlowId = await create();
  const { SignId } = await sdk.SendFlow(task(FlowId, first));
  const sign = { Caller: first.caller, UserId: first.user, Deadline: now() + 3600, FlowId, SignUrlType: "FLOW" };
  const link = await sdk.CreateSignUrl({ ...sign, SignId });
  fields(link, { SignUrl: /^http/ });
  assert.match(await (await fetch(link.SignUrl)).text(), /采购合同/);
  const read = { Caller: first.caller, Deadline: now() + 3600, FlowId };
  const preview = await sdk.CreatePreviewSignUrl(read);
  fields(preview, { PreviewSignUrl: /^http/ });
  assert.equal((await fetch(preview.PreviewSignUrl)).status, 200);
  await refused(unknown, sdk.CreateSignUrl({ ...sign, UserId: second.user }));
  await refused(unknown, sdk.CreateSignUrl({ ...sign, FlowId: nothing }));
  await refused(missing, sdk.CreateSignUrl({ ...sign, FlowId: undefined }));
  await refused(value, sdk.CreateSignUrl({ ...sign, Deadline: now() - 1 }));
  await refused(unknown, sdk.CreatePreviewSignUrl({ ...read, FlowId: nothing }));
  await refused(missing, sdk.CreatePreviewSignUrl({ ...read, SignUrlType: "CATALOG" }));
  await refused(denied, sdk.CreatePreviewSignUrl({ ...read, FlowId: await create() }));
  await sdk.SignFlow(signature(FlowId, first));
  await refused(denied, sdk.CreateSignUrl(sign));
});

test("a silent signature, and what refuses it", async () => {
  const FlowId = await create();
  await sdk.SendFlow(task(FlowId, first));
  const silent = (more) => sdk.CreateServerFlowSign({ Caller: first.caller, FlowId, SourceIp: ip, SignComponents: [{ ComponentId: "seal", FileIndex: 0 }], ...more });
  await refused(unknown, silent({ FlowId: nothing }));
  await refused(unknown, silent({ SignComponents: [{ ComponentId: "nothing" }] }));
  await refused(gone, silent({ Caller: second.caller }));
  await refused("UnknownParameter", silent({ SignComponents: [component("s", "SIGN_SEAL", 1, 1, { ComponentPage: 9 })] }));
  await refused("UnknownParameter", silent({ Caller: caller() }));
  await sdk.ModifySubOrganizationInfo({ Caller: first.caller, BizLicenseFile: picture() });
  await refused("FailedOperation.AccountVerifyFail", silent());
  await sdk.VerifySubOrganization({ Caller: first.caller });
  await world.console.post("/console/rights", { right: "CreateServerFlowSign", granted: "0" });
  await refused("AuthFailure.UnauthorizedOperation", silent());
  await world.console.post("/console/rights", { right: "CreateServerFlowSign", granted: "1" });
  fields(await silent(), { SignStatus: 1 });
  assert.equal(await statusOf(FlowId), 7);
  await sdk.CreateServerFlowSign({ Caller: first.caller, FlowId, SourceIp: ip, SignComponents: [component("more", "SIGN_SIGNATURE", 300, 500)] });
  const { Approvers } = await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId });
  assert.deepEqual(Approvers.map((a) => [a.ApproveStatus, a.ComponentSeals[0].SealId]), [[1, first.seal], [1, first.hand]]);
  await sdk.ArchiveFlow({ Caller: first.caller, FlowId });
  await refused(gone, silent());
});

test("the files of an archived flow are destroyed", async () => {
  const FlowId = await flowIn(7);
  await refused(value, sdk.DestroyFlowFile({ Caller: caller(), FlowId }));
  await refused(value, sdk.DestroyFlowFile({ Caller: caller(), FlowId: nothing }));
  await refused(missing, sdk.DestroyFlowFile({ Caller: caller() }));
  await sdk.ArchiveFlow({ Caller: first.caller, FlowId });
  const { Url } = (await sdk.DescribeFlowFiles({ Caller: caller(), FlowId })).FlowFileInfos[0];
  fields(await sdk.DestroyFlowFile({ Caller: caller(), FlowId }), {});
  assert.equal(await statusOf(FlowId), 6);
  assert.notEqual((await fetch(Url)).status, 200);
  await refused(gone, sdk.DescribeFileUrls({ Caller: caller(), BusinessIds: [FlowId], BusinessType: "FLOW" }));
  await refused(value, sdk.DescribeFlowFiles({ Caller: caller(), FlowId }));
});

test("a parameter of another type is refused", async () => {
  const wrong = { Caller: first.caller, SourceIp: ip };
  for (const [action, parameters] of Object.entries({
    ArchiveFlow: { FlowId: 1 },
    CancelFlow: { FlowId: 1 },
    DescribeCustomFlowIds: { CustomIds: "x" },
    DescribeCustomFlowIdsByFlowId: { FlowIds: "x" },
    SignFlow: { FlowId: 1 },
  })) {
    await refused("InvalidParameter", sdk[action]({ ...wrong, ...parameters }));
  }
  await refused(value, sdk.DescribeFlow({ ...wrong, FlowId: 1 })); // the only parameter code that it declares
});
