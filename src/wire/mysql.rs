//! A session with MySQL or MariaDB: the greeting, TLS, logging in, and queries with text answers.
//! <https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>

use zeroize::Zeroizing;

use super::channel::Channel;
use super::error::{Code, WireError};
use super::mysql_auth::{answer, bare_password};
use crate::model::secret::Secret;

const WITH_DATABASE: u32 = 0x8;
const PROTOCOL_41: u32 = 0x200;
const SSL: u32 = 0x800;
const SECURE_CONNECTION: u32 = 0x8000;
const PLUGIN_AUTH: u32 = 0x8_0000;
const LONG_PASSWORD: u32 = 0x1;
/// utf8mb4_general_ci
const CHARSET: u8 = 45;
/// Longest packet that is read, in bytes.
const LONGEST: usize = 1 << 20;

/// What a server says first.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// `8.0.36`, `10.11.6-MariaDB-...`
    pub version: String,
    nonce: Vec<u8>,
    plugin: String,
    /// Whether it offers TLS.
    pub offers_tls: bool,
    /// The number of the next packet.
    sequence: u8,
}

impl Greeting {
    /// Whether it is MariaDB.
    #[must_use]
    pub fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }
}

/// Reads the greeting.
///
/// # Errors
/// `Refused` where the server does not talk to this host; `Foreign` for another protocol.
pub fn greeting(channel: &mut Channel) -> Result<Greeting, WireError> {
    let (sequence, packet) = read(channel)?;
    if let Some(refused) = refusal(&packet) {
        return Err(refused);
    }
    let mut rest = Bytes(&packet);
    if rest.number(1)? != 10 {
        return Err(WireError::Foreign);
    }
    let version = String::from_utf8_lossy(rest.until_zero()?).into_owned();
    // MariaDB 10 puts a version before its own that old clients take for MySQL's
    let version = version.strip_prefix("5.5.5-").filter(|v| v.contains("MariaDB")).map(str::to_owned).unwrap_or(version);
    rest.take(4)?;
    let mut nonce = rest.take(8)?.to_vec();
    rest.take(1)?;
    let low = rest.number(2)?;
    rest.take(3)?;
    let flags = low | rest.number(2)? << 16;
    let length = rest.number(1)?;
    rest.take(10)?;
    let more = rest.take(13.max(length.saturating_sub(8)) as usize)?;
    nonce.extend(more.strip_suffix(&[0]).unwrap_or(more));
    let plugin = String::from_utf8_lossy(rest.until_zero().unwrap_or_default()).into_owned();
    Ok(Greeting { version, nonce, plugin, offers_tls: flags & SSL != 0, sequence: sequence.wrapping_add(1) })
}

/// Tells the server that TLS is next. Only after a greeting that offers it.
///
/// # Errors
/// When the server is gone.
pub fn start_tls(channel: &mut Channel, greeting: &mut Greeting) -> Result<(), WireError> {
    let mut request = (FLAGS | SSL).to_le_bytes().to_vec();
    request.extend((1_u32 << 24).to_le_bytes());
    request.push(CHARSET);
    request.extend([0; 23]);
    write(channel, greeting.sequence, &request)?;
    greeting.sequence = greeting.sequence.wrapping_add(1);
    Ok(())
}

const FLAGS: u32 = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;

/// A session that is logged in.
pub struct Session {
    channel: Channel,
    /// What the server said first.
    pub greeting: Greeting,
}

/// One row of an answer, as text.
pub type Row = Vec<Option<String>>;

impl Session {
    /// Logs in over `channel`, which has said `greeting` and on which TLS, if any, has begun.
    ///
    /// # Errors
    /// `Rejected` for the account or the password; `Method` for plugins that are not known here, or not without TLS.
    pub fn login(channel: Channel, greeting: Greeting, user: &str, password: &Secret, database: &str) -> Result<Self, WireError> {
        let mut session = Self { channel, greeting };
        let bare = session.channel.is_encrypted();
        let text = password.expose().as_bytes();
        let mut plugin = match session.greeting.plugin.as_str() {
            known @ ("mysql_native_password" | "caching_sha2_password" | "sha256_password") => known.to_owned(),
            // the server names the account's own plugin when it sees the account
            _ => "mysql_native_password".to_owned(),
        };
        let first = answer(&plugin, &session.greeting.nonce, text, bare)?;
        let mut response = Zeroizing::new(Vec::with_capacity(128 + user.len() + database.len() + first.len()));
        let flags = FLAGS | if bare { SSL } else { 0 } | if database.is_empty() { 0 } else { WITH_DATABASE };
        response.extend(flags.to_le_bytes());
        response.extend((1_u32 << 24).to_le_bytes());
        response.push(CHARSET);
        response.extend([0; 23]);
        response.extend(user.bytes().chain([0]));
        response.push(u8::try_from(first.len()).map_err(|_| WireError::Method("a password of more than 254 bytes"))?);
        response.extend(first.iter());
        if !database.is_empty() {
            response.extend(database.bytes().chain([0]));
        }
        response.extend(plugin.bytes().chain([0]));
        write(&mut session.channel, session.greeting.sequence, &response)?;
        loop {
            let (sequence, packet) = read(&mut session.channel)?;
            let next = sequence.wrapping_add(1);
            match packet.split_first() {
                Some((0x00, _)) => return Ok(session),
                Some((0xfe, asked)) => {
                    let mut asked = Bytes(asked);
                    plugin = String::from_utf8_lossy(asked.until_zero()?).into_owned();
                    let nonce = asked.0.strip_suffix(&[0]).unwrap_or(asked.0);
                    let said = answer(&plugin, nonce, text, bare)?;
                    write(&mut session.channel, next, &said)?;
                }
                // caching_sha2_password: it remembers the account, or wants the password
                Some((0x01, [0x03])) => {}
                Some((0x01, [0x04])) if bare => write(&mut session.channel, next, &bare_password(text))?,
                Some((0x01, _)) => return Err(WireError::Method("caching_sha2_password, for the first time and without TLS")),
                _ => return Err(refusal(&packet).unwrap_or(WireError::Foreign)),
            }
        }
    }

