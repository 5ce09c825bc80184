//! What the slices of one cell say.

use super::back_to_back::{BackToBack, pooled};
use measurement::{
    block_means::BlockMeans,
    cell_samples::{Block, CellSamples},
    duration::Nanoseconds,
    median::median,
};
use protocol::units::NS_PER_MS;
use protocol::{
    Cell, ErrorKind, Plan, RoundKind, Rounds,
    measure::{ClockFacts, MeasureResponse, Timer},
    slice::SliceRecord,
};
use std::collections::BTreeMap;

/// Everything that is known of one cell before statistics.
pub(crate) struct CellEvidence {
    pub(crate) cell: Cell,
    /// The timer of most of its slices; `None` when no slice says.
    pub(crate) timer: Option<Timer>,
    /// Whether the caller's clock stands still while it computes.
    pub(crate) frozen: bool,
    /// Smallest difference between two latencies that the timer can show, slice by slice, in nanoseconds.
    resolutions_ns: Vec<u64>,
    /// Samples of slices with that timer, in call order.
    pub(crate) blocks: Vec<Block>,
    /// The same, sorted and pooled.
    pub(crate) samples: CellSamples,
    /// The same with the calls that timed out, where some did.
    with_timeouts: Option<CellSamples>,
    /// Timed calls of slices with that timer that timed out, by block.
    timeouts: Vec<(u32, u64)>,
    /// Where the others are isolated calls: those of rounds of back-to-back calls.
    back_to_back: Option<BackToBack>,
    /// (calls that failed, calls made) of each block; timeouts that count as latencies have not failed.
    pub(crate) failed_calls: BTreeMap<u32, (u64, u64)>,
    /// Back-to-back calls.
    pub(crate) chain: BlockMeans,
    /// The tick that each chain is good to.
    pub(crate) chain_tick_ns: f64,
    /// Calls in flight at once: samples of whole ticks are so many chains, begun at the same moment.
    lanes: u32,
    pub(crate) errors: BTreeMap<ErrorKind, u64>,
    /// What the first call that failed said, where the stub reports it.
    pub(crate) failure: Option<Box<str>>,
    pub(crate) skipped: u64,
    pub(crate) lost: u64,
    pub(crate) warmup_calls: u64,
    pub(crate) slices: Vec<SliceFacts>,
    /// Whether a clock that was polled by I/O shows isolated calls shorter than back-to-back ones: then only whole ticks are believed.
    pub(crate) is_contradicted: bool,
}

/// What is told about a slice apart from its latencies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SliceFacts {
    pub(crate) index: u32,
    pub(crate) errors: u64,
    pub(crate) attempt: u32,
    /// Whether its timer is not the one that the cell's figures rest on.
    pub(crate) other_timer: bool,
    /// Time that the slice must have taken by what it tells, in ms: the sum of its samples, spread over the calls in flight at once, or its elapsed time,
    /// whichever is longer.
    pub(crate) told_ms: f64,
    pub(crate) dispatch_ms: u64,
}

impl CellEvidence {
    /// What a single sample is good to, in nanoseconds: the median of the slices; for whole ticks the coarsest.
    pub(crate) fn resolution_ns(&self) -> u64 {
        let place = match self.timer {
            Some(timer) if timer.interpolates() => self.resolutions_ns.len() / 2,
            _ => self.resolutions_ns.len().saturating_sub(1),
        };
        self.resolutions_ns.get(place).copied().unwrap_or(0)
    }

    /// The mean over `B` chains of `N` calls together is good to `tick * sqrt(B) / N`: each chain's error is below a tick, and
    /// those of different blocks are independent, because each starts at a random phase of the clock. Lanes of a block start at the same phase:
    /// their errors add up.
    pub(crate) fn chain_resolution_ns(&self) -> f64 {
        let (blocks, calls) = (self.chain.block_count() as f64, self.chain.weight() as f64);
        if calls > 0.0 {
            self.chain_good_to_ns() * blocks.sqrt() / calls
        } else {
            0.0
        }
    }

    /// What the clock may add to the time of one block's chain.
    pub(crate) fn chain_good_to_ns(&self) -> f64 {
        self.chain_tick_ns * f64::from(self.lanes)
    }

