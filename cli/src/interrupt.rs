//! Ctrl-C, SIGTERM and SIGHUP, as something to look at between two steps.

use crate::exit::Exit;
use anyhow::Context as _;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use signal_hook::flag;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The signals that ask the program to stop.
const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Whether the user wants to stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

/// Longest time until a wish to stop is noticed.
const STEP: Duration = Duration::from_millis(50);

impl Interrupt {
    /// Listens to the signals that are not ignored: `nohup` and `command &` in a script ignore some, and what was ignored stays ignored,
    /// here and in the servers. The second signal ends the program at once (the servers' watchdogs stop them).
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        for signal in SIGNALS {
            if is_ignored(signal).with_context(|| format!("{signal} cannot be looked at"))? {
                continue;
            }
            // In this order: at the first signal the flag is not set yet when it is looked at.
            flag::register_conditional_shutdown(
                signal as i32,
                Exit::Failure.status().into(),
                interrupt.0.clone(),
            )
            .and_then(|_| flag::register(signal as i32, interrupt.0.clone()))
            .with_context(|| format!("{signal} cannot be listened to"))?;
        }
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

/// Whether this process was started with `signal` ignored.
fn is_ignored(signal: Signal) -> nix::Result<bool> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed, so no code runs in one: the signal is ignored for an instant, then what was there is put back.
    #[expect(
        unsafe_code,
        reason = "the only way to learn what happens on a signal is to replace it"
    )]
    unsafe {
        let before = sigaction(signal, &ignore)?;
        let is_ignored = matches!(before.handler(), SigHandler::SigIgn);
        if !is_ignored {
            sigaction(signal, &before)?;
        }
        Ok(is_ignored)
    }
}
