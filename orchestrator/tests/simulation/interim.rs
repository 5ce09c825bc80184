//! The report of a run that is not over: as it stands, assembled between slices, and gone as soon as the run has ended.

use crate::simulated;

use orchestrator::coordinator::Question;
use protocol::{Plan, Report, RunId, RunState, report::Outcome};
use simulated::{
    TOKEN,
    http::{Places, TestRequest},
    process::Process,
    settings, small_plan,
};

fn process() -> Process {
    Process::new(settings(&[("LIMITS", "local")]))
}

/// Asks for the report until there is one, as the Durable Object does: between two questions goes a wake.
fn interim(process: &mut Process, run: &RunId) -> Report {
    let question = Question::Report {
        run: Some(run.clone()),
    };
    let _ = process.ask(&question);
    process.wake();
    serde_json::from_str(&process.ask(&question).expect("a report as it stands")).unwrap()
}

fn refusal(process: &mut Process, run: &RunId) -> (u16, String) {
    let question = Question::Report {
        run: Some(run.clone()),
    };
    let problem = process.ask(&question).expect_err("no report yet");
    (problem.status, problem.detail)
}

#[test]
fn a_report_as_it_stands_says_how_far_its_run_is_and_has_no_answer() {
    let mut process = process();
    let run = process.start(&small_plan());
    for _ in 0..30 {
        process.wake();
    }
    let report = interim(&mut process, &run);
    assert_eq!(report.run.state, RunState::Running);
    assert_eq!(report.run.finished_at, None);
    let progress = report.run.progress.expect("how far it is");
    assert_eq!((progress.slices_done, progress.slices_total), (30, 40));
    let counts: Vec<u64> = report.cells.iter().map(|cell| cell.count).collect();
    assert_eq!(counts.iter().sum::<u64>(), 60);
    assert!(
        report.cells[1].quantiles[protocol::Quantile::P50]
            .value
            .is_some()
    );
    // Its p50 verdict passes already; the answer is left for the look that is planned.
    assert_eq!(
        report.summary.text,
        "Open: the run is not over (round 1, 30 of 40 slices)"
    );
    let outcomes = report.summary.transports.iter().map(|one| one.outcome);
    assert!(
        outcomes
            .chain([report.summary.outcome])
            .all(|one| one == Outcome::Inconclusive)
    );
}

#[test]
fn it_is_assembled_by_a_wake_of_its_own_and_neither_stored_nor_measured() {
    let mut process = process();
    let run = process.start(&small_plan());
    process.wake();
    let (rows, measured) = (
        process.database.rows_written(),
        process.world.measured.borrow().len(),
    );
    let (status, detail) = refusal(&mut process, &run);
    assert_eq!(status, 503, "{detail}");
    assert!(detail.contains("after the slice"), "{detail}");
    interim(&mut process, &run);
    assert_eq!(process.database.rows_written(), rows);
    assert_eq!(process.world.measured.borrow().len(), measured);
    // Nobody asked: the next wake measures.
    process.wake();
    assert_eq!(process.world.measured.borrow().len(), measured + 1);
}

#[test]
fn however_often_it_is_asked_for_it_is_assembled_once_in_five_seconds() {
    let mut process = process();
    let run = process.start(&Plan {
        samples_per_cell: 10_000,
        ..small_plan()
    });
    process.wake();
    let (mut assembled, mut last) = (0, 0);
    let began = process.world.now.get();
    while process.world.now.get() - began < 20_000 {
        let progress = interim(&mut process, &run).run.progress.unwrap();
        if progress.slices_done != last {
            (assembled, last) = (assembled + 1, progress.slices_done);
        }
    }
    // 20 s, one at the start, and none younger than 5 s.
    assert!((4..=5).contains(&assembled), "{assembled} reports in 20 s");
}

#[test]
fn watching_changes_nothing_in_the_final_report() {
    let (mut watched, mut alone) = (process(), process());
    let of = |process: &mut Process, watch: bool| {
        let run = process.start(&small_plan());
        while !process.status(&run).state.is_final() {
            if watch {
                let _ = process.ask(&Question::Report {
                    run: Some(run.clone()),
                });
            }
            process.wake();
        }
        process.wake_until_idle();
        process.report(&run)
    };
    let (watched, alone) = (of(&mut watched, true), of(&mut alone, false));
    assert_eq!(watched.run.state, RunState::Completed);
    assert_eq!(watched.run.progress, None);
    assert_eq!(
        (watched.cells, watched.verdicts, watched.summary),
        (alone.cells, alone.verdicts, alone.summary)
    );
}

#[test]
fn before_the_first_slice_and_on_a_free_account_it_says_why_there_is_none() {
    let mut fresh = process();
    let run = fresh.start(&small_plan());
    let (status, detail) = refusal(&mut fresh, &run);
    assert!(
        status == 404 && detail.contains("no samples yet"),
        "{detail}"
    );
    let mut free = Process::new(settings(&[("LIMITS", "free")]));
    let run = free.start(&Plan {
        samples_per_cell: 40,
        payload_bytes: vec![100],
        ..Plan::of_fixed_size()
    });
    for _ in 0..3 {
        free.wake();
    }
    let (status, detail) = refusal(&mut free, &run);
    assert!(status == 404 && detail.contains("free account"), "{detail}");
}

#[test]
fn a_restart_loses_the_text_alone() {
    let mut process = process();
    let run = process.start(&small_plan());
    process.wake();
    interim(&mut process, &run);
    process.restart();
    assert_eq!(refusal(&mut process, &run).0, 503);
    assert_eq!(interim(&mut process, &run).run.state, RunState::Running);
}

/// A reader who has just seen the report as it stands sees the final one as soon as the run has ended.
#[test]
fn the_api_does_not_keep_a_report_as_it_stands_beyond_the_end_of_its_run() {
    let places = Places::new(settings(&[("LIMITS", "local")]));
    // Longer than the second for which an answer that may change is kept.
    let plan = Plan {
        samples_per_cell: 2_000,
        ..small_plan()
    };
    let body = serde_json::to_string(&plan).unwrap();
    let start = TestRequest::new("POST", "/runs")
        .with_token(TOKEN)
        .with_body(body);
    let run: protocol::run::RunStatus = serde_json::from_str(&places.send(&start).body).unwrap();
    let url = format!("/results/{}", run.id);
    let wake = || {
        for process in places.processes.borrow_mut().values_mut() {
            process.wake();
        }
    };
    wake();
    assert_eq!(places.get(&url).status, 503);
    wake();
    let state = || {
        let response = places.get(&url);
        assert_eq!(response.status, 200, "{}", response.body);
        let report: Report = serde_json::from_str(&response.body).unwrap();
        report.run.state
    };
    assert_eq!(state(), RunState::Running);
    let markdown = places.get(&format!("{url}.md")).body;
    assert!(
        markdown.starts_with("# Open: the run is not over (round 1, 1 of "),
        "{markdown}"
    );
    places.wake_until_idle();
    assert_eq!(state(), RunState::Completed);
}
