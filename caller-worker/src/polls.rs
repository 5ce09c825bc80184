//! Cheap I/O that polls a clock which stands still while the Worker computes.
//!
//! Each rung is something whose completion makes control enter the isolate, which is when workerd sets the clock (`IoContext::runImpl` in
//! `src/workerd/io/io-context.c++` calls `TimerChannel::syncTime`). None is a timer: the clock would show the timer's deadline.

use core::cell::Cell;
use js_sys::Uint8Array;
use measurement::clock::ladder::Ladder;
use protocol::{Problem, Transport, measure::Rung};
use stub::{
    platform::{Env, Promise},
    transport::{self, Connecting, Invocation, OpenTransport},
    watchdog::Watchdog,
};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A stream whose readable side gives what was written to the other. Made once, it is no subrequest.
    type IdentityTransformStream;

    #[wasm_bindgen(constructor)]
    fn new() -> IdentityTransformStream;

    #[wasm_bindgen(method, getter)]
    fn readable(this: &IdentityTransformStream) -> ReadableSide;

    #[wasm_bindgen(method, getter)]
    fn writable(this: &IdentityTransformStream) -> WritableSide;

    type ReadableSide;

    #[wasm_bindgen(method, js_name = getReader)]
    fn get_reader(this: &ReadableSide) -> Reader;

    type WritableSide;

    #[wasm_bindgen(method, js_name = getWriter)]
    fn get_writer(this: &WritableSide) -> Writer;

    type Reader;

    #[wasm_bindgen(method)]
    fn read(this: &Reader) -> Promise;

    type Writer;

    #[wasm_bindgen(method)]
    fn write(this: &Writer, bytes: &Uint8Array) -> Promise;
}

/// The polls of one slice.
pub(crate) struct Polls<'a> {
    stream: ByteStream,
    socket: Box<dyn OpenTransport>,
    is_connected: Cell<bool>,
    watchdog: &'a Watchdog,
}

impl<'a> Polls<'a> {
    /// Gets them ready. Nothing is connected before it is polled by.
    ///
    /// # Errors
    /// 503 when this Worker lacks the service binding.
    pub(crate) fn new(env: &Env, watchdog: &'a Watchdog) -> Result<Self, Problem> {
        let smallest = Invocation {
            function_id: protocol::Function::Echo.as_str().to_owned(),
            payload: "0".to_owned(),
            batch_size: 1,
        };
        Ok(Self {
            stream: ByteStream::new(),
            socket: transport::open(Transport::Websocket, smallest, env)?,
            is_connected: Cell::new(false),
            watchdog,
        })
    }

    /// A message there and back, over a socket that is opened when it is first needed. Whatever fails has moved no clock: the probe finds that.
    async fn by_socket(&self) {
        let message: Connecting<'_> = Box::pin(async {
            if !self.is_connected.replace(true) {
                self.socket.connect().await?;
            }
            self.socket.call().await.map(drop)
        });
        let _ = self.watchdog.guard(0, message).await;
    }
}

impl Ladder for Polls<'_> {
    fn rungs(&self) -> &[Rung] {
        Rung::ALL
    }

    async fn poll(&self, rung: Rung) {
        match rung {
            Rung::Stream => self.stream.round_trip().await,
            Rung::Websocket => self.by_socket().await,
        }
    }
}

/// A byte that goes round and round.
struct ByteStream {
    byte: Uint8Array,
    reader: Reader,
    writer: Writer,
}

impl ByteStream {
    fn new() -> Self {
        let stream = IdentityTransformStream::new();
        Self {
            byte: Uint8Array::new_with_length(1),
            reader: stream.readable().get_reader(),
            writer: stream.writable().get_writer(),
        }
    }

    async fn round_trip(&self) {
        // The write is over when the byte has been read, so it is not waited for first.
        let written = self.writer.write(&self.byte);
        let _ = self.reader.read().settled().await;
        let _ = written.settled().await;
    }
}
