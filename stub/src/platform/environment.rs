//! What the deployment gives this Worker: its bindings, variables and secrets, as an object that comes with each event.

use super::ServiceBinding;
use js_sys::Reflect;
use protocol::Problem;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The object.
    pub type Env;
}

impl Env {
    fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(self, &JsValue::from_str(name))
            .ok()
            .filter(|value| !value.is_undefined())
    }

    /// The service binding `RUNTIME`.
    ///
    /// # Errors
    /// 503 when there is none: the deployment is at fault, not the request.
    pub fn runtime(&self) -> Result<ServiceBinding, Problem> {
        let binding = self.get("RUNTIME").ok_or_else(|| {
            Problem::new(
                503,
                "this Worker has no service binding RUNTIME: see its wrangler.toml",
            )
        })?;
        Ok(binding.unchecked_into())
    }

    /// A variable or secret that must not be empty.
    ///
    /// # Errors
    /// 503 when it is.
    pub fn setting(&self, name: &str) -> Result<String, Problem> {
        self.get(name)
            .and_then(|value| value.as_string())
            .filter(|value| !value.is_empty())
            .ok_or_else(|| {
                Problem::new(
                    503,
                    format!("raw-fetch needs {name}, which this Worker has not: `scripts/deploy` sets RUNTIME_URL, `wrangler secret put` RUNTIME_TOKEN"),
                )
            })
    }
}
