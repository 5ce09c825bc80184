//! End-to-end tests: the built Workers on a real workerd, asked over HTTP.
//!
//! They need `scripts/build --runtimes native,pyodide --cold-starts`, `scripts/build --test-functions cold-worker` (and `scripts/build --test-functions`) to have run, and say so if it has not. No test looks at
//! the wall clock but to give up: figures are held against each other, never against a machine's speed. What needs fine timing is attempted
//! again when the machine was busy meanwhile ([`machine`]).
//!
//! # Index
//!
//! All in `tests/end_to_end`, one binary, so that tests that do not disturb each other share one set of Workers ([`stage`]).
//!
//! | module | what it shows |
//! |---|---|
//! | `small_run` | a run over HTTP from `POST /runs` to its report: counts, intervals, n, resolution, order of the quantiles, histograms, chain means, noise floor; the layout of the Markdown |
//! | `api_errors` | every error of the API is a problem document that says what to do |
//! | `cold_starts` | fresh isolates are fresh and made of what was built, a known sleep and a known spin are read as such, an isolate that is warm in truth is discarded, memory stays level over 400 loads |
//! | `conformance` | the `OpenAPI` document drives every operation into every status that it describes, and every answer conforms; plans made from its schema are accepted, those it forbids refused |
//! | `lifecycle` | cron starts the scheduled plan; cancelling keeps what was measured; one run at a time |
//! | `known_truth` | a function that burns 300 us is reported as 300 us, one that never answers as timeouts, no call at all as at most 5 us; the ticked timer's bounds hold what the interpolated one finds |
//! | `interop` | the official capnweb client, a stock `MessagePack` library and a JavaScript Worker call the runtime |
//! | `thin_stubs` | the stubs that only delegate answer with the function's result, or say why not |
//! | `against` | `run --local --against`: a runtime with 300 us added to each call is found, the same build against itself alarms nobody |
//! | `command_line` | `rpc-latency run --local` prints the table, saves the report, ends with its answer |
//! | `exports` | the JavaScript reference reader finds the report's figures in every interval log; raw samples, percentile tables; promtool finds nothing wrong with the metrics |
//! | `failures` | status 500 to 60 % of the calls fails a run, and so does a hang in one call of ten, by its p99 |
//! | `alerts` | a runtime that becomes slower leads to exactly one webhook call, after one confirming run; runs that fail to one; a scheduled run that does not come to one, across a restart |
//! | `bad_requests` | 2,400 generated bad requests over every route: only 4xx problem documents, nothing changes |
//! | `busy` | calls beside a neighbour that keeps the runtime busy, on a runtime in a process of its own, wait as a queue with one server makes them, and `direct` does not; on one process the report says that this shows nothing |
//! | `invocations` | no request to the caller makes more calls than a slice may have, whatever the timer, counted at its bindings |
//! | `panics` | a runtime that panics fails one call; a coordinator that panics in mid-run goes on with it |
//! | `kills` | 20 kills of the whole process tree in mid-run: samples lost 0, doubled 0 |
//! | `misconfigured` | variables that are not text are refused by name, unquoted numbers are taken; a run goes on by itself after a deployment that could not open its coordinator |
//! | `places` | several locations: a run and a report each, and a merged report whose counts are the sums; with one down the others are shown |
//! | `python` | Python behind the binding: every transport, functions by their files' names, exceptions, results that JSON cannot hold, what persists, errors in source; another version of the package is refused |
//! | `runtimes` | whole runs of Python beside the native runtime, delegated and inlined, of a runtime of another's making, of functions that fail, of a megabyte |
//! | `residency` | by `raw-fetch` exactly as many fresh isolates as the runtime's process was started, and as many calls as it counted itself |
//! | `contracts` | `rpc-latency check` passes for both runtimes, the caller and a runtime and a stub in JavaScript, and fails at the right point for one fault each |
//! | `footprint` | a Worker over budget in size, start-up and memory is named for each |
//! | `interim` | the report of an active run grows until the final one takes its place |
//! | `readers` | 50 readers during a run get no error and do not show in its figures |
//! | `local_profile` | nothing is left behind when the local Workers end |
//!
//! `experiments/` has the measurements behind tables in the documentation that no run makes.
//! `benches/results.rs` measures how fast readers are answered where 500 runs are stored.
//! `benches/scale.rs` does so at eleven places, each route beside a static body of its size.
//!
//! # Out of scope
//!
//! Statistics against known truth (crate `measurement`), crash points of the coordinator one by one (crate `orchestrator`), the
//! command line without Workers (crate `cli`), the page in a browser (`e2e/browser`).

pub mod machine;
pub mod python;
pub mod stage;

/// What no part of a path should be, percent-encoded as a URL wants it.
pub const SPOILT_PARTS: [&str; 15] = [
    "%00",
    "%2e%2e",
    "%2F",
    "%ff%fe",
    "%F0%9F%92%A5",
    "'",
    "$(id)",
    "%3Cscript%3E",
    "{run}",
    "-1",
    "0x10",
    "%E2%80%AE",
    "*",
    "latest",
    "20000101T000000Z-0000000g",
];
