//! What was measured, held against what is stored, sample by sample.
//!
//! A stub logs each slice before it answers ([`Made`]). The coordinator dispatches a slice only after the one before it was committed, so the log
//! proves what must be stored: a slice that was logged, and after it a later one of the same run, was committed. Only the slice in flight may be
//! lost to a kill, to a cancellation, or to an attempt that failed. Everything else that is missing is lost.
//!
//! A slice is recognised by its seed, which follows from its run's seed and its position, and which all its attempts share; its samples tell the
//! attempts apart, and runs of the same seed. A coordinator measures one run at a time, so what is logged between two slices of a run is that run's, or of one that ended early in between.

mod claim;
#[cfg(test)]
mod tests;

use claim::claim;
use protocol::{Cell, RunId, RunState};
use std::{collections::BTreeMap, fmt::Display};

/// Findings that are kept in words; all are counted.
const MOST_FINDINGS: usize = 20;

/// A slice as the stub logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The slice's seed: that of all its attempts.
    pub seed: u64,
    /// What was called.
    pub cell: Cell,
    /// Latencies in ns, in call order.
    pub samples_ns: Vec<u64>,
}

/// A slice as it is stored, by the raw samples of its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its run.
    pub run: RunId,
    /// Its position in the run.
    pub slice: u32,
    /// What was called.
    pub cell: Cell,
    /// Latencies in ns, in the order of the file.
    pub samples_ns: Vec<u64>,
}

/// A run as its status says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which run.
    pub run: RunId,
    /// The seed of its plan.
    pub seed: u64,
    /// Where it stands.
    pub state: RunState,
    /// Slices committed.
    pub slices_done: u32,
    /// Slices of its rounds.
    pub slices_total: u32,
    /// Samples that it counts, failed calls not among them.
    pub samples: u64,
}

/// What became of all samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Samples that the stub logged.
    pub made: u64,
    /// Of which are stored.
    pub found: u64,
    /// Of which were in flight when their attempt was ended, and are rightly not stored.
    pub in_flight: u64,
    /// Of which should be stored, and are not.
    pub lost: u64,
    /// Samples stored more often than they were made.
    pub doubled: u64,
    /// Samples stored that the stub has never logged.
    pub unknown: u64,
    /// Runs whose status contradicts their state or their samples.
    pub contradictions: u64,
    /// The first findings, in words.
    pub findings: Vec<String>,
}

impl Account {
    /// Whether every sample is where it must be, once.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.unknown == 0 && self.contradictions == 0
    }

    fn note(&mut self, finding: impl Display) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding.to_string());
        }
    }
}

/// A slice of a run, by its position.
type Place<'a> = (&'a RunId, u32);

/// Settles the account. `made` is in the order of the log; all runs have ended. `seed_of` says how a slice's seed follows from its run's seed and its position.
#[must_use]
pub fn settle(
    made: &[Made],
    found: &[Found],
    runs: &[Ended],
    seed_of: impl Fn(u64, u32) -> u64,
) -> Account {
    let mut account = Account {
        made: made.iter().map(|slice| count(&slice.samples_ns)).sum(),
        ..Account::default()
    };
    let plan_seeds: BTreeMap<&RunId, u64> = runs.iter().map(|run| (&run.run, run.seed)).collect();
    let seeds: Vec<Option<u64>> = found
        .iter()
        .map(|slice| Some(seed_of(*plan_seeds.get(&slice.run)?, slice.slice)))
        .collect();
    let places = claim(made, found, &seeds, &mut account);
    // The slices that each seed can be of: those that a run has stored, and the one that was next.
    let mut of_seed: BTreeMap<u64, Vec<Slice>> = BTreeMap::new();
    for run in runs {
        for index in 0..=run.slices_done {
            let slices = of_seed.entry(seed_of(run.seed, index)).or_default();
            slices.push(Slice { run, index });
        }
    }
    let can_be: Vec<&[Slice]> = made
        .iter()
        .map(|entry| of_seed.get(&entry.seed).map_or(&[][..], Vec::as_slice))
        .collect();
    for (at, entry) in made.iter().enumerate() {
        let samples = count(&entry.samples_ns);
        // One whose calls all failed has nothing that could be found, or lost.
        if places[at].is_some() || samples == 0 {
            continue;
        }
        let slices = can_be[at].iter();
        if slices
            .into_iter()
            .any(|slice| slice.was_in_flight(at, &places, &can_be))
        {
            account.in_flight += samples;
        } else {
            account.lost += samples;
            account.note(format_args!(
                "lost: {samples} samples of {}, entry {at} of the log: {}",
                entry.cell,
                whose(can_be[at], &places, at)
            ));
        }
    }
    for run in runs {
        check(run, found, &mut account);
    }
    account
}

