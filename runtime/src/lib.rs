//! What a shared runtime Worker is made of, but for what executes: one server per transport, the same for every runtime.
//!
//! A *Worker* is a WebAssembly module that Cloudflare (or a local `workerd`) starts for each event; here the event is an HTTP request or a call of
//! a method. A runtime Worker executes functions for stubs that delegate them. It is reached in two ways, and treats them differently:
//!
//! * over a *service binding*, a named capability that the platform gives to another Worker of the same account, which names the entrypoint
//!   `Runtime`: trusted;
//! * over its public URL, which reaches the default entrypoint: only with the token of the secret `RUNTIME_TOKEN`, except for `GET /health`.
//!
//! Contract, with types in `protocol::execute` and in words in docs/contracts.md: `POST /execute`
//! takes a function's name and its payload and answers with the result; what is wrong with a request is said in a problem document
//! (`protocol::Problem`).
//!
//! A Worker is a crate that implements [`Functions`], keeps [`Servers`] of it, and exports three functions to JavaScript, one for each way in.
//! The runtime-worker executes Rust, the pyodide-runtime Python.
//!
//! Out of scope: executing anything, measuring anything (the caller-worker does), keeping anything between requests.

mod functions;
mod isolate;
mod platform;
mod routing;
mod server;

pub use functions::{Functions, bad_field, unknown_function};
pub use platform::{Answer, Env, IncomingRequest, now_ms};

use platform::refuse;
use protocol::routes::Refusal;
use routing::Resource;
use server::{capnweb::Capnweb, json::Json, msgpack::Msgpack, rpc};
use wasm_bindgen::{JsError, JsValue};

/// Gets a new instance of a runtime ready: a panic is logged, and the next event gets a fresh instance.
pub fn start() {
    console_error_panic_hook::set_once();
    wasm_bindgen::handler::set_on_abort(wasm_bindgen::handler::schedule_reinit);
}

/// The servers of one runtime. They keep nothing of a request, so a Worker has one for all of them.
pub struct Servers<F> {
    functions: F,
    json: Json,
    msgpack: Msgpack,
    capnweb: Capnweb,
}

impl<F: Functions> Servers<F> {
    /// The servers that have `functions` executed.
    #[must_use]
    pub fn new(functions: F) -> Self {
        Self {
            json: Json::new(functions),
            msgpack: Msgpack::new(functions),
            capnweb: Capnweb::new(functions),
            functions,
        }
    }

    /// The answer to an HTTP request over the binding: a response or the promise of one.
    ///
    /// Not an `async fn`: [`platform::Continuation`] says what that would cost a call.
    #[must_use]
    pub fn fetch(&self, request: &IncomingRequest) -> Answer {
        self.answer(request, routing::admit(&request.method(), &request.url()))
    }

    /// The same for a public one.
    #[must_use]
    pub fn fetch_public(&self, request: &IncomingRequest, env: &Env) -> Answer {
        let (method, url) = (request.method(), request.url());
        let admitted = routing::admit_public(&method, &url, || routing::PublicHead {
            configured_token: env.runtime_token(),
            authorization: request.header("authorization"),
            content_length: request.header("content-length"),
        });
        self.answer(request, admitted)
    }

    /// Executes a function on a JSON text in UTF-8 (a `Uint8Array`) and returns its result as one: the method `execute` of the Worker's entrypoint.
    ///
    /// The arguments come in as JavaScript has them. As a `String` and a `Vec` they would be copied into wasm memory before it is known whether
    /// that memory is still in use: after a panic the next call gets a fresh one.
    ///
    /// With `true` as the third, `withIsolate`, the isolate is behind the result: `protocol::residency::Isolate::behind`.
    ///
    /// # Errors
    /// Thrown to the caller as an `Error` whose message says what is wrong with the call.
    pub fn execute(
        &self,
        function_id: &JsValue,
        payload: &JsValue,
        with_isolate: &JsValue,
    ) -> Result<JsValue, JsError> {
        rpc::execute(self.functions, function_id, payload, with_isolate)
            .map_err(|refusal| JsError::new(&refusal.problem.detail))
    }

    fn answer(&self, request: &IncomingRequest, admitted: Result<Resource, Refusal>) -> Answer {
        let carries_calls =
            matches!(&admitted, Ok(resource) if resource.carries_calls(&request.method()));
        if !carries_calls {
            isolate::count(now_ms());
        }
        admitted
            .and_then(|resource| self.serve(request, resource))
            .unwrap_or_else(|refusal| refuse(&refusal).into())
    }

    fn serve(&self, request: &IncomingRequest, resource: Resource) -> Result<Answer, Refusal> {
        Ok(match resource {
            Resource::Health => server::health::serve(self.functions)?.into(),
            Resource::PublicHealth => server::health::serve_public(self.functions)?.into(),
            Resource::Nothing => platform::no_content().into(),
            Resource::Execute => self.json.serve(request),
            Resource::ExecuteShort => self.json.serve_short(request),
            Resource::ExecuteMsgpack => self.msgpack.serve(request),
            Resource::WebSocket => {
                request.asks_for_websocket()?;
                server::websocket::serve(self.functions).into()
            }
            Resource::Capnweb => {
                if request.method() == "GET" {
                    request.asks_for_websocket()?;
                }
                self.capnweb.serve(request)
            }
        })
    }
}
