#![allow(clippy::unwrap_used)]
use super::{Change, FixFault, KNOBS, apply, form, formers, undo};
use crate::doctor::fixture::Machine;
use crate::doctor::{Place, Profile, State};
use std::collections::BTreeSet;

fn plan(machine: &Machine) -> Vec<Change> {
    super::plan(&machine.patient(), &machine.examine(Profile::DedicatedNode))
}

fn read(machine: &Machine, path: &str) -> String {
    std::fs::read_to_string(machine.sight.path(path)).unwrap().trim().to_owned()
}

#[test]
fn a_tuned_machine_needs_no_write() {
    assert_eq!(plan(&Machine::tuned()), []);
}

#[test]
fn what_can_be_written_is_written_and_put_back() {
    let mut machine = Machine::untuned();
    machine.put("/sys/devices/system/cpu/cpu1/power/pm_qos_resume_latency_us", "0\n");
    machine.put("/proc/irq/24/smp_affinity_list", "0-7\n");
    let changes = plan(&machine);
    let checks: BTreeSet<_> = changes.iter().map(|change| change.check).collect();
    let expected = [
        "governor",
        "epp",
        "c-states",
        "thp",
        "numa-balancing",
        "sysctls",
        "net-sysctls",
        "busy-poll",
        "irq-affinity",
        "kworkers",
        "nic-queues",
    ];
    let before: Vec<_> = changes.iter().map(|change| read(&machine, &change.path)).collect();
    let hot = machine.patient().hot.to_string();
    assert_eq!(hot, "2", "the first sibling of the second core");
    let limited = "/sys/devices/system/cpu/cpu2/power/pm_qos_resume_latency_us";
    assert!(!checks.contains("c-states"), "a file that is not there cannot be put back");
    machine.put(limited, "0\n");
    let changes_now = plan(&machine);
    let checks: BTreeSet<_> = changes_now.iter().map(|change| change.check).collect();
    assert_eq!(checks, BTreeSet::from(expected));

    let place = Place::look(&machine.sight);
    let kept = machine.root().join("undo");
    let outcome = apply(&machine.sight, &place, &changes_now, &kept).unwrap();
    assert_eq!((outcome.written.len(), outcome.refused.len()), (changes_now.len(), 0));
    assert_eq!(read(&machine, "/proc/irq/24/smp_affinity_list"), "0-1,3-7");
    assert_eq!(read(&machine, "/sys/devices/virtual/workqueue/cpumask"), "fb");
    assert_eq!(read(&machine, limited), "n/a");
    let well = machine.examine(Profile::DedicatedNode);
    for name in ["governor", "epp", "kworkers", "sysctls", "busy-poll", "nic-queues", "c-states"] {
        let check = well.checks.iter().find(|check| check.name == name).unwrap();
        assert_eq!(check.state, State::Ok, "{check:?}");
    }

    let outcome = undo(&machine.sight, &place, &kept).unwrap();
    assert_eq!(outcome.refused, []);
    for (change, before) in changes.iter().zip(before) {
        let is_choice = before.contains('[');
        let expected = if is_choice { "always".to_owned() } else { before };
        assert_eq!(read(&machine, &change.path), expected, "{}", change.path);
    }
}

#[test]
fn nothing_is_written_in_a_container() {
    let machine = Machine::pod("2-4", Some(3));
    let place = Place::look(&machine.sight);
    let kept = machine.root().join("undo");
    assert!(matches!(apply(&machine.sight, &place, &[], &kept), Err(FixFault::Container(_))));
    assert!(matches!(undo(&machine.sight, &place, &kept), Err(FixFault::Container(_))));
    assert!(!kept.exists());
}

#[test]
fn the_way_back_is_kept_first_and_never_over_another() {
    let machine = Machine::untuned();
    let place = Place::look(&machine.sight);
    let kept = machine.root().join("undo");
    std::fs::write(&kept, "precious").unwrap();
    let changes = plan(&machine);
    let fault = apply(&machine.sight, &place, &changes, &kept).unwrap_err();
    assert!(fault.to_string().starts_with("nothing was changed"), "{fault}");
    assert_eq!(plan(&machine), changes);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "precious");
}

