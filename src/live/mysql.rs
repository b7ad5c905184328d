//! MySQL and MariaDB. An account is a name and a host: exactly the one that a login matches is changed, and those beside it are named.
//!
//! MariaDB takes the stored form (`mysql_native_password`), so no password is in its general log; it holds one. MySQL 8 holds two
//! (`RETAIN CURRENT PASSWORD`) and wants the password itself, which goes inside TLS only, and which it leaves out of its logs.

use super::access::Access;
use super::backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair};
use crate::model::secret::Secret;
use crate::wire::login::{mysql_session, open};
use crate::wire::mysql::{Session, literal};
use crate::wire::{Target, WireError, mysql_native_hash};

/// ER_DBACCESS_DENIED, ER_PASSWORD_NOT_ALLOWED, ER_TABLEACCESS_DENIED, ER_SPECIFIC_ACCESS_DENIED
const DENIED: &[&str] = &["1044", "1132", "1142", "1227"];
/// ER_NOT_VALID_PASSWORD, ER_CREDENTIALS_CONTRADICT_TO_HISTORY
const POLICY: &[&str] = &["1819", "3638"];
/// ER_OPTION_PREVENTS_STATEMENT: strict_password_validation
const STRICT: &str = "1290";

/// An account whose password is changed.
pub struct MySql {
    target: Target,
    access: Access,
}

/// The row of the account, and what the server can do.
struct Account {
    /// Without quotes.
    user: String,
    host: String,
    mariadb: bool,
    /// MySQL from 8.0.14 on, for an account that may keep the old password.
    dual: bool,
}

impl MySql {
    /// The account that a login with the name of `target` matches.
    #[must_use]
    pub fn new(target: Target, access: Access) -> Self {
        Self { target, access }
    }

    fn session(&self, target: &Target, secret: &Secret) -> Result<Session, WireError> {
        let opened = open(target, &self.access.trust, self.access.within, self.access.protection)?;
        mysql_session(target, opened, secret)
    }

    /// Logged in as the account, with whichever secret works; and whether it was the second.
    fn own(&self, first: &Secret, second: &Secret) -> Result<(Session, bool), BackendError> {
        match self.session(&self.target, first) {
            Err(WireError::Rejected) => Ok((self.session(&self.target, second).map_err(BackendError::before)?, true)),
            result => Ok((result.map_err(BackendError::before)?, false)),
        }
    }

    /// The session that changes things: the administrator's, or `own` itself.
    fn changing(&self, own: Session) -> Result<Session, BackendError> {
        match self.access.admin(&self.target) {
            Some((admin, password)) => self.session(&admin, password).map_err(BackendError::before),
            None => Ok(own),
        }
    }

    fn account(&self, own: &mut Session) -> Result<Account, BackendError> {
        let matched = one(own, "SELECT CURRENT_USER()").map_err(BackendError::before)?;
        let (user, host) = matched.rsplit_once('@').ok_or(BackendError::Unsupported("the server does not say which account it is"))?;
        let mariadb = own.greeting.is_mariadb();
        let can_keep = !mariadb && at_least(&own.greeting.version, &[8, 0, 14]);
        let may_keep = self.access.admin.is_some() || can_keep && grants(own).iter().any(|g| g.contains("APPLICATION_PASSWORD_ADMIN"));
        let dual = can_keep && may_keep;
        Ok(Account { user: user.to_owned(), host: host.to_owned(), mariadb, dual })
    }

    /// The account in a statement.
    fn named(&self, account: &Account) -> Result<String, BackendError> {
        if self.access.admin.is_none() {
            return Ok("USER()".to_owned());
        }
        quote(&account.user).and_then(|user| Ok(format!("{user}@{}", quote(&account.host)?)))
    }

    fn set(&self, session: &mut Session, account: &Account, wanted: &Secret, keep: bool) -> Result<(), BackendError> {
        if account.mariadb {
            let hash = mysql_native_hash(wanted.expose().as_bytes());
            let whose = if self.access.admin.is_some() { format!(" FOR {}", self.named(account)?) } else { String::new() };
            return run(session, &format!("SET PASSWORD{whose} = '{hash}'"));
        }
        if !session.is_encrypted() {
            return Err(BackendError::Unsupported("MySQL wants the password itself, which is not sent without TLS"));
        }
        let text = literal(wanted.expose()).map(Secret::new);
        let text = text.ok_or(BackendError::Unsupported("the password holds a backslash, which servers read in two ways"))?;
        let keep = if keep { " RETAIN CURRENT PASSWORD" } else { "" };
        let sql = Secret::concat(&["ALTER USER ", &self.named(account)?, " IDENTIFIED BY ", text.expose(), keep]);
        run(session, sql.expose())
    }

    /// Makes `wanted` the password, logged in with `other` where `wanted` does not work.
    fn make(&self, wanted: &Secret, other: &Secret, keep: bool) -> Result<Done, BackendError> {
        let (mut own, already) = self.own(wanted, other).map(|(session, second)| (session, !second))?;
        let account = self.account(&mut own)?;
        if already {
            return Ok(Done::ALREADY);
        }
        if account.mariadb {
            only_native(&mut own)?;
        }
        let mut session = self.changing(own)?;
        self.set(&mut session, &account, wanted, keep && account.dual)?;
        Ok(Done::NOW)
    }

