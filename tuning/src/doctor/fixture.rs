//! Machines written into a folder: each as the files it shows to a process.

use super::{ClockFacts, Coalescing, Disk, Facts, Patient, Profile, Report, Sight, State, examine};
use crate::placement::{Layout, Role, RoleKind};
use crate::{CpuList, doctor::Unseen};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const ROLES: [Role; 3] = [
    Role { name: "feed", kind: RoleKind::Feed },
    Role { name: "strategy", kind: RoleKind::Strategy },
    Role { name: "gw", kind: RoleKind::Gateway },
];

/// A machine, and what its kernel answers.
pub(crate) struct Machine {
    dir: TempDir,
    pub(crate) sight: Sight,
    pub(crate) facts: Facts,
}

impl Machine {
    /// One that shows nothing at all.
    pub(crate) fn bare(allowed: &str) -> Self {
        // In memory, where there is such a place: a machine is some hundred small files.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let sight = Sight::below(dir.path());
        let facts = Facts {
            allowed: CpuList::parse(allowed).unwrap(),
            granted: None,
            clock: Ok(ClockFacts { synced: true, max_error_us: 900, estimated_error_us: 12 }),
            cards: vec![Coalescing { interface: "eth0".into(), told: Ok((0, false)) }],
            disk: Ok(Disk {
                path: PathBuf::from("/var/lib/funding-arb"),
                kind: "ext4".into(),
                free: 100 << 30,
                syncs_ns: Ok(vec![90_000; 16]),
            }),
            pages: Ok((PathBuf::from("/dev/shm"), "tmpfs".into())),
        };
        Self { dir, sight, facts }
    }

    pub(crate) fn put(&mut self, path: &str, text: &str) -> &mut Self {
        let to = self.sight.path(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, text).unwrap();
        self
    }

    pub(crate) fn remove(&mut self, path: &str) -> &mut Self {
        let at = self.sight.path(path);
        if at.is_dir() {
            fs::remove_dir_all(at).unwrap();
        } else {
            fs::remove_file(at).unwrap();
        }
        self
    }

    fn link(&mut self, path: &str, to: &str) {
        let at = self.sight.path(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&at);
        std::os::unix::fs::symlink(to, at).unwrap();
    }

    fn spaces(&mut self, pid: &str, cgroup: &str) {
        self.link("/proc/self/ns/pid", &format!("pid:[{pid}]"));
        self.link("/proc/self/ns/cgroup", &format!("cgroup:[{cgroup}]"));
        self.link("/proc/self/ns/user", "user:[4026531837]");
    }