/// A slice of a run that has ended.
#[derive(Clone, Copy)]
struct Slice<'a> {
    run: &'a Ended,
    index: u32,
}

impl Slice<'_> {
    /// Whether entry `at` of the log, which is not stored, can be an attempt at this slice that was rightly given up: nothing later of the run was logged
    /// until it was made again, or the run ended there.
    fn was_in_flight(self, at: usize, places: &[Option<Place>], can_be: &[&[Self]]) -> bool {
        let Self { run, index } = self;
        let made_again =
            (at + 1..places.len()).find(|&later| places[later] == Some((&run.run, index)));
        if let Some(again) = made_again {
            let mut between = can_be[at + 1..again].iter().copied().flatten();
            return !between.any(|slice| slice.run.run == run.run && slice.index > index);
        }
        let is_of = |place: &Place| place.0 == &run.run;
        let has_any = places.iter().flatten().any(is_of);
        // From the run's last slice to this entry nothing is of another run.
        let follows = !has_any || places[..at].iter().flatten().next_back().is_some_and(is_of);
        let is_last = !places[at + 1..].iter().flatten().any(is_of);
        run.state != RunState::Completed && index == run.slices_done && follows && is_last
    }
}

/// What is known of an entry that is lost, for whoever looks into it.
fn whose(slices: &[Slice], places: &[Option<Place>], at: usize) -> String {
    let named = |place: Option<&Place>| {
        place.map_or_else(
            || "nothing".to_owned(),
            |(run, slice)| format!("slice {slice} of run {run}"),
        )
    };
    let of: Vec<String> = slices
        .iter()
        .map(|Slice { run, index }| {
            format!(
                "slice {index} of run {} ({}, {} slices)",
                run.run, run.state, run.slices_done
            )
        })
        .collect();
    let of = if of.is_empty() {
        "no run has its seed".to_owned()
    } else {
        format!("by its seed of {}", of.join(" or "))
    };
    format!(
        "{of}; logged after {} and before {}",
        named(places[..at].iter().flatten().next_back()),
        named(places[at + 1..].iter().flatten().next())
    )
}

fn count(samples: &[u64]) -> u64 {
    samples.len() as u64
}

/// Holds a run's status against its state and its samples.
fn check(run: &Ended, found: &[Found], account: &mut Account) {
    let stored: u64 = found
        .iter()
        .filter(|slice| slice.run == run.run)
        .map(|slice| count(&slice.samples_ns))
        .sum();
    let mut contradiction = |finding: String| {
        account.contradictions += 1;
        account.note(format_args!("contradiction: run {} {finding}", run.run));
    };
    if stored != run.samples {
        contradiction(format!(
            "counts {} samples, and {stored} are stored",
            run.samples
        ));
    }
    if !run.state.is_final() {
        contradiction(format!("is still {}", run.state));
    }
    if run.state == RunState::Completed && run.slices_done != run.slices_total {
        contradiction(format!(
            "is completed with {} of {} slices",
            run.slices_done, run.slices_total
        ));
    }
}
