//! A whole file, sealed and opened: [age v1](https://age-encryption.org/v1), armored. Not for single values within a file.

use std::io::{self, Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use super::error::SealError;
use super::identities::Identities;
use super::recipients::Recipients;

/// About a second on the machines of 2026; Go's age uses the same. Unit tests are not built for speed.
const WORK_FACTOR: u8 = if cfg!(test) { 10 } else { 18 };
/// What Go's age accepts, too.
const MOST_WORK: u8 = 22;

const ARMOR_BEGIN: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const ARMOR_END: &[u8] = b"-----END AGE ENCRYPTED FILE-----";
const BINARY_BEGIN: &[u8] = b"age-encryption.org/";

/// `bytes`, armored, for each of `recipients`. Two calls never give the same bytes.
///
/// # Errors
/// [`SealError::NotSealable`], which valid recipients never cause.
pub fn seal(bytes: &[u8], recipients: &Recipients) -> Result<Vec<u8>, SealError> {
    write(Encryptor::with_recipients(recipients.as_age()).map_err(|_| SealError::NotSealable)?, bytes)
}

/// `bytes`, armored, for who knows `passphrase`; the age format allows no recipient beside it.
///
/// # Errors
/// [`SealError::NotSealable`].
pub fn seal_with_passphrase(bytes: &[u8], passphrase: &str) -> Result<Vec<u8>, SealError> {
    let mut recipient = age::scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    write(Encryptor::with_recipients(std::iter::once(&recipient as _)).map_err(|_| SealError::NotSealable)?, bytes)
}

/// The bytes that were sealed, whole and unchanged, or an error: nothing is handed out before all of it was authenticated.
///
/// # Errors
/// [`SealError::NotSealed`], [`SealError::Truncated`], [`SealError::Damaged`], [`SealError::WrongIdentity`],
/// [`SealError::SealedWithPassphrase`], [`SealError::UnknownVersion`].
pub fn open(sealed: &[u8], identities: &Identities) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let decryptor = decryptor(sealed)?;
    if decryptor.is_scrypt() {
        return Err(SealError::SealedWithPassphrase);
    }
    read(sealed.len(), decryptor.decrypt(identities.as_age()), || SealError::WrongIdentity { origin: identities.origin().to_owned() })
}

/// The bytes that were sealed with `passphrase`.
///
/// # Errors
/// As [`open`], and [`SealError::WrongPassphrase`], [`SealError::TooMuchWork`].
pub fn open_with_passphrase(sealed: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut identity = age::scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    read(sealed.len(), decryptor(sealed)?.decrypt(std::iter::once(&identity as _)), || SealError::WrongPassphrase)
}

/// Whether `bytes` begin like an age file, armored or binary. Says nothing about the rest.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    is_armored(bytes) || bytes.starts_with(BINARY_BEGIN)
}

/// Whether `bytes` are sealed with a passphrase.
#[must_use]
pub fn is_passphrase_sealed(bytes: &[u8]) -> bool {
    decryptor(bytes).is_ok_and(|decryptor| decryptor.is_scrypt())
}

/// How many recipients a sealed file has, told from its header: the stanzas of X25519 and SSH keys. What other programs put there to keep
/// readers tolerant is not counted. `None` for what has no whole header.
#[must_use]
pub fn count_recipients(sealed: &[u8]) -> Option<usize> {
    /// Two hundred recipients with RSA keys.
    const MOST: u64 = 256 * 1024;
    let body = if is_armored(sealed) { sealed.trim_ascii_start() } else { sealed };
    let mut header = Vec::new();
    // what follows the header may be damaged: only what was read counts
    let _ = ArmoredReader::new(body).take(MOST).read_to_end(&mut header);
    let mut count = 0;
    for line in header.split(|byte| *byte == b'\n') {
        if line.starts_with(b"---") {
            return Some(count);
        }
        let stanza = line.strip_prefix(b"-> ").and_then(|rest| rest.split(|byte| *byte == b' ').next());
        count += usize::from(matches!(stanza, Some(b"X25519" | b"ssh-ed25519" | b"ssh-rsa")));
    }
    None
}

