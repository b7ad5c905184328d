//! Which bytes of a line must not be shown.
//!
//! Three layers, each of which masks and none of which unmasks another: every setting's value and the finding's own bytes; the same text
//! wherever else it stands on the line; and, outside of settings, whatever has the look of a credential. A value stays visible only where
//! it is harmless by construction: a switch, or the parts of a URL that are no credential.

use std::sync::LazyLock;

use regex::Regex;

use super::mask_words::{is_switch, is_switch_or_number, url_masks};
use crate::model::document::Document;
use crate::model::finding::Finding;
use crate::model::key_path::words;
use crate::model::setting::{Layer, Setting};
use crate::model::severity::Class;
use crate::model::shown::holds_secret;
use crate::model::span::Span;

/// The settings of a document by place.
pub(super) struct Index<'d> {
    /// Sorted by start; `reach` is the furthest end up to here, so that a search from the right knows when to stop.
    by_start: Vec<Placed<'d>>,
}

struct Placed<'d> {
    setting: &'d Setting,
    number: usize,
    reach: usize,
}

impl<'d> Index<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        let mut by_start: Vec<_> =
            document.settings.iter().enumerate().map(|(number, setting)| Placed { setting, number, reach: 0 }).collect();
        by_start.sort_by_key(|p| p.setting.span.start);
        let mut reach = 0;
        for placed in &mut by_start {
            reach = reach.max(placed.setting.span.end).max(placed.setting.key_span.end);
            placed.reach = reach;
        }
        Self { by_start }
    }

    /// Settings of which a byte of the value lies in `view`.
    fn touching(&self, view: Span) -> impl Iterator<Item = (usize, &'d Setting)> {
        let end = self.by_start.partition_point(|p| p.setting.span.start < view.end);
        let candidates = self.by_start.get(..end).unwrap_or_default().iter().rev();
        candidates.take_while(move |p| p.reach > view.start).filter(move |p| p.setting.span.overlaps(view)).map(|p| (p.number, p.setting))
    }
}

/// What is known of one view while its masks are collected.
struct Collector<'a> {
    text: &'a str,
    view: Span,
    masks: Vec<Span>,
    /// Names: they are shown even where they equal a value.
    names: Vec<Span>,
    /// Values that were judged harmless: the look of a credential is not asked again.
    cleared: Vec<Span>,
    /// Text that must not appear anywhere else on the line.
    needles: Vec<&'a str>,
}

/// The bytes of `view` to mask for `finding`: sorted, disjoint, on character boundaries.
pub(super) fn masks(document: &Document, index: &Index<'_>, finding: &Finding, view: Span) -> Vec<Span> {
    let mut to = Collector { text: &document.text, view, masks: Vec::new(), names: Vec::new(), cleared: Vec::new(), needles: Vec::new() };
    for (number, setting) in index.touching(view) {
        // a name that holds a secret is no name to show
        if holds_secret(setting.key_span.of(&document.text)) {
            to.masks.push(setting.key_span);
        } else {
            to.names.push(setting.key_span);
        }
        // nor is one of a map around it; long runs are masked wherever they stand
        to.needles.extend(setting.key.names().filter(|name| name.contains(['@', '?']) && holds_secret(name)));
        to.setting(setting, finding, finding.setting == Some(number));
    }
    to.finding(finding);
    to.repeats();
    to.looks(matches!(document.format, "text" | "code"));
    to.merged()
}

/// `span` with the letters and digits that touch it on either side.
fn word_around(view: &str, span: Span) -> Span {
    let before = view.get(..span.start).unwrap_or("");
    let after = view.get(span.end..).unwrap_or("");
    let start = before.trim_end_matches(char::is_alphanumeric).len();
    Span::new(start, view.len() - after.trim_start_matches(char::is_alphanumeric).len())
}

/// Whether the class is about what a switch says, not about a secret.
fn about_switch(class: Class) -> bool {
    matches!(class, Class::InsecureSetting | Class::NonTlsUrl)
}

/// Whether the name says that the value is a secret: then `true`, too, may be a password.
fn names_secret(name: &str) -> bool {
    const SECRET: &[&str] = &[
        "pass",
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "token",
        "key",
        "apikey",
        "pin",
        "salt",
        "credential",
        "credentials",
    ];
    words(name).iter().any(|word| SECRET.contains(&word.as_str()))
}

impl<'a> Collector<'a> {
    fn setting(&mut self, setting: &'a Setting, finding: &Finding, own: bool) {
        let value = setting.value.expose();
        let harmless =
            if own { about_switch(finding.class) && is_switch_or_number(value) } else { is_switch(value) && !names_secret(setting.name()) };
        // an encoded or partly quoted value is not what stands in the file
        let literal = setting.layer == Layer::None && setting.span.of(self.text) == value;
        if harmless && literal {
            self.cleared.push(setting.span);
            return;
        }
        if own && literal && self.url(value, setting.span.start, finding) {
            return;
        }
        self.masks.push(setting.span);
        self.needles.push(value);
        self.needles.push(setting.span.of(self.text));
    }

    /// Masks a URL but for scheme, host and TLS switches. `false`: it is no such URL, or not sure to be one.
    fn url(&mut self, value: &'a str, at: usize, finding: &Finding) -> bool {
        let Some(parts) = url_masks(value).filter(|parts| about_switch(finding.class) || parts.has_user) else { return false };
        for part in parts.spans {
            self.masks.push(part.shift(at));
        }
        self.needles.extend(parts.needles.into_iter().map(|part| part.of(value)));
        self.cleared.push(Span::new(at, at + value.len()));
        true
    }

