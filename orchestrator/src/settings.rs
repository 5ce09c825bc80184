//! What the operator configures: variables and secrets of `wrangler.toml` and the dashboard, read once and checked.

use protocol::{Limits, Plan, PlanError, limits::LimitsProfile, named::UnknownName};

/// Name of the only location where `LOCATIONS` is empty: one coordinator, wherever it is first asked for.
pub const DEFAULT_LOCATION: &str = "default";

/// Cloudflare's location hints for Durable Objects (developers.cloudflare.com/durable-objects/reference/data-location).
pub const LOCATION_HINTS: [&str; 11] = [
    "wnam", "enam", "sam", "weur", "eeur", "apac", "apac-ne", "apac-se", "oc", "afr", "me",
];

/// The operator's configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `LIMITS`: whose budgets a run must fit; with `DELEGATED_CALLS_PER_SLICE`, where the account allows more.
    pub limits: Limits,
    /// `LOCATIONS`: one coordinator each; [`DEFAULT_LOCATION`] alone where it is empty.
    pub locations: Vec<String>,
    /// `LOCATION_STAGGER_MS`: how much later each further location starts than the one before it.
    pub location_stagger_ms: u32,
    /// `COMPATIBILITY_DATE` of the Workers.
    pub compatibility_date: String,
    /// Cloudflare's id of the deployed version; absent locally.
    pub deployed_version_id: Option<String>,
    /// `API_TOKEN`: who has it may start and cancel runs; without one nobody may.
    pub api_token: Option<String>,
    /// `SCHEDULED_PLAN`: what a cron run measures.
    pub scheduled_plan: Plan,
    /// `KEEP_RUNS`: runs kept, with their reports.
    pub keep_runs: u32,
    /// `KEEP_SAMPLES_OF_RUNS`: of those, the newest whose raw samples are kept.
    pub keep_samples_of_runs: u32,
    /// `RUNS_PER_HOUR`: runs that people may start at one location.
    pub runs_per_hour: u32,
    /// `ALERT_WEBHOOK_URL`: where confirmed regressions and breached thresholds are told; a secret.
    pub alert_webhook_url: Option<String>,
}

/// A variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `LIMITS` names no profile.
    #[error("the variable LIMITS cannot be used: {0}")]
    Limits(#[from] UnknownName),
    /// `LOCATIONS` names no location hint.
    #[error("the variable LOCATIONS names \"{0}\"; known location hints are {hints}", hints = LOCATION_HINTS.join(" "))]
    Location(String),
    /// `SCHEDULED_PLAN` is no plan.
    #[error("the variable SCHEDULED_PLAN is not a plan: {0}")]
    ScheduledPlan(#[from] PlanError),
    /// A number is none, or out of range.
    #[error("the variable {name} must be a whole number from {min} to {max}")]
    Number {
        /// The variable.
        name: &'static str,
        /// Smallest accepted.
        min: u32,
        /// Largest accepted.
        max: u32,
    },
}

impl Settings {
    /// Reads the configuration. `variable` gives a variable or secret by name; empty ones count as absent.
    ///
    /// # Errors
    /// [`SettingsError`] naming the variable that cannot be used.
    pub fn read(
        variable: impl Fn(&str) -> Option<String>,
        deployed_version_id: Option<String>,
    ) -> Result<Self, SettingsError> {
        let given = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let profile: LimitsProfile = match given("LIMITS") {
            None => LimitsProfile::Paid,
            Some(name) => name.trim().parse()?,
        };
        let number = |name: &'static str, min: u32, max: u32, default: u32| match given(name) {
            None => Ok(default),
            Some(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|value| (min..=max).contains(value))
                .ok_or(SettingsError::Number { name, min, max }),
        };
        let mut limits = Limits::of(profile);
        // Below 12 a slice has no room for warmup and chain; above 1,000 it would outlast its alarm.
        limits.delegated_calls_per_slice = number(
            "DELEGATED_CALLS_PER_SLICE",
            12,
            1_000,
            limits.delegated_calls_per_slice,
        )?;
        let runs_per_hour = match profile {
            LimitsProfile::Paid => 12,
            LimitsProfile::Free => 4,
            LimitsProfile::Local => 100_000,
        };
        let scheduled = given("SCHEDULED_PLAN").unwrap_or_default();
        Ok(Self {
            limits,
            locations: locations(&given("LOCATIONS").unwrap_or_default())?,
            location_stagger_ms: number("LOCATION_STAGGER_MS", 0, 600_000, 30_000)?,
            compatibility_date: given("COMPATIBILITY_DATE").unwrap_or_else(|| "unknown".to_owned()),
            // A local workerd makes one up with each start.
            deployed_version_id: deployed_version_id
                .filter(|id| !id.is_empty() && profile != LimitsProfile::Local),
            api_token: given("API_TOKEN"),
            scheduled_plan: Plan::parse(scheduled.as_bytes(), &limits)?,
            keep_runs: number("KEEP_RUNS", 1, 10_000, 200)?,
            keep_samples_of_runs: number("KEEP_SAMPLES_OF_RUNS", 1, 10_000, 20)?,
            runs_per_hour: number("RUNS_PER_HOUR", 1, 100_000, runs_per_hour)?,
            alert_webhook_url: given("ALERT_WEBHOOK_URL"),
        })
    }
}

/// Location names separated by commas or blanks, each once.
fn locations(text: &str) -> Result<Vec<String>, SettingsError> {
    let mut names: Vec<String> = Vec::new();
    for name in text.split([',', ' ']).filter(|name| !name.is_empty()) {
        if !LOCATION_HINTS.contains(&name) {
            return Err(SettingsError::Location(name.chars().take(32).collect()));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        names.push(DEFAULT_LOCATION.to_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let given = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Settings::read(given, None)
    }

    #[test]
    fn nothing_configured_is_one_place_a_paid_account_and_no_token() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.locations, [DEFAULT_LOCATION]);
        assert_eq!(settings.limits, Limits::of(LimitsProfile::Paid));
        assert_eq!(settings.api_token, None);
        assert_eq!(settings.scheduled_plan, Plan::default());
    }

    #[test]
    fn places_are_read_once_each_in_their_order() {
        let settings = read(&[("LOCATIONS", "weur, wnam,weur")]).unwrap();
        assert_eq!(settings.locations, ["weur", "wnam"]);
    }

    #[test]
    fn the_variable_that_cannot_be_used_is_named() {
        for (name, value) in [
            ("LIMITS", "gold"),
            ("LOCATIONS", "wnam,moon"),
            ("SCHEDULED_PLAN", "{\"jobs\":1}"),
            ("KEEP_RUNS", "0"),
            ("DELEGATED_CALLS_PER_SLICE", "5"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
