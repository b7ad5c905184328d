//! Where in a file's own structure a setting stands, and the words of its name.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::shown::{known_by, shown};

/// A name on a [`KeyPath`]. Shared by the paths below it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A name in a map, a section, or the variable of an assignment.
    Key(Name),
    /// A place in a list, from 0.
    Index(usize),
}

/// The path from the top of a file to a setting, shown as `a.b[2]."c.d"`; of a name that holds a secret without it (`shown`). Shared: a copy costs
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct KeyPath(Arc<[Segment]>);

impl KeyPath {
    /// A path of one name: what env files have.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(Arc::new([Segment::Key(name.into())]))
    }

    /// The path below this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        self.with(Segment::Key(name.into()))
    }

    /// The list item below this one.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// The path `below`, put under this one.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(self.0.iter().chain(below.0.iter()).cloned().collect())
    }

    fn with(&self, segment: Segment) -> Self {
        // by the length, which the iterator knows: one allocation
        Self(self.0.iter().cloned().chain(std::iter::once(segment)).collect())
    }

    /// The path one step up; `None` at the top.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.into()))
    }

    /// The map that the setting stands in, list places left out: the items of `environment:` stand together whether it is a list or a map.
    #[must_use]
    pub fn scope(&self) -> Self {
        Self(self.scope_segments().into())
    }

    /// The item of a list that the setting stands in, as a whole path; `None` where it stands in no map that is one.
    #[must_use]
    pub fn list_item(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        matches!(above.last(), Some(Segment::Index(_))).then(|| Self(above.into()))
    }

    /// The steps of [`Self::scope`].
    #[must_use]
    pub fn scope_segments(&self) -> &[Segment] {
        let mut path = self.0.split_last().map_or(&[][..], |(_, above)| above);
        while let Some((Segment::Index(_), above)) = path.split_last() {
            path = above;
        }
        path
    }

    /// The steps, from the top.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last name on the path, list places skipped; empty for the top.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names().last().unwrap_or("")
    }

    /// The name of the map that holds the setting; empty at the top.
    #[must_use]
    pub fn parent_name(&self) -> &str {
        self.names().rev().nth(1).unwrap_or("")
    }

    /// All names on the path, list places skipped, from the top.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|s| match s {
            Segment::Key(name) => Some(name.as_str()),
            Segment::Index(_) => None,
        })
    }

    /// Whether the path matches `pattern`: names separated by `.`, `*` for any one name, `**` for any run of steps, `[*]` for a list place.
    /// Names compare without case.
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        // most patterns end in a name, and most paths in another
        let last = pattern.rsplit('.').next().unwrap_or_default();
        let other = |step: &Segment| !matches!(step, Segment::Key(name) if name.eq_ignore_ascii_case(last));
        if !last.is_empty() && !last.contains('*') && self.0.last().is_none_or(other) {
            return false;
        }
        let parts: Vec<&str> = pattern.split('.').flat_map(|p| p.split_inclusive("[*]").flat_map(split_item)).collect();
        glob(&parts, &self.0)
    }
}

fn split_item(part: &str) -> impl Iterator<Item = &str> {
    let (name, item) = part.strip_suffix("[*]").map_or((part, None), |name| (name, Some("[*]")));
    (!name.is_empty()).then_some(name).into_iter().chain(item)
}

fn glob(pattern: &[&str], path: &[Segment]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => glob(rest, path) || path.split_first().is_some_and(|(_, below)| glob(pattern, below)),
        (Some((p, rest)), Some((step, below))) => {
            let fits = match step {
                Segment::Key(name) => *p == "*" || (*p != "[*]" && p.eq_ignore_ascii_case(name)),
                Segment::Index(_) => *p == "[*]",
            };
            fits && glob(rest, below)
        }
        _ => false,
    }
}

/// What stands for what is hidden of a name.
const BULLET: char = '•';

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f, shown)
    }
}

impl KeyPath {
    /// The path in the same grammar with what tells its names from others (`known_by`); a name that `is_token` is as it is shown.
    /// For hashes: it is not to be shown.
    #[must_use]
    pub fn known_by(&self, is_token: impl Fn(&str) -> bool) -> String {
        let mut out = String::new();
        // writing to a String cannot fail
        let _ = self.spell(&mut out, |name| if is_token(name) { shown(name) } else { known_by(name) });
        out
    }

    fn spell<'a>(&'a self, f: &mut impl fmt::Write, form: impl Fn(&'a str) -> Cow<'a, str>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(name) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    let name = form(name);
                    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '@' | '$'));
                    if plain {
                        f.write_str(&name)?;
                    } else {
                        f.write_str("\"")?;
                        for c in name.chars() {
                            if c == BULLET { write!(f, "{c}")? } else { write!(f, "{}", c.escape_default())? }
                        }
                        f.write_str("\"")?;
                    }
                }
                Segment::Index(n) => write!(f, "[{n}]")?,
            }
        }
        Ok(())
    }
}

