//! `funding-arb config`, as scripts and people use it: words, JSON, exit codes.

use crate::engine::{Folder, alone, complete, program, stderr, stdout};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

/// `funding-arb config ...`, and what came of it: exit code, output, complaint.
fn config(arguments: &[&str]) -> (i32, String, String) {
    of(program().arg("config").args(arguments))
}

fn of(command: &mut Command) -> (i32, String, String) {
    let output = complete(command);
    (output.status.code().expect("a code"), stdout(&output), stderr(&output))
}

fn json(arguments: &[&str]) -> (i32, Value) {
    let (code, out, _) = config(arguments);
    (code, serde_json::from_str(&out).expect("JSON"))
}

#[test]
fn check_ends_with_0_or_2_and_says_to_people_and_machines_what_is_wrong() {
    let folder = Folder::new();
    let dir = folder.path("config").display().to_string();
    let (code, out, complaint) = config(&["check", "--config", &dir]);
    assert_eq!((code, out.as_str(), complaint.as_str()), (0, "the configuration is sound\n", ""));
    assert_eq!(json(&["check", "--config", &dir, "--json"]).1["sound"], true);

    folder.write("config/risk.yaml", "risk_management:\n  global_limit: {}\n");
    let (code, out, complaint) = config(&["check", "--config", &dir, "--set", "system.mode=rael"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        complaint.replace(&dir, "DIR"),
        "the configuration has 2 faults:\n  DIR/risk.yaml:2:3: risk_management.global_limit: unknown key; did you mean global_limits?\n  --set system.mode: system.mode: \"rael\" is not allowed; allowed: one of sim, paper, live\n"
    );
    let (code, report) = json(&["check", "--config", &dir, "--json"]);
    assert_eq!(code, 2);
    assert_eq!(report["sound"], false);
    assert_eq!(report["warnings"], serde_json::json!([]));
    let fault = &report["faults"][0];
    assert_eq!((&fault["line"], &fault["column"]), (&2.into(), &3.into()));
    assert_eq!((&fault["source"], &fault["near"]), (&"file".into(), &"global_limits".into()));

    let mut latin = program();
    latin.args(["config", "check"]);
    latin.env("FUNDING_ARB__SYSTEM__NAME", OsStr::from_bytes(b"caf\xe9"));
    let (code, _, complaint) = of(&mut latin);
    assert_eq!(code, 2);
    assert!(complaint.ends_with("holds bytes that are no UTF-8\n"), "{complaint}");

    let away = config(&["check", "--json", "--source", "consul://127.0.0.1:1/arb"]);
    assert_eq!((away.0, away.1.as_str()), (2, ""));
    assert!(away.2.contains("--source: consul://127.0.0.1:1/arb: "), "{}", away.2);
}

#[test]
fn show_explain_and_schema_say_where_a_value_comes_from_and_what_may_stand_there() {
    let folder = Folder::new();
    let dir = folder.path("config").display().to_string();
    let variable = "FUNDING_ARB__RISK_MANAGEMENT__GLOBAL_LIMITS__MAX_DAILY_LOSS";
    let mut show = program();
    show.args(["config", "show", "--origin", "--config", &dir]).env(variable, "12");
    let (code, out, _) = of(&mut show);
    let line = |begin: &str| -> Vec<&str> {
        let line = out.lines().find(|line| line.starts_with(begin)).expect(begin);
        line.split_whitespace().skip(2).collect()
    };
    assert_eq!(code, 0);
    assert_eq!(line("risk_management.global_limits.max_daily_loss "), ["12", variable]);
    assert_eq!(line("api.rest.port "), ["0", &format!("{dir}/main.yaml:3:11")]);
    assert!(line("nodes.layout ").join(" ").starts_with("auto (built in) nodes.yaml:"));

    let (code, out, _) = config(&["explain", "risk_management.global_limits.max_daily_loss"]);
    assert_eq!(code, 0);
    assert!(out.contains("\n  Loss since midnight UTC, in the quote asset.\n"), "{out}");
    let (code, _, complaint) = config(&["explain", "risk_management.global_limits.max_loss"]);
    assert_eq!(code, 2);
    assert!(
        complaint.contains("no key \"max_loss\" in risk_management.global_limits"),
        "{complaint}"
    );
    let (code, schema) = json(&["schema"]);
    assert_eq!((code, &schema["additionalProperties"]), (0, &false.into()));
}

#[test]
fn a_starting_set_is_written_once_and_checked_without_a_word() {
    let folder = Folder::new();
    let dir = folder.path("mine").display().to_string();
    let (code, out, _) = config(&["init", &dir]);
    assert_eq!((code, out.lines().count()), (0, 10));
    let checked = config(&["check", "--config", &dir]);
    assert_eq!(checked, (0, "the configuration is sound\n".to_owned(), String::new()));
    assert_eq!(config(&["init", &dir]).0, 3);
}

#[test]
fn every_run_keeps_its_version_which_can_be_compared_and_put_back() {
    let _one = alone();
    let folder = Folder::new();
    let dir = folder.path("config").display().to_string();
    let state = folder.path("state").display().to_string();
    let loss = |loss: u32| {
        let text = format!("risk_management: {{global_limits: {{max_daily_loss: {loss}}}}}\n");
        folder.write("config/risk.yaml", &text);
        let output = complete(&mut folder.run(&["--for", "1ms"]));
        assert!(output.status.success(), "{}", stderr(&output));
    };
    loss(100);
    loss(200);
    let key = "risk_management.global_limits.max_daily_loss";
    let (code, versions) = json(&["history", &state, "--json"]);
    let number = |index: usize| versions[index]["number"].clone();
    assert_eq!((code, number(0), number(1)), (0, 1.into(), 2.into()));
    assert_eq!(versions[1]["changed"], serde_json::json!([format!("{key}: 100 -> 200")]));
    assert_eq!(versions[1]["origin"], "start");
    assert!(versions[1]["who"].as_str().is_some_and(|who| !who.is_empty()));
    assert!(versions[1]["time"].as_str().is_some_and(|time| time.ends_with('Z')));

    let (code, out, _) = config(&["diff", "1", "2", "--state", &state]);
    assert_eq!((code, out), (0, format!("{key}: 100 -> 200\n")));
    let now = ["diff", "2", "--state", &state, "--config", &dir, "--set"];
    let (code, out, _) = config(&[&now[..], &["nodes.layout=fused"]].concat());
    assert_eq!((code, out.as_str()), (0, "nodes.layout: auto -> fused\n"));

    let (code, out, _) = config(&["rollback", "1", "--config", &dir, "--state", &state]);
    assert_eq!((code, out.as_str()), (0, "version 1 is back, as version 3\n"));
    let text = fs::read_to_string(folder.path("config/risk.yaml")).expect("a file");
    assert_eq!(text, "risk_management: {global_limits: {max_daily_loss: 100}}\n");
    assert_eq!(config(&["rollback", "9", "--config", &dir, "--state", &state]).0, 2);

    // A history that takes no more versions: the files are back all the same, and no code says otherwise.
    folder.write("state/config/00000099.json", "torn");
    let (code, _, err) = config(&["rollback", "2", "--config", &dir, "--state", &state]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("the files of version 2 are back"), "{err}");
    let text = fs::read_to_string(folder.path("config/risk.yaml")).expect("a file");
    assert_eq!(text, "risk_management: {global_limits: {max_daily_loss: 200}}\n");
}

#[test]
fn secrets_of_a_file_are_encrypted_read_and_rotated() {
    let folder = Folder::new();
    let keys = ::config::secret::Keys::generate();
    folder.write("keys.txt", &keys.to_text());
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.path("keys.txt"), private).expect("a mode");
    folder.write("config/exchanges.yaml", "exchanges: {okx: {api_key: \"plain\"}}\n");
    let path = folder.path("config/exchanges.yaml");
    let secrets = |arguments: &[&str]| {
        let mut command = program();
        command.arg("config").args(arguments).arg(&path);
        of(command.env("FUNDING_ARB_AGE_KEY_FILE", folder.path("keys.txt")))
    };
    let text = || fs::read_to_string(&path).expect("a file");
    let (code, out, _) = secrets(&["encrypt"]);
    assert_eq!((code, out.as_str()), (0, "exchanges.okx.api_key: encrypted\n"));
    let first = text();
    assert!(first.contains("api_key: \"ENC[age,") && !first.contains("plain"), "{first}");
    assert_eq!(secrets(&["decrypt"]).1, "exchanges: {okx: {api_key: \"plain\"}}\n");
    assert_eq!(secrets(&["rotate"]).0, 0);
    assert_ne!(text(), first);
    assert_eq!(secrets(&["decrypt"]).1, "exchanges: {okx: {api_key: \"plain\"}}\n");
    let mut without = program();
    without.args(["config", "decrypt"]).arg(&path).env_clear();
    let (code, _, complaint) = of(&mut without);
    assert_eq!(code, 2);
    assert!(complaint.contains("no age key to open it with"), "{complaint}");
}

