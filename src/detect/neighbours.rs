//! What stands around a setting: its siblings, its service and image, the accounts named nearby.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::circumstances::Circumstances;
use super::path::Paths;
use super::schema::Roots;
use super::source::{is_catalogue, names_a_server, section, tests_begin};
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Role, Setting};
use crate::strength::context::Context;

/// The settings of one document by scope: the map in which they stand, in their part of the file.
pub(super) struct Neighbourhood<'d> {
    document: &'d Document,
    circumstances: Circumstances,
    /// Whether the file holds settings that are not known here.
    partial: bool,
    /// The scope of each setting, by its index; comments are in none.
    scope_of: Vec<Option<usize>>,
    /// All that is no comment, by part of the file.
    parts: HashMap<usize, Vec<usize>>,
    scopes: Vec<Scope>,
    /// Settings that name a host, by the map in which they stand.
    hosts: HashMap<(usize, KeyPath), Vec<usize>>,
    /// Images of compose's services, by part and service.
    images: HashMap<(usize, &'d str), Vec<&'d str>>,
    secret_parts: Vec<usize>,
    /// Parts that describe the form of data: OpenAPI, JSON Schema.
    schema_parts: Vec<usize>,
    paths: Paths,
    tests_begin: OnceCell<usize>,
    server: OnceCell<bool>,
    catalogue: OnceCell<bool>,
    /// Names of the maps and settings of each map, in small letters; made when first asked for.
    below: OnceCell<HashSet<(usize, String)>>,
    /// What conditions on several settings found, so that each looks at each setting once.
    found: RefCell<HashMap<(Asked, Among), Vec<usize>>>,
}

/// A map in a part of a file.
#[derive(Default)]
struct Scope {
    settings: Vec<usize>,
    /// Of these, those that name an account, a database or a host.
    accounts: Vec<usize>,
    /// Whether one of them is called `name`.
    named: bool,
}

/// Among which settings a condition looks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Among {
    Scope(usize),
    Part(usize),
}

/// A condition that asks about several settings at once; each has its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Asked(usize);

