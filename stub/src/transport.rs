//! The ways to reach the code, each in a file of its own.
//!
//! A transport is *opened* for one function on one payload, and then called again and again. What happens inside
//! [`OpenTransport::call`] is what a real stub does for each invocation and is what gets measured: encode the request, call, read the answer and
//! decode it down to the result's raw bytes. What a stub does once, such as opening a socket, happens in [`OpenTransport::connect`].

#[cfg(feature = "capnweb")]
mod capnweb_batch;
#[cfg(feature = "capnweb")]
mod capnweb_websocket;
mod direct;
#[cfg(feature = "python")]
mod direct_python;
mod exchange;
mod json;
mod msgpack;
mod raw_fetch;
mod rpc;
mod service_binding;
mod websocket;

use crate::{answer::Answer, call_error::CallError, platform::Env};
use core::{future::Future, pin::Pin};
use protocol::{Problem, Transport, residency::Isolate};
use serde_json::value::RawValue;

pub use direct::Direct;
#[cfg(feature = "python")]
pub use direct_python::DirectPython;
pub use msgpack::Msgpack;
pub use raw_fetch::RawFetch;
pub use rpc::{Rpc, RpcWithIsolate};
pub use service_binding::ServiceBindingFetch;
pub use websocket::Websocket;
#[cfg(feature = "capnweb")]
pub use {capnweb_batch::CapnwebBatch, capnweb_websocket::CapnwebWebsocket};

/// What is called again and again.
pub struct Invocation {
    /// Name of the function, as the runtime knows it.
    pub function_id: String,
    /// Its argument, a JSON text. Transports that put it into a JSON document of their own check that it is one; else the runtime does.
    pub payload: String,
    /// Invocations carried by one message, by transports that can carry several; others ignore it.
    pub batch_size: u32,
}

impl Invocation {
    /// The payload, checked to be JSON.
    ///
    /// # Errors
    /// 400 if it is not.
    fn checked_payload(payload: &str) -> Result<Box<RawValue>, Problem> {
        // From bytes, although it is a text: that is 4 KB less of a thin stub, which reads everything else from bytes.
        serde_json::from_slice(payload.as_bytes())
            .map_err(|error| Problem::new(400, format!("the payload is not JSON: {error}")))
    }
}

/// How payloads and results are written between stub and runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// JSON text.
    Json,
    /// `MessagePack`.
    Msgpack,
}

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer<'a>, CallError>> + 'a>>;
/// A connection being made.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(), CallError>> + 'a>>;

/// A transport, opened for one [`Invocation`].
pub trait OpenTransport {
    /// Makes the connection that calls share, if the transport has one. Called before the first call and again after a failed one,
    /// never while the clock is watched.
    fn connect(&self) -> Connecting<'_> {
        Box::pin(core::future::ready(Ok(())))
    }

    /// One message: there and back.
    fn call(&self) -> Calling<'_>;

    /// Which isolate of the runtime gave `answer`, if it says so. For the instrument: a stub need not know, and pays nothing for it.
    fn isolate(&self, answer: &Answer<'_>) -> Option<Isolate> {
        answer.isolate
    }

    /// How a result in an [`Answer`] is written.
    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    /// A result in this transport's encoding, as JSON.
    ///
    /// # Errors
    /// The result is not in that encoding.
    fn to_json(&self, result: &[u8]) -> Result<String, CallError> {
        String::from_utf8(result.to_vec())
            .map_err(|_| CallError::bad_response("the result is not UTF-8"))
    }
}

/// Opens `transport` for `invocation`.
///
/// # Errors
/// 503 when this Worker lacks a binding or a setting that the transport needs, 400 when the payload is not JSON, or the function is to be executed
/// by a stub that does not have it,
/// 501 for a transport that it was built without.
pub fn open(
    transport: Transport,
    invocation: Invocation,
    env: &Env,
) -> Result<Box<dyn OpenTransport>, Problem> {
    Ok(match transport {
        #[cfg(not(feature = "python"))]
        Transport::Direct => Box::new(Direct::new(&invocation)?),
        #[cfg(feature = "python")]
        Transport::Direct => Box::new(DirectPython::new(&invocation)?),
        Transport::ServiceBinding => Box::new(ServiceBindingFetch::new(invocation, env)?),
        Transport::RawFetch => Box::new(RawFetch::new(invocation, env)?),
        Transport::Rpc => Box::new(RpcWithIsolate::new(invocation, env)?),
        Transport::Msgpack => Box::new(Msgpack::new(invocation, env)?),
        Transport::Websocket => Box::new(Websocket::new(invocation, env)?),
        #[cfg(feature = "capnweb")]
        Transport::CapnwebBatch => Box::new(CapnwebBatch::new(invocation, env)?),
        #[cfg(feature = "capnweb")]
        Transport::CapnwebWebsocket => Box::new(CapnwebWebsocket::new(invocation, env)?),
        #[cfg(not(feature = "capnweb"))]
        Transport::CapnwebBatch | Transport::CapnwebWebsocket => {
            return Err(Problem::new(
                501,
                "this stub was built without the feature capnweb",
            ));
        }
    })
}
