use super::*;

fn three() -> Bounded<u32> {
    let mut list = Bounded::with_room(3);
    assert!([1, 2, 3].into_iter().all(|item| list.push(item)));
    list
}

#[test]
fn what_has_no_room_is_refused_and_changes_nothing() {
    let mut list = three();
    assert!(!list.push(4));
    assert_eq!(*list, [1, 2, 3]);
    assert_eq!(list.pop(), Some(3));
    assert!(list.push(5));
    assert_eq!(*list, [1, 2, 5]);
    assert_eq!(format!("{list:?}"), "[1, 2, 5]");
}

#[test]
fn what_is_kept_keeps_its_order() {
    let mut list = three();
    list.retain(|item| *item != 2);
    assert_eq!(*list, [1, 3]);
    assert!(list.push(7) && !list.push(8));
    assert_eq!(*list, [1, 3, 7]);
}

#[test]
fn a_copy_has_the_same_room() {
    let mut empty = three();
    empty.clear();
    assert_eq!(empty.pop(), None);
    let mut copy = empty.clone();
    assert_eq!((copy.room(), copy.len()), (3, 0));
    assert!(copy.push(1));
    assert!(empty.is_empty());
}
