//! Texts by which a name is recognised before it is read: what they are, and where in it they must stand.

use crate::model::span::Span;

/// A text that a name holds, in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePart {
    /// The text, lower case.
    pub text: String,
    /// Where it must stand.
    pub bounds: Bounds,
}

/// Words of the rules that are the most frequent in programs, as parts of other words, too, those first that are found most often: counted in
/// 18 MB of Rust, Python and JavaScript.
#[rustfmt::skip]
const ORDINARY: &[&str] = &[
    "self", "type", "pat", "name", "ver", "all", "error", "set", "ext", "use", "string", "from", "key", "add", "data", "orm", "time",
    "match", "none", "options", "bind", "require", "default", "version", "ini", "node", "list", "object", "app", "start", "map",
    "token", "function", "url", "valid", "cache", "header", "expo", "log", "min", "init", "base", "found", "check", "param", "gin",
    "flag", "mode", "addr", "pin", "opts", "inter", "lock", "module", "debug", "http", "args", "hash", "sync", "config", "method",
    "allow", "next", "root", "script", "user", "ignore", "dev", "only", "run", "install", "pass", "headers", "auth", "lab", "env",
    "work", "conn", "unsafe", "invalid", "address", "api", "command", "peer", "client", "include", "license", "ident", "pip", "context",
    "required", "metadata", "tokens", "block", "inline", "https", "regex", "host", "values", "extra", "git", "empty", "local", "keys",
    "global", "python", "cert", "strict", "origin", "control", "ssl", "org", "web", "console", "errors", "server", "more", "protocol",
    "policy", "service", "proxy", "skip", "enable", "alg", "like", "connection", "public", "params", "signature", "validate", "bundle",
    "private", "auto", "rack", "password", "registry", "disable", "query", "scheme", "force", "without", "verify", "algorithm",
    "signed", "access", "redirect", "session", "certificate", "reject", "machine", "security", "tool", "network", "unknown",
    "parameters", "accept", "provider", "digest", "display", "show", "trust", "tls", "environment", "listen", "allowed", "enabled",
    "anon", "patterns", "listener",
];

/// What must begin and end where a text in a name does; the later, the fewer names hold it so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bounds {
    /// Nothing.
    Nowhere,
    /// A word ends with it, digits aside.
    End,
    /// It is a word, digits behind it aside.
    Word,
    /// It is the whole name.
    Whole,
}

impl NamePart {
    /// `text` where `bounds` say.
    #[must_use]
    pub fn new(text: &str, bounds: Bounds) -> Self {
        Self { text: text.to_ascii_lowercase(), bounds }
    }

    /// That of `words`, of which a name must have all, which the fewest names have: no ordinary one, if there is another, and of these the
    /// longest. `*` is none.
    #[must_use]
    pub fn rarest<'w>(words: impl Iterator<Item = &'w str>) -> Option<Self> {
        let rank = |word: &str| match word.len() {
            0..=2 => 0,
            _ => ORDINARY.iter().position(|known| *known == word).unwrap_or(ORDINARY.len()),
        };
        let rarest = words.filter(|word| *word != "*").max_by_key(|word| (rank(word), word.len()));
        rarest.map(|word| Self::new(word, Bounds::Word))
    }

    /// Whether every name that holds `other` holds this, too.
    #[must_use]
    pub fn is_in(&self, other: &Self) -> bool {
        let own = self.text.as_str();
        if own == other.text && self.bounds <= other.bounds {
            return true;
        }
        match (self.bounds, other.bounds) {
            (Bounds::Nowhere, _) => other.text.contains(own),
            (Bounds::End, Bounds::End | Bounds::Word) => other.text.ends_with(own),
            (Bounds::End | Bounds::Word, Bounds::Whole) => self.stands_in(&other.text),
            _ => false,
        }
    }

    /// Whether `name` holds it.
    #[must_use]
    pub fn stands_in(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        lower.match_indices(&self.text).any(|(at, found)| self.bounds.hold(name.as_bytes(), Span::new(at, at + found.len())))
    }
}