    /// Eight processors of four cores, tuned for threads on 2-7 with siblings off.
    pub(crate) fn tuned() -> Self {
        let mut machine = Self::bare("2-7");
        machine.spaces("4026531836", "4026531835");
        machine.cpus(8);
        #[rustfmt::skip]
        let files = [
            ("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu tsc constant_tsc\n"),
            ("/proc/cmdline", "quiet isolcpus=managed_irq,domain,2-7 nohz_full=2-7 irqaffinity=0-1 skew_tick=1 nosoftlockup tsc=reliable mce=ignore_ce\n"),
            ("/sys/devices/system/cpu/online", "0-7\n"),
            ("/sys/devices/system/cpu/isolated", "2-7\n"),
            ("/sys/devices/system/cpu/nohz_full", "2-7\n"),
            ("/sys/devices/system/cpu/smt/active", "0\n"),
            ("/sys/devices/system/node/online", "0\n"),
            ("/sys/devices/system/node/node0/cpulist", "0-7\n"),
            ("/proc/irq/24/eth0/spurious", "count 0\n"),
            ("/proc/irq/24/effective_affinity_list", "1\n"),
            ("/proc/irq/default_smp_affinity", "03\n"),
            ("/proc/interrupts", "      CPU0 CPU1 CPU2 CPU3 CPU4 CPU5 CPU6 CPU7\n 24:  0 99 0 0 0 0 0 0 eth0\nLOC: 1 1 1 1 1 1 1 1\n"),
            ("/sys/devices/virtual/workqueue/cpumask", "03\n"),
            ("/proc/1/comm", "systemd\n"),
            ("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
            ("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n"),
            ("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n"),
            ("/proc/sys/kernel/numa_balancing", "0\n"),
            ("/proc/self/limits", "Limit  Soft Limit  Hard Limit  Units\nMax open files            65536                65536                files\nMax locked memory         unlimited            unlimited            bytes\n"),
            ("/proc/swaps", "Filename Type Size Used Priority\n"),
            ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
            ("/proc/self/timerslack_ns", "50000\n"),
            ("/proc/sys/kernel/timer_migration", "0\n"),
            ("/proc/sys/kernel/nmi_watchdog", "0\n"),
            ("/proc/sys/vm/stat_interval", "60\n"),
            ("/proc/sys/net/ipv4/tcp_slow_start_after_idle", "0\n"),
            ("/proc/sys/net/ipv4/tcp_autocorking", "0\n"),
            ("/proc/sys/net/core/busy_poll", "50\n"),
            ("/proc/sys/net/core/busy_read", "50\n"),
            ("/sys/class/net/eth0/device/vendor", "0x8086\n"),
            ("/sys/class/net/eth0/queues/rx-0/rps_cpus", "00\n"),
            ("/sys/class/net/eth0/queues/tx-0/xps_cpus", "00\n"),
        ];
        for (path, text) in files {
            machine.put(path, text);
        }
        machine.v2("/system.slice/funding-arb.service", "max 100000");
        machine
    }

    fn cpus(&mut self, count: u32) {
        let mut stat = "cpu 1 1 1 1 0 0 0 0 0 0\n".to_owned();
        for cpu in 0..count {
            let dir = format!("/sys/devices/system/cpu/cpu{cpu}");
            self.put(&format!("{dir}/topology/core_id"), &format!("{cpu}\n"));
            self.put(&format!("{dir}/topology/physical_package_id"), "0\n");
            self.put(&format!("{dir}/topology/thread_siblings_list"), &format!("{cpu}\n"));
            self.put(&format!("{dir}/cache/index3/shared_cpu_list"), &format!("0-{}\n", count - 1));
            self.put(&format!("{dir}/cpufreq/scaling_governor"), "performance\n");
            self.put(&format!("{dir}/cpufreq/energy_performance_preference"), "performance\n");
            self.put(&format!("{dir}/cpuidle/state0/latency"), "0\n");
            self.put(&format!("{dir}/cpuidle/state0/disable"), "0\n");
            self.put(&format!("{dir}/cpuidle/state1/latency"), "133\n");
            self.put(&format!("{dir}/cpuidle/state1/disable"), "1\n");
            stat += &format!("cpu{cpu} 1000 0 0 9000 0 0 0 0 0 0\n");
        }
        self.put("/proc/stat", &stat);
    }

    /// Its control group in version 2, with this quota.
    pub(crate) fn v2(&mut self, path: &str, max: &str) -> &mut Self {
        self.put("/proc/self/cgroup", &format!("0::{path}\n"));
        self.put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        let dir = format!("/sys/fs/cgroup{path}");
        self.put(&format!("{dir}/cpu.max"), &format!("{max}\n"));
        self.put(&format!("{dir}/cpu.stat"), "nr_periods 0\nnr_throttled 0\n")
    }

    /// The same machine as it comes from the shop.
    pub(crate) fn untuned() -> Self {
        let mut machine = Self::tuned();
        machine.facts.allowed = CpuList::parse("0-7").unwrap();
        machine.facts.clock =
            Ok(ClockFacts { synced: false, max_error_us: 0, estimated_error_us: 0 });
        let card = Coalescing { interface: "eth0".into(), told: Ok((50, true)) };
        machine.facts.cards = vec![card];
        machine.facts.pages = Ok((PathBuf::from("/var/lib/funding-arb"), "ext4".into()));
        #[rustfmt::skip]
        let files = [
            ("/proc/cmdline", "quiet splash\n"),
            ("/sys/devices/system/cpu/isolated", "\n"),
            ("/sys/devices/system/cpu/nohz_full", "(null)\n"),
            ("/sys/devices/system/cpu/smt/active", "1\n"),
            ("/proc/irq/24/effective_affinity_list", "0-7\n"),
            ("/proc/interrupts", "      CPU0 CPU1 CPU2 CPU3 CPU4 CPU5 CPU6 CPU7\n 24:  0 99 7 0 0 0 0 0 eth0\n"),
            ("/sys/devices/virtual/workqueue/cpumask", "ff\n"),
            ("/proc/812/comm", "irqbalance\n"),
            ("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n"),
            ("/proc/sys/kernel/numa_balancing", "1\n"),
            ("/proc/self/limits", "Max open files   256   4096   files\nMax locked memory   8388608   8388608  bytes\n"),
            ("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n"),
            ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"),
            ("/proc/self/timerslack_ns", "4000000\n"),
            ("/proc/sys/kernel/timer_migration", "1\n"),
            ("/proc/sys/net/ipv4/tcp_autocorking", "1\n"),
            ("/proc/sys/net/core/busy_poll", "0\n"),
            ("/sys/class/net/eth0/queues/rx-0/rps_cpus", "ff\n"),
        ];
        for (path, text) in files {
            machine.put(path, text);
        }
        for cpu in 0..8 {
            let dir = format!("/sys/devices/system/cpu/cpu{cpu}");
            let siblings = format!("{}-{}\n", cpu / 2 * 2, cpu / 2 * 2 + 1);
            machine.put(&format!("{dir}/topology/thread_siblings_list"), &siblings);
            machine.put(&format!("{dir}/topology/core_id"), &format!("{}\n", cpu / 2));
            machine.put(&format!("{dir}/cpufreq/scaling_governor"), "powersave\n");
            machine.put(&format!("{dir}/cpufreq/energy_performance_preference"), "balance_power\n");
            machine.put(&format!("{dir}/cpuidle/state1/disable"), "0\n");
        }
        machine
    }

    /// A pod of guaranteed quality with whole processors, on the tuned machine: its own namespaces, masked
    /// files, its control group as the root it sees.
    pub(crate) fn pod(allowed: &str, granted: Option<u32>) -> Self {
        let mut machine = Self::tuned();
        machine.spaces("4026532500", "4026532501");
        machine.facts.allowed = CpuList::parse(allowed).unwrap();
        machine.facts.granted = granted;
        machine.facts.cards = Vec::new();
        machine.put("/proc/cmdline", "quiet nohz_full=2-7 irqaffinity=0-1 skew_tick=1 nosoftlockup tsc=reliable mce=ignore_ce\n");
        machine.put("/sys/devices/system/cpu/isolated", "\n");
        machine.put("/proc/interrupts", "");
        machine.remove("/proc/sys/net/core");
        machine.remove("/sys/class/net/eth0/device");
        machine.put("/var/run/secrets/kubernetes.io/serviceaccount/namespace", "trading\n");
        machine.v2("/", "max 100000");
        machine
    }

    /// A rented virtual machine.
    pub(crate) fn virtual_machine() -> Self {
        let mut machine = Self::tuned();
        machine.put("/proc/cpuinfo", "flags\t: fpu hypervisor tsc\n");
        for cpu in 0..8 {
            machine.remove(&format!("/sys/devices/system/cpu/cpu{cpu}/cpufreq"));
        }
        machine
            .put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n");
        machine
    }

    pub(crate) fn patient(&self) -> Patient<'_> {
        Patient::new(&self.sight, &self.facts, Layout::Auto, &ROLES, None)
    }

    pub(crate) fn examine(&self, profile: Profile) -> Report {
        examine(&self.patient(), profile)
    }

    /// One check of the dedicated node.
    pub(crate) fn check(&self, name: &str) -> (State, String) {
        let report = self.examine(Profile::DedicatedNode);
        let check = report.checks.into_iter().find(|check| check.name == name).unwrap();
        (check.state, check.seen)
    }

    /// Nobody may read anything: only ever asked of a user who is not root.
    pub(crate) fn forbid(&mut self) {
        self.facts.clock = Err("Operation not permitted".into());
        self.facts.disk = Err(Unseen::Denied);
        self.facts.pages = Err(Unseen::Denied);
        self.facts.cards = vec![Coalescing { interface: "eth0".into(), told: Err(Unseen::Denied) }];
    }

    pub(crate) fn root(&self) -> &std::path::Path {
        self.dir.path()
    }
}
