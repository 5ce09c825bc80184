//! Which isolates a run met: by runtime and way, with an interval, or not known for a reason.

use crate::runs;

use ::report::merge;
use protocol::{
    Plan, ReasonCode, Report, Transport,
    report::{Reach, Residency},
    residency::{ColdCall, Isolate, SliceResidency},
    slice::{Measured, SliceRecord, Work},
};
use runs::{BLOCKS, Platform, records, report, small_plan};

/// Calls of each slice.
const CALLS: u64 = 22;

/// Records in which every delegated slice says what `met` says of it: given its transport and its block.
fn told(
    plan: &Plan,
    platform: Platform,
    mut met: impl FnMut(Transport, u32) -> Option<SliceResidency>,
) -> Vec<SliceRecord> {
    let mut records = records(plan, platform);
    for record in &mut records {
        if let (Work::Cell(cell), Measured::Samples(answer)) = (record.work, &mut record.measured)
            && cell.transport.delegates()
        {
            answer.residency = met(cell.transport, record.block);
        }
    }
    records
}

/// A slice whose calls went to one isolate, which had served `before` of them.
fn slice(id: u64, before: u64, cold_ms: u64) -> SliceResidency {
    let mut slice = SliceResidency::default();
    for call in 1..=CALLS {
        let isolate = Isolate {
            id,
            calls_served: before + call,
            age_ms: (before + call) * 10,
        };
        if slice.count(Some(isolate)) {
            slice.cold.push(ColdCall {
                ms: cold_ms,
                timed: false,
            });
        }
    }
    slice
}

/// Every way has an isolate of its own for each `blocks_each` blocks.
fn restarting(plan: &Plan, platform: Platform, blocks_each: u32, cold_ms: u64) -> Report {
    let mut served = std::collections::BTreeMap::<u64, u64>::new();
    let records = told(plan, platform, |transport, block| {
        let way = u64::from(transport == Transport::RawFetch);
        let id = way * 1_000 + u64::from(block / blocks_each);
        let before = served.entry(id).or_default();
        let slice = slice(id, *before, cold_ms);
        *before += CALLS;
        Some(slice)
    });
    report(plan, &records)
}

fn of(report: &Report, reach: Reach) -> &Residency {
    let found = report.residency.iter().find(|found| found.reach == reach);
    found.unwrap()
}

#[test]
fn each_way_counts_its_own_isolates() {
    let plan = small_plan();
    let report = restarting(&plan, Platform::RUNNING, 5, 12);
    // Two functions, two payloads, every block.
    let calls = u64::from(BLOCKS) * 4 * CALLS;
    assert_eq!(report.residency.len(), 2);
    for reach in [Reach::Binding, Reach::PublicUrl] {
        let met = of(&report, reach);
        assert_eq!((met.calls, met.calls_served), (calls, calls), "{reach}");
        assert_eq!((met.isolates, met.cold_calls), (4, 4), "{reach}");
        assert_eq!(met.most_served, calls / 4);
        assert_eq!(met.oldest_ms, calls / 4 * 10);
        let each = met.calls_per_isolate.unwrap();
        assert!((each - calls as f64 / 4.0).abs() < 1e-9);
        let share = met.cold_share.as_ref().unwrap();
        assert!((share.value.unwrap() - 4.0 / calls as f64).abs() < 1e-6);
        assert!(
            share.lower > 0.0 && share.upper < 20.0 / calls as f64,
            "{share:?}"
        );
    }
    assert_eq!(
        of(&report, Reach::Binding).transports,
        [Transport::ServiceBinding]
    );
    assert_eq!(
        of(&report, Reach::PublicUrl).transports,
        [Transport::RawFetch]
    );
}

