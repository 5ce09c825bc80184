//! Examples that are too long to be written by hand.

use crate::DocumentError;
use chrono::DateTime;
use protocol::{
    Function, Plan, RunId, Transport,
    run::{Progress, RunState, RunStatus, RunUsage, Trigger},
};

/// The whole stream of a connection that sees a run in progress, then its end.
pub(crate) fn events() -> Result<String, DocumentError> {
    let mut stream = "retry: 1000\n\n".to_owned();
    for (kind, state, slices_done) in [
        ("progress", RunState::Running, 29),
        ("ended", RunState::Completed, 44),
    ] {
        let data = serde_json::to_string(&status(state, slices_done))?;
        stream.extend([
            format!("id: {state}-{slices_done}\n"),
            format!("event: {kind}\ndata: {data}\n\n"),
        ]);
    }
    Ok(stream)
}

/// A run of two cells, so two slices in each of its 22 blocks.
fn status(state: RunState, slices_done: u32) -> RunStatus {
    const CREATED_AT_S: i64 = 1_795_368_480;
    const SLICES: u32 = 44;
    let at = |seconds_later: i64| DateTime::from_timestamp(CREATED_AT_S + seconds_later, 0);
    let created_at = at(0).unwrap_or_default();
    RunStatus {
        id: RunId::new(created_at, 0x4f9a_1c07),
        state,
        trigger: Trigger::Request,
        location: "default".to_owned(),
        created_at,
        started_at: at(1),
        finished_at: at(9).filter(|_| state.is_final()),
        reason: None,
        progress: Progress {
            slices_done,
            slices_total: SLICES,
            blocks_done: slices_done / 2,
            blocks_total: SLICES / 2,
            samples: u64::from(slices_done) * 20,
            round: 1,
            ..Progress::default()
        },
        plan: Plan {
            transports: vec![Transport::Direct, Transport::ServiceBinding],
            functions: vec![Function::Echo],
            payload_bytes: vec![100],
            breakdown: false,
            ..Plan::of_fixed_size()
        },
        colo: None,
        siblings: Vec::new(),
        usage: RunUsage::default(),
    }
}
