//! Secrets that show by themselves what they are, wherever they stand in a file, whether or not its format has a setting there.
//!
//! A format sees names and values. A private key in a comment of an INI file, below a certificate in a block of YAML, in a file of no
//! known form, belongs to no setting, or is torn into lines that look like settings. What [`search`] finds in the raw text and no setting
//! holds becomes a setting of its own: prose, never edited, masked like every value.

use std::sync::LazyLock;

use super::accounts;
use crate::keys::{self, Kind};
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;
use crate::search::signs::Signs;
use crate::tokens;

/// Something found in a text.
pub(super) struct Loose {
    /// What tells what it is: a condition reads this.
    pub(super) whole: Span,
    /// The bytes that a finding points to; they lie in `whole`.
    pub(super) secret: Span,
    /// Where a setting that holds it begins.
    pub(super) start: usize,
    /// Whether what formats made of parts of it is no setting.
    pub(super) tears: bool,
    /// Whether any setting that covers it holds it, one in a comment among them.
    pub(super) anywhere: bool,
    /// What is missing before it to be what it is.
    pub(super) missing: &'static str,
}

/// What each finder found. Each gives places in order; where two overlap the earlier finder is right.
pub(super) type Found = [Vec<Loose>; 3];

/// The marks of key material, and behind them those of tokens.
static MARKS: LazyLock<Signs<usize>> = LazyLock::new(|| Signs::anywhere(keys::marks().chain(tokens::marks())));

/// Looks for secrets in raw text, which `format` reads; and where all marks stand.
pub(super) fn search(text: &str, format: &str) -> (Found, Vec<usize>) {
    let hits = MARKS.hits(text);
    let marks = hits.iter().map(|(_, at)| *at).collect();
    let first = keys::marks().count();
    let (keys, tokens): (Vec<_>, Vec<_>) = hits.into_iter().partition(|(mark, _)| *mark < first);
    let tokens: Vec<_> = tokens.into_iter().map(|(mark, at)| (mark - first, at)).collect();
    let [keys, tokens, _] = known(keys::find_at(text, keys.into_iter()), tokens::find_at(text, &tokens));
    ([keys, tokens, accounts_in_names(text, format)], marks)
}

/// [`search`] for who has the key material and the tokens of the text already.
pub(super) fn known(keys: Vec<keys::Block>, tokens: Vec<tokens::Token>) -> Found {
    [key_material(keys), provider_tokens(tokens), Vec::new()]
}

/// Adds to `settings`, those of `text` as `format` reads it, what is `found` in it and none of them holds.
pub(super) fn add(text: &str, format: &str, found: Found, settings: &mut Vec<Setting>) {
    let found = in_order(text, format, found);
    if found.is_empty() {
        return;
    }
    let by_start = ByStart::new(settings);
    let held = |loose: &Loose| match loose.anywhere {
        true => by_start.covers(loose.whole),
        false => by_start.near(settings, text, loose).any(|s| holds(s, loose)),
    };
    let free: Vec<Loose> = found.into_iter().filter(|loose| !held(loose)).collect();
    let added: Vec<Setting> = free.iter().map(|loose| as_setting(text, loose, by_start.near(settings, text, loose).next())).collect();
    let torn: Vec<Span> = free.iter().filter(|loose| loose.tears).map(|loose| loose.whole).collect();
    settings.retain(|s| {
        let near = torn.get(torn.partition_point(|t| t.end <= s.span.start)..).unwrap_or_default();
        !near.iter().take_while(|t| t.start < s.span.end).any(|t| !s.span.covers(*t))
    });
    let mut added = added.into_iter().peekable();
    for setting in std::mem::take(settings) {
        while let Some(before) = added.next_if(|a| a.span.start < setting.span.start) {
            settings.push(before);
        }
        settings.push(setting);
    }
    settings.extend(added);
}

/// What is `found`, in order, without overlaps.
fn in_order(text: &str, format: &str, found: Found) -> Vec<Loose> {
    let mut all: Vec<Loose> = Vec::new();
    for mut new in found {
        new.retain(|loose| {
            let behind = all.partition_point(|a| a.whole.end <= loose.whole.start);
            let free = all.get(behind).is_none_or(|a| !a.whole.overlaps(loose.whole));
            free && !(format == "code" && is_documentation(text, loose.whole.start))
        });
        all.extend(new);
        all.sort_by_key(|loose| loose.whole.start);
    }
    all
}

