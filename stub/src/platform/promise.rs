//! Waiting for a promise, at the least cost.
//!
//! `wasm_bindgen_futures::JsFuture` makes two JavaScript functions for every promise that it waits for, registers them with the garbage collector, and
//! takes both back: microseconds, twice in each delegated call. Here two functions are made once, and serve one wait after another.

use core::{
    cell::RefCell,
    future::poll_fn,
    mem,
    task::{Context, Poll, Waker},
};
use std::rc::Rc;
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// A promise.
    pub type Promise;

    #[wasm_bindgen(method)]
    fn then(this: &Promise, kept: &JsValue, broken: &JsValue);
}

impl Promise {
    /// Waits for what it comes to.
    ///
    /// # Errors
    /// What it is broken with.
    pub async fn settled(&self) -> Result<JsValue, JsValue> {
        let waiter = IDLE.with_borrow_mut(Vec::pop).unwrap_or_else(Waiter::new);
        self.then(&waiter.kept, &waiter.broken);
        let outcome = poll_fn(|context| waiter.poll(context)).await;
        // A wait that is given up does not come to here: its waiter, which may yet be called, is dropped.
        IDLE.with_borrow_mut(|idle| idle.push(waiter));
        outcome
    }
}

thread_local! {
    /// The waiters that wait for nothing now: as many as there ever were waits at once.
    static IDLE: RefCell<Vec<Waiter>> = const { RefCell::new(Vec::new()) };
}

/// Waits for one promise after another.
struct Waiter {
    state: Rc<RefCell<State>>,
    /// The functions that a promise calls. JavaScript owns them, so that they outlive a waiter that was dropped.
    kept: JsValue,
    broken: JsValue,
}

enum State {
    Pending(Option<Waker>),
    Settled(Result<JsValue, JsValue>),
}

impl Waiter {
    fn new() -> Self {
        let state = Rc::new(RefCell::new(State::Pending(None)));
        let function = |outcome: fn(JsValue) -> Result<JsValue, JsValue>| {
            let state = Rc::clone(&state);
            let settle = move |value| {
                let before = state.replace(State::Settled(outcome(value)));
                if let State::Pending(Some(waker)) = before {
                    waker.wake();
                }
            };
            Closure::<dyn Fn(JsValue)>::new(settle).into_js_value()
        };
        Self {
            kept: function(Ok),
            broken: function(Err),
            state,
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<JsValue, JsValue>> {
        let mut state = self.state.borrow_mut();
        match mem::replace(&mut *state, State::Pending(None)) {
            State::Settled(outcome) => Poll::Ready(outcome),
            State::Pending(_) => {
                *state = State::Pending(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
