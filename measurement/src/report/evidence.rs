//! The records of a run, sorted by what they are evidence of.

use crate::{
    block_means::BlockMeans,
    cell_samples::{Block, CellSamples},
};
use protocol::{
    Cell, ErrorKind, Limits, Plan, Transport,
    breakdown::Component,
    limits::LimitsProfile,
    measure::{ClockFacts, MeasureResponse, RepeatResponse, Timer},
    slice::{Measured, SliceRecord, Work},
};
use std::collections::BTreeMap;

/// Nanoseconds of a millisecond.
pub(super) const NS_PER_MS: f64 = 1e6;

/// Everything that the slices of a run say.
pub(super) struct Evidence {
    /// One for each cell of the plan, in the plan's order.
    pub(super) cells: Vec<CellEvidence>,
    /// Times of one repetition of each component, by block.
    pub(super) components: BTreeMap<Component, ComponentEvidence>,
    /// What each slice learnt about its clock.
    pub(super) clocks: Vec<ClockFacts>,
    /// All readings of the timer around no call, in nanoseconds, sorted.
    pub(super) noise_floor_ns: Vec<u64>,
}

/// Everything that is known of one cell before statistics.
pub(super) struct CellEvidence {
    pub(super) cell: Cell,
    /// The timer of most of its slices; `None` when no slice says.
    pub(super) timer: Option<Timer>,
    /// Whether the caller's clock stands still while it computes.
    pub(super) frozen: bool,
    /// Smallest difference between two latencies that the timer can show, slice by slice, in nanoseconds.
    resolutions_ns: Vec<u64>,
    /// Samples of slices with that timer, in call order.
    pub(super) blocks: Vec<Block>,
    /// The same, sorted and pooled.
    pub(super) samples: CellSamples,
    /// Calls in a row.
    pub(super) chain: BlockMeans,
    /// The tick that each chain is good to.
    pub(super) chain_tick_ns: f64,
    /// Calls in flight at once: samples of whole ticks are so many chains, begun at the same moment.
    lanes: u32,
    pub(super) errors: BTreeMap<ErrorKind, u64>,
    pub(super) skipped: u64,
    pub(super) lost: u64,
    pub(super) warmup_calls: u64,
    pub(super) slices: Vec<SliceFacts>,
}

/// What is told about a slice apart from its latencies.
#[derive(Clone, Copy, Debug)]
pub(super) struct SliceFacts {
    pub(super) index: u32,
    pub(super) errors: u64,
    pub(super) attempt: u32,
    /// Whether its timer is not the one that the cell's figures rest on.
    pub(super) other_timer: bool,
    /// Time that the slice must have taken by what it tells, in ms: the sum of its samples, spread over the calls in flight at once, or its elapsed time,
    /// whichever is longer.
    pub(super) told_ms: f64,
    pub(super) dispatch_ms: u64,
}

/// Times of one component.
#[derive(Default)]
pub(super) struct ComponentEvidence {
    pub(super) means: BlockMeans,
    /// One tick of the clock that timed it, in nanoseconds.
    pub(super) tick_ns: f64,
}

impl ComponentEvidence {
    /// What the clock resolves: each block's reading is good to a tick over its repetitions, and more blocks do not
    /// make it better, since repetitions start at the same phase of the clock in every block, soon after an alarm.
    pub(super) fn resolution_ns(&self) -> f64 {
        let repetitions = self.means.weight() as f64;
        if repetitions > 0.0 {
            self.tick_ns * self.means.block_count() as f64 / repetitions
        } else {
            0.0
        }
    }
}

impl CellEvidence {
    /// What a single sample is good to, in nanoseconds: the median of the slices; for whole ticks the coarsest.
    pub(super) fn resolution_ns(&self) -> u64 {
        let place = match self.timer {
            Some(Timer::Interpolated) => self.resolutions_ns.len() / 2,
            _ => self.resolutions_ns.len().saturating_sub(1),
        };
        self.resolutions_ns.get(place).copied().unwrap_or(0)
    }

