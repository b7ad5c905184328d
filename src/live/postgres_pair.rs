//! PostgreSQL without a gap: a role holds one password, so two roles take turns. `app` owns everything; `app_b` is a member of it and becomes it at
//! login (`ALTER ROLE app_b SET role = 'app'`), so that whatever it makes belongs to `app`. A rotation gives the one that rests a password, and
//! takes the other's away when the new one is in use. The name in the connection string changes with the password.
//!
//! An administrator is needed, with CREATEROLE, and from version 16 on with ADMIN OPTION on the roles.

use postgres_protocol::password::scram_sha_256;

use super::access::Access;
use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair};
use super::postgres::{DENIED, POLICY, Postgres};
use crate::model::secret::Secret;
use crate::wire::login::{open, postgres_session};
use crate::wire::postgres::{Session, identifier, literal};
use crate::wire::{Code, Target, WireError};

/// Two roles that take turns.
pub struct PostgresPair {
    target: Target,
    other: String,
    access: Access,
}

/// What is known of the role that rests.
enum Resting {
    /// It is not there yet.
    Missing,
    /// It becomes the one in use at login.
    Member,
    /// The one in use becomes it.
    Owner,
}

impl PostgresPair {
    /// The role in use is the one that `target` names; `other` is the one that rests, and is made when it is not there. `None` without two
    /// names.
    #[must_use]
    pub fn new(target: Target, other: &str, access: Access) -> Option<Self> {
        (!other.is_empty() && !target.user.is_empty() && other != target.user).then(|| Self { target, other: other.to_owned(), access })
    }

    fn as_role(&self, user: &str) -> Target {
        Target { user: user.to_owned(), ..self.target.clone() }
    }

    fn try_as(&self, user: &str, secret: &Secret) -> Outcome {
        let target = self.as_role(user);
        let opened = open(&target, &self.access.trust, self.access.within, self.access.protection);
        opened.and_then(|opened| postgres_session(&target, opened, secret)).map(|_| ()).into()
    }

    fn admin(&self) -> Result<Session, BackendError> {
        let (admin, password) = self.access.admin(&self.target).ok_or(BackendError::NotPermitted(Code::default()))?;
        let opened = open(&admin, &self.access.trust, self.access.within, self.access.protection);
        opened.and_then(|opened| postgres_session(&admin, opened, password)).map_err(BackendError::before)
    }

    fn resting(&self, session: &mut Session) -> Result<Resting, BackendError> {
        let (used, other) = (literal(&self.target.user), literal(&self.other));
        let there = rows(session, &format!("SELECT 1 FROM pg_roles WHERE rolname = {other}"))?;
        if there == 0 {
            return Ok(Resting::Missing);
        }
        // the mark of the one that was made here, and what makes it safe: somebody's group is never given a login
        let becomes = |member: &str, owner: &str| {
            let setting = literal(&format!("role={owner}"));
            format!("SELECT 1 FROM pg_roles WHERE rolname = {member} AND {setting} = ANY (rolconfig)")
        };
        if rows(session, &becomes(&other, &self.target.user))? > 0 {
            return Ok(Resting::Member);
        }
        if rows(session, &becomes(&used, &self.other))? > 0 {
            return Ok(Resting::Owner);
        }
        Err(BackendError::Unsupported("a role of the other name is there, and neither becomes the other at login: it may be somebody's"))
    }

    fn take_password(&self, session: &mut Session, user: &str) -> Result<(), BackendError> {
        run(session, &format!("ALTER ROLE {} PASSWORD NULL", identifier(user)))
    }
}

fn rows(session: &mut Session, sql: &str) -> Result<usize, BackendError> {
    session.query(sql).map(|rows| rows.len()).map_err(BackendError::before)
}

fn run(session: &mut Session, sql: &str) -> Result<(), BackendError> {
    session.query(sql).map(|_| ()).map_err(|error| BackendError::after(error, DENIED, POLICY))
}

impl Backend for PostgresPair {
    fn system(&self) -> &'static str {
        "postgres"
    }

    /// Of either role: a secret belongs to one of them.
    fn login(&mut self, secret: &Secret) -> Outcome {
        match self.try_as(&self.target.user, secret) {
            Outcome::Refused => self.try_as(&self.other, secret),
            outcome => outcome,
        }
    }

    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError> {
        let mut facts = Postgres::new(self.target.clone(), self.access.clone()).inspect(secret)?;
        let mut session = self.admin()?;
        self.resting(&mut session)?;
        let settings = format!(
            "SELECT 1 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) one \
             WHERE r.rolname = {} AND one NOT LIKE 'role=%'",
            literal(&self.target.user)
        );
        if rows(&mut session, &settings)? > 0 {
            facts.notes.push("settings of the role itself (ALTER ROLE .. SET) hold for its own logins only: give the other role the same");
        }
        let others = format!("SELECT 1 FROM pg_stat_activity WHERE usename = {}", literal(&self.other));
        if rows(&mut session, &others)? > 0 {
            facts.notes.push("the role that is to come is connected already: whoever uses it needs its new password for new connections");
        }
        facts.overlap = Overlap::Both;
        Ok(facts)
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        let account = Some(self.other.clone());
        if self.try_as(&self.other, pair.new) == Outcome::Accepted {
            return Ok(Done { account, ..Done::ALREADY });
        }
        let mut session = self.admin()?;
        let (used, other) = (identifier(&self.target.user), identifier(&self.other));
        let verifier = literal(&scram_sha_256(pair.new.expose().as_bytes()));
        let become_owner = format!("ALTER ROLE {other} SET role = {}", literal(&self.target.user));
        // one transaction: a role that could log in and owns nothing is not left behind
        let whole = match self.resting(&mut session)? {
            Resting::Missing => {
                format!("BEGIN; CREATE ROLE {other} LOGIN INHERIT IN ROLE {used} PASSWORD {verifier}; {become_owner}; COMMIT")
            }
            Resting::Member => format!("BEGIN; ALTER ROLE {other} LOGIN PASSWORD {verifier}; {become_owner}; COMMIT"),
            Resting::Owner => format!("ALTER ROLE {other} LOGIN PASSWORD {verifier}"),
        };
        run(&mut session, &whole)?;
        Ok(Done { account, ..Done::NOW })
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        match self.try_as(&self.other, pair.new) {
            Outcome::Accepted => {}
            Outcome::Refused => return Err(BackendError::Unsupported("the new password is not in force, so the old one stays")),
            outcome => return Err(outcome.into()),
        }
        match self.try_as(&self.target.user, pair.old) {
            Outcome::Refused => return Ok(Done::ALREADY),
            Outcome::Accepted | Outcome::Undecided(WireError::Refused(_)) => {}
            outcome => return Err(outcome.into()),
        }
        let mut session = self.admin()?;
        self.take_password(&mut session, &self.target.user)?;
        Ok(Done::NOW)
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        match self.try_as(&self.target.user, pair.old) {
            Outcome::Accepted => {}
            outcome => return Err(outcome.into()),
        }
        match self.try_as(&self.other, pair.new) {
            Outcome::Refused => return Ok(Done::ALREADY),
            Outcome::Accepted | Outcome::Undecided(WireError::Refused(_)) => {}
            outcome => return Err(outcome.into()),
        }
        let mut session = self.admin()?;
        self.take_password(&mut session, &self.other)?;
        Ok(Done::NOW)
    }
}
