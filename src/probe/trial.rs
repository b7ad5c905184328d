//! Whether a connection string that asks for TLS would find a server that has it.

use super::ask::{Answer, Offer};
use super::find::Connection;
use super::remark::remarks;
use crate::dsn::Tls;
use crate::wire::Target;

/// What an answer means for a connection string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Connections go on.
    Works,
    /// They would fail: why, and what to do.
    Breaks(String),
    /// The server could not be asked, or its certificate not be looked at: why.
    Open(String),
}

/// Judges `target` with the TLS that it asks for by what the server answered, at `now`, seconds since 1970. A target that says nothing of TLS is
/// taken to verify.
#[must_use]
pub fn trial(target: Target, answer: &Answer, now: i64) -> Trial {
    let asked = if target.asked == Tls::Unknown { Tls::Verified } else { target.asked };
    let port = match &answer.offer {
        Err(error) => return Trial::Open(error.to_string()),
        Ok(Offer::Wrapped) => return Trial::Open("it offers TLS inside its own protocol; the certificate was not looked at".to_owned()),
        Ok(Offer::Shown(shown)) => shown.port,
        Ok(Offer::No | Offer::Failed(..)) => None,
    };
    if let Some(port) = port {
        return Trial::Breaks(format!("TLS is on port {port} there, not on {}", target.port));
    }
    let connection = Connection { target, asked, places: Vec::new(), logins: Vec::new() };
    let matters = |id: &str| match id {
        // an old certificate goes on until it ends, and what is asked for is used
        "certificate-expires-soon" | "tls-unused" => false,
        "certificate-wrong-name" => asked >= Tls::Verified,
        id if id.starts_with("certificate") => asked >= Tls::CaOnly,
        _ => true,
    };
    match remarks(&connection, answer, now).into_iter().find(|remark| matters(remark.id)) {
        Some(remark) if remark.help.is_empty() => Trial::Breaks(remark.message),
        Some(remark) => Trial::Breaks(format!("{} ({})", remark.message, remark.help)),
        None => Trial::Works,
    }
}

#[cfg(test)]
mod tests {
    use super::{Trial, trial};
    use crate::endpoints::Index;
    use crate::formats;
    use crate::model::environment::Environment::Production;
    use crate::model::secret::Secret;
    use crate::probe::ask::{Answer, Offer, Shown};
    use crate::probe::find::named_by;
    use crate::wire::{TlsFault, WireError};

    fn told(url: &str, offer: Result<Offer, WireError>) -> Trial {
        let documents = [formats::parse(".env", b"DB_HOST=db.acme.io\n", Production)];
        let target = named_by(&Index::of(&documents), 0, &Secret::copy_of(url)).pop().unwrap().unwrap();
        trial(target, &Answer { offer, open: None }, 0)
    }

    fn shown(faults: &[TlsFault], port: Option<u16>) -> Result<Offer, WireError> {
        match Answer::shown(faults, 1).offer {
            Ok(Offer::Shown(shown)) => Ok(Offer::Shown(Shown { port, ..shown })),
            other => other,
        }
    }

    #[test]
    fn what_would_fail_breaks_it() {
        let [full, ca, any] = ["verify-full", "verify-ca", "require"].map(|mode| format!("postgres://u:p@${{DB_HOST}}/x?sslmode={mode}"));
        let breaks = |url: &str, offer| matches!(told(url, offer), Trial::Breaks(_));
        assert!([&full, &ca, &any].iter().all(|url| breaks(url, Ok(Offer::No))));
        assert!(breaks(&full, shown(&[TlsFault::WrongName], None)) && !breaks(&ca, shown(&[TlsFault::WrongName], None)));
        assert!(breaks(&ca, shown(&[TlsFault::Untrusted], None)) && !breaks(&any, shown(&[TlsFault::Untrusted], None)));
        assert!(breaks(&full, shown(&[], Some(5433))));
        assert_eq!(told(&full, shown(&[], None)), Trial::Works, "one that ends soon holds today");
        assert!(matches!(told(&full, Err(WireError::Silent)), Trial::Open(_)));
    }
}
