//! Files that hold accounts and nothing else: `.netrc`, `.pgpass`, password files of web servers and of the system, pgbouncer's user list.
//!
//! <https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html>,
//! <https://www.postgresql.org/docs/current/libpq-pgpass.html>, <https://httpd.apache.org/docs/current/misc/password_encryptions.html>,
//! <https://www.pgbouncer.org/config.html#authentication-file-format>, shadow(5), postfix's SASL password map.

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, closing, lines, trim};
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// A kind of file with accounts.
pub(super) struct Accounts {
    name: &'static str,
    claims: fn(&str) -> bool,
    parse: fn(&str) -> Vec<Setting>,
    encode: fn(&str, &Setting) -> Result<Secret, EncodeError>,
}

/// `machine host login user password lit`.
pub(super) static NETRC: Accounts =
    Accounts { name: "netrc", claims: |name| matches!(name, ".netrc" | "_netrc" | "netrc"), parse: netrc, encode: encode_word };

/// `host:port:database:user:lit`.
pub(super) static PGPASS: Accounts =
    Accounts { name: "pgpass", claims: |name| matches!(name, ".pgpass" | "pgpass" | "pgpass.conf"), parse: pgpass, encode: encode_field };

/// `user:hash`, with more fields in a shadow file; `host user:lit` of postfix.
pub(super) static HTPASSWD: Accounts = Accounts { name: "htpasswd", claims: is_password_file, parse: htpasswd, encode: encode_hash };

/// `"user" "lit"`.
pub(super) static USERLIST: Accounts = Accounts {
    name: "userlist",
    claims: |name| name == "userlist" || (name.starts_with("userlist") && name.ends_with(".txt")),
    parse: userlist,
    encode: encode_quoted,
};

impl Format for Accounts {
    fn name(&self) -> &'static str {
        self.name
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        if (self.claims)(base_name(&name)) { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok((self.parse)(text))
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        (self.encode)(value.expose(), place)
    }
}

fn is_password_file(name: &str) -> bool {
    matches!(
        name,
        "shadow"
            | "shadow-"
            | "gshadow"
            | "sasl_passwd"
            | "pwfile"
            | "htpasswd"
            | "passwd"
            | "mosquitto_passwd"
            | "passwordfile"
            | "password_file"
    ) || name.ends_with(".passwd")
        || name.ends_with(".htpasswd")
        || name.starts_with("htpasswd.")
        || name.starts_with(".htpasswd")
}

fn account(host: &str, name: &str, text: &str, span: Span, quoting: Quoting) -> Setting {
    let path = if host.is_empty() { KeyPath::of(name) } else { KeyPath::of(host).child(name) };
    Setting::new(path, Span::new(span.start, span.start), Secret::copy_of(span.of(text)), span, quoting)
}

/// The words of a `.netrc`; a macro runs to the next empty line.
fn netrc(text: &str) -> Vec<Setting> {
    let mut out = Vec::new();
    let mut host = String::new();
    let (mut at, mut before) = (0, "");
    while at < text.len() {
        let b = byte(text, at);
        if b.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let rest = text.get(at..).unwrap_or("");
        if b == b'#' && !matches!(before, "password" | "login" | "account") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let line = rest.find('\n').map_or(text.len(), |i| at + i);
        let quoted = if b == b'"' { closing(text, at + 1, line, b'"') } else { None };
        let (word, next, quoting) = match quoted {
            Some(close) => (Span::new(at + 1, close), close + 1, Quoting::Double),
            None => {
                let len = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
                (Span::new(at, at + len), at + len, Quoting::Plain)
            }
        };
        let said = word.of(text);
        // a name without its value, and the next entry on the next line
        let begins = matches!(said, "machine" | "default" | "macdef" | "login" | "password" | "account") && quoting == Quoting::Plain;
        if begins && text.get(..at).is_some_and(starts_line) {
            before = "";
        }
        at = next;
        match before {
            "machine" => said.clone_into(&mut host),
            "login" | "password" | "account" => {
                let mut setting = account(&host, before, text, word, quoting);
                setting.editable = !said.contains(['\\', '"']);
                out.push(setting);
            }
            _ => {}
        }
        let carried = matches!(before, "machine" | "login" | "password" | "account");
        before = match said {
            _ if carried => "",
            "machine" => "machine",
            "login" => "login",
            "password" => "password",
            "account" => "account",
            "default" => {
                "default".clone_into(&mut host);
                ""
            }
            "macdef" => {
                let rest = text.get(at..).unwrap_or("");
                at += rest.find("\n\n").or_else(|| rest.find("\n\r\n")).unwrap_or(rest.len());
                ""
            }
            _ => "",
        };
    }
    out
}

