//! JSON messages over a WebSocket: the transport `websocket`.
//!
//! A socket lives as long as the request that opened it. Each message is answered in the kind it came in, binary for binary and text for text, when
//! its function returns; `protocol::execute::SocketRequest` has the format.

use crate::{
    functions::Functions,
    isolate,
    platform::{MessageEvent, OutgoingResponse, WebSocket, WebSocketPair, now_ms},
    routing::check_length,
};
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use protocol::{
    execute::{SocketRequest, SocketResponse},
    residency::Isolate,
    routes::Refusal,
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};

/// `GET /websocket`: accepts the connection.
pub(crate) fn serve<F: Functions>(functions: F) -> OutgoingResponse {
    let pair = WebSocketPair::new();
    let (ours, theirs) = (pair.ours(), pair.theirs());
    ours.accept_binary();
    let socket = ours.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        reply(functions, &socket, &event.data());
    });
    // Owned by JavaScript from here on, and dropped with the socket that holds it.
    ours.on("message", &on_message.into_js_value());
    crate::platform::switching_to(&theirs)
}

/// Answers one message. A peer that has gone needs no answer.
fn reply<F: Functions>(functions: F, socket: &WebSocket, message: &JsValue) {
    let isolate = isolate::count(now_ms());
    if let Some(buffer) = message.dyn_ref::<ArrayBuffer>() {
        if let Some(answer) = answer(functions, &Uint8Array::new(buffer).to_vec(), isolate) {
            let _ = socket.send_bytes(&Uint8Array::from(&*answer));
        }
    } else if let Some(text) = message.dyn_ref::<JsString>()
        && let Some(answer) = answer(functions, String::from(text).as_bytes(), isolate)
    {
        let _ = socket.send_text(&String::from_utf8_lossy(&answer));
    }
}

/// The answer to one message; none from a function that never returns.
fn answer<F: Functions>(functions: F, message: &[u8], isolate: Isolate) -> Option<Vec<u8>> {
    let mut id = None;
    match execute(functions, message, &mut id, isolate) {
        Ok(answer) => answer,
        Err(refusal) => {
            let problem = serde_json::value::to_raw_value(&refusal.problem).ok()?;
            let answer = SocketResponse {
                id,
                problem: Some(&problem),
                isolate: Some(isolate),
                ..SocketResponse::default()
            };
            Some(answer.to_json())
        }
    }
}

fn execute<F: Functions>(
    functions: F,
    message: &[u8],
    id: &mut Option<u32>,
    isolate: Isolate,
) -> Result<Option<Vec<u8>>, Refusal> {
    check_length(message.len())?;
    let request =
        SocketRequest::from_json(message).map_err(|error| error.into_problem("the message"))?;
    *id = Some(request.id);
    let function = functions.find(&request.function_id)?;
    if functions.never_returns(function) {
        return Ok(None);
    }
    let result = functions.execute(function, request.payload)?;
    let answer = SocketResponse {
        id: *id,
        result: Some(&result),
        problem: None,
        isolate: Some(isolate),
    };
    Ok(Some(answer.to_json()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::bad_field;
    use protocol::Function;
    use serde_json::value::RawValue;
    use std::borrow::Cow;

    /// Knows `echo` alone.
    #[derive(Clone, Copy)]
    struct Echo;

    impl Functions for Echo {
        type Function = ();

        const WORKER: &'static str = "echo";

        fn known(self) -> Vec<Function> {
            vec![Function::Echo]
        }

        fn find(self, name: &str) -> Result<(), Refusal> {
            match name {
                "echo" => Ok(()),
                _ => Err(bad_field("functionId", "unknown function")),
            }
        }

        fn execute(self, (): (), payload: &RawValue) -> Result<Cow<'_, RawValue>, Refusal> {
            Ok(Cow::Borrowed(payload))
        }

        fn execute_msgpack(self, (): (), payload: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
            Ok(Cow::Borrowed(payload))
        }
    }

    const SECOND_CALL: Isolate = Isolate {
        id: 7,
        calls_served: 2,
        age_ms: 30,
    };

    fn text(message: &str) -> String {
        String::from_utf8(answer(Echo, message.as_bytes(), SECOND_CALL).unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_answered_under_its_number() {
        assert_eq!(
            text("{\"id\":3,\"functionId\":\"echo\",\"payload\":{\"a\":1}}"),
            "{\"id\":3,\"result\":{\"a\":1},\"isolate\":{\"id\":7,\"callsServed\":2,\"ageMs\":30}}"
        );
    }

    #[test]
    fn what_is_wrong_with_a_message_is_said_in_a_problem_under_its_number_if_it_could_be_read() {
        let unknown = text("{\"id\":3,\"functionId\":\"walk\",\"payload\":1}");
        assert!(unknown.starts_with("{\"id\":3,\"problem\":{"), "{unknown}");
        assert!(unknown.contains("unknown function"), "{unknown}");
        let unreadable = text("{\"id\":3}");
        assert!(unreadable.starts_with("{\"problem\":{"), "{unreadable}");
    }

    #[test]
    fn a_message_that_is_too_long_is_refused() {
        let long = answer(
            Echo,
            &vec![b' '; protocol::execute::MAX_BODY_BYTES + 1],
            SECOND_CALL,
        )
        .unwrap();
        assert!(String::from_utf8(long).unwrap().contains("\"status\":413"));
    }
}
