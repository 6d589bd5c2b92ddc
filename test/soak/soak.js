// 64 programs at once on one engine, each through the platform's official Node SDK: no error that they did not cause, no
// acknowledged write lost, memory flat. `node test/soak/soak.js [seconds]`; SEALDESK_BINARY names the program.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { plainPDF } from "../lib/pdf.js";

const here = dirname(fileURLToPath(import.meta.url));
// The SDK is installed for the tests beside this one.
const tencentcloud = createRequire(join(here, "..", "sdk", "package.json"))("tencentcloud-sdk-nodejs");
const { Client } = tencentcloud.essbasic.v20201222;

const seconds = Number(process.argv[2] ?? process.env.SOAK_SECONDS ?? 60);
const clients = Number(process.env.SOAK_CLIENTS ?? 64);
const binary = process.env.SEALDESK_BINARY ?? join(here, "..", "..", "bin", "sealdesk");
const warmUp = 0.4; // of the time; what is resident then is what the engine needs
const growthLimit = 0.15; // of what is held after the warm-up, between two windows
const heldFloor = 8; // MB of the heap that may come and go with what is under way
const residentFloor = 64; // MB that the collector may not have given back yet

const problems = [];
const counts = {};
const latencies = [];
const written = { flows: new Map(), users: new Set() };
const day = 24 * 3600;
const now = () => Math.floor(Date.now() / 1000);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts the engine in a data folder of its own. */
async function startEngine() {
  const data = mkdtempSync(join(tmpdir(), "sealdesk-soak-"));
  const endpoint = `127.0.0.1:${await freePort()}`;
  const flags = ["--data", data, "--engine-listen", endpoint];
  const credentials = JSON.parse(execFileSync(binary, ["engine", "credentials", "--json", ...flags], { encoding: "utf8" }));
  const child = spawn(binary, ["engine", ...flags], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, GODEBUG: "gctrace=1" } });
  let printed = "";
  const held = []; // what each collection left, in MB: garbage that waits for the next one says nothing about leaks
  createInterface({ input: child.stderr }).on("line", (line) => {
    const left = line.match(/^gc \d+ @.*->(\d+) MB, /);
    if (left) held.push(Number(left[1]));
    else printed = (printed + line + "\n").slice(-4000);
  });
  const end = Date.now() + 120_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the engine did not start:\n${printed}`);
    const ready = await fetch(`http://${endpoint}/healthz`).then((r) => r.ok, () => false);
    if (ready) break;
    await pause(50);
  }
  return {
    endpoint, credentials, held, pid: child.pid, printed: () => printed, alive: () => child.exitCode === null,
    async stop() {
      if (child.exitCode === null) {
        const gone = new Promise((done) => child.once("exit", done));
        child.kill("SIGTERM");
        await gone;
      }
      rmSync(data, { recursive: true, force: true });
      return child.exitCode;
    },
  };
}

/** Resident memory in MB: all of it, and what is the program's own. The rest is pages of the database's file, which the kernel lends. */
function resident(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [all, own] = ["VmRSS", "RssAnon"].map((name) => Number(status.match(new RegExp(`${name}:\\s+(\\d+) kB`))[1]) / 1024);
  return { all, own };
}

/** One program: calls are counted, and an error that was not asked for is a problem. */
class Program {
  constructor(engine, index) {
    this.index = index;
    this.turn = 0;
    this.credentials = engine.credentials;
    this.sdk = new Client({
      credential: { secretId: engine.credentials.secretId, secretKey: engine.credentials.secretKey },
      region: engine.credentials.region,
      profile: { httpProfile: { endpoint: engine.endpoint, protocol: "http://", reqTimeout: 60 } },
    });
  }

  caller(operator = this.user, organization = this.organization) {
    return { ApplicationId: this.credentials.applicationId, OperatorId: operator, SubOrganizationId: organization };
  }

  async call(action, request, expected) {
    const began = performance.now();
    counts[action] = (counts[action] ?? 0) + 1;
    let code;
    try {
      const answer = await this.sdk[action](request);
      latencies.push(performance.now() - began);
      if (!expected) return answer;
      code = "success";
    } catch (error) {
      latencies.push(performance.now() - began);
      code = error.code ?? String(error);
      if (expected && code === expected) return undefined;
      if (!expected) {
        problems.push(`${action}: ${code} ${error.message}`);
        throw error;
      }
    }
    problems.push(`${action}: ${code} instead of ${expected}`);
    return undefined;
  }

