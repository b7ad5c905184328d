//! Settings inside a value: whole files (`redis.conf: |` in a ConfigMap, an env file in base64), JSON in a string, scripts, and what
//! [`super::parts`] finds in one line.
//!
//! They are added after the value that holds them. Where their bytes stand in the file as they are read, a word that needs no quotes anywhere
//! may take their place; nothing else is written there, since it would have to keep the indentation and the escapes of the outer file. The name of a file decides its format, else its content does.

use std::collections::HashSet;

use super::format::Format;
use super::{by_name, parts};
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Portion, Quoting, Role, Setting};
use crate::model::span::Span;

/// Formats that are read inside a value, besides the files of credentials.
const INNER: &[&str] = &[
    "env",
    "conf",
    "ini",
    "properties",
    "shell",
    "yaml",
    "kubernetes",
    "compose",
    "json",
    "jsonc",
    "toml",
    "sql",
    "netrc",
    "pgpass",
    "htpasswd",
    "userlist",
    "xml",
    "hcl",
];

/// Formats whose own reading goes into every quoted text already.
const PROSE: &[&str] = &["text", "code", "shell", "sql"];

/// Adds the settings that stand in `settings`, values of `text`, a file of the format `host`, as `claimant` reads them.
pub(super) fn add(text: &str, host: &str, settings: &mut Vec<Setting>, claimant: fn(&str, &str) -> &'static dyn Format) {
    if PROSE.contains(&host) {
        return;
    }
    let found: Vec<Vec<Setting>> = settings.iter().map(|outer| inside(text, host, outer, claimant)).collect();
    if found.iter().all(Vec::is_empty) {
        return;
    }
    let known: HashSet<Span> = settings.iter().map(|s| s.span).collect();
    let mut out = Vec::with_capacity(settings.len());
    for (mut outer, inside) in settings.drain(..).zip(found) {
        // another value in its place would take all of these away
        let whole = outer.editable;
        outer.editable &= inside.iter().all(|s| s.span == outer.span && s.value.same_as(&outer.value));
        let (key, part, span) = (outer.key.clone(), outer.part, outer.span);
        out.push(outer);
        for mut setting in inside {
            // the format itself reads some arguments of commands
            if setting.span != span && known.contains(&setting.span) {
                continue;
            }
            setting.key = key.join(&setting.key);
            setting.part = part;
            let bare = setting.role == Role::Live && setting.stands_as_read(text);
            setting.editable &= whole && bare && setting.span != span && !setting.value.is_empty();
            setting.around.portion = Portion::Inner;
            out.push(setting);
        }
    }
    *settings = out;
}

/// The settings inside `outer`, their keys from there, their places in `text`.
fn inside(text: &str, host: &str, outer: &Setting, claimant: fn(&str, &str) -> &'static dyn Format) -> Vec<Setting> {
    let value = outer.value.expose();
    if outer.role == Role::Commented || value.len() < 8 || value.starts_with("-----BEGIN") {
        return Vec::new();
    }
    let lines = value.trim_end().contains('\n') || matches!(outer.quoting, Quoting::Literal | Quoting::Folded);
    let format = if lines { file_format(outer, value, claimant) } else { None };
    if let Some(format) = format {
        let mut found = file(text, outer, format);
        if !PROSE.contains(&format.name()) {
            // one level deeper, where the bytes stand as they are: a header in an nginx.conf in a ConfigMap
            let deeper: Vec<Setting> =
                found.iter().filter(|s| s.span.of(text) == s.value.expose()).flat_map(|s| deeper(text, format.name(), s)).collect();
            found.extend(deeper);
        }
        return found;
    }
    if value.trim_start().starts_with(['{', '[']) && value.contains(':') {
        return by_name("json").map(|json| file(text, outer, json)).unwrap_or_default();
    }
    parts::of(text, host, outer)
}

/// What the setting `inner` of an inner file holds, its keys from that file.
fn deeper(text: &str, format: &str, inner: &Setting) -> Vec<Setting> {
    if inner.role == Role::Commented {
        return Vec::new();
    }
    let mut found = parts::of(text, format, inner);
    for setting in &mut found {
        setting.key = inner.key.join(&setting.key);
    }
    found
}

