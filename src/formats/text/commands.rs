//! Secrets among the arguments of a command, anywhere in a text: `curl -u user:lit`, `mysql -plit`, `-H "Authorization: Bearer lit"`.
//!
//! The manuals of the programs say which option takes a secret; a short option counts only where its program stands before it.

use super::page::{Hit, Page, is_name};
use crate::model::setting::Quoting;
use crate::model::span::Span;

/// Words that end the names of long options with a secret.
const SECRETS: &[&str] = &[
    "requirepass",
    "masterauth",
    "password",
    "pass",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api-key",
    "apikey",
    "access-key",
    "secret-key",
    "storepass",
    "keypass",
];

/// Programs and the short option that their password follows after a blank.
const BY_OPTION: &[(&str, &[&str])] = &[
    ("-p", &["sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "login", "cqlsh", "expect-pass"]),
    ("-a", &["redis-cli", "valkey-cli", "keydb-cli"]),
    ("-w", &["ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami", "ldappasswd"]),
    ("-P", &["sqlcmd", "bcp", "mosquitto_pub", "mosquitto_sub", "zip", "unzip"]),
];

/// Programs whose `-p` has the password right behind it.
const ATTACHED: &[&str] =
    &["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mariadb", "mariadb-dump", "mariadb-admin", "7z", "7za", "sshpass"];

/// Programs that ask for the password when `--password` is given.
const PROMPTS: &[&str] = &["createuser", "createdb", "dropdb", "dropuser", "psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup"];

/// Programs to whose options a secret may be given that are not called after one.
pub(super) fn programs() -> impl Iterator<Item = &'static str> {
    const OTHERS: &[&str] = &["curl", "http", "https", "fabric-ca-server", "htpasswd", "mosquitto_passwd"];
    BY_OPTION.iter().flat_map(|(_, programs)| *programs).chain(ATTACHED).chain(OTHERS).copied()
}

/// The option whose first dash is at `at`.
pub(super) fn flag(page: Page, at: usize) -> Option<Hit> {
    if is_name(page.before(at)) || page.before(at) == b'$' {
        return None;
    }
    let end = (at..at + 40).find(|&i| !is_name(page.byte(i)))?;
    let option = Span::new(at, end).of(page.text);
    let spaced = matches!(page.byte(end), b' ' | b'\t' | b'=');
    if let Some(long) = option.strip_prefix("--").filter(|_| spaced) {
        return long_option(page, Span::new(at + 2, end), long);
    }
    let start = page.ahead(end);
    if option.eq_ignore_ascii_case("-AsPlainText") {
        return text_before(page, at);
    }
    if option.eq_ignore_ascii_case("-SkipCertificateCheck") {
        let line = page.run_back(at, |b| b != b'\n');
        let start = line.start + line.of(page.text).find("https://")?;
        let value = Span::new(start, page.word_end(start, b"<>;,)|&\\]`")?);
        return Some(Hit { name: "unchecked_download".to_owned(), key: Span::new(at + 1, end), value, quoting: Quoting::Plain });
    }
    match option {
        "-H" if spaced => header(page, start),
        "-u" | "-U" if spaced && runs(page, at, &["curl", "http", "https"]) => account(page, Span::new(at + 1, end), start),
        "-b" if spaced && runs(page, at, &["fabric-ca-server"]) => account(page, Span::new(at + 1, end), start),
        "-passin" | "-passout" | "-pass" | "-password" | "-storepass" | "-keypass" | "-srcstorepass" | "-deststorepass" if spaced => {
            option_value(page, "password", Span::new(at + 1, end), start)
        }
        _ if option.starts_with("-p") && option.len() > 2 && runs(page, at, ATTACHED) => attached(page, at),
        "-p" if !spaced && runs(page, at, ATTACHED) => attached(page, at),
        _ if option.len() > 1 && option.len() < 6 && option.contains('b') && runs(page, at, &["htpasswd", "mosquitto_passwd"]) => {
            last_word(page, Span::new(at + 1, end), start)
        }
        _ if spaced => {
            let (_, programs) = BY_OPTION.iter().find(|(o, _)| *o == option)?;
            let name = if option == "-a" { "requirepass" } else { "password" };
            runs(page, at, programs).then(|| option_value(page, name, Span::new(at + 1, end), start))?
        }
        _ => None,
    }
}

/// `mc alias set name url user lit`, `rabbitmqctl add_user name lit`: the word `alias`, `host` or `add_user` at `at`.
pub(super) fn alias(page: Page, at: usize) -> Option<Hit> {
    const FORMS: &[(&str, &[&str], usize, &str)] = &[
        ("alias set ", &["mc", "mcli"], 4, "secret-key"),
        ("host add ", &["mc", "mcli"], 4, "secret-key"),
        ("add_user ", &["rabbitmqctl"], 2, "password"),
    ];
    let (form, programs, words, name) = FORMS.iter().find(|(form, ..)| page.is_at(at, form))?;
    if !runs(page, at, programs) {
        return None;
    }
    let mut start = page.ahead(at + form.len());
    let mut last = None;
    for _ in 0..*words {
        let (value, quoting) = word(page, start).filter(|(value, _)| !value.is_empty())?;
        start = page.ahead(value.end + usize::from(quoting != Quoting::Plain));
        last = Some((value, quoting));
    }
    let (value, quoting) = last?;
    let key = Span::new(value.start, value.start);
    (!is_metavariable(value.of(page.text))).then(|| Hit { name: (*name).to_owned(), key, value, quoting })
}

/// `npm config set strict-ssl false`, `git config --global http.sslVerify false`: the word `config` at `at`; and `curl -k url`,
/// `wget --no-check-certificate url`, whose value is the address.
pub(super) fn unchecked(page: Page, at: usize) -> Option<Hit> {
    if is_name(page.before(at)) || page.before(at) == b'/' {
        return None;
    }
    if page.is_at(at, "config ") {
        let mut start = page.ahead(at + "config ".len());
        for word in ["set ", "--global ", "--system ", "set "] {
            start = if page.is_at(start, word) { page.ahead(start + word.len()) } else { start };
        }
        let end = (start..start + 66).find(|&i| !is_name(page.byte(i)))?;
        let name = Span::new(start, end);
        let wanted =
            ["strict-ssl", "strictSsl", "enableStrictSsl", "http.sslVerify"].iter().any(|w| w.eq_ignore_ascii_case(name.of(page.text)));
        let from = page.ahead(end + usize::from(page.byte(end) == b'='));
        let value = ["false", "0"].iter().find(|w| page.is_at(from, w))?;
        let hit =
            || Hit { name: name.of(page.text).to_owned(), key: name, value: Span::new(from, from + value.len()), quoting: Quoting::Plain };
        return (wanted && from > end && runs(page, at, &["npm", "yarn", "pnpm", "git"])).then(hit);
    }
    let curl = page.is_at(at, "curl ");
    if !curl && !page.is_at(at, "wget ") {
        return None;
    }
    let line = (at..at + 512).find(|&i| matches!(page.byte(i), 0 | b'\n' | b'|' | b';' | b'&'))?;
    let said = Span::new(at, line).of(page.text);
    let found = said.split([' ', '\t', '"', '\'']).find(|word| match curl {
        true => *word == "--insecure" || is_short_with(word, 'k'),
        false => *word == "--no-check-certificate",
    })?;
    let key = Span::new(at, at + "curl".len());
    let start = at + said.find("https://")?;
    let value = Span::new(start, page.word_end(start, b"<>;,)|&\\]`")?);
    (!found.is_empty() && !value.is_empty()).then(|| Hit { name: "unchecked_download".to_owned(), key, value, quoting: Quoting::Plain })
}

/// Whether `word` is a run of short options, the letter `option` among them: `-fsSLk`.
fn is_short_with(word: &str, option: char) -> bool {
    word.strip_prefix('-')
        .is_some_and(|w| !w.starts_with('-') && w.len() < 8 && w.contains(option) && w.chars().all(|c| "fsSLkIvigGX4601aN".contains(c)))
}

/// `setx NAME lit` of Windows: the word `setx` at `at`, at the start of a command.
pub(super) fn variable(page: Page, at: usize) -> Option<Hit> {
    let start = page.ahead(at + 4);
    if !page.is_at(at, "setx") || start == at + 4 || is_name(page.before(at)) || page.byte(start) == b'/' {
        return None;
    }
    let end = (start..start + 66).find(|&i| !is_name(page.byte(i)))?;
    let (value, quoting) = word(page, page.ahead(end))?;
    let key = Span::new(start, end);
    (!key.is_empty() && page.ahead(end) > end && !value.is_empty() && !value.of(page.text).starts_with(['%', '$'])).then(|| Hit {
        name: key.of(page.text).to_owned(),
        key,
        value,
        quoting,
    })
}

/// `Set-Item -Path Env:NAME -Value "lit"` of PowerShell: the option `-Value` at `at`.
pub(super) fn item(page: Page, at: usize) -> Option<Hit> {
    if !page.is_at(at, "-Value ") {
        return None;
    }
    let line = page.run_back(at, |b| b != b'\n' && b != b';');
    let said = line.of(page.text).to_ascii_lowercase();
    let from = line.start + said.rfind("env:").filter(|_| said.contains("-item"))? + "env:".len();
    let end = (from..at).find(|&i| !is_name(page.byte(i)))?;
    let (value, quoting) = page.in_quotes(page.ahead(at + "-Value ".len()))?;
    let key = Span::new(from, end);
    (!key.is_empty() && !value.is_empty()).then(|| Hit { name: key.of(page.text).to_owned(), key, value, quoting })
}

/// `ConvertTo-SecureString "lit" -AsPlainText`: the quoted text before the option at `at`.
fn text_before(page: Page, at: usize) -> Option<Hit> {
    let end = page.back(at).checked_sub(1)?;
    let quote = page.byte(end);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let value = page.run_back(end, |b| b != quote && b != b'\n');
    let quoting = if quote == b'"' { Quoting::Double } else { Quoting::Single };
    let opened = page.before(value.start) == quote && !value.is_empty();
    opened.then(|| Hit { name: "password".to_owned(), key: Span::new(value.start, value.start), value, quoting })
}

/// Whether a value in `text` is what manuals put in place of one: `PASS`, `YOUR_TOKEN`.
pub(super) fn is_metavariable(value: &str) -> bool {
    value.len() > 1 && value.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b == b'-')
}

