// An engine of a test's own, driven through the platform's official Node SDK with nothing changed but the endpoint.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { deflateSync } from "node:zlib";
import { plainPDF } from "./pdf.js";
import { run, start } from "./sealdesk.js";

// The SDK is installed beside its tests, where this file does not see it.
const require = createRequire(new URL("../sdk/package.json", import.meta.url));
const { Client } = require("tencentcloud-sdk-nodejs").essbasic.v20201222;

export const ip = "203.0.113.7";
export const nothing = "0".repeat(32);
export const id = /^[0-9a-f]{32}$/;
export const now = () => Math.floor(Date.now() / 1000);
export const day = 24 * 3600;

/** Starts an engine; stop() ends it. */
export async function platform() {
  const program = await start("engine", ["--simulate"]);
  const where = ["--data", program.data, "--engine-listen", program.engine];
  const credentials = JSON.parse(run(["engine", "credentials", "--json", ...where]));
  const client = ({ secretKey = credentials.secretKey, reqMethod = "POST" } = {}) =>
    new Client({
      credential: { secretId: credentials.secretId, secretKey },
      region: credentials.region,
      profile: { httpProfile: { endpoint: program.engine, protocol: "http://", reqMethod } },
    });
  const caller = (operator, organization) => ({ ApplicationId: credentials.applicationId, OperatorId: operator, SubOrganizationId: organization });
  const world = { program, credentials, client, sdk: client(), caller, console: logIn(program, where), stop: () => program.stop() };
  let people = 0;
  /** A verified organisation with a seal and a verified person with a signature. */
  world.party = async (name = "深圳市示例科技有限公司", person = "王小明") => {
    const n = ++people;
    const { SubOrganizationId: organization, SealId: seal } = await world.sdk.CreateSubOrganizationAndSeal({
      ...organizationRequest(caller(), name, n),
      VerifyClientIp: ip,
    });
    const { UserId: user, SealId: hand } = await world.sdk.CreateUserAndSeal({ ...personRequest(caller(), person, n), SourceIp: ip });
    return { name, person, organization, seal, user, hand, caller: caller(user, organization) };
  };
  return world;
}

/** The parameters of a new sub-organisation; n keeps its number apart from others'. */
export const organizationRequest = (caller, name, n) => ({
  Caller: caller,
  Name: name,
  IdCardType: "USCC",
  IdCardNumber: `91440300MA5EX${String(n).padStart(4, "0")}F`,
  OrganizationType: "ENTERPRISE",
  LegalName: "王小明",
  LegalIdCardType: "ID_CARD",
  LegalIdCardNumber: "110101199003074418",
});

export const personRequest = (caller, name, n) => ({
  Caller: caller,
  OpenId: `person-${n}`,
  Name: name,
  IdCardType: "ID_CARD",
  IdCardNumber: "110101199003074418",
  Mobile: "15012340702",
});

/** A session of the engine's console, opened on the first use: post(path, fields) sends a form and expects it to be taken. */
function logIn(program, where) {
  let cookie;
  const send = (path, init = {}) =>
    fetch(`http://${program.engine}${path}`, { redirect: "manual", ...init, headers: { cookie: cookie ?? "", ...init.headers } });
  const form = (fields) => ({
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: `http://${program.engine}`, "Sec-Fetch-Site": "same-origin" },
  });
  const open = async () => {
    const address = new URL(run(["engine", "console", ...where]).match(/http\S+/)[0]);
    const answer = await send(address.pathname, form(address.searchParams));
    assert.equal(answer.status, 303, "the console's log-in");
    cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  };
  return {
    async post(path, fields) {
      if (!cookie) await open();
      const answer = await send(path, form(fields));
      assert.equal(answer.status, 303, `${path}: ${await answer.text()}`);
    },
    async get(path) {
      if (!cookie) await open();
      const answer = await send(path);
      assert.equal(answer.status, 200, path);
      return answer.text();
    },
  };
}

/** Expects a call to be refused with a code, and gives the message. */
export async function refused(code, promise) {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    assert.equal(error.code, code, error.message);
    assert.match(error.requestId, /^s\d{19}$/, `no request id on ${error}`);
    return error.message;
  }
  throw new assert.AssertionError({ message: `expected ${code}, got ${JSON.stringify(answer)}` });
}

/** Expects exactly these fields, besides RequestId. A value may be a pattern or a predicate. */
export function fields(answer, wanted) {
  const { RequestId, ...rest } = answer;
  if ("RequestId" in answer) assert.match(RequestId, /^s\d{19}$/);
  assert.deepEqual(Object.keys(rest).sort(), Object.keys(wanted).sort(), "the fields of the answer");
  for (const [name, want] of Object.entries(wanted)) {
    const got = rest[name];
    if (want instanceof RegExp) assert.match(got, want, name);
    else if (typeof want === "function") assert.ok(want(got), `${name}: ${JSON.stringify(got)}`);
    else assert.deepEqual(got, want, name);
  }
}

const boxes = { SIGN_SEAL: [119, 119], SIGN_SIGNATURE: [119, 43], SIGN_DATE: [119, 24] };

/** A required component on page 3. */
export function component(componentId, type, x, y, more = {}) {
  const [width, height] = boxes[type] ?? [119, 24];
  return {
    ComponentId: componentId,
    ComponentType: type,
    ComponentRequired: true,
    FileIndex: 0,
    GenerateMode: 0,
    ComponentPage: 3,
    ComponentPosX: x,
    ComponentPosY: y,
    ComponentWidth: width,
    ComponentHeight: height,
    ...more,
  };
}

export const contract = plainPDF(3).toString("base64");

/** A PNG of one colour as base64; white keeps no ink. */
export function picture(width = 120, height = 120, [r, g, b] = [200, 20, 30]) {
  const raw = Buffer.alloc((width * 3 + 1) * height, 255);
  for (let y = 0; y < height; y++) {
    raw[y * (width * 3 + 1)] = 0;
    if (y < height / 5 || y > (height * 4) / 5) continue;
    for (let x = Math.ceil(width / 5); x < (width * 4) / 5; x++) raw.set([r, g, b], y * (width * 3 + 1) + 1 + x * 3);
  }
  const chunk = (type, data) => {
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    out.write(type, 4, "latin1");
    data.copy(out, 8);
    out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(raw)), chunk("IEND", Buffer.alloc(0))]).toString("base64");
}

function crc(data) {
  let c = ~0;
  for (const byte of data) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}
