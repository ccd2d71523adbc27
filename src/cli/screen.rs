//! What a person sees while the engine runs: a redrawn page on a terminal, a line now and then elsewhere.

use crate::report::{Latency, short, time};
use base::Rate;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, size};
use crossterm::{execute, queue};
use sidecar::Status;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};
use strategy::View;
use telemetry::{Counter, Hist, Snapshot};

/// Between two redraws of the page.
const REDRAW: Duration = Duration::from_millis(500);
/// Between two lines.
const LINE: Duration = Duration::from_secs(5);
/// Rows of the tables that can be long.
const ROWS: usize = 8;

/// Where the status is shown.
pub(super) struct Screen {
    redraws: bool,
    next: Instant,
    began: Instant,
    time: Option<Duration>,
    /// The last thing told beside the status.
    noted: String,
}

/// What is shown.
pub(super) struct Shown<'a> {
    pub(super) title: &'a str,
    pub(super) status: &'a Status,
    pub(super) page: &'a Snapshot,
}

impl Screen {
    /// A page where standard output is a terminal and nobody asked for lines. `time` is how long the run lasts.
    pub(super) fn open(plain: bool, time: Option<Duration>) -> Self {
        let redraws = !plain && io::stdout().is_terminal();
        if redraws {
            // A terminal that refuses is drawn on all the same.
            let _ = execute!(io::stdout(), EnterAlternateScreen, Hide);
        }
        let began = Instant::now();
        Self { redraws, next: began, began, time, noted: String::new() }
    }

    /// Whether the page is redrawn, so that log lines must not be mixed into it.
    pub(super) fn is_page(&self) -> bool {
        self.redraws
    }

    /// Tells something beside the status.
    pub(super) fn note(&mut self, text: &str) {
        if self.redraws {
            text.clone_into(&mut self.noted);
            self.next = Instant::now();
        } else {
            super::say::note(text);
        }
    }

    /// Shows the status when it is time to.
    pub(super) fn show(&mut self, shown: impl FnOnce() -> Option<(Status, Snapshot)>, title: &str) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + if self.redraws { REDRAW } else { LINE };
        let Some((status, page)) = shown() else { return };
        let shown = Shown { title, status: &status, page: &page };
        if self.redraws {
            // What cannot be drawn now is drawn next time.
            let _ = self.draw(&shown);
        } else {
            super::say::line(&self.line(&shown));
        }
    }

    fn draw(&self, shown: &Shown<'_>) -> io::Result<()> {
        let (columns, rows) = size().unwrap_or((120, 40));
        let text = self.page(shown) + &self.noted;
        let mut out = io::stdout().lock();
        queue!(out, MoveTo(0, 0))?;
        for line in text.lines().take(usize::from(rows.saturating_sub(1))) {
            let line: String = line.chars().take(usize::from(columns)).collect();
            write!(out, "{line}")?;
            queue!(out, Clear(ClearType::UntilNewLine))?;
            write!(out, "\r\n")?;
        }
        queue!(out, Clear(ClearType::FromCursorDown))?;
        out.flush()
    }

    fn clock(&self) -> String {
        let seconds = self.began.elapsed().as_secs();
        match self.time {
            Some(time) => format!("{seconds} of {} s", time.as_secs()),
            None => format!("{seconds} s"),
        }
    }

    fn line(&self, shown: &Shown<'_>) -> String {
        let page = shown.page;
        let messages = page.total(Counter::FeedMessages);
        let order = Latency::of(&page.merged(Hist::TickToOrder));
        let Some(view) = &shown.status.view else {
            return format!("{} · {messages} messages", self.clock());
        };
        let c = &view.counts;
        format!(
            "{} · {} · {messages} messages · pairs {} open {} closed {} · orders {} · fills {} · funding {} · \
             earned {} · tick to order {}",
            self.clock(),
            mode(shown.status, view),
            view.pairs.len(),
            c.pairs_opened,
            c.pairs_closed,
            c.orders_sent,
            c.fills,
            c.funding_settlements,
            short(view.pnl.total),
            time(order.p50),
        )
    }

    fn page(&self, shown: &Shown<'_>) -> String {
        let mut text = format!("funding-arb · {} · {}", shown.title, self.clock());
        if let Some(view) = &shown.status.view {
            let _ = writeln!(text, " · {}", mode(shown.status, view));
            edges(&mut text, view);
            pairs(&mut text, view);
            positions(&mut text, view);
            money(&mut text, view);
        } else {
            text.push('\n');
        }
        speed(&mut text, shown.page);
        for reason in shown.status.ready.reasons.iter().take(4) {
            let _ = writeln!(text, "not ready: {}", reason.detail);
        }
        text
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.redraws {
            // The terminal is given back as it was, as far as it lets us.
            let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
        }
    }
}

