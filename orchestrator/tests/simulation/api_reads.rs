//! What readers get: reports, lists, progress.

use crate::{
    api::{SMALL, completed, places, post, problem, start},
    simulated::http::{Places, TestRequest},
};
use orchestrator::api::{Reply, events::Follower};
use protocol::{
    Report, RunId,
    run::{RunList, RunStatus},
};

#[test]
fn the_latest_report_is_that_of_the_run_that_ended_last() {
    let places = places(&[]);
    let first = completed(&places);
    let second = completed(&places);
    let latest: Report = serde_json::from_str(&places.get("/results").body).unwrap();
    assert_eq!(latest.run.id, second);
    let older: Report =
        serde_json::from_str(&places.get(&format!("/results/{first}")).body).unwrap();
    assert_eq!(
        (older.run.id, older.cells.len(), older.cells[0].count),
        (first, 2, 40)
    );
}

#[test]
fn a_report_is_also_markdown_with_the_known_table() {
    let places = places(&[]);
    let run = completed(&places);
    let response = places.get(&format!("/results/{run}.md"));
    assert_eq!(
        response.header("content-type"),
        Some("text/markdown; charset=utf-8")
    );
    assert!(
        response.body.contains("| Method          | Payload |"),
        "{}",
        response.body
    );
}

#[test]
fn runs_are_listed_page_by_page_newest_first() {
    let places = places(&[]);
    let mut all: Vec<RunId> = (0..5).map(|_| completed(&places)).collect();
    all.sort();
    all.reverse();
    let (mut found, mut url) = (Vec::new(), "/runs?limit=2".to_owned());
    loop {
        let page: RunList = serde_json::from_str(&places.get(&url).body).unwrap();
        assert!(page.runs.len() <= 2);
        found.extend(page.runs.into_iter().map(|run| run.id));
        match page.next_before {
            Some(before) => url = format!("/runs?limit=2&before={before}"),
            None => break,
        }
    }
    assert_eq!(found, all);
    for url in [
        "/runs?limit=0",
        "/runs?limit=101",
        "/runs?limit=x",
        "/runs?before=x",
    ] {
        assert_eq!(problem(&places.get(url)).status, 400, "{url}");
    }
}

#[test]
fn any_origin_may_read_and_none_is_invited_to_start() {
    let places = places(&[]);
    for url in ["/health", "/runs", "/results", "/metrics", "/openapi.json"] {
        assert_eq!(
            places.get(url).header("access-control-allow-origin"),
            Some("*"),
            "{url}"
        );
    }
    for request in [post(SMALL), TestRequest::new("OPTIONS", "/runs")] {
        let response = places.send(&request);
        assert!(
            response
                .headers
                .iter()
                .all(|(name, _)| !name.starts_with("access-control")),
            "{response:?}"
        );
    }
}

#[test]
fn readers_by_the_dozen_cost_a_coordinator_one_question_a_second() {
    let places = places(&[]);
    let run = start(&places).id;
    let before = places.asked.get();
    for _ in 0..50 {
        for url in [
            format!("/runs/{run}"),
            "/runs".to_owned(),
            "/results".to_owned(),
        ] {
            places.get(&url);
        }
    }
    // The status and the list once each; that there is no report yet is asked each time, which costs next to nothing.
    assert_eq!(places.asked.get() - before, 2 + 50);
}

#[test]
fn the_end_of_a_run_is_seen_at_once() {
    let places = places(&[]);
    completed(&places);
    places.get("/results");
    let run = completed(&places);
    let status: RunStatus =
        serde_json::from_str(&places.get(&format!("/runs/{run}")).body).unwrap();
    assert!(status.state.is_final());
    let latest: Report = serde_json::from_str(&places.get("/results").body).unwrap();
    assert_eq!(latest.run.id, run);
}

#[test]
fn one_request_measures_at_every_place_and_the_results_add_up() {
    let places = places(&[("LOCATIONS", "wnam,weur"), ("LOCATION_STAGGER_MS", "5000")]);
    let first = start(&places);
    assert_eq!(first.location, "wnam");
    assert_eq!(first.siblings.len(), 1);
    places.wake_until_idle();
    let list: RunList = serde_json::from_str(&places.get("/runs").body).unwrap();
    assert_eq!(list.runs.len(), 2);
    let started = |place: &str| {
        list.runs
            .iter()
            .find(|run| run.location == place)
            .unwrap()
            .started_at
            .unwrap()
    };
    assert!(
        (started("weur") - started("wnam")).num_milliseconds() >= 5_000 - 100,
        "staggered"
    );
    let of = |url: &str| serde_json::from_str::<Report>(&places.get(url).body).unwrap();
    let (wnam, weur, all) = (
        of("/results?location=wnam"),
        of("/results?location=weur"),
        of("/results"),
    );
    assert_eq!(
        (wnam.run.location.as_str(), weur.run.location.as_str()),
        ("wnam", "weur")
    );
    assert_eq!(
        all.cells[0].count,
        wnam.cells[0].count + weur.cells[0].count
    );
    assert_eq!(all.cells[0].count, 80);
    for (location, status) in [("mars", 400), ("", 400), ("apac", 404), ("default", 404)] {
        for path in ["/results?", "/history?cell=direct.echo.100&"] {
            let problem = problem(&places.get(&format!("{path}location={location}")));
            assert_eq!(problem.status, status, "{path}{location}");
            assert!(
                problem.detail.ends_with(": wnam, weur"),
                "{}",
                problem.detail
            );
        }
    }
    // Either place finds any run.
    for run in &list.runs {
        assert_eq!(places.get(&format!("/results/{}", run.id)).status, 200);
    }
}

#[test]
fn followers_are_told_what_changed_and_browsers_when_to_stop() {
    let places = places(&[]);
    let run = start(&places).id;
    let events = TestRequest::new("GET", &format!("/runs/{run}/events"));
    let location = "default".to_owned();
    assert_eq!(
        places.reply(&events),
        Reply::Events {
            location,
            run: run.clone()
        }
    );
    let status = |places: &Places| {
        serde_json::from_str::<RunStatus>(&places.get(&format!("/runs/{run}")).body).unwrap()
    };
    let mut follower = Follower::default();
    let (text, ended) = follower.next_event(&status(&places));
    assert!(
        text.starts_with("id: pending-0\nevent: progress\ndata: {\"id\":")
            && text.ends_with("}\n\n")
            && !ended,
        "{text}"
    );
    let (text, _) = follower.next_event(&status(&places));
    assert_eq!(text, ": nothing new\n\n", "what is known is not sent again");
    places.wake_until_idle();
    // What readers were answered stays for a second.
    places.processes.borrow()["default"]
        .world
        .now
        .set(places.now() + 1_000);
    let last = status(&places);
    let (text, ended) = Follower::having_seen(Some("running-12".to_owned())).next_event(&last);
    assert!(
        text.starts_with("id: completed-40\nevent: ended\n") && ended,
        "{text}"
    );

    let mut again = events.clone();
    again
        .headers
        .push(("Last-Event-ID".to_owned(), "completed-40".to_owned()));
    assert_eq!(
        places.send(&again).status,
        204,
        "the status that stops a browser from coming back"
    );
    let head = TestRequest {
        method: "HEAD".to_owned(),
        ..events
    };
    assert_eq!(places.send(&head).status, 200);
    assert_eq!(
        places.get("/runs/20261122T172800Z-4f9a1c07/events").status,
        404
    );
}
