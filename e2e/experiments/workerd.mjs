// Serves Workers by plain workerd: no wrangler, no proxy, one process, so that what is compared shares it.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const COMPATIBILITY_DATE = /compatibility_date = "(.*)"/.exec(readFileSync(join(ROOT, "caller-worker/wrangler.toml"), "utf8"))[1];
const { default: workerd } = createRequire(join(ROOT, "package.json"))("workerd");
const START_MS = 20_000;

// The kinds of modules by the endings of their names, as wrangler has them.
const KINDS = { ".js": "esModule", ".wasm": "wasm", ".bin": "data", ".txt": "text" };

// Serves `workers`: { name: { folder, entry, bindings: { NAME: "worker" | "worker#Entrypoint" } } }, each folder with an index.js and perhaps other
// modules, or with an `entry` of other text than its index.js. Returns { url: name => its address, stop, inspector: the debugger's address, if `inspect` }.
export async function serve(workers, { inspect = false } = {}) {
  const home = mkdtempSync(join(tmpdir(), "rpc-latency-experiment-"));
  for (const [name, { folder, entry }] of Object.entries(workers)) {
    symlinkSync(resolve(ROOT, folder), join(home, name));
    if (entry) writeFileSync(join(home, `${name}-entry.js`), entry);
  }
  writeFileSync(join(home, "config.capnp"), configuration(workers));
  // The server itself: the package's launcher would be its parent, and would not take it along when it ends. Ports it chooses, and tells.
  const server = spawn(workerd, ["serve", "--control-fd=3", ...(inspect ? ["--inspector-addr=127.0.0.1:0"] : []), join(home, "config.capnp")], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const stop = () => {
    server.kill();
    rmSync(home, { recursive: true, force: true });
  };
  let said = "";
  server.stderr.on("data", (text) => (said += text));
  const ports = new Map();
  let inspector;
  const started = new Promise((resolved, rejected) => {
    const fail = () => rejected(new Error(`workerd did not start:\n${said}`));
    setTimeout(fail, START_MS).unref();
    server.on("exit", fail);
    createInterface({ input: server.stdio[3] }).on("line", (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event === "listen") ports.set(socket, port);
      if (event === "listen-inspector") inspector = `ws://127.0.0.1:${port}`;
      if (ports.size === Object.keys(workers).length && (inspector || !inspect)) resolved();
    });
  });
  await started.catch((error) => {
    stop();
    throw error;
  });
  return { url: (name) => `http://127.0.0.1:${ports.get(name)}`, stop, pid: server.pid, inspector };
}

// CPU time of all threads of a process, in us; the server keeps its threads. Not a number where the kernel does not say: only Linux does.
export function cpuUs(pid) {
  const tasks = `/proc/${pid}/task`;
  try {
    return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]) / 1000, 0);
  } catch {
    return Number.NaN;
  }
}

function configuration(workers) {
  const names = Object.keys(workers);
  const services = names.map((name) => `(name = "${name}", worker = .${identifier(name)})`);
  const sockets = names.map((name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`);
  const definitions = names.map((name) => {
    const { folder, entry, bindings = {} } = workers[name];
    const files = readdirSync(resolve(ROOT, folder)).filter((file) => KINDS[extname(file)]);
    const modules = files
      .sort((a, b) => (b === "index.js") - (a === "index.js"))
      .map((file) => `(name = "${file}", ${KINDS[extname(file)]} = embed "${name}/${file}")`);
    // The first is the one that is called.
    if (entry) modules.unshift(`(name = "entry.js", esModule = embed "${name}-entry.js")`);
    const bound = Object.entries(bindings).map(([binding, target]) => {
      const [service, entrypoint] = target.split("#");
      const designator = entrypoint ? `(name = "${service}", entrypoint = "${entrypoint}")` : `"${service}"`;
      return `(name = "${binding}", service = ${designator})`;
    });
    return `const ${identifier(name)} :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${bound.join(", ")}],
);`;
  });
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(", ")}],
  sockets = [${sockets.join(", ")}],
);
${definitions.join("\n")}
`;
}

const identifier = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