  /** An organisation with a person, both verified and with seals, and an uploaded contract. */
  async prepare() {
    const tag = String(this.index).padStart(3, "0");
    const organization = await this.call("CreateSubOrganizationAndSeal", {
      Caller: { ApplicationId: this.credentials.applicationId }, Name: `示例科技${tag}有限公司`, IdCardType: "USCC", IdCardNumber: `91440300MA5EX${tag}1F`,
      OrganizationType: "ENTERPRISE", LegalName: "王小明", LegalIdCardType: "ID_CARD", LegalIdCardNumber: "440301198001010018", VerifyClientIp: "127.0.0.1",
    });
    const user = await this.call("CreateUserAndSeal", {
      Caller: { ApplicationId: this.credentials.applicationId }, OpenId: `soak-${tag}`, Name: "王小明", IdCardType: "ID_CARD", IdCardNumber: "440301198001010018",
      SourceIp: "127.0.0.1", Mobile: "13800000001",
    });
    [this.organization, this.seal, this.user] = [organization.SubOrganizationId, organization.SealId, user.UserId];
    written.users.add(this.user);
    await this.upload();
  }

  async upload() {
    const { FileIds } = await this.call("UploadFiles", {
      Caller: this.caller(), BusinessType: "DOCUMENT", FileInfos: [{ FileBody: plainPDF(1).toString("base64"), FileName: "contract.pdf" }],
    });
    this.file = FileIds[0];
  }

  /** One contract from its creation to one of its ends, with reads between; now and then an error of the program's own making. */
  async contract() {
    const turn = this.turn++;
    if (turn % 10 === 9) await this.upload();
    const { FlowId } = await this.call("CreateFlowByFiles", {
      Caller: this.caller(), FileIds: [this.file], FlowInfo: { FlowName: `合同 ${this.index}-${turn}`, Deadline: now() + 7 * day },
    });
    written.flows.set(FlowId, 0);
    const { SignId } = await this.call("SendFlow", {
      Caller: this.caller(), FlowId, UserId: this.user, SubOrganizationId: this.organization, VerifyChannel: ["NONE"],
      SignComponents: [{ ComponentId: "seal", ComponentType: "SIGN_SEAL", ComponentRequired: true, ComponentPage: 1, ComponentPosX: 80, ComponentPosY: 500 }],
    });
    written.flows.set(FlowId, 1);
    await this.read(FlowId, 1);
    if (turn % 7 === 3) await this.call("DescribeFlow", { Caller: this.caller(), FlowId: "0".repeat(32) }, "ResourceNotFound");
    if (turn % 7 === 5) await this.call("ArchiveFlow", { Caller: this.caller(), FlowId }, "OperationDenied");
    if (turn % 4 === 1) {
      await this.call("CancelFlow", { Caller: this.caller(), FlowId, CancelMessage: "条款有误" });
      written.flows.set(FlowId, 3);
    } else if (turn % 4 !== 2) {
      const { Status } = await this.call("SignFlow", {
        Caller: this.caller(), FlowId, SignId, VerifyChannel: "NONE", SourceIp: "127.0.0.1",
        SignSeals: [{ ComponentId: "seal", SignType: "SIGN_SEAL", SealId: this.seal }],
      });
      if (Status !== "SUCCESS") problems.push(`SignFlow: ${Status}`);
      written.flows.set(FlowId, 7);
      if (turn % 2 === 0) {
        await this.call("ArchiveFlow", { Caller: this.caller(), FlowId });
        written.flows.set(FlowId, 4);
      }
    }
    for (let i = 0; i < 3; i++) await this.read(FlowId, written.flows.get(FlowId));
  }

  async read(FlowId, status) {
    const flow = await this.call("DescribeFlow", { Caller: this.caller(), FlowId });
    if (flow.FlowStatus !== status) problems.push(`flow ${FlowId} is in state ${flow.FlowStatus}, acknowledged was ${status}`);
    const { Approvers } = await this.call("DescribeFlowApprovers", { Caller: this.caller(), FlowId });
    if (Approvers.length !== (status === 0 ? 0 : 1)) problems.push(`flow ${FlowId} has ${Approvers.length} approvers`);
  }
}

