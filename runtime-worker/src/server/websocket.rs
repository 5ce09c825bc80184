//! JSON messages over a WebSocket: the transport `websocket`.
//!
//! A socket lives as long as the request that opened it. Each message is answered in the kind it came in, binary for binary and text for text, when
//! its function returns; `protocol::execute::SocketRequest` has the format.

use crate::{
    execution,
    platform::{MessageEvent, OutgoingResponse, WebSocket, WebSocketPair},
    routing::check_length,
};
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use protocol::{
    execute::{SocketRequest, SocketResponse},
    routes::Refusal,
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};

/// `GET /websocket`: accepts the connection.
pub(crate) fn serve() -> OutgoingResponse {
    let pair = WebSocketPair::new();
    let (ours, theirs) = (pair.ours(), pair.theirs());
    ours.accept_binary();
    let socket = ours.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        reply(&socket, &event.data());
    });
    // Owned by JavaScript from here on, and dropped with the socket that holds it.
    ours.on("message", &on_message.into_js_value());
    crate::platform::switching_to(&theirs)
}

/// Answers one message. A peer that has gone needs no answer.
fn reply(socket: &WebSocket, message: &JsValue) {
    if let Some(buffer) = message.dyn_ref::<ArrayBuffer>() {
        if let Some(answer) = answer(&Uint8Array::new(buffer).to_vec()) {
            let _ = socket.send_bytes(&Uint8Array::from(&*answer));
        }
    } else if let Some(text) = message.dyn_ref::<JsString>()
        && let Some(answer) = answer(String::from(text).as_bytes())
    {
        let _ = socket.send_text(&String::from_utf8_lossy(&answer));
    }
}

/// The answer to one message; none from a function that never returns.
fn answer(message: &[u8]) -> Option<Vec<u8>> {
    let mut id = None;
    match execute(message, &mut id) {
        Ok(answer) => answer,
        Err(refusal) => {
            let problem = serde_json::value::to_raw_value(&refusal.problem).ok()?;
            let answer = SocketResponse {
                id,
                result: None,
                problem: Some(&problem),
            };
            Some(answer.to_json())
        }
    }
}

fn execute(message: &[u8], id: &mut Option<u32>) -> Result<Option<Vec<u8>>, Refusal> {
    check_length(message.len())?;
    let request =
        SocketRequest::from_json(message).map_err(|error| error.into_problem("the message"))?;
    *id = Some(request.id);
    let function = execution::function(&request.function_id)?;
    if function.never_returns() {
        return Ok(None);
    }
    let result = execution::execute(function, request.payload)?;
    let answer = SocketResponse {
        id: *id,
        result: Some(&result),
        problem: None,
    };
    Ok(Some(answer.to_json()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &str) -> String {
        String::from_utf8(answer(message.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_message_is_answered_under_its_number() {
        assert_eq!(
            text("{\"id\":3,\"functionId\":\"transform\",\"payload\":{ \"a\" : 1 }}"),
            "{\"id\":3,\"result\":{\"a\":1}}"
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
        let long = answer(&vec![b' '; protocol::execute::MAX_BODY_BYTES + 1]).unwrap();
        assert!(String::from_utf8(long).unwrap().contains("\"status\":413"));
    }
}
