//! What `harden probe` prints: for people, and as JSON. Names in certificates are the server's words, and escaped.

use std::fmt::Write as _;

use harden::keys::Served;
use harden::model::date::date_time;
use harden::model::severity::Severity;
use harden::probe::{Answer, Connection, Login, Offer, Place, Remark};
use harden::report::printable::{json_safe, printable};
use harden::wire::login::Standing;
use harden::wire::{NoTarget, Pin, WireError};
use serde_json::{Value, json};

/// One server.
pub(crate) struct Asked<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) answer: Answer,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) tried: Vec<Tried<'c>>,
}

/// One login.
pub(crate) struct Tried<'c> {
    pub(crate) login: &'c Login,
    pub(crate) outcome: Result<Standing, WireError>,
    pub(crate) remark: Option<Remark>,
}

impl Tried<'_> {
    /// Whether nothing is known of the account: a server that does not take it has answered, and a way to log in that is not known here is no fault.
    pub(crate) fn is_error(&self) -> bool {
        matches!(&self.outcome, Err(error) if !matches!(error, WireError::Rejected | WireError::Method(_) | WireError::NoTls | WireError::Tls(_)))
    }

    fn word(&self) -> &'static str {
        match &self.outcome {
            Ok(standing) if standing.open => "not-needed",
            Ok(_) => "accepted",
            Err(WireError::Rejected) => "refused",
            Err(WireError::NoTls | WireError::Tls(_) | WireError::Method(_)) => "not-tried",
            Err(_) => "failed",
        }
    }
}

/// All of it.
pub(crate) struct Shown<'c> {
    pub(crate) asked: Vec<Asked<'c>>,
    pub(crate) left_out: &'c [(Place, NoTarget)],
    pub(crate) sealed: usize,
    pub(crate) now: i64,
}

impl Shown<'_> {
    /// Everything that is wrong.
    pub(crate) fn remarks(&self) -> impl Iterator<Item = &Remark> {
        self.asked.iter().flat_map(|a| a.remarks.iter().chain(a.tried.iter().filter_map(|t| t.remark.as_ref())))
    }

    fn unanswered(&self) -> usize {
        self.asked.iter().filter(|a| a.answer.offer.is_err()).count()
    }
}

fn severity_style(severity: Severity) -> anstyle::Style {
    use anstyle::AnsiColor;
    match severity {
        Severity::Critical | Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default().bold(),
        Severity::Low | Severity::Info => AnsiColor::Cyan.on_default().bold(),
    }
}

/// For people; every piece that is not ours is escaped.
pub(crate) fn human(shown: &Shown<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for asked in &shown.asked {
        let target = &asked.connection.target;
        out.push(format!("{} {}", target.system, printable(&target.address())));
        for place in &asked.connection.places {
            out.push(format!("  --> {}:{} {}", printable(&place.file), place.line, printable(&place.key)));
        }
        out.extend(answer(asked, shown.now).into_iter().map(|line| format!("  {line}")));
        for tried in &asked.tried {
            out.push(format!("  login {}: {}", account(tried.login), login(tried)));
        }
        for remark in asked.remarks.iter().chain(asked.tried.iter().filter_map(|t| t.remark.as_ref())) {
            let style = severity_style(remark.severity);
            out.push(format!("  {style}{}[{}]{style:#}: {}", remark.severity, remark.id, printable(&remark.message)));
            if !remark.help.is_empty() {
                out.push(format!("    = help: {}", remark.help));
            }
        }
        out.push(String::new());
    }
    out.push(last(shown));
    out
}

fn account(login: &Login) -> String {
    if login.target.user.is_empty() { "without a name".to_owned() } else { format!("as `{}`", printable(&login.target.user)) }
}

