//! What one line of a value holds: the options of a login module, a header that authorises, properties and arguments of a program.
//!
//! JAAS: <https://docs.oracle.com/javase/8/docs/api/javax/security/auth/login/Configuration.html>; headers: RFC 7617 and RFC 6750.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroize;

use super::text::{is_name, pseudo_settings};
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Quoting, Setting};
use crate::model::span::Span;
use crate::model::template::innermost_default;

/// The settings inside the value of `outer`, their keys from there, their places in `text`; `host` is the format of the file.
pub(super) fn of(text: &str, host: &str, outer: &Setting) -> Vec<Setting> {
    if outer.layer != Layer::None {
        return Vec::new();
    }
    let raw = outer.span.of(text);
    if raw.contains("LoginModule") {
        // properties files read them as settings that can be written
        return if host == "properties" { Vec::new() } else { options(raw, outer.span.start) };
    }
    if let Some(found) = authorization(raw).or_else(|| encoded_pair(outer, raw)) {
        return vec![found.shifted(outer.span.start)];
    }
    let name = outer.name();
    // supervisord: `environment=A="b",C="d"`
    let variables = name == "environment" && raw.contains('=');
    let command = is_command(name) || outer.key.parent_name() == "scripts" || variables;
    if !command && !takes_arguments(name) {
        return Vec::new();
    }
    let found = pseudo_settings(raw);
    found.into_iter().filter(|s| command || is_argument(raw, s)).map(|s| s.shifted(outer.span.start)).collect()
}

/// Whether the value of `name` is run as a command.
pub(super) fn is_command(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "run",
        "script",
        "scripts",
        "command",
        "commands",
        "cmd",
        "args",
        "entrypoint",
        "exec",
        "shell",
        "before_script",
        "after_script",
        "test",
        "poststart",
        "prestop",
        "execstart",
        "execstartpre",
        "execstartpost",
        "execreload",
        "execstop",
        "postcreatecommand",
        "poststartcommand",
        "preinstall",
        "postinstall",
        "inline",
        "raw",
    ];
    let lower = name.to_ascii_lowercase();
    NAMES.contains(&lower.as_str()) || ["_command", "_cmd", "-command", "_script"].iter().any(|end| lower.ends_with(end))
}

/// `JAVA_OPTS`, `CATALINA_ARGS`, `extraFlags`: the value is handed to a program.
fn takes_arguments(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["opts", "options", "args", "flags", "arguments", "parameters"].iter().any(|end| lower.ends_with(end))
}

/// Whether `-D`, `-e` or `--` stands before the name of `setting` in `raw`.
fn is_argument(raw: &str, setting: &Setting) -> bool {
    let start = setting.key_span.start;
    let before = raw.get(..start).unwrap_or("");
    let word = before.rsplit([' ', '\t']).next().unwrap_or("");
    word.starts_with('-') || before.trim_end().ends_with("-e") || before.trim_end().ends_with("-P")
}

/// `name="x"` behind the name of a login module in `raw`, which begins at byte `start` of its file; the quotes may be escaped. A
/// `user_bob="x"` is the password of bob.
pub(super) fn options(raw: &str, start: usize) -> Vec<Setting> {
    let mut out = Vec::new();
    let mut at = raw.find("LoginModule").unwrap_or(raw.len());
    while let Some(sign) = raw.get(at..).and_then(|r| r.find('=')).map(|i| at + i) {
        at = sign + 1;
        let rest = raw.get(at..).unwrap_or("");
        let marks = rest.len() - rest.trim_start_matches('\\').len();
        let Some(quote) = rest.get(marks..).and_then(|r| r.chars().next()).filter(|c| matches!(c, '"' | '\'')) else { continue };
        let open = at + marks + 1;
        let Some(len) = raw.get(open..).and_then(|r| r.find(quote)) else { return out };
        let inner = raw.get(open..open + len).unwrap_or("").trim_end_matches('\\');
        let before = raw.get(..sign).unwrap_or("").trim_end();
        let name = before.len() - before.trim_end_matches(|c: char| c.is_ascii() && is_name(c as u8)).len();
        at = open + len + 1;
        if name == 0 || inner.contains(['\\', '\n']) {
            continue;
        }
        let key = Span::new(before.len() - name, before.len());
        let span = Span::new(open, open + inner.len());
        let quoting = if quote == '"' { Quoting::Double } else { Quoting::Single };
        let option = Setting::new(option_path(key.of(raw)), key, Secret::copy_of(inner), span, quoting);
        out.push(option.shifted(start));
    }
    out
}

