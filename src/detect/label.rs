//! Values that are names or texts for people under names that could be a secret's: what stands in a map of columns, in a catalogue of
//! messages, what a page is searched for.

use super::neighbours::Neighbourhood;
use super::source::{is_among_texts, is_code, is_language, names_a_language};
use crate::model::document::Document;
use crate::model::key_path::{Segment, words};
use crate::model::setting::{Role, Setting};
use crate::strength::judge::ValueClass;
use crate::strength::table::{Holds, holds, is_settings_file, is_texts, is_word_of_names};

/// Why the literal of the setting at `index`, judged `class`, is a name or a text; `None` where it may well be the secret.
pub(super) fn label(
    document: &Document,
    around: &Neighbourhood<'_>,
    index: usize,
    literal: &str,
    class: ValueClass,
) -> Option<&'static str> {
    let setting = document.settings.get(index)?;
    if matches!(class, ValueClass::Reference | ValueClass::Empty) || !matches!(setting.role, Role::Live | Role::Prose) {
        return None;
    }
    let literal = literal.trim();
    let catalogue = around.is_catalogue();
    let told = || !is_code(document) && !around.names_a_server() && is_text_of_file(document, setting, literal, class);
    let text = catalogue && !is_mixed(literal) || is_for_people(&document.path) && told();
    // a text may speak of an address
    if text && proofs_of_a_connection(around, index, setting) <= usize::from(catalogue) {
        return Some("a text for people");
    }
    if is_code(document) {
        return None;
    }
    let mapped = matches!(document.format, "yaml" | "json" | "jsonc" | "toml");
    if mapped && is_choice(setting, literal) {
        return Some("one of the words that say how");
    }
    if mapped && (is_colour(literal) || is_selector(setting, literal) || is_named_in_a_table(setting, literal, class)) {
        return Some("a name");
    }
    None
}

/// `token: required`, `secret: optional`, `token: header`, `access_token: jwt`: whether, where and in what form one is handed over.
fn is_choice(setting: &Setting, literal: &str) -> bool {
    const WHETHER: &[&str] = &["forbidden", "optional", "required"];
    const WHERE: &[&str] = &["body", "cookie", "form", "header", "query"];
    const FORMS: &[&str] = &["jwt", "opaque"];
    let name = setting.name();
    // a name in capitals is a variable's, and what a template of variables says of it asks for a value
    if name.bytes().any(|b| b.is_ascii_uppercase()) && !name.bytes().any(|b| b.is_ascii_lowercase()) {
        return false;
    }
    let own = words(name);
    let all = |list: &[&str]| literal.split(['|', ',']).all(|word| list.contains(&word.trim()));
    match &own[..] {
        [one] if all(WHETHER) => matches!(one.as_str(), "credentials" | "passcode" | "password" | "secret" | "token"),
        [.., last] if own.len() <= 2 => last == "token" && (all(WHERE) || all(FORMS)) || last == "secret" && all(WHERE),
        _ => false,
    }
}

/// Whether the file holds texts for people by its name or place, though no language is named: `messages.properties`, `i18n/app.yml`.
fn is_for_people(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or("");
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
    const TYPES: &[&str] = &["ftl", "ini", "js", "json", "php", "properties", "toml", "ts", "xml", "yaml", "yml"];
    // a program's settings may lie anywhere
    let placed = || !is_settings_file(stem) && is_among_texts(path);
    let named = is_texts(without_language(stem)) || extension == "properties" && without_language(stem).eq_ignore_ascii_case("bundle");
    TYPES.contains(&extension) && (extension == "ftl" || named || placed())
}

/// `ValidationMessages` of `ValidationMessages_pt_BR`.
fn without_language(stem: &str) -> &str {
    stem.split_once(['_', '.', '-']).filter(|(_, rest)| is_language(rest)).map_or(stem, |(head, _)| head)
}

