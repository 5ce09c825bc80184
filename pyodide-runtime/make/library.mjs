// Compiles Python's standard library: what Pyodide ships are sources, which would be compiled at every start, for seconds.
// It is compiled by the very Python that will run it, under Node.js.
import { loadPyodide } from "pyodide";

const COMPILE = `
import io, zipfile, importlib.util
from _frozen_importlib_external import _code_to_hash_pyc

def compiled(archive):
    found, made = zipfile.ZipFile(io.BytesIO(archive)), io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as library:
        for name in sorted(found.namelist()):
            content = found.read(name)
            if name.endswith(".py"):
                code = compile(content, f"/lib/python{version}.zip/{name}", "exec", dont_inherit=True, optimize=0)
                # Without a time, and never checked against a source: the same library from the same sources, whenever it is built.
                content = bytes(_code_to_hash_pyc(code, importlib.util.source_hash(content), False))
                name += "c"
            library.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return made.getvalue()

compiled(archive.to_bytes())
`;

export async function compile(archive) {
  const python = await loadPyodide();
  const version = python.runPython("import sys; f'{sys.version_info.major}{sys.version_info.minor}'");
  const globals = python.toPy({ version });
  globals.set("archive", new Uint8Array(archive));
  const made = python.runPython(COMPILE, { globals });
  const bytes = made.toJs();
  made.destroy();
  return { bytes, path: `/lib/python${version}.zip` };
}
