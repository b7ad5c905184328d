//! Who opens: age identity files, SSH private keys, and identity files behind a passphrase.
//!
//! The key never comes from a flag or a variable. A file that others can read is refused: it is as good as published.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::error::SealError;
use super::file;
use super::pair::KeyPair;
use super::places::Source;
use super::recipients::Recipient;

/// An identity file with a thousand keys has 100 KB.
const MOST_BYTES: u64 = 1 << 20;

/// What to do about an identity file that others can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenFile {
    /// Refuse it.
    Refuse,
    /// `--allow-open-identity`
    Accept,
}

/// Who can be asked for a passphrase.
pub trait Passphrase {
    /// The passphrase of `what`; `None` when nobody can be asked, or nothing was answered.
    fn ask(&self, what: &str) -> Option<Zeroizing<String>>;
}

/// No one: for hooks, tests and children without a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Passphrase for Nobody {
    fn ask(&self, _: &str) -> Option<Zeroizing<String>> {
        None
    }
}

/// At least one identity, ready to open files.
pub struct Identities {
    list: Vec<Box<dyn age::Identity>>,
    recipients: Vec<Recipient>,
    origin: String,
}

impl Identities {
    /// Reads `source`; asks for a passphrase where one is needed, once.
    ///
    /// # Errors
    /// [`SealError::UnreadableIdentity`], [`SealError::OpenIdentity`], [`SealError::BadIdentity`], [`SealError::UnusableIdentity`],
    /// [`SealError::NobodyToAsk`], [`SealError::WrongIdentityPassphrase`]; never with text of the file.
    pub fn load(source: &Source, open_file: OpenFile, passphrase: &dyn Passphrase) -> Result<Self, SealError> {
        let (path, bytes) = match source {
            Source::Stdin => {
                let path = PathBuf::from("-");
                let bytes = read_bounded(io::stdin().lock(), &path)?;
                (path, bytes)
            }
            Source::File(path) => (path.clone(), read_private(path, open_file)?),
        };
        Self::parse(&bytes, &path, passphrase)
    }

    /// Reads the text of an identity file; `path` names it in messages.
    ///
    /// # Errors
    /// As [`Identities::load`].
    pub fn parse(bytes: &[u8], path: &Path, passphrase: &dyn Passphrase) -> Result<Self, SealError> {
        if file::is_sealed(bytes) {
            if !file::is_passphrase_sealed(bytes) {
                return Err(unusable(path, "this is a sealed file, not an identity"));
            }
            let answer = ask(path, passphrase)?;
            let plain = file::open_with_passphrase(bytes, &answer).map_err(|error| match error {
                SealError::WrongPassphrase => SealError::WrongIdentityPassphrase { path: path.to_owned() },
                other => other,
            })?;
            return Self::native(&plain, path);
        }
        if bytes.trim_ascii_start().starts_with(b"-----BEGIN ") { Self::ssh(bytes, path, passphrase) } else { Self::native(bytes, path) }
    }

    /// The identity of a pair made a moment ago.
    #[must_use]
    pub fn of_pair(pair: &KeyPair) -> Self {
        Self { list: vec![Box::new(pair.identity())], recipients: vec![pair.recipient().clone()], origin: "a new key pair".to_owned() }
    }

    /// The public halves.
    #[must_use]
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Where they are from, for messages.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn as_age(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.list.iter().map(AsRef::as_ref)
    }

    fn native(bytes: &[u8], path: &Path) -> Result<Self, SealError> {
        let mut found = Self { list: Vec::new(), recipients: Vec::new(), origin: origin(path) };
        for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if line.starts_with(b"AGE-PLUGIN-") {
                return Err(unusable(path, "this identity belongs to a plugin, and harden runs none"));
            }
            let identity = std::str::from_utf8(line).ok().and_then(|text| text.parse::<age::x25519::Identity>().ok());
            let identity = identity.ok_or_else(|| SealError::BadIdentity { path: path.to_owned(), line: index + 1 })?;
            found.recipients.push(Recipient::of_x25519(identity.to_public()));
            found.list.push(Box::new(identity));
        }
        if found.list.is_empty() { Err(unusable(path, "there is no identity in this file")) } else { Ok(found) }
    }

    fn ssh(bytes: &[u8], path: &Path, passphrase: &dyn Passphrase) -> Result<Self, SealError> {
        let key = age::ssh::Identity::from_buffer(bytes, None)
            .map_err(|_| unusable(path, "not a private key that age can use: expected OpenSSH or PKCS#1 RSA"))?;
        let recipient = age::ssh::Recipient::try_from(key.clone()).map(Recipient::of_ssh).ok();
        let key = match key {
            age::ssh::Identity::Encrypted(locked) => {
                let answer = ask(path, passphrase)?;
                let unlocked = locked
                    .decrypt(SecretString::from(Box::<str>::from(answer.as_str())))
                    .map_err(|_| SealError::WrongIdentityPassphrase { path: path.to_owned() })?;
                age::ssh::Identity::from(unlocked)
            }
            age::ssh::Identity::Unsupported(_) => {
                return Err(unusable(path, "an SSH key of a type or encryption that age cannot use: expected ssh-ed25519 or ssh-rsa"));
            }
            unlocked @ age::ssh::Identity::Unencrypted(_) => unlocked,
        };
        Ok(Self { list: vec![Box::new(key)], recipients: recipient.into_iter().collect(), origin: origin(path) })
    }
}

