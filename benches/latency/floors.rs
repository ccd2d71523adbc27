//! What no code of this kind can be without: looking at the clock, copying, searching, compressing.

use crate::measure::{Entrant, Figures, Scale, Timer, contest};
use crate::result::{Kind, Report};
use sha2::{Digest as _, Sha256};
use std::hint::black_box;

/// A frame of a quote, and an order, are about this long.
const FRAME: usize = 190;
const ORDER: usize = 370;
/// What is hashed of a signed order after the key's own block: four compressions with the padding.
const SIGNED: usize = 192;

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("floors");
    report.fact("clock cost ns", timer.cost);
    let items = vec![(); scale.of(200_000)];
    let frame = vec![b'7'; FRAME];
    let order = vec![b'7'; ORDER];
    let mut room = vec![0_u8; 4096];
    let mut other = vec![0_u8; 4096];
    let entrants = vec![
        Entrant::new("a look at the clock", |round| {
            round.each(&items, |()| {
                black_box(timer.now());
            });
        }),
        Entrant::new("copy of 190 bytes", |round| {
            round.each(&items, |()| {
                room[..FRAME].copy_from_slice(black_box(&frame));
                black_box(&mut room);
            });
        }),
        Entrant::new("copy of 370 bytes", |round| {
            round.each(&items, |()| {
                other[..ORDER].copy_from_slice(black_box(&order));
                black_box(&mut other);
            });
        }),
        Entrant::new("memchr to the end of 190 bytes", |round| {
            round.each(&items, |()| {
                black_box(memchr::memchr(b'x', black_box(&frame)));
            });
        }),
        Entrant::new("SHA-256 of 192 bytes", |round| {
            round.each(&items, |()| {
                black_box(Sha256::digest(black_box(&order[..SIGNED])));
            });
        }),
    ];
    for (name, figures) in contest(timer, scale.rounds(), entrants) {
        report.row("floors", name, Kind::Floor, &figures, None);
    }
}

/// The mean of a named figure.
pub(crate) fn mean(figures: &[(&'static str, Figures)], name: &str) -> f64 {
    figures.iter().find(|(of, _)| *of == name).map_or(f64::NAN, |(_, figures)| figures.mean)
}