impl Bounds {
    /// Whether they hold for what stands at `at` of `text`, in a name. The start is told by the byte before it alone: what is no letter may be
    /// none of the name, as the number of a line.
    #[must_use]
    #[inline]
    pub fn hold(self, text: &[u8], at: Span) -> bool {
        let behind = |from: usize| text.get(from).copied().unwrap_or(0);
        let before = at.start.checked_sub(1).map_or(0, behind);
        let ends = || {
            let digits = text.get(at.end..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
            is_seam(text, at.end + digits)
        };
        match self {
            Self::Nowhere => true,
            Self::End => ends(),
            Self::Word => (before.is_ascii_digit() || is_seam(text, at.start)) && ends(),
            Self::Whole => {
                let goes_on = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
                !(before.is_ascii_alphabetic() || before == b'_' || goes_on(behind(at.end)))
            }
        }
    }
}

/// Whether one word ends and another may begin before `at`, as [`crate::model::key_path::words`] splits them.
#[inline]
fn is_seam(text: &[u8], at: usize) -> bool {
    let byte = |at: usize| text.get(at).copied().unwrap_or(0);
    let (before, here) = (at.checked_sub(1).map_or(0, byte), byte(at));
    if !before.is_ascii_alphanumeric() || !here.is_ascii_alphanumeric() {
        return true;
    }
    here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || byte(at + 1).is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    use super::{Bounds, NamePart};
    use crate::model::key_path::words;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn a_word_stands_where_names_are_split(name in "(id|ID|Id|key|Key|DB|s|x|X|2|_|-|[.]){1,6}", word in "id|key|db|s") {
            let digitless = |w: &String| w.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            let all = words(&name);
            // a digit before it may be none of the name
            let bare = |w: &String| digitless(w).rsplit(|c: char| c.is_ascii_digit()).next().unwrap_or_default().to_owned();
            let is_word = all.iter().any(|w| *w == word || digitless(w) == word || bare(w) == word);
            prop_assert_eq!(NamePart::new(&word, Bounds::Word).stands_in(&name), is_word, "{} {:?}", word, all);
            let is_end = all.iter().any(|w| w.ends_with(&word) || digitless(w).ends_with(&word));
            prop_assert_eq!(NamePart::new(&word, Bounds::End).stands_in(&name), is_end, "{} {:?}", word, all);
            if name.eq_ignore_ascii_case(&word) {
                prop_assert!(NamePart::new(&word, Bounds::Whole).stands_in(&name));
            }
        }

        #[test]
        fn what_is_in_another_stands_wherever_that_does(
            name in "(id|ID|key|Key|my|_|2){1,5}",
            (a, b) in ("(id|key|my|my_id|mykey)", "(id|key|my|my_id|mykey)"),
            (i, j) in (0..4_usize, 0..4_usize),
        ) {
            let all = [Bounds::Nowhere, Bounds::End, Bounds::Word, Bounds::Whole];
            let (a, b) = (NamePart::new(&a, all[i]), NamePart::new(&b, all[j]));
            let implied = !(a.is_in(&b) && b.stands_in(&name)) || a.stands_in(&name);
            prop_assert!(implied, "{:?} {:?} {}", a, b, name);
        }
    }

    #[test]
    fn parts_of_other_words_are_none() {
        let word = NamePart::new("id", Bounds::Word);
        for (name, is) in [("valid", false), ("node_id", true), ("nodeId", true), ("ID2", true), ("idle", false), ("UIDs", false)] {
            assert_eq!(word.stands_in(name), is, "{name}");
        }
        let whole = NamePart::new("id", Bounds::Whole);
        for (name, is) in [("id", true), ("node_id", false), ("--id", true), ("id_2", false)] {
            assert_eq!(whole.stands_in(name), is, "{name}");
        }
    }
}
