//! Requests of every kind that the document allows, and of kinds that it forbids: methods, query parameters, plans.

use super::{
    CELL, NO_SUCH_RUN,
    document::{Operation, field},
    driver::{Driver, Given},
    generate::Generator,
};
use e2e::stage;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Why a plan may be refused that the schema allows: fields that are well each by itself, but not together.
const NOT_IN_A_SCHEMA: [&str; 11] = [
    "slices with this many cells",
    "bytes in flight at once",
    "cannot be interpolated with a concurrency above 1",
    "is too few: the first round of every cell",
    "limits a run until it is settled, and this one is of fixed size",
    "which delegates nothing",
    "which is not among the plan's transports",
    "needs a judged transport that goes over the service binding",
    "is cold-starts, which the plan does not ask for",
    "cold starts with this many runtimes and scenarios",
    "scripts/build --cold-starts", // no such Worker is bound here
];

/// Methods that a resource may know.
const METHODS: [&str; 7] = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];

/// Plans of each kind that are made from the schema.
const PLANS: u32 = 300;

/// `HEAD` answers as `GET` does, without a body; `OPTIONS` and 405 name the methods that the document describes.
pub(super) fn methods(driver: &Driver) {
    let operations = driver.document.operations();
    let paths: BTreeSet<&str> = operations
        .iter()
        .map(|operation| operation.path.as_str())
        .collect();
    for path in paths {
        let described: Vec<&Operation> = operations
            .iter()
            .filter(|operation| operation.path == path)
            .collect();
        for method in METHODS {
            if described.iter().any(|operation| operation.method == method) {
                continue;
            }
            let other = Operation {
                method: method.to_owned(),
                path: path.to_owned(),
            };
            let answer = driver.send(&other, &Given::default());
            let reading = described.iter().find(|known| known.method == "GET");
            if let ("HEAD", Some(reading)) = (method, reading) {
                let read = driver.send(reading, &Given::default());
                assert_eq!(
                    (answer.status, answer.body.as_str()),
                    (read.status, ""),
                    "{other:?}"
                );
                assert_eq!(
                    field(&answer, "content-type"),
                    field(&read, "content-type"),
                    "{other:?}"
                );
                continue;
            }
            let allowed: BTreeSet<&str> = field(&answer, "allow")
                .unwrap_or_default()
                .split(", ")
                .collect();
            let known: BTreeSet<&str> = described
                .iter()
                .map(|operation| operation.method.as_str())
                .chain(reading.map(|_| "HEAD"))
                .chain(["OPTIONS"])
                .collect();
            assert_eq!(allowed, known, "{other:?}");
            if method == "OPTIONS" {
                assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
            } else {
                assert_eq!(answer.status, 405, "{other:?}");
                // a HEAD's answer has no body to hold against the document
                if method != "HEAD" {
                    driver.document.hold(described[0], &answer);
                }
            }
        }
    }
}

/// Every query parameter with every kind of value that its schema allows, and some that it does not.
pub(super) fn queries(driver: &Driver, run: &str) {
    for operation in driver.document.operations() {
        let parameters = driver.document.operation(&operation)["parameters"].clone();
        let in_query = |parameter: &&Value| parameter["in"] == "query";
        let parameters: Vec<&Value> = parameters
            .as_array()
            .expect("parameters")
            .iter()
            .filter(in_query)
            .collect();
        let required: Vec<&str> = parameters
            .iter()
            .filter(|parameter| parameter["required"] == true)
            .map(|parameter| parameter["name"].as_str().expect("a name"))
            .collect();
        let base = match required[..] {
            [] => String::new(),
            ["cell"] => format!("cell={CELL}&"),
            ["first"] => format!("first={run}&"),
            _ => panic!("no values are known of {required:?}"),
        };
        if !required.is_empty() {
            assert_eq!(driver.drive(&operation, &Given::default()).status, 400);
        }
        for parameter in parameters {
            let name = parameter["name"].as_str().expect("a name");
            let base = if required.contains(&name) { "" } else { &base };
            let (good, bad) = values(driver, parameter, run);
            for (values, status) in [(good, 200), (bad, 400)] {
                for value in values {
                    let query = format!("?{base}{name}={value}");
                    let answer = driver.drive(
                        &operation,
                        &Given {
                            query: &query,
                            ..Given::run(run)
                        },
                    );
                    assert_eq!(answer.status, status, "{operation:?} {query}: {answer:?}");
                }
            }
        }
    }
    for (operation, query) in [
        ("history", "?cell=rpc.echo.100"),
        ("history", "?cell=direct.echo.100&location=wnam"),
        ("latestResults", "?location=wnam"),
        ("comparison", "?first=20000101T000000Z-00000000"),
    ] {
        let given = Given {
            query,
            ..Given::default()
        };
        driver.expect(404, operation, &given);
    }
}

