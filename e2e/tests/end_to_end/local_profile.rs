//! The local profile: Workers on this machine, which leave nothing behind.

use cli::local::Build;
use e2e::stage;
use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Processes with `mark` in their environment; each server has the name of its temporary directory there.
fn processes_with(mark: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let environments = entries.filter_map(|entry| fs::read(entry.path().join("environ")).ok());
    environments
        .filter(|environment| String::from_utf8_lossy(environment).contains(mark))
        .count()
}

#[test]
fn no_process_and_no_file_is_left_behind_after_a_run() {
    let _turn = stage::my_turn();
    let workers = stage::start(Build::Release, |_| {});
    let directory = workers.directory().to_owned();
    let mark = directory.display().to_string();
    let client = stage::client(&workers);
    let run = stage::begin(&client, &stage::small_plan());
    stage::wait(&client, &run.id, |run| run.progress.slices_done > 0);
    assert!(processes_with(&mark) > 2);
    drop(workers);
    let expires = Instant::now() + Duration::from_secs(20);
    while processes_with(&mark) > 0 && Instant::now() < expires {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(processes_with(&mark), 0);
    assert!(!directory.exists());
}