fn long_option(page: Page, key: Span, name: &str) -> Option<Hit> {
    let start = if page.byte(key.end) == b'=' { key.end + 1 } else { page.ahead(key.end) };
    match name {
        "password" if runs(page, key.start - 2, PROMPTS) => return None,
        "header" => return header(page, start),
        "user" | "proxy-user" if runs(page, key.start - 2, &["curl"]) => return account(page, key, start),
        // `pair` reads what follows an equals sign
        _ if page.byte(key.end) == b'=' => return None,
        _ => {}
    }
    let secret = SECRETS.iter().any(|s| name.strip_suffix(s).is_some_and(|head| head.is_empty() || head.ends_with(['-', '.', '_'])));
    if secret { option_value(page, name, key, start) } else { None }
}

/// The word at `start`, in quotes or bare, as the value of an option.
fn option_value(page: Page, name: &str, key: Span, start: usize) -> Option<Hit> {
    let (mut value, quoting) = word(page, start)?;
    // openssl: where the password comes from
    let raw = value.of(page.text);
    if let Some(rest) = raw.strip_prefix("pass:") {
        value.start = value.end - rest.len();
    } else if ["env:", "file:", "fd:", "stdin"].iter().any(|p| raw.starts_with(p)) {
        return None;
    }
    let raw = value.of(page.text);
    // a template, of which a blank ends the word; `[OPTION]` and `(x|y)` of a manual
    let open = ["{{", "{%", "<%"].contains(&raw) || raw.starts_with(['[', '(']);
    // `--password string    what it is for`, `--password    what it is for`: a table of options
    let end = value.end;
    let column = |at: usize| matches!((page.byte(at), page.byte(at + 1)), (b' ' | b'\t', b' ' | b'\t')) && page.byte(page.ahead(at)) > b' ';
    if quoting == Quoting::Plain && (column(key.end) || (column(end) && page.byte(page.ahead(end)) != b'\\')) {
        return None;
    }
    let meant = quoting == Quoting::Plain && (is_metavariable(raw) || open);
    (!raw.is_empty() && !raw.starts_with('-') && !meant).then(|| Hit { name: name.to_owned(), key, value, quoting })
}

