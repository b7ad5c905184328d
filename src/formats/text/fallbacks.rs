//! Literals that run when nothing else is set, in the forms of libraries: the last argument of a call that reads a configuration, what
//! follows such a call, the default of a field or of a schema. And literals that a call takes for a secret by its place.

use super::page::{Hit, Page, is_name};
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Ends of names of functions whose first text is the name of a setting and whose last is its default.
const READERS: &[&str] = &[
    "getenv",
    "getenvordefault",
    "envordefault",
    "getordefault",
    "environ.get",
    "environ.setdefault",
    "env.str",
    "env.get",
    "env.string",
    "config.get",
    "configservice.get",
    "configuration.get",
    "settings.get",
    "config.getvalue",
    "configuration.getvalue",
    "getenvironmentvariable",
    "viper.setdefault",
    "getproperty",
    "propertyornull",
    "readsecret",
    "getsecret",
    "loadsecret",
    "env.fetch",
    "get_env",
    "fetch_env",
    "getenv_docker",
    "flag.string",
    "decouple.config",
    "env",
    "config",
];

/// Those that may be asked for a section first, as those of Python's ConfigParser: `config.get("Credentials", "token")`.
const SECTIONED: &[&str] = &["config.get", "configuration.get", "settings.get"];

/// Functions and the place, from 0, of the argument that is a secret, with the name that it gets.
const TAKERS: &[(&str, usize, &str)] = &[
    ("jwt.sign", 1, "jwt_secret"),
    ("jwt.verify", 1, "jwt_secret"),
    ("jwt.encode", 1, "jwt_secret"),
    ("jwt.decode", 1, "jwt_secret"),
    ("hmacshakeyfor", 0, "signing_key"),
    ("httpbasicauth", 1, "auth_password"),
    ("drivermanager.getconnection", 2, "db_password"),
    ("sql.open", 1, "dsn"),
    ("sqlx.open", 1, "dsn"),
    ("sqlx.connect", 1, "dsn"),
    ("sqlx.mustconnect", 1, "dsn"),
    ("pgx.connect", 1, "dsn"),
    ("pgxpool.new", 1, "dsn"),
    ("postgres.open", 0, "dsn"),
    ("mysql.open", 0, "dsn"),
    ("psycopg.connect", 0, "dsn"),
    ("psycopg2.connect", 0, "dsn"),
    ("pdo", 2, "db_password"),
    ("mysqli", 2, "db_password"),
    ("mysqli_connect", 2, "db_password"),
    ("mysqldb.connect", 2, "db_password"),
    ("pymysql.connect", 2, "db_password"),
    ("sequelize", 2, "db_password"),
    ("ldap_bind", 2, "ldap_password"),
    ("ftp_login", 2, "ftp_password"),
    ("ssh2_auth_password", 2, "ssh_password"),
    ("imap_open", 2, "mail_password"),
    ("setpassword", 0, "set_password"),
    ("setsecretkey", 0, "secret_key"),
    ("setsecret", 0, "client_secret"),
    ("from_secret", 0, "jwt_secret"),
    ("s.login", 1, "mail_password"),
    ("server.login", 1, "mail_password"),
    ("smtp.login", 1, "mail_password"),
    ("imap.login", 1, "mail_password"),
    ("newstaticv4", 1, "secret_key"),
    ("newstaticv2", 1, "secret_key"),
    ("newstaticcredentials", 1, "secret_key"),
    ("smtp.plainauth", 2, "smtp_password"),
];

/// Functions that make bytes or a box of the literal that is assigned.
const WRAPPERS: &[&str] = &["field", "secretstr", "getbytes", "byte", "buffer.from", "from", "mapped_column"];

/// Functions that take the bytes of a secret, with the name that it gets.
const KEYED: &[(&str, &str)] = &[
    ("symmetricsecuritykey", "signing_key"),
    ("secretkeyspec", "encryption_key"),
    ("hmacshakeyfor", "signing_key"),
    ("cookie.newstore", "session_secret"),
    ("newcookiestore", "session_secret"),
    ("hmac.new", "signing_key"),
];

/// Names that take a pair of user and password.
const ACCOUNTS: &[&str] = &["auth", "basic_auth", "http_auth", "proxy_auth"];

