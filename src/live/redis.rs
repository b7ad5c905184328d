//! Redis, Valkey, KeyDB: an account of version 6 and later holds any number of passwords, and takes them by their SHA-256, so both work until the old
//! one is taken away and no password is sent. Older servers have one (`requirepass`).

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::access::Access;
use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair, Persistence};
use crate::model::secret::Secret;
use crate::wire::login::open;
use crate::wire::redis::{Reply, Session};
use crate::wire::{Target, WireError};

const DENIED: &[&str] = &["NOPERM"];

/// An account whose password is changed.
pub struct Redis {
    target: Target,
    access: Access,
}

impl Redis {
    /// The account that `target` names; without a name it is `default`. Replicas (`masterauth`) and sentinels keep what they have.
    #[must_use]
    pub fn new(target: Target, access: Access) -> Self {
        Self { target, access }
    }

    fn account(&self) -> &str {
        if self.target.user.is_empty() { "default" } else { &self.target.user }
    }

    fn session(&self, target: &Target, secret: &Secret) -> Result<Session, WireError> {
        let opened = open(target, &self.access.trust, self.access.within, self.access.protection)?;
        Session::login(opened.channel, &target.user, secret)
    }

    /// A session that may change the account: the administrator's, or its own with whichever secret works.
    fn working(&self, first: &Secret, second: &Secret) -> Result<Session, BackendError> {
        if let Some((admin, password)) = self.access.admin(&self.target) {
            return self.session(&admin, password).map_err(BackendError::before);
        }
        match self.session(&self.target, first) {
            Err(WireError::Rejected) => self.session(&self.target, second).map_err(BackendError::before),
            result => result.map_err(BackendError::before),
        }
    }

    /// Adds the password `more` to the account and takes `less` away.
    fn change(&self, session: &mut Session, more: Option<&Secret>, less: Option<&Secret>) -> Result<Done, BackendError> {
        let stored = hashes(session, self.account())?;
        let more = more.map(hash).filter(|h| !stored.contains(h));
        let less = less.map(hash).filter(|h| stored.contains(h));
        if more.is_none() && less.is_none() {
            return Ok(Done { persistence: persist(session)?, ..Done::ALREADY });
        }
        let words: Vec<String> = more.map(|h| format!("#{h}")).into_iter().chain(less.map(|h| format!("!{h}"))).collect();
        let mut command: Vec<&[u8]> = vec![b"ACL", b"SETUSER", self.account().as_bytes()];
        command.extend(words.iter().map(String::as_bytes));
        session.command(&command).map_err(|error| BackendError::after(error, DENIED, &[]))?;
        Ok(Done { persistence: persist(session)?, ..Done::NOW })
    }

    /// Before version 6: one password for all.
    fn require(&self, session: &mut Session, wanted: &Secret) -> Result<Done, BackendError> {
        let words: &[&[u8]] = &[b"CONFIG", b"SET", b"requirepass", wanted.expose().as_bytes()];
        session.command(words).map_err(|error| BackendError::after(error, DENIED, &[]))?;
        Ok(Done { persistence: persist(session)?, ..Done::NOW })
    }
}