/// How many addresses and accounts the setting stands with, as no text does: `{ host: mq.acme.io, username: app, password: .. }`.
fn proofs_of_a_connection(around: &Neighbourhood<'_>, index: usize, setting: &Setting) -> usize {
    // `smtp.password` in a file of properties stands with `smtp.host`
    let group = |name: &str| name.rfind('.').map_or(0, |dot| dot + 1);
    let own = setting.name();
    let own = own.get(..group(own)).unwrap_or("");
    let proves = |other: &&Setting| {
        let (name, value) = (other.name(), other.value.expose().trim());
        let (before, last) = name.split_at(group(name));
        let said = words(last);
        let Some(word) = said.last().filter(|_| before == own) else { return false };
        let plain = !value.is_empty() && value.len() <= 256 && !value.contains(char::is_whitespace) && words(value) != said;
        let low = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_' | b'@'));
        plain
            && match word.as_str() {
                "host" | "hostname" | "server" | "address" | "url" | "uri" | "dsn" | "endpoint" => {
                    low && (value.contains('.') || value == "localhost" || said.len() == 1) || value.contains("://")
                }
                "port" => value.bytes().all(|b| b.is_ascii_digit()),
                "user" | "username" => low && !said.iter().any(|w| value.contains(w.as_str())),
                _ => false,
            }
    };
    around.near(index, NEAR).filter(proves).count()
}

/// Settings on each side that may tell of a connection.
const NEAR: usize = 12;

/// Letters and digits without a blank, as no text has them.
fn is_mixed(literal: &str) -> bool {
    let digits = literal.bytes().filter(u8::is_ascii_digit).count();
    let own = words(literal).iter().all(|w| is_word_of_names(w));
    let plain = literal.len() >= 6 && !literal.contains(|c: char| c.is_whitespace() || !c.is_ascii() || "{}%<>".contains(c));
    // `OAuth2-Geheimnis`
    let joined = literal.rsplit_once('-').is_some_and(|(_, last)| last.len() >= 4 && last.bytes().all(|b| b.is_ascii_alphabetic()));
    plain && !own && !joined && digits >= 1 && literal.bytes().any(|b| b.is_ascii_alphabetic())
}

/// A text as people read it: a word with a capital (`Password`, `Forgot?`), several words, or letters of a script without capitals.
fn is_sentence(setting: &Setting, text: &str) -> bool {
    let ends = |c: char| c.is_ascii_punctuation();
    let word = text.trim_end_matches(ends);
    let foreign = text.chars().any(|c| !c.is_ascii() && c.is_alphabetic()) && !text.bytes().any(|b| b.is_ascii_digit());
    let plain = |w: &str| w.len() < 8 || w.bytes().all(|b| !b.is_ascii_digit()) || w.bytes().all(|b| !b.is_ascii_alphabetic());
    let several = word.split_whitespace().count() > 1 && word.split_whitespace().all(plain);
    // words of small letters alone may be a phrase that somebody chose
    let told = || word.starts_with(char::is_uppercase) || shares_words(setting, word);
    is_title(word) && text.len() - word.len() <= 3 || foreign || several && told()
}

/// Whether the literal is a text in a file that is called as one of texts. `kafka-messages.yml` may hold settings: there, and where the value
/// is a guess, it has to speak of what the setting is.
fn is_text_of_file(document: &Document, setting: &Setting, literal: &str, class: ValueClass) -> bool {
    let settings =
        matches!(document.format, "yaml" | "toml" | "ini") && !names_a_language(&document.path) && !is_among_texts(&document.path);
    let own = words(setting.name());
    let said = words(literal);
    // `must be at least 8 long`
    let rules = || class == ValueClass::Placeholder && said.iter().filter(|w| is_word_of_names(w)).count() * 2 > said.len();
    let several = || literal.contains(' ') && (rules() || own.last().is_some_and(|last| said.contains(last)));
    is_sentence(setting, literal) && (!(settings || is_guess(class)) || several() || ends_like_its_key(setting, literal))
}

