//! Neighbours of a slice, over a simulated platform whose runtime serves one call at a time.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "simulated times are positive and far below 2^53 ns"
)]

mod slices;

use core::cell::{Cell, RefCell};
use measurement::{
    busy_server::{Expected, Load},
    clock::ladder::NoLadder,
    driver::{Calls, Driver, Neighbourly, keep_busy},
    duration::Nanoseconds,
    simulation::SimPlatform,
};
use protocol::{
    ErrorKind,
    busy::{Kept, MAX_NEIGHBOUR_CALLS, Neighbour},
    measure::{MeasureRequest, MeasureResponse, TimerChoice},
};
use slices::request;

const CALLS: usize = 150;

/// A runtime with one thread, and two stubs that call it.
struct OneServer<'a> {
    platform: &'a SimPlatform,
    free_ns: Cell<f64>,
    /// Work of one stroke, in ns.
    stroke_ns: f64,
    /// Work of an own call, in ns.
    own_ns: f64,
    /// The neighbour's call with this number fails, counted from 1.
    fails: Option<u32>,
    spins: RefCell<Vec<u32>>,
    in_flight: Cell<u32>,
}

impl<'a> OneServer<'a> {
    fn new(platform: &'a SimPlatform, stroke_us: f64) -> Self {
        Self {
            platform,
            free_ns: Cell::new(0.0),
            stroke_ns: stroke_us * 1e3,
            own_ns: 200e3,
            fails: None,
            spins: RefCell::default(),
            in_flight: Cell::new(0),
        }
    }

    /// Waits for its turn, then until it is served.
    async fn serve(&self, work_ns: f64) {
        let now_ns = self.platform.true_ns();
        let done_ns = self.free_ns.get().max(now_ns) + work_ns;
        self.free_ns.set(done_ns);
        self.platform
            .wait(Nanoseconds((done_ns - now_ns) as u64))
            .await;
    }
}

impl Calls for OneServer<'_> {
    async fn connect(&self, _: usize) {}

    async fn warm_up(&self, _: usize) -> Result<(), ErrorKind> {
        self.serve(self.own_ns).await;
        Ok(())
    }

    async fn call(&self, lane: usize) -> Result<(), ErrorKind> {
        self.warm_up(lane).await
    }

    async fn pause(&self, ms: u32) {
        self.platform.wait(Nanoseconds::from_ms(ms.into())).await;
    }
}

impl Neighbourly for OneServer<'_> {
    async fn spin(&self, strokes: u32) -> Result<(), ErrorKind> {
        self.spins.borrow_mut().push(strokes);
        let number = self.spins.borrow().len() as u32;
        self.in_flight.set(self.in_flight.get() + 1);
        self.serve(f64::from(strokes) * self.stroke_ns).await;
        self.in_flight.set(self.in_flight.get() - 1);
        if self.fails.is_none_or(|fails| fails != number) {
            Ok(())
        } else {
            Err(ErrorKind::Status)
        }
    }

    async fn pause(&self, ms: u64) {
        self.platform.wait(Nanoseconds::from_ms(ms)).await;
    }
}

fn beside(percent: u8, strokes: u32) -> MeasureRequest {
    let cycle_ms = 5_000 / u32::from(percent.max(10));
    MeasureRequest {
        neighbour: Some(Neighbour {
            runtime: protocol::Runtime::NATIVE,
            percent,
            pause_ms: cycle_ms,
            strokes,
        }),
        ..request(TimerChoice::Auto, CALLS)
    }
}

fn measured(server: &OneServer<'_>, request: &MeasureRequest) -> (MeasureResponse, Kept) {
    let platform = server.platform;
    let mut phase = platform.generator();
    let mut loops = platform.generator();
    platform.run(async {
        let slice = async {
            let driver = Driver::new(platform, &NoLadder, request).await.unwrap();
            driver.measure(server, &mut phase).await
        };
        keep_busy(
            platform,
            server,
            &request.neighbour.unwrap(),
            &mut loops,
            slice,
        )
        .await
    })
}

