//! `scripts/build --runtimes` weighs Workers, and fails over budget.

use e2e::stage;
use std::{fs, process::Command};

/// Burns CPU at global scope, and keeps something of every call.
const HEAVY: &str = "
import { WorkerEntrypoint } from 'cloudflare:workers';
let sum = 0;
for (let i = 0; i < 8e8; i++) sum += i % 7;
const kept = [];
const keep = () => kept.push(new Uint8Array(20_000).fill(kept.length), sum);
export default class extends WorkerEntrypoint {
  async fetch(request) { await request.arrayBuffer(); keep(); return new Response('{}'); }
  execute(functionId, payload) { keep(); return payload; }
}";

/// Bytes that do not get smaller.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[test]
fn a_worker_over_budget_in_size_start_and_memory_is_named_for_each() {
    let folder = stage::temporary_folder();
    let worker = folder.path().join("runtime-worker");
    fs::create_dir_all(worker.join("build")).unwrap();
    fs::write(worker.join("build/index.js"), HEAVY).unwrap();
    fs::write(worker.join("build/noise.bin"), noise(200_000)).unwrap();
    let root = stage::project().root().to_owned();
    let output = Command::new(root.join("node_modules/.bin/node"))
        .arg(root.join("e2e/footprint.mjs"))
        .arg(&worker)
        .output()
        .expect("Node.js; scripts/setup installs it");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for excess in [
        "runtime-worker: gzipped size is 0.2",
        "runtime-worker: CPU at global scope is ",
        "runtime-worker: isolate memory after 10,000 calls is ",
        "runtime-worker: growth of isolate memory from call 1,000 to 10,000 is ",
    ] {
        assert!(said.contains(excess), "{excess} is not in:\n{said}");
    }
}
