//! Thousands of generated bad requests over every route: each is answered with a 4xx problem document, and nothing changes.
//!
//! Each request is bad by construction, so that none of them may succeed. The generator is seeded: a failure shows the request, and
//! happens again.

use cli::client::Client;
use e2e::{SPOILT_PARTS, stage};
use protocol::{Problem, plan::MAX_PLAN_BYTES};
use rand::{Rng as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use ureq::http::{HeaderValue, Method};

/// Requests to make.
const REQUESTS: u32 = 2_400;

/// Well-formed ids of runs that do not exist.
const UNKNOWN_RUNS: [&str; 2] = ["20000101T000000Z-00000000", "19991231T235959Z-deadbeef"];

/// Plans that cannot be: every field, in every way that it can be wrong.
const BAD_FIELDS: [&str; 32] = [
    r#""transports":[]"#,
    r#""transports":["smoke"]"#,
    r#""transports":"direct""#,
    r#""transports":["direct","direct"]"#,
    r#""transports":[null]"#,
    r#""functions":[]"#,
    r#""functions":["eval"]"#,
    r#""functions":{}"#,
    r#""payload_bytes":[]"#,
    r#""payload_bytes":[-1]"#,
    r#""payload_bytes":[1e309]"#,
    r#""payload_bytes":[31]"#,
    r#""payload_bytes":[1000001]"#,
    r#""payload_bytes":["100"]"#,
    r#""payload_bytes":[100,100]"#,
    r#""payload_shape":"blob""#,
    r#""samples_per_cell":0"#,
    r#""samples_per_cell":1e9"#,
    r#""samples_per_cell":18446744073709551616"#,
    r#""samples_per_cell":0.5"#,
    r#""warmup_per_slice":11"#,
    r#""warmup_per_slice":-0.1"#,
    r#""timer":"quartz""#,
    r#""timer":["auto"]"#,
    r#""seed":-1"#,
    r#""seed":"1""#,
    r#""thresholds":{"p50_ms":0}"#,
    r#""thresholds":{"p51_ms":1}"#,
    r#""call_timeout_ms":0"#,
    r#""batch_size":101"#,
    r#""concurrency":0"#,
    r#""a_field_of_tomorrow":true"#,
];

/// One request that must not succeed.
#[derive(Debug)]
struct Bad {
    method: Method,
    path: String,
    body: Vec<u8>,
    /// Whether the token goes along.
    authorised: bool,
}

/// Makes bad requests.
struct Generator(ChaCha8Rng);

impl Generator {
    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices
            .choose(&mut self.0)
            .expect("there are choices")
            .clone()
    }

    fn next(&mut self) -> Bad {
        match self.0.random_range(0..7) {
            0 => self.unknown_path(),
            1 => self.wrong_method(),
            2 => self.without_token(),
            3 => self.bad_id(),
            4 => self.bad_query(),
            5 => self.unknown_run(),
            _ => self.bad_plan(),
        }
    }

    fn method(&mut self) -> Method {
        self.one_of(&[
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
        ])
    }

    fn unknown_path(&mut self) -> Bad {
        let parts = [
            "runs", "results", "cells", "nothing", "admin", ".env", "health", "events", "..",
        ];
        // Three parts at least, the last of which no route has.
        let path = format!(
            "/{}/{}/{}x",
            self.one_of(&parts),
            self.one_of(&parts),
            self.one_of(&SPOILT_PARTS)
        );
        let (method, body) = (self.method(), self.garbage());
        Bad {
            method,
            path,
            body,
            authorised: self.0.random(),
        }
    }

    fn wrong_method(&mut self) -> Bad {
        let known = [
            "/health",
            "/results",
            "/results/20000101T000000Z-00000000",
            "/results/20000101T000000Z-00000000.md",
            "/runs/20000101T000000Z-00000000/events",
            "/history",
            "/metrics",
            "/openapi.json",
        ];
        let method = self.one_of(&[Method::POST, Method::PUT, Method::DELETE, Method::PATCH]);
        let (path, body) = (self.one_of(&known).to_owned(), self.garbage());
        Bad {
            method,
            path,
            body,
            authorised: self.0.random(),
        }
    }

    fn without_token(&mut self) -> Bad {
        let (method, path) = self.one_of(&[
            (Method::POST, "/runs"),
            (Method::DELETE, "/runs/20000101T000000Z-00000000"),
        ]);
        let noise = self.0.random::<[u8; 16]>().to_vec();
        let body = self.one_of(&[b"{}".to_vec(), noise, vec![b'['; 10_000]]);
        Bad {
            method,
            path: path.to_owned(),
            body,
            authorised: false,
        }
    }

    fn bad_id(&mut self) -> Bad {
        let spoil = self.one_of(&SPOILT_PARTS);
        let spoilt = self.one_of(&[
            spoil.to_owned(),
            format!("20261122T172800Z-{spoil}"),
            format!("{spoil}20261122T172800Z-4f9a1c07"),
            "20261122T172800Z-4F9A1C07".to_owned(),
            "latest".to_owned(),
            "a".repeat(3_000),
        ]);
        let path = self.one_of(&[
            format!("/runs/{spoilt}"),
            format!("/runs/{spoilt}/events"),
            format!("/results/{spoilt}"),
            format!("/results/{spoilt}.md"),
            format!("/results/{spoilt}/cells/direct.echo.100.csv"),
            format!("/results/20000101T000000Z-00000000/cells/{spoilt}.hlog"),
            "/results/20000101T000000Z-00000000/cells/direct.echo.100.exe".to_owned(),
        ]);
        let method = self.one_of(&[Method::GET, Method::DELETE]);
        Bad {
            method,
            path,
            body: Vec::new(),
            authorised: true,
        }
    }

    fn bad_query(&mut self) -> Bad {
        let spoil = self.one_of(&SPOILT_PARTS);
        let path = self.one_of(&[
            format!("/runs?before={spoil}"),
            "/runs?limit=0".to_owned(),
            format!("/runs?limit={spoil}x"),
            "/runs?limit=99999999999".to_owned(),
            format!("/results?location={spoil}"),
            "/results?location=moon".to_owned(),
        ]);
        Bad {
            method: Method::GET,
            path,
            body: Vec::new(),
            authorised: self.0.random(),
        }
    }

    fn unknown_run(&mut self) -> Bad {
        let run = self.one_of(&UNKNOWN_RUNS);
        let (method, path) = self.one_of(&[
            (Method::GET, format!("/runs/{run}")),
            (Method::DELETE, format!("/runs/{run}")),
            (Method::GET, format!("/runs/{run}/events")),
            (Method::GET, format!("/results/{run}")),
            (Method::GET, format!("/results/{run}.md")),
            (
                Method::GET,
                format!("/results/{run}/cells/direct.echo.100.csv"),
            ),
        ]);
        Bad {
            method,
            path,
            body: Vec::new(),
            authorised: true,
        }
    }

    fn bad_plan(&mut self) -> Bad {
        let field = self.one_of(&BAD_FIELDS);
        let body = match self.0.random_range(0..8) {
            0 => b"[1,2".to_vec(),
            1 => [
                b"{\"seed\":1,".as_slice(),
                &self.0.random::<[u8; 24]>(),
                b"\xff",
            ]
            .concat(),
            2 => "[".repeat(MAX_PLAN_BYTES - 1).into_bytes(),
            3 => [
                format!("{{{field}").into_bytes(),
                vec![b' '; MAX_PLAN_BYTES],
            ]
            .concat(),
            _ => format!("{{\"seed\":{},{field}}}", self.0.random::<u32>()).into_bytes(),
        };
        Bad {
            method: Method::POST,
            path: "/runs".to_owned(),
            body,
            authorised: true,
        }
    }

    fn garbage(&mut self) -> Vec<u8> {
        let length = self.one_of(&[0, 1, 100, 5_000]);
        (0..length).map(|_| self.0.random()).collect()
    }
}

