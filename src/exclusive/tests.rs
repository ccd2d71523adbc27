use super::Exclusivity;
use tuning::{CpuList, Degraded};

fn quota() -> Degraded {
    Degraded::Quota { millicpus: 1500, source: "cpu.max".into() }
}

fn moved() -> Degraded {
    Degraded::Moved { thread: "hot".into(), cpu: 3, allowed: CpuList::new([2, 3]) }
}

#[test]
fn where_it_is_not_required_nothing_follows() {
    let mut own = Exclusivity::new(false);
    assert!(!own.look(&[quota()]));
    assert!(!own.is_due());
    assert_eq!(own.fault(), None);
}

#[test]
fn a_loss_disarms_once_and_stays_when_it_is_over() {
    let mut own = Exclusivity::new(true);
    assert!(!own.look(&[]));
    assert_eq!(own.fault(), None);
    assert!(own.look(&[quota()]) && own.is_due());
    own.done();
    assert!(!own.look(&[quota()]) && !own.is_due(), "told already");
    assert!(own.fault().is_some_and(|why| why.ends_with("; disarmed until armed by hand")));
    assert!(!own.look(&[]) && !own.is_due());
    let why = own.fault().unwrap();
    assert!(why.starts_with("cpu.max stops this process"), "{why}");
    assert!(why.ends_with("over by now, disarmed until armed by hand"), "{why}");
    own.armed();
    assert_eq!(own.fault(), None);
}

#[test]
fn another_reason_and_the_same_one_again_disarm_again() {
    let mut own = Exclusivity::new(true);
    assert!(own.look(&[quota()]));
    own.done();
    assert!(own.look(&[quota(), moved()]) && own.is_due());
    own.done();
    own.look(&[]);
    assert!(own.look(&[moved()]) && own.is_due());
    own.done();
    let other = Degraded::Moved { thread: "trade".into(), cpu: 2, allowed: CpuList::new([2, 3]) };
    assert!(own.look(&[moved(), other]) && own.is_due(), "another thread is another loss");
}

#[test]
fn who_arms_by_hand_has_the_last_word_over_what_is_known() {
    let mut own = Exclusivity::new(true);
    own.look(&[quota()]);
    own.armed();
    assert!(!own.is_due(), "not even a disarming that waited");
    assert!(!own.look(&[quota()]));
    assert!(own.fault().is_some_and(|why| why.ends_with("; armed by hand all the same")));
    // What comes and goes beside it was known, too; what is new was not.
    assert!(own.look(&[quota(), moved()]));
    own.armed();
    assert!(!own.look(&[quota()]) && !own.look(&[quota(), moved()]));
    own.look(&[]);
    assert_eq!(own.fault(), None);
}
