//! From a target to a session: a connection that is protected as it has to be, and the account's standing behind it.

use std::time::Duration;

use super::channel::{Channel, connect};
use super::error::{TlsFault, WireError};
use super::hello::{Start, begins_in_words, start_tls};
use super::mysql::{self, Greeting};
use super::target::Target;
use super::trust::{Demand, Trust};
use super::{amqp, postgres, redis};
use crate::model::secret::Secret;

/// How a connection that a credential goes over has to be protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// TLS with a server that proved who it is; nothing is sent otherwise.
    Verified,
    /// As the connection string has it, whoever listens. For hosts that the user named.
    AsWritten,
}

/// A connection that may be logged in to.
pub struct Opened {
    /// The connection.
    pub channel: Channel,
    greeting: Option<Greeting>,
}

/// Connects to `target` and protects the connection; each step may take `within`.
///
/// # Errors
/// `NoTls` and `Tls` when the server cannot be had as `protection` demands.
pub fn open(target: &Target, trust: &Trust, within: Duration, protection: Protection) -> Result<Opened, WireError> {
    let (host, port) = target.dialled();
    let mut channel = connect(host, port, within)?;
    let demand = if protection == Protection::Verified { Demand::Verified } else { Demand::Look };
    if begins_in_words(target) {
        let (start, greeting) = start_tls(target, &mut channel)?;
        return match (start, protection) {
            (Start::Go, _) => Ok(Opened { channel: channel.secure(&target.host, trust, demand).channel?, greeting }),
            (Start::Refused, Protection::AsWritten) => Ok(Opened { channel, greeting }),
            _ => Err(WireError::NoTls),
        };
    }
    if !target.direct && protection == Protection::AsWritten {
        return Ok(Opened { channel, greeting: None });
    }
    let secured = channel.secure(&target.host, trust, demand).channel;
    let channel = secured.map_err(|error| match error {
        WireError::Tls(TlsFault::NotTls) => WireError::NoTls,
        // what waits for the first words of its protocol does not answer to those of TLS
        WireError::Silent | WireError::Closed if !target.direct => WireError::NoTls,
        error => error,
    })?;
    Ok(Opened { channel, greeting: None })
}

/// What an account may do, and on what server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The server's version: digits and points; may be empty.
    pub version: String,
    /// What it may do beyond its own data, in the words of the system.
    pub powers: Vec<String>,
    /// The server asks for no password at all.
    pub open: bool,
    /// The login was bound to the server's certificate.
    pub bound: bool,
}

/// Systems that [`log_in`] knows.
pub const KNOWN: &[&str] = &["postgres", "mysql", "redis", "amqp"];

/// Logs in once, and asks for the account's standing.
///
/// # Errors
/// `Rejected` when the account or the password is not taken.
pub fn log_in(target: &Target, opened: Opened, password: &Secret) -> Result<Standing, WireError> {
    let Opened { mut channel, greeting } = opened;
    match (target.system, greeting) {
        ("postgres", _) => {
            let mut session = postgres::Session::login(channel, &target.user, password, &target.database)?;
            let bound = session.bound;
            Ok(Standing { bound, ..of_postgres(&mut session) })
        }
        ("mysql", Some(greeting)) => {
            let mut session = mysql::Session::login(channel, greeting, &target.user, password, &target.database)?;
            Ok(of_mysql(&mut session))
        }
        ("redis", _) => {
            let mut session = redis::Session::login(channel, &target.user, password)?;
            Ok(of_redis(&mut session, &target.user))
        }
        ("amqp", _) => amqp::login(&mut channel, &target.user, password).map(|()| Standing::default()),
        _ => Err(WireError::Method("the protocol's own")),
    }
}

/// A PostgreSQL session on what [`open`] gave.
///
/// # Errors
/// As [`postgres::Session::login`].
pub fn postgres_session(target: &Target, opened: Opened, password: &Secret) -> Result<postgres::Session, WireError> {
    postgres::Session::login(opened.channel, &target.user, password, &target.database)
}

/// A MySQL session on what [`open`] gave.
///
/// # Errors
/// As [`mysql::Session::login`].
pub fn mysql_session(target: &Target, opened: Opened, password: &Secret) -> Result<mysql::Session, WireError> {
    let greeting = opened.greeting.ok_or(WireError::Foreign)?;
    mysql::Session::login(opened.channel, greeting, &target.user, password, &target.database)
}

