//! Simulated runs with slices beside neighbours, as usual or otherwise than they should be.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "simulated times are positive and far below 2^53 ns"
)]

use super::{Platform, geometry, records, report_of_rounds, round};
use protocol::{
    BusyShare, ErrorCounts, ErrorKind, Function, Plan, Report, Round, Rounds, Transport,
    busy::{BusyCell, Kept},
    measure::{ClockFacts, MeasureResponse, Timer},
    slice::{Measured, SliceRecord, Work},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const SAMPLES: u32 = 20;
const CALL_NS: f64 = 50e6;

/// What beside a neighbour is otherwise than it should be.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Odd {
    Nothing,
    /// Calls never wait: the runtime has several threads.
    NoWaits,
    /// `direct` is slowed down, too.
    DirectMoves,
    /// The neighbour keeps the runtime busy for half the share.
    HalfTheShare,
    /// The neighbour's calls fail.
    Fails,
    /// All share one process.
    OneProcess,
    /// One call in each slice beside a neighbour at half the time.
    CallsFail,
}

pub(crate) fn plan() -> Plan {
    Plan {
        transports: vec![Transport::Direct, Transport::ServiceBinding],
        functions: vec![Function::Echo],
        payload_bytes: vec![100],
        breakdown: false,
        busy: [0.1, 0.5]
            .map(|share| BusyShare::of(share).unwrap())
            .to_vec(),
        ..Plan::of_fixed_size()
    }
}

const CLOCK: ClockFacts = ClockFacts {
    timer: Timer::Interpolated,
    advances_during_cpu: true,
    tick_ms: 1,
    sample_unit_ns: 1,
    polls_per_tick: Some(400.0),
    polls_per_tick_mad: Some(2.0),
    resolution_ns: 3_000,
    readings: None,
};

/// A slice beside a neighbour: calls of some hundred us, which wait as for one server.
fn slice(busy: BusyCell, odd: Odd, rng: &mut ChaCha8Rng) -> MeasureResponse {
    let share = if odd == Odd::HalfTheShare {
        busy.share.share() / 2.0
    } else {
        busy.share.share()
    };
    let delegates = busy.cell.transport.delegates();
    let sample = |rng: &mut ChaCha8Rng| {
        let own_ns = if delegates { 300_000.0 } else { 20_000.0 } * rng.random_range(0.8..1.25);
        let left_ns = CALL_NS * rng.random::<f64>();
        let met = rng.random::<f64>() < share;
        let wait_ns = if met && delegates && odd != Odd::NoWaits {
            left_ns
        } else {
            0.0
        };
        let moved_ns = if odd == Odd::DirectMoves && !delegates && share > 0.2 {
            2e6
        } else {
            0.0
        };
        (own_ns + wait_ns + moved_ns) as u64
    };
    let samples: Vec<u64> = (0..SAMPLES).map(|_| sample(rng)).collect();
    let elapsed_ms = 10_000;
    let calls = if share > 0.0 {
        (elapsed_ms as f64 * share / 50.0) as u32
    } else {
        0
    };
    let fails = odd == Odd::Fails && calls > 0;
    let mut errors = ErrorCounts::default();
    if odd == Odd::CallsFail && delegates && share > 0.2 {
        errors.add(ErrorKind::Transport, 1);
    }
    let failure = (errors.total() > 0).then(|| "connection lost".into());
    MeasureResponse {
        clock: Some(CLOCK),
        elapsed_ms,
        samples,
        noise_floor_ns: vec![1_200, 1_500],
        errors,
        failure,
        kept: Some(Box::new(Kept {
            calls,
            failed: if fails { calls } else { 0 },
            busy_ms: if fails { 0 } else { u64::from(calls) * 50 },
            elapsed_ms,
            completed: if fails { 0 } else { calls },
            completed_ms: if fails { 0 } else { u64::from(calls) * 50 },
            strokes: if calls > 0 { 9_000 } else { 0 },
            apart: odd != Odd::OneProcess,
        })),
        ..MeasureResponse::default()
    }
}

pub(crate) fn report(odd: Odd, seed: u64) -> Report {
    let plan = plan();
    let mut all = records(&plan, Platform::RUNNING);
    let first = round(&plan, &geometry(&plan), &all);
    let busy = Round::busy(&plan, &first).unwrap();
    let mut rounds = Rounds::new(first).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for block in busy.first_block..busy.end_block() {
        for work in &busy.works {
            let Work::Busy(of) = *work else {
                panic!("a round of neighbours has {work}");
            };
            all.push(SliceRecord {
                index: u32::try_from(all.len()).unwrap(),
                block,
                attempt: 1,
                work: *work,
                measured: Measured::Samples(slice(of, odd, &mut rng)),
                dispatch_ms: 10_100,
            });
        }
    }
    rounds.push(busy).unwrap();
    report_of_rounds(&plan, &rounds, &all)
}
