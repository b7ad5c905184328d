//! The account of a secret under another name: every place that names it beside the password, in the connection strings and in settings of their
//! own, so that no place is left with the name of one account and the password of another.

use std::collections::BTreeSet;

use super::changes::SecretChange;
use super::place::Place;
use crate::dsn;
use crate::endpoints::{Index, PASSWORD, STRING, USER, all_beside, is_in_force, is_named, references, referred, string_in};
use crate::keygen::percent_decoded;
use crate::model::document::Document;
use crate::model::setting::Setting;
use crate::model::shown::shown;
use crate::model::span::Span;
use crate::model::template::{Part, has_reference, parts};

/// An account that gets another name together with its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Its name in the documents.
    pub from: String,
    /// The name in its place; letters, digits, `_`, `-` and `.`.
    pub to: String,
    /// Where it stands: index of the document, index of the setting, bytes of the value; each once, in order.
    pub places: Vec<(usize, usize, Span)>,
}

/// References to references that are followed.
const DEEPEST: usize = 4;

/// Finds where the account `from` of the secret of `change` is named, to become `to`.
///
/// # Errors
/// The place, and why: it holds the password and no name that can be found, it names another account, or the name belongs to a password that stays.
pub fn renamed(index: &Index<'_>, change: &SecretChange, from: &str, to: &str) -> Result<Renamed, String> {
    let documents = index.documents;
    let holders = change.places.iter().map(|place| place.document).collect();
    let held = change.places.iter().map(|place| (place.document, place.setting)).collect();
    let mut search = Search { index, holders, held, from, found: BTreeSet::new(), alone: BTreeSet::new() };
    let mut bare = Vec::new();
    for place in &change.places {
        let Some((document, setting)) = place.setting_in(documents) else { continue };
        if place.in_url {
            search.string(place.document, place.setting)?;
        } else if !search.beside(place.document, document, setting)? {
            bare.push(place);
        }
    }
    let told = search.referrers()?;
    if let Some(place) = bare.iter().find(|place| !told.contains(search.name(place))) {
        return Err(search.fault(place.document, place.setting, "holds the password, and no name of an account stands beside it"));
    }
    search.is_ours_alone()?;
    search.is_nowhere_else()?;
    let places = search.found.iter().map(|(d, s, start, end)| (*d, *s, Span::new(*start, *end))).collect();
    Ok(Renamed { from: from.to_owned(), to: to.to_owned(), places })
}

struct Search<'a> {
    index: &'a Index<'a>,
    /// The documents that hold the password, and its places.
    holders: BTreeSet<usize>,
    held: BTreeSet<(usize, usize)>,
    from: &'a str,
    /// Document, setting, start and end within the value.
    found: BTreeSet<(usize, usize, usize, usize)>,
    /// Settings that hold the name and nothing else.
    alone: BTreeSet<(usize, usize)>,
}

