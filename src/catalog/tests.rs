use super::*;

#[test]
fn what_could_not_be_read_is_told_by_name() {
    assert_eq!(told(&[]), None);
    let entry = |number: usize| Unread {
        venue: VenueId::Okx,
        symbol: format!("X{number}-USDT"),
        why: format!("fault {number}"),
    };
    let few: Vec<_> = (0..2).map(entry).collect();
    assert_eq!(
        told(&few).as_deref(),
        Some("not read in the venues' lists: okx X0-USDT, okx X1-USDT; the first: fault 0")
    );
    let many = told(&(0..10).map(entry).collect::<Vec<_>>()).unwrap();
    assert!(many.contains("okx X7-USDT and 2 more; the first: fault 0"), "{many}");
}