/** Reads back everything that was acknowledged, and a signed file of every fiftieth flow. */
async function readBack(programs) {
  const flows = [...written.flows];
  let lost = 0;
  await Promise.all(
    programs.map(async (program, at) => {
      for (let i = at; i < flows.length; i += programs.length) {
        const [FlowId, status] = flows[i];
        const before = problems.length;
        await program.read(FlowId, status).catch(() => {});
        if (i % 50 === 0) {
          const answer = await program.call("DescribeFileUrls", { Caller: program.caller(), BusinessIds: [FlowId], BusinessType: "FLOW" });
          const body = Buffer.from(await (await fetch(answer.FileUrls[0].Url)).arrayBuffer());
          const signed = body.includes("/ByteRange");
          if (body.subarray(0, 5).toString() !== "%PDF-" || signed !== (status === 4 || status === 7)) problems.push(`the file of flow ${FlowId} is not what was signed`);
        }
        if (problems.length > before) lost++;
      }
    }),
  );
  const { Users } = await programs[0].call("DescribeUsers", { Caller: programs[0].caller(), UserIds: [...written.users].slice(0, 100) });
  return lost + Math.min(100, written.users.size) - Users.length;
}

/** The lower quarter: between two runs of the garbage collector memory swings, its floor tells what is held. */
const floor = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 4)] ?? 0;

/** The floors of two windows after the warm-up. */
function windows(list) {
  const settled = list.slice(Math.floor(list.length * warmUp));
  const half = Math.floor(settled.length / 2);
  return { earlier: Math.round(floor(settled.slice(0, half))), later: Math.round(floor(settled.slice(half))) };
}

async function soak(engine) {
  const programs = Array.from({ length: clients }, (_, index) => new Program(engine, index));
  await Promise.all(programs.map((program) => program.prepare()));
  latencies.length = 0; // the preparation draws seals for everybody at once
  const memory = [];
  engine.held.length = 0;
  const sampler = setInterval(() => engine.alive() && memory.push(resident(engine.pid)), 500);
  const before = Object.values(counts).reduce((a, b) => a + b, 0);
  const began = Date.now();
  const end = began + seconds * 1000;
  await Promise.all(
    programs.map(async (program) => {
      while (Date.now() < end && engine.alive() && problems.length < 100) await program.contract().catch((error) => problems.push(`unfinished contract: ${error.message}`));
    }),
  );
  const took = (Date.now() - began) / 1000;
  clearInterval(sampler);
  const held = [...engine.held];
  const calls = Object.values(counts).reduce((a, b) => a + b, 0) - before;
  const sorted = Float64Array.from(latencies).sort();
  const lost = await readBack(programs);
  if (lost > 0) problems.push(`${lost} acknowledged writes cannot be read back`);

  const own = memory.map((sample) => sample.own);
  const heap = windows(held), rss = windows(own);
  for (const [what, { earlier, later }, slack] of [["the heap", heap, heldFloor], ["resident memory", rss, residentFloor]]) {
    if (later - earlier > Math.max(earlier * growthLimit, slack)) problems.push(`${what} grew from ${earlier.toFixed(0)} to ${later.toFixed(0)} MB after the warm-up`);
  }
  const at = (share) => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1));
  return {
    clients, seconds: Number(took.toFixed(1)), calls, callsPerSecond: Math.round(calls / took), flows: written.flows.size, signatures: counts.SignFlow ?? 0,
    lost, problems: problems.length, p50ms: at(0.5), p99ms: at(0.99), heapMB: heap, collections: held.length, residentMB: { ...rss, peak: Math.round(Math.max(...own)), peakWithFiles: Math.round(Math.max(...memory.map(({ all }) => all))) },
    actions: counts,
  };
}

const engine = await startEngine();
let summary;
try {
  summary = await soak(engine);
} finally {
  const alive = engine.alive();
  const code = await engine.stop();
  if (!alive) problems.push("the engine ended before the test");
  else if (code !== 0) problems.push(`the engine ended with ${code}`);
}
console.log(JSON.stringify({ ...summary, problems: problems.length }));
for (const problem of problems.slice(0, 10)) console.error(problem);
console.log(problems.length === 0 ? `soak: ${summary.calls} calls by ${clients} clients, nothing lost, memory flat` : `soak: ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
