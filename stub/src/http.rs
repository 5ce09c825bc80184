//! HTTP around a stub: a body in, a JSON document or a problem out.

use crate::platform::{Promise, promise_of};
use core::future::Future;
use js_sys::{ArrayBuffer, Uint8Array};
use protocol::{Problem, execute::MAX_BODY_BYTES, problem::PROBLEM_JSON, routes::Refusal};
use wasm_bindgen::{JsCast as _, JsValue};

/// Answers one request: the promise of a response of status 200 with the JSON text that `answer` comes to, or of the problem that it refuses with.
pub fn serve(answer: impl Future<Output = Result<Vec<u8>, Refusal>> + 'static) -> js_sys::Promise {
    promise_of(async move {
        let response = match answer.await {
            Ok(body) => respond(200, "application/json", None, &body),
            Err(refusal) => {
                // A problem has nothing that JSON cannot express.
                let body = serde_json::to_vec(&refusal.problem).unwrap_or_default();
                respond(refusal.problem.status, PROBLEM_JSON, refusal.allow, &body)
            }
        };
        response.map(JsValue::from)
    })
}

/// Reads the whole body of a request.
///
/// # Errors
/// 413 if it is longer than [`MAX_BODY_BYTES`], 400 if it breaks off.
pub async fn read_body(request: &web_sys::Request) -> Result<Vec<u8>, Problem> {
    let broken = |_| Problem::new(400, "the body could not be read to its end");
    let reading: Promise = request.array_buffer().map_err(broken)?.unchecked_into();
    let buffer = reading.settled().await.map_err(broken)?;
    let bytes = Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>());
    if bytes.length() as usize > MAX_BODY_BYTES {
        return Err(Problem::new(
            413,
            format!(
                "the body has {} bytes; at most {MAX_BODY_BYTES} are read",
                bytes.length()
            ),
        ));
    }
    Ok(bytes.to_vec())
}

fn respond(
    status: u16,
    content_type: &str,
    allow: Option<String>,
    body: &[u8],
) -> Result<web_sys::Response, JsValue> {
    let headers = web_sys::Headers::new()?;
    headers.set("content-type", content_type)?;
    if let Some(allow) = allow {
        headers.set("allow", &allow)?;
    }
    let init = web_sys::ResponseInit::new();
    init.set_status(status);
    init.set_headers(&headers);
    web_sys::Response::new_with_opt_js_u8_array_and_init(Some(&Uint8Array::from(body)), &init)
}
