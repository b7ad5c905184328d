//! What a rotation needs to go on or back, from any point: both values of each secret, both contents of each file, the servers. Sealed
//! before anything is done, and never written in clear.
//!
//! Unsealed it is a list of fields, for those who open it by hand:
//! ```text
//! harden stage 1
//! server 12
//! DATABASE_URL
//! old 8
//! changeme
//! ```
//! Name, number of bytes; then the bytes and a line break.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::model::secret::Secret;

/// Which of two values, or contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What was there before the rotation.
    Old,
    /// What it brings.
    New,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }

    /// The one that is meant.
    pub fn of<T>(self, old: T, new: T) -> T {
        match self {
            Self::Old => old,
            Self::New => new,
        }
    }
}

/// A secret that is replaced.
#[derive(Clone, Default)]
pub struct Replaced {
    /// The name that the plan goes by.
    pub name: String,
    /// Its value before.
    pub old: Secret,
    /// Its value afterwards.
    pub new: Secret,
}

/// A server that holds one of the secrets.
#[derive(Clone, Default)]
pub struct Server {
    /// The setting that names it, for people.
    pub setting: String,
    /// Registered name of the system: `postgres`, `redis`, ...
    pub system: String,
    /// The connection string with the old password.
    pub url: Secret,
    /// Where it is reached instead of the host that the string names: `HOST:PORT`; empty: there.
    pub address: String,
    /// Index into the secrets of the stage.
    pub secret: usize,
    /// A connection string of an account that may change this one; empty where the account changes its own.
    pub admin: Secret,
    /// The URL of RabbitMQ's management interface; empty for others.
    pub management: String,
    /// The program that changes it, where harden does not know the system; empty for others.
    pub program: PathBuf,
    /// The account to which the new password belongs, where two accounts take turns; empty where it stays the one in the connection string.
    pub alternate: String,
}

/// What logs in to a server.
#[derive(Clone, Copy)]
pub struct Credential<'s> {
    /// The account; empty for the one in the connection string.
    pub account: &'s str,
    /// Its password.
    pub secret: &'s Secret,
}

/// One file, before and after.
#[derive(Clone, Default)]
pub struct File {
    /// From the project's root.
    pub path: PathBuf,
    /// Its bytes before; none where it is made by the rotation.
    pub old: Option<Zeroizing<Vec<u8>>>,
    /// Its bytes afterwards.
    pub new: Zeroizing<Vec<u8>>,
    /// Permission bits of a file that is made.
    pub mode: u32,
}

/// How servers are reached, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Files with authorities that are trusted beside the system's, as whole paths.
    pub ca: Vec<PathBuf>,
    /// Public keys that are trusted.
    pub pins: Vec<String>,
    /// Hosts to which credentials go without verified TLS.
    pub insecure: Vec<String>,
    /// Seconds that each step may take.
    pub within: u64,
}

/// All of it.
#[derive(Clone, Default)]
pub struct Stage {
    /// The secrets.
    pub secrets: Vec<Replaced>,
    /// The servers, in the order in which they are asked.
    pub servers: Vec<Server>,
    /// The files.
    pub files: Vec<File>,
    /// The command that makes applications take new values.
    pub reload: Option<String>,
    /// The command that says whether they are well.
    pub health: Option<String>,
    /// Who approved it.
    pub approved: Option<String>,
    /// How servers are reached.
    pub reach: Reach,
    /// How long both credentials live, in seconds, where a server holds two.
    pub grace: u64,
}

const TITLE: &[u8] = b"harden stage 1\n";

impl Stage {
    /// The bytes to seal.
    #[must_use]
    pub fn pack(&self) -> Zeroizing<Vec<u8>> {
        let mut size = Writer { out: Vec::new(), size: 0, count_only: true };
        self.fields(&mut size);
        let mut writer = Writer { out: Vec::with_capacity(size.size + TITLE.len()), size: 0, count_only: false };
        writer.out.extend_from_slice(TITLE);
        self.fields(&mut writer);
        Zeroizing::new(writer.out)
    }

    fn fields(&self, to: &mut Writer) {
        for secret in &self.secrets {
            to.field("secret", secret.name.as_bytes());
            to.field("old", secret.old.expose().as_bytes());
            to.field("new", secret.new.expose().as_bytes());
        }
        for server in &self.servers {
            to.field("server", server.setting.as_bytes());
            to.field("system", server.system.as_bytes());
            to.field("url", server.url.expose().as_bytes());
            to.field("address", server.address.as_bytes());
            to.field("holds", server.secret.to_string().as_bytes());
            to.field("admin", server.admin.expose().as_bytes());
            to.field("management", server.management.as_bytes());
            to.field("program", server.program.as_os_str().as_bytes());
            if !server.alternate.is_empty() {
                to.field("alternate", server.alternate.as_bytes());
            }
        }
        for file in &self.files {
            to.field("file", file.path.as_os_str().as_bytes());
            to.field("mode", format!("{:o}", file.mode).as_bytes());
            if let Some(old) = &file.old {
                to.field("before", old);
            }
            to.field("after", &file.new);
        }
        for (name, command) in [("reload", &self.reload), ("health", &self.health), ("approved", &self.approved)] {
            if let Some(command) = command {
                to.field(name, command.as_bytes());
            }
        }
        self.reach.ca.iter().for_each(|path| to.field("ca", path.as_os_str().as_bytes()));
        self.reach.pins.iter().for_each(|pin| to.field("pin", pin.as_bytes()));
        self.reach.insecure.iter().for_each(|host| to.field("insecure", host.as_bytes()));
        to.field("within", self.reach.within.to_string().as_bytes());
        to.field("grace", self.grace.to_string().as_bytes());
    }

