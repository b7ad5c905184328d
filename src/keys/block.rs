//! What was found: a block of key material and its place.

use crate::model::span::Span;

/// In what form key material is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A private key in PEM (RFC 7468): PKCS#1, PKCS#8, SEC1, DSA, OpenSSH.
    Pem,
    /// A private key of OpenPGP (RFC 9580), armoured.
    Pgp,
    /// A key file of PuTTY.
    Putty,
    /// An identity of age.
    Age,
    /// A secret key of minisign or signify.
    Minisign,
    /// `PrivateKey = ...` of WireGuard.
    Wireguard,
    /// A private or symmetric JSON web key (RFC 7517).
    Jwk,
    /// `<RSAKeyValue>` of .NET with its `<D>`.
    RsaXml,
    /// An X.509 certificate in PEM: public, but it can be expired or weak.
    Certificate,
    /// Diffie-Hellman parameters in PEM: public, but they can be short.
    DhParameters,
}

impl Kind {
    /// Whether the block must stay secret.
    #[must_use]
    pub fn is_private(self) -> bool {
        !matches!(self, Self::Certificate | Self::DhParameters)
    }
}

/// A block of key material in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// In what form.
    pub kind: Kind,
    /// All that has to be read to know what it is.
    pub whole: Span,
    /// The bytes that make it secret, within `whole`; the same where they cannot be told apart.
    pub secret: Span,
    /// Whether the text is base64 of the block.
    pub wrapped: bool,
}

impl Block {
    /// A block of which every byte counts.
    pub(super) fn new(kind: Kind, whole: Span) -> Self {
        Self { kind, whole, secret: whole, wrapped: false }
    }
}
