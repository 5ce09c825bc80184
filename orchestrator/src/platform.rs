//! The Workers platform: entry points, the Durable Object, and what the other modules take as parameters.

mod asking;
mod coordinator_object;
mod database;
mod entry;
mod events;
mod incoming;
mod outside;
mod timeout;

use crate::{
    coordinator::LogLine,
    settings::{Settings, SettingsError},
    store::Millis,
};
use worker::{Env, WorkerVersionMetadata};

/// The operator's configuration, from variables and secrets.
fn settings(env: &Env) -> Result<Settings, SettingsError> {
    let version = env.get_binding::<WorkerVersionMetadata>("CF_VERSION_METADATA");
    Settings::read(
        |name| env.var(name).ok().map(|value| value.to_string()),
        version.ok().map(|metadata| metadata.id()),
    )
}

/// The platform's clock, in ms since the epoch.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole milliseconds, far below 2^53"
)]
fn now_ms() -> Millis {
    js_sys::Date::now() as Millis
}

/// Writes log lines where `wrangler tail` shows them.
fn log(lines: &[LogLine]) {
    for line in lines {
        worker::console_log!("{}", line.to_json());
    }
}
