//! What source code and message catalogues say: there a name that announces a secret mostly stands beside a label, a field's name or a key
//! of another table. A literal in code counts only where it cannot well be one of those.

use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::{Span, line_before};
use crate::strength::dictionary::coverage;
use crate::strength::judge::ValueClass;
use crate::strength::name::{Purpose, purpose};
use crate::strength::table::{self, is_settings_file};

/// Whether the document is source code as `formats` sees it.
pub(super) fn is_code(document: &Document) -> bool {
    document.format == "code"
}

/// In what part of a program the setting stands: a comment that documents, or behind the place where tests begin; `code` for the rest of a
/// program and `other` outside of one.
pub(super) fn section(document: &Document, setting: &Setting, tests_begin: impl FnOnce() -> usize) -> &'static str {
    const DOCUMENTS: &[&str] = &["///", "//!", "* ", "/**", "#'"];
    if !is_code(document) {
        return "other";
    }
    let line = line_before(&document.text, setting.span.start).trim_start();
    if DOCUMENTS.iter().any(|mark| line.starts_with(mark)) {
        "documentation"
    } else if setting.span.start >= tests_begin() {
        "test"
    } else {
        "code"
    }
}

/// Where the tests of a program begin, by what announces them in common languages; the end of the text where none do.
pub(super) fn tests_begin(text: &str) -> usize {
    const TESTS: &[&str] =
        &["#[cfg(test)]", "#[test]", "#[bench]", "\ndef test_", "\nclass Test", "\nfunc Test", "\ndescribe(", "@Test\n", "[Fact]"];
    TESTS.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len())
}

/// Whether a literal in code, judged `class`, is used as a secret rather than as a name or a label.
///
/// `partial`: the settings around it are not known; then it is one wherever an account beside it would make it one.
pub(super) fn is_secret_in_code(document: &Document, index: usize, literal: &str, class: ValueClass, partial: bool) -> bool {
    let Some(setting) = document.settings.get(index) else { return false };
    if setting.name().is_empty() || literal.starts_with("-----BEGIN") {
        return true;
    }
    if setting.quoting == Quoting::Plain {
        return false;
    }
    if is_default_of_variable(&document.text, setting) {
        return true;
    }
    // the bytes of a text are a key, whatever words it says
    if is_made_bytes(&document.text, setting) && literal.len() >= 8 {
        return names_a_key_or_password(setting.name());
    }
    if class == ValueClass::LiveDefault && literal.contains(' ') {
        return names_a_key_or_password(setting.name());
    }
    let strong = matches!(class, ValueClass::Short | ValueClass::Ok | ValueClass::Published);
    let beside_an_account = || partial || beside_an_account(document, index);
    let telling = || names_a_key_or_password(setting.name()) || beside_an_account();
    // `django-insecure-..` is one, too
    let random = (strong || literal.len() >= LONG) && is_random(literal) && telling();
    if random && !strong {
        return true;
    }
    let signs = if matches!(class, ValueClass::LiveDefault | ValueClass::Wordy) { "(){}<>[]\\" } else { "(){}<>[]\\%|*;," };
    let noise = literal.contains(|c: char| c.is_whitespace() || !c.is_ascii() || signs.contains(c));
    let part = literal.starts_with(['#', '.', '/', '@', ':', '-', '_', '&', '?', '$']) || literal.ends_with([':', '=', '_', '-', '.']);
    if (noise || part) && !random {
        return false;
    }
    if says_its_name(setting.name(), literal) && !beside_an_account() {
        return false;
    }
    let mixed = literal.len() >= 6 && literal.bytes().any(|b| b.is_ascii_digit()) && literal.bytes().any(|b| b.is_ascii_alphabetic());
    if strong {
        // an account of that name would make it a guess
        return partial || (mixed || random) && !is_dotted(literal) && !is_label(literal);
    }
    beside_an_account() || names_a_key_or_password(setting.name()) && !is_dotted(literal) && !literal.contains('/')
}

/// From here on a text is a key by its length, and may hold any sign.
const LONG: usize = 32;

