//! Mutations of good and bad files, thrown at the loader: the same ones at every run, a few seconds of them.
//! `CONFIG_FUZZ_SECONDS=600 cargo test -p config mutation` goes on for as long as that, to other ones.

use super::agreement::Dice;
use super::one;
use crate::layer::SHIPPED;
use std::time::{Duration, Instant};

/// Mutations of a usual run.
const CASES: usize = 3_000;

/// What a mutation puts somewhere.
#[rustfmt::skip]
const WORDS: &[&[u8]] = &[
    b"${", b"}", b"${X:", b"${A}", b": ", b"- ", b"\n", b"\r\n", b"\t", b"  ", b"{", b"}", b"[", b"]", b",",
    b"&a ", b"*a", b"<<: ", b"!!str ", b"|", b">-\n", b"\"", b"'", b"#", b"---\n", b"...\n", b"%YAML 1.2\n",
    b"? ", b"~", b"null", b"true", b"-1", b"1e999", b"99999999999999999999", b"0.0000000000000000001",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xc3", b"\0", b"\x1b[2J", b"\xe2\x80\xa8", b"\xf0\x9f\x92\xa9",
    b"sops:\n", b"ENC[age,", b"ENC[AES256_GCM,data:", b"-----BEGIN AGE ENCRYPTED FILE-----",
    b"system", b"environment", b"strategies", b"class", b"parameters", b"BTC/USDT", b"api_key",
    b"RISK_MANAGEMENT__", b"=", b".", b"__", b"BasisArbitrageStrategy", b"risk_management.global_limits",
];

fn corpus() -> Vec<Vec<u8>> {
    let seed = super::seed();
    let sops = seed.with_file_name("sops");
    let files = [
        seed.join("main.yaml"),
        seed.join("exchanges.yaml"),
        seed.join("strategies.yaml"),
        seed.join("risk.yaml"),
        sops.join("sops-3.8.1.yaml"),
    ];
    let short: [&[u8]; 5] = [
        b"",
        b"RISK_MANAGEMENT__GLOBAL_LIMITS__MAX_DAILY_LOSS=5",
        b"strategies.mine.parameters.position_size=${SIZE:10}",
        b"exchanges: {okx: {symbols: [BTC/USDT, 'ETH/USDT:USDT'], fees: {spot: {maker: -0.001}}}}\n",
        b"strategies:\n  mine: {class: BasisArbitrageStrategy, enabled: false, priority: 1}\n",
    ];
    let shipped = SHIPPED.iter().map(|(_, text)| text.as_bytes().to_vec());
    let read = files.map(|path| std::fs::read(path).expect("a file"));
    shipped.chain(read).chain(short.map(<[u8]>::to_vec)).collect()
}

/// A part of some bytes, mostly a short one.
fn part<'b>(dice: &mut Dice, bytes: &'b [u8]) -> &'b [u8] {
    let start = dice.roll(bytes.len() + 1);
    let most = if dice.once_in(4) { bytes.len() } else { 24 };
    let length = dice.roll(most + 1).min(bytes.len() - start);
    &bytes[start..start + length]
}

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = dice.roll(bytes.len() + 1);
    match dice.roll(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
        1 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).expect("a byte"),
        2 => {
            let end = (at + dice.roll(32)).min(bytes.len());
            bytes.drain(at..end);
        }
        3 => bytes.truncate(at),
        4 => {
            let copy = part(dice, bytes).to_vec();
            bytes.splice(at..at, copy);
        }
        5 => {
            let foreign = part(dice, other).to_vec();
            bytes.splice(at..at, foreign);
        }
        _ => {
            let word = *dice.one(WORDS);
            bytes.splice(at..at, word.iter().copied());
        }
    }
}

#[test]
fn mutations_of_files_never_panic_and_are_loaded_or_told() {
    let seconds = std::env::var("CONFIG_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let corpus = corpus();
    let mut dice = Dice(seconds.unwrap_or(1));
    let mut cases = 0;
    while until.map_or(cases < CASES, |until| Instant::now() < until) {
        let mut bytes = dice.one(&corpus).clone();
        if dice.once_in(2) {
            // Short ones go deeper in less time.
            bytes = part(&mut dice, &bytes).to_vec();
        }
        for _ in 0..=dice.roll(6) {
            let other = dice.one(&corpus);
            mutate(&mut dice, &mut bytes, other);
        }
        let pick = u8::try_from(dice.roll(6)).expect("one of six");
        let case = std::panic::catch_unwind(|| one::try_out(pick, &bytes));
        assert!(case.is_ok(), "case {cases}, {pick}: {}", bytes.escape_ascii());
        cases += 1;
    }
    one::clear();
    assert!(cases >= CASES, "{cases}");
}
