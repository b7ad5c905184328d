//! What production takes over from development: a map of YAML that it merges (`<<: *development`) or is (`production: *test`), the class that
//! its class is made from, the object that it spreads. Such a value is production's, unless that says another one.

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::{self, Label};
use crate::model::document::Document;
use crate::model::setting::{Role, Setting};

/// A map or value of YAML with a name that aliases go by.
struct Anchor<'d> {
    part: usize,
    name: &'d str,
    path: Vec<&'d str>,
}

/// A place at which an alias stands.
struct Alias<'d> {
    part: usize,
    name: &'d str,
    path: Vec<&'d str>,
}

/// Aliases and anchors of one document that are compared: more are a list of something.
const MOST: usize = 64;

/// For each setting of a YAML document, whether it is taken over by a part that is not for development.
pub(super) fn aliased(document: &Document, is_development: fn(&str) -> bool) -> Vec<bool> {
    let text = document.text.as_str();
    let word = |rest: &'_ str| rest.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len());
    let aliases: Vec<Alias<'_>> = document
        .settings
        .iter()
        .filter(|s| s.role == Role::Alias)
        .filter_map(|s| {
            let rest = text.get(s.span.start..)?.strip_prefix('*')?;
            let path = s.key.names().filter(|n| *n != "<<").collect();
            Some(Alias { part: s.part, name: rest.get(..word(rest))?, path })
        })
        .take(MOST)
        .collect();
    let mut taken = vec![false; document.settings.len()];
    if aliases.is_empty() {
        return taken;
    }
    let anchors = anchors(document);
    let below = |path: &[&str], prefix: &[&str]| path.len() >= prefix.len() && path.get(..prefix.len()) == Some(prefix);
    // what one takes over may take over another
    let mut live: Vec<bool> = aliases.iter().map(|a| !a.path.iter().any(|n| is_development(n))).collect();
    for _ in 0..aliases.len().min(8) {
        for (i, alias) in aliases.iter().enumerate() {
            let over = |anchor: &&Anchor<'_>| anchor.part == alias.part && below(&alias.path, &anchor.path);
            let taken = anchors
                .iter()
                .filter(over)
                .any(|a| aliases.iter().zip(&live).any(|(by, live)| *live && by.part == a.part && by.name == a.name));
            if taken && let Some(known) = live.get_mut(i) {
                *known = true;
            }
        }
    }
    let paths: Vec<Vec<&str>> = document.settings.iter().map(|s| s.key.names().collect()).collect();
    let own: BTreeMap<(usize, &[&str]), usize> = document
        .settings
        .iter()
        .zip(&paths)
        .enumerate()
        .filter(|(_, (s, _))| s.role != Role::Commented)
        .map(|(i, (s, p))| ((s.part, p.as_slice()), i))
        .collect();
    for ((setting, path), taken) in document.settings.iter().zip(&paths).zip(&mut taken) {
        *taken = anchors.iter().filter(|a| a.part == setting.part && below(path, &a.path)).any(|anchor| {
            let rest = path.get(anchor.path.len()..).unwrap_or_default();
            aliases.iter().zip(&live).filter(|(by, live)| **live && by.part == anchor.part && by.name == anchor.name).any(|(by, _)| {
                let there: Vec<&str> = by.path.iter().chain(rest).copied().collect();
                // a value that stands there itself is the one that counts
                rest.is_empty() || !own.contains_key(&(setting.part, there.as_slice()))
            })
        });
    }
    taken
}

/// The anchors of a document, each with what it names: the map or value behind `name: &anchor`.
fn anchors(document: &Document) -> Vec<Anchor<'_>> {
    let text = document.text.as_str();
    let mut by_start: Vec<(usize, &Setting)> =
        document.settings.iter().filter(|s| s.role != Role::Commented).map(|s| (s.span.start.max(s.key_span.start), s)).collect();
    by_start.sort_by_key(|(start, _)| *start);
    let anchor = |(at, _): (usize, &str)| {
        let rest = text.get(at + 1..)?;
        let name =
            rest.get(..rest.find(|c: char| c.is_whitespace() || ",[]{}".contains(c)).unwrap_or(rest.len())).filter(|n| !n.is_empty())?;
        let line = text.get(..at)?.rsplit(['\n', '{', ',']).next()?.trim();
        let key = line.strip_suffix(':')?.trim_start_matches("- ").trim().trim_matches(['"', '\'']);
        let next = by_start.partition_point(|(start, _)| *start < at);
        let (_, first) = by_start.get(next)?;
        let names: Vec<&str> = first.key.names().collect();
        let depth = names.iter().position(|n| *n == key)? + 1;
        Some(Anchor { part: first.part, name, path: names.get(..depth)?.to_vec() })
    };
    text.match_indices('&').filter_map(anchor).take(MOST).collect()
}

/// A class of a program in Python.
pub(super) struct Class<'t> {
    /// Where it begins and ends.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its name.
    pub(super) name: &'t str,
    /// What it is made from.
    pub(super) bases: Vec<&'t str>,
    /// Whether it is named for development.
    pub(super) development: bool,
}

/// Which classes of a program are made from which, and what each of them sets.
pub(super) struct Classes<'t> {
    all: Vec<Class<'t>>,
    /// Classes by what they are made from.
    children: BTreeMap<&'t str, Vec<usize>>,
    /// Names that each class sets.
    sets: Vec<BTreeSet<&'t str>>,
    /// What was asked already: a name of a class, and whether it is taken over.
    known: BTreeMap<(usize, String), bool>,
}

