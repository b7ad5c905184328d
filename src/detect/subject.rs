//! One setting under the eyes of the rules.

use std::borrow::Cow;
use std::cell::{LazyCell, OnceCell};
use std::rc::Rc;

use crate::dsn::{self, Dsn, HostClass, Scheme, Tls};
use crate::keys::{self, Frame, Material};
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, Segment, words};
use crate::model::setting::{Layer, Portion, Role, Setting};
use crate::model::span::Span;
use crate::model::template::{Part, parts};
use crate::strength::judge::{ValueClass, Verdict, judge};
use crate::strength::name::{NameClass, Purpose, classify};
use crate::strength::table::announced_by;
use crate::tokens::{Token, Use};

use super::fallback::fallback_of;
use super::issued::{Place, token_in};
use super::label::{is_made_of_names, label};
use super::named::meant;
use super::neighbours::Neighbourhood;
use super::path::{Mapped, NameFacts, PathFacts};
use super::schema::is_example;
use super::selector::{Announced, is_key_of_a_secret, is_of_kubernetes};
use super::source::{is_any_host, is_code, is_prompt, is_secret_in_code, names_a_cookie, other_data};

/// A compiled condition.
pub(super) type Test = Box<dyn Fn(&Subject<'_>) -> bool + Send + Sync>;

/// A setting with everything that conditions may ask of it; each answer is worked out once, when first asked.
pub struct Subject<'d> {
    /// The file.
    pub document: &'d Document,
    /// The setting.
    pub setting: &'d Setting,
    /// Its index in the document.
    pub index: usize,
    /// What stands around it.
    pub(super) around: &'d Neighbourhood<'d>,
    path: OnceCell<Rc<PathFacts>>,
    meant: OnceCell<Option<Rc<NameFacts>>>,
    name: OnceCell<NameClass>,
    literal: OnceCell<Span>,
    judged: OnceCell<Verdict>,
    connection: OnceCell<Option<Connection>>,
    password: OnceCell<Option<(Span, Verdict)>>,
    token: OnceCell<Option<Token>>,
    material: OnceCell<Option<Material>>,
    unmarked: OnceCell<bool>,
}

/// A connection string found in a value.
pub(super) struct Connection {
    /// Its bytes in the value.
    pub(super) span: Span,
    /// Its parts; their spans count from `span.start`.
    pub(super) dsn: Dsn,
    /// The system, if it is one that we know.
    pub(super) system: Option<&'static dyn Scheme>,
    /// The state of TLS; `Unknown` without a system.
    pub(super) tls: Tls,
    /// Where the farthest host is.
    pub(super) host: HostClass,
}

impl<'d> Subject<'d> {
    pub(super) fn new(document: &'d Document, index: usize, setting: &'d Setting, around: &'d Neighbourhood<'d>) -> Self {
        Self {
            document,
            setting,
            index,
            around,
            path: OnceCell::new(),
            meant: OnceCell::new(),
            name: OnceCell::new(),
            literal: OnceCell::new(),
            judged: OnceCell::new(),
            connection: OnceCell::new(),
            password: OnceCell::new(),
            token: OnceCell::new(),
            material: OnceCell::new(),
            unmarked: OnceCell::new(),
        }
    }

    /// Whether the setting at `index` of the same file passes all `tests`.
    pub(super) fn beside(&self, index: usize, setting: &'d Setting, tests: &[Test]) -> bool {
        let other = Subject::new(self.document, index, setting, self.around);
        tests.iter().all(|test| test(&other))
    }

    /// What the path says by itself.
    pub(super) fn path(&self) -> &PathFacts {
        self.path.get_or_init(|| self.around.paths().path(&self.setting.key))
    }

    /// The words of the name.
    pub(super) fn words(&self) -> &[String] {
        &self.path().name.words
    }

    /// The words of the whole path.
    pub(super) fn path_words(&self) -> &[String] {
        self.path().words()
    }

