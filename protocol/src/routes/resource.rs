//! Which request is answered by what, in a Worker of a few resources. Pure, so that it is tested natively.

use crate::Problem;

/// A resource of type `R`: its path, the methods that it answers, and which one it is.
pub type Resource<R> = (&'static str, &'static [&'static str], R);

/// A request that is refused, and what its sender is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The body of the answer; its status is the answer's.
    pub problem: Box<Problem>,
    /// Value of the `Allow` header, for a wrong method (RFC 9110, section 15.5.6).
    pub allow: Option<String>,
}

impl Refusal {
    /// A refusal by `status` alone.
    #[must_use]
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Problem::new(status, detail).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            allow: None,
        }
    }
}

/// Finds the resource at `path` that answers `method`.
///
/// # Errors
/// 404 with the paths that there are, 405 with the methods that the path answers.
pub fn find<R: Copy>(resources: &[Resource<R>], method: &str, path: &str) -> Result<R, Refusal> {
    let &(_, methods, resource) = resources
        .iter()
        .find(|(known, ..)| *known == path)
        .ok_or_else(|| {
            let paths: Vec<&str> = resources.iter().map(|(path, ..)| *path).collect();
            Refusal::new(
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
        ..Refusal::new(405, detail)
    })
}

/// The path of an absolute URL as the platform states it (scheme, host, then a path that starts with `/`), without query and fragment.
#[must_use]
pub fn path_of(url: &str) -> &str {
    // The third slash: two follow the scheme.
    let third = url.match_indices('/').nth(2);
    let path = third.and_then(|(at, _)| url.get(at..));
    without_query(path.unwrap_or("/"))
}

/// A path without query and fragment.
#[must_use]
pub fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESOURCES: &[Resource<u8>] = &[("/a", &["GET", "HEAD"], 1), ("/b/c", &["POST"], 2)];

    #[test]
    fn a_resource_is_found_by_path_and_method() {
        assert_eq!(find(RESOURCES, "HEAD", "/a"), Ok(1));
        assert_eq!(find(RESOURCES, "POST", "/b/c"), Ok(2));
    }

    #[test]
    fn other_paths_and_methods_are_told_what_there_is() {
        for path in ["/", "/b", "/a/", "/B/C"] {
            let unknown = find(RESOURCES, "GET", path).unwrap_err();
            assert_eq!((unknown.problem.status, &unknown.allow), (404, &None));
            assert!(unknown.problem.detail.contains("there are /a, /b/c"));
        }
        let wrong = find(RESOURCES, "POST", "/a").unwrap_err();
        assert_eq!(
            (wrong.problem.status, wrong.allow.as_deref()),
            (405, Some("GET, HEAD"))
        );
    }

    #[test]
    fn the_path_of_a_url_is_what_follows_the_host() {
        for (url, path) in [
            ("https://caller/health", "/health"),
            ("http://127.0.0.1:8787/execute", "/execute"),
            ("https://caller/repeat?x=/1", "/repeat"),
            ("https://caller/a#b", "/a"),
            ("https://caller", "/"),
            ("https://caller/", "/"),
            ("https://caller/https://other/x", "/https://other/x"),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }
}
