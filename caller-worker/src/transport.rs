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
mod exchange;
mod json;
mod msgpack;
mod raw_fetch;
mod rpc;
mod service_binding;
mod websocket;

use crate::{answer::Answer, call_error::CallError, platform::Env};
use core::{future::Future, pin::Pin};
use protocol::{Function, Problem, Transport, function::ExecuteError};
use serde_json::value::RawValue;

/// What is called again and again.
pub(crate) struct Invocation {
    /// The function.
    pub(crate) function: Function,
    /// Its argument.
    pub(crate) payload: Box<RawValue>,
    /// Invocations carried by one message, by transports that can carry several.
    #[cfg_attr(
        not(feature = "capnweb"),
        expect(dead_code, reason = "only capnweb carries several")
    )]
    pub(crate) batch_size: u32,
}

impl Invocation {
    /// What the function returns for this payload, as JSON, by executing it here.
    ///
    /// A function that only tests call and that is carried out by the runtime itself returns what `echo` does, if it returns.
    pub(crate) fn expected_json(&self) -> String {
        match self.function.execute(&self.payload) {
            Ok(result) => result.get().to_owned(),
            Err(ExecuteError::NotPure(_) | ExecuteError::InvalidPayload(_)) => {
                self.payload.get().to_owned()
            }
        }
    }
}

/// A call under way.
pub(crate) type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer<'a>, CallError>> + 'a>>;
/// A connection being made.
pub(crate) type Connecting<'a> = Pin<Box<dyn Future<Output = Result<(), CallError>> + 'a>>;

/// A transport, opened for one [`Invocation`].
pub(crate) trait OpenTransport {
    /// Makes the connection that calls share, if the transport has one. Called before the first call and again after a failed one,
    /// never while the clock is watched.
    fn connect(&self) -> Connecting<'_> {
        Box::pin(core::future::ready(Ok(())))
    }

    /// One message: there and back.
    fn call(&self) -> Calling<'_>;

    /// What the results in an answer must be, in this transport's encoding.
    fn expected(&self) -> Vec<u8>;

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
/// 503 when this Worker lacks a binding or a setting that the transport needs.
pub(crate) fn open(
    transport: Transport,
    invocation: Invocation,
    env: &Env,
) -> Result<Box<dyn OpenTransport>, Problem> {
    Ok(match transport {
        Transport::Direct => Box::new(direct::Direct::new(invocation)),
        Transport::ServiceBinding => {
            Box::new(service_binding::ServiceBindingFetch::new(invocation, env)?)
        }
        Transport::RawFetch => Box::new(raw_fetch::RawFetch::new(invocation, env)?),
        Transport::Rpc => Box::new(rpc::Rpc::new(invocation, env)?),
        Transport::Msgpack => Box::new(msgpack::Msgpack::new(&invocation, env)?),
        Transport::Websocket => Box::new(websocket::Websocket::new(invocation, env)?),
        #[cfg(feature = "capnweb")]
        Transport::CapnwebBatch => Box::new(capnweb_batch::CapnwebBatch::new(invocation, env)?),
        #[cfg(feature = "capnweb")]
        Transport::CapnwebWebsocket => {
            Box::new(capnweb_websocket::CapnwebWebsocket::new(invocation, env)?)
        }
        #[cfg(not(feature = "capnweb"))]
        Transport::CapnwebBatch | Transport::CapnwebWebsocket => {
            return Err(Problem::new(
                501,
                "this stub was built without the feature capnweb",
            ));
        }
    })
}
