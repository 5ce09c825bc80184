//! The samples of cold starts: which count, and what they say, by block.

use measurement::cell_samples::{Block, CellSamples};
use protocol::{
    ErrorKind, Plan,
    cold_start::{Artefact, ColdStart, Flaw, Outcome, Sample, Scenario, TIMED_CALLS},
    measure::Timer,
    slice::{Measured, SliceRecord, Work},
    units::NS_PER_MS,
};
use std::collections::{BTreeMap, BTreeSet};

/// Times of one kind, by block.
#[derive(Clone, Debug, Default)]
pub(super) struct Times {
    blocks: Vec<Block>,
    timeouts: Vec<(u32, u64)>,
    timeout_ns: u64,
    resolutions_ns: Vec<u64>,
    is_ticked: bool,
}

impl Times {
    fn add(&mut self, block: u32, ns: u64, resolution_ns: u64, is_ticked: bool) {
        self.blocks.push(Block {
            index: block,
            samples_ns: vec![ns],
        });
        self.resolutions_ns.push(resolution_ns);
        self.is_ticked |= is_ticked;
    }

    /// Those of several kinds together.
    pub(super) fn joined<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        all.fold(Self::default(), |mut joined, one| {
            joined.blocks.extend(one.blocks.iter().cloned());
            joined.resolutions_ns.extend(&one.resolutions_ns);
            joined.is_ticked |= one.is_ticked;
            joined
        })
    }

    pub(super) fn cell(&self) -> CellSamples {
        CellSamples::with_timeouts(
            self.blocks.iter().cloned(),
            self.timeouts.iter().copied(),
            self.timeout_ns,
        )
    }

    /// The smallest difference that most of the samples could see, in ns.
    pub(super) fn resolution_ns(&self) -> f64 {
        let mut all = self.resolutions_ns.clone();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default() as f64
    }

    /// What a quantile may be wrong by: a whole tick where samples are whole ticks, else the timer's `blur_ns`.
    pub(super) fn error_ns(&self, blur_ns: f64) -> f64 {
        if self.is_ticked {
            self.resolution_ns()
        } else {
            blur_ns
        }
    }
}

/// What is counted of one kind of cold start.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) of: ColdStart,
    pub(super) discarded: BTreeMap<Flaw, u64>,
    pub(super) failure: Option<String>,
    pub(super) artefacts: BTreeSet<Artefact>,
    pub(super) first_answer: Times,
    /// Those of [`TIMED_CALLS`] after the first.
    pub(super) later_calls: Vec<Times>,
    pub(super) kept_pair_first: Times,
    pub(super) kept_pair_settled: Times,
    pub(super) load: Times,
    pub(super) start: Times,
    pub(super) first_call: Times,
}

impl Counted {
    fn none(of: ColdStart, timeout_ns: u64) -> Self {
        Self {
            of,
            discarded: BTreeMap::new(),
            failure: None,
            artefacts: BTreeSet::new(),
            first_answer: Times {
                timeout_ns,
                ..Times::default()
            },
            later_calls: vec![Times::default(); TIMED_CALLS.len() - 1],
            kept_pair_first: Times::default(),
            kept_pair_settled: Times::default(),
            load: Times::default(),
            start: Times::default(),
            first_call: Times::default(),
        }
    }

    fn add_failed(&mut self, block: u32, kind: ErrorKind, detail: &str) {
        self.failure = Some(detail.to_owned());
        if kind == ErrorKind::Timeout {
            // It took its timeout at least, and so counts above every quantile that it reaches.
            self.first_answer.timeouts.push((block, 1));
        } else {
            *self.discarded.entry(Flaw::Failed).or_default() += 1;
        }
    }

