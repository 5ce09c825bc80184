//! Which request is answered by what. Pure, so that it is tested natively.

use protocol::{
    Problem,
    routes::caller::{EXECUTE, HEALTH, MEASURE, REPEAT},
};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Liveness and versions.
    Health,
    /// One invocation.
    Execute,
    /// One slice.
    Measure,
    /// One component, many times.
    Repeat,
}

/// Every resource: its path, the methods that it answers, and what it is.
const RESOURCES: &[(&str, &[&str], Resource)] = &[
    (HEALTH, &["GET", "HEAD"], Resource::Health),
    (EXECUTE, &["POST"], Resource::Execute),
    (MEASURE, &["POST"], Resource::Measure),
    (REPEAT, &["POST"], Resource::Repeat),
];

/// A request that no resource answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What its sender is told.
    pub(crate) problem: Box<Problem>,
    /// Value of the `Allow` header, for a wrong method.
    pub(crate) allow: Option<String>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            allow: None,
        }
    }
}

/// Finds the resource that an absolute URL names.
pub(crate) fn find(method: &str, url: &str) -> Result<Resource, Refusal> {
    let path = path(url);
    let &(_, methods, resource) = RESOURCES
        .iter()
        .find(|(known, ..)| *known == path)
        .ok_or_else(|| {
            let paths: Vec<&str> = RESOURCES.iter().map(|(path, ..)| *path).collect();
            Problem::new(
                404,
                format!("there is no such path; there are {}", paths.join(", ")),
            )
        })?;
    if methods.contains(&method) {
        return Ok(resource);
    }
    let allow = methods.join(", ");
    let detail = format!("{path} does not answer this method; it answers {allow}");
    Err(Refusal {
        allow: Some(allow),
        ..Problem::new(405, detail).into()
    })
}

/// The path of an absolute URL as the platform states it: scheme, two slashes, host, then a path that starts with a third.
fn path(url: &str) -> &str {
    let path = url
        .match_indices('/')
        .nth(2)
        .map_or("/", |(at, _)| &url[at..]);
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_contract_is_found_whatever_the_host() {
        for (method, url, resource) in [
            ("GET", "https://caller/health", Resource::Health),
            ("POST", "http://127.0.0.1:8787/execute", Resource::Execute),
            ("POST", "https://caller.internal/measure", Resource::Measure),
            ("POST", "https://caller/repeat?x=1", Resource::Repeat),
        ] {
            assert_eq!(find(method, url), Ok(resource), "{url}");
        }
    }

    #[test]
    fn other_paths_and_methods_are_told_what_there_is() {
        let unknown = find("GET", "https://caller/").unwrap_err();
        assert_eq!(unknown.problem.status, 404);
        assert!(
            unknown
                .problem
                .detail
                .contains("/health, /execute, /measure, /repeat")
        );
        let wrong = find("GET", "https://caller/measure").unwrap_err();
        assert_eq!(
            (wrong.problem.status, wrong.allow),
            (405, Some("POST".to_owned()))
        );
    }
}
