//! A stub by the crate `worker`, written as its documentation and examples write Workers, behind as much of the caller's `POST /measure` as a
//! chain of calls needs. One of the stubs that `stubs.mjs` compares.

use js_sys::{Promise, Uint8Array};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast as _, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use worker::{
    Context, Date, Env, Error, Headers, Method, Request, RequestInit, Response, Result, event,
};

#[derive(Deserialize)]
struct Asked {
    transport: String,
    function: String,
    payload_bytes: usize,
    warmup: u32,
    samples: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecuteRequest<'a> {
    function_id: &'a str,
    payload: &'a Value,
}

#[derive(Deserialize)]
struct ExecuteResponse {
    result: Value,
}

#[wasm_bindgen]
extern "C" {
    type Runtime;

    #[wasm_bindgen(method, catch)]
    fn execute(
        this: &Runtime,
        function_id: &str,
        payload: &Uint8Array,
    ) -> std::result::Result<Promise, JsValue>;
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    if request.method() != Method::Post {
        return Response::ok("ok");
    }
    let asked: Asked = request.json().await?;
    // {"data":"..."} of exactly so many bytes, as the caller-worker makes it
    let payload = json!({"data": "a".repeat(asked.payload_bytes.saturating_sub(11))});
    for _ in 0..asked.warmup {
        call(&asked, &env, &payload).await?;
    }
    let start = Date::now().as_millis();
    for _ in 0..asked.samples {
        call(&asked, &env, &payload).await?;
    }
    let elapsed_ms = Date::now().as_millis() - start;
    Response::from_json(&json!({"elapsed_ms": elapsed_ms}))
}

async fn call(asked: &Asked, env: &Env, payload: &Value) -> Result<Value> {
    match asked.transport.as_str() {
        "service-binding" => by_fetch(&asked.function, env, payload).await,
        "rpc" => by_rpc(&asked.function, env, payload).await,
        other => Err(Error::RustError(format!("no transport {other} here"))),
    }
}

async fn by_fetch(function_id: &str, env: &Env, payload: &Value) -> Result<Value> {
    let body = serde_json::to_string(&ExecuteRequest {
        function_id,
        payload,
    })?;
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_body(Some(body.into()));
    let request = Request::new_with_init("https://runtime.internal/execute", &init)?;
    let mut response = env.service("RUNTIME")?.fetch_request(request).await?;
    let answer: ExecuteResponse = response.json().await?;
    Ok(answer.result)
}

async fn by_rpc(function_id: &str, env: &Env, payload: &Value) -> Result<Value> {
    let runtime: Runtime = env.service("RUNTIME")?.into_rpc();
    let payload = Uint8Array::from(serde_json::to_vec(payload)?.as_slice());
    let result = JsFuture::from(runtime.execute(function_id, &payload)?).await?;
    let result: Uint8Array = result.unchecked_into();
    Ok(serde_json::from_slice(&result.to_vec())?)
}