/// A word with a capital: `Password`.
fn is_title(word: &str) -> bool {
    let mut letters = word.chars();
    let within = |c: char| c.is_lowercase() || matches!(c, '-' | '\'');
    letters.next().is_some_and(char::is_uppercase) && word.len() > 1 && letters.all(within)
}

/// Whether a word of `text` is one of the setting's own, or of which names are made.
fn shares_words(setting: &Setting, text: &str) -> bool {
    let own = words(setting.name());
    words(text).iter().any(|w| own.contains(w) || is_word_of_names(w))
}

/// `#1e90ff`; a letter shows that it is none of the numbers that people use.
fn is_colour(literal: &str) -> bool {
    let hex = literal.strip_prefix('#').filter(|c| matches!(c.len(), 6 | 8) && c.bytes().all(|b| b.is_ascii_hexdigit()));
    hex.is_some_and(|c| c.bytes().any(|b| b.is_ascii_alphabetic()))
}

/// What a page is searched for: `#password`, `.token`, in letters and with a word of the setting's own.
fn is_selector(setting: &Setting, literal: &str) -> bool {
    let Some(name) = literal.strip_prefix(['#', '.']) else { return false };
    let own = setting.key.names().rev().take(2).flat_map(words).collect::<Vec<_>>();
    let said = words(name);
    let plain = name.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'));
    plain && said.iter().any(|w| own.contains(w) || own.iter().any(|o| o.starts_with(w.as_str()) && w.len() > 1))
}

/// Bytes of a value that may be a name, or a few of them.
const LONGEST: usize = 120;

/// Whether the map holds names, and the literal could be one.
fn is_named_in_a_table(setting: &Setting, literal: &str, class: ValueClass) -> bool {
    let mut steps = setting.key.segments().iter().rev().skip_while(|s| matches!(s, Segment::Index(_))).skip(1).peekable();
    let listed = matches!(steps.peek(), Some(Segment::Index(_)));
    let Some(table) = steps.find_map(|s| if let Segment::Key(name) = s { Some(name.as_str()) } else { None }) else { return false };
    // the places of a navigation are a list
    if listed && table != "nav" {
        return false;
    }
    // the labels of an alert say what it is about: `rules: [{ alert: X, labels: {..} }]`
    let of_alert = || table == "labels" && setting.key.names().rev().nth(2) == Some("rules");
    let (of_names, of_forms) = (holds(table, Holds::Names) || of_alert(), holds(table, Holds::Forms));
    if literal.len() > LONGEST || !(of_names || of_forms) {
        return false;
    }
    // a label is a text, too
    let titled = table.to_ascii_lowercase().ends_with("labels") && is_sentence(setting, literal);
    let made = is_made_of_names(setting, literal);
    // what everybody knows, or leaves for a secret to come, is no name but where it is the setting's
    let own = || ends_like_its_key(setting, literal) && (made || titled) || made && literal.contains('|');
    if (is_guess(class) || class == ValueClass::SameAsContext) && !of_alert() && !own() {
        return false;
    }
    of_names && is_name(literal) || of_forms && (made || titled)
}

/// Letters with which a word of another language begins as well.
const KIN: usize = 6;

/// Whether the value is one that people try, or leave where a secret belongs.
fn is_guess(class: ValueClass) -> bool {
    matches!(class, ValueClass::LiveDefault | ValueClass::Placeholder | ValueClass::Published)
}

/// Whether the text ends as the setting's name does: `token: Your token`, `password: passwd`, `password: Passwort`.
fn ends_like_its_key(setting: &Setting, text: &str) -> bool {
    let (own, said) = (words(setting.name()), words(text));
    let password = |word: &str| matches!(word, "pass" | "passphrase" | "passwd" | "password" | "pwd");
    match (own.last(), said.last()) {
        (Some(own), Some(last)) => {
            let kin = || own.get(..KIN).is_some_and(|head| last.starts_with(head)) && last.bytes().all(|b| b.is_ascii_lowercase());
            own == last || password(own) && password(last) || kin() || is_run(last, &[]) && last.ends_with(own.as_str())
        }
        _ => false,
    }
}

