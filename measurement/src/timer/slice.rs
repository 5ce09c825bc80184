//! The timer of a slice: interpolated where the clock allows it, else ticked.

use protocol::measure::{ClockFacts, Rung, RungFacts, Timer, TimerChoice, Unfit};
use rand::RngCore;

use super::{
    Counted, InterpolatedReadings, InterpolatedTimer, TickedReadings, TickedTimer, randomise_phase,
};
use crate::{
    clock::{
        Clock,
        ladder::{Ladder, Polls},
    },
    duration::Nanoseconds,
    probe::{Probe, io::IoProbe},
};

/// Interpolation was asked for, and the clock does not allow it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CannotInterpolate {
    /// No edge of the clock can be polled for.
    #[error(
        "the clock does not advance while the Worker computes, so its ticks cannot be interpolated by computing: ask for timer \"auto\" or \"ticked\""
    )]
    ClockStandsStill,
    /// No I/O moves the clock regularly.
    #[error(
        "no I/O was found that moves the clock regularly, so its ticks cannot be interpolated by I/O: {}; ask for timer \"auto\" or \"ticked\"", tried(.0)
    )]
    NoFitPolls(Vec<RungFacts>),
    /// Too few whole ticks could be counted.
    #[error("only {ticks} undisturbed ticks were seen, {needed} are needed: the machine is too busy to interpolate its clock", needed = Probe::ENOUGH_TICKS)]
    NeverUndisturbed {
        /// Ticks that were counted whole.
        ticks: usize,
    },
}

impl CannotInterpolate {
    /// Whether another attempt may succeed: what was in the way is the machine of the moment, not the nature of its clock.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::ClockStandsStill => false,
            Self::NeverUndisturbed { .. } => true,
            Self::NoFitPolls(facts) => facts.iter().any(|at| at.unfit != Some(Unfit::StandsStill)),
        }
    }
}

/// What was tried, and what was wrong with it.
fn tried(facts: &[RungFacts]) -> String {
    let mut tried = String::new();
    for at in facts {
        tried += if tried.is_empty() { "" } else { ", " };
        tried += at.rung.as_str();
        tried += at.unfit.map_or("", |_| " ");
        tried += at.unfit.map_or("", Unfit::as_str);
    }
    tried
}

/// Times the calls of one slice by the timer that suits the clock.
///
/// The driver calls [`begin`](Self::begin) directly before the first timed call, and [`succeeded`](Self::succeeded) or [`not_timed`](Self::not_timed) directly after each.
/// Nothing else may happen from there to the next call: it would count as that call's latency.
#[derive(Clone, Debug)]
pub struct SliceTimer {
    advances_during_cpu: bool,
    timer: Chosen,
}

#[derive(Clone, Debug)]
enum Chosen {
    Interpolated(InterpolatedTimer, Option<Rung>),
    Ticked(TickedTimer),
}

/// What a slice's timed calls came to.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceReadings {
    /// The clock, the timer, and what they can resolve.
    pub clock: ClockFacts,
    /// Latencies of the calls that were timed, in call order, in units of [`ClockFacts::sample_unit_ns`].
    pub samples: Vec<u64>,
    /// Clock difference around the timed calls, in ms. Ticked: exactly the samples' sum. Interpolated: from the first call's start to the
    /// last one's end, the polling between them included.
    pub elapsed_ms: u64,
    /// Calls that succeeded but whose interpolation was lost to a stall after the call.
    pub lost: u64,
    /// The timer around no call at all, in ns (interpolated only).
    pub noise_floor_ns: Vec<u64>,
}

impl SliceTimer {
    /// Chooses the timer for the clock that `probe` describes, and for the I/O that was found to move it, if that was looked for.
    ///
    /// # Errors
    ///
    /// Only if `choice` insists on interpolation and the clock does not allow it.
    pub fn new(
        choice: TimerChoice,
        probe: &Probe,
        io: Option<&IoProbe>,
    ) -> Result<Self, CannotInterpolate> {
        let fit = io.and_then(|io| io.fit.as_ref());
        let by_io = || {
            let fit = fit?;
            Some(Chosen::Interpolated(
                InterpolatedTimer::by_io(fit),
                Some(fit.rung),
            ))
        };
        let by_computing = || Some(Chosen::Interpolated(InterpolatedTimer::new(probe)?, None));
        let ticked = || Chosen::Ticked(TickedTimer::new(probe));
        let timer = match choice {
            TimerChoice::Auto => by_computing().or_else(by_io).unwrap_or_else(ticked),
            TimerChoice::Ticked => ticked(),
            TimerChoice::Interpolated => by_computing().ok_or_else(|| cannot_compute(probe))?,
            TimerChoice::IoInterpolated => by_io().ok_or_else(|| {
                CannotInterpolate::NoFitPolls(io.map_or_else(Vec::new, |io| io.facts.clone()))
            })?,
        };
        Ok(Self {
            advances_during_cpu: probe.advances_during_cpu,
            timer,
        })
    }

