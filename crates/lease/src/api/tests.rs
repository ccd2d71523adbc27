#![allow(clippy::unwrap_used)]
use super::*;
use std::fs;

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

#[test]
fn each_status_means_what_the_api_server_means_by_it() {
    let lease =
        r#"{"kind":"Lease","metadata":{"resourceVersion":"9"},"spec":{"holderIdentity":"a"}}"#;
    assert_eq!(read(&answer(200, lease), "l").unwrap().holder(), Some("a"));
    assert_eq!(read(&answer(409, "{}"), "l"), Err(Refusal::Conflict));
    assert_eq!(read(&answer(404, "{}"), "l"), Err(Refusal::Missing("l".into())));
    let told = r#"{"kind":"Status","message":"leases.coordination.k8s.io \"l\" is forbidden"}"#;
    let denied = read(&answer(403, told), "l").unwrap_err().to_string();
    assert!(
        denied.contains("403 leases.coordination.k8s.io") && denied.contains("Role"),
        "{denied}"
    );
    assert!(matches!(read(&answer(401, ""), "l"), Err(Refusal::Denied(_))));
    for (status, body) in [(200, "<html>"), (429, told), (500, ""), (503, "{"), (302, "")] {
        assert!(matches!(read(&answer(status, body), "l"), Err(Refusal::Failed(_))), "{status}");
    }
}

#[test]
fn what_a_server_says_is_kept_short_and_on_one_line() {
    let message = format!("\u{1b}[2Jfirst\nsecond {}", "x".repeat(5_000));
    let body = serde_json::json!({ "message": message }).to_string();
    let said = said(&answer(500, &body));
    assert!(said.len() < 300 && !said.contains('\n') && !said.contains('\u{1b}'), "{said}");
}

/// A folder with the three files, or what a test says they hold.
fn access(token: &[u8], namespace: &str, server: &str) -> (tempfile::TempDir, Access) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("token"), token).unwrap();
    fs::write(dir.path().join("namespace"), namespace).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(dir.path().join("ca.crt"), made.cert.pem()).unwrap();
    let access = Access {
        server: server.to_owned(),
        name: "funding-arb-arb1".to_owned(),
        folder: dir.path().to_owned(),
    };
    (dir, access)
}

fn refused(access: Access) -> String {
    let mut server = Server::new(access, Span::from_secs(2));
    server.ask(&Ask::Get).unwrap_err().to_string()
}

#[test]
fn files_that_are_not_what_they_should_be_are_named_and_never_sent() {
    let (dir, fine) = access(b"abc\n", "arb", "https://127.0.0.1:1");
    assert!(refused(fine.clone()).contains("not sent"), "nobody listens there");
    for (file, content) in [
        ("token", &b""[..]),
        ("token", b"two words"),
        ("token", b"head: er\r\nx"),
        ("token", b"\xff\xfe"),
        ("namespace", b"../../secrets"),
        ("namespace", b"UPPER"),
        ("ca.crt", b"no certificate"),
    ] {
        let (dir, access) = access(b"abc", "arb", "https://127.0.0.1:1");
        fs::write(dir.path().join(file), content).unwrap();
        let why = refused(access);
        assert!(why.contains(file), "{file} with {content:?}: {why}");
        assert!(!why.contains("words") && !why.contains("er\r"), "{why}");
    }
    fs::remove_file(dir.path().join("token")).unwrap();
    assert!(refused(fine).contains("token"));
}

#[test]
fn a_server_in_the_clear_is_not_asked() {
    let (_dir, access) = access(b"abc", "arb", "http://127.0.0.1:1");
    let why = refused(access);
    assert!(why.contains("not sent") && why.contains("Request"), "{why}");
}
