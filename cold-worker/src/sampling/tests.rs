//! The very sequence that the Worker runs, over a simulated platform.

use super::*;
use core::cell::RefCell;
use measurement::simulation::SimPlatform;
use protocol::measure::Timer;

/// Isolates whose loads and calls take known times.
struct Known<'a> {
    platform: &'a SimPlatform,
    load_us: u64,
    calls_us: RefCell<Vec<u64>>,
    wrong_at: Option<usize>,
}

impl Isolates for Known<'_> {
    fn enter(&self) -> Result<(), CallError> {
        self.platform.compute(Nanoseconds(self.load_us * 1_000));
        Ok(())
    }

    async fn breathe(&self) -> Result<(), CallError> {
        self.platform.call(Nanoseconds(50_000));
        Ok(())
    }

    async fn call(&self) -> Result<bool, CallError> {
        let mut calls_us = self.calls_us.borrow_mut();
        let us = calls_us.pop().unwrap();
        self.platform.call(Nanoseconds(us * 1_000));
        Ok(self.wrong_at != Some(calls_us.len()))
    }
}

/// A load of 2 ms, a first call of 3.4 ms, the n-th one of 1,000 + 100 n us.
fn known(platform: &SimPlatform, wrong_at: Option<usize>) -> Known<'_> {
    let mut calls_us: Vec<u64> = (1..=10).map(|n| 1_000 + 100 * n).collect();
    calls_us[0] = 3_400;
    calls_us.reverse();
    Known {
        platform,
        load_us: 2_000,
        calls_us: RefCell::new(calls_us),
        wrong_at,
    }
}

fn near(ns: u64, us: u64, tolerance_us: u64) -> bool {
    ns.abs_diff(us * 1_000) <= tolerance_us * 1_000
}

#[test]
fn the_load_and_the_first_answer_are_one_time_and_each_later_call_is_its_own() {
    for seed in 0..20 {
        let platform = SimPlatform::running(1, seed);
        let isolates = known(&platform, None);
        let timed = platform.run(cold_start(&platform, &isolates)).unwrap();
        assert_eq!(timed.clock.timer, Timer::Interpolated);
        assert!(near(timed.first_answer_ns, 5_400, 60), "{timed:?}");
        assert!(timed.answers_right);
        assert!(
            (5..=6).contains(&(timed.answered_ms - timed.began_ms)),
            "{timed:?}"
        );
        let expected = [1_200, 1_300, 1_500, 2_000];
        assert_eq!(timed.later_calls_ns.len(), expected.len());
        for (ns, us) in timed.later_calls_ns.iter().zip(expected) {
            assert!(near(ns.unwrap(), us, 60), "{timed:?}");
        }
        assert!(isolates.calls_us.borrow().is_empty(), "ten calls are made");
    }
}

#[test]
fn a_clock_that_stands_still_is_read_in_whole_ticks_and_says_so() {
    let platform = SimPlatform::frozen(3);
    let timed = platform
        .run(cold_start(&platform, &known(&platform, None)))
        .unwrap();
    assert_eq!(timed.clock.timer, Timer::Ticked);
    assert_eq!(timed.clock.resolution_ns, 1_000_000);
    assert!(near(timed.first_answer_ns, 5_400, 1_000), "{timed:?}");
    assert_eq!(timed.later_calls_ns.len(), 4);
}

#[test]
fn one_wrong_answer_of_ten_is_seen() {
    for wrong_at in [0, 5, 9] {
        let platform = SimPlatform::running(1, 1);
        let isolates = known(&platform, Some(wrong_at));
        let timed = platform.run(cold_start(&platform, &isolates)).unwrap();
        assert!(!timed.answers_right, "{wrong_at}");
    }
}

#[test]
fn a_kept_pair_is_timed_at_once_and_again_when_it_has_settled() {
    let platform = SimPlatform::running(1, 5);
    let mut calls_us = vec![300; 12];
    calls_us[11] = 2_500;
    let isolates = Known {
        platform: &platform,
        load_us: 0,
        calls_us: RefCell::new(calls_us),
        wrong_at: None,
    };
    let pair = platform.run(kept_pair(&platform, &isolates)).unwrap();
    assert!(near(pair.first_ns.unwrap(), 2_500, 60), "{pair:?}");
    assert!(near(pair.settled_ns.unwrap(), 300, 60), "{pair:?}");
}
