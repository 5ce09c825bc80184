//! `websocket`: JSON messages over one WebSocket on the service binding `RUNTIME`.
//!
//! The socket is opened once for all the calls: it belongs to the request that opened it, and so does a stub's. Messages are binary frames of JSON text,
//! which cross from wasm memory as bytes; each has a number, by which its answer is found.

use super::{Calling, Connecting, Invocation, OpenTransport};
use crate::{
    answer::Answer,
    call_error::CallError,
    platform::{Env, FetchInit, FetchedResponse, MessageEvent, ServiceBinding, WebSocket},
};
use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    mem,
    ops::Range,
    task::{Poll, Waker},
};
use js_sys::{ArrayBuffer, JsString, Uint8Array};
use protocol::{
    ErrorKind, Problem,
    execute::{SocketRequest, SocketResponse},
    residency::Isolate,
    routes::runtime::{INTERNAL_ORIGIN, WEBSOCKET},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, rc::Rc};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};

/// See the [module](self).
pub struct Websocket {
    function_id: String,
    payload: Box<RawValue>,
    url: JsString,
    upgrade: FetchInit,
    runtime: ServiceBinding,
    connection: RefCell<Option<Rc<Connection>>>,
}

impl Websocket {
    /// Opens it for `invocation`.
    ///
    /// # Errors
    /// 400 when the payload is not JSON, 503 when this Worker lacks the service binding.
    pub fn new(invocation: Invocation, env: &Env) -> Result<Self, Problem> {
        Ok(Self {
            function_id: invocation.function_id,
            payload: Invocation::checked_payload(&invocation.payload)?,
            url: format!("{INTERNAL_ORIGIN}{WEBSOCKET}").into(),
            upgrade: FetchInit::new("GET", &[("upgrade", "websocket")]),
            runtime: env.runtime()?,
            connection: RefCell::new(None),
        })
    }

    async fn connect(&self) -> Result<(), CallError> {
        self.disconnect();
        let response = FetchedResponse::of(self.runtime.fetch(&self.url, &self.upgrade)).await?;
        let socket = response.web_socket().ok_or_else(|| {
            CallError::new(
                ErrorKind::Status,
                format!(
                    "the runtime answered with status {} and no WebSocket",
                    response.status()
                ),
            )
        })?;
        *self.connection.borrow_mut() = Some(Connection::over(socket));
        Ok(())
    }

    fn disconnect(&self) {
        if let Some(connection) = self.connection.take() {
            connection.socket.close();
        }
    }

    async fn call(&self) -> Result<Answer<'_>, CallError> {
        let connection = self.connection.borrow().clone();
        let connection =
            connection.ok_or_else(|| CallError::new(ErrorKind::Transport, "there is no socket"))?;
        let id = connection.next_id.get();
        connection.next_id.set(id.wrapping_add(1));
        let request = SocketRequest {
            id,
            function_id: Cow::Borrowed(&self.function_id),
            payload: &self.payload,
        };
        connection
            .socket
            .send(&Uint8Array::from(&*request.to_json()))?;
        let Received {
            message,
            result,
            isolate,
        } = connection.answer_to(id).await?;
        Ok(Answer {
            received: Cow::Owned(message),
            results: result,
            isolate,
        })
    }
}

impl Drop for Websocket {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl OpenTransport for Websocket {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(self.connect())
    }

    fn call(&self) -> Calling<'_> {
        Box::pin(self.call())
    }
}

/// An open socket, and the calls that wait for their answers.
struct Connection {
    socket: WebSocket,
    next_id: Cell<u32>,
    /// Answers that have come, and calls that wait for theirs, with their numbers: as many as there are calls in flight.
    answers: RefCell<Vec<(u32, Waiting)>>,
    /// Why no more answers will come.
    broken: RefCell<Option<CallError>>,
}

/// One call, sent.
enum Waiting {
    For(Waker),
    No(Result<Received, CallError>),
}

impl Waiting {
    /// Wakes the call. It runs at once, and looks into the connection: nothing of that may be borrowed.
    fn wake(self) {
        if let Self::For(waker) = self {
            waker.wake();
        }
    }
}

