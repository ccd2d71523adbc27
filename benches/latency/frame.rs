//! A WebSocket frame as a live feed has it: one in each read.

use crate::floors::mean;
use crate::measure::{Digest, Entrant, Scale, Timer, contest};
use crate::result::{Kind, Report};
use net::ws::{Decoder, Event, HEADER_MAX, Opcode, Role, frame_in_place};
use std::cell::Cell;
use std::hint::black_box;
use std::io::{self, Read, Write};
use tungstenite::WebSocket;
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig};

const TEXT: usize = 180;
const COPY: &str = "copy of the frame";
const OURS: &str = "frame in place, UTF-8 checked";
const TUNED: &str = "tungstenite, 4 KiB buffer";
const USUAL: &str = "tungstenite as it comes";

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("frame: one text of 180 bytes in each read");
    let frame = frame();
    let items = vec![(); scale.of(100_000)];
    let mut decoder = Decoder::new(Role::Client, 1 << 16);
    let (mut room, mut buffer) = (vec![0_u8; 4096], vec![0_u8; 4096]);
    let mut tuned = theirs(&frame, Some(4096));
    let mut usual = theirs(&frame, None);
    let sums = [const { Cell::new(Digest::new()) }; 3];
    let note = |at: usize, bytes: &[u8]| {
        let mut sum = Digest::new();
        sum.bytes(bytes);
        sums[at].set(sum);
    };
    let entrants = vec![
        Entrant::new(COPY, |round| {
            round.each(&items, |()| {
                room[..frame.len()].copy_from_slice(black_box(&frame));
                black_box(&mut room);
            });
        }),
        Entrant::new(OURS, |round| {
            round.each(&items, |()| {
                buffer[..frame.len()].copy_from_slice(black_box(&frame));
                let next = decoder.next(&mut buffer[..frame.len()]).expect("a frame");
                let Event::Text(place) = next.event else { panic!("a text") };
                black_box(decoder.payload(&buffer, place));
            });
            let next = decoder.next(&mut buffer[..frame.len()]).expect("a frame");
            let Event::Text(place) = next.event else { panic!("a text") };
            note(0, decoder.payload(&buffer, place));
        }),
        Entrant::new(TUNED, |round| {
            round.each(&items, |()| {
                black_box(tuned.read().expect("a frame"));
            });
            note(1, tuned.read().expect("a frame").into_text().expect("text").as_bytes());
        }),
        Entrant::new(USUAL, |round| {
            round.each(&items, |()| {
                black_box(usual.read().expect("a frame"));
            });
            note(2, usual.read().expect("a frame").into_text().expect("text").as_bytes());
        }),
    ];
    let figures = contest(timer, scale.rounds(), entrants);
    let hash = |name| match name {
        OURS => Some(sums[0].get().value()),
        TUNED => Some(sums[1].get().value()),
        USUAL => Some(sums[2].get().value()),
        _ => None,
    };
    for (name, figures) in &figures {
        let kind = match *name {
            COPY => Kind::Floor,
            OURS => Kind::Ours,
            _ => Kind::Library,
        };
        report.row("frame", name, kind, figures, hash(name));
    }
    assert_eq!(hash(OURS), hash(TUNED), "the same text out of the same frame");
    let (ours, theirs) = (mean(&figures, OURS), (TUNED, mean(&figures, TUNED)));
    report.ratio("frame: ours / tungstenite, 4 KiB", ours, theirs, 0.2, hash(OURS));
}

fn frame() -> Vec<u8> {
    let mut buffer = vec![0; HEADER_MAX];
    buffer.extend(br#"{"b":"61800.20","B":"2.598"}"#.iter().cycle().take(TEXT));
    let payload = HEADER_MAX..buffer.len();
    let frame = frame_in_place(&mut buffer, payload, Opcode::Text, None).expect("room for it");
    buffer[frame].to_vec()
}

fn theirs(frame: &[u8], buffer: Option<usize>) -> WebSocket<Repeat> {
    let config = buffer.map(|size| WebSocketConfig::default().read_buffer_size(size));
    WebSocket::from_raw_socket(Repeat(frame.to_vec()), TheirRole::Client, config)
}

/// The same frame in every read.
#[derive(Debug)]
struct Repeat(Vec<u8>);

impl Read for Repeat {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        place[..self.0.len()].copy_from_slice(black_box(&self.0));
        Ok(self.0.len())
    }
}

impl Write for Repeat {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
