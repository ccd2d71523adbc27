//! How fit this host is, looked at once when an engine starts: what `funding-arb doctor` would say.

use crate::topology::LIVE;
use config::plan::Nodes;
use sidecar::Fitness;
use std::path::Path;
use tuning::doctor::{Facts, Patient, Place, Profile, Report, Sight, State, examine};
use tuning::{CpuList, Host, Layout};

/// Whether a build service runs this: they all say so.
const CI: &str = "CI";

/// What is asked of a machine where nobody says.
pub(crate) fn profile(place: &Place) -> Profile {
    Profile::guess(place, std::env::var_os(CI).is_some_and(|value| !value.is_empty()))
}

/// Looks at the host, which was read before anything was pinned.
pub(crate) fn look(layout: Layout, host: &Host, nodes: &Nodes, state: &Path) -> Fitness {
    let sight = Sight::host();
    let allowed = CpuList::new(host.allowed.iter().map(|cpu| cpu.id));
    let pages = nodes.pages_dir.as_deref().unwrap_or(state);
    let facts = Facts::gather(&sight, allowed, nodes.granted_cpus, Some(state), Some(pages));
    let patient = Patient::new(&sight, &facts, layout, &LIVE.roles(), None);
    let report = examine(&patient, profile(&patient.place));
    let checks = report.checks.iter().map(|check| (check.name, check.state.name())).collect();
    let ill = report.verdict() == State::Wrong;
    Fitness { checks, told: told(&report), ill }
}

/// What is wrong and what is degraded, by name.
fn told(report: &Report) -> String {
    let of = |state: State| {
        let checks = report.checks.iter().filter(|check| check.state == state);
        let names: Vec<_> = checks.map(|check| check.name).collect();
        (!names.is_empty()).then(|| format!("{state}: {}", names.join(", ")))
    };
    let ill: Vec<_> = [State::Wrong, State::Degraded].into_iter().filter_map(of).collect();
    if ill.is_empty() {
        return format!("as a {} should be", report.profile);
    }
    format!("{}; funding-arb doctor says more ({})", ill.join("; "), report.profile)
}
