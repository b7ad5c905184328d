//! `harden.toml` to [`Config`]: strict, with the place of every fault. The TOML parser's own messages quote the input and are dropped.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, TableLike, Value};

use super::error::ConfigError;
use super::globs::Globs;
use super::settings::{Allow, Config, EnvironmentRule, InternalPlaintext, Network, Threshold};
use crate::model::date::Date;
use crate::model::environment::Environment;
use crate::model::severity::{Profile, Severity};
use crate::model::span::{LineIndex, Position};

const TOP: &[&str] = &["profile", "fail-on", "scan", "allow", "seal", "environment", "network", "drivers", "rotate", "server"];
const SCAN: &[&str] = &["exclude"];
const ALLOW: &[&str] = &["rule", "path", "key", "reason", "expires"];
const SEAL: &[&str] = &["recipients"];
const ENVIRONMENT: &[&str] = &["path", "is"];
const NETWORK: &[&str] = &["trusted", "internal-plaintext"];

pub(super) const TEXT: &str = "a text that is not empty";
const TEXTS: &str = "a list of texts that are not empty";
pub(super) const TABLE: &str = "a table";
const TABLES: &str = "a list of tables";
const PATTERN: &str = "a path pattern relative to harden.toml, without `..`";

impl Config {
    /// Parses the text of a `harden.toml`; `path` is for errors only.
    ///
    /// # Errors
    /// [`ConfigError`] with line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let reader = Reader { text, path, lines: LineIndex::new(text) };
        let document = Document::parse(text).map_err(|e| {
            let Position { line, column } = reader.place(e.span());
            ConfigError::Syntax { path: path.to_owned(), line, column }
        })?;
        reader.config(document.as_table())
    }
}

pub(super) struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    lines: LineIndex,
}

