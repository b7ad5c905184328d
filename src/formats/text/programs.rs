//! Defaults in program code, SQL, accounts of `chpasswd` and answers for debconf, anywhere in a text.

use super::page::{Hit, Page, is_name};
use crate::model::key_path::words;
use crate::model::setting::Quoting;
use crate::model::span::Span;
use crate::model::template::{self, Part};

/// `getenv("X", "lit")`, `ENV.fetch("X") { 'lit' }`, `getenv('X') ?: 'lit'`, `os.getenv("X") or "lit"`: the call that opens at `at`.
pub(super) fn call(page: Page, at: usize) -> Option<Vec<Hit>> {
    let function = page.name_back(at)?.of(page.text).to_ascii_lowercase();
    let reads = function.contains("env") || matches!(function.as_str(), "define" | "config" | "getproperty" | "system.getproperty");
    if !reads {
        return None;
    }
    let (key, _) = page.in_quotes(page.ahead(at + 1))?;
    if key.is_empty() || !key.of(page.text).bytes().all(is_name) {
        return None;
    }
    let after = page.ahead(key.end + 1);
    let literal = match page.byte(after) {
        b',' => {
            let second = page.ahead(after + 1);
            let named = if page.is_at(second, "default") { second + "default".len() } else { second };
            let sign = page.ahead(named);
            if named > second && matches!(page.byte(sign), b'=' | b':') { page.ahead(sign + 1) } else { second }
        }
        b')' => otherwise(page, after + 1)?,
        _ => return None,
    };
    literal_hit(page, key, literal).or_else(|| constant(page, key, literal)).map(|hit| vec![hit])
}

/// `define('WP_DEBUG', true)`, a switch of PHP, and the default of one: `env.bool('DEBUG', True)`.
fn constant(page: Page, key: Span, at: usize) -> Option<Hit> {
    let ends = |at: usize| matches!(page.byte(page.ahead(at)), b')' | b',');
    let word =
        ["true", "false", "True", "False", "TRUE", "FALSE", "1", "0"].into_iter().find(|w| page.is_at(at, w) && ends(at + w.len()))?;
    let value = Span::new(at, at + word.len());
    Some(Hit { name: key.of(page.text).to_owned(), key, value, quoting: Quoting::Plain })
}

/// `process.env.X || 'lit'`, `process.env.X ?? "lit"`, `ENV['X'] || 'lit'`: the operator at `at`.
pub(super) fn fallback(page: Page, at: usize) -> Option<Hit> {
    let literal = otherwise(page, at)?;
    let end = page.back(at);
    // `process.env.X!`: TypeScript is told that it is set
    let end = end - usize::from(page.before(end) == b'!');
    let key = if page.before(end) == b']' {
        let inner = end - 1;
        let quote = page.before(inner);
        // `configuration["Jwt:Key"]`
        let run = page.run_back(inner.checked_sub(1)?, |b| is_name(b) || b == b':');
        let key = Span::new(run.start, run.end);
        let open = key.start.checked_sub(2).filter(|_| !key.is_empty())?;
        let map = page.run_back(open, is_name).of(page.text).to_ascii_lowercase();
        (matches!(quote, b'"' | b'\'')
            && page.before(key.start) == quote
            && page.byte(open) == b'['
            && (map.contains("env") || map.ends_with("_server") || map.ends_with("configuration")))
        .then_some(key)?
    } else {
        let path = page.name_back(end)?;
        let (holder, name) = path.of(page.text).rsplit_once('.')?;
        holder.to_ascii_lowercase().ends_with("env").then(|| Span::new(path.end - name.len(), path.end))?
    };
    literal_hit(page, key, literal)
}

/// `@Value("${x:lit}")` at `at`.
pub(super) fn annotation(page: Page, at: usize) -> Option<Vec<Hit>> {
    if !page.is_at(at, "@Value(") {
        return None;
    }
    let (inner, quoting) = page.in_quotes(page.ahead(at + "@Value(".len()))?;
    let shifted = |span: Span| span.shift(inner.start);
    let hits = template::parts(inner.of(page.text)).into_iter().filter_map(|part| match part {
        Part::Fallback { name, default, .. } if !default.is_empty() => {
            Some(Hit { name: shifted(name).of(page.text).to_owned(), key: shifted(name), value: shifted(default), quoting })
        }
        _ => None,
    });
    Some(hits.collect())
}

