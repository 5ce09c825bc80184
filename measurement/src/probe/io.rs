//! Whether I/O moves a clock that stands still while the Worker computes, and regularly enough to be interpolated.
//!
//! A rung of the ladder is looked at in five stretches, each of which may find it unfit:
//!
//! 1. Polls to warm up, and to see whether the clock moves at all.
//! 2. Ticks polled from edge to edge: the tick is the step that all advances share, and most advances must be that step. Their counts give the length of a poll.
//! 3. The lead is found: a stretch of computing that ends shortly before the next edge ([`crate::timer::InterpolatedTimer`]).
//! 4. Computing for more than a tick, then a single poll, which must show it: one that moves the clock only now and then hides how long calls take.
//! 5. Ticks that begin with the lead. So few polls follow it that their own spread is small, and what is left is the clock's: the distance from edge to
//!    edge must be regular. A clock whose steps are random, fuzzed or delayed is found here, however fine it seems.
//!
//! The ladder is climbed to the first rung that moves the clock: those after it cost more, and show nothing else.

use super::greatest_common_divisor;
use crate::{
    clock::{
        Clock,
        edge::{Edge, poll_past},
        ladder::{Ladder, Polls},
    },
    timer::calibration::{mean_of_middle_half, sorted},
};
use protocol::{
    measure::{Rung, RungFacts, Unfit},
    units::NS_PER_MS,
};

/// Times that a rung is looked at whose polls move the clock irregularly: the machine may have been busy.
const LOOKS: u32 = 2;
/// Polls that warm up a rung: the first hundreds are slower.
const WARM_UP_POLLS: u32 = 200;
/// A clock that shows no change over this many polls stands still: 15 ms at 25 us each, five ticks of 3 ms.
const STOPPED_AFTER_POLLS: u32 = 600;
/// Polls of one look, at most but for those of one more step: a regular clock takes 3,000 to 8,000.
const MOST_POLLS: u32 = 12_000;
/// Whole ticks to poll from edge to edge.
const BARE_TICKS: usize = 12;
/// Whole ticks to count in each attempt to find the lead.
const TRIAL_TICKS: usize = 6;
/// Attempts to find the lead.
const TRIALS: u32 = 5;
/// Single polls that must each show that a tick has passed. Where 7 of 10 do, all of these show it in 1 of 300 probes.
const SINGLE_POLLS: u32 = 16;
/// Whole ticks to count with the lead. The spread of so many is known to 11 %.
const LED_TICKS: usize = 60;
/// Steps seen for each whole tick wanted, at most: a machine that stalls all the time is given up.
const STEPS_PER_TICK: usize = 3;
/// Steps of the first attempt at a lead, for each ms of a tick: 0.1 to 0.4 ms.
const FIRST_LEAD_STEPS: u32 = 100_000;
/// A lead that proved too short grows by no more than this factor, and one by which edges are jumped over shrinks by the other.
const LONGER_LEAD: f64 = 3.0;
/// See [`LONGER_LEAD`].
const SHORTER_LEAD: f64 = 0.5;
/// The share of steps that must be of a single tick. Others are jumped over in stalls.
const LEAST_WHOLE_SHARE: f64 = 0.6;
/// Polls that must divide a tick.
const LEAST_POLLS: f64 = 4.0;
/// The most that the times of steps may spread, in ticks, and how much more where a poll is long: this share of a poll. Polls of 60 us with a spread of their own
/// of 60 % come to 0.11 on a tick of 1 ms; steps that are up to half a tick late to 0.2. (docs/methodology.md has the shares of both that are refused.)
const MOST_SPREAD: f64 = 0.11;
/// See [`MOST_SPREAD`].
const MOST_SPREAD_OF_A_POLL: f64 = 0.44;
/// The same for ticks that are polled from edge to edge, where the polls' own spread adds up: what is beyond this is not worth a closer look.
const MOST_BARE_SPREAD: f64 = 0.45;
/// The most ticks, of [`LED_TICKS`], whose edge may come before the lead ends. Later than that nothing shows by how much it came early.
const MOST_OVERSHOT: usize = 15;
/// What is left to poll after a lead: this share of a tick, or this many polls, whichever is less.
const POLLED_SHARE: f64 = 0.3;
/// See [`POLLED_SHARE`].
const POLLED_POLLS: f64 = 12.0;
/// See [`POLLED_SHARE`]; but no fewer polls than this.
const LEAST_POLLED: f64 = 5.0;
/// See [`POLLED_SHARE`]; nor less than this share: stalls and the machine's varying speed would often carry the lead past the edge.
const LEAST_POLLED_SHARE: f64 = 0.2;
/// One count in so many is left out at either end: a stall may have taken its polls.
const TRIMMED: usize = 20;
/// Standard deviations in the mean absolute deviation of a normal distribution that is so trimmed.
const SIGMAS_PER_DEVIATION: f64 = 1.47;

