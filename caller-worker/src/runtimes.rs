//! The runtimes beside the native one: each by a service binding of its own.
//!
//! A transport knows the bindings of one runtime, as a stub does that a team deploys. For another runtime it is given another environment, in which
//! that one's binding and address stand in the place of the native one's.

use js_sys::{Object, Reflect};
use protocol::{
    Problem, Runtime,
    capabilities::RuntimeHealth,
    routes::runtime::{HEALTH, INTERNAL_ORIGIN},
};
use stub::platform::{BodyForm, Env, FetchInit, FetchedResponse};
use wasm_bindgen::{JsCast as _, JsValue};

/// The environment of a stub whose runtime is `runtime`.
///
/// # Errors
/// 404 when this Worker has no binding to it.
pub(crate) fn environment(runtime: Runtime, env: &Env) -> Result<Env, Problem> {
    if runtime.is_native() {
        return Ok(JsValue::from(env).unchecked_into());
    }
    let binding = of(env, &runtime.binding());
    if binding.is_undefined() {
        return Err(Problem::new(
            404,
            format!(
                "the caller has no service binding {}; rpc-latency configure --runtimes writes one",
                runtime.binding()
            ),
        ));
    }
    Ok(around(binding, runtime, env))
}

/// The environment of a stub that calls `runtime` beside a neighbour, and whether it is one in a process of its own.
///
/// # Errors
/// 404 when this Worker has no binding to it.
pub(crate) fn busy_environment(runtime: Runtime, env: &Env) -> Result<(Env, bool), Problem> {
    let apart = of(env, &runtime.apart_binding());
    if apart.is_undefined() {
        return Ok((environment(runtime, env)?, false));
    }
    Ok((around(apart, runtime, env), true))
}

fn of(env: &Env, name: &str) -> JsValue {
    Reflect::get(env, &JsValue::from_str(name)).unwrap_or_default()
}

/// An environment in which `binding` leads to the runtime.
fn around(binding: JsValue, runtime: Runtime, env: &Env) -> Env {
    let own = Object::new();
    for (name, value) in [
        ("RUNTIME", binding),
        ("RUNTIME_URL", of(env, &runtime.url_variable())),
        ("RUNTIME_TOKEN", of(env, "RUNTIME_TOKEN")),
    ] {
        // Setting a key of a fresh plain object cannot fail.
        let _ = Reflect::set(&own, &JsValue::from_str(name), &value);
    }
    own.unchecked_into()
}

/// What a runtime says of itself, and whether this Worker knows its address.
///
/// # Errors
/// 404 when this Worker has no binding to it, 502 when it does not answer.
pub(crate) async fn health(runtime: Runtime, env: &Env) -> Result<Vec<u8>, Problem> {
    let own = environment(runtime, env)?;
    let binding = own.runtime()?;
    let no_answer = |why: String| {
        Problem::new(
            502,
            format!("runtime {runtime} does not say what it can do: {why}"),
        )
    };
    let url = format!("{INTERNAL_ORIGIN}{HEALTH}").into();
    let fetching = binding.fetch(&url, &FetchInit::new("GET", &[]));
    let response = FetchedResponse::of(fetching)
        .await
        .map_err(|error| no_answer(error.detail))?;
    let body = response
        .body(BodyForm::Bytes)
        .await
        .map_err(|error| no_answer(error.detail))?;
    let text = String::from_utf8_lossy(&body);
    if response.status() == 200 {
        let has_address = own.setting("RUNTIME_URL").is_ok();
        return Ok(RuntimeHealth::around(&text, has_address).into_bytes());
    }
    let words: String = text.chars().take(300).collect();
    Err(no_answer(words))
}
