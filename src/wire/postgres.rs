//! A session with PostgreSQL: SCRAM-SHA-256 bound to the TLS channel where that is offered, MD5 for old servers, and the simple query
//! protocol. Messages are those of the crate `postgres-protocol`.

use std::io::Read as _;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use postgres_protocol::message::backend::{ErrorFields, Message};
use postgres_protocol::message::frontend;
use zeroize::Zeroizing;

use super::channel::Channel;
use super::error::{Code, WireError};
use crate::model::secret::Secret;

const PLUS: &str = "SCRAM-SHA-256-PLUS";
const SCRAM: &str = "SCRAM-SHA-256";
/// Longest message that is read, in bytes: nothing that is asked here comes near.
const LONGEST: usize = 1 << 20;

/// Rounds of PBKDF2 that are made for a server: 4096 is what all use, and a hostile one could ask for hours.
const MOST_ROUNDS: u32 = 1_000_000;

/// The rounds that a server asks for in `r=..,s=..,i=4096`.
fn rounds(message: &[u8]) -> u32 {
    let field = message.split(|b| *b == b',').find_map(|part| part.strip_prefix(b"i="));
    field.and_then(|digits| std::str::from_utf8(digits).ok()).map_or(0, |digits| digits.parse().unwrap_or(u32::MAX))
}

/// A session that is logged in.
pub struct Session {
    channel: Channel,
    /// Whether the login was bound to the server's certificate, so that nobody in between can have relayed it.
    pub bound: bool,
}

/// One row of an answer, as text.
pub type Row = Vec<Option<String>>;

impl Session {
    /// Logs in over `channel`, on which TLS, if any, has begun. Without a database it is that of the user's name.
    ///
    /// # Errors
    /// `Rejected` for the account or the password; `Method` for a way to log in other than SCRAM, MD5 and, inside TLS, the bare password.
    pub fn login(mut channel: Channel, user: &str, password: &Secret, database: &str) -> Result<Self, WireError> {
        let mut parameters = vec![("client_encoding", "UTF8"), ("application_name", "harden"), ("user", user)];
        if !database.is_empty() {
            parameters.push(("database", database));
        }
        let mut out = BytesMut::new();
        frontend::startup_message(parameters, &mut out)?;
        channel.send(&out)?;
        let mut session = Self { channel, bound: false };
        session.authenticate(user, password)?;
        loop {
            match session.next()? {
                Message::ReadyForQuery(_) => return Ok(session),
                Message::ErrorResponse(body) => return Err(refusal(body.fields())),
                Message::ParameterStatus(_) | Message::BackendKeyData(_) | Message::NoticeResponse(_) => {}
                _ => return Err(WireError::Foreign),
            }
        }
    }

    fn authenticate(&mut self, user: &str, password: &Secret) -> Result<(), WireError> {
        loop {
            match self.next()? {
                Message::AuthenticationOk => return Ok(()),
                Message::AuthenticationMd5Password(body) => {
                    let answer = md5_hash(user.as_bytes(), password.expose().as_bytes(), body.salt());
                    self.say_password(answer.as_bytes())?;
                }
                Message::AuthenticationCleartextPassword if self.channel.is_encrypted() => {
                    self.say_password(password.expose().as_bytes())?;
                }
                Message::AuthenticationCleartextPassword => return Err(WireError::Method("the bare password, without TLS")),
                Message::AuthenticationSasl(body) => {
                    let offered: Vec<String> = body.mechanisms().map(|m| Ok(m.to_owned())).collect()?;
                    self.scram(&offered, password)?;
                }
                Message::NoticeResponse(_) => {}
                Message::ErrorResponse(body) => return Err(refusal(body.fields())),
                _ => return Err(WireError::Method("GSSAPI or SSPI")),
            }
        }
    }

    fn say_password(&mut self, text: &[u8]) -> Result<(), WireError> {
        let length = u32::try_from(text.len() + 5).map_err(|_| WireError::Foreign)?;
        let mut out = Zeroizing::new(Vec::with_capacity(text.len() + 6));
        out.push(b'p');
        out.extend(length.to_be_bytes());
        out.extend(text);
        out.push(0);
        self.channel.send(&out)
    }