    /// The mean over `B` chains of `N` calls together is good to `tick * sqrt(B) / N`: each chain's error is below a tick, and
    /// those of different blocks are independent, because each starts at a random phase of the clock. Lanes of a block start at the same phase:
    /// their errors add up.
    pub(super) fn chain_resolution_ns(&self) -> f64 {
        let (blocks, calls) = (self.chain.block_count() as f64, self.chain.weight() as f64);
        if calls > 0.0 {
            self.chain_tick_ns * f64::from(self.lanes) * blocks.sqrt() / calls
        } else {
            0.0
        }
    }

    pub(super) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }
}

impl Evidence {
    pub(super) fn of(plan: &Plan, limits: LimitsProfile, records: &[SliceRecord]) -> Self {
        let samples_per_slice = plan.geometry(&Limits::of(limits)).samples_per_slice;
        let mut slices: BTreeMap<Cell, Vec<(&SliceRecord, &MeasureResponse)>> = BTreeMap::new();
        let mut repeats = Vec::new();
        for record in records {
            match (&record.work, &record.measured) {
                (Work::Cell(cell), Measured::Samples(answer)) => {
                    slices.entry(*cell).or_default().push((record, answer));
                }
                (Work::Component(component), Measured::Repeated(answer)) => {
                    repeats.push((record, *component, answer));
                }
                // a work and an answer of different kinds: there is nothing to be read from it
                _ => {}
            }
        }
        let answers = || slices.values().flatten().map(|(_, answer)| answer);
        let mut noise_floor_ns: Vec<u64> = answers()
            .flat_map(|a| a.noise_floor_ns.iter().copied())
            .collect();
        noise_floor_ns.sort_unstable();
        let clocks: Vec<ClockFacts> = answers().filter_map(|answer| answer.clock).collect();
        let tick_ns = clocks.iter().map(|c| c.tick_ms).max().unwrap_or(1) as f64 * NS_PER_MS;
        let cells = plan
            .cells()
            .into_iter()
            .map(|cell| {
                cell_evidence(
                    cell,
                    plan,
                    samples_per_slice,
                    slices.get(&cell).map_or(&[], Vec::as_slice),
                )
            })
            .collect();
        Self {
            cells,
            components: component_evidence(&repeats, tick_ns),
            clocks,
            noise_floor_ns,
        }
    }

    pub(super) fn cell(&self, cell: Cell) -> Option<&CellEvidence> {
        self.cells.iter().find(|evidence| evidence.cell == cell)
    }

    /// The cell of `direct` with the same function and payload.
    pub(super) fn baseline(&self, cell: Cell) -> Option<&CellEvidence> {
        self.cell(Cell {
            transport: Transport::Direct,
            ..cell
        })
    }

    /// Times of a cell's function by repetition.
    pub(super) fn repeated(&self, cell: Cell) -> Option<&ComponentEvidence> {
        self.component(Component::Function {
            function: cell.function,
            payload_bytes: cell.payload_bytes,
        })
    }

    /// Times of a component that was measured.
    pub(super) fn component(&self, component: Component) -> Option<&ComponentEvidence> {
        self.components
            .get(&component)
            .filter(|evidence| !evidence.means.is_empty())
    }
}

