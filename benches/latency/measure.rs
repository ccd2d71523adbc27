//! Stopwatch, distributions, and the interleaving of those who are compared.

use base::{Clock, Stamp};
use std::hint::black_box;
use telemetry::HostClock;

/// Items between two looks at the clock where a mean is taken: few enough that most blocks are not
/// interrupted, enough that the clock's step does not count.
const BLOCK: usize = 64;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Tiny inputs: it only proves that everything still runs.
    pub(crate) quick: bool,
}

impl Scale {
    /// `full`, or next to nothing.
    pub(crate) fn of(self, full: usize) -> usize {
        if self.quick { (full / 2_000).clamp(8, 64).min(full) } else { full }
    }

    /// How often everything is repeated, in turn with what it is compared to.
    pub(crate) fn rounds(self) -> usize {
        if self.quick { 2 } else { 9 }
    }
}

/// A clock and what looking at it costs.
#[derive(Clone, Debug)]
pub(crate) struct Timer {
    pub(crate) clock: HostClock,
    /// The median of two looks in a row, in nanoseconds; taken off every single measurement.
    pub(crate) cost: u64,
}

impl Timer {
    pub(crate) fn start() -> Self {
        let clock = HostClock::start();
        let mut looks: Vec<u64> = (0..10_001)
            .map(|_| {
                let begun = clock.now();
                (black_box(clock.now()) - begun).0
            })
            .collect();
        looks.sort_unstable();
        Self { clock, cost: looks[looks.len() / 2] }
    }

    #[inline(always)]
    pub(crate) fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// Nanoseconds since `begun`, without the clock's own.
    #[inline(always)]
    pub(crate) fn since(&self, begun: Stamp) -> u64 {
        (self.clock.now() - begun).0.saturating_sub(self.cost)
    }
}

/// Single measurements of one thing, and the means of blocks of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub(crate) singles: Vec<u64>,
    pub(crate) means: Vec<f64>,
    /// Where each round but the first begins.
    rounds: Vec<usize>,
}

impl Samples {
    pub(crate) fn with_room(count: usize) -> Self {
        Self { singles: Vec::with_capacity(count), ..Self::default() }
    }

    /// What follows belongs to the next round.
    pub(crate) fn next_round(&mut self) {
        self.rounds.push(self.singles.len());
    }

    /// The p50 and the p99 of each round. To be asked for before [`Samples::figures`] sorts them.
    fn each_round(&self) -> [Vec<u64>; 2] {
        let mut each: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
        let mut begun = 0;
        for end in self.rounds.iter().copied().chain([self.singles.len()]) {
            let mut round = self.singles.get(begun..end).unwrap_or_default().to_vec();
            begun = end;
            round.sort_unstable();
            for (per_mille, list) in [500, 990].into_iter().zip(&mut each) {
                list.extend(round.get(round.len().saturating_sub(1) * per_mille / 1_000));
            }
        }
        each
    }

    /// The median over the rounds of the p50 and of the p99 of each: a round that a neighbour spoiled
    /// does not count for more than one.
    fn steady(&self) -> [u64; 2] {
        self.each_round().map(|mut list| {
            list.sort_unstable();
            list.get(list.len() / 2).copied().unwrap_or(0)
        })
    }

    /// Ours and the floor's p50 of the round whose ratio is the median one: where two processors share a
    /// core in one round and not in the next, only what was measured together compares.
    pub(crate) fn beside(&self, floor: &Self) -> [f64; 2] {
        let ([ours, _], [floor, _]) = (self.each_round(), floor.each_round());
        let pairs = ours.into_iter().zip(floor).map(|(ours, floor)| [ours, floor.max(1)]);
        let mut pairs: Vec<[f64; 2]> = pairs.map(|pair| pair.map(|ns| ns as f64)).collect();
        pairs.sort_by(|a, b| f64::total_cmp(&(a[0] / a[1]), &(b[0] / b[1])));
        pairs.get(pairs.len() / 2).copied().unwrap_or([f64::NAN; 2])
    }

    /// What is printed and kept of them.
    pub(crate) fn figures(mut self) -> Figures {
        let [round_p50, round_p99] = self.steady();
        self.singles.sort_unstable();
        self.means.sort_by(f64::total_cmp);
        let at = |per_mille: usize| {
            let last = self.singles.len().saturating_sub(1);
            self.singles.get(last * per_mille / 1_000).copied().unwrap_or(0)
        };
        let sum: u64 = self.singles.iter().sum();
        let mean = match self.means.get(self.means.len() / 2) {
            Some(median) => *median,
            None => sum as f64 / self.singles.len().max(1) as f64,
        };
        Figures {
            count: self.singles.len(),
            mean,
            p50: at(500),
            p90: at(900),
            p99: at(990),
            p999: at(999),
            max: at(1_000),
            round_p50: round_p50 as f64,
            round_p99: round_p99 as f64,
        }
    }
}

/// A distribution in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) count: usize,
    /// The median of the means of blocks, of all rounds: what ratios are made of.
    pub(crate) mean: f64,
    pub(crate) p50: u64,
    pub(crate) p90: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) max: u64,
    /// The median of the rounds' own p50 and p99: what goals on single measurements are held against.
    pub(crate) round_p50: f64,
    pub(crate) round_p99: f64,
}

/// One turn of one entrant.
#[derive(Debug)]
pub(crate) struct Round<'a> {
    timer: &'a Timer,
    samples: &'a mut Samples,
}

impl Round<'_> {
    /// Does `op` with every item twice: in blocks for the mean, one by one for the distribution.
    #[inline(always)]
    pub(crate) fn each<T>(&mut self, items: &[T], mut op: impl FnMut(&T)) {
        // The first lap warms what the others' turns have cooled.
        for item in items {
            op(item);
        }
        for block in items.chunks(BLOCK) {
            let begun = self.timer.now();
            for item in block {
                op(item);
            }
            let took = self.timer.since(begun);
            self.samples.means.push(took as f64 / block.len().max(1) as f64);
        }
        for item in items {
            let begun = self.timer.now();
            op(item);
            self.samples.singles.push(self.timer.since(begun));
        }
    }
}

/// Somebody who takes part: a name, whether it is ours, a floor or a library, and what it does in a turn.
pub(crate) struct Entrant<'a> {
    pub(crate) name: &'static str,
    turn: Box<dyn FnMut(&mut Round<'_>) + 'a>,
}

impl<'a> Entrant<'a> {
    pub(crate) fn new(name: &'static str, turn: impl FnMut(&mut Round<'_>) + 'a) -> Self {
        Self { name, turn: Box::new(turn) }
    }
}

/// Gives all entrants their turns, A B C, A B C, so that whatever disturbs the machine meets all of them.
pub(crate) fn contest(
    timer: &Timer,
    rounds: usize,
    mut entrants: Vec<Entrant<'_>>,
) -> Vec<(&'static str, Figures)> {
    let mut samples = vec![Samples::default(); entrants.len()];
    for _ in 0..rounds {
        for (entrant, samples) in entrants.iter_mut().zip(&mut samples) {
            (entrant.turn)(&mut Round { timer, samples });
            samples.next_round();
        }
    }
    entrants
        .iter()
        .map(|entrant| entrant.name)
        .zip(samples.into_iter().map(Samples::figures))
        .collect()
}

/// A sum over numbers that tells two different sequences apart (FNV-1a over their bytes).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn number(&mut self, number: i64) {
        self.bytes(&number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(crate) const fn value(self) -> u64 {
        self.0
    }
}
