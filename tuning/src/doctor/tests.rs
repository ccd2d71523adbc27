#![allow(clippy::unwrap_used)]
use super::fixture::{Machine, ROLES};
use super::{Profile, State, Table, Unseen, examine, names};
use crate::CpuList;
use crate::doctor::{CgroupKind, Patient, Place};
use crate::placement::Layout;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn states(machine: &Machine, state: State) -> Vec<&'static str> {
    let report = machine.examine(Profile::DedicatedNode);
    report.checks.iter().filter(|check| check.state == state).map(|check| check.name).collect()
}

#[test]
fn a_tuned_machine_is_well() {
    let machine = Machine::tuned();
    let report = machine.examine(Profile::DedicatedNode);
    let ill: Vec<_> = report.checks.iter().filter(|check| check.state != State::Ok).collect();
    assert!(ill.is_empty(), "{ill:#?}");
    assert_eq!((report.verdict(), report.left_out.len()), (State::Ok, 0));
    assert_eq!(machine.check("isolated").1, "cpu 2-7");
}

#[test]
fn an_untuned_machine_is_ill_and_each_ill_has_its_mend() {
    let machine = Machine::untuned();
    let report = machine.examine(Profile::DedicatedNode);
    let well: BTreeSet<_> =
        report.checks.iter().filter(|c| c.state == State::Ok).map(|c| c.name).collect();
    let untouched = [
        "allowed-cpus",
        "topology",
        "cpu-quota",
        "throttled",
        "steal",
        "hugepages",
        "state-disk",
        "fsync",
    ];
    assert_eq!(well, BTreeSet::from(untouched), "{report:#?}");
    for check in report.checks.iter().filter(|check| check.state != State::Ok) {
        assert!(matches!(check.state, State::Wrong | State::Degraded), "{check:?}");
        assert!(
            !check.mend.is_empty() && !check.seen.is_empty() && !check.why.is_empty(),
            "{check:?}"
        );
    }
    assert_eq!(report.verdict(), State::Wrong);
    assert_eq!(machine.check("smt").1, "one core: cpu 2 with 3");
}

#[test]
fn every_check_has_one_name_and_a_reason() {
    let all: Vec<_> = names().collect();
    let once: BTreeSet<_> = all.iter().collect();
    assert_eq!((all.len(), once.len()), (35, 35));
    let report = Machine::tuned().examine(Profile::DedicatedNode);
    assert!(report.checks.iter().all(|check| check.why.len() > 20));
}

#[test]
fn a_guaranteed_pod_is_well_and_says_what_it_cannot_see() {
    let machine = Machine::pod("2-4", Some(3));
    assert_eq!(states(&machine, State::Wrong), Vec::<&str>::new());
    assert_eq!(states(&machine, State::Degraded), Vec::<&str>::new());
    let blind = ["interrupts", "irqbalance", "busy-poll", "nic-queues", "nic-coalescing"];
    assert_eq!(states(&machine, State::CannotKnow), blind);
    for (name, cause) in [
        ("interrupts", "masked: /proc/interrupts is empty here"),
        ("irqbalance", "namespaced: "),
        ("busy-poll", "namespaced: "),
        ("nic-queues", "namespaced: "),
    ] {
        assert!(machine.check(name).1.starts_with(cause), "{:?}", machine.check(name));
    }
    assert_eq!(machine.check("exclusive").1, "granted whole by the cluster");
    let verdict = machine.examine(Profile::DedicatedNode).verdict();
    assert_eq!(verdict, State::CannotKnow, "irqbalance is asked for and cannot be seen");
}

#[test]
fn a_pod_of_the_shared_pool_is_wrong() {
    // A sidecar without limits: the pod is burstable, and the pool's processors are everybody's.
    let shared = Machine::pod("0-7", Some(2));
    assert_eq!(shared.check("exclusive").0, State::Wrong);
    let unsaid = Machine::pod("0-1", None);
    assert_eq!(unsaid.check("exclusive").1, "other processes may use the same processors");
}

#[test]
fn a_quota_takes_the_processors_away_again() {
    let mut machine = Machine::pod("2-3", Some(2));
    machine.v2("/", "200000 100000");
    machine.put("/sys/fs/cgroup/cpu.stat", "nr_periods 900\nnr_throttled 17\n");
    assert_eq!(machine.check("exclusive"), (State::Wrong, "a CFS quota runs".into()));
    assert_eq!(machine.check("cpu-quota").0, State::Wrong);
    assert_eq!(machine.check("throttled").1, "17 times since the group was made");
}

