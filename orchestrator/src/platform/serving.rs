//! The API as this instance serves it: with the deployment's coordinators, the instance's cache, and the instant.

use super::{asking::Namespace, now_ms};
use crate::{
    api::{Api, reading::Reading},
    settings::Settings,
};
use worker::Env;

/// The API for one request, or for one look of a stream.
pub(super) fn api<'a>(settings: &'a Settings, env: &'a Env) -> Api<'a, Namespace<'a>> {
    Api {
        coordinators: Namespace { env },
        settings,
        reading: reading(),
        now: now_ms(),
        random: random(),
    }
}

/// The instance's memory of what was read; a Worker has one thread, which lives as long as the instance.
fn reading() -> &'static Reading {
    thread_local! {
        static LEAKED: &'static Reading = Box::leak(Box::new(Reading::new()));
    }
    LEAKED.with(|reading| *reading)
}

/// Tells apart runs of the same second; no secret.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "scaled to the range of the type"
)]
fn random() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}
