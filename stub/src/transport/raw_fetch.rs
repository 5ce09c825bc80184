//! `raw-fetch`: JSON over the global `fetch` to the runtime's public URL, with its token.

use super::{Calling, Invocation, OpenTransport, json::JsonExchange};
use crate::{
    answer::Answer,
    platform::{Env, public_fetch},
};
use protocol::{Problem, execute::AUTHORIZATION, residency::Isolate};

/// See the [module](self).
pub struct RawFetch(JsonExchange);

impl RawFetch {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 when the payload is not JSON, 503 when this Worker lacks `RUNTIME_URL` or `RUNTIME_TOKEN`.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        let origin = env.setting("RUNTIME_URL")?;
        let bearer = format!("Bearer {}", env.setting("RUNTIME_TOKEN")?);
        Ok(Self(JsonExchange::new(
            invocation,
            origin.trim_end_matches('/'),
            &[(AUTHORIZATION, &bearer)],
        )?))
    }
}

impl OpenTransport for RawFetch {
    fn call(&self) -> Calling<'_> {
        Box::pin(self.0.call(public_fetch))
    }
    fn isolate(&self, answer: &Answer<'_>) -> Option<Isolate> {
        Isolate::in_envelope(&answer.received, &answer.results)
    }
}
