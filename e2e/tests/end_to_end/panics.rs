//! A runtime that panics fails the call that made it, and no other.

use cli::local::Build;
use e2e::stage;
use protocol::{Function, Transport};
use serde_json::json;

#[test]
fn a_panic_is_a_counted_error_and_the_next_call_is_answered() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::TestFunctions, |_| {});
    // The cells of both functions take turns: there are echoes after every slice of panics, in the same Worker.
    let plan = json!({"transports": ["service-binding", "raw-fetch", "rpc", "msgpack"], "functions": ["panic", "echo"], "payload_bytes": [100],
        "samples_per_cell": 60, "breakdown": false});
    let report = stage::run_to_completion(&stage::client(&workers), &plan);
    let of = |function| {
        report.cells.iter().filter(move |cell| {
            cell.id.function == function && cell.id.transport != Transport::Direct
        })
    };
    assert_eq!(
        (of(Function::Panic).count(), of(Function::Echo).count()),
        (4, 4)
    );
    for cell in of(Function::Panic) {
        assert_eq!(cell.count, 0, "{}", cell.id);
        assert!(
            cell.errors.values().sum::<u64>() >= 60,
            "{}: {:?}",
            cell.id,
            cell.errors
        );
    }
    for cell in of(Function::Echo) {
        assert!(cell.errors.is_empty(), "{}: {:?}", cell.id, cell.errors);
        assert!(cell.count > 0, "{}", cell.id);
    }
}
