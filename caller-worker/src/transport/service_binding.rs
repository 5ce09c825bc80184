//! `service-binding`: JSON over `fetch` on the service binding `RUNTIME`.

use super::{Calling, Invocation, OpenTransport, json::JsonExchange};
use crate::platform::{Env, ServiceBinding};
use protocol::{Problem, routes::runtime::INTERNAL_ORIGIN};

pub(super) struct ServiceBindingFetch {
    exchange: JsonExchange,
    runtime: ServiceBinding,
}

impl ServiceBindingFetch {
    pub(super) fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            exchange: JsonExchange::new(invocation, INTERNAL_ORIGIN, &[]),
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

    fn expected(&self) -> Vec<u8> {
        self.exchange.expected()
    }
}
