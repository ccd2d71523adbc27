//! Bytes as records: none may open, none may panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net::tls::record::{Opener, RECORD_MAX, Half, record_length};
use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

fuzz_target!(|input: (u16, Vec<u8>)| {
    let (to, mut bytes) = input;
    if let Ok(Some(length)) = record_length(&bytes) {
        assert!(length <= RECORD_MAX);
    }
    let secrets = ConnectionTrafficSecrets::Chacha20Poly1305 {
        key: AeadKey::from([7; 32]),
        iv: Iv::new([9; 12]),
    };
    let mut opener = Opener::new(Half::new(0, &secrets).unwrap());
    let whole = 0..bytes.len();
    assert!(opener.open(&mut bytes, whole, usize::from(to)).is_err());
});
