use super::{Cpu, read};
use crate::CpuList;
use crate::host::fixture::Fixture;

#[test]
fn two_sockets_with_siblings_are_sorted_first_threads_first() {
    let mut files = Fixture::default();
    files.put("/sys/devices/system/node/online", "0-1\n");
    files.put("/sys/devices/system/node/node0/cpulist", "0-1,4-5\n");
    files.put("/sys/devices/system/node/node1/cpulist", "2-3,6-7\n");
    for id in 0..8_u32 {
        let (core, package) = (id % 4, id % 4 / 2);
        files.core(id, package, core % 2, &format!("{core},{}", core + 4));
    }
    let cpus = read(&CpuList::new(0..8), &|path| files.read(path));
    let order: Vec<u32> = cpus.iter().map(|cpu| cpu.id).collect();
    assert_eq!(order, [0, 1, 4, 5, 2, 3, 6, 7]);
    let expected = Cpu { id: 7, node: 1, package: 1, core: 1, sibling: 1 };
    assert_eq!(cpus[7], expected);
    assert!(cpus[0].shares_core_with(&cpus[2]) && !cpus[0].shares_core_with(&cpus[1]));
    assert!(!cpus[0].shares_core_with(&cpus[0]) && !cpus[0].shares_core_with(&cpus[4]));
}

#[test]
fn without_sys_every_processor_is_a_core_of_its_own() {
    let cpus = read(&CpuList::new([3, 5]), &|_| None);
    let places: Vec<_> = cpus.iter().map(|cpu| (cpu.id, cpu.node, cpu.core, cpu.sibling)).collect();
    assert_eq!(places, [(3, 0, 3, 0), (5, 0, 5, 0)]);
    assert!(!cpus[0].shares_core_with(&cpus[1]));
}
