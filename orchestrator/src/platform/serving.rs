//! The API as this instance serves it: with the deployment's coordinators, the instance's cache, and the instant.

use super::{coordinator_client::Namespace, now_ms};
use crate::{
    api::{Api, response_cache::ResponseCache},
    settings::Settings,
};
use worker::Env;

/// The API for one request, or for one look of a stream.
pub(super) fn api<'a>(settings: &'a Settings, env: &'a Env) -> Api<'a, Namespace<'a>> {
    Api {
        coordinators: Namespace { env },
        settings,
        cache: cache(),
        now: now_ms(),
        random: random(),
    }
}

/// The instance's memory of what was read; a Worker has one thread, which lives as long as the instance.
fn cache() -> &'static ResponseCache {
    thread_local! {
        static LEAKED: &'static ResponseCache = Box::leak(Box::new(ResponseCache::new()));
    }
    LEAKED.with(|cache| *cache)
}

/// Distinguishes runs of the same second; no secret.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "scaled to the range of the type"
)]
fn random() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}