fn quantile_ms(response: &MeasureResponse, q: f64) -> f64 {
    let mut samples: Vec<u64> = response.samples_ns().collect();
    samples.sort_unstable();
    samples[(q * (samples.len() - 1) as f64) as usize] as f64 / 1e6
}

#[test]
fn a_neighbour_keeps_the_runtime_busy_for_the_share_that_was_asked_for() {
    for percent in [10, 50, 90] {
        let platform = SimPlatform::running(1, 3);
        let server = OneServer::new(&platform, 1_000.0);
        let (response, kept) = measured(&server, &beside(percent, 50));
        assert_eq!(kept.failed, 0);
        assert!(kept.calls < MAX_NEIGHBOUR_CALLS, "{kept:?}");
        let share = kept.busy_ms as f64 / kept.elapsed_ms as f64;
        assert!(
            (share - f64::from(percent) / 100.0).abs() < 0.03,
            "{percent} %: {share}, {kept:?}"
        );
        let call_ms = kept.completed_ms as f64 / f64::from(kept.completed);
        assert!((call_ms - 50.0).abs() < 1.0, "{call_ms} ms");
        assert_eq!(response.samples.len() as u64 + response.lost, CALLS as u64);
    }
}

#[test]
fn calls_come_at_any_moment_of_the_neighbours_cycle_and_wait_for_what_is_left_of_its_call() {
    let platform = SimPlatform::running(1, 4);
    let server = OneServer::new(&platform, 1_000.0);
    let (response, kept) = measured(&server, &beside(10, 50));
    assert!(kept.calls < MAX_NEIGHBOUR_CALLS, "{kept:?}");
    let waited = response.samples_ns().filter(|&ns| ns > 1_000_000).count();
    // a tenth of 150: within three standard deviations of 3.7
    assert!((4..=26).contains(&waited), "{waited} calls waited");
    assert!(quantile_ms(&response, 0.5) < 0.3);
    let expected = Expected::simulate(
        &[200_000],
        Load {
            share: kept.busy_ms as f64 / kept.elapsed_ms as f64,
            call_ns: 50e6,
            pause_ns: 500e6,
        },
        1,
    );
    let (expected, p95_ns) = (expected.unwrap(), quantile_ms(&response, 0.95) * 1e6);
    assert!(
        expected.band(0.95, CALLS as u64).may_hold(p95_ns, p95_ns),
        "{p95_ns}"
    );
}

#[test]
fn strokes_are_found_by_the_stubs_clock_running_or_standing_whatever_a_stroke_takes() {
    for (platform, stroke_us) in [
        (SimPlatform::running(1, 5), 2.0),
        (SimPlatform::running(1, 6), 300.0),
        (SimPlatform::frozen(7), 40.0),
        (SimPlatform::running(1, 8), 20_000.0),
    ] {
        let server = OneServer::new(&platform, stroke_us);
        let (_, kept) = measured(&server, &beside(50, 0));
        let call_ms = f64::from(kept.strokes) * stroke_us / 1e3;
        assert!(
            (40.0..=60.0).contains(&call_ms),
            "{stroke_us} us: {} strokes are {call_ms} ms",
            kept.strokes
        );
        let again = server
            .spins
            .borrow()
            .iter()
            .filter(|&&strokes| strokes == kept.strokes)
            .count();
        assert!(again as u32 >= kept.completed, "{kept:?}");
    }
}

#[test]
fn strokes_that_have_become_quicker_or_slower_are_more_or_fewer_in_the_next_slice() {
    let platform = SimPlatform::running(1, 9);
    for (known, next) in [(25, 48..=52), (120, 48..=52), (45, 45..=45), (60, 60..=60)] {
        let server = OneServer::new(&platform, 1_000.0);
        let (_, kept) = measured(&server, &beside(50, known));
        assert!(next.contains(&kept.strokes), "{known} strokes: {kept:?}");
        let all_alike = server
            .spins
            .borrow()
            .iter()
            .all(|&strokes| strokes == known);
        assert!(all_alike, "the calls of one slice are alike");
    }
}

