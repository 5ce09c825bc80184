//! `capnweb-batch`: capnweb over HTTP on the service binding `RUNTIME`, a request for each batch of calls.

use super::{Calling, Invocation, OpenTransport};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{Env, Promise, ServiceBinding},
};
use js_sys::{Array, JsString};
use protocol::{
    Problem,
    routes::runtime::{CAPNWEB, INTERNAL_ORIGIN},
};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/js/capnweb.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = executeBatch)]
    fn execute_batch(
        binding: &ServiceBinding,
        url: &JsString,
        function_id: &JsString,
        payload_json: &str,
        times: u32,
    ) -> Result<Promise, JsValue>;
}

/// See the [module](self).
pub struct CapnwebBatch {
    invocation: Invocation,
    function_id: JsString,
    url: JsString,
    runtime: ServiceBinding,
}

impl CapnwebBatch {
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
        })
    }

    async fn execute(&self) -> Result<Answer<'_>, CallError> {
        let calling = execute_batch(
            &self.runtime,
            &self.url,
            &self.function_id,
            &self.invocation.payload,
            self.invocation.batch_size,
        )?;
        let results: Array = calling.settled().await?.unchecked_into();
        let (mut received, mut isolate) = (Vec::new(), None);
        for result in results {
            let result = result
                .as_string()
                .ok_or_else(|| CallError::bad_response("the method did not return a string"))?;
            let one = Answer::of_method(result.into_bytes());
            // The first call of a batch is the one that may have met a fresh isolate.
            isolate = isolate.or(one.isolate);
            if received.is_empty() {
                received = one.into_results();
            } else {
                received.extend(one.results());
            }
        }
        Ok(Answer {
            isolate,
            ..Answer::bare(received)
        })
    }
}

impl OpenTransport for CapnwebBatch {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.execute())
    }
}
