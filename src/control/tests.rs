use super::*;

fn door() -> (tempfile::TempDir, Door) {
    let dir = tempfile::tempdir().expect("a folder");
    let door = Door::of(dir.path());
    (dir, door)
}

#[test]
fn every_order_is_taken_once_and_its_absence_is_the_answer() {
    let (_dir, door) = door();
    assert_eq!(door.take(), None);
    for order in Order::ALL {
        door.ask(order).expect("a file");
        assert!(door.is_waiting());
        assert_eq!(door.take(), Some(Ok(order)));
        assert!(!door.is_waiting());
        assert_eq!(door.take(), None);
    }
}

#[test]
fn a_later_order_replaces_one_that_nobody_took() {
    let (_dir, door) = door();
    door.ask(Order::Arm).expect("a file");
    door.ask(Order::Kill).expect("a file");
    assert_eq!(door.take(), Some(Ok(Order::Kill)));
    assert_eq!(door.take(), None);
}

#[test]
fn an_unknown_word_is_thrown_away_and_told() {
    let (dir, door) = door();
    std::fs::write(dir.path().join("order"), "sell everything").expect("a file");
    assert_eq!(door.take(), Some(Err("sell everything".to_owned())));
    assert!(!door.is_waiting());
}

#[test]
fn what_is_withdrawn_is_not_taken() {
    let (_dir, door) = door();
    door.ask(Order::Flatten).expect("a file");
    door.withdraw().expect("removed");
    door.withdraw().expect("nothing to remove is fine");
    assert_eq!(door.take(), None);
}

#[test]
fn what_holds_an_engine_stays_until_it_is_armed() {
    let (dir, door) = door();
    assert_eq!(door.held(), None);
    for order in [Order::Kill, Order::Disarm, Order::Flatten] {
        door.keep(order).expect("a file");
        assert_eq!(Door::of(dir.path()).held(), Some(order), "another process sees it");
    }
    door.keep(Order::Arm).expect("removed");
    assert_eq!(door.held(), None);
    door.keep(Order::Arm).expect("nothing to remove is fine");
}

#[test]
fn a_hold_that_cannot_be_read_is_a_kill() {
    let (dir, door) = door();
    std::fs::write(dir.path().join("hold"), b"\xff\xfe").expect("a file");
    assert_eq!(door.held(), Some(Order::Kill));
    std::fs::write(dir.path().join("hold"), "later").expect("a file");
    assert_eq!(door.held(), Some(Order::Kill));
}