/// Whether a literal is a text that chance made: no words, no name, no pattern or format, whatever its signs. Then it is no part of a program
/// but what it stands for.
fn is_random(literal: &str) -> bool {
    // of regular expressions, selectors, paths, formats, alphabets
    const PATTERNS: &[&str] = &["(?", "A-Z", "a-z", "[0-9", "[^", "[:", "{{", "#{", "<%", "://", "\\", ":nth", ":not", "gba("];
    // which stand in long keys by chance, too
    const SHORT_PATTERNS: &[&str] =
        &["%(", ")s", "%s", "%d", "%0", "%[", "$s", "$(", "()", "->", "::", "=>", "&&", "||", ".*", ".+", "]+", "]*", "/:", "-["];
    let count = |f: fn(&u8) -> bool| literal.bytes().filter(f).count();
    let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let (digits, signs) = (count(u8::is_ascii_digit), count(u8::is_ascii_punctuation));
    let graphic = (12..=256).contains(&literal.len()) && literal.bytes().all(|b| b.is_ascii_graphic());
    // a key that frameworks generate: `2^f+3@v7$...`
    let long = literal.len() >= LONG && digits >= 4 && lower + upper >= 8 && signs >= 3;
    let patterned = PATTERNS.iter().any(|p| literal.contains(p)) || !long && SHORT_PATTERNS.iter().any(|p| literal.contains(p));
    let begun = literal.starts_with(['{', '[', '(', '<', '#', '.', '@', ':', '&', '?', '$']);
    if !graphic || patterned || begun && !long || has_slots(literal) {
        return false;
    }
    // a path, and not base64
    let path = literal.matches('/').count() > 2
        || literal.starts_with('/') && literal.contains(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
    let pairs = literal.trim_end_matches('=').matches('=').count() > 1;
    let kinds = [lower, upper, digits, signs].iter().filter(|n| **n > 0).count();
    let most = if long { 0.5 } else { 0.35 };
    (long || !pairs) && !path && kinds >= 3 && digits >= 1 && digits + signs >= 2 && lower + upper >= 4 && coverage(literal).0 < most
}

/// Whether a text has places that are filled in: `{name}`, `{0:x}`, `{$name}`.
fn has_slots(text: &str) -> bool {
    let slot = |inner: &str| {
        let name = inner.split([':', '!']).next().unwrap_or("").trim_start_matches('$');
        inner.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'-' | b'>'))
    };
    text.match_indices('{').any(|(at, _)| text.get(at + 1..).and_then(|rest| rest.split_once('}')).is_some_and(|(inner, _)| slot(inner)))
}

/// Why a literal under a secret's name is data of another kind; `None` where it may well be the secret.
pub(super) fn other_data(document: &Document, setting: &Setting, literal: &str, purpose: Purpose) -> Option<&'static str> {
    let (literal, own) = (literal.trim(), words(setting.name()));
    // `dsn: memory` names a driver
    if own.last().is_some_and(|w| w == "dsn") && !literal.contains(['/', '@', ';', '=']) {
        return Some("a data source without a password");
    }
    // `connectionString: cache:6379`
    if is_address(literal) && own.concat().ends_with("connectionstring") {
        return Some("an address without a password");
    }
    let json = document.format == "json";
    if json && setting.quoting == Quoting::Plain && purpose != Purpose::Password && literal.parse::<f64>().is_ok() {
        return Some("a number");
    }
    // of a bot or a pipeline that holds the key to it: `encrypted: { token: .. }`
    let encoded = literal.len() >= 16 && literal.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_-.$:".contains(&b));
    if encoded && setting.key.parent_name().eq_ignore_ascii_case("encrypted") {
        return Some("encrypted for the service that reads it");
    }
    if is_record(setting.name(), literal) {
        return Some("the digest of what was found");
    }
    let locked = literal == "x" && setting.name() == "passwd" && setting.key.names().rev().nth(1) == Some("users");
    if locked {
        return Some("an account without a password");
    }
    // `JWT_SECRET_ROTATION` holds the next key, or says how often it changes
    if own.last().is_some_and(|w| w == "rotation") && INTERVALS.iter().any(|w| w.eq_ignore_ascii_case(literal)) {
        return Some("how often it is changed");
    }
    if is_required_version(setting, literal) {
        return Some("the version of a package");
    }
    // `"new_password": "New Password"` is a label
    let title = literal.starts_with(char::is_uppercase) && literal.chars().nth(1).is_some_and(char::is_lowercase);
    (json && title && setting.name().starts_with(char::is_lowercase) && words(literal) == own).then_some("a label")
}