#[test]
fn without_a_cold_call_the_share_has_an_exact_upper_limit_and_no_cold_latency() {
    let plan = small_plan();
    let records = told(&plan, Platform::RUNNING, |_, _| Some(slice(7, 1_000, 0)));
    let report = report(&plan, &records);
    let met = of(&report, Reach::Binding);
    let share = met.cold_share.as_ref().unwrap();
    // 1 - 0.025^(1/n): the two-sided kin of the rule of three
    let upper = 1.0 - 0.025_f64.powf(1.0 / met.calls as f64);
    assert_eq!((share.value, share.lower), (Some(0.0), 0.0));
    assert!((share.upper - upper).abs() < 2e-6, "{share:?}");
    assert_eq!(met.cold_us.value, None);
    assert_eq!(
        met.cold_us.reason.as_ref().unwrap().code,
        ReasonCode::NoSamples
    );
    assert_eq!(met.cold_min_ms, None);
}

#[test]
fn cold_calls_stand_apart_from_the_median_call_with_the_resolution_of_whole_ticks() {
    let plan = small_plan();
    // An isolate a block: 20 cold calls, enough for an interval of their median.
    let report = restarting(&plan, Platform::RUNNING, 1, 12);
    let met = of(&report, Reach::Binding);
    let cold = &met.cold_us;
    assert!((cold.value.unwrap() - 12_000.0).abs() < 20.0, "{cold:?}");
    assert_eq!(cold.resolution, Some(1_000.0));
    assert_eq!((met.cold_min_ms, met.cold_max_ms), (Some(12), Some(12)));
    let warm = met.warm_us.value.unwrap();
    assert!(warm > 10.0 && warm < 2_000.0, "{warm}");
    // By whole ticks the median call is bounded, not stated.
    let ticked = restarting(&plan, Platform::FROZEN, 1, 12);
    let warm = &of(&ticked, Reach::Binding).warm_us;
    assert!(warm.value.is_none() && warm.upper.is_some(), "{warm:?}");
}

#[test]
fn a_runtime_that_does_not_say_is_not_known_and_why() {
    let plan = small_plan();
    let silent = told(&plan, Platform::RUNNING, |_, _| {
        let mut slice = SliceResidency::default();
        (0..CALLS).for_each(|_| {
            slice.count(None);
        });
        Some(slice)
    });
    let report = report(&plan, &silent);
    let met = of(&report, Reach::Binding);
    assert_eq!((met.calls, met.isolates, &met.cold_share), (0, 0, &None));
    assert_eq!(met.silent, u64::from(BLOCKS) * 4 * CALLS);
    assert_eq!(met.reason.as_ref().unwrap().code, ReasonCode::NotReported);
    assert!(
        met.text.contains("do not say which isolate"),
        "{}",
        met.text
    );
}

#[test]
fn of_several_places_counts_are_sums_and_medians_are_left_to_each() {
    let plan = small_plan();
    let place = |location: &str, blocks_each| {
        let mut report = restarting(&plan, Platform::RUNNING, blocks_each, 12);
        location.clone_into(&mut report.run.location);
        report.run.locations = vec![location.to_owned()];
        report
    };
    let places = [place("weur", 5), place("wnam", 1)];
    let merged = merge(&places).unwrap();
    let [a, b] = [&places[0], &places[1]].map(|place| of(place, Reach::Binding));
    let both = of(&merged, Reach::Binding);
    assert_eq!(both.calls, a.calls + b.calls);
    assert_eq!((both.isolates, both.cold_calls), (24, 24));
    let share = both.cold_share.as_ref().unwrap();
    assert!((share.value.unwrap() - 24.0 / both.calls as f64).abs() < 1e-6);
    assert_eq!(both.warm_us.value, None);
    assert_eq!(
        both.warm_us.reason.as_ref().unwrap().code,
        ReasonCode::AnotherPlace
    );
}

#[test]
fn the_report_to_be_read_has_a_table_of_it() {
    let report = restarting(&small_plan(), Platform::RUNNING, 5, 12);
    let text = ::report::markdown::render(&report);
    let table: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.contains("Residency"))
        .take(6)
        .collect();
    let rows = table.join("\n");
    assert!(rows.contains("native by service binding"), "{rows}");
    assert!(rows.contains("native by public URL"), "{rows}");
    assert!(rows.contains("1,760"), "{rows}");
}
