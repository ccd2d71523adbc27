//! At most one engine of an instance sends: the Lease that is waited for before anything is made.
//!
//! The Lease's count of transitions is the number of this start: the journal's epoch, with which every
//! order number begins. So one look at an order, a journal or the Lease says which holder it belongs to.

use base::Instance;
use config::plan::{Config, LeasePlan};
use journal::JournalError;
use lease::{Access, BootClock, Identity, Server, Tenure, TenureError, Terms};
use rings::{Fence, Flag};
use std::path::Path;
use thiserror::Error;

/// Why the Lease is not held.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error(
        "`nodes.lease.server`: empty, and KUBERNETES_SERVICE_HOST and _PORT are not set: this is no pod; \
         give https://HOST:PORT"
    )]
    NoServer,
    #[error(transparent)]
    Tenure(#[from] TenureError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What may be sent, and how this start is numbered.
pub(crate) struct Fencing {
    pub(crate) fence: Fence,
    /// Dropping it gives the Lease back.
    pub(crate) tenure: Option<Tenure>,
    /// The number this start has to have.
    pub(crate) epoch: Option<u32>,
}

/// Waits for the Lease, where the configuration wants one; says meanwhile what stands between.
pub(crate) fn begin(
    config: &Config,
    journal: &Path,
    stop: &Flag,
    tell: &mut dyn FnMut(&str),
) -> Result<Fencing, Fault> {
    let plan = &config.nodes.lease;
    if !plan.enabled {
        return Ok(Fencing { fence: Fence::none(), tenure: None, epoch: None });
    }
    let instance = config.system.instance;
    let access = access(plan, instance)?;
    let terms = Terms::of(plan.duration);
    let last = journal::last_epoch(journal, instance)?;
    let fence = Fence::shut();
    let server = Server::new(access, terms.patience);
    let tenure = Tenure::begin((&identity(), terms, last), server, BootClock, fence.clone())?;
    let epoch = tenure.wait(stop, |why| tell(&format!("waiting for the Lease: {why}")))?;
    Ok(Fencing { fence, tenure: Some(tenure), epoch: Some(epoch) })
}

fn access(plan: &LeasePlan, instance: Instance) -> Result<Access, Fault> {
    let server = plan.server.clone().or_else(server_of_pod).ok_or(Fault::NoServer)?;
    let usual = || format!("funding-arb-{}", instance.as_str().to_lowercase());
    let name = plan.name.clone().unwrap_or_else(usual);
    Ok(Access { server, name, folder: plan.credentials_dir.clone() })
}

/// The API server, as every pod's environment names it.
fn server_of_pod() -> Option<String> {
    let host = std::env::var("KUBERNETES_SERVICE_HOST").ok()?;
    let port = std::env::var("KUBERNETES_SERVICE_PORT").ok()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    Some(format!("https://{host}:{port}"))
}

/// The pod, or the process where there is none.
fn identity() -> Identity {
    let word = |name| std::env::var(name).ok().filter(|word| !word.is_empty());
    match (word("POD_NAME"), word("POD_UID")) {
        (Some(pod), Some(uid)) => Identity::of(&format!("{pod}_{uid}")),
        _ => Identity::of("funding-arb"),
    }
}
