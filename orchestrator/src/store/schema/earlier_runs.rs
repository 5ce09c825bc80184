//! Runs that releases before schema version 4 accepted: their requests held how the plan divides, and since version 3 the limits.

use crate::store::{
    StoreError, rounds,
    sql::{Columns, Sql},
};
use protocol::{Limits, Plan, Round, plan::Geometry};
use serde::Deserialize;

/// Runs read at a time: up to 10,000 are kept, of a few KB each.
const RUNS_AT_A_TIME: u32 = 100;

/// What such a request says of the run's division.
#[derive(Deserialize)]
struct Request {
    plan: Plan,
    geometry: Geometry,
    limits: Option<Limits>,
}

/// Gives each run the round that its stored division is; one without limits takes those given. Inside a transaction of the caller.
pub(super) fn give_rounds(sql: &impl Sql, limits: &Limits) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let rows = sql.query(
            "SELECT id, request FROM runs WHERE id > ? ORDER BY id LIMIT ?",
            &[last.as_str().into(), RUNS_AT_A_TIME.into()],
        )?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let mut columns = Columns::of(row);
            last = columns.text()?;
            // A request that cannot be read was no run that could be shown or measured before, and must not keep the coordinator from opening.
            let Ok(request) = serde_json::from_str::<Request>(&columns.text()?) else {
                continue;
            };
            let limits = request.limits.as_ref().unwrap_or(limits);
            let round = Round::divided(&request.plan, &request.geometry, limits);
            rounds::insert_round(sql, &last, &round)?;
        }
    }
}
