//! What the kernel says of one thread of this process.

use crate::{CpuList, ReadFile, read_file};

/// How a thread was treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ThreadFacts {
    /// Times the kernel took the processor away.
    pub involuntary_switches: u64,
    /// Times it gave the processor up itself.
    pub voluntary_switches: u64,
    /// Times it changed its processor; `None` where the kernel does not count them.
    pub migrations: Option<u64>,
    /// How long it could have run and had to wait for its processor; `None` where the kernel does not say.
    pub run_delay_ns: Option<u64>,
    /// The processor it ran on last.
    pub cpu: Option<u32>,
}

/// The kernel's number of the calling thread.
#[must_use]
pub fn thread_id() -> Option<u32> {
    let path = std::fs::read_link("/proc/thread-self").ok()?;
    path.file_name()?.to_str()?.parse().ok()
}

/// Asks for a thread of this process; `None` when there is no such thread.
#[must_use]
pub fn thread_facts(thread: u32) -> Option<ThreadFacts> {
    facts(thread, &read_file)
}

fn facts(thread: u32, read: ReadFile<'_>) -> Option<ThreadFacts> {
    let file = |name: &str| read(&format!("/proc/self/task/{thread}/{name}"));
    let status = file("status")?;
    let count = |text: &str, name: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches([' ', '\t', ':']).trim().parse().ok()
    };
    Some(ThreadFacts {
        involuntary_switches: count(&status, "nonvoluntary_ctxt_switches")?,
        voluntary_switches: count(&status, "voluntary_ctxt_switches")?,
        migrations: file("sched").and_then(|sched| count(&sched, "se.nr_migrations")),
        run_delay_ns: file("schedstat")
            .and_then(|text| text.split_ascii_whitespace().nth(1)?.parse().ok()),
        cpu: file("stat").and_then(|stat| last_cpu(&stat)),
    })
}

/// The processors a thread of this process may run on.
pub(crate) fn thread_mask(thread: u32, read: ReadFile<'_>) -> Option<CpuList> {
    let status = read(&format!("/proc/self/task/{thread}/status"))?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    CpuList::parse(list).filter(|list| !list.is_empty())
}

/// The 39th field; the 2nd is a name in brackets that may hold anything.
fn last_cpu(stat: &str) -> Option<u32> {
    let (_, after) = stat.rsplit_once(')')?;
    after.split_ascii_whitespace().nth(36)?.parse().ok()
}

#[cfg(test)]
mod tests;