    /// The timer that was chosen.
    #[must_use]
    pub fn timer(&self) -> Timer {
        match self.timer {
            Chosen::Interpolated(_, None) => Timer::Interpolated,
            Chosen::Interpolated(_, Some(_)) => Timer::IoInterpolated,
            Chosen::Ticked(_) => Timer::Ticked,
        }
    }

    /// The polls of the timer: by this I/O, or by computing.
    #[must_use]
    pub fn rung(&self) -> Option<Rung> {
        match self.timer {
            Chosen::Interpolated(_, rung) => rung,
            Chosen::Ticked(_) => None,
        }
    }

    /// Gets ready for the first timed call, which must follow at once. Interpolated: reads the noise floor and waits for an edge, some ten ticks.
    pub async fn begin(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) {
        match &mut self.timer {
            Chosen::Interpolated(timer, _) => timer.begin(polls).await,
            Chosen::Ticked(timer) => timer.begin(polls.clock()),
        }
    }

    /// Time has passed since the last call. Gets ready for the next one, which must follow at once. Ticked: a random time is spun away and the clock polled
    /// by I/O, because a timer has just fired: it fires at a whole tick, and until I/O completes a clock that stands still shows the time that it was set for.
    pub async fn begin_again(
        &mut self,
        polls: Polls<'_, impl Clock, impl Ladder>,
        rng: &mut impl RngCore,
    ) {
        match &mut self.timer {
            Chosen::Interpolated(timer, _) => timer.failed(polls).await,
            Chosen::Ticked(timer) => {
                randomise_phase(polls.clock(), rng);
                polls.by_first_rung().poll().await;
                timer.begin(polls.clock());
            }
        }
    }

    /// A call has just succeeded. Gets ready for the next one, which must follow at once.
    pub async fn succeeded(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) -> Counted {
        match &mut self.timer {
            Chosen::Interpolated(timer, _) => timer.succeeded(polls).await,
            Chosen::Ticked(timer) => timer.succeeded(polls.clock()),
        }
    }

    /// A call has just failed, or is not to be timed; it is no sample. Gets ready for the next one, which must follow at once.
    pub async fn not_timed(&mut self, polls: Polls<'_, impl Clock, impl Ladder>) {
        match &mut self.timer {
            Chosen::Interpolated(timer, _) => timer.failed(polls).await,
            Chosen::Ticked(timer) => timer.failed(),
        }
    }

    /// The slice's samples, and what they rest on.
    #[must_use]
    pub fn finish(self) -> SliceReadings {
        let (timer, advances_during_cpu) = (self.timer(), self.advances_during_cpu);
        match self.timer {
            Chosen::Interpolated(interpolated_timer, _) => {
                interpolated(&interpolated_timer.finish(), timer, advances_during_cpu)
            }
            Chosen::Ticked(timer) => ticked(timer.finish(), advances_during_cpu),
        }
    }
}

fn cannot_compute(probe: &Probe) -> CannotInterpolate {
    if probe.advances_during_cpu {
        CannotInterpolate::NeverUndisturbed {
            ticks: probe.polls_per_tick.len(),
        }
    } else {
        CannotInterpolate::ClockStandsStill
    }
}

fn interpolated(
    readings: &InterpolatedReadings,
    timer: Timer,
    advances_during_cpu: bool,
) -> SliceReadings {
    let calibration = readings.calibration;
    SliceReadings {
        clock: ClockFacts {
            timer,
            advances_during_cpu,
            tick_ms: calibration.tick_ms,
            sample_unit_ns: 1,
            polls_per_tick: Some(calibration.polls_per_tick),
            polls_per_tick_mad: Some(calibration.mad),
            resolution_ns: calibration.resolution().0,
            readings: None,
        },
        samples: readings.samples.iter().map(|sample| sample.0).collect(),
        elapsed_ms: readings.elapsed_ms,
        lost: readings.lost,
        noise_floor_ns: readings
            .noise_floor
            .iter()
            .map(|reading| reading.0)
            .collect(),
    }
}

fn ticked(readings: TickedReadings, advances_during_cpu: bool) -> SliceReadings {
    let tick_ns = Nanoseconds::from_ms(readings.tick_ms).0;
    SliceReadings {
        clock: ClockFacts {
            timer: Timer::Ticked,
            advances_during_cpu,
            tick_ms: readings.tick_ms,
            sample_unit_ns: tick_ns,
            polls_per_tick: None,
            polls_per_tick_mad: None,
            resolution_ns: tick_ns,
            readings: None,
        },
        samples: readings.samples,
        elapsed_ms: readings.elapsed_ms,
        lost: 0,
        noise_floor_ns: Vec::new(),
    }
}
