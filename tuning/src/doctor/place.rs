//! Where this is: host or container, metal or virtual, and which control groups there are.

use super::sight::Sight;
use core::fmt;

/// The kernel's numbers of its first namespaces; they are part of its interface to user space.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";
const FIRST_CGROUP_NAMESPACE: &str = "cgroup:[4026531835]";
const FIRST_USER_NAMESPACE: &str = "user:[4026531837]";

/// Which hierarchies of control groups are mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CgroupKind {
    /// Version 1 only.
    V1,
    /// Version 2 only.
    V2,
    /// Controllers in both.
    Hybrid,
    /// None can be seen.
    None,
}

impl fmt::Display for CgroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "cgroup v1",
            Self::V2 => "cgroup v2",
            Self::Hybrid => "cgroup v1 and v2",
            Self::None => "no cgroup to be seen",
        })
    }
}

/// Where a process finds itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What says that this is a container.
    pub container: Option<String>,
    /// Processes of others are hidden: not the first PID namespace.
    pub own_processes_only: bool,
    /// A hypervisor runs below.
    pub virtual_machine: bool,
    /// /sys shows the machine.
    pub sys: bool,
    /// /proc shows this process.
    pub proc: bool,
    /// Its control groups.
    pub cgroup: CgroupKind,
    /// A battery: a machine somebody carries.
    pub battery: bool,
}

impl Place {
    /// Looks around.
    #[must_use]
    pub fn look(sight: &Sight) -> Self {
        let pid = sight.link("/proc/self/ns/pid");
        Self {
            container: container(sight),
            own_processes_only: pid.is_ok_and(|link| link != FIRST_PID_NAMESPACE),
            virtual_machine: is_virtual(sight),
            sys: sight.has("/sys/devices/system/cpu"),
            proc: sight.has("/proc/self"),
            cgroup: cgroup(sight),
            battery: sight.list("/sys/class/power_supply").is_ok_and(|names| {
                names.iter().any(|name| {
                    let kind = sight.read(&format!("/sys/class/power_supply/{name}/type"));
                    kind.is_ok_and(|kind| kind == "Battery")
                })
            }),
        }
    }
}

/// Any sign is enough: what a container must not do is not done on a doubt.
fn container(sight: &Sight) -> Option<String> {
    for file in ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io"] {
        if sight.has(file) {
            return Some(format!("{file} is there"));
        }
    }
    if !sight.has("/proc/self") {
        return Some("there is no /proc that would show the host".to_owned());
    }
    let spaces = [
        ("/proc/self/ns/pid", FIRST_PID_NAMESPACE),
        ("/proc/self/ns/cgroup", FIRST_CGROUP_NAMESPACE),
        ("/proc/self/ns/user", FIRST_USER_NAMESPACE),
    ];
    for (path, first) in spaces {
        if let Ok(link) = sight.link(path)
            && link != first
        {
            return Some(format!("{path} is not the machine's first"));
        }
    }
    let groups = sight.read("/proc/self/cgroup").unwrap_or_default();
    let named = ["kubepods", "docker", "crio-", "libpod", "containerd"];
    let named = named.into_iter().find(|name| groups.contains(name));
    named.map(|name| format!("/proc/self/cgroup names {name}"))
}

fn is_virtual(sight: &Sight) -> bool {
    let info = sight.read("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags"));
    if flags.is_some_and(|flags| flags.split_ascii_whitespace().any(|flag| flag == "hypervisor")) {
        return true;
    }
    // Where the processor has no such flag (Arm), the firmware says what the machine is sold as.
    let product = sight.read("/sys/class/dmi/id/product_name").unwrap_or_default();
    let kinds = ["KVM Virtual Machine", "VMware", "VirtualBox", "HVM domU"];
    flags.is_none()
        && (sight.has("/sys/hypervisor/type") || kinds.iter().any(|kind| product.contains(kind)))
}

fn cgroup(sight: &Sight) -> CgroupKind {
    let mounts = sight.read("/proc/self/mountinfo").unwrap_or_default();
    let kinds = || mounts.lines().filter_map(|line| line.split_once(" - ")?.1.split(' ').next());
    match (kinds().any(|kind| kind == "cgroup"), kinds().any(|kind| kind == "cgroup2")) {
        (true, true) => CgroupKind::Hybrid,
        (true, false) => CgroupKind::V1,
        (false, true) => CgroupKind::V2,
        (false, false) => CgroupKind::None,
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machine = if self.virtual_machine { "virtual machine" } else { "no hypervisor seen" };
        let inside = if self.container.is_some() { "container" } else { "host" };
        write!(f, "{inside}, {machine}, {}", self.cgroup)
    }
}