fn of_postgres(session: &mut postgres::Session) -> Standing {
    const ASKED: &str = "SELECT current_setting('server_version'), rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls \
                         FROM pg_roles WHERE rolname = current_user";
    let Ok(rows) = session.query(ASKED) else { return Standing::default() };
    let mut cells = rows.into_iter().next().unwrap_or_default().into_iter();
    let version = cells.next().flatten().map(|v| digits(&v)).unwrap_or_default();
    let names = ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"];
    let powers = names.iter().zip(cells).filter(|(_, on)| on.as_deref() == Some("t")).map(|(name, _)| (*name).to_owned()).collect();
    Standing { version, powers, ..Standing::default() }
}

fn of_mysql(session: &mut mysql::Session) -> Standing {
    let version = digits(&session.greeting.version);
    let mut powers = Vec::new();
    for grant in session.query("SHOW GRANTS").unwrap_or_default().into_iter().flatten().flatten() {
        // `GRANT a, b ON *.* TO ..`: what is granted on one database is its own data
        let Some(granted) = grant.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON *.* TO ")) else { continue };
        powers.extend(granted.0.split(", ").filter(|power| MIGHTY.contains(power)).map(str::to_owned));
    }
    Standing { version, powers, ..Standing::default() }
}

/// Privileges over a whole MySQL server that an application does not need.
const MIGHTY: &[&str] = &[
    "ALL PRIVILEGES",
    "SUPER",
    "CREATE USER",
    "FILE",
    "SHUTDOWN",
    "RELOAD",
    "PROCESS",
    "GRANT OPTION",
    "SYSTEM_USER",
    "SET USER",
    "SET_USER_ID",
    "SELECT",
    "UPDATE",
    "DELETE",
    "DROP",
];

fn of_redis(session: &mut redis::Session, user: &str) -> Standing {
    let told = session.command(&[b"INFO", b"server"]).ok();
    let told = told.as_ref().and_then(redis::Reply::text).unwrap_or("");
    let version = ["valkey_version:", "redis_version:"].iter().find_map(|key| told.lines().find_map(|line| line.strip_prefix(key)));
    let user = if user.is_empty() { "default" } else { user };
    let account = session.command(&[b"ACL", b"GETUSER", user.as_bytes()]).ok();
    let may = account.as_ref().and_then(|a| a.member("commands")).and_then(redis::Reply::text).unwrap_or("");
    let powers = if may == "+@all" { vec!["+@all".to_owned()] } else { Vec::new() };
    Standing { version: version.map(digits).unwrap_or_default(), powers, open: session.open, bound: false }
}

/// The version at the head of `text`.
fn digits(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(24).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

    use super::{Protection, log_in, open};
    use crate::model::secret::Secret;
    use crate::wire::{Target, Trust};

    /// How each server begins, so that the bytes behind it are read as what follows.
    const BEGINNINGS: &[(&str, &[u8])] = &[
        ("postgres", b"N"),
        ("postgres", b"NR\0\0\0\x08\0\0\0\0"),
        ("postgres", b"NR\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"),
        ("mysql", b""),
        ("mysql", b"\x4a\0\0\0\x0a5.5.5-10.11.6-MariaDB\0\x01\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native_password\0"),
        ("redis", b""),
        ("redis", b"+OK\r\n*"),
        ("amqp", b"\x01\0\0"),
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn whatever_a_server_sends_ends_in_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for (system, beginning) in BEGINNINGS {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let text = format!("{system}://u:p@127.0.0.1:{}/x", listener.local_addr().unwrap().port());
                let target = Target::of(&crate::dsn::parse(&text).unwrap(), &text).pop().unwrap().unwrap();
                let said = [beginning, bytes.as_slice()].concat();
                let server = std::thread::spawn(move || {
                    if let Ok((mut stream, _)) = listener.accept() {
                        let _ = stream.write_all(&said);
                        let _ = stream.shutdown(std::net::Shutdown::Write);
                        let _ = stream.read_to_end(&mut Vec::new());
                    }
                });
                let begun = std::time::Instant::now();
                let opened = open(&target, &Trust::nobody(), Duration::from_secs(2), Protection::AsWritten);
                let _ = opened.and_then(|opened| log_in(&target, opened, &Secret::copy_of("p")));
                prop_assert!(begun.elapsed() < Duration::from_secs(8), "{system}");
                server.join().unwrap();
            }
        }
    }
}