#[test]
fn each_kind_of_control_group_is_read() {
    let v1 = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
        32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    let mut machine = Machine::tuned();
    machine.remove("/sys/fs/cgroup");
    machine.put("/proc/self/cgroup", "2:cpu:/x\n0::/\n");
    machine.put("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "150000\n");
    machine.put("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
    let v2 = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    for (mounts, kind) in
        [(v1.to_owned(), CgroupKind::V1), (format!("{v1}{v2}"), CgroupKind::Hybrid)]
    {
        machine.put("/proc/self/mountinfo", &mounts);
        assert_eq!(Place::look(&machine.sight).cgroup, kind);
        let seen = machine.check("cpu-quota");
        assert_eq!(seen.0, State::Wrong, "{seen:?}");
        assert!(seen.1.starts_with("1.500 processors: /sys/fs/cgroup/cpu/x"), "{seen:?}");
    }
    machine.put("/proc/self/mountinfo", "20 1 0:1 / / rw - ext4 /dev/sda rw\n");
    assert_eq!(Place::look(&machine.sight).cgroup, CgroupKind::None);
    for name in ["cpu-quota", "throttled"] {
        let (state, seen) = machine.check(name);
        assert_eq!(state, State::CannotKnow, "no quota seen is no proof of none: {seen}");
        assert!(seen.starts_with("absent: "), "{seen}");
    }
    let mut pod = Machine::pod("2-3", None);
    pod.remove("/sys/fs/cgroup");
    assert!(pod.check("cpu-quota").1.starts_with("masked: "));
}

#[test]
fn a_grant_without_a_control_group_proves_nothing() {
    let mut machine = Machine::pod("2-3", Some(2));
    machine.remove("/sys/fs/cgroup");
    assert_eq!(machine.check("exclusive").0, State::Wrong);
}

#[test]
fn a_partition_of_version_two_is_exclusive_while_it_is_valid() {
    let mut machine = Machine::tuned();
    machine.put("/sys/devices/system/cpu/isolated", "\n");
    let path = "/sys/fs/cgroup/system.slice/funding-arb.service/cpuset.cpus.partition";
    #[rustfmt::skip]
    let cases = [
        ("isolated\n",                         State::Ok),
        ("root\n",                             State::Ok),
        ("member\n",                           State::Wrong),
        ("isolated invalid (Cpu list empty)\n", State::Wrong),
    ];
    for (text, state) in cases {
        machine.put(path, text);
        assert_eq!(
            (machine.check("exclusive").0, machine.check("isolated").0),
            (state, state),
            "{text}"
        );
    }
}

#[test]
fn a_virtual_machine_claims_nothing_its_hypervisor_decides() {
    let machine = Machine::virtual_machine();
    assert_eq!(
        states(&machine, State::CannotKnow),
        ["smt", "steal", "governor", "epp", "c-states"]
    );
    for name in ["smt", "steal", "governor", "c-states"] {
        assert!(
            machine.check(name).1.starts_with("virtual machine: "),
            "{:?}",
            machine.check(name)
        );
    }
    assert_eq!(machine.check("clocksource").0, State::Degraded);
}

#[test]
fn stolen_time_is_told_by_its_share() {
    let mut machine = Machine::virtual_machine();
    #[rustfmt::skip]
    let cases = [
        ("cpu3 1 0 0 99999990 0 0 0 9 0 0\n",  State::Ok,       "0.0000 % of the time since boot"),
        ("cpu3 1000 0 0 8995 0 0 0 5 0 0\n",   State::Degraded, "0.0500 % of the time since boot"),
        ("cpu3 1000 0 0 8000 0 0 0 1000 0 0\n", State::Wrong,   "10.0000 % of the time since boot"),
        ("cpu30 1 1 1 1 1 1 1 1 1 1\n",        State::CannotKnow, "masked: /proc/stat has no times of cpu 3"),
        ("cpu3 1\n",                           State::CannotKnow, "masked: /proc/stat has no times of cpu 3"),
        ("",                                   State::CannotKnow, "masked: /proc/stat is empty here: it is covered"),
    ];
    machine.facts.allowed = CpuList::new([2, 3]);
    for (stat, state, seen) in cases {
        machine.put("/proc/stat", stat);
        assert_eq!(machine.check("steal"), (state, seen.to_owned()));
    }
}

#[test]
fn nothing_at_all_to_be_seen_is_said_and_claimed_to_be_nothing() {
    let mut machine = Machine::bare("0-1");
    machine.forbid();
    for profile in Profile::ALL {
        let report = machine.examine(profile);
        let claimed: Vec<_> =
            report.checks.iter().filter(|c| c.state == State::Ok).map(|c| c.name).collect();
        // What sched_getaffinity says is seen without any file.
        assert_eq!(claimed, ["allowed-cpus"], "{profile}");
    }
    assert!(machine.check("isolated").1.contains("there is no /sys here"));
    assert_eq!(machine.check("allowed-cpus").1, "cpu 0-1, 2; hot threads: 1");
    assert!(
        Place::look(&machine.sight).container.is_some(),
        "what cannot be told is not written to"
    );
    assert!(machine.check("swap").1.contains("there is no /proc here"));
}

#[test]
fn too_few_processors_are_told_with_how_many_it_takes() {
    let mut machine = Machine::tuned();
    machine.facts.allowed = CpuList::new([4]);
    assert_eq!(machine.check("allowed-cpus").0, State::Wrong);
    machine.facts.allowed = CpuList::new([4, 5]);
    let patient = Patient::new(&machine.sight, &machine.facts, Layout::Split, &ROLES, None);
    let report = examine(&patient, Profile::DedicatedNode);
    let check = report.checks.iter().find(|check| check.name == "allowed-cpus").unwrap();
    assert_eq!(
        (check.state, check.mend.as_str()),
        (State::Degraded, "allow this process 4 processors")
    );
}

#[test]
fn hot_processors_over_two_sockets_are_told() {
    let mut machine = Machine::tuned();
    machine.put("/sys/devices/system/node/online", "0-1\n");
    machine.put("/sys/devices/system/node/node0/cpulist", "0-2\n");
    machine.put("/sys/devices/system/node/node1/cpulist", "3-7\n");
    let hot = CpuList::new([2, 3]);
    let patient = Patient::new(&machine.sight, &machine.facts, Layout::Auto, &ROLES, Some(hot));
    let report = examine(&patient, Profile::DedicatedNode);
    let check = report.checks.iter().find(|check| check.name == "topology").unwrap();
    assert_eq!(check.state, State::Degraded, "{check:?}");
}

#[test]
fn a_whole_node_is_judged_by_what_its_pods_will_find() {
    // A pod of a tenth of a processor that sees its node: what it has itself does not matter.
    let mut machine = Machine::tuned();
    machine.facts.allowed = CpuList::new([0]);
    machine.facts.disk = Err(Unseen::Denied);
    machine.v2("/kubepods/doctor", "10000 100000");
    let hot =
        |machine: &Machine, hot| Patient::node(&machine.sight, &machine.facts, hot).hot.to_string();
    let report =
        examine(&Patient::node(&machine.sight, &machine.facts, None), Profile::DedicatedNode);
    assert_eq!((report.verdict(), report.left_out.len()), (State::Ok, 10), "{report:#?}");
    assert_eq!(hot(&machine, None), "2-7");
    assert_eq!(hot(&machine, CpuList::parse("3")), "3");
    machine.put("/sys/devices/system/cpu/nohz_full", "(null)\n");
    assert_eq!(hot(&machine, None), "2-7", "isolated");
    machine.put("/sys/devices/system/cpu/isolated", "\n");
    assert_eq!(hot(&machine, None), "1-7");
    let report =
        examine(&Patient::node(&machine.sight, &machine.facts, None), Profile::DedicatedNode);
    let of = |name: &str| report.checks.iter().find(|check| check.name == name).unwrap().state;
    assert_eq!((of("nohz-full"), of("isolated")), (State::Wrong, State::Degraded));
}

#[test]
fn the_disk_is_judged_by_kind_room_and_speed() {
    let mut machine = Machine::tuned();
    let mut disk = machine.facts.disk.clone().unwrap();
    #[rustfmt::skip]
    let cases = [
        ("tmpfs",   9 << 30, 90_000,     State::Wrong,    State::Ok),
        ("overlay", 9 << 30, 90_000,     State::Degraded, State::Ok),
        ("xfs",     1 << 30, 5_000_000,  State::Degraded, State::Degraded),
        ("xfs",     1 << 20, 90_000_000, State::Wrong,    State::Wrong),
    ];
    for (kind, free, ns, state, sync) in cases {
        disk = super::Disk { kind: kind.into(), free, syncs_ns: Ok(vec![ns; 3]), ..disk };
        machine.facts.disk = Ok(disk.clone());
        assert_eq!(
            (machine.check("state-disk").0, machine.check("fsync").0),
            (state, sync),
            "{kind}"
        );
    }
    let later = super::Disk { syncs_ns: Err(Unseen::Absent), free: 9 << 30, ..disk.clone() };
    machine.facts.disk = Ok(later);
    assert_eq!(
        (machine.check("state-disk").0, machine.check("fsync").0),
        (State::Ok, State::CannotKnow)
    );
    let refused = super::Disk { syncs_ns: Err(Unseen::Denied), ..disk };
    machine.facts.disk = Ok(refused);
    assert_eq!(
        (machine.check("state-disk").0, machine.check("fsync").0),
        (State::Wrong, State::CannotKnow)
    );
}

#[test]
fn a_page_on_a_disk_is_told_and_one_in_memory_is_well() {
    let mut machine = Machine::tuned();
    for (kind, state) in
        [("tmpfs", State::Ok), ("ext4", State::Degraded), ("unknown", State::CannotKnow)]
    {
        machine.facts.pages = Ok(("/run/funding-arb".into(), kind.into()));
        let (found, seen) = machine.check("page-memory");
        assert_eq!((found, seen.ends_with(kind)), (state, true), "{seen}");
    }
    machine.facts.pages = Err(Unseen::Denied);
    assert_eq!(machine.check("page-memory").0, State::CannotKnow);
}

#[test]
fn a_profile_leaves_out_what_does_not_matter_and_softens_what_matters_less() {
    let machine = Machine::untuned();
    let ci = machine.examine(Profile::Ci);
    assert!(ci.checks.len() < 12 && ci.left_out.contains(&"nohz-full"), "{ci:?}");
    let cloud = machine.examine(Profile::CloudVm);
    let of = |name: &str| cloud.checks.iter().find(|check| check.name == name).unwrap().state;
    assert_eq!((of("nohz-full"), of("thp")), (State::Degraded, State::Wrong));
    for (battery, ci, profile) in [
        (true, false, Profile::Laptop),
        (true, true, Profile::Ci),
        (false, false, Profile::DedicatedNode),
    ] {
        let place = Place { battery, ..Place::look(&Machine::tuned().sight) };
        assert_eq!(Profile::guess(&place, ci), profile);
    }
    let vm = Place::look(&Machine::virtual_machine().sight);
    assert_eq!(Profile::guess(&vm, false), Profile::CloudVm);
}

#[test]
fn the_table_is_aligned_narrow_and_colours_only_when_asked() {
    let machine = Machine::untuned();
    let report = machine.examine(Profile::DedicatedNode);
    let plain = Table::new(&report, 90).to_string();
    assert!(!plain.contains('\x1b'));
    let widest = plain.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "paths are not broken: {plain}");
    assert!(!plain.contains("matters"));
    assert!(plain.contains("\n  wrong       isolated        none\n"), "{plain}");
    let coloured = Table::new(&report, 90).with_colour(true).with_reasons(true).to_string();
    assert!(coloured.contains("\x1b[31mwrong      \x1b[0m isolated"), "{coloured}");
    assert_eq!(coloured.matches(" matters: ").count(), report.checks.len());
}

#[test]
fn this_machine_can_be_examined() {
    let sight = super::Sight::host();
    let allowed = crate::Host::read(None).unwrap().allowed;
    let allowed = CpuList::new(allowed.iter().map(|cpu| cpu.id));
    let state = tempfile::tempdir().unwrap();
    let later = state.path().join("not/yet/there");
    let before =
        super::Facts::gather(&sight, allowed.clone(), None, Some(&later), None).disk.unwrap();
    assert_eq!(before.path, state.path().canonicalize().unwrap());
    assert_eq!(before.syncs_ns, Err(Unseen::Absent), "nothing is written above it");
    let facts = super::Facts::gather(&sight, allowed, None, Some(state.path()), Some(state.path()));
    let patient = Patient::new(&sight, &facts, Layout::Auto, &ROLES, None);
    let report = examine(&patient, Profile::DedicatedNode);
    assert_eq!(report.checks.len(), names().count());
    assert!(!facts.disk.unwrap().syncs_ns.unwrap().is_empty());
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0, "nothing is left behind");
}

