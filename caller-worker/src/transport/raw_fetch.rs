//! `raw-fetch`: JSON over the global `fetch` to the runtime's public URL, with its token.

use super::{Calling, Invocation, OpenTransport, json::JsonExchange};
use crate::platform::{Env, public_fetch};
use protocol::{Problem, execute::AUTHORIZATION};

pub(super) struct RawFetch(JsonExchange);

impl RawFetch {
    pub(super) fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        let origin = env.setting("RUNTIME_URL")?;
        let bearer = format!("Bearer {}", env.setting("RUNTIME_TOKEN")?);
        Ok(Self(JsonExchange::new(
            invocation,
            origin.trim_end_matches('/'),
            &[(AUTHORIZATION, &bearer)],
        )))
    }
}

impl OpenTransport for RawFetch {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.0.call(public_fetch))
    }

    fn expected(&self) -> Vec<u8> {
        self.0.expected()
    }
}