/// The settings of a document by where they begin.
struct ByStart {
    /// Beginning and index, in order.
    starts: Vec<(usize, usize)>,
    /// How far the settings up to each of these reach.
    reach: Vec<usize>,
}

impl ByStart {
    fn new(settings: &[Setting]) -> Self {
        let mut starts: Vec<_> = settings.iter().enumerate().map(|(i, s)| (s.span.start, i)).collect();
        starts.sort_unstable();
        let ends = starts.iter().map(|(_, i)| settings.get(*i).map_or(0, |s| s.span.end));
        let reach = ends.scan(0, |far, end| {
            *far = end.max(*far);
            Some(*far)
        });
        Self { reach: reach.collect(), starts }
    }

    /// Whether some setting covers `span`.
    fn covers(&self, span: Span) -> bool {
        let up_to = self.starts.partition_point(|(start, _)| *start <= span.start);
        up_to.checked_sub(1).and_then(|i| self.reach.get(i)).is_some_and(|far| *far >= span.end)
    }

    /// The settings that begin where `loose` does, blanks aside, but for those in comments.
    fn near<'s>(&'s self, settings: &'s [Setting], text: &'s str, loose: &'s Loose) -> impl Iterator<Item = &'s Setting> {
        let lead = text.get(..loose.start).map_or(loose.start, |before| before.trim_end().len());
        let from = self.starts.partition_point(|(start, _)| *start < lead);
        let starts = self.starts.get(from..).unwrap_or_default().iter().take_while(|(start, _)| *start <= loose.start);
        starts.filter_map(|(_, i)| settings.get(*i)).filter(|s| s.role != Role::Commented)
    }
}

/// Whether rules will see the material when they look at `setting`, which begins where it does.
fn holds(setting: &Setting, loose: &Loose) -> bool {
    setting.span.end >= loose.secret.end
}

/// A setting for what no setting holds; under the name of one that holds the beginning of it.
fn as_setting(text: &str, loose: &Loose, torn: Option<&Setting>) -> Setting {
    let nameless = || (KeyPath::default(), Span::new(loose.secret.start, loose.secret.start));
    let (key, key_span) = torn.map_or_else(nameless, |s| (s.key.clone(), s.key_span));
    let mut setting = Setting::new(key, key_span, Secret::concat(&[loose.missing, loose.whole.of(text)]), loose.secret, Quoting::Plain);
    setting.role = Role::Prose;
    setting.editable = false;
    setting.part = torn.map_or(0, |s| s.part);
    setting
}

/// Whether the line of `at` begins as documentation of a program does: what stands there is an example.
fn is_documentation(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or("");
    let line = before.get(before.rfind('\n').map_or(0, |i| i + 1)..).unwrap_or("").trim_start();
    ["///", "//!", "*"].iter().any(|mark| line.starts_with(mark))
}

fn key_material(found: Vec<keys::Block>) -> Vec<Loose> {
    let place = |block: keys::Block| {
        let tears = !matches!(block.kind, Kind::Jwk | Kind::RsaXml | Kind::Wireguard);
        let start = if block.kind == Kind::Wireguard { block.secret.start } else { block.whole.start };
        Loose { whole: block.whole, secret: block.secret, start, tears, anywhere: false, missing: "" }
    };
    found.into_iter().map(place).collect()
}

/// Live credentials alone: a test key or a signed token in a text is mostly its example.
fn provider_tokens(found: Vec<tokens::Token>) -> Vec<Loose> {
    let live = |t: &tokens::Token| t.usage == tokens::Use::Live && !t.expired && t.kind.kind != "jwt";
    let place = |t: tokens::Token| Loose { whole: t.span, secret: t.span, start: t.span.start, tears: false, anywhere: true, missing: "" };
    found.into_iter().filter(live).map(place).collect()
}

/// Where a format has names; a program or a text is searched for addresses as it is.
fn accounts_in_names(text: &str, format: &str) -> Vec<Loose> {
    const NAMED: &[&str] = &["yaml", "compose", "kubernetes", "json", "jsonc", "toml", "ini", "properties", "hcl", "conf", "env"];
    let found = if NAMED.contains(&format) { accounts::find(text) } else { Vec::new() };
    let place = |(span, missing): (Span, &'static str)| Loose {
        whole: span,
        secret: span,
        start: span.start,
        tears: false,
        anywhere: true,
        missing,
    };
    found.into_iter().map(place).collect()
}

#[cfg(test)]
#[path = "loose_tests.rs"]
mod tests;
