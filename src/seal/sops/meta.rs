//! The `sops` block: who can open the file, what in it is sealed, the hash over its values.

use std::rc::Rc;

use regex::Regex;

use super::super::error::SealError;
use super::cipher::Kind;
use super::dotenv::PREFIX;
use super::form::{Fault, Form, fault};
use super::tree::{Doc, META, Node, Pair, Scalar, Tree, splice};
use super::{json, yaml};
use crate::model::secret::Secret;
use crate::model::span::Span;

/// The version of sops whose files these are.
const VERSION: &str = "3.11.0";

/// Which values are sealed: all below a name that fits.
pub(super) enum Rule {
    /// `encrypted_regex`
    Sealed(Regex),
    /// `unencrypted_regex`
    Open(Regex),
    /// `encrypted_suffix`
    SealedSuffix(String),
    /// `unencrypted_suffix`
    OpenSuffix(String),
    /// By comments, or by an expression that is not understood here.
    Unknown,
}

impl Rule {
    /// Whether a value at `path` is sealed; `None` when that cannot be told.
    pub(super) fn seals(&self, path: &[&str]) -> Option<bool> {
        Some(match self {
            Self::Sealed(regex) => path.iter().any(|name| regex.is_match(name)),
            Self::Open(regex) => !path.iter().any(|name| regex.is_match(name)),
            Self::SealedSuffix(suffix) => path.iter().any(|name| name.ends_with(suffix)),
            Self::OpenSuffix(suffix) => !path.iter().any(|name| name.ends_with(suffix)),
            Self::Unknown => return None,
        })
    }

    /// A rule that seals what stands below one of `names`.
    pub(super) fn of_names<'n>(names: impl Iterator<Item = &'n str>) -> Result<Self, SealError> {
        let list: Vec<String> = names.map(regex::escape).collect();
        // an expression that fits nothing: `$^` fits the empty name
        let text = if list.is_empty() { "^[^\\s\\S]$".to_owned() } else { format!("^({})$", list.join("|")) };
        Ok(Self::Sealed(Regex::new(&text).map_err(|_| SealError::NotSealable)?))
    }

    /// The same, and what stands below one of `names`; `None` where the rule has no such form.
    pub(super) fn and_names<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let Self::Sealed(old) = self else { return None };
        let list: Vec<String> = names.map(regex::escape).collect();
        let inner = old.as_str().strip_prefix("^(").and_then(|t| t.strip_suffix(")$")).filter(|t| !t.contains(['(', ')']));
        let text = match inner {
            Some(inner) => format!("^({inner}|{})$", list.join("|")),
            None => format!("({})|^({})$", old.as_str(), list.join("|")),
        };
        Regex::new(&text).ok().map(Self::Sealed)
    }

    pub(super) fn regex(&self) -> Option<&str> {
        match self {
            Self::Sealed(regex) => Some(regex.as_str()),
            _ => None,
        }
    }

    /// The field of the metadata that holds the rule, and its value; `None` where the rule is not known.
    pub(super) fn field(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Sealed(regex) => Some(("encrypted_regex", regex.as_str())),
            Self::Open(regex) => Some(("unencrypted_regex", regex.as_str())),
            Self::SealedSuffix(suffix) => Some(("encrypted_suffix", suffix)),
            Self::OpenSuffix(suffix) => Some(("unencrypted_suffix", suffix)),
            Self::Unknown => None,
        }
    }
}

/// A recipient as the file names it; what has not the form of a public key is not handed on, whatever it is.
fn public(name: &str) -> String {
    let age = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let ssh = |rest: &str| rest.starts_with("rsa AAAA") || rest.starts_with("ed25519 AAAA");
    let is_key = name.strip_prefix("age1").is_some_and(age) || name.strip_prefix("ssh-").is_some_and(ssh);
    if is_key { name.to_owned() } else { "(no public key)".to_owned() }
}

/// Lists of the metadata for others than age.
const FOREIGN: &[&str] = &["kms[", "gcp_kms[", "azure_kv[", "hc_vault[", "pgp["];

/// A field and the bytes of its value, quotes included.
pub(super) struct Field {
    pub(super) text: Secret,
    span: Span,
}

/// The metadata of a file.
pub(super) struct Meta {
    /// The data key, sealed to each recipient of age.
    pub(super) sealed_keys: Vec<Secret>,
    /// The recipients of age, as the file names them.
    pub(super) recipients: Vec<String>,
    /// Whether others than age open it, too: a KMS, a Vault, PGP.
    pub(super) foreign: bool,
    pub(super) mac: Field,
    pub(super) modified: Field,
    pub(super) rule: Rule,
    rule_field: Option<Field>,
    pub(super) only_sealed: bool,
    /// The block as it stands, from the first byte of its name.
    block: Secret,
    /// Where it begins in the text.
    begin: usize,
}

