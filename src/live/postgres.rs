//! PostgreSQL: `ALTER ROLE` with a SCRAM-SHA-256 verifier that is computed here, so that neither the server nor its log ever sees a password.
//! A role holds one password: sessions that are open go on, new ones need the new one. A pooler's own list of users, replicas' `primary_conninfo`
//! and `.pgpass` files keep the old one.

use postgres_protocol::password::scram_sha_256;

use super::access::Access;
use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair};
use crate::model::secret::Secret;
use crate::wire::login::{open, postgres_session};
use crate::wire::postgres::{Session, identifier, literal};
use crate::wire::{Target, WireError};

/// insufficient_privilege
pub(super) const DENIED: &[&str] = &["42501"];
/// invalid_parameter_value (passwordcheck), feature_not_supported, object_not_in_prerequisite_state and invalid_password (managed services)
pub(super) const POLICY: &[&str] = &["22023", "0A000", "55000", "28P01"];

/// A role whose password is changed.
pub struct Postgres {
    target: Target,
    access: Access,
    /// The session that staged: it goes on whatever becomes of the password, and is the nearest way back.
    held: Option<Session>,
    /// What `pg_authid` held, where an administrator could read it.
    saved: Option<Secret>,
}

impl Postgres {
    /// The role that `target` names.
    #[must_use]
    pub fn new(target: Target, access: Access) -> Self {
        Self { target, access, held: None, saved: None }
    }

    fn session(&self, target: &Target, secret: &Secret) -> Result<Session, WireError> {
        let opened = open(target, &self.access.trust, self.access.within, self.access.protection)?;
        postgres_session(target, opened, secret)
    }

    /// A session that may change the role: the administrator's, or the role's own with whichever secret works; and whether it was the second.
    fn working(&self, first: &Secret, second: &Secret) -> Result<(Session, bool), BackendError> {
        if let Some((admin, password)) = self.access.admin(&self.target) {
            let session = self.session(&admin, password).map_err(BackendError::before)?;
            return Ok((session, false));
        }
        match self.session(&self.target, first) {
            Ok(session) => Ok((session, false)),
            Err(WireError::Rejected) => Ok((self.session(&self.target, second).map_err(BackendError::before)?, true)),
            Err(error) => Err(BackendError::before(error)),
        }
    }

    fn set(&self, session: &mut Session, stored: &str) -> Result<(), BackendError> {
        // the role that logs in, not one that `ALTER ROLE .. SET role` puts in its place
        let role = if self.access.admin.is_some() { identifier(&self.target.user) } else { "SESSION_USER".to_owned() };
        let sql = format!("ALTER ROLE {role} PASSWORD {}", literal(stored));
        session.query(&sql).map(|_| ()).map_err(|error| BackendError::after(error, DENIED, POLICY))
    }

    /// Makes `wanted` the password, in a session that `other` opens where `wanted` does not.
    fn make(&mut self, wanted: &Secret, other: &Secret, stored: Option<&str>) -> Result<Done, BackendError> {
        if let Some(mut session) = self.held.take() {
            let result = self.set(&mut session, stored.unwrap_or(&scram_sha_256(wanted.expose().as_bytes())));
            if result.is_ok() {
                self.held = Some(session);
                return Ok(Done::NOW);
            }
            // the server may have ended the session: a new one says more
        }
        if self.login(wanted) == Outcome::Accepted {
            return Ok(Done::ALREADY);
        }
        let (mut session, wanted_works) = self.working(other, wanted)?;
        if wanted_works {
            return Ok(Done::ALREADY);
        }
        if version(&mut session).map_err(BackendError::before)? < 100_000 {
            return Err(BackendError::Unsupported("servers before version 10 store no SCRAM verifiers"));
        }
        self.set(&mut session, stored.unwrap_or(&scram_sha_256(wanted.expose().as_bytes())))?;
        self.held = Some(session);
        Ok(Done::NOW)
    }
}

fn version(session: &mut Session) -> Result<u32, WireError> {
    let rows = session.query("SELECT current_setting('server_version_num')")?;
    Ok(rows.into_iter().flatten().flatten().next().and_then(|text| text.parse().ok()).unwrap_or(0))
}

impl Backend for Postgres {
    fn system(&self) -> &'static str {
        "postgres"
    }

    fn login(&mut self, secret: &Secret) -> Outcome {
        self.session(&self.target, secret).map(|_| ()).into()
    }

    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError> {
        let (mut session, _) = self.working(secret, secret)?;
        let user = literal(&self.target.user);
        let asked = format!(
            "SELECT current_setting('server_version'), rolvaliduntil, rolvaliduntil < now() + interval '1 day', rolsuper, rolcreaterole, rolcreatedb, \
             rolreplication, rolbypassrls FROM pg_roles WHERE rolname = {user}"
        );
        let rows = session.query(&asked).map_err(BackendError::before)?;
        let mut cells = rows.into_iter().next().ok_or(BackendError::Unsupported("the role is not there"))?.into_iter();
        let version = cells.next().flatten().unwrap_or_default();
        let mut facts = Facts::of(&self.target.user, &version, Overlap::One);
        facts.valid_until = cells.next().flatten().filter(|until| until != "infinity");
        if cells.next().flatten().as_deref() == Some("t") {
            facts
                .notes
                .push("VALID UNTIL of the role is past, or less than a day away: it refuses every login then, whatever the password");
        }
        let names = ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"];
        facts.powers = names.iter().zip(cells).filter(|(_, on)| on.as_deref() == Some("t")).map(|(name, _)| (*name).to_owned()).collect();
        facts.sessions = sessions(&mut session, &user);
        if self.access.admin.is_some() {
            let rows = session.query(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = {user}"));
            self.saved = rows.ok().and_then(|rows| rows.into_iter().flatten().flatten().next()).map(Secret::new);
        }
        if self.saved.as_ref().is_some_and(|s| s.expose().starts_with("md5")) {
            facts.notes.push("the password is stored as MD5; the new one is SCRAM-SHA-256, which clients older than libpq 10 do not speak");
        }
        Ok(facts)
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.make(pair.new, pair.old, None)
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        // there is one password: the old one went when the new one came
        self.held = None;
        match self.login(pair.new) {
            Outcome::Accepted => Ok(Done::ALREADY),
            outcome => Err(outcome.into()),
        }
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let saved = self.saved.take();
        let result = self.make(pair.old, pair.new, saved.as_ref().map(Secret::expose));
        self.saved = saved;
        result
    }
}

/// Other sessions of the role, by what they call themselves and where they come from.
fn sessions(session: &mut Session, user: &str) -> Option<Vec<(String, usize)>> {
    let sql = format!(
        "SELECT coalesce(nullif(application_name, ''), '(no name)') || ' from ' || coalesce(host(client_addr), 'this machine'), count(*) \
         FROM pg_stat_activity WHERE usename = {user} AND pid <> pg_backend_pid() AND application_name <> 'harden' GROUP BY 1 ORDER BY 1"
    );
    let rows = session.query(&sql).ok()?;
    let row = |mut row: Vec<Option<String>>| Some((row.first_mut()?.take()?, row.get(1)?.as_ref()?.parse().ok()?));
    Some(rows.into_iter().filter_map(row).collect())
}