/// A message that is an answer, and where in it the result is.
struct Received {
    message: Vec<u8>,
    result: Range<usize>,
    isolate: Option<Isolate>,
}

impl Connection {
    fn over(socket: WebSocket) -> Rc<Self> {
        let connection = Rc::new(Self {
            socket,
            next_id: Cell::new(0),
            answers: RefCell::default(),
            broken: RefCell::default(),
        });
        let this = Rc::downgrade(&connection);
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(this) = this.upgrade() {
                this.received(&event.data());
            }
        });
        let this = Rc::downgrade(&connection);
        let on_end = Closure::<dyn Fn(JsValue)>::new(move |_| {
            if let Some(this) = this.upgrade() {
                this.fail(CallError::new(
                    ErrorKind::Transport,
                    "the socket was closed",
                ));
            }
        });
        let socket = &connection.socket;
        // Owned by JavaScript from here on, and dropped with the socket that holds them.
        socket.on("message", &on_message.into_js_value());
        let on_end = on_end.into_js_value();
        socket.on("close", &on_end);
        socket.on("error", &on_end);
        socket.accept_binary();
        connection
    }

    /// Takes a message in, and wakes the call that it answers.
    fn received(&self, data: &JsValue) {
        let Some(buffer) = data.dyn_ref::<ArrayBuffer>() else {
            return self.fail(CallError::bad_response("a message that is not binary"));
        };
        let message = Uint8Array::new(buffer).to_vec();
        let (id, isolate, result) = match SocketResponse::from_json(&message) {
            Err(error) => return self.fail(CallError::bad_response(error.to_string())),
            Ok(SocketResponse { id: None, .. }) => {
                return self.fail(CallError::bad_response("an answer without a number"));
            }
            Ok(SocketResponse {
                id: Some(id),
                result,
                problem,
                isolate,
            }) => {
                let range =
                    result.map(|result| Answer::in_envelope(&message, result.get().as_bytes()));
                let refused = || {
                    let problem = problem.map_or("no result", |problem| problem.get());
                    CallError::new(
                        ErrorKind::Status,
                        format!("the runtime answered: {problem}"),
                    )
                };
                (id, isolate, range.ok_or_else(refused))
            }
        };
        let received = result.map(|result| Received {
            message,
            result,
            isolate,
        });
        // An answer to a call that was given up is no one's.
        let waiting = self
            .answers
            .borrow_mut()
            .iter_mut()
            .find(|(call, _)| *call == id)
            .map(|(_, waiting)| mem::replace(waiting, Waiting::No(received)));
        waiting.into_iter().for_each(Waiting::wake);
    }

    /// Fails every call that waits, and every later one.
    fn fail(&self, error: CallError) {
        let waiting: Vec<Waiting> = self
            .answers
            .borrow_mut()
            .iter_mut()
            .map(|(_, waiting)| waiting)
            .filter(|waiting| matches!(waiting, Waiting::For(_)))
            .map(|waiting| mem::replace(waiting, Waiting::No(Err(error.clone()))))
            .collect();
        self.broken.borrow_mut().get_or_insert(error);
        waiting.into_iter().for_each(Waiting::wake);
    }

    async fn answer_to(&self, id: u32) -> Result<Received, CallError> {
        let _forget = Forget {
            connection: self,
            id,
        };
        poll_fn(|context| match self.take(id) {
            Some(Waiting::No(answer)) => Poll::Ready(answer),
            Some(Waiting::For(_)) | None => {
                if let Some(error) = &*self.broken.borrow() {
                    return Poll::Ready(Err(error.clone()));
                }
                let waiting = Waiting::For(context.waker().clone());
                self.answers.borrow_mut().push((id, waiting));
                Poll::Pending
            }
        })
        .await
    }

    /// Takes out what is known of a call.
    fn take(&self, id: u32) -> Option<Waiting> {
        let mut answers = self.answers.borrow_mut();
        let at = answers.iter().position(|(call, _)| *call == id)?;
        Some(answers.swap_remove(at).1)
    }
}

/// Forgets a call that is no longer waited for.
struct Forget<'a> {
    connection: &'a Connection,
    id: u32,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.connection.take(self.id);
    }
}