fn cell_evidence(
    cell: Cell,
    plan: &Plan,
    samples_per_slice: u32,
    slices: &[(&SliceRecord, &MeasureResponse)],
) -> CellEvidence {
    let clocks: Vec<ClockFacts> = slices
        .iter()
        .filter_map(|(_, answer)| answer.clock)
        .collect();
    let interpolated = clocks
        .iter()
        .filter(|clock| clock.timer == Timer::Interpolated)
        .count();
    let timer = match clocks.len() {
        0 => None,
        n if 2 * interpolated >= n => Some(Timer::Interpolated),
        _ => Some(Timer::Ticked),
    };
    let tick_ns = clocks.iter().map(|clock| clock.tick_ms).max().unwrap_or(1) as f64 * NS_PER_MS;
    let mut evidence = CellEvidence {
        cell,
        timer,
        frozen: clocks.iter().any(|clock| !clock.advances_during_cpu),
        resolutions_ns: Vec::new(),
        blocks: Vec::new(),
        samples: CellSamples::new([]),
        chain: BlockMeans::new(),
        chain_tick_ns: tick_ns,
        lanes: plan.concurrency.max(1),
        errors: BTreeMap::new(),
        skipped: 0,
        lost: 0,
        warmup_calls: 0,
        slices: Vec::new(),
    };
    for (record, answer) in slices {
        evidence.add(record, answer, plan, samples_per_slice);
    }
    evidence.blocks.sort_by_key(|block| block.index);
    evidence.samples = CellSamples::new(evidence.blocks.iter().cloned());
    evidence.resolutions_ns.sort_unstable();
    evidence
}

impl CellEvidence {
    fn add(
        &mut self,
        record: &SliceRecord,
        answer: &MeasureResponse,
        plan: &Plan,
        samples_per_slice: u32,
    ) {
        for (&kind, &count) in &answer.errors {
            *self.errors.entry(kind).or_default() += count;
        }
        self.skipped += answer.skipped;
        self.lost += answer.lost;
        self.warmup_calls += u64::from(answer.warmup_calls);
        let errors = answer.errors.values().sum();
        let other_timer = answer
            .clock
            .is_some_and(|clock| Some(clock.timer) != self.timer);
        let unit_ns = answer.clock.map_or(1, |clock| clock.sample_unit_ns);
        let samples_ns: Vec<u64> = answer
            .samples
            .iter()
            .map(|&sample| sample.saturating_mul(unit_ns))
            .collect();
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
                self.add_elapsed_alone(record, answer, errors, samples_per_slice);
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
                self.resolutions_ns.push(match clock.timer {
                    Timer::Interpolated => clock.resolution_ns,
                    Timer::Ticked => clock.sample_unit_ns,
                });
                self.blocks.push(Block {
                    index: record.block,
                    samples_ns,
                });
            }
            // overlapping calls without samples, and samples of another timer, have no place among the cell's
            None | Some(_) => {}
        }
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

/// Times of one repetition. Where the caller's clock runs, or the repetitions are calls (which move any clock), it is the
/// caller's; else the coordinator's around the dispatch, less its empty dispatch of the same block.
fn component_evidence(
    repeats: &[(&SliceRecord, Component, &RepeatResponse)],
    tick_ns: f64,
) -> BTreeMap<Component, ComponentEvidence> {
    let empty: BTreeMap<u32, u64> = repeats
        .iter()
        .filter(|(_, component, _)| *component == Component::Nothing)
        .map(|(record, ..)| (record.block, record.dispatch_ms))
        .collect();
    let mut components: BTreeMap<Component, ComponentEvidence> = BTreeMap::new();
    for (record, component, answer) in repeats {
        let done = u64::from(answer.repetitions).saturating_sub(answer.errors.values().sum());
        let own_clock = answer.advances_during_cpu || component.delegates();
        let elapsed_ms = match empty.get(&record.block) {
            _ if own_clock => answer.elapsed_ms as f64,
            Some(&empty) => record.dispatch_ms as f64 - empty as f64,
            None => continue,
        };
        if *component == Component::Nothing || done == 0 {
            continue;
        }
        let evidence = components.entry(*component).or_default();
        evidence
            .means
            .add(record.block, elapsed_ms * NS_PER_MS / done as f64, done);
        // a difference of two dispatches has the errors of both
        evidence.tick_ns = if own_clock {
            tick_ns
        } else {
            tick_ns * std::f64::consts::SQRT_2
        };
    }
    components
}