    /// The value as read.
    pub(super) fn value(&self) -> &'d str {
        self.setting.value.expose()
    }

    /// The class of the name; every value of a Kubernetes Secret counts as secret, but for those that name an account or an address.
    pub(super) fn name_class(&self) -> NameClass {
        *self.name.get_or_init(|| {
            if self.around.names_something_else(self.index, self.setting) {
                return NameClass::Other;
            }
            let class = self.announced().class;
            let telling = !matches!(class, NameClass::Other | NameClass::Setting);
            let announced = || {
                let (around, document, index, setting) = (self.around, self.document, self.index, self.setting);
                Announced { around, document, index, setting, literal: self.literal() }
            };
            if telling && announced().selects() {
                return NameClass::Other;
            }
            let in_map = matches!(self.document.format, "yaml" | "json" | "toml");
            let mapped = self.path().mapped.get_or_init(|| self.mapped());
            // `token_key: lit`, `secret_keys: { current: lit }`: the name of a key, or the key
            if in_map
                && mapped.of_a_secret
                && class != NameClass::Secret
                && !is_of_kubernetes(self.document, self.setting)
                && !is_made_of_names(self.setting, self.literal())
                && !mapped.account
            {
                return NameClass::Secret;
            }
            if class != NameClass::Other || mapped.account {
                return class;
            }
            // `keys: { APIxyz: .. }`, `github-oauth: { github.com: .. }`
            if mapped.held != NameClass::Other && self.is_named_in_a_map() {
                return mapped.held;
            }
            // `secrets: { cookie: [..] }`
            let gathered = in_map && self.setting.key.parent_name() == "secrets";
            if gathered || self.around.is_secret_manifest(self.setting) { NameClass::Weak } else { class }
        })
    }

    /// What the map in which the setting stands makes of its name: the secret of a host or account.
    fn mapped(&self) -> Mapped {
        let key = &self.setting.key;
        let held = match key.segments() {
            // a name and no word about the map: `enabled`, `prefix`
            [.., Segment::Key(map), Segment::Key(own)] if classify(own) == NameClass::Other => announced_by(map),
            _ => NameClass::Other,
        };
        let of_a_secret = is_key_of_a_secret(self.setting) || words(key.parent_name()) == ["secret", "keys"];
        Mapped { of_a_secret, held, account: is_account(self.setting.name()) }
    }

    /// Whether a name in a map may be that of an owner.
    fn is_named_in_a_map(&self) -> bool {
        let format =
            matches!(self.document.format, "yaml" | "json" | "jsonc" | "toml" | "ini") || self.setting.around.portion == Portion::Inner;
        // fingerprints of keys that sign are written as 40 digits
        let fingerprint = self.value().len() == 40 && self.value().bytes().all(|b| b.is_ascii_hexdigit());
        format && !fingerprint
    }

    /// What the secret is for.
    pub(super) fn purpose(&self) -> Purpose {
        self.announced().purpose
    }

    /// The name, with that of its map where it says too little by itself: the `key` of `jwt`, the `secret` of `session`, the `cipher` of
    /// `secrets`, the `key` of an item of `admin_key`.
    fn announced(&self) -> &NameFacts {
        let meant = || {
            let name = meant(self.document, self.around, self.index, self.setting);
            name.or_else(|| self.variable().map(Cow::Borrowed)).map(|name| self.around.paths().name(&name))
        };
        if let Some(facts) = self.meant.get_or_init(meant) {
            return facts;
        }
        self.path().announced.get_or_init(|| self.around.paths().name(&self.announced_name()))
    }

    /// The variable that the value is read from, where it announces a secret and the name says nothing: `auth_value: ${SITE_PASSWORD:lit}`.
    fn variable(&self) -> Option<&'d str> {
        let value = self.value().trim();
        if !value.starts_with("${") || is_code(self.document) || classify(&self.announced_name()) != NameClass::Other {
            return None;
        }
        let [Part::Fallback { name, .. }] = parts(value)[..] else { return None };
        let name = name.of(value);
        (classify(name) == NameClass::Secret && !is_account(self.setting.name())).then_some(name)
    }

    fn announced_name(&self) -> Cow<'d, str> {
        let name = self.setting.name();
        let bare = matches!(name.to_ascii_lowercase().as_str(), "key" | "keys" | "secret" | "salt");
        if SHARES.contains(&name) && self.setting.key.parent_name() == "secrets" {
            return Cow::Owned(format!("{name} secret"));
        }
        let mut segments = self.setting.key.segments().iter().rev();
        match (segments.next(), segments.next(), segments.next()) {
            (Some(Segment::Key(_)), Some(Segment::Key(above)), _) if bare && !matches!(above.as_str(), "data" | "stringData") => {
                Cow::Owned(format!("{} {name}", above.as_str()))
            }
            (Some(Segment::Key(_)), Some(Segment::Index(_)), Some(Segment::Key(list))) if name == "key" && list.ends_with("_key") => {
                Cow::Borrowed(list)
            }
            // `credentials: [{ type: password, value: lit }]` of Keycloak
            (Some(Segment::Key(_)), Some(Segment::Index(_)), Some(Segment::Key(list))) if name == "value" && list == "credentials" => {
                Cow::Borrowed("credentials password")
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// The bytes (within the value) that run when nothing else is set: the default of a lone `${NAME:-default}`, else the whole value.
    pub(super) fn literal_span(&self) -> Span {
        *self.literal.get_or_init(|| fallback_of(self.document, self.value()))
    }

    /// Whether [`Self::literal_span`] is a default.
    pub(super) fn is_fallback(&self) -> bool {
        self.literal_span().len() != self.value().len()
    }

    /// The text that runs when nothing else is set.
    pub(super) fn literal(&self) -> &'d str {
        self.literal_span().of(self.value())
    }

    /// The judgement of [`Self::literal`].
    pub(super) fn verdict(&self) -> &Verdict {
        self.judged.get_or_init(|| {
            if self.setting.role == Role::Reference {
                return Verdict { class: ValueClass::Reference, reason: "a reference" };
            }
            if self.setting.role == Role::Prose && is_cut(self.literal()) {
                return Verdict { class: ValueClass::Reference, reason: "a copy that is cut short" };
            }
            if self.is_described() {
                return Verdict { class: ValueClass::NotSecret, reason: "an example of its own schema" };
            }
            // `${DB_PASS:undefined}`; a password may be such a word all the same
            let none = || match self.literal() {
                "undefined" => true,
                "disabled" | "invalid" | "unset" => self.purpose() != Purpose::Password,
                _ => false,
            };
            if self.is_fallback() && none() {
                return Verdict { class: ValueClass::NotSecret, reason: "a word for none" };
            }
            if is_prompt(self.setting, self.literal()) {
                return Verdict { class: ValueClass::NotSecret, reason: "what a program asks" };
            }
            if names_a_cookie(self.document, self.setting) {
                return Verdict { class: ValueClass::NotSecret, reason: "the name of a cookie" };
            }
            if self.holds_settings() {
                return Verdict { class: ValueClass::NotSecret, reason: "a file whose settings are looked at one by one" };
            }
            if self.material().is_some() {
                return Verdict { class: ValueClass::NotSecret, reason: "key material, judged as such" };
            }
            if let Some(frame) = keys::frame(self.literal()) {
                return match frame {
                    Frame::Empty => Verdict { class: ValueClass::Placeholder, reason: "the frame of a key without its body" },
                    Frame::Public => Verdict { class: ValueClass::NotSecret, reason: "a public key" },
                };
            }
            // the password in a connection string is judged by itself
            if self.connection().is_some_and(|c| c.dsn.style != dsn::Style::KeyValue || c.dsn.password.is_some()) {
                return Verdict { class: ValueClass::NotSecret, reason: "a connection string" };
            }
            // most values are judged without a look around
            let context = LazyCell::new(|| self.around.context(self.index, self.setting));
            let found = judge(self.literal(), &context, self.purpose());
            if found.class != ValueClass::Reference && self.token().is_some_and(|t| t.usage == Use::Public) {
                return Verdict { class: ValueClass::NotSecret, reason: "a key that is made to be shipped" };
            }
            let vague = || {
                self.name_class() == NameClass::Weak
                    || !is_secret_in_code(self.document, self.index, self.literal(), found.class, self.around.is_partial())
            };
            if is_code(self.document) && vague() {
                return Verdict { class: ValueClass::NotSecret, reason: "a word of a program" };
            }
            if let Some(reason) = label(self.document, self.around, self.index, self.literal(), found.class) {
                return Verdict { class: ValueClass::NotSecret, reason };
            }
            let known = matches!(found.class, ValueClass::Reference | ValueClass::Empty | ValueClass::Placeholder);
            match other_data(self.document, self.setting, self.literal(), self.purpose()).filter(|_| !known) {
                Some(reason) => Verdict { class: ValueClass::NotSecret, reason },
                None => found,
            }
        })
    }

    /// Whether the value is an example or a default in a description of data, which no program takes for its own.
    fn is_described(&self) -> bool {
        shows_form(self.document, self.setting)
            || self.setting.role == Role::Live && self.around.is_in_schema(self.setting) && is_example(&self.setting.key)
    }

    /// Whether the value is a text of which settings were read that follow this one.
    fn holds_settings(&self) -> bool {
        let own = self.setting.key.segments();
        let next = self.document.settings.get(self.index + 1);
        let text = self.value().contains('\n') || self.value().trim_start().starts_with(['{', '[']);
        text && next.is_some_and(|n| n.part == self.setting.part && n.key.segments().len() > own.len() && n.key.segments().starts_with(own))
    }

    /// Whether it is certain that nothing in the value announces a token or key material.
    fn is_unmarked(&self) -> bool {
        *self.unmarked.get_or_init(|| self.document.is_unmarked(self.setting))
    }

    /// Whether what was asked of it depends on the day.
    pub(super) fn has_dates(&self) -> bool {
        self.material.get().and_then(Option::as_ref).is_some_and(|material| material.certificate.is_some())
    }

    /// The provider's token in the value that matters most; its span counts from the value's start.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token
            .get_or_init(|| {
                if self.literal().len() < 16 || shows_form(self.document, self.setting) {
                    return None;
                }
                let public = self.name_class() == NameClass::Public;
                let words = [self.words(), self.path_words()];
                let place = Place { index: self.index, literal: self.literal(), words, public, unmarked: self.is_unmarked() };
                let mut token = token_in(self.around, &place)?;
                token.span = token.span.shift(self.literal_span().start);
                Some(token)
            })
            .as_ref()
    }

    /// The key material with which the literal begins.
    pub(super) fn material(&self) -> Option<&Material> {
        let read = || match self.setting.layer {
            _ if shows_form(self.document, self.setting) => None,
            // the blocks inside have no settings of their own
            Layer::Base64 => keys::read_any(self.literal()),
            // keys of WireGuard are known by their name alone
            Layer::None if self.is_unmarked() && self.setting.name() != "PrivateKey" => None,
            Layer::None => keys::read(self.setting.name(), self.literal()),
        };
        self.material.get_or_init(read).as_ref()
    }

    /// The connection string in the value, if it is one.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.connection
            .get_or_init(|| {
                if !dsn::may_be(self.value()) || self.is_described() {
                    return None;
                }
                let found = connection(&self.setting.key, self.value(), self.literal_span())?;
                let text = found.span.of(self.value());
                // code builds URLs for any host, and shows their form
                let form =
                    is_code(self.document) && (found.dsn.hosts.is_empty() || found.dsn.hosts.iter().any(|h| is_any_host(h.name.of(text))));
                (!form).then_some(found)
            })
            .as_ref()
    }

    /// The judgement of the password in the connection string; `None` without one.
    pub(super) fn url_password(&self) -> Option<&(Span, Verdict)> {
        self.password.get_or_init(|| self.judge_url_password()).as_ref()
    }

    fn judge_url_password(&self) -> Option<(Span, Verdict)> {
        let found = self.connection()?;
        let text = found.span.of(self.value());
        let password = found.dsn.password?;
        let inner = fallback_of(self.document, password.of(text)).shift(password.start);
        let mut context = self.around.context(self.index, self.setting);
        [found.dsn.user.map(|s| s.of(text)), Some(found.dsn.database(text))].into_iter().flatten().for_each(|n| context.add(n));
        found.dsn.hosts.iter().for_each(|h| context.add(h.name.of(text)));
        let verdict = judge(inner.of(text), &&context, Purpose::Password);
        Some((inner.shift(found.span.start), verdict))
    }

    /// Whether rules on settings may look: not at comments and aliases.
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.setting.role, Role::Commented | Role::Alias)
    }
}

