//! The contract of a runtime: docs/contracts.md, "Runtimes", has the same points in words.

use super::{Clause, Outcome, Point, asking::Asking, messages, requests};
use crate::local::driven::DrivenWorker;
use protocol::Transport;

/// The points that every runtime keeps.
const EVERY: &[Clause] = &[
    Clause {
        point: "health",
        says: "GET /health: status, worker, version, capabilities with transports and functions",
        ask: requests::health,
    },
    Clause {
        point: "nothing",
        says: "/nothing: status 204",
        ask: requests::nothing,
    },
    Clause {
        point: "unknown-path",
        says: "another path: a problem of status 404",
        ask: requests::unknown_path,
    },
    Clause {
        point: "wrong-method",
        says: "GET /execute: a problem of status 405 with Allow",
        ask: requests::wrong_method,
    },
];

/// The points of one transport each.
const OF_TRANSPORTS: &[(Transport, Clause)] = &[
    (
        Transport::ServiceBinding,
        Clause {
            point: "execute",
            says: "POST /execute: the function's result, of every kind of value",
            ask: requests::execute,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "execute-times",
            says: "POST /execute: runtimeTimestamp and executionTimeMs, in ms",
            ask: requests::execute_times,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "execute-short",
            says: "POST /execute/short: the same",
            ask: requests::execute_short,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "execute-long",
            says: "POST /execute: a payload of 1,000,000 bytes",
            ask: requests::execute_long,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "unknown-function",
            says: "POST /execute: a problem of status 400 that names functionId",
            ask: requests::unknown_function,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "bad-fields",
            says: "POST /execute: a problem of status 400 that names every bad field",
            ask: requests::bad_fields,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "not-json",
            says: "POST /execute: a problem of status 400 for a body that is not JSON",
            ask: requests::not_json,
        },
    ),
    (
        Transport::ServiceBinding,
        Clause {
            point: "too-long",
            says: "POST /execute: a problem of status 413 for more than 1 MiB",
            ask: requests::too_long,
        },
    ),
    (
        Transport::RawFetch,
        Clause {
            point: "token",
            says: "public calls: status 401 without the token, the result with it",
            ask: requests::token,
        },
    ),
    (
        Transport::RawFetch,
        Clause {
            point: "public-health",
            says: "public GET /health: status 200 without a token, no capabilities",
            ask: requests::public_health,
        },
    ),
    (
        Transport::Rpc,
        Clause {
            point: "rpc",
            says: "method execute(functionId, bytes): the result's bytes",
            ask: messages::rpc,
        },
    ),
    (
        Transport::Rpc,
        Clause {
            point: "rpc-refusal",
            says: "method execute: an Error that says what is wrong with a call",
            ask: messages::rpc_refusal,
        },
    ),
    (
        Transport::Msgpack,
        Clause {
            point: "msgpack",
            says: "POST /execute/msgpack: the same as /execute, in MessagePack",
            ask: messages::msgpack,
        },
    ),
    (
        Transport::Msgpack,
        Clause {
            point: "msgpack-refusal",
            says: "POST /execute/msgpack: a problem of status 400",
            ask: messages::msgpack_refusal,
        },
    ),
    (
        Transport::Websocket,
        Clause {
            point: "websocket",
            says: "GET /websocket: each message answered under its number, in its kind",
            ask: messages::websocket,
        },
    ),
    (
        Transport::Websocket,
        Clause {
            point: "websocket-refusal",
            says: "GET /websocket: a problem under the message's number",
            ask: messages::websocket_refusal,
        },
    ),
    (
        Transport::CapnwebBatch,
        Clause {
            point: "capnweb-batch",
            says: "POST /capnweb: execute(functionId, payloadJson) in a batch",
            ask: messages::capnweb_batch,
        },
    ),
    (
        Transport::CapnwebWebsocket,
        Clause {
            point: "capnweb-websocket",
            says: "GET /capnweb: the same over a WebSocket",
            ask: messages::capnweb_websocket,
        },
    ),
];

/// A point that a runtime need not keep: it is skipped where there is nothing to ask.
const OPTIONAL: Clause = Clause {
    point: "isolate",
    says: "POST /execute: isolate, the answering one's id, count of calls, age (optional)",
    ask: requests::isolate,
};

/// Asks for the optional point.
fn optional(worker: &DrivenWorker) -> Point {
    match requests::isolates(&Asking::of(worker)) {
        Ok(None) => OPTIONAL.with(Outcome::Skipped(
            "its answers do not say which isolate gave them: reports will not have its residency"
                .to_owned(),
        )),
        Ok(Some(_)) | Err(_) => OPTIONAL.of(worker),
    }
}

/// Asks a runtime for every point. Those of transports that its capabilities do not name are skipped.
#[must_use]
pub fn points(worker: &DrivenWorker) -> Vec<Point> {
    let transports = requests::transports(worker);
    let mut points: Vec<Point> = EVERY.iter().map(|clause| clause.of(worker)).collect();
    points.extend(
        OF_TRANSPORTS
            .iter()
            .map(|(transport, clause)| match &transports {
                Ok(named) if named.contains(transport) => clause.of(worker),
                // Whatever it can do, a runtime can be reached so.
                Err(_) if *transport == Transport::ServiceBinding => clause.of(worker),
                Ok(_) => clause.with(Outcome::Skipped(format!(
                    "its capabilities do not name {transport}"
                ))),
                Err(_) => clause.with(Outcome::Skipped(
                    "its capabilities cannot be read".to_owned(),
                )),
            }),
    );
    points.push(optional(worker));
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_delegating_transport_has_points_and_each_point_a_name_of_its_own_in_the_contract() {
        let contract = include_str!("../../../docs/contracts.md");
        let mut names = BTreeSet::new();
        for clause in EVERY
            .iter()
            .chain(OF_TRANSPORTS.iter().map(|(_, clause)| clause))
            .chain([&OPTIONAL])
        {
            assert!(names.insert(clause.point), "{}", clause.point);
            let row = format!("| `{}` |", clause.point);
            assert!(contract.contains(&row), "{row} is not in docs/contracts.md");
        }
        for transport in Transport::ALL
            .iter()
            .filter(|transport| transport.delegates())
        {
            assert!(
                OF_TRANSPORTS.iter().any(|(of, _)| of == transport),
                "{transport}"
            );
        }
    }
}
