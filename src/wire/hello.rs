//! How each protocol begins TLS, and how to tell that a server answers in the open. Nothing here logs in.
//!
//! Sources: PostgreSQL protocol, "SSL Session Encryption"; MySQL protocol, "Connection Phase"; Redis RESP; MongoDB wire protocol, OP_MSG;
//! AMQP 0-9-1 section 4.2.2; RFC 3207 (SMTP), RFC 2595 (IMAP, POP3), RFC 4511 section 4.14 (LDAP); NATS client protocol; MS-TDS 2.2.6.5; Bolt
//! handshake; memcached's text protocol.

use std::io::Read as _;

use super::channel::Channel;
use super::error::WireError;
use super::mysql::{self, Greeting};
use super::target::Target;

/// What a server says when it is asked for TLS in the words of its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The handshake is next.
    Go,
    /// It has none.
    Refused,
    /// It has TLS, packed so that it is not looked into here.
    Wrapped,
}

/// Whether TLS of `target` is begun by words of its protocol. Otherwise it begins with the first byte.
#[must_use]
pub fn begins_in_words(target: &Target) -> bool {
    !target.direct && matches!(target.system, "postgres" | "mysql" | "sqlserver" | "nats" | "ldap" | "smtp")
}

/// Asks for TLS. MySQL's greeting comes with the answer: logging in needs it.
///
/// # Errors
/// `Foreign` when the answer is of another protocol.
pub fn start_tls(target: &Target, channel: &mut Channel) -> Result<(Start, Option<Greeting>), WireError> {
    if target.system == "mysql" {
        let mut greeting = mysql::greeting(channel)?;
        if !greeting.offers_tls {
            return Ok((Start::Refused, Some(greeting)));
        }
        mysql::start_tls(channel, &mut greeting)?;
        return Ok((Start::Go, Some(greeting)));
    }
    let start = match target.system {
        "postgres" => postgres(channel),
        "sqlserver" => sql_server(channel),
        "nats" => nats(channel),
        "ldap" => ldap(channel),
        _ => mail(channel),
    }?;
    Ok((start, None))
}