/// The path of the option `name` of a login module.
pub(super) fn option_path(name: &str) -> KeyPath {
    let path = KeyPath::of(name);
    if name.starts_with("user_") { path.child("password") } else { path }
}

/// `Basic dXNlcjpwYXNz` or `Bearer x`, maybe behind the name of its header: the password, or the token.
fn authorization(raw: &str) -> Option<Setting> {
    let trimmed = raw.trim_matches(['"', '\'', ' ', '\\']);
    let named = trimmed.split_once([' ', ':']).filter(|(n, _)| n.to_ascii_lowercase().ends_with("authorization")).map(|(_, rest)| rest);
    let credentials = named.unwrap_or(trimmed).trim_start_matches([' ', ':', '"', '\'', '=']);
    let (scheme, token) = credentials.split_once(' ')?;
    let token = token.trim();
    // `Basic {$NAME:lit}`
    let within = innermost_default(token);
    let start = raw.rfind(token)? + within.start;
    let token = within.of(token);
    let span = Span::new(start, start + token.len());
    let fits = token.len() >= 6 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if !fits {
        return None;
    }
    let key = Span::new(start, start);
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let mut setting = Setting::new(KeyPath::of("password"), key, password_of(token)?, span, Quoting::Plain);
            setting.layer = Layer::Base64;
            Some(setting)
        }
        "bearer" | "token" => Some(Setting::new(KeyPath::of("token"), key, Secret::copy_of(token), span, Quoting::Plain)),
        _ => None,
    }
}

/// The password in `auth` of a Docker configuration and `_auth` of `.npmrc`: base64 of `user:password`; `_password` is one without a user.
fn encoded_pair(outer: &Setting, raw: &str) -> Option<Setting> {
    let name = outer.name().rsplit(['/', ':']).next().unwrap_or("");
    let value = match name {
        "auth" | "_auth" => password_of(raw)?,
        "_password" => decode(raw)?,
        _ => return None,
    };
    let mut setting = Setting::new(KeyPath::of("password"), Span::new(0, 0), value, Span::new(0, raw.len()), outer.quoting);
    setting.layer = Layer::Base64;
    Some(setting)
}

fn password_of(encoded: &str) -> Option<Secret> {
    let pair = decode(encoded)?;
    let (_, password) = pair.expose().split_once(':')?;
    (!password.is_empty()).then(|| Secret::copy_of(password))
}

/// Printable text in base64.
fn decode(encoded: &str) -> Option<Secret> {
    let encoded = encoded.trim();
    let bytes = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded)).ok()?;
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = Secret::new(text);
            let printable = !text.is_empty() && !text.expose().chars().any(char::is_control);
            printable.then_some(text)
        }
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{authorization, is_command, options};

    #[test]
    fn login_modules_have_options() {
        let raw = r#"org.x.PlainLoginModule required username="a" password=\"kettle\" user_bob='jam';"#;
        let seen: Vec<_> = options(raw, 3).iter().map(|s| (s.key.to_string(), s.value.expose().to_owned(), s.span.start)).collect();
        let at = |word: &str| raw.find(word).expect("it stands there") + 3;
        let want = [
            ("username".to_owned(), "a".to_owned(), at("a\" ")),
            ("password".to_owned(), "kettle".to_owned(), at("kettle")),
            ("user_bob.password".to_owned(), "jam".to_owned(), at("jam")),
        ];
        assert_eq!(seen, want);
        assert!(options("LoginModule required a=\"", 0).is_empty());
    }

    #[test]
    fn headers_that_authorise() {
        let read = |raw: &str| authorization(raw).map(|s| (s.name().to_owned(), s.value.expose().to_owned(), s.span.of(raw).to_owned()));
        let basic = Some(("password".to_owned(), "kettle".to_owned(), "YTprZXR0bGU=".to_owned()));
        assert_eq!(read("Basic YTprZXR0bGU="), basic);
        assert_eq!(read("Authorization \"Basic YTprZXR0bGU=\""), basic);
        assert_eq!(read("Authorization: Basic YTprZXR0bGU="), basic);
        assert_eq!(read("Bearer steam-1234").map(|f| f.1).as_deref(), Some("steam-1234"));
        for other in ["Bearer $token", "Bearer ${TOKEN}", "Basic realm=\"tea\"", "Basic auth is used here", "Token", "basic"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn commands_by_name() {
        assert!(is_command("run") && is_command("ExecStart") && is_command("restore_command"));
        assert!(!is_command("runner") && !is_command("description"));
    }
}
