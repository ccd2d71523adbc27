//! Several contenders, one server, every misfortune: at most one may act at any moment.

use super::*;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeSet;

const CONTENDERS: usize = 3;
const SECOND: u64 = 1_000_000_000;

/// What happens to a contender or the server at some moment of true time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// It looks what is due.
    Wake,
    /// Its request reaches the server.
    Arrive(String),
    /// The server's answer reaches it.
    Answer(String, Result<String, u8>),
    /// It stops waiting for that answer.
    GiveUp(String),
    /// It is killed, and another of its kind begins with what its journal knows.
    Restart,
}

struct Contender {
    holder: Holder,
    /// What its clock shows is `offset` and true time times `rate` parts of a thousand.
    offset: u64,
    rate: u64,
    /// It does nothing before: a stopped process, a machine that hangs.
    paused_until: u64,
    /// The request it waits for.
    pending: Option<(u64, Ask)>,
    journal: u32,
    lives: u32,
}

impl Contender {
    fn local(&self, now: u64) -> Stamp {
        Stamp(self.offset + now / 1_000 * self.rate)
    }

    /// True time at which its clock shows that.
    fn when(&self, local: Stamp) -> u64 {
        (local.0.saturating_sub(self.offset)).div_ceil(self.rate) * 1_000
    }

    fn may_act(&self, now: u64) -> Option<u32> {
        self.holder.held().filter(|(_, end)| self.local(now) < *end).map(|(token, _)| token)
    }
}

struct World {
    chance: ChaCha8Rng,
    now: u64,
    calm_from: u64,
    events: BTreeSet<(u64, u64, usize, Event)>,
    order: u64,
    contenders: Vec<Contender>,
    stored: Lease,
    version: u64,
    /// By token, who acted under it.
    acted: Vec<(u32, usize, u32)>,
    requests: u64,
}

impl World {
    fn new(seed: u64, calm_from: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let contenders = (0..CONTENDERS).map(|at| Contender {
            holder: Holder::new(format!("{at}.0"), TERMS, 0),
            offset: chance.next_u64() >> 12,
            rate: 850 + chance.next_u64() % 301,
            paused_until: 0,
            pending: None,
            journal: 0,
            lives: 0,
        });
        let contenders: Vec<_> = contenders.collect();
        let mut world = Self {
            chance,
            now: 0,
            calm_from,
            events: BTreeSet::new(),
            order: 0,
            contenders,
            stored: lease(0, "", 0),
            version: 0,
            acted: Vec::new(),
            requests: 0,
        };
        for at in 0..CONTENDERS {
            world.at(0, at, Event::Wake);
        }
        world
    }

    fn at(&mut self, time: u64, who: usize, event: Event) {
        self.order += 1;
        self.events.insert((time.max(self.now), self.order, who, event));
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.now < self.calm_from && self.chance.next_u64().is_multiple_of(n)
    }

    /// How long a message takes; `None` for ever.
    fn transit(&mut self) -> Option<u64> {
        if self.one_in(8) {
            return None;
        }
        // Now and then far longer than anybody waits.
        let most = if self.one_in(8) { 40 * SECOND } else { SECOND / 5 };
        Some(self.chance.next_u64() % most)
    }

    fn step(&mut self) {
        let Some((time, _, who, event)) = self.events.pop_first() else { return };
        self.now = time;
        let asleep = self.contenders[who].paused_until;
        if asleep > time && !matches!(event, Event::Arrive(_)) {
            return self.at(asleep, who, event);
        }
        if !matches!(event, Event::Arrive(_)) && self.one_in(40) {
            let length = self.chance.next_u64() % (60 * SECOND);
            self.contenders[who].paused_until = time + length;
            return self.at(time + length, who, event);
        }
        match event {
            Event::Wake => self.wake(who),
            Event::Arrive(request) => self.serve(who, &request),
            Event::Answer(request, answer) => {
                let answer = answer.map(|text| Lease::read(text.as_bytes()).unwrap());
                self.heard(who, &request, answer.map_err(|_| Refusal::Conflict));
            }
            Event::GiveUp(request) => {
                self.heard(who, &request, Err(Refusal::Failed("no answer".into())));
            }
            Event::Restart => self.restart(who),
        }
        if self.one_in(200) {
            self.at(time, who, Event::Restart);
        }
    }