fn hash(secret: &Secret) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(secret.expose().as_bytes()) {
        // writing to a String cannot fail
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Whether the server knows accounts.
fn has_accounts(session: &mut Session) -> Result<bool, BackendError> {
    match session.command(&[b"ACL", b"WHOAMI"]) {
        Ok(_) => Ok(true),
        Err(WireError::Refused(code)) if code.text() == "NOPERM" => Ok(true),
        Err(WireError::Refused(_)) => Ok(false),
        Err(error) => Err(BackendError::before(error)),
    }
}

/// The SHA-256 of the account's passwords.
fn hashes(session: &mut Session, account: &str) -> Result<Vec<String>, BackendError> {
    let told = session.command(&[b"ACL", b"GETUSER", account.as_bytes()]).map_err(|error| BackendError::after(error, DENIED, &[]))?;
    if told == Reply::Nothing {
        return Err(BackendError::Unsupported("the account is not there"));
    }
    let passwords = told.member("passwords").map(Reply::members).unwrap_or_default();
    Ok(passwords.iter().filter_map(Reply::text).map(str::to_owned).collect())
}

/// Writes the accounts down: into the ACL file where there is one, else into the configuration file.
fn persist(session: &mut Session) -> Result<Persistence, BackendError> {
    let file = session.command(&[b"CONFIG", b"GET", b"aclfile"]).ok();
    let has_file = file.as_ref().and_then(|f| f.member("aclfile")).and_then(Reply::text).is_some_and(|path| !path.is_empty());
    let words: &[&[u8]] = if has_file { &[b"ACL", b"SAVE"] } else { &[b"CONFIG", b"REWRITE"] };
    match session.command(words) {
        Ok(_) => Ok(Persistence::Kept),
        // `ERR The server is running without a config file`, and hosts that forbid the command: what starts it next holds its password
        Err(WireError::Refused(code)) if !has_file && matches!(code.text(), "ERR" | "NOPERM") => Ok(Persistence::UntilRestart),
        Err(WireError::Refused(code)) => Err(BackendError::NotWritten(code)),
        Err(error) => Err(BackendError::UnknownOutcome(error)),
    }
}

impl Backend for Redis {
    fn system(&self) -> &'static str {
        "redis"
    }

    fn login(&mut self, secret: &Secret) -> Outcome {
        self.session(&self.target, secret).map(|_| ()).into()
    }

    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError> {
        let mut session = self.working(secret, secret)?;
        let told = session.command(&[b"INFO", b"server"]).ok();
        let told = told.as_ref().and_then(Reply::text).unwrap_or("");
        let version = ["valkey_version:", "redis_version:"].iter().find_map(|key| told.lines().find_map(|line| line.strip_prefix(key)));
        let version = version.unwrap_or("").to_owned();
        if !has_accounts(&mut session)? {
            let mut facts = Facts::of("default", &version, Overlap::One);
            facts.notes.push("a server before version 6 has one password, which is sent to it as it is");
            return Ok(facts);
        }
        let mut facts = Facts::of(self.account(), &version, Overlap::Both);
        let told = session.command(&[b"ACL", b"GETUSER", self.account().as_bytes()]);
        let told = told.map_err(|error| BackendError::after(error, DENIED, &[]))?;
        if told.member("commands").and_then(Reply::text) == Some("+@all") {
            facts.powers.push("+@all".to_owned());
        }
        if told.member("flags").is_some_and(|f| f.members().iter().any(|m| m.text() == Some("nopass"))) {
            facts
                .notes
                .push("the account takes any password (nopass); with the new one it takes no other, and clients without it are shut out");
        }
        let required = session.command(&[b"CONFIG", b"GET", b"requirepass"]).ok();
        if self.account() == "default" && required.as_ref().and_then(|r| r.member("requirepass")?.text()).is_some_and(|p| !p.is_empty()) {
            // Redis 7.0: CONFIG REWRITE leaves the line, and `user default` behind it is what counts
            facts.notes.push("`requirepass` in the server's configuration keeps the old password in the open and counts no longer: write the new one there");
        }
        let replicas = session.command(&[b"INFO", b"replication"]).ok();
        let replicas = replicas.as_ref().and_then(Reply::text).unwrap_or("");
        if self.account() == "default"
            && (replicas.contains("role:slave") || !replicas.contains("connected_slaves:0") && !replicas.is_empty())
        {
            facts.notes.push("replicas log in with `masterauth`, which keeps the old password: change it there before the old one goes");
        }
        facts.sessions =
            session.command(&[b"CLIENT", b"LIST"]).ok().as_ref().and_then(Reply::text).map(|list| sessions(list, self.account()));
        Ok(facts)
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let mut session = self.working(pair.old, pair.new)?;
        if has_accounts(&mut session)? {
            return self.change(&mut session, Some(pair.new), None);
        }
        self.require(&mut session, pair.new)
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let mut session = self.working(pair.new, pair.old)?;
        if has_accounts(&mut session)? {
            if !hashes(&mut session, self.account())?.contains(&hash(pair.new)) {
                return Err(BackendError::Unsupported("the new password is not in force, so the old one stays"));
            }
            return self.change(&mut session, None, Some(pair.old));
        }
        Ok(Done { persistence: persist(&mut session)?, ..Done::ALREADY })
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let mut session = self.working(pair.new, pair.old)?;
        if has_accounts(&mut session)? {
            return self.change(&mut session, Some(pair.old), Some(pair.new));
        }
        self.require(&mut session, pair.old)
    }
}

/// Other sessions of `account` in the answer of `CLIENT LIST`, by name and address.
fn sessions(list: &str, account: &str) -> Vec<(String, usize)> {
    let mut out: Vec<(String, usize)> = Vec::new();
    for line in list.lines() {
        let field = |name: &str| line.split(' ').find_map(|f| f.strip_prefix(name)).unwrap_or("");
        // the one that asks is among them
        if field("user=") != account || field("cmd=").starts_with("client") {
            continue;
        }
        let from = field("addr=").rsplit_once(':').map_or("", |(host, _)| host);
        let name = if field("name=").is_empty() { "(no name)" } else { field("name=") };
        let who = format!("{name} from {from}");
        match out.iter_mut().find(|(known, _)| *known == who) {
            Some((_, count)) => *count += 1,
            None => out.push((who, 1)),
        }
    }
    out.sort();
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn sessions_are_those_of_the_account() {
        let list = "id=3 addr=10.0.0.1:52555 laddr=x name=web age=0 cmd=get user=app resp=2\nid=4 addr=10.0.0.1:52556 name=web cmd=get user=app\n\
                    id=5 addr=10.0.0.2:1 name= cmd=get user=default\nid=6 addr=127.0.0.1:1 name= cmd=client|list user=app\n";
        assert_eq!(super::sessions(list, "app"), [("web from 10.0.0.1".to_owned(), 2)]);
    }
}
