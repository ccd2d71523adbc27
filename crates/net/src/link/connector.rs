//! The cold side of every link: dials, draws mask keys, and buries what the hot side gives back.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use base::Clock;
use crossbeam_channel::{Receiver, Sender, unbounded};
use mio::{Events, Poll, Token, Waker};
use rtrb::{Consumer, Producer, RingBuffer};
use rustls::ClientConfig;

use super::connection::{Connection, LastWord};
use super::dial::{Job, dial};
use super::limit::DialLog;
use super::options::LinkOptions;
use crate::tls::Tls;
use crate::ws::{KeyBlock, MaskKeys, random_block};
use crate::{DialFault, Endpoint, NetError};

/// How often the thread looks after its links when nobody wakes it: refills mask keys above all.
const TICK: Duration = Duration::from_millis(100);
/// The same while connections are being closed or dials wait for their host's limit.
const BUSY_TICK: Duration = Duration::from_millis(10);
/// How long a closed connection is kept for the peer's last words.
const FAREWELL: Duration = Duration::from_secs(1);
/// How much later than its own deadline a dial is given up: its thread may hang in the resolver.
const GRACE: Duration = Duration::from_millis(500);
/// Blocks of mask keys kept ready for each link: 4096 keys.
const KEY_BLOCKS: usize = 256;
/// Entries of the rings between a link and its site.
const RING: usize = 8;

/// The cold thread that dials for links.
pub struct Connector {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

/// The right to make one link. Cheap; made by [`Connector::dialer`].
pub struct Dialer {
    commands: Sender<Command>,
    waker: Arc<Waker>,
}

/// What the thread is told by other cold threads.
enum Command {
    Register(Box<Site>),
    Dialed { site: u64, outcome: Outcome },
    Stop,
}

/// What a link asks for.
#[derive(Clone, Copy)]
pub(super) struct Request {
    pub(super) attempt: u64,
    pub(super) path: PathChoice,
}

/// Which path a dial uses.
#[derive(Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "a hot thread makes it and may not allocate the box that would make it small"
)]
pub(super) enum PathChoice {
    /// The endpoint's.
    Own,
    /// This one.
    Other(Path),
    /// One that was too long to be kept.
    Unusable,
}

/// A path that travels through a ring.
#[derive(Clone, Copy)]
pub(super) struct Path {
    length: u16,
    bytes: [u8; Self::MAX],
}

impl Path {
    /// Longest path a link can be redirected to.
    const MAX: usize = 4096;

    /// `None` when it is too long.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { length: u16::try_from(text.len()).ok()?, bytes })
    }

    fn text(&self) -> Option<&str> {
        let bytes = self.bytes.get(..usize::from(self.length))?;
        std::str::from_utf8(bytes).ok().filter(|text| text.starts_with('/'))
    }
}

/// What came of a request.
pub(super) struct Outcome {
    pub(super) attempt: u64,
    pub(super) result: Result<Box<Connection>, DialFault>,
}

/// A connection to be closed and freed.
pub(super) struct Dead {
    pub(super) connection: Box<Connection>,
    pub(super) word: LastWord,
}

/// The hot ends of what joins a link to the thread.
pub(super) struct HotEnds {
    pub(super) requests: Producer<Request>,
    pub(super) ready: Consumer<Outcome>,
    pub(super) dead: Producer<Dead>,
    pub(super) keys: MaskKeys,
    pub(super) waker: Arc<Waker>,
}

/// The cold ends, and what the thread knows of a link.
struct Site {
    id: u64,
    endpoint: Endpoint,
    options: LinkOptions,
    requests: Consumer<Request>,
    ready: Producer<Outcome>,
    dead: Consumer<Dead>,
    keys: Producer<KeyBlock>,
    /// Asked for, waiting for the host's limit.
    waiting: Option<Request>,
    /// Being dialed, and until when.
    under_way: Option<(u64, Instant)>,
}

impl Connector {
    /// Starts it. It ends when it and all links made with it are dropped.
    ///
    /// # Errors
    /// When the thread or its poller cannot be started.
    pub fn start<C: Clock + Clone + Send + 'static>(tls: &Tls, clock: C) -> Result<Self, NetError> {
        let system = |what| move |source: io::Error| NetError::System { what, source };
        let poll = Poll::new().map_err(system("make a poller"))?;
        let waker = Waker::new(poll.registry(), Token(0)).map_err(system("make a waker"))?;
        let waker = Arc::new(waker);
        let (commands, orders) = unbounded();
        let worker = Worker {
            config: tls.hot_config(),
            clock,
            commands: commands.clone(),
            waker: Arc::clone(&waker),
            orders,
            sites: Vec::new(),
            retired: Vec::new(),
            log: DialLog::default(),
            next_site: 0,
            stopping: false,
        };
        thread::Builder::new()
            .name("net-connector".to_owned())
            .spawn(move || worker.run(poll))
            .map_err(system("start the connector thread"))?;
        Ok(Self { commands, waker })
    }

    /// The means by which one link dials.
    #[must_use]
    pub fn dialer(&self) -> Dialer {
        Dialer { commands: self.commands.clone(), waker: Arc::clone(&self.waker) }
    }
}

impl Drop for Connector {
    fn drop(&mut self) {
        // A thread that has ended needs no telling.
        let _ = self.commands.send(Command::Stop);
        let _ = self.waker.wake();
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").finish_non_exhaustive()
    }
}

