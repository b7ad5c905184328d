//! Asking: one connection, or two, to each server, so that what it offers in the open and in TLS is known. Several servers at a time, answers in
//! the order of the questions.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::find::{Connection, Login};
use crate::dsn;
use crate::wire::hello::{Start, answers_in_the_open, begins_in_words, start_tls};
use crate::wire::login::{self, KNOWN, Protection, Standing};
use crate::wire::{Demand, Judgement, Secured, Target, TlsFault, Trust, WireError, connect};

/// Servers that are asked at the same time.
const AT_A_TIME: usize = 8;

/// TLS as a server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It has none.
    No,
    /// It has it, inside packets of its own protocol, where it was not looked at.
    Wrapped,
    /// The handshake was made.
    Shown(Shown),
    /// The handshake failed; the certificate, if one was shown before.
    Failed(TlsFault, Option<Judgement>),
}

/// A handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The cipher suite, as IANA has it.
    pub suite: &'static str,
    /// The certificate.
    pub judgement: Judgement,
    /// The port, where it is another than the one that is written.
    pub port: Option<u16>,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// TLS; or why the server could not be asked.
    pub offer: Result<Offer, WireError>,
    /// Whether it also, or only, answers without TLS on the written port; `None` where that is not known.
    pub open: Option<bool>,
}

#[cfg(test)]
impl Answer {
    /// A handshake with a certificate for `db.acme.io` that ends in so many days of 1970, and its faults.
    pub(super) fn shown(faults: &[TlsFault], days: i64) -> Self {
        let own = crate::keys::Served {
            subject: "x".into(),
            issuer: "y".into(),
            names: vec!["db.acme.io".into()],
            not_before: 0,
            not_after: days * 86_400,
            self_issued: false,
            is_ca: false,
            is_version_3: true,
            public_key: [0; 32],
            binding: None,
        };
        let judgement = Judgement { chain: vec![own], faults: faults.to_vec(), pinned: false };
        Self { offer: Ok(Offer::Shown(Shown { version: "1.3", suite: "", judgement, port: None })), open: None }
    }
}

/// Asks every server of `connections`.
#[must_use]
pub fn ask_all(connections: &[Connection], trust: &Trust, within: Duration) -> Vec<Answer> {
    let next = AtomicUsize::new(0);
    let answers: Vec<Mutex<Option<Answer>>> = connections.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME.min(connections.len()) {
            scope.spawn(|| {
                while let Some((connection, slot)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    connections.get(i).zip(answers.get(i))
                } {
                    let answer = ask(&connection.target, trust, within);
                    if let Ok(mut slot) = slot.lock() {
                        *slot = Some(answer);
                    }
                }
            });
        }
    });
    let silent = || Answer { offer: Err(WireError::Silent), open: None };
    answers.into_iter().map(|slot| slot.into_inner().ok().flatten().unwrap_or_else(silent)).collect()
}

/// Asks one server.
#[must_use]
pub fn ask(target: &Target, trust: &Trust, within: Duration) -> Answer {
    if begins_in_words(target) {
        let offer = in_words(target, trust, within);
        let open = matches!(offer, Ok(Offer::No)).then_some(true);
        return Answer { offer, open };
    }
    if target.direct {
        let offer = handshake(target, target.port, trust, within);
        // the port is there; it is TLS that is not
        let open = matches!(offer, Ok(Offer::No)).then(|| in_the_open(target, within)).and_then(Result::ok).flatten();
        return Answer { offer, open };
    }
    match in_the_open(target, within) {
        Err(error) => Answer { offer: Err(error), open: None },
        Ok(Some(true)) => {
            let other = dsn::tls_port(target.system).filter(|port| *port != target.port);
            let there = other.and_then(|port| handshake(target, port, trust, within).ok().map(|offer| (port, offer)));
            match there {
                Some((port, Offer::Shown(shown))) => {
                    Answer { offer: Ok(Offer::Shown(Shown { port: Some(port), ..shown })), open: Some(true) }
                }
                _ => Answer { offer: Ok(Offer::No), open: Some(true) },
            }
        }
        // it did not understand: TLS may be what it waits for
        Ok(told) => Answer { offer: handshake(target, target.port, trust, within), open: told },
    }
}

fn in_words(target: &Target, trust: &Trust, within: Duration) -> Result<Offer, WireError> {
    let mut channel = connect(&target.host, target.port, within)?;
    match start_tls(target, &mut channel)?.0 {
        Start::Go => {
            channel.renew();
            offer(channel.secure(&target.host, trust, Demand::Look))
        }
        Start::Refused => Ok(Offer::No),
        Start::Wrapped => Ok(Offer::Wrapped),
    }
}

fn in_the_open(target: &Target, within: Duration) -> Result<Option<bool>, WireError> {
    let mut channel = connect(&target.host, target.port, within)?;
    answers_in_the_open(target, &mut channel)
}

fn handshake(target: &Target, port: u16, trust: &Trust, within: Duration) -> Result<Offer, WireError> {
    offer(connect(&target.host, port, within)?.secure(&target.host, trust, Demand::Look))
}

fn offer(secured: Secured) -> Result<Offer, WireError> {
    match (secured.channel, secured.judgement) {
        (Ok(channel), Some(judgement)) => {
            let (version, suite) = channel.tls().unwrap_or(("", ""));
            Ok(Offer::Shown(Shown { version, suite, judgement, port: None }))
        }
        (Ok(_), None) => Err(WireError::Foreign),
        (Err(WireError::Tls(TlsFault::NotTls)), _) => Ok(Offer::No),
        (Err(WireError::Tls(fault)), judgement) => Ok(Offer::Failed(fault, judgement)),
        // hanging up on a first word of TLS is how many say that they have none
        (Err(WireError::Closed), None) => Ok(Offer::No),
        (Err(error), _) => Err(error),
    }
}

/// Tries `login` once. It goes over TLS to a server that proved who it is; or, where `insecure`, as the connection string has it.
///
/// # Errors
/// `NoTls` and `Tls` when nothing was sent; `Rejected` when the server does not take it; `Method` where harden cannot log in.
pub fn log_in(login: &Login, answer: &Answer, trust: &Trust, within: Duration, insecure: bool) -> Result<Standing, WireError> {
    let mut target = login.target.clone();
    if !KNOWN.contains(&target.system) {
        return Err(WireError::Method("the protocol's own"));
    }
    let Some(password) = target.password.take() else { return Err(WireError::Method("a password that is not written")) };
    let shown = if let Ok(Offer::Shown(shown)) = &answer.offer { Some(shown) } else { None };
    let verified = shown.is_some_and(|s| s.judgement.holds());
    if !verified && !insecure {
        let fault = shown.and_then(|s| s.judgement.faults.first()).copied();
        return Err(fault.map_or(WireError::NoTls, WireError::Tls));
    }
    // what is there is used, whatever the setting asks for
    if let (true, Some(shown)) = (verified, shown) {
        target.port = shown.port.unwrap_or(target.port);
        target.direct |= !begins_in_words(&target);
    }
    let protection = if verified { Protection::Verified } else { Protection::AsWritten };
    login::log_in(&target, login::open(&target, trust, within, protection)?, &password)
}
