//! Bytes never panic, and are told with their place or loaded: see `one.rs` beside the crate's tests, which
//! try the same with mutations of their own.
//!
//! `cargo +nightly fuzz run load` in `config/`. Good seeds: `config/*.yaml` and `config/testdata/seed/*.yaml`.

#![no_main]

extern crate config;

#[path = "../../src/tests/one.rs"]
mod one;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some((pick, bytes)) = data.split_first() {
        one::try_out(*pick, bytes);
    }
});
