//! The places where secrets stand, each with what it tells of the account that the secret belongs to.

use std::collections::HashMap;

use crate::dsn;
use crate::keygen::percent_decoded;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::expression::{elvis, template_default};
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Role, Setting};
use crate::model::span::Span;
use crate::model::template::{Part, has_reference, innermost_default, parts};
use crate::rules::kinds::{Kind, kind_in};
use crate::strength::name::{NameClass, classify};

/// How a secret stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It is the value, or the password in a connection string.
    Plain,
    /// It is the default of a reference: `reference` is that reference, `name` its name, both within the value.
    Fallback {
        /// From `$` to `}`.
        reference: Span,
        /// Only the name.
        name: Span,
    },
    /// It is the literal that an expression of a template language falls back to: nothing is edited there.
    Template,
}

/// One secret at one place.
#[derive(Clone, Debug)]
pub struct Place {
    /// Index of the document.
    pub document: usize,
    /// Index of the setting.
    pub setting: usize,
    /// The bytes of the secret within the value.
    pub within: Span,
    /// How it stands there.
    pub form: Form,
    /// Whether it is the password of a connection string.
    pub in_url: bool,
    /// Whose it is, as far as the place tells.
    pub account: Account,
    /// The text.
    pub(super) text: Secret,
}

/// Whose secret it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// `postgres`, `redis`, ...; `sql` where only that is known; empty where nothing is.
    pub system: &'static str,
    /// The user, where one is named near it.
    pub user: Option<String>,
    /// Names that stand for this secret: the setting's, the variable's.
    pub names: Vec<String>,
    /// Whether the server itself reads this setting.
    pub server: bool,
    /// Whether every name says that it signs or encrypts: then it is no password.
    pub is_key: bool,
    /// What the names of its group begin with: `queue` for `queue.url` and `queue.password`; empty where there is no group.
    pub stem: String,
}

impl Place {
    /// The document and the setting that it stands in, of the documents that it was found in.
    #[must_use]
    pub fn setting_in<'d>(&self, documents: &'d [Document]) -> Option<(&'d Document, &'d Setting)> {
        let document = documents.get(self.document)?;
        Some((document, document.settings.get(self.setting)?))
    }

    /// Whether the place is one that a plan changes: live, in a file for production.
    #[must_use]
    pub fn is_live(&self, documents: &[Document]) -> bool {
        self.setting_in(documents)
            .filter(|_| self.form != Form::Template)
            .is_some_and(|(d, s)| d.environment_of(s) == Environment::Production && matches!(s.role, Role::Live | Role::Argument))
    }
}

/// Names that many accounts share: they say nothing about which one is meant.
fn is_generic(name: &[String]) -> bool {
    name.len() == 1
        && name.first().is_some_and(|w| {
            matches!(w.as_str(), "password" | "pass" | "passwd" | "pwd" | "secret" | "token" | "key" | "a" | "p" | "auth" | "encrypt")
        })
        || name.join(" ") == "spring datasource password"
        || name.join(" ") == "api key"
        || name.join(" ") == "secret key"
}

/// Names that say something in an env file, and little in a map of their own: `facebook.app_secret` is not `wechat.app_secret`.
fn is_common(name: &[String]) -> bool {
    const COMMON: &[&str] = &[
        "app secret",
        "app key",
        "api secret",
        "api token",
        "client secret",
        "access token",
        "access key",
        "auth token",
        "admin password",
    ];
    COMMON.contains(&name.join(" ").as_str())
}

/// Names of maps that hold the settings of anything.
fn is_container(name: &[String]) -> bool {
    const CONTAINERS: &[&str] = &[
        "data",
        "string data",
        "environment",
        "env",
        "auth",
        "config",
        "values",
        "spec",
        "secrets",
        "security",
        "settings",
        "default",
        "global",
        "server",
    ];
    CONTAINERS.contains(&name.join(" ").as_str())
}

/// Every place of every document that may hold a secret.
#[must_use]
pub(super) fn places(documents: &[Document]) -> Vec<Place> {
    let mut out = Vec::new();
    for (d, document) in documents.iter().enumerate() {
        let around = Around::of(document);
        for (s, setting) in document.settings.iter().enumerate() {
            if setting.role != Role::Commented && !setting.value.is_empty() && !is_selected(&setting.key) {
                place(d, &around, s, setting, &mut out);
            }
        }
    }
    out
}