/// Whether a schema (OpenAPI, JSON Schema, the description of options) shows what a value may look like: `example: x`, `example: {password: x}`.
fn shows_form(document: &Document, setting: &Setting) -> bool {
    let mut names = setting.key.names().rev();
    let own = names.next().unwrap_or("");
    let parent = names.next().unwrap_or("");
    let schema = |n: &str| matches!(n, "example" | "examples");
    // a label of Terraform, a section: no such file describes data
    let labels = matches!(document.format, "hcl" | "toml" | "ini" | "properties" | "conf");
    setting.role == Role::Live
        && (schema(own)
            || matches!(own, "description" | "placeholder")
            || !labels && (schema(parent) && names.next().is_some_and(|n| n != "services") || is_named_example(setting)))
}

/// `examples: { NAME: { value: {..} } }` of OpenAPI.
fn is_named_example(setting: &Setting) -> bool {
    let mut steps = setting.key.names().skip_while(|name| *name != "examples").skip(2);
    steps.next() == Some("value")
}

/// A value of which a document shows only the beginning.
fn is_cut(value: &str) -> bool {
    let trimmed = value.trim_end();
    trimmed
        .strip_suffix("...")
        .or_else(|| trimmed.strip_suffix('…'))
        .is_some_and(|head| head.len() >= 4 && head.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')))
}

/// What a map called `secrets` holds, where its keys say what each is for: a value each, or the newest first.
const SHARES: &[&str] = &["cipher", "cookie", "csrf", "encryption", "hash", "hmac", "jwt", "pagination", "session", "signing", "system"];

fn is_account(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "user", "host", "port", "name", "database", "db", "email", "url", "uri", "region", "bucket", "endpoint", "account", "type", "crt",
        "cert",
    ]
    .iter()
    .any(|w| lower.ends_with(w))
}