    /// The coarsest step of the clock, in nanoseconds.
    fn tick_ns(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of milliseconds"
        )]
        let tick_ns = self.chain_tick_ns as u64;
        tick_ns
    }

    fn median_resolution_ns(&self) -> f64 {
        let resolutions = self.resolutions_ns.iter().map(|&ns| ns as f64);
        median(resolutions).unwrap_or_default()
    }

    /// Whether single samples tell of the calls: whole ticks are too coarse, and below the resolution they tell of the timer.
    pub(crate) fn is_resolved(&self) -> bool {
        let median = self.samples.histogram().quantile_ns(0.5);
        self.timer.is_some_and(Timer::interpolates)
            && median.is_some_and(|median| median >= self.resolution_ns())
    }

    /// An isolated call does all that a back-to-back one does, after a pause. If it reads shorter by more than chance and the timer's resolution explain, the
    /// reading is wrong: back-to-back calls need no interpolation.
    fn contradicted(&self) -> bool {
        let isolated = BlockMeans::of(&self.samples);
        let difference = isolated.minus(&self.chain).estimate();
        let explained_ns = self.median_resolution_ns().max(self.chain_resolution_ns());
        self.timer == Some(Timer::IoInterpolated)
            && difference.is_ok_and(|difference| difference.upper_ns < -explained_ns)
    }

    /// Takes the interpolation back: of each sample the ticks remain that passed during the call, which the clock itself has shown.
    fn believe_ticks_only(&mut self) {
        let tick_ns = self.tick_ns();
        for sample in self
            .blocks
            .iter_mut()
            .flat_map(|block| &mut block.samples_ns)
        {
            *sample -= *sample % tick_ns;
        }
        self.samples = CellSamples::new(self.blocks.iter().cloned());
        self.timer = Some(Timer::Ticked);
        self.resolutions_ns = vec![tick_ns];
    }

    /// All latencies, of calls that timed out as well: for quantiles and verdicts. Means are of [`Self::samples`].
    pub(crate) fn latencies(&self) -> &CellSamples {
        self.with_timeouts.as_ref().unwrap_or(&self.samples)
    }

    /// The samples of rounds of back-to-back calls, where there are any beside isolated ones.
    pub(crate) fn back_to_back(&self) -> Option<&BackToBack> {
        self.back_to_back.as_ref()
    }

    pub(crate) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// What the slices of a cell say.
pub(super) fn cell_evidence(
    cell: Cell,
    plan: &Plan,
    rounds: &Rounds,
    slices: &[(&SliceRecord, &MeasureResponse)],
) -> CellEvidence {
    let is_back_to_back = |record: &SliceRecord| {
        let round = rounds.of_block(record.block);
        round.is_some_and(|round| round.kind == RoundKind::BackToBack)
    };
    // a round of back-to-back calls asks for whole ticks, whatever the clock allows
    let clocks: Vec<ClockFacts> = slices
        .iter()
        .filter(|(record, _)| !is_back_to_back(record))
        .filter_map(|(_, answer)| answer.clock)
        .collect();
    let timer = timer_of_most(&clocks);
    let tick_ns = clocks.iter().map(|clock| clock.tick_ms).max().unwrap_or(1) as f64 * NS_PER_MS;
    let mut evidence = CellEvidence {
        cell,
        timer,
        frozen: clocks.iter().any(|clock| !clock.advances_during_cpu),
        resolutions_ns: Vec::new(),
        blocks: Vec::new(),
        samples: CellSamples::new([]),
        with_timeouts: None,
        timeouts: Vec::new(),
        back_to_back: None,
        failed_calls: BTreeMap::new(),
        chain: BlockMeans::new(),
        chain_tick_ns: tick_ns,
        lanes: plan.concurrency.max(1),
        errors: BTreeMap::new(),
        failure: None,
        skipped: 0,
        lost: 0,
        warmup_calls: 0,
        slices: Vec::new(),
        is_contradicted: false,
    };
    for (record, answer) in slices {
        // A slice of no round was asked for nothing.
        let round = rounds.of_block(record.block);
        let asked = Asked {
            samples: round.map_or(0, |r| r.samples_per_slice),
            apart: timer.is_some_and(Timer::interpolates) && is_back_to_back(record),
        };
        evidence.add(record, answer, plan, asked);
    }
    evidence.blocks.sort_by_key(|block| block.index);
    evidence.samples = CellSamples::new(evidence.blocks.iter().cloned());
    evidence.is_contradicted = evidence.contradicted();
    if evidence.is_contradicted {
        evidence.believe_ticks_only();
    }
    let timeout_ns = Nanoseconds::from_ms(plan.call_timeout_ms.into()).0;
    evidence.with_timeouts = (!evidence.timeouts.is_empty())
        .then(|| pooled(&evidence.blocks, &evidence.timeouts, timeout_ns));
    if let Some(back_to_back) = &mut evidence.back_to_back {
        back_to_back.pool(timeout_ns);
    }
    evidence.resolutions_ns.sort_unstable();
    evidence
}

/// The timer of most slices: one that interpolates where at least half of them do.
fn timer_of_most(clocks: &[ClockFacts]) -> Option<Timer> {
    let count = |timer: Timer| clocks.iter().filter(|clock| clock.timer == timer).count();
    let (by_computing, by_io) = (count(Timer::Interpolated), count(Timer::IoInterpolated));
    let interpolated = if by_computing >= by_io {
        Timer::Interpolated
    } else {
        Timer::IoInterpolated
    };
    match clocks.len() {
        0 => None,
        n if 2 * (by_computing + by_io) >= n => Some(interpolated),
        _ => Some(Timer::Ticked),
    }
}