/// Whether the setting says which entry of something else is meant (`secretKeyRef.key: password`), by the map that it stands in.
fn is_selected(key: &KeyPath) -> bool {
    key.names().rev().skip(1).any(|name| name == "valueFrom" || name.ends_with("Ref") || name.ends_with("_ref"))
}

/// Whether a name is that of an account, a database or a server: what stands there is no secret, whatever else has the same value.
fn names_an_account(setting: &Setting) -> bool {
    const LAST: &[&str] =
        &["user", "username", "usr", "login", "email", "name", "db", "dbname", "database", "host", "hostname", "port", "region", "bucket"];
    words(setting.name()).last().is_some_and(|word| LAST.contains(&word.as_str()))
}

fn place(d: usize, around: &Around<'_>, s: usize, setting: &Setting, out: &mut Vec<Place>) {
    let value = setting.value.expose();
    let whole = innermost_default(value);
    let literal = literal_of(whole.of(value)).map(|inner| inner.shift(whole.start));
    let trimmed = literal.unwrap_or(whole).trimmed(value);
    let shown = trimmed.of(value);
    let (inner, account, in_url) = match dsn::parse(shown) {
        Some(found) => {
            let Some(password) = found.password else { return };
            let mut account = account(around, setting);
            account.system = dsn::system_at(&setting.key, &found, shown).filter(|s| !s.is_any()).map_or(account.system, |s| s.name());
            account.user =
                found.user.map(|u| u.of(shown)).map(|u| innermost_default(u).of(u)).filter(|u| !has_reference(u)).map(str::to_owned);
            account.names.clear();
            account.server = false;
            (password.shift(trimmed.start), account, true)
        }
        None if names_an_account(setting) => return,
        None if literal.is_some() => (trimmed, account(around, setting), false),
        // the line break that ends a block of YAML is not the secret's
        None => (Span::new(0, value.trim_end_matches('\n').len()), account(around, setting), false),
    };
    let within = innermost_default(inner.of(value)).shift(inner.start);
    let form = if literal.is_some() {
        Form::Template
    } else if in_url && within == inner {
        Form::Plain
    } else {
        form(value, within)
    };
    let raw = within.of(value);
    // a URL spells what it reserves with percent signs: the secret is what they stand for
    let spelled = in_url && value.get(..within.start).is_some_and(|before| before.contains("://"));
    let text = percent_decoded(raw).filter(|_| spelled).unwrap_or_else(|| Secret::copy_of(raw));
    if text.is_empty() {
        return;
    }
    let mut account = account;
    if let Form::Fallback { name, .. } = form {
        account.names.push(normal(name.of(value)));
    }
    account.is_key = signs(&account.names);
    out.push(Place { document: d, setting: s, within, form, in_url, account, text });
}

/// Whether all these names are of keys that sign or encrypt.
pub(super) fn signs(names: &[String]) -> bool {
    let is_key = |name: &String| matches!(kind_in("", name).kind, Kind::Stateless | Kind::DataEncrypting);
    !names.is_empty() && names.iter().all(is_key)
}

/// The literal that an expression of a template language falls back to, if `value` is one.
#[must_use]
pub(super) fn literal_of(value: &str) -> Option<Span> {
    template_default(value).or_else(|| elvis(value))
}

/// The reference whose default lies at `within`; the innermost where they are nested.
fn form(value: &str, within: Span) -> Form {
    let mut base = 0;
    let mut text = value;
    let mut found = Form::Plain;
    loop {
        let next = parts(text).into_iter().find_map(|p| match p {
            Part::Fallback { whole, name, default } if default.shift(base).covers(within) => {
                Some((whole.shift(base), name.shift(base), default.shift(base)))
            }
            _ => None,
        });
        match next {
            Some((reference, name, default)) => {
                found = Form::Fallback { reference, name };
                base = default.start;
                text = default.of(value);
            }
            None => return found,
        }
    }
}

fn normal(name: &str) -> String {
    words(name).join(" ")
}

