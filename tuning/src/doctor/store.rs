//! Where the state lies, and how many files may be open.

use super::memory::limit;
use super::patient::{Found, Patient, bad, good, less, unknown};
use super::{Cause, Row, Unseen, row};

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    row("open-files",  "MMSS", "each connection, segment and log is a descriptor; without one a reconnect fails", open_files),
    row("state-disk",  "MMMM", "the journal is the truth: what it is written to must outlive the process and have room", state_disk),
    row("fsync",       "MMSS", "durability of every order waits for it, where the configuration asks for that", fsync),
    row("page-memory", "SS--", "hot threads count in a mapped page: on a disk, write-back can stall who counts next", page_memory),
];

/// Descriptors that are enough with many venues.
const FILES: u64 = 1024;

fn open_files(patient: &Patient<'_>) -> Found {
    match limit(patient, "Max open files") {
        Err(found) => found,
        Ok(None) => good("unlimited"),
        Ok(Some(files)) if files >= FILES => good(format!("{files}")),
        Ok(Some(files)) => bad(format!("{files}"), "LimitNOFILE=65536 in the unit, or ulimit -n"),
    }
}

/// File systems in memory: gone with the machine.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];
/// Bytes below which room is told, and below which there is too little.
const ROOM: (u64, u64) = (4 << 30, 512 << 20);

fn state_disk(patient: &Patient<'_>) -> Found {
    let disk = match &patient.facts.disk {
        Ok(disk) => disk,
        Err(unseen) => return patient.cannot("the state folder", unseen),
    };
    let (path, kind) = (disk.path.display(), disk.kind.as_str());
    let seen = format!("{path}: {kind}, {} MiB free", disk.free >> 20);
    match &disk.syncs_ns {
        Err(Unseen::Denied) => {
            return bad(
                format!("{path} may not be written by this user"),
                "give the folder to the engine's user (Kubernetes: fsGroup), or --state elsewhere",
            );
        }
        Err(Unseen::Unreadable(why)) => {
            return bad(format!("{path}: {why}"), "mount a writable volume for nodes.state_dir");
        }
        _ => {}
    }
    let room = "make room, or keep fewer segments (nodes.journal.segments_kept)";
    if IN_MEMORY.contains(&kind) {
        return bad(seen, "a disk: on a memory file system the journal ends with the machine");
    }
    if kind == "overlay" {
        return less(seen, "a volume: a container's own layer ends with the container");
    }
    match disk.free {
        free if free < ROOM.1 => bad(seen, room),
        free if free < ROOM.0 => less(seen, room),
        _ => good(seen),
    }
}

/// Nanoseconds of a synced write: a drive with a cache that outlives power loss, a plain solid-state one.
const SYNC_NS: (u64, u64) = (2_000_000, 20_000_000);

fn fsync(patient: &Patient<'_>) -> Found {
    let disk = match &patient.facts.disk {
        Ok(disk) => disk,
        Err(unseen) => return patient.cannot("the state folder", unseen),
    };
    let times = match &disk.syncs_ns {
        Ok(times) => times,
        Err(Unseen::Absent) => {
            let seen = "no write was timed: the state folder is made by the engine's first start";
            return unknown(
                Cause::Absent,
                seen,
                "start the engine once, or name a folder: --state",
            );
        }
        Err(unseen) => return patient.cannot(&disk.path.display().to_string(), unseen),
    };
    let (Some(middle), Some(last)) = (times.get(times.len() / 2), times.last()) else {
        return unknown(Cause::Unreadable, "no write was timed", "");
    };
    let seen = format!(
        "half of {} within {} us, all within {} us",
        times.len(),
        middle / 1000,
        last / 1000
    );
    let mend = "a local NVMe drive with power-loss protection for nodes.state_dir";
    match *middle {
        _ if IN_MEMORY.contains(&disk.kind.as_str()) => {
            good("memory file system: there is nothing to wait for")
        }
        middle if middle <= SYNC_NS.0 => good(seen),
        middle if middle <= SYNC_NS.1 => less(seen, mend),
        _ => bad(seen, mend),
    }
}

fn page_memory(patient: &Patient<'_>) -> Found {
    let (path, kind) = match &patient.facts.pages {
        Ok((path, kind)) => (path.display(), kind.as_str()),
        Err(unseen) => return patient.cannot("the folder of the statistics page", unseen),
    };
    let seen = format!("{path}: {kind}");
    match kind {
        kind if IN_MEMORY.contains(&kind) => good(seen),
        "unknown" => unknown(Cause::Unreadable, seen, ""),
        _ => less(seen, "nodes.pages_dir: a folder in memory, such as /dev/shm/funding-arb"),
    }
}