/// Names that tell of a secret to [`call`] and [`credential`] alone, in small letters.
pub(super) fn telling_names() -> impl Iterator<Item = &'static str> {
    TAKERS.iter().map(|(function, ..)| *function).chain(ACCOUNTS.iter().copied()).chain(["authorization"])
}

/// Whether `name` is one of [`telling_names`], or a member of that name.
pub(super) fn is_telling(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    telling_names().any(|known| ends(&lower, known) || lower.strip_suffix(known).is_some_and(|head| head.ends_with('-')))
}

/// The call that opens at `at`.
pub(super) fn call(page: Page, at: usize) -> Option<Vec<Hit>> {
    let Some((function, from)) = function_before(page, at) else {
        return account(page, at).map(|hit| vec![hit]);
    };
    let first = skip(page, at + 1);
    if function == "default" || function.ends_with(".default") || matches!(function.as_str(), "str" | "string" | "envalid.str") {
        return schema(page, from, first).map(|hit| vec![hit]);
    }
    if let Some((_, place, name)) = TAKERS.iter().find(|(f, ..)| ends(&function, f)) {
        let (value, quoting) =
            arguments_of(page, first, false).into_iter().nth(*place).filter(|a| a.name.is_none() || *name != "dsn")?.literal?;
        let key = Span::new(from, at);
        let fits = *name != "dsn" || ["password=", "sslmode=", "@"].iter().any(|w| value.of(page.text).contains(w));
        return (fits && !value.is_empty()).then(|| vec![Hit { name: (*name).to_owned(), key, value, quoting }]);
    }
    if WRAPPERS.iter().any(|w| ends(&function, w)) {
        if let Some(name) = keyed(page, from) {
            let (value, quoting) = page.in_quotes(first)?;
            let key = Span::new(from, at);
            return (!value.is_empty()).then(|| vec![Hit { name: name.to_owned(), key, value, quoting }]);
        }
        let name = left_name(page, from)?;
        let argument = arguments(page, first).into_iter().find(|a| a.name.is_none_or(|n| n.of(page.text) == "default"))?;
        return hit(page, name, argument.literal?).map(|hit| vec![hit]);
    }
    let variable = function == "var" && page.is_at(from.saturating_sub(5), "env::");
    if !variable && !READERS.iter().any(|r| ends(&function, r)) {
        return None;
    }
    let mut all = arguments(page, first);
    if SECTIONED.iter().any(|r| ends(&function, r)) && is_of_a_section(page, &all) {
        all.remove(0);
    }
    let (key, _) = all.first().filter(|a| a.name.is_none()).and_then(|a| a.literal)?;
    let key = last_name(page, key)?;
    let given = |a: &&Argument| a.name.is_none_or(|n| matches!(n.of(page.text), "default" | "defaultValue" | "default_value" | "fallback"));
    // the last argument of an option of a program in Go says what it is for
    let rest = if ends(&function, "flag.string") { all.get(1..2) } else { all.get(1..) };
    let literal = match rest.unwrap_or_default().iter().filter(given).filter_map(|a| a.literal).next_back() {
        Some(literal) => literal,
        None => after_call(page, at)?,
    };
    hit(page, key, literal).map(|hit| vec![hit])
}

/// Whether the first two arguments are rather a section and an option in it than a setting and its default: one word with a capital, or one
/// for several things, and behind it a name in small letters.
fn is_of_a_section(page: Page, all: &[Argument]) -> bool {
    let [Argument { name: None, literal: Some((section, _)) }, Argument { name: None, literal: Some((option, _)) }, ..] = all else {
        return false;
    };
    let (section, option) = (section.of(page.text), option.of(page.text));
    let word = !section.is_empty() && section.bytes().all(|b| b.is_ascii_alphabetic());
    let capital = section.starts_with(|c: char| c.is_ascii_uppercase()) && section.bytes().skip(1).all(|b| b.is_ascii_lowercase());
    let one = ["Key", "Passphrase", "Password", "Passwd", "Secret", "Secretkey", "Token"].contains(&section);
    let several = matches!(section, "credentials" | "secrets" | "passwords" | "tokens" | "keys" | "auth" | "database");
    let named = option.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit() && option.contains('_'));
    word && (capital && !one || several) && named
}