impl<'a> Search<'a> {
    fn name(&self, place: &Place) -> &'a str {
        place.setting_in(self.index.documents).map_or("", |(_, setting)| setting.name())
    }

    fn fault(&self, document: usize, setting: usize, what: &str) -> String {
        let Some(document) = self.index.documents.get(document) else { return what.to_owned() };
        let Some(setting) = document.settings.get(setting) else { return what.to_owned() };
        format!("{}:{}: {} {what}", document.path, document.lines.line(setting.span.start), shown(&setting.key.to_string()))
    }

    fn setting(&self, document: usize, setting: usize) -> Option<&'a Setting> {
        self.index.documents.get(document)?.settings.get(setting)
    }

    /// Adds the name at `within` the value of a setting.
    fn add(&mut self, document: usize, setting: usize, within: Span) -> Result<(), String> {
        let own = self.index.documents.get(document).zip(self.setting(document, setting));
        if !own.is_some_and(|(document, setting)| setting.editable && is_in_force(document, setting)) {
            return Err(self.fault(document, setting, "names the account, and is not changed by a plan"));
        }
        self.found.insert((document, setting, within.start, within.end));
        Ok(())
    }

    /// The accounts that stand beside a password; whether there is any.
    fn beside(&mut self, d: usize, document: &Document, password: &Setting) -> Result<bool, String> {
        let users = all_beside(document, password, USER);
        users.iter().try_for_each(|user| self.value(d, *user, 0))?;
        let named = |s: &usize| document.settings.get(*s).is_some_and(|setting| account(setting).is_some());
        let strings: Vec<usize> = all_beside(document, password, STRING).into_iter().filter(named).collect();
        strings.iter().try_for_each(|string| self.string(d, *string))?;
        Ok(!users.is_empty() || !strings.is_empty())
    }

    /// The account in a connection string.
    fn string(&mut self, d: usize, s: usize) -> Result<(), String> {
        let Some(setting) = self.setting(d, s) else { return Ok(()) };
        let whole = string_in(setting);
        let text = whole.of(setting.value.expose());
        let Some(user) = dsn::parse(text).and_then(|found| found.user) else {
            let users = self.index.documents.get(d).map(|document| all_beside(document, setting, USER)).unwrap_or_default();
            if users.is_empty() {
                return Err(self.fault(d, s, "holds the password, and names no account"));
            }
            return users.into_iter().try_for_each(|user| self.value(d, user, 0));
        };
        self.text(d, s, user.shift(whole.start), 0)
    }

    /// The account that is the value of a setting of its own.
    fn value(&mut self, d: usize, s: usize, depth: usize) -> Result<(), String> {
        let Some(setting) = self.setting(d, s) else { return Ok(()) };
        let value = setting.value.expose();
        let whole = Span::new(0, value.len()).trimmed(value);
        self.alone.insert((d, s));
        self.text(d, s, whole, depth)
    }

    /// The account in `within` the value of a setting: its name, or a reference to it.
    fn text(&mut self, d: usize, s: usize, within: Span, depth: usize) -> Result<(), String> {
        let Some(setting) = self.setting(d, s) else { return Ok(()) };
        let text = within.of(setting.value.expose());
        let in_url = within.len() < setting.value.len();
        let is_it = |text: &str| text == self.from || in_url && percent_decoded(text).is_some_and(|text| text.expose() == self.from);
        if !has_reference(text) {
            return if is_it(text) { self.add(d, s, within) } else { Err(self.fault(d, s, "has another account")) };
        }
        let (Some(name), true) = (referred(text), depth < DEEPEST) else {
            return Err(self.fault(d, s, "has an account that is put together"));
        };
        let fallback = match parts(text)[..] {
            [Part::Fallback { default, .. }] if is_it(default.of(text)) => Some(default.shift(within.start)),
            _ => None,
        };
        let said = self.said(d, name);
        if said.is_empty() && fallback.is_none() {
            return Err(self.fault(d, s, "has an account that is said elsewhere"));
        }
        if let Some(default) = fallback {
            self.add(d, s, default)?;
        }
        said.into_iter().try_for_each(|(d, s)| self.value(d, s, depth + 1))
    }

    /// The settings that a reference to `name` in document `d` goes to.
    fn said(&self, d: usize, name: &str) -> Vec<(usize, usize)> {
        self.index.said(&self.holders, d, name)
    }

    /// Whether `text` in document `d` is a reference to the password.
    fn is_password(&self, d: usize, text: &str) -> bool {
        let Some(name) = referred(text) else { return false };
        self.said(d, name).iter().any(|said| self.held.contains(said))
    }

    /// Whether `text`, the value of a setting or the password in it, is the password, nothing, or a reference to it.
    fn is_ours(&self, d: usize, s: usize, text: &str) -> bool {
        text.is_empty() || self.held.contains(&(d, s)) || self.is_password(d, text)
    }

    /// Whether a reference to `name` in document `d` goes to the account.
    fn is_account(&self, d: usize, name: &str) -> bool {
        self.said(d, name).iter().any(|said| self.alone.contains(said))
    }

    /// Follows what refers to the password, and gives the names by which strings do that have an account.
    fn referrers(&mut self) -> Result<BTreeSet<String>, String> {
        let mut told = BTreeSet::new();
        let all: Vec<(usize, usize, &Setting)> =
            self.index.in_force().filter(|(_, _, setting)| setting.value.expose().contains('$')).collect();
        for (d, s, setting) in all {
            let value = setting.value.expose();
            let text = string_in(setting).of(value);
            let password = dsn::parse(text).and_then(|found| found.password);
            if let Some(password) = password.map(|span| span.of(text)) {
                if self.is_password(d, password) {
                    self.string(d, s)?;
                    told.extend(referred(password).map(str::to_owned));
                }
            } else if self.is_password(d, value)
                && let Some(document) = self.index.documents.get(d)
                && self.beside(d, document, setting)?
            {
                told.extend(referred(value).map(str::to_owned));
            }
        }
        Ok(told)
    }

    /// Whether the passwords beside all the names that change are this secret, and so are those of the strings that refer to them.
    fn is_ours_alone(&self) -> Result<(), String> {
        let other = |d: usize, s: usize| self.fault(d, s, "names the account of another password, too, which stays");
        for (d, s) in &self.alone {
            let Some((document, setting)) = self.index.documents.get(*d).zip(self.setting(*d, *s)) else { continue };
            let stays = |index: &usize| document.settings.get(*index).is_some_and(|p| !self.is_ours(*d, *index, p.value.expose().trim()));
            if all_beside(document, setting, PASSWORD).iter().any(stays) {
                return Err(other(*d, *s));
            }
        }
        for (d, s, setting) in self.index.in_force().filter(|(_, _, setting)| setting.value.expose().contains('$')) {
            let value = setting.value.expose();
            let text = string_in(setting).of(value);
            let refers = |user: &str| referred(user).is_some_and(|name| self.is_account(d, name));
            let found = dsn::parse(text).and_then(|found| found.user.zip(found.password));
            let elsewhere = match found {
                Some((user, password)) => refers(user.of(text)) && !self.is_ours(d, s, password.of(text)),
                None => {
                    refers(value) && !all_beside(&self.index.documents[d], setting, PASSWORD).is_empty() && !self.alone.contains(&(d, s))
                }
            };
            if elsewhere {
                return Err(other(d, s));
            }
        }
        Ok(())
    }

    /// Whether nothing else says the account: a container that takes its name from here and the password from there, a string beside which the
    /// password stands in no file, a database that is called by a reference to the account.
    fn is_nowhere_else(&self) -> Result<(), String> {
        let is_user = |setting: &Setting| is_named(setting, USER);
        for (d, s, setting) in self.index.in_force() {
            let value = setting.value.expose();
            let found = |span: Span| {
                self.found
                    .range((d, s, 0, 0)..=(d, s, usize::MAX, usize::MAX))
                    .any(|(.., start, end)| *start <= span.start && span.end <= *end)
            };
            let whole = Span::new(0, value.len()).trimmed(value);
            let named = if is_user(setting) && whole.of(value) == self.from { Some(whole) } else { account(setting) };
            let says = named.is_some_and(|span| span.of(value) == self.from && !found(span));
            if says && !self.has_a_password_of_its_own(d, s, setting) {
                return Err(self.fault(d, s, "says the account too, and no password is found beside it"));
            }
            for (name, span) in references(value) {
                let as_account = is_user(setting) && span == whole || account(setting).is_some_and(|own| own.covers(span));
                if !as_account && self.is_account(d, name) {
                    return Err(self.fault(d, s, "says something else by the name of the account"));
                }
            }
        }
        Ok(())
    }

    /// Whether a name of an account belongs to another password.
    fn has_a_password_of_its_own(&self, d: usize, s: usize, setting: &Setting) -> bool {
        let Some(document) = self.index.documents.get(d) else { return false };
        let value = setting.value.expose();
        let text = string_in(setting).of(value);
        let inside = dsn::parse(text).and_then(|found| found.password).filter(|_| !is_named(setting, USER));
        if let Some(password) = inside {
            return !self.is_ours(d, s, password.of(text));
        }
        let beside = all_beside(document, setting, PASSWORD);
        let other = |at: &usize| document.settings.get(*at).is_some_and(|password| !self.is_ours(d, *at, password.value.expose().trim()));
        !beside.is_empty() && beside.iter().all(other)
    }
}

/// Where the account stands in a connection string.
fn account(setting: &Setting) -> Option<Span> {
    let whole = string_in(setting);
    let text = whole.of(setting.value.expose());
    let found = dsn::parse(text).filter(|found| dsn::system(found, text).is_some())?;
    Some(found.user?.shift(whole.start))
}
