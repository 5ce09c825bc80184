//! `/results` and `/history`: reports, exports of a cell, figures over the runs.

use super::NO_SUCH_RUN;
use crate::{
    DocumentError,
    operation::{Body, Operation, Paths, location, query},
};
use protocol::{
    Cell, Report, RunId, Transport,
    comparison::Comparison,
    history::{History, SeriesMetric, Subject},
    routes::Export,
};

pub(super) fn add(paths: &mut Paths) -> Result<(), DocumentError> {
    latest(paths)?;
    of_run(paths)?;
    for form in Export::ALL {
        export(paths, *form)?;
    }
    comparison(paths)?;
    history(paths)
}

fn latest(paths: &mut Paths) -> Result<(), DocumentError> {
    let report = paths.schema::<Report>();
    paths.add(Operation {
        parameters: vec![location()],
        errors: vec![
            (400, "location must be one of: wnam, weur"),
            (404, "no run has been completed yet; start one with POST /runs, or wait for the schedule"),
        ],
        ..Operation::get(
            "/results",
            ("latestResults", "The latest completed run's report; with several locations and none named, merged over all of them."),
            Body::Json(report),
        )
    })
}

fn of_run(paths: &mut Paths) -> Result<(), DocumentError> {
    let report = paths.schema::<Report>();
    let run = paths.run_parameter();
    paths.add(Operation {
        parameters: vec![run.clone()],
        errors: vec![NO_SUCH_RUN],
        ..Operation::get(
            "/results/{run}",
            ("results", "The report of a run. That of an active run is as it stands: it says how far the run is (`run.progress`), and has no answer yet."),
            Body::Json(report),
        )
    })?;
    paths.add(Operation {
        parameters: vec![run],
        errors: vec![NO_SUCH_RUN],
        ..Operation::get(
            "/results/{run}.md",
            ("resultsMarkdown", "The report as Markdown."),
            Body::Text {
                media_type: "text/markdown",
                example: "| Method | Payload | p50 | p95 | p99 |\n",
            },
        )
    })
}

fn export(paths: &mut Paths, form: Export) -> Result<(), DocumentError> {
    let (media_type, summary, example) = match form {
        Export::Hgrm => (
            "text/plain",
            "One cell's percentile table, as the HdrHistogram plotter reads it, in ms.",
            "       Value     Percentile TotalCount 1/(1-Percentile)\n",
        ),
        Export::Hlog => (
            "text/plain",
            "One cell's lossless HdrHistogram interval log (V2), in ns, one interval a slice.",
            "#[MaxValueDivisor: 1000000.000]\n0.120,0.048,0.230,HISTFAAAACV4nJNpmSzMwMDAzgABzFCaEcL7/9/+A0TgYzsj00QWJgB5JwaU\n",
        ),
        Export::Csv => (
            "text/csv",
            "One cell's raw samples, one a line.",
            "run,cell,block,slice,attempt,call,latency_ns,timer,resolution_ns,flags\n",
        ),
    };
    let mut errors = vec![NO_SUCH_RUN];
    if form == Export::Csv {
        errors.push((
            410,
            "the raw samples have expired (KEEP_SAMPLES_OF_RUNS); .hlog and .hgrm remain",
        ));
    }
    let cell = paths.path_parameter::<Cell>("cell", "The cell's id.");
    let run = paths.run_parameter();
    paths.add(Operation {
        parameters: vec![run, cell],
        errors,
        ..Operation::get(
            &format!("/results/{{run}}/cells/{{cell}}.{form}"),
            (&format!("cell{form}"), summary),
            Body::Text {
                media_type,
                example,
            },
        )
    })
}

fn history(paths: &mut Paths) -> Result<(), DocumentError> {
    let history = paths.schema::<History>();
    let cell = paths.schema::<Subject>();
    let metric = paths.schema::<SeriesMetric>();
    paths.add(Operation {
        parameters: vec![
            query("cell", "The cell's id, or the kind of cold start.", true, &cell),
            query("metric", "The figure; p50 unless named.", false, &metric),
            location(),
        ],
        errors: vec![
            (
                400,
                "cell must be named, as in ?cell=service-binding.echo.100&metric=p50",
            ),
            (
                404,
                "no completed run of default has the cell service-binding.echo.100; GET /results lists those of the latest",
            ),
        ],
        ..Operation::get(
            "/history",
            (
                "history",
                "One figure of one cell, or kind of cold start, over the runs of one location, with change points.",
            ),
            Body::Json(history),
        )
    })
}

fn comparison(paths: &mut Paths) -> Result<(), DocumentError> {
    let comparison = paths.schema::<Comparison>();
    let run = paths.schema::<RunId>();
    let transport = paths.schema::<Transport>();
    paths.add(Operation {
        parameters: vec![
            query("first", "The run that is compared with.", true, &run),
            query("second", "The run that is compared; the first one unless named.", false, &run),
            query("first_transport", "The transport of the first run. Unless a transport is named, each that delegates is compared with itself.", false, &transport),
            query("second_transport", "The transport of the second run; the first one's unless named.", false, &transport),
        ],
        errors: vec![(400, "the query has 1 bad field(s)"), NO_SUCH_RUN],
        ..Operation::get(
            "/comparison",
            (
                "comparison",
                "Two runs, or two transports of them, beside each other: every figure that both have, with the interval of its difference.",
            ),
            Body::Json(comparison),
        )
    })
}
