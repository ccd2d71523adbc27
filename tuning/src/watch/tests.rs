use super::{Pinned, Watch};
use crate::Degraded;
use crate::host::fixture::Fixture;
use crate::{CpuList, Host};

const THREAD: Pinned<'static> = Pinned { name: "hot", thread: 77, cpu: 3 };

fn pod() -> Fixture {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "0::/\n");
    files.put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    files.put("/sys/fs/cgroup/cpuset.cpus.effective", "2-3\n");
    files.put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    files.put("/sys/fs/cgroup/cpu.stat", "nr_throttled 5\n");
    files.put("/proc/self/task/77/status", "Name:\thot\nCpus_allowed_list:\t3\n");
    files
}

fn look(watch: &mut Watch, files: &Fixture) -> Vec<&'static str> {
    let found = watch.look(&[THREAD], &|path| files.read(path));
    assert!(found.iter().all(|what| !what.to_string().is_empty()));
    found.iter().map(Degraded::code).collect()
}

#[test]
fn nothing_is_told_while_nothing_changes() {
    let files = pod();
    let mut watch = Watch::begin(&|path| files.read(path));
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new());
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new());
}

#[test]
fn a_set_that_was_widened_or_shrunk_is_told_until_it_is_as_it_was() {
    let mut files = pod();
    let mut watch = Watch::begin(&|path| files.read(path));
    for (cpus, told) in [("2-7", true), ("2-3", false), ("2", true), ("2-3", false)] {
        files.put("/sys/fs/cgroup/cpuset.cpus.effective", cpus);
        assert_eq!(look(&mut watch, &files) == ["cpus-changed"], told, "{cpus}");
    }
}

#[test]
fn throttling_is_told_when_it_happens_and_a_quota_while_it_runs() {
    let mut files = pod();
    let mut watch = Watch::begin(&|path| files.read(path));
    files.put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    files.put("/sys/fs/cgroup/cpu.stat", "nr_throttled 9\n");
    assert_eq!(look(&mut watch, &files), ["quota", "throttled"]);
    assert_eq!(look(&mut watch, &files), ["quota"]);
}

#[test]
fn a_thread_that_may_run_elsewhere_is_told() {
    let mut files = pod();
    let mut watch = Watch::begin(&|path| files.read(path));
    files.put("/proc/self/task/77/status", "Cpus_allowed_list:\t2-3\n");
    assert_eq!(look(&mut watch, &files), ["moved"]);
}

#[test]
fn where_nothing_is_shown_nothing_is_claimed() {
    let files = Fixture::default();
    let mut watch = Watch::begin(&|path| files.read(path));
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new());
    // What shows itself only later has no former state to differ from.
    assert_eq!(look(&mut watch, &pod()), Vec::<&str>::new());
}

/// Looks over a machine whose processors 2-3 were the process's own, after each of its files changed.
fn after(granted: Option<u32>, mut files: Fixture, file: &str, text: &str) -> Vec<&'static str> {
    let host = Host::judge(&CpuList::new([2, 3]), granted, &|path| files.read(path));
    assert!(host.exclusive.is_exclusive(), "{}", host.exclusive);
    let mut watch = Watch::over(&host, granted, &|path| files.read(path));
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new());
    let before = files.read(file);
    files.put(file, text);
    let found = look(&mut watch, &files);
    files.put(file, &before.expect("a file that was there"));
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new(), "as it was");
    found
}

#[test]
fn processors_that_are_no_longer_ones_own_are_told_by_what_made_them_so() {
    let partition = "/sys/fs/cgroup/cpuset.cpus.partition";
    let mut isolated = pod();
    isolated.put(partition, "isolated\n");
    let invalid = "isolated invalid (Cpu list in cpuset.cpus not exclusive)\n";
    assert_eq!(after(None, isolated, partition, invalid), ["not-exclusive"]);

    let mut boot = pod();
    boot.put("/sys/devices/system/cpu/isolated", "2-3\n");
    assert_eq!(after(None, boot, "/sys/devices/system/cpu/isolated", "\n"), ["not-exclusive"]);

    let granted = Some(2);
    assert_eq!(after(granted, pod(), "/sys/fs/cgroup/cpu.max", "200000 100000\n"), ["quota"]);
    let cpus = "/sys/fs/cgroup/cpuset.cpus.effective";
    assert_eq!(after(granted, pod(), cpus, "0-7\n"), ["cpus-changed"]);
}

#[test]
fn processors_that_never_were_ones_own_cannot_be_lost() {
    let files = pod();
    let host = Host::judge(&CpuList::new([2, 3]), None, &|path| files.read(path));
    let mut watch = Watch::over(&host, None, &|path| files.read(path));
    assert_eq!(look(&mut watch, &files), Vec::<&str>::new());
}

#[test]
fn slower_is_not_shared() {
    let moved = Degraded::Moved { thread: "hot".into(), cpu: 3, allowed: CpuList::new([2, 3]) };
    assert!(moved.ends_exclusivity() && Degraded::Throttled { times: 1 }.ends_exclusivity());
    assert!(!Degraded::SmtShared { cpu: 2, sibling: 3 }.ends_exclusivity());
    let noisy = Degraded::Noisy { thread: "hot".into(), long_gaps: 9, stolen_ppm: 9 };
    assert!(!noisy.ends_exclusivity());
}
