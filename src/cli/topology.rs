//! `funding-arb topology`: what the run would look like on this host.

use super::config::Looked;
use super::{LayoutChoice, TopologyArguments, exit, say};
use crate::topology::LIVE;
use std::process::ExitCode;
use tuning::{Host, Layout, Placement, place};

impl From<LayoutChoice> for Layout {
    fn from(choice: LayoutChoice) -> Self {
        match choice {
            LayoutChoice::Auto => Self::Auto,
            LayoutChoice::Fused => Self::Fused,
            LayoutChoice::Paired => Self::Paired,
            LayoutChoice::Split => Self::Split,
        }
    }
}

impl LayoutChoice {
    /// The configured one, unless another was chosen.
    pub(super) fn or(self, configured: config::plan::Layout) -> Self {
        match self {
            Self::Auto => Self::from(configured),
            chosen => chosen,
        }
    }
}

impl From<config::plan::Layout> for LayoutChoice {
    fn from(layout: config::plan::Layout) -> Self {
        match layout {
            config::plan::Layout::Auto => Self::Auto,
            config::plan::Layout::Fused => Self::Fused,
            config::plan::Layout::Paired => Self::Paired,
            config::plan::Layout::Split => Self::Split,
        }
    }
}

pub(super) fn run(arguments: &TopologyArguments) -> ExitCode {
    let nodes = match Looked::load(&arguments.from) {
        Ok(config) => config.nodes,
        Err(why) => return exit::configuration(&why),
    };
    let host = match Host::read(nodes.granted_cpus) {
        Ok(host) => host,
        Err(why) => return exit::refused(&format!("topology: {why}")),
    };
    let exclusive = arguments.require_exclusive || nodes.require_exclusive;
    let layout = arguments.layout.or(nodes.layout);
    match place(layout.into(), &LIVE.roles(), &host, exclusive) {
        Ok(placement) => {
            say::line(&picture(&placement, &host));
            ExitCode::SUCCESS
        }
        Err(refused) => exit::refused(&format!("topology: {refused}")),
    }
}

/// Threads with their stages and CPUs, then the rings.
fn picture(placement: &Placement, host: &Host) -> String {
    let mut lines = vec![format!(
        "layout {}: {} hot threads on {} allowed CPUs ({})",
        placement.layout,
        placement.threads.len(),
        host.allowed.len(),
        host.exclusive
    )];
    lines.push(format!("\n{:<14} {:>4}  stages", "thread", "cpu"));
    for thread in &placement.threads {
        let stages = thread.stages.join(" → ");
        lines.push(format!("{:<14} {:>4}  {stages}", thread.name, thread.cpu));
    }
    let cold: Vec<_> = placement.cold.iter().map(u32::to_string).collect();
    lines.push(format!(
        "{:<14} {:>4}  sidecar, connector, errands, main",
        "(cold)",
        cold.join(",")
    ));
    lines.push(format!("\n{:<14} {:<14} {:<14} {:>6}  when full", "ring", "from", "to", "slots"));
    for link in LIVE.links {
        lines.push(format!(
            "{:<14} {:<14} {:<14} {:>6}  {}: {}",
            link.name,
            link.from,
            link.to,
            link.depth,
            link.full.name(),
            link.full.reason()
        ));
    }
    if !placement.degraded.is_empty() {
        lines.push(String::new());
    }
    lines.extend(placement.degraded.iter().map(|what| format!("degraded: {what}")));
    lines.join("\n")
}
