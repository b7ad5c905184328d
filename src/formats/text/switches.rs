//! Switches of programs that are no pairs of name and value: calls that take one constant, callbacks that accept everything, classes that
//! verify nothing, options whose meaning depends on the call that they are handed to. In source code only.
//!
//! What a call means is said in the words of configuration, so that the same rules judge it: `NoopHostnameVerifier` is `tls_verify` =
//! `false`, `AllowAnyOrigin()` is `cors.origin` = `*`.

use super::page::{Far, Page, is_name};
use super::switch_names::{ACCEPT_ALL, ANY_ORIGIN, CALLBACKS, CLIENTS, DATABASES, ORIGINS, SETTERS};
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// The switches in `parts` of a program, which are in order and apart.
pub(in crate::formats) fn switches_in(text: &str, parts: &[Span]) -> Vec<Setting> {
    let far = Far::default();
    let page = Page { text, far: &far };
    let mut found = Vec::new();
    for (at, b) in parts.iter().flat_map(|part| (part.start..part.end).map(|at| (at, page.byte(at)))) {
        let hit = match b {
            b'(' => call(page, at),
            b'=' if page.byte(at + 1) == b'>' => callback(page, at).or_else(|| arrow(page, at)),
            b'=' => assigned(page, at),
            b':' => option(page, at),
            b'-' if page.byte(at + 1) == b'>' => callback(page, at),
            b'*' => allowed(page, at),
            _ => None,
        };
        found.extend(hit);
    }
    found
}

/// A switch called `name` that has `value`, said by what stands at `key` and `span`.
fn switch(name: &str, value: &str, key: Span, span: Span) -> Setting {
    let mut setting = Setting::new(KeyPath::of(name), key, Secret::copy_of(value), span, Quoting::Plain);
    setting.role = Role::Prose;
    setting.editable = false;
    setting
}

/// A path of names: `OpenSSL::SSL::VERIFY_NONE`, `CookieSecurePolicy.None`; also a number or an atom.
fn constant(page: Page, at: usize) -> Option<Span> {
    let end = (at..at + 80).find(|&i| !(is_name(page.byte(i)) || page.byte(i) == b':'))?;
    (end > at).then(|| Span::new(at, end))
}

/// The last part of a path.
fn last(said: &str) -> &str {
    said.rsplit(['.', ':']).next().unwrap_or(said)
}

/// The truth value, `0`, or the name of a constant that `said` is.
fn is_switched(said: &str) -> bool {
    matches!(said, "true" | "false" | "True" | "False" | "TRUE" | "FALSE" | "0" | "1" | "0L" | ":verify_none" | ":never")
        || (said.contains(['.', ':'])
            && matches!(last(said), "None" | "NONE" | "CERT_NONE" | "VERIFY_NONE" | "VersionTLS10" | "VersionTLS11" | "VersionSSL30"))
}

/// The path that is called at the bracket at `at`: names joined by `.`, `::` or `->`, calls among them only as `Header()`.
fn function(page: Page, at: usize) -> Option<Span> {
    let run = page.run_back(at, |b| is_name(b) || b == b':' || b == b'@');
    let lead = run.of(page.text).find(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '@'))?;
    Some(Span::new(run.start + lead, at))
}

