use super::*;
use clap::Parser;
use protocol::limits::LimitsProfile;
use std::io::Write as _;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    plan: PlanOptions,
}

fn json(line: &[&str]) -> Value {
    let line = Line::try_parse_from([&["plan"], line].concat()).unwrap();
    let (fields, _) = line.plan.fields_and_plan(&limits()).unwrap();
    Value::Object(fields)
}

fn limits() -> Limits {
    Limits::of(LimitsProfile::Paid)
}

#[test]
fn no_option_asks_for_the_default() {
    assert_eq!(json(&[]), json!({}));
}

#[test]
fn every_option_reaches_its_field() {
    let asked = json(&[
        "--transports",
        "direct,rpc",
        "--functions=echo",
        "--payloads",
        "100,1000",
        "--payload-shape",
        "records",
        "--samples",
        "40",
        "--warmup",
        "1",
        "--timer",
        "ticked",
        "--seed",
        "7",
        "--p50-ms",
        "0.5",
        "--p95-ms",
        "2",
        "--p99-ms",
        "4",
        "--max-error-share",
        "0.02",
        "--call-timeout-ms",
        "500",
        "--batch-size",
        "10",
        "--concurrency",
        "8",
        "--breakdown",
        "false",
    ]);
    assert_eq!(
        asked,
        json!({"transports": ["direct", "rpc"], "functions": ["echo"], "payload_bytes": [100, 1000], "payload_shape": "records",
            "samples_per_cell": 40, "warmup_per_slice": 1, "timer": "ticked", "seed": 7,
            "thresholds": {"p50_ms": 0.5, "p95_ms": 2.0, "p99_ms": 4.0, "max_error_share": 0.02}, "call_timeout_ms": 500, "batch_size": 10,
            "concurrency": 8, "breakdown": false})
    );
    let plan: Plan = serde_json::from_value(asked).unwrap();
    assert_eq!(plan.seed, 7);
}

#[test]
fn all_is_every_transport() {
    assert_eq!(
        json(&["--transports", "all"])["transports"],
        json!(Transport::ALL)
    );
}

#[test]
fn an_option_wins_over_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(
        file,
        "{{\"seed\":3,\"samples_per_cell\":40,\"thresholds\":{{\"p50_ms\":2}}}}"
    )
    .unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(
        json(&["--plan", path, "--seed", "4", "--p99-ms", "9"]),
        json!({"seed": 4, "samples_per_cell": 40, "thresholds": {"p50_ms": 2, "p99_ms": 9.0}})
    );
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_starts() {
    let line = Line::try_parse_from(["plan", "--samples", "1000000", "--payloads", "5"]).unwrap();
    let error = line
        .plan
        .fields_and_plan(&limits())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\n  payload_bytes[0]: is 5; must be"),
        "{error}"
    );
    assert!(
        error.contains("\n  samples_per_cell: is 1000000; must be"),
        "{error}"
    );
}

#[test]
fn cold_starts_are_asked_for_with_or_without_a_number_of_samples() {
    let cold = |line: &[&str]| json(line)["cold_starts"].clone();
    assert_eq!(cold(&[]), Value::Null);
    assert_eq!(cold(&["--cold-starts"]), json!({}));
    assert_eq!(cold(&["--cold-starts=20"]), json!({"samples": 20}));
    let judged = json(&[
        "--cold-starts",
        "--judge",
        "cold-starts,rpc",
        "--transports",
        "rpc",
        "--cold-p95-ms",
        "50",
    ]);
    assert_eq!(judged["judge"], json!(["cold-starts", "rpc"]));
    assert_eq!(judged["thresholds"], json!({"cold_p95_ms": 50.0}));
    // a number apart from the option would be taken for another argument
    assert!(Line::try_parse_from(["plan", "--cold-starts", "20"]).is_err());
}