/// What was learnt about a clock by I/O.
#[derive(Clone, Debug, PartialEq)]
pub struct IoProbe {
    /// What each rung that was tried has shown.
    pub facts: Vec<RungFacts>,
    /// The rung to poll by, if one is fit.
    pub fit: Option<Fit>,
}

/// A rung that a clock can be interpolated by.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The rung.
    pub rung: Rung,
    /// One step of the clock, in ms.
    pub tick_ms: u64,
    /// Steps to spin after an edge or a call, before polling begins.
    pub lead_steps: u32,
    /// Polls in each whole tick that was polled from edge to edge.
    pub bare_ticks: Vec<u32>,
    /// Polls in each whole tick, after the lead.
    pub tick_polls: Vec<u32>,
}

impl IoProbe {
    /// Climbs the ladder up to the first rung that moves the clock. Takes some 110 ticks for that one, and for each before it up to as many.
    pub async fn run(clock: &impl Clock, ladder: &impl Ladder) -> Self {
        let mut probe = Self {
            facts: Vec::new(),
            fit: None,
        };
        for &rung in ladder.rungs() {
            let mut is_moved = true;
            for _ in 0..LOOKS {
                let mut look = Look::new(Polls::new(clock, ladder, Some(rung)), rung);
                match look.judge().await {
                    Ok(fit) => probe.fit = Some(fit),
                    Err(unfit) => look.facts.unfit = Some(unfit),
                }
                probe.facts.push(look.facts);
                is_moved = !matches!(
                    look.facts.unfit,
                    Some(Unfit::StandsStill | Unfit::LagsBehind)
                );
                if probe.fit.is_some() || !is_moved {
                    break;
                }
            }
            // a clock that these polls move, but irregularly, would be no better by polls that take longer
            if is_moved {
                break;
            }
        }
        probe
    }
}

/// Looks at a clock by the polls of one rung.
struct Look<'a, C, L> {
    polls: Polls<'a, C, L>,
    facts: RungFacts,
    /// The last edge, and whether it was seen when it came.
    edge_ms: u64,
    in_time: bool,
}

impl<'a, C: Clock, L: Ladder> Look<'a, C, L> {
    fn new(polls: Polls<'a, C, L>, rung: Rung) -> Self {
        Self {
            polls,
            facts: RungFacts {
                rung,
                unfit: None,
                polls: 0,
                steps: 0,
                whole_steps: 0,
                set_back: 0,
                tick_ms: 0,
                polls_per_tick: 0.0,
                spread_ns: 0,
            },
            edge_ms: polls.now_ms(),
            in_time: false,
        }
    }

    async fn judge(&mut self) -> Result<Fit, Unfit> {
        self.warm_up().await?;
        let bare_ticks = self.ticks(0, BARE_TICKS).await?;
        self.judge_steps()?;
        let per_tick = mean(&bare_ticks)?;
        self.facts.polls_per_tick = (per_tick * 1e3).round() / 1e3;
        if per_tick < LEAST_POLLS {
            return Err(Unfit::TooFewPolls);
        }
        if self.spread(&bare_ticks, per_tick) > MOST_BARE_SPREAD {
            return Err(Unfit::IrregularSteps);
        }
        let lead_steps = self.find_lead(per_tick).await?;
        self.judge_single_polls(lead_steps).await?;
        let tick_polls = self.ticks(lead_steps, LED_TICKS).await?;
        self.judge_steps()?;
        // an edge that comes before the lead ends does not show by how much: most often the lead was stalled
        let in_time: Vec<u32> = tick_polls
            .iter()
            .copied()
            .filter(|&polls| polls > 1)
            .collect();
        let overshot = tick_polls.len() - in_time.len();
        if overshot > MOST_OVERSHOT {
            return Err(Unfit::IrregularSteps);
        }
        if self.spread(&in_time, per_tick) > MOST_SPREAD + MOST_SPREAD_OF_A_POLL / per_tick {
            return Err(Unfit::IrregularSteps);
        }
        Ok(Fit {
            rung: self.facts.rung,
            tick_ms: self.facts.tick_ms,
            lead_steps,
            bare_ticks,
            tick_polls,
        })
    }

    /// Polls until the rung is warm and the clock has moved, to an edge. What steps it takes meanwhile says nothing yet.
    async fn warm_up(&mut self) -> Result<(), Unfit> {
        for _ in 0..WARM_UP_POLLS {
            self.facts.polls += 1;
            self.edge_ms = self.polls.poll().await;
        }
        self.edge_ms = self.edge().await?.reading_ms;
        Ok(())
    }