fn postgres(channel: &mut Channel) -> Result<Start, WireError> {
    channel.send(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
    match channel.array()? {
        [b'S'] => Ok(Start::Go),
        // servers older than the request answer with an error
        [b'N' | b'E'] => Ok(Start::Refused),
        _ => Err(WireError::Foreign),
    }
}

/// PRELOGIN with nothing but the question whether it encrypts.
fn sql_server(channel: &mut Channel) -> Result<Start, WireError> {
    const PRELOGIN: &[u8] = &[0x12, 0x01, 0, 26, 0, 0, 0, 0, 0x00, 0, 11, 0, 6, 0x01, 0, 17, 0, 1, 0xff, 0x09, 0, 0, 0, 0, 0, 0x01];
    channel.send(PRELOGIN)?;
    let [0x04, _, high, low, ..] = channel.array::<8>()? else { return Err(WireError::Foreign) };
    let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(8).filter(|l| (1..4096).contains(l)).ok_or(WireError::Foreign)?;
    let body = channel.take(length)?;
    let at = body.as_chunks::<5>().0.iter().find_map(|o| match *o {
        [0x01, high, low, ..] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    });
    match body.get(usize::from(at.ok_or(WireError::Foreign)?)) {
        Some(0x02) => Ok(Start::Refused),
        Some(_) => Ok(Start::Wrapped),
        None => Err(WireError::Foreign),
    }
}

fn nats(channel: &mut Channel) -> Result<Start, WireError> {
    let line = channel.line()?;
    let told = line.strip_prefix("INFO ").ok_or(WireError::Foreign)?.replace(' ', "");
    let tls = ["\"tls_required\":true", "\"tls_available\":true"].iter().any(|word| told.contains(word));
    Ok(if tls { Start::Go } else { Start::Refused })
}

/// The extended operation 1.3.6.1.4.1.1466.20037.
fn ldap(channel: &mut Channel) -> Result<Start, WireError> {
    let mut request = vec![0x30, 0x1d, 0x02, 0x01, 0x01, 0x77, 0x18, 0x80, 0x16];
    request.extend(b"1.3.6.1.4.1.1466.20037");
    channel.send(&request)?;
    let length = match channel.array()? {
        [0x30, short @ 0..=0x7f] => usize::from(short),
        [0x30, 0x81] => usize::from(u8::from_be_bytes(channel.array()?)),
        [0x30, 0x84] => u32::from_be_bytes(channel.array()?) as usize,
        _ => return Err(WireError::Foreign),
    };
    if !(9..=4096).contains(&length) {
        return Err(WireError::Foreign);
    }
    let body = channel.take(length)?;
    // message id 1, ExtendedResponse, resultCode
    let result = body.windows(3).find_map(|w| if let [0x0a, 1, code] = w { Some(*code) } else { None });
    match (body.get(3), result) {
        (Some(0x78), Some(0)) => Ok(Start::Go),
        (Some(0x78), Some(_)) => Ok(Start::Refused),
        _ => Err(WireError::Foreign),
    }
}

fn mail(channel: &mut Channel) -> Result<Start, WireError> {
    let greeting = channel.line()?;
    if greeting.starts_with("* ") {
        channel.send(b"a1 STARTTLS\r\n")?;
        for _ in 0..32 {
            if let Some(answer) = channel.line()?.strip_prefix("a1 ") {
                return Ok(if answer.starts_with("OK") { Start::Go } else { Start::Refused });
            }
        }
        return Err(WireError::Foreign);
    }
    if greeting.starts_with("+OK") {
        channel.send(b"STLS\r\n")?;
        return Ok(if channel.line()?.starts_with("+OK") { Start::Go } else { Start::Refused });
    }
    // a long greeting goes on with `220-`
    smtp_end(channel, &greeting, "220")?;
    channel.send(b"EHLO localhost\r\n")?;
    let first = channel.line()?;
    if !smtp_end(channel, &first, "250")?.iter().any(|line| line.eq_ignore_ascii_case("STARTTLS")) {
        return Ok(Start::Refused);
    }
    channel.send(b"STARTTLS\r\n")?;
    Ok(if channel.line()?.starts_with("220") { Start::Go } else { Start::Refused })
}

/// The texts of an answer of several lines with `code`, `first` being the first line.
fn smtp_end(channel: &mut Channel, first: &str, code: &str) -> Result<Vec<String>, WireError> {
    let (mut line, mut texts) = (first.to_owned(), Vec::new());
    for _ in 0..64 {
        let rest = line.strip_prefix(code).ok_or(WireError::Foreign)?;
        texts.push(rest.get(1..).unwrap_or("").to_owned());
        if !rest.starts_with('-') {
            return Ok(texts);
        }
        line = channel.line()?;
    }
    Err(WireError::Foreign)
}

/// Whether the server answers in the open; `None` where that cannot be asked without logging in.
///
/// # Errors
/// Only what keeps the question from being asked.
pub fn answers_in_the_open(target: &Target, channel: &mut Channel) -> Result<Option<bool>, WireError> {
    let http = format!("HEAD / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: harden\r\n\r\n", target.address());
    let (question, starts): (&[u8], &[&[u8]]) = match target.system {
        "redis" => (b"PING\r\n", &[b"+", b"-"]),
        "mongodb" => (HELLO_MONGODB, &[]),
        "amqp" => (b"AMQP\x00\x00\x09\x01", &[b"\x01\x00\x00", b"AMQP"]),
        "memcached" => (b"version\r\n", &[b"VERSION", b"ERROR", b"CLIENT_ERROR", b"SERVER_ERROR"]),
        "neo4j" => (&[0x60, 0x60, 0xb0, 0x17, 0, 0, 0, 5, 0, 0, 4, 4, 0, 0, 0, 4, 0, 0, 0, 3], &[&[0, 0]]),
        "smtp" | "mqtt" | "kafka" | "grpc" | "oracle" | "ldap" => return Ok(None),
        "clickhouse" if !matches!(target.port, 80 | 8123) => return Ok(None),
        _ => (http.as_bytes(), &[b"HTTP/"]),
    };
    channel.send(question)?;
    let mut answer = [0; 16];
    let mut have = 0;
    while have < answer.len() {
        match channel.read(answer.get_mut(have..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(_) if have > 0 => break,
            Err(error) => match WireError::from(error) {
                // a server that hangs up on words it does not know may want TLS
                WireError::Closed => break,
                error => return Err(error),
            },
        }
        if have >= 8 {
            break;
        }
    }
    let answer = answer.get(..have).unwrap_or_default();
    if target.system == "mongodb" {
        return Ok(Some(have >= 8 && answer.get(4..8).is_some_and(|id| id != [0; 4]) && answer.first() != Some(&0x15)));
    }
    Ok(Some(starts.iter().any(|start| answer.starts_with(start))))
}

/// OP_MSG with `{hello: 1, $db: "admin"}`.
const HELLO_MONGODB: &[u8] = &[
    52, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 0x07, 0, 0, 0, 0, 0, 0, 0, 31, 0, 0, 0, 0x10, b'h', b'e', b'l', b'l', b'o', 0, 1, 0, 0, 0,
    0x02, b'$', b'd', b'b', 0, 6, 0, 0, 0, b'a', b'd', b'm', b'i', b'n', 0, 0,
];

#[cfg(test)]
mod tests {
    use super::HELLO_MONGODB;

    #[test]
    fn lengths_in_the_fixed_messages_are_right() {
        let document = usize::from(HELLO_MONGODB[21]);
        assert_eq!((HELLO_MONGODB.len(), document), (usize::from(HELLO_MONGODB[0]), HELLO_MONGODB.len() - 21));
    }
}