fn login(tried: &Tried<'_>) -> String {
    match &tried.outcome {
        Ok(standing) => {
            let version = if standing.version.is_empty() { String::new() } else { format!(", server version {}", standing.version) };
            let bound = if standing.bound { ", bound to the certificate" } else { "" };
            format!("{}{version}{bound}", if standing.open { "no password is asked for" } else { "accepted" })
        }
        Err(WireError::NoTls) => "not tried: no verified TLS (`--insecure-login HOST` tries it all the same)".to_owned(),
        Err(WireError::Tls(fault)) => format!("not tried: {fault} (`--ca FILE`, `--pin`, or `--insecure-login HOST`)"),
        Err(WireError::Rejected) => "refused".to_owned(),
        Err(error @ WireError::Method(_)) => format!("not tried: {error}"),
        Err(error) => format!("failed: {error}"),
    }
}

fn answer(asked: &Asked<'_>, now: i64) -> Vec<String> {
    match &asked.answer.offer {
        Err(error) => vec![format!("not asked: {error}")],
        Ok(Offer::No) => vec!["no TLS on this port".to_owned()],
        Ok(Offer::Wrapped) => vec!["TLS, not looked into: the handshake goes inside packets of the protocol".to_owned()],
        Ok(Offer::Failed(fault, judgement)) => {
            let mut lines = vec![format!("TLS fails: {fault}")];
            lines.extend(judgement.iter().flat_map(|j| j.chain.first()).map(|own| certificate(own, now)));
            lines
        }
        Ok(Offer::Shown(tls)) => {
            let port = tls.port.map_or(String::new(), |port| format!(" on port {port}"));
            let state = match (tls.judgement.pinned, tls.judgement.faults.is_empty()) {
                (true, _) => "pinned",
                (false, true) => "verified",
                (false, false) => "not verified",
            };
            let mut lines = vec![format!("TLS {}{port}, {state}, {}", tls.version, tls.suite)];
            lines.extend(tls.judgement.chain.first().map(|own| certificate(own, now)));
            lines
        }
    }
}

fn certificate(own: &Served, now: i64) -> String {
    let days = (own.not_after - now).div_euclid(86_400);
    let until = day(own.not_after);
    let left = if days < 0 { "past".to_owned() } else { format!("{days} days left") };
    let by = if own.self_issued { "itself".to_owned() } else { format!("`{}`", printable(&own.issuer)) };
    let key = Pin::of(own.public_key);
    format!("certificate `{}` by {by}, until {until} ({left}), {key}", printable(&own.subject))
}

fn day(seconds: i64) -> String {
    date_time(u64::try_from(seconds).unwrap_or(0)).split('T').next().unwrap_or_default().to_owned()
}

fn last(shown: &Shown<'_>) -> String {
    let count = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let mut line = format!("{}: {} answered", count(shown.asked.len(), "server"), shown.asked.len() - shown.unanswered());
    if shown.unanswered() > 0 {
        let _ = write!(line, ", {} not", shown.unanswered());
    }
    let wrong = shown.remarks().filter(|r| r.severity >= Severity::Medium).count();
    let _ = write!(line, "; {}", count(wrong, "finding"));
    let noted = shown.remarks().count() - wrong;
    if noted > 0 {
        let _ = write!(line, ", {}", count(noted, "remark"));
    }
    let tried = shown.asked.iter().flat_map(|a| &a.tried).count();
    if tried > 0 {
        let accepted = shown.asked.iter().flat_map(|a| &a.tried).filter(|t| t.outcome.is_ok()).count();
        let _ = write!(line, "; {} of {} accepted", accepted, count(tried, "login"));
    }
    if !shown.left_out.is_empty() {
        let why = |reason: NoTarget| (shown.left_out.iter().filter(|(_, r)| *r == reason).count(), reason);
        let all = [NoTarget::Socket, NoTarget::Elsewhere, NoTarget::Example, NoTarget::NoPort, NoTarget::Srv].map(why);
        let parts: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, reason)| format!("{n} {reason}")).collect();
        let _ = write!(line, "; left out {} ({})", count(shown.left_out.len(), "setting"), parts.join(", "));
    }
    if shown.sealed > 0 {
        let _ = write!(line, "; {} not opened", count(shown.sealed, "sealed file"));
    }
    line
}