fn unusable(path: &Path, what: &'static str) -> SealError {
    SealError::UnusableIdentity { path: path.to_owned(), what }
}

fn origin(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", path.display()) }
}

fn ask(path: &Path, passphrase: &dyn Passphrase) -> Result<Zeroizing<String>, SealError> {
    passphrase.ask(&origin(path)).ok_or_else(|| SealError::NobodyToAsk { path: path.to_owned() })
}

/// Reads a file that nobody else may read. The open file is judged, not its name: it cannot be swapped in between.
fn read_private(path: &Path, open_file: OpenFile) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let unreadable = |source| SealError::UnreadableIdentity { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(unusable(path, "this is a folder, not an identity file"));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o066 != 0 && open_file == OpenFile::Refuse {
        return Err(SealError::OpenIdentity { path: path.to_owned(), mode });
    }
    read_bounded(file, path)
}

/// All of `input` in a buffer that never grows, so that no copy of a key is left behind.
fn read_bounded(input: impl Read, path: &Path) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(MOST_BYTES).unwrap_or(0) + 1));
    input.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|source| SealError::UnreadableIdentity { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(unusable(path, "larger than 1 MiB: not an identity file"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::UNIX_EPOCH;

    use zeroize::Zeroizing;

    use super::super::recipients::Recipients;
    use super::{Identities, KeyPair, Nobody, Passphrase, SealError, file};

    struct Knows(&'static str);
    impl Passphrase for Knows {
        fn ask(&self, what: &str) -> Option<Zeroizing<String>> {
            assert_eq!(what, "`id.txt`");
            Some(Zeroizing::new(self.0.to_owned()))
        }
    }

    fn parse(bytes: &[u8], passphrase: &dyn Passphrase) -> Result<Identities, SealError> {
        Identities::parse(bytes, Path::new("id.txt"), passphrase)
    }

    #[test]
    fn several_lines_comments_and_windows_line_ends() {
        let (a, b) = (KeyPair::generate(), KeyPair::generate());
        let text = format!("{}\r\n\n# second\n{}", a.to_file(UNIX_EPOCH).replace('\n', "\r\n"), b.to_file(UNIX_EPOCH).as_str());
        let found = parse(text.as_bytes(), &Nobody).unwrap();
        assert_eq!(found.recipients(), [a.recipient().clone(), b.recipient().clone()]);
        for pair in [a, b] {
            let sealed = file::seal(b"x", &Recipients::new(vec![pair.recipient().clone()]).unwrap()).unwrap();
            assert_eq!(file::open(&sealed, &found).unwrap().as_slice(), b"x");
        }
    }

    #[test]
    fn faults_name_the_line_and_not_its_text() {
        let text = format!("{}hunter2hunter2\n", KeyPair::generate().to_file(UNIX_EPOCH).as_str());
        let error = parse(text.as_bytes(), &Nobody).err().unwrap();
        assert_eq!(error.to_string(), "id.txt:4: expected an age identity, a comment or an empty line");
        assert!(matches!(parse(b"# nothing\n", &Nobody), Err(SealError::UnusableIdentity { .. })));
        assert!(matches!(parse(b"AGE-PLUGIN-X-1QQ\n", &Nobody), Err(SealError::UnusableIdentity { .. })));
        assert!(matches!(parse(b"-----BEGIN PRIVATE KEY-----\nAA\n", &Nobody), Err(SealError::UnusableIdentity { .. })));
        assert!(matches!(parse(b"\xff\xfe", &Nobody), Err(SealError::BadIdentity { line: 1, .. })));
    }

    #[test]
    fn an_identity_behind_a_passphrase() {
        let pair = KeyPair::generate();
        let locked = file::seal_with_passphrase(pair.to_file(UNIX_EPOCH).as_bytes(), "open sesame").unwrap();
        assert_eq!(parse(&locked, &Knows("open sesame")).unwrap().recipients(), [pair.recipient().clone()]);
        assert!(matches!(parse(&locked, &Knows("open barley")), Err(SealError::WrongIdentityPassphrase { .. })));
        assert!(matches!(parse(&locked, &Nobody), Err(SealError::NobodyToAsk { .. })));
    }

    #[test]
    fn a_sealed_file_is_no_identity() {
        let pair = KeyPair::generate();
        let sealed = file::seal(b"x", &Recipients::new(vec![pair.recipient().clone()]).unwrap()).unwrap();
        assert!(matches!(parse(&sealed, &Nobody), Err(SealError::UnusableIdentity { .. })));
    }
}