/// The format of a value of several lines.
fn file_format(outer: &Setting, value: &str, claimant: fn(&str, &str) -> &'static dyn Format) -> Option<&'static dyn Format> {
    let named = claimant(outer.name(), value);
    if outer.name().contains('.') && INNER.contains(&named.name()) {
        return Some(named);
    }
    sniff(outer.name(), value).and_then(by_name)
}

/// The format that the content shows; `None` for a text that may be anything.
fn sniff(name: &str, value: &str) -> Option<&'static str> {
    let trimmed = value.trim_start();
    if trimmed.starts_with(['{', '[']) && trimmed.trim_end().ends_with(['}', ']']) && trimmed.contains('"') {
        return Some("json");
    }
    if trimmed.starts_with("#!") || parts::is_command(name) {
        return Some("shell");
    }
    let (mut lines, mut sections, mut pairs, mut variables, mut entries, mut statements) = (0, 0, 0, 0, 0, 0);
    for line in value.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', ';'])).take(200) {
        lines += 1;
        let word = |end: usize| line.get(..end).is_some_and(|w| !w.is_empty() && w.bytes().all(super::text::is_name));
        let equals = line.find('=').map(|i| (i, line.get(..i).map_or(0, |h| h.trim_end().len())));
        sections += usize::from(line.starts_with('[') && line.ends_with(']'));
        pairs += usize::from(equals.is_some_and(|(_, end)| word(end)));
        variables +=
            usize::from(equals.is_some_and(|(i, end)| i == end && word(end) && !line.get(..end).unwrap_or("").contains(['.', '-'])));
        entries += usize::from(
            line.starts_with("- ") || line.find(": ").is_some_and(word) || line.strip_suffix(':').is_some_and(|l| word(l.len())),
        );
        let first = line.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        statements += usize::from(matches!(first.as_str(), "CREATE" | "ALTER" | "GRANT" | "INSERT" | "SET") && line.ends_with(';'));
    }
    match () {
        () if statements > 0 && pairs + entries < lines => Some("sql"),
        () if sections > 0 && sections + pairs + 1 >= lines => Some("ini"),
        () if lines > 0 && variables == lines => Some("env"),
        () if lines > 1 && pairs == lines => Some("properties"),
        () if lines > 1 && entries * 10 >= lines * 9 => Some("yaml"),
        () => None,
    }
}

/// The settings of the file in `outer`.
fn file(text: &str, outer: &Setting, format: &dyn Format) -> Vec<Setting> {
    let raw = outer.span.of(text);
    // a script is searched as it is written, and JSON does not mind how its lines are joined
    let folded = outer.quoting == Quoting::Folded && (PROSE.contains(&format.name()) || format.name() == "json");
    let block = outer.quoting == Quoting::Literal || folded;
    if outer.layer == Layer::None && (block || raw == outer.value.expose()) {
        // the first line of a block lacks the indentation that all others have
        let padded = Secret::concat(&[&" ".repeat(if block { outer.around.indent } else { 0 }), raw]);
        let lead = padded.len() - raw.len();
        let found = format.parse(padded.expose());
        if found.is_err() && folded {
            let found = format.parse(outer.value.expose()).unwrap_or_default();
            return found.into_iter().map(|s| blurred(s, outer)).collect();
        }
        let found = found.unwrap_or_default();
        return found.into_iter().filter_map(|s| moved(s, outer.span.start, lead)).collect();
    }
    let found = format.parse(outer.value.expose()).unwrap_or_default();
    found.into_iter().map(|s| blurred(s, outer)).collect()
}

/// `setting` of a text that began `lead` bytes before the byte `start` of the file.
fn moved(mut setting: Setting, start: usize, lead: usize) -> Option<Setting> {
    let place = |span: Span| Some(Span::new(span.start.checked_sub(lead)? + start, span.end.checked_sub(lead)? + start));
    setting.span = place(setting.span)?;
    setting.key_span = place(setting.key_span).unwrap_or(Span::new(setting.span.start, setting.span.start));
    Some(setting)
}

/// `setting` at the place of the value that holds it, for texts whose bytes stand there in another form.
fn blurred(mut setting: Setting, outer: &Setting) -> Setting {
    setting.span = outer.span;
    setting.key_span = outer.key_span;
    setting.quoting = outer.quoting;
    setting.around = outer.around;
    setting
}

#[cfg(test)]
mod tests {
    use super::sniff;
    use crate::formats::parse;
    use crate::model::environment::Environment;
    use proptest::prelude::{ProptestConfig, proptest};