/// The name of the secret that the bytes made at `from` are handed over as: `new SymmetricSecurityKey(Encoding.UTF8.GetBytes("lit"))`,
/// `cookie.NewStore([]byte("lit"))`.
fn keyed(page: Page, from: usize) -> Option<&'static str> {
    let start = page.run_back(from, |b| is_name(b) || matches!(b, b'[' | b']')).start;
    let open = page.back(start).checked_sub(1).filter(|&i| page.byte(i) == b'(')?;
    let (outer, _) = function_before(page, open)?;
    KEYED.iter().find(|(function, _)| ends(&outer, function)).map(|(_, name)| *name)
}

/// `auth=("user", "lit")`, the pair that HTTP clients of Python take: the bracket at `at`.
fn account(page: Page, at: usize) -> Option<Hit> {
    let sign = page.back(at).checked_sub(1).filter(|&i| page.byte(i) == b'=')?;
    let key = page.name_back(page.back(sign))?;
    if !ACCOUNTS.contains(&key.of(page.text)) {
        return None;
    }
    let both = arguments(page, at + 1);
    let [Argument { name: None, literal: Some(_) }, Argument { name: None, literal: Some((value, quoting)) }] = both[..] else {
        return None;
    };
    (!value.is_empty()).then(|| Hit { name: "auth_password".to_owned(), key, value, quoting })
}

/// `name: Type | None = "lit"`, `Name { get; set; } = "lit"`, `settings["A:Name"] = "lit"`, `env = "NAME", default_value = "lit"`: the sign at
/// `at`, where `pair` saw nothing.
pub(super) fn typed(page: Page, at: usize) -> Option<Hit> {
    if matches!(page.before(at), b'=' | b'!' | b'<' | b'>' | b'+' | b':') || matches!(page.byte(at + 1), b'=' | b'>') {
        return None;
    }
    let literal = page.in_quotes(skip(page, at + 1))?;
    let end = page.back(at);
    let name = match page.before(end) {
        b'}' => {
            let line = page.run_back(end, |b| b != b'\n');
            let open = line.of(page.text).rfind('{')?;
            line.of(page.text).get(open..).filter(|block| block.contains("get;"))?;
            page.name_back(page.back(line.start + open))?
        }
        b']' if matches!(page.before(end - 1), b'"' | b'\'') => {
            let quote = page.before(end - 1);
            let inner = page.run_back(end - 2, |b| b != quote && b != b'\n');
            last_name(page, inner)?
        }
        _ => {
            let line = page.run_back(end, |b| b != b'\n' && b != b';' && b != b'(');
            let said = line.of(page.text);
            let colon = said.find(':').filter(|i| said.get(i + 1..).is_some_and(|t| is_type(t.trim())))?;
            page.name_back(page.back(line.start + colon))?
        }
    };
    hit(page, name, literal)
}

/// `env:"NAME" envDefault:"lit"` of Go, `env = "NAME", default_value = "lit"` of Rust: `found` is the pair that was read from it.
pub(super) fn tagged(page: Page, mut found: Hit) -> Hit {
    let tag = found.name == "default" && found.quoting == Quoting::Double && matches!(page.before(found.key.start), b'`' | b' ');
    if !tag && !matches!(found.name.as_str(), "envDefault" | "default_value" | "default_value_t") {
        return found;
    }
    let line = page.run_back(found.key.start, |b| b != b'\n');
    let said = line.of(page.text);
    if tag && !said.contains('`') {
        return found;
    }
    let from = ["env:\"", "env = \"", "env=\""].iter().find_map(|w| said.rfind(w).map(|i| line.start + i + w.len()));
    if let Some(from) = from {
        let end = (from..from + 66).find(|&i| !is_name(page.byte(i))).unwrap_or(from);
        if end > from {
            found.key = Span::new(from, end);
            found.name = found.key.of(page.text).to_owned();
        }
    } else if tag && let Some((field, _)) = said.trim_start().split_once(" string ") {
        // `DBPassword string `default:"lit"``
        let start = line.end - said.trim_start().len();
        if !field.is_empty() && field.trim_end().bytes().all(is_name) {
            found.key = Span::new(start, start + field.trim_end().len());
            found.name = found.key.of(page.text).to_owned();
        }
    }
    found
}

