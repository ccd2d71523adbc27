//! What an append costs the hot thread while the keeper works beside it.

use crate::measure::{Digest, Samples, Scale, Timer};
use crate::result::{Kind, Report};
use base::{Instance, Record, Stamp};
use journal::{Journal, Opened, Options, Reader};
use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Records between two looks at the clock.
const GROUP: usize = 16;

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("journal: one 64-byte record, in groups of 16");
    let groups = scale.of(40_000);
    let mut floor = Samples::default();
    let places = [("memory (/dev/shm)", Path::new("/dev/shm")), ("disk", Path::new("target"))];
    let mut samples = [Samples::default(), Samples::default()];
    let mut sums = [0; 2];
    for _ in 0..scale.rounds().min(5) {
        copies(timer, groups, &mut floor);
        for (((_, place), samples), sum) in places.iter().zip(&mut samples).zip(&mut sums) {
            *sum = appends(timer, place, groups, samples);
        }
    }
    report.row("journal", "copy into a 64 KiB ring", Kind::Floor, &floor.figures(), None);
    for (((name, _), samples), sum) in places.iter().zip(samples).zip(sums) {
        let figures = samples.figures();
        report.row("journal", &format!("append, {name}"), Kind::Ours, &figures, Some(sum));
        let name = format!("journal: append in {name}, mean ns");
        report.at_most(&name, figures.mean, 25.0, Some(sum));
    }
    assert_eq!(sums[0], sums[1], "the same records in both places");
}

/// Records at the end that are read back.
const READ_BACK: usize = 100;

/// A sum over the last records, read back as any other process would.
fn read_back(folder: &Path, appended: u64) -> u64 {
    let reader = Reader::open(folder).expect("a journal");
    let first = appended.saturating_sub(READ_BACK as u64);
    let mut sum = Digest::new();
    for entry in reader.from(first).expect("records").take(READ_BACK) {
        for word in entry.expect("a record").record.words {
            sum.number(word);
        }
    }
    sum.value()
}

fn record(number: usize) -> Record {
    let number = number as u64;
    let words = [number.cast_signed(), 2, 3, 4, 5];
    Record { stamp: Stamp(number), kind: 1, venue: 2, instrument: 3, words, ..Record::EMPTY }
}

fn copies(timer: &Timer, groups: usize, samples: &mut Samples) {
    let mut room = vec![Record::EMPTY; 1024];
    for group in 0..groups {
        let begun = timer.now();
        for number in group * GROUP..(group + 1) * GROUP {
            room[number % 1024] = black_box(record(number));
        }
        black_box(&mut room);
        let took = timer.since(begun);
        samples.singles.push(took / GROUP as u64);
        samples.means.push(took as f64 / GROUP as f64);
    }
}

/// Appends; a sum over what can be read afterwards.
fn appends(timer: &Timer, place: &Path, groups: usize, samples: &mut Samples) -> u64 {
    let folder = tempfile::Builder::new().prefix("bench-journal").tempdir_in(place);
    // No such place here: the other one is measured.
    let Ok(folder) = folder.or_else(|_| tempfile::tempdir()) else { return 0 };
    let options = Options { ahead: 4, ..Options::new(16 << 20) };
    let instance = Instance::new("BNCH").expect("four letters");
    let Opened { mut writer, mut keeper, .. } =
        Journal::open_with(folder.path(), instance, options, |_| b"{}".to_vec())
            .expect("room for a journal");
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            crate::pin(1);
            while !ended.load(Ordering::Relaxed) {
                keeper.turn().expect("the keeper keeps");
                keeper.prune(keeper.written().saturating_sub(1 << 19)).expect("and prunes");
                thread::park_timeout(Duration::from_millis(1));
            }
        });
        for group in 0..groups {
            while !writer.has_room(GROUP) {
                thread::park_timeout(Duration::from_millis(1));
            }
            let begun = timer.now();
            for number in group * GROUP..(group + 1) * GROUP {
                black_box(writer.append(black_box(&record(number))).expect("room"));
            }
            let took = timer.since(begun);
            samples.singles.push(took / GROUP as u64);
            samples.means.push(took as f64 / GROUP as f64);
        }
        ended.store(true, Ordering::Relaxed);
    });
    read_back(folder.path(), (groups * GROUP) as u64)
}
