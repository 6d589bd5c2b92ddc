// Notes what every call of the official SDK came to, for the table of coverage: `node --import ./test/lib/record.js --test …` with
// SEALDESK_COVERAGE naming a file. The tests need not know of it; without the variable nothing happens.
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";

const record = process.env.SEALDESK_COVERAGE;
const file = basename(process.argv[1] ?? "");

if (record && file.endsWith(".test.js")) {
  // The SDK is installed beside its tests, where this file does not see it.
  const require = createRequire(new URL("../sdk/package.json", import.meta.url));
  const { AbstractClient } = require("tencentcloud-sdk-nodejs/tencentcloud/common/abstract_client.js");
  const { request } = AbstractClient.prototype;
  const seen = new Set();
  const note = (action, code) => {
    const line = JSON.stringify({ action, code, file });
    if (seen.has(line)) return;
    seen.add(line);
    appendFileSync(record, line + "\n"); // one short write: the tests' processes share the file
  };

  AbstractClient.prototype.request = async function (action, ...rest) {
    try {
      const answer = await request.call(this, action, ...rest);
      note(action, "ok");
      return answer;
    } catch (error) {
      if (error?.requestId && error.code) note(action, error.code); // otherwise the platform did not answer
      throw error;
    }
  };
}
