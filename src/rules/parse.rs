//! Rule files as written in TOML, read with a place for every error.
//!
//! `build.rs` compiles this file, too: the built-in rules and a user's own are read by the same code.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml_edit::de::from_str;

use super::schema::{
    Argument, Example, List, Override, Predicate, Prose, Reach, Repair, Rule, RuleError, RuleFile, SeverityWhen, Strategy, Text, Written,
};
use crate::model::severity::Class;

/// Reads a rule file.
///
/// # Errors
/// [`RuleError`] with the place: no TOML, an unknown or missing field, a word out of its list, an id that is not kebab-case.
pub fn parse(text: &str) -> Result<RuleFile, RuleError> {
    let at = |span: Option<std::ops::Range<usize>>, message: &str| place(text, span.map_or(0, |s| s.start), message);
    let document = toml_edit::Document::parse(text).map_err(|e| at(e.span(), e.message()))?;
    let starts = rule_starts(&document);
    let raw: RawFile = from_str(text).map_err(|e| at(e.span(), &without_values(e.message())))?;
    if raw.schema != 1 {
        return Err(place(text, 0, &format!("schema {} is not known; this version reads schema 1", raw.schema)));
    }
    let mut file = RuleFile { overrides: raw.overrides, ..RuleFile::default() };
    for (i, rule) in raw.rule.into_iter().enumerate() {
        let start = starts.get(i).copied().unwrap_or(0);
        let id = rule.id.clone();
        file.rules.push(written(rule).map_err(|message| place(text, start, &format!("rule `{id}`: {message}")))?);
    }
    Ok(file)
}

/// serde's `invalid type: string "...", expected ...` without the part that quotes the file.
fn without_values(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((said, expected)) if said.starts_with("invalid") => {
            format!("expected {}", if expected == "u32" { "a number" } else { expected })
        }
        _ => message.to_owned(),
    }
}

fn place(text: &str, offset: usize, message: &str) -> RuleError {
    let before = text.get(..offset.min(text.len())).unwrap_or("");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    RuleError { line, column, message: message.lines().next().unwrap_or("").to_owned() }
}

