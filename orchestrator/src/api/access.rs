//! Who may do what: methods, the bearer token.

use super::Incoming;
use crate::settings::Settings;
use protocol::{Problem, routes::Route};
use subtle::ConstantTimeEq as _;

/// Methods that a resource knows.
#[must_use]
pub const fn allowed_methods(route: &Route) -> &'static str {
    match route {
        Route::Runs => "GET, HEAD, OPTIONS, POST",
        Route::Doctor | Route::DeploymentStarts => "OPTIONS, POST",
        Route::Run(_) => "DELETE, GET, HEAD, OPTIONS",
        _ => "GET, HEAD, OPTIONS",
    }
}

/// Whether a resource knows a method.
#[must_use]
pub(super) fn allows(route: &Route, method: &str) -> bool {
    allowed_methods(route)
        .split(", ")
        .any(|known| known == method)
}

/// Lets only those through who have the token. Without a configured one nobody is let through: never open by default.
///
/// # Errors
/// 403 when no token is configured, 401 when the request has none or a wrong one.
pub(super) fn authorise(settings: &Settings, request: &impl Incoming) -> Result<(), Problem> {
    let Some(token) = &settings.api_token else {
        return Err(Problem::new(
            403,
            "no API_TOKEN is configured, so nobody may start or cancel runs or examine the deployment; set it with: npx wrangler secret put API_TOKEN",
        ));
    };
    let refused = || {
        Problem::new(
            401,
            "starting and cancelling runs, and examining the deployment, takes the header Authorization: Bearer <API_TOKEN>",
        )
    };
    let header = request.header("authorization").ok_or_else(refused)?;
    let (scheme, given) = header.split_once(' ').ok_or_else(refused)?;
    let matches = bool::from(given.trim().as_bytes().ct_eq(token.trim().as_bytes()));
    if scheme.eq_ignore_ascii_case("bearer") && matches {
        Ok(())
    } else {
        Err(refused())
    }
}
