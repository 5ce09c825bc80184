//! The timer of a slice: interpolated where the clock allows it, else ticked.

use protocol::measure::{ClockFacts, Timer, TimerChoice};

use super::{Counted, InterpolatedReadings, InterpolatedTimer, TickedReadings, TickedTimer};
use crate::{clock::Clock, duration::Nanoseconds, probe::Probe};

/// Interpolation was asked for, and the clock does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotInterpolate {
    /// No edge of the clock can be polled for.
    #[error(
        "the clock does not advance while the Worker computes, so its ticks cannot be interpolated: ask for timer \"auto\" or \"ticked\""
    )]
    ClockStandsStill,
    /// Too few whole ticks could be counted.
    #[error("only {ticks} undisturbed ticks were seen, {needed} are needed: the machine is too busy to interpolate its clock", needed = Probe::ENOUGH_TICKS)]
    NeverUndisturbed {
        /// Ticks that were counted whole.
        ticks: usize,
    },
}

/// Times the calls of one slice by the timer that suits the clock.
///
/// The driver calls [`begin`](Self::begin) directly before the first timed call, and [`succeeded`](Self::succeeded) or [`failed`](Self::failed) directly after each.
/// Nothing else may happen from there to the next call: it would count as that call's latency.
#[derive(Clone, Debug)]
pub struct SliceTimer {
    probe: Probe,
    timer: Chosen,
}

#[derive(Clone, Debug)]
enum Chosen {
    Interpolated(InterpolatedTimer),
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
    /// Chooses the timer for the clock that `probe` describes.
    ///
    /// # Errors
    ///
    /// Only if `choice` insists on interpolation and the clock does not allow it.
    pub fn new(choice: TimerChoice, probe: &Probe) -> Result<Self, CannotInterpolate> {
        let interpolated = if choice == TimerChoice::Ticked {
            None
        } else {
            InterpolatedTimer::new(probe)
        };
        let timer = match (interpolated, choice) {
            (Some(interpolated), _) => Chosen::Interpolated(interpolated),
            (None, TimerChoice::Auto | TimerChoice::Ticked) => {
                Chosen::Ticked(TickedTimer::new(probe))
            }
            (None, TimerChoice::Interpolated) if probe.advances_during_cpu => {
                return Err(CannotInterpolate::NeverUndisturbed {
                    ticks: probe.polls_per_tick.len(),
                });
            }
            (None, TimerChoice::Interpolated) => return Err(CannotInterpolate::ClockStandsStill),
        };
        Ok(Self {
            probe: probe.clone(),
            timer,
        })
    }

    /// The timer that was chosen.
    #[must_use]
    pub fn timer(&self) -> Timer {
        match self.timer {
            Chosen::Interpolated(_) => Timer::Interpolated,
            Chosen::Ticked(_) => Timer::Ticked,
        }
    }

    /// Gets ready for the first timed call, which must follow at once. Interpolated: reads the noise floor and waits for an edge, some ten ticks.
    pub fn begin(&mut self, clock: &impl Clock) {
        match &mut self.timer {
            Chosen::Interpolated(timer) => timer.begin(clock),
            Chosen::Ticked(timer) => timer.begin(clock),
        }
    }

    /// A call has just succeeded. Gets ready for the next one, which must follow at once.
    pub fn succeeded(&mut self, clock: &impl Clock) -> Counted {
        match &mut self.timer {
            Chosen::Interpolated(timer) => timer.succeeded(clock),
            Chosen::Ticked(timer) => timer.succeeded(clock),
        }
    }

    /// A call has just failed; it is no sample. Gets ready for the next one, which must follow at once.
    pub fn failed(&mut self, clock: &impl Clock) {
        match &mut self.timer {
            Chosen::Interpolated(timer) => timer.failed(clock),
            Chosen::Ticked(timer) => timer.failed(),
        }
    }

    /// A call was made that is not to be timed. Gets ready for the next one, which must follow at once.
    pub fn not_timed(&mut self, clock: &impl Clock) {
        self.failed(clock);
    }

    /// The slice's samples, and what they rest on.
    #[must_use]
    pub fn finish(self) -> SliceReadings {
        let advances_during_cpu = self.probe.advances_during_cpu;
        match self.timer {
            Chosen::Interpolated(timer) => interpolated(&timer.finish(), advances_during_cpu),
            Chosen::Ticked(timer) => ticked(timer.finish(), advances_during_cpu),
        }
    }
}

fn interpolated(readings: &InterpolatedReadings, advances_during_cpu: bool) -> SliceReadings {
    let calibration = readings.calibration;
    SliceReadings {
        clock: ClockFacts {
            timer: Timer::Interpolated,
            advances_during_cpu,
            tick_ms: calibration.tick_ms,
            sample_unit_ns: 1,
            polls_per_tick: Some(calibration.polls_per_tick),
            polls_per_tick_mad: Some(calibration.mad),
            resolution_ns: calibration.resolution().0,
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
        },
        samples: readings.samples,
        elapsed_ms: readings.elapsed_ms,
        lost: 0,
        noise_floor_ns: Vec::new(),
    }
}
