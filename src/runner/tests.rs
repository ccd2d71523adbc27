use super::*;
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// A clock that moves 30 microseconds each time it is read.
#[derive(Default)]
struct Stepping(Cell<u64>);

impl Clock for Stepping {
    fn now(&self) -> Stamp {
        self.0.set(self.0.get() + 30_000);
        Stamp(self.0.get())
    }
    fn wall(&self) -> base::WallNs {
        base::WallNs::NONE
    }
}

type Log = Arc<Mutex<Vec<String>>>;

/// Does `work` every turn, has more after as many of them as `more` says, and writes down what it was given.
struct Probe {
    name: &'static str,
    work: Work,
    more: u64,
    log: Log,
    stop_after: Option<(Arc<AtomicU64>, Flag)>,
}

impl Stage for Probe {
    fn name(&self) -> &'static str {
        self.name
    }
    fn turn(&mut self, _now: Stamp) -> Work {
        self.log.lock().unwrap().push(format!("turn {}", self.name));
        if let Some((left, stop)) = &self.stop_after
            && left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            stop.set();
        }
        self.work
    }
    fn has_more(&self) -> bool {
        let turns = |line: &&String| **line == format!("turn {}", self.name);
        (self.log.lock().unwrap().iter().filter(turns).count() as u64) <= self.more
    }
    fn react(&mut self, _now: Stamp) -> Work {
        self.log.lock().unwrap().push(format!("react {}", self.name));
        self.work
    }
    fn housekeep(&mut self, _now: Stamp) {
        self.log.lock().unwrap().push(format!("housekeep {}", self.name));
    }
}

fn run(works: [Work; 3], rounds: u64) -> Vec<String> {
    run_with(works, 0, rounds)
}

fn run_with(works: [Work; 3], more: u64, rounds: u64) -> Vec<String> {
    let log = Log::default();
    let stop = Flag::new();
    let left = Arc::new(AtomicU64::new(rounds));
    let stages = ["feed", "core", "gw"].iter().zip(works).map(|(name, work)| {
        let stop_after = (*name == "feed").then(|| (left.clone(), stop.clone()));
        let more = if *name == "feed" { more } else { 0 };
        Box::new(Probe { name, work, more, log: log.clone(), stop_after }) as Box<dyn Stage + Send>
    });
    let downstream = vec![vec![1], vec![2], vec![1]];
    let crew =
        Crew::new(stages.collect(), downstream, Writer::detached(), Stepping::default(), false);
    crew.run(&stop);
    let lines = log.lock().unwrap().clone();
    lines.into_iter().filter(|l| !l.starts_with("housekeep")).collect()
}

#[test]
fn an_idle_round_gives_each_stage_one_turn() {
    assert_eq!(run([Work::Idle; 3], 1), ["turn feed", "turn core", "turn gw"]);
}

#[test]
fn what_a_stage_wrote_is_acted_on_before_the_next_stage_has_its_turn() {
    let lines = run([Work::Done(1), Work::Idle, Work::Idle], 1);
    assert_eq!(lines, ["turn feed", "react core", "turn core", "turn gw"]);
    let lines = run([Work::Done(1), Work::Done(1), Work::Idle], 1);
    assert_eq!(lines, ["turn feed", "react core", "react gw", "turn core", "react gw", "turn gw"]);
}

#[test]
fn a_stage_that_has_more_goes_on_when_the_others_have_reacted() {
    let lines = run_with([Work::Done(1), Work::Idle, Work::Idle], 2, 1);
    let turn = ["turn feed", "react core"];
    assert_eq!(lines, [&turn[..], &turn, &turn, &["turn core", "turn gw"]].concat());
}

#[test]
fn a_stage_that_always_has_more_keeps_the_others_waiting_for_a_bounded_time() {
    let lines = run_with([Work::Done(1), Work::Idle, Work::Idle], u64::MAX, 1);
    assert_eq!(lines.iter().filter(|line| *line == "turn feed").count(), TURNS);
    assert_eq!(lines.last().map(String::as_str), Some("turn gw"));
}

#[test]
fn a_ring_back_upstream_does_not_loop() {
    let lines = run([Work::Idle, Work::Idle, Work::Done(1)], 1);
    assert_eq!(lines, ["turn feed", "turn core", "turn gw", "react core"]);
}

#[test]
fn housekeeping_comes_to_every_stage() {
    let log = Log::default();
    let stop = Flag::new();
    let left = Arc::new(AtomicU64::new(20));
    let stages: Vec<Box<dyn Stage + Send>> = vec![Box::new(Probe {
        name: "only",
        work: Work::Idle,
        more: 0,
        log: log.clone(),
        stop_after: Some((left, stop.clone())),
    })];
    Crew::new(stages, vec![vec![]], Writer::detached(), Stepping::default(), false).run(&stop);
    let lines = log.lock().unwrap();
    let count = lines.iter().filter(|l| l.starts_with("housekeep")).count();
    assert!((2..20).contains(&count), "{count} of 20 rounds");
}