fn mode(status: &Status, view: &View) -> String {
    let mode = format!("{:?}", view.mode).to_lowercase();
    if status.ready.is_yes() { mode } else { format!("{mode}, not ready") }
}

/// Basis points with one decimal.
fn bps(rate: Rate) -> String {
    let tenths = rate.0 / (Rate::BP.0 / 10);
    format!("{}{}.{}", if tenths < 0 { "-" } else { "" }, (tenths / 10).abs(), (tenths % 10).abs())
}

fn maybe(rate: Option<Rate>) -> String {
    rate.map_or("?".to_owned(), bps)
}

fn edges(text: &mut String, view: &View) {
    let _ = writeln!(
        text,
        "\n{:<24} {:<24} {:<24} {:>7} {:>7} {:>6} {:>7}",
        "edge (bp)", "buy", "sell", "spread", "carry", "fees", "net"
    );
    let mut edges: Vec<_> = view.edges.iter().collect();
    edges.sort_by_key(|edge| std::cmp::Reverse(edge.edge.unwrap_or(edge.spread)));
    for edge in edges.into_iter().take(ROWS) {
        let _ = writeln!(
            text,
            "{:<24} {:<24} {:<24} {:>7} {:>7} {:>6} {:>7}{}",
            edge.strategy,
            edge.long,
            edge.short,
            bps(edge.spread),
            maybe(edge.carry),
            bps(edge.fees),
            maybe(edge.edge),
            if edge.open { " *" } else { "" }
        );
    }
}

fn pairs(text: &mut String, view: &View) {
    let _ = writeln!(
        text,
        "\n{:<5} {:<9} {:<24} {:>12} {:<24} {:>12} {:>10}",
        "pair", "phase", "long", "held", "short", "held", "result"
    );
    for pair in view.pairs.iter().take(ROWS) {
        let _ = writeln!(
            text,
            "{:<5} {:<9} {:<24} {:>12} {:<24} {:>12} {:>10}",
            pair.pair,
            pair.phase,
            pair.long,
            pair.long_qty,
            pair.short,
            pair.short_qty,
            pair.result.map_or("?".to_owned(), |r| r.round_to(4).to_string())
        );
    }
}

fn positions(text: &mut String, view: &View) {
    let _ = writeln!(
        text,
        "\n{:<13} {:<16} {:>12} {:>12} {:>12} {:>10} {:>10}",
        "position", "", "held", "value", "realised", "fees", "funding"
    );
    for p in view.positions.iter().take(ROWS + 4) {
        let _ = writeln!(
            text,
            "{:<13} {:<16} {:>12} {:>12} {:>12} {:>10} {:>10}",
            p.venue,
            p.name,
            p.qty,
            p.value.round_to(2),
            p.realised.round_to(4),
            p.fees.round_to(4),
            p.funding.round_to(4)
        );
    }
}

fn money(text: &mut String, view: &View) {
    let (p, c) = (&view.pnl, &view.counts);
    let _ = writeln!(
        text,
        "\nearned {} = trading {} + funding {} + fees {}",
        short(p.total),
        short(p.trading),
        short(p.funding),
        short(p.fees)
    );
    let _ = writeln!(
        text,
        "pairs {} opened, {} closed · orders {} sent, {} taken, {} refused · fills {} · funding paid {} times",
        c.pairs_opened,
        c.pairs_closed,
        c.orders_sent,
        c.orders_acked,
        c.orders_rejected,
        c.fills,
        c.funding_settlements
    );
}

fn speed(text: &mut String, page: &Snapshot) {
    let row = |name: &str, hist| {
        let l = Latency::of(&page.merged(hist));
        format!("{name} {} / {}", time(l.p50), time(l.p99))
    };
    let _ = writeln!(
        text,
        "\np50 / p99: {} · {} · {} · {}",
        row("tick to order", Hist::TickToOrder),
        row("decode", Hist::Decode),
        row("core", Hist::Strategy),
        row("ack", Hist::AckRoundTrip)
    );
    let mut rings: Vec<_> = page.rings.iter().filter(|ring| ring.fill_max > 0).collect();
    rings.sort_by_key(|ring| std::cmp::Reverse(ring.fill_max * 1_000 / ring.depth.max(1)));
    let rings: Vec<_> = rings
        .iter()
        .take(3)
        .map(|ring| format!("{} {}/{}", ring.name, ring.fill_max, ring.depth))
        .collect();
    let _ = writeln!(
        text,
        "messages {} in, {} refused · hot allocations {} · fullest: {}",
        page.total(Counter::FeedMessages),
        crate::report::refused(page),
        telemetry::alloc::hot_allocations(),
        rings.join(", ")
    );
}