    /// What [`Self::pack`] packed; `None` for other bytes.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(TITLE)?;
        let mut stage = Self::default();
        while !rest.is_empty() {
            let (name, value, after) = field(rest)?;
            rest = after;
            match name {
                "secret" => stage.secrets.push(Replaced { name: text(value)?, ..Replaced::default() }),
                "old" => stage.secrets.last_mut()?.old = secret(value)?,
                "new" => stage.secrets.last_mut()?.new = secret(value)?,
                "server" => stage.servers.push(Server { setting: text(value)?, ..Server::default() }),
                "system" => stage.servers.last_mut()?.system = text(value)?,
                "url" => stage.servers.last_mut()?.url = secret(value)?,
                "address" => stage.servers.last_mut()?.address = text(value)?,
                "holds" => stage.servers.last_mut()?.secret = text(value)?.parse().ok()?,
                "admin" => stage.servers.last_mut()?.admin = secret(value)?,
                "management" => stage.servers.last_mut()?.management = text(value)?,
                "program" => stage.servers.last_mut()?.program = PathBuf::from(OsStr::from_bytes(value)),
                "alternate" => stage.servers.last_mut()?.alternate = text(value)?,
                "file" => stage.files.push(File { path: PathBuf::from(OsStr::from_bytes(value)), ..File::default() }),
                "mode" => stage.files.last_mut()?.mode = u32::from_str_radix(&text(value)?, 8).ok()?,
                "before" => stage.files.last_mut()?.old = Some(Zeroizing::new(value.to_vec())),
                "after" => stage.files.last_mut()?.new = Zeroizing::new(value.to_vec()),
                "reload" => stage.reload = Some(text(value)?),
                "health" => stage.health = Some(text(value)?),
                "approved" => stage.approved = Some(text(value)?),
                "ca" => stage.reach.ca.push(PathBuf::from(OsStr::from_bytes(value))),
                "pin" => stage.reach.pins.push(text(value)?),
                "insecure" => stage.reach.insecure.push(text(value)?),
                "within" => stage.reach.within = text(value)?.parse().ok()?,
                "grace" => stage.grace = text(value)?.parse().ok()?,
                _ => return None,
            }
        }
        stage.servers.iter().all(|server| server.secret < stage.secrets.len()).then_some(stage)
    }

    /// The credential of one side for a server.
    #[must_use]
    pub fn credential(&self, server: usize, side: Side) -> Option<Credential<'_>> {
        let server = self.servers.get(server)?;
        let secret = self.secrets.get(server.secret)?;
        Some(Credential { account: side.of("", &server.alternate), secret: side.of(&secret.old, &secret.new) })
    }
}

/// Writes fields, or only counts their bytes: the buffer never grows, so that no copy of a secret is left behind.
struct Writer {
    out: Vec<u8>,
    size: usize,
    count_only: bool,
}

impl Writer {
    fn field(&mut self, name: &str, value: &[u8]) {
        let head = format!("{name} {}\n", value.len());
        self.size += head.len() + value.len() + 1;
        if !self.count_only {
            self.out.extend_from_slice(head.as_bytes());
            self.out.extend_from_slice(value);
            self.out.push(b'\n');
        }
    }
}

/// Name, value, rest.
fn field(bytes: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let (name, size) = std::str::from_utf8(bytes.get(..end)?).ok()?.split_once(' ')?;
    let (value, after) = bytes.get(end + 1..)?.split_at_checked(size.parse().ok()?)?;
    Some((name, value, after.strip_prefix(b"\n")?))
}

fn text(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value).ok().map(str::to_owned)
}

fn secret(value: &[u8]) -> Option<Secret> {
    std::str::from_utf8(value).ok().map(Secret::copy_of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    use super::{File, Reach, Replaced, Server, Stage};
    use crate::model::secret::Secret;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(old in ".{0,40}", new in ".{0,40}", bytes in any::<Vec<u8>>(), made in any::<bool>(), grace in any::<u64>()) {
            let stage = Stage {
                secrets: vec![Replaced { name: "JWT_SECRET".to_owned(), old: Secret::copy_of(&old), new: Secret::copy_of(&new) }],
                servers: vec![Server { setting: "DATABASE_URL".to_owned(), system: "postgres".to_owned(), url: Secret::copy_of(&old), alternate: "app_b".to_owned(), ..Server::default() }],
                files: vec![File { path: "a/.env".into(), old: (!made).then(|| bytes.clone().into()), new: bytes.into(), mode: 0o600 }],
                reload: Some(new), health: None, approved: Some("A".to_owned()), grace,
                reach: Reach { ca: vec!["/ca.pem".into()], pins: vec!["sha256:00".to_owned()], insecure: vec!["h".to_owned()], within: 5 },
            };
            let packed = stage.pack();
            prop_assert_eq!(packed.len(), packed.capacity());
            prop_assert!(Stage::unpack(&packed[..packed.len() - 1]).is_none());
            let back = Stage::unpack(&packed).expect("whole");
            prop_assert_eq!((back.files.len(), back.servers.len(), back.grace), (1, 1, grace));
            prop_assert!(back.pack() == packed);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            _ = Stage::unpack(&[b"harden stage 1\n".as_slice(), &bytes].concat());
        }
    }
}
