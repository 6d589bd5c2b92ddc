// Signed requests by hand, for what SDKs cannot be made to send.
import { createHash, createHmac } from "node:crypto";

const hash = (data) => createHash("sha256").update(data).digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

/**
 * Sends one request with a TC3 signature. Options: version, secretKey, skew (seconds), headers, method, query, and change, which may alter
 * the headers after signing. Returns the envelope's Response.
 */
export async function call(credentials, action, payload, options = {}) {
  const { version = "2020-12-22", secretKey = credentials.secretKey, skew = 0, method = "POST", query = "", headers: more = {}, change } = options;
  const body = method === "GET" ? "" : typeof payload === "string" ? payload : JSON.stringify(payload);
  const timestamp = Math.floor(Date.now() / 1000) + skew;
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const type = method === "GET" ? "application/x-www-form-urlencoded" : "application/json";
  const payloadHash = hash(more["X-TC-Content-SHA256"] ?? body);
  const canonical = `${method}\n/\n${query}\ncontent-type:${type}\nhost:${credentials.endpoint}\n\ncontent-type;host\n${payloadHash}`;
  const scope = `${date}/essbasic/tc3_request`;
  const key = mac(mac(mac("TC3" + secretKey, date), "essbasic"), "tc3_request");
  const signature = mac(key, `TC3-HMAC-SHA256\n${timestamp}\n${scope}\n${hash(canonical)}`).toString("hex");
  const headers = {
    "Content-Type": type,
    "X-TC-Action": action,
    "X-TC-Version": version,
    "X-TC-Timestamp": String(timestamp),
    Authorization: `TC3-HMAC-SHA256 Credential=${credentials.secretId}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`,
    ...more,
  };
  change?.(headers);
  const url = `http://${credentials.endpoint}/${query ? "?" + query : ""}`;
  const answer = await fetch(url, { method, headers, body: method === "GET" ? undefined : body });
  if (answer.status !== 200 || answer.headers.get("content-type") !== "application/json") {
    throw new Error(`HTTP ${answer.status} ${answer.headers.get("content-type")}`);
  }
  return { ...(await answer.json()).Response, canonical };
}
