//! Wire to wire over loopback TLS, everybody spinning: a quote leaves the venue, an order comes back. The floor
//! is a bare TLS echo of the same bytes with nothing between read and write.

use crate::channel::{LeapClock, Wire, framed};
use crate::engine::{Engine, Wish};
use crate::measure::{Digest, Samples, Scale, Timer};
use crate::pin;
use crate::result::{Kind, Report};
use base::{Clock as _, VenueId};
use net::{Channel as _, Connector, Endpoint, Link, LinkOptions, PingPolicy, Polled, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};
use std::cell::RefCell;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const APART: f64 = 62_300.0;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What client and venue agree on before each exchange.
#[derive(Debug, Default)]
struct Plan {
    /// The frame the venue sends next.
    frame: Mutex<Vec<u8>>,
    /// Exchanges the client is ready for.
    ready: AtomicU64,
    /// Exchanges the venue has completed.
    done: AtomicU64,
    /// The order frame the venue received last.
    order: Mutex<Vec<u8>>,
}

impl Plan {
    fn put(place: &Mutex<Vec<u8>>, bytes: &[u8]) {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.clear();
        place.extend_from_slice(bytes);
    }

    fn get(place: &Mutex<Vec<u8>>) -> Vec<u8> {
        place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(crate) fn run(report: &mut Report, timer: &Timer, scale: Scale) {
    report.group("wire: quote out, order in, over loopback TLS, both ends spinning");
    let count = scale.of(2_000);
    let rounds = scale.rounds();
    let authority = Authority::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (mut floor, mut ours, mut hash) = (Samples::default(), Samples::default(), 0);
    let echo = Plan::default();
    let engine = Plan::default();
    thread::scope(|scope| {
        let config = Arc::new(authority.server());
        let (echo, engine) = (&echo, &engine);
        let served =
            scope.spawn(move || serve(&listener, &config, [echo, engine], (rounds, count), timer));
        hash = trade(timer, &authority, address, [echo, engine], rounds, count);
        let samples = served.join().expect("the venue served");
        [floor, ours] = samples;
    });
    let [engine, echo] = ours.beside(&floor);
    let (floor, ours) = (floor.figures(), ours.figures());
    report.row("wire", "bare TLS echo of the same bytes", Kind::Floor, &floor, None);
    let hash = Some(hash);
    report.row("wire", "quote to order through the engine", Kind::Ours, &ours, hash);
    let echo = ("bare TLS echo", echo);
    report.ratio("wire: engine / bare TLS echo, p50", engine, echo, 1.15, hash);
}

/// The client's side: echoes on one connection, trades on the other, in turns. A hash of the orders.
fn trade(
    timer: &Timer,
    authority: &Authority,
    address: SocketAddr,
    plans: [&Plan; 2],
    rounds: usize,
    count: usize,
) -> u64 {
    let mut bare = authority.client(address);
    let clock = LeapClock::new(timer.clock.clone());
    let connector = Connector::start(&authority.tls(), clock.clone()).expect("a thread");
    let wire = open(&connector, address, &clock);
    pin(0);
    let venues = [VenueId::BinanceUsdm, VenueId::Bybit];
    let wish = Wish { wire: Some(Rc::clone(&wire)), ..Wish::default() };
    let (mut engine, mut brain) = Engine::start(clock, &venues, &wish, None);
    let [echo, orders] = plans;
    // The floor's bytes are those of a real exchange: the first one is not measured.
    let mut reply = exchange(&mut engine, &mut brain, orders);
    let quote = engine.quote(0, APART);
    let quote = framed(quote.as_bytes());
    let mut sum = Digest::new();
    for _ in 0..rounds {
        for _ in 0..count {
            Plan::put(&echo.frame, &quote);
            let turn = echo.ready.fetch_add(1, Ordering::AcqRel) + 1;
            answer(&mut bare, quote.len(), &reply);
            wait_for(&echo.done, turn);
        }
        for _ in 0..count {
            reply = exchange(&mut engine, &mut brain, orders);
            sum.bytes(engine.order().as_bytes());
        }
    }
    sum.value()
}

/// One quote in, one order out, the pair over; the order's frame.
fn exchange(engine: &mut Engine, brain: &mut crate::engine::Brain, plan: &Plan) -> Vec<u8> {
    let text = engine.quote(0, APART);
    Plan::put(&plan.frame, &framed(text.as_bytes()));
    let sent = engine.desks[0].orders.sent();
    let turn = plan.ready.fetch_add(1, Ordering::AcqRel) + 1;
    let begun = Instant::now();
    let mut spins = 0_u32;
    while engine.desks[0].orders.sent() == sent {
        let now = engine.clock.now();
        engine.round(brain, now);
        spins = spins.wrapping_add(1);
        assert!(!spins.is_multiple_of(1 << 16) || begun.elapsed() < PATIENCE, "no order left");
    }
    wait_for(&plan.done, turn);
    let order = Plan::get(&plan.order);
    engine.desks[0].orders.note_frame(&order);
    engine.settle(brain);
    order
}

fn wait_for(count: &AtomicU64, least: u64) {
    let begun = Instant::now();
    let mut spins = 0_u32;
    while count.load(Ordering::Acquire) < least {
        std::hint::spin_loop();
        spins = spins.wrapping_add(1);
        assert!(!spins.is_multiple_of(1 << 16) || begun.elapsed() < PATIENCE, "no answer");
    }
}

/// Reads so many bytes and writes the reply at once.
fn answer<S: Read + Write>(stream: &mut S, length: usize, reply: &[u8]) {
    let mut room = [0_u8; 4096];
    read_to(stream, &mut room, |read| read.len() >= length);
    stream.write_all(reply).expect("room in the socket");
    stream.flush().expect("room in the socket");
}

/// Spins until what was read is whole; its length.
fn read_to<S: Read>(stream: &mut S, room: &mut [u8], whole: impl Fn(&[u8]) -> bool) -> usize {
    let begun = Instant::now();
    let (mut length, mut spins) = (0, 0_u32);
    loop {
        match stream.read(&mut room[length..]) {
            Ok(0) => panic!("the connection ended"),
            Ok(more) => {
                length += more;
                if whole(&room[..length]) {
                    return length;
                }
            }
            Err(why) if why.kind() == ErrorKind::WouldBlock => {
                std::hint::spin_loop();
                spins = spins.wrapping_add(1);
                assert!(!spins.is_multiple_of(1 << 14) || begun.elapsed() < PATIENCE, "silence");
            }
            Err(why) => panic!("{why}"),
        }
    }
}

type Peer = StreamOwned<ServerConnection, TcpStream>;

/// The venue: takes both connections, then sends and awaits in the client's order. Echo first, engine second.
fn serve(
    listener: &TcpListener,
    config: &Arc<ServerConfig>,
    plans: [&Plan; 2],
    (rounds, count): (usize, usize),
    timer: &Timer,
) -> [Samples; 2] {
    pin(1);
    let mut echo = taken(listener, config);
    let mut link = taken(listener, config);
    upgrade(&mut link);
    for peer in [&mut echo, &mut link] {
        peer.sock.set_nonblocking(true).expect("a socket");
    }
    let [mut floor, mut ours] = [Samples::default(), Samples::default()];
    let [echoes, orders] = plans;
    one(&mut link, orders, 1, timer);
    let mut done = [0, 1];
    for _ in 0..rounds {
        for _ in 0..count {
            done[0] += 1;
            floor.singles.push(one(&mut echo, echoes, done[0], timer));
        }
        for _ in 0..count {
            done[1] += 1;
            ours.singles.push(one(&mut link, orders, done[1], timer));
        }
        floor.next_round();
        ours.next_round();
    }
    [floor, ours]
}

/// One exchange, timed at the venue.
fn one(peer: &mut Peer, plan: &Plan, turn: u64, timer: &Timer) -> u64 {
    wait_for(&plan.ready, turn);
    let frame = Plan::get(&plan.frame);
    let mut room = [0_u8; 4096];
    let begun = timer.now();
    peer.write_all(&frame).expect("room in the socket");
    peer.flush().expect("room in the socket");
    let length = read_to(peer, &mut room, whole_frame);
    let took = timer.since(begun);
    Plan::put(&plan.order, &room[..length]);
    plan.done.store(turn, Ordering::Release);
    took
}

/// Whether a masked client frame of middling length is all there.
fn whole_frame(bytes: &[u8]) -> bool {
    match bytes {
        [_, 0xfe, high, low, ..] => {
            bytes.len() >= 8 + usize::from(u16::from_be_bytes([*high, *low]))
        }
        [_, short, ..] => bytes.len() >= 6 + usize::from(short & 0x7f),
        _ => false,
    }
}

fn taken(listener: &TcpListener, config: &Arc<ServerConfig>) -> Peer {
    let (mut socket, _) = listener.accept().expect("a client");
    socket.set_nodelay(true).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let mut connection = ServerConnection::new(Arc::clone(config)).expect("a configuration");
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).expect("a handshake");
    }
    StreamOwned::new(connection, socket)
}

