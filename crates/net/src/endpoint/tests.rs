use super::Endpoint;

#[test]
fn a_url_is_taken_apart() {
    let cases: &[(&str, &str, u16, &str)] = &[
        ("wss://ws.okx.com:8443/ws/v5/public", "ws.okx.com", 8443, "/ws/v5/public"),
        (
            "wss://stream.binance.com/stream?streams=a@b/c",
            "stream.binance.com",
            443,
            "/stream?streams=a@b/c",
        ),
        ("wss://127.0.0.1:9443", "127.0.0.1", 9443, "/"),
        ("wss://[::1]:9443/x", "::1", 9443, "/x"),
        ("wss://[::1]", "::1", 443, "/"),
        ("wss://host?q=1", "host", 443, "/?q=1"),
    ];
    for (url, host, port, path) in cases {
        let endpoint = Endpoint::parse(url).unwrap();
        assert_eq!(
            (endpoint.host.as_str(), endpoint.port, endpoint.path.as_str()),
            (*host, *port, *path)
        );
    }
}

#[test]
fn what_is_not_a_wss_url_is_refused() {
    for url in [
        "",
        "ws://host/",
        "https://host/",
        "wss://",
        "wss://:443/",
        "wss://host:x/",
        "wss://host:70000/",
        "wss://me@host/",
        "wss://host/a b",
        "wss://host/a#b",
        "wss://host/\r\nX: y",
        "wss://[::1",
        "wss://[::1]x",
    ] {
        assert!(Endpoint::parse(url).is_err(), "{url}");
    }
}
