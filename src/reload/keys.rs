//! Another API key while orders flow.
//!
//! What is in force is one version and the keys that belong to it; there is no order of steps that could
//! leave one without the other:
//!
//! 1. **Proved.** Each venue of an exchange whose credentials changed is asked about its account, signed with
//!    the new key, by a reading call. A wrong key, or one that may not trade, ends here, and nothing was
//!    touched.
//! 2. **Tried.** REST calls are signed with the new key from here on, and the desk logs its sessions on with
//!    it beside the old ones, on which orders go on leaving. All venues of the change must stand; if one does
//!    not, those that do go back the same way, REST too.
//! 3. **Kept.** The version gets its number, its plan is laid beside the journal, the core takes it in. These
//!    are quick and hardly ever fail, which is why they come last; if one does, the keys go back.
//!
//! Both keys are good at the venue all that while: an operator withdraws the old one when the new one is said
//! to be in use. A process that dies in between begins with what lies in the files, like any other start.

use crate::site;
use crate::wiring::{Account, Accounts};
use base::VenueId;
use config::Config;
use gateway::rest::{Rest, RestParts, Signer};
use gateway::{Keys, Verdict};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use venue::Credentials;

/// How often it is looked whether a desk is done.
const LOOK: Duration = Duration::from_millis(2);

/// A key that stands, and what it takes to go back.
struct Standing {
    venue: VenueId,
    /// What signed REST calls before.
    former: Arc<Credentials>,
    /// What signed sessions before.
    keys: Box<Keys>,
}

/// Keys that stand everywhere. Dropped, those of before are wiped.
pub(super) struct Changed(Vec<Standing>);

/// Why no keys were changed.
pub(super) enum NotChanged {
    /// For these reasons.
    Refused(Vec<String>),
    /// The engine stops.
    Stopping,
}

impl Changed {
    /// What is said of it.
    pub(super) fn told(&self) -> Vec<String> {
        let told = |standing: &Standing| {
            format!(
                "{}: the new API key is in use; the one before can be withdrawn",
                standing.venue
            )
        };
        self.0.iter().map(told).collect()
    }
}

/// Proves the keys of these exchanges and puts them to use.
pub(super) fn change(
    accounts: &mut Accounts,
    config: &Config,
    exchanges: &[String],
    stops: &dyn Fn() -> bool,
) -> Result<Changed, NotChanged> {
    let venues = VenueId::ALL.into_iter().filter(|venue| {
        let exchange = config.venue(*venue);
        exchange.is_some_and(|exchange| exchanges.iter().any(|name| name == exchange.name.key()))
    });
    let mut offers = Vec::new();
    let mut faults = Vec::new();
    for venue in venues {
        let proved = proved(accounts, config, venue, stops);
        if stops() {
            return Err(NotChanged::Stopping);
        }
        match proved {
            Ok(Some(offer)) => offers.push(offer),
            Ok(None) => {}
            Err(why) => faults.push(format!("{venue}: the new API key is not used: {why}")),
        }
    }
    if !faults.is_empty() {
        return Err(NotChanged::Refused(faults));
    }
    let standing = tried(accounts, offers, stops)?;
    Ok(Changed(standing))
}

/// Puts the keys of before to use again; says what stands in the way.
pub(super) fn go_back(
    accounts: &mut Accounts,
    changed: Changed,
    stops: &dyn Fn() -> bool,
) -> Vec<String> {
    let mut told = Vec::new();
    for standing in changed.0 {
        let Standing { venue, former, keys } = standing;
        let Some(account) = accounts.of(venue) else { continue };
        let newer = account.rest.signer.change(former);
        let verdict = if account.offer(keys) {
            let Some(keys) = account.fetch(stops) else { return told };
            keys.verdict()
        } else {
            Some(Verdict::NotTried)
        };
        if verdict != Some(Verdict::Stands) {
            account.rest.signer.change(newer);
            let why = words(verdict);
            told.push(format!("{venue}: {why} the key before as well: the new one stays in use"));
        }
    }
    told
}

/// A venue's new key, all that is made of it, and that the venue knows it.
type Offer = (VenueId, Arc<Credentials>, Box<Keys>);

fn proved(
    accounts: &mut Accounts,
    config: &Config,
    venue: VenueId,
    stops: &dyn Fn() -> bool,
) -> Result<Option<Offer>, String> {
    let (Some(account), Some(exchange)) = (accounts.of(venue), config.venue(venue)) else {
        return Ok(None);
    };
    let credentials = site::credentials(venue, exchange).map_err(|why| why.to_string())?;
    let credentials = credentials.ok_or("there is none")?;
    let keys = Keys::new(venue, Arc::clone(&credentials), account.rest.recv_window_ms)
        .map_err(|why| why.to_string())?;
    account.prove(&credentials, stops)?;
    Ok(Some((venue, credentials, keys)))
}

fn tried(
    accounts: &mut Accounts,
    offers: Vec<Offer>,
    stops: &dyn Fn() -> bool,
) -> Result<Vec<Standing>, NotChanged> {
    let mut waiting = Vec::new();
    for (venue, credentials, keys) in offers {
        let Some(account) = accounts.of(venue) else { continue };
        // Listen keys are asked for with it.
        let former = account.rest.signer.change(credentials);
        let offered = account.offer(keys);
        waiting.push((venue, former, offered));
    }
    let mut standing = Vec::new();
    let mut faults = Vec::new();
    for (venue, former, offered) in waiting {
        let Some(account) = accounts.of(venue) else { continue };
        let verdict = if offered {
            let keys = account.fetch(stops).ok_or(NotChanged::Stopping)?;
            let verdict = keys.verdict();
            if verdict == Some(Verdict::Stands) {
                standing.push(Standing { venue, former, keys });
                continue;
            }
            verdict
        } else {
            Some(Verdict::NotTried)
        };
        account.rest.signer.change(former);
        let why = words(verdict);
        faults.push(format!("{venue}: {why} the new API key: the one before stays in use"));
    }
    if faults.is_empty() {
        return Ok(standing);
    }
    faults.extend(go_back(accounts, Changed(standing), stops));
    Err(NotChanged::Refused(faults))
}

/// What was done to a key that does not stand.
fn words(verdict: Option<Verdict>) -> String {
    match verdict {
        Some(Verdict::Refused(code)) => {
            format!("the venue let no session log on (code {code}) with")
        }
        Some(Verdict::Closed) => "the venue closed the session that logged on with".to_owned(),
        Some(Verdict::Late) => "no session stood in time with".to_owned(),
        Some(Verdict::NotTried | Verdict::Stands) | None => {
            "the desk was not ready to try".to_owned()
        }
    }
}

impl Account {
    /// Asks the venue whether it knows a key.
    fn prove(
        &self,
        credentials: &Arc<Credentials>,
        stops: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let signer = Signer::new(Arc::clone(credentials));
        Rest::new(RestParts { signer, ..self.rest.clone() }).prove(&self.http, stops)
    }

    /// Hands keys to the desk; `false` when there is no room.
    fn offer(&mut self, keys: Box<Keys>) -> bool {
        self.offer.push(keys).is_ok()
    }

    /// What the desk gives back; `None` when the engine stops first.
    fn fetch(&mut self, stops: &dyn Fn() -> bool) -> Option<Box<Keys>> {
        // bound: until the desk is done, which it is within seconds, or the engine stops
        loop {
            if let Some(keys) = self.spent.pop() {
                return Some(keys);
            }
            if stops() {
                return None;
            }
            thread::sleep(LOOK);
        }
    }
}

#[cfg(test)]
mod tests;