fn is_armored(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(ARMOR_BEGIN)
}

fn secret(passphrase: &str) -> SecretString {
    // boxed at its exact size: nothing is left behind
    SecretString::from(Box::<str>::from(passphrase))
}

fn write(encryptor: Encryptor, bytes: &[u8]) -> Result<Vec<u8>, SealError> {
    let to_armor = |bytes: &[u8]| -> io::Result<Vec<u8>> {
        let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
        let mut writer = encryptor.wrap_output(armor)?;
        writer.write_all(bytes)?;
        writer.finish()?.finish()
    };
    to_armor(bytes).map_err(|_| SealError::NotSealable)
}

fn decryptor(sealed: &[u8]) -> Result<Decryptor<ArmoredReader<io::BufReader<&[u8]>>>, SealError> {
    if !is_sealed(sealed) {
        return Err(SealError::NotSealed);
    }
    let body = if is_armored(sealed) { sealed.trim_ascii_start() } else { sealed };
    if is_armored(body) && !body.trim_ascii_end().ends_with(ARMOR_END) {
        return Err(SealError::Truncated);
    }
    Decryptor::new(ArmoredReader::new(body)).map_err(|error| fault(&error, SealError::Damaged))
}

fn read<R: Read>(
    size: usize,
    stream: Result<R, DecryptError>,
    no_key: impl FnOnce() -> SealError,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed | DecryptError::DecryptionFailed) => return Err(no_key()),
        Err(error) => return Err(fault(&error, SealError::Damaged)),
    };
    // the plain text is shorter than the sealed one: a buffer that never grows leaves no copy behind
    let mut plain = Zeroizing::new(Vec::with_capacity(size));
    match stream.read_to_end(&mut plain) {
        Ok(_) => Ok(plain),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(SealError::Truncated),
        Err(_) => Err(SealError::Damaged),
    }
}