/// Why a text is no path; never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a path like `a.b[2].\"c.d\"`: {0}")]
pub struct BadPath(&'static str);

impl std::str::FromStr for KeyPath {
    type Err = BadPath;

    /// Reads the grammar that [`fmt::Display`] writes; a name without quotes may hold anything but `.`, `[`, `]` and `"`.
    fn from_str(text: &str) -> Result<Self, BadPath> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let (step, after) = if let Some(inside) = rest.strip_prefix('[').filter(|_| !steps.is_empty()) {
                let (number, after) = inside.split_once(']').ok_or(BadPath("`[` without `]`"))?;
                (Segment::Index(number.parse().map_err(|_| BadPath("between `[` and `]` stands a number from 0"))?), after)
            } else {
                let rest = if steps.is_empty() { rest } else { rest.strip_prefix('.').ok_or(BadPath("steps are separated by `.`"))? };
                match rest.strip_prefix('"') {
                    Some(inside) => quoted(inside)?,
                    None => {
                        let end = rest.find(['.', '[', ']', '"']).unwrap_or(rest.len());
                        let (name, after) =
                            rest.split_at_checked(end).filter(|(name, _)| !name.is_empty()).ok_or(BadPath("a name is empty"))?;
                        (Segment::Key(name.into()), after)
                    }
                }
            };
            steps.push(step);
            rest = after;
            if rest.is_empty() {
                return Ok(Self(steps.into()));
            }
        }
    }
}

/// A name up to its closing quote, and what follows.
fn quoted(text: &str) -> Result<(Segment, &str), BadPath> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Segment::Key(name.as_str().into()), text.get(at + 1..).unwrap_or_default())),
            '\\' => name.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, 'r')) => '\r',
                Some((_, 't')) => '\t',
                Some((at, 'u')) => {
                    let code = text.get(at + 1..).and_then(|t| t.strip_prefix('{')).and_then(|t| t.split_once('}')).map(|(code, _)| code);
                    let found = code.and_then(|code| Some((code.len(), char::from_u32(u32::from_str_radix(code, 16).ok()?)?)));
                    let (len, found) = found.ok_or(BadPath("`\\u` takes a code in braces, `\\u{e4}`"))?;
                    chars.by_ref().take(len + 2).for_each(drop);
                    found
                }
                Some((_, other)) => other,
                None => break,
            }),
            other => name.push(other),
        }
    }
    Err(BadPath("a quote is not closed"))
}

