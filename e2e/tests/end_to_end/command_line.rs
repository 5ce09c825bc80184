//! The command line with the real Workers: what `scripts/bench` does, on a small plan.

use e2e::stage;
use protocol::{Report, report::Outcome};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The program that `cargo build -p cli` has built.
pub(crate) fn built_command_line() -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("debug")
        .join("rpc-latency");
    assert!(
        program.exists(),
        "{} is missing; run cargo build -p cli",
        program.display()
    );
    program
}

#[test]
fn a_local_run_prints_its_table_saves_its_report_and_ends_with_its_answer() {
    let _turn = stage::my_turn();
    let results = stage::temporary_folder();
    let output = Command::new(built_command_line())
        .args([
            "run",
            "--local",
            "--functions",
            "echo",
            "--payloads",
            "100",
            "--samples",
            "60",
            "--breakdown",
            "false",
        ])
        .arg("--output")
        .arg(results.path())
        .current_dir(stage::project().root())
        .env_remove("RPC_LATENCY_URL")
        .env_remove("API_TOKEN")
        .output()
        .unwrap();
    let (out, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let saved = |kind: &str| {
        let entries = fs::read_dir(results.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let found: Vec<_> = entries
            .filter(|path| path.extension().is_some_and(|is| is == kind))
            .collect();
        assert_eq!(found.len(), 1, "{kind}: {found:?}\n{errors}");
        fs::read_to_string(&found[0]).unwrap()
    };
    let report: Report = serde_json::from_str(&saved("json")).unwrap();
    let expected = match report.summary.outcome {
        Outcome::Pass => 0,
        Outcome::Fail => 1,
        Outcome::Inconclusive => 3,
    };
    assert_eq!(output.status.code(), Some(expected), "{errors}");
    assert_eq!(saved("md"), report::markdown::render(&report));
    assert!(
        report.cells.iter().all(|cell| cell.count + cell.lost >= 60),
        "{report:?}"
    );
    let row = out
        .lines()
        .find(|line| line.starts_with("Service Binding"))
        .unwrap_or_else(|| panic!("{out}\n{errors}"));
    let p50 = row.split_whitespace().nth(4).unwrap();
    assert!(
        p50.contains(|digit: char| ('1'..='9').contains(&digit)),
        "p50 is neither 0 nor unstated: {row}"
    );
}