/// `Authorization: Bearer lit`: the credential alone, under a name that says what it is.
pub(super) fn credential(page: Page, mut found: Hit) -> Hit {
    let raw = found.value.of(page.text);
    let scheme = ["Bearer ", "Basic ", "Token "].iter().find(|s| raw.get(..s.len()).is_some_and(|r| r.eq_ignore_ascii_case(s)));
    let names = ["authorization", "proxy-authorization"].iter().any(|n| found.name.eq_ignore_ascii_case(n));
    let Some(scheme) = scheme.filter(|_| names) else { return found };
    let rest = raw.get(scheme.len()..).unwrap_or("").trim_start();
    let random = rest.len() >= 12
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=_.~-".contains(&b))
        && rest.bytes().any(|b| b.is_ascii_digit());
    if random {
        found.value = Span::new(found.value.end - rest.len(), found.value.end);
        found.name = "auth_token".to_owned();
    }
    found
}

/// The first place from `at` on without white space, over lines, at most 256 further.
fn skip(page: Page, at: usize) -> usize {
    (at..at + 256).find(|&i| !matches!(page.byte(i), b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(at)
}

/// The function that is called at the bracket at `at`, in lower case, and where its name begins. A list of types may stand between.
fn function_before(page: Page, at: usize) -> Option<(String, usize)> {
    let mut end = at;
    if page.before(end) == b'>' {
        let types = page.run_back(end - 1, |b| is_name(b) || matches!(b, b' ' | b'|' | b','));
        end = types.start.checked_sub(1).filter(|_| page.before(types.start) == b'<')?;
    }
    let run = page.run_back(end, |b| is_name(b) || b == b'?');
    let name = run.of(page.text);
    let lead = name.len() - name.trim_start_matches(['.', '-', '?']).len();
    (name.len() > lead).then(|| (name[lead..].replace('?', "").to_ascii_lowercase(), run.start + lead))
}

/// Whether a function is called `wanted`, or a member `wanted` of something.
fn ends(function: &str, wanted: &str) -> bool {
    function
        .strip_suffix(wanted)
        .is_some_and(|head| head.is_empty() || head.ends_with(['.', '_']) || (wanted.contains('.') && !head.is_empty()))
}

/// An argument of a call.
struct Argument {
    /// Its name, where it is given by name.
    name: Option<Span>,
    /// The text, where it is one and nothing else.
    literal: Option<(Span, Quoting)>,
}

/// The arguments from `at` to the closing bracket, at most six within a bounded stretch; an object of options is looked into.
fn arguments(page: Page, at: usize) -> Vec<Argument> {
    arguments_of(page, at, true)
}

/// The same; an object is one argument unless `into` says otherwise.
fn arguments_of(page: Page, mut at: usize, into: bool) -> Vec<Argument> {
    let mut all = Vec::new();
    let limit = at + 512;
    while all.len() < 6 && at < limit {
        at = skip(page, at);
        if into && page.byte(at) == b'{' {
            at = skip(page, at + 1);
        }
        let mut name = None;
        let word = (at..at + 40).find(|&i| !is_name(page.byte(i))).unwrap_or(at);
        let sign = skip(page, word);
        if word > at && matches!(page.byte(sign), b'=' | b':') && !matches!(page.byte(sign + 1), b'=' | b':') {
            name = Some(Span::new(at, word));
            at = skip(page, sign + 1);
        }
        let literal = page.in_quotes(at);
        let mut end = literal.map_or(at, |(span, _)| span.end + 1);
        let alone = matches!(page.byte(skip(page, end)), b',' | b')' | b'}');
        // `"lit".getBytes()`, `"lit".into()`
        let turned = page.byte(end) == b'.';
        let mut depth = 0_usize;
        while end < limit {
            match page.byte(end) {
                0 => return all,
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => break,
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => break,
                b'"' | b'\'' | b'`' if page.in_quotes(end).is_some() => end = page.in_quotes(end).map_or(end, |(s, _)| s.end),
                _ => {}
            }
            end += 1;
        }
        all.push(Argument { name, literal: literal.filter(|_| alone || turned) });
        if page.byte(end) != b',' {
            break;
        }
        at = end + 1;
    }
    all
}

/// The literal behind the call that opens at `at`: `|| "lit"`, `?? "lit"`, `?: "lit"`, `.unwrap_or("lit")`, `.orElse("lit")`, `do "lit"`.
fn after_call(page: Page, at: usize) -> Option<(Span, Quoting)> {
    let mut next = close(page, at)? + 1;
    for _ in 0..3 {
        next = skip(page, next);
        for sign in ["||", "??", "?:", "or ", "{", "do\n", "do "] {
            if page.is_at(next, sign) {
                return page.in_quotes(skip(page, next + sign.len()));
            }
        }
        if page.is_at(next, "?.") {
            next += 1;
        }
        if page.byte(next) == b')' {
            next += 1;
            continue;
        }
        let member = (next..next + 40).find(|&i| !is_name(page.byte(i)))?;
        let said = Span::new(next, member).of(page.text).to_ascii_lowercase();
        if page.byte(member) != b'(' || !said.starts_with('.') {
            return None;
        }
        if matches!(said.as_str(), ".unwrap_or" | ".unwrap_or_else" | ".orelse" | ".getorelse" | ".or") {
            let mut inside = skip(page, member + 1);
            if page.byte(inside) == b'|' {
                inside = skip(page, (inside + 1..inside + 20).find(|&i| page.byte(i) == b'|')? + 1);
            }
            inside = if page.byte(inside) == b'{' { skip(page, inside + 1) } else { inside };
            return page.in_quotes(inside);
        }
        next = close(page, member)? + 1;
    }
    None
}

/// Where the bracket that opens at `at` closes, within a bounded stretch.
fn close(page: Page, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut i = at;
    while i < at + 256 {
        match page.byte(i) {
            0 => return None,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(i),
            b')' => depth = depth.saturating_sub(1),
            b'"' | b'\'' => i = page.in_quotes(i).map_or(i, |(s, _)| s.end),
            _ => {}
        }
        i += 1;
    }
    None
}

/// The default of a schema: `NAME: z.string().default('lit')`, `NAME: str({ default: 'lit' })`; `from` is where the function's name begins.
fn schema(page: Page, from: usize, first: usize) -> Option<Hit> {
    let literal = match page.byte(first) {
        b'{' => arguments(page, first).into_iter().find(|a| a.name.is_some_and(|n| n.of(page.text) == "default"))?.literal?,
        _ => page.in_quotes(first)?,
    };
    let line = page.run_back(from, |b| b != b'\n' && b != b';');
    let said = line.of(page.text);
    let colon = said.char_indices().rev().find(|(i, c)| {
        let next = said.get(i + 1..).unwrap_or("").trim_start();
        *c == ':'
            && said.get(..*i).is_some_and(|b| b.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '"' | '\'')))
            && (next.is_empty() || next.starts_with(|c: char| c.is_ascii_alphabetic()))
    })?;
    let mut end = line.start + colon.0;
    end -= usize::from(matches!(page.before(end), b'"' | b'\''));
    hit(page, page.name_back(end)?, literal)
}