/// Whether only blanks follow the last line end of `before`.
fn starts_line(before: &str) -> bool {
    before.trim_end_matches([' ', '\t']).ends_with('\n')
}

fn encode_word(value: &str, place: &Setting) -> Result<Secret, EncodeError> {
    let plain = place.quoting == Quoting::Plain;
    let fits = !value.is_empty()
        && !value.contains(['"', '\\', '\n', '\r'])
        && !matches!(value, "machine" | "default" | "macdef" | "login" | "password" | "account")
        && !(plain && (value.contains(|c: char| c.is_ascii_whitespace()) || value.starts_with('#')));
    if fits { Ok(Secret::copy_of(value)) } else { Err(EncodeError("a word of a .netrc holds no blanks, quotes or backslashes")) }
}

/// The lines of a `.pgpass`: five fields, `\:` and `\\` stand for themselves.
fn pgpass(text: &str) -> Vec<Setting> {
    let mut out = Vec::new();
    for line in lines(text) {
        let said = line.of(text);
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        let mut cuts = Vec::new();
        let mut at = line.start;
        while at < line.end && cuts.len() < 4 {
            match byte(text, at) {
                b'\\' => at += 1,
                b':' => cuts.push(at),
                _ => {}
            }
            at += 1;
        }
        let [host, _, database, user] = cuts[..] else { continue };
        let host = Span::new(line.start, host).of(text);
        for (name, span) in [("user", Span::new(database + 1, user)), ("password", Span::new(user + 1, line.end))] {
            let mut setting = account(host, name, text, span, Quoting::Plain);
            setting.value = Secret::new(unescape(span.of(text)));
            setting.editable = text.get(span.start..span.end).is_some();
            out.push(setting);
        }
    }
    out
}

fn unescape(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        if c == '\\' { out.extend(chars.next()) } else { out.push(c) }
    }
    out
}

