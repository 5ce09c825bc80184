//! A stub that carries the native runtime's functions inside itself and delegates nothing: what a thin stub is compared with.

use stub::{platform::Env, transport::Direct};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    stub::start();
}

/// The Worker's entry point: `POST /{function}` with the function's argument as the body is answered with what it returns.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env) -> js_sys::Promise {
    stub::http::serve(stub::delegate(request, env, |invocation, _| {
        Direct::new(&invocation)
    }))
}
