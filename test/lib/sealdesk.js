// Starts the built program for a test, in a data folder and on ports of its own.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const binary = join(root, "bin", "sealdesk");

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Polls until the condition gives something true; fails loudly after the limit. */
export async function until(what, condition, limit = 30_000) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`gave up waiting for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/healthz`)).ok;
  } catch {
    return false;
  }
}

/** Runs one command of the program to its end and returns what it printed. */
export function run(args, options = {}) {
  return execFileSync(binary, args, { encoding: "utf8", ...options });
}

/**
 * Starts `sealdesk serve` (or another long-running command).
 * The portal's port is a free one unless somebody has to know it before.
 * Returns addresses, the data folder, everything printed so far, and stop().
 */
export async function start(command = "serve", flags = [], port = undefined) {
  const data = mkdtempSync(join(tmpdir(), "sealdesk-test-"));
  const [portal, engine] = [port ?? (await freePort()), await freePort()];
  const args = [command, "--data", data, "--engine-listen", `127.0.0.1:${engine}`, ...flags];
  if (command === "serve") args.push("--listen", `127.0.0.1:${portal}`);
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  const program = {
    data,
    printed: "",
    url: `http://127.0.0.1:${portal}`,
    engine: `127.0.0.1:${engine}`,
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
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (program.printed += part));
  const health = command === "serve" ? program.url : `http://${program.engine}`;
  try {
    await until("the program to answer", async () => {
      if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}:\n${program.printed}`);
      return isReady(health);
    }, 120_000);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return program;
}