/// Whether `text` is a host in small letters, with a port or without.
fn is_address(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "1"));
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    let written = text.contains([':', '.', '-'])
        || matches!(host, "localhost" | "redis" | "cache" | "db" | "postgres" | "mysql" | "mongo" | "rabbitmq");
    written && !host.is_empty() && host.bytes().all(is_name) && port.bytes().all(|b| b.is_ascii_digit())
}

/// How often something is done, in a word.
const INTERVALS: &[&str] =
    &["annually", "automatic", "biweekly", "daily", "hourly", "manual", "monthly", "quarterly", "scheduled", "weekly", "yearly"];

/// `hashed_secret` of detect-secrets: SHA-1 of what it found.
fn is_record(name: &str, literal: &str) -> bool {
    name == "hashed_secret" && literal.len() == 40 && literal.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `cookie NAME insert` of HAProxy, which marks its visitors with it.
pub(super) fn names_a_cookie(document: &Document, setting: &Setting) -> bool {
    document.format == "conf" && setting.name() == "cookie"
}

/// `challengePassword = A challenge password`: the question that openssl asks before it reads the password.
pub(super) fn is_prompt(setting: &Setting, literal: &str) -> bool {
    let attribute = setting.name().eq_ignore_ascii_case("challengePassword");
    attribute && literal.contains(' ') && words(literal).iter().any(|w| w == "password")
}

/// Whether a manifest says with the literal which versions of a package it takes; the package may be called anything.
fn is_required_version(setting: &Setting, literal: &str) -> bool {
    const MAPS: &[&str] =
        &["require", "require-dev", "packages", "dev-packages", "overrides", "resolutions", "versions", "catalog", "engines"];
    const ELSEWHERE: &[&str] =
        &["workspace:", "file:", "link:", "npm:", "jsr:", "portal:", "catalog:", "git+", "github:", "path:", "http://", "https://"];
    let listed = |name: &str| {
        let lower = name.to_ascii_lowercase();
        lower.ends_with("dependencies") || lower.ends_with("dependency_overrides") || MAPS.contains(&lower.as_str())
    };
    let bare = literal.trim_start_matches(['^', '~', '=', '>', '<', '!', ' ', 'v']);
    let fits = |b: u8| b.is_ascii_alphanumeric() || b".*^~=<>!|,+- @".contains(&b);
    let version = bare.starts_with(|c: char| c.is_ascii_digit() || c == '*') && literal.len() <= 48 && literal.bytes().all(fits);
    let named = matches!(literal, "latest" | "next" | "any");
    (version || named || ELSEWHERE.iter().any(|e| literal.starts_with(e))) && setting.key.names().rev().skip(1).take(2).any(listed)
}

/// Whether the literal is turned into bytes: `Encoding.UTF8.GetBytes("lit")`, `[]byte("lit")`.
fn is_made_bytes(text: &str, setting: &Setting) -> bool {
    let open = setting.span.start.saturating_sub(1);
    let before = Span::new(open.saturating_sub(12), open).narrowed(text).of(text);
    before.ends_with(".GetBytes(") || before.ends_with("[]byte(")
}

/// `getenv("X", ...)`, `env.X ||`, `define('X', ...)`: the name is a variable's.
fn is_default_of_variable(text: &str, setting: &Setting) -> bool {
    let start = setting.key_span.start;
    let before = Span::new(start.saturating_sub(24), start).narrowed(text).of(text).to_ascii_lowercase();
    let opened = before.trim_end_matches(|c: char| matches!(c, '"' | '\'') || c.is_whitespace());
    let called = opened.strip_suffix('(').or_else(|| opened.strip_suffix('['));
    before.ends_with("env.")
        || called.is_some_and(|f| {
            [
                "env",
                "fetch",
                "define",
                "property",
                "config",
                "get",
                "or",
                "value",
                "default",
                "env::var",
                "secret",
                "_server",
                "configuration",
            ]
            .iter()
            .any(|w| f.ends_with(w))
        })
}

/// `PASSWORD = "password"`, `WRONG_PASSWORD: "wrong-password"`, `TOKEN = "ACCESS_TOKEN"`: a constant for a name.
fn says_its_name(name: &str, literal: &str) -> bool {
    let own = words(name);
    let constant = literal.contains('_') && literal.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let said = words(literal);
    let squeezed: String = own.concat();
    // `password: "PasswordWidget"`
    let letters = literal.bytes().all(|b| b.is_ascii_alphabetic());
    let identifier = letters && said.len() > 1 && literal.chars().any(char::is_lowercase) && said.iter().any(|w| own.last() == Some(w));
    constant || identifier || squeezed == said.concat() || (!said.is_empty() && said.iter().all(|w| own.contains(w)))
}

/// A name of several words, or in capitals, or `secret` alone, whose end leaves no doubt.
fn names_a_key_or_password(name: &str) -> bool {
    let own = words(name);
    let joined = own.join(" ");
    let telling = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secretkey",
        "secret key",
        "secret key base",
        "encryption key",
        "signing key",
        "jwt key",
    ]
    .iter()
    .any(|t| joined.ends_with(t));
    let capitals = !name.chars().any(char::is_lowercase);
    // written as one word, it is one of a database all the same
    matches!(joined.as_str(), "dbpass" | "dbpasswd" | "dbpassword" | "dbpwd")
        || telling && (own.len() > 1 || capitals || joined == "secret") && (purpose(name).is_key() || own.len() > 1 || capitals)
}

