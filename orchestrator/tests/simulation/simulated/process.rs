//! One coordinator as a process that can crash and be started again, with the alarm that the platform keeps for it.

use super::{World, database::Database, open, settings, world};
use orchestrator::{
    coordinator::{
        Answer, Coordinator, LogLine, NextRound, OpenError, Opening, Question, Start, Turn,
    },
    settings::{Settings, SettingsError},
    store::Millis,
};
use protocol::{
    Plan, RunId,
    run::{RunStatus, Trigger},
    slice::SliceRecord,
};
use std::rc::Rc;

/// Wakes of one test, at most: a run that never ends fails the test.
const MOST_WAKES: u32 = 20_000;

/// A coordinator and what the platform keeps of it across crashes.
pub(crate) struct Process {
    pub world: Rc<World>,
    pub database: Database,
    pub settings: Settings,
    /// A variable that cannot be used: then the settings cannot be read.
    pub misconfigured: Option<SettingsError>,
    /// How rounds are decided, if not as in production.
    pub next_round: Option<NextRound>,
    opening: Opening<Database>,
    /// The alarm: it stays until the wake that it caused has come to its end.
    pub alarm: Option<Millis>,
    pub lines: Vec<LogLine>,
    pub restarts: u32,
}

impl Process {
    pub(crate) fn new(settings: Settings) -> Self {
        let world = world();
        let database = Database::new(Rc::clone(&world.crashes));
        let mut process = Self {
            world,
            database,
            settings,
            misconfigured: None,
            next_round: None,
            opening: Opening::new(),
            alarm: None,
            lines: Vec::new(),
            restarts: 0,
        };
        process.start_process();
        process
    }

    /// Starts the process, again if it crashed. A crash while it opens its coordinator is followed by another start; if it cannot be opened for
    /// another reason, the process goes on without.
    pub(crate) fn start_process(&mut self) {
        loop {
            if self.world.crashes.down.replace(false) {
                self.restarts += 1;
            }
            self.opening = Opening::new();
            let opened = self.opening.coordinator(|| self.open());
            if opened.is_ok() || !self.world.crashes.down.get() {
                return;
            }
        }
    }

    fn open(&self) -> Result<Coordinator<Database>, OpenError> {
        if let Some(error) = &self.misconfigured {
            return Err(error.clone().into());
        }
        let opened = open(&self.database, &self.settings)?;
        Ok(match self.next_round {
            Some(next_round) => opened.deciding_by(next_round),
            None => opened,
        })
    }

    /// Restarts the process as a deployment or an eviction does.
    pub(crate) fn restart(&mut self) {
        self.start_process();
    }

    /// The coordinator, which must be open.
    pub(crate) fn coordinator(&self) -> Rc<Coordinator<Database>> {
        self.opening.coordinator(|| self.open()).unwrap()
    }

    /// Takes what follows from a turn. Returns whether the process lived to do so.
    fn follow(&mut self, turn: Turn, clears_alarm: bool) -> bool {
        let alive = self.world.crashes.step().is_ok();
        if alive {
            if clears_alarm {
                self.alarm = None;
            }
            if turn.wake_at.is_some() {
                self.alarm = turn.wake_at;
            }
            self.lines.extend(turn.lines);
        }
        if alive && self.world.crashes.step().is_ok() {
            return true;
        }
        self.start_process();
        false
    }

    /// Asks, and asks again until the process lives to answer.
    pub(crate) fn ask(&mut self, question: &Question) -> Answer {
        loop {
            let now = self.world.now.get();
            let (answer, turn) = self.opening.answer(|| self.open(), question.clone(), now);
            if self.follow(turn, false) {
                return answer;
            }
        }
    }

    /// One firing of the alarm: the clock goes on to it, if it is ahead. Returns whether there was an alarm.
    pub(crate) fn wake(&mut self) -> bool {
        let Some(at) = self.alarm else {
            return false;
        };
        self.world.now.set(self.world.now.get().max(at));
        let wake = self.opening.wake(|| self.open(), &*self.world);
        let turn = pollster::block_on(wake);
        if let Some(wake_at) = turn.wake_at {
            assert!(
                wake_at > self.world.now.get(),
                "an alarm for now starves readers"
            );
        }
        // Where the process crashed, the alarm has not been answered and fires again.
        self.follow(turn, true);
        true
    }

    /// Wakes until no alarm is set.
    pub(crate) fn wake_until_idle(&mut self) {
        for _ in 0..MOST_WAKES {
            if !self.wake() {
                return;
            }
        }
        panic!(
            "the coordinator did not come to rest; its last lines: {:?}",
            self.lines.iter().rev().take(3).collect::<Vec<_>>()
        );
    }

    /// Starts a run. Whether a start that crashed took effect is found out by asking for the run, as a client would.
    pub(crate) fn start(&mut self, plan: &Plan) -> RunId {
        let start = self.start_of(plan, Trigger::Request, 1);
        let id = start.id.clone();
        match self.ask(&Question::Start(Box::new(start))) {
            Ok(_) => {}
            Err(problem) => assert_eq!(problem.status, 409, "{problem:?}"),
        }
        self.status(&id);
        id
    }

    /// What starts a run of that plan now.
    pub(crate) fn start_of(&self, plan: &Plan, trigger: Trigger, random: u32) -> Start {
        let now = chrono::DateTime::from_timestamp_millis(self.world.now.get()).unwrap();
        Start {
            id: RunId::new(now, random),
            trigger,
            location: "default".to_owned(),
            plan: plan.clone(),
            siblings: Vec::new(),
            delay_ms: 0,
        }
    }

    pub(crate) fn status(&mut self, id: &RunId) -> RunStatus {
        let answer = self.ask(&Question::Status { run: id.clone() });
        serde_json::from_str(&answer.expect("the run is known")).unwrap()
    }

    pub(crate) fn report(&mut self, id: &RunId) -> protocol::Report {
        let answer = self.ask(&Question::Report {
            run: Some(id.clone()),
        });
        serde_json::from_str(&answer.expect("there is a report")).unwrap()
    }
}

/// What is stored of a run's slices.
pub(crate) fn records(process: &Process, run: &RunId) -> Vec<SliceRecord> {
    process.coordinator().store().records(run).unwrap()
}

/// A run from its start to the end of its report, with a crash at the given step, if one.
pub(crate) fn run_with_crash(plan: &Plan, at: Option<u64>) -> (Process, RunId) {
    let mut process = Process::new(settings(&[("LIMITS", "local")]));
    process.world.crashes.steps.set(0);
    process.world.crashes.at.set(at);
    let run = process.start(plan);
    process.wake_until_idle();
    (process, run)
}
