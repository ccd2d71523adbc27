use super::{Pinned, Watch};
use crate::Degraded;
use crate::host::fixture::Fixture;

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
