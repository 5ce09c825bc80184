//! The platform's clock and its timer.

use super::Promise;
use js_sys::Function;
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, ms: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// The platform's clock: whole milliseconds since the epoch. It runs in a local workerd; in production it stands still while a Worker computes.
#[must_use]
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// The same as a whole number.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds since 1970: whole, positive, far below 2^53"
)]
pub fn whole_ms() -> u64 {
    now_ms() as u64
}

/// Waits for this number of milliseconds. A wait that is given up takes its timer back: one that is pending disturbs the platform's clock.
pub async fn delay(ms: u64) {
    let mut timer = Timer(JsValue::UNDEFINED);
    let elapsed = js_sys::Promise::new(&mut |resolve, _| {
        timer.0 = set_timeout(&resolve, ms as f64);
    });
    // It can only be kept.
    let _ = elapsed.unchecked_into::<Promise>().settled().await;
}

struct Timer(JsValue);

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}
