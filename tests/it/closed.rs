//! The engine's memory is nobody else's, and holds no secret longer than it must.

use crate::engine::{Folder, Running, alone};
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

/// Told past the capture of the test's own output.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: {what}");
}

/// Whether these tests run as root: then what is closed to others is tried as somebody else.
fn is_root(folder: &Folder) -> bool {
    fs::metadata(folder.path(".")).expect("a folder").uid() == 0
}

/// Lets nobody have a folder and all in it.
fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).expect("an owner");
    if path.is_dir() {
        let mode = Permissions::from_mode(0o755);
        fs::set_permissions(path, mode).expect("a mode");
        fs::read_dir(path).expect("a folder").flatten().for_each(|entry| give(&entry.path()));
    }
}

/// A command of the shell, without a limit to core images, as a user without rights.
fn shell(line: &str, root: bool) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    if root {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Which of a process' own files that user may open.
fn opened(id: u32, root: bool) -> Vec<&'static str> {
    let opens = |name: &&'static str| {
        let mut command = shell(&format!("exec 3</proc/{id}/{name}"), root);
        command.stderr(Stdio::null()).status().expect("a shell").success()
    };
    ["environ", "mem", "maps", "auxv", "exe"].into_iter().filter(opens).collect()
}

#[test]
fn nobody_of_the_same_user_opens_its_memory_and_it_leaves_no_core_image() {
    let _one = alone();
    let folder = Folder::new();
    let root = is_root(&folder);
    let program = folder.path("funding-arb");
    fs::copy(env!("CARGO_BIN_EXE_funding-arb"), &program).expect("a program");
    let run = folder.run(&["--for", "0"]);
    if root {
        give(&folder.path("."));
    }
    let mut command = shell("ulimit -c unlimited; exec \"$0\" \"$@\"", root);
    command.arg(program).args(run.get_args()).current_dir(folder.path("."));
    let mut engine = Running::start(&mut command);
    engine.await_line("metrics http://");
    assert_eq!(opened(engine.id(), root), [""; 0]);
    engine.signal("ABRT");
    let status = engine.end().status;
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));

    // The same of a process that does not close itself.
    let mut other = shell("ulimit -c unlimited; exec cat", root);
    other.current_dir(folder.path(".")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut other = other.spawn().expect("a process");
    // It is `cat` once a line comes back; if it never is, the shell ends and nothing does.
    other.stdin.as_mut().expect("a pipe").write_all(b"there\n").expect("a line");
    let mut line = [0; 6];
    other.stdout.as_mut().expect("a pipe").read_exact(&mut line).expect("the line");
    assert_eq!(opened(other.id(), root), ["environ", "mem", "maps", "auxv", "exe"]);
    let killed = Command::new("kill").args(["-s", "ABRT", &other.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    if !other.wait().expect("an end").core_dumped() {
        skipped("core images: this host makes none of any process");
    }
}

/// How often the memory of a process holds each of some texts.
pub(crate) fn counts(id: u32, texts: &[String]) -> Option<Vec<usize>> {
    let memory = File::open(format!("/proc/{id}/mem")).ok()?;
    let maps = fs::read_to_string(format!("/proc/{id}/maps")).ok()?;
    let mut counts = vec![0; texts.len()];
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let address = |text: &str| u64::from_str_radix(text, 16).expect("an address");
        let (start, end) = (address(start), address(end));
        if !rest.starts_with('r') || line.ends_with("[vvar]") {
            continue;
        }
        let mut bytes = vec![0; usize::try_from(end - start).expect("a length")];
        // A page that is not there ends the read; what lies before it counts.
        let mut at = 0;
        while at < bytes.len() {
            match memory.read_at(&mut bytes[at..], start + at as u64) {
                Ok(read) if read > 0 => at += read,
                _ => break,
            }
        }
        for (count, text) in counts.iter_mut().zip(texts) {
            *count += memchr::memmem::find_iter(&bytes[..at], text.as_bytes()).count();
        }
    }
    Some(counts)
}

#[test]
fn what_was_opened_is_wiped_from_memory_once_who_signs_has_it() {
    let _one = alone();
    let folder = Folder::new();
    // The texts are made here alone, and joined there alone.
    let planted = |what: &str| format!("{}-{what}", crate::canary::PLANTED);
    crate::canary::plant(&folder);
    let mut command = folder.run(&["--for", "0"]);
    command.env("PLANT", planted("variable"));
    command.env("FUNDING_ARB_AGE_KEY_FILE", folder.path("keys.txt"));
    let mut engine = Running::start(&mut command);
    engine.await_line("· armed");
    let texts = ["one", "two", "mounted", "variable"].map(planted);
    match counts(engine.id(), &texts) {
        // The environment stays as the process was started.
        Some(counts) => assert_eq!(counts, [0, 0, 0, 1], "{texts:?}"),
        None => skipped("what stays in memory: only root may look"),
    }
    engine.signal("INT");
    assert!(engine.end().status.success());
}
