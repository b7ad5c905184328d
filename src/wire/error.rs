//! What can go wrong between here and a server, in our own words: what a server says may hold what it was told.

use std::fmt;
use std::io::ErrorKind;

/// Why a server could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// No address.
    #[error("the name of the host does not resolve")]
    Unresolved,
    /// Nobody listens.
    #[error("the connection is refused: nobody listens on that port")]
    ConnectionRefused,
    /// No route, or a firewall that says so.
    #[error("the host cannot be reached")]
    Unreachable,
    /// Packets vanish, or the server takes the connection and says nothing.
    #[error("no answer within the time allowed")]
    Silent,
    /// The server hung up.
    #[error("the server closes the connection")]
    Closed,
    /// What it says is not of that protocol.
    #[error("what answers there does not speak this protocol")]
    Foreign,
    /// It has no TLS to offer.
    #[error("the server offers no TLS")]
    NoTls,
    /// TLS failed, or its certificate does not hold.
    #[error("{0}")]
    Tls(TlsFault),
    /// Not this account, or not with this secret.
    #[error("the server refuses the credential")]
    Rejected,
    /// A way to log in that is not known here, or not allowed without TLS.
    #[error("the server asks for a login ({0}) that is not known here")]
    Method(&'static str),
    /// It refused what it was told to do.
    #[error("the server refuses the command{0}")]
    Refused(Code),
}

impl WireError {
    /// Whether the server may have carried out what it was last told although no answer came.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Silent | Self::Closed | Self::Unreachable | Self::Foreign)
    }
}

impl From<std::io::Error> for WireError {
    fn from(error: std::io::Error) -> Self {
        if let Some(inner) = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
            return Self::Tls(TlsFault::of(inner));
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::Silent,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Self::Closed,
            ErrorKind::InvalidData | ErrorKind::InvalidInput => Self::Foreign,
            _ => Self::Unreachable,
        }
    }
}

/// A server's own number for an error: SQLSTATE, `ERR`, an HTTP status. Letters and digits only, at most 24; anything else is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// The code in `text`, up to the first byte that cannot be part of one.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let code: String = text.chars().take_while(char::is_ascii_alphanumeric).take(24).collect();
        // codes are written in capitals and digits; a word may be anything
        Self(if code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) { code } else { String::new() })
    }

    /// The code; may be empty.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " ({})", self.0) }
    }
}

/// Why TLS does not protect a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The chain ends nowhere.
    #[error("the certificate is signed by nobody who is trusted here")]
    Untrusted,
    /// It signed itself, and is not trusted.
    #[error("the certificate is signed by itself and not trusted here")]
    SelfSigned,
    /// It is one of an authority, trusted or not: libpq and OpenSSL take it, rustls, Go's and webpki do not.
    #[error("the server's certificate is that of an authority (CA:TRUE), which must not be a server's own (CaUsedAsEndEntity)")]
    CaAsEndEntity,
    /// Another host.
    #[error("the certificate is for another name")]
    WrongName,
    /// Past.
    #[error("the certificate has expired")]
    Expired,
    /// To come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Of version 1, or not readable.
    #[error("the certificate cannot be used: it is no X.509 version 3 certificate, or of a form that is not supported")]
    Unusable,
    /// Taken back, signed by a weak algorithm, for another purpose.
    #[error("the certificate is not valid for a server")]
    Invalid,
    /// TLS 1.1 or older.
    #[error("the server offers only versions of TLS below 1.2, or ciphers that are given up")]
    Old,
    /// It wants a certificate of ours.
    #[error("the server asks for a certificate of the client")]
    ClientCertificate,
    /// What answered is not TLS.
    #[error("what answers there does not speak TLS")]
    NotTls,
    /// The handshake failed otherwise.
    #[error("the TLS handshake fails")]
    Handshake,
}

impl TlsFault {
    /// What rustls reports.
    pub(super) fn of(error: &rustls::Error) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError as Bad, Error};
        match error {
            Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => Self::NotTls,
            Error::PeerIncompatible(_) => Self::Old,
            Error::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity) => Self::Old,
            Error::AlertReceived(Alert::CertificateRequired) => Self::ClientCertificate,
            Error::InvalidCertificate(bad) => match bad {
                Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
                Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
                Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::WrongName,
                Bad::UnknownIssuer => Self::Untrusted,
                Bad::BadEncoding => Self::Unusable,
                // webpki's CaUsedAsEndEntity and UnsupportedCertVersion have no variant of their own; the judge looks first
                Bad::Other(_) => Self::Unusable,
                _ => Self::Invalid,
            },
            _ => Self::Handshake,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_is_never_a_text() {
        for (text, code) in [("28P01", "28P01"), ("ERR invalid password hunter2", "ERR"), ("hunter2", ""), ("1045 x", "1045"), ("", "")] {
            assert_eq!(Code::of(text).text(), code, "{text}");
        }
    }
}
