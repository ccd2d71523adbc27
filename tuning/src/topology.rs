//! How processors hang together: memory node, core, and which of a core's threads.

use crate::ReadFile;
use crate::cpus::CpuList;

/// A processor and its place in the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The kernel's number.
    pub id: u32,
    /// The memory node it is near to.
    pub node: u32,
    /// The socket it sits in.
    pub package: u32,
    /// Its physical core within the socket; shared by SMT siblings.
    pub core: u32,
    /// Which thread of its core: 0 for the first sibling.
    pub sibling: u32,
}

impl Cpu {
    /// Whether both are threads of one physical core.
    #[must_use]
    pub fn shares_core_with(&self, other: &Self) -> bool {
        self.id != other.id && (self.package, self.core) == (other.package, other.core)
    }
}

/// Memory nodes that are looked for.
const NODES_MAX: u32 = 64;

/// The places of these processors, in the order in which threads are placed on them: node by node,
/// first siblings before second ones. Where /sys does not say, each is a core of its own on node 0.
#[must_use]
pub fn read(cpus: &CpuList, read: ReadFile<'_>) -> Vec<Cpu> {
    let nodes = nodes(read);
    let mut places: Vec<Cpu> = cpus.as_slice().iter().map(|id| place(*id, &nodes, read)).collect();
    places.sort_by_key(|cpu| (cpu.node, cpu.sibling, cpu.package, cpu.core, cpu.id));
    places
}

fn nodes(read: ReadFile<'_>) -> Vec<(u32, CpuList)> {
    let online = read("/sys/devices/system/node/online").and_then(|text| CpuList::parse(&text));
    let numbers = online.unwrap_or_default();
    let numbers = numbers.as_slice().iter().copied().filter(|node| *node < NODES_MAX);
    let list = |node: u32| {
        let text = read(&format!("/sys/devices/system/node/node{node}/cpulist"))?;
        Some((node, CpuList::parse(&text)?))
    };
    numbers.filter_map(list).collect()
}

fn place(id: u32, nodes: &[(u32, CpuList)], read: ReadFile<'_>) -> Cpu {
    let fact = |name: &str| read(&format!("/sys/devices/system/cpu/cpu{id}/topology/{name}"));
    let number = |name: &str| fact(name).and_then(|text| text.trim().parse::<u32>().ok());
    let siblings = fact("thread_siblings_list").and_then(|text| CpuList::parse(&text));
    let siblings = siblings.unwrap_or_default();
    let before = siblings.as_slice().iter().filter(|other| **other < id).count();
    let node = nodes.iter().find(|(_, cpus)| cpus.contains(id)).map_or(0, |(node, _)| *node);
    Cpu {
        id,
        node,
        package: number("physical_package_id").unwrap_or(0),
        core: number("core_id").unwrap_or(id),
        sibling: u32::try_from(before).unwrap_or(0),
    }
}

#[cfg(test)]
mod tests;
