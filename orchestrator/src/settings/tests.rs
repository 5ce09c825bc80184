//! Every variable, usable and not.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let given = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| Variable::Text((*value).to_owned()))
    };
    Settings::read(given, None)
}

fn read_one(name: &str, variable: &Variable) -> Result<Settings, SettingsError> {
    Settings::read(|asked| (asked == name).then(|| variable.clone()), None)
}

const NUMBERS: [&str; 6] = [
    "LOCATION_STAGGER_MS",
    "DELEGATED_CALLS_PER_SLICE",
    "SCHEDULE_INTERVAL_MINUTES",
    "KEEP_RUNS",
    "KEEP_SAMPLES_OF_RUNS",
    "RUNS_PER_HOUR",
];
const TEXTS: [&str; 6] = [
    "LIMITS",
    "LOCATIONS",
    "COMPATIBILITY_DATE",
    "API_TOKEN",
    "SCHEDULED_PLAN",
    "ALERT_WEBHOOK_URL",
];

#[test]
fn what_is_no_text_is_refused_by_name_and_its_value_kept_to_itself() {
    let strange = [
        Variable::Number(12_345.0),
        Variable::Other("a boolean"),
        Variable::Other("a table"),
        Variable::Other("an array"),
        Variable::Other("null"),
    ];
    for name in TEXTS {
        for variable in &strange {
            let error = read_one(name, variable).unwrap_err().to_string();
            assert!(error.contains(name), "{name} {variable:?}: {error}");
            assert!(!error.contains("12345"), "{error}");
        }
    }
}

#[test]
fn a_number_without_quotes_is_taken_where_a_number_is_wanted_and_nothing_else_is() {
    for name in NUMBERS {
        assert_eq!(
            read_one(name, &Variable::Number(13.0)),
            read_one(name, &Variable::Text("13".to_owned())),
        );
        assert_ne!(read_one(name, &Variable::Number(13.0)), read(&[]), "{name}");
        for variable in [
            Variable::Number(-1.0),
            Variable::Number(12.5),
            Variable::Number(f64::NAN),
            Variable::Number(1e12),
            Variable::Other("a boolean"),
            Variable::Other("a table"),
            Variable::Text("12.0".to_owned()),
            Variable::Text("-1".to_owned()),
            Variable::Text("4294967296".to_owned()),
        ] {
            let error = read_one(name, &variable).unwrap_err().to_string();
            assert!(error.contains(name), "{name} {variable:?}: {error}");
        }
    }
    let zero = read_one("KEEP_RUNS", &Variable::Number(0.0));
    assert!(matches!(zero, Err(SettingsError::Number { .. })));
}

#[test]
fn dates_and_addresses_that_cannot_be_used_are_refused_and_others_taken() {
    for date in [
        "2026-7-1",
        "2026-07-32",
        "yesterday",
        "2026-07-01T00:00:00.000Z",
    ] {
        let error = read(&[("COMPATIBILITY_DATE", date)]).unwrap_err();
        assert!(error.to_string().contains("COMPATIBILITY_DATE"), "{error}");
    }
    assert_eq!(
        read(&[("ALERT_WEBHOOK_URL", "https://")]),
        Err(SettingsError::Webhook)
    );
    let dated = read(&[("COMPATIBILITY_DATE", "2026-07-01")]).unwrap();
    assert_eq!(dated.compatibility_date, "2026-07-01");
    for url in [
        "hooks.example/x",
        "ftp://hooks.example",
        "https:///hidden",
        "https://hid den/",
    ] {
        let error = read(&[("ALERT_WEBHOOK_URL", url)]).unwrap_err().to_string();
        assert!(
            error.contains("ALERT_WEBHOOK_URL")
                && !error.contains(url.trim_start_matches("https://")),
            "{error}"
        );
    }
    for url in ["https://hooks.example/x?y=1", "http://127.0.0.1:9/alerts"] {
        let settings = read(&[("ALERT_WEBHOOK_URL", url)]).unwrap();
        assert_eq!(settings.alert_webhook_url.as_deref(), Some(url));
    }
}

#[test]
fn nothing_configured_is_one_place_a_paid_account_and_no_token() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.locations, [DEFAULT_LOCATION]);
    assert_eq!(settings.limits, Limits::of(LimitsProfile::Paid));
    assert_eq!(settings.api_token, None);
    assert_eq!(settings.scheduled_plan, Plan::default());
    assert_eq!(settings.schedule_interval_minutes, None);
}

#[test]
fn places_are_read_once_each_in_their_order() {
    let settings = read(&[("LOCATIONS", "weur, wnam,weur")]).unwrap();
    assert_eq!(settings.locations, ["weur", "wnam"]);
}

#[test]
fn each_bad_field_of_the_scheduled_plan_is_named() {
    let plan = r#"{"jobs": 1, "functions": ["echo", "sing"]}"#;
    let error = read(&[("SCHEDULED_PLAN", plan)]).unwrap_err().to_string();
    for part in ["SCHEDULED_PLAN", "jobs: ", "; ", "functions[1]: "] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn the_variable_that_cannot_be_used_is_named() {
    for (name, value) in [
        ("LIMITS", "gold"),
        ("LOCATIONS", "wnam,moon"),
        ("SCHEDULED_PLAN", "{\"jobs\":1}"),
        ("KEEP_RUNS", "0"),
        ("SCHEDULE_INTERVAL_MINUTES", "0"),
        ("SCHEDULE_INTERVAL_MINUTES", "6h"),
        ("DELEGATED_CALLS_PER_SLICE", "5"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
