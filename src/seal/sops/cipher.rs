//! One value, sealed as sops does it: AES-256-GCM with 32 random bytes of nonce, bound to the names on its path.

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::{AesGcm, aes::Aes256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

use super::super::error::SealError;
use crate::model::secret::Secret;

type Cipher = AesGcm<Aes256, U32>;

const BEGIN: &str = "ENC[AES256_GCM,";

/// What a value is, beyond its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Float,
    Truth,
    Time,
    Comment,
}

const KINDS: &[(Kind, &str)] = &[
    (Kind::Text, "str"),
    (Kind::Text, "bytes"),
    (Kind::Integer, "int"),
    (Kind::Float, "float"),
    (Kind::Truth, "bool"),
    (Kind::Time, "time"),
    (Kind::Comment, "comment"),
];

/// The key of all values of one file; wiped when dropped.
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// From the operating system's generator.
    pub(super) fn generate() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(&mut *key).map_err(|_| SealError::NotSealable)?;
        Ok(Self(key))
    }

    /// What was sealed to the recipients; `None` when it is no key.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|key: [u8; 32]| Self(Zeroizing::new(key)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    fn cipher(&self) -> Cipher {
        Cipher::new((&*self.0).into())
    }

    /// `text` as `ENC[...]`, good only at the place that `bound` names.
    pub(super) fn encrypt(&self, text: &str, kind: Kind, bound: &str) -> Result<String, SealError> {
        let mut nonce = [0; 32];
        SysRng.try_fill_bytes(&mut nonce).map_err(|_| SealError::NotSealable)?;
        let mut data = Zeroizing::new(text.as_bytes().to_vec());
        let tag = self.cipher().encrypt_in_place_detached((&nonce).into(), bound.as_bytes(), &mut data);
        let tag = tag.map_err(|_| SealError::NotSealable)?;
        let word = KINDS.iter().find(|(k, _)| *k == kind).map_or("str", |(_, word)| word);
        let (data, nonce, tag) = (STANDARD.encode(&*data), STANDARD.encode(nonce), STANDARD.encode(tag));
        Ok(format!("{BEGIN}data:{data},iv:{nonce},tag:{tag},type:{word}]"))
    }

    /// The text within `sealed`; `None` when it is not what was sealed at this place with this key.
    pub(super) fn decrypt(&self, sealed: &str, bound: &str) -> Option<(Secret, Kind)> {
        let mut fields = sealed.strip_prefix(BEGIN)?.strip_suffix(']')?.split(',');
        let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix(':');
        let mut bytes = |name: &str| field(name).and_then(|text| STANDARD.decode(text).ok());
        let (data, nonce, tag) = (bytes("data")?, bytes("iv")?, bytes("tag")?);
        let word = field("type")?;
        let kind = KINDS.iter().find(|(_, w)| *w == word).map(|(kind, _)| *kind)?;
        if nonce.len() != 32 || tag.len() != 16 {
            return None;
        }
        let mut data = Zeroizing::new(data);
        let (nonce, tag) = (aes_gcm::Nonce::<U32>::from_slice(&nonce), aes_gcm::Tag::from_slice(&tag));
        self.cipher().decrypt_in_place_detached(nonce, bound.as_bytes(), &mut data, tag).ok()?;
        let text = String::from_utf8(std::mem::take(&mut *data)).map_err(|error| drop(Zeroizing::new(error.into_bytes()))).ok()?;
        Some((Secret::new(text), kind))
    }
}

/// Whether `text` has the form of a sealed value.
pub(super) fn is_sealed_value(text: &str) -> bool {
    text.starts_with(BEGIN) && text.ends_with(']')
}

#[cfg(test)]
mod tests {
    use super::{DataKey, Kind, is_sealed_value};

    #[test]
    fn a_value_comes_back_at_its_place_only_and_unchanged_only() {
        let key = DataKey::generate().unwrap();
        for (text, kind) in [("hunter2", Kind::Text), ("", Kind::Text), ("5432", Kind::Integer), ("kettle \u{e4}\n", Kind::Comment)] {
            let sealed = key.encrypt(text, kind, "a:b:").unwrap();
            assert!(is_sealed_value(&sealed) && (text.is_empty() || !sealed.contains(text)));
            let (opened, found) = key.decrypt(&sealed, "a:b:").unwrap();
            assert_eq!((opened.expose(), found), (text, kind));
            assert!(key.decrypt(&sealed, "a:c:").is_none());
            assert!(DataKey::generate().unwrap().decrypt(&sealed, "a:b:").is_none());
        }
        let sealed = key.encrypt("hunter2", Kind::Text, ":").unwrap();
        for field in ["data:", "iv:", "tag:"] {
            let at = sealed.find(field).unwrap() + field.len();
            let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
            assert!(key.decrypt(&changed, ":").is_none(), "{field}");
        }
        for text in ["", "ENC[AES256_GCM,]", "ENC[AES256_GCM,data:,iv:,tag:,type:str]", "ENC[AES256_GCM,data:A,iv:B,tag:C,type:str]"] {
            assert!(key.decrypt(text, ":").is_none());
        }
    }
}
