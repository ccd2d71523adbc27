use super::*;
use base::{InstrumentId, Stamp};

fn told(code: NoticeCode, numbers: [i64; 3]) -> String {
    let scale = Scale { price_exp: 2, qty_exp: 8 };
    sentence(&Notice::new(Stamp(1), code, None, InstrumentId::ALL, numbers), Some(scale))
}

#[test]
fn numbers_are_told_as_the_words_they_stand_for() {
    let phase = PairPhase::Closing as i64;
    let reason = PairReason::TakeProfit as i64;
    assert_eq!(
        told(NoticeCode::PairChanged, [5, phase, reason]),
        "pair 5 is closing, because of take profit"
    );
    assert_eq!(
        told(NoticeCode::Alarm, [AlarmCode::PositionMismatch as i64, 3, 0]),
        "position mismatch: saw 3, allowed 0"
    );
    let gate_number = Gate::ALL[0] as i64;
    let name = Gate::ALL[0].name();
    assert_eq!(
        told(NoticeCode::GateRefused, [gate_number, 0, 0]),
        format!("not opened: gate {name}")
    );
    assert_eq!(told(NoticeCode::BookLost, [2, 7, 9]), "book is unknown (gap): expected 7, got 9");
    assert_eq!(told(NoticeCode::BookLost, [7, 0, 0]), "book is unknown (empty)");
    assert_eq!(
        told(NoticeCode::Filled, [9, 6_176_040, 1_600_000]),
        "order 9 filled, 0.016 at 61760.4"
    );
}

#[test]
fn numbers_that_stand_for_nothing_stay_numbers() {
    assert_eq!(told(NoticeCode::PairChanged, [5, 99, 0]), "pair 5 is in phase 99, reason 0");
    assert_eq!(told(NoticeCode::Alarm, [-1, 0, 0]), "alarm -1: saw 0, allowed 0");
}
