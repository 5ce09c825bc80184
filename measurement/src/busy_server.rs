//! What a runtime that others keep busy makes one expect: a simulation of a queue with one server, held against what was measured.
//!
//! The server is the runtime's one thread: who comes while it works waits until it is done, in the order of coming. There are two customers, each of
//! which comes back only when it has been served: the *neighbour*, whose call takes `call` and who then pauses so that the server is busy for the share `s`
//! of the time, and the measured stub, who pauses for a random time up to one cycle of the neighbour's and then makes a call that takes what it
//! takes on an idle runtime. A call so comes at any moment of the cycle alike: with the probability `s` it meets a neighbour's call, of which a part that is uniform
//! on `[0, call]` is left. So, as long as own calls are short beside the neighbour's, `P(wait > x) = s (1 - x / call)`: the queue M/D/1 with one customer at
//! most, whose mean wait is `s call / 2` (the residual service of the Pollaczek-Khinchine formula; Kleinrock, Queueing Systems I, 1975, section 5.7). The
//! simulation adds what that leaves out: an own call delays the neighbour, and idle latencies have a distribution of their own.
//!
//! Out of scope: several servers (a platform that starts a second isolate when one is busy serves better than this), and several neighbours.

use rand::RngCore;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};

/// Calls simulated. A share of them is then good to 0.7 % at most, a tenth of what a run of some hundred calls leaves open.
pub const SIMULATED_CALLS: usize = 20_000;

/// Of 100 runs whose runtime is such a queue, 99 come out within what chance allows: this many standard deviations.
const CHANCE: f64 = 2.576;

/// Each end of a band is moved outward by this share of itself: the neighbour's calls are not all of one length, and clocks of whole ms time them.
pub const TOLERANCE: f64 = 0.1;

/// And by this, in nanoseconds: beside a busy processor the own call of a tenth of a millisecond may take twice as long.
pub const OWN_TOLERANCE_NS: f64 = 100_000.0;

/// How a runtime is kept busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// The share of the time, in [0, 1).
    pub share: f64,
    /// One call of the neighbour, in nanoseconds.
    pub call_ns: f64,
    /// The longest pause before a measured call, in nanoseconds.
    pub pause_ns: f64,
}

/// Latencies to be expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Simulated latencies, sorted, in nanoseconds.
    latencies_ns: Vec<f64>,
}

/// Where a quantile of a run is to be expected, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// What the simulation says.
    pub value_ns: f64,
    /// Below this it is something else.
    pub lower_ns: f64,
    /// Above this it is something else.
    pub upper_ns: f64,
}

impl Expected {
    /// Simulates calls of which each takes one of `idle_ns`, latencies on an idle runtime, beside a neighbour. `None` without any of them.
    #[must_use]
    pub fn simulate(idle_ns: &[u64], load: Load, seed: u64) -> Option<Self> {
        if idle_ns.is_empty() {
            return None;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut server = Server::new(load, &mut rng);
        let mut now_ns = 0.0;
        let mut latencies_ns = Vec::with_capacity(SIMULATED_CALLS);
        for _ in 0..SIMULATED_CALLS {
            now_ns += load.pause_ns * uniform(&mut rng);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a place in a list of some hundred"
            )]
            let place = (uniform(&mut rng) * idle_ns.len() as f64) as usize;
            let own_ns = idle_ns[place.min(idle_ns.len() - 1)] as f64;
            let done_ns = server.serve(now_ns, own_ns);
            latencies_ns.push(done_ns - now_ns);
            now_ns = done_ns;
        }
        latencies_ns.sort_by(f64::total_cmp);
        Some(Self { latencies_ns })
    }

    /// The quantile `q` of the simulated latencies, `q` in [0, 1], in nanoseconds.
    #[must_use]
    pub fn quantile_ns(&self, q: f64) -> f64 {
        let last = self.latencies_ns.len() - 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list, between 0 and its last"
        )]
        let place = (q.clamp(0.0, 1.0) * last as f64).round() as usize;
        self.latencies_ns[place.min(last)]
    }

    /// Where the quantile `q` of `calls` measured calls is to be expected: as far off as the chance of so many calls allows in 99 of 100 runs, and
    /// [`TOLERANCE`] and [`OWN_TOLERANCE_NS`] beyond.
    #[must_use]
    pub fn band(&self, q: f64, calls: u64) -> Band {
        let off = CHANCE * (q * (1.0 - q) / calls.max(1) as f64).sqrt();
        Band {
            value_ns: self.quantile_ns(q),
            lower_ns: (self.quantile_ns(q - off) * (1.0 - TOLERANCE) - OWN_TOLERANCE_NS).max(0.0),
            upper_ns: self.quantile_ns(q + off) * (1.0 + TOLERANCE) + OWN_TOLERANCE_NS,
        }
    }
}

impl Band {
    /// Whether what is known to lie from `lower_ns` to `upper_ns` may lie in the band.
    #[must_use]
    pub fn may_hold(&self, lower_ns: f64, upper_ns: f64) -> bool {
        lower_ns <= self.upper_ns && upper_ns >= self.lower_ns
    }
}

/// One server, and its neighbour's calls.
#[expect(
    clippy::struct_field_names,
    reason = "all are times, and names say the unit"
)]
struct Server {
    call_ns: f64,
    pause_ns: f64,
    /// When the neighbour's last call is over, by the server's work so far.
    busy_until_ns: f64,
    /// When it comes next.
    next_ns: f64,
}

