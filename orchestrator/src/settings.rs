//! What the operator configures: variables and secrets of `wrangler.toml` and the dashboard, read once and checked.

mod variables;

pub use protocol::location::{DEFAULT_LOCATION, LOCATION_HINTS};
pub use variables::Variable;

use chrono::NaiveDate;
use protocol::{Limits, Plan, PlanError, limits::LimitsProfile, named::UnknownName};
use variables::Variables;

/// The longest interval of a schedule, in minutes: a leap year. Crons cannot be rarer.
const LONGEST_INTERVAL_MINUTES: u32 = 366 * 24 * 60;

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
    /// `WORKERD_VERSION`: what serves the Workers on a machine of one's own; `rpc-latency` sets it.
    pub workerd_version: Option<String>,
    /// `API_TOKEN`: who has it may start and cancel runs; without one nobody may.
    pub api_token: Option<String>,
    /// `SCHEDULED_PLAN`: what a cron run measures.
    pub scheduled_plan: Plan,
    /// `SCHEDULE_INTERVAL_MINUTES`: the longest time from one firing of the crons to the next, which a Worker cannot read; where it is absent,
    /// nobody is alerted when scheduled runs do not come.
    pub schedule_interval_minutes: Option<u32>,
    /// `KEEP_RUNS`: runs kept, with their reports.
    pub keep_runs: u32,
    /// `KEEP_SAMPLES_OF_RUNS`: of those, the newest whose raw samples are kept.
    pub keep_samples_of_runs: u32,
    /// `RUNS_PER_HOUR`: runs that people may start at one location.
    pub runs_per_hour: u32,
    /// `ALERT_WEBHOOK_URL`: where alerts go; a secret.
    pub alert_webhook_url: Option<String>,
}

/// A variable that cannot be used. What it holds is not shown where it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// `LIMITS` names no profile.
    #[error("the variable LIMITS cannot be used: {0}")]
    Limits(#[from] UnknownName),
    /// `LOCATIONS` names no location hint.
    #[error("the variable LOCATIONS names \"{0}\"; known location hints are {hints}", hints = LOCATION_HINTS.join(" "))]
    Location(String),
    /// `SCHEDULED_PLAN` is no plan.
    #[error("the variable SCHEDULED_PLAN is not a plan: {}", in_one_line(.0))]
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
    /// Text is wanted, and something else is given.
    #[error("the variable {name} is {found}, and must be text: write it in quotes")]
    NotText {
        /// The variable.
        name: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// `COMPATIBILITY_DATE` is no date.
    #[error("the variable COMPATIBILITY_DATE must be a date such as \"2026-07-01\"")]
    Date,
    /// `ALERT_WEBHOOK_URL` is no URL.
    #[error("the variable ALERT_WEBHOOK_URL must be a URL that begins with https:// or http://")]
    Webhook,
}

/// Each bad field, for a log and for an answer that has no list of them.
fn in_one_line(error: &PlanError) -> String {
    match error {
        PlanError::NotAnObject(_) => error.to_string(),
        PlanError::Fields(fields) => {
            let fields = fields.iter();
            let each: Vec<String> = fields
                .map(|one| format!("{}: {}", one.field, one.detail))
                .collect();
            each.join("; ")
        }
    }
}

impl Settings {
    /// Reads the configuration. `variable` gives a variable or secret by name; empty ones count as absent.
    ///
    /// # Errors
    /// [`SettingsError`] naming the variable that cannot be used.
    pub fn read(
        variable: impl Fn(&str) -> Option<Variable>,
        deployed_version_id: Option<String>,
    ) -> Result<Self, SettingsError> {
        let given = Variables(variable);
        let profile: LimitsProfile = match given.text("LIMITS")? {
            None => LimitsProfile::Paid,
            Some(name) => name.trim().parse()?,
        };
        let number = |name, min, max, default| {
            let value = given.number(name, min, max)?;
            Ok::<u32, SettingsError>(value.unwrap_or(default))
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
        let scheduled = given.text("SCHEDULED_PLAN")?.unwrap_or_default();
        Ok(Self {
            limits,
            locations: locations(&given.text("LOCATIONS")?.unwrap_or_default())?,
            location_stagger_ms: number("LOCATION_STAGGER_MS", 0, 600_000, 30_000)?,
            compatibility_date: date(given.text("COMPATIBILITY_DATE")?)?,
            // What is served locally has not been deployed.
            deployed_version_id: deployed_version_id
                .filter(|id| !id.is_empty() && profile != LimitsProfile::Local),
            workerd_version: given.text("WORKERD_VERSION")?,
            api_token: given.text("API_TOKEN")?,
            scheduled_plan: Plan::parse(scheduled.as_bytes(), &limits)?,
            schedule_interval_minutes: given.number(
                "SCHEDULE_INTERVAL_MINUTES",
                1,
                LONGEST_INTERVAL_MINUTES,
            )?,
            keep_runs: number("KEEP_RUNS", 1, 10_000, 200)?,
            keep_samples_of_runs: number("KEEP_SAMPLES_OF_RUNS", 1, 10_000, 20)?,
            runs_per_hour: number("RUNS_PER_HOUR", 1, 100_000, runs_per_hour)?,
            alert_webhook_url: webhook(given.text("ALERT_WEBHOOK_URL")?)?,
        })
    }
}

/// A calendar date in the form that wrangler wants.
fn date(text: Option<String>) -> Result<String, SettingsError> {
    let Some(text) = text else {
        return Ok("unknown".to_owned());
    };
    let date = text.trim();
    match NaiveDate::parse_from_str(date, "%Y-%m-%d") {
        // The parser would also take single digits.
        Ok(parsed) if parsed.to_string() == date => Ok(date.to_owned()),
        _ => Err(SettingsError::Date),
    }
}

/// A URL that can be posted to.
fn webhook(text: Option<String>) -> Result<Option<String>, SettingsError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let url = text.trim();
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    match host {
        Some(host)
            if !host.starts_with(['/', '?', '#', ':'])
                && !host.is_empty()
                && !host.contains(char::is_whitespace) =>
        {
            Ok(Some(url.to_owned()))
        }
        _ => Err(SettingsError::Webhook),
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
mod tests;