fn word(page: Page, start: usize) -> Option<(Span, Quoting)> {
    match page.in_quotes(start) {
        Some(found) => Some(found),
        None => Some((Span::new(start, page.word_end(start, b"<>;,)|&\\]`")?), Quoting::Plain)),
    }
}

/// `-p` with the password behind it, from the dash at `at`.
fn attached(page: Page, at: usize) -> Option<Hit> {
    let key = Span::new(at + 1, at + 2);
    let hit = option_value(page, "password", key, at + 2)?;
    // `-port`, `-protocol` of other programs in the same line
    let option = ["ort", "rotocol", "ath"].iter().any(|w| hit.value.of(page.text).starts_with(w));
    (!option).then_some(hit)
}

/// `user:lit`.
fn account(page: Page, key: Span, start: usize) -> Option<Hit> {
    let (value, quoting) = word(page, start)?;
    let (user, password) = value.of(page.text).split_once(':')?;
    // `-u "$USER:$PASS"`, and a `${USER:-x}`
    let fits = !password.is_empty() && !user.contains("${") && !is_metavariable(password);
    fits.then(|| Hit { name: "password".to_owned(), key, value: Span::new(value.end - password.len(), value.end), quoting })
}

/// `"Name: value"`, where the name or the scheme announces a secret.
fn header(page: Page, start: usize) -> Option<Hit> {
    let (inner, quoting) = word(page, start)?;
    let said = inner.of(page.text);
    let (name, rest) = said.split_once(':')?;
    let value = rest.trim();
    if name.is_empty() || !name.bytes().all(is_name) || value.is_empty() {
        return None;
    }
    let key = Span::new(inner.start, inner.start + name.len());
    let begin = inner.end - rest.trim_start().len();
    let scheme = value.split_once(' ').filter(|(s, _)| ["bearer", "basic", "token", "apikey"].iter().any(|k| k.eq_ignore_ascii_case(s)));
    let (name, skip) = match scheme {
        Some((scheme, rest)) => ("token", scheme.len() + 1 + (rest.len() - rest.trim_start().len())),
        None if name.eq_ignore_ascii_case("authorization") => ("token", 0),
        None => (name, 0),
    };
    let value = Span::new(begin + skip, begin + value.len());
    let meant = value.of(page.text).contains(['<', ' ']) || is_metavariable(value.of(page.text));
    (!value.is_empty() && !meant).then(|| Hit { name: name.to_owned(), key, value, quoting })
}

