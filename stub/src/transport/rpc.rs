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

    /// With `true`, what is returned has the isolate behind the result, if the runtime says so.
    #[wasm_bindgen(method, catch, js_name = execute)]
    fn execute_with_isolate(
        this: &RuntimeMethods,
        function_id: &JsString,
        payload: &Uint8Array,
        with_isolate: bool,
    ) -> Result<Promise, JsValue>;
}

/// As a stub makes its calls.
pub type Rpc = RpcTransport<false>;
/// As the instrument makes them: each answer says which isolate gave it.
pub type RpcWithIsolate = RpcTransport<true>;

/// See the [module](self).
pub struct RpcTransport<const WITH_ISOLATE: bool> {
    payload: String,
    function_id: JsString,
    runtime: RuntimeMethods,
}

impl<const WITH_ISOLATE: bool> RpcTransport<WITH_ISOLATE> {
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
        let (runtime, function_id) = (&self.runtime, &self.function_id);
        let calling = if WITH_ISOLATE {
            runtime.execute_with_isolate(function_id, &payload, true)?
        } else {
            runtime.execute(function_id, &payload)?
        };
        let result: Uint8Array = calling
            .settled()
            .await?
            .dyn_into()
            .map_err(|_| CallError::bad_response("the method did not return bytes"))?;
        let returned = result.to_vec();
        Ok(if WITH_ISOLATE {
            Answer::of_method(returned)
        } else {
            Answer::bare(returned)
        })
    }
}

impl<const WITH_ISOLATE: bool> OpenTransport for RpcTransport<WITH_ISOLATE> {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.execute())
    }
}
