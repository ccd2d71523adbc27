//! `funding-arb doctor` from outside: its JSON, its exit codes, and that it changes nothing unasked. What each
//! check says of which machine is tested beside the checks, in `tuning`.

use crate::engine::{complete, program, stderr, stdout};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What the shell and the clippings of logs still show whole.
const WIDE: usize = 110;

/// A machine as the files it shows, below a folder.
struct Machine {
    dir: TempDir,
    /// What lies beside it: the state folder, the way back.
    state: TempDir,
}

impl Machine {
    /// One that shows nothing.
    fn bare() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self { dir: folder(), state: folder() }
    }

    /// A host with eight CPUs, two of them set apart, untuned where doctor could mend it.
    fn host() -> Self {
        let machine = Self::bare();
        #[rustfmt::skip]
        let files = [
            ("/proc/cpuinfo",                                 "processor\t: 0\nflags\t\t: fpu tsc constant_tsc\n"),
            ("/proc/cmdline",                                 "quiet isolcpus=managed_irq,domain,6-7\n"),
            ("/proc/interrupts",                              "     CPU0 CPU1\n 24:  0 99 eth0\nLOC: 1 1\n"),
            ("/proc/1/comm",                                  "systemd\n"),
            ("/proc/swaps",                                   "Filename Type Size Used Priority\n"),
            ("/proc/stat",                                    "cpu 1 1 1 1 0 0 0 0 0 0\ncpu0 1000 0 0 9000 0 0 0 0 0 0\n"),
            ("/proc/sys/kernel/numa_balancing",               "1\n"),
            ("/proc/sys/kernel/nmi_watchdog",                 "1\n"),
            ("/sys/devices/system/cpu/online",                "0-7\n"),
            ("/sys/devices/system/cpu/isolated",              "6-7\n"),
            ("/sys/kernel/mm/transparent_hugepage/enabled",   "[always] madvise never\n"),
            ("/sys/devices/virtual/workqueue/cpumask",        "ff\n"),
        ];
        for (path, text) in files {
            machine.put(path, text);
        }
        for (space, number) in
            [("pid", 4_026_531_836_u32), ("cgroup", 4_026_531_835), ("user", 4_026_531_837)]
        {
            machine.link(&format!("/proc/self/ns/{space}"), &format!("{space}:[{number}]"));
        }
        machine.cgroup("0::/x\n", &[V2]).put("/sys/fs/cgroup/x/cpu.max", "max 100000\n");
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    fn put(&self, path: &str, text: &str) -> &Self {
        let at = self.at(path);
        fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
        fs::write(at, text).expect("a file");
        self
    }

    fn link(&self, path: &str, to: &str) {
        let at = self.at(path);
        fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
        symlink(to, at).expect("a link");
    }

    fn cgroup(&self, membership: &str, mounts: &[&str]) -> &Self {
        self.put("/proc/self/cgroup", membership).put("/proc/self/mountinfo", &mounts.concat())
    }

    /// A quota of one and a half CPUs wherever a control group could say so.
    fn limited(self, membership: &str, mounts: &[&str]) -> Self {
        self.cgroup(membership, mounts)
            .put("/sys/fs/cgroup/x/cpu.max", "150000 100000\n")
            .put("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "150000\n")
            .put("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n");
        self
    }

    fn remove(self, path: &str) -> Self {
        fs::remove_dir_all(self.at(path)).expect("a folder that was there");
        self
    }

    fn doctor(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("doctor").args(arguments).arg("--root").arg(self.dir.path());
        if arguments.first() != Some(&"undo") {
            command.arg("--state").arg(self.state.path());
        }
        command
    }

    /// Everything that lies there, with what it holds and when it was written.
    fn everything(&self) -> BTreeMap<PathBuf, (i64, i64, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                let about = entry.path().symlink_metadata().expect("a file");
                if about.is_dir() {
                    folders.push(entry.path());
                }
                let text =
                    if about.is_file() { fs::read(entry.path()).expect("text") } else { vec![] };
                all.insert(entry.path(), (about.mtime(), about.mtime_nsec(), text));
            }
        }
        all
    }
}

const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
const V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
const UNIFIED: &str = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

