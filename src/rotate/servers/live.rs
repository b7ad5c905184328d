//! Accounts behind the backends of [`crate::live`].

use std::time::Duration;

use super::{Account, Known};
use crate::dsn;
#[cfg(feature = "live-command")]
use crate::live::Command;
use crate::live::{Access, Admin, Backend, BackendError, Done, Outcome, Overlap, Pair, Persistence, alternating, for_target};
use crate::rotate::machine::{Login, Set};
use crate::rotate::stage::{Credential, Reach, Server};
use crate::wire::login::Protection;
use crate::wire::{Target, Trust};

/// An account with its backend.
pub struct Spoken {
    backend: Box<dyn Backend>,
    /// Where two accounts take turns: the way from the second back to the first.
    back: Option<Box<dyn Backend>>,
    holds_two: Option<bool>,
    warnings: Vec<String>,
}

/// The account of `server`. No connection is made.
///
/// # Errors
/// Why it cannot be spoken to, in our own words.
pub fn account(server: &Server, reach: &Reach, trust: &Trust) -> Result<Spoken, String> {
    let within = Duration::from_secs(reach.within.max(1));
    if !server.program.as_os_str().is_empty() {
        #[cfg(feature = "live-command")]
        return Ok(Spoken::new(Box::new(Command::new(server.program.clone(), Vec::new(), &server.setting, within))));
        #[cfg(not(feature = "live-command"))]
        return Err("this harden is built without the feature `live-command`".to_owned());
    }
    let mut target = target(server.url.expose()).ok_or("its connection string names no server that can be reached")?;
    if let Some((host, port)) = server.address.rsplit_once(':') {
        let port = port.parse().map_err(|_| "its address is no HOST:PORT".to_owned())?;
        target.by_way_of = Some((host.trim_matches(['[', ']']).to_owned(), port));
    }
    let insecure = reach.insecure.iter().any(|host| host.eq_ignore_ascii_case(&target.host));
    let protection = if insecure { Protection::AsWritten } else { Protection::Verified };
    let admin = match server.admin.expose() {
        "" => None,
        text => Some(admin(text).ok_or("the connection string of its administrator is none")?),
    };
    let access = Access { trust: trust.clone(), within, protection, admin };
    let api = match server.management.as_str() {
        "" => None,
        text => Some(self::target(text).ok_or("the address of its management interface is none")?),
    };
    if server.alternate.is_empty() {
        return for_target(&target, api.as_ref(), &access).map(Spoken::new).map_err(|error| error.to_string());
    }
    let second = Target { user: server.alternate.clone(), ..target.clone() };
    let there = alternating(&target, &second.user, &access).map_err(|error| error.to_string())?;
    let back = alternating(&second, &target.user, &access).map_err(|error| error.to_string())?;
    Ok(Spoken { back: Some(back), ..Spoken::new(there) })
}

fn target(text: &str) -> Option<Target> {
    Target::of(&dsn::parse(text)?, text).into_iter().next()?.ok()
}

fn admin(text: &str) -> Option<Admin> {
    let target = target(text)?;
    Some(Admin { user: target.user, password: target.password.unwrap_or_default(), database: target.database })
}

impl Spoken {
    fn outcome(&mut self, done: Result<Done, BackendError>) -> Set {
        match done {
            Ok(done) => {
                if done.persistence == Persistence::UntilRestart {
                    self.warnings.push("it forgets this with its next start: its own configuration has to hold the value".to_owned());
                }
                Set::Done
            }
            Err(BackendError::UnknownOutcome(_)) => Set::Unknown,
            Err(error) => Set::Refused(error.to_string()),
        }
    }

    fn new(backend: Box<dyn Backend>) -> Self {
        Self { backend, back: None, holds_two: None, warnings: Vec::new() }
    }

    /// The backend in which the account of `credential` is the one that is left for another, or for another password.
    fn leaving(&mut self, credential: Credential<'_>) -> &mut dyn Backend {
        match &mut self.back {
            Some(back) if !credential.account.is_empty() => back.as_mut(),
            _ => self.backend.as_mut(),
        }
    }
}

impl Account for Spoken {
    fn look(&mut self, credential: Credential<'_>) -> Result<Known, String> {
        let facts = self.leaving(credential).inspect(credential.secret).map_err(|error| error.to_string())?;
        let holds_two = facts.overlap == Overlap::Both;
        self.holds_two = Some(holds_two);
        let mut notes = Vec::new();
        match facts.sessions {
            Some(sessions) if sessions.is_empty() => notes.push("nobody else is connected with it".to_owned()),
            Some(sessions) => {
                let list: Vec<String> = sessions.iter().map(|(from, n)| format!("{from} ({n})")).collect();
                notes.push(format!("connected with it now: {}; these go on until they connect anew", list.join(", ")));
            }
            None => notes.push("who is connected with it cannot be seen".to_owned()),
        }
        if !facts.powers.is_empty() {
            notes.push(format!("it may do more than an application needs: {}", facts.powers.join(", ")));
        }
        if let Some(siblings) = facts.siblings.filter(|list| !list.is_empty()) {
            notes.push(format!("accounts of that name keep their passwords: {}", siblings.join(", ")));
        }
        notes.extend(facts.valid_until.map(|until| format!("its password ends by itself: {until}")));
        notes.extend(facts.notes.iter().map(|note| (*note).to_owned()));
        Ok(Known { holds_two, notes })
    }

    fn holds_two(&mut self, one: Credential<'_>, other: Credential<'_>) -> Option<bool> {
        if self.holds_two.is_none() && self.look(one).is_err() {
            _ = self.look(other);
        }
        // one that answers and cannot be looked at may hold two: what ends the former does no harm where there is one
        let answers = |own: &mut Self| [one, other].into_iter().any(|credential| own.log_in(credential) == Login::Accepted);
        self.holds_two.or_else(|| answers(self).then_some(true))
    }

    fn log_in(&mut self, credential: Credential<'_>) -> Login {
        match self.leaving(credential).login(credential.secret) {
            Outcome::Accepted => Login::Accepted,
            Outcome::Refused => Login::Refused,
            Outcome::Unreachable(_) | Outcome::Unprotected(_) | Outcome::Undecided(_) => Login::Unreachable,
        }
    }

    fn set(&mut self, credential: Credential<'_>, other: Credential<'_>) -> Set {
        let done = self.leaving(other).stage(&Pair { old: other.secret, new: credential.secret });
        self.outcome(done)
    }

    fn retire(&mut self, credential: Credential<'_>, other: Credential<'_>) -> Set {
        let done = self.leaving(credential).retire(&Pair { old: credential.secret, new: other.secret });
        self.outcome(done)
    }

    fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }
}
