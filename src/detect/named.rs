//! Under what name a value stands, where the name beside it only says how it is given: `{ name: DB_PASSWORD, value: x }`, `Default` of a
//! parameter, the pieces of `Fn::Join`.
//!
//! Follows the parameters of CloudFormation (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>)
//! and of ARM templates (<https://learn.microsoft.com/azure/azure-resource-manager/templates/parameters>), task definitions of ECS, Helm's
//! parameters in Argo CD, passwords of Strimzi.

use std::borrow::Cow;

use super::neighbours::Neighbourhood;
use crate::model::document::Document;
use crate::model::key_path::{Segment, words};
use crate::model::setting::Setting;
use crate::strength::name::{NameClass, classify_words};

/// Formats of maps in which values are given so.
const FORMATS: &[&str] = &["json", "jsonc", "kubernetes", "toml", "yaml"];

/// The name that is meant by that of `setting`, at `index` of `document`; `None` where its own says it.
pub(super) fn meant<'d>(document: &Document, around: &Neighbourhood<'d>, index: usize, setting: &'d Setting) -> Option<Cow<'d, str>> {
    let own = setting.name();
    if !matches!(own, "value" | "Value" | "defaultValue" | "Default" | "ParameterValue" | "parameterValue") && !own.starts_with("Fn::")
        || !FORMATS.contains(&document.format)
    {
        return None;
    }
    let steps = setting.key.segments();
    if own.starts_with("Fn::") {
        return joined(around, index, setting).map(Cow::Borrowed);
    }
    let [above @ .., Segment::Key(_)] = steps else { return None };
    match (above, own) {
        // an item of a list of pairs
        ([.., Segment::Key(list), Segment::Index(_)], "value" | "Value") if lists_pairs(list) || is_capital(around, index) => {
            paired(around, index).map(Cow::Borrowed)
        }
        ([.., Segment::Index(_)] | [], "ParameterValue" | "parameterValue") => paired(around, index).map(Cow::Borrowed),
        ([.., Segment::Key(group), Segment::Key(name)], "Default") if group == "Parameters" => declared(around, index, name),
        ([.., Segment::Key(group), Segment::Key(name)], "defaultValue" | "value") if group == "parameters" => declared(around, index, name),
        // Strimzi and its kin: `password: { value: x }`; a text for people repeats the name
        ([.., Segment::Key(name)], "value") => {
            let said = words(setting.value.expose());
            let telling = classify_words(name, &words(name)) == NameClass::Secret && said != words(name);
            telling.then_some(Cow::Borrowed(name.as_str()))
        }
        _ => None,
    }
}

/// The name of a parameter, with what its declaration says: `NoEcho: true`, `type: securestring`.
fn declared<'d>(around: &Neighbourhood<'d>, index: usize, name: &'d str) -> Option<Cow<'d, str>> {
    let sealed = around.in_item(index).any(|other| {
        let value = other.value.expose();
        match other.name() {
            "NoEcho" => value.eq_ignore_ascii_case("true"),
            "type" => value.eq_ignore_ascii_case("securestring"),
            _ => false,
        }
    });
    let telling = classify_words(name, &words(name)) == NameClass::Secret;
    Some(if sealed && !telling { Cow::Owned(format!("{name} secret")) } else { Cow::Borrowed(name) })
}

/// The setting whose value `Fn::Join`, `Fn::Sub` or `Fn::If` makes, for the pieces that are text of their own.
fn joined<'d>(around: &Neighbourhood<'d>, index: usize, setting: &'d Setting) -> Option<&'d str> {
    let steps = setting.key.segments();
    let at = steps.iter().rposition(|s| matches!(s, Segment::Key(name) if name.starts_with("Fn::")))?;
    let name = steps.get(..at)?.iter().rev().find_map(|s| match s {
        Segment::Key(name) if !name.starts_with("Fn::") => Some(name.as_str()),
        _ => None,
    })?;
    let piece = matches!(
        (setting.name(), steps.get(at + 1..)?),
        ("Fn::Join", [Segment::Index(1), Segment::Index(_)]) | ("Fn::Sub", [] | [Segment::Index(0)]) | ("Fn::If", [Segment::Index(1 | 2)])
    );
    let value = setting.value.expose();
    let resolved = || around.near(index, 16).any(|other| other.value.expose().contains("{{resolve:"));
    (piece && !value.is_empty() && !(setting.name() == "Fn::Join" && (is_joint(value) || resolved()))).then_some(name)
}

/// Whether the text only joins the pieces beside it: `:`, `-`, `secret/`.
fn is_joint(text: &str) -> bool {
    const JOINTS: &[char] = &['/', ':', '-', '_', '.', '@', '=', '?', '&', ',', ';', ' ', '{', '}'];
    text.len() < 4 || text.starts_with(JOINTS) || text.ends_with(JOINTS)
}

/// Whether a list of that name holds pairs of a name and a value.
fn lists_pairs(list: &str) -> bool {
    const LISTS: &[&str] =
        &["appsettings", "config", "configuration", "env", "environment", "optionsettings", "parameters", "set", "settings", "variables"];
    LISTS.iter().any(|name| list.eq_ignore_ascii_case(name))
}

/// The name in the pair.
fn paired<'d>(around: &Neighbourhood<'d>, index: usize) -> Option<&'d str> {
    const NAMES: &[&str] = &["name", "Name", "key", "Key", "ParameterKey", "parameterKey", "OptionName"];
    around.in_item(index).find(|other| NAMES.contains(&other.name())).map(|other| other.value.expose()).filter(|name| name.len() <= 128)
}

/// Whether the name in the pair is a variable's: `DB_PASSWORD`.
fn is_capital(around: &Neighbourhood<'_>, index: usize) -> bool {
    paired(around, index).is_some_and(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
}
