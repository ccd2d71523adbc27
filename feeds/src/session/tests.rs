use super::*;
use crate::plan::Channel as Kind;
use crate::symbols::Row;
use net::{MemoryChannel, MemoryPeer};

fn subs(count: u16, text: impl Fn(u16) -> String) -> Vec<Sub> {
    (0..count)
        .map(|row| Sub { session: 0, channel: Kind::Best, row: Row(row), text: text(row) })
        .collect()
}

fn open(line: Line, count: usize) -> (Session<MemoryChannel>, MemoryPeer) {
    let (mut link, peer) = MemoryChannel::pair();
    peer.answer_dials();
    link.reopen(Stamp(0));
    assert_eq!(link.poll(Stamp(0)), net::Polled::Opened);
    let mut session = Session::new(link, line, Directory::with_room(1), 0..count);
    session.on_opened(Stamp(0), Span::from_secs(60));
    (session, peer)
}

/// Lets time pass in milliseconds and says when each request left and what it was.
fn requests(
    session: &mut Session<MemoryChannel>,
    peer: &MemoryPeer,
    subs: &[Sub],
    millis: u64,
) -> (Vec<(u64, String)>, Vec<usize>) {
    let (mut sent, mut joined) = (Vec::new(), Vec::new());
    for at in 0..millis {
        let now = Stamp(at * 1_000_000);
        let want = session.housekeep(now, subs, &mut |sub| joined.push(sub));
        assert_eq!(want, Want::Nothing, "at {at} ms");
        session.state.heard(now);
        sent.extend(peer.take_all_sent().into_iter().map(|text| (at, text)));
        if sent.len() % 2 == 0 {
            session.state.on_control(Control::Ack(1), now);
        }
    }
    (sent, joined)
}

#[test]
fn many_subscriptions_leave_in_requests_the_venue_takes_at_its_pace() {
    for (line, most, gap) in [
        (Line::Spot, 100, 200),
        (Line::UsdmPublic, 100, 100),
        (Line::BybitSpot, 10, 20),
        (Line::BybitLinear, 100, 20),
    ] {
        let count = 250;
        let subs = subs(count, |row| format!("\"topic.of.COIN{row}USDT\""));
        let (mut session, peer) = open(line, subs.len());
        let (sent, joined) = requests(&mut session, &peer, &subs, 6_000);
        assert_eq!(joined, (0..usize::from(count)).collect::<Vec<_>>(), "{line:?}");
        let sizes: Vec<usize> =
            sent.iter().map(|(_, text)| text.matches("topic.of").count()).collect();
        assert!(sizes.iter().all(|size| *size <= most), "{line:?}: {sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), usize::from(count));
        assert!(sent.windows(2).all(|two| two[1].0 - two[0].0 >= gap), "{line:?}");
        for (_, text) in &sent {
            let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
            assert!(json.is_object());
        }
    }
}

#[test]
fn a_request_is_never_longer_than_a_link_sends() {
    let subs = subs(300, |row| format!("\"{}{row}\"", "x".repeat(400)));
    let (mut session, peer) = open(Line::UsdmPublic, subs.len());
    let (sent, joined) = requests(&mut session, &peer, &subs, 4_000);
    assert_eq!(joined.len(), 300);
    assert!(sent.iter().all(|(_, text)| text.len() <= REQUEST_MAX));
}

#[test]
fn a_request_the_socket_refuses_leaves_later() {
    let subs = subs(1, |_| "\"a@b\"".to_owned());
    let (mut session, peer) = open(Line::Spot, 1);
    peer.refuse_sends(Some(net::SendError::Full));
    let mut joined = 0;
    session.housekeep(Stamp(1), &subs, &mut |_| joined += 1);
    assert_eq!((joined, peer.take_all_sent().len()), (0, 0));
    peer.refuse_sends(None);
    session.housekeep(Stamp(1_000_000_000), &subs, &mut |_| joined += 1);
    assert_eq!(peer.take_all_sent(), [r#"{"method":"SUBSCRIBE","params":["a@b"],"id":1}"#]);
    assert_eq!(joined, 1);
}

#[test]
fn leaving_and_joining_again_are_two_requests() {
    let subs = subs(1, |_| r#"{"channel":"books","instId":"A"}"#.to_owned());
    let (mut session, peer) = open(Line::Okx, 1);
    requests(&mut session, &peer, &subs, 1);
    assert!(session.resubscribe(0));
    let (sent, joined) = requests(&mut session, &peer, &subs, 1_000);
    let texts: Vec<&str> = sent.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            r#"{"id":"2","op":"unsubscribe","args":[{"channel":"books","instId":"A"}]}"#,
            r#"{"id":"3","op":"subscribe","args":[{"channel":"books","instId":"A"}]}"#,
        ]
    );
    assert_eq!(joined, [0]);
}

#[test]
fn an_hour_has_only_so_many_requests_on_okx() {
    let subs = subs(1, |_| r#"{"channel":"books","instId":"A"}"#.to_owned());
    let (mut session, peer) = open(Line::Okx, 1);
    let mut sent = 0;
    for step in 1..2_000_u64 {
        let now = Stamp(step * 300_000_000);
        session.state.heard(now);
        session.state.on_control(Control::Subscribed, now);
        session.resubscribe(0);
        let want = session.housekeep(now, &subs, &mut |_| {});
        sent += peer.take_all_sent().len();
        if want == Want::Reopen {
            assert!((400..=480).contains(&sent), "{sent}");
            return;
        }
    }
    panic!("{sent} requests and no end");
}

#[test]
fn a_refused_subscription_gives_its_code_and_counts_as_an_answer() {
    let subs = subs(1, |_| "\"a\"".to_owned());
    let (mut session, peer) = open(Line::BybitLinear, 1);
    requests(&mut session, &peer, &subs, 1);
    let refused = Control::Refused { code: 60_018, id: 1 };
    assert_eq!(session.state.on_control(refused, Stamp(5)), Some(60_018));
    assert_eq!(session.state.unanswered, 0);
}