impl Server {
    fn new(load: Load, rng: &mut impl RngCore) -> Self {
        let idle = load.share <= 0.0 || load.call_ns <= 0.0;
        let pause_ns = if idle {
            f64::INFINITY
        } else {
            load.call_ns * (1.0 - load.share) / load.share
        };
        Self {
            call_ns: load.call_ns,
            pause_ns,
            busy_until_ns: 0.0,
            next_ns: if idle {
                f64::INFINITY
            } else {
                uniform(rng) * (pause_ns + load.call_ns)
            },
        }
    }

    /// Serves a call of `own_ns` that comes at `now_ns`, not before an earlier one was served. Returns when it is over.
    fn serve(&mut self, now_ns: f64, own_ns: f64) -> f64 {
        while self.next_ns <= now_ns {
            self.busy_until_ns = self.next_ns + self.call_ns;
            self.next_ns = self.busy_until_ns + self.pause_ns;
        }
        let done_ns = self.busy_until_ns.max(now_ns) + own_ns;
        if self.next_ns < done_ns {
            // the neighbour waits for its turn
            self.next_ns = done_ns;
        }
        done_ns
    }
}

/// Uniform on [0, 1).
fn uniform(rng: &mut impl RngCore) -> f64 {
    f64::from(rng.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL_NS: f64 = 50e6;

    fn load(share: f64) -> Load {
        Load {
            share,
            call_ns: CALL_NS,
            pause_ns: if share > 0.0 { CALL_NS / share } else { 500e6 },
        }
    }

    fn simulated(share: f64, idle_ns: &[u64]) -> Expected {
        Expected::simulate(idle_ns, load(share), 7).unwrap()
    }

    #[test]
    fn waits_are_those_of_the_closed_form() {
        // an own call of next to nothing, so that the closed form is exact
        for share in [0.05, 0.1, 0.5, 0.9] {
            let expected = simulated(share, &[1_000]);
            for q in [0.3, 0.5, 0.8, 0.9, 0.95, 0.97, 0.99, 0.999] {
                let wait_ns = (CALL_NS * (1.0 - (1.0 - q) / share)).max(0.0);
                let found_ns = expected.quantile_ns(q) - 1_000.0;
                // four standard deviations of a quantile of so many calls: those of the share, over the density share / call
                let off_ns =
                    4.0 * (q * (1.0 - q) / SIMULATED_CALLS as f64).sqrt() * CALL_NS / share;
                assert!(
                    (found_ns - wait_ns).abs() < off_ns,
                    "{share}, {q}: {found_ns} against {wait_ns}, give or take {off_ns}"
                );
            }
            let mean_ns = expected.latencies_ns.iter().sum::<f64>() / SIMULATED_CALLS as f64;
            let wanted_ns = share * CALL_NS / 2.0;
            assert!(
                (mean_ns - 1_000.0 - wanted_ns).abs() < 0.05 * wanted_ns,
                "{share}: {mean_ns} against {wanted_ns}"
            );
        }
    }

    #[test]
    fn nobody_waits_for_an_idle_server() {
        let expected = simulated(0.0, &[100_000, 200_000, 300_000]);
        assert!((expected.quantile_ns(1.0) - 300_000.0).abs() < 1.0);
        assert!((expected.quantile_ns(0.5) - 200_000.0).abs() < 1.0);
        assert_eq!(Expected::simulate(&[], load(0.5), 7), None);
    }

    #[test]
    fn a_call_under_way_is_not_overtaken_and_delays_the_neighbour() {
        let mut server = Server {
            call_ns: 50.0,
            pause_ns: 50.0,
            busy_until_ns: 0.0,
            next_ns: 0.0,
        };
        assert!(
            (server.serve(10.0, 5.0) - 55.0).abs() < 1e-9,
            "waits for 40 of the neighbour's 50"
        );
        assert!(
            (server.serve(98.0, 20.0) - 118.0).abs() < 1e-9,
            "comes before the neighbour does at 100"
        );
        assert!(
            (server.serve(119.0, 5.0) - 173.0).abs() < 1e-9,
            "which then comes at 118"
        );
    }

    #[test]
    fn a_band_holds_runs_of_the_queue_and_not_those_of_another() {
        let idle: Vec<u64> = (0..440).map(|at| 80_000 + at * 200).collect();
        let expected = simulated(0.1, &idle);
        let (mut held, mut held_of_another) = (0, 0);
        for seed in 0..100 {
            // a run of 440 calls, drawn from as many simulated ones as there are
            let run = |share, seed| {
                let run = Expected::simulate(&idle, load(share), 1_000 + seed).unwrap();
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut some: Vec<f64> = (0..440)
                    .map(|_| run.quantile_ns(uniform(&mut rng)))
                    .collect();
                some.sort_by(f64::total_cmp);
                some[417]
            };
            let band = expected.band(0.95, 440);
            let holds = |p95_ns: f64| u32::from(band.may_hold(p95_ns, p95_ns));
            held += holds(run(0.1, seed));
            held_of_another += holds(run(0.5, seed));
        }
        assert!(held >= 97, "{held} of 100 runs of that queue");
        assert!(
            held_of_another <= 5,
            "{held_of_another} of 100 runs at five times the load"
        );
    }
}
