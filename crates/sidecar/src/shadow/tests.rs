#![allow(clippy::unwrap_used)]
use super::Shadow;
use crate::world::{self, World};
use base::input::{Action, Command};
use base::{Input, Kind, Record};
use journal::Entry;
use std::path::{Path, PathBuf};
use strategy::{Core, Outputs};

/// What a live core leaves in its journal while it consumes the inputs of a small world.
fn journal() -> (strategy::Plan, Vec<Entry>) {
    let plan = world::two_perpetuals();
    let mut world = World::ready(&plan);
    world.apart();
    let [buy, sell] = world.both();
    world.fill_all(&buy);
    world.fill_all(&sell);
    for step in 0..400 {
        world.quote(0, 5_000_000 + step, 5_000_010 + step);
        world.quote(1, 5_040_000 - step, 5_040_010 - step);
        world.after(1);
    }
    let mut live = Core::new(&plan);
    let mut out = Outputs::new();
    let mut records: Vec<Record> = Vec::new();
    for input in &world.inputs {
        records.push(*input);
        out.clear();
        live.step(input, &mut out);
        records.extend_from_slice(out.as_slice());
    }
    let entry = |(index, record)| Entry { index, epoch: 7, record };
    (plan, (0..).zip(records).map(entry).collect())
}

fn follow(plan: &strategy::Plan, entries: &[Entry]) -> Shadow {
    let mut shadow = Shadow::new(Core::new(plan), PathBuf::new());
    entries.iter().for_each(|entry| shadow.see(entry));
    shadow
}

fn output(entries: &[Entry]) -> usize {
    entries.iter().position(|entry| entry.record.kind == Kind::Place as u8).unwrap()
}

#[test]
fn the_shadow_of_an_honest_core_never_parts_from_it() {
    let (plan, entries) = journal();
    let kinds: Vec<u8> = entries.iter().map(|entry| entry.record.kind).collect();
    assert!(kinds.contains(&(Kind::Place as u8)) && kinds.contains(&(Kind::Checkpoint as u8)));
    let shadow = follow(&plan, &entries);
    assert_eq!(shadow.first_divergence(), None);
    assert!(shadow.is_settled());
    let inputs = kinds.iter().filter(|kind| **kind < 64).count();
    assert_eq!(shadow.core().inputs(), inputs as u64);
}

#[test]
fn a_version_that_the_live_core_adopts_is_read_from_beside_the_journal() {
    let (plan, mut entries) = journal();
    let next = strategy::Plan { version: plan.version + 1, ..plan.clone() };
    let command = Command { action: Action::Adopt, version: next.version };
    let record = Input::Command(command).record(entries.last().unwrap().record.stamp);
    let index = entries.len() as u64;
    entries.push(Entry { index, epoch: 7, record });
    let dir = tempfile::tempdir().unwrap();
    let parted = |dir: &Path| {
        let mut shadow = Shadow::new(Core::new(&plan), dir.to_owned());
        entries.iter().for_each(|entry| shadow.see(entry));
        (shadow.divergences(), shadow.core().plan().version)
    };
    assert_eq!(parted(dir.path()), (1, plan.version), "the plan is not there");
    let text = serde_json::to_vec(&next).unwrap();
    journal::keep_plan(dir.path(), 7, next.version, &text).unwrap();
    assert_eq!(parted(dir.path()), (0, next.version));
}

#[test]
fn a_state_between_an_input_and_its_outputs_is_not_settled() {
    let (plan, entries) = journal();
    let first = entries.iter().position(|entry| entry.record.kind >= 64).unwrap();
    assert!(!follow(&plan, &entries[..first]).is_settled());
    assert!(follow(&plan, &entries[..first - 1]).is_settled(), "before the input");
}

#[test]
fn an_output_that_differs_is_seen_at_its_record() {
    let (plan, mut entries) = journal();
    let at = output(&entries);
    entries[at].record.words[0] ^= 1;
    let shadow = follow(&plan, &entries);
    let divergence = shadow.first_divergence().unwrap();
    assert_eq!((divergence.index, shadow.divergences()), (at as u64, 1));
    assert!(!shadow.is_settled(), "nothing is saved after that");
    assert!(divergence.to_string().contains(&format!("record {at}")), "{divergence}");
}

#[test]
fn an_output_that_is_missing_or_too_many_is_seen() {
    let (plan, entries) = journal();
    let at = output(&entries);
    let mut missing = entries.clone();
    missing.remove(at);
    assert!(follow(&plan, &missing).divergences() > 0);
    let is_output = |at: usize| entries[at].record.kind >= 64;
    let alone =
        (1..).find(|at| is_output(*at) && !is_output(at - 1) && !is_output(at + 1)).unwrap();
    let mut missing = entries.clone();
    missing.remove(alone);
    let shadow = follow(&plan, &missing);
    assert_eq!(
        (shadow.divergences(), shadow.first_divergence().unwrap().index),
        (1, alone as u64 + 1)
    );
    let mut doubled = entries.clone();
    let last = (at..).find(|at| doubled[at + 1].record.kind < 64).unwrap();
    doubled.insert(last, doubled[last]);
    assert!(follow(&plan, &doubled).divergences() > 0);
}

#[test]
fn an_input_the_live_core_did_not_see_is_seen_by_the_next_checkpoint() {
    let (plan, mut entries) = journal();
    let quote = entries.iter().position(|entry| entry.record.kind == Kind::Quote as u8).unwrap();
    entries[quote].record.words[1] += 1;
    assert!(
        follow(&plan, &entries).divergences() > 0,
        "the hash in a checkpoint holds every input"
    );
}