fn nonsense() -> impl Strategy<Value = String> {
    const WORDS: [&str; 11] =
        ["", "-1", "(null)", "0-", "99999999999999999999", "[", "]", ",", "max", "\0", "0-65535,1"];
    prop_oneof![
        proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        "[ -~\n]{0,60}",
        proptest::collection::vec(any::<u8>(), 0..40)
            .prop_map(|b| String::from_utf8_lossy(&b).into_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn whatever_the_files_hold_it_answers(texts in proptest::collection::vec(nonsense(), 60)) {
        let mut machine = Machine::untuned();
        let files = files(machine.root(), machine.root());
        for (path, text) in files.iter().zip(texts.iter().cycle()) {
            machine.put(path, text);
        }
        let report = machine.examine(Profile::DedicatedNode);
        prop_assert_eq!(report.checks.len(), names().count());
        Table::new(&report, 80).to_string();
    }
}

/// Every file below a folder, as a path of the machine.
fn files(dir: &std::path::Path, root: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    let (dirs, files): (Vec<_>, Vec<_>) =
        entries.filter(|path| !path.is_symlink()).partition(|path| path.is_dir());
    let here = files.iter().map(|path| format!("/{}", path.strip_prefix(root).unwrap().display()));
    here.chain(dirs.iter().flat_map(|dir| self::files(dir, root))).collect()
}
