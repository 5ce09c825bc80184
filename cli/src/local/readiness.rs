//! Waiting until the servers answer, with a deadline.

use super::{process_group::ProcessGroup, start_error::StartError};
use protocol::Problem;
use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
    time::{Duration, Instant},
};

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 40;

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Fails when the port that was asked for is not free; workerd would say so at the end of a log.
pub(super) fn port_is_free(port: Option<u16>) -> Result<(), StartError> {
    match port {
        Some(port) if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() => {
            Err(StartError::PortTaken { port })
        }
        _ => Ok(()),
    }
}

/// Waits until plain workerd listens on a socket, and returns the address there.
pub(super) fn socket_url(
    server: &mut ProcessGroup,
    socket: &str,
    expires: Instant,
) -> Result<String, StartError> {
    let port = wait(
        server,
        expires,
        "it did not say on which port it listens",
        |log| listening_port(log, socket).ok_or_else(String::new),
    )?;
    Ok(format!("http://127.0.0.1:{port}"))
}

/// Waits until the orchestrator answers behind a socket, and returns its address.
pub(super) fn ready_url(
    server: &mut ProcessGroup,
    socket: &str,
    expires: Instant,
) -> Result<String, StartError> {
    let url = socket_url(server, socket, expires)?;
    let health = format!("{url}/health");
    let agent: ureq::Agent = ureq::Agent::config_builder()
        // Whatever proxy the environment names is not for this machine.
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .into();
    wait(
        server,
        expires,
        &format!("GET {health} did not answer 200"),
        |_| look_at_health(&agent, &health),
    )??;
    Ok(url)
}

/// Whether the Workers can be used, as soon as they say so.
fn look_at_health(agent: &ureq::Agent, health: &str) -> Result<Result<(), StartError>, String> {
    let mut answer = agent
        .get(health)
        .call()
        .map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        return Ok(Ok(()));
    }
    let text = answer.body_mut().read_to_string().unwrap_or_default();
    // That will not pass by waiting.
    let problem = serde_json::from_str::<Problem>(&text)
        .map_err(|_| format!("http status: {}", answer.status().as_u16()))?;
    Ok(Err(StartError::Unusable(problem.detail)))
}

/// Fails when the server has ended.
pub(super) fn still_runs(server: &mut ProcessGroup) -> Result<(), StartError> {
    match server.ended() {
        None => Ok(()),
        Some(status) => Err(StartError::Ended {
            name: server.name(),
            status,
            tail: tail(&server.log()),
        }),
    }
}

/// Looks again and again, until `look` finds it in the log or beyond, the server ends, or the time is over.
fn wait<T>(
    server: &mut ProcessGroup,
    expires: Instant,
    missing: &str,
    mut look: impl FnMut(&str) -> Result<T, String>,
) -> Result<T, StartError> {
    loop {
        let why_not = match look(&server.log()) {
            Ok(found) => return Ok(found),
            Err(why_not) => why_not,
        };
        still_runs(server)?;
        if Instant::now() >= expires {
            let separator = if why_not.is_empty() { "" } else { " (" };
            let end = if why_not.is_empty() { "" } else { ")" };
            return Err(StartError::NotReady {
                name: server.name(),
                waited_for: format!("{missing}{separator}{why_not}{end}"),
                tail: tail(&server.log()),
            });
        }
        thread::sleep(PAUSE);
    }
}

/// The port in the line that `workerd serve --control-fd` writes when the socket listens.
fn listening_port(log: &str, socket: &str) -> Option<u16> {
    log.lines().find_map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        if event.get("socket")?.as_str()? != socket {
            return None;
        }
        u16::try_from(event.get("port")?.as_u64()?).ok()
    })
}

/// The end of a log, without colours.
pub(super) fn tail(log: &str) -> String {
    let log = console::strip_ansi_codes(log);
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    lines[from..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_workerds_control_line() {
        let line = |socket, port| {
            format!("{{\"event\":\"listen\",\"socket\":\"{socket}\",\"port\":{port}}}\n")
        };
        let log = format!("a warning\n{}{}", line("native", 8999), line("other", 9000));
        assert_eq!(listening_port(&log, "native"), Some(8999));
        assert_eq!(listening_port(&log, "other"), Some(9000));
        assert_eq!(listening_port(&log, "third"), None);
        assert_eq!(listening_port(&log[..30], "native"), None);
    }

    #[test]
    fn an_error_shows_the_end_of_a_long_log() {
        let log: Vec<String> = (0..100).map(|line| line.to_string()).collect();
        let tail = tail(&log.join("\n"));
        assert!(tail.starts_with("60\n") && tail.ends_with("\n99"), "{tail}");
    }
}