/// The third or second word from `start` on: `htpasswd -bc file user lit`.
fn last_word(page: Page, key: Span, start: usize) -> Option<Hit> {
    let (mut at, mut last) = (start, None);
    for _ in 0..5 {
        let (value, quoting) = word(page, at)?;
        if value.is_empty() {
            break;
        }
        last = Some((value, quoting)).filter(|_| !value.of(page.text).starts_with('-')).or(last);
        at = page.ahead(value.end + usize::from(quoting != Quoting::Plain));
    }
    let (value, quoting) = last?;
    (!is_metavariable(value.of(page.text))).then(|| Hit { name: "password".to_owned(), key, value, quoting })
}

/// Whether one of `programs` stands as a word before `at` in the same command.
fn runs(page: Page, at: usize, programs: &[&str]) -> bool {
    let mut start = at;
    while start > 0 && at - start < 512 {
        match page.byte(start - 1) {
            b';' | b'|' | b'&' => break,
            b'\n' if page.before(start - 1) != b'\\' => break,
            _ => start -= 1,
        }
    }
    let said = Span::new(start, at).narrowed(page.text).of(page.text);
    let mut words = said.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '/' | '`' | '(' | '[' | ','));
    words.any(|w| programs.contains(&w))
}

#[cfg(test)]
mod tests {
    use super::super::prose::pseudo_settings;

