//! Running the future that answers an event, at the least cost.
//!
//! `wasm_bindgen_futures`, which an exported `async fn` runs in, puts each wake-up into a queue that a microtask of its own empties: one more way
//! through the event loop, and two more crossings between JavaScript and wasm, for every promise that a delegated call waits for. Here a wake-up
//! polls the future at once. So whoever wakes (a settled promise, a message that has come) must not hold a borrow of anything that the future uses.

use core::{
    cell::RefCell,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Waker},
};
use js_sys::{Function, Promise};
use std::{sync::Arc, task::Wake};
use wasm_bindgen::JsValue;

/// Starts `future`, and returns the promise of what it comes to.
pub fn promise_of(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let mut future = Some(future);
    Promise::new(&mut |resolve, reject| {
        if let Some(future) = future.take() {
            start(Box::pin(settle(future, resolve, reject)));
        }
    })
}

async fn settle(
    future: impl Future<Output = Result<JsValue, JsValue>>,
    resolve: Function,
    reject: Function,
) {
    // Neither of the two functions throws.
    let _ = match future.await {
        Ok(value) => resolve.call1(&JsValue::UNDEFINED, &value),
        Err(error) => reject.call1(&JsValue::UNDEFINED, &error),
    };
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static TASKS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// Where one task after another is kept.
#[derive(Default)]
struct Slot {
    /// The tasks that were kept here before. A wake-up of one of those comes too late, and must not poll the one that is here now: it belongs to
    /// another request, and the platform does not let one request touch what another waits for.
    generation: u32,
    state: State,
}

#[derive(Default)]
enum State {
    #[default]
    Free,
    Waiting(Task),
    /// The task is being polled; `woken` meanwhile, it is to be polled again.
    Polled {
        woken: bool,
    },
}

/// Wakes the task that is in the slot of this index, as long as it is the one of this generation.
struct SlotWaker {
    index: usize,
    generation: u32,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        poll(&self);
    }
}

fn start(task: Task) {
    let waker = TASKS.with_borrow_mut(|slots| {
        let free = slots
            .iter()
            .position(|slot| matches!(slot.state, State::Free));
        let index = free.unwrap_or_else(|| {
            slots.push(Slot::default());
            slots.len() - 1
        });
        let slot = &mut slots[index];
        slot.state = State::Waiting(task);
        SlotWaker {
            index,
            generation: slot.generation,
        }
    });
    poll(&Arc::new(waker));
}

/// Polls the task, as often as it is woken meanwhile.
fn poll(waker: &Arc<SlotWaker>) {
    let Some(mut task) = take(waker) else {
        return;
    };
    let context_waker = Waker::from(Arc::clone(waker));
    let mut context = Context::from_waker(&context_waker);
    loop {
        if task.as_mut().poll(&mut context).is_ready() {
            end(waker.index);
            return;
        }
        let Some(again) = keep(waker.index, task) else {
            return;
        };
        task = again;
    }
}

/// Takes a waiting task out of its slot, to be polled; notes the wake-up of one that is being polled. Nothing of one that has ended.
fn take(waker: &SlotWaker) -> Option<Task> {
    TASKS.with_borrow_mut(|slots| {
        let slot = &mut slots[waker.index];
        if slot.generation != waker.generation {
            return None;
        }
        match mem::replace(&mut slot.state, State::Polled { woken: false }) {
            State::Waiting(task) => Some(task),
            State::Polled { .. } => {
                slot.state = State::Polled { woken: true };
                None
            }
            // Unreachable: a slot that is freed begins another generation.
            State::Free => {
                slot.state = State::Free;
                None
            }
        }
    })
}

/// Puts a task that was polled back into its slot; returns it if it was woken meanwhile.
fn keep(index: usize, task: Task) -> Option<Task> {
    TASKS.with_borrow_mut(|slots| {
        let state = &mut slots[index].state;
        if matches!(state, State::Polled { woken: true }) {
            *state = State::Polled { woken: false };
            return Some(task);
        }
        *state = State::Waiting(task);
        None
    })
}

/// Frees the slot of a task that has ended.
fn end(index: usize) {
    TASKS.with_borrow_mut(|slots| {
        let slot = &mut slots[index];
        slot.state = State::Free;
        slot.generation = slot.generation.wrapping_add(1);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::{cell::Cell, future::poll_fn, task::Poll};
    use std::rc::Rc;

    /// A task that counts its polls, keeps its waker where the test finds it, and ends when it is told to.
    #[derive(Clone, Default)]
    struct Watched {
        polls: Rc<Cell<u32>>,
        waker: Rc<RefCell<Option<Waker>>>,
        done: Rc<Cell<bool>>,
    }

    impl Watched {
        fn start(&self) {
            let watched = self.clone();
            start(Box::pin(poll_fn(move |context| {
                watched.polls.set(watched.polls.get() + 1);
                *watched.waker.borrow_mut() = Some(context.waker().clone());
                if watched.done.get() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })));
        }

        fn wake(&self) {
            let waker = self.waker.borrow().clone();
            waker.unwrap().wake();
        }
    }

    #[test]
    fn a_task_is_polled_at_once_and_at_each_wake_up_until_it_ends() {
        let watched = Watched::default();
        watched.start();
        assert_eq!(watched.polls.get(), 1);
        watched.wake();
        assert_eq!(watched.polls.get(), 2);
        watched.done.set(true);
        watched.wake();
        watched.wake();
        assert_eq!(watched.polls.get(), 3);
    }

    #[test]
    fn a_task_that_is_woken_while_it_is_polled_is_polled_again() {
        let polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&polls);
        start(Box::pin(poll_fn(move |context| {
            counted.set(counted.get() + 1);
            if counted.get() < 4 {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })));
        assert_eq!(polls.get(), 4);
    }

    #[test]
    fn tasks_do_not_disturb_each_other_and_slots_are_used_again() {
        let (first, second, third) = (Watched::default(), Watched::default(), Watched::default());
        first.start();
        second.start();
        first.done.set(true);
        first.wake();
        third.start();
        assert_eq!(TASKS.with_borrow(Vec::len), 2);
        second.wake();
        assert_eq!(
            [&first, &second, &third].map(|watched| watched.polls.get()),
            [2, 2, 1]
        );
    }

    #[test]
    fn a_late_wake_up_of_a_task_that_has_ended_polls_no_other() {
        let (ended, other) = (Watched::default(), Watched::default());
        ended.start();
        let late = ended.waker.borrow().clone().unwrap();
        ended.done.set(true);
        ended.wake();
        other.start();
        // Both are in the same slot, one after the other.
        assert_eq!(TASKS.with_borrow(Vec::len), 1);
        late.wake_by_ref();
        assert_eq!(other.polls.get(), 1);
        other.done.set(true);
        other.wake();
        late.wake();
        assert_eq!((ended.polls.get(), other.polls.get()), (2, 2));
    }

    #[test]
    fn a_late_wake_up_while_another_task_is_polled_does_not_poll_it_again() {
        let ended = Watched::default();
        ended.start();
        let late = ended.waker.borrow().clone().unwrap();
        ended.done.set(true);
        ended.wake();
        let polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&polls);
        start(Box::pin(poll_fn(move |_| {
            counted.set(counted.get() + 1);
            late.wake_by_ref();
            Poll::<()>::Pending
        })));
        assert_eq!(polls.get(), 1);
    }
}