/// `echo "user:lit" | chpasswd`: the bar at `at`.
pub(super) fn account(page: Page, at: usize) -> Option<Hit> {
    let program = page.ahead(at + 1);
    let program = if page.is_at(program, "sudo ") { page.ahead(program + 5) } else { program };
    if !page.is_at(program, "chpasswd") {
        return None;
    }
    let end = page.back(at);
    let quote = page.before(end);
    let quoted = matches!(quote, b'"' | b'\'');
    let end = end - usize::from(quoted);
    let said = page.run_back(end, |b| if quoted { b != quote && b != b'\n' } else { b > b' ' });
    let user = said.of(page.text).find(':').filter(|len| *len > 0)?;
    let key = Span::new(said.start, said.start + user);
    let value = Span::new(key.end + 1, end);
    let quoting = match quote {
        b'"' => Quoting::Double,
        b'\'' => Quoting::Single,
        _ => Quoting::Plain,
    };
    let name = format!("{} password", key.of(page.text));
    (!value.is_empty()).then_some(Hit { name, key, value, quoting })
}

/// `mysql-server mysql-server/root_password password lit`, an answer that debconf is given: the type, at `at`.
pub(super) fn answer(page: Page, at: usize) -> Option<Hit> {
    const TYPE: &str = "password";
    let end = page.back(at);
    let start = page.ahead(at + TYPE.len());
    if end == at || start == at + TYPE.len() || !page.is_at(at, TYPE) {
        return None;
    }
    let question = page.run_back(end, |b| is_name(b) || b == b'/');
    let owner = page.run_back(page.back(question.start), is_name).of(page.text);
    let (template, asked) = question.of(page.text).rsplit_once('/')?;
    // the installer of Debian asks in the name of others
    let owned = !owner.is_empty() && (owner == "d-i" || template.split('/').next().is_some_and(|package| owner.starts_with(package)));
    let words = words(asked);
    let telling = |word: &String| matches!(word.as_str(), "password" | "passwd" | "pass");
    if !owned || !words.iter().any(telling) {
        return None;
    }
    let value = Span::new(start, page.word_end(start, b";|&\\")?);
    let name = if words.last().is_some_and(telling) { asked.to_owned() } else { format!("{asked} password") };
    let key = Span::new(question.end - asked.len(), question.end);
    (!value.is_empty()).then_some(Hit { name, key, value, quoting: Quoting::Plain })
}

/// `ALTER USER x PASSWORD 'lit'`, `IDENTIFIED BY 'lit'`: the quote at `at`.
pub(super) fn statement(page: Page, at: usize) -> Option<Hit> {
    let end = page.back(at);
    if end == at {
        return None;
    }
    let word = page.name_back(end)?;
    let identified = || {
        let before = page.run_back(word.start, |b| b != b'\n' && b != b';').of(page.text).to_ascii_lowercase();
        before.contains("identified ")
    };
    let says = match word.of(page.text) {
        w if w.eq_ignore_ascii_case("PASSWORD") => w.chars().all(char::is_uppercase) || sql_before(page, word.start),
        w if w.eq_ignore_ascii_case("BY") => identified(),
        _ => false,
    };
    let (value, quoting) = page.in_quotes(at).filter(|_| says)?;
    (!value.is_empty()).then(|| Hit { name: "PASSWORD".to_owned(), key: word, value, quoting })
}

/// Where the literal begins behind `||`, `??`, `?:`, `or` or in the block that follows a call.
fn otherwise(page: Page, at: usize) -> Option<usize> {
    let sign = page.ahead(at);
    let skip = match (page.byte(sign), page.byte(sign + 1)) {
        (b'|', b'|') | (b'?', b'?' | b':') => 2,
        (b'{', _) => 1,
        (b'o', b'r') if page.byte(sign + 2) == b' ' => 2,
        _ => return None,
    };
    let assigned = usize::from(skip == 2 && page.byte(sign + 2) == b'=');
    let next = page.ahead(sign + skip + assigned);
    // the literal may begin the next line
    let broken = (next..next + 64).find(|&i| !matches!(page.byte(i), b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(next);
    Some(broken)
}

fn literal_hit(page: Page, key: Span, literal: usize) -> Option<Hit> {
    let (value, quoting) = page.in_quotes(literal)?;
    (!value.of(page.text).trim().is_empty()).then(|| Hit { name: key.of(page.text).to_owned(), key, value, quoting })
}

fn sql_before(page: Page, at: usize) -> bool {
    let line = page.run_back(at, |b| b != b'\n');
    let said = line.of(page.text).to_ascii_lowercase();
    ["user ", "role ", "with "].iter().any(|w| said.contains(w))
}