impl Asked {
    pub(super) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl<'d> Neighbourhood<'d> {
    pub(super) fn new(document: &'d Document, circumstances: Circumstances) -> Self {
        let mut ids: HashMap<(usize, KeyPath), usize> = HashMap::new();
        let mut scopes: Vec<Scope> = Vec::new();
        let mut scope_of = Vec::with_capacity(document.settings.len());
        let mut hosts: HashMap<(usize, KeyPath), Vec<usize>> = HashMap::new();
        let mut images: HashMap<(usize, &'d str), Vec<&'d str>> = HashMap::new();
        let (mut secret_parts, mut schema_parts, mut roots) = (Vec::new(), Vec::new(), Roots::default());
        let mut before: Option<((usize, &[Segment]), usize)> = None;
        let mut parts: HashMap<usize, Vec<usize>> = HashMap::new();
        for (i, setting) in document.settings.iter().enumerate() {
            if setting.name() == "image"
                && let [_, service, _] = setting.key.names().collect::<Vec<_>>()[..]
            {
                images.entry((setting.part, service)).or_default().push(setting.value.expose());
            }
            if matches!(setting.role, Role::Commented | Role::Alias) {
                scope_of.push(None);
                continue;
            }
            let place = (setting.part, setting.key.scope_segments());
            // the settings of a map mostly follow each other
            let id = match before {
                Some((same, id)) if same == place => id,
                _ => *ids.entry((setting.part, setting.key.scope())).or_insert_with(|| {
                    scopes.push(Scope::default());
                    scopes.len() - 1
                }),
            };
            before = Some((place, id));
            scope_of.push(Some(id));
            parts.entry(setting.part).or_default().push(i);
            if let Some(scope) = scopes.get_mut(id) {
                scope.settings.push(i);
                scope.named |= setting.name() == "name";
                let account = ends_in(setting.name(), ACCOUNTS) && !setting.value.is_empty() && setting.value.len() <= 64;
                if account && scope.accounts.len() < MOST_ACCOUNTS {
                    scope.accounts.push(i);
                }
            }
            if ends_in(setting.name(), HOSTS) && !setting.value.is_empty() && setting.value.len() <= MOST_HOST {
                let list = hosts.entry((setting.part, setting.key.scope())).or_default();
                if list.len() < MOST_ACCOUNTS {
                    list.push(i);
                }
            }
            if setting.value.expose() == "Secret" && setting.key == KeyPath::of("kind") {
                secret_parts.push(setting.part);
            }
            if roots.open(setting) && schema_parts.last() != Some(&setting.part) {
                schema_parts.push(setting.part);
            }
        }
        let (below, found) = (OnceCell::new(), RefCell::default());
        Self {
            document,
            circumstances,
            partial: false,
            scope_of,
            parts,
            scopes,
            images,
            secret_parts,
            schema_parts,
            below,
            found,
            hosts,
            paths: Paths::default(),
            tests_begin: OnceCell::new(),
            server: OnceCell::new(),
            catalogue: OnceCell::new(),
        }
    }

    /// For a document that holds some of the settings of its file.
    pub(super) fn of_some(document: &'d Document, circumstances: Circumstances) -> Self {
        Self { partial: true, ..Self::new(document, circumstances) }
    }

    /// Whether the file holds settings that are not known here, so that nothing can be told of what stands there.
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    /// The document.
    pub(super) fn document(&self) -> &'d Document {
        self.document
    }

    /// What is known of the file beside its content.
    pub(super) fn circumstances(&self) -> Circumstances {
        self.circumstances
    }

    /// What names and paths say by themselves.
    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// In what part of a program the setting stands, in the words of [`section`].
    pub(super) fn section(&self, setting: &Setting) -> &'static str {
        let begin = || *self.tests_begin.get_or_init(|| tests_begin(&self.document.text));
        section(self.document, setting, begin)
    }

    /// Whether the file holds texts in some language.
    pub(super) fn is_catalogue(&self) -> bool {
        *self.catalogue.get_or_init(|| is_catalogue(self.document))
    }

    /// Whether the file says where a server is.
    pub(super) fn names_a_server(&self) -> bool {
        *self.server.get_or_init(|| names_a_server(self.document))
    }

    /// Whether the setting stands in a document that describes the form of data.
    pub(super) fn is_in_schema(&self, setting: &Setting) -> bool {
        self.schema_parts.contains(&setting.part)
    }

    fn scope(&self, index: usize) -> Option<(usize, &Scope)> {
        let id = (*self.scope_of.get(index)?)?;
        self.scopes.get(id).map(|scope| (id, scope))
    }

