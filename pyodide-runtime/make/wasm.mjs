// The small wasm module that stands for those that Pyodide would compile while it runs.

const CODE = { i: 0x7f, j: 0x7e, f: 0x7d, d: 0x7c, e: 0x6f };
const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

// A module that imports one function of each signature from `e` and exports it again under the same name: a JavaScript function that went
// through it is a wasm function.
export function reexports(signatures) {
  const types = signatures.map(([result, ...args]) => [0x60, ...list(args.map((type) => [CODE[type]])), ...list(result === "v" ? [] : [[CODE[result]]])]);
  const imports = signatures.map((signature, index) => [...text("e"), ...text(signature), 0x00, ...unsigned(index)]);
  const exports = signatures.map((signature, index) => [...text(signature), 0x00, ...unsigned(index)]);
  return Buffer.from([...HEAD, ...section(1, types), ...section(2, imports), ...section(7, exports)]);
}

const section = (id, entries) => [id, ...sized(list(entries))];
const sized = (content) => [...unsigned(content.length), ...content];
const list = (entries) => [...unsigned(entries.length), ...entries.flat()];
const text = (name) => sized([...Buffer.from(name)]);

// LEB128.
function unsigned(number) {
  const bytes = [];
  do {
    const low = number % 128;
    number = Math.floor(number / 128);
    bytes.push(number ? low + 128 : low);
  } while (number);
  return bytes;
}