/// The call that opens at `at`.
fn call(page: Page, at: usize) -> Option<Setting> {
    let function = function(page, at)?;
    let path = function.of(page.text);
    let name = path.rsplit(['.', ':']).next().filter(|n| !n.is_empty())?;
    let key = Span::new(at - name.len(), at);
    let open = page.ahead(at + 1);
    if ANY_ORIGIN.iter().any(|f| path == *f || path.ends_with(f) && f.contains("::") || name == *f) && page.byte(open) == b')' {
        return Some(switch("cors.origin", "*", key, key));
    }
    // Express and Flask: called without origins they let all of them in
    let line = || page.run_back(function.start, |b| b != b'\n').of(page.text);
    let bare = path == "cors" && page.byte(open) == b')' && ["use(", "options("].iter().any(|call| line().contains(call))
        || path == "CORS" && flask_alone(page, open);
    if bare {
        return Some(switch("cors.origin", "*", key, key));
    }
    match path.rsplit("::").next().unwrap_or(path) {
        "gin.SetMode" if page.is_at(open, "gin.DebugMode)") => {
            return Some(switch("GIN_MODE", "debug", key, Span::new(open, open + "gin.DebugMode".len())));
        }
        "NoOpPasswordEncoder.getInstance" => return Some(switch("password_encoder", "noop", key, key)),
        _ => {}
    }
    if ORIGINS.contains(&name) {
        if let Some((value, _)) = page.in_quotes(open).filter(|(v, _)| v.of(page.text) == "*") {
            return Some(switch("cors.origin", "*", key, value));
        }
        // `List.of("*")`, `Arrays.asList("*")`
        let inner = constant(page, open).filter(|c| page.byte(c.end) == b'(').map(|c| page.ahead(c.end + 1));
        if let Some((value, _)) = inner.and_then(|at| page.in_quotes(at)).filter(|(v, _)| v.of(page.text) == "*") {
            return Some(switch("cors.origin", "*", key, value));
        }
        let any = constant(page, open).filter(|c| name == "allow_origin" && matches!(c.of(page.text), "Any" | "cors::Any"));
        return any.map(|value| switch("cors.origin", "*", key, value));
    }
    if matches!(name, "InsecureIgnoreHostKey" | "AutoAddPolicy") && page.byte(open) == b')' {
        return Some(switch("StrictHostKeyChecking", "no", key, key));
    }
    if ACCEPT_ALL.contains(&name) {
        return Some(switch("tls_verify", "false", key, key));
    }
    if let Some(hit) = setter(page, at, path, open) {
        return Some(hit);
    }
    let value = constant(page, open)?;
    let said = value.of(page.text);
    if let Some(word) = said.split(['.', ':']).find(|w| ACCEPT_ALL.contains(w)) {
        let start = value.start + said.find(word).unwrap_or(0);
        let span = Span::new(start, start + word.len());
        return Some(switch("tls_verify", "false", span, span));
    }
    let alone = page.byte(page.ahead(value.end)) == b')';
    if alone && last(said) == "NONE" && said.contains("Verify") {
        return Some(switch("verify_mode", "verify_none", key, value));
    }
    let plain = matches!(said, "true" | "false" | "True" | "False");
    // `cookie.setSecure(false)`, `session_cookie.secure(false)`
    let about = |w: &str| path.to_ascii_lowercase().contains(w);
    match name {
        "setSecure" if alone && said == "false" => Some(switch("cookie.secure", said, key, value)),
        "setHttpOnly" if alone && said == "false" && about("cookie") => Some(switch("cookie.httpOnly", said, key, value)),
        // the builders of cookies and of connections
        "secure" | "http_only" if alone && said == "false" && near(page, at).contains("ookie") => {
            Some(switch(if name == "secure" { "cookie.secure" } else { "cookie.httpOnly" }, said, key, value))
        }
        "ssl_mode" if alone && matches!(said, "PgSslMode::Disable" | "MySqlSslMode::Disabled") => {
            Some(switch("database.ssl", "false", key, value))
        }
        "tls_insecure_set" if alone && said == "True" => Some(switch("tls_verify", "false", key, value)),
        _ if alone && plain && name.contains(['_', 'S', 'C', 'V', 'I']) => Some(switch(name, said, key, value)),
        _ => None,
    }
}

/// What stands up to 160 bytes before `at`, over lines.
fn near<'t>(page: Page<'t>, at: usize) -> &'t str {
    let start = (at.saturating_sub(160)..at).find(|&i| page.text.is_char_boundary(i)).unwrap_or(at);
    Span::new(start, at).of(page.text)
}

/// Whether the call of Flask's `CORS` that has its first argument at `open` gives it nothing but the application.
fn flask_alone(page: Page, open: usize) -> bool {
    let close = (open..open + 128).find(|&i| matches!(page.byte(i), b')' | b'\n' | 0)).filter(|&i| page.byte(i) == b')');
    let said = |end: usize| Span::new(open, end).of(page.text).to_ascii_lowercase();
    constant(page, open).is_some() && close.is_some_and(|end| !["origin", "resource", "*"].iter().any(|w| said(end).contains(w)))
}

