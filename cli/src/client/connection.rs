//! How the orchestrator is reached: certificates, proxies, timeouts.
//!
//! * Certificates are verified as the platform does, so that an authority of a company's own counts; on Linux these are the system's, or the
//!   file in `SSL_CERT_FILE` and the folder in `SSL_CERT_DIR`.
//! * Proxies are those of the environment, by the rules of curl. This machine is never asked through one.
//! * No redirect is followed: a token would have to be left behind, and a POST would become a GET.

use core::net::IpAddr;
use std::{io::ErrorKind, time::Duration};
use ureq::{
    Agent, Body, Proxy,
    http::{Method, Request, Response, Uri},
    tls::{RootCerts, TlsConfig},
};

/// Longest wait for an answer to begin. The slowest one assembles nothing: reports are stored.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time that an answer takes; a stream of events is the longest one, and ends by itself before.
const BODY_TIMEOUT: Duration = Duration::from_mins(10);

/// An idle connection is used again for so long. workerd, and many a proxy, close one after 5 s: a request that meets the close would fail.
const IDLE: Duration = Duration::from_secs(3);

/// What connects to the orchestrator at `url`, with proxies from these environment variables.
///
/// # Errors
/// The name of a variable whose proxy cannot be used, and why.
pub(super) fn agent(
    url: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Agent, (String, String)> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .tls_config(tls)
        .proxy(proxy(url, variable)?)
        .max_idle_age(IDLE)
        .timeout_connect(Some(TIMEOUT))
        .timeout_recv_response(Some(TIMEOUT))
        .timeout_recv_body(Some(BODY_TIMEOUT))
        .user_agent(concat!("rpc-latency/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

/// One request. A GET that met the close of its connection is made once more (RFC 9112, section 9.3.1): a server that was too busy to read closes a
/// connection as idle just when the request is there.
pub(super) fn ask(agent: &Agent, request: &Request<&[u8]>) -> Result<Response<Body>, ureq::Error> {
    match ask_once(agent, request) {
        Err(error) if request.method() == Method::GET && is_closed(&error) => {
            ask_once(agent, request)
        }
        answer => answer,
    }
}

fn ask_once(agent: &Agent, request: &Request<&[u8]>) -> Result<Response<Body>, ureq::Error> {
    let (parts, body) = request.clone().into_parts();
    if body.is_empty() {
        agent.run(Request::from_parts(parts, ()))
    } else {
        agent.run(Request::from_parts(parts, body))
    }
}

/// Whether the other side closed the connection before it answered.
fn is_closed(error: &ureq::Error) -> bool {
    let ureq::Error::Io(error) = error else {
        return false;
    };
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// The proxy on the way to `url`, by curl's rules: that of the scheme, else `ALL_PROXY`, unless `NO_PROXY` names the host.
fn proxy(
    url: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, (String, String)> {
    let Ok(uri) = url.parse::<Uri>() else {
        return Ok(None);
    };
    let host = uri.host().unwrap_or_default();
    let not_empty = |name: &str| variable(name).filter(|value| !value.is_empty());
    let excepted = not_empty("no_proxy").or_else(|| not_empty("NO_PROXY"));
    if is_this_machine(host) || excepted.is_some_and(|names| is_named(host, &names)) {
        return Ok(None);
    }
    let names = if uri.scheme_str() == Some("https") {
        ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    } else {
        ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
    };
    let Some((name, value)) = names
        .into_iter()
        .find_map(|name| Some((name, not_empty(name)?)))
    else {
        return Ok(None);
    };
    // A proxy's address may hold a password: the reason does not repeat it.
    Proxy::new(&value)
        .map(Some)
        .map_err(|error| (name.to_owned(), error.to_string()))
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a list as in `NO_PROXY` names `host`: `*`, the host itself, or a domain around it, with a dot before it or without.
fn is_named(host: &str, names: &str) -> bool {
    let host = host.to_ascii_lowercase();
    names.split([',', ' ']).map(str::trim).any(|name| {
        let domain = name.trim_start_matches("*.").trim_start_matches('.');
        let domain = domain.to_ascii_lowercase();
        name == "*"
            || !domain.is_empty()
                && host
                    .strip_suffix(&domain)
                    .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };
    use ureq::http::StatusCode;

    /// Host of the proxy on the way to `url`.
    fn through(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, (String, String)> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Ok(proxy(url, variable)?.map(|proxy| proxy.host().to_owned()))
    }

    /// Answers one request on each connection, and closes it when a second one comes: as late as a close can be met.
    fn one_answer_a_connection() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let mut requests = BufReader::new(&connection).lines();
                let mut headers = requests.by_ref().map_while(Result::ok);
                if headers.by_ref().any(|line| line.is_empty()) {
                    let _ =
                        (&connection).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                    headers.next();
                }
            }
        });
        url
    }

    #[test]
    fn a_connection_that_was_idle_for_long_is_not_used_again() {
        let url = one_answer_a_connection();
        let agent = agent(&url, |_| None).unwrap();
        agent
            .get(&url)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        thread::sleep(IDLE + Duration::from_millis(200));
        let again = agent.post(&url).send("body").map(|answer| answer.status());
        assert_eq!(again.map_err(|error| error.to_string()), Ok(StatusCode::OK));
    }

    #[test]
    fn a_get_that_meets_the_close_of_its_connection_is_made_again_and_a_post_is_not() {
        let url = one_answer_a_connection();
        let agent = agent(&url, |_| None).unwrap();
        let request = |method: Method, body: &'static [u8]| {
            let request = Request::builder().method(method).uri(&url);
            let mut answer = ask(&agent, &request.body(body).unwrap())?;
            // Read to its end, the connection is used again.
            answer.body_mut().read_to_string()
        };
        for _ in 0..2 {
            assert_eq!(request(Method::GET, b"").unwrap(), "ok");
        }
        let error = request(Method::POST, b"body").unwrap_err();
        assert!(is_closed(&error), "{error}");
    }

    #[test]
    fn this_machine_is_never_asked_through_a_proxy() {
        let everywhere = [
            ("http_proxy", "http://proxy.example:9"),
            ("ALL_PROXY", "http://proxy.example:9"),
        ];
        for url in [
            "http://127.0.0.1:8787",
            "http://127.1.2.3",
            "http://localhost:1",
            "http://LOCALHOST",
            "http://[::1]:8787",
        ] {
            assert_eq!(through(url, &everywhere), Ok(None), "{url}");
        }
        let found = through("http://a.example", &everywhere);
        assert_eq!(found, Ok(Some("proxy.example".to_owned())));
    }

    #[test]
    fn the_proxy_is_that_of_the_scheme_and_not_for_excepted_hosts() {
        let variables = [
            ("HTTP_PROXY", "http://plain.example"),
            ("HTTPS_PROXY", "http://secure.example"),
            ("NO_PROXY", "b.example, .c.example"),
        ];
        let host = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(
            through("http://a.example", &variables),
            host("plain.example")
        );
        assert_eq!(
            through("https://a.example", &variables),
            host("secure.example")
        );
        assert_eq!(through("https://b.example", &variables), Ok(None));
        assert_eq!(through("https://x.C.example", &variables), Ok(None));
        assert_eq!(
            through("https://notb.example", &variables),
            host("secure.example")
        );
        assert_eq!(
            through("https://a.example", &[("HTTPS_PROXY", "")]),
            Ok(None)
        );
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        let variables = [("https_proxy", "gopher://user:secret@proxy.example")];
        let (name, reason) = through("https://a.example", &variables).unwrap_err();
        assert_eq!(name, "https_proxy");
        assert!(!reason.contains("secret"), "{reason}");
    }
}
