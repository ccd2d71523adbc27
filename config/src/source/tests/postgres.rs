//! PostgreSQL as a source, against a real server of its own where one is installed.

use crate::source::{Postgres, Remote, SCHEMA, SourceFault};
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PASSWORD: &str = "Planted-pa55";

/// A server on a port of its own; ends with the test.
struct Server {
    dir: tempfile::TempDir,
    bin: PathBuf,
    port: u16,
    owner: Option<u32>,
}

impl Server {
    /// `None` where no server is installed.
    fn start() -> Option<Self> {
        let bin = installed()?;
        let dir = tempfile::tempdir().unwrap();
        // The server refuses to run as root: then it is nobody's.
        let root = fs::metadata(dir.path()).unwrap().uid() == 0;
        let owner = root.then_some(65_534);
        chown(dir.path(), owner, owner).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { dir, bin, port, owner };
        let secret = server.path("secret");
        fs::write(&secret, PASSWORD).unwrap();
        chown(&secret, owner, owner).unwrap();
        let secret = format!("--pwfile={}", secret.display());
        let data = server.path("data").display().to_string();
        let made =
            ["-D", &data, "-U", "arb", "-A", "scram-sha-256", &secret, "--no-sync", "-E", "UTF8"];
        server.must("initdb", &made);
        let options = format!("-p {port} -h 127.0.0.1 -k {} -F", server.dir.path().display());
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
        command.args(["-q", "-v", "ON_ERROR_STOP=1"]).stdin(Stdio::piped());
        let mut psql = command.spawn().unwrap();
        psql.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
        assert!(psql.wait().unwrap().success(), "{sql}");
    }

    fn source(&self, password: &str) -> Postgres {
        let address = format!("postgres://arb@127.0.0.1:{}/postgres", self.port);
        let password = password.to_owned();
        Postgres::new(&address, &|name| (name == "PGPASSWORD").then(|| password.clone())).unwrap()
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
    let Some(server) = Server::start() else {
        eprintln!("not run: no PostgreSQL server is installed below /usr/lib/postgresql");
        return;
    };
    let state = tempfile::tempdir().unwrap();
    let no_table = server.source(PASSWORD).fetch().unwrap_err().to_string();
    assert!(no_table.contains("relation \"funding_arb_config\" does not exist"), "{no_table}");
    server.say(SCHEMA);
    let empty = server.source(PASSWORD).fetch().unwrap_err();
    assert!(matches!(empty, SourceFault::Content(_)), "{empty}");
    let long = format!("# {}", "ü".repeat(100_000));
    server.say(&format!(
        "INSERT INTO funding_arb_config VALUES (1, 'nodes.yaml', 'nodes: {{layout: fused}}'),
         (2, 'nodes.yaml', 'nodes: {{layout: paired}}'), (2, 'main.yaml', '{long}')"
    ));
    let mut source = Remote::Postgres(server.source(PASSWORD));
    let copied = source.bring(state.path()).unwrap();
    let config = crate::load(Some(&copied.dir), &[]).unwrap();
    assert_eq!(config.nodes.layout, crate::plan::Layout::Paired);
    assert_eq!(fs::read_to_string(copied.dir.join("main.yaml")).unwrap(), long);
    let fetched = server.source(PASSWORD).fetch().unwrap();
    assert_eq!((fetched.index, fetched.files.len()), (2, 2));

    let wrong = server.source("Planted-wrong").fetch().unwrap_err();
    assert!(
        matches!(&wrong, SourceFault::Refused(why) if why.contains("password authentication failed")),
        "{wrong}"
    );
    assert!(!format!("{wrong} {:?}", server.source(PASSWORD)).contains("Planted"));
    server.say("INSERT INTO funding_arb_config VALUES (3, '../x.yaml', '')");
    assert!(matches!(server.source(PASSWORD).fetch(), Err(SourceFault::Content(_))));

    server.stop();
    let again = source.bring(state.path()).unwrap();
    assert!(matches!(again.away, Some(SourceFault::Away(_))), "{again:?}");
    assert_eq!(crate::load(Some(&again.dir), &[]).unwrap(), config);
}

#[test]
fn addresses_that_are_none_say_what_is_allowed_and_never_repeat_a_password() {
    for (bad, why) in [
        ("http://x", "begins with consul:// or postgres://"),
        ("postgres://h:1/d", "the user is missing"),
        ("postgres://u@h:1", "the database is missing"),
        ("postgres://u:Planted@h:1/d", "use password_file"),
        ("postgres://u@h/d", "user, host, port or database"),
        ("postgres://u@h:1/d?x=Planted", "the only options are"),
        ("postgres://u@h:1/d?table=a\"b", "the only options are"),
    ] {
        let told = Remote::new(bad, &|_| None).unwrap_err().to_string();
        assert!(told.contains(why) && !told.contains("Planted"), "{bad}: {told}");
    }
}
