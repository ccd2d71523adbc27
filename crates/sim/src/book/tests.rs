use super::Book;
use crate::dec::Dec;
use crate::event::Level;
use base::Side;
use proptest::prelude::*;

fn levels() -> impl Strategy<Value = Vec<Level>> {
    prop::collection::vec((1_i64..50, 0_i64..5), 0..40).prop_map(|pairs| {
        pairs.into_iter().map(|(p, q)| Level { price: Dec::whole(p), qty: Dec::whole(q) }).collect()
    })
}

#[test]
fn an_empty_book_has_no_top() {
    assert_eq!(Book::default().top(), crate::event::Top::default());
}

#[test]
fn removing_what_is_absent_is_normal() {
    let gone = Level { price: Dec::ONE, qty: Dec::ZERO };
    let mut book = Book::default();
    book.apply(&[gone], &[gone]);
    assert_eq!(book.levels(Side::Buy).count(), 0);
}

proptest! {
    #[test]
    fn the_changes_between_two_books_lead_from_one_to_the_other(a in levels(), b in levels(), c in levels(), d in levels()) {
        let (mut old, new) = (Book::of(&a, &b), Book::of(&c, &d));
        let (bids, asks) = (old.changes_to(&new, Side::Buy), old.changes_to(&new, Side::Sell));
        old.apply(&bids, &asks);
        for side in [Side::Buy, Side::Sell] {
            prop_assert!(old.levels(side).eq(new.levels(side)));
        }
    }

    #[test]
    fn levels_come_best_first(a in levels(), b in levels()) {
        let book = Book::of(&a, &b);
        prop_assert!(book.levels(Side::Buy).collect::<Vec<_>>().is_sorted_by(|x, y| x.price > y.price));
        prop_assert!(book.levels(Side::Sell).collect::<Vec<_>>().is_sorted_by(|x, y| x.price < y.price));
    }
}
