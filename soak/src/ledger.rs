//! What was measured, held against what is stored, sample by sample.
//!
//! A stub logs each slice before it answers ([`Made`]). The coordinator dispatches a slice only after the one before it was committed, so the log
//! proves what must be stored: a slice that was logged, and after it a later one of the same run, was committed. Only the slice in flight may be
//! lost to a kill, to a cancellation, or to an attempt that failed. Everything else that is missing is lost.
//!
//! Slices are recognised by their samples: twenty latencies in nanoseconds come only once. The seed of a slice, which all its attempts share,
//! says which attempts belong together.

#[cfg(test)]
mod tests;

use protocol::{Cell, RunId, RunState};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

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

/// Where a logged slice is stored: its run, and its position there.
type Place<'a> = (&'a RunId, u32);

/// Settles the account. `made` is in the order of the log; all runs have ended.
#[must_use]
pub fn settle(made: &[Made], found: &[Found], runs: &[Ended]) -> Account {
    let mut account = Account {
        made: made.iter().map(|slice| count(&slice.samples_ns)).sum(),
        ..Account::default()
    };
    let places = claim(made, found, &mut account);
    let ended_early = runs
        .iter()
        .filter(|run| run.state != RunState::Completed)
        .count();
    judge_unclaimed(made, &places, ended_early, &mut account);
    for run in runs {
        check(run, found, &mut account);
    }
    account
}

fn count(samples: &[u64]) -> u64 {
    samples.len() as u64
}

/// Finds for each stored slice the attempt that it came from.
fn claim<'a>(made: &[Made], found: &'a [Found], account: &mut Account) -> Vec<Option<Place<'a>>> {
    let mut open: BTreeMap<(Cell, &[u64]), Vec<usize>> = BTreeMap::new();
    for (at, slice) in made.iter().enumerate() {
        open.entry((slice.cell, &slice.samples_ns))
            .or_default()
            .push(at);
    }
    let mut places: Vec<Option<Place>> = vec![None; made.len()];
    let mut in_order: Vec<&Found> = found.iter().collect();
    in_order.sort_by_key(|slice| (&slice.run, slice.slice));
    let mut others = Vec::new();
    for slice in in_order {
        let Some(attempts) = open.get_mut(&(slice.cell, slice.samples_ns.as_slice())) else {
            others.push(slice);
            continue;
        };
        // Of attempts with equal samples the last one was committed.
        if let Some(at) = attempts.pop() {
            places[at] = Some((&slice.run, slice.slice));
            account.found += count(&slice.samples_ns);
        } else {
            account.doubled += count(&slice.samples_ns);
            account.note(format_args!(
                "doubled: slice {} of run {} is stored elsewhere, too",
                slice.slice, slice.run
            ));
        }
    }
    for slice in others {
        claim_altered(made, slice, &mut places, account);
    }
    places
}

/// Finds the attempt that a stored slice came from which has not the same samples, if most are.
fn claim_altered<'a>(
    made: &[Made],
    slice: &'a Found,
    places: &mut [Option<Place<'a>>],
    account: &mut Account,
) {
    let of_cell = made
        .iter()
        .enumerate()
        .filter(|(_, m)| m.cell == slice.cell);
    let shared = of_cell
        .filter(|(at, _)| places[*at].is_none())
        .map(|(at, attempt)| (shared(&attempt.samples_ns, &slice.samples_ns), at))
        .max();
    let stored = count(&slice.samples_ns);
    let Some((shared, at)) = shared.filter(|(shared, _)| shared * 2 > stored) else {
        account.unknown += stored;
        account.note(format_args!(
            "unknown: slice {} of run {} has {stored} samples that the stub never logged",
            slice.slice, slice.run
        ));
        return;
    };
    let logged = count(&made[at].samples_ns);
    places[at] = Some((&slice.run, slice.slice));
    account.found += shared;
    account.lost += logged - shared;
    account.doubled += stored - shared;
    account.note(format_args!(
        "altered: slice {} of run {} has {stored} samples, the stub logged {logged}, and {shared} are the same",
        slice.slice, slice.run
    ));
}

/// How many samples two lists share, each as often as it is in both.
fn shared(one: &[u64], other: &[u64]) -> u64 {
    let mut left: BTreeMap<u64, u64> = BTreeMap::new();
    for sample in one {
        *left.entry(*sample).or_default() += 1;
    }
    let mut shared = 0;
    for sample in other {
        if let Some(n) = left.get_mut(sample).filter(|n| **n > 0) {
            *n -= 1;
            shared += 1;
        }
    }
    shared
}

/// Whether what is not stored was in flight, or is lost.
fn judge_unclaimed(
    made: &[Made],
    claimed: &[Option<Place>],
    ended_early: usize,
    account: &mut Account,
) {
    // An attempt that is not stored has its place where the next attempt of its slice is stored.
    let mut places: Vec<Option<Place>> = claimed.to_vec();
    let mut next: BTreeMap<u64, Place> = BTreeMap::new();
    for at in (0..made.len()).rev() {
        match claimed[at] {
            Some(place) => {
                next.insert(made[at].seed, place);
            }
            None => places[at] = next.get(&made[at].seed).copied(),
        }
    }
    let mut without: BTreeSet<u64> = BTreeSet::new();
    for (at, slice) in made.iter().enumerate() {
        if claimed[at].is_some() {
            continue;
        }
        let samples = count(&slice.samples_ns);
        let Some((run, index)) = places[at] else {
            // The last slice of a run that ended early; there is one of each such run at most.
            without.insert(slice.seed);
            if without.len() > ended_early {
                account.lost += samples;
                account.note(format_args!(
                    "lost: a slice of {} that no run has, entry {at} of the log",
                    slice.cell
                ));
            } else {
                account.in_flight += samples;
            }
            continue;
        };
        let until = (at + 1..made.len()).find(|&later| claimed[later] == Some((run, index)));
        let mut between = places[at + 1..until.unwrap_or(made.len())].iter().flatten();
        if between.any(|(other, later)| *other == run && *later > index) {
            account.lost += samples;
            account.note(format_args!(
                "lost: slice {index} of run {run} was measured again after a later one had been begun, entry {at} of the log"
            ));
        } else {
            account.in_flight += samples;
        }
    }
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
