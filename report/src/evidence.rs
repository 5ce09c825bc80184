//! The records of a run, sorted by what they are evidence of.

mod back_to_back;
mod of_cell;
mod of_component;
mod of_reach;

use crate::neighbours::{Beside, together};
use measurement::timer_noise::TimerNoise;
use of_cell::cell_evidence;
pub(super) use of_cell::{CellEvidence, SliceFacts};
pub(super) use of_component::ComponentEvidence;
use of_component::component_evidence;
pub(super) use of_reach::ReachEvidence;
use of_reach::reach_evidence;
use protocol::{
    Cell, Plan, RoundKind, Rounds, Runtime, Transport,
    breakdown::Component,
    measure::{ClockFacts, MeasureResponse, RungFacts},
    report::Reach,
    slice::{Measured, SliceRecord, Work},
    units::NS_PER_MS,
};
use std::collections::BTreeMap;

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
    /// The same, as what hides the latencies behind it.
    pub(super) noise: TimerNoise,
    /// What each slice found out about I/O that moves a clock.
    pub(super) probed: Vec<RungFacts>,
    /// What answers said of the isolates that gave them, for each runtime and way to it.
    pub(super) residency: BTreeMap<(Runtime, Reach), ReachEvidence>,
}

impl Evidence {
    pub(super) fn of(plan: &Plan, rounds: &Rounds, records: &[SliceRecord]) -> Self {
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
        let probed = answers()
            .flat_map(|answer| answer.probed.iter().copied())
            .collect();
        let clocks = clocks(rounds, slices.values().flatten());
        let tick_ns = clocks.iter().map(|c| c.tick_ms).max().unwrap_or(1) as f64 * NS_PER_MS;
        let cells = plan
            .cells()
            .into_iter()
            .map(|cell| {
                cell_evidence(
                    cell,
                    plan,
                    rounds,
                    slices.get(&cell).map_or(&[], Vec::as_slice),
                )
            })
            .collect();
        let residency = reach_evidence(slices.iter().map(|(cell, all)| (*cell, all.as_slice())));
        Self {
            residency,
            noise: TimerNoise::new(noise_floor_ns.clone()),
            probed,
            cells,
            components: component_evidence(&repeats, tick_ns),
            clocks,
            noise_floor_ns,
        }
    }

    /// What was measured beside neighbours, in the plan's order; what was not is left out.
    pub(super) fn beside_neighbours(
        plan: &Plan,
        rounds: &Rounds,
        records: &[SliceRecord],
    ) -> Vec<Beside> {
        // one call at a time, whatever the plan asks of the others
        let one_by_one = Plan {
            concurrency: 1,
            ..plan.clone()
        };
        let rows = plan.busy_cells().into_iter().filter_map(|busy| {
            let slices: Vec<(&SliceRecord, &MeasureResponse)> = records
                .iter()
                .filter_map(|record| match (&record.work, &record.measured) {
                    (Work::Busy(of), Measured::Samples(answer)) if *of == busy => {
                        Some((record, answer))
                    }
                    _ => None,
                })
                .collect();
            let kept = slices
                .iter()
                .filter_map(|(_, answer)| answer.kept.as_deref().copied());
            (!slices.is_empty()).then(|| Beside {
                busy,
                kept: together(kept),
                evidence: cell_evidence(busy.cell, &one_by_one, rounds, &slices),
            })
        });
        rows.collect()
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
        // The functions that are repeated are the native runtime's.
        if !cell.runtime.is_native() {
            return None;
        }
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

/// What slices learnt about their clocks. Rounds of back-to-back calls ask for whole ticks, whatever the clock allows: they are left out.
fn clocks<'a>(
    rounds: &Rounds,
    slices: impl Iterator<Item = &'a (&'a SliceRecord, &'a MeasureResponse)>,
) -> Vec<ClockFacts> {
    let is_isolated = |record: &SliceRecord| {
        let round = rounds.of_block(record.block);
        round.is_none_or(|round| round.kind == RoundKind::Isolated)
    };
    slices
        .filter(|(record, _)| is_isolated(record))
        .filter_map(|(_, answer)| answer.clock)
        .collect()
}
