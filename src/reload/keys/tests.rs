use super::*;
use base::{Instance, Instruments};
use gateway::markets::Markets;
use net::{HttpClient, HttpOptions, Tls};
use rings::{Fence, Flag, Full, Receiver, Sender, ring};
use telemetry::HostClock;

/// A desk's ends, played by the test.
struct Desk {
    offered: Receiver<Box<Keys>>,
    _spent: Sender<Box<Keys>>,
}

fn credentials(key: &str) -> Arc<Credentials> {
    Arc::new(Credentials::new(key, "secret", Some("phrase")).expect("credentials"))
}

fn keys(venue: VenueId, key: &str) -> Box<Keys> {
    Keys::new(venue, credentials(key), 5_000).expect("keys")
}

/// An account whose REST calls are signed with `new`.
fn account(venue: VenueId) -> (Account, Desk) {
    let (offer, offered) = ring("keys", 2, Full::Halt);
    let (spent_in, spent) = ring("spent", 2, Full::Halt);
    let nothing = Instruments { list: Vec::new(), assets: Vec::new() };
    let rest = RestParts {
        venue,
        base: "https://venue.test".to_owned(),
        signer: Signer::new(credentials("new")),
        markets: Markets::new(venue, &nothing).expect("no market"),
        instance: Instance::new("ARB1").expect("a name"),
        clock: HostClock::monotonic(),
        recv_window_ms: 5_000,
        simulated_header: false,
        kill: Flag::new(),
        fence: Fence::none(),
    };
    let http = HttpClient::new(&Tls::new(None).expect("roots"), HttpOptions::default());
    (Account { venue, rest, http, offer, spent }, Desk { offered, _spent: spent_in })
}

#[test]
fn a_desk_without_room_keeps_the_new_key_for_rest_too_and_the_other_venues_go_back() {
    let (mut full, _there) = account(VenueId::Okx);
    for _ in 0..2 {
        assert!(full.offer(keys(VenueId::Okx, "stuck")));
    }
    let (other, mut desk) = account(VenueId::Bybit);
    let mut accounts = Accounts::default();
    accounts.add(full);
    accounts.add(other);
    let standing = [VenueId::Okx, VenueId::Bybit].map(|venue| Standing {
        venue,
        former: credentials("old"),
        keys: keys(venue, "old"),
    });
    // Nobody answers: it ends with the engine.
    let told = go_back(&mut accounts, Changed(standing.into()), &|| true);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("okx: "), "{told:?}");
    let signs = |accounts: &mut Accounts, venue| {
        let account = accounts.of(venue).expect("an account");
        account.rest.signer.now().key.expose().to_owned()
    };
    assert_eq!(signs(&mut accounts, VenueId::Okx), "new");
    assert_eq!(signs(&mut accounts, VenueId::Bybit), "old");
    assert!(desk.offered.pop().is_some(), "the other venue's desk was asked");
}