/// Whether all words of the literal are the setting's own, or those of which names are made.
pub(super) fn is_made_of_names(setting: &Setting, literal: &str) -> bool {
    let (own, said) = (words(setting.name()), words(literal));
    !said.is_empty() && said.iter().all(|w| own.contains(w) || is_word_of_names(w) || own.concat() == *w || is_run(w, &own))
}

/// Whether `word` is two words of names without a border: `userpassword`.
fn is_run(word: &str, own: &[String]) -> bool {
    let known = |w: &str| w.len() > 1 && (is_word_of_names(w) || own.iter().any(|o| o == w));
    word.char_indices().skip(2).any(|(i, _)| word.get(..i).is_some_and(known) && word.get(i..).is_some_and(known))
}

/// Words of letters, with a number behind them or alone: `user_password`, `required|min:8`, `E1001`. No key, and no password of a person's
/// that mixes them.
fn is_name(literal: &str) -> bool {
    let word = |w: &str| {
        let head = w.trim_end_matches(|c: char| c.is_ascii_digit());
        w.len() <= 24 && w.len() - head.len() <= 4 && head.chars().all(char::is_alphabetic)
    };
    let colour = literal.strip_prefix('#').is_some_and(|c| c.len() <= 8 && c.bytes().all(|b| b.is_ascii_hexdigit()));
    !literal.is_empty() && (colour || literal.split(|c: char| !c.is_alphanumeric()).all(word))
}

#[cfg(test)]
mod tests {
    use super::{is_for_people, is_mixed, is_name, is_sentence};
    use crate::model::key_path::KeyPath;
    use crate::model::secret::Secret;
    use crate::model::setting::{Quoting, Setting};
    use crate::model::span::Span;

    fn setting() -> Setting {
        Setting::new(KeyPath::of("password"), Span::default(), Secret::copy_of(""), Span::default(), Quoting::Plain)
    }

    #[test]
    fn texts_are_told_from_passwords() {
        for text in [
            "Password",
            "Forgot?",
            "must be at least 8 characters",
            "Invalid password!",
            "Пароль",
            "密码",
            "API key",
            "New",
            "Re-enter",
            "OAuth2 token",
        ] {
            assert!(is_sentence(&setting(), text), "{text}");
        }
        for secret in [
            "password",
            "hunter2",
            "changeme",
            "Welcome1",
            "PASSWORD",
            "Xq7fP2mKvR9tLw3z",
            "key 8f3b2c1d9e7a",
            "S3cr3t!",
            "A",
            "P4ß",
            "tulip rose violet",
        ] {
            assert!(!is_sentence(&setting(), secret), "{secret}");
        }
    }

    #[test]
    fn what_mixes_digits_is_no_text() {
        for secret in ["hunter2", "Sommer2023", "Sommer-2023", "8f3b2c1d9e7a4b6c"] {
            assert!(is_mixed(secret), "{secret}");
        }
        for text in ["Passwort", "token2", "min 8", "{0}abc1", "geheim", "2FA", "OAuth2-Geheimnis"] {
            assert!(!is_mixed(text), "{text}");
        }
    }

    #[test]
    fn names_are_told_from_keys() {
        for name in ["passwd", "user_password", "auth.token", "E1001", "required|string|min:8", "#1e90ff", "fa-lock", "INVALID_PASSWORD"] {
            assert!(is_name(name), "{name}");
        }
        for key in ["Xq7fP2mKvR9tLw3z", "8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e", "S3cr3t", "pass!w0rd", ""] {
            assert!(!is_name(key), "{key}");
        }
    }

    #[test]
    fn files_for_people_need_no_language_in_their_names() {
        for path in ["messages.properties", "src/ValidationMessages_pt_BR.properties", "i18n/app.yml", "res/values/strings.xml", "main.ftl"]
        {
            assert!(is_for_people(path), "{path}");
        }
        for path in ["application.properties", "config/app.yml", ".env", "lang/app/.env"] {
            assert!(!is_for_people(path), "{path}");
        }
    }
}
