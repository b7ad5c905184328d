//! A session with Redis, Valkey or KeyDB: RESP2 (<https://redis.io/docs/latest/develop/reference/protocol-spec/>), written by hand: the
//! five kinds of reply are all that is needed.

use zeroize::Zeroizing;

use super::channel::Channel;
use super::error::{Code, WireError};
use crate::model::secret::Secret;

/// Longest text and longest list that are read.
const LONGEST: usize = 1 << 20;
const MOST: usize = 10_000;
/// Lists within lists.
const DEEPEST: usize = 8;

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`, `$n`: a text.
    Text(String),
    /// `:1`
    Number(i64),
    /// `*n`
    List(Vec<Reply>),
    /// `$-1`, `*-1`
    Nothing,
}

impl Reply {
    /// The text, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The members of a list; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[Reply] {
        if let Self::List(members) = self { members } else { &[] }
    }

    /// What follows `name` in a list of names and values.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Reply> {
        self.members().as_chunks::<2>().0.iter().find_map(|[key, value]| (key.text() == Some(name)).then_some(value))
    }
}

/// A session.
pub struct Session {
    channel: Channel,
    /// The server asks for no password at all: whatever was said would have been accepted.
    pub open: bool,
}

impl Session {
    /// Logs in over `channel`: without a user as everybody who has only a password.
    ///
    /// # Errors
    /// `Rejected` for the account or the password.
    pub fn login(channel: Channel, user: &str, password: &Secret) -> Result<Self, WireError> {
        let mut session = Self { channel, open: false };
        let (user, password) = (user.as_bytes(), password.expose().as_bytes());
        let words: &[&[u8]] = if user.is_empty() { &[b"AUTH", password] } else { &[b"AUTH", user, password] };
        match session.command(words) {
            Ok(_) => Ok(session),
            Err(WireError::Refused(code)) if code.text() == "WRONGPASS" => Err(WireError::Rejected),
            // before version 6 `ERR` is all that it says; and so it does where no password is set
            Err(WireError::Refused(_)) => match session.command(&[b"PING"]) {
                Ok(_) => {
                    session.open = true;
                    Ok(session)
                }
                Err(WireError::Refused(_)) => Err(WireError::Rejected),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Sends a command, and reads what comes of it.
    ///
    /// # Errors
    /// `Refused` with the first word of what the server says.
    pub fn command(&mut self, words: &[&[u8]]) -> Result<Reply, WireError> {
        self.channel.renew();
        let size = words.iter().map(|w| w.len() + 32).sum::<usize>() + 32;
        let mut out = Zeroizing::new(Vec::with_capacity(size));
        out.extend(format!("*{}\r\n", words.len()).bytes());
        for word in words {
            out.extend(format!("${}\r\n", word.len()).bytes());
            out.extend(*word);
            out.extend(b"\r\n");
        }
        self.channel.send(&out)?;
        self.reply(0)
    }

    fn reply(&mut self, depth: usize) -> Result<Reply, WireError> {
        let line = self.channel.line()?;
        let rest = line.get(1..).unwrap_or("");
        let count = || rest.parse::<i64>().map_err(|_| WireError::Foreign);
        match line.as_bytes().first() {
            Some(b'+') => Ok(Reply::Text(rest.to_owned())),
            Some(b'-') => Err(WireError::Refused(Code::of(rest))),
            Some(b':') => Ok(Reply::Number(count()?)),
            Some(b'$') => match usize::try_from(count()?) {
                Err(_) => Ok(Reply::Nothing),
                Ok(length) if length > LONGEST => Err(WireError::Foreign),
                Ok(length) => {
                    let bytes = self.channel.take(length)?;
                    self.channel.array::<2>()?;
                    Ok(Reply::Text(String::from_utf8_lossy(&bytes).into_owned()))
                }
            },
            Some(b'*') => match usize::try_from(count()?) {
                Err(_) => Ok(Reply::Nothing),
                Ok(length) if length > MOST || depth >= DEEPEST => Err(WireError::Foreign),
                Ok(length) => Ok(Reply::List((0..length).map(|_| self.reply(depth + 1)).collect::<Result<_, _>>()?)),
            },
            _ => Err(WireError::Foreign),
        }
    }
}