    fn discard(&self, working: &Secret) -> Result<Done, BackendError> {
        let mut own = self.session(&self.target, working).map_err(BackendError::before)?;
        let account = self.account(&mut own)?;
        if !account.dual {
            return Ok(Done::ALREADY);
        }
        let mut session = self.changing(own)?;
        run(&mut session, &format!("ALTER USER {} DISCARD OLD PASSWORD", self.named(&account)?))?;
        Ok(Done::NOW)
    }
}

fn quote(text: &str) -> Result<String, BackendError> {
    literal(text).ok_or(BackendError::Unsupported("the name of the account holds a backslash"))
}

fn run(session: &mut Session, sql: &str) -> Result<(), BackendError> {
    match session.query(sql) {
        Ok(_) => Ok(()),
        Err(WireError::Refused(code)) if code.text() == STRICT => Err(BackendError::Unsupported(
            "the server checks new passwords itself, and so takes none in its stored form (strict_password_validation)",
        )),
        Err(error) => Err(BackendError::after(error, DENIED, POLICY)),
    }
}

/// Refuses accounts of MariaDB that log in by another plugin: `SET PASSWORD` would change how they do.
fn only_native(own: &mut Session) -> Result<(), BackendError> {
    let made = one(own, "SHOW CREATE USER CURRENT_USER()").map_err(BackendError::before)?;
    let other = made.split(" VIA ").skip(1).any(|rest| !rest.starts_with("mysql_native_password"));
    if other || made.contains(" OR ") {
        return Err(BackendError::Unsupported("the account logs in by another plugin than mysql_native_password"));
    }
    Ok(())
}

fn one(session: &mut Session, sql: &str) -> Result<String, WireError> {
    session.query(sql)?.into_iter().flatten().flatten().next().ok_or(WireError::Foreign)
}

fn grants(session: &mut Session) -> Vec<String> {
    session.query("SHOW GRANTS").unwrap_or_default().into_iter().flatten().flatten().collect()
}

fn at_least(version: &str, wanted: &[u32]) -> bool {
    let parts: Vec<u32> = version.split(|c: char| !c.is_ascii_digit()).take(3).map(|part| part.parse().unwrap_or(0)).collect();
    parts.as_slice() >= wanted
}

impl Backend for MySql {
    fn system(&self) -> &'static str {
        "mysql"
    }

    fn login(&mut self, secret: &Secret) -> Outcome {
        self.session(&self.target, secret).map(|_| ()).into()
    }

    fn inspect(&mut self, secret: &Secret) -> Result<Facts, BackendError> {
        let mut own = self.session(&self.target, secret).map_err(BackendError::before)?;
        let account = self.account(&mut own)?;
        if account.mariadb {
            only_native(&mut own)?;
        }
        let named = format!("{}@{}", account.user, account.host);
        let overlap = if account.dual { Overlap::Both } else { Overlap::One };
        let mut facts = Facts::of(&named, &own.greeting.version, overlap);
        let all = grants(&mut own);
        let over_all = all.iter().filter_map(|g| g.strip_prefix("GRANT ")?.split_once(" ON *.* TO ")).map(|(granted, _)| granted);
        facts.powers = over_all.filter(|granted| *granted != "USAGE").map(str::to_owned).collect();
        let mut session = self.changing(own)?;
        let user = quote(&account.user)?;
        let rows = session.query(&format!("SELECT CONCAT(User, '@', Host) FROM mysql.user WHERE User = {user} ORDER BY 1"));
        facts.siblings = rows.ok().map(|rows| rows.into_iter().flatten().flatten().filter(|other| *other != named).collect());
        if facts.siblings.is_none() {
            facts.notes.push("whether other hosts have an account of the same name cannot be seen; each has a password of its own");
        }
        let others = format!(
            "SELECT SUBSTRING_INDEX(HOST, ':', 1), COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = {user} AND ID <> CONNECTION_ID() GROUP BY 1 \
             ORDER BY 1"
        );
        let row = |row: Vec<Option<String>>| match <[Option<String>; 2]>::try_from(row) {
            Ok([Some(host), Some(count)]) => Some((host, count.parse().ok()?)),
            _ => None,
        };
        facts.sessions = session.query(&others).ok().map(|rows| rows.into_iter().filter_map(row).collect());
        Ok(facts)
    }

    fn stage(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.make(pair.new, pair.old, true)
    }

    fn retire(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        self.discard(pair.new)
    }

    fn revert(&mut self, pair: &Pair<'_>) -> Result<Done, BackendError> {
        // of a server that holds two, the old one works, and the new one has to go
        let two = self.login(pair.old) == Outcome::Accepted && self.login(pair.new) == Outcome::Accepted;
        if !two {
            return self.make(pair.old, pair.new, false);
        }
        let (mut own, _) = self.own(pair.old, pair.new)?;
        let account = self.account(&mut own)?;
        let mut session = self.changing(own)?;
        self.set(&mut session, &account, pair.old, false)?;
        self.discard(pair.old)
    }
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn versions_compare_by_number() {
        for (version, enough) in [("8.0.14", true), ("8.0.9", false), ("8.4.0-log", true), ("9.1.0", true), ("5.7.44", false), ("8", false)]
        {
            assert_eq!(at_least(version, &[8, 0, 14]), enough, "{version}");
        }
    }
}
