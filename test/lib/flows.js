// Contracts of one initiator: what the SDK tests of flows send again and again.
import { component, contract, day, ip, now } from "./platform.js";

/** Makers of flows, tasks and signatures. `first` initiates; signatures are for channel NONE. */
export function flowsOf({ sdk, caller }, first) {
  const upload = async (body = contract) => {
    const { FileIds } = await sdk.UploadFiles({ Caller: first.caller, BusinessType: "DOCUMENT", FileInfos: [{ FileBody: body, FileName: "合同.pdf" }] });
    return FileIds;
  };
  return {
    upload,
    async create() {
      const FlowInfo = { FlowName: "采购合同", Deadline: now() + 30 * day };
      return (await sdk.CreateFlowByFiles({ Caller: first.caller, FlowInfo, FileIds: await upload() })).FlowId;
    },
    task: (FlowId, party, more = {}) => ({
      Caller: first.caller,
      FlowId,
      UserId: party.user,
      SubOrganizationId: party.organization,
      VerifyChannel: ["NONE"],
      SignComponents: [component("seal", "SIGN_SEAL", 90, party === first ? 200 : 400)],
      ...more,
    }),
    signature: (FlowId, party, more = {}) => ({
      Caller: party.caller,
      FlowId,
      VerifyChannel: "NONE",
      VerifyResult: "",
      SourceIp: ip,
      SignSeals: [{ ComponentId: "seal", SignType: "SIGN_SEAL", FileIndex: 0, SealId: party.seal }],
      ...more,
    }),
    statusOf: async (FlowId) => (await sdk.DescribeFlow({ Caller: caller(), FlowId })).FlowStatus,
  };
}
