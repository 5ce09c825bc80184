//! Whether scheduled runs come: a Worker cannot read its crons, so `SCHEDULE_INTERVAL_MINUTES` says how often they fire.
//!
//! A run is overdue when half an interval has gone by since it should have been started. Each run that does not come is reported once, by an
//! alarm of the platform, which needs nobody to ask and outlives restarts. The next firing begins a new count.

use super::{Coordinator, LogLine, Turn, alert_text::overdue_text, review::alert, status::instant};
use crate::store::{Millis, Schedule, StoreError, sql::Sql};
use protocol::{
    RunId,
    alert::{Alert, AlertKind, Overdue},
};

/// One minute, in ms.
const MINUTE_MS: Millis = 60_000;

impl<S: Sql> Coordinator<S> {
    /// Notes that the schedule has fired and asked for `run` here, whether or not the run could be started.
    pub(super) fn schedule_fired(&self, run: &RunId, now: Millis) -> Result<(), StoreError> {
        self.store.note_firing(run, now)
    }

    /// When the next scheduled run will be overdue; `None` where that is not watched. Begins or ends the watching as the configuration wants.
    pub(super) fn next_overdue(&self, now: Millis) -> Result<Option<Millis>, StoreError> {
        let watched = self.store.schedule()?;
        let Some(interval) = self.interval_ms()? else {
            if watched.is_some() {
                // Should the schedule be watched again, its time begins then.
                self.store.unwatch_schedule()?;
            }
            return Ok(None);
        };
        let Some(schedule) = watched else {
            self.store.watch_schedule(now)?;
            return Ok(Some(now + interval + interval / 2));
        };
        let reported = interval.saturating_mul(schedule.missed.into());
        Ok(Some(schedule.since_ms + reported + interval + interval / 2))
    }

    /// Reports the scheduled runs that have not come up to now and have not been reported.
    pub(super) fn report_overdue(&self, now: Millis) -> Result<Turn, StoreError> {
        let turn = Turn::soon(now);
        let (Some(interval), Some(schedule)) = (self.interval_ms()?, self.store.schedule()?) else {
            return Ok(turn);
        };
        let periods = (now - schedule.since_ms - interval / 2) / interval;
        let missed = u32::try_from(periods).unwrap_or(0);
        if missed <= schedule.missed {
            return Ok(turn);
        }
        let location = self.store.location()?.unwrap_or_default();
        let alert = overdue(&location, &schedule, missed, interval);
        let wanted = self.settings.alert_webhook_url.is_some();
        self.store
            .note_missed(missed, wanted.then_some(&alert), now)?;
        Ok(turn.with(LogLine::ScheduleOverdue {
            alert: alert.id,
            text: alert.text,
        }))
    }

    /// Time from one firing to the next, where this coordinator is one of those that the schedule asks.
    fn interval_ms(&self) -> Result<Option<Millis>, StoreError> {
        let Some(minutes) = self.settings.schedule_interval_minutes else {
            return Ok(None);
        };
        // A coordinator whose location has been removed from the configuration is asked no more.
        let location = self.store.location()?;
        let asked = location.is_some_and(|location| self.settings.locations.contains(&location));
        Ok(asked.then(|| Millis::from(minutes) * MINUTE_MS))
    }
}

fn overdue(location: &str, schedule: &Schedule, missed: u32, interval: Millis) -> Alert {
    let expected_ms = schedule.since_ms + interval.saturating_mul(missed.into());
    let minutes = u32::try_from(interval / MINUTE_MS).unwrap_or(u32::MAX);
    let expected_at = instant(expected_ms);
    let text = overdue_text(location, schedule, minutes, expected_ms);
    Alert {
        overdue: Some(Overdue {
            interval_minutes: minutes,
            last_fired_at: schedule.fired.is_some().then(|| instant(schedule.since_ms)),
            expected_at,
            missed: missed - schedule.missed,
        }),
        run: schedule.fired.clone(),
        ..alert(
            AlertKind::Overdue,
            location,
            &expected_at.format("%Y%m%dT%H%M%SZ").to_string(),
            text,
        )
    }
}
