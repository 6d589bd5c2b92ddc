// What takes a step on the engine's console, through the official Node SDK: reviews and catalogs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { flowsOf } from "../lib/flows.js";
import { fields, nothing, now, platform, refused } from "../lib/platform.js";

let world, sdk, caller, first, second, create, task, signature, statusOf;

before(async () => {
  world = await platform();
  ({ sdk, caller } = world);
  first = await world.party();
  second = await world.party("北京样例软件有限责任公司", "李娜");
  ({ create, task, signature, statusOf } = flowsOf(world, first));
});
after(() => world?.stop());

const missing = "MissingParameter";
const value = "InvalidParameterValue";
const unknown = "ResourceNotFound";
const denied = "OperationDenied";
const double = "InvalidParameter.BizApproverAlreadyExists";

test("an offline signature is reviewed", async () => {
  const FlowId = await create();
  await sdk.SendFlowUrl(task(FlowId, first, { VerifyChannel: ["OFFLINE"] }));
  const offline = { VerifyChannel: "OFFLINE", VerifyResult: "视频见证 0702", ApproveMessage: "同意" };
  const approver = async () => (await sdk.DescribeFlowApprovers({ Caller: caller(), FlowId })).Approvers[0];
  const decide = async (accept, note) => {
    const page = await world.console.get("/console/reviews");
    await world.console.post(page.match(/\/console\/reviews\/[0-9a-f]{32}/)[0], { accept, note });
  };
  fields(await sdk.SignFlow(signature(FlowId, first, offline)), { Status: "REVIEW" });
  assert.equal((await approver()).ApproveStatus, 12);
  await refused(denied, sdk.SignFlow(signature(FlowId, first, offline)));
  await refused(double, sdk.SendFlow(task(FlowId, first)));
  await decide("0", "看不清");
  const failed = await approver();
  assert.deepEqual([failed.ApproveStatus, failed.ApproveMessage, failed.CanOffLine], [13, "看不清", true]);
  await sdk.SignFlow(signature(FlowId, first, offline));
  await decide("1", "已核对");
  const signed = await approver();
  assert.deepEqual([signed.ApproveStatus, signed.ApproveMessage, signed.ComponentSeals[0].SealId], [1, "同意", first.seal]);
  assert.equal(await statusOf(FlowId), 7);
});

test("a catalog is read and signed as one", async () => {
  const flows = [await create(), await create()];
  const { SignId } = await sdk.SendFlow(task(flows[0], first));
  await sdk.SendFlow(task(flows[0], second));
  await sdk.SendFlow(task(flows[1], first));
  await world.console.post("/console/catalogs", { name: "年度合同", flows: flows.join("\n") });
  const ids = (await world.console.get("/console/catalogs")).match(/[0-9a-f]{32}/g);
  const CatalogId = ids.find((it) => !flows.includes(it));

  const all = await sdk.DescribeCatalogApprovers({ Caller: caller(), CatalogId });
  fields(all, { Approvers: (list) => list.length === 2 });
  fields(all.Approvers[0], { FlowId: flows[0], Approvers: (list) => list.length === 2 && list[0].SignId === SignId && list[0].Name === "王小明" });
  const hers = await sdk.DescribeCatalogApprovers({ Caller: caller(), CatalogId, UserId: second.user });
  assert.deepEqual(hers.Approvers.map((flow) => flow.Approvers.length), [1, 0]);

  const areas = await sdk.DescribeCatalogSignComponents({ Caller: first.caller, CatalogId });
  fields(areas, { SignComponents: (list) => list.length === 2 });
  fields(areas.SignComponents[0], { FlowId: flows[0], SignId, SignComponents: (list) => list.length === 1 });
  const area = areas.SignComponents[0].SignComponents[0];
  assert.deepEqual([area.ComponentId, area.ComponentType, area.ComponentPage, area.ComponentPosX, area.ComponentWidth], ["seal", "SIGN_SEAL", 3, 90, 119]);

  const link = { Caller: first.caller, UserId: first.user, Deadline: now() + 3600, SignUrlType: "CATALOG", CatalogId };
  const { SignUrl } = await sdk.CreateSignUrl(link);
  assert.match(await (await fetch(SignUrl)).text(), /年度合同/);
  const { PreviewSignUrl } = await sdk.CreatePreviewSignUrl({ Caller: first.caller, Deadline: now() + 3600, SignUrlType: "CATALOG", CatalogId });
  assert.equal((await fetch(PreviewSignUrl)).status, 200);
  const urls = await sdk.DescribeFileUrls({ Caller: caller(), BusinessIds: [CatalogId], BusinessType: "CATALOG", FileType: "PDF" });
  assert.deepEqual(urls.FileUrls.map((url) => [url.FlowId, url.Index]), [[flows[0], 0], [flows[1], 1]]);

  await refused(value, sdk.DescribeCatalogApprovers({ Caller: caller(), CatalogId: nothing }));
  await refused(missing, sdk.DescribeCatalogApprovers({ Caller: caller() }));
  await refused(unknown, sdk.DescribeCatalogSignComponents({ Caller: first.caller, CatalogId: nothing }));
  await refused(missing, sdk.DescribeCatalogSignComponents({ Caller: caller(), CatalogId }));
  await refused(missing, sdk.CreateSignUrl({ ...link, CatalogId: undefined }));
  await refused(unknown, sdk.CreateSignUrl({ ...link, CatalogId: nothing }));
  await refused(unknown, sdk.CreateSignUrl({ ...link, UserId: nothing }));
  await refused(unknown, sdk.CreatePreviewSignUrl({ ...link, CatalogId: nothing }));
  await refused(unknown, sdk.DescribeFileUrls({ Caller: caller(), BusinessIds: [nothing], BusinessType: "CATALOG" }));
  for (const FlowId of flows) await sdk.SignFlow(signature(FlowId, first));
  await refused(denied, sdk.CreateSignUrl(link));
  assert.deepEqual((await sdk.DescribeCatalogSignComponents({ Caller: first.caller, CatalogId })).SignComponents, []);
});
