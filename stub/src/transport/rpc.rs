//! `rpc`: Workers RPC, a method call on the service binding `RUNTIME`.

use super::{Calling, Invocation, OpenTransport};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{Env, Promise},
};
use js_sys::{JsString, Uint8Array};
use protocol::Problem;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The runtime's entrypoint as an object. Each method called on it is an invocation of its own; what it returns here are bytes, not
    /// stubs, so there is nothing to dispose of.
    type RuntimeMethods;

    /// The payload is an array that JavaScript owns. A slice of wasm memory would be a view of all of it, and would be cloned whole: 1.5 ms a call.
    #[wasm_bindgen(method, catch)]
    fn execute(
        this: &RuntimeMethods,
        function_id: &JsString,
        payload: &Uint8Array,
    ) -> Result<Promise, JsValue>;
}

/// See the [module](self).
pub struct Rpc {
    payload: String,
    function_id: JsString,
    runtime: RuntimeMethods,
}

impl Rpc {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 503 when this Worker lacks the service binding.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            function_id: invocation.function_id.as_str().into(),
            payload: invocation.payload,
            runtime: env.runtime()?.unchecked_into(),
        })
    }

    async fn execute(&self) -> Result<Answer<'_>, CallError> {
        let payload = Uint8Array::from(self.payload.as_bytes());
        let result = self
            .runtime
            .execute(&self.function_id, &payload)?
            .settled()
            .await?;
        let result: Uint8Array = result
            .dyn_into()
            .map_err(|_| CallError::bad_response("the method did not return bytes"))?;
        Ok(Answer::bare(result.to_vec()))
    }
}

impl OpenTransport for Rpc {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.execute())
    }
}
