// The Workers under test: those at BASE_URL, or local ones that are started here and leave nothing behind.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const TOKEN = "token-of-the-page-test";
/** Starting three Workers takes seconds; a busy machine more. */
const START_MS = 120_000;

/** `{url, token, stop}`. */
export async function serveWorkers() {
  if (process.env.BASE_URL) return { url: process.env.BASE_URL.replace(/\/$/, ""), token: process.env.API_TOKEN ?? "", stop: async () => {} };
  const binary = `${ROOT}target/debug/rpc-latency`;
  if (!existsSync(binary)) throw new Error("target/debug/rpc-latency is missing; run cargo build -p cli (and scripts/build)");
  const port = await freePort();
  const child = spawn(binary, ["serve", "--port", String(port), "--token", TOKEN], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  const ended = new Promise((done) => child.once("exit", done));
  let stopping = false;
  // Workers that end in mid-test fail it; their log says why.
  ended.then((code) => stopping || console.log(`the local Workers ended by themselves (exit status ${code}):\n${log.slice(-4000)}`));
  const stop = async () => {
    stopping = true;
    child.kill("SIGINT");
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_MS;
  while (!(await answers(`${url}/health`))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      if (child.exitCode === null) await stop();
      throw new Error(`the local Workers did not start:\n${log}`);
    }
    await new Promise((done) => setTimeout(done, 200));
  }
  return { url, token: TOKEN, stop };
}

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
