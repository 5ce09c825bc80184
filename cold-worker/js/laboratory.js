// Isolates by the Worker Loader: those that are kept, and the fresh ones of one sample. What is loaded when, and what the clock says, is in ../src.
import { ARTEFACTS, ISOLATE_OF_RUNTIME, ISOLATE_OF_STUB } from "./artefacts.js";
import { Memory } from "./memory.js";

const COMPATIBILITY_DATE = "2026-07-01";
const NONCE_NAME = new TextEncoder().encode("nonce");
const NONCE_BYTES = 8;
export class Laboratory {
  #loader;
  #runtime; // the binding that every stub gets as RUNTIME: it leads back to `execute`
  #kept = new Map();
  #hashes = new Map();
  #sample;
  #memory = new Memory();

  constructor(loader, runtime) {
    this.#loader = loader;
    this.#runtime = runtime;
  }

  artefacts() {
    return Object.keys(ARTEFACTS);
  }

  // SHA-256 of an artefact's files, one after the other in the order of their names, and their length, as "<hex> <bytes>".
  async identity(name) {
    if (!this.#hashes.has(name)) this.#hashes.set(name, await identity(ARTEFACTS[name].modules));
    return this.#hashes.get(name);
  }

  // Whether the object should end, and another one go on.
  get isSpent() {
    return this.#memory.isSpent;
  }

  // Frees what was let go of, as far as that can be made to happen.
  collect() {
    this.#memory.collect();
  }

  // Whether an isolate of the artefact is kept.
  keeps(name) {
    return this.#kept.has(name);
  }

  // Loads one that is kept.
  keep(name) {
    const code = codeOf(name, this.#runtime);
    this.#kept.set(name, this.#open(code));
    this.#memory.kept(code.bytes);
  }

  // Gets ready for a sample. `entry` is called; its calls to RUNTIME go to `runtime`, if it makes any. A fresh one is loaded by `enter`, and by the
  // first call to RUNTIME. The bytes of a fresh one differ from those known to the process if `unknown`.
  arrange(entry, entryIsFresh, runtime, runtimeIsFresh, unknown) {
    const part = (name, isFresh) => (isFresh ? { code: codeOf(name, this.#runtime, unknown) } : { opened: this.#kept.get(name) });
    this.#sample = { entry: part(entry, entryIsFresh), runtime: part(runtime, runtimeIsFresh) };
  }

  // Loads the fresh entry of the sample, if it is fresh.
  enter() {
    this.#opened(this.#sample.entry);
  }

  // One call: the promise of the answer's text.
  call(functionId, payload) {
    return this.#sample.entry.opened.entry
      .fetch(`https://stub.internal/${functionId}`, { method: "POST", body: payload })
      .then(async (response) => {
        const text = await response.text();
        if (!response.ok) throw new Error(`status ${response.status}: ${text}`);
        return text;
      });
  }

  // What RUNTIME of a loaded stub leads to.
  execute(functionId, payload) {
    return this.#opened(this.#sample.runtime).entry.execute(functionId, payload);
  }

  // The facts of the isolate behind the entry, or behind RUNTIME, as JSON; undefined of one that is not loaded yet.
  async entryFacts() {
    return factsOf(this.#sample.entry);
  }

  async runtimeFacts() {
    return factsOf(this.#sample.runtime);
  }

  // A call that reaches none of the isolates: the promise of its end.
  nothing() {
    return this.#runtime.nothing();
  }

  // Lets go of the fresh ones.
  leave() {
    this.#sample = undefined;
  }

  #opened(part) {
    if (!part.opened) {
      part.opened = this.#open(part.code);
      this.#memory.letGoOf(part.code.bytes);
    }
    return part.opened;
  }

  #open(code) {
    const worker = code.byName ? this.#loader.get(code.name, () => code.worker) : this.#loader.load(code.worker);
    return { entry: worker.getEntrypoint(code.isRuntime ? "Runtime" : undefined), isolate: worker.getEntrypoint("Isolate") };
  }
}

const factsOf = async ({ opened }) => opened && JSON.stringify(await opened.isolate.facts());

function codeOf(name, runtime, unknown = false) {
  const { isRuntime, byName, modules } = ARTEFACTS[name];
  const own = Object.entries(modules).map(([file, content]) => [file, moduleOf(file, content, unknown)]);
  const worker = {
    compatibilityDate: COMPATIBILITY_DATE,
    mainModule: "isolate.js",
    modules: { "isolate.js": isRuntime ? ISOLATE_OF_RUNTIME : ISOLATE_OF_STUB, ...Object.fromEntries(own) },
    env: isRuntime ? {} : { RUNTIME: runtime },
    globalOutbound: null,
  };
  return { name, isRuntime, byName, worker, bytes: Object.values(modules).reduce((sum, content) => sum + (content.byteLength ?? content.length), 0) };
}

function moduleOf(file, content, unknown) {
  if (file.endsWith(".wasm")) return { wasm: unknown ? withNonce(content) : content };
  if (file.endsWith(".js")) return { js: content };
  return typeof content === "string" ? { text: content } : { data: content };
}

// The same wasm with a custom section of random bytes at its end: it compiles to the same code, but the process has not seen it.
function withNonce(bytes) {
  const section = Uint8Array.of(0, 1 + NONCE_NAME.length + NONCE_BYTES, NONCE_NAME.length, ...NONCE_NAME, ...crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const longer = new Uint8Array(bytes.byteLength + section.length);
  longer.set(new Uint8Array(bytes));
  longer.set(section, bytes.byteLength);
  return longer.buffer;
}

async function identity(modules) {
  const encoder = new TextEncoder();
  const parts = Object.keys(modules).sort().map((file) => modules[file]).map((content) => (typeof content === "string" ? encoder.encode(content) : new Uint8Array(content)));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return `${Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")} ${all.length}`;
}
