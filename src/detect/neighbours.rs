//! What stands around a setting: its siblings, its service and image, the accounts named nearby.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::circumstances::Circumstances;
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Role, Setting};
use crate::strength::context::Context;
use crate::strength::name::{NameClass, Purpose, classify_words, purpose_of_words};

/// The settings of one document by scope.
pub(super) struct Neighbourhood<'d> {
    document: &'d Document,
    circumstances: Circumstances,
    scopes: HashMap<Scope, Vec<usize>>,
    /// Of these, the settings that name an account, a database or a host.
    accounts: HashMap<Scope, Vec<usize>>,
    /// Images of compose's services, by part and service.
    images: HashMap<(usize, &'d str), Vec<&'d str>>,
    secret_parts: Vec<usize>,
    names: RefCell<HashMap<&'d str, Rc<NameFacts>>>,
}

/// What a name says by itself.
pub(super) struct NameFacts {
    /// Its words, lower case.
    pub(super) words: Vec<String>,
    /// What it announces.
    pub(super) class: NameClass,
    /// What a secret of that name is for.
    pub(super) purpose: Purpose,
}

/// Names of one file whose facts are kept: few files have more that come again.
const MOST_NAMES: usize = 4096;

/// A map in a part of a file.
type Scope = (usize, KeyPath);

fn scope(setting: &Setting) -> Scope {
    (setting.part, setting.key.scope())
}

impl<'d> Neighbourhood<'d> {
    pub(super) fn new(document: &'d Document, circumstances: Circumstances) -> Self {
        let mut scopes: HashMap<Scope, Vec<usize>> = HashMap::new();
        let mut accounts: HashMap<Scope, Vec<usize>> = HashMap::new();
        let mut images: HashMap<(usize, &'d str), Vec<&'d str>> = HashMap::new();
        let mut secret_parts = Vec::new();
        for (i, setting) in document.settings.iter().enumerate() {
            if let [_, service, "image"] = setting.key.names().collect::<Vec<_>>()[..] {
                images.entry((setting.part, service)).or_default().push(setting.value.expose());
            }
            if setting.role == Role::Commented {
                continue;
            }
            scopes.entry(scope(setting)).or_default().push(i);
            if names_account(setting.name()) && !setting.value.is_empty() && setting.value.len() <= 64 {
                let list = accounts.entry(scope(setting)).or_default();
                if list.len() < MOST_ACCOUNTS {
                    list.push(i);
                }
            }
            if setting.key == KeyPath::of("kind") && setting.value.expose() == "Secret" {
                secret_parts.push(setting.part);
            }
        }
        Self { document, circumstances, scopes, accounts, images, secret_parts, names: RefCell::default() }
    }

    /// What is known of the file beside its content.
    pub(super) fn circumstances(&self) -> Circumstances {
        self.circumstances
    }

    /// What `name` says by itself: worked out once a file for names that come again.
    pub(super) fn facts(&self, name: &'d str) -> Rc<NameFacts> {
        if let Some(known) = self.names.borrow().get(name) {
            return Rc::clone(known);
        }
        let words = words(name);
        let facts = Rc::new(NameFacts { class: classify_words(name, &words), purpose: purpose_of_words(&words), words });
        let mut names = self.names.borrow_mut();
        if names.len() < MOST_NAMES {
            names.insert(name, Rc::clone(&facts));
        }
        facts
    }

    /// The other settings of the same map.
    pub(super) fn siblings(&self, setting: &'d Setting) -> impl Iterator<Item = (usize, &'d Setting)> {
        let list = self.scopes.get(&scope(setting)).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|i| self.document.settings.get(*i).map(|s| (*i, s))).filter(|(_, s)| s.key != setting.key)
    }

    /// Whether the setting is a value of a Kubernetes Secret.
    pub(super) fn is_secret_manifest(&self, setting: &Setting) -> bool {
        self.secret_parts.contains(&setting.part)
            && setting.key.segments().len() == 2
            && setting.key.names().next().is_some_and(|top| matches!(top, "data" | "stringData"))
    }

    /// Whether the value is the name of something kept elsewhere: an item of compose's `secrets:`, the `key:` of a `secretKeyRef`.
    pub(super) fn names_something_else(&self, setting: &'d Setting) -> bool {
        let listed = matches!(setting.key.segments().last(), Some(Segment::Index(_)));
        let name = setting.name().to_ascii_lowercase();
        let mut above = setting.key.names().rev().skip(1).map(str::to_ascii_lowercase);
        let parent = above.next().unwrap_or_default();
        (listed && matches!(name.as_str(), "secrets" | "configs" | "imagepullsecrets"))
            || parent.ends_with("ref")
            // `{ name: some-secret, key: some-entry }`
            || (name == "key" && self.siblings(setting).any(|(_, s)| s.name() == "name"))
            || (matches!(name.as_str(), "source" | "target" | "name" | "external")
                && (parent == "secrets" || above.next().is_some_and(|n| n == "secrets")))
    }

    /// The names that a password must not repeat.
    pub(super) fn context(&self, setting: &'d Setting) -> Context {
        let mut context = Context::new();
        let names: Vec<&str> = setting.key.names().collect();
        for name in names.iter().rev().take(4) {
            words(name).iter().filter(|w| !is_filler(w)).for_each(|w| context.add(w));
        }
        if let [top @ ("services" | "x-templates"), service, ..] = names[..] {
            let _ = top;
            context.add(service);
            for image in self.images.get(&(setting.part, service)).map_or(&[][..], Vec::as_slice) {
                context.add(image.rsplit('/').next().and_then(|last| last.split([':', '@']).next()).unwrap_or(""));
            }
        }
        let own_words = words(setting.name());
        let list = self.accounts.get(&scope(setting)).map_or(&[][..], Vec::as_slice);
        for other in list.iter().filter_map(|i| self.document.settings.get(*i)).filter(|other| other.key != setting.key) {
            let related = self.document.format != "env" || own_words.len() == 1 || words(other.name()).first() == own_words.first();
            if related {
                context.add(other.value.expose());
            }
        }
        context
    }
}

/// Accounts of one map that are compared with. Every secret of the map is compared with every one of them, so a map of thousands would
/// take minutes.
const MOST_ACCOUNTS: usize = 64;

fn names_account(name: &str) -> bool {
    words(name).last().is_some_and(|word| {
        matches!(word.as_str(), "user" | "username" | "db" | "database" | "name" | "login" | "host" | "hostname" | "email")
    })
}

/// Words of names that say nothing about whose secret it is.
fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "password"
            | "secret"
            | "key"
            | "token"
            | "pass"
            | "env"
            | "environment"
            | "data"
            | "value"
            | "default"
            | "config"
            | "the"
            | "services"
            | "spec"
    ) || word.len() < 3
}
