//! What is wrong with an answer, how bad it is, and what to do.

use super::ask::{Answer, Offer, Shown};
use super::find::Connection;
use crate::dsn::{HostClass, Tls};
use crate::keys::Served;
use crate::model::severity::Severity;
use crate::wire::login::Standing;
use crate::wire::{Judgement, Pin, TlsFault, WireError};

/// Days before its end from which a certificate is warned about.
const SOON: i64 = 30;
const DAY: i64 = 86_400;

/// One thing that is wrong, or worth knowing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// How bad: from `medium` on it makes the exit code 1.
    pub severity: Severity,
    /// What was seen.
    pub message: String,
    /// What to do; may be empty.
    pub help: String,
}

fn remark(id: &'static str, severity: Severity, message: impl Into<String>, help: impl Into<String>) -> Remark {
    Remark { id, severity, message: message.into(), help: help.into() }
}

/// What is wrong with `answer`, at `now`, seconds since 1970. A server that could not be asked has none: that is an error, not a finding.
#[must_use]
pub fn remarks(connection: &Connection, answer: &Answer, now: i64) -> Vec<Remark> {
    let Ok(offer) = &answer.offer else { return Vec::new() };
    let mut out = Vec::new();
    match offer {
        Offer::No => out.push(no_tls(connection)),
        Offer::Wrapped => {}
        Offer::Failed(fault, judgement) => match judgement {
            Some(judgement) if !judgement.holds() => certificate(connection, judgement, now, &mut out),
            _ => out.push(remark("tls-fails", weight(connection), fault.to_string(), help(*fault, None))),
        },
        Offer::Shown(shown) => {
            certificate(connection, &shown.judgement, now, &mut out);
            unused(connection, answer, shown, &mut out);
        }
    }
    out
}

/// How bad it is that TLS does not protect this connection: nothing leaves the machine, or the network of the deployment, on the way to a near host.
fn weight(connection: &Connection) -> Severity {
    let asked = connection.asked >= Tls::Unverified && connection.asked != Tls::Unknown;
    match connection.target.class {
        _ if asked => Severity::High,
        HostClass::Socket | HostClass::Loopback | HostClass::Internal => Severity::Info,
        _ => Severity::High,
    }
}

fn no_tls(connection: &Connection) -> Remark {
    let asked = connection.asked >= Tls::Unverified && connection.asked != Tls::Unknown;
    let message = if asked {
        "the setting demands TLS, and the server offers none: connections fail, or the setting is ignored"
    } else {
        "the server offers no TLS: what is sent there can be read on the way"
    };
    remark("no-tls", weight(connection), message, "give the server a certificate (docs/tls.md), then run `harden probe` again")
}

fn certificate(connection: &Connection, judgement: &Judgement, now: i64, out: &mut Vec<Remark>) {
    let own = judgement.chain.first();
    if judgement.pinned {
        return;
    }
    let severity = weight(connection).max(Severity::Low);
    for fault in &judgement.faults {
        let id = match fault {
            TlsFault::WrongName => "certificate-wrong-name",
            TlsFault::Expired => "certificate-expired",
            TlsFault::NotYetValid => "certificate-not-yet-valid",
            TlsFault::Untrusted | TlsFault::SelfSigned => "certificate-untrusted",
            TlsFault::CaAsEndEntity => "certificate-is-authority",
            _ => "certificate-unusable",
        };
        let message = match (fault, own) {
            (TlsFault::WrongName, Some(own)) if own.names.is_empty() => {
                format!("the certificate names no host, so it is not for `{}` (a common name alone does not count)", connection.target.host)
            }
            (TlsFault::WrongName, Some(own)) => {
                format!("the certificate is for {}, not for `{}`", list(&own.names), connection.target.host)
            }
            (TlsFault::Expired, Some(own)) => format!("the certificate expired {} ago", days((now - own.not_after) / DAY)),
            _ => fault.to_string(),
        };
        out.push(remark(id, severity, message, help(*fault, own)));
    }
    if judgement.faults.contains(&TlsFault::Expired) {
        return;
    }
    let first = judgement.chain.iter().map(|c| c.not_after).min().unwrap_or(i64::MAX);
    if first.saturating_sub(now) < SOON * DAY {
        let left = days((first - now).max(0) / DAY);
        let which = if own.is_some_and(|o| o.not_after == first) { "the certificate" } else { "a certificate of the chain" };
        out.push(remark("certificate-expires-soon", Severity::Medium, format!("{which} expires in {left}"), "renew it"));
    }
}

