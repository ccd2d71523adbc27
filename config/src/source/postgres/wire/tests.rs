use super::dial;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

#[test]
fn every_address_of_a_name_is_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap();
    // As `localhost` often is first. Nobody listens on it, or there is no IPv6 at all.
    let nobody = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 1));
    let patience = Duration::from_secs(60);
    assert_eq!(dial(&[nobody, there], patience).unwrap().peer_addr().unwrap(), there);
    dial(&[nobody, nobody], patience).unwrap_err();
    assert_eq!(dial(&[], patience).unwrap_err().to_string(), "no address");
}
