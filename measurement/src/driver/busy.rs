//! The neighbour of a slice: a closed loop of calls and pauses that keeps a runtime busy for a stated share of the time.
//!
//! Each call works so many strokes that it takes [`NEIGHBOUR_CALL_MS`]; how many that are is found out by the stub's clock, which moves when a call
//! completes, and not in the runtime, whose clock may stand still while it works. What the neighbour's calls took is measured, so that the achieved share is known
//! whatever was asked for; the pauses make up for what calls and timers took too long.

use crate::clock::Clock;
use core::{
    cell::Cell,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};
use protocol::{
    ErrorKind,
    busy::{Kept, MAX_NEIGHBOUR_CALLS, MAX_STROKES, NEIGHBOUR_CALL_MS, Neighbour},
};
use rand::RngCore;

/// Who keeps a runtime busy.
pub trait Neighbourly {
    /// One call that works so many strokes.
    fn spin(&self, strokes: u32) -> impl Future<Output = Result<(), ErrorKind>>;

    /// Waits for so many ms.
    fn pause(&self, ms: u64) -> impl Future<Output = ()>;
}

/// The first guess: some ms of native work, some ten ms of Python's.
const FIRST_STROKES: u32 = 100;
/// Calls made to find the strokes out, at most: a runtime that is slower by chance every time is one that is slower.
const TRIES: u32 = 12;
/// Time from which the strokes follow by proportion, in ms: an error of one tick is a tenth of it at most.
const JUDGEABLE_MS: u64 = 10;
/// Growth below that time, at most.
const GROWTH: u64 = 16;
/// A call that takes from 40 to 60 ms is near enough: what it takes is measured, and pauses follow it.
const NEAR_ENOUGH_MS: u64 = 10;
/// Calls of a slice from whose mean the strokes of the next slice may follow.
const FEWEST_CALLS: u32 = 4;

const CALL_MS: u64 = NEIGHBOUR_CALL_MS as u64;

/// Keeps a runtime busy for as long as `slice` takes. The neighbour's last call is waited for, or the next slice would meet it.
pub async fn keep_busy<T>(
    clock: &impl Clock,
    neighbour: &impl Neighbourly,
    asked: &Neighbour,
    rng: &mut impl RngCore,
    slice: impl Future<Output = T>,
) -> (T, Kept) {
    let of_loop = Loop::new(clock, neighbour, asked.percent);
    if asked.percent > 0 {
        of_loop.find_strokes(asked.strokes).await;
    }
    let cycle_ms = CALL_MS * 100 / u64::from(asked.percent.max(1));
    let first_pause_ms = (u64::from(rng.next_u32()) * cycle_ms) >> 32;
    of_loop.start_ms.set(clock.now_ms());
    let mut slice = pin!(slice);
    let mut calls = pin!(of_loop.run(first_pause_ms));
    let (mut measured, mut ended) = (None, false);
    let result = poll_fn(|context| {
        ended = ended || calls.as_mut().poll(context).is_ready();
        if measured.is_none()
            && let Poll::Ready(result) = slice.as_mut().poll(context)
        {
            of_loop.stop();
            measured = Some(result);
        }
        // a pause is given up, a call is waited for
        if ended || of_loop.under_way_since_ms.get().is_none() {
            return measured.take().map_or(Poll::Pending, Poll::Ready);
        }
        Poll::Pending
    })
    .await;
    (result, with_next_strokes(of_loop.kept.get()))
}

/// What a slice reports, with the strokes that take [`NEIGHBOUR_CALL_MS`] by now: they were found out on code that was entered for the first time, and once
/// V8 has optimised it, as many take half as long.
fn with_next_strokes(kept: Kept) -> Kept {
    let call_ms = kept.completed_ms / u64::from(kept.completed.max(1));
    if kept.completed < FEWEST_CALLS || call_ms.abs_diff(CALL_MS) <= NEAR_ENOUGH_MS {
        return kept;
    }
    Kept {
        strokes: next_strokes(kept.strokes, call_ms),
        ..kept
    }
}

struct Loop<'a, C, N> {
    clock: &'a C,
    neighbour: &'a N,
    percent: u8,
    start_ms: Cell<u64>,
    /// When the call began that is under way.
    under_way_since_ms: Cell<Option<u64>>,
    /// Whether the slice is measured.
    stopped: Cell<bool>,
    kept: Cell<Kept>,
}