/// Names and values of the block, whatever the form of the file.
struct Fields(Vec<(String, Field)>);

impl Fields {
    fn of(form: Form, doc: &Doc) -> Self {
        let mut out = Vec::new();
        for pair in &doc.root {
            match form {
                Form::Env => {
                    if let Some(name) = pair.key.strip_prefix(PREFIX) {
                        gather(&pair.value, name.replace("__list_", "[").replace("__map_", "]"), &mut out);
                    }
                }
                _ if pair.key == META => gather(&pair.value, String::new(), &mut out),
                _ => {}
            }
        }
        Self(out)
    }

    fn take(&mut self, name: &str) -> Option<Field> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn has(&self, prefix: &str) -> bool {
        self.0.iter().any(|(n, _)| n.starts_with(prefix))
    }
}

fn gather(node: &Rc<Node>, name: String, out: &mut Vec<(String, Field)>) {
    match &**node {
        Node::Scalar(Scalar { value, kind: Some(_), span, .. }) => out.push((name, Field { text: value.clone(), span: *span })),
        Node::Map(pairs) => pairs.iter().for_each(|Pair { key, value, .. }| {
            let joined = if name.is_empty() || name.ends_with(']') { format!("{name}{key}") } else { format!("{name}.{key}") };
            gather(value, joined, out);
        }),
        Node::List(items) => items.iter().enumerate().for_each(|(i, item)| gather(item, format!("{name}[{i}]"), out)),
        _ => {}
    }
}

/// The metadata of `tree`, made of `text`.
pub(super) fn read(form: Form, text: &str, tree: &Tree) -> Result<Meta, SealError> {
    let doc = tree.docs.first().filter(|doc| !doc.meta.is_empty()).ok_or(SealError::NotSealed)?;
    let (Some(first), Some(last)) = (doc.meta.first(), doc.meta.last()) else { return Err(SealError::NotSealed) };
    let lead = |at: usize| Span::new(at, last.end).of(text).find(|c: char| c != ',' && !c.is_whitespace()).unwrap_or(0);
    let begin = if form == Form::Json { first.start + lead(first.start) } else { first.start };
    let block = match form {
        Form::Env => Secret::new(doc.meta.iter().map(|span| span.of(text)).collect()),
        _ => Secret::copy_of(Span::new(begin, last.end).of(text).trim_end_matches([',', ' ', '\n', '\r', '\t'])),
    };
    let trimmed = |span: Span| span.of(text).trim_end();
    let others = tree.docs.iter().skip(1).flat_map(|doc| &doc.meta);
    if let Some(other) = others.into_iter().find(|span| trimmed(**span) != block.expose()) {
        return Err(refused(fault(text, other.start, "this `sops` block is not that of the first document")));
    }
    if form == Form::Env && doc.meta.windows(2).any(|pair| pair.first().map(|s| s.end) != pair.get(1).map(|s| s.start)) {
        return Err(refused(fault(text, first.start, "the lines `sops_...` do not stand together")));
    }
    let mut fields = Fields::of(form, doc);
    let missing = |what| refused(fault(text, begin, what));
    let mac = fields.take("mac").ok_or_else(|| missing("the `sops` block has no `mac`"))?;
    let modified = fields.take("lastmodified").ok_or_else(|| missing("the `sops` block has no `lastmodified`"))?;
    let only_sealed = fields.take("mac_only_encrypted").is_some_and(|field| field.text.expose().eq_ignore_ascii_case("true"));
    if fields.has("shamir_threshold") || fields.has("key_groups") {
        return Err(SealError::SopsForeign("its key is split over key groups"));
    }
    let mut sealed_keys = Vec::new();
    let mut recipients = Vec::new();
    let foreign = FOREIGN.iter().any(|name| fields.has(name));
    while let Some(key) = fields.take(&format!("age[{}]enc", sealed_keys.len())) {
        let name = fields.take(&format!("age[{}]recipient", sealed_keys.len()));
        recipients.extend(name.map(|name| public(name.text.expose())));
        sealed_keys.push(key.text);
    }
    if sealed_keys.is_empty() {
        return Err(SealError::SopsForeign("it has no age recipient (only a KMS, a Vault or PGP)"));
    }
    let (rule, rule_field) = rule(&mut fields);
    Ok(Meta { sealed_keys, recipients, foreign, mac, modified, rule, rule_field, only_sealed, block, begin })
}

