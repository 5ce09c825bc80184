//! Ctrl-C, SIGTERM and SIGHUP, as something to look at between two steps.

use anyhow::Context as _;
use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Whether the user wants to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

/// Longest time until a wish to stop is noticed.
const STEP: Duration = Duration::from_millis(50);

impl Interrupt {
    /// Listens to the signals. The second one ends the program at once (the servers' watchdogs stop them).
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let asked = interrupt.0.clone();
        ctrlc::set_handler(move || {
            if asked.swap(true, Ordering::Relaxed) {
                process::exit(2);
            }
        })
        .context("signals cannot be listened to")?;
        Ok(interrupt)
    }

    /// Whether a signal has come.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits, but no longer than until a signal comes.
    pub(crate) fn wait(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.is_asked() && Instant::now() < end {
            thread::sleep(STEP.min(pause));
        }
    }
}
