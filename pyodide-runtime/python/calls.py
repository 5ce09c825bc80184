"""Compiles the functions once and calls them: what JavaScript sees of Python.

A function is a module of its own, compiled and executed once, so its globals persist from call to call, as a team's module of its own would do.
It has either of

    def main(payload): ...      # any value that JSON holds, decoded; returns one
    def main_json(text): ...    # a JSON text, undecoded; returns one
"""

import json
import linecache
import sys
import traceback
from types import ModuleType

from pyodide.ffi import to_js

functions = {}
failure = None


def load(name, source):
    """Compiles and executes one function's module. Returns what is wrong with it, or None."""
    path = f"{name}.py"
    # So that a traceback shows the line.
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    module = ModuleType(name.replace("-", "_"), None)
    module.__file__ = path
    try:
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
    except SyntaxError as error:
        return f"{error.filename}, line {error.lineno}: {_last_line(error)}"
    except BaseException as error:
        return f"{_place(error, path)}: {_last_line(error)}"
    if callable(getattr(module, "main_json", None)):
        functions[name] = module.main_json
    elif callable(getattr(module, "main", None)):
        functions[name] = _decoding(module.main)
    else:
        return f"{path}: it defines neither main(payload) nor main_json(text)"
    sys.modules[module.__name__] = module
    return None


def call(name, payload):
    """The result's JSON text, or None; then `failure` says why. A long text is bytes of JavaScript, in UTF-8, on either side."""
    global failure
    try:
        text = payload if isinstance(payload, str) else payload.to_bytes().decode()
        result = functions[name](text)
        if isinstance(result, str):
            # A text in ASCII is copied at once.
            return result if result.isascii() else to_js(result.encode())
        failure = f"{name}.py: main_json must return a JSON text, a str, not {type(result).__name__}"
    except _NotJson as error:
        failure = f"{name}.py: what main returned is no JSON: {error}"
    except BaseException as error:
        failure = f"{_place(error, f'{name}.py')}: {_last_line(error)}"
    return None


class _NotJson(Exception):
    pass


def _decoding(main):
    def main_json(text):
        result = main(json.loads(text))
        try:
            return json.dumps(result, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise _NotJson(_last_line(error)) from None

    return main_json


def _last_line(error):
    """As the last line of a traceback has it: the exception and its message, without the notes that may follow."""
    formatted = traceback.TracebackException.from_exception(error, limit=0)
    formatted.__notes__ = None
    return list(formatted.format_exception_only())[-1].strip()


def _place(error, path):
    """The last line of the function's own file that the exception passed through."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f"{path}, line {lines[-1]}" if lines else path
