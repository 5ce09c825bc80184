//! The schema and its migrations: each entry brings the database from one version to the next.

mod earlier_runs;

use super::{
    StoreError,
    sql::{Columns, Sql, Value},
};
use protocol::Limits;

/// Statements that lead from each version to the next, from an empty database on. Entries are never edited once released: a
/// change is a new entry.
const MIGRATIONS: [&[&str]; 6] = [RUNS, REVIEWS, BOUNDED_READS, ROUNDS, RESIDENCY, DERIVED];

/// Version 1: runs, slices, reports, series, alerts.
const RUNS: &[&str] = &[
    // One row a run. `request` is what was asked for and never changes; `tally` counts as the run goes.
    "CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        request TEXT NOT NULL,
        cursor INTEGER NOT NULL,
        tally TEXT NOT NULL,
        started_ms INTEGER,
        finished_ms INTEGER,
        progress_ms INTEGER NOT NULL,
        reason TEXT,
        colo TEXT,
        report TEXT NOT NULL
    ) WITHOUT ROWID",
    // One row a committed slice. `record` becomes NULL when raw samples are let go; the histogram stays.
    "CREATE TABLE slices (
        run TEXT NOT NULL,
        idx INTEGER NOT NULL,
        committed_ms INTEGER NOT NULL,
        record TEXT,
        cell TEXT,
        histogram TEXT,
        PRIMARY KEY (run, idx)
    ) WITHOUT ROWID",
    // A report in pieces: a row holds at most 2 MB.
    "CREATE TABLE reports (
        run TEXT NOT NULL,
        piece INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (run, piece)
    ) WITHOUT ROWID",
    // The figures of each cell of each completed run, as {metric: estimate}: what series are drawn from. Only runs of equal
    // conditions (payload shape, concurrency, timer, ...) are comparable.
    "CREATE TABLE history (
        cell TEXT NOT NULL,
        run TEXT NOT NULL,
        finished_ms INTEGER NOT NULL,
        version TEXT,
        conditions TEXT NOT NULL,
        figures TEXT NOT NULL,
        PRIMARY KEY (cell, run)
    ) WITHOUT ROWID",
    // Alerts, from the decision to send one until it has been delivered or given up.
    "CREATE TABLE alerts (
        id TEXT PRIMARY KEY,
        run TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_ms INTEGER NOT NULL
    ) WITHOUT ROWID",
];

/// Version 2: reviews of completed runs; unfinished runs are found without reading all the others.
const REVIEWS: &[&str] = &[
    "ALTER TABLE runs ADD COLUMN reviewed INTEGER NOT NULL DEFAULT 0",
    // What was completed before is not news.
    "UPDATE runs SET reviewed = 1 WHERE state = 'completed'",
    "CREATE INDEX unfinished ON runs (id) WHERE state IN ('pending', 'running')",
    // The run up to which a cell's changes have been told in alerts.
    "CREATE TABLE told (
        cell TEXT PRIMARY KEY,
        run TEXT NOT NULL
    ) WITHOUT ROWID",
];

/// Version 3: whatever is asked is found without reading all that was ever stored; the schedule is watched; failed runs are reviewed.
const BOUNDED_READS: &[&str] = &[
    "CREATE INDEX report_due ON runs (id) WHERE report = 'due'",
    "CREATE INDEX unreviewed ON runs (finished_ms, id) WHERE reviewed = 0 AND state IN ('completed', 'failed')",
    // What failed before is not news.
    "UPDATE runs SET reviewed = 1 WHERE state = 'failed'",
    "CREATE INDEX completed ON runs (finished_ms, id) WHERE state = 'completed' AND report = 'stored'",
    // Runs of one plan, whatever their seeds. A request that cannot be read must not keep the coordinator from opening.
    "CREATE INDEX completed_of_plan ON runs (CASE WHEN json_valid(request) THEN json_remove(json_extract(request, '$.plan'), '$.seed') END, finished_ms, id)
     WHERE state = 'completed' AND report = 'stored'",
    "CREATE INDEX ended_of_plan ON runs (CASE WHEN json_valid(request) THEN json_remove(json_extract(request, '$.plan'), '$.seed') END, finished_ms, id)
     WHERE state IN ('completed', 'failed')",
    "CREATE INDEX alerts_due ON alerts (due_ms, id) WHERE state = 'due'",
    "CREATE INDEX alerts_of_run ON alerts (run)",
    "CREATE INDEX history_of_run ON history (run)",
    // How many there are: ended runs by state, and ended runs whose raw samples are kept ('with-samples').
    "CREATE TABLE counts (
        what TEXT PRIMARY KEY,
        n INTEGER NOT NULL
    ) WITHOUT ROWID",
    "INSERT INTO counts (what, n) SELECT state, COUNT(*) FROM runs WHERE state NOT IN ('pending', 'running') GROUP BY state",
    // Ended runs whose raw samples are kept; those of the slices before `expired` have expired already.
    "CREATE TABLE samples (
        run TEXT PRIMARY KEY,
        expired INTEGER NOT NULL
    ) WITHOUT ROWID",
    // Of which the samples of some have expired already: that is found out when their turn comes, not in this transaction.
    "INSERT INTO samples (run, expired) SELECT id, 0 FROM runs WHERE state NOT IN ('pending', 'running') AND cursor > 0",
    "INSERT INTO counts (what, n) SELECT 'with-samples', COUNT(*) FROM samples",
    // When people asked for runs, for the rate limit: as many as one hour has.
    "CREATE TABLE requests (
        number INTEGER PRIMARY KEY,
        asked_ms INTEGER NOT NULL
    )",
    "INSERT INTO requests (asked_ms) SELECT json_extract(request, '$.created_ms') FROM runs
     WHERE json_valid(request) AND json_extract(request, '$.trigger') = 'request' ORDER BY id",
    // The schedule, one row: since when it is watched or when it last fired (`fired` then names the run), and how many runs of the time since are
    // known not to have come.
    "CREATE TABLE schedule (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        since_ms INTEGER NOT NULL,
        fired TEXT,
        missed INTEGER NOT NULL
    )",
];

