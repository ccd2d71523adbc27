//! How a venue's API keys are used, and which were withdrawn.

use crate::server::{ConnId, Outbox};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What became of the requests and log-ons made with each key.
#[derive(Debug, Default)]
pub struct KeyBook(BTreeMap<String, Use>);

#[derive(Debug, Default)]
struct Use {
    taken: u64,
    refused: u64,
    withdrawn: bool,
}

impl KeyBook {
    /// Whether a request or log-on with this key is taken; counts it.
    pub fn admits(&mut self, api_key: &str) -> bool {
        let known = self.0.entry(api_key.to_owned()).or_default();
        if known.withdrawn {
            known.refused += 1;
        } else {
            known.taken += 1;
        }
        !known.withdrawn
    }

    /// Withdraws a key, for good.
    pub fn withdraw(&mut self, api_key: &str) {
        self.0.entry(api_key.to_owned()).or_default().withdrawn = true;
    }

    /// Closes those of these connections, each with the key it logged on with, whose key was withdrawn.
    pub fn part_with_strangers<'s>(
        &self,
        sessions: impl Iterator<Item = (ConnId, &'s str)>,
        out: &mut Outbox,
    ) {
        for (conn, api_key) in sessions {
            if self.0.get(api_key).is_some_and(|known| known.withdrawn) {
                out.close(conn, 1008, "API key withdrawn");
            }
        }
    }

    /// What the ledger says of them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let one = |(key, used): (&String, &Use)| {
            let Use { taken, refused, withdrawn } = used;
            (key.clone(), json!({"taken": taken, "refused": refused, "withdrawn": withdrawn}))
        };
        self.0.iter().map(one).collect::<serde_json::Map<_, _>>().into()
    }
}