    /// Whether the session goes inside TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.channel.is_encrypted()
    }

    /// The rows that `sql` gives. A value in it is the caller's to quote: see [`literal`].
    ///
    /// # Errors
    /// `Refused` with the number of the error.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, WireError> {
        self.channel.renew();
        let mut command = Zeroizing::new(Vec::with_capacity(sql.len() + 1));
        command.push(0x03);
        command.extend(sql.bytes());
        write(&mut self.channel, 0, &command)?;
        let (_, head) = read(&mut self.channel)?;
        if let Some(refused) = refusal(&head) {
            return Err(refused);
        }
        let columns = Bytes(&head).length()?;
        if columns == 0 {
            return Ok(Vec::new());
        }
        for _ in 0..columns {
            read(&mut self.channel)?;
        }
        read(&mut self.channel)?;
        let mut rows = Vec::new();
        loop {
            let (_, packet) = read(&mut self.channel)?;
            match packet.first() {
                Some(0xfe) if packet.len() < 9 => return Ok(rows),
                Some(0xff) => return Err(refusal(&packet).unwrap_or(WireError::Foreign)),
                _ => {}
            }
            let mut rest = Bytes(&packet);
            rows.push((0..columns).map(|_| rest.text()).collect::<Result<Row, _>>()?);
        }
    }
}

/// `text` as a string constant, for servers with and without `NO_BACKSLASH_ESCAPES`; `None` where it holds what cannot be written so that
/// both read the same.
#[must_use]
pub fn literal(text: &str) -> Option<String> {
    (!text.contains(['\\', '\0'])).then(|| format!("'{}'", text.replace('\'', "''")))
}

fn refusal(packet: &[u8]) -> Option<WireError> {
    let (0xff, mut rest) = packet.split_first().map(|(first, rest)| (*first, Bytes(rest)))? else { return None };
    let code = rest.number(2).unwrap_or(0);
    // ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    Some(if matches!(code, 1045 | 1698) { WireError::Rejected } else { WireError::Refused(Code::of(&code.to_string())) })
}

fn read(channel: &mut Channel) -> Result<(u8, Vec<u8>), WireError> {
    let [a, b, c, sequence] = channel.array()?;
    let length = u32::from_le_bytes([a, b, c, 0]) as usize;
    if length > LONGEST {
        return Err(WireError::Foreign);
    }
    Ok((sequence, channel.take(length)?))
}

fn write(channel: &mut Channel, sequence: u8, packet: &[u8]) -> Result<(), WireError> {
    let length = u32::try_from(packet.len()).ok().filter(|l| *l < 0xff_ffff).ok_or(WireError::Foreign)?;
    let [a, b, c, _] = length.to_le_bytes();
    let mut out = Zeroizing::new(Vec::with_capacity(packet.len() + 4));
    out.extend([a, b, c, sequence]);
    out.extend(packet);
    channel.send(&out)
}

/// Bytes that are read from the front.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(WireError::Foreign)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of at most four bytes, the low one first.
    fn number(&mut self, length: usize) -> Result<u32, WireError> {
        Ok(self.take(length)?.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b)))
    }

    fn until_zero(&mut self) -> Result<&'b [u8], WireError> {
        let end = self.0.iter().position(|b| *b == 0).ok_or(WireError::Foreign)?;
        let text = self.take(end)?;
        self.take(1)?;
        Ok(text)
    }

    /// A length-encoded number.
    fn length(&mut self) -> Result<usize, WireError> {
        match self.number(1)? {
            short @ 0..=0xfa => Ok(short as usize),
            0xfc => Ok(self.number(2)? as usize),
            0xfd => Ok(self.number(3)? as usize),
            _ => Err(WireError::Foreign),
        }
    }

    /// A length-encoded text; `None` for NULL.
    fn text(&mut self) -> Result<Option<String>, WireError> {
        if self.0.first() == Some(&0xfb) {
            self.take(1)?;
            return Ok(None);
        }
        let length = self.length()?;
        Ok(Some(String::from_utf8_lossy(self.take(length)?).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn what_is_quoted_cannot_end_its_quotes() {
        assert_eq!(literal("o'k").as_deref(), Some("'o''k'"));
        assert_eq!(literal("a\\'b"), None);
    }
}
