//! `POST /doctor`: what a deployment is made of, and what its caller finds out about its surroundings.

use super::{Api, Coordinators, Incoming, Response, access};
use protocol::{
    PACKAGE_VERSION, Problem,
    examination::{Examination, Probing},
    limits::LimitsProfile,
};

impl<C: Coordinators> Api<'_, C> {
    /// Examines the deployment. It costs CPU time and calls, so it takes the token.
    pub(super) async fn examine(&self, request: &impl Incoming) -> Result<Response, Problem> {
        access::authorise(self.settings, request)?;
        let probing = match self.settings.limits.profile {
            // polls take more CPU time than one of its requests has
            LimitsProfile::Free => Probing::Calls,
            LimitsProfile::Paid | LimitsProfile::Local => Probing::Clock,
        };
        let (caller, caller_problem) = match self.coordinators.examine_caller(probing).await {
            Ok(findings) => (Some(findings), None),
            Err(problem) => (None, Some(problem.detail)),
        };
        Ok(Response::json(
            200,
            &Examination {
                package_version: PACKAGE_VERSION.to_owned(),
                deployed_version_id: self.settings.deployed_version_id.clone(),
                compatibility_date: self.settings.compatibility_date.clone(),
                limits: self.settings.limits.profile,
                locations: self.settings.locations.clone(),
                caller,
                caller_problem,
                cold_starts: self.coordinators.has_cold_starts(),
            },
        ))
    }
}