/// One object, `schema` 1.
pub(crate) fn json(shown: &Shown<'_>) -> Vec<String> {
    let servers: Vec<Value> = shown.asked.iter().map(server).collect();
    let left_out: Vec<Value> =
        shown.left_out.iter().map(|(p, why)| json!({"file": p.file, "line": p.line, "key": p.key, "why": why.to_string()})).collect();
    let whole = json!({
        "schema": 1,
        "tool": "harden",
        "version": env!("CARGO_PKG_VERSION"),
        "servers": servers,
        "left_out": left_out,
        "sealed": shown.sealed,
        "totals": {
            "servers": shown.asked.len(),
            "unanswered": shown.unanswered(),
            "findings": shown.remarks().filter(|r| r.severity >= Severity::Medium).count(),
            "remarks": shown.remarks().count(),
        },
    });
    let text = serde_json::to_string_pretty(&whole).unwrap_or_default();
    json_safe(&text).lines().map(str::to_owned).collect()
}

fn server(asked: &Asked<'_>) -> Value {
    let target = &asked.connection.target;
    let places =
        |places: &[Place]| -> Vec<Value> { places.iter().map(|p| json!({"file": p.file, "line": p.line, "key": p.key})).collect() };
    let logins: Vec<Value> = asked.tried.iter().map(|t| login_value(t, &places(&t.login.places))).collect();
    json!({
        "system": target.system,
        "host": target.host,
        "port": target.port,
        "asks": asked.connection.asked.word(),
        "places": places(&asked.connection.places),
        "error": asked.answer.offer.as_ref().err().map(ToString::to_string),
        "answers_without_tls": asked.answer.open,
        "tls": asked.answer.offer.as_ref().ok().map(tls),
        "logins": logins,
        "remarks": asked.remarks.iter().map(remark).collect::<Vec<_>>(),
    })
}

fn tls(offer: &Offer) -> Value {
    let (shown, fault, judgement) = match offer {
        Offer::No => return json!({"offered": false}),
        Offer::Wrapped => return json!({"offered": true, "looked_at": false}),
        Offer::Failed(fault, judgement) => (None, Some(fault.to_string()), judgement.as_ref()),
        Offer::Shown(shown) => (Some(shown), None, Some(&shown.judgement)),
    };
    json!({
        "offered": true,
        "looked_at": true,
        "port": shown.and_then(|s| s.port),
        "version": shown.map(|s| s.version),
        "cipher_suite": shown.map(|s| s.suite),
        "fails": fault,
        "verified": judgement.is_some_and(|j| j.faults.is_empty()) && fault.is_none(),
        "pinned": judgement.is_some_and(|j| j.pinned),
        "chain": judgement.map(|j| j.chain.iter().map(certificate_value).collect::<Vec<_>>()),
    })
}

fn certificate_value(served: &Served) -> Value {
    json!({
        "subject": served.subject,
        "issuer": served.issuer,
        "names": served.names,
        "not_before": format!("{}Z", date_time(u64::try_from(served.not_before).unwrap_or(0))),
        "not_after": format!("{}Z", date_time(u64::try_from(served.not_after).unwrap_or(0))),
        "authority": served.is_ca,
        "pin": Pin::of(served.public_key).to_string(),
    })
}

fn login_value(tried: &Tried<'_>, places: &[Value]) -> Value {
    let standing = tried.outcome.as_ref().ok();
    json!({
        "user": tried.login.target.user,
        "places": places,
        "outcome": tried.word(),
        "why": tried.outcome.as_ref().err().map(ToString::to_string),
        "server_version": standing.map(|s| s.version.as_str()),
        "powers": standing.map(|s| s.powers.as_slice()),
        "remarks": tried.remark.iter().map(remark).collect::<Vec<_>>(),
    })
}

fn remark(remark: &Remark) -> Value {
    json!({"id": remark.id, "severity": remark.severity.word(), "message": remark.message, "help": remark.help})
}
