use super::*;
use crate::engine::world::{self, World};

fn busy() -> World {
    let mut world = World::ready(&world::two_perpetuals());
    world.take();
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.expire(&sell, 300);
    world.after(3);
    world
}

fn saved(core: &Core) -> Vec<Record> {
    let mut records = Vec::new();
    core.save(&mut records);
    records
}

#[test]
fn a_restored_core_is_the_one_that_was_saved() {
    let world = busy();
    let records = saved(&world.core);
    let restored = Core::restore(&world::two_perpetuals(), &records).unwrap();
    assert_eq!(restored.hash(), world.core.hash());
    assert_eq!(saved(&restored), records);
    let view = |core: &Core| serde_json::to_string(&core.view()).unwrap();
    assert_eq!(view(&restored), view(&world.core));
}

#[test]
fn what_is_no_snapshot_is_refused_by_name() {
    let plan = world::two_perpetuals();
    let records = saved(&busy().core);
    let refused = |records: &[Record]| Core::restore(&plan, records).err();
    assert_eq!(refused(&[]), Some(RestoreError::NoSnapshot));
    assert_eq!(refused(&records[1..]), Some(RestoreError::NoSnapshot));
    assert_eq!(refused(&records[..records.len() - 1]), Some(RestoreError::Damaged));
    let mut changed = records.clone();
    changed[5].words[0] ^= 1;
    assert_eq!(refused(&changed), Some(RestoreError::Damaged));
    let mut swapped = records.clone();
    swapped.swap(4, 5);
    assert_eq!(refused(&swapped), Some(RestoreError::Damaged));
    let mut newer = records.clone();
    newer[0].words[1] = 99;
    assert_eq!(refused(&newer), Some(RestoreError::Layout(99)));
}

#[test]
fn a_snapshot_of_other_tables_is_refused() {
    let records = saved(&busy().core);
    let mut plan = world::two_perpetuals();
    plan.core.orders = 128;
    assert_eq!(Core::restore(&plan, &records).err(), Some(RestoreError::OtherPlan));
    let other = world::spot_and_perpetual();
    assert_eq!(Core::restore(&other, &records).err(), Some(RestoreError::OtherPlan));
}

#[test]
fn limits_may_change_between_two_starts() {
    let records = saved(&busy().core);
    let mut plan = world::two_perpetuals();
    plan.epoch += 1;
    plan.version += 1;
    plan.risk.max_open_pairs = 1;
    let core = Core::restore(&plan, &records).unwrap();
    assert_eq!(core.orders.epoch(), plan.epoch);
    assert_eq!(core.view().pairs.len(), 1);
}
