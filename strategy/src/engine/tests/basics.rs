use crate::engine::Core;
use crate::engine::world::*;
use crate::outputs::Outputs;
use base::output::AlarmCode;
use base::{Output, Record, Stamp, VenueId};

#[test]
fn a_record_that_cannot_be_read_is_counted_told_and_harmless() {
    let mut world = World::ready(&two_perpetuals());
    world.take();
    for kind in [0, 9, 64, 96, 255] {
        world.give_record(Record { kind, stamp: world.now, ..Record::EMPTY });
    }
    assert_eq!(codes(&world.take()), [AlarmCode::BadInput], "at most one a second");
    assert_eq!(world.core.counts().bad_inputs, 5);
    world.apart();
    assert_eq!(world.places().len(), 2);
}

#[test]
fn a_quote_from_the_wrong_venue_is_no_quote() {
    let mut world = World::ready(&two_perpetuals());
    let mut record = *world.inputs.last().unwrap();
    world.quote(0, 4_999_990, 5_000_000);
    record = Record { venue: VenueId::Bybit as u8, ..*world.inputs.last().unwrap_or(&record) };
    record.words[0] = 1;
    world.give_record(record);
    assert_eq!(world.core.counts().bad_inputs, 1);
    let touch = world.core.touch(base::InstrumentId(0)).unwrap();
    assert_eq!(touch.0.0, 4_999_990);
}

#[test]
fn checkpoints_carry_the_hash_every_so_many_inputs() {
    let mut plan = two_perpetuals();
    plan.core.checkpoint_every = 10;
    let mut world = World::new(&plan);
    for n in 0..30 {
        let before = world.core.hash();
        world.after(1);
        assert_ne!(before, world.core.hash(), "input {n}");
    }
    let inputs: Vec<u64> = world
        .take()
        .iter()
        .filter_map(|o| if let Output::Checkpoint(c) = o { Some(c.inputs) } else { None })
        .collect();
    assert_eq!(inputs, [10, 20, 30]);
}

#[test]
fn the_same_inputs_give_the_same_outputs_and_hash() {
    let mut world = super::pairs::opened();
    world.quote(1, 5_000_000, 5_000_010);
    for place in world.places() {
        world.fill_all(&place);
    }
    world.after(500);
    let mut second = Core::new(&two_perpetuals());
    let mut out = Outputs::new();
    for record in &world.inputs {
        out.clear();
        second.step(record, &mut out);
    }
    assert_eq!(second.hash(), world.core.hash());
    assert_eq!(
        world.core.hash(),
        8_401_223_059_476_871_296,
        "and the same on every machine, in every build"
    );
}

#[test]
fn an_event_touches_only_the_combinations_of_its_instrument() {
    let markets =
        [(VenueId::Okx, base::Product::Perpetual), (VenueId::Bybit, base::Product::Perpetual)];
    let core = Core::new(&plan(&markets, 400));
    assert_eq!(core.rules.combinations.len(), 400);
    for row in &core.rules.rows {
        assert_eq!(core.rules.span(row.id).len(), 1);
    }
}

#[test]
fn time_never_runs_backwards() {
    let mut world = World::ready(&two_perpetuals());
    let now = world.core.now;
    world.now = Stamp(5);
    world.quote(0, 4_999_990, 5_000_000);
    assert_eq!(world.core.now, now);
    world.quote(1, 5_040_000, 5_040_010);
    assert!(world.places().is_empty(), "an old stamp makes an old quote");
}

#[test]
fn the_view_is_json() {
    let world = super::pairs::opened();
    let json = serde_json::to_value(world.core.view()).unwrap();
    assert_eq!(json["mode"], "armed");
    assert_eq!(json["pairs"][0]["phase"], "open");
    assert_eq!(json["counts"]["pairs_opened"], 1);
    assert_eq!(json["pnl"]["fees"], "0");
    assert_eq!(json["edges"][0]["open"], true);
}