    async fn edge(&mut self) -> Result<Edge, Unfit> {
        if self.facts.polls > MOST_POLLS {
            return Err(Unfit::IrregularSteps);
        }
        let Some(edge) = poll_past(self.polls, self.edge_ms, STOPPED_AFTER_POLLS).await else {
            self.facts.polls += STOPPED_AFTER_POLLS;
            return Err(Unfit::StandsStill);
        };
        self.facts.polls += edge.polls;
        Ok(edge)
    }

    /// The polls in each of so many whole ticks, after a lead.
    async fn ticks(&mut self, lead_steps: u32, wanted: usize) -> Result<Vec<u32>, Unfit> {
        let mut counts = Vec::new();
        for _ in 0..wanted * STEPS_PER_TICK {
            self.polls.spin(lead_steps);
            let edge = self.edge().await?;
            self.facts.steps += 1;
            let step_ms = edge.reading_ms.checked_sub(self.edge_ms);
            self.edge_ms = edge.reading_ms;
            let Some(step_ms) = step_ms else {
                self.facts.set_back += 1;
                return Err(Unfit::SetBack);
            };
            let tick_ms = greatest_common_divisor(step_ms, self.facts.tick_ms);
            if tick_ms != self.facts.tick_ms {
                // what was counted so far were several ticks
                self.facts.tick_ms = tick_ms;
                self.facts.whole_steps = 0;
                counts.clear();
                self.in_time = false;
            }
            let is_whole = step_ms == tick_ms;
            if is_whole {
                self.facts.whole_steps += 1;
                if self.in_time {
                    counts.push(edge.polls);
                }
            }
            self.in_time = is_whole;
            if counts.len() == wanted {
                return Ok(counts);
            }
        }
        Err(Unfit::UnevenSteps)
    }

    fn judge_steps(&self) -> Result<(), Unfit> {
        let share = f64::from(self.facts.whole_steps) / f64::from(self.facts.steps.max(1));
        if share < LEAST_WHOLE_SHARE {
            return Err(Unfit::UnevenSteps);
        }
        Ok(())
    }

    /// The steps to spin so that what is left of a tick is polled.
    async fn find_lead(&mut self, per_tick: f64) -> Result<u32, Unfit> {
        let polled = (POLLED_SHARE * per_tick)
            .clamp(LEAST_POLLED, POLLED_POLLS)
            .max(LEAST_POLLED_SHARE * per_tick);
        // in polls
        let (wanted, tolerance) = (per_tick - polled, polled / 4.0);
        let mut steps = f64::from(FIRST_LEAD_STEPS) * self.facts.tick_ms as f64;
        for _ in 0..TRIALS {
            let lead_steps = whole(steps);
            match self.ticks(lead_steps, TRIAL_TICKS).await {
                Ok(counts) => {
                    let takes = per_tick - mean(&counts)?;
                    if (takes - wanted).abs() <= tolerance {
                        return Ok(lead_steps);
                    }
                    steps *= (wanted / takes.max(0.1 * per_tick)).min(LONGER_LEAD);
                }
                // so long that edges are jumped over
                Err(Unfit::UnevenSteps) => steps *= SHORTER_LEAD,
                Err(unfit) => return Err(unfit),
            }
        }
        Ok(whole(steps))
    }

    /// Whether each single poll shows that a tick has passed.
    async fn judge_single_polls(&mut self, lead_steps: u32) -> Result<(), Unfit> {
        for _ in 0..SINGLE_POLLS {
            // a lead is 0.6 of a tick at least
            self.polls.spin(lead_steps);
            self.polls.spin(lead_steps);
            let reading_ms = self.polls.poll().await;
            self.facts.polls += 1;
            if reading_ms == self.edge_ms {
                return Err(Unfit::LagsBehind);
            }
            self.edge_ms = reading_ms;
        }
        self.in_time = false;
        Ok(())
    }

    /// How far the times of steps spread, in ticks, judged by the polls counted between them. Remembered.
    fn spread(&mut self, counts: &[u32], per_tick: f64) -> f64 {
        let counts = sorted(counts.iter().map(|&count| f64::from(count)));
        let few = counts.len() / TRIMMED;
        let counts = &counts[few..counts.len() - few];
        let n = counts.len().max(1) as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let deviation = counts.iter().map(|count| (count - mean).abs()).sum::<f64>() / n;
        let spread = deviation * SIGMAS_PER_DEVIATION / per_tick;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "never negative, and a few ticks at most"
        )]
        let spread_ns = (spread * self.facts.tick_ms as f64 * NS_PER_MS).round() as u64;
        self.facts.spread_ns = spread_ns;
        spread
    }
}

fn mean(counts: &[u32]) -> Result<f64, Unfit> {
    mean_of_middle_half(counts.iter().map(|&count| f64::from(count))).ok_or(Unfit::UnevenSteps)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and saturates where it is too large"
)]
fn whole(steps: f64) -> u32 {
    steps as u32
}