/// What was asked of a slice.
#[derive(Clone, Copy)]
struct Asked {
    samples: u32,
    /// Whether its samples are back-to-back ones beside isolated ones.
    apart: bool,
}

impl CellEvidence {
    fn add(&mut self, record: &SliceRecord, answer: &MeasureResponse, plan: &Plan, asked: Asked) {
        for (kind, count) in answer.errors.iter() {
            *self.errors.entry(kind).or_default() += count;
        }
        if self.failure.is_none() {
            self.failure.clone_from(&answer.failure);
        }
        self.skipped += answer.skipped;
        self.lost += answer.lost;
        self.warmup_calls += u64::from(answer.warmup_calls);
        let errors = answer.errors.total();
        let expected = if asked.apart {
            Some(Timer::Ticked)
        } else {
            self.timer
        };
        let other_timer = answer
            .clock
            .is_some_and(|clock| Some(clock.timer) != expected);
        let samples_ns: Vec<u64> = answer.samples_ns().collect();
        self.add_failures(record, answer, other_timer, asked);
        let sum_ms = samples_ns.iter().map(|&ns| ns as f64).sum::<f64>() / NS_PER_MS;
        self.slices.push(SliceFacts {
            index: record.index,
            errors,
            attempt: record.attempt,
            other_timer,
            told_ms: (sum_ms / f64::from(self.lanes)).max(answer.elapsed_ms as f64),
            dispatch_ms: record.dispatch_ms,
        });
        if let Some(chain) = answer.chain {
            let mean_ns = chain.elapsed_ms as f64 * NS_PER_MS / f64::from(chain.calls.max(1));
            self.chain
                .add(record.block, mean_ns, u64::from(chain.calls));
        }
        match answer.clock {
            None if plan.concurrency == 1 => {
                self.add_elapsed_alone(record, answer, errors, asked.samples);
            }
            Some(clock) if !other_timer => {
                if clock.timer == Timer::Ticked && answer.chain.is_none() && !samples_ns.is_empty()
                {
                    let sum: f64 = samples_ns.iter().map(|&ns| ns as f64).sum();
                    self.chain.add(
                        record.block,
                        sum / samples_ns.len() as f64,
                        samples_ns.len() as u64,
                    );
                }
                let index = record.block;
                if asked.apart {
                    let apart = self.back_to_back.get_or_insert_default();
                    apart.add(Block { index, samples_ns }, clock.sample_unit_ns);
                    return;
                }
                self.resolutions_ns.push(match clock.timer {
                    Timer::Interpolated | Timer::IoInterpolated => clock.resolution_ns,
                    Timer::Ticked => clock.sample_unit_ns,
                });
                self.blocks.push(Block { index, samples_ns });
            }
            // overlapping calls without samples, and samples of another timer, have no place among the cell's
            None | Some(_) => {}
        }
    }

    /// Counts the calls that were made and those that failed, and the timeouts that are latencies.
    fn add_failures(
        &mut self,
        record: &SliceRecord,
        answer: &MeasureResponse,
        other_timer: bool,
        asked: Asked,
    ) {
        let errors = answer.errors.total();
        let is_timed = answer.clock.is_some() && !other_timer;
        let timeouts = answer.timeouts();
        if is_timed && timeouts > 0 {
            if asked.apart {
                let apart = self.back_to_back.get_or_insert_default();
                apart.add_timeouts(record.block, timeouts);
            } else {
                self.timeouts.push((record.block, timeouts));
            }
        }
        // no verdict on latencies would count the timeouts of `direct`
        let are_latencies = is_timed && self.cell.transport.delegates();
        let failed = if are_latencies {
            errors - timeouts
        } else {
            errors
        };
        let made = if answer.clock.is_some() {
            let chain = answer.chain.map_or(0, |chain| u64::from(chain.calls));
            answer.samples.len() as u64 + answer.lost + chain + errors
        } else {
            u64::from(asked.samples)
                .saturating_sub(answer.skipped)
                .max(errors)
        };
        let block = self.failed_calls.entry(record.block).or_default();
        block.0 += failed;
        block.1 += made;
    }

    /// A stub that answers with its elapsed time alone has measured a chain: the timed calls that did not fail.
    fn add_elapsed_alone(
        &mut self,
        record: &SliceRecord,
        answer: &MeasureResponse,
        errors: u64,
        planned: u32,
    ) {
        let calls = u64::from(planned).saturating_sub(errors + answer.skipped);
        if calls > 0 {
            self.chain.add(
                record.block,
                answer.elapsed_ms as f64 * NS_PER_MS / calls as f64,
                calls,
            );
        }
    }
}