/// What the setting itself tells.
fn account(around: &Around<'_>, setting: &Setting) -> Account {
    let own = words(setting.name());
    let mut names = Vec::new();
    let parent = setting.key.names().rev().nth(1).map(words).unwrap_or_default();
    let placed = !parent.is_empty() && !is_container(&parent) && setting.role == Role::Live;
    if is_generic(&own) || (placed && is_common(&own)) {
        // `session: { secret: .. }` is the session secret
        if placed {
            names.push([parent, own.clone()].concat().join(" "));
        }
    } else {
        names.push(own.join(" "));
    }
    let mut system = system_of(&own);
    if system.is_empty() || system == "sql" {
        let names: Vec<String> = around.names(setting).iter().flat_map(|n| words(n)).collect();
        let near = system_of(&names);
        // `KC_DB_PASSWORD` in the service `keycloak` is a database's
        let fits = system.is_empty() || !matches!(near, "grafana" | "keycloak" | "ldap");
        system = if near.is_empty() || !fits { system } else { near };
    }
    if system.is_empty() || system == "sql" {
        let told = around.system(setting, &own);
        system = if told.is_empty() { system } else { told };
    }
    let argument = setting.role == Role::Argument && matches!(own.join(" ").as_str(), "requirepass" | "masterauth");
    let server = argument || is_the_servers_own(around.document, setting);
    let stem = own.split_last().map_or(String::new(), |(_, stem)| stem.join(" "));
    Account { system, user: around.user(setting, &own), names, server, is_key: false, stem }
}

/// Whether a server starts with what the setting says. A map that is called like one does in a manifest or the values of a chart; in the
/// configuration of a program, `redis: { host: .., password: .. }`, it says how that one reaches it.
pub(super) fn is_the_servers_own(document: &Document, setting: &Setting) -> bool {
    let named = kind_in("", setting.name()).server
        || kind_in(setting.key.parent_name(), setting.name()).server && !is_of_a_program(document, setting);
    named && !is_of_another_service(document, setting)
}

/// Whether a service of Compose has the setting that runs something else than the server that the setting is named after.
fn is_of_another_service(document: &Document, setting: &Setting) -> bool {
    let [Segment::Key(top), Segment::Key(service), _, ..] = setting.key.segments() else { return false };
    let system = system_of(&words(setting.name()));
    if document.format != "compose" || top != "services" || system.is_empty() {
        return false;
    }
    let called = system_of(&words(service));
    if called == system {
        return false;
    }
    let image = KeyPath::of("services").child(service).child("image");
    let told = document.settings.iter().find(|s| s.key == image).map_or_else(Vec::new, |s| words(s.value.expose()));
    // `db` may be any of them
    !(system_of(&told) == system || told.is_empty() && called == "sql")
}

/// Whether the setting stands in the configuration of a program, as its own file or as a text in a manifest.
fn is_of_a_program(document: &Document, setting: &Setting) -> bool {
    let values = document.file_name().to_ascii_lowercase().contains("values");
    setting.around.portion == Portion::Inner
        || matches!(document.format, "json" | "jsonc" | "toml" | "ini" | "properties")
        || document.format == "yaml" && !values
}

/// Names by which an item of a list says whose it is.
const OWNERS: &[&str] = &["user", "username", "login", "client id", "email", "id"];

/// What a document says about its settings besides themselves; gathered once, since asking each setting about every other is quadratic.
struct Around<'d> {
    document: &'d Document,
    /// Names of manifests, and images of services: part, path, text.
    named: HashMap<(usize, KeyPath), Vec<&'d str>>,
    /// Users: the words before `USER`, and the part and the path that they stand in; the first of each.
    users: HashMap<(usize, KeyPath, Vec<String>), &'d str>,
    /// Whose an item of a list is: the part and the whole path of the item.
    items: HashMap<(usize, KeyPath), &'d str>,
    /// Systems that connection strings without a password tell, in the same way: `url` beside `password`.
    systems: HashMap<(usize, KeyPath, Vec<String>), &'static str>,
}

impl<'d> Around<'d> {
    fn of(document: &'d Document) -> Self {
        let mut around = Self { document, named: HashMap::new(), users: HashMap::new(), items: HashMap::new(), systems: HashMap::new() };
        for setting in &document.settings {
            let value = setting.value.expose();
            if matches!(setting.name(), "name" | "image") {
                around.named.entry((setting.part, setting.key.clone())).or_default().push(value);
            }
            if setting.role == Role::Commented {
                continue;
            }
            let mut name = words(setting.name());
            if let Some(item) = setting.key.list_item().filter(|_| !value.is_empty() && OWNERS.contains(&name.join(" ").as_str())) {
                around.items.entry((setting.part, item)).or_insert(value);
            }
            match name.pop().as_deref() {
                Some("user" | "username" | "login") => {
                    around.users.entry((setting.part, setting.key.scope(), name)).or_insert(value);
                }
                Some("url" | "uri" | "dsn") => {
                    let system =
                        dsn::parse(value).and_then(|found| dsn::system_at(&setting.key, &found, value)).filter(|system| !system.is_any());
                    if let Some(system) = system {
                        around.systems.entry((setting.part, setting.key.scope(), name)).or_insert(system.name());
                    }
                }
                _ => {}
            }
        }
        around
    }

