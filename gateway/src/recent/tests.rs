use super::{Part, Recent};
use base::InstrumentId;

#[test]
fn each_part_of_a_trade_is_news_once() {
    let mut recent = Recent::default();
    let (a, b) = (InstrumentId(0), InstrumentId(1));
    assert!(recent.is_new(a, 7, Part::Fill));
    assert!(!recent.is_new(a, 7, Part::Fill));
    assert!(recent.is_new(a, 7, Part::Fee));
    assert!(!recent.is_new(a, 7, Part::Fee));
    assert!(recent.is_new(b, 7, Part::Fill), "another instrument's trade of the same number");
    assert!(recent.is_new(a, 8, Part::Fill));
}

#[test]
fn what_is_forgotten_is_news_again_and_never_the_other_way_round() {
    let mut recent = Recent::default();
    for trade in 0..100_000 {
        assert!(recent.is_new(InstrumentId(0), trade, Part::Fill));
    }
}