/// `curl_setopt($c, CURLOPT_SSL_VERIFYPEER, false)`, `setHeader('Access-Control-Allow-Origin', '*')`, `header("Name: value")`.
fn setter(page: Page, at: usize, path: &str, open: usize) -> Option<Setting> {
    let before = page.run_back(at, |b| is_name(b) || matches!(b, b'(' | b')')).of(page.text).to_ascii_lowercase();
    if !SETTERS.iter().any(|s| before.strip_suffix(s).is_some_and(|h| h.is_empty() || h.ends_with(['.', '>', '-', '_']))) {
        return None;
    }
    let mut first = open;
    if path.contains("setopt") {
        let comma = (open..open + 64).find(|&i| matches!(page.byte(i), b',' | b'\n' | 0)).filter(|&i| page.byte(i) == b',')?;
        first = page.ahead(comma + 1);
    }
    let (key, next) = match page.in_quotes(first) {
        Some((key, _)) => (key, page.ahead(key.end + 1)),
        None => constant(page, first).map(|key| (key, page.ahead(key.end)))?,
    };
    let name = key.of(page.text);
    if let Some(value) = name.strip_prefix("Access-Control-Allow-Origin:") {
        return (value.trim() == "*")
            .then(|| switch("Access-Control-Allow-Origin", "*", Span::new(key.start, key.start + 27), Span::new(key.end - 1, key.end)));
    }
    if page.byte(next) != b',' || name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let second = page.ahead(next + 1);
    if let Some((value, _)) = page.in_quotes(second) {
        let said = value.of(page.text);
        let telling = (name.eq_ignore_ascii_case("Access-Control-Allow-Origin") && said == "*")
            || (name.eq_ignore_ascii_case("display_errors") && matches!(said, "1" | "On" | "on"));
        return telling.then(|| switch(name, said, key, value));
    }
    let value = constant(page, second)?;
    let said = value.of(page.text).trim_end_matches('L');
    (is_switched(said) && page.byte(page.ahead(value.end)) == b')').then(|| switch(name, said, key, value))
}

/// `origins '*'` of Rack's middleware: the star at `at`.
fn allowed(page: Page, at: usize) -> Option<Setting> {
    let quote = page.before(at);
    let open = at.checked_sub(1).filter(|_| matches!(quote, b'"' | b'\'') && page.byte(at + 1) == quote)?;
    let key = page.name_back(page.back(open)).filter(|k| k.end < open && k.of(page.text) == "origins")?;
    let first = matches!(page.before(page.back(key.start)), 0 | b'\n');
    first.then(|| switch("cors.origin", "*", key, Span::new(at, at + 1)))
}

/// A callback that says yes to everything: `=> true`, `-> true`, `=> { return true; }`, behind the name of one that is asked.
fn callback(page: Page, at: usize) -> Option<Setting> {
    let body = page.ahead(at + 2);
    let inner = if page.byte(body) == b'{' { page.ahead(body + 1) } else { body };
    let inner = if page.is_at(inner, "return ") { page.ahead(inner + 7) } else { inner };
    if !page.is_at(inner, "true") || is_name(page.byte(inner + 4)) || matches!(page.byte(page.ahead(inner + 4)), b'&' | b'|' | b'=') {
        return None;
    }
    let line = page.run_back(at, |b| b != b'\n' && b != b';');
    let said = line.of(page.text);
    let value = Span::new(inner, inner + 4);
    if let Some(i) = said.rfind("SetIsOriginAllowed") {
        let key = Span::new(line.start + i, line.start + i + "SetIsOriginAllowed".len());
        return Some(switch("cors.origin", "*", key, value));
    }
    let (word, i) = CALLBACKS.iter().find_map(|w| said.rfind(w).map(|i| (w, i)))?;
    let key = Span::new(line.start + i, line.start + i + word.len());
    Some(switch("tls_verify", "false", key, value))
}

/// `'verify' => false` of PHP and Ruby.
fn arrow(page: Page, at: usize) -> Option<Setting> {
    let end = page.back(at);
    // another word is the parameter of a function
    let quoted = matches!(page.before(end), b'"' | b'\'');
    let word = page.name_back(end);
    let keyed = word.is_some_and(|w| page.before(w.start) == b':' || !w.of(page.text).bytes().any(|b| b.is_ascii_lowercase()));
    (quoted || keyed).then(|| named(page, end, at + 2)).flatten()
}

/// `verify: false`, where pairs are read without regard for what they are handed to.
fn option(page: Page, at: usize) -> Option<Setting> {
    if page.byte(at + 1) == b':' || page.before(at) == b':' || !matches!(page.byte(at + 1), b' ' | b'\t' | b'"') {
        return None;
    }
    named(page, at, at + 1)
}