/// Machines of all kinds, by what they are.
fn machines() -> Vec<(&'static str, Machine)> {
    let masked = Machine::host();
    masked.put("/proc/interrupts", "").put("/.dockerenv", "");
    vec![
        ("shows nothing", Machine::bare()),
        ("host", Machine::host()),
        ("no /sys", Machine::host().remove("/sys")),
        ("no /proc", Machine::host().remove("/proc")),
        ("v1", Machine::host().limited("2:cpu:/x\n", &[V1])),
        ("v2", Machine::host().limited("0::/x\n", &[V2])),
        ("hybrid", Machine::host().limited("2:cpu:/x\n0::/\n", &[V1, UNIFIED])),
        ("no cgroup", Machine::host().limited("0::/x\n", &[])),
        ("masked, in a container", masked),
    ]
}

/// What the checks of a report are, after every promise of its form is kept.
fn checks(what: &str, output: &Output) -> BTreeMap<String, (String, String)> {
    let report: Value =
        serde_json::from_str(&stdout(output)).unwrap_or_else(|why| panic!("{what}: {why}"));
    let fields = |value: &Value| -> BTreeSet<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    assert_eq!(
        fields(&report),
        ["checks", "profile", "verdict"].map(str::to_owned).into(),
        "{what}"
    );
    let mut all = BTreeMap::new();
    for check in report["checks"].as_array().expect("a list") {
        let wanted = ["name", "state", "seen", "why", "mend"].map(str::to_owned);
        assert_eq!(fields(check), wanted.into(), "{what}");
        let text = |field: &str| check[field].as_str().expect("a text").to_owned();
        let (name, state) = (text("name"), text("state"));
        let states = ["ok", "degraded", "wrong", "cannot_know"];
        assert!(states.contains(&state.as_str()), "{what}: {name}: {state}");
        assert!(!text("seen").is_empty() && !text("why").is_empty(), "{what}: {name}");
        assert!(all.insert(name.clone(), (state, text("seen"))).is_none(), "{what}: {name} twice");
    }
    assert!(!all.is_empty(), "{what}");
    all
}

#[test]
fn the_report_is_json_of_the_documented_form_whatever_the_machine_shows() {
    let mut here = program();
    let real = complete(here.args(["doctor", "check", "--json"]));
    assert_eq!(real.status.code(), Some(0), "{}", stderr(&real));
    checks("this machine", &real);
    for (what, machine) in machines() {
        let output =
            complete(&mut machine.doctor(&["check", "--json", "--profile", "dedicated-node"]));
        assert_eq!(output.status.code(), Some(0), "{what}: {}", stderr(&output));
        let checks = checks(what, &output);
        let state = |name: &str| checks[name].0.as_str();
        let quota = match what {
            "v1" | "v2" | "hybrid" => "wrong",
            "host" | "masked, in a container" => "ok",
            _ => "cannot_know",
        };
        assert_eq!(state("cpu-quota"), quota, "{what}: {:?}", checks["cpu-quota"]);
        if what == "masked, in a container" {
            assert_eq!(state("interrupts"), "cannot_know", "an empty file is no silence");
        }
    }
}

#[test]
fn strict_says_by_its_exit_code_what_the_report_says() {
    let mut seen = BTreeSet::new();
    for (what, machine) in machines() {
        for profile in ["dedicated-node", "cloud-vm", "laptop", "ci"] {
            let arguments = ["check", "--json", "--strict", "--profile", profile];
            let output = complete(&mut machine.doctor(&arguments));
            let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
            let code = match report["verdict"].as_str().expect("a verdict") {
                "ok" => 0,
                "degraded" | "cannot_know" => 1,
                "wrong" => 3,
                other => panic!("{other}"),
            };
            assert_eq!(output.status.code(), Some(code), "{what} as {profile}");
            seen.insert(code);
        }
    }
    assert!(seen.contains(&3), "a quota on a dedicated node is wrong");
    let nonsense = complete(&mut Machine::host().doctor(&["check", "--strict", "--hot", "some"]));
    assert_eq!(nonsense.status.code(), Some(2), "{}", stderr(&nonsense));
    let set = ["check", "--strict", "--set", "nodes.layout=round"];
    let misconfigured = complete(&mut Machine::host().doctor(&set));
    assert_eq!(misconfigured.status.code(), Some(2), "{}", stderr(&misconfigured));
}

#[test]
fn no_line_of_the_table_is_wider_than_a_terminal() {
    for (what, machine) in machines() {
        for more in [&[][..], &["--reasons"]] {
            let output = complete(machine.doctor(&["check"]).args(more));
            let text = stdout(&output);
            assert!(text.lines().count() > 10, "{what}: {text}{}", stderr(&output));
            for line in text.lines() {
                assert!(line.chars().count() <= WIDE, "{what}: {line}");
                assert!(!line.contains('\u{1b}'), "{what}: colour in a pipe: {line}");
            }
        }
    }
}