impl Dialer {
    /// Registers a link with the thread.
    pub(super) fn register(self, endpoint: Endpoint, options: LinkOptions) -> HotEnds {
        let (requests, requests_out) = RingBuffer::new(RING);
        let (ready_in, ready) = RingBuffer::new(RING);
        let (dead, dead_out) = RingBuffer::new(RING);
        let (keys_in, keys) = RingBuffer::new(KEY_BLOCKS);
        let mut site = Site {
            id: 0,
            endpoint,
            options,
            requests: requests_out,
            ready: ready_in,
            dead: dead_out,
            keys: keys_in,
            waiting: None,
            under_way: None,
        };
        site.refill();
        // Were the thread gone, the site's ends are dropped here and the link sees it.
        let _ = self.commands.send(Command::Register(Box::new(site)));
        HotEnds { requests, ready, dead, keys: MaskKeys::from_pool(keys), waker: self.waker }
    }
}

impl Site {
    /// Tops the link's mask keys up.
    fn refill(&mut self) {
        for _ in 0..self.keys.slots() {
            if self.keys.push(random_block()).is_err() {
                break;
            }
        }
    }

    /// Hands an outcome to the link; what nobody will fetch is dropped here, on the cold side.
    fn answer(&mut self, outcome: Outcome) {
        let _ = self.ready.push(outcome);
    }

    /// The endpoint with the path a request wants.
    fn job(&self, path: &PathChoice) -> Option<Job> {
        let mut endpoint = self.endpoint.clone();
        match path {
            PathChoice::Own => {}
            PathChoice::Other(path) => path.text()?.clone_into(&mut endpoint.path),
            PathChoice::Unusable => return None,
        }
        Some(Job { endpoint, options: self.options })
    }
}

/// The thread's own.
struct Worker<C> {
    config: Arc<ClientConfig>,
    clock: C,
    commands: Sender<Command>,
    waker: Arc<Waker>,
    orders: Receiver<Command>,
    sites: Vec<Box<Site>>,
    retired: Vec<(Box<Connection>, Instant)>,
    log: DialLog,
    next_site: u64,
    stopping: bool,
}

impl<C: Clock + Clone + Send + 'static> Worker<C> {
    fn run(mut self, mut poll: Poll) {
        let mut events = Events::with_capacity(4);
        // bound: until the connector and all its links are dropped
        loop {
            let busy = !self.retired.is_empty() || self.sites.iter().any(|s| s.waiting.is_some());
            // An interrupted wait is a short one.
            let _ = poll.poll(&mut events, Some(if busy { BUSY_TICK } else { TICK }));
            self.obey();
            let now = Instant::now();
            for at in 0..self.sites.len() {
                self.serve(at, now);
            }
            self.sites.retain(|site| !site.requests.is_abandoned() || !site.dead.is_empty());
            self.retired.retain_mut(|(connection, until)| now < *until && !connection.is_drained());
            if self.stopping && self.sites.is_empty() && self.retired.is_empty() {
                return;
            }
        }
    }

    fn obey(&mut self) {
        while let Ok(command) = self.orders.try_recv() {
            match command {
                Command::Register(mut site) => {
                    site.id = self.next_site;
                    self.next_site += 1;
                    self.sites.push(site);
                }
                Command::Dialed { site, outcome } => {
                    let site = self.sites.iter_mut().find(|known| known.id == site);
                    let Some(site) = site else { continue };
                    // One that was given up has been answered already.
                    if site.under_way.is_some_and(|(attempt, _)| attempt == outcome.attempt) {
                        site.under_way = None;
                        site.answer(outcome);
                    }
                }
                Command::Stop => self.stopping = true,
            }
        }
    }

    fn serve(&mut self, at: usize, now: Instant) {
        let Some(site) = self.sites.get_mut(at) else { return };
        site.refill();
        while let Ok(Dead { mut connection, word }) = site.dead.pop() {
            connection.part(word, &mut MaskKeys::from_system());
            self.retired.push((connection, now + FAREWELL));
        }
        if let Some((attempt, _)) = site.under_way.filter(|(_, until)| now >= *until) {
            site.under_way = None;
            site.answer(Outcome { attempt, result: Err(DialFault::Timeout) });
        }
        while let Ok(request) = site.requests.pop() {
            site.waiting = Some(request);
        }
        let Some(request) = site.waiting else { return };
        let Some(job) = site.job(&request.path) else {
            site.waiting = None;
            site.answer(Outcome { attempt: request.attempt, result: Err(DialFault::Path) });
            return;
        };
        let (host, port) = (job.endpoint.host.as_str(), job.endpoint.port);
        if self.log.admit(host, port, site.options.limit, self.clock.now()) {
            site.waiting = None;
            let limit = Duration::from_nanos(site.options.dial_timeout.0) + GRACE;
            site.under_way = Some((request.attempt, now + limit));
            let id = site.id;
            self.dial(id, request.attempt, job);
        }
    }

    /// Dials on a thread of its own, which reports back.
    fn dial(&self, site: u64, attempt: u64, job: Job) {
        let (config, clock) = (Arc::clone(&self.config), self.clock.clone());
        let (commands, waker) = (self.commands.clone(), Arc::clone(&self.waker));
        let report = move |result| {
            let outcome = Outcome { attempt, result };
            // A connector that has ended wants no report.
            let _ = commands.send(Command::Dialed { site, outcome });
            let _ = waker.wake();
        };
        let failed = report.clone();
        let thread = thread::Builder::new().name("net-dial".to_owned());
        let started = thread.spawn(move || report(dial(&job, config, || clock.now())));
        if let Err(why) = started {
            failed(Err(DialFault::Connect(why.raw_os_error().unwrap_or(0))));
        }
    }
}

#[cfg(test)]
mod tests;
