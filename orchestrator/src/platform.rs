//! The Workers platform: entry points, the Durable Object, and what the other modules take as parameters.

mod answer;
mod coordinator_client;
mod coordinator_object;
mod database;
mod entry;
mod events;
mod external_services;
mod incoming;
mod serving;
mod timeout;

use crate::{
    coordinator::LogLine,
    settings::{Settings, SettingsError, Variable},
    store::Millis,
};
use core::cell::RefCell;
use js_sys::{Object, Reflect};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use worker::{Env, WorkerVersionMetadata};

thread_local! {
    /// The settings that were read last, and from where.
    static READ: RefCell<Option<(JsValue, Rc<Settings>)>> = const { RefCell::new(None) };
}

/// The operator's configuration, from variables and secrets: read once of each environment, of which an instance has one.
fn settings(env: &Env) -> Result<Rc<Settings>, SettingsError> {
    let known = READ.with_borrow(|read| {
        let (of, settings) = read.as_ref()?;
        Object::is(of, env).then(|| Rc::clone(settings))
    });
    if let Some(settings) = known {
        return Ok(settings);
    }
    let version = env.get_binding::<WorkerVersionMetadata>("CF_VERSION_METADATA");
    let settings = Rc::new(Settings::read(
        |name| variable(env, name),
        version.ok().map(|metadata| metadata.id()),
    )?);
    READ.set(Some((JsValue::from(env), Rc::clone(&settings))));
    Ok(settings)
}

/// A variable or secret, whatever its type: `Env::var` knows texts alone, and takes all else for absent.
fn variable(env: &Env, name: &str) -> Option<Variable> {
    let value = Reflect::get(env, &JsValue::from_str(name)).ok()?;
    if value.is_undefined() {
        return None;
    }
    if let Some(text) = value.as_string() {
        return Some(Variable::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Some(Variable::Number(number));
    }
    Some(Variable::Other(if value.is_null() {
        "null"
    } else if value.as_bool().is_some() {
        "a boolean"
    } else if js_sys::Array::is_array(&value) {
        "an array"
    } else {
        "a table"
    }))
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
