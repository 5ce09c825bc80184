//! Functions in Python, executed by `js/python.js`: JSON texts go over there, and come back.

use js_sys::Array;
use protocol::{Function, msgpack, routes::Refusal};
use runtime::{Functions, bad_field, unknown_function};
use serde_json::value::RawValue;
use std::borrow::Cow;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(raw_module = "./python.js")]
extern "C" {
    /// The names of the functions, strings, whether Python has been started or not.
    #[wasm_bindgen(js_name = functionNames)]
    fn function_names() -> Array;

    /// Why nothing can be executed.
    fn unavailable() -> Option<String>;

    /// The result's JSON text.
    #[wasm_bindgen(catch)]
    fn call(function: u32, payload: &str) -> Result<String, JsValue>;
}

thread_local! {
    /// They cannot change while this isolate lives.
    static NAMES: Vec<String> = function_names().iter().filter_map(|name| name.as_string()).collect();
}

/// The functions in the folder `functions`, one in each file.
#[derive(Clone, Copy)]
pub(crate) struct Python;

/// A function: its place among the names.
#[derive(Clone, Copy)]
pub(crate) struct Place(u32);

impl Functions for Python {
    type Function = Place;

    const WORKER: &'static str = "pyodide-runtime";

    fn unavailable(self) -> Option<String> {
        unavailable()
    }

    fn known(self) -> Vec<Function> {
        // The build refuses files of names that are none.
        NAMES.with(|names| names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    fn find(self, name: &str) -> Result<Place, Refusal> {
        if let Some(why) = unavailable() {
            return Err(Refusal::new(503, why));
        }
        NAMES
            .with(|names| names.iter().position(|known| known == name))
            .and_then(|place| u32::try_from(place).ok().map(Place))
            .ok_or_else(|| unknown_function(name, &self.known()))
    }

    fn execute(self, function: Place, payload: &RawValue) -> Result<Cow<'_, RawValue>, Refusal> {
        result_of(function, payload).map(Cow::Owned)
    }

    fn execute_msgpack(self, function: Place, payload: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
        let bad_payload = |why: String| bad_field("payload", why);
        let json = msgpack::to_json(payload).map_err(|error| bad_payload(error.to_string()))?;
        let json = RawValue::from_string(json).map_err(|error| bad_payload(error.to_string()))?;
        let result = result_of(function, &json)?;
        Ok(Cow::Owned(msgpack::from_json(&result)))
    }
}

fn result_of(function: Place, payload: &RawValue) -> Result<Box<RawValue>, Refusal> {
    let result =
        call(function.0, payload.get()).map_err(|thrown| Refusal::new(500, message(&thrown)))?;
    RawValue::from_string(result).map_err(|error| {
        let name = NAMES.with(|names| names.get(function.0 as usize).cloned().unwrap_or_default());
        Refusal::new(
            500,
            format!("{name}.py: main_json must return a JSON text: {error}"),
        )
    })
}

/// What JavaScript threw.
fn message(thrown: &JsValue) -> String {
    thrown.dyn_ref::<js_sys::Error>().map_or_else(
        || format!("{thrown:?}"),
        |error| String::from(error.message()),
    )
}
