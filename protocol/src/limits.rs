//! The platform's budgets, as named constants with their derivation, in one profile for each kind of account.

use crate::named::named;
use serde::{Deserialize, Serialize};

named! {
    /// Whose budgets apply.
    pub enum LimitsProfile ("limits profile") {
        /// A paid Workers plan.
        Paid = "paid",
        /// The free Workers plan.
        Free = "free",
        /// A local workerd, which enforces none of them; the paid ones are kept so that a local run shows what production will do.
        Local = "local",
    }
}

/// Delegated calls of one slice, warmup and chain included. No limit of the platform asks for so few (32 invocations may *nest*, calls one after another
/// do not; field tests of 2026 made 120 in one request): many small slices make many independent blocks for the statistics.
pub const DELEGATED_CALLS_PER_SLICE: u32 = 30;

/// Samples of one cell of one run, on any profile: what a report can be assembled from within the memory of its Worker.
pub const MOST_SAMPLES_PER_CELL: u32 = 10_000;

/// The budgets of one profile. Stored with each run: whatever is deployed while it goes on, it keeps those that it was accepted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The profile's name.
    pub profile: LimitsProfile,
    /// Delegated calls in one slice, warmup and chain included. An operator whose account allows more may raise it.
    pub delegated_calls_per_slice: u32,
    /// Subrequests of one event to other Workers of the account.
    pub internal_subrequests_per_event: u32,
    /// Subrequests of one event to public URLs (`raw-fetch`).
    pub external_subrequests_per_event: u32,
    /// CPU time of one event, in ms.
    pub cpu_ms_per_event: u32,
    /// Wall time of one alarm, in ms.
    pub alarm_wall_ms: u32,
    /// Samples of one cell of one run; bounds storage and the time of assembling a report.
    pub samples_per_cell: u32,
    /// Slices of one run; bounds its duration and its cost.
    pub slices_per_run: u32,
}

impl Limits {
    /// The budgets of `profile`.
    #[must_use]
    pub const fn of(profile: LimitsProfile) -> Self {
        let paid = Self {
            profile,
            delegated_calls_per_slice: DELEGATED_CALLS_PER_SLICE,
            internal_subrequests_per_event: 10_000,
            external_subrequests_per_event: 10_000,
            cpu_ms_per_event: 30_000,
            alarm_wall_ms: 15 * 60 * 1_000,
            samples_per_cell: MOST_SAMPLES_PER_CELL,
            slices_per_run: 100_000,
        };
        match profile {
            LimitsProfile::Paid | LimitsProfile::Local => paid,
            LimitsProfile::Free => Self {
                // the 51st call on a binding failed there, whatever is said of internal ones
                internal_subrequests_per_event: 50,
                external_subrequests_per_event: 50,
                cpu_ms_per_event: 10,
                samples_per_cell: 1_000,
                slices_per_run: 5_000,
                ..paid
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_pinned() {
        let limits = Limits::of(LimitsProfile::Free);
        assert_eq!(
            serde_json::to_string(&limits).unwrap(),
            "{\"profile\":\"free\",\"delegated_calls_per_slice\":30,\"internal_subrequests_per_event\":50,\
             \"external_subrequests_per_event\":50,\"cpu_ms_per_event\":10,\"alarm_wall_ms\":900000,\
             \"samples_per_cell\":1000,\"slices_per_run\":5000}"
        );
    }

    #[test]
    fn the_calls_of_a_slice_and_a_socket_fit_the_subrequests_of_any_profile() {
        for &profile in LimitsProfile::ALL {
            let limits = Limits::of(profile);
            assert!(limits.delegated_calls_per_slice < limits.internal_subrequests_per_event);
            assert!(limits.delegated_calls_per_slice <= limits.external_subrequests_per_event);
        }
    }
}