/// `example.org/derive-key-2`: a label that keeps the keys of one use apart from those of another.
fn is_label(literal: &str) -> bool {
    literal.contains('/') && literal.contains('.') && !literal.bytes().any(|b| b.is_ascii_uppercase() || b"+=".contains(&b))
}

fn is_dotted(literal: &str) -> bool {
    literal.contains('.') && literal.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_'))
}

/// Whether a user or host stands a few lines away, with a value that is more than its own name.
fn beside_an_account(document: &Document, index: usize) -> bool {
    let near = document.settings.iter().skip(index.saturating_sub(5)).take(11);
    near.filter(|s| s.role != Role::Commented && s.quoting != Quoting::Plain).any(|s| {
        let own = words(s.name());
        let account = own.ends_with(&["user".to_owned(), "name".to_owned()])
            || own.last().is_some_and(|w| {
                matches!(w.as_str(), "user" | "username" | "login" | "host" | "hostname" | "database" | "addr" | "address")
            });
        let value = s.value.expose();
        let plain = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b':'));
        account && plain && !says_its_name(s.name(), value) && !value.eq_ignore_ascii_case("username")
    })
}

/// A host that stands for any host, or for none: a variable of a template, the names reserved for examples (RFC 2606).
pub(super) fn is_any_host(host: &str) -> bool {
    let lower = host.trim_start_matches('[').to_ascii_lowercase();
    const ANY: &[&str] = &["host", "hostname", "server", "server_name", "servername", "ip", "address", "domain", "user", "redacted"];
    host.contains(['{', '}', '%', '$', '<', '[', '(', '*', '\\', '+'])
        || ANY.contains(&lower.as_str())
        || lower.starts_with("your")
        || lower.starts_with("my-")
        || lower.starts_with("some")
        || ["example.com", "example.org", "example.net", "example", "invalid", "domain.tld", "foo.com", "bar.com"]
            .iter()
            .any(|d| lower.strip_suffix(d).is_some_and(|head| head.is_empty() || head.ends_with('.')))
}

/// Folders of texts for people.
const TEXT_FOLDERS: &[&str] = &[
    "locale",
    "locales",
    "i18n",
    "l10n",
    "lang",
    "langs",
    "language",
    "languages",
    "translations",
    "translation",
    "nls",
    "lc_messages",
    "messages",
];

/// Whether the file only repeats what stands elsewhere: a source map.
pub(super) fn is_copy(path: &str) -> bool {
    let stem = path.strip_suffix(".map").unwrap_or("");
    [".js", ".mjs", ".cjs", ".ts", ".css"].iter().any(|e| stem.ends_with(e))
}