    fn found(text: &str) -> Vec<(String, String)> {
        pseudo_settings(text).iter().map(|s| (s.name().to_owned(), s.value.expose().to_owned())).collect()
    }

    #[test]
    fn arguments_that_are_secrets() {
        for (command, name, value) in [
            ("curl -u brew:scone https://a.example", "password", "scone"),
            ("curl -s \\\n  --user 'brew:scone' x", "password", "scone"),
            ("curl -H \"Authorization: Bearer scone\" x", "token", "scone"),
            ("curl --header 'X-Api-Key: scone' x", "X-Api-Key", "scone"),
            ("sshpass -p scone ssh h", "password", "scone"),
            ("mysql -uroot -pscone shop", "password", "scone"),
            ("mysql -uroot -p'scone jam' shop", "password", "scone jam"),
            ("openssl req -passout pass:scone", "password", "scone"),
            ("mongosh -u a -p scone", "password", "scone"),
            ("htpasswd -bc /etc/f brew scone", "password", "scone"),
            ("kubectl create secret generic x --from-literal=password=scone", "password", "scone"),
            ("keytool -genkey -storepass scone", "password", "scone"),
            ("docker login -u a -p scone r", "password", "scone"),
            ("app --db-password scone", "db-password", "scone"),
            ("ldapadd -x -w scone", "password", "scone"),
            ("rabbitmqctl add_user brew scone", "password", "scone"),
            ("sh -c 'fabric-ca-server start -b brew:scone -d'", "password", "scone"),
            ("mc alias set local http://minio:9000 brew scone;", "secret-key", "scone"),
            ("npm config set strict-ssl false", "strict-ssl", "false"),
            ("git config --global http.sslVerify false", "http.sslVerify", "false"),
            ("curl -fsSLk https://a.example/x | sh", "unchecked_download", "https://a.example/x"),
            ("wget --no-check-certificate https://a.example/x", "unchecked_download", "https://a.example/x"),
            ("setx DB_PASSWORD scone", "DB_PASSWORD", "scone"),
            ("SETX DB_PASSWORD \"scone\" /M", "DB_PASSWORD", "scone"),
            ("Set-Item -Path Env:DB_PASSWORD -Value \"scone\"", "DB_PASSWORD", "scone"),
            ("$c = ConvertTo-SecureString \"scone\" -AsPlainText -Force", "password", "scone"),
        ] {
            assert!(found(command).contains(&(name.to_owned(), value.to_owned())), "{command}: {:?}", found(command));
        }
    }

    #[test]
    fn arguments_that_are_none() {
        for command in [
            "mkdir -p scone",
            "ssh -p 22 h",
            "createuser --password brew",
            "useradd add_user brew scone",
            "docker run -p 80:80 x",
            "mysql -u root -p shop",
            "tea -p, --password <password>",
            "tea --token TOKEN",
            "tea --password [-a] [-o OUTPUT]",
            "  -p, --password      Asks for a password",
            "      --password string   The password",
            "tea --password {{ pot_password }}",
            "curl -u USER:PASS x",
            "openssl req -passout env:X",
            "curl -H 'Accept: */*' x",
            "head -b x",
            "setx PASSWORD %1",
            "Set-ItemProperty -Path HKLM: -Value password",
        ] {
            let all = found(command);
            assert!(all.iter().all(|(n, _)| !["password", "token"].contains(&n.as_str())), "{command}: {all:?}");
        }
    }
}
