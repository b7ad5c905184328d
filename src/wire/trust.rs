//! Whom to trust: the system's authorities, those of a file, and pinned keys. A certificate is judged whole, so that a report can say all
//! that is wrong with it, and login is refused for any of it.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::error::TlsFault;
use crate::keys::{Served, served};

/// SHA-256 of a server's SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Reads `sha256:` and 64 hexadecimal digits, or the base64 of RFC 7469; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        use base64::Engine as _;
        let digits = text.strip_prefix("sha256:").or_else(|| text.strip_prefix("sha256/"))?;
        if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            let mut pin = [0; 32];
            for (byte, at) in pin.iter_mut().zip((0..64).step_by(2)) {
                *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
            }
            return Some(Self(pin));
        }
        base64::engine::general_purpose::STANDARD.decode(digits).ok()?.try_into().ok().map(Self)
    }

    /// The pin of a public key.
    #[must_use]
    pub fn of(public_key: [u8; 32]) -> Self {
        Self(public_key)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who is trusted.
#[derive(Clone)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    /// The public keys of `roots`, by hash.
    keys: Arc<HashSet<[u8; 32]>>,
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    /// The authorities of this machine; none where it has no store.
    #[must_use]
    pub fn system() -> Self {
        let mut trust = Self::nobody();
        trust.add(rustls_native_certs::load_native_certs().certs);
        trust
    }

    /// Nobody: for pins alone.
    #[must_use]
    pub fn nobody() -> Self {
        let provider = Arc::new(ring::default_provider());
        Self { roots: Arc::new(RootCertStore::empty()), keys: Arc::default(), pins: Vec::new(), provider }
    }

    /// Also the certificates in `pem`; how many there were that can be used.
    pub fn add_pem(&mut self, pem: &[u8]) -> usize {
        self.add(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect())
    }

    fn add(&mut self, certificates: Vec<CertificateDer<'static>>) -> usize {
        Arc::make_mut(&mut self.keys).extend(certificates.iter().filter_map(|c| served(c)).map(|read| read.public_key));
        Arc::make_mut(&mut self.roots).add_parsable_certificates(certificates).0
    }

    /// Also whoever holds the key of `pin`, whatever the certificate says: neither name, nor dates, nor issuer are looked at then.
    pub fn add_pin(&mut self, pin: Pin) {
        self.pins.push(pin);
    }

    /// What is to be held of a chain, the server's own certificate first.
    fn judge(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>, now: UnixTime) -> Judgement {
        let Some((own, others)) = chain.split_first() else { return Judgement::unread() };
        let Some(read) = served(own) else { return Judgement::unread() };
        let pinned = self.pins.contains(&Pin(read.public_key));
        let mut faults = Vec::new();
        if read.is_ca {
            faults.push(TlsFault::CaAsEndEntity);
        }
        match ParsedCertificate::try_from(own) {
            Err(_) => faults.push(TlsFault::Unusable),
            Ok(parsed) => {
                let algorithms = self.provider.signature_verification_algorithms.all;
                if let Err(error) = verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, others, now, algorithms) {
                    faults.push(TlsFault::of(&error));
                }
                if verify_server_name(&parsed, name).is_err() {
                    faults.push(TlsFault::WrongName);
                }
            }
        }
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        for (wrong, fault) in [(read.not_after < now, TlsFault::Expired), (read.not_before > now, TlsFault::NotYetValid)] {
            if wrong && !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        if read.is_ca {
            // webpki says no more than that something is wrong, and does not look for an issuer then
            faults.retain(|f| *f != TlsFault::Unusable);
            if !self.keys.contains(&read.public_key) && !faults.contains(&TlsFault::Untrusted) {
                faults.push(TlsFault::Untrusted);
            }
        }
        if read.self_issued {
            faults.iter_mut().filter(|f| **f == TlsFault::Untrusted).for_each(|f| *f = TlsFault::SelfSigned);
        }
        let chain = chain.iter().filter_map(|c| served(c)).collect();
        Judgement { chain, faults, pinned }
    }

    /// TLS 1.2 and 1.3 with `recorder` as the judge.
    pub(super) fn client(&self, recorder: &Arc<Recorder>) -> Option<ClientConfig> {
        let versions = ClientConfig::builder_with_provider(Arc::clone(&self.provider)).with_safe_default_protocol_versions().ok()?;
        Some(versions.dangerous().with_custom_certificate_verifier(Arc::clone(recorder) as _).with_no_client_auth())
    }
}

/// What is to be held of the certificate that a server showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The server's own certificate, then what it sent with it.
    pub chain: Vec<Served>,
    /// All that is wrong with it; empty when it holds.
    pub faults: Vec<TlsFault>,
    /// Its key is one of the pinned: the faults do not count.
    pub pinned: bool,
}

impl Judgement {
    fn unread() -> Self {
        Self { chain: Vec::new(), faults: vec![TlsFault::Unusable], pinned: false }
    }

    /// Whether the server is who it says.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.pinned || self.faults.is_empty()
    }
}

/// What to do about a certificate that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Shake hands all the same, for a report: nothing secret is sent.
    Look,
    /// Hang up.
    Verified,
}

/// Judges, and remembers.
#[derive(Debug)]
pub(super) struct Recorder {
    trust: Trust,
    demand: Demand,
    seen: Mutex<Option<(Judgement, Vec<u8>)>>,
}

impl Recorder {
    pub(super) fn new(trust: &Trust, demand: Demand) -> Arc<Self> {
        Arc::new(Self { trust: trust.clone(), demand, seen: Mutex::new(None) })
    }

    /// What was held of the server's certificate, and its bytes; `None` before it sent one.
    pub(super) fn seen(&self) -> Option<(Judgement, Vec<u8>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("roots", &self.roots.len()).field("pins", &self.pins).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(own).chain(others).cloned().collect();
        let judgement = self.trust.judge(&chain, name, now);
        let holds = judgement.holds();
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some((judgement, own.as_ref().to_vec()));
        if holds || self.demand == Demand::Look {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, own, signature, &self.trust.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, own, signature, &self.trust.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::Pin;

    #[test]
    fn pins_are_read_in_both_forms_and_in_no_other() {
        let hex = format!("sha256:{}", "ab".repeat(32));
        let pin = Pin::parse(&hex).unwrap();
        assert_eq!(pin.to_string(), hex);
        assert_eq!(Pin::parse("sha256/q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="), Some(pin));
        for bad in ["", "sha256:", "sha256:ab", "md5:00", &"ab".repeat(32), &format!("sha256:{}", "g".repeat(64))] {
            assert_eq!(Pin::parse(bad), None, "{bad}");
        }
    }
}