    fn add(&mut self, block: u32, sample: &Sample) {
        let is_ticked = sample.clock.timer == Timer::Ticked;
        let resolution_ns = sample.clock.resolution_ns;
        let add = |times: &mut Times, ns: u64| times.add(block, ns, resolution_ns, is_ticked);
        add(&mut self.first_answer, sample.first_answer_ns);
        for (times, ns) in self.later_calls.iter_mut().zip(&sample.later_calls_ns) {
            if let Some(ns) = ns {
                add(times, *ns);
            }
        }
        if let Some(ns) = sample.kept_pair_first_ns {
            add(&mut self.kept_pair_first, ns);
        }
        if let Some(ns) = sample.kept_pair_settled_ns {
            add(&mut self.kept_pair_settled, ns);
        }
        self.artefacts.extend(sample.artefacts.iter().cloned());
        if let Some([load_ms, start_ms, first_call_ms]) = parts_ms(self.of.scenario, sample) {
            let whole_ms = |times: &mut Times, ms: u64| {
                times.add(block, ms * NS_PER_MS_WHOLE, NS_PER_MS_WHOLE, true);
            };
            whole_ms(&mut self.load, load_ms);
            whole_ms(&mut self.start, start_ms);
            whole_ms(&mut self.first_call, first_call_ms);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole positive constant"
)]
const NS_PER_MS_WHOLE: u64 = NS_PER_MS as u64;

/// Until the modules had run, until the first request came, until the answer; `None` where the platform's clock does not tell them apart.
fn parts_ms(scenario: Scenario, sample: &Sample) -> Option<[u64; 3]> {
    let loaded = if scenario.loads_entry() {
        &sample.entry.after
    } else if scenario.loads_runtime() {
        &sample.runtime.as_ref()?.after
    } else {
        return None;
    };
    let (started_ms, first_ms) = (loaded.started_at, loaded.first_at);
    Some([
        started_ms.checked_sub(sample.began_ms)?,
        first_ms.checked_sub(started_ms)?,
        sample.answered_ms.checked_sub(first_ms)?,
    ])
}

/// The samples of a run, by what they are of.
pub(super) struct Samples(BTreeMap<ColdStart, Counted>);

impl Samples {
    pub(super) fn of(plan: &Plan, records: &[SliceRecord]) -> Self {
        let timeout_ns = u64::from(plan.call_timeout_ms) * NS_PER_MS_WHOLE;
        let mut records: Vec<&SliceRecord> = records.iter().collect();
        records.sort_by_key(|record| record.index);
        let (mut all, mut seen) = (BTreeMap::new(), BTreeSet::new());
        for record in records {
            let (Work::ColdStart(of), Measured::ColdStart(outcome)) =
                (record.work, &record.measured)
            else {
                continue;
            };
            let counted = all
                .entry(of)
                .or_insert_with(|| Counted::none(of, timeout_ns));
            match outcome {
                Outcome::Failed { kind, detail } => {
                    counted.add_failed(record.block, *kind, detail);
                }
                Outcome::Sampled(sample) => match flaw(of.scenario, sample, &seen) {
                    Some(flaw) => *counted.discarded.entry(flaw).or_default() += 1,
                    None => counted.add(record.block, sample),
                },
            }
            if let Outcome::Sampled(sample) = outcome {
                seen.extend(ids(sample));
            }
        }
        Self(all)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, of: ColdStart) -> Option<&Counted> {
        self.0.get(&of)
    }
}

/// What is wrong with a sample: by itself, or because an isolate that should have been fresh was `seen` before.
fn flaw<'a>(scenario: Scenario, sample: &'a Sample, seen: &BTreeSet<&'a str>) -> Option<Flaw> {
    let seen_before = || sample.fresh_ids(scenario).any(|id| seen.contains(id));
    let own = sample.flaw(scenario);
    own.or_else(|| seen_before().then_some(Flaw::NotFresh))
}

fn ids(sample: &Sample) -> impl Iterator<Item = &str> {
    let both = [Some(&sample.entry), sample.runtime.as_ref()];
    both.into_iter()
        .flatten()
        .map(|isolate| isolate.after.id.as_str())
}
