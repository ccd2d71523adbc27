//! Small names for large things: venues, instruments, assets, orders, pairs.

use core::fmt;
use serde::{Deserialize, Serialize};

/// A place with its own order entry, account and limits. Binance has two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum VenueId {
    /// Binance spot.
    BinanceSpot = 0,
    /// Binance USD-margined futures.
    BinanceUsdm = 1,
    /// OKX v5, spot and swaps in one account.
    Okx = 2,
    /// Bybit v5, spot and linear in one account.
    Bybit = 3,
}

impl VenueId {
    /// How many there are; arrays by venue have this length.
    pub const COUNT: usize = 4;
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; Self::COUNT] =
        [Self::BinanceSpot, Self::BinanceUsdm, Self::Okx, Self::Bybit];

    /// Its number as an index.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The venue of that number.
    #[must_use]
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::BinanceSpot),
            1 => Some(Self::BinanceUsdm),
            2 => Some(Self::Okx),
            3 => Some(Self::Bybit),
            _ => None,
        }
    }

    /// Its name on the command line, in labels and in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BinanceSpot => "binance-spot",
            Self::BinanceUsdm => "binance-usdm",
            Self::Okx => "okx",
            Self::Bybit => "bybit",
        }
    }
}

impl fmt::Display for VenueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

macro_rules! index_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[repr(transparent)]
        pub struct $name(pub u16);

        impl $name {
            /// As an index into its table.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index_id! {
    /// An instrument: its row in [`crate::Instruments`].
    InstrumentId
}
index_id! {
    /// An asset (BTC, USDT): its row in [`crate::Instruments`].
    AssetId
}
index_id! {
    /// A configured strategy: its row in the configuration, by priority.
    StrategyId
}

impl InstrumentId {
    /// Stands for "every instrument" in a cancel-all, and for "none" in venue-wide events.
    pub const ALL: Self = Self(u16::MAX);
}

/// A two-legged trade, numbered from 1 over the life of an account; 0 is none.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct PairId(pub u32);

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Side {
    /// Takes the asks.
    Buy = 0,
    /// Takes the bids.
    Sell = 1,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// +1 for buy, -1 for sell.
    #[must_use]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

/// An order of ours: the epoch of the start that made it (24 bits) and its number in it (40 bits).
///
/// The epoch is made durable before the first order after a start, so no id is ever used twice.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[repr(transparent)]
pub struct OrderId(pub u64);

impl OrderId {
    /// No order of ours: a fill or order made by somebody else on the account.
    pub const FOREIGN: Self = Self(0);
    /// Bits of the number within an epoch.
    pub const SEQ_BITS: u32 = 40;

    /// The `seq`-th order of `epoch`. Both are masked to their widths.
    #[must_use]
    pub const fn new(epoch: u32, seq: u64) -> Self {
        Self(((epoch as u64 & 0xff_ffff) << Self::SEQ_BITS) | (seq & ((1 << Self::SEQ_BITS) - 1)))
    }

    /// The start that made it.
    #[must_use]
    pub const fn epoch(self) -> u32 {
        (self.0 >> Self::SEQ_BITS) as u32
    }

    /// Its number within the epoch.
    #[must_use]
    pub const fn seq(self) -> u64 {
        self.0 & ((1 << Self::SEQ_BITS) - 1)
    }
}

/// Which engine an account's orders belong to: four of `[A-Z0-9]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instance([u8; 4]);

impl Instance {
    /// The instance of that name; `None` when it is not exactly four of `[A-Z0-9]`.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let bytes: [u8; 4] = name.as_bytes().try_into().ok()?;
        bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).then_some(Self(bytes))
    }

    /// Its four characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("????")
    }
}

/// An [`OrderId`] as every venue accepts it: `[A-Za-z0-9]{17}` = instance (4), epoch (5), number (8).
///
/// `[A-Za-z0-9]{1,32}` is the only form legal on Binance spot, USD-M, OKX and Bybit alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientOrderId([u8; Self::LENGTH]);

const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl ClientOrderId {
    /// Characters of every id.
    pub const LENGTH: usize = 17;

    /// The venue's name for `order` of `instance`.
    #[must_use]
    pub fn new(instance: Instance, order: OrderId) -> Self {
        let mut text = [b'0'; Self::LENGTH];
        text[..4].copy_from_slice(&instance.0);
        let [_, _, _, epoch @ ..] = encode(u64::from(order.epoch()));
        text[4..9].copy_from_slice(&epoch);
        text[9..].copy_from_slice(&encode(order.seq()));
        Self(text)
    }

    /// Reads an id back; `None` when it is not one of `instance`'s.
    #[must_use]
    pub fn parse(instance: Instance, text: &[u8]) -> Option<OrderId> {
        if text.len() != Self::LENGTH || text[..4] != instance.0 {
            return None;
        }
        let epoch = u32::try_from(decode(&text[4..9])?).ok().filter(|e| *e < 1 << 24)?;
        Some(OrderId::new(epoch, decode(&text[9..])?))
    }

    /// The 17 characters.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The 17 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("?")
    }
}

impl fmt::Debug for ClientOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The eight last digits of a number in base 32, all at once: each byte of a word is a digit.
#[inline]
const fn encode(value: u64) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Five bits a byte, by halving what a lane holds.
    let value = (value & 0xf_ffff) | (value & 0xff_fff0_0000) << 12;
    let value = (value & 0x3ff_0000_03ff) | (value & 0xf_fc00_000f_fc00) << 6;
    let digits = (value & 0x001f_001f_001f_001f) | (value & 0x03e0_03e0_03e0_03e0) << 3;
    // Seven characters lie between the figures and the letters; I, L, O and U are left out.
    let mut text = digits + b'0' as u64 * ONES;
    text += ((digits + (128 - 10) * ONES) >> 7 & ONES) * 7;
    text += (digits + (128 - 18) * ONES) >> 7 & ONES;
    text += (digits + (128 - 20) * ONES) >> 7 & ONES;
    text += (digits + (128 - 22) * ONES) >> 7 & ONES;
    text += (digits + (128 - 27) * ONES) >> 7 & ONES;
    text.to_be_bytes()
}

fn decode(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |value, byte| {
        let digit = BASE32.iter().position(|known| known == byte)?;
        Some(value << 5 | digit as u64)
    })
}

#[cfg(test)]
mod tests;
