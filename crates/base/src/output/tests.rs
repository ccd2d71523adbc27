use super::*;
use proptest::prelude::*;

fn output() -> impl Strategy<Value = Output> {
    let numbers = any::<[i64; 4]>();
    let small = (any::<u32>(), any::<u32>(), any::<u16>(), any::<u16>());
    let venue = proptest::sample::select(VenueId::ALL.to_vec());
    (numbers, small, venue, any::<[bool; 2]>(), 0_u16..4, 0_u16..7, 0_u16..10, 0_u16..12)
        .prop_flat_map(
            |([a, b, c, d], (pair, version, x, y), venue, on, style, phase, reason, alarm)| {
                let (instrument, other) = (InstrumentId(x), InstrumentId(y));
                let order = OrderId(a.cast_unsigned());
                let side = if on[0] { Side::Sell } else { Side::Buy };
                prop_oneof![
                    Just(Output::Place(Place {
                        venue,
                        instrument,
                        order,
                        side,
                        style: Style::from_u16(style).unwrap(),
                        reduce_only: on[1],
                        price: Price(b),
                        qty: Qty(c),
                        cause: Stamp(d.cast_unsigned()),
                        pair: PairId(pair),
                        version,
                    })),
                    Just(Output::Cancel(Cancel {
                        venue,
                        instrument,
                        order,
                        cause: Stamp(b.cast_unsigned())
                    })),
                    Just(Output::CancelAll(CancelAll { venue, instrument })),
                    Just(Output::Query(Query { venue, instrument, order })),
                    Just(Output::PairChange(PairChange {
                        pair: PairId(pair),
                        strategy: StrategyId(y),
                        phase: PairPhase::from_u16(phase).unwrap(),
                        long: instrument,
                        short: other,
                        long_qty: Qty(b),
                        short_qty: Qty(c),
                        edge: Rate(d),
                        reason: PairReason::from_u16(reason).unwrap(),
                    })),
                    Just(Output::Alarm(Alarm {
                        code: AlarmCode::from_u16(alarm).unwrap(),
                        venue: on[0].then_some(venue),
                        instrument,
                        pair: PairId(pair),
                        seen: b,
                        limit: c,
                    })),
                    Just(Output::Checkpoint(Checkpoint {
                        hash: a.cast_unsigned(),
                        inputs: b.cast_unsigned()
                    })),
                ]
            },
        )
}

proptest! {
    #[test]
    fn every_output_reads_back_from_its_record(output in output(), stamp: u64) {
        let record = output.record(Stamp(stamp));
        prop_assert_eq!(Record::from_words(record.to_words()), record);
        prop_assert_eq!(Output::read(&record), Ok(output));
    }

    #[test]
    fn no_bytes_panic(words: [u64; 8]) {
        let record = Record::from_words(words);
        if let Ok(output) = Output::read(&record) {
            prop_assert_eq!(Output::read(&output.record(record.stamp)), Ok(output));
        }
    }
}
