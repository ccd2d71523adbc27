#![allow(clippy::unwrap_used)]
use super::*;

mod many;

const TERMS: Terms = Terms::of(Span::from_secs(15));

fn at(milliseconds: u64) -> Stamp {
    Stamp(0) + Span::from_millis(milliseconds)
}

/// A Lease as a server would send it.
fn lease(version: u64, holder: &str, transitions: u32) -> Lease {
    let text = format!(
        r#"{{"kind":"Lease","metadata":{{"resourceVersion":"{version}"}},
            "spec":{{"holderIdentity":"{holder}","leaseTransitions":{transitions},"leaseDurationSeconds":15}}}}"#
    );
    Lease::read(text.as_bytes()).unwrap()
}

fn holder(floor: u32) -> Holder {
    Holder::new("me".to_owned(), TERMS, floor)
}

/// Takes the next request, which must be due.
fn asked(holder: &mut Holder, now: Stamp) -> Ask {
    match holder.next(now) {
        Step::Ask(ask) => ask,
        other => panic!("{other:?}"),
    }
}

fn put(holder: &mut Holder, now: Stamp) -> Lease {
    match asked(holder, now) {
        Ask::Put(lease) => lease,
        Ask::Get => panic!("a look"),
    }
}

fn look(holder: &mut Holder, found: Lease, now: Stamp) {
    assert_eq!(asked(holder, now), Ask::Get);
    holder.answered(&Ask::Get, Ok(found), now);
}

/// Answers a request to write as a server does that writes.
fn written(holder: &mut Holder, lease: &Lease, version: u64, now: Stamp) {
    let stored = super::tests::lease(version, lease.holder().unwrap(), lease.transitions());
    holder.answered(&Ask::Put(lease.clone()), Ok(stored), now);
}

/// One that took an empty Lease at 0.
fn holding(floor: u32) -> Holder {
    let mut holder = holder(floor);
    look(&mut holder, lease(1, "", 0), at(0));
    let wish = put(&mut holder, at(0));
    written(&mut holder, &wish, 2, at(100));
    holder
}

#[test]
fn an_empty_lease_is_taken_and_counts_from_the_request_not_the_answer() {
    let mut holder = holder(0);
    look(&mut holder, lease(1, "", 0), at(0));
    let wish = put(&mut holder, at(1_000));
    assert_eq!((wish.holder(), wish.transitions(), wish.version()), (Some("me"), 1, "1"));
    assert_eq!(holder.held(), None);
    written(&mut holder, &wish, 2, at(2_400));
    assert_eq!(holder.held(), Some((1, at(11_000))));
    assert_eq!(holder.next(at(3_000)), Step::Wait(at(3_500)));
}

#[test]
fn the_token_exceeds_what_lease_and_journal_know() {
    assert_eq!(holding(41).held().unwrap().0, 42);
    let mut holder = holder(3);
    look(&mut holder, lease(1, "", 9), at(0));
    assert_eq!(put(&mut holder, at(0)).transitions(), 10);
}

#[test]
fn numbers_that_no_order_can_carry_are_refused() {
    for (transitions, floor) in [(TOKEN_MAX, 0), (u32::MAX, 0), (0, TOKEN_MAX)] {
        let mut holder = holder(floor);
        look(&mut holder, lease(1, "", transitions), at(0));
        assert!(matches!(holder.next(at(1)), Step::Wait(_)));
        assert!(holder.trouble().unwrap().contains("make it anew"));
    }
}

#[test]
fn anothers_lease_is_taken_only_after_it_was_silent_for_its_whole_duration() {
    let mut holder = holder(0);
    look(&mut holder, lease(7, "other", 4), at(0));
    assert_eq!(holder.trouble(), Some("the Lease is held by other"));
    look(&mut holder, lease(8, "other", 4), at(9_000));
    look(&mut holder, lease(8, "other", 4), at(23_999));
    assert!(matches!(holder.next(at(24_000)), Step::Wait(_)), "15 s after it was seen to change");
    look(&mut holder, lease(8, "other", 4), at(25_000));
    let wish = put(&mut holder, at(25_000));
    assert_eq!((wish.holder(), wish.transitions(), wish.version()), (Some("me"), 5, "8"));
}

#[test]
fn silence_counts_from_the_answer_that_showed_the_last_change() {
    let mut holder = holder(0);
    assert_eq!(asked(&mut holder, at(0)), Ask::Get);
    holder.answered(&Ask::Get, Ok(lease(7, "other", 4)), at(2_400));
    look(&mut holder, lease(7, "other", 4), at(17_399));
    assert!(matches!(holder.next(at(17_399)), Step::Wait(_)));
    look(&mut holder, lease(7, "other", 4), at(18_399));
    assert_eq!(put(&mut holder, at(18_399)).holder(), Some("me"));
}

