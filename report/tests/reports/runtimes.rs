//! Figures of one runtime are never made of another's.

use crate::runs;

use protocol::{Cell, Function, Plan, Report, Runtime, Transport, report::Slope};
use runs::{Platform, covers, find, records, report, small_plan, true_mean_us};

fn other() -> Runtime {
    "other".parse().unwrap()
}

/// Both runtimes, the parts of a call measured, too; the other one takes five times as long at everything.
fn measured(runtimes: Vec<Runtime>) -> Report {
    let plan = Plan {
        runtimes,
        ..small_plan()
    };
    report(&plan, &records(&plan, Platform::RUNNING))
}

fn of(runtime: Runtime, transport: Transport, payload_bytes: u32) -> Cell {
    Cell {
        runtime,
        ..Cell::native(transport, Function::Echo, payload_bytes)
    }
}

#[test]
fn what_direct_takes_back_to_back_is_the_runtimes_own() {
    let report = measured(vec![Runtime::NATIVE, other()]);
    for runtime in [Runtime::NATIVE, other()] {
        let id = of(runtime, Transport::Direct, 100_000);
        let mean = &find(&report, id).chain_mean_us;
        assert!(covers(mean, true_mean_us(id)), "{id}: {mean:?}");
    }
}

#[test]
fn the_parts_of_a_call_are_those_of_the_native_runtime_which_were_measured() {
    let report = measured(vec![other(), Runtime::NATIVE]);
    assert_eq!(report.breakdown.len(), 2 * 2);
    for parts in &report.breakdown {
        let id = Cell::native(
            Transport::ServiceBinding,
            parts.function,
            parts.payload_bytes,
        );
        assert!(covers(&parts.total_us, true_mean_us(id)), "{parts:?}");
    }
}

#[test]
fn each_runtime_grows_with_the_payload_on_a_line_of_its_own() {
    let report = measured(vec![Runtime::NATIVE, other()]);
    let slope = |runtime| -> &Slope {
        let of_echo = |slope: &&Slope| {
            slope.runtime == runtime
                && slope.transport == Transport::ServiceBinding
                && slope.function == Function::Echo
        };
        report.slopes.iter().find(of_echo).unwrap()
    };
    assert_eq!(report.slopes.len(), 2 * 3 * 2);
    for runtime in [Runtime::NATIVE, other()] {
        let at = |bytes| true_mean_us(of(runtime, Transport::ServiceBinding, bytes));
        let per_kb = (at(100_000) - at(100)) / 99.9;
        assert!(
            covers(&slope(runtime).us_per_kb, per_kb),
            "{runtime}: {:?}",
            slope(runtime)
        );
    }
}

#[test]
fn a_run_without_the_native_runtime_has_findings_about_the_one_that_it_has() {
    let report = measured(vec![other()]);
    let cited: Vec<&str> = report
        .analysis
        .iter()
        .flat_map(|statement| &statement.figures)
        .map(|figure| figure.path.as_str())
        .collect();
    assert!(
        cited.contains(&"overheads/other.service-binding.echo.100/p50_us"),
        "{cited:?}"
    );
}

#[test]
fn the_answer_names_the_runtime_that_decides_it() {
    let report = measured(vec![Runtime::NATIVE, other()]);
    assert!(
        report.summary.text.contains("of Service Binding (other)"),
        "{}",
        report.summary.text
    );
}
