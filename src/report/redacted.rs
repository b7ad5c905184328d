//! A file with every value masked, for eyes that may see that a value changed and nothing of it: what `git diff` compares.
//!
//! Each value has a tag, a keyed hash that nobody computes who has not the key: the same value at the same place has the same tag. All text that is no
//! value (comments, order, what a format does not know) is one tag at the end, so that no change of a byte goes unseen.

use std::fmt::Write as _;

use super::printable::printable;
use crate::model::document::Document;
use crate::model::secret::MASK;
use crate::model::setting::{Portion, Role, Setting};
use crate::model::span::Span;

/// A keyed hash (a MAC) of some bytes; the first 32 bits of it are shown.
pub type Tag<'a> = dyn Fn(&[u8]) -> [u8; 32] + 'a;

/// The settings of `document` in their order, one a line: `db.password = MASK TAG`, those in comments with `#` before. Settings below `left_out`
/// are not told.
#[must_use]
pub fn redacted(document: &Document, left_out: &dyn Fn(&Setting) -> bool, tag: &Tag<'_>) -> String {
    let mut out = String::new();
    let mut cut: Vec<Span> = Vec::new();
    for setting in document.settings.iter().filter(|setting| setting.around.portion != Portion::Inner) {
        cut.push(setting.span);
        if left_out(setting) {
            continue;
        }
        let mark = if setting.role == Role::Commented { "# " } else { "" };
        let path = setting.key.to_string();
        let written = setting.span.of(&document.text);
        // writing to a String cannot fail
        let _ = match written {
            "" => writeln!(out, "{mark}{} = (empty)", printable(&path)),
            value => {
                writeln!(out, "{mark}{} = {MASK} {}", printable(&path), short(tag, &["value", &setting.part.to_string(), &path, value]))
            }
        };
    }
    let _ = writeln!(out, "(all other text) {}", short(tag, &["text", &without(&document.text, cut)]));
    out
}

/// `bytes` as a whole, where nothing in them is known.
#[must_use]
pub fn opaque(bytes: &[u8], tag: &Tag<'_>) -> String {
    format!("(all) {}\n", hex(tag(bytes)))
}

/// Eight hex digits for the parts, each bound by its length.
fn short(tag: &Tag<'_>, parts: &[&str]) -> String {
    let size = parts.iter().map(|part| part.len() + 8).sum();
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(size));
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    hex(tag(&bytes))
}

fn hex(tag: [u8; 32]) -> String {
    tag.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// `text` with a NUL in the place of each value.
fn without(text: &str, mut cut: Vec<Span>) -> zeroize::Zeroizing<String> {
    cut.sort_unstable();
    let mut out = zeroize::Zeroizing::new(String::with_capacity(text.len() + cut.len()));
    let mut from = 0;
    for span in cut {
        if span.start >= from {
            out.push_str(text.get(from..span.start).unwrap_or_default());
            out.push('\0');
        }
        from = from.max(span.end);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::{opaque, redacted};
    use crate::model::environment::Environment;
    use crate::model::secret::{MASK, Secret};
    use crate::model::setting::{Quoting, Role, Setting};
    use crate::model::span::{LineIndex, Span};
    use crate::model::{document::Document, key_path::KeyPath};

    /// Not keyed: tests only.
    fn tag(bytes: &[u8]) -> [u8; 32] {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let mut out = [0; 32];
        out[..8].copy_from_slice(&hasher.finish().to_le_bytes());
        out
    }

    fn document(text: &str, settings: &[(&str, &str, Role)]) -> Document {
        let mut from = 0;
        let settings = settings.iter().map(|(name, value, role)| {
            let start = from + text[from..].find(value).expect("it is there");
            from = start + value.len();
            let span = Span::new(start, from);
            let mut setting = Setting::new(KeyPath::of(name), span, Secret::copy_of(value), span, Quoting::Plain);
            setting.role = *role;
            setting
        });
        Document {
            path: ".env".to_owned(),
            format: "env",
            environment: Environment::Production,
            settings: settings.collect(),
            text: zeroize::Zeroizing::new(text.to_owned()),
            lossy: false,
            lines: LineIndex::new(text),
            fault: None,
            marks: None,
        }
    }

    fn lines(text: &str) -> Vec<String> {
        let settings = [("A", "kettle", Role::Live), ("B", "drum", Role::Commented)];
        let settings: Vec<_> = settings.into_iter().filter(|(_, value, _)| text.contains(value)).collect();
        redacted(&document(text, &settings), &|_| false, &tag).lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_changes_is_told_and_nothing_of_it() {
        let before = lines("# x\nA=kettle\n# B=drum\n");
        assert_eq!(before.len(), 3);
        assert!(before[0].starts_with(&format!("A = {MASK} ")) && before[1].starts_with("# B = ") && before[2].starts_with("(all other"));
        assert!(!before.concat().contains("kettle") && !before.concat().contains("drum"));
        // a comment
        let after = lines("# y\nA=kettle\n# B=drum\n");
        assert_eq!(before[..2], after[..2]);
        assert_ne!(before[2], after[2]);
        // one value under another name
        let other = redacted(&document("A=kettle\n", &[("C", "kettle", Role::Live)]), &|_| false, &tag);
        assert_ne!(other.split(' ').nth(3), before[0].split(' ').nth(3));
        // left out: neither told, nor part of the other text
        let both = [("A", "kettle", Role::Live), ("B", "drum", Role::Live)];
        let two = redacted(&document("A=kettle\nB=drum\n", &both), &|s| s.name() == "B", &tag);
        assert_eq!(two.lines().count(), 2);
        assert_ne!(opaque(b"a", &tag), opaque(b"b", &tag));
    }
}