#[test]
fn a_write_the_kernel_refuses_is_told_and_the_others_are_made() {
    let machine = Machine::untuned();
    let mut changes = plan(&machine);
    let gone = "/proc/irq/99/smp_affinity_list".to_owned();
    changes.first_mut().unwrap().path = gone.clone();
    changes.first_mut().unwrap().value = "0".to_owned();
    let place = Place::look(&machine.sight);
    let outcome = apply(&machine.sight, &place, &changes, &machine.root().join("undo")).unwrap();
    assert_eq!(outcome.written.len(), changes.len() - 1);
    assert_eq!(outcome.refused.first().unwrap().0, gone);
}

#[test]
fn an_undo_file_is_no_way_to_write_anywhere_else() {
    const HEAD: &str = super::HEAD;
    #[rustfmt::skip]
    let cases = [
        ("", 1),
        ("/proc/sys/kernel/nmi_watchdog\t1\n", 1),
        ("HEAD\n/proc/sys/kernel/nmi_watchdog\t1", 1),
        ("HEAD\n/proc/sys/kernel/nmi_watchdog 1\n", 2),
        ("HEAD\n/proc/sys/kernel/core_pattern\t|/bin/sh\n", 2),
        ("HEAD\n/proc/sys/kernel/nmi_watchdog\t1\n/proc/sys/kernel/nmi_watchdog\tx\n", 3),
        ("HEAD\n/proc/irq/../sys/smp_affinity_list\t0\n", 2),
        ("HEAD\n/sys/class/net/../queues/rx-0/rps_cpus\t0\n", 2),
        ("HEAD\n/sys/devices/system/cpu/cpu/cpufreq/scaling_governor\tperformance\n", 2),
    ];
    for (text, line) in cases {
        let text = text.replace("HEAD", HEAD);
        assert_eq!(formers(&text).unwrap_err().0, line, "{text}");
    }
    let fine = format!("{HEAD}\n/proc/irq/24/smp_affinity_list\t0-1\n");
    assert_eq!(formers(&fine).unwrap(), [("/proc/irq/24/smp_affinity_list", "0-1")]);
}

#[test]
fn only_the_table_may_be_written() {
    for (pattern, knob) in KNOBS {
        let path = pattern.replace('*', "12").replace('?', "eth0");
        assert_eq!(form(&path), Some(*knob));
        assert_eq!(form(&format!("{path}/x")), None);
        assert!(!knob.takes("") && !knob.takes("a\nb") && !knob.takes("$(x)"), "{pattern}");
    }
}

/// The script for nodes without this program, over the same machine.
fn script(machine: &Machine, mode: &str) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/host/irq/irq-affinity.sh");
    let mut command = std::process::Command::new("sh");
    command.args([script, mode]).env("ROOT", machine.root()).env("HOT", "2");
    let done = command.env("STATE", machine.root().join("kept")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_script_of_the_node_moves_the_same_interrupts_and_puts_them_back() {
    let mut machine = Machine::untuned();
    machine.put("/proc/irq/24/smp_affinity_list", "0-7\n");
    machine.put("/proc/irq/default_smp_affinity", "ff\n");
    let files = [
        "/proc/irq/24/smp_affinity_list",
        "/proc/irq/default_smp_affinity",
        "/sys/devices/virtual/workqueue/cpumask",
    ];
    let now = |machine: &Machine| files.map(|path| read(machine, path));
    let changes = plan(&machine);
    let wanted = files.map(|path| {
        let change = changes.iter().find(|change| change.path == path).unwrap();
        change.value.clone()
    });
    let (before, told) = (now(&machine), script(&machine, "print"));
    assert_eq!((told.lines().count(), now(&machine)), (3, before.clone()), "{told}");
    script(&machine, "apply");
    let list = crate::CpuList::parse(&read(&machine, files[0])).unwrap();
    assert_eq!(list.to_string(), wanted[0]);
    assert_eq!(now(&machine)[1..], wanted[1..]);
    script(&machine, "undo");
    assert_eq!(now(&machine), before);
}
