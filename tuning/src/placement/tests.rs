#![allow(clippy::unwrap_used)]
use super::{Degraded, Layout, Placement, Role, RoleKind, place};
use crate::host::{Exclusive, Host, Why};
use crate::{Cpu, CpuList, Quota};
use proptest::prelude::*;

const ROLES: [Role; 7] = [
    Role { name: "feed-binance", kind: RoleKind::Feed },
    Role { name: "feed-okx", kind: RoleKind::Feed },
    Role { name: "feed-bybit", kind: RoleKind::Feed },
    Role { name: "strategy", kind: RoleKind::Strategy },
    Role { name: "gw-binance", kind: RoleKind::Gateway },
    Role { name: "gw-okx", kind: RoleKind::Gateway },
    Role { name: "gw-bybit", kind: RoleKind::Gateway },
];

/// A host of cores without siblings on one node.
fn host(cpus: u32, exclusive: Exclusive) -> Host {
    let cpu = |id| Cpu { id, node: 0, package: 0, core: id, sibling: 0 };
    Host {
        allowed: (0..cpus).map(cpu).collect(),
        isolated: CpuList::default(),
        online: CpuList::new(0..cpus),
        quota: Quota::default(),
        exclusive,
    }
}

/// Two threads a core, `cores` of them on each of `nodes` nodes; sorted as the reader sorts.
fn smt(nodes: u32, cores: u32) -> Host {
    let mut host = host(0, Exclusive::Granted);
    for node in 0..nodes {
        for sibling in 0..2 {
            for core in 0..cores {
                let id = sibling * nodes * cores + node * cores + core;
                host.allowed.push(Cpu { id, node, package: node, core, sibling });
            }
        }
    }
    host
}

fn codes(placement: &Placement) -> Vec<&'static str> {
    placement.degraded.iter().map(Degraded::code).collect()
}

#[test]
fn auto_is_as_wide_as_the_own_processors_allow() {
    let cases = [
        (1, Layout::Fused),
        (2, Layout::Fused),
        (3, Layout::Paired),
        (7, Layout::Paired),
        (8, Layout::Split),
        (64, Layout::Split),
    ];
    for (cpus, layout) in cases {
        let placement =
            place(Layout::Auto, &ROLES, &host(cpus, Exclusive::Granted), false).unwrap();
        assert_eq!(placement.layout, layout, "{cpus} cpus");
        let shared = host(cpus, Exclusive::No(Why::Everything));
        let shared = place(Layout::Auto, &ROLES, &shared, false).unwrap();
        assert_eq!(
            shared.layout,
            Layout::Fused,
            "shared processors are not spun on by many threads"
        );
    }
}

#[test]
fn one_processor_is_shared_and_said() {
    let placement =
        place(Layout::Auto, &ROLES, &host(1, Exclusive::No(Why::Everything)), false).unwrap();
    let thread = &placement.threads[0];
    assert_eq!((thread.cpu, thread.shares_cpu, thread.stages.len()), (0, true, 7));
    assert_eq!(placement.cold, [0]);
    assert_eq!(codes(&placement), ["cold-shares", "not-exclusive"]);
}

#[test]
fn two_processors_are_one_hot_and_one_cold() {
    let placement = place(Layout::Auto, &ROLES, &host(2, Exclusive::Granted), true).unwrap();
    let thread = &placement.threads[0];
    assert_eq!((thread.cpu, thread.shares_cpu, thread.name), (1, false, "hot"));
    assert_eq!((placement.cold.as_slice(), codes(&placement).len()), (&[0][..], 0));
}

#[test]
fn paired_is_feeds_and_trade() {
    let placement = place(Layout::Paired, &ROLES, &host(3, Exclusive::Granted), false).unwrap();
    let threads: Vec<_> =
        placement.threads.iter().map(|t| (t.name, t.cpu, t.stages.len())).collect();
    assert_eq!(threads, [("feeds", 1, 3), ("trade", 2, 4)]);
}

#[test]
fn split_on_two_processors_shares_one_and_gives_way() {
    let placement = place(Layout::Split, &ROLES, &host(2, Exclusive::Granted), false).unwrap();
    assert_eq!(placement.threads.len(), 7);
    assert!(placement.threads.iter().all(|thread| thread.cpu == 1 && thread.shares_cpu));
    assert_eq!(placement.degraded, [Degraded::FewCpus { threads: 7, cpus: 1 }]);
}

