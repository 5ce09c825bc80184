//! What was measured beside neighbours: the rows, what is expected of them, and what is warned of.

use crate::runs;

use ::report::{markdown, merge};
use measurement::histogram::LatencyHistogram;
use protocol::{
    BusyShare, Cell, ErrorKind, Function, Plan, Quantile, Report, Transport,
    report::{Neighbours, Topic, WarningKind},
};
use runs::{
    Platform,
    beside::{Odd, plan, report},
    records, warnings,
};

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
fn calls_beside_a_neighbour_that_fail_are_warned_of_with_what_the_first_said() {
    let report = report(Odd::CallsFail, 1);
    let row = row(&report, Transport::ServiceBinding, 0.5);
    assert_eq!(row.errors[&ErrorKind::Transport], 22);
    let found = warnings(&report, WarningKind::Errors);
    let words = "while native is 50 % busy, 4.8 % of the calls failed (22 transport), 0 were not made; the first: connection lost";
    assert!(
        found.iter().any(|warning| warning.text == words),
        "{found:#?}"
    );
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

#[test]
fn the_rows_of_several_places_are_those_of_all_samples_and_all_neighbours_together() {
    let mut places = [report(Odd::Nothing, 1), report(Odd::HalfTheShare, 2)];
    for (place, location) in places.iter_mut().zip(["wnam", "weur"]) {
        location.clone_into(&mut place.run.location);
        place.run.locations = vec![location.to_owned()];
    }
    let merged = merge(&places).unwrap();
    assert_eq!(merged.neighbours.len(), 6);
    for row in &merged.neighbours {
        let find = |place: &Report| {
            let mut rows = place.neighbours.clone().into_iter();
            rows.find(|other| (other.id, other.busy) == (row.id, row.busy))
        };
        let [a, b] = [&places[0], &places[1]].map(|place| find(place).unwrap());
        assert_eq!(row.count, a.count + b.count);
        assert_eq!(row.achieved.calls, a.achieved.calls + b.achieved.calls);
        let seconds = a.achieved.seconds + b.achieved.seconds;
        assert!((row.achieved.seconds - seconds).abs() < 1e-9);
        let mut both = LatencyHistogram::decode(&a.histogram).unwrap();
        both.merge(&LatencyHistogram::decode(&b.histogram).unwrap());
        let median = row.quantiles[Quantile::P50].value;
        assert_eq!(median, both.quantile_ns(0.5).map(|ns| ns as f64 / 1e3));
        assert_eq!(row.expected, None);
    }
    let half = row(&merged, Transport::ServiceBinding, 0.5);
    // half of the time beside a neighbour of 0.5, half beside one of 0.25
    assert_eq!(half.achieved.share, Some(0.375));
    assert_eq!(
        half.achieved.text,
        "38 % by the stub's clock around 3300 calls of 50.0 ms each"
    );
    // P(wait > x) = 0.375 (1 - x / 50 ms), at 95 % 43 ms
    assert!((38.0..48.0).contains(&ms(half, Quantile::P95)), "{half:?}");
    assert!(
        merged
            .analysis
            .iter()
            .any(|statement| statement.topic == Topic::Neighbours),
        "{:?}",
        merged.analysis
    );
    assert!(markdown::render(&merged).contains("## Beside neighbours"));
}
