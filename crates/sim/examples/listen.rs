//! Measures the venues: starts them, listens to everything an engine listens to for a while, and prints
//! frames, bytes and the processor time of the venues' threads. `listen [SPEED] [SECONDS] [SCENARIO]`.

#![expect(clippy::print_stdout, reason = "a program for people")]

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sim::{Running, SimOptions, serve};
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tungstenite::{Message, WebSocket};

type Failure = Box<dyn std::error::Error + Send + Sync>;
/// Frames and bytes of one line.
type Heard = Result<(u64, u64), Failure>;
type Ws = WebSocket<StreamOwned<ClientConnection, TcpStream>>;

const BINANCE: &str = "btcusdt@bookTicker/btcusdt@trade/btcusdt@depth@100ms/ethusdt@bookTicker/ethusdt@trade/ethusdt@depth@100ms";

fn main() -> Result<(), Failure> {
    let mut words = std::env::args().skip(1);
    let speed = words.next().and_then(|w| w.parse().ok()).unwrap_or(10);
    let seconds = words.next().and_then(|w| w.parse().ok()).unwrap_or(20);
    let scenario = words.next().unwrap_or_else(|| "default".into());
    let dir = std::env::temp_dir().join(format!("sim-listen-{}", std::process::id()));
    let options =
        SimOptions { scenario, speed: Some(speed), dir: dir.clone(), ..SimOptions::default() };
    let running = serve(&options)?;
    let lines = lines();
    let end = Instant::now() + Duration::from_secs(seconds);
    let listeners: Vec<(&str, JoinHandle<Heard>)> = lines
        .into_iter()
        .map(|(name, venue, path, ask)| {
            let ws = connect(&running, venue, &path);
            (name, std::thread::spawn(move || listen(ws?, ask, end)))
        })
        .collect();
    let before = processor_ms();
    let begin = Instant::now();
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
    let (after, wall) = (processor_ms(), begin.elapsed().as_millis());
    for (thread, ms) in &after {
        let used = ms - before.get(thread).copied().unwrap_or(0);
        println!("{thread:<16} {used:>6} ms of {wall} ms");
    }
    let mut frames = 0;
    for (name, listener) in listeners {
        let (count, bytes) = listener.join().map_err(|_| "a listener panicked")??;
        println!("{name:<16} {:>7} frames/s {:>9} bytes/s", count / seconds, bytes / seconds);
        frames += count;
    }
    println!("together         {:>7} frames/s", frames / seconds);
    drop(running);
    std::fs::remove_dir_all(dir)?;
    Ok(())
}

/// What an engine listens to: name, venue, path, subscriptions sent after opening.
fn lines() -> Vec<(&'static str, &'static str, String, Vec<String>)> {
    let okx = |channel: &str| {
        let ids = ["BTC-USDT", "ETH-USDT", "BTC-USDT-SWAP", "ETH-USDT-SWAP"];
        ids.map(|id| format!(r#"{{"channel":"{channel}","instId":"{id}"}}"#)).join(",")
    };
    let okx = ["bbo-tbt", "books", "trades", "funding-rate", "mark-price"].map(okx).join(",");
    let bybit = |kinds: &[&str]| {
        let topics =
            kinds.iter().flat_map(|k| ["BTCUSDT", "ETHUSDT"].map(|s| format!("\"{k}.{s}\"")));
        format!(
            r#"{{"req_id":"1","op":"subscribe","args":[{}]}}"#,
            topics.collect::<Vec<_>>().join(",")
        )
    };
    let all = ["orderbook.1", "orderbook.50", "publicTrade", "tickers"];
    vec![
        ("spot", "binance-spot", format!("/stream?streams={BINANCE}"), Vec::new()),
        ("usdm public", "binance-usdm", format!("/public/stream?streams={BINANCE}"), Vec::new()),
        (
            "usdm market",
            "binance-usdm",
            "/market/stream?streams=btcusdt@markPrice@1s/ethusdt@markPrice@1s".into(),
            Vec::new(),
        ),
        (
            "okx public",
            "okx",
            "/ws/v5/public".into(),
            vec![format!(r#"{{"id":"1","op":"subscribe","args":[{okx}]}}"#)],
        ),
        ("bybit spot", "bybit", "/v5/public/spot".into(), vec![bybit(&all)]),
        ("bybit linear", "bybit", "/v5/public/linear".into(), vec![bybit(&all)]),
    ]
}

fn connect(running: &Running, venue: &str, path: &str) -> Result<Ws, Failure> {
    let venues = running.venues();
    let port = venues["venues"][venue]["port"].as_u64().ok_or("no port")?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(venues["ca"].as_str().ok_or("no CA")?)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(("127.0.0.1", u16::try_from(port)?))?;
    socket.set_read_timeout(Some(Duration::from_millis(500)))?;
    let tls = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost")?)?;
    let url = format!("wss://localhost:{port}{path}");
    let (ws, _) =
        tungstenite::client(url, StreamOwned::new(tls, socket)).map_err(|why| why.to_string())?;
    Ok(ws)
}

fn listen(mut ws: Ws, asks: Vec<String>, end: Instant) -> Heard {
    for ask in asks {
        ws.send(Message::text(ask))?;
    }
    let (mut frames, mut bytes) = (0, 0);
    while Instant::now() < end {
        match ws.read() {
            Ok(Message::Text(text)) => {
                frames += 1;
                bytes += text.len() as u64;
            }
            Ok(_) => {}
            Err(tungstenite::Error::Io(why)) if why.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(why) => return Err(why.into()),
        }
    }
    Ok((frames, bytes))
}

/// Processor time of this process's venue threads, by name, in milliseconds.
fn processor_ms() -> BTreeMap<String, u64> {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    let mut used = BTreeMap::new();
    for stat in stats {
        let Some((head, rest)) = stat.rsplit_once(')') else { continue };
        let name = head.split_once('(').map_or("", |(_, name)| name).to_owned();
        let ticks = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse::<u64>().ok())
            .sum::<u64>();
        if name.starts_with("venue-") {
            // The kernel counts in hundredths of a second.
            *used.entry(name).or_insert(0) += ticks * 10;
        }
    }
    used
}
