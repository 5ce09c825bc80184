// Python in this isolate: started once, then called. What Pyodide needs and has to be JavaScript; everything else is in src/.
//
// Pyodide's own loader fetches and compiles what it needs; a Worker may do neither. So the same steps are taken here with modules that are there.
import createPyodide from "./pyodide.js";
import pyodideModule from "./pyodide.wasm";
import errorMarkModule from "./error_mark.wasm";
import library from "./python_library.bin";
import functionSources from "./functions.txt";
import { calls, libraryPath } from "./sources.js";

// What is wrong with a function's source: it stays wrong for as long as this isolate lives.
class BadSource extends Error {}

let python; // once started
let starting; // the promise of that
let failed; // why it could not be started

const functions = JSON.parse(functionSources);
const NAMES = Object.keys(functions);

const encoder = new TextEncoder();
const STRING_LENGTH = 256; // as in crate python

// The names of the functions, known before Python is started.
export const functionNames = () => NAMES;

// Whether Python can be called at once.
export const started = () => python !== undefined;

// Why it cannot be called, once its start has failed.
export const unavailable = () => (failed ? `Python did not start: ${failed.message}` : undefined);

// Starts Python, which takes random numbers: inside a request, therefore. The promise is always kept: `unavailable` says why it did not start. It is
// tried again at the next request, but not with a source that is wrong.
export function start() {
  if (failed instanceof BadSource) return Promise.resolve();
  starting ??= create().then(
    (created) => {
      [python, failed] = [created, undefined];
    },
    (error) => {
      [starting, failed] = [undefined, error];
      console.error(unavailable());
    },
  );
  return starting;
}

// Executes the function at a place among the names on a JSON text. Returns the result's JSON text, or throws an `Error` that says why not. A long text
// is bytes, in UTF-8, on either side: what becomes a string of Python's, or of Rust's, goes character by character.
export function call(place, payload) {
  const name = NAMES[place];
  if (!python) {
    // Another message of a connection on which the interpreter failed.
    start();
    throw new Error(`${name}.py: Python is being started; call again`);
  }
  let result;
  try {
    result = python.call(name, payload);
  } catch (error) {
    // No exception of Python's: those are caught there. The interpreter itself has failed, and is not to be called again.
    python = starting = undefined;
    const why = `${name}.py: the Python interpreter failed and is started anew, with what its modules kept lost: ${firstLine(error)}`;
    console.error(why);
    throw new Error(why);
  }
  if (result === undefined) throw new Error(python.failure());
  return result.length > STRING_LENGTH && typeof result === "string" ? encoder.encode(result) : result;
}

async function create() {
  const { API } = await createPyodide(settings());
  const pyodide = API.finalizeBootstrap();
  // Nobody types anything in; what is printed is logged.
  API.initializeStreams(() => null, (line) => console.log(line), (line) => console.warn(line));
  const names = pyodide.toPy({ __name__: "calls" });
  pyodide.runPython(calls, { globals: names, filename: "calls.py" });
  const load = names.get("load");
  for (const [name, source] of Object.entries(functions)) {
    const wrong = load(name, source);
    if (wrong !== undefined) throw new BadSource(wrong);
  }
  load.destroy();
  return { call: names.get("call"), failure: () => names.get("failure") };
}

function settings() {
  const config = { jsglobals: globalThis, env: {}, packages: [], args: [], enableRunUntilComplete: false };
  // As Pyodide would find out for itself, but for Safari: without which it schedules by a MessageChannel.
  const runtimeEnv = { IN_WORKERD: true, IN_SAFARI: true, IN_NODE: false };
  return {
    API: { config, runtimeEnv },
    noImageDecoding: true,
    noAudioDecoding: true,
    noWasmDecoding: true,
    preRun: [install],
    print: (line) => console.log(line),
    printErr: (line) => console.warn(line),
    arguments: [],
    locateFile: (name) => {
      throw new Error(`Pyodide asked for ${name}, which this Worker does not have`);
    },
    instantiateWasm,
  };
}

function instantiateWasm(imports, instantiated) {
  const { Jsv_GetError_import, JsvError_Check } = new WebAssembly.Instance(errorMarkModule).exports;
  Object.assign(imports.env, { Jsv_GetError_import, JsvError_Check });
  instantiated(new WebAssembly.Instance(pyodideModule, imports), pyodideModule);
  return {};
}

function install({ API, ENV, FS, HEAPU32, _Py_Version }) {
  const version = HEAPU32[_Py_Version >>> 2];
  const [major, minor, micro] = [version >>> 24, (version >>> 16) & 255, (version >>> 8) & 255];
  API.pyVersionTuple = [major, minor, micro];
  API.sitePackages = `/lib/python${major}.${minor}/site-packages`;
  FS.mkdirTree(API.sitePackages);
  FS.mkdirTree(`/lib/python${major}.${minor}/lib-dynload`);
  FS.writeFile(libraryPath, new Uint8Array(library), { canOwn: true });
  FS.mkdirTree("/home/pyodide");
  FS.chdir("/home/pyodide");
  // With it, `main` returns when it has started Python.
  Object.assign(ENV, { HOME: "/home/pyodide", PYTHONINSPECT: "1" });
}

const firstLine = (error) => `${error?.message ?? error}`.split("\n", 1)[0];