fn connection(key: &KeyPath, value: &str, literal: Span) -> Option<Connection> {
    let span = literal.trimmed(value);
    let span = Span::new(span.start + label_before_url(span.of(value)), span.end);
    let text = span.of(value);
    if text.len() > 4096 {
        return None;
    }
    let dsn = dsn::parse(text)?;
    let system = dsn::system_at(key, &dsn, text);
    let tls = system.map_or(Tls::Unknown, |s| s.tls(&dsn, text));
    let host = dsn::classify(&dsn, text);
    Some(Connection { span, dsn, system, tls, host })
}

/// The length of `name=` before a URL: lists of named connections are written so, `first=redis://a:6379`. 0 without one.
fn label_before_url(text: &str) -> usize {
    let Some(at) = text.find('=') else { return 0 };
    let (label, rest) = (text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or(""));
    let named = !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let scheme = rest.split("://").next().filter(|s| s.len() < rest.len());
    let url = scheme.is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')));
    if named && url { at + 1 } else { 0 }
}

/// Whether a value of this class is worth a finding of its own under a name that only may announce a secret.
pub(super) fn tells_by_itself(class: ValueClass) -> bool {
    matches!(class, ValueClass::Placeholder | ValueClass::Published | ValueClass::Ok | ValueClass::Wordy)
}

#[cfg(test)]
mod tests {
    use super::label_before_url;

    #[test]
    fn a_name_before_a_url_is_left_out() {
        for (text, want) in [
            ("shard_1=redis://cache:6379", 8),
            ("redis://cache:6379?a=b", 0),
            ("shard_1=red", 0),
            ("host=db url=redis://cache", 0),
            ("postgres+driver://a/b=c://d", 0),
        ] {
            assert_eq!(label_before_url(text), want, "{text}");
        }
    }
}
