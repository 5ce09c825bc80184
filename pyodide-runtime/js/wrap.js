// Makes wasm functions of JavaScript ones, so that they can be put into wasm's table of functions. Pyodide would compile a module for each, which a
// Worker may not; this passes it through a module that is there: see make/wasm.mjs.
import signatures from "./signatures.wasm";

const NAMES = WebAssembly.Module.imports(signatures).map(({ name }) => name);

export function wrap(func, signature) {
  const e = Object.fromEntries(NAMES.map((name) => [name, func]));
  const wrapped = new WebAssembly.Instance(signatures, { e }).exports[signature.replaceAll("p", "i")];
  if (!wrapped) throw new TypeError(`no JavaScript function can have the signature ${signature} here: it may not be compiled while the Worker runs`);
  return wrapped;
}
