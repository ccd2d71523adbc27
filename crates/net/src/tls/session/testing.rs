//! Two record layers that understand each other, without a handshake.

use rustls::ConnectionTrafficSecrets;
use rustls::crypto::cipher::{AeadKey, Iv};

use super::{Half, Messages, Opener, Sealer, Session, Spare};

fn half(number: u8) -> Option<Half> {
    let secrets = ConnectionTrafficSecrets::Aes256Gcm {
        key: AeadKey::from([number; 32]),
        iv: Iv::new([number; 12]),
    };
    Half::new(0, &secrets)
}

/// A session whose peer is `pair(..).1` and the other way round. Each side has two spare keys.
pub(crate) fn pair() -> (Session, Session) {
    (one(10, 20), one(20, 10))
}

fn one(seal: u8, open: u8) -> Session {
    let spare = |number| -> Spare {
        let mut spare = Spare::default();
        spare[0] = half(number + 2);
        spare[1] = half(number + 1);
        spare
    };
    Session {
        sealer: Sealer::new(half(seal).unwrap()),
        opener: Opener::new(half(open).unwrap()),
        next_seal: spare(seal),
        next_open: spare(open),
        messages: Messages::default(),
        owes_update: false,
    }
}
