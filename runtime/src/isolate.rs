//! Which isolate this is, and what it has been asked: `protocol::residency` says what for.

use js_sys::Array;
use protocol::residency::Isolate;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/js/isolate.js")]
extern "C" {
    #[wasm_bindgen(js_name = count)]
    fn count_at(now_ms: f64) -> f64;

    #[wasm_bindgen(js_name = isolateId)]
    fn isolate_id() -> f64;

    #[wasm_bindgen(js_name = isolateSinceMs)]
    fn isolate_since_ms() -> f64;
}

/// Counts what is asked at `now_ms`: once for each call, and for everything else that reaches the isolate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers below 2^53, the clock's difference perhaps negative: the cast saturates"
)]
pub(crate) fn count(now_ms: f64) -> Isolate {
    Isolate {
        calls_served: count_at(now_ms) as u64,
        id: isolate_id() as u64,
        age_ms: (now_ms - isolate_since_ms()) as u64,
    }
}

/// A method's result with the isolate after it: `[result, id, callsServed, ageMs]`.
pub(crate) fn beside(result: &JsValue, isolate: Isolate) -> JsValue {
    let numbers = [isolate.id, isolate.calls_served, isolate.age_ms];
    let [id, calls_served, age_ms] = numbers.map(|number| JsValue::from_f64(number as f64));
    Array::of4(result, &id, &calls_served, &age_ms).into()
}