fn fault(error: &DecryptError, otherwise: SealError) -> SealError {
    match error {
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => SealError::Truncated,
        DecryptError::ExcessiveWork { required, .. } => SealError::TooMuchWork { required: *required, most: MOST_WORK },
        DecryptError::UnknownFormat => SealError::UnknownVersion,
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    use super::super::pair::KeyPair;
    use super::{
        Identities, Recipients, SealError, count_recipients, is_passphrase_sealed, is_sealed, open, open_with_passphrase, seal,
        seal_with_passphrase,
    };

    fn pair() -> (Recipients, Identities) {
        let pair = KeyPair::generate();
        (Recipients::new(vec![pair.recipient().clone()]).unwrap(), Identities::of_pair(&pair))
    }

    fn binary(plain: &[u8], recipients: &Recipients) -> Vec<u8> {
        let armored = seal(plain, recipients).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut super::ArmoredReader::new(&armored[..]), &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn another_identity_is_told_apart_from_damage() {
        let (recipients, _) = pair();
        let (_, stranger) = pair();
        let sealed = seal(b"A=b", &recipients).unwrap();
        assert!(matches!(open(&sealed, &stranger), Err(SealError::WrongIdentity { .. })));
        assert!(matches!(open(b"A=b", &stranger), Err(SealError::NotSealed)));
        assert!(matches!(open(b"", &stranger), Err(SealError::NotSealed)));
        assert!(is_sealed(&sealed) && !is_sealed(b"A=b") && !is_passphrase_sealed(&sealed));
    }

    #[test]
    fn windows_line_ends_and_blank_lines_around_the_armor_do_no_harm() {
        let (recipients, identities) = pair();
        let sealed = String::from_utf8(seal(b"A=b", &recipients).unwrap()).unwrap();
        let mangled = format!("\r\n{}\r\n", sealed.replace('\n', "\r\n"));
        assert_eq!(open(mangled.as_bytes(), &identities).unwrap().as_slice(), b"A=b");
    }

    #[test]
    fn every_cut_and_every_flipped_byte_of_a_binary_file_fails_closed() {
        let (recipients, identities) = pair();
        let sealed = binary(b"PASSWORD=example\n", &recipients);
        assert!(open(&sealed, &identities).is_ok());
        for place in 0..sealed.len() {
            assert!(open(&sealed[..place], &identities).is_err(), "cut at {place}");
            let mut flipped = sealed.clone();
            flipped[place] ^= 1;
            assert!(open(&flipped, &identities).is_err(), "flipped at {place}");
        }
    }

    #[test]
    fn every_cut_of_an_armored_file_is_called_cut() {
        let (recipients, identities) = pair();
        let sealed = seal(&[b'x'; 200], &recipients).unwrap();
        for place in 40..sealed.len() - 1 {
            assert!(matches!(open(&sealed[..place], &identities), Err(SealError::Truncated)), "cut at {place}");
        }
    }

    #[test]
    fn a_cut_chunk_boundary_is_noticed() {
        let (recipients, identities) = pair();
        let sealed = binary(&vec![b'x'; 64 * 1024 * 2], &recipients);
        let end = sealed.len() - (64 * 1024 + 16);
        assert!(matches!(open(&sealed[..end], &identities), Err(SealError::Damaged | SealError::Truncated)));
    }

    #[test]
    fn recipients_are_counted() {
        let pairs: Vec<_> = (0..3).map(|_| KeyPair::generate()).collect();
        for count in 1..=3 {
            let list = pairs.iter().take(count).map(|pair| pair.recipient().clone()).collect();
            let recipients = Recipients::new(list).unwrap();
            let sealed = seal(b"A=b", &recipients).unwrap();
            assert_eq!(count_recipients(&sealed), Some(count));
            assert_eq!(count_recipients(&binary(b"A=b", &recipients)), Some(count));
            assert_eq!(count_recipients(&sealed[..60]), None);
        }
        assert_eq!(count_recipients(&seal_with_passphrase(b"A=b", "correct horse").unwrap()), Some(0));
        assert_eq!(count_recipients(b"A=b\n"), None);
    }

    #[test]
    fn passphrases() {
        let sealed = seal_with_passphrase(b"key", "correct horse").unwrap();
        assert!(is_passphrase_sealed(&sealed));
        assert_eq!(open_with_passphrase(&sealed, "correct horse").unwrap().as_slice(), b"key");
        assert!(matches!(open_with_passphrase(&sealed, "wrong horse"), Err(SealError::WrongPassphrase)));
        let (recipients, identities) = pair();
        assert!(matches!(open(&sealed, &identities), Err(SealError::SealedWithPassphrase)));
        let to_people = seal(b"key", &recipients).unwrap();
        assert!(matches!(open_with_passphrase(&to_people, "correct horse"), Err(SealError::WrongPassphrase)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_was_sealed_is_opened_byte_for_byte(bytes in any::<Vec<u8>>()) {
            let (recipients, identities) = pair();
            let sealed = seal(&bytes, &recipients).unwrap();
            prop_assert!(sealed.is_ascii());
            let opened = open(&sealed, &identities).unwrap();
            prop_assert_eq!(opened.as_slice(), bytes.as_slice());
        }

        #[test]
        fn arbitrary_bytes_are_an_error(bytes in any::<Vec<u8>>(), armored in any::<bool>()) {
            let (_, identities) = pair();
            let head: &[u8] = if armored { super::ARMOR_BEGIN } else { b"age-encryption.org/v1\n" };
            prop_assert!(open(&[head, &bytes].concat(), &identities).is_err());
            prop_assert!(open(&bytes, &identities).is_err());
        }
    }
}
