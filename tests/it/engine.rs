//! A program under test: started with free ports and a folder of its own, ended whatever happens.

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const WATCHDOG: Duration = Duration::from_secs(180);

/// One engine at a time: two on two cores would measure each other.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder with a configuration that listens on free ports.
pub(crate) struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let folder = Self { dir };
        folder.write(
            "config/main.yaml",
            "api:\n  rest:\n    port: 0\nmonitoring:\n  prometheus:\n    port: 0\n",
        );
        folder.write("config/nodes.yaml", "nodes:\n  journal:\n    segment_size: 4MB\n");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// `funding-arb run` with this folder's configuration and state.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("run").arg("--plain");
        command.arg("--config").arg(self.path("config"));
        command.arg("--state").arg(self.path("state"));
        command.arg("--report").arg(self.path("report.json"));
        command.args(arguments);
        command
    }

    pub(crate) fn report(&self) -> Value {
        let text = std::fs::read(self.path("report.json")).expect("a report");
        serde_json::from_slice(&text).expect("a report in JSON")
    }
}

/// The built program.
pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_funding-arb"))
}

/// A running process, killed when the test ends before it does.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    complaint: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (said, lines) = channel();
        thread::spawn(move || {
            for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()).flatten() {
                // The test may have heard enough.
                let _ = said.send(line);
            }
        });
        let complaint = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&complaint);
        let reader = thread::spawn(move || {
            for line in err.into_iter().flat_map(|err| BufReader::new(err).lines()) {
                let line = line.expect("standard error is text");
                shared.lock().expect("whole").push_str(&(line + "\n"));
            }
        });
        Self { child, lines, complaint, reader: Some(reader) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads standard output until a line holds `part`; the test fails when none does in time.
    pub(crate) fn await_line(&mut self, part: &str) -> String {
        self.await_parts(&[part])
    }

    /// As [`Running::await_line`], for a line that holds all of `parts`.
    pub(crate) fn await_parts(&mut self, parts: &[&str]) -> String {
        let end = Instant::now() + WATCHDOG;
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
        let _ = self.child.kill();
        panic!("the program never said {parts:?}: {}", self.complaint());
    }

    /// Waits until standard error holds `part`.
    pub(crate) fn await_complaint(&self, part: &str) {
        let said = || self.complaint.lock().expect("whole").contains(part);
        until(&format!("{part:?} on standard error"), said);
    }

    fn complaint(&mut self) -> String {
        let reader = self.reader.take().expect("asked for once");
        reader.join().expect("the reading thread");
        self.complaint.lock().expect("whole").clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for the end; what it printed that nobody read is in the result.
    pub(crate) fn end(mut self) -> Output {
        let end = Instant::now() + WATCHDOG;
        let mut stdout = String::new();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => stdout = stdout + &line + "\n",
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    panic!("the program did not end within {} s", WATCHDOG.as_secs());
                }
            }
        }
        let status = self.child.wait().expect("its status");
        let stderr = self.complaint().into_bytes();
        Output { status, stdout: stdout.into_bytes(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end.
pub(crate) fn complete(command: &mut Command) -> Output {
    Running::start(command).end()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The journal's folder that a report names.
pub(crate) fn journal(report: &Value) -> PathBuf {
    Path::new(report["journal"].as_str().expect("a journal")).to_owned()
}

/// `funding-arb replay` of a journal, which must agree; its result.
pub(crate) fn replay(journal: &Path) -> Value {
    let output = complete(program().arg("replay").arg(journal).arg("--json"));
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    serde_json::from_str(&stdout(&output)).expect("a result in JSON")
}

/// Waits until `done` says so; the test fails when it never does.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + WATCHDOG;
    while !done() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::yield_now();
    }
}
