//! What a client subscribes to: one object of `args`.

use super::CHANNELS;
use crate::spec::{Spec, Specs};
use crate::wire::json::{Obj, field};
use serde_json::Value;

/// Which of the three WebSocket paths a connection came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// `/ws/v5/public`.
    Public,
    /// `/ws/v5/private`.
    Private,
    /// `/ws/v5/business`.
    Business,
}

impl Door {
    /// The door of a path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/ws/v5/public" => Some(Self::Public),
            "/ws/v5/private" => Some(Self::Private),
            "/ws/v5/business" => Some(Self::Business),
            _ => None,
        }
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arg {
    pub(crate) channel: String,
    inst_type: String,
    inst_family: String,
    pub(crate) inst_id: String,
    ccy: String,
}

/// The private channels served here.
pub(crate) const PRIVATE: [&str; 5] =
    ["orders", "positions", "account", "balance_and_position", "fills"];
/// Depth channels that only the higher fee tiers get.
const TIERED: [&str; 2] = ["books-l2-tbt", "books50-l2-tbt"];

/// Why a subscription is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// No such channel here, or no such instrument.
    Nowhere,
    /// A private channel before the login.
    NotLoggedIn,
    /// For a higher fee tier.
    Tier,
}

impl Arg {
    /// The object as read; `None` when it names no channel.
    pub(crate) fn parse(object: &Value) -> Option<Self> {
        let channel = field(object, "channel");
        (!channel.is_empty()).then(|| Self {
            channel,
            inst_type: field(object, "instType"),
            inst_family: field(object, "instFamily"),
            inst_id: field(object, "instId"),
            ccy: field(object, "ccy"),
        })
    }

    /// As it is echoed in acknowledgements and pushes.
    pub(crate) fn json(&self, uid: Option<&str>) -> String {
        let mut object = Obj::new().quoted("channel", &self.channel);
        let rest = [
            ("instType", &self.inst_type),
            ("instFamily", &self.inst_family),
            ("instId", &self.inst_id),
            ("ccy", &self.ccy),
        ];
        for (name, value) in rest {
            if !value.is_empty() {
                object = object.quoted(name, value);
            }
        }
        uid.map_or_else(|| object.clone(), |uid| object.clone().text("uid", uid)).end()
    }

    /// Whether it may be subscribed to on `door`.
    pub(crate) fn check(&self, door: Door, logged_in: bool, specs: &Specs) -> Result<(), Wrong> {
        let name = self.channel.as_str();
        let listed = specs.by_symbol(&self.inst_id, None);
        if PRIVATE.contains(&name) {
            let typed = !matches!(name, "orders" | "positions") || !self.inst_type.is_empty();
            return match (door, logged_in) {
                (Door::Private, true) if typed => Ok(()),
                (Door::Private, false) => Err(Wrong::NotLoggedIn),
                _ => Err(Wrong::Nowhere),
            };
        }
        if TIERED.contains(&name) && door == Door::Public && listed.is_some() {
            return Err(Wrong::Tier);
        }
        let known = match door {
            Door::Private => false,
            Door::Business => name == "trades-all" && listed.is_some(),
            Door::Public => match name {
                "instruments" => matches!(self.inst_type.as_str(), "SPOT" | "SWAP"),
                "index-tickers" => {
                    specs.iter().any(|spec| super::rows::index_name(spec) == self.inst_id)
                }
                "mark-price" | "funding-rate" => listed.is_some_and(Spec::is_perpetual),
                "trades-all" => false,
                other => CHANNELS.contains(&other) && listed.is_some(),
            },
        };
        if known { Ok(()) } else { Err(Wrong::Nowhere) }
    }

    /// Whether it wants what is pushed on a channel of this instrument.
    pub(crate) fn wants(&self, channel: &str, spec: &Spec) -> bool {
        self.channel == channel
            && match channel {
                "index-tickers" => self.inst_id == super::rows::index_name(spec),
                _ => self.inst_id == spec.symbol,
            }
    }

    /// Whether it wants an account's news about this instrument.
    pub(crate) fn wants_private(&self, channel: &str, spec: &Spec) -> bool {
        let kind = super::rows::kind(spec);
        self.channel == channel
            && (self.inst_type.is_empty() || self.inst_type == "ANY" || self.inst_type == kind)
            && (self.inst_id.is_empty() || self.inst_id == spec.symbol)
            && (self.inst_family.is_empty() || self.inst_family == super::rows::index_name(spec))
    }

    /// Whether it is the list of instruments of that kind.
    pub(crate) fn lists(&self, spec: &Spec) -> bool {
        self.channel == "instruments" && self.inst_type == super::rows::kind(spec)
    }
}
