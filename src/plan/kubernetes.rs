//! Kubernetes manifests: a variable whose secret a Secret of the same namespace holds as well takes it from there.

use super::lift::At;
use super::lifted::{How, Reference, Written};
use super::trial::tried;
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment};
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::shown::shown;
use crate::model::span::{Span, line_before};

/// Whether a setting stands in a Secret: `data` and `stringData` are where secrets belong.
pub(super) fn is_secret(document: &Document, setting: &Setting) -> bool {
    text_of(document, setting, &above(setting).child("kind")) == Some("Secret")
}

/// The resource that the setting belongs to: the top of its part, or an item of a `List`.
fn above(setting: &Setting) -> KeyPath {
    match setting.key.segments() {
        [Segment::Key(items), Segment::Index(i), ..] if items == "items" => KeyPath::of("items").item(*i),
        _ => KeyPath::default(),
    }
}

fn text_of<'d>(document: &'d Document, setting: &Setting, key: &KeyPath) -> Option<&'d str> {
    document.settings.iter().find(|s| s.part == setting.part && s.key == *key).map(|s| s.value.expose())
}

/// `valueFrom: {secretKeyRef: ..}` in place of `value:`, where a Secret among the files holds the same secret.
pub(super) fn reference(at: &At<'_>) -> Result<Reference, String> {
    if !is_variable(&at.setting.key) {
        return Err("it is no variable of a container: keep it in a Secret, and mount that".to_owned());
    }
    let own = shown(at.setting.name());
    let namespace = |d: &Document, s: &Setting| text_of(d, s, &above(s).child("metadata").child("namespace")).map(str::to_owned);
    let here = namespace(at.document, at.setting);
    let holders = at.secret.places.iter().filter(|p| !p.in_url).filter_map(|p| p.setting_in(at.documents));
    let mut holders = holders.filter(|(d, s)| d.format == "kubernetes" && is_secret(d, s));
    let found = holders.find(|(d, s)| namespace(d, s) == here).and_then(|(d, s)| {
        let name = text_of(d, s, &above(s).child("metadata").child("name"))?;
        (is_name(name) && is_name(s.name())).then(|| (name.to_owned(), s.name().to_owned()))
    });
    let Some((name, key)) = found else {
        let space = here.map(|n| format!(" -n {n}")).unwrap_or_default();
        return Err(format!(
            "no Secret of its namespace among the files holds it: make one (`kubectl create secret generic NAME{space} --from-env-file=FILE`), and refer to it with `valueFrom.secretKeyRef`, key `{own}`"
        ));
    };
    let shown = format!("secretKeyRef {}/{}", shown(&name), shown(&key));
    let written = written(at.document, at.place.setting, at.setting, at.place.within, &name, &key)?;
    Ok(Reference { shown, how: How::Written(written) })
}

/// Whether the path is that of an item of a list `env`.
fn is_variable(key: &KeyPath) -> bool {
    matches!(key.segments(), [.., Segment::Key(list), Segment::Index(_), Segment::Key(_)] if list == "env")
}

/// What the API server takes for the name of a Secret, and of a key in it.
fn is_name(text: &str) -> bool {
    // some readers of YAML take these for something else
    let word = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"].iter().any(|w| w.eq_ignore_ascii_case(text));
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    fits && !word && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn written(document: &Document, index: usize, setting: &Setting, within: Span, name: &str, key: &str) -> Result<Written, String> {
    let refused = || "it is no `value:` of a variable on a line of its own".to_owned();
    let text = document.text.as_str();
    let quote = match setting.quoting {
        Quoting::Plain => 0,
        Quoting::Single | Quoting::Double => 1,
        _ => return Err(refused()),
    };
    let whole = Span::new(setting.span.start.checked_sub(quote).ok_or_else(refused)?, setting.span.end + quote);
    let before = line_before(text, whole.start);
    let lead = before.trim_end().strip_suffix("value:").filter(|lead| lead.trim_matches(' ').is_empty() || lead.trim() == "-");
    let listed = setting.key.segments().iter().rev().nth(1).is_some_and(|s| matches!(s, Segment::Index(_)));
    let is_whole = within == Span::new(0, setting.value.len()) && !setting.around.flow && setting.key_span.start < setting.span.start;
    let (Some(lead), true) = (lead, listed && is_whole && !whole.of(text).contains('\n')) else { return Err(refused()) };
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (one, two) = (" ".repeat(lead.len() + 2), " ".repeat(lead.len() + 4));
    let new = format!("valueFrom:{end}{one}secretKeyRef:{end}{two}name: {name}{end}{two}key: {key}");
    let item = setting.key.parent().ok_or_else(refused)?;
    let from = item.child("valueFrom").child("secretKeyRef");
    let settings = vec![
        (item.child("name"), Secret::copy_of(setting.name())),
        (from.child("name"), Secret::copy_of(name)),
        (from.child("key"), Secret::copy_of(key)),
    ];
    let start = whole.start - (before.len() - lead.len());
    // the name of the variable is a setting of its own beside a reference
    let around = Span::new(setting.key_span.start, whole.end);
    let written = tried(document, around, Span::new(start, whole.end), Secret::new(new));
    let meant = |got: &Vec<(KeyPath, Secret)>| {
        got.iter().zip(&settings).all(|(a, b)| a.0 == b.0 && a.1.same_as(&b.1)) && got.len() == settings.len()
    };
    let fits = |w: &Written| w.becomes.len() == 1 && w.becomes.get(&index).is_some_and(meant);
    written.filter(fits).ok_or_else(|| "the manifest would be read in another way".to_owned())
}