fn encode_field(value: &str, _place: &Setting) -> Result<Secret, EncodeError> {
    if value.is_empty() || value.contains(['\n', '\r', '#']) {
        return Err(EncodeError("a field of a .pgpass is one line, and not empty"));
    }
    let mut out = String::with_capacity(value.len() * 2);
    for c in value.chars() {
        if matches!(c, ':' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    Ok(Secret::new(out))
}

/// Lines of `user:hash`, of a shadow file, or of `host user:password`.
fn htpasswd(text: &str) -> Vec<Setting> {
    let mut out = Vec::new();
    for line in lines(text) {
        let line = trim(text, line);
        let said = line.of(text);
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        // postfix: a host may have a port, so the last colon parts the account
        let mapped = said.find([' ', '\t']).map(|i| line.start + i);
        let from = mapped.unwrap_or(line.start);
        let begin = from + (Span::new(from, line.end).of(text).len() - Span::new(from, line.end).of(text).trim_start().len());
        let Some(colon) = Span::new(begin, line.end).of(text).find(':').map(|i| begin + i) else { continue };
        let name = Span::new(line.start, mapped.unwrap_or(colon)).of(text);
        let rest = Span::new(colon + 1, line.end).of(text);
        let fields = rest.matches(':').count();
        // passwd(5) and shadow(5) have more fields: numbers, a comment, a home
        let several = fields >= 6 || fields == 5 && is_account(rest);
        let field = if mapped.is_none() && several { rest.find(':').unwrap_or(rest.len()) } else { rest.len() };
        let value = Span::new(colon + 1, colon + 1 + field);
        if value.is_empty() || value.of(text).starts_with(['!', '*']) || value.of(text) == "x" {
            continue;
        }
        let mut setting = account(name, "password", text, value, Quoting::Plain);
        setting.editable = is_hash(value.of(text));
        out.push(setting);
    }
    out
}

/// Whether what follows a name is the rest of a line of passwd(5): password, number, number, comment, home and shell.
fn is_account(rest: &str) -> bool {
    let mut fields = rest.split(':').skip(1);
    let mut number = || fields.next().is_some_and(|field| !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit()));
    number() && number()
}

/// Whether a value has the form of crypt(3), which the readers of these files know.
fn is_hash(value: &str) -> bool {
    value.starts_with('$') && value.len() >= 20 && value.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}

/// Another hash in the place of a hash: never a password.
fn encode_hash(value: &str, place: &Setting) -> Result<Secret, EncodeError> {
    if is_hash(value) && is_hash(place.value.expose()) {
        return Ok(Secret::copy_of(value));
    }
    Err(EncodeError("a file of password hashes takes a hash, which its own program makes"))
}

/// Lines of `"user" "password"`.
fn userlist(text: &str) -> Vec<Setting> {
    let mut out = Vec::new();
    for line in lines(text) {
        let line = trim(text, line);
        let marks: Vec<usize> = line.of(text).match_indices('"').map(|(i, _)| line.start + i).collect();
        let [start, end, open, close, ..] = marks[..] else { continue };
        let between = Span::new(end + 1, open).of(text);
        if start != line.start || !between.trim().is_empty() || between.is_empty() || !line.of(text).is_char_boundary(0) {
            continue;
        }
        let user = Span::new(start + 1, end).of(text);
        let mut setting = account(user, "password", text, Span::new(open + 1, close), Quoting::Double);
        setting.editable = marks.len() == 4;
        out.push(setting);
    }
    out
}

fn encode_quoted(value: &str, _place: &Setting) -> Result<Secret, EncodeError> {
    let fits = !value.contains(['"', '\n', '\r']);
    if fits { Ok(Secret::copy_of(value)) } else { Err(EncodeError("a user list has no quotes inside quotes")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Accounts, HTPASSWD, NETRC, PGPASS, USERLIST};
    use crate::formats::format::{Claim, Format};
    use crate::formats::lines::check;

    const FILES: [(&Accounts, &str); 4] = [
        (&NETRC, include_str!("../../fixtures/formats/credentials/netrc")),
        (&PGPASS, include_str!("../../fixtures/formats/credentials/pgpass")),
        (&HTPASSWD, include_str!("../../fixtures/formats/credentials/htpasswd")),
        (&USERLIST, include_str!("../../fixtures/formats/credentials/userlist.txt")),
    ];

    fn found(format: &Accounts, text: &str) -> Vec<(String, String)> {
        let settings = format.parse(text).expect("any text parses");
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn accounts_of_four_kinds_of_file() {
        let netrc = [
            ("tea.login", "brew"),
            ("tea.password", "scone1"),
            ("pot.login", "brew"),
            ("pot.password", "#scone 2"),
            ("default.login", "anonymous"),
            ("default.password", "scone3"),
        ];
        assert_eq!(found(&NETRC, FILES[0].1), pairs(&netrc));
        let pgpass = [("tea.user", "brew"), ("tea.password", "scone1"), ("*.user", "post:gres"), ("*.password", "a:b\\c")];
        assert_eq!(found(&PGPASS, FILES[1].1).into_iter().map(|(k, v)| (k.replace('"', ""), v)).collect::<Vec<_>>(), pairs(&pgpass));
        let htpasswd = [
            ("ada.password", "{SHA}c2NvbmU="),
            ("eve.password", "$apr1$abc$def"),
            ("root.password", "$6$abc$def"),
            ("\"[smtp.tea]:587\".password", "scone:1"),
        ];
        assert_eq!(found(&HTPASSWD, FILES[2].1), pairs(&htpasswd));
        assert_eq!(found(&USERLIST, FILES[3].1), pairs(&[("brew.password", "scone1"), ("pot.password", "scone2")]));
    }

    #[test]
    fn a_name_without_a_value_takes_none_of_the_next_line() {
        let text = "machine tea login brew password\nmachine pot password scone\n";
        assert_eq!(found(&NETRC, text), pairs(&[("tea.login", "brew"), ("pot.password", "scone")]));
    }

    #[test]
    fn names() {
        for (format, name) in
            [(&NETRC, "_netrc"), (&PGPASS, ".pgpass"), (&HTPASSWD, ".htpasswd"), (&HTPASSWD, "shadow"), (&USERLIST, "userlist.txt")]
        {
            assert_eq!(format.claims(name, name, ""), Claim::Special, "{name}");
        }
        assert_eq!(HTPASSWD.claims("passwd.md", "passwd.md", ""), Claim::No);
    }

    #[test]
    fn fixtures_keep_everything_else() {
        for (format, text) in FILES {
            for value in ["x", "", "a b", "a:b", "a\\b", "#x", "\"q\"", "ünï"] {
                check(format, text, value);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read_and_spliced(text in "([:\"\\\\ aé#\r\n\t]|machine |password |login |\"a\" \"b\"|macdef ){0,24}", value in "[a:\"\\\\ #é]{0,6}") {
            for (format, _) in FILES {
                check(format, &text, &value);
            }
        }
    }
}