#[test]
fn every_bad_request_gets_a_4xx_problem_document_and_changes_nothing() {
    // A run that starts or ends meanwhile would be a change, too.
    let _turn = stage::my_turn();
    let workers = stage::shared();
    let with_token = stage::client(workers);
    let without = Client::new(workers.url(), None);
    let before: Vec<_> = with_token.runs(None).unwrap().runs;
    let mut generator = Generator(ChaCha8Rng::seed_from_u64(20_261_122));
    for number in 0..REQUESTS {
        let bad = generator.next();
        let client = if bad.authorised {
            &with_token
        } else {
            &without
        };
        let answer = client
            .request(&bad.method, &bad.path, &bad.body)
            .unwrap_or_else(|error| panic!("{number}: {error} to {bad:?}"));
        let shown = || format!("{number}: {} {:?} to {bad:?}", answer.status, answer.body);
        assert!((400..500).contains(&answer.status), "{}", shown());
        assert_eq!(
            answer
                .headers
                .get("content-type")
                .map(HeaderValue::as_bytes),
            Some(&b"application/problem+json"[..]),
            "{}",
            shown()
        );
        let problem: Problem =
            serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}", shown()));
        assert_eq!(problem.status, answer.status, "{}", shown());
        assert!(!problem.detail.is_empty(), "{}", shown());
    }
    assert_eq!(with_token.runs(None).unwrap().runs, before);
    assert!(!workers.log().contains("panicked"), "{}", workers.log());
    stage::tell(&format!(
        "bad requests: {REQUESTS}, answered with anything but a 4xx problem document: 0"
    ));
}
