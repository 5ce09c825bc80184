//! The figures of completed runs over time, by cell.

use super::{
    Millis, Store, StoreError, from_json,
    run_row::parse,
    sql::{Columns, Sql},
    to_json,
};
use protocol::{
    Estimate, PayloadShape, RunId,
    history::{Conditions, MetIsolates, SeriesMetric, Subject},
    measure::Timer,
};
use std::collections::BTreeMap;

/// The figures of one cell, or kind of cold start, in one completed run.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// What they are of.
    pub cell: Subject,
    /// The run.
    pub run: RunId,
    /// When it ended.
    pub finished_ms: Millis,
    /// The version that measured, by Cloudflare's id.
    pub version: Option<String>,
    /// What else determines a latency beside the cell; runs that differ in it are not comparable.
    pub conditions: Conditions,
    /// Estimates by metric, in us.
    pub figures: BTreeMap<SeriesMetric, Estimate>,
    /// The isolates that the run met by the cell's way; `None` where it is not known.
    pub residency: Option<MetIsolates>,
}

impl<S: Sql> Store<S> {
    /// Adds such figures; inside a transaction of the caller.
    pub(super) fn insert_history(&self, row: &HistoryRow) -> Result<(), StoreError> {
        let residency = row.residency.as_ref();
        let residency = residency.map(|met| to_json("residency", met)).transpose()?;
        self.sql.query(
            "INSERT OR REPLACE INTO history (cell, run, finished_ms, version, conditions, figures, residency) VALUES (?, ?, ?, ?, ?, ?, ?)",
            &[
                row.cell.to_string().into(),
                row.run.as_str().into(),
                row.finished_ms.into(),
                row.version.as_deref().into(),
                to_json("conditions", &row.conditions)?.into(),
                to_json("figures", &row.figures)?.into(),
                residency.into(),
            ],
        )?;
        Ok(())
    }

    /// The figures of one subject in the last `limit` runs that have it, oldest first.
    ///
    /// # Errors
    /// [`StoreError`], also for figures that cannot be read: a series without them would be another one.
    pub fn history(&self, cell: &Subject, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let rows = self.sql.query(
            "SELECT run, finished_ms, version, conditions, figures, residency FROM history WHERE cell = ? ORDER BY run DESC LIMIT ?",
            &[cell.to_string().into(), limit.into()],
        )?;
        let mut history = rows
            .into_iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(HistoryRow {
                    cell: *cell,
                    run: parse("run id", &columns.text()?)?,
                    finished_ms: columns.integer()?,
                    version: columns.optional_text()?,
                    conditions: read_conditions(&columns.text()?)?,
                    figures: from_json("figures of the series", &columns.text()?)?,
                    residency: columns
                        .optional_text()?
                        .map(|met| from_json("residency of the series", &met))
                        .transpose()?,
                })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        history.reverse();
        Ok(history)
    }
}

/// The conditions of a row. Releases up to 0.1.0 wrote them as words, such as `text batch 1 concurrency 1 interpolated+ticked`.
fn read_conditions(stored: &str) -> Result<Conditions, StoreError> {
    earlier_conditions(stored).map_or_else(|| from_json("conditions of the series", stored), Ok)
}

fn earlier_conditions(words: &str) -> Option<Conditions> {
    let words: Vec<&str> = words.split(' ').collect();
    let [
        shape,
        "batch",
        batch_size,
        "concurrency",
        concurrency,
        timers,
    ] = words[..]
    else {
        return None;
    };
    let payload_shape: PayloadShape = shape.parse().ok()?;
    let timers: Result<Vec<Timer>, _> = timers.split('+').map(str::parse).collect();
    let mut conditions = Conditions {
        payload_shape,
        batch_size: batch_size.parse().ok()?,
        concurrency: concurrency.parse().ok()?,
        timers: timers.ok()?,
        text: String::new(),
    };
    conditions.text = report::series::described(&conditions);
    Some(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_earlier_releases_are_those_of_this_one() {
        let conditions = Conditions {
            payload_shape: PayloadShape::Text,
            batch_size: 1,
            concurrency: 2,
            timers: vec![Timer::Interpolated, Timer::Ticked],
            text: "payload text, batch size 1, concurrency 2, timer interpolated and ticked"
                .to_owned(),
        };
        let earlier = "text batch 1 concurrency 2 interpolated+ticked";
        assert_eq!(read_conditions(earlier).unwrap(), conditions);
        let stored = to_json("conditions", &conditions).unwrap();
        assert_eq!(read_conditions(&stored).unwrap(), conditions);
        for unknown in [
            "",
            "text batch 1",
            "text batch x concurrency 2 ticked",
            "{}",
        ] {
            assert!(read_conditions(unknown).is_err(), "{unknown}");
        }
    }
}
