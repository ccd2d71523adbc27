#![allow(clippy::unwrap_used)]
use super::*;

/// What kubectl shows of an object somebody made by hand.
const EMPTY: &str = r#"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
 "metadata":{"name":"funding-arb-arb1","namespace":"arb","resourceVersion":"41","uid":"u-1","labels":{"a":"b"}}}"#;

fn lease(text: &str) -> Lease {
    Lease::read(text.as_bytes()).unwrap()
}

#[test]
fn an_empty_lease_is_taken_renewed_and_released_and_keeps_what_others_wrote() {
    let empty = lease(EMPTY);
    assert_eq!((empty.holder(), empty.transitions(), empty.duration()), (None, 0, None));
    let taken = empty.taken("me", 7, Span::from_secs(15));
    assert_eq!((taken.holder(), taken.transitions()), (Some("me"), 7));
    assert_eq!(taken.duration(), Some(Span::from_secs(15)));
    assert_eq!(taken.0["metadata"], empty.0["metadata"]);
    let renewed = taken.renewed();
    assert_eq!(renewed.version(), "41", "what is put says what it was made of");
    assert_eq!(renewed.0["spec"]["acquireTime"], taken.0["spec"]["acquireTime"]);
    let released = renewed.released();
    assert_eq!((released.holder(), released.transitions()), (None, 7));
}

#[test]
fn times_are_written_as_the_api_server_wants_them() {
    let taken = lease(EMPTY).taken("me", 1, Span::from_secs(15));
    let time = taken.0["spec"]["renewTime"].as_str().unwrap();
    assert_eq!((time.len(), &time[19..20], &time[26..]), (27, ".", "Z"), "{time}");
    time.parse::<Timestamp>().unwrap();
}

#[test]
fn what_is_no_lease_is_not_taken_for_one() {
    for text in [
        "",
        "[]",
        "null",
        r#"{"kind":"Lease"}"#,
        r#"{"kind":"Status","metadata":{"resourceVersion":"1"}}"#,
        r#"{"kind":"Lease","metadata":{"resourceVersion":1}}"#,
    ] {
        assert_eq!(Lease::read(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_spec_of_nonsense_reads_as_held_by_nobody_and_can_be_taken() {
    for spec in [
        r#""x""#,
        "[]",
        "null",
        r#"{"holderIdentity":"","leaseTransitions":-1,"leaseDurationSeconds":"9"}"#,
        r#"{"leaseTransitions":99999999999}"#,
    ] {
        let text =
            format!(r#"{{"kind":"Lease","metadata":{{"resourceVersion":"1"}},"spec":{spec}}}"#);
        let odd = lease(&text);
        assert_eq!((odd.holder(), odd.transitions(), odd.duration()), (None, 0, None), "{spec}");
        assert_eq!(odd.taken("me", 3, Span::from_secs(15)).transitions(), 3, "{spec}");
    }
}
