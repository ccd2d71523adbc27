//! Scratch: OKX and Bybit alone.
use base::{VenueId, WallNs};
use sim::bybit::Bybit;
use sim::clock::ScenarioClock;
use sim::exchange::Exchange;
use sim::okx::Okx;
use sim::scenario::Scenario;
use sim::server::{Authority, Host};
use sim::tape::Tape;

fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let mut scenario = Scenario::load("default").unwrap();
    let tape = Tape::built_in().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
        as i64;
    scenario.shift_ns = now - tape.start;
    let clock = ScenarioClock::start(WallNs(now), 1);
    let authority = Authority::make().unwrap();
    let ca = dir.join("ca.pem");
    std::fs::write(&ca, &authority.ca_pem).unwrap();
    let mut host = Host::new(clock, authority).unwrap();
    let okx = Okx::new(Exchange::new(VenueId::Okx, &scenario, tape.clone()).unwrap(), &scenario, 1);
    let bybit =
        Bybit::new(Exchange::new(VenueId::Bybit, &scenario, tape.clone()).unwrap(), &scenario, 1);
    let okx = host.add(Box::new(okx), "okx", 0).unwrap();
    let bybit = host.add(Box::new(bybit), "bybit", 0).unwrap();
    let text = format!(
        r#"{{"ca_pem":"{}","venues":{{"okx":{{"rest":"https://localhost:{okx}","ws":"wss://localhost:{okx}","api_key":"51a0c0de-0000-4000-8000-00000000000a","api_secret":"51A0C0DE51A0C0DE51A0C0DE51A0C0DE","passphrase":"sim-Passphrase-1"}},"bybit":{{"rest":"https://localhost:{bybit}","ws":"wss://localhost:{bybit}","api_key":"simBybitKey0000001","api_secret":"simBybitSecret0000000000000000000001"}}}}}}"#,
        ca.display()
    );
    std::fs::write(dir.join("venues.json"), text).unwrap();
    host.run().unwrap();
}
