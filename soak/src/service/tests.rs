use super::*;
use tiny_http::{Header, Response, Server};

/// Answers every request with that status and body, after `meanwhile`.
fn served(status: u16, body: &'static str, meanwhile: impl Fn() + Send + 'static) -> String {
    let server = Server::http("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.server_addr().to_ip().unwrap());
    thread::spawn(move || {
        for request in server.incoming_requests() {
            meanwhile();
            let media_type = Header::from_bytes("content-type", "application/problem+json");
            let answer = Response::from_string(body).with_status_code(status);
            request
                .respond(answer.with_header(media_type.unwrap()))
                .unwrap();
        }
    });
    url
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

#[test]
fn a_5xx_while_it_is_up_is_a_fault_and_one_across_a_kill_is_none() {
    let service = std::sync::Arc::new(Service::default());
    service.is_up(&served(502, "", || ()));
    assert_eq!(
        service.ask(&Asked::get("/runs"), soon()).unwrap().status,
        502
    );
    assert_eq!(service.tally().failures, 1);
    let killed = std::sync::Arc::clone(&service);
    service.is_up(&served(502, "", move || killed.is_down()));
    assert!(service.ask(&Asked::get("/runs"), soon()).is_none());
    let tally = service.tally();
    assert_eq!((tally.failures, tally.interrupted), (1, 1), "{tally:?}");
}

#[test]
fn a_restart_between_request_and_answer_interrupts_it_too() {
    let service = std::sync::Arc::new(Service::default());
    let killed = std::sync::Arc::clone(&service);
    service.is_up(&served(500, "", move || {
        killed.is_down();
        killed.is_up("http://127.0.0.1:1");
    }));
    assert!(service.ask(&Asked::get("/runs"), soon()).is_none());
    assert_eq!(service.tally().interrupted, 1);
}

#[test]
fn no_answer_while_it_is_up_is_a_fault() {
    let service = Service::default();
    service.is_up("http://127.0.0.1:1");
    assert!(service.ask(&Asked::get("/runs"), soon()).is_none());
    assert_eq!(service.tally().failures, 1);
}

#[test]
fn a_refusal_without_a_problem_document_is_a_misanswer() {
    let service = Service::default();
    service.is_up(&served(404, "not found", || ()));
    service.ask(&Asked::get("/x"), soon()).unwrap();
    service.is_up(&served(404, r#"{"status":404}"#, || ()));
    service.ask(&Asked::get("/x"), soon()).unwrap();
    let tally = service.tally();
    assert_eq!((tally.requests, tally.misanswers), (2, 1), "{tally:?}");
}