/// Whether the file holds the texts of a program in some language: `locale/de/LC_MESSAGES/x.po`, `i18n/pt-BR.json`,
/// `messages_fr.properties`. Those name passwords, and hold few. A file that says where a server is holds settings.
pub(super) fn is_catalogue(document: &Document) -> bool {
    is_called_catalogue(&document.path) && !names_a_server(document)
}

fn is_called_catalogue(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or("");
    let parent = parts.next().unwrap_or("");
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    match extension {
        "po" | "pot" | "xlf" | "xliff" | "arb" | "resx" | "strings" => true,
        "json" | "yml" | "yaml" | "properties" | "js" | "ts" | "php" | "py" | "rb" | "toml" | "ini" | "xml" | "ftl" => {
            let tail = stem.rsplit(['.', '_', '-']).next().unwrap_or(stem);
            let of_language = is_language(parent) || parent.eq_ignore_ascii_case("lc_messages");
            // `locales/de/settings.json`: the texts of a page
            let spoken = of_language && parts.next().is_some_and(|f| f != "messages" || !is_settings_file(stem))
                || !is_settings_file(stem) && (of_language || is_language(stem) || is_language(tail));
            let bundle = ["messages_", "strings_", "labels_", "texts_", "language_", "translation"].iter().any(|p| stem.starts_with(p));
            (is_among_texts(path) && spoken)
                || (extension == "properties" && bundle && is_language(stem.split_once('_').map_or("", |(_, l)| l)))
        }
        _ => false,
    }
}

/// Whether the file lies in a folder of texts, or in one of the folders below. What a service for messages is made of may lie in a folder
/// called like that, so `messages` counts only right above the file, or above the folder of a language.
pub(super) fn is_among_texts(path: &str) -> bool {
    let mut language = true;
    path.rsplit('/').skip(1).take(3).any(|folder| {
        let lower = folder.to_ascii_lowercase();
        let near = std::mem::replace(&mut language, is_language(folder));
        TEXT_FOLDERS.contains(&lower.as_str()) && (near || lower != "messages")
    })
}

/// Whether some part of the path is a language.
pub(super) fn names_a_language(path: &str) -> bool {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let pieces = || stem.match_indices(['_', '.', '-']).any(|(at, _)| stem.get(at + 1..).is_some_and(is_language));
    folders.rsplit('/').take(3).any(is_language) || is_language(stem) || pieces()
}

/// Whether two settings of one map say where a server is and how it is reached, as no text does.
pub(super) fn names_a_server(document: &Document) -> bool {
    let mut before: Option<&Setting> = None;
    document.settings.iter().filter(|s| s.role == Role::Live && is_of_a_server(s)).any(|s| {
        let same = before.is_some_and(|b| b.part == s.part && b.key.parent() == s.key.parent() && b.name() != s.name());
        before = Some(s);
        same
    })
}

fn is_of_a_server(setting: &Setting) -> bool {
    const NAMES: &[&str] = &["host", "hostname", "port", "sslmode", "url"];
    let (name, value) = (setting.name(), setting.value.expose().trim());
    let ends = |n: &&str| name.len().checked_sub(n.len()).and_then(|i| name.get(i..)).is_some_and(|tail| tail.eq_ignore_ascii_case(n));
    if value.is_empty() || value.len() > 1024 || !NAMES.iter().any(ends) {
        return false;
    }
    let own = words(name);
    let low = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b)) && words(value) != own;
    match own.last().map_or("", String::as_str) {
        "host" | "hostname" => low,
        "port" => value.len() <= 5 && value.bytes().all(|b| b.is_ascii_digit()),
        "sslmode" => matches!(value, "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full"),
        // a text links to pages
        "url" => value.contains("://") && !value.starts_with("http") && !value.contains(char::is_whitespace),
        _ => false,
    }
}

/// `de`, `pt_BR`, `zh-Hans`, `es-419`.
pub(super) fn is_language(code: &str) -> bool {
    const SCRIPTS: &[&str] = &["arab", "cyrl", "deva", "guru", "hans", "hant", "latn", "mong", "tfng"];
    let (language, region) = code.split_once(['_', '-']).map_or((code, ""), |(l, r)| (l, r));
    let fits = match region.len() {
        0 => true,
        2 => region.bytes().all(|b| b.is_ascii_alphabetic()),
        3 => region.bytes().all(|b| b.is_ascii_digit()),
        4 => SCRIPTS.contains(&region.to_ascii_lowercase().as_str()),
        _ => false,
    };
    fits && table::is_language(language)
}

