//! What readers asked for lately, kept in the Worker's memory: however many they are, a coordinator is asked once a second.
//!
//! A coordinator measures; each read costs its single thread a few milliseconds. Fifty readers of a run's progress must not show in
//! its figures. What cannot change any more (the report of a run that has ended) is kept longer.

use super::{Api, Coordinators};
use crate::{coordinator::Question, store::Millis};
use core::cell::RefCell;
use protocol::{Problem, RunState};
use serde::Deserialize;
use std::{collections::BTreeMap, rc::Rc};

/// For this long an answer that may change is not asked for again.
const FRESH_MS: Millis = 1_000;
/// For this long an answer that does not change is not asked for again: it may expire, no more.
const SETTLED_MS: Millis = 60_000;
/// A question that has been on its way for this long is asked by others, too.
const PATIENCE_MS: Millis = 5_000;
/// Bytes of answers kept, at most: a small part of a Worker's 128 MB.
const MOST_BYTES: usize = 16 << 20;

/// Answers by location and question.
#[derive(Debug, Default)]
pub struct ResponseCache(RefCell<BTreeMap<Key, Kept>>);

/// A location and the question it was asked, as JSON.
type Key = (String, String);

#[derive(Debug)]
struct Kept {
    answer: Rc<str>,
    settled: bool,
    until: Millis,
    /// Somebody is asking again since then; the others take the old answer.
    asked_at: Option<Millis>,
}

impl ResponseCache {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self(RefCell::new(BTreeMap::new()))
    }

    /// Forgets everything that may have changed by now; reports of ended runs stay.
    pub fn forget_unsettled(&self) {
        self.0.borrow_mut().retain(|_, kept| kept.settled);
    }

    /// A text that was made of several answers, if it is fresh. Its name says what it is made of.
    pub(super) fn made(&self, name: &str, now: Millis) -> Option<Rc<str>> {
        self.get(&made_key(name), now)
    }

    /// Keeps a text that was made of several answers; `settled`: of such as change no more.
    pub(super) fn keep_made(&self, name: &str, text: &Rc<str>, settled: bool, now: Millis) {
        self.put(made_key(name), text, settled, now);
    }

    /// The answer, if it is fresh, or if somebody else is already fetching a fresh one.
    fn get(&self, key: &Key, now: Millis) -> Option<Rc<str>> {
        let mut answers = self.0.borrow_mut();
        let kept = answers.get_mut(key)?;
        let being_asked = kept.asked_at.is_some_and(|since| now - since < PATIENCE_MS);
        if now < kept.until || being_asked {
            return Some(Rc::clone(&kept.answer));
        }
        kept.asked_at = Some(now);
        None
    }

    fn put(&self, key: Key, answer: &Rc<str>, settled: bool, now: Millis) {
        let mut answers = self.0.borrow_mut();
        let lasts = if settled { SETTLED_MS } else { FRESH_MS };
        answers.retain(|_, kept| now < kept.until + PATIENCE_MS);
        let kept: usize = answers.values().map(|kept| kept.answer.len()).sum();
        if kept + answer.len() > MOST_BYTES {
            answers.clear();
        }
        answers.insert(
            key,
            Kept {
                answer: Rc::clone(answer),
                settled,
                until: now + lasts,
                asked_at: None,
            },
        );
    }
}

/// The name of a question: what is asked, as JSON.
pub(super) fn name_of(question: &Question) -> String {
    serde_json::to_string(question).unwrap_or_default()
}

/// No location has this name.
fn made_key(name: &str) -> Key {
    ("*".to_owned(), name.to_owned())
}

/// What is read of a status, and of the run in a report.
#[derive(Deserialize)]
struct Run {
    state: RunState,
}

impl Run {
    const fn has_ended(&self) -> bool {
        self.state.is_final()
    }
}

/// Whether the answer is about a run that has ended: what was read of its location before is out of date.
fn reports_an_end(question: &Question, answer: &str) -> bool {
    matches!(question, Question::Status { .. })
        && serde_json::from_str(answer).is_ok_and(|run: Run| run.has_ended())
}

/// Whether the answer changes no more: the report of a run that has ended. That of an active run does.
fn is_settled(question: &Question, answer: &str) -> bool {
    #[derive(Deserialize)]
    struct Report {
        run: Run,
    }
    matches!(question, Question::Report { run: Some(_) })
        && serde_json::from_str(answer).is_ok_and(|report: Report| report.run.has_ended())
}

impl<C: Coordinators> Api<'_, C> {
    /// Asks a coordinator, unless the same was asked a moment ago. For questions that change nothing.
    pub(super) async fn ask_cached(
        &self,
        location: &str,
        question: &Question,
    ) -> Result<Rc<str>, Problem> {
        self.ask_cached_as(&name_of(question), location, question)
            .await
    }

    /// The same of a question that has been named.
    pub(super) async fn ask_cached_as(
        &self,
        name: &str,
        location: &str,
        question: &Question,
    ) -> Result<Rc<str>, Problem> {
        let key = (location.to_owned(), name.to_owned());
        if let Some(answer) = self.cache.get(&key, self.now) {
            return Ok(answer);
        }
        let answer: Rc<str> = self.coordinators.ask(location, question).await?.into();
        if reports_an_end(question, &answer) {
            self.cache.forget_unsettled();
        }
        let settled = is_settled(question, &answer);
        self.cache.put(key, &answer, settled, self.now);
        Ok(answer)
    }
}
