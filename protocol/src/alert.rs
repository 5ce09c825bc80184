//! Alerts, as `ALERT_WEBHOOK_URL` gets them.

use crate::{Cell, Quantile, RunId, history::SeriesMetric, named::named, report::Quantity};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

named! {
    /// What an alert is about.
    pub enum AlertKind ("alert kind") {
        /// A figure rose, and another run confirmed it.
        Regression = "regression",
        /// A threshold of the plan is breached that was not breached in the run before.
        Threshold = "threshold",
        /// A run failed, and the run before it had not.
        Failure = "failure",
        /// A scheduled run has not come.
        Overdue = "overdue",
    }
}

/// Body of an alert. `text` is what Slack, Mattermost and others show; the facts stand beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Everything in words.
    pub text: String,
    /// Identifies the finding: each is sent once.
    pub id: String,
    /// What it is about.
    pub kind: AlertKind,
    /// The location whose runs showed it.
    pub location: String,
    /// The run that showed or confirmed it. Of an overdue run: the last scheduled one before it; absent where there has been none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The version that measured, by Cloudflare's id; absent locally.
    pub version: Option<String>,
    /// Figures that rose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regressions: Vec<Regression>,
    /// Thresholds that are breached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
    /// Why the run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What the schedule has not started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
}

/// A scheduled run that has not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overdue {
    /// Minutes from one scheduled run to the next, by `SCHEDULE_INTERVAL_MINUTES`.
    pub interval_minutes: u32,
    /// When the schedule last fired; absent where it never has.
    pub last_fired_at: Option<DateTime<Utc>>,
    /// When the latest run that has not come should have been started.
    pub expected_at: DateTime<Utc>,
    /// Runs that have not come since the last alert of this kind, or since the schedule last fired.
    pub missed: u32,
}

/// A figure that rose and stayed up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// The cell.
    pub cell: Cell,
    /// The figure.
    pub metric: SeriesMetric,
    /// The first run on the new level.
    pub since: RunId,
    /// The version that measured that run, by Cloudflare's id; absent locally.
    pub since_version: Option<String>,
    /// The level before, in us.
    pub before_us: f64,
    /// The level since, in us.
    pub after_us: f64,
    /// What the timer resolved in the latest run, in us.
    #[serde(default)]
    pub resolution_us: Option<f64>,
    /// Effect size, in percent: 20 is a fifth slower.
    pub change_percent: f64,
    /// Lower end of its 95 % interval.
    pub change_percent_lower: f64,
    /// Upper end of its 95 % interval.
    pub change_percent_upper: f64,
}

/// A threshold that is breached: the whole interval is above it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// The cell.
    pub cell: Cell,
    /// Which quantile.
    pub metric: Quantile,
    /// Of what.
    pub quantity: Quantity,
    /// The limit, in ms.
    pub threshold_ms: f64,
    /// The figure, in us; absent where only its bounds are known.
    pub value_us: Option<f64>,
    /// Lower end of its 95 % interval, in us.
    pub lower_us: Option<f64>,
    /// Upper end of its 95 % interval, in us.
    pub upper_us: Option<f64>,
    /// What the timer resolved, in us.
    #[serde(default)]
    pub resolution_us: Option<f64>,
    /// The verdict in words, as the report has it.
    #[serde(default)]
    pub text: String,
}