    fn wake(&mut self, who: usize) {
        let now = self.now;
        let contender = &mut self.contenders[who];
        if contender.pending.is_some() {
            return; // the answer, or its absence, goes on
        }
        let local = contender.local(now);
        match contender.holder.next(local) {
            Step::Wait(until) => {
                let until = contender.when(until).max(now + 1_000);
                self.at(until, who, Event::Wake);
            }
            // A process that lost its Lease ends, and is started again.
            Step::Lost => self.restart(who),
            Step::Ask(ask) => {
                self.requests += 1;
                let number = self.requests;
                let text = match &ask {
                    Ask::Get => String::new(),
                    Ask::Put(lease) => lease.text(),
                };
                let request = format!("{number} {text}");
                contender.pending = Some((number, ask));
                let patience = contender.when(local + TERMS.patience);
                self.at(patience, who, Event::GiveUp(request.clone()));
                if let Some(transit) = self.transit() {
                    self.at(now + transit, who, Event::Arrive(request));
                }
            }
        }
    }

    fn serve(&mut self, who: usize, request: &str) {
        let (_, body) = request.split_once(' ').unwrap();
        let answer = if body.is_empty() {
            Ok(self.stored.text())
        } else {
            let wanted = Lease::read(body.as_bytes()).unwrap();
            if wanted.version() == self.stored.version() {
                self.version += 1;
                let holder = wanted.holder().unwrap_or_default();
                self.stored = lease(self.version, holder, wanted.transitions());
                Ok(self.stored.text())
            } else {
                Err(0)
            }
        };
        if let Some(transit) = self.transit() {
            self.at(self.now + transit, who, Event::Answer(request.to_owned(), answer));
        }
    }

    fn heard(&mut self, who: usize, request: &str, answer: Result<Lease, Refusal>) {
        let number: u64 = request.split_once(' ').unwrap().0.parse().unwrap();
        let now = self.now;
        let contender = &mut self.contenders[who];
        // What nobody waits for any more is not heard.
        let Some((_, ask)) = contender.pending.take_if(|(pending, _)| *pending == number) else {
            return;
        };
        let local = contender.local(now);
        contender.holder.answered(&ask, answer, local);
        if let Some((token, _)) = contender.holder.held() {
            contender.journal = contender.journal.max(token);
        }
        self.at(now, who, Event::Wake);
    }

    fn restart(&mut self, who: usize) {
        let contender = &mut self.contenders[who];
        contender.lives += 1;
        let name = format!("{who}.{}", contender.lives);
        contender.holder = Holder::new(name, TERMS, contender.journal);
        contender.pending = None;
        self.at(self.now + 1_000, who, Event::Wake);
    }

    /// At most one may act, and under a token that nobody else ever acted under.
    fn check(&mut self) -> Result<(), String> {
        let acting: Vec<_> = (0..CONTENDERS)
            .filter(|who| self.contenders[*who].paused_until <= self.now)
            .filter_map(|who| Some((who, self.contenders[who].may_act(self.now)?)))
            .collect();
        if acting.len() > 1 {
            return Err(format!("{acting:?} may act at {}", self.now));
        }
        for (who, token) in acting {
            let this = (token, who, self.contenders[who].lives);
            match self.acted.last() {
                Some(last) if *last == this => {}
                Some(last) if last.0 >= token => {
                    return Err(format!("{last:?} acted before {this:?}"));
                }
                _ => self.acted.push(this),
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn at_most_one_may_act_and_when_calm_returns_somebody_does(seed: u64) {
        const CALM: u64 = 600 * SECOND;
        let mut world = World::new(seed, CALM);
        while world.now < CALM + 120 * SECOND {
            world.step();
            prop_assert_eq!(world.check(), Ok(()));
        }
        let acting = (0..CONTENDERS).filter_map(|who| world.contenders[who].may_act(world.now));
        prop_assert_eq!(acting.count(), 1);
        prop_assert!(!world.acted.is_empty());
    }
}
