//! What is made of the latest reports: once for every set of runs, not for each reader.
//!
//! Each reader learns which runs are the latest, a small question, at most a second old. What is made of just these runs is then taken from this
//! Worker's memory, or from the coordinator of the first location, which keeps it for all instances; else it is made, and kept. So it is never of other
//! runs than the latest ones, and no reader waits for what another one has had made.

use super::{Api, Coordinators, places::Answers, runs::read};
use crate::coordinator::{Derived, Question};
use futures_util::future::join_all;
use protocol::{PACKAGE_VERSION, Problem, RunId};
use std::rc::Rc;

/// A place, and its latest completed run. Lists of them are in the configured order.
pub(super) type LatestRun = (String, RunId);

/// A text, or what it is to be made of.
pub(super) enum Made {
    /// It has been made.
    Kept(Rc<str>),
    /// The reports of those places that answer now.
    Of(Answers),
}

impl<C: Coordinators> Api<'_, C> {
    /// The latest completed runs, and what the places answered.
    pub(super) async fn latest(
        &self,
        locations: &[String],
    ) -> Result<(Vec<LatestRun>, Answers), Problem> {
        let answers = self.ask_all(locations, &Question::Latest).await;
        Ok((latest_runs(&answers)?, answers))
    }

    /// A text that is made of the reports of these runs, or the reports.
    pub(super) async fn made_of(&self, what: Derived, latest: &[LatestRun]) -> Made {
        let (of, name) = names(what, latest);
        if let Some(text) = self.cache.made(&name, self.now) {
            return Made::Kept(text);
        }
        let question = Question::Derived { what, of };
        // Where the keeper does not answer, it is made anew.
        if let Ok(text) = self.coordinators.ask(self.keeper(), &question).await {
            let text = text.into();
            self.cache.keep_made(&name, &text, true, self.now);
            return Made::Kept(text);
        }
        Made::Of(self.reports_of(latest).await)
    }

    /// Keeps a text that was made of the reports of these runs, all of them.
    pub(super) async fn keep(&self, what: Derived, latest: &[LatestRun], text: &Rc<str>) {
        let (of, name) = names(what, latest);
        self.cache.keep_made(&name, text, true, self.now);
        let text = text.to_string();
        // Where it cannot be kept, another instance makes it anew.
        let question = Question::KeepDerived { what, of, text };
        let _ = self.coordinators.ask(self.keeper(), &question).await;
    }

    /// The reports of these runs, side by side.
    async fn reports_of(&self, latest: &[LatestRun]) -> Answers {
        let asked = latest.iter().map(|(location, run)| async move {
            let run = Some(run.clone());
            self.ask_cached(location, &Question::Report { run }).await
        });
        let mut answers = Answers::default();
        for ((location, _), answer) in latest.iter().zip(join_all(asked).await) {
            answers.add(location, answer);
        }
        answers
    }

    /// The place whose coordinator keeps what is made of all places.
    fn keeper(&self) -> &str {
        self.settings.locations.first().map_or("", String::as_str)
    }
}

/// The runs that places answered to [`Question::Latest`].
pub(super) fn latest_runs(answers: &Answers) -> Result<Vec<LatestRun>, Problem> {
    let found = answers.found.iter();
    let runs = found.map(|(location, run)| Ok((location.clone(), read(run)?)));
    runs.collect()
}

/// What a text is made of, this release included, and its name in the Worker's memory.
fn names(what: Derived, latest: &[LatestRun]) -> (String, String) {
    let runs: Vec<String> = latest
        .iter()
        .map(|(location, run)| format!("{location}={run}"))
        .collect();
    let of = format!("{PACKAGE_VERSION} {}", runs.join(" "));
    let name = format!("{} {of}", what.as_str());
    (of, name)
}