/// `X = false;`, `options.X = Path.None;`, `config['X'] = False`, and arguments by name.
fn assigned(page: Page, at: usize) -> Option<Setting> {
    if matches!(page.before(at), b'=' | b'!' | b'<' | b'>' | b'+' | b':' | b'|' | b'&' | b'~' | b'-' | b'*') || page.byte(at + 1) == b'=' {
        return None;
    }
    named(page, page.back(at), at + 1)
}

/// The switch whose name ends at `end` and whose value begins at or after `after`.
fn named(page: Page, end: usize, after: usize) -> Option<Setting> {
    let start = page.ahead(after);
    // `AllowOrigins: []string{"*"}`, `origin: ["*"]`
    if let Some(list) = ["[]string{\"*\"}", "[\"*\"]", "['*']", "{\"*\"}"].iter().find(|l| page.is_at(start, l)) {
        let end = end - usize::from(matches!(page.before(end), b'"' | b'\''));
        let key = page.name_back(end)?;
        let star = start + list.find('*').unwrap_or(0);
        let about = last(key.of(page.text)).to_ascii_lowercase().replace('_', "");
        let named = matches!(about.as_str(), "alloworigins" | "allowedorigins" | "allowedorigin" | "corsalloworigins" | "corsorigins");
        let asked = matches!(about.as_str(), "origin" | "origins") && holder(page, key.start).to_ascii_lowercase().contains("cors");
        return (named || asked).then(|| switch("cors.origin", "*", key, Span::new(star, star + 1)));
    }
    if let Some(hit) = hasher(page, end, start) {
        return Some(hit);
    }
    let value = constant(page, start)?;
    let mut said = value.of(page.text).trim_end_matches(':');
    let opened = said.split(['.', ':']).any(|part| ACCEPT_ALL.contains(&part));
    if !is_switched(said) && !opened {
        return None;
    }
    let next = page.ahead(value.end);
    let open = matches!(page.byte(next), b',' | b')' | b'}' | b']');
    // the last of a list over lines
    let rest = Span::new(next, next + 64).narrowed(page.text).of(page.text);
    let open = open || (page.byte(next) == b'\n' && rest.trim_start().starts_with(['}', ')', ']']));
    if !open && !matches!(page.byte(next), 0 | b'\n' | b'\r' | b';' | b'#' | b'/') {
        return None;
    }
    let equals = page.byte(after - 1) == b'=';
    let indexed = page.before(end) == b']';
    let end = end - usize::from(indexed);
    let quoted = matches!(page.before(end), b'"' | b'\'');
    let key = page.name_back(end - usize::from(quoted))?;
    let name = key.of(page.text);
    if opened {
        return Some(switch("tls_verify", "false", key, value));
    }
    if said.contains(['.', ':']) {
        said = last(said);
    }
    let simple = last(name).to_ascii_lowercase().replace('_', "");
    let full = match simple.as_str() {
        "secure" | "httponly" if said.eq_ignore_ascii_case("false") => {
            let holder = holder(page, key.start).to_ascii_lowercase();
            // the client of an object store
            if simple == "secure" && holder.contains("minio") {
                return Some(switch("database.ssl", said, key, value));
            }
            // `session_store :cookie_store, secure: false` has no bracket
            let line = page.run_back(key.start, |b| b != b'\n').of(page.text);
            let cookie = ["cookie", "session"].iter().any(|w| holder.contains(w) || name.to_ascii_lowercase().contains(w))
                || line.contains("session_store");
            if !cookie {
                return None;
            }
            format!("cookie.{}", if simple == "secure" { "secure" } else { "httpOnly" })
        }
        "origin" | "origins" => {
            let cors = said == "true" && holder(page, key.start).to_ascii_lowercase().contains("cors");
            return cors.then(|| switch("cors.origin", "*", key, value));
        }
        // a form that is exempt from the check, not the application
        _ if simple.starts_with("csrf") && !indexed && name.chars().any(char::is_lowercase) => return None,
        // the word of Python's clients; what a reader of variables falls back to
        "verify" if said == "False" => return None,
        "default" => return None,
        "verify" if said == "false" || said == "verify_none" => {
            let holder = holder(page, key.start).to_ascii_lowercase();
            let client = said == "verify_none" || CLIENTS.contains(&last(&holder));
            if !client {
                return None;
            }
            return Some(switch("tls_verify", "false", key, value));
        }
        "cors" if said == "true" && holder(page, key.start).ends_with("NestFactory.create") => {
            return Some(switch("cors.origin", "*", key, value));
        }
        "synchronize" if said == "true" && beside_driver(page, key.start) => return Some(switch("TYPEORM_SYNCHRONIZE", said, key, value)),
        "tls" if said == "never" => return Some(switch("smtp.tls", said, key, value)),
        "ssl" if said.eq_ignore_ascii_case("false") => {
            let holder = holder(page, key.start).to_ascii_lowercase();
            let holder = last(&holder);
            if matches!(holder, "tcpconnector" | "get" | "post" | "put" | "request" | "ws_connect") {
                return Some(switch("verify_ssl", said, key, value));
            }
            if !(DATABASES.contains(&holder) || ecto(page, key.start) || beside_driver(page, key.start)) {
                return None;
            }
            "database.ssl".to_owned()
        }
        _ => name.to_owned(),
    };
    let capitals = !name.chars().any(char::is_lowercase);
    let handed = !equals || open || indexed || name.contains('.') || full != name;
    let top = capitals && matches!(page.before(key.start), 0 | b'\n');
    (handed || top).then(|| switch(&full, said, key, value))
}