#[test]
fn a_longer_duration_that_the_other_wrote_is_waited_for() {
    let mut holder = holder(0);
    let slow = |version| {
        let text = lease(version, "other", 1).text().replace("Seconds\":15", "Seconds\":60");
        Lease::read(text.as_bytes()).unwrap()
    };
    look(&mut holder, slow(1), at(0));
    look(&mut holder, slow(1), at(59_000));
    assert!(matches!(holder.next(at(59_000)), Step::Wait(_)));
    look(&mut holder, slow(1), at(60_000));
    assert_eq!(put(&mut holder, at(60_000)).holder(), Some("me"));
}

#[test]
fn a_taking_whose_answer_was_lost_is_found_by_the_next_look() {
    let mut holder = holder(0);
    look(&mut holder, lease(1, "", 0), at(0));
    let wish = put(&mut holder, at(0));
    holder.answered(&Ask::Put(wish), Err(Refusal::Failed("no answer".into())), at(2_500));
    assert_eq!(holder.held(), None);
    look(&mut holder, lease(2, "me", 1), at(3_500));
    let again = put(&mut holder, at(3_500));
    assert_eq!((again.transitions(), again.version()), (1, "2"), "no second transition");
    written(&mut holder, &again, 3, at(3_600));
    assert_eq!(holder.held(), Some((1, at(13_500))));
}

#[test]
fn renewals_that_fail_do_not_prolong_and_one_that_was_done_all_the_same_is_gone_on_from() {
    let mut holder = holding(0);
    let wish = put(&mut holder, at(2_500));
    holder.answered(&Ask::Put(wish), Err(Refusal::Failed("no answer".into())), at(5_000));
    assert_eq!(holder.held(), Some((1, at(10_000))));
    look(&mut holder, lease(3, "me", 1), at(6_000));
    let wish = put(&mut holder, at(6_000));
    assert_eq!(wish.version(), "3");
    written(&mut holder, &wish, 4, at(6_100));
    assert_eq!((holder.held(), holder.trouble()), (Some((1, at(16_000))), None));
}

#[test]
fn a_conflict_is_looked_into_at_once_and_another_holder_is_the_end() {
    let mut holder = holding(0);
    let wish = put(&mut holder, at(2_500));
    holder.answered(&Ask::Put(wish), Err(Refusal::Conflict), at(2_600));
    look(&mut holder, lease(9, "other", 2), at(2_600));
    assert_eq!(holder.held(), None);
    assert_eq!(holder.next(at(2_600)), Step::Lost);
    assert_eq!(holder.next(at(99_000)), Step::Lost);
    assert_eq!(holder.trouble(), Some("the Lease is held by other now"));
    assert_eq!(holder.release(), None, "what is another's is not given away");
}

#[test]
fn a_lease_under_our_name_and_another_number_is_not_the_one_we_took() {
    for found in [lease(9, "me", 5), lease(9, "other", 1)] {
        let mut holder = holding(0);
        let wish = put(&mut holder, at(2_500));
        holder.answered(&Ask::Put(wish), Err(Refusal::Conflict), at(2_600));
        look(&mut holder, found, at(2_600));
        assert_eq!(holder.next(at(2_600)), Step::Lost);
    }
}

#[test]
fn a_lease_that_was_made_anew_meanwhile_is_not_ours() {
    let mut holder = holding(0);
    let wish = put(&mut holder, at(2_500));
    holder.answered(&Ask::Put(wish), Err(Refusal::Missing("l".into())), at(2_600));
    look(&mut holder, lease(70, "", 0), at(3_600));
    assert_eq!(holder.next(at(3_600)), Step::Lost);
}

#[test]
fn after_a_long_silence_of_the_server_the_holder_goes_on_if_nobody_came_between() {
    let mut holder = holding(0);
    let wish = put(&mut holder, at(2_500));
    holder.answered(&Ask::Put(wish), Err(Refusal::Failed("away".into())), at(5_000));
    look(&mut holder, lease(2, "me", 1), at(300_000));
    let wish = put(&mut holder, at(300_000));
    written(&mut holder, &wish, 3, at(300_100));
    assert_eq!(holder.held(), Some((1, at(310_000))));
}

#[test]
fn conflicts_without_end_do_not_become_a_storm() {
    let mut holder = holding(0);
    let (mut asks, mut now) = (0, at(2_500));
    while now < at(12_500) {
        match holder.next(now) {
            Step::Ask(Ask::Get) => holder.answered(&Ask::Get, Ok(lease(asks, "me", 1)), now),
            Step::Ask(put) => holder.answered(&put, Err(Refusal::Conflict), now),
            Step::Wait(until) => now = until,
            Step::Lost => panic!("nobody took it"),
        }
        asks += 1;
    }
    assert!(asks < 50, "{asks} steps in 10 s");
}

#[test]
fn a_release_frees_the_lease_and_keeps_the_count() {
    let Some(Ask::Put(freed)) = holding(0).release() else { panic!("nothing to release") };
    assert_eq!((freed.holder(), freed.transitions()), (None, 1));
    assert_eq!(holder(0).release(), None);
}
