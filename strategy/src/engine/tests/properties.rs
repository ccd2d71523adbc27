//! Whatever comes, in whatever order: no panic, and the invariants hold.

use super::observer::*;
use crate::engine::Core;
use crate::engine::world::*;
use crate::order::Life;
use crate::outputs::Outputs;
use crate::plan::Plan;
use base::input::{Action, Position, Reconcile, ReconcilePhase};
use base::output::{PairPhase, PairReason};
use base::{Input, InstrumentId, Output, Price, Qty, Record, Span, WallNs};
use proptest::prelude::*;
use std::collections::HashMap;

fn replay(plan: &Plan, core: Option<Core>, inputs: &[Record]) -> (u64, Vec<Record>) {
    let mut core = core.unwrap_or_else(|| Core::new(plan));
    let mut out = Outputs::new();
    let mut all = Vec::new();
    for record in inputs {
        out.clear();
        core.step(record, &mut out);
        all.extend_from_slice(out.as_slice());
    }
    (core.hash(), all)
}

/// The checks above are worth what the events reach: every phase a pair can be in.
#[test]
fn the_random_events_reach_every_phase() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let many = proptest::collection::vec(happens(), 150);
    let mut reached: HashMap<PairPhase, u32> = HashMap::new();
    let (mut unknown, mut late) = (0, 0);
    for _ in 0..300 {
        let events = many.new_tree(&mut runner).unwrap().current();
        let mut watched = Watched::new(&market());
        for event in &events {
            watched.happen(event);
        }
        for change in &watched.changes {
            *reached.entry(change.phase).or_default() += 1;
            late += u32::from(change.reason == PairReason::Unknown);
        }
        unknown += watched.world.core.counts().orders_unknown;
    }
    let all = PairPhase::ALL.iter().filter(|phase| !reached.contains_key(phase));
    assert_eq!(all.count(), 0, "{reached:?}");
    assert!(unknown > 100 && late > 10, "{unknown} {late} {reached:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_events_keep_the_invariants(events in proptest::collection::vec(happens(), 1..150)) {
        let mut watched = Watched::new(&market());
        for event in &events {
            watched.happen(event);
            watched.check()?;
        }
        watched.check_books()?;
    }

    #[test]
    fn random_readings_and_positions_are_survived(
        events in proptest::collection::vec(
            prop_oneof![
                3 => happens(),
                1 => (0..4_u8, -4000_i64..4000).prop_map(|(i, q)| Happens::Position(i, q)),
                1 => (0..4_u8, 0..3_u8).prop_map(|(v, p)| Happens::Reading(v, p)),
            ],
            1..150,
        ),
    ) {
        let mut watched = Watched::new(&market());
        for event in &events {
            match event {
                Happens::Position(i, qty) => watched.world.give(Input::Position(Position {
                    venue: venue(*i),
                    instrument: InstrumentId(u16::from(*i)),
                    qty: Qty(*qty),
                    entry: Some(Price(5_000_000)),
                    venue_time: WallNs::NONE,
                })),
                Happens::Reading(v, phase) => {
                    let phase = ReconcilePhase::ALL[usize::from(*phase)];
                    watched.world.give(Input::Reconcile(Reconcile { venue: venue(*v), phase }));
                }
                other => watched.happen(other),
            }
            for output in watched.world.take() {
                if let Output::Place(place) = output {
                    watched.sent.push(place);
                }
            }
            watched.check()?;
        }
        watched.check_books()?;
    }

    #[test]
    fn when_the_faults_are_over_everything_gets_closed(
        events in proptest::collection::vec(happens(), 1..100),
    ) {
        let mut watched = Watched::new(&market());
        for event in &events {
            watched.happen(event);
        }
        watched.world.command(Action::Flatten);
        for _ in 0..200 {
            watched.answer_everything();
            watched.heal(0);
            watched.world.after(20);
        }
        watched.answer_everything();
        let core = &watched.world.core;
        prop_assert_eq!(core.pairs.alive().count(), 0, "{:#?}", core.view().pairs);
        prop_assert_eq!(core.orders.alive().count(), 0);
        for row in &core.rules.rows {
            let book = core.ledger.book(row.id).unwrap();
            prop_assert_eq!(book.qty, book.orphan + book.dust);
            prop_assert!(book.missing.is_zero());
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes(events in proptest::collection::vec(happens(), 1..100)) {
        let plan = market();
        let mut watched = Watched::new(&plan);
        for event in &events {
            watched.happen(event);
        }
        let first = replay(&plan, None, &watched.world.inputs);
        prop_assert_eq!(first.0, watched.world.core.hash());
        prop_assert_eq!(replay(&plan, None, &watched.world.inputs), first);
    }

    #[test]
    fn saving_and_restoring_changes_nothing(
        events in proptest::collection::vec(happens(), 2..100),
        at in 0.0_f64..1.0,
    ) {
        let plan = market();
        let mut watched = Watched::new(&plan);
        for event in &events {
            watched.happen(event);
        }
        let inputs = watched.world.inputs;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
        let cut = (inputs.len() as f64 * at) as usize;
        let mut core = Core::new(&plan);
        let mut out = Outputs::new();
        for record in &inputs[..cut] {
            out.clear();
            core.step(record, &mut out);
        }
        let mut records = Vec::new();
        core.save(&mut records);
        let restored = Core::restore(&plan, &records).unwrap();
        let rest = &inputs[cut..];
        prop_assert_eq!(replay(&plan, Some(restored), rest), replay(&plan, Some(core), rest));
    }

    #[test]
    fn bytes_of_any_kind_never_panic(
        records in proptest::collection::vec((any::<[u64; 8]>(), 0..34_u8, 0..5_u8, 0..5_u16), 1..200),
    ) {
        let mut world = World::ready(&market());
        for (words, kind, venue, instrument) in records {
            let mut record = Record::from_words(words);
            record.kind = kind;
            record.venue = venue;
            record.instrument = instrument;
            record.aux %= 13;
            record.stamp = world.now + Span(words[7] % 1_000_000_000);
            world.give_record(record);
        }
        for order in world.core.orders.alive() {
            prop_assert_ne!(order.life, Life::Filled);
        }
        prop_assert!(world.core.view().counts.inputs > 0);
    }
}