/// `PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']` of Django: the first makes the hashes.
fn hasher(page: Page, end: usize, start: usize) -> Option<Setting> {
    const FAST: &[(&str, &str)] = &[("MD5PasswordHasher", "md5"), ("SHA1PasswordHasher", "sha1")];
    if !matches!(page.byte(start), b'[' | b'(') {
        return None;
    }
    let key = page.name_back(end).filter(|k| k.of(page.text) == "PASSWORD_HASHERS")?;
    let first = (start + 1..start + 64).find(|&i| !matches!(page.byte(i), b' ' | b'\t' | b'\n' | b'\r'))?;
    let (value, _) = page.in_quotes(first)?;
    let (_, function) = FAST.iter().find(|(class, _)| value.of(page.text).ends_with(class))?;
    Some(switch("PASSWORD_HASHER", function, key, value))
}

/// Whether an object that names the driver of a database holds the place: `{ type: 'postgres', host: .., ssl: false }`.
fn beside_driver(page: Page, at: usize) -> bool {
    let said = near_in_braces(page, at);
    ["postgres", "mysql", "mariadb", "cockroachdb", "mssql"].iter().any(|driver| {
        ["type", "dialect", "client", "driver"]
            .iter()
            .any(|name| [format!("{name}: '{driver}'"), format!("{name}: \"{driver}\"")].iter().any(|pair| said.contains(pair)))
    })
}

/// What stands between the brace that holds the place and the place itself, within a bounded stretch.
fn near_in_braces<'t>(page: Page<'t>, at: usize) -> &'t str {
    let mut depth = 0_usize;
    for i in (at.saturating_sub(512)..at).rev() {
        match page.byte(i) {
            b'}' => depth += 1,
            b'{' if depth == 0 => return Span::new(i, at).of(page.text),
            b'{' => depth -= 1,
            _ => {}
        }
    }
    ""
}

/// Whether the place belongs to the configuration of a database of Elixir: `config :shop, Shop.Repo,` above it.
fn ecto(page: Page, at: usize) -> bool {
    let before = Span::new(at.saturating_sub(512), at).narrowed(page.text).of(page.text);
    before.rfind("config :").is_some_and(|i| before.get(i..).is_some_and(|s| s.lines().next().is_some_and(|l| l.contains("Repo"))))
}

/// The name of the call, list or object that the place belongs to, over lines, within a bounded stretch.
fn holder<'t>(page: Page<'t>, at: usize) -> &'t str {
    const REACH: usize = 512;
    let mut depth = 0_usize;
    let mut i = at;
    while i > 0 && at - i < REACH {
        i -= 1;
        match page.byte(i) {
            b')' | b']' | b'}' => depth += 1,
            b'(' | b'[' | b'{' if depth > 0 => depth -= 1,
            b'(' | b'[' | b'{' => {
                let end = page.back(i);
                let end = match page.before(end) {
                    // `cookie: {`, `cookie = {`, `'ssl' => [`, `cookie={{`
                    b':' | b'=' => page.back(end - 1),
                    b'>' if page.before(end - 1) == b'=' => page.back(end - 2),
                    _ => end,
                };
                let end = end - usize::from(matches!(page.before(end), b'"' | b'\''));
                if let Some(name) = page.name_back(end).filter(|n| n.end == end && !n.is_empty()) {
                    return name.of(page.text);
                }
            }
            b';' if depth == 0 => break,
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
#[path = "switches_tests.rs"]
mod tests;
