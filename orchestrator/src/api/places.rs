//! Asking several places: side by side, so that none waits for another, and so that one that is down hides nothing of the others.

use super::{Api, Coordinators, response_cache::name_of};
use crate::coordinator::Question;
use futures_util::{
    future::join_all,
    stream::{FuturesUnordered, StreamExt as _},
};
use protocol::{Problem, run::MissingLocation};
use std::rc::Rc;

/// What one place answered: JSON, which others may have got, too.
type Answer = Result<Rc<str>, Problem>;

/// What the places answered that were asked.
#[derive(Default)]
pub(super) struct Answers {
    /// Those that have what was asked for, in the configured order.
    pub(super) found: Vec<(String, Rc<str>)>,
    /// Those that say that they have not: 404.
    pub(super) without: Vec<(String, Problem)>,
    /// Those that could not be asked.
    pub(super) missing: Vec<(String, Problem)>,
}

impl Answers {
    fn of(locations: &[String], answers: Vec<Answer>) -> Self {
        let mut all = Self::default();
        for (location, answer) in locations.iter().zip(answers) {
            all.add(location, answer);
        }
        all
    }

    pub(super) fn add(&mut self, location: &str, answer: Answer) {
        let location = location.to_owned();
        match answer {
            Ok(json) => self.found.push((location, json)),
            Err(problem) if problem.status < 500 => self.without.push((location, problem)),
            Err(problem) => self.missing.push((location, problem)),
        }
    }

    /// The places that could not be asked, as they are published.
    pub(super) fn missing_locations(&self) -> Vec<MissingLocation> {
        let missing = self.missing.iter();
        missing
            .map(|(location, problem)| MissingLocation {
                location: location.clone(),
                reason: problem.detail.clone(),
            })
            .collect()
    }

    /// Why there is nothing to be shown: `not_found` where every place could be asked, else which could not.
    pub(super) fn nothing(&self, not_found: Problem) -> Problem {
        let Some((_, first)) = self.missing.first() else {
            return not_found;
        };
        let alike = self
            .missing
            .iter()
            .all(|(_, problem)| problem.status == first.status);
        let status = match first.status {
            status @ (503 | 504) if alike => status,
            _ => 502,
        };
        let missing = self.missing_locations();
        let asked = missing.len() + self.without.len() + self.found.len();
        let reasons: Vec<String> = missing
            .iter()
            .map(|place| format!("{}: {}", place.location, place.reason))
            .collect();
        let detail = match (asked, self.without.is_empty()) {
            (1, _) => first.detail.clone(),
            (_, true) => format!(
                "none of {asked} locations could be asked: {}",
                reasons.join("; ")
            ),
            (_, false) => format!(
                "{} of {asked} locations could not be asked: {} (of the others: {})",
                missing.len(),
                reasons.join("; "),
                not_found.detail
            ),
        };
        Problem::new(status, detail).with_missing_locations(missing)
    }
}

impl<C: Coordinators> Api<'_, C> {
    /// Asks these places, all at once, and waits for every one of them. For questions that change nothing.
    pub(super) async fn ask_all(&self, locations: &[String], question: &Question) -> Answers {
        let name = name_of(question);
        let asked = locations.iter();
        let asked = asked.map(|location| self.ask_cached_as(&name, location, question));
        let answers = join_all(asked).await;
        Answers::of(locations, answers)
    }

    /// The same, whatever was asked a moment ago.
    pub(super) async fn ask_all_anew(&self, locations: &[String], question: &Question) -> Answers {
        let asked = locations.iter();
        let asked = asked.map(|location| async move {
            let answer = self.coordinators.ask(location, question).await?;
            Ok(answer.into())
        });
        Answers::of(locations, join_all(asked).await)
    }

    /// Asks every place, all at once, for what one of them has, and waits for no other once it has answered.
    pub(super) async fn ask_for_one(
        &self,
        question: &Question,
    ) -> Result<(String, Rc<str>), Answers> {
        let asked = self.settings.locations.iter();
        let mut answers: FuturesUnordered<_> = asked
            .map(|location| async move { (location, self.ask_cached(location, question).await) })
            .collect();
        let mut others = Answers::default();
        while let Some((location, answer)) = answers.next().await {
            match answer {
                Ok(json) => return Ok((location.clone(), json)),
                refused => others.add(location, refused),
            }
        }
        Err(others)
    }
}