#[cfg(test)]
mod tests {
    use super::{is_any_host, is_called_catalogue, is_copy, is_random, names_a_key_or_password, says_its_name};

    #[test]
    fn names_of_names_are_no_secrets() {
        for (name, literal) in [
            ("PASSWORD", "password"),
            ("WRONG_PASSWORD", "wrong-password"),
            ("accessToken", "access_token"),
            ("config_key", "LIST_TAGS_ONLY"),
            ("password", "PasswordWidget"),
        ] {
            assert!(says_its_name(name, literal), "{name}");
        }
        assert!(!says_its_name("DB_PASSWORD", "postgres"));
        assert!(names_a_key_or_password("JWT_SECRET") && names_a_key_or_password("secret") && names_a_key_or_password("dbPassword"));
        assert!(!names_a_key_or_password("token") && !names_a_key_or_password("password"));
    }

    #[test]
    fn what_chance_made_is_no_part_of_a_program() {
        for yes in [
            "aB3$x*Q9)k=2mP[z",
            "7w^q+3@n4$k1u8yt0!s)5-2c$)dlp+xr27=*h))_zoj&&6m#4b&",
            "/+b03e4qZ7xWm2Rk9LfTs8YhUvCpDgNaEjBoQiXlK6w=",
            "-k3Jd8sLqPz71mVbX0aRtw",
            "2f1c1a52-5b0e-4b7e-9a3c-0f3d1b9c7e21",
        ] {
            assert!(is_random(yes), "{yes}");
        }
        for no in [
            "^(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9]{8,}0123456789$",
            "%(user)s:%(password)s@%(host)s:5432/%(name)s",
            "required|min:8|confirmed",
            "currentPasswordField",
            "this.form.password2",
            "/api/v1/users/password",
            "user.getPassword(1)",
            "{{ csrf_token() }}1A",
            "<new-Password-1>",
            "--password=Secret1",
            "X-Auth-Token-V2:",
            "{uid}:{ts}:{sig[:8]}",
            "tk_{n:08d}_{X}",
            "cn={$u},ou=P1",
            "{0.user}:{0.pw!r}@{1}",
            "/html/body/div[1]/div/div[2]/form/input",
            "rgba(120,80,50,0.25)",
            "bg-[#1da1f2]/50",
            "td:nth-child(3)>a.Xb9",
            "/api/v1/Usr/{id}/Tok",
            "%02d:%02d:%02d.%03dZ",
            "CN=Adm1,OU=X,DC=ex",
            "A-Za-z0-9+/=_-",
            "[[:alnum:]]{8,32}A",
            "txtPwdUsrReg",
        ] {
            assert!(!is_random(no), "{no}");
        }
    }

    #[test]
    fn catalogues_by_place_and_name() {
        for path in [
            "a/locale/de/LC_MESSAGES/x.po",
            "src/i18n/pt-BR.json",
            "config/locales/de.yml",
            "r/messages_fr.properties",
            "i18n/locales/he/common.json",
            "locales/en/settings.json",
            "src/messages/eu.json",
        ] {
            assert!(is_called_catalogue(path), "{path}");
        }
        for path in [
            "config/secrets.yml",
            "lang/app/.env",
            "i18n/config.json",
            "application_prod.properties",
            "de/compose.yml",
            "services/messages/config/db.yml",
            "services/messages/deploy/values-eu.yml",
            "locales/values-eu.yml",
            "messages/db.yml",
            "messages/de/config.yml",
        ] {
            assert!(!is_called_catalogue(path), "{path}");
        }
        assert!(is_copy("dist/app.js.map") && !is_copy("dist/app.map") && !is_copy("app.js"));
    }

    #[test]
    fn hosts_of_examples() {
        assert!(is_any_host("{host}") && is_any_host("db.example.com") && is_any_host("hostname") && is_any_host("your-postgres-db"));
        assert!(!is_any_host("db") && !is_any_host("db.kettle.io") && !is_any_host("localhost"));
    }
}
