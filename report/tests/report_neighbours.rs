//! What was measured beside neighbours: the rows, what is expected of them, and what is warned of.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "simulated times are positive and far below 2^53 ns"
)]

mod runs;

use ::report::markdown;
use protocol::{
    BusyShare, Cell, Function, Plan, Quantile, Report, Round, Rounds, Transport,
    busy::{BusyCell, Kept},
    measure::{ClockFacts, MeasureResponse, Timer},
    report::{Neighbours, Topic, WarningKind},
    slice::{Measured, SliceRecord, Work},
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use runs::{Platform, records, report_of_rounds, round, warnings};

const SAMPLES: u32 = 20;
const CALL_NS: f64 = 50e6;

/// What beside a neighbour is otherwise than it should be.
#[derive(Clone, Copy, PartialEq)]
enum Odd {
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
}

fn plan() -> Plan {
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
    MeasureResponse {
        clock: Some(CLOCK),
        elapsed_ms,
        samples,
        noise_floor_ns: vec![1_200, 1_500],
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

fn report(odd: Odd, seed: u64) -> Report {
    let plan = plan();
    let mut all = records(&plan, Platform::RUNNING);
    let first = round(&plan, &runs::geometry(&plan), &all);
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

fn row(report: &Report, transport: Transport, share: f64) -> &Neighbours {
    let id = Cell::native(transport, Function::Echo, 100);
    let share = BusyShare::of(share).unwrap();
    let mut rows = report.neighbours.iter();
    rows.find(|row| (row.id, row.busy) == (id, share)).unwrap()
}

fn ms(row: &Neighbours, quantile: Quantile) -> f64 {
    row.quantiles[quantile].value.unwrap() / 1e3
}

#[test]
fn rows_say_what_was_asked_achieved_measured_and_expected() {
    let report = report(Odd::Nothing, 1);
    assert_eq!(report.neighbours.len(), 6);
    let idle = row(&report, Transport::ServiceBinding, 0.0);
    assert!((0.25..0.4).contains(&ms(idle, Quantile::P95)), "{idle:?}");
    assert_eq!(idle.expected, None);
    assert_eq!(idle.achieved.text, "0 %: nobody else called");
    let half = row(&report, Transport::ServiceBinding, 0.5);
    // P(wait > x) = (1 - x / 50 ms) / 2, at 95 % 45 ms
    assert!((41.0..49.0).contains(&ms(half, Quantile::P95)), "{half:?}");
    assert_eq!(half.achieved.share, Some(0.5));
    assert_eq!(half.achieved.call_ms, Some(50.0));
    assert_eq!(
        half.achieved.text,
        "50 % by the stub's clock around 2200 calls of 50.0 ms each"
    );
    let expected = half.expected.as_ref().unwrap();
    assert!(
        (44.0..46.5).contains(&(expected[Quantile::P95].value_us / 1e3)),
        "{expected:?}"
    );
    assert!(
        Quantile::COMPARED
            .iter()
            .all(|&q| expected[q].holds == Some(true)),
        "{half:?}"
    );
    let tenth = row(&report, Transport::ServiceBinding, 0.1);
    assert!(
        ms(tenth, Quantile::P50) < 0.4 && ms(tenth, Quantile::P95) > 5.0,
        "{tenth:?}"
    );
    let direct = row(&report, Transport::Direct, 0.5);
    assert!(ms(direct, Quantile::P95) < 0.03, "{direct:?}");
    assert_eq!(
        direct.expected.as_ref().unwrap()[Quantile::P95].holds,
        Some(true)
    );
    for kind in [
        WarningKind::BusyUnexpected,
        WarningKind::ControlMoved,
        WarningKind::NeighbourOff,
        WarningKind::NeighbourNotApart,
    ] {
        assert!(warnings(&report, kind).is_empty(), "{:?}", report.warnings);
    }
    // nothing of it is in the cells by themselves
    assert!(
        report
            .cells
            .iter()
            .all(|cell| cell.count + cell.lost == 400),
        "{:?}",
        report.cells[1].count
    );
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(again, report);
}

#[test]
fn chance_alone_seldom_warns() {
    let warned = (0..40).filter(|&seed| {
        !warnings(&report(Odd::Nothing, seed), WarningKind::BusyUnexpected).is_empty()
    });
    // two quantiles at two shares, each outside in 1 of 100 runs at most
    let warned = warned.count();
    assert!(warned <= 4, "{warned} of 40 runs");
}

#[test]
fn what_is_not_as_a_queue_makes_it_is_warned_of() {
    for (odd, kind, words) in [
        (
            Odd::NoWaits,
            WarningKind::BusyUnexpected,
            "where a queue with one server gives",
        ),
        (
            Odd::DirectMoves,
            WarningKind::ControlMoved,
            "although it calls no runtime",
        ),
        (
            Odd::HalfTheShare,
            WarningKind::NeighbourOff,
            "were achieved",
        ),
        (
            Odd::Fails,
            WarningKind::NeighbourOff,
            "of the neighbour's calls failed",
        ),
        (
            Odd::OneProcess,
            WarningKind::NeighbourNotApart,
            "shares a thread with the stub",
        ),
    ] {
        let report = report(odd, 1);
        let found = warnings(&report, kind);
        assert!(
            found.iter().any(|warning| warning.text.contains(words)),
            "{kind}: {:#?}",
            report.warnings
        );
    }
    let moved = report(Odd::DirectMoves, 1);
    let warning = warnings(&moved, WarningKind::ControlMoved)[0];
    assert!(
        warning.text.contains("the p50 of direct.echo.100 moves by"),
        "{warning:?}"
    );
    assert!(
        (1_950.0..2_050.0).contains(&warning.figures["moved_us"]),
        "{warning:?}"
    );
}

#[test]
fn people_read_it_in_a_table_and_a_sentence() {
    let report = report(Odd::Nothing, 1);
    let text = markdown::render(&report);
    assert!(
        text.contains("## Beside neighbours that keep the runtime busy (ms)"),
        "{text}"
    );
    let row = text
        .lines()
        .find(|line| {
            line.starts_with("| service-binding.echo.100 | native") && line.contains("50 %")
        })
        .unwrap();
    assert!(
        row.contains(&report.neighbours[5].quantiles[Quantile::P95].text),
        "{row}"
    );
    assert!(
        row.contains(&report.neighbours[5].expected.as_ref().unwrap()[Quantile::P95].text),
        "{row}"
    );
    let mut said = report
        .analysis
        .iter()
        .filter(|statement| statement.topic == Topic::Neighbours);
    let said = said.next().unwrap();
    assert!(said.text.starts_with("While a neighbour keeps the runtime native busy for 50 % of the time, the p95 of service-binding.echo.100 is 4"), "{}", said.text);
    assert_eq!(
        said.figures[0].path,
        "neighbours/native/0.5/service-binding.echo.100/p95_us"
    );
    let without = Plan {
        busy: vec![BusyShare::IDLE],
        ..plan()
    };
    let usual = runs::report(&without, &records(&without, Platform::RUNNING));
    assert!(
        !markdown::render(&usual).contains("neighbours"),
        "nothing is said where nothing was asked"
    );
    assert!(
        !serde_json::to_string(&usual)
            .unwrap()
            .contains("neighbours")
    );
}