impl<'a, C: Clock, N: Neighbourly> Loop<'a, C, N> {
    fn new(clock: &'a C, neighbour: &'a N, percent: u8) -> Self {
        Self {
            clock,
            neighbour,
            percent,
            start_ms: Cell::new(0),
            under_way_since_ms: Cell::new(None),
            stopped: Cell::new(false),
            kept: Cell::default(),
        }
    }

    fn count(&self, change: impl FnOnce(&mut Kept)) {
        let mut kept = self.kept.get();
        change(&mut kept);
        self.kept.set(kept);
    }

    /// One call: how long it took, if it succeeded.
    async fn call(&self) -> Option<u64> {
        let began_ms = self.clock.now_ms();
        self.under_way_since_ms.set(Some(began_ms));
        let outcome = self.neighbour.spin(self.kept.get().strokes).await;
        self.under_way_since_ms.set(None);
        let took_ms = self.clock.now_ms().saturating_sub(began_ms);
        self.count(|kept| {
            kept.calls += 1;
            kept.failed += u32::from(outcome.is_err());
        });
        outcome.ok().map(|()| took_ms)
    }

    /// Finds out how many strokes a call is to work, beginning with those that are known; 0 where calls fail.
    async fn find_strokes(&self, known: u32) {
        if known > 0 {
            self.count(|kept| kept.strokes = known);
            return;
        }
        let mut strokes = FIRST_STROKES;
        for _ in 0..TRIES {
            self.count(|kept| kept.strokes = strokes);
            let Some(took_ms) = self.call().await else {
                self.count(|kept| kept.strokes = 0);
                return;
            };
            if took_ms.abs_diff(CALL_MS) <= NEAR_ENOUGH_MS {
                return;
            }
            strokes = next_strokes(strokes, took_ms);
        }
    }

    /// Calls and pauses, until the slice is measured.
    async fn run(&self, first_pause_ms: u64) {
        if self.percent == 0 || self.kept.get().strokes == 0 {
            return;
        }
        self.neighbour.pause(first_pause_ms).await;
        let began_ms = self.clock.now_ms();
        while !self.stopped.get() && self.kept.get().calls < MAX_NEIGHBOUR_CALLS {
            let call_ms = self.call().await;
            if self.stopped.get() {
                return;
            }
            self.count(|kept| {
                kept.completed += u32::from(call_ms.is_some());
                kept.completed_ms += call_ms.unwrap_or(0);
                kept.busy_ms += call_ms.unwrap_or(0);
            });
            let elapsed_ms = self.clock.now_ms().saturating_sub(began_ms);
            let due_ms = self.kept.get().busy_ms * 100 / u64::from(self.percent);
            let pause_ms = due_ms.saturating_sub(elapsed_ms);
            self.neighbour.pause(self.bounded(pause_ms, call_ms)).await;
        }
    }

    /// A pause between half and one and a half times the one that belongs to a call: what was late is made up for bit by bit.
    fn bounded(&self, pause_ms: u64, call_ms: Option<u64>) -> u64 {
        let percent = u64::from(self.percent);
        let usual_ms = call_ms.unwrap_or(CALL_MS) * (100 - percent) / percent;
        pause_ms.clamp(usual_ms / 2, usual_ms + usual_ms / 2)
    }

    /// The slice is measured: what follows is not counted.
    fn stop(&self) {
        self.stopped.set(true);
        let now_ms = self.clock.now_ms();
        let since_ms = self.under_way_since_ms.get();
        self.count(|kept| {
            kept.elapsed_ms = now_ms.saturating_sub(self.start_ms.get());
            kept.busy_ms += since_ms.map_or(0, |since_ms| now_ms.saturating_sub(since_ms));
        });
    }
}

/// The strokes to try after `strokes`, which took so long.
fn next_strokes(strokes: u32, took_ms: u64) -> u32 {
    let strokes = u64::from(strokes);
    let next = if took_ms < JUDGEABLE_MS {
        strokes * (CALL_MS / (took_ms + 1)).clamp(2, GROWTH)
    } else {
        strokes * CALL_MS / took_ms
    };
    u32::try_from(next)
        .unwrap_or(MAX_STROKES)
        .clamp(1, MAX_STROKES)
}
