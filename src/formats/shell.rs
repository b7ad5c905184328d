//! Shell scripts, `.envrc`, `.bashrc`: assignments, and whatever else has the form of a setting there.
//!
//! A script is a program: what is found is reported as prose, never edited. Words are cut as POSIX `sh` cuts them
//! (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>), nothing is expanded.

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, lines, skip_blanks};
use super::text::{pseudo_settings, set_comments_aside};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// Shell scripts.
pub(super) struct Shell;

impl Format for Shell {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        const NAMES: &[&str] =
            &[".envrc", ".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zshenv", ".zprofile", ".kshrc"];
        let name = base_name(file_name);
        let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
        if NAMES.contains(&name) || matches!(extension, "sh" | "bash" | "zsh" | "ksh") {
            return Claim::Name;
        }
        let first = head.lines().next().unwrap_or("");
        let interpreter = first.strip_prefix("#!").and_then(|l| l.split(['/', ' ']).rfind(|w| !w.is_empty() && !w.starts_with('-')));
        if interpreter.is_some_and(|i| matches!(i, "sh" | "bash" | "zsh" | "ksh" | "dash" | "ash")) { Claim::Content } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut settings: Vec<Setting> = lines(text).filter_map(|line| assignment(text, line)).collect();
        let own: Vec<(Span, Span)> = settings.iter().map(|s| (s.key_span, s.span)).collect();
        let mut seen = own.iter().peekable();
        let mut hits = pseudo_settings(text);
        set_comments_aside(text, &mut hits);
        for hit in hits {
            while seen.next_if(|(_, value)| value.end < hit.key_span.start).is_some() {}
            if seen.peek().is_none_or(|(key, _)| *key != hit.key_span) {
                settings.push(hit);
            }
        }
        settings.sort_by_key(|s| s.span.start);
        Ok(settings)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("shell scripts are reported, never edited"))
    }
}

/// The assignment that `line` begins with.
fn assignment(text: &str, line: Span) -> Option<Setting> {
    let mut start = skip_blanks(text, line.start, line.end);
    for word in ["export", "readonly", "local", "declare", "typeset"] {
        let rest = Span::new(start, line.end).of(text);
        if rest.strip_prefix(word).is_some_and(|r| r.starts_with([' ', '\t'])) {
            start = skip_blanks(text, start + word.len(), line.end);
            while byte(text, start) == b'-' {
                let rest = Span::new(start, line.end).of(text);
                start = skip_blanks(text, start + rest.find([' ', '\t']).unwrap_or(rest.len()), line.end);
            }
        }
    }
    let rest = Span::new(start, line.end).of(text);
    let len = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|len| *len > 0)?;
    let key = Span::new(start, start + len);
    if byte(text, key.end) != b'=' || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let word = Span::new(key.end + 1, word_end(text, key.end + 1, line.end)?);
    let raw = word.of(text);
    let (value, quoting) = match raw.as_bytes() {
        [b'"', inner @ .., b'"'] if !has_bare_quote(inner) => (Span::new(word.start + 1, word.end - 1), Quoting::Double),
        [b'\'', inner @ .., b'\''] if !inner.contains(&b'\'') => (Span::new(word.start + 1, word.end - 1), Quoting::Single),
        [] => return None,
        _ => (word, Quoting::Plain),
    };
    if value.is_empty() {
        return None;
    }
    let mut setting = Setting::new(KeyPath::of(key.of(text)), key, Secret::copy_of(value.of(text)), value, quoting);
    setting.role = Role::Prose;
    setting.editable = false;
    Some(setting)
}

/// Whether a double quote that no backslash and no `${..}` or `$(..)` hides stands in `inner`.
fn has_bare_quote(inner: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&b) = inner.get(at) {
        match b {
            b'\\' => at += 1,
            b'$' if matches!(inner.get(at + 1), Some(b'{' | b'(')) => {
                depth += 1;
                at += 1;
            }
            b'}' | b')' => depth = depth.saturating_sub(1),
            b'"' if depth == 0 => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Where the word that begins at `start` ends; `None` if a quote is still open at the line's end.
fn word_end(text: &str, start: usize, end: usize) -> Option<usize> {
    let (mut at, mut quote, mut depth) = (start, 0_u8, 0_usize);
    while at < end {
        let b = byte(text, at);
        match b {
            b'\\' if quote != b'\'' => at += 1,
            b'$' if quote != b'\'' && matches!(byte(text, at + 1), b'{' | b'(') => {
                depth += 1;
                at += 1;
            }
            b'}' | b')' if depth > 0 && quote != b'\'' => depth -= 1,
            b'"' | b'\'' if depth == 0 && quote == 0 => quote = b,
            _ if depth == 0 && quote == b => quote = 0,
            b' ' | b'\t' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' if quote == 0 && depth == 0 => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (quote == 0 && depth == 0 && at == end).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, Shell};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;
    use crate::model::setting::Role;

    const SCRIPT: &str = include_str!("../../fixtures/formats/shell/brew.sh.txt");

    #[test]
    fn assignments_and_other_finds_are_prose() {
        let settings = Shell.parse(SCRIPT).expect("any text parses");
        let seen: Vec<(&str, &str)> = settings.iter().map(|s| (s.name(), s.value.expose())).collect();
        let want = [
            ("TEA_PASSWORD", "clotted cream"),
            ("POT", "${POT:-\"brown betty\"}"),
            ("CUPS", "4"),
            ("MIX", "a\"b\"'c'"),
            ("NOW", "$(date \"+%s\")"),
            ("requirepass", "crumbs"),
            ("", "redis://:jam@h/0"),
        ];
        assert_eq!(seen, want);
        assert!(settings.iter().all(|s| s.role == Role::Prose && !s.editable));
    }

    #[test]
    fn names_and_interpreters() {
        for name in ["a.sh", ".envrc", ".bashrc"] {
            assert_eq!(Shell.claims(name, name, ""), Claim::Name, "{name}");
        }
        assert_eq!(Shell.claims("run", "run", "#!/usr/bin/env bash\n"), Claim::Content);
        assert_eq!(Shell.claims("run", "run", "#!/bin/sh -e\n"), Claim::Content);
        assert_eq!(Shell.claims("run", "run", "#!/usr/bin/env python3\n"), Claim::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read(text in "([=$(){}'\"\\\\ aé;\n]|\nA=|export ){0,30}") {
            check(&Shell, &text, "x");
        }
    }
}
