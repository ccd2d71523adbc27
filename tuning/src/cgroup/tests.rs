use super::{cpuset, partition, quota};
use crate::host::fixture::Fixture;

const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const V1_MOUNTS: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
    32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
    34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

fn found(files: &Fixture) -> (Option<u64>, Option<u64>, String) {
    let found = quota(&|path| files.read(path));
    (found.millicpus, found.throttled, found.source)
}

#[test]
fn without_cgroups_nothing_is_limited() {
    assert_eq!(found(&Fixture::default()), (None, None, "no cgroup".into()));
}

#[test]
fn a_v2_pod_with_a_quota() {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "0::/\n");
    files.put("/proc/self/mountinfo", V2_MOUNT);
    files.put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    files.put("/sys/fs/cgroup/cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 3\n");
    assert_eq!(found(&files), (Some(500), Some(3), "/sys/fs/cgroup/cpu.max".into()));
}

#[test]
fn a_v2_pod_without_a_quota_says_where_it_looked() {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "0::/\n");
    files.put("/proc/self/mountinfo", V2_MOUNT);
    files.put("/sys/fs/cgroup/cpu.max", "max 100000\n");
    assert_eq!(found(&files), (None, None, "/sys/fs/cgroup/cpu.max".into()));
}

#[test]
fn the_tightest_group_on_the_way_up_counts() {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "0::/kubepods/pod1/engine\n");
    files.put("/proc/self/mountinfo", V2_MOUNT);
    files.put("/sys/fs/cgroup/kubepods/pod1/engine/cpu.max", "max 100000\n");
    files.put("/sys/fs/cgroup/kubepods/pod1/cpu.max", "150000 100000\n");
    files.put("/sys/fs/cgroup/kubepods/cpu.max", "800000 100000\n");
    assert_eq!(found(&files), (Some(1500), None, "/sys/fs/cgroup/kubepods/pod1/cpu.max".into()));
}

#[test]
fn a_v1_group_with_and_without_a_quota() {
    let mut files = Fixture::default();
    files
        .put("/proc/self/cgroup", "4:memory:/x\n2:cpu,cpuacct:/docker/abc\n1:cpuset:/docker/abc\n");
    files.put("/proc/self/mountinfo", V1_MOUNTS);
    let dir = "/sys/fs/cgroup/cpu,cpuacct/docker/abc";
    files.put(&format!("{dir}/cpu.cfs_period_us"), "100000\n");
    files.put(&format!("{dir}/cpu.cfs_quota_us"), "-1\n");
    assert_eq!(found(&files), (None, None, format!("{dir}/cpu.cfs_quota_us")));
    files.put(&format!("{dir}/cpu.cfs_quota_us"), "200000\n");
    files.put(&format!("{dir}/cpu.stat"), "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n");
    assert_eq!(found(&files), (Some(2000), Some(0), format!("{dir}/cpu.cfs_quota_us")));
}

#[test]
fn a_v1_container_sees_its_group_at_the_mount() {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "2:cpu,cpuacct:/docker/abc\n");
    let mount = "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n";
    files.put("/proc/self/mountinfo", mount);
    files.put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    files.put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_eq!(found(&files), (Some(500), None, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us".into()));
}

#[test]
fn a_hybrid_machine_has_its_cpu_controller_in_v1() {
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "1:cpu:/\n0::/\n");
    let mounts = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    files.put("/proc/self/mountinfo", mounts);
    files.put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
    files.put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_eq!(found(&files), (Some(1000), None, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us".into()));
}

#[test]
fn nonsense_in_the_files_limits_nothing() {
    for text in ["", "max", "x y", "5 0", "-1 100000", "18446744073709551615 1"] {
        let mut files = Fixture::default();
        files.put("/proc/self/cgroup", "0::/\nx\n::\n");
        files.put("/proc/self/mountinfo", V2_MOUNT);
        files.put("/sys/fs/cgroup/cpu.max", text);
        assert_eq!(found(&files).0, None, "{text:?}");
    }
}

#[test]
fn the_set_of_processors_is_read_from_whichever_hierarchy_has_it() {
    let set = |files: &Fixture| cpuset(&|path| files.read(path)).map(|cpus| cpus.to_string());
    let mut files = Fixture::default();
    assert_eq!(set(&files), None);
    files.put("/proc/self/cgroup", "1:cpuset:/docker/abc\n0::/pod/engine\n");
    files.put("/proc/self/mountinfo", &format!("{V1_MOUNTS}{V2_MOUNT}"));
    assert_eq!(set(&files), None);
    files.put("/sys/fs/cgroup/cpuset/docker/abc/cpuset.cpus", "0-3\n");
    assert_eq!(set(&files).as_deref(), Some("0-3"), "without the effective ones");
    files.put("/sys/fs/cgroup/cpuset/docker/abc/cpuset.effective_cpus", "1-2\n");
    assert_eq!(set(&files).as_deref(), Some("1-2"));
    files.put("/sys/fs/cgroup/pod/cpuset.cpus.effective", "2\n");
    assert_eq!(set(&files).as_deref(), Some("2"), "the group above has the controller");
}

#[test]
fn a_partition_counts_while_it_is_valid_and_only_the_own_one() {
    let kind = |files: &Fixture| partition(&|path| files.read(path));
    let mut files = Fixture::default();
    files.put("/proc/self/cgroup", "0::/pod/engine\n");
    files.put("/proc/self/mountinfo", V2_MOUNT);
    files.put("/sys/fs/cgroup/pod/cpuset.cpus.partition", "isolated\n");
    assert_eq!(kind(&files), None, "everybody below shares it");
    let own = "/sys/fs/cgroup/pod/engine/cpuset.cpus.partition";
    for (text, expected) in
        [("root\n", Some("root")), ("member\n", None), ("root invalid (x)", None)]
    {
        files.put(own, text);
        assert_eq!(kind(&files).as_deref(), expected);
    }
}