    fn found(path: &str, text: &str) -> Vec<(String, String, String)> {
        let document = parse(path, text.as_bytes(), Environment::Production);
        let shown = |s: &crate::model::setting::Setting| (s.key.to_string(), s.value.expose().to_owned(), s.span.of(text).to_owned());
        document.settings.iter().map(shown).collect()
    }

    fn holds(path: &str, text: &str, key: &str, value: &str) {
        let all = found(path, text);
        assert!(all.iter().any(|(k, v, s)| k == key && v == value && s == value), "{key} not in {all:#?}");
    }

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\ndata:\n";

    #[test]
    fn files_in_blocks_are_read_by_name() {
        let yaml = format!("{MAP}  app.yml: |\n    db:\n      password: kettle\n");
        holds("a.yaml", &yaml, "data.\"app.yml\".db.password", "kettle");
        let toml = format!("{MAP}  app.toml: |\n    [db]\n    password = \"kettle\"\n");
        holds("a.yaml", &toml, "data.\"app.toml\".db.password", "kettle");
        let json = format!("{MAP}  app.json: |-\n    {{\n      \"password\": \"kettle\"\n    }}\n");
        holds("a.yaml", &json, "data.\"app.json\".password", "kettle");
        let folded = format!("{MAP}  app_json: >-\n    {{\n      \"password\": \"kettle\"\n    }}\n");
        holds("a.yaml", &folded, "data.app_json.password", "kettle");
        let sql = format!("{MAP}  init.sql: |\n    CREATE USER a\n      WITH PASSWORD 'kettle';\n");
        holds("a.yaml", &sql, "data.\"init.sql\".a.PASSWORD", "kettle");
    }

    #[test]
    fn files_in_blocks_are_read_by_content() {
        holds("a.yaml", &format!("{MAP}  config: |\n    [db]\n    password = kettle\n"), "data.config.db.password", "kettle");
        holds("a.yaml", &format!("{MAP}  env: |\n    A=b\n    PASSWORD=kettle\n"), "data.env.PASSWORD", "kettle");
        holds("a.yaml", &format!("{MAP}  x: |\n    a:\n      password: kettle\n"), "data.x.a.password", "kettle");
        assert_eq!(sniff("note", "One line of prose.\nAnd a second: with a colon\n"), None);
        assert_eq!(sniff("note", "Remember:\nkeep the pot warm\n"), None);
    }

    #[test]
    fn json_in_strings_is_read_in_every_quoting() {
        holds("a.yml", "X: '{\"db\":{\"password\":\"kettle\"}}'\n", "X.db.password", "kettle");
        holds(".env", "X='{\"password\":\"kettle\"}'\n", "X.password", "kettle");
        let escaped = found("a.json", r#"{"X": "{\"password\":\"kettle\"}"}"#);
        assert!(escaped.iter().any(|(k, v, _)| k == "X.password" && v == "kettle"), "{escaped:?}");
        assert!(found("a.yml", "X: '{{ .Values.a }}: b'\n").len() == 1);
    }

    #[test]
    fn encoded_files_have_the_place_of_their_value() {
        let text = "apiVersion: v1\nkind: Secret\ndata:\n  app.env: QT1iClBBU1NXT1JEPWtldHRsZQo=\n";
        let all = found("a.yaml", text);
        let want = ("data.\"app.env\".PASSWORD".to_owned(), "kettle".to_owned(), "QT1iClBBU1NXT1JEPWtldHRsZQo=".to_owned());
        assert!(all.contains(&want), "{all:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn places_fit_whatever_stands_inside(body in "([a-z\"'{}\\[\\]:=$é\\\\-]|  |\n    |: |password=|Basic |-D){0,30}") {
            for text in [format!("{MAP}  a: |\n    {body}\n"), format!("A='{body}'\nB=\"{body}\"\n"), format!("a: \"{body}\"\n")] {
                for path in ["a.yaml", ".env", "a.properties", "a.ini", "a.conf"] {
                    let document = parse(path, text.as_bytes(), Environment::Production);
                    for s in &document.settings {
                        assert!(text.get(s.span.start..s.span.end).is_some() && text.get(s.key_span.start..s.key_span.end).is_some());
                    }
                }
            }
        }
    }
}
