//! `GET /health`: liveness, version, and what this runtime can do.

use crate::{
    functions::Functions,
    platform::{self, OutgoingResponse},
};
use protocol::{
    Transport,
    capabilities::{Capabilities, Health},
    routes::Refusal,
};

/// The transports that the servers of this crate answer.
const TRANSPORTS: [Transport; 7] = [
    Transport::ServiceBinding,
    Transport::RawFetch,
    Transport::Rpc,
    Transport::Msgpack,
    Transport::CapnwebBatch,
    Transport::CapnwebWebsocket,
    Transport::Websocket,
];

/// Says that the Worker is alive, which version of it, and what it can do.
pub(crate) fn serve<F: Functions>(functions: F) -> Result<OutgoingResponse, Refusal> {
    if let Some(why) = functions.unavailable() {
        return Err(Refusal::new(503, why));
    }
    let capabilities = Capabilities {
        transports: TRANSPORTS.to_vec(),
        functions: functions.known(),
    };
    Ok(platform::json(
        &Health::of(F::WORKER, Some(capabilities)).to_json(),
    ))
}

/// The same for strangers: whether it is alive, and which version of it.
pub(crate) fn serve_public<F: Functions>(functions: F) -> Result<OutgoingResponse, Refusal> {
    if functions.unavailable().is_some() {
        return Err(Refusal::new(
            503,
            "this runtime cannot execute anything; its log says why",
        ));
    }
    Ok(platform::json(&Health::of(F::WORKER, None).to_json()))
}
