//! Every operation, one module for each part of the API.

mod results;
mod runs;
mod system;

use crate::{DocumentError, operation::Paths};

/// What is answered about a run that no location knows.
const NO_SUCH_RUN: (u16, &str) = (
    404,
    "there is no run 20261122T172800Z-4f9a1c07; GET /runs lists those kept",
);

const NO_TOKEN: (u16, &str) = (
    401,
    "starting and cancelling runs, and examining the deployment, takes the header Authorization: Bearer <API_TOKEN>",
);
const NOBODY_MAY: (u16, &str) = (
    403,
    "no API_TOKEN is configured, so nobody may start or cancel runs or examine the deployment",
);

/// Adds every operation.
pub(crate) fn add_all(paths: &mut Paths) -> Result<(), DocumentError> {
    system::add(paths)?;
    runs::add(paths)?;
    results::add(paths)
}
