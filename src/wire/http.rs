//! One request over HTTP/1.0, for management interfaces: no keeping alive, no chunks, no following of redirects.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::channel::Channel;
use super::error::WireError;
use crate::model::secret::Secret;

const LONGEST: u64 = 1 << 20;

/// What is asked.
pub struct Request<'r> {
    /// `GET`, `PUT`.
    pub method: &'r str,
    /// From `/` on, percent-encoded.
    pub path: &'r str,
    /// Name and port.
    pub host: &'r str,
    /// For basic authentication.
    pub user: &'r str,
    /// For basic authentication.
    pub password: &'r Secret,
    /// JSON; empty for none.
    pub body: &'r str,
}

/// Sends `request`; the status, and the body of at most 1 MiB.
///
/// # Errors
/// `Rejected` for 401; `Foreign` for what is no HTTP.
pub fn send(mut channel: Channel, request: &Request<'_>) -> Result<(u16, String), WireError> {
    channel.renew();
    let pair = Secret::concat(&[request.user, ":", request.password.expose()]);
    let basic = Zeroizing::new(STANDARD.encode(pair.expose()));
    let length = request.body.len().to_string();
    let content = if request.body.is_empty() { "" } else { "Content-Type: application/json\r\nContent-Length: " };
    let end = if request.body.is_empty() { "" } else { length.as_str() };
    let text = Secret::concat(&[
        request.method,
        " ",
        request.path,
        " HTTP/1.0\r\nHost: ",
        request.host,
        "\r\nUser-Agent: harden\r\nAccept: application/json\r\nAuthorization: Basic ",
        &basic,
        "\r\n",
        content,
        end,
        if end.is_empty() { "\r\n" } else { "\r\n\r\n" },
        request.body,
    ]);
    channel.send(text.expose().as_bytes())?;
    let status = channel.line()?;
    let status = status.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|code| code.parse().ok());
    let status: u16 = status.ok_or(WireError::Foreign)?;
    for _ in 0..100 {
        if channel.line()?.is_empty() {
            break;
        }
    }
    let mut body = Vec::new();
    match Read::take(&mut channel, LONGEST).read_to_end(&mut body) {
        // some hang up without the goodbye of TLS
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(error.into()),
    }
    if status == 401 {
        return Err(WireError::Rejected);
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// `text` as one segment of a path.
#[must_use]
pub fn segment(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
