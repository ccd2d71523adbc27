//! Planted secrets are looked for wherever a run leaves something.

use crate::engine::{Folder, Running, alone, stderr, stdout};
use std::fs::{self, Permissions};
use std::io::Read as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Part of every planted secret.
pub(crate) const PLANTED: &str = "Zq7Planted";

/// Files below `dir` that hold a planted secret.
pub(crate) fn finds(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a folder").flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            finds(&path, found);
        } else if kind.is_file() {
            let mut bytes = Vec::new();
            let read = fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes));
            if read.is_ok() && holds(&bytes) {
                found.push(path.display().to_string());
            }
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PLANTED.as_bytes()).is_some()
}

fn get(address: &str, path: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut stream = TcpStream::connect(address).expect(address);
    let limit = Some(std::time::Duration::from_secs(10));
    stream.set_read_timeout(limit).expect("a limit");
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .expect("a request");
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

/// Processes that a process started.
fn children(of: u32) -> Vec<u32> {
    let parent = |id: u32| -> Option<u32> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name, in brackets, may hold anything.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    let all = fs::read_dir("/proc").expect("processes").flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id| parent(*id) == Some(of)).collect()
}

/// A configuration with a secret from each kind of place.
pub(crate) fn plant(folder: &Folder) {
    let keys = ::config::secret::Keys::generate();
    let private = |name: &str, text: &str| {
        folder.write(name, text);
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(folder.path(name), mode).expect("a mode");
    };
    private("keys.txt", &keys.to_text());
    private("mounted", &format!("{PLANTED}-mounted"));
    let sealed = |what: &str| {
        ::config::secret::sealed::seal(&format!("{PLANTED}-{what}"), &keys.recipients())
            .expect("sealed")
    };
    folder.write(
        "config/exchanges.yaml",
        &format!(
            "exchanges:\n  okx:\n    api_key: {}\n    secret_key_file: {}\n    passphrase: ${{PLANT}}\n  bybit:\n    api_key: {}\n",
            sealed("one"),
            folder.path("mounted").display(),
            sealed("two"),
        ),
    );
}

#[test]
fn a_planted_secret_is_in_nothing_that_a_run_leaves_or_shows() {
    let _one = alone();
    let folder = Folder::new();
    plant(&folder);
    let mut command = folder.run(&["--for", "0"]);
    command.env("PLANT", format!("{PLANTED}-variable"));
    command.env("FUNDING_ARB_AGE_KEY_FILE", folder.path("keys.txt"));
    let mut engine = Running::start(&mut command);
    let line = engine.await_line("metrics http://");
    engine.await_line("· armed");
    for (name, paths) in
        [("metrics ", &["/metrics"][..]), ("health ", &["/health", "/ready", "/config"])]
    {
        let url = line.split(name).nth(1).and_then(|rest| rest.split_whitespace().next());
        let address = url.expect(name).trim_start_matches("http://").split('/').next().expect(name);
        for path in paths {
            assert!(!holds(&get(address, path)), "{path}");
        }
    }
    let arguments = fs::read(format!("/proc/{}/cmdline", engine.id())).expect("arguments");
    assert!(!holds(&arguments), "arguments");
    let children = children(engine.id());
    assert!(!children.is_empty(), "the simulated venues");
    for child in children {
        let environment = fs::read(format!("/proc/{child}/environ")).expect("an environment");
        assert!(!holds(&environment), "the environment of a child");
    }
    engine.signal("INT");
    let output = engine.end();
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(!holds(&output.stdout) && !holds(&output.stderr), "what it printed");

    // The search itself works: the places they were planted at are found, and only those.
    let mut found = Vec::new();
    finds(folder.path(".").as_path(), &mut found);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("mounted"), "{found:?}");
}

#[test]
fn a_planted_secret_is_in_no_text_of_a_refusal() {
    let folder = Folder::new();
    plant(&folder);
    let text = fs::read_to_string(folder.path("config/exchanges.yaml")).expect("a file");
    let sealed =
        text.split("api_key: ").nth(1).and_then(|rest| rest.lines().next()).expect("sealed");
    folder.write("config/nodes.yaml", &format!("nodes:\n  layout: {sealed}\n"));
    folder.write("config/risk.yaml", &format!("risk_management: {sealed}\n"));
    let mut command = folder.run(&["--for", "1s"]);
    command.env("PLANT", format!("{PLANTED}-variable"));
    command.env("FUNDING_ARB_AGE_KEY_FILE", folder.path("keys.txt"));
    let output = crate::engine::complete(&mut command);
    assert_eq!(output.status.code(), Some(2), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("an encrypted value is not allowed"), "{}", stderr(&output));
    assert!(!holds(&output.stdout) && !holds(&output.stderr), "{}", stderr(&output));
}