    /// The other settings of the same map that stand at most `distance` places from the one at `index`.
    pub(super) fn near(&self, index: usize, distance: usize) -> impl Iterator<Item = &'d Setting> {
        let list = self.scope(index).map_or(&[][..], |(_, scope)| scope.settings.as_slice());
        let at = list.partition_point(|i| *i < index.saturating_sub(distance));
        let near = list.get(at..).unwrap_or_default().iter().take_while(move |i| **i <= index + distance);
        let document = self.document;
        near.filter(move |i| **i != index).filter_map(move |i| document.settings.get(*i))
    }

    /// The settings of the same item of a list, or of the same map, a few places away.
    pub(super) fn in_item(&self, index: usize) -> impl Iterator<Item = &'d Setting> {
        let own = self.document.settings.get(index);
        let from = index.saturating_sub(ITEM);
        let near = self.document.settings.iter().skip(from).take(2 * ITEM + 1);
        near.filter(move |s| own.is_some_and(|own| own.key != s.key && own.part == s.part && own.key.parent() == s.key.parent()))
    }

    /// Whether another setting of the same map passes `test`. The map is gone through once for each `asked`, whoever asks.
    pub(super) fn sibling(&self, asked: Asked, index: usize, test: &dyn Fn(usize, &'d Setting) -> bool) -> bool {
        let Some((id, scope)) = self.scope(index) else { return false };
        self.any_of((asked, Among::Scope(id)), &scope.settings, index, test)
    }

    /// Whether another setting of the file (of the same document, where it holds several) passes `test`; it is gone through once for each
    /// `asked`.
    pub(super) fn in_file(&self, asked: Asked, index: usize, test: &dyn Fn(usize, &'d Setting) -> bool) -> bool {
        let part = self.document.settings.get(index).map_or(0, |s| s.part);
        let Some(list) = self.parts.get(&part) else { return false };
        self.any_of((asked, Among::Part(part)), list, index, test)
    }

    /// Keeps two of those that pass and have different keys: one of them is another than any that asks.
    fn any_of(&self, asked: (Asked, Among), among: &[usize], index: usize, test: &dyn Fn(usize, &'d Setting) -> bool) -> bool {
        let key = |i: &usize| self.document.settings.get(*i).map(|s| &s.key);
        let other = |kept: &[usize]| kept.iter().any(|i| key(i) != key(&index));
        if let Some(kept) = self.found.borrow().get(&asked) {
            return other(kept);
        }
        let mut kept: Vec<usize> = Vec::new();
        for &i in among {
            let Some(setting) = self.document.settings.get(i) else { continue };
            let new = kept.iter().all(|k| key(k) != Some(&setting.key));
            if new && test(i, setting) {
                kept.push(i);
            }
            if kept.len() == 2 {
                break;
            }
        }
        let answer = other(&kept);
        self.found.borrow_mut().insert(asked, kept);
        answer
    }

    /// Whether the map in which the setting stands holds `name`, in small letters: a setting or a map; `a.b` for one within another,
    /// `..a` for one in the map around it.
    pub(super) fn has_beside(&self, setting: &Setting, name: &str) -> bool {
        let below = self.below.get_or_init(|| {
            let mut all = HashSet::new();
            for setting in self.document.settings.iter().filter(|s| s.role != Role::Commented) {
                let mut path = String::new();
                for name in setting.key.names().take(DEEPEST) {
                    path.push('\0');
                    path.push_str(&name.to_lowercase());
                    all.insert((setting.part, path.clone()));
                }
            }
            all
        });
        let mut path = String::new();
        let (mut scope, mut name) = (setting.key.scope(), name);
        if let (Some(rest), Some(around)) = (name.strip_prefix(".."), scope.parent()) {
            (scope, name) = (around, rest);
        }
        scope.names().map(str::to_lowercase).chain(name.split('.').map(str::to_owned)).for_each(|step| {
            path.push('\0');
            path.push_str(&step);
        });
        below.contains(&(setting.part, path))
    }

    /// The value of the setting that names the host of what `setting` belongs to: of those in its map, or else in the two maps around it,
    /// the one whose name begins as `setting`'s does for the most words.
    pub(super) fn host_beside(&self, setting: &Setting) -> Option<&'d str> {
        let whole = |s: &Setting| s.key.names().flat_map(words).collect::<Vec<_>>();
        let own = whole(setting);
        let mut scope = setting.key.scope();
        for _ in 0..3 {
            let depth = scope.names().flat_map(words).count();
            let list = self.hosts.get(&(setting.part, scope.clone())).map_or(&[][..], Vec::as_slice);
            let best = list
                .iter()
                .filter_map(|i| self.document.settings.get(*i))
                .filter(|s| s.key != setting.key)
                .map(|s| {
                    let other = whole(s);
                    let shared = own.iter().zip(&other).take_while(|(a, b)| a == b).count();
                    // `host` in a map of its own belongs to all that stands there; on the top of a file to nothing
                    (shared, shared > depth || depth > 0 && other.len() == depth + 1, s)
                })
                .filter(|(_, belongs, _)| *belongs)
                .max_by_key(|(shared, _, _)| *shared);
            if let Some((_, _, found)) = best {
                return Some(found.value.expose());
            }
            scope = scope.parent()?;
        }
        None
    }

    /// Whether the setting is a value of a Kubernetes Secret.
    pub(super) fn is_secret_manifest(&self, setting: &Setting) -> bool {
        self.secret_parts.contains(&setting.part)
            && setting.key.segments().len() == 2
            && setting.key.names().next().is_some_and(|top| matches!(top, "data" | "stringData"))
    }

    /// Whether the value is the name of something kept elsewhere: an item of compose's `secrets:`, the `key:` of a `secretKeyRef`.
    pub(super) fn names_something_else(&self, index: usize, setting: &'d Setting) -> bool {
        let listed = matches!(setting.key.segments().last(), Some(Segment::Index(_)));
        let name = setting.name();
        let is = |names: &[&str]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let mut above = setting.key.names().rev().skip(1);
        let parent = above.next().unwrap_or_default();
        let parent_ends =
            |end: &str| parent.len().checked_sub(end.len()).and_then(|i| parent.get(i..)).is_some_and(|e| e.eq_ignore_ascii_case(end));
        (listed && is(&["secrets", "configs", "imagepullsecrets"]))
            // a feature of a Rust package lists other features
            || (listed && self.document.format == "toml" && setting.key.names().next() == Some("features"))
            || parent_ends("ref")
            // `{ name: some-secret, key: some-entry }`
            || (is(&["key"]) && self.scope(index).is_some_and(|(_, scope)| scope.named) && !(parent_ends("_key") && is_random(setting)))
            || (is(&["source", "target", "name", "external"])
                && [parent, above.next().unwrap_or_default()].iter().any(|n| n.eq_ignore_ascii_case("secrets")))
    }

    /// The names that a password must not repeat.
    pub(super) fn context(&self, index: usize, setting: &'d Setting) -> Context {
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
        let list = self.scope(index).map_or(&[][..], |(_, scope)| scope.accounts.as_slice());
        for other in list.iter().filter_map(|i| self.document.settings.get(*i)).filter(|other| other.key != setting.key) {
            let related = self.document.format != "env" || own_words.len() == 1 || words(other.name()).first() == own_words.first();
            if related {
                context.add(other.value.expose());
            }
        }
        context
    }
}

/// Names of a path by which maps are known: deeper ones are nothing that a rule asks for.
const DEEPEST: usize = 12;

/// Places on each side in which the settings of an item are looked for.
const ITEM: usize = 8;

/// Accounts of one map that are compared with. Every secret of the map is compared with every one of them, so a map of thousands would
/// take minutes.
const MOST_ACCOUNTS: usize = 64;

/// Bytes of a value that may name a host or be a connection string.
const MOST_HOST: usize = 1024;

/// Letters and digits without an order that a name would have.
pub(super) fn is_random(setting: &Setting) -> bool {
    let value = setting.value.expose();
    value.len() >= 24 && value.bytes().all(|b| b.is_ascii_alphanumeric()) && value.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// Last words of names of hosts.
const HOSTS: &[&str] = &["host", "hostname", "hosts", "server", "servers", "address", "addr", "url", "uri", "dsn", "endpoint"];

/// Last words of names of an account, a database or a host.
const ACCOUNTS: &[&str] = &["user", "username", "db", "database", "name", "login", "host", "hostname", "email"];

/// Whether the last word of `name` is one of `list`. Few names end like that, and only those are taken apart.
fn ends_in(name: &str, list: &[&str]) -> bool {
    let trimmed = name.trim_end_matches(|c: char| !c.is_alphanumeric());
    let ends =
        |word: &str| trimmed.len().checked_sub(word.len()).and_then(|i| trimmed.get(i..)).is_some_and(|t| t.eq_ignore_ascii_case(word));
    list.iter().any(|word| ends(word) && words(trimmed).last().is_some_and(|last| last == word))
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
