//! Python in this isolate, as Rust calls it: JSON texts go over to `pyodide-runtime/js/python.js`, and come back.
//!
//! A Worker that links this crate carries that file beside its own JavaScript, whose entrypoint has started Python before it hands over an event
//! (README.md of the pyodide-runtime says how it is built). Two do: the shared pyodide-runtime, and the pyodide-caller, a stub with Python inside.
//!
//! Out of scope: starting Python, and what a function's module keeps between calls.

use js_sys::{Array, JsString, Uint8Array};
use protocol::Function;
use serde_json::value::RawValue;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(raw_module = "./python.js")]
extern "C" {
    /// The names of the functions, strings, whether Python has been started or not.
    #[wasm_bindgen(js_name = functionNames)]
    fn function_names() -> Array;

    #[wasm_bindgen(js_name = unavailable)]
    fn why_unavailable() -> Option<String>;

    /// The result's JSON text. Payload and result are strings, or UTF-8 in a `Uint8Array`.
    #[wasm_bindgen(catch)]
    fn call(function: u32, payload: &JsValue) -> Result<JsValue, JsValue>;
}

/// Texts up to this many bytes go over to Python as strings, longer ones as bytes, at once. A string goes character by character, in JavaScript of
/// Pyodide's that is interpreted until it has run often: up to 70 ns each, 7 ms for 100 KB. Bytes cost some 10 us more, whatever their number.
const STRING_BYTES: usize = 256;

thread_local! {
    /// They cannot change while this isolate lives.
    static NAMES: Vec<String> = function_names().iter().filter_map(|name| name.as_string()).collect();
}

/// Why there is no such function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// Python has not been started, or a function's source is wrong.
    #[error("{0}")]
    Unavailable(String),
    /// There is no file of that name.
    #[error("unknown function \"{name}\"; expected one of: {known}")]
    Unknown {
        /// What was asked for, cut to 64 characters.
        name: String,
        /// What there is.
        known: String,
    },
}

/// A function written in Python: its place among the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythonFunction(u32);

/// Why nothing can be executed at present, if that is so.
#[must_use]
pub fn unavailable() -> Option<String> {
    why_unavailable()
}

/// All functions that there are, one in each file.
#[must_use]
pub fn known() -> Vec<Function> {
    // The build refuses files of names that are none.
    NAMES.with(|names| names.iter().filter_map(|name| name.parse().ok()).collect())
}

impl PythonFunction {
    /// The function of a name.
    ///
    /// # Errors
    /// [`FindError`]: nothing can be executed, or there is no such function.
    pub fn find(name: &str) -> Result<Self, FindError> {
        if let Some(why) = unavailable() {
            return Err(FindError::Unavailable(why));
        }
        let place = NAMES.with(|names| names.iter().position(|known| known == name));
        place
            .and_then(|place| u32::try_from(place).ok().map(Self))
            .ok_or_else(|| FindError::Unknown {
                name: name.chars().take(64).collect(),
                known: NAMES.with(|names| names.join(", ")),
            })
    }

    /// Executes it on a JSON payload.
    ///
    /// # Errors
    /// What went wrong in Python, in one line: the file, the line in it, and the exception.
    pub fn call(self, payload: &RawValue) -> Result<Box<RawValue>, String> {
        let text = payload.get();
        let payload = if text.len() <= STRING_BYTES {
            JsValue::from_str(text)
        } else {
            Uint8Array::from(text.as_bytes()).into()
        };
        let result = call(self.0, &payload).map_err(|thrown| message(&thrown))?;
        RawValue::from_string(text_of(&result)).map_err(|error| {
            format!(
                "{}.py: main_json must return a JSON text: {error}",
                self.name()
            )
        })
    }

    fn name(self) -> String {
        NAMES.with(|names| names.get(self.0 as usize).cloned().unwrap_or_default())
    }
}

/// The text that came back. `js/python.js` makes no bytes that are not UTF-8.
fn text_of(result: &JsValue) -> String {
    match result.dyn_ref::<Uint8Array>() {
        Some(bytes) => String::from_utf8(bytes.to_vec()).unwrap_or_default(),
        None => String::from(result.unchecked_ref::<JsString>()),
    }
}

/// What JavaScript threw.
fn message(thrown: &JsValue) -> String {
    thrown.dyn_ref::<js_sys::Error>().map_or_else(
        || format!("{thrown:?}"),
        |error| String::from(error.message()),
    )
}