/// Whether `words` are those of `pattern`, in which `*` stands for any run of words.
#[must_use]
pub fn words_fit<P: AsRef<str>>(pattern: &[P], words: &[String]) -> bool {
    // behind the last `*`, and the first word that it has not taken yet: an earlier one need not take more
    let (mut at, mut next, mut star) = (0, 0, None);
    while let Some(word) = words.get(next) {
        match pattern.get(at).map(AsRef::as_ref) {
            Some("*") => {
                at += 1;
                star = Some((at, next));
            }
            Some(own) if own == word => (at, next) = (at + 1, next + 1),
            _ => {
                let Some((behind, taken)) = star else { return false };
                (at, next) = (behind, taken + 1);
                star = Some((at, next));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|rest| rest.as_ref() == "*")
}

/// The lower-case words of a name: split at `_ - . : / space`, at a change of case, with digits staying on the word they follow.
///
/// `DB_PASSWORD`, `dbPassword` and `db-password` all give `[db, password]`; `OAuth2Secret` gives `[o, auth2, secret]`.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    if name.is_ascii() { words_of_ascii(name) } else { words_of_any(name) }
}

/// [`words`] of a name in ASCII: all but a few.
fn words_of_ascii(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut push = |from: usize, to: usize| {
        let word = name.get(from..to).unwrap_or_default();
        if !word.is_empty() {
            out.push(word.to_ascii_lowercase());
        }
    };
    let bytes = name.as_bytes();
    let (mut start, mut before) = (0, 0_u8);
    for (at, &b) in bytes.iter().enumerate() {
        if !b.is_ascii_alphanumeric() {
            push(start, at);
            start = at + 1;
        } else if b.is_ascii_uppercase() && at > start {
            let rises = before.is_ascii_lowercase() || before.is_ascii_digit();
            let acronym_ends = before.is_ascii_uppercase() && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if rises || acronym_ends {
                push(start, at);
                start = at;
            }
        }
        before = b;
    }
    push(start, name.len());
    out
}

fn words_of_any(name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before: Option<char> = None;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            before = Some(c);
            continue;
        }
        if c.is_uppercase() && !word.is_empty() {
            let rises = before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit());
            let acronym_ends = before.is_some_and(char::is_uppercase) && chars.peek().is_some_and(|a| a.is_lowercase());
            if rises || acronym_ends {
                out.push(std::mem::take(&mut word));
            }
        }
        if c.is_ascii() {
            word.push(c.to_ascii_lowercase());
        } else {
            word.extend(c.to_lowercase());
        }
        before = Some(c);
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{KeyPath, words, words_fit, words_of_any};

    #[test]
    fn items_of_a_list_share_the_scope_of_a_map() {
        let environment = KeyPath::of("services").child("db").child("environment");
        assert_eq!(environment.item(2).child("PASSWORD").scope(), environment);
        assert_eq!(environment.child("PASSWORD").scope(), environment);
        assert_eq!(KeyPath::of("PASSWORD").scope(), KeyPath::default());
    }

    #[test]
    fn a_star_stands_for_any_run_of_words() {
        let own = words("SMTP_RELAY_PASSWORD");
        for (pattern, fits) in
            [(&["*", "password"][..], true), (&["smtp", "*"], true), (&["*", "relay", "*"], true), (&["password"], false), (&["*"], true)]
        {
            assert_eq!(words_fit(pattern, &own), fits, "{pattern:?}");
        }
    }

    #[test]
    fn paths_print_in_the_documented_grammar() {
        let path = KeyPath::of("a").child("b").item(2).child("c.d");
        assert_eq!(path.to_string(), "a.b[2].\"c.d\"");
        assert_eq!(path.name(), "c.d");
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let top = || KeyPath::of("a");
        for path in [
            top().child("b").item(2).child("c.d"),
            top().item(0).item(10),
            KeyPath::of("").child("x[1]").child("q\"\\"),
            KeyPath::of("line\nend").child("\u{1}\u{e4} b"),
            KeyPath::of("$schema").child("@id/x-y_z"),
        ] {
            assert_eq!(path.to_string().parse(), Ok(path.clone()), "{path}");
        }
        for (text, path) in [("a b", KeyPath::of("a b")), ("A=b", KeyPath::of("A=b"))] {
            assert_eq!(text.parse(), Ok(path));
        }
        for bad in ["", ".", "a.", ".a", "a..b", "[0]", "a[", "a[x]", "a[1", "a]b", "a\"b", "\"a", "\"a\"b", "a[0]b", "\"\\u{zz}\""] {
            assert!(bad.parse::<KeyPath>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_read_again(names in proptest::collection::vec(proptest::prelude::any::<String>(), 1..4), text in proptest::prelude::any::<String>()) {
            let _ = text.parse::<KeyPath>();
            let path = names.iter().fold(KeyPath::default(), |path, name| path.child(name));
            // a name that holds a secret is not printed as it is
            if path.to_string().find('\u{2022}').is_none() {
                proptest::prop_assert_eq!(path.to_string().parse(), Ok(path));
            }
        }
    }

    #[test]
    fn words_split_at_case_and_separators() {
        for name in ["DB_PASSWORD", "dbPassword", "db-password", "db.password", "DBPassword"] {
            assert_eq!(words(name), ["db", "password"], "{name}");
        }
        assert_eq!(words("AIRFLOW__CORE__FERNET_KEY"), ["airflow", "core", "fernet", "key"]);
        assert_eq!(words("s3SecretKey"), ["s3", "secret", "key"]);
    }

    /// What [`words_fit`] is to say, tried in every way.
    fn fits(pattern: &[String], words: &[String]) -> bool {
        match (pattern.split_first(), words.split_first()) {
            (None, _) => words.is_empty(),
            (Some((p, rest)), _) if p == "*" => (0..=words.len()).any(|taken| fits(rest, &words[taken..])),
            (Some((p, rest)), Some((word, below))) => p == word && fits(rest, below),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_star_takes_what_lets_the_rest_fit(pattern in vec("[ab*]", 0..6), words in vec("[ab]", 0..8)) {
            prop_assert_eq!(words_fit(&pattern, &words), fits(&pattern, &words));
        }

        #[test]
        fn names_in_ascii_have_the_words_of_any(name in "[a-zA-Z0-9_. -]{0,24}") {
            prop_assert_eq!(words(&name), words_of_any(&name));
        }
    }

    #[test]
    fn globs_match_names_and_items() {
        let path = KeyPath::of("services").child("db").child("ports").item(0);
        assert!(path.matches("services.*.ports[*]"));
        assert!(path.matches("**.ports[*]"));
        assert!(path.matches("services.**"));
        assert!(!path.matches("services.*.ports"));
    }
}