    fn scram(&mut self, offered: &[String], password: &Secret) -> Result<(), WireError> {
        let has = |name: &str| offered.iter().any(|m| m == name);
        let (mechanism, binding) = match self.channel.end_point() {
            Some(hash) if has(PLUS) => (PLUS, ChannelBinding::tls_server_end_point(hash.to_vec())),
            _ if !has(SCRAM) => return Err(WireError::Method("SASL other than SCRAM-SHA-256")),
            Some(_) => (SCRAM, ChannelBinding::unrequested()),
            None => (SCRAM, ChannelBinding::unsupported()),
        };
        let mut scram = ScramSha256::new(password.expose().as_bytes(), binding);
        let mut out = BytesMut::new();
        frontend::sasl_initial_response(mechanism, scram.message(), &mut out)?;
        self.channel.send(&out)?;
        match self.next()? {
            Message::AuthenticationSaslContinue(body) if rounds(body.data()) > MOST_ROUNDS => {
                return Err(WireError::Method("SCRAM with more than a million rounds"));
            }
            Message::AuthenticationSaslContinue(body) => scram.update(body.data())?,
            Message::ErrorResponse(body) => return Err(refusal(body.fields())),
            _ => return Err(WireError::Foreign),
        }
        out.clear();
        frontend::sasl_response(scram.message(), &mut out)?;
        self.channel.send(&out)?;
        match self.next()? {
            // the server proves that it knows the password, too
            Message::AuthenticationSaslFinal(body) => scram.finish(body.data())?,
            Message::ErrorResponse(body) => return Err(refusal(body.fields())),
            _ => return Err(WireError::Foreign),
        }
        self.bound = mechanism == PLUS;
        Ok(())
    }

    /// The rows that `sql` gives. A value in it is the caller's to quote: see [`literal`] and [`identifier`].
    ///
    /// # Errors
    /// `Refused` with the SQLSTATE.
    pub fn query(&mut self, sql: &str) -> Result<Vec<Row>, WireError> {
        self.channel.renew();
        let mut out = BytesMut::new();
        frontend::query(sql, &mut out)?;
        self.channel.send(&out)?;
        let (mut rows, mut refused) = (Vec::new(), None);
        loop {
            match self.next()? {
                Message::DataRow(body) => {
                    let buffer = body.buffer();
                    let text = |range: std::ops::Range<usize>| buffer.get(range).map(|b| String::from_utf8_lossy(b).into_owned());
                    rows.push(body.ranges().map(|range| Ok(range.and_then(text))).collect()?);
                }
                Message::ErrorResponse(body) => refused = Some(refusal(body.fields())),
                Message::ReadyForQuery(_) => return refused.map_or(Ok(rows), Err),
                Message::CopyInResponse(_) | Message::CopyOutResponse(_) => return Err(WireError::Foreign),
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Message, WireError> {
        let head: [u8; 5] = self.channel.array()?;
        let [_, length @ ..] = head;
        let length = (u32::from_be_bytes(length) as usize).checked_sub(4).filter(|l| *l <= LONGEST).ok_or(WireError::Foreign)?;
        let mut whole = BytesMut::from(&head[..]);
        whole.resize(5 + length, 0);
        self.channel.read_exact(whole.get_mut(5..).unwrap_or_default())?;
        Message::parse(&mut whole)?.ok_or(WireError::Foreign)
    }
}

fn refusal(mut fields: ErrorFields<'_>) -> WireError {
    let mut code = Code::default();
    while let Ok(Some(field)) = fields.next() {
        if field.type_() == b'C' {
            code = Code::of(&String::from_utf8_lossy(field.value_bytes()));
        }
    }
    // invalid_password, invalid_authorization_specification
    if matches!(code.text(), "28P01" | "28000") { WireError::Rejected } else { WireError::Refused(code) }
}

/// `text` as a string constant of SQL, whatever `standard_conforming_strings` says.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''").replace('\\', "\\\\");
    if text.contains('\\') { format!("E'{quoted}'") } else { format!("'{quoted}'") }
}

/// `name` as a quoted identifier.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{MOST_ROUNDS, identifier, literal, rounds};

    #[test]
    fn rounds_are_counted_before_they_are_made() {
        assert_eq!(rounds(b"r=abc,s=QSXCR+Q6sek8bf92,i=4096"), 4096);
        assert!(rounds(b"r=abc,s=x,i=4294967296") > MOST_ROUNDS && rounds(b"r=abc,i=2000000") > MOST_ROUNDS);
        assert_eq!(rounds(b"r=abc"), 0);
    }

    #[test]
    fn what_is_quoted_cannot_end_its_quotes() {
        assert_eq!(literal("o'k"), "'o''k'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
    }
}