#[test]
fn a_folder_that_everybody_may_write_is_taken_where_it_is_mounted_read_only() {
    const NO_MOUNTS: i32 = 99;
    let folder = Folder::new();
    let dir = folder.path("config");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).expect("a mode");
    let shown = dir.display().to_string();
    let (code, _, complaint) = config(&["check", "--config", &shown]);
    assert_eq!(code, 2);
    assert!(complaint.contains("everybody may write it (mode 0777)"), "{complaint}");

    // As a kubelet mounts a ConfigMap: in a mount namespace of our own, where we may have one.
    let mount = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" || exit 99";
    let script = format!("{mount}; exec \"$2\" config check --config \"$1\"");
    let mut inside = Command::new("unshare");
    inside.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh", &shown]);
    inside.arg(program().get_program());
    let (code, out, complaint) = match inside.output() {
        Ok(_) => of(&mut inside),
        Err(why) => (NO_MOUNTS, String::new(), why.to_string()),
    };
    if code == NO_MOUNTS || complaint.starts_with("unshare:") {
        return skipped(&complaint);
    }
    assert_eq!((code, out.as_str()), (0, "the configuration is sound\n"), "{complaint}");
}

/// Says that half of a test could not be made here, and why.
fn skipped(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped, no mounts of our own here: {why}");
}