#[test]
fn without_a_share_nobody_calls_and_the_pauses_are_the_same() {
    let platform = SimPlatform::running(1, 9);
    let server = OneServer::new(&platform, 1_000.0);
    let before_ns = platform.true_ns();
    let (response, kept) = measured(&server, &beside(0, 0));
    assert!(server.spins.borrow().is_empty());
    assert_eq!((kept.calls, kept.busy_ms), (0, 0));
    let seconds = (platform.true_ns() - before_ns) / 1e9;
    assert!(
        (32.0..45.0).contains(&seconds),
        "150 pauses of 250 ms on average take {seconds} s"
    );
    assert!(quantile_ms(&response, 0.99) < 0.3);
}

#[test]
fn the_last_call_is_waited_for_and_what_comes_after_the_slice_is_not_counted() {
    for seed in 0..20 {
        let platform = SimPlatform::running(1, 20 + seed);
        let server = OneServer::new(&platform, 1_000.0);
        let request = MeasureRequest {
            samples: 3,
            ..beside(90, 50)
        };
        let (_, kept) = measured(&server, &request);
        assert_eq!(server.in_flight.get(), 0, "the next slice would meet it");
        assert!(kept.busy_ms <= kept.elapsed_ms, "{kept:?}");
        assert!(
            kept.completed <= kept.calls && kept.calls <= kept.completed + 1,
            "{kept:?}"
        );
    }
}

#[test]
fn a_neighbour_whose_calls_fail_is_counted_and_the_slice_is_measured() {
    let platform = SimPlatform::running(1, 10);
    let never = OneServer {
        fails: Some(1),
        ..OneServer::new(&platform, 1_000.0)
    };
    let (response, kept) = measured(&never, &beside(50, 0));
    assert_eq!(
        (kept.calls, kept.failed, kept.strokes, kept.busy_ms),
        (1, 1, 0, 0),
        "no strokes are known, so nobody calls"
    );
    assert_eq!(response.samples.len() as u64 + response.lost, CALLS as u64);
    let platform = SimPlatform::running(1, 11);
    let once = OneServer {
        fails: Some(3),
        ..OneServer::new(&platform, 1_000.0)
    };
    let (_, kept) = measured(&once, &beside(50, 50));
    assert_eq!(kept.failed, 1);
    assert!(kept.completed > 10, "{kept:?}");
}

#[test]
fn whole_ticks_of_a_clock_that_stands_still_hold_the_waits_too() {
    let platform = SimPlatform::frozen(12);
    let server = OneServer::new(&platform, 1_000.0);
    let request = MeasureRequest {
        timer: TimerChoice::Ticked,
        ..beside(50, 50)
    };
    let ladder = measurement::simulation::SimLadder::new(&platform, 25.0, 0.1);
    let (mut phase, mut loops) = (platform.generator(), platform.generator());
    let (response, kept) = platform.run(async {
        let slice = async {
            let driver = Driver::new(&platform, &ladder, &request).await.unwrap();
            driver.measure(&server, &mut phase).await
        };
        keep_busy(
            &platform,
            &server,
            &request.neighbour.unwrap(),
            &mut loops,
            slice,
        )
        .await
    });
    assert_eq!(response.samples.len(), CALLS, "none is a lead-in");
    let share_of = |ticks: u64| {
        response
            .samples
            .iter()
            .filter(|&&sample| sample >= ticks)
            .count() as f64
            / CALLS as f64
    };
    let busy = kept.busy_ms as f64 / kept.elapsed_ms as f64;
    // P(wait > 25 ms) is a half of the share, give or take three standard deviations of 3.5 %
    assert!(
        (share_of(26) - busy / 2.0).abs() < 0.11,
        "{} against {busy} / 2",
        share_of(26)
    );
}