/// The name that what begins at `from` is assigned to, on the same line: `NAME = `, `NAME: Type = `, `NAME: `.
fn left_name(page: Page, from: usize) -> Option<Span> {
    let line = page.run_back(from, |b| b != b'\n' && b != b';');
    let said = line.of(page.text);
    let sign = said.rfind('=').or_else(|| said.rfind(':'))?;
    let left = said.get(..sign)?.trim_end_matches([':', ' ', '\t']);
    let plain = left.split_once(": ").map_or(left, |(name, _)| name).trim_end();
    page.name_back(line.start + plain.len())
}

/// The last part of `key`, which is a name of several parts: `Jwt:Secret`.
fn last_name(page: Page, key: Span) -> Option<Span> {
    let said = key.of(page.text);
    let from = said.rfind([':', '/']).map_or(0, |i| i + 1);
    let name = Span::new(key.start + from, key.end);
    (!name.is_empty() && name.of(page.text).bytes().all(is_name)).then_some(name)
}

/// Whether `text` can be the type of a text in Python, TypeScript or Rust.
fn is_type(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_[]., |&'?".contains(c);
    !text.is_empty() && text.chars().all(fits) && text.to_ascii_lowercase().contains("str")
}

fn hit(page: Page, key: Span, (value, quoting): (Span, Quoting)) -> Option<Hit> {
    let name = key.of(page.text);
    (!value.of(page.text).trim().is_empty() && !name.is_empty()).then(|| Hit { name: name.to_owned(), key, value, quoting })
}
