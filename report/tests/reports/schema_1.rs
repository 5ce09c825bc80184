//! Reports that version 1 stored are read, with all that they said.

use protocol::{
    Estimate, Quantile, ReasonCode, Report,
    report::{Outcome, SCHEMA_VERSION, WarningKind},
};
use serde_json::{Value, json};

const INTERPOLATED: &str = include_str!("schema_1/interpolated.json");
const TICKED: &str = include_str!("schema_1/ticked.json");

fn estimates(report: &Report) -> Vec<&Estimate> {
    let cells = report.cells.iter();
    cells
        .flat_map(|cell| {
            [
                &cell.mean_us,
                &cell.quantiles[Quantile::P50],
                &cell.quantiles[Quantile::P95],
                &cell.quantiles[Quantile::P99],
                &cell.quantiles[Quantile::P99_9],
            ]
        })
        .collect()
}

#[test]
fn every_figure_of_a_stored_report_is_what_it_was_and_has_a_text() {
    for old in [INTERPOLATED, TICKED] {
        let report = report::read(old).unwrap();
        assert_eq!(report.schema_version, SCHEMA_VERSION);
        let before: Value = serde_json::from_str(old).unwrap();
        for (cell, old) in report.cells.iter().zip(before["cells"].as_array().unwrap()) {
            for (estimate, old) in [
                (&cell.quantiles[Quantile::P50], &old["p50_us"]),
                (&cell.quantiles[Quantile::P99_9], &old["p99_9_us"]),
            ] {
                assert_eq!(json!(estimate.value), old["value"]);
                assert_eq!(
                    json!(estimate.lower),
                    *old.get("lower").unwrap_or(&Value::Null)
                );
                let reason = estimate
                    .reason
                    .as_ref()
                    .map(|reason| (reason.code, reason.text.as_str()));
                let said = old
                    .get("reason")
                    .map(|text| (ReasonCode::Legacy, text.as_str().unwrap()));
                assert_eq!(reason, said);
                assert!(!estimate.text.is_empty());
            }
        }
        assert_eq!(
            report.warnings.len(),
            before["faults"].as_array().unwrap().len()
        );
        assert_eq!(
            report.analysis.len(),
            before["analysis"].as_array().unwrap().len()
        );
        assert_eq!(
            report.summary.outcome.as_str(),
            before["summary"]["outcome"]
        );
    }
}

#[test]
fn bounds_are_told_from_values_and_nothing_is_lost_on_the_way_back() {
    let ticked = report::read(TICKED).unwrap();
    assert!(
        estimates(&ticked)
            .iter()
            .any(|estimate| estimate.basis.is_some())
    );
    let json = report::current(TICKED).unwrap();
    assert_eq!(report::read(&json).unwrap(), ticked);
    assert_eq!(report::current(&json).unwrap(), json);
}

#[test]
fn it_can_be_rendered_and_merged() {
    let old = report::read(INTERPOLATED).unwrap();
    assert!(report::markdown::render(&old).contains("| Service Binding |"));
    let merged = report::merge(&[old.clone(), old.clone()]).unwrap();
    assert_eq!(merged.cells[0].count, 2 * old.cells[0].count);
    // the shares that verdicts test were not kept then
    assert_eq!(merged.summary.outcome, Outcome::Inconclusive);
}

#[test]
fn kinds_that_have_other_names_today_are_renamed() {
    let mut old: Value = serde_json::from_str(INTERPOLATED).unwrap();
    old["faults"] = json!([
        {"kind": "unlike-blocks", "cell": "service-binding.echo.100", "message": "m", "figures": {"factor": 2.0}},
        {"kind": "dominated-chain", "message": "n"},
    ]);
    let report = report::read(&old.to_string()).unwrap();
    let kinds: Vec<WarningKind> = report.warnings.iter().map(|warning| warning.kind).collect();
    assert_eq!(
        kinds,
        [WarningKind::BetweenBlockVariance, WarningKind::OutlierSlice]
    );
    assert_eq!(report.warnings[0].text, "m");
}

#[test]
fn what_is_no_report_or_of_a_later_release_is_refused_with_the_reason() {
    let later = report::read("{\"schema_version\":3}").unwrap_err();
    assert!(later.to_string().contains("use a newer one"), "{later}");
    assert!(report::read("{}").is_err() && report::read("[").is_err());
}
