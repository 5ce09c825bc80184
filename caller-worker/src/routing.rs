//! Which request is answered by what.

use protocol::routes::{
    self, Refusal,
    caller::{EXECUTE, HEALTH, MEASURE, REPEAT},
    path_of,
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
const RESOURCES: &[routes::Resource<Resource>] = &[
    (HEALTH, &["GET", "HEAD"], Resource::Health),
    (EXECUTE, &["POST"], Resource::Execute),
    (MEASURE, &["POST"], Resource::Measure),
    (REPEAT, &["POST"], Resource::Repeat),
];

/// Finds the resource that an absolute URL names, whatever its host.
///
/// # Errors
/// 404 and 405, with what there is.
pub(crate) fn find(method: &str, url: &str) -> Result<Resource, Refusal> {
    routes::find(RESOURCES, method, path_of(url))
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
