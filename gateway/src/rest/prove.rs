//! A key is proved before anybody uses it: the venue is asked about the account, signed with it.

use base::Clock;
use net::HttpClient;

use super::{Call, Failure, Job, News, Rest, Step, Task, Unfit, Walk, send};

/// Most calls one proof may take: Bybit is asked once for each contract.
const CALLS_MAX: u32 = 256;

/// Most characters of the venue's own words that are passed on.
const WORDS_MAX: usize = 200;

/// What became of a call.
enum Heard {
    /// The body of its answer.
    Body(Vec<u8>),
    /// None came, for this reason.
    Nothing(String),
}

impl Default for Heard {
    fn default() -> Self {
        Self::Body(Vec::new())
    }
}

impl<C: Clock> Rest<C> {
    /// Asks the venue whether the account can be traded with the key that signs here. Reads only, and
    /// waits: for cold threads, and for a `Rest` that makes no other calls. No further call is made once
    /// `stops` says so.
    ///
    /// # Errors
    /// The venue's words, without anything of the key in them.
    pub fn prove(&mut self, http: &HttpClient, stops: &dyn Fn() -> bool) -> Result<(), String> {
        let base = self.parts.base.clone();
        self.prove_with(&mut |call: &Call| send(http, &base, call), stops)
    }

    pub(super) fn prove_with(
        &mut self,
        exchange: &mut super::Exchange<'_>,
        stops: &dyn Fn() -> bool,
    ) -> Result<(), String> {
        let mut last = Heard::default();
        let mut unfit = None;
        let mut watched = |call: &Call| {
            let answer = exchange(call);
            last = match &answer {
                Ok(answer) => Heard::Body(answer.body.clone()),
                Err(why) => Heard::Nothing(why.fault().detail.clone()),
            };
            answer
        };
        let mut walk = Walk::default();
        for step in 0..CALLS_MAX {
            if stops() {
                return Err("it was not asked to the end".to_owned());
            }
            let job = Job { task: Task::Account, tag: 0, step, offset_ns: 0 };
            let mut tell = |news: News| {
                if let News::Unfit(why) = news {
                    unfit = Some(why);
                }
            };
            let done = super::account::work(self, job, &mut walk, &mut watched, &mut tell);
            match done {
                Ok(Step::Done) => return unfit.map_or(Ok(()), |why| Err(told(why).to_owned())),
                Ok(Step::More(_)) => {}
                Err(failure) => return Err(self.words(failure, &last)),
            }
        }
        Err("its questions had no end".to_owned())
    }

    /// What the venue said, or why it said nothing, cut to what a line holds. Some quote the request, key
    /// included.
    fn words(&self, failure: Failure, heard: &Heard) -> String {
        let credentials = self.parts.signer.now();
        let mut text = match heard {
            Heard::Body(body) => String::from_utf8_lossy(body).into_owned(),
            Heard::Nothing(why) => why.clone(),
        };
        let hidden = credentials.passphrase.iter().chain([&credentials.key]);
        for secret in hidden {
            text = text.replace(secret.expose(), "[redacted]");
        }
        let text: String = text.chars().filter(|c| !c.is_control()).take(WORDS_MAX).collect();
        let base = &self.parts.base;
        match (failure.status, text.as_str()) {
            (0, "") => format!("no answer from {base}"),
            (0, text) if matches!(heard, Heard::Nothing(_)) => {
                format!("no answer from {base}: {text}")
            }
            (0, text) => format!("an answer that cannot be read: {text}"),
            (status, "") => format!("HTTP {status}"),
            (status, text) => format!("HTTP {status}: {text}"),
        }
    }
}

const fn told(why: Unfit) -> &'static str {
    match why {
        Unfit::Hedged => "its account is in hedge mode",
        Unfit::Level(_) => "its account's level does not trade perpetuals on cross margin",
        Unfit::NoTrading => "it may not trade",
    }
}
