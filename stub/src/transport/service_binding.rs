//! `service-binding`: JSON over `fetch` on the service binding `RUNTIME`.

use super::{Calling, Invocation, OpenTransport, json::JsonExchange};
use crate::{
    answer::Answer,
    platform::{Env, ServiceBinding},
};
use protocol::{Problem, residency::Isolate, routes::runtime::INTERNAL_ORIGIN};

/// See the [module](self).
pub struct ServiceBindingFetch {
    exchange: JsonExchange,
    runtime: ServiceBinding,
}

impl ServiceBindingFetch {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 when the payload is not JSON, 503 when this Worker lacks the service binding.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            exchange: JsonExchange::new(invocation, INTERNAL_ORIGIN, &[])?,
            runtime: env.runtime()?,
        })
    }
}

impl OpenTransport for ServiceBindingFetch {
    fn call(&self) -> Calling<'_> {
        Box::pin(
            self.exchange
                .call(|url, init| self.runtime.fetch(url, init)),
        )
    }
    fn isolate(&self, answer: &Answer<'_>) -> Option<Isolate> {
        Isolate::in_envelope(&answer.received, &answer.results)
    }
}