/// A mode for a file or a folder.
fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// The same command as nobody in particular, as in a container: no name, no home, no privilege.
fn unprivileged(machine: &Machine, command: Command) -> Command {
    if !rustix::process::geteuid().is_root() {
        return command;
    }
    // A copy, for the program may lie where only root looks.
    let copy = machine.at("/program");
    fs::copy(program().get_program(), &copy).expect("a copy");
    open(&copy, 0o755);
    open(machine.dir.path(), 0o755);
    let mut nobody = Command::new(copy);
    nobody.args(command.get_args()).current_dir("/").uid(54_321).gid(54_321);
    nobody
}

#[test]
fn what_a_user_may_not_read_is_not_known() {
    let machine = Machine::host();
    for path in ["/proc/interrupts", "/proc/swaps", "/sys/fs/cgroup/x/cpu.max"] {
        open(&machine.at(path), 0o000);
    }
    let command = machine.doctor(&["check", "--json", "--profile", "dedicated-node"]);
    let output = complete(&mut unprivileged(&machine, command));
    let checks = checks("unprivileged", &output);
    for name in ["interrupts", "swap", "cpu-quota"] {
        assert_eq!(checks[name].0, "cannot_know", "{name}: {:?}", checks[name]);
    }
}

#[test]
fn a_state_folder_that_the_user_may_not_write_is_wrong() {
    let machine = Machine::bare();
    open(machine.state.path(), 0o555);
    let mut command = program();
    command.args(["doctor", "check", "--json", "--state"]).arg(machine.state.path());
    let output = complete(&mut unprivileged(&machine, command));
    let (state, seen) = &checks("unprivileged", &output)["state-disk"];
    assert_eq!(state, "wrong", "{seen}");
    assert!(seen.contains("may not be written by this user"), "{seen}");
}

#[test]
fn fix_prints_what_it_would_write_and_writes_nothing() {
    let machine = Machine::host();
    let before = machine.everything();
    let undo = machine.state.path().join("undo");
    for arguments in [&["fix"][..], &["fix", "--print"]] {
        let mut command = machine.doctor(arguments);
        command.args(["--profile", "dedicated-node", "--undo"]).arg(&undo);
        let output = complete(&mut command);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let text = stdout(&output);
        assert!(text.starts_with("# as root on the node, never in a container\n"), "{text}");
        let thp = "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled  # thp: was always";
        assert!(text.lines().any(|line| line == thp), "{text}");
        assert!(text.lines().all(|line| line.starts_with('#') || line.starts_with("echo ")));
    }
    assert_eq!(machine.everything(), before);
    assert!(!undo.exists(), "nothing was changed, so there is no way back");
}

#[test]
fn fix_writes_nothing_in_a_container() {
    for sign in ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io/x"] {
        let machine = Machine::host();
        machine.put(sign, "");
        let before = machine.everything();
        let undo = machine.state.path().join("undo");
        let output = complete(machine.doctor(&["fix", "--apply"]).arg("--undo").arg(&undo));
        assert_eq!(output.status.code(), Some(3), "{sign}");
        assert!(stderr(&output).contains("this is a container"), "{sign}: {}", stderr(&output));
        assert_eq!(machine.everything(), before, "{sign}");
        assert!(!undo.exists(), "{sign}");
    }
}

#[test]
fn what_fix_applies_undo_puts_back_on_the_same_machine() {
    let machine = Machine::host();
    let read = |path: &str| fs::read_to_string(machine.at(path)).expect("text");
    let undo = machine.state.path().join("undo");
    let mut apply = machine.doctor(&["fix", "--apply", "--profile", "dedicated-node"]);
    let output = complete(apply.arg("--undo").arg(&undo));
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let balancing = "/proc/sys/kernel/numa_balancing";
    assert_eq!(read(balancing), "0\n");
    let kept = fs::read_to_string(&undo).expect("the way back");
    assert!(kept.contains("numa_balancing\t1\n"), "{kept}");

    let output = complete(machine.doctor(&["undo"]).arg(&undo));
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(read(balancing), "1\n");
    assert_eq!(read("/sys/kernel/mm/transparent_hugepage/enabled"), "always\n");
}