fn upgrade(peer: &mut Peer) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        peer.read_exact(&mut byte).expect("a request");
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("sec-websocket-key").then_some(value.trim())
    });
    let accept = tungstenite::handshake::derive_accept_key(key.expect("a key").as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    peer.write_all(answer.as_bytes()).expect("room");
    peer.flush().expect("room");
}

/// A link to the venue, open.
fn open(connector: &Connector, address: SocketAddr, clock: &LeapClock) -> Wire {
    let endpoint = Endpoint::parse(&format!("wss://{address}/ws")).expect("an address");
    let options = LinkOptions { ping: PingPolicy::OFF, ..LinkOptions::default() };
    let mut link = Link::new(connector.dialer(), endpoint, options, clock.clone());
    link.reopen(clock.now());
    let begun = Instant::now();
    while !matches!(link.poll(clock.now()), Polled::Opened) {
        assert!(begun.elapsed() < PATIENCE, "the link does not open");
        thread::yield_now();
    }
    Rc::new(RefCell::new(link))
}

/// An authority of this run's own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn tls(&self) -> Tls {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, &self.pem).expect("a file");
        Tls::new(Some(&path)).expect("an authority")
    }

    fn server(&self) -> ServerConfig {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).expect("a key"),
            )
            .expect("a certificate")
    }

    /// The floor's client: rustls and a socket, nothing else.
    fn client(&self, address: SocketAddr) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.pem.as_bytes()).expect("a certificate");
        roots.add(root).expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let mut socket = TcpStream::connect(address).expect("the venue");
        socket.set_nodelay(true).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).expect("a handshake");
        }
        socket.set_nonblocking(true).expect("a socket");
        StreamOwned::new(connection, socket)
    }
}