    /// The finding's own bytes, if no setting has been judged for them.
    fn finding(&mut self, finding: &Finding) {
        let text = finding.span.of(self.text);
        if about_switch(finding.class) {
            if self.cleared.iter().any(|span| span.covers(finding.span)) {
                return;
            }
            if finding.setting.is_none() && (is_assigned_switch(text) || self.url(text, finding.span.start, finding)) {
                self.cleared.push(finding.span);
                return;
            }
        }
        let armor = finding.setting.is_none().then(|| ARMOR.find(text)).flatten();
        self.masks.push(Span::new(finding.span.start + armor.map_or(0, |m| m.end()), finding.span.end));
        self.needles.push(text);
    }

    /// Other places of what is masked.
    fn repeats(&mut self) {
        let view = self.view.of(self.text);
        let mut found = Vec::new();
        for needle in self.needles.iter().filter(|n| n.len() >= 4 && n.len() <= view.len()) {
            // the whole word around a repeat: the rest of it would say what is hidden
            found.extend(
                view.match_indices(needle).map(|(at, hit)| word_around(view, Span::new(at, at + hit.len())).shift(self.view.start)),
            );
        }
        let names = &self.names;
        self.masks.extend(found.into_iter().filter(|span| !names.iter().any(|name| name.covers(*span))));
    }

    /// What looks like a credential outside of settings: a comment, code, a second secret on the line that is not a finding of its own.
    fn looks(&mut self, is_code: bool) {
        let view = self.view.of(self.text);
        let groups = |regex: &Regex| -> Vec<Span> {
            regex.captures_iter(view).filter_map(|c| c.iter().skip(1).flatten().next()).map(|m| Span::from(m.range())).collect()
        };
        let mixes =
            |span: &Span| span.of(view).bytes().any(|b| b.is_ascii_digit()) && span.of(view).bytes().any(|b| b.is_ascii_alphabetic());
        // a pattern is dear to make ready
        let mut found = groups(&ASSIGNMENT);
        if view.contains('@') {
            found.extend([groups(&USER_INFO), groups(&ACCOUNT)].concat());
        }
        let in_keys = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-');
        let padding = |end: usize| view.as_bytes().iter().skip(end).take(2).take_while(|b| **b == b'=').count();
        let long = runs(view, in_keys, LONG_RUN).map(|run| Span::new(run.start, run.end + padding(run.end)));
        found.extend(long.chain(runs(view, |b| b.is_ascii_alphanumeric(), SHORT_RUN)).filter(mixes));
        if is_code {
            found.extend(groups(&QUOTED));
        }
        for span in found.into_iter().filter(|span| !is_switch(span.of(view))) {
            let span = span.shift(self.view.start);
            if !self.names.iter().chain(&self.cleared).any(|clear| clear.overlaps(span)) {
                self.masks.push(span);
            }
        }
    }

    fn merged(self) -> Vec<Span> {
        let (text, view) = (self.text, self.view);
        let mut spans: Vec<Span> = self.masks.into_iter().filter_map(|span| within(text, span, view)).collect();
        spans.sort();
        let mut out: Vec<Span> = Vec::new();
        for span in spans {
            match out.last_mut().filter(|last| span.start <= last.end) {
                Some(last) => last.end = last.end.max(span.end),
                None => out.push(span),
            }
        }
        out
    }
}

/// `span` cut to `view` and widened to whole characters; `None` when nothing is left.
fn within(text: &str, span: Span, view: Span) -> Option<Span> {
    let (start, end) = (span.start.max(view.start), span.end.min(view.end));
    (start < end).then(|| Span::new(start, end).widened(text))
}

/// `verify=False` and the like in code: a name, a sign, a switch.
fn is_assigned_switch(text: &str) -> bool {
    let value = text.rsplit(['=', ':', ' ']).next().unwrap_or(text);
    let name = text.get(..text.len() - value.len()).unwrap_or("");
    let value = value.trim_matches(['"', '\'']);
    is_switch(value) && !names_secret(name) && name.chars().all(|c| c.is_ascii_alphabetic() || "_-. =:\"'".contains(c))
}

/// The runs of at least `least` bytes in a row that `belong` together.
fn runs(text: &str, belongs: impl Fn(u8) -> bool, least: usize) -> impl Iterator<Item = Span> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let (start, run) = (at, bytes.get(at..)?.iter().take_while(|b| belongs(**b)).count());
            at += run.max(1);
            if run >= least {
                return Some(Span::new(start, start + run));
            }
        }
        None
    })
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is constant and valid")
}

/// The public first line of a private key.
static ARMOR: LazyLock<Regex> = LazyLock::new(|| regex("^-----BEGIN [A-Z0-9 ]{1,40}-----"));
/// What stands before the host of a URL.
static USER_INFO: LazyLock<Regex> = LazyLock::new(|| regex(r#"://([^\s"'`<>]*)@"#));
/// What stands before the host of an address in quotes that has no scheme.
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| regex(r#"["']/{0,2}[^\s"'@:/]+:([^\s"'/]+)@[A-Za-z0-9]"#));
/// The right side of an assignment to a name that says secret.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i-u:(?:pass|pwd|secret|token|api_?key|private_?key|credential|bearer|basic)[a-z0-9_.\-]*)["'\]]*\s*(?:=>|:=|=|:|\s)\s*["'`]?([^\s"'`,;}]+)"#,
    )
});
/// Runs as long as keys are. Like the short ones they are masked where letters and digits mix.
const LONG_RUN: usize = 20;
/// Runs as long as short passwords are.
const SHORT_RUN: usize = 7;
/// String literals of code.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| regex(r#""([^"]+)"|(?:^|[^A-Za-z0-9])'([^']+)'|`([^`]+)`"#));