/// Values of a query parameter: good ones and bad ones.
fn values(driver: &Driver, parameter: &Value, run: &str) -> (Vec<String>, Vec<String>) {
    let schema = driver.document.resolve(&parameter["schema"]);
    let mut bad = vec![
        String::new(),
        "x".to_owned(),
        "%00".to_owned(),
        "-1".to_owned(),
    ];
    let good = match (
        parameter["name"].as_str(),
        schema["minimum"].as_u64(),
        schema["maximum"].as_u64(),
    ) {
        (Some("cell"), ..) => vec![CELL.to_owned(), "direct.echo.100".to_owned()],
        (Some("before"), ..) => vec![run.to_owned(), NO_SUCH_RUN.to_owned()],
        (Some("first" | "second"), ..) => vec![run.to_owned()],
        (Some("location"), ..) => vec!["default".to_owned()],
        (_, Some(least), Some(most)) => {
            bad.extend([
                (least - 1).to_string(),
                (most + 1).to_string(),
                format!("{most}.5"),
            ]);
            vec![least.to_string(), most.to_string()]
        }
        _ => {
            let choices = driver.document.choices(schema);
            assert!(!choices.is_empty(), "no values are known of {parameter}");
            choices
                .iter()
                .map(|choice| choice.as_str().expect("text").to_owned())
                .collect()
        }
    };
    (good, bad)
}

/// While a run is active, an accepted plan is answered with 409, a refused one with 400 and its reasons: nothing starts.
pub(super) fn plans(driver: &Driver) {
    let request = driver.document.schema("PlanRequest");
    let operation = driver.operation("startRun");
    let content =
        &driver.document.operation(&operation)["requestBody"]["content"]["application/json"];
    let default = serde_json::to_value(protocol::Plan::default()).expect("JSON");
    for plan in [
        &content["example"],
        &default,
        &json!({}),
        &json!({"thresholds": {"p50_ms": 2}}),
    ] {
        assert!(
            driver.document.errors(&content["schema"], plan).is_empty(),
            "{plan}"
        );
        driver.expect(409, "startRun", &Given::body(plan));
    }
    let mut generator = Generator::new(driver.document, 9457);
    let mut fit = 0;
    for _ in 0..PLANS {
        let plan = generator.allowed(request);
        let answer = driver.drive(&operation, &Given::body(&plan));
        let refused_together = answer.status == 400
            && NOT_IN_A_SCHEMA
                .iter()
                .any(|words| answer.body.contains(words));
        assert!(
            refused_together || answer.status == 409,
            "{plan}: {answer:?}"
        );
        fit += u32::from(!refused_together);
    }
    // few of the transports that a random plan judges are among those that it has, and limits are for runs until they are settled
    assert!(
        fit > PLANS / 16,
        "only {fit} of {PLANS} plans were accepted"
    );
    let validator = driver.document.validator(request);
    for _ in 0..PLANS {
        let (plan, field) = generator.forbidden(request, &validator);
        let answer = driver.expect(400, "startRun", &Given::body(&plan));
        let problem: Value = serde_json::from_str(&answer.body).expect("JSON");
        let named = |error: &Value| {
            error["field"]
                .as_str()
                .is_some_and(|name| name.starts_with(&field))
        };
        assert!(
            problem["errors"]
                .as_array()
                .is_some_and(|errors| errors.iter().any(named)),
            "{plan}: {answer:?}"
        );
    }
    stage::tell(&format!(
        "plans made from the schema: {PLANS}, of which {} have fields that do not fit together; forbidden ones refused: {PLANS}",
        PLANS - fit
    ));
}
