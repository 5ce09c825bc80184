//! The thin stub: reaches a function directly or by one of several transports, for one invocation or for many.
//!
//! A *stub* is the small Worker that stands for a function whose code runs elsewhere, in a shared runtime Worker. This crate has what such a
//! Worker is made of: the transports ([`transport`]), a limit on how long a call may take ([`watchdog`]), the few objects of the platform that it
//! touches ([`platform`]), and HTTP around it ([`http`]). `workers/` has two complete stubs, of some ten lines each; the caller-worker is a stub
//! with a measuring loop around it.
//!
//! Contract with the runtime: `protocol::execute` and `protocol::routes::runtime`.
//!
//! Out of scope: timing calls (crate `measurement`), executing functions for others (the runtime-worker).

pub mod answer;
pub mod call_error;
pub mod delegate;
pub mod http;
pub mod platform;
pub mod transport;
pub mod watchdog;

pub use answer::Answer;
pub use call_error::CallError;
pub use delegate::{call_once, delegate};

/// Gets a new instance of a stub ready: a panic is logged, and the next event gets a fresh instance.
pub fn start() {
    console_error_panic_hook::set_once();
    wasm_bindgen::handler::set_on_abort(wasm_bindgen::handler::schedule_reinit);
}
