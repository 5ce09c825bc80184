//! `capnweb-websocket`: capnweb over one WebSocket on the service binding `RUNTIME`.

use super::{Calling, Connecting, Invocation, OpenTransport};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{Env, Promise, ServiceBinding},
};
use core::cell::RefCell;
use js_sys::JsString;
use protocol::{
    ErrorKind, Problem,
    routes::runtime::{CAPNWEB, INTERNAL_ORIGIN},
};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/js/capnweb.js")]
extern "C" {
    /// The runtime's object, at the other end of a session.
    #[derive(Clone)]
    type Stub;

    #[wasm_bindgen(catch)]
    fn connect(binding: &ServiceBinding, url: &JsString) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch)]
    fn execute(stub: &Stub, function_id: &JsString, payload_json: &str)
    -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch)]
    fn disconnect(stub: &Stub) -> Result<(), JsValue>;
}

/// See the [module](self).
pub struct CapnwebWebsocket {
    invocation: Invocation,
    function_id: JsString,
    url: JsString,
    runtime: ServiceBinding,
    stub: RefCell<Option<Stub>>,
}

impl CapnwebWebsocket {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 503 when this Worker lacks the service binding.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            function_id: invocation.function_id.as_str().into(),
            invocation,
            url: format!("{INTERNAL_ORIGIN}{CAPNWEB}").into(),
            runtime: env.runtime()?,
            stub: RefCell::new(None),
        })
    }

    fn disconnect(&self) {
        if let Some(stub) = self.stub.take() {
            // A session that is broken already is as good as ended.
            let _ = disconnect(&stub);
        }
    }

    async fn connect(&self) -> Result<(), CallError> {
        self.disconnect();
        let stub = connect(&self.runtime, &self.url)?.settled().await?;
        *self.stub.borrow_mut() = Some(stub.unchecked_into());
        Ok(())
    }

    async fn execute(&self) -> Result<Answer<'_>, CallError> {
        let stub = self.stub.borrow().clone();
        let stub =
            stub.ok_or_else(|| CallError::new(ErrorKind::Transport, "there is no session"))?;
        let calling = execute(&stub, &self.function_id, &self.invocation.payload)?;
        let result = calling
            .settled()
            .await?
            .as_string()
            .ok_or_else(|| CallError::bad_response("the method did not return a string"))?;
        Ok(Answer::of_method(result.into_bytes()))
    }
}

impl Drop for CapnwebWebsocket {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl OpenTransport for CapnwebWebsocket {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(self.connect())
    }

    fn call(&self) -> Calling<'_> {
        Box::pin(self.execute())
    }
}
