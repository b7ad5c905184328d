//! What can go wrong with keys and sealed files, in our own words: a foreign parser's message may hold the key.

use std::io;
use std::path::PathBuf;

use crate::disk::DiskError;

/// Why something was not sealed or not opened. No variant holds text of a file, a key or a passphrase.
///
/// Faults of a sealed file do not name it: the caller knows its name, `FILE: {error}`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Nobody to seal to.
    #[error("there is no recipient to seal to")]
    NoRecipients,
    /// A private key where a public one belongs.
    #[error("a recipient is a public key, and this is a private one")]
    PrivateAsRecipient,
    /// Not a recipient; `kind` is a type of public key or `recipient`, never the text.
    #[error("not a usable {kind}: {reason}")]
    BadRecipient {
        /// What it seems to be.
        kind: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// None of the places holds an identity.
    #[error("no identity was found (looked at {looked})")]
    NoIdentity {
        /// The places, as a list.
        looked: String,
    },
    /// The identity file cannot be read.
    #[error("{}: the identity cannot be read: {source}", path.display())]
    UnreadableIdentity {
        /// The file, or `-`.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Others can read or change the identity file.
    #[error("{}: others can read this identity (mode {mode:04o}); it was not used", path.display())]
    OpenIdentity {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A line of an identity file is not an identity.
    #[error("{}:{line}: expected an age identity, a comment or an empty line", path.display())]
    BadIdentity {
        /// The file, or `-`.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// The file holds no identity at all, or one of a kind that cannot be used.
    #[error("{}: {what}", path.display())]
    UnusableIdentity {
        /// The file, or `-`.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// A passphrase is needed and nobody can be asked.
    #[error("{}: a passphrase is needed, and there is no terminal to ask for it", path.display())]
    NobodyToAsk {
        /// The file, or `-`.
        path: PathBuf,
    },
    /// The passphrase does not fit.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// The same for an identity file.
    #[error("{}: the passphrase does not open this identity", path.display())]
    WrongIdentityPassphrase {
        /// The file, or `-`.
        path: PathBuf,
    },
    /// Not a sealed file.
    #[error("not a sealed file: expected an age file, armored or binary")]
    NotSealed,
    /// The end is missing.
    #[error("the sealed file is cut short")]
    Truncated,
    /// Something in it was changed, or its end is missing.
    #[error("the sealed file is damaged: it is not what was sealed")]
    Damaged,
    /// A version or kind of age file that is not known here.
    #[error("the sealed file is of a newer age version")]
    UnknownVersion,
    /// It is sealed to others.
    #[error("none of the identities in {origin} opens it: it is sealed to other recipients")]
    WrongIdentity {
        /// Where the identities are from.
        origin: String,
    },
    /// It is sealed with a passphrase instead of to recipients.
    #[error("it is sealed with a passphrase, not to recipients")]
    SealedWithPassphrase,
    /// It asks for more work than is reasonable.
    #[error("its passphrase asks for too much work (2^{required}, at most 2^{most} is done)")]
    TooMuchWork {
        /// Logarithm of the scrypt cost.
        required: u8,
        /// Logarithm of the most that is accepted.
        most: u8,
    },
    /// age refused to seal.
    #[error("could not be sealed to these recipients")]
    NotSealable,
    /// Not what sops can read, or keep as it is.
    #[error("line {line}: {what}")]
    SopsForm {
        /// From 1.
        line: usize,
        /// What is wrong with it, and what to do.
        what: &'static str,
    },
    /// A sops file that is not for age.
    #[error("it is a sops file that harden cannot open: {0}")]
    SopsForeign(&'static str),
    /// A sealed value of a sops file was changed, or moved below another name.
    #[error("line {line}: the value is not what was sealed there")]
    SopsValue {
        /// From 1.
        line: usize,
    },
    /// The hash over a sops file does not fit.
    #[error("its MAC does not fit: a value was changed, added, removed or moved after it was sealed")]
    SopsMac,
    /// The rule of a sops file would leave a secret in the open.
    #[error("line {line}: the file's own sops rule would leave the value in the open")]
    SopsOpenValue {
        /// From 1.
        line: usize,
    },
    /// `.harden/sealed.toml` cannot be understood.
    #[error("{}:{line}: expected {expected}; nothing was written", path.display())]
    BadIndex {
        /// The index.
        path: PathBuf,
        /// From 1; 0 for the whole file.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// A folder cannot be made.
    #[error("{}: the folder cannot be made: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl SealError {
    /// What to do about it; each is one line.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoRecipients => "run `harden init`, or name one with `-r age1...`".to_owned(),
            Self::PrivateAsRecipient => {
                "the public key is in the identity file's comment, `age1...`; replace the private key if it was shown".to_owned()
            }
            Self::BadRecipient { .. } => "recipients are `age1...` (62 characters), `ssh-ed25519 AAAA...` or `ssh-rsa AAAA...`".to_owned(),
            Self::NoIdentity { .. } => "make one with `harden init`, or name one with `-i FILE`".to_owned(),
            Self::OpenIdentity { path, .. } => {
                format!("`chmod 600 {}`, or pass `--allow-open-identity`", path.display())
            }
            Self::WrongIdentity { .. } => "name another identity with `-i FILE`".to_owned(),
            Self::NobodyToAsk { .. } => "run it on a terminal, or use an identity without a passphrase".to_owned(),
            Self::SopsForeign(_) => "open it with sops; `sops updatekeys` adds an age recipient to it".to_owned(),
            Self::SopsOpenValue { .. } => "let the rule seal that name (`encrypted_regex`), with sops".to_owned(),
            Self::Truncated | Self::Damaged | Self::SopsValue { .. } | Self::SopsMac => "restore it from git or a backup".to_owned(),
            Self::BadIndex { .. } => "restore it from git, or remove it: it is written again with the next file that is sealed".to_owned(),
            _ => return Vec::new(),
        };
        vec![hint]
    }
}
