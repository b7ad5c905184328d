//! Where the former key of a program goes, so that what was made with it is still read: `APP_PREVIOUS_KEYS`, `*_FALLBACKS`, a list of keys.

/// How the former keys stand in their setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RingForm {
    /// One key and no more.
    Single,
    /// Separated by commas, the last former one first.
    Comma,
    /// A JSON list of texts, the last former one first.
    Json,
    /// One a line, the current one last.
    Lines,
}

/// Where the former key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The setting's name, in which `*` stands for the key's own name without `tail`. Empty where the key's own value becomes the list.
    pub(super) setting: &'static str,
    /// The end of the key's name that does not count for `setting`.
    pub(super) tail: &'static str,
    /// How the keys stand there.
    pub form: RingForm,
    /// Whether the program refuses a key of another form than the generator's: nothing can have been made with one.
    pub strict: bool,
    /// Whether it counts only where the setting stands in the file already.
    pub present: bool,
    /// What whoever knows the former key can do as long as it stands there; goes on from "whoever knows the old key can".
    pub open: &'static str,
    /// What follows, and when the former key may go.
    pub then: &'static str,
}

impl Ring {
    /// Whether the key's own value becomes the list.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.setting.is_empty()
    }

    /// The name of the setting that holds the former keys of the key called `own`, spelled as that one is; `own` itself for a list in its
    /// own value, `None` where the key is called otherwise than the ring knows.
    ///
    /// ```
    /// use harden::rules::kinds::kind_among;
    /// let name = |own: &str, programs: &[&str]| kind_among("", own, programs).rings.first().and_then(|r| r.name(own)).unwrap_or_default();
    /// assert_eq!(name("APP_KEY", &[]), "APP_PREVIOUS_KEYS");
    /// assert_eq!(name("DJANGO_SECRET_KEY", &[]), "DJANGO_SECRET_KEY_FALLBACKS");
    /// assert_eq!(name("encryptionKey", &["retool"]), "encryptionKeyOld");
    /// ```
    #[must_use]
    pub fn name(&self, own: &str) -> Option<String> {
        if self.is_own() {
            return Some(own.to_owned());
        }
        let shouted = !own.chars().any(char::is_lowercase);
        let camel = !shouted && !own.contains(['_', '-']);
        let Some((before, after)) = self.setting.split_once('*') else {
            return Some(match (shouted, camel) {
                (true, _) => self.setting.to_owned(),
                (_, true) => camel_case(self.setting, false),
                _ => self.setting.to_lowercase(),
            });
        };
        let cut = own.len().checked_sub(self.tail.len()).filter(|cut| own.is_char_boundary(*cut))?;
        let (stem, tail) = own.split_at(cut);
        if !tail.eq_ignore_ascii_case(self.tail) {
            return None;
        }
        // a name of the data in the spelling of files (`keyRotation.x`) is shouted with underscores in the environment
        Some(match (shouted, camel) {
            (true, _) => format!("{}{stem}{}", before.to_uppercase(), after.replace('.', "_").to_uppercase()),
            (_, true) if after.starts_with('_') => format!("{stem}{}", camel_case(after, true)),
            (_, true) if before.ends_with('_') => format!("{}{}{after}", camel_case(before, false), capital(stem)),
            (_, true) => format!("{before}{stem}{after}"),
            _ => {
                let joint = |part: &str| if own.contains('_') { part.to_lowercase() } else { part.to_lowercase().replace('_', "-") };
                format!("{}{stem}{}", joint(before), joint(after))
            }
        })
    }
}

/// `A_PREVIOUS_KEY` as `aPreviousKey`; with `inner` its first word, too, begins with a capital.
fn camel_case(name: &str, inner: bool) -> String {
    let words = name.split('_').filter(|w| !w.is_empty()).map(str::to_lowercase);
    words.enumerate().map(|(i, word)| if i > 0 || inner { capital(&word) } else { word }).collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Ring, RingForm};

    fn ring(setting: &'static str, tail: &'static str) -> Ring {
        Ring { setting, tail, form: RingForm::Single, strict: false, present: false, open: "", then: "" }
    }

    #[test]
    fn a_ring_is_spelled_as_its_key_is() {
        for (setting, tail, own, name) in [
            ("APP_PREVIOUS_KEYS", "", "APP_KEY", Some("APP_PREVIOUS_KEYS")),
            ("APP_PREVIOUS_KEYS", "", "app_key", Some("app_previous_keys")),
            ("APP_PREVIOUS_KEYS", "", "appKey", Some("appPreviousKeys")),
            ("*_OLD", "", "ENCRYPTION_KEY", Some("ENCRYPTION_KEY_OLD")),
            ("*_OLD", "", "encryption_key", Some("encryption_key_old")),
            ("*_OLD", "", "encryption-key", Some("encryption-key-old")),
            ("PREVIOUS_*", "", "ENCRYPTION_KEY", Some("PREVIOUS_ENCRYPTION_KEY")),
            ("PREVIOUS_*", "", "encryptionKey", Some("previousEncryptionKey")),
            ("*_PREVIOUS_KEYS", "_KEY", "ENCRYPTION_KEY", Some("ENCRYPTION_PREVIOUS_KEYS")),
            ("*_PREVIOUS_KEYS", "_KEY", "DATA_CIPHER", None),
            ("*keyRotation.decryptionOnlyKeys", "encryptionKey", "xpack.a.encryptionKey", Some("xpack.a.keyRotation.decryptionOnlyKeys")),
            ("*keyRotation.decryptionOnlyKeys", "encryptionKey", "XPACK_A_ENCRYPTIONKEY", Some("XPACK_A_KEYROTATION_DECRYPTIONONLYKEYS")),
            ("*keyRotation.decryptionOnlyKeys", "encryptionKey", "é", None),
            ("", "", "FERNET_KEY", Some("FERNET_KEY")),
        ] {
            assert_eq!(ring(setting, tail).name(own).as_deref(), name, "{setting} of {own}");
        }
    }
}
