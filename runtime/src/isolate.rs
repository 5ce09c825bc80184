//! Which isolate this is, and what it has been asked: `protocol::residency` says what for.

use core::cell::Cell;
use protocol::residency::Isolate;
use std::borrow::Cow;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/js/isolate.js")]
extern "C" {
    #[wasm_bindgen(js_name = count)]
    fn count_at(now_ms: f64) -> f64;

    #[wasm_bindgen(js_name = isolateId)]
    fn isolate_id() -> f64;

    #[wasm_bindgen(js_name = isolateSinceMs)]
    fn isolate_since_ms() -> f64;
}

thread_local! {
    /// Id and start of the isolate, once they are known: each way to JavaScript is paid by every call.
    static KNOWN: Cell<Option<(f64, f64)>> = const { Cell::new(None) };
}

/// Counts what is asked at `now_ms`: once for each call, and for everything else that reaches the isolate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers below 2^53, the clock's difference perhaps negative: the cast saturates"
)]
pub(crate) fn count(now_ms: f64) -> Isolate {
    let calls_served = count_at(now_ms) as u64;
    let (id, since_ms) = KNOWN.get().unwrap_or_else(|| {
        let known = (isolate_id(), isolate_since_ms());
        KNOWN.set(Some(known));
        known
    });
    Isolate {
        calls_served,
        id: id as u64,
        age_ms: (now_ms - since_ms) as u64,
    }
}

/// A method's result, with the isolate behind it for who asked.
pub(crate) fn named(result: &str, isolate: Option<Isolate>) -> Cow<'_, str> {
    let Some(isolate) = isolate else {
        return result.into();
    };
    let mut named = String::with_capacity(result.len() + 64);
    named.push_str(result);
    isolate.write_behind(&mut named);
    named.into()
}