impl Reader<'_> {
    fn config(&self, top: &dyn TableLike) -> Result<Config, ConfigError> {
        self.only(top, "the file", TOP)?;
        let mut config = Config::default();
        if let Some(item) = top.get("profile") {
            config.profile = Some(self.word(item, "profile", "`production`, `development` or `strict`", |w| w.parse::<Profile>().ok())?);
        }
        if let Some(item) = top.get("fail-on") {
            config.fail_on = Some(self.word(item, "fail-on", "`none`, `info`, `low`, `medium`, `high` or `critical`", threshold)?);
        }
        if let Some(scan) = self.table(top, "scan", "[scan]", SCAN)? {
            config.exclude = self.globs(scan, "exclude")?;
        }
        for entry in self.tables(top, "allow")? {
            config.allow.push(self.allow(entry)?);
        }
        if let Some(seal) = self.table(top, "seal", "[seal]", SEAL)? {
            config.recipients = self.texts(seal, "recipients")?;
        }
        for entry in self.tables(top, "environment")? {
            config.environments.push(self.environment(entry)?);
        }
        if let Some(network) = self.table(top, "network", "[network]", NETWORK)? {
            config.network = self.network(network)?;
        }
        config.drivers = self.drivers(top)?;
        self.rotation(top, &mut config)?;
        Ok(config)
    }

    fn allow(&self, (entry, place): Entry<'_>) -> Result<Allow, ConfigError> {
        self.only(entry, "[[allow]]", ALLOW)?;
        let needed = |key| entry.get(key).ok_or_else(|| self.missing(place.clone(), "[[allow]]", key));
        let expires = entry.get("expires").map(|item| self.date(item, "expires")).transpose()?;
        Ok(Allow {
            rule: self.text(needed("rule")?, "rule")?.to_owned(),
            path: self.glob(needed("path")?, "path")?,
            key: entry.get("key").map(|item| self.text(item, "key").map(str::to_owned)).transpose()?,
            reason: self.text(needed("reason")?, "reason")?.to_owned(),
            expires,
            line: self.place(place.clone()).line,
        })
    }

    fn environment(&self, (entry, place): Entry<'_>) -> Result<EnvironmentRule, ConfigError> {
        self.only(entry, "[[environment]]", ENVIRONMENT)?;
        let needed = |key| entry.get(key).ok_or_else(|| self.missing(place.clone(), "[[environment]]", key));
        let path = self.glob(needed("path")?, "path")?;
        let is = self.word(needed("is")?, "is", "`production`, `development` or `example`", Environment::named)?;
        Ok(EnvironmentRule { path, is })
    }

    fn network(&self, table: &dyn TableLike) -> Result<Network, ConfigError> {
        let internal_plaintext = table
            .get("internal-plaintext")
            .map(|item| self.word(item, "internal-plaintext", "`high`, `medium` or `allow`", internal_plaintext))
            .transpose()?;
        Ok(Network { trusted: self.texts(table, "trusted")?, internal_plaintext })
    }

    fn drivers(&self, top: &dyn TableLike) -> Result<BTreeMap<String, String>, ConfigError> {
        let Some(item) = top.get("drivers") else { return Ok(BTreeMap::new()) };
        let table = item.as_table_like().ok_or_else(|| self.value(item.span(), "drivers", TABLE))?;
        table.iter().map(|(name, item)| Ok((name.to_owned(), self.text(item, "drivers")?.to_owned()))).collect()
    }

    /// Refuses keys that are not `known`.
    pub(super) fn only(&self, table: &dyn TableLike, name: &'static str, known: &'static [&'static str]) -> Result<(), ConfigError> {
        for (key, item) in table.iter() {
            if !known.contains(&key) {
                let place = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
                let Position { line, column } = self.place(place);
                let nearest = nearest(key, known);
                return Err(ConfigError::UnknownKey { path: self.path.to_owned(), line, column, table: name, nearest, known });
            }
        }
        Ok(())
    }

    pub(super) fn table<'t>(
        &self,
        top: &'t dyn TableLike,
        key: &'static str,
        name: &'static str,
        known: &'static [&'static str],
    ) -> Result<Option<&'t dyn TableLike>, ConfigError> {
        let Some(item) = top.get(key) else { return Ok(None) };
        let table = item.as_table_like().ok_or_else(|| self.value(item.span(), key, TABLE))?;
        self.only(table, name, known)?;
        Ok(Some(table))
    }

    /// The tables of `[[key]]`, or of a list of inline tables.
    pub(super) fn tables<'t>(&self, top: &'t dyn TableLike, key: &'static str) -> Result<Vec<Entry<'t>>, ConfigError> {
        match top.get(key) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(list)) => Ok(list.iter().map(|t| (t as &dyn TableLike, t.span())).collect()),
            Some(Item::Value(Value::Array(list))) => list
                .iter()
                .map(|v| v.as_inline_table().map(|t| (t as &dyn TableLike, v.span())).ok_or_else(|| self.value(v.span(), key, TABLES)))
                .collect(),
            Some(item) => Err(self.value(item.span(), key, TABLES)),
        }
    }

    pub(super) fn text<'t>(&self, item: &'t Item, key: &'static str) -> Result<&'t str, ConfigError> {
        item.as_str().filter(|t| !t.trim().is_empty()).ok_or_else(|| self.value(item.span(), key, TEXT))
    }

    fn texts(&self, table: &dyn TableLike, key: &'static str) -> Result<Vec<String>, ConfigError> {
        let Some(item) = table.get(key) else { return Ok(Vec::new()) };
        let list = item.as_array().ok_or_else(|| self.value(item.span(), key, TEXTS))?;
        list.iter()
            .map(|v| v.as_str().filter(|t| !t.trim().is_empty()).map(str::to_owned).ok_or_else(|| self.value(v.span(), key, TEXTS)))
            .collect()
    }

    fn word<T>(&self, item: &Item, key: &'static str, expected: &'static str, read: impl Fn(&str) -> Option<T>) -> Result<T, ConfigError> {
        item.as_str().and_then(read).ok_or_else(|| self.value(item.span(), key, expected))
    }

    fn glob(&self, item: &Item, key: &'static str) -> Result<Globs, ConfigError> {
        item.as_str().and_then(|pattern| Globs::new([pattern]).ok()).ok_or_else(|| self.value(item.span(), key, PATTERN))
    }

    /// A list of patterns; each is compiled alone first, so that an error has the place of the bad one.
    fn globs(&self, table: &dyn TableLike, key: &'static str) -> Result<Globs, ConfigError> {
        let Some(item) = table.get(key) else { return Ok(Globs::default()) };
        let list = item.as_array().ok_or_else(|| self.value(item.span(), key, TEXTS))?;
        let mut patterns = Vec::new();
        for value in list {
            let pattern = value.as_str().filter(|p| Globs::new([*p]).is_ok()).ok_or_else(|| self.value(value.span(), key, PATTERN))?;
            patterns.push(pattern);
        }
        Globs::new(patterns).map_err(|_| self.value(item.span(), key, PATTERN))
    }

    fn date(&self, item: &Item, key: &'static str) -> Result<Date, ConfigError> {
        let day = item.as_datetime().filter(|d| d.time.is_none() && d.offset.is_none()).and_then(|d| d.date);
        day.and_then(|d| Date::new(d.year, d.month, d.day))
            .ok_or_else(|| self.value(item.span(), key, "a date without quotes, such as 2027-06-30"))
    }

    fn place(&self, span: Option<Range<usize>>) -> Position {
        self.lines.position(self.text, span.map_or(0, |s| s.start))
    }

    pub(super) fn value(&self, span: Option<Range<usize>>, key: &'static str, expected: &'static str) -> ConfigError {
        let Position { line, column } = self.place(span);
        ConfigError::Value { path: self.path.to_owned(), line, column, key, expected }
    }

    pub(super) fn missing(&self, span: Option<Range<usize>>, table: &'static str, key: &'static str) -> ConfigError {
        let Position { line, column } = self.place(span);
        ConfigError::Missing { path: self.path.to_owned(), line, column, table, key }
    }
}

/// A table of a list, and where it begins.
pub(super) type Entry<'t> = (&'t dyn TableLike, Option<Range<usize>>);

fn threshold(word: &str) -> Option<Threshold> {
    if word == "none" { Some(Threshold::Never) } else { word.parse::<Severity>().ok().map(Threshold::From) }
}

fn internal_plaintext(word: &str) -> Option<InternalPlaintext> {
    match word {
        "high" => Some(InternalPlaintext::High),
        "medium" => Some(InternalPlaintext::Medium),
        "allow" => Some(InternalPlaintext::Allow),
        _ => None,
    }
}

/// The known name that `typed` most likely meant: at most a third of its letters, and one more, are different.
fn nearest(typed: &str, known: &'static [&'static str]) -> Option<&'static str> {
    let typed = typed.to_lowercase().replace('_', "-");
    let (away, name) = known.iter().map(|name| (distance(&typed, name), *name)).min()?;
    (away <= name.len() / 3 + 1).then_some(name)
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX - 1);
            next.push((at(&row, j) + usize::from(x != *y)).min(at(&row, j + 1) + 1).min(at(&next, j) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