fn rule(fields: &mut Fields) -> (Rule, Option<Field>) {
    if fields.has("encrypted_comment_regex") || fields.has("unencrypted_comment_regex") {
        return (Rule::Unknown, None);
    }
    let regex = |field: &Field| Regex::new(field.text.expose()).ok();
    if let Some(field) = fields.take("encrypted_regex") {
        return (regex(&field).map_or(Rule::Unknown, Rule::Sealed), Some(field));
    }
    if let Some(field) = fields.take("unencrypted_regex") {
        return (regex(&field).map_or(Rule::Unknown, Rule::Open), None);
    }
    if let Some(field) = fields.take("encrypted_suffix") {
        return (Rule::SealedSuffix(field.text.expose().to_owned()), None);
    }
    let suffix = fields.take("unencrypted_suffix").map_or_else(|| "_unencrypted".to_owned(), |field| field.text.expose().to_owned());
    (Rule::OpenSuffix(suffix), None)
}

pub(super) fn refused(fault: Fault) -> SealError {
    SealError::SopsForm { line: fault.line, what: fault.what }
}

impl Meta {
    /// The block with another hash, time and, where it has one, expression.
    pub(super) fn renewed(&self, form: Form, mac: &str, modified: &str, rule: &Rule) -> Option<Secret> {
        let inside = |span: Span| {
            let from = span.start.checked_sub(self.begin)?;
            Some(Span::new(from, from + span.len()))
        };
        let mac_at = inside(self.mac.span)?;
        let bare = form == Form::Yaml && !mac_at.of(self.block.expose()).starts_with(['"', '\'']);
        let mac = if bare { Secret::copy_of(mac) } else { field(form, mac) };
        let mut edits = vec![(mac_at, mac), (inside(self.modified.span)?, field(form, modified))];
        if let (Some(old), Some(new)) = (&self.rule_field, rule.regex())
            && old.text.expose() != new
        {
            edits.push((inside(old.span)?, field(form, new)));
        }
        splice(self.block.expose(), edits)
    }
}

/// A value of the block, in quotes where the form has some.
fn field(form: Form, text: &str) -> Secret {
    match form {
        Form::Yaml => yaml::double(text),
        Form::Json => json::string(text),
        Form::Env => Secret::copy_of(text),
    }
}

/// A new block: `keys` are recipients and the data key sealed to each.
pub(super) fn block(form: Form, keys: &[(String, String)], rule: &Rule, modified: &str, mac: &str, only_sealed: bool) -> Secret {
    let (rule_name, rule) = rule.field().unwrap_or(("encrypted_regex", ""));
    let text = |t: &str| field(form, t).expose().to_owned();
    let mut out = String::new();
    match form {
        Form::Yaml => {
            out.push_str("sops:\n    age:\n");
            for (recipient, key) in keys {
                out.push_str(&format!("        - recipient: {recipient}\n          enc: |\n"));
                key.lines().for_each(|line| out.push_str(&format!("            {line}\n")));
            }
            out.push_str(&format!("    lastmodified: {}\n    mac: {mac}\n    {rule_name}: {}\n", text(modified), text(rule)));
            out.push_str(if only_sealed { "    mac_only_encrypted: true\n" } else { "" });
            out.push_str(&format!("    version: {VERSION}\n"));
        }
        Form::Json => {
            let list: Vec<String> = keys
                .iter()
                .map(|(name, key)| format!("{{\n        \"recipient\": {},\n        \"enc\": {}\n      }}", text(name), text(key)))
                .collect();
            out.push_str(&format!("\"sops\": {{\n    \"age\": [\n      {}\n    ],\n", list.join(",\n      ")));
            out.push_str(&format!("    \"lastmodified\": {},\n    \"mac\": {},\n", text(modified), text(mac)));
            out.push_str(&format!("    {}: {},\n", text(rule_name), text(rule)));
            out.push_str(if only_sealed { "    \"mac_only_encrypted\": true,\n" } else { "" });
            out.push_str(&format!("    \"version\": {}\n  }}", text(VERSION)));
        }
        Form::Env => {
            for (i, (recipient, key)) in keys.iter().enumerate() {
                out.push_str(&format!("sops_age__list_{i}__map_enc={}\n", key.replace("\r\n", "\n").replace('\n', "\\n")));
                out.push_str(&format!("sops_age__list_{i}__map_recipient={recipient}\n"));
            }
            out.push_str(&format!("sops_{rule_name}={rule}\nsops_lastmodified={modified}\nsops_mac={mac}\n"));
            out.push_str(if only_sealed { "sops_mac_only_encrypted=true\n" } else { "" });
            out.push_str(&format!("sops_version={VERSION}\n"));
        }
    }
    Secret::new(out)
}

/// What a value of the block must never be taken for.
pub(super) const MAC_KIND: Kind = Kind::Text;
