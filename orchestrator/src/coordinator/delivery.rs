//! Delivering alerts: tried again after every failure that is known to be one, and never sent twice.
//!
//! An attempt is noted before it is made. Where neither success nor failure is known (no answer in time, a crash in between) the alert is
//! not sent again: one that was probably seen is not worth a duplicate. Receivers get its id as `Idempotency-Key`.

use super::{Clock, Coordinator, DeliveryError, LogLine, Outside, Turn, WAKE_GAP_MS};
use crate::store::{Alert, Millis, StoreError, sql::Sql};

/// Attempts at one alert: with the pauses between them, half a day.
const ATTEMPTS: u32 = 11;

/// Pause after the first failed attempt, in ms; it doubles with each further one.
const FIRST_PAUSE_MS: Millis = 30_000;

impl<S: Sql> Coordinator<S> {
    /// The alert that is next, where somebody is to be told.
    pub(super) fn next_alert(&self) -> Result<Option<(String, Alert)>, StoreError> {
        let Some(url) = &self.settings.alert_webhook_url else {
            return Ok(None);
        };
        Ok(self.store.next_alert()?.map(|alert| (url.clone(), alert)))
    }

    /// Sends an alert that is due.
    pub(super) async fn deliver(
        &self,
        url: &str,
        alert: &Alert,
        platform: &(impl Clock + Outside),
    ) -> Result<Turn, StoreError> {
        self.store.begin_delivery(&alert.id)?;
        let outcome = platform.post_alert(url, &alert.id, &alert.body).await;
        let now = platform.now_ms();
        let attempt = alert.attempts + 1;
        let pause = FIRST_PAUSE_MS << alert.attempts.min(10);
        let retry_at = (attempt < ATTEMPTS).then_some(now + pause);
        match &outcome {
            Ok(()) => self.store.end_delivery(&alert.id, true, None)?,
            Err(DeliveryError::Unknown) => self.store.end_delivery(&alert.id, false, None)?,
            Err(DeliveryError::Refused(_) | DeliveryError::Unreachable(_)) => {
                self.store.end_delivery(&alert.id, false, retry_at)?;
            }
        }
        Ok(Turn::at(now + WAKE_GAP_MS).with(LogLine::AlertSent {
            alert: alert.id.clone(),
            attempt,
            failure: outcome.err().map(|error| error.to_string()),
        }))
    }
}
