// What has to be different in the npm package `pyodide` for a Worker: it may compile neither JavaScript nor wasm while it runs.
// Each piece is replaced by what does the same from modules that are there at deployment. See ../README.md.
import { createHash } from "node:crypto";

// The files of the one version that these replacements were tried with.
export const VERSION = "314.0.7";
export const EXPECTED = {
  "pyodide.asm.mjs": "f7cdc8ece80678ceb712f8e65ebe6d3a83203a180c399865f49612a051693635",
  "pyodide.mjs": "6f1d60f7bf529beb300f0f47983c921d3982363640ba20af0e38efdddbc66109",
  "pyodide.asm.wasm": "cc36e3cab04fdfc9a63ff13eb52eae2b911bf46c025cc7b281f394bd3de1d5e6",
  "python_stdlib.zip": "fa1957e5777068fc4f7437f96d860ae2fbe9c19732ba06c84e004ec16dd7dd7a",
};

const HEADER = `import { wrap as wrapForWasm } from "./wrap.js";
import trampolineModule from "./trampoline.wasm";
`;

// What is replaced: from the first text to the end of the second, which must be there exactly once.
const REPLACED = [
  {
    // Makes wasm functions of JavaScript ones, by a new wasm module for each.
    from: "var convertJsFunctionToWasm=(func,sig)=>{",
    to: 'var wrappedFunc=instance.exports["f"];return wrappedFunc};',
    by: "var convertJsFunctionToWasm=wrapForWasm;",
  },
  {
    // The module that finds out whether a C function takes the arguments that it is called with.
    from: 'return new WebAssembly.Module(hexStringToUTF8Array("',
    to: '"))}',
    by: "return trampolineModule}",
  },
  {
    // Workers that are compatible with Node.js have a `process`, and are no Node.js.
    from: "var ENVIRONMENT_IS_NODE=",
    to: 'globalThis.process?.type!="renderer";',
    by: "var ENVIRONMENT_IS_NODE=false;",
  },
  {
    // Without a `setImmediate` it would listen to messages that nobody sends, in a way that a Worker may not.
    from: "else if(globalThis.addEventListener){var __setImmediate_id_counter=0;",
    to: "__setImmediate_queue[index]=()=>{}}}",
    by: "",
  },
];

// The bytes of the trampoline's module, as they stand in the source.
export function trampoline(source) {
  const [, hex] = once(source, /new WebAssembly\.Module\(hexStringToUTF8Array\("([0-9a-f]+)"\)\)/g, "the trampoline");
  return Buffer.from(hex, "hex");
}

// The module of the two functions by which Pyodide tells its mark of an error from every other value, as it stands in the loader's source.
export function errorMark(loader) {
  const [, base64] = once(loader, /=W\("(AGFzb[A-Za-z0-9+/=]+)"\)/g, "the mark of errors", "pyodide.mjs");
  return Buffer.from(base64, "base64");
}

// The types of all functions that wasm may call: result, then arguments. A pointer is an i32.
export function signatures(source) {
  const found = [...source.matchAll(/\.sig="([vijfdep]+)"/g)].map(([, signature]) => signature.replaceAll("p", "i"));
  if (found.length < 1_000) throw new Error(`only ${found.length} functions with a signature in pyodide.asm.mjs: not the file that this build knows`);
  return [...new Set(found)].sort();
}

export function replaceAll(source) {
  let text = source;
  for (const { from, to, by } of REPLACED) {
    const start = text.indexOf(from);
    const end = text.indexOf(to, start + from.length);
    if (start < 0 || end < 0 || text.indexOf(from, start + 1) >= 0) {
      throw new Error(`pyodide.asm.mjs does not have exactly one ${JSON.stringify(from)} with ${JSON.stringify(to)} after it`);
    }
    text = text.slice(0, start) + by + text.slice(end + to.length);
  }
  const compiled = text.match(/new WebAssembly\.Module\((?!binary\)|new Uint8Array\(\[0,97,115,109,1,0,0,0\]\)\))/);
  if (compiled) throw new Error(`pyodide.asm.mjs still compiles wasm while it runs, at ${text.slice(compiled.index, compiled.index + 80)}`);
  return HEADER + text;
}

// Fails for a file that is not the expected one.
export function check(name, bytes) {
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== EXPECTED[name]) {
    throw new Error(
      `node_modules/pyodide/${name} is not that of pyodide ${VERSION} (SHA-256 ${found}, expected ${EXPECTED[name]}); run  npm ci  - or, for another version, try the replacements in pyodide-runtime/make with it and change the sums there`,
    );
  }
}

// The one match of `pattern`.
function once(text, pattern, what, file = "pyodide.asm.mjs") {
  const found = [...text.matchAll(pattern)];
  if (found.length !== 1) throw new Error(`${found.length} places in ${file} look like ${what}, expected 1`);
  return found[0];
}