#[test]
fn hot_threads_take_cores_of_their_own_on_one_node() {
    let placement = place(Layout::Split, &ROLES, &smt(2, 8), false).unwrap();
    let cpus: Vec<u32> = placement.threads.iter().map(|thread| thread.cpu).collect();
    assert_eq!(placement.degraded, []);
    let host = smt(2, 8);
    let places: Vec<Cpu> =
        cpus.iter().map(|id| *host.allowed.iter().find(|cpu| cpu.id == *id).unwrap()).collect();
    assert!(places.iter().all(|cpu| cpu.node == places[0].node && cpu.sibling == 0), "{places:?}");
    let cold: Vec<Cpu> =
        host.allowed.iter().filter(|cpu| placement.cold.contains(&cpu.id)).copied().collect();
    assert!(!cold.iter().any(|cpu| places.iter().any(|hot| hot.shares_core_with(cpu))));
}

#[test]
fn siblings_that_must_share_a_core_are_named() {
    let placement = place(Layout::Paired, &ROLES, &smt(1, 2), false).unwrap();
    assert_eq!(placement.degraded, [Degraded::SmtShared { cpu: 2, sibling: 0 }]);
    let placement = place(Layout::Fused, &ROLES, &smt(1, 1), false).unwrap();
    assert_eq!(codes(&placement), ["smt-shared"]);
}

#[test]
fn a_quota_is_said_with_its_file() {
    let mut host = host(2, Exclusive::No(Why::Quota));
    host.quota = Quota { millicpus: Some(1500), throttled: Some(0), source: "/x/cpu.max".into() };
    let placement = place(Layout::Auto, &ROLES, &host, false).unwrap();
    assert_eq!(codes(&placement), ["quota", "not-exclusive"]);
    let text = placement.degraded[0].to_string();
    assert!(text.contains("/x/cpu.max") && text.contains("1.500"), "{text}");
}

#[test]
fn require_exclusive_refuses_with_all_the_reasons_and_what_to_do() {
    let error =
        place(Layout::Split, &ROLES, &host(2, Exclusive::No(Why::Unproven)), true).unwrap_err();
    let text = error.to_string();
    for part in ["7 hot threads share 1", "processors are shared", "require_exclusive: false"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(place(Layout::Auto, &ROLES, &host(1, Exclusive::Granted), true).is_err());
    assert!(place(Layout::Auto, &ROLES, &host(2, Exclusive::Isolated), true).is_ok());
}

#[test]
fn no_stage_is_no_thread() {
    let placement = place(Layout::Split, &[], &host(4, Exclusive::Granted), true).unwrap();
    assert!(placement.threads.is_empty());
    let only_gateways = &ROLES[4..];
    let placement =
        place(Layout::Paired, only_gateways, &host(4, Exclusive::Granted), true).unwrap();
    assert_eq!(placement.threads.len(), 1);
}

#[test]
fn layouts_have_names() {
    for layout in Layout::ALL {
        assert_eq!(Layout::from_name(layout.name()), Some(layout));
    }
    assert_eq!(Layout::from_name("wide"), None);
}

proptest! {
    #[test]
    fn every_stage_runs_once_on_an_allowed_processor(
        nodes in 1_u32..3, cores in 1_u32..6, keep in proptest::collection::vec(any::<bool>(), 24),
        layout in proptest::sample::select(Layout::ALL.to_vec()),
    ) {
        let mut host = smt(nodes, cores);
        let mut keep = keep.into_iter().cycle();
        host.allowed.retain(|_| keep.next().unwrap_or(true));
        prop_assume!(!host.allowed.is_empty());
        let placement = place(layout, &ROLES, &host, false).unwrap();
        let mut stages: Vec<_> = placement.threads.iter().flat_map(|t| t.stages.clone()).collect();
        stages.sort_unstable();
        let mut expected: Vec<_> = ROLES.iter().map(|role| role.name).collect();
        expected.sort_unstable();
        prop_assert_eq!(stages, expected);
        let allowed = |id: &u32| host.allowed.iter().any(|cpu| cpu.id == *id);
        prop_assert!(placement.threads.iter().all(|thread| allowed(&thread.cpu)));
        prop_assert!(!placement.cold.is_empty() && placement.cold.iter().all(allowed));
        let hot: Vec<u32> = placement.threads.iter().map(|thread| thread.cpu).collect();
        let crowded = hot.iter().any(|cpu| placement.cold.contains(cpu))
            || (1..hot.len()).any(|at| hot[..at].contains(&hot[at]));
        prop_assert_eq!(crowded, placement.threads.iter().any(|thread| thread.shares_cpu));
        prop_assert!(!crowded || !placement.degraded.is_empty());
    }
}
