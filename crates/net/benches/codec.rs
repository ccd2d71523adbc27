//! What a frame and a record cost: ours, the libraries', and the floor, in the same run.
//!
//! `cargo bench -p net`. Prints the median, the least and the most over rounds, in nanoseconds for each
//! message, and a sum of what was seen, so that a faster wrong codec is noticed. `cargo test --benches`
//! runs it with little input.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::Instant;

use net::tls::record::{Content, Half, Opener, RECORD_HEADER, RECORD_TRAILER, Sealer};
use net::ws::{
    Decoder, Event, HEADER_MAX, KEYS_PER_BLOCK, MaskKeys, Opcode, Role, frame_in_place,
    random_block,
};
use rtrb::RingBuffer;
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};
use tungstenite::WebSocket;
use tungstenite::protocol::{Role as TheirRole, WebSocketConfig};

/// A best-bid-offer message of a venue is about this long.
const TEXT: usize = 180;
/// Rounds of which the median is told.
const ROUNDS: usize = 7;

fn main() {
    let quick = std::env::args().any(|argument| argument == "--test")
        || !std::env::args().any(|argument| argument == "--bench");
    let count = if quick { 100 } else { 200_000 };
    let text = frame(Opcode::Text);
    let binary = frame(Opcode::Binary);
    report("copy the frame (floor)", count, || copy(&text, count));
    report("decode, UTF-8 checked", count, || decode(&text, count));
    report("decode, not checked", count, || decode(&binary, count));
    report("tungstenite, 4 KiB buffer", count, || theirs(&text, count, Some(4096)));
    report("tungstenite as it comes", count, || theirs(&text, count, None));
    report("frame and mask 257 bytes", count, || mask(count));
    report("seal a record of 180 bytes", count, || seal(count));
    report("open a record of 180 bytes", count, || open(count));
}

/// Runs `work` in rounds; it returns a sum of what it saw.
fn report(what: &str, count: usize, mut work: impl FnMut() -> (u64, u128)) {
    let mut rounds = Vec::new();
    let mut sum = 0;
    for _ in 0..ROUNDS {
        let (seen, nanos) = work();
        sum = seen;
        rounds.push(nanos * 10 / u128::try_from(count).unwrap_or(1));
    }
    rounds.sort_unstable();
    let tenths = |nanos: u128| format!("{}.{}", nanos / 10, nanos % 10);
    let line = format!(
        "{what:28} {:>8} {:>8} {:>8} ns  (sum {sum})",
        tenths(rounds[ROUNDS / 2]),
        tenths(rounds[0]),
        tenths(rounds[ROUNDS - 1]),
    );
    let _ = writeln!(io::stdout(), "{line}");
}

fn frame(opcode: Opcode) -> Vec<u8> {
    let mut buffer = vec![0; HEADER_MAX];
    buffer.extend(b"{\"b\":\"61800.20\",\"B\":\"2.598\"}".iter().cycle().take(TEXT));
    let payload = HEADER_MAX..buffer.len();
    let frame = frame_in_place(&mut buffer, payload, opcode, None).unwrap_or(0..0);
    buffer[frame].to_vec()
}

fn timed(work: impl FnOnce() -> u64) -> (u64, u128) {
    let start = Instant::now();
    let sum = work();
    (sum, start.elapsed().as_nanos())
}

fn copy(frame: &[u8], count: usize) -> (u64, u128) {
    let mut buffer = vec![0; 4096];
    timed(|| {
        for _ in 0..count {
            buffer[..frame.len()].copy_from_slice(black_box(frame));
            black_box(&mut buffer);
        }
        (frame.len() * count) as u64
    })
}

/// One frame for each read, as a live feed has it; the copy into the buffer is part of the figure.
fn decode(frame: &[u8], count: usize) -> (u64, u128) {
    let mut decoder = Decoder::new(Role::Client, 1 << 16);
    let mut buffer = vec![0; 4096];
    timed(|| {
        let mut sum = 0;
        for _ in 0..count {
            buffer[..frame.len()].copy_from_slice(black_box(frame));
            if let Ok(next) = decoder.next(&mut buffer[..frame.len()])
                && let Event::Text(place) | Event::Binary(place) = next.event
            {
                sum += black_box(decoder.payload(&buffer, place)).len() as u64;
            }
        }
        sum
    })
}

/// The same frame in every read.
struct Repeat<'a>(&'a [u8]);

impl Read for Repeat<'_> {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        place[..self.0.len()].copy_from_slice(black_box(self.0));
        Ok(self.0.len())
    }
}

impl Write for Repeat<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(frame: &[u8], count: usize, buffer: Option<usize>) -> (u64, u128) {
    let config = buffer.map(|size| WebSocketConfig::default().read_buffer_size(size));
    let mut socket = WebSocket::from_raw_socket(Repeat(frame), TheirRole::Client, config);
    timed(|| {
        let mut sum = 0;
        for _ in 0..count {
            if let Ok(message) = socket.read() {
                sum += black_box(&message).len() as u64;
            }
        }
        sum
    })
}

fn mask(count: usize) -> (u64, u128) {
    // As on a link: the keys were drawn ahead.
    let (mut pool, keys) = RingBuffer::new(count / KEYS_PER_BLOCK + 1);
    while pool.push(random_block()).is_ok() {}
    let mut keys = MaskKeys::from_pool(keys);
    let mut buffer = vec![b'x'; HEADER_MAX + 257];
    timed(|| {
        let mut sum = 0;
        for _ in 0..count {
            let payload = HEADER_MAX..HEADER_MAX + 257;
            let frame = frame_in_place(&mut buffer, payload, Opcode::Text, Some(keys.take()));
            sum += black_box(frame).map_or(0, |frame| frame.len() as u64);
            black_box(&mut buffer);
        }
        sum
    })
}

fn half() -> Option<Half> {
    let secrets =
        ConnectionTrafficSecrets::Aes256Gcm { key: AeadKey::from([7; 32]), iv: Iv::new([9; 12]) };
    Half::new(0, &secrets)
}

fn seal(count: usize) -> (u64, u128) {
    let Some(mut sealer) = half().map(Sealer::new) else { return (0, 0) };
    let mut buffer = vec![0; RECORD_HEADER + TEXT + RECORD_TRAILER];
    timed(|| {
        let mut sum = 0;
        for _ in 0..count {
            let content = RECORD_HEADER..RECORD_HEADER + TEXT;
            let record = sealer.seal(&mut buffer, content, Content::Data);
            sum += black_box(record).map_or(0, |record| record.len() as u64);
            black_box(&mut buffer);
        }
        sum
    })
}

fn open(count: usize) -> (u64, u128) {
    let (Some(mut sealer), Some(mut opener)) = (half().map(Sealer::new), half().map(Opener::new))
    else {
        return (0, 0);
    };
    let size = RECORD_HEADER + TEXT + RECORD_TRAILER;
    let mut records = vec![b'x'; size * count];
    for record in records.chunks_mut(size) {
        let sealed = sealer.seal(record, RECORD_HEADER..RECORD_HEADER + TEXT, Content::Data);
        assert!(sealed.is_some());
    }
    let mut buffer = vec![0; size];
    timed(|| {
        let mut sum = 0;
        for record in records.chunks(size) {
            buffer.copy_from_slice(record);
            let opened = opener.open(&mut buffer, 0..size, RECORD_HEADER);
            sum += black_box(opened).map_or(0, |opened| opened.content.len() as u64);
        }
        sum
    })
}
