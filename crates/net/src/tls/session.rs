//! The record layer of one open connection: both directions, their next keys, and the few messages
//! that may come after the handshake.

use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets};

use super::record::{Content, Half, Opener, Sealer};
use crate::TlsFault;

/// Key generations made ahead for each direction, so that a key update costs a hot thread no
/// derivation and no allocation. A peer updates after some ten million records at the earliest, and
/// venues close connections after a day.
pub(crate) const GENERATIONS: usize = 8;

const KEY_UPDATE: u8 = 24;
const NEW_SESSION_TICKET: u8 = 4;
/// A key update that asks for none back.
pub(crate) const UPDATE_NOT_REQUESTED: [u8; 5] = [KEY_UPDATE, 0, 0, 1, 0];

/// Keys of one direction that come after the present ones, the nearest last.
type Spare = [Option<Half>; GENERATIONS];

/// Both directions.
pub(crate) struct Session {
    pub(crate) sealer: Sealer,
    pub(crate) opener: Opener,
    next_seal: Spare,
    next_open: Spare,
    messages: Messages,
    /// The peer wants our keys renewed.
    owes_update: bool,
}

/// What a record that is not data amounted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// Nothing we must do anything about.
    Nothing,
    /// The peer said that it will send no more.
    CloseNotify,
}

impl Session {
    /// From what rustls hands over. `None` when the suite is not one of TLS 1.3's three.
    pub(crate) fn new(
        secrets: &ExtractedSecrets,
        kernel: &mut KernelConnection<ClientConnectionData>,
    ) -> Option<Self> {
        let (sequence, seal) = &secrets.tx;
        let sealer = Sealer::new(Half::new(*sequence, seal)?);
        let (sequence, open) = &secrets.rx;
        let opener = Opener::new(Half::new(*sequence, open)?);
        Some(Self {
            sealer,
            opener,
            next_seal: ahead(|| kernel.update_tx_secret().ok()),
            next_open: ahead(|| kernel.update_rx_secret().ok()),
            messages: Messages::default(),
            owes_update: false,
        })
    }

    /// Deals with the content of a record that is not data.
    #[cold]
    #[inline(never)]
    pub(crate) fn aside(&mut self, kind: Content, content: &[u8]) -> Result<Aside, TlsFault> {
        match kind {
            Content::Data => Ok(Aside::Nothing),
            Content::Alert => match content {
                [_, 0] => Ok(Aside::CloseNotify),
                // The peer's user gave up; a close_notify follows.
                [_, 90] => Ok(Aside::Nothing),
                [_, alert] => Err(TlsFault::Alert(*alert)),
                _ => Err(TlsFault::Unexpected),
            },
            Content::Handshake => {
                if let Some(answer) = self.messages.read(content)? {
                    let next = take(&mut self.next_open).ok_or(TlsFault::KeysSpent)?;
                    self.opener = Opener::new(next);
                    self.owes_update |= answer;
                }
                Ok(Aside::Nothing)
            }
        }
    }

    /// Whether a key update of ours is due: asked for by the peer, or because the key is worn.
    #[inline]
    pub(crate) const fn owes_update(&self) -> bool {
        self.owes_update || self.sealer.is_worn()
    }

    /// To be called when a key update was sealed: seals with the next key from here on.
    ///
    /// # Errors
    /// When no prepared key is left.
    #[cold]
    pub(crate) fn updated(&mut self) -> Result<(), TlsFault> {
        self.owes_update = false;
        self.sealer = Sealer::new(take(&mut self.next_seal).ok_or(TlsFault::KeysSpent)?);
        Ok(())
    }
}

/// The next generations of one direction; fewer when deriving fails.
fn ahead(mut next: impl FnMut() -> Option<(u64, ConnectionTrafficSecrets)>) -> Spare {
    let mut spare = Spare::default();
    for place in spare.iter_mut().rev() {
        let Some((sequence, secrets)) = next() else { break };
        *place = Half::new(sequence, &secrets);
    }
    spare
}

fn take(spare: &mut Spare) -> Option<Half> {
    spare.iter_mut().rev().find_map(Option::take)
}

/// Handshake messages after the handshake, which may lie across records.
///
/// Tickets are passed over: every connection makes a full handshake, so that every connection's
/// certificate is checked.
#[derive(Default)]
struct Messages {
    head: [u8; 4],
    head_length: usize,
    /// Of a ticket: bytes still to pass over.
    skip: usize,
}

impl Messages {
    /// Reads a record's worth. `Some(answer)` after a key update, which wants one back or not.
    fn read(&mut self, mut content: &[u8]) -> Result<Option<bool>, TlsFault> {
        if content.is_empty() {
            return Err(TlsFault::Unexpected);
        }
        // bound: each round uses up a part of the content
        while !content.is_empty() {
            let skip = self.skip.min(content.len());
            self.skip -= skip;
            content = content.get(skip..).unwrap_or_default();
            for place in self.head.iter_mut().skip(self.head_length) {
                let Some((byte, rest)) = content.split_first() else { break };
                *place = *byte;
                content = rest;
                self.head_length += 1;
            }
            if self.head_length < self.head.len() {
                continue;
            }
            let [kind, a, b, c] = self.head;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            match kind {
                NEW_SESSION_TICKET => {
                    self.skip = length;
                    self.head_length = 0;
                }
                // It must end its record, since the next one has other keys.
                KEY_UPDATE if length == 1 => {
                    let [answer @ 0..2] = content else {
                        return if content.is_empty() {
                            Ok(None)
                        } else {
                            Err(TlsFault::Unexpected)
                        };
                    };
                    self.head_length = 0;
                    return Ok(Some(*answer == 1));
                }
                _ => return Err(TlsFault::Unexpected),
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
