//! PostgreSQL as a source, against a real server of its own where one is installed.

use super::stub::Identity;
use crate::source::{Fetched, Postgres, Remote, SCHEMA, SourceFault};
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// The variable that makes a missing server a failure.
const NEEDED: &str = "FUNDING_ARB_NEEDS_POSTGRES";
const PASSWORD: &str = "Planted-pa55";

/// A server on a port of its own; ends with the test.
struct Server {
    dir: tempfile::TempDir,
    bin: PathBuf,
    port: u16,
    owner: Option<u32>,
}

impl Server {
    /// `None`, and word of it past the test's own capture, where no server is installed.
    fn start(what: &str) -> Option<Self> {
        let Some(bin) = installed() else {
            let why = "no PostgreSQL server is installed below /usr/lib/postgresql";
            assert!(std::env::var_os(NEEDED).is_none(), "{what}: {why}, and {NEEDED} is set");
            let _ = writeln!(std::io::stderr(), "SKIPPED: {what}: {why}");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        // The server refuses to run as root: then it is nobody's.
        let root = fs::metadata(dir.path()).unwrap().uid() == 0;
        let owner = root.then_some(65_534);
        chown(dir.path(), owner, owner).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { dir, bin, port, owner };
        let identity = Identity::new();
        for (name, text) in
            [("secret", PASSWORD), ("cert.pem", &identity.certificate), ("key.pem", &identity.key)]
        {
            let path = server.path(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            chown(&path, owner, owner).unwrap();
        }
        let secret = format!("--pwfile={}", server.path("secret").display());
        let data = server.path("data").display().to_string();
        let made =
            ["-D", &data, "-U", "arb", "-A", "scram-sha-256", &secret, "--no-sync", "-E", "UTF8"];
        server.must("initdb", &made);
        let own = server.dir.path().display();
        let mut settings =
            fs::OpenOptions::new().append(true).open(server.path("data/postgresql.conf")).unwrap();
        writeln!(
            settings,
            "ssl = on\nssl_cert_file = '{own}/cert.pem'\nssl_key_file = '{own}/key.pem'"
        )
        .unwrap();
        let options = format!("-p {port} -h 127.0.0.1 -k {own} -F");
        let log = server.path("log").display().to_string();
        server.must("pg_ctl", &["-D", &data, "-l", &log, "-o", &options, "-w", "start"]);
        Some(server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn must(&self, tool: &str, arguments: &[&str]) {
        let status = self.command(tool).args(arguments).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{tool} {arguments:?}: {status}");
    }

    fn command(&self, tool: &str) -> Command {
        let tool = self.bin.join(tool);
        let mut command = match self.owner {
            Some(owner) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={owner}"), format!("--regid={owner}")]);
                command.args(["--clear-groups", "--"]).arg(tool);
                command
            }
            None => Command::new(tool),
        };
        command.current_dir(self.dir.path()).env("PGPASSWORD", PASSWORD);
        command
    }

    /// Says something to the server with a client that nobody here wrote.
    fn say(&self, sql: &str) {
        let port = self.port.to_string();
        let mut command = self.command("psql");
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", "arb", "-d", "postgres"]);
        command.args(["-q", "-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut psql = command.spawn().unwrap();
        psql.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        assert!(psql.wait().unwrap().success(), "{sql}");
    }

    fn address(&self, options: &str) -> String {
        format!("postgres://arb@127.0.0.1:{}/postgres{options}", self.port)
    }

    fn postgres(&self, password: &str, options: &str) -> Postgres {
        Postgres::new(&self.address(options), &knows(password)).unwrap()
    }

    fn fetch(&self, password: &str) -> Result<Fetched, SourceFault> {
        self.postgres(password, "").fetch(&Fetched::default(), Duration::ZERO)
    }

    fn remote(&self, state: &Path) -> Remote {
        Remote::new(&self.address(""), state, &knows(PASSWORD)).unwrap()
    }

    fn stop(&self) {
        let data = self.path("data").display().to_string();
        let mut command = self.command("pg_ctl");
        command.args(["-D", &data, "-m", "immediate", "-w", "stop"]).stdout(Stdio::null());
        let _ = command.stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn knows(password: &str) -> impl Fn(&str) -> Option<String> {
    let password = password.to_owned();
    move |name| (name == "PGPASSWORD").then(|| password.clone())
}

/// The folder of the newest server's tools.
fn installed() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("psql").is_file())
        .collect();
    found.sort();
    found.pop()
}

#[test]
fn the_highest_version_of_a_table_loads_and_its_copy_serves_while_the_server_is_away() {
    let Some(server) = Server::start("the table of a real PostgreSQL server") else { return };
    let state = tempfile::tempdir().unwrap();
    let no_table = server.fetch(PASSWORD).unwrap_err().to_string();
    assert!(no_table.contains("relation \"funding_arb_config\" does not exist"), "{no_table}");
    server.say(SCHEMA);
    let empty = server.fetch(PASSWORD).unwrap_err();
    assert!(matches!(empty, SourceFault::Content(_)), "{empty}");
    let long = format!("# {}", "ü".repeat(100_000));
    server.say(&format!(
        "INSERT INTO funding_arb_config VALUES (1, 'nodes.yaml', 'nodes: {{layout: fused}}'),
         (2, 'nodes.yaml', 'nodes: {{layout: paired}}'), (2, 'main.yaml', '{long}')"
    ));
    let mut source = server.remote(state.path());
    let copied = source.bring().unwrap();
    let config = crate::load(Some(&copied.dir), &[]).unwrap();
    source.keep().unwrap();
    assert_eq!(config.nodes.layout, crate::plan::Layout::Paired);
    assert_eq!(fs::read_to_string(copied.dir.join("main.yaml")).unwrap(), long);
    let fetched = server.fetch(PASSWORD).unwrap();
    assert_eq!((fetched.index, fetched.files.len()), (2, 2));

    let wrong = server.fetch("Planted-wrong").unwrap_err();
    assert!(
        matches!(&wrong, SourceFault::Refused(why) if why.contains("password authentication failed")),
        "{wrong}"
    );
    assert!(!format!("{wrong} {:?}", server.postgres(PASSWORD, "")).contains("Planted"));
    server.say("INSERT INTO funding_arb_config VALUES (3, '../x.yaml', '')");
    assert!(matches!(server.fetch(PASSWORD), Err(SourceFault::Content(_))));

    server.stop();
    let again = source.bring().unwrap();
    assert!(matches!(again.away, Some(SourceFault::Away(_))), "{again:?}");
    assert_eq!(crate::load(Some(&again.dir), &[]).unwrap(), config);
}

#[test]
fn a_wait_ends_with_the_word_of_a_change_and_without_one_with_its_time() {
    const LONG: Duration = Duration::from_secs(60);
    let Some(server) = Server::start("waiting for a real PostgreSQL server") else { return };
    let state = tempfile::tempdir().unwrap();
    server.say(SCHEMA);
    let put = |version: u8, layout: &str| {
        server.say(&format!(
            "INSERT INTO funding_arb_config VALUES ({version}, 'nodes.yaml', 'nodes: {{layout: {layout}}}')"
        ));
    };
    put(1, "fused");
    let mut source = server.remote(state.path());
    source.bring().unwrap();
    source.keep().unwrap();
    assert_eq!(source.wait(Duration::from_millis(20)).unwrap(), None);
    let layout = |copied: Option<crate::source::Copied>| {
        crate::load(Some(&copied.expect("a change").dir), &[]).unwrap().nodes.layout
    };
    put(2, "paired");
    assert_eq!(layout(source.wait(LONG).unwrap()), crate::plan::Layout::Paired);
    let (told, heard) = mpsc::channel();
    thread::spawn(move || told.send(Box::new((source.wait(LONG), source))));
    put(3, "split");
    let (copied, mut source) = *heard.recv_timeout(LONG).expect("the wait ends");
    assert_eq!(layout(copied.unwrap()), crate::plan::Layout::Split);

    // Without a trigger a change is seen when the wait ends; the server may hang up in between.
    server.say("DROP TRIGGER funding_arb_config_changed ON funding_arb_config;");
    put(4, "auto");
    assert_eq!(layout(source.wait(Duration::from_millis(20)).unwrap()), crate::plan::Layout::Auto);
    server.say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'funding-arb';");
    assert!(matches!(source.wait(LONG), Err(SourceFault::Refused(_) | SourceFault::Away(_))));
    assert_eq!(source.wait(Duration::from_millis(20)).unwrap(), None, "connected anew");
}

#[test]
fn under_tls_the_certificate_must_be_of_whom_is_trusted() {
    let Some(server) = Server::start("TLS with a real PostgreSQL server") else { return };
    server.say(SCHEMA);
    server.say("INSERT INTO funding_arb_config VALUES (1, 'main.yaml', '')");
    let of = |mode: &str, name: &str, certificate: &str| {
        let path = server.path(name);
        fs::write(&path, certificate).unwrap();
        let options = format!("?sslmode={mode}&sslrootcert={}", path.display());
        server.postgres(PASSWORD, &options).fetch(&Fetched::default(), Duration::ZERO)
    };
    let own = fs::read_to_string(server.path("cert.pem")).unwrap();
    for mode in ["require", "verify-full"] {
        assert_eq!(of(mode, "own.pem", &own).unwrap().index, 1);
        let why = of(mode, "other.pem", &Identity::new().certificate).unwrap_err().to_string();
        assert!(why.contains("invalid peer certificate"), "{why}");
    }
    server.say("ALTER SYSTEM SET ssl = off; SELECT pg_reload_conf();");
    // The server takes a moment to read its settings anew.
    let until = Instant::now() + Duration::from_secs(20);
    while of("require", "own.pem", &own).is_ok() && Instant::now() < until {}
    let why = of("require", "own.pem", &own).unwrap_err().to_string();
    assert!(why.contains("the server has no TLS; set ssl = on there"), "{why}");
}

#[test]
fn addresses_that_are_none_say_what_is_allowed_and_never_repeat_a_password() {
    for (bad, why) in [
        ("http://x", "begins with consul://, consul+https:// or postgres://"),
        ("postgres://h:1/d", "the user is missing"),
        ("postgres://u@h:1", "the database is missing"),
        ("postgres://u:Planted@h:1/d", "use password_file"),
        ("postgres://u@h/d", "user, host, port or database"),
        ("postgres://u@h:1/d?x=Planted", "the only options are"),
        ("postgres://u@h:1/d?table=a\"b", "the only options are"),
        ("postgres://u@h:1/d?sslmode=prefer", "one of disable, require, verify-full"),
        ("postgres://u@h:1/d?sslrootcert=/no/such", "CA file /no/such: No such file"),
    ] {
        let told = Remote::new(bad, Path::new("/no/such"), &|_| None).unwrap_err().to_string();
        assert!(told.contains(why) && !told.contains("Planted"), "{bad}: {told}");
    }
}

#[test]
fn another_host_is_asked_under_tls_whatever_its_name_begins_with() {
    let told = |host: &str| {
        let why = "?sslrootcert=/no/such";
        Postgres::new(&format!("postgres://u@{host}:1/d{why}"), &|_| None).map(drop)
    };
    told("127.0.0.9").unwrap();
    told("localhost").unwrap();
    for host in ["127.example.com", "db.internal"] {
        assert!(told(host).unwrap_err().to_string().contains("CA file"), "{host}");
    }
}

#[test]
fn the_page_of_the_crate_shows_the_table_as_it_is_tested_here() {
    assert!(include_str!("../../../README.md").contains(SCHEMA));
}