/// Version 4: a run is a list of rounds. Those of earlier runs follow from their requests ([`earlier_runs`]).
const ROUNDS: &[&str] = &[
    // Which cells are measured and how much, one row a round, stored before its first slice is dispatched.
    "CREATE TABLE rounds (
        run TEXT NOT NULL,
        number INTEGER NOT NULL,
        round TEXT NOT NULL,
        PRIMARY KEY (run, number)
    ) WITHOUT ROWID",
];

/// Version 5: which isolates a run met, beside its figures; cold starts by deployment.
const RESIDENCY: &[&str] = &[
    "ALTER TABLE history ADD COLUMN residency TEXT",
    // One row a start, under the key that its sender chose.
    "CREATE TABLE deployment_starts (
        key TEXT PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        start TEXT NOT NULL
    ) WITHOUT ROWID",
    "CREATE INDEX deployment_starts_by_time ON deployment_starts (at_ms, key)",
];

/// Version 6: texts that are made of the latest reports of all locations are kept, for every reader.
const DERIVED: &[&str] = &[
    // One text of each kind, in pieces; `of` says which runs it is made of: of others it is out of date.
    "CREATE TABLE derived (
        what TEXT NOT NULL,
        piece INTEGER NOT NULL,
        of TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (what, piece)
    ) WITHOUT ROWID",
];

/// The version that has rounds first.
const ROUNDS_VERSION: usize = 4;

/// Version of the schema that this code reads and writes.
pub const SCHEMA_VERSION: usize = MIGRATIONS.len();

/// Brings the database to [`SCHEMA_VERSION`], in one transaction. Runs of releases that did not keep their limits take `limits`.
///
/// # Errors
/// [`StoreError::Newer`] when a later release has been here: rolled back code must not write what it does not know.
pub(super) fn migrate(sql: &impl Sql, limits: &Limits) -> Result<(), StoreError> {
    migrate_to(sql, SCHEMA_VERSION, limits)
}

/// Brings the database to `version`, as the release did whose [`SCHEMA_VERSION`] it was. For tests of the migrations after it.
///
/// # Errors
/// [`StoreError::Newer`] when the database is of a later version than this code knows.
pub fn migrate_to(sql: &impl Sql, version: usize, limits: &Limits) -> Result<(), StoreError> {
    sql.transaction(|| {
        sql.query("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID", &[])?;
        let rows = sql.query("SELECT value FROM meta WHERE key = 'schema_version'", &[])?;
        let found = match rows.into_iter().next() {
            None => 0,
            Some(row) => Columns::of(row).text()?.parse().unwrap_or(usize::MAX),
        };
        let Some(missing) = MIGRATIONS.get(found..) else {
            return Err(StoreError::Newer { found, known: SCHEMA_VERSION });
        };
        if missing.is_empty() {
            return Ok(());
        }
        for statement in missing.iter().take(version.saturating_sub(found)).copied().flatten() {
            sql.query(statement, &[])?;
        }
        if found < ROUNDS_VERSION && version >= ROUNDS_VERSION {
            earlier_runs::give_rounds(sql, limits)?;
        }
        sql.query(
            "INSERT INTO meta (key, value) VALUES ('schema_version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            &[Value::from(version.to_string())],
        )?;
        Ok(())
    })
}
