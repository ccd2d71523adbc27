//! A program under test: started with free ports and a folder of its own, ended whatever happens.

use serde_json::Value;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(Some(command.spawn().expect("the program starts")))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().map_or(0, Child::id)
    }

    /// Reads standard output until a line holds `part`; the test fails when the output ends before.
    pub(crate) fn await_line(&mut self, part: &str) -> String {
        let out = self.0.as_mut().and_then(|child| child.stdout.as_mut()).expect("its output");
        let mut line = Vec::new();
        let mut byte = [0];
        while let Ok(1) = out.read(&mut byte) {
            if byte[0] != b'\n' {
                line.push(byte[0]);
                continue;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            if text.contains(part) {
                return text;
            }
            line.clear();
        }
        panic!("the program ended without saying {part:?}: {}", self.complaint());
    }

    fn complaint(&mut self) -> String {
        let mut text = String::new();
        if let Some(err) = self.0.as_mut().and_then(|child| child.stderr.as_mut()) {
            err.read_to_string(&mut text).expect("standard error is text");
        }
        text
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status();
        assert!(status.expect("kill").success());
    }

    /// Waits for the end; what it printed that nobody read is in the result.
    pub(crate) fn end(mut self) -> Output {
        let child = self.0.take().expect("not ended yet");
        let id = child.id();
        let (told, ended) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            let output = child.wait_with_output();
            told.send(()).expect("the test waits");
            output
        });
        if ended.recv_timeout(WATCHDOG).is_err() {
            let killed = Command::new("kill").args(["-s", "KILL", &id.to_string()]).status();
            assert!(killed.expect("kill").success());
            panic!("the program did not end within {} s", WATCHDOG.as_secs());
        }
        waiting.join().expect("the waiting thread").expect("its output")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            // Ended already, perhaps.
            let _ = child.kill();
            let _ = child.wait();
        }
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