fn unused(connection: &Connection, answer: &Answer, shown: &Shown, out: &mut Vec<Remark>) {
    if connection.asked >= Tls::Verified || connection.asked == Tls::Unknown || !shown.judgement.holds() {
        return;
    }
    let near = matches!(connection.target.class, HostClass::Loopback | HostClass::Internal);
    let severity = if near { Severity::Info } else { Severity::Medium };
    let on = shown.port.map_or(String::new(), |port| format!(" on port {port}"));
    let open = if answer.open == Some(true) { "; without TLS it answers, too" } else { "" };
    let message = format!("the server offers verified TLS{on}, and is reached {}{open}", connection.asked.phrase());
    out.push(remark("tls-unused", severity, message, "`harden fix` shows how the setting asks for it"));
}

fn help(fault: TlsFault, own: Option<&Served>) -> String {
    let pin = own.map(|c| format!("`--pin {}`", Pin::of(c.public_key))).unwrap_or_default();
    match fault {
        TlsFault::Untrusted => "name the authority's certificate: `--ca FILE`".to_owned(),
        TlsFault::SelfSigned => format!("`--ca FILE` with that certificate, or {pin}, after comparing it on the server"),
        TlsFault::CaAsEndEntity => format!(
            "libpq and OpenSSL take it, rustls (sqlx, tokio-postgres) and Go do not, and `--ca` does not help: make one with CA:FALSE, or {pin}, after \
             comparing it on the server"
        ),
        TlsFault::Old => "TLS 1.0 and 1.1 are given up (RFC 8996): update the server".to_owned(),
        TlsFault::Expired => "renew it".to_owned(),
        _ => String::new(),
    }
}

/// What a login told.
#[must_use]
pub fn of_login(outcome: &Result<Standing, WireError>) -> Option<Remark> {
    match outcome {
        Err(WireError::Rejected) => {
            let help = "another password is in force there: the setting is stale, or the account does not exist";
            Some(remark("login-refused", Severity::High, "the server refuses this credential", help))
        }
        Ok(standing) if standing.open => {
            let help = "set one there (`requirepass`, or an ACL)";
            Some(remark("no-password-needed", Severity::Critical, "the server asks for no password: whatever is sent is taken", help))
        }
        Ok(standing) if !standing.powers.is_empty() => {
            let message = format!("the account may do more than an application needs: {}", standing.powers.join(", "));
            Some(remark("account-too-powerful", Severity::Medium, message, "give the application an account of its own, for its own data"))
        }
        _ => None,
    }
}

fn days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

/// At most four names.
fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(4).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(shown.len());
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Offer, remarks};
    use crate::formats;
    use crate::model::environment::Environment::Production;
    use crate::model::severity::Severity;
    use crate::probe::find::{Connection, find};
    use crate::wire::TlsFault;

    fn connection(url: &str) -> Connection {
        let document = formats::parse(".env", format!("URL={url}\n").as_bytes(), Production);
        find(&[document]).connections.pop().unwrap()
    }

    fn told(url: &str, answer: &Answer) -> Vec<(&'static str, Severity)> {
        remarks(&connection(url), answer, 0).into_iter().map(|r| (r.id, r.severity)).collect()
    }

    #[test]
    fn what_is_far_away_or_was_demanded_weighs_more() {
        let none = Answer { offer: Ok(Offer::No), open: Some(true) };
        assert_eq!(told("redis://cache", &none), [("no-tls", Severity::Info)]);
        assert_eq!(told("redis://cache.acme.io", &none), [("no-tls", Severity::High)]);
        assert_eq!(told("rediss://cache", &none), [("no-tls", Severity::High)]);
    }

    #[test]
    fn a_certificate_that_ends_soon_is_told_in_time() {
        let url = "postgres://u:p@db.acme.io/x?sslmode=verify-full";
        assert_eq!(told(url, &Answer::shown(&[], 31)), []);
        assert_eq!(told(url, &Answer::shown(&[], 29)), [("certificate-expires-soon", Severity::Medium)]);
        assert_eq!(told(url, &Answer::shown(&[TlsFault::Expired], -1)), [("certificate-expired", Severity::High)]);
    }

    #[test]
    fn tls_that_nobody_uses_is_told() {
        assert_eq!(told("postgres://u:p@db.acme.io/x", &Answer::shown(&[], 90)), [("tls-unused", Severity::Medium)]);
        assert_eq!(told("postgres://u:p@db/x?sslmode=require", &Answer::shown(&[], 90)), [("tls-unused", Severity::Info)]);
    }
}