    /// Names around a setting that tell which system it belongs to: its service and image, the manifest's name, the parents on its path.
    fn names(&self, setting: &Setting) -> Vec<String> {
        let mut out: Vec<String> = setting.key.names().rev().skip(1).map(str::to_owned).collect();
        let mut add = |key: KeyPath| {
            out.extend(self.named.get(&(setting.part, key)).into_iter().flatten().map(|text| (*text).to_owned()));
        };
        add(KeyPath::of("metadata").child("name"));
        if let [Segment::Key(top), Segment::Key(service), ..] = setting.key.segments()
            && top == "services"
        {
            add(KeyPath::of("services").child(service).child("image"));
        }
        // the option file of MySQL's own clients
        out.push(self.document.file_name().replace("my.cnf", "mysql"));
        out
    }

    /// The system of the connection string that belongs to a password: `X_URL` beside `X_PASSWORD`.
    fn system(&self, setting: &Setting, own: &[String]) -> &'static str {
        let found = own.split_last().and_then(|(_, stem)| self.systems.get(&(setting.part, setting.key.scope(), stem.to_vec())));
        found.copied().unwrap_or_default()
    }

    /// The user that belongs to a password: `X_USER` or `X_USERNAME` beside `X_PASSWORD`, `username` beside `password`.
    fn user(&self, setting: &Setting, own: &[String]) -> Option<String> {
        let (_, stem) = own.split_last()?;
        // the items of a list are of different accounts, each of its own
        let item = setting.key.list_item().and_then(|item| self.items.get(&(setting.part, item)));
        let found = item.or_else(|| self.users.get(&(setting.part, setting.key.scope(), stem.to_vec())));
        // a user that is said elsewhere is not known here; a default is
        found.map(|v| innermost_default(v).of(v)).filter(|u| !u.is_empty() && !has_reference(u)).map(str::to_owned)
    }
}

/// The system that words name; the first hit wins.
pub(super) fn system_of(words: &[String]) -> &'static str {
    const SYSTEMS: &[(&str, &[&str])] = &[
        ("postgres", &["postgres", "postgresql", "postgis", "pg", "psql", "pgpassword", "timescaledb"]),
        ("mysql", &["mysql", "mariadb"]),
        ("mongodb", &["mongo", "mongodb"]),
        ("redis", &["redis", "valkey", "requirepass", "masterauth", "rediscli", "keydb"]),
        ("amqp", &["rabbitmq", "rabbit", "amqp"]),
        ("sqlserver", &["mssql", "sa", "sqlserver"]),
        ("clickhouse", &["clickhouse"]),
        ("elastic", &["elastic", "elasticsearch", "es", "opensearch"]),
        ("storage", &["minio", "s3"]),
        ("sql", &["db", "database", "sql", "datasource"]),
        // behind `sql`: what they call their database's password is not their own
        ("grafana", &["grafana", "gf"]),
        ("keycloak", &["keycloak", "kc"]),
        ("ldap", &["ldap", "openldap"]),
    ];
    SYSTEMS.iter().find(|(_, known)| words.iter().any(|w| known.contains(&w.as_str()))).map_or("", |(system, _)| system)
}

/// Whether a place that has no finding of its own may hold a known secret: by its name, not by its value.
#[must_use]
pub(super) fn may_hold_a_secret(place: &Place, documents: &[Document]) -> bool {
    let Some((_, setting)) = place.setting_in(documents) else { return false };
    // `key: password` of a `secretKeyRef` is a name; where `key`, `token` or `secret` does hold a weak value, that has a finding of its own
    let named = setting.role == Role::Argument || !is_generic(&words(setting.name())) || !place.is_live(documents);
    place.in_url
        || (named && matches!(classify(setting.name()), NameClass::Secret | NameClass::Weak))
        || place.account.server
        || setting.layer != crate::model::setting::Layer::None
}
