//! A coordinator that may not be open: its database may fail, or be of a later release, or a variable may be one that cannot be used.
//!
//! The platform gives an object one alarm, and an alarm that has fired is used up. So while the coordinator cannot be opened, every alarm sets
//! the next one, and every question makes sure that there is one: whatever is due is done, with nobody asking, as soon as it can be opened.
//! Opening is tried again by every alarm and every question; it writes nothing where nothing has changed.

use super::{Answer, Caller, Clock, Coordinator, LogLine, Outside, Question, Turn};
use crate::{
    settings::SettingsError,
    store::{Millis, StoreError, sql::Sql},
};
use core::cell::{Cell, RefCell};
use protocol::Problem;
use std::rc::Rc;

/// Pause between two attempts of the alarm to open, in ms. Once it can be opened, what is due waits no longer than this.
pub const REOPEN_PAUSE_MS: Millis = 30_000;

/// Why a coordinator could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A variable cannot be used.
    #[error("this deployment is misconfigured: {0}")]
    Settings(#[from] SettingsError),
    /// The database cannot be used.
    #[error("the coordinator's database could not be opened: {0}")]
    Store(#[from] StoreError),
}

impl From<&OpenError> for Problem {
    fn from(error: &OpenError) -> Self {
        match error {
            OpenError::Settings(error) => {
                Self::new(503, format!("this deployment is misconfigured: {error}"))
            }
            // What is wrong inside is logged, not shown.
            OpenError::Store(_) => Self::new(
                503,
                "the coordinator's database could not be opened; its log says why; this is tried again every 30 s",
            ),
        }
    }
}

/// A coordinator, opened when it is first needed, and again and again until it can be.
#[derive(Debug)]
pub struct Opening<S> {
    coordinator: RefCell<Option<Rc<Coordinator<S>>>>,
    /// The alarm that has been set since it could not be opened.
    armed_for: Cell<Option<Millis>>,
    /// What was last logged about it, and when.
    logged: RefCell<Option<(String, Millis)>>,
}

impl<S> Default for Opening<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Opening<S> {
    /// Not yet opened.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            coordinator: RefCell::new(None),
            armed_for: Cell::new(None),
            logged: RefCell::new(None),
        }
    }
}

impl<S: Sql> Opening<S> {
    /// Answers a question, having opened the coordinator with `open` if need be.
    pub fn answer(
        &self,
        open: impl FnOnce() -> Result<Coordinator<S>, OpenError>,
        question: Question,
        now: Millis,
    ) -> (Answer, Turn) {
        match self.coordinator(open) {
            Ok(coordinator) => coordinator.answer(question, now),
            Err(error) => {
                let mut turn = self.failed(&error, now);
                // An alarm that every question puts off would never fire.
                let armed = self.armed_for.get().filter(|at| *at > now);
                turn.wake_at = match armed {
                    Some(_) => None,
                    None => self.arm(now),
                };
                (Err(Problem::from(&error)), turn)
            }
        }
    }

    /// Does the next piece of work, having opened the coordinator with `open` if need be.
    pub async fn wake(
        &self,
        open: impl FnOnce() -> Result<Coordinator<S>, OpenError>,
        platform: &(impl Caller + Clock + Outside),
    ) -> Turn {
        let opened = self.coordinator(open);
        match opened {
            Ok(coordinator) => coordinator.wake(platform).await,
            Err(error) => {
                let now = platform.now_ms();
                let mut turn = self.failed(&error, now);
                turn.wake_at = self.arm(now);
                turn
            }
        }
    }

    /// The coordinator, opened with `open` if need be.
    ///
    /// # Errors
    /// [`OpenError`]; the next call tries again.
    pub fn coordinator(
        &self,
        open: impl FnOnce() -> Result<Coordinator<S>, OpenError>,
    ) -> Result<Rc<Coordinator<S>>, OpenError> {
        let opened = self.coordinator.borrow().clone();
        if let Some(coordinator) = opened {
            return Ok(coordinator);
        }
        let coordinator = Rc::new(open()?);
        self.coordinator.replace(Some(Rc::clone(&coordinator)));
        Ok(coordinator)
    }

    fn arm(&self, now: Millis) -> Option<Millis> {
        self.armed_for.set(Some(now + REOPEN_PAUSE_MS));
        self.armed_for.get()
    }

    /// Logs why, unless that has just been done: questions may come by the dozen.
    fn failed(&self, error: &OpenError, now: Millis) -> Turn {
        let message = error.to_string();
        let mut logged = self.logged.borrow_mut();
        let known = logged
            .as_ref()
            .is_some_and(|(known, at)| *known == message && now - at < REOPEN_PAUSE_MS);
        if known {
            return Turn::default();
        }
        *logged = Some((message.clone(), now));
        Turn::default().with(LogLine::Fault { message })
    }
}