impl<'t> Classes<'t> {
    /// `all` in the order in which they stand in `text`.
    pub(super) fn of(text: &'t str, all: Vec<Class<'t>>) -> Self {
        let mut children: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, class) in all.iter().enumerate() {
            class.bases.iter().for_each(|base| children.entry(base).or_default().push(i));
        }
        let set = |line: &'t str| line.find(['=', ':']).and_then(|end| line.get(..end)).map(str::trim);
        let sets = all.iter().map(|c| text.get(c.start..c.end).unwrap_or("").lines().filter_map(set).collect()).collect();
        Self { all, children, sets, known: BTreeMap::new() }
    }

    /// The class for development that `at` stands in.
    pub(super) fn development_at(&self, at: usize) -> Option<usize> {
        let i = self.all.partition_point(|class| class.start <= at).checked_sub(1)?;
        self.all.get(i).filter(|class| class.development && at < class.end).map(|_| i)
    }

    /// Whether a class that is not for development is made from the class `of` and takes over `name`, as no class between them sets it.
    pub(super) fn hands_on(&mut self, of: usize, name: &str) -> bool {
        if let Some(known) = self.known.get(&(of, name.to_owned())) {
            return *known;
        }
        let found = self.heirs_take(of, name);
        self.known.insert((of, name.to_owned()), found);
        found
    }

    fn heirs_take(&self, of: usize, name: &str) -> bool {
        let Some(first) = self.all.get(of) else { return false };
        let mut family = BTreeSet::from([first.name]);
        let (mut open, mut looked) = (vec![first.name], 0);
        while let Some(base) = open.pop() {
            for child in self.children.get(base).into_iter().flatten() {
                looked += 1;
                // nobody can say of so many that none of them goes live
                if looked > MOST_HEIRS {
                    return true;
                }
                let Some(class) = self.all.get(*child) else { continue };
                let sets = self.sets.get(*child).is_some_and(|sets| sets.contains(name));
                if sets || !family.insert(class.name) {
                    continue;
                }
                if !class.development {
                    return true;
                }
                open.push(class.name);
            }
        }
        false
    }
}

/// Classes made from one that are looked at.
const MOST_HEIRS: usize = 256;

/// Objects for development that another one spreads, in a program in JavaScript: their names, and what stands in the other one behind it.
pub(super) fn spreads(text: &str, is_development: fn(&str) -> bool) -> Vec<(&str, &str)> {
    let spread = |(at, _): (usize, &str)| {
        let rest = text.get(at + 3..)?;
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '$'))).unwrap_or(rest.len());
        let name = rest.get(..end)?.rsplit('.').next().filter(|n| is_development(n))?;
        let around = blocks::around(text, at, Label::Member);
        if around.iter().any(|n| is_development(n)) {
            return None;
        }
        let behind = rest.get(end..)?;
        let mut depth = 0_usize;
        let close = behind.char_indices().find(|(_, c)| match c {
            '{' => {
                depth += 1;
                false
            }
            '}' if depth == 0 => true,
            '}' => {
                depth -= 1;
                false
            }
            _ => false,
        });
        Some((name, behind.get(..close.map_or(behind.len(), |(i, _)| i))?))
    };
    text.match_indices("...").filter_map(spread).take(MOST).collect()
}

/// Whether `behind`, the rest of an object, says anew what is called `name` or stands below one of `around`.
pub(super) fn says_anew(behind: &str, names: &[&str]) -> bool {
    let said = |name: &&str| {
        behind.match_indices(*name).any(|(at, hit)| {
            let before = behind.get(..at).is_none_or(|b| !b.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            let after = behind.get(at + hit.len()..).unwrap_or("").trim_start_matches(['"', '\'']).trim_start();
            before && after.starts_with(':')
        })
    };
    names.iter().filter(|n| !n.is_empty()).any(said)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::{Duration, Instant};

    use crate::config::stage::{Defaults, settle};
    use crate::formats;
    use crate::model::environment::Environment;

    /// How long it takes to settle a program of `many` classes, each made from the one that `base` says.
    fn time(many: usize, base: fn(usize) -> String) -> Duration {
        let mut text = String::from("class ProductionConfig:\n    PORT = 1\nclass DevelopmentConfig:\n    PASSWORD = \"hunter2\"\n");
        for i in 0..many {
            let _ = write!(text, "class C{i}DevelopmentConfig({}):\n    PASSWORD_{i} = \"hunter2\"\n", base(i));
        }
        let document = formats::parse("config.py", text.as_bytes(), Environment::Production);
        assert!(document.settings.len() > many, "{} settings", document.settings.len());
        let all = (0..3).map(|_| {
            let mut document = document.clone();
            let start = Instant::now();
            settle(&mut document, Defaults::No);
            start.elapsed()
        });
        all.min().unwrap_or_default()
    }

    /// Ten times the classes may take ten times as long, and not a hundred times.
    #[test]
    fn many_classes_cost_no_more_than_their_lines() {
        let bases: [fn(usize) -> String; 3] = [
            |_| "DevelopmentConfig".to_owned(),
            |i| i.checked_sub(1).map_or_else(|| "DevelopmentConfig".to_owned(), |i| format!("C{i}DevelopmentConfig")),
            |i| if i == 0 { "DevelopmentConfig".to_owned() } else { format!("C{}DevelopmentConfig", (i - 1) / 2) },
        ];
        for base in bases {
            let (few, many) = (time(400, base), time(4_000, base));
            assert!(many < few * 40 + Duration::from_millis(100) && many < Duration::from_secs(10), "{few:?}, then {many:?}");
        }
    }
}