/// Where each `[[rule]]` begins: errors inside one name this place.
fn rule_starts(document: &toml_edit::Document<&str>) -> Vec<usize> {
    let rules = document.as_table().get("rule").and_then(|item| item.as_array_of_tables());
    rules.map(|list| list.iter().map(|t| t.span().map_or(0, |s| s.start)).collect()).unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    schema: u32,
    #[serde(default)]
    rule: Vec<RawRule>,
    #[serde(default, rename = "override")]
    overrides: Vec<Override>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    title: String,
    class: String,
    #[serde(default)]
    topic: String,
    severity: String,
    confidence: String,
    #[serde(default)]
    profile: Option<String>,
    message: String,
    #[serde(default)]
    help: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    controls: BTreeMap<String, Vec<Raw>>,
    #[serde(default, rename = "where")]
    place: RawWhere,
    #[serde(rename = "match")]
    predicate: BTreeMap<String, Raw>,
    #[serde(default)]
    severity_when: Vec<RawWhen>,
    fix: RawFix,
    #[serde(default)]
    test: Vec<Example>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawWhere {
    #[serde(default)]
    formats: Vec<String>,
    #[serde(default)]
    path: String,
    #[serde(default)]
    files: RawFiles,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawFiles {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWhen {
    #[serde(rename = "if")]
    case: BTreeMap<String, Raw>,
    set: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFix {
    strategy: String,
    fix: String,
    #[serde(default)]
    set: String,
    #[serde(default)]
    map: Vec<RawMap>,
    #[serde(default)]
    needs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
    regex: String,
    to: String,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Raw {
    Flag(bool),
    Number(i64),
    Word(String),
    List(Vec<Raw>),
    Table(BTreeMap<String, Raw>),
}

fn written(raw: RawRule) -> Result<Written, String> {
    let kebab = raw.id.split('-').all(|w| !w.is_empty() && w.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if !kebab {
        return Err("an id is kebab-case: lower-case words joined by `-`".to_owned());
    }
    let (cwe, controls): (Vec<_>, Vec<_>) = raw.controls.into_iter().partition(|(name, _)| name == "cwe");
    let prose = Prose {
        why: raw.why.into(),
        references: texts(raw.references),
        cwe: cwe
            .into_iter()
            .flat_map(|(_, ids)| ids)
            .filter_map(|id| if let Raw::Number(n) = id { u32::try_from(n).ok() } else { None })
            .collect(),
        controls: controls.into_iter().map(|(name, ids)| (Text::from(name), ids.into_iter().filter_map(word).collect())).collect(),
    };
    let severity_when =
        raw.severity_when.into_iter().map(|w| Ok::<_, String>(SeverityWhen { predicate: condition(w.case)?, set: known(&w.set)? }));
    let rule = Rule {
        id: raw.id.into(),
        title: raw.title.into(),
        class: known::<Class>(&raw.class)?,
        topic: raw.topic.into(),
        severity: known(&raw.severity)?,
        confidence: known(&raw.confidence)?,
        strict: match raw.profile.as_deref() {
            None => false,
            Some("strict") => true,
            Some(_) => return Err("`profile` is `strict`, or left out: a rule without it is for every profile".to_owned()),
        },
        message: raw.message.into(),
        help: raw.help.into(),
        formats: texts(raw.place.formats),
        path: raw.place.path.into(),
        include: texts(raw.place.files.include),
        exclude: texts(raw.place.files.exclude),
        predicate: condition(raw.predicate)?,
        severity_when: severity_when.collect::<Result<_, _>>()?,
        repair: repair(raw.fix)?,
    };
    if let Some(example) = raw.test.iter().find(|t| t.expect != "match" && t.expect != "clean") {
        return Err(format!("`expect` is `match` or `clean`, not `{}`", example.expect));
    }
    Ok(Written { rule, prose, examples: raw.test })
}

fn repair(raw: RawFix) -> Result<Repair, String> {
    let strategy = match raw.strategy.as_str() {
        "generate" => Strategy::Generate,
        "set" => Strategy::Set,
        "map" => Strategy::Map,
        "flip" => Strategy::Flip,
        "url" => Strategy::Url,
        "delete" => Strategy::Delete,
        "suggest" => Strategy::Suggest,
        other => return Err(format!("`{other}` is no strategy: generate, set, map, flip, url, delete, suggest")),
    };
    let reach = if raw.fix == "by-kind" { Reach::ByKind } else { Reach::Always(known(&raw.fix)?) };
    Ok(Repair {
        strategy,
        reach,
        set: raw.set.into(),
        map: raw.map.into_iter().map(|m| (m.regex.into(), m.to.into())).collect(),
        needs: texts(raw.needs),
    })
}

fn known<T: std::str::FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| e.to_string())
}

fn texts(words: Vec<String>) -> List<Text> {
    words.into_iter().map(Text::from).collect()
}

fn word(raw: Raw) -> Option<Text> {
    match raw {
        Raw::Word(text) => Some(text.into()),
        Raw::Number(n) => Some(n.to_string().into()),
        Raw::Flag(b) => Some(b.to_string().into()),
        Raw::List(_) | Raw::Table(_) => None,
    }
}

/// A table of conditions: `all`, `any`, `not`, or a dotted test. Several keys in one table must all hold.
fn condition(table: BTreeMap<String, Raw>) -> Result<Predicate, String> {
    let mut all = Vec::new();
    for (name, raw) in table {
        match (name.as_str(), raw) {
            ("all", Raw::List(list)) => all.push(Predicate::All(conditions(list)?.into())),
            ("any", Raw::List(list)) => all.push(Predicate::Any(conditions(list)?.into())),
            ("not", Raw::Table(table)) => all.push(Predicate::Not(vec![condition(table)?].into())),
            ("all" | "any", _) => return Err(format!("`{name}` takes a list of conditions")),
            ("not", _) => return Err("`not` takes one condition".to_owned()),
            (_, raw) => leaves(name, raw, &mut all)?,
        }
    }
    match (all.len(), all.pop()) {
        (0, _) | (_, None) => Err("a condition is empty".to_owned()),
        (1, Some(only)) => Ok(only),
        (_, Some(last)) => {
            all.push(last);
            Ok(Predicate::All(all.into()))
        }
    }
}

fn conditions(list: Vec<Raw>) -> Result<Vec<Predicate>, String> {
    list.into_iter()
        .map(|raw| match raw {
            Raw::Table(table) => condition(table),
            _ => Err("a condition is a table such as { key.class = \"secret\" }".to_owned()),
        })
        .collect()
}

/// `key.class = [..]` arrives as nested tables; the names are joined until the argument.
fn leaves(name: String, raw: Raw, out: &mut Vec<Predicate>) -> Result<(), String> {
    let argument = match raw {
        Raw::Table(table) if name == "file.has" || (name == "sibling" && !table.contains_key("has")) => {
            Argument::Nested(vec![condition(table)?].into())
        }
        Raw::Table(table) if !table.is_empty() && table.keys().all(|k| k == "lt" || k == "gt") => {
            let bound = |key: &str| match table.get(key) {
                Some(Raw::Number(n)) => Ok(Some(*n)),
                None => Ok(None),
                Some(_) => Err(format!("`{name}.{key}` is a number")),
            };
            Argument::Bounds { lt: bound("lt")?, gt: bound("gt")? }
        }
        Raw::Table(table) => {
            return table.into_iter().try_for_each(|(below, raw)| leaves(format!("{name}.{below}"), raw, out));
        }
        Raw::Flag(b) => Argument::Flag(b),
        Raw::List(list) => {
            Argument::Words(list.into_iter().map(|r| word(r).ok_or_else(|| format!("`{name}` takes words"))).collect::<Result<_, _>>()?)
        }
        scalar => Argument::Words(word(scalar).into_iter().collect()),
    };
    out.push(Predicate::Leaf(name.into(), argument));
    Ok(())
}

/// `pattern` with `\d`, `\s` and `\w` (and their opposites) as ASCII classes: names and values are ASCII, and the Unicode classes cost most of
/// the time that a pattern takes to compile.
#[must_use]
pub fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => out.push_str("[0-9]"),
            Some('D') => out.push_str("[^0-9]"),
            Some('s') => out.push_str("[ \\t\\r\\n]"),
            Some('S') => out.push_str("[^ \\t\\r\\n]"),
            Some('w') => out.push_str("[0-9A-Za-z_]"),
            Some('W') => out.push_str("[^0-9A-Za-z_]"),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::ascii_classes;

    #[test]
    fn classes_stay_what_they_are_inside_brackets_too() {
        assert_eq!(ascii_classes(r"^\d+[\d.]\s\S\.$"), "^[0-9]+[[0-9].][ \\t\\r\\n][^ \\t\\r\\n]\\.$");
    }
}
