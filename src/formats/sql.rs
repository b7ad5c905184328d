//! SQL: init scripts, migrations and dumps of PostgreSQL, MySQL and their kin.
//!
//! There are many dialects and one lexical core (ISO/IEC 9075-2, 5.3): words, strings, names in quotes, comments. What a statement sets is
//! read from there: passwords of accounts, `name = 'value'`, and rows of tables whose columns are named as if they held secrets. A script is
//! a program: all of it is prose, never edited. Comments are not run; the strings of a comment are none.

use std::collections::{HashMap, HashSet};

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, line_at};
use super::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// SQL scripts and dumps.
pub(super) struct Sql;

impl Format for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let extension = base_name(&name).rsplit_once('.').map_or("", |(_, e)| e);
        if matches!(extension, "sql" | "psql" | "pgsql" | "mysql" | "ddl" | "dml" | "cql") { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut reader = Reader { text, tokens: Vec::new(), comments: Vec::new(), tables: HashMap::new(), settings: Vec::new() };
        reader.run();
        let mut comments = reader.comments.iter().peekable();
        let mut settings = reader.settings;
        let known: HashSet<Span> = settings.iter().map(|s| s.span).collect();
        // URLs and private keys have no name of their own
        for hit in pseudo_settings(text).into_iter().filter(|s| s.name().is_empty()) {
            while comments.next_if(|c| c.end <= hit.span.start).is_some() {}
            if comments.peek().is_none_or(|c| c.start > hit.span.start) && !known.contains(&hit.span) {
                settings.push(hit);
            }
        }
        settings.sort_by_key(|s| s.span.start);
        Ok(settings)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("SQL scripts are reported, never edited"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A keyword, a name without quotes, a number.
    Word,
    /// `'text'`.
    Text,
    /// `"text"`: a name in the standard, a text in MySQL.
    Double,
    /// A name in backticks or brackets.
    Name,
    /// `:'name'`, `:name`: what psql puts in.
    Variable,
    /// Any other byte.
    Sign(u8),
}

/// A token with its bytes, quotes left out.
#[derive(Clone, Copy)]
struct Token {
    kind: Kind,
    span: Span,
}

struct Reader<'t> {
    text: &'t str,
    /// The tokens of the statement that is being read.
    tokens: Vec<Token>,
    comments: Vec<Span>,
    /// The columns of the tables that the script makes.
    tables: HashMap<String, Vec<String>>,
    settings: Vec<Setting>,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while at < self.text.len() {
            let next = byte(self.text, at + 1);
            let fresh = self.tokens.is_empty();
            match byte(self.text, at) {
                b'-' if next == b'-' => at = self.comment(at, line_at(self.text, at).1),
                b'#' if fresh => at = self.comment(at, line_at(self.text, at).1),
                b'/' if next == b'*' && byte(self.text, at + 2) == b'!' => at += 3,
                b'/' if next == b'*' => {
                    let close = self.text.get(at..).and_then(|r| r.find("*/")).map_or(self.text.len(), |i| at + i + 2);
                    at = self.comment(at, close);
                }
                b'\\' if fresh => at = self.meta_command(at),
                b';' => {
                    let copies = self.says(&self.tokens, 0, "COPY")
                        && self.tokens.len().checked_sub(1).is_some_and(|l| self.says(&self.tokens, l, "STDIN"));
                    self.statement();
                    at = if copies { self.copied_rows(at + 1) } else { at + 1 };
                }
                quote @ (b'\'' | b'"' | b'`') => at = self.quoted(at, quote),
                b':' if matches!(next, b'\'' | b'"') => {
                    at = self.quoted(at + 1, next);
                    if let Some(last) = self.tokens.last_mut() {
                        last.kind = Kind::Variable;
                    }
                }
                b if is_word(b) => at = self.word(at),
                b if b.is_ascii_whitespace() => at += 1,
                b => {
                    self.tokens.push(Token { kind: Kind::Sign(b), span: Span::new(at, at + 1) });
                    at += 1;
                }
            }
        }
        self.statement();
    }

    fn comment(&mut self, start: usize, end: usize) -> usize {
        self.comments.push(Span::new(start, end));
        end
    }

    fn word(&mut self, start: usize) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let len = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
        self.tokens.push(Token { kind: Kind::Word, span: Span::new(start, start + len) });
        start + len
    }

    /// The token in quotes that opens at `open`; where no quote closes it, the quote is a sign like any other, and so are all that follow.
    fn quoted(&mut self, open: usize, quote: u8) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = open + 1;
        while let Some(&b) = bytes.get(at) {
            match b {
                b'\\' if quote == b'\'' && matches!(bytes.get(at + 1), Some(b'\\' | b'\'')) && !ends_value(bytes, at + 2) => at += 2,
                _ if b == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
                _ if b == quote => break,
                _ => at += 1,
            }
        }
        let kind = match quote {
            b'\'' => Kind::Text,
            b'"' => Kind::Double,
            _ => Kind::Name,
        };
        self.tokens.push(Token { kind, span: Span::new(open + 1, at.min(bytes.len())) });
        (at + 1).min(bytes.len())
    }

    /// A command of psql, which is a line: `\set name 'value'`.
    fn meta_command(&mut self, at: usize) -> usize {
        let (line, next) = line_at(self.text, at);
        let said = line.of(self.text);
        if let Some(rest) = said.strip_prefix("\\set ") {
            let name = rest.trim_start().split([' ', '\t']).next().unwrap_or("");
            let key = line.start + said.len() - rest.trim_start().len();
            let after = self.text.get(key + name.len()..line.end).unwrap_or("");
            let value = Span::new(key + name.len(), line.end).trimmed(self.text);
            let raw = value.of(self.text);
            let inner = raw.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')).filter(|_| raw.len() > 1);
            let (span, quoting) = match inner {
                Some(inner) => (Span::new(value.start + 1, value.start + 1 + inner.len()), Quoting::Single),
                None => (value, Quoting::Plain),
            };
            if !name.is_empty() && !after.trim().is_empty() && !raw.starts_with(['`', ':']) {
                self.push(KeyPath::of(name), Span::new(key, key + name.len()), span, quoting);
            }
        }
        next
    }

    fn push(&mut self, path: KeyPath, key: Span, span: Span, quoting: Quoting) {
        let value = Secret::new(span.of(self.text).replace("''", "'"));
        if value.is_empty() {
            return;
        }
        let mut setting = Setting::new(path, key, value, span, quoting);
        setting.role = Role::Prose;
        setting.editable = false;
        self.settings.push(setting);
    }

    fn push_text(&mut self, path: KeyPath, key: Span, token: Token) {
        let quoting = if token.kind == Kind::Double { Quoting::Double } else { Quoting::Single };
        self.push(path, key, token.span, quoting);
    }

    fn says(&self, tokens: &[Token], at: usize, word: &str) -> bool {
        tokens.get(at).is_some_and(|t| t.kind == Kind::Word && t.span.of(self.text).eq_ignore_ascii_case(word))
    }

    /// Reads the statement that has just ended.
    fn statement(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        if self.says(&tokens, 0, "CREATE") && tokens.iter().take(6).enumerate().any(|(i, _)| self.says(&tokens, i, "TABLE")) {
            self.table(&tokens);
        } else if (self.says(&tokens, 0, "INSERT") || self.says(&tokens, 0, "REPLACE")) && self.says(&tokens, 1, "INTO") {
            self.insert(&tokens);
        } else {
            self.assignments(&tokens);
        }
        // its room is used again
        self.tokens = tokens;
        self.tokens.clear();
    }

    /// `PASSWORD 'x'`, `IDENTIFIED [WITH y] BY 'x'`, `SET PASSWORD = PASSWORD('x')`, `name = 'x'`, `OPTIONS (password 'x')`.
    fn assignments(&mut self, tokens: &[Token]) {
        let account = self.account(tokens);
        let mut identified = false;
        for (i, token) in tokens.iter().enumerate() {
            let word = token.span.of(self.text);
            let named = matches!(token.kind, Kind::Word | Kind::Name) || (token.kind == Kind::Double && is_column(word));
            if !named || !is_column(word) {
                continue;
            }
            identified |= word.eq_ignore_ascii_case("IDENTIFIED");
            let password = word.eq_ignore_ascii_case("PASSWORD") || word.eq_ignore_ascii_case("PASSWD");
            let by = identified && (word.eq_ignore_ascii_case("BY") || (word.eq_ignore_ascii_case("AS") && token.kind == Kind::Word));
            let sign = |n: usize, b: u8| tokens.get(i + n).is_some_and(|t| t.kind == Kind::Sign(b));
            let value = match () {
                () if (password || by) && sign(1, b'(') => 2,
                () if by && self.says(tokens, i + 1, "PASSWORD") => 2,
                () if by => 1,
                () if sign(1, b'=') && (self.says(tokens, i + 2, "PASSWORD") || is_hashing(tokens, self.text, i + 2)) => 4,
                () if sign(1, b'=') => 2,
                () if password => 1,
                () => continue,
            };
            let Some(text) = tokens.get(i + value).filter(|t| matches!(t.kind, Kind::Text | Kind::Double)) else { continue };
            if by || password {
                self.push_text(account.child("PASSWORD"), token.span, *text);
            } else {
                self.push_text(KeyPath::of(word), token.span, *text);
            }
        }
        // `SET PASSWORD FOR x = 'y'`
        if self.says(tokens, 0, "SET") && self.says(tokens, 1, "PASSWORD") && self.says(tokens, 2, "FOR") {
            let equals = tokens.iter().position(|t| t.kind == Kind::Sign(b'=')).unwrap_or(tokens.len());
            if let (Some(key), Some(text)) = (tokens.get(1), tokens.get(equals + 1).filter(|t| t.kind == Kind::Text)) {
                self.push_text(account.child("PASSWORD"), key.span, *text);
            }
        }
    }

    /// The account that the statement is about.
    fn account(&self, tokens: &[Token]) -> KeyPath {
        // what follows `TO` and `FOR` elsewhere may be a value, and a key is shown
        let mut marks = vec!["USER", "ROLE", "LOGIN"];
        match () {
            () if self.says(tokens, 0, "GRANT") => marks.push("TO"),
            () if self.says(tokens, 0, "SET") && self.says(tokens, 1, "PASSWORD") => marks.push("FOR"),
            () => {}
        }
        let kind = (0..tokens.len().min(16)).find(|i| marks.iter().any(|w| self.says(tokens, *i, w)));
        let mut next = kind.map_or(usize::MAX, |i| i.saturating_add(1));
        while ["IF", "NOT", "EXISTS", "USER"].iter().any(|w| self.says(tokens, next, w)) {
            next += 1;
        }
        tokens
            .get(next)
            .filter(|t| !matches!(t.kind, Kind::Sign(_) | Kind::Variable))
            .map_or_else(KeyPath::default, |t| KeyPath::of(t.span.of(self.text)))
    }

    /// The name that ends a dotted one beginning at `at`, and where the next token is.
    fn table_name(&self, tokens: &[Token], mut at: usize) -> Option<(String, usize)> {
        while tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Sign(b'.')) {
            at += 2;
        }
        let token = tokens.get(at).filter(|t| matches!(t.kind, Kind::Word | Kind::Name | Kind::Double))?;
        let name = token.span.of(self.text);
        Some((name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase(), at + 1))
    }

    fn table(&mut self, tokens: &[Token]) {
        const OTHER: &[&str] = &["PRIMARY", "KEY", "UNIQUE", "CONSTRAINT", "INDEX", "FOREIGN", "CHECK", "FULLTEXT", "EXCLUDE", "LIKE"];
        let Some(open) = tokens.iter().position(|t| t.kind == Kind::Sign(b'(')) else { return };
        let start = (0..open).rev().find(|i| self.says(tokens, *i, "TABLE") || self.says(tokens, *i, "EXISTS")).map_or(open, |i| i + 1);
        let Some((name, _)) = self.table_name(tokens, start) else { return };
        let (mut depth, mut first, mut columns) = (0_usize, false, Vec::new());
        for token in tokens.get(open..).unwrap_or_default() {
            match token.kind {
                Kind::Sign(b'(') => {
                    depth += 1;
                    first = depth == 1;
                }
                Kind::Sign(b')') => depth = depth.saturating_sub(1),
                Kind::Sign(b',') if depth == 1 => first = true,
                _ if first && depth == 1 => {
                    let column = token.span.of(self.text);
                    if token.kind != Kind::Word || !OTHER.iter().any(|o| o.eq_ignore_ascii_case(column)) {
                        columns.push(column.to_owned());
                    }
                    first = false;
                }
                _ => {}
            }
        }
        self.tables.insert(name, columns);
    }

    fn insert(&mut self, tokens: &[Token]) {
        let Some((table, mut at)) = self.table_name(tokens, 2) else { return };
        let mut columns = self.tables.get(&table).cloned().unwrap_or_default();
        if tokens.get(at).is_some_and(|t| t.kind == Kind::Sign(b'(')) {
            let end = tokens.iter().skip(at).position(|t| t.kind == Kind::Sign(b')')).map_or(tokens.len(), |i| at + i);
            let listed = tokens.get(at + 1..end).unwrap_or_default();
            columns = listed.iter().filter(|t| !matches!(t.kind, Kind::Sign(_))).map(|t| t.span.of(self.text).to_owned()).collect();
            at = end + 1;
        }
        if !self.says(tokens, at, "VALUES") && !self.says(tokens, at, "VALUE") && !self.says(tokens, at, "SELECT") {
            return;
        }
        let select = self.says(tokens, at, "SELECT");
        let (mut depth, mut row) = (usize::from(select), vec![None; 0]);
        let mut texts: Option<Token> = None;
        for token in tokens.get(at + 1..).unwrap_or_default() {
            match token.kind {
                Kind::Sign(b'(') => {
                    depth += 1;
                    if depth == 1 {
                        row.clear();
                        texts = None;
                    }
                }
                Kind::Sign(b')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        row.push(texts.take());
                        self.row(&table, &columns, &row);
                    }
                }
                Kind::Sign(b',') if depth == 1 => row.push(texts.take()),
                // `crypt('x', gen_salt('bf'))`: the first text within
                Kind::Text | Kind::Double if depth > 0 && texts.is_none() => texts = Some(*token),
                _ => {}
            }
        }
        if select {
            row.push(texts);
            self.row(&table, &columns, &row);
        }
    }

    /// A row: the values of columns that are named like secrets, or of a column `value` beside one `name`.
    fn row(&mut self, table: &str, columns: &[String], row: &[Option<Token>]) {
        const NAMES: &[&str] = &["name", "key", "option_name", "setting", "setting_key", "config_key", "variable", "param", "parameter"];
        const VALUES: &[&str] = &["value", "val", "option_value", "setting_value", "config_value"];
        let of = |list: &[&str]| {
            let at = columns.iter().position(|c| list.iter().any(|n| n.eq_ignore_ascii_case(c)))?;
            row.get(at).copied().flatten()
        };
        if let (Some(name), Some(value)) = (of(NAMES), of(VALUES)) {
            let said = name.span.of(self.text);
            let digits = said.bytes().filter(u8::is_ascii_digit).count();
            let telling = is_secret_column(said) || said.to_ascii_lowercase().ends_with("key");
            // a sentence is a translation; what is no plain name may itself be the secret
            if is_column(said) && telling && digits < 3 && !value.span.of(self.text).contains(' ') {
                self.push_text(KeyPath::of(said), name.span, value);
            }
        }
        for (column, value) in columns.iter().zip(row) {
            if let Some(value) = value.filter(|_| is_secret_column(column)) {
                self.push_text(KeyPath::of(table).child(column), Span::new(value.span.start, value.span.start), value);
            }
        }
    }

    /// The rows behind `COPY users (name, password) FROM stdin;`: one a line, columns between tabs, up to `\.`.
    fn copied_rows(&mut self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("").trim();
        let (head, rest) = line.split_once('(').unwrap_or((line, ""));
        let table = head.get("COPY ".len()..).unwrap_or("").trim().trim_matches('"');
        let table = table.rsplit('.').next().unwrap_or(table).to_ascii_lowercase();
        let listed: Vec<String> = rest.split(')').next().unwrap_or("").split(',').map(|c| c.trim().trim_matches('"').to_owned()).collect();
        let columns = if rest.is_empty() { self.tables.get(&table).cloned().unwrap_or_default() } else { listed };
        let mut next = line_at(self.text, at).1;
        while next < self.text.len() {
            let (line, after) = line_at(self.text, next);
            next = after;
            if line.of(self.text) == "\\." {
                break;
            }
            let mut start = line.start;
            for (i, cell) in line.of(self.text).split('\t').enumerate() {
                let span = Span::new(start, start + cell.len());
                start = span.end + 1;
                if let Some(column) = columns.get(i).filter(|c| is_secret_column(c) && cell != "\\N") {
                    self.push(KeyPath::of(&table).child(column), Span::new(span.start, span.start), span, Quoting::Plain);
                }
            }
        }
        next
    }
}

/// Whether the value that ends before `at` is followed by what follows values: then the backslash before its quote escapes nothing.
fn ends_value(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let next = rest.iter().find(|b| !matches!(b, b' ' | b'\t'));
    matches!(next, Some(b',' | b')' | b';'))
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

fn is_column(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// `crypt('x'`, `md5('x'`: a call that hashes what follows.
fn is_hashing(tokens: &[Token], text: &str, at: usize) -> bool {
    const CALLS: &[&str] = &["crypt", "md5", "sha1", "sha", "sha2", "encrypt", "old_password"];
    let called = tokens.get(at + 1).is_some_and(|t| t.kind == Kind::Sign(b'('));
    called && tokens.get(at).is_some_and(|t| CALLS.iter().any(|c| c.eq_ignore_ascii_case(t.span.of(text))))
}

/// Whether a column may hold secrets; what its values are is for others to judge.
fn is_secret_column(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "api_key", "apikey", "private_key", "credential"].iter().any(|w| lower.contains(w))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, Sql};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;
    use crate::model::setting::Role;

    const INIT: &str = include_str!("../../fixtures/formats/sql/init.sql");
    const DUMP: &str = include_str!("../../fixtures/formats/sql/dump.sql");

    fn found(text: &str) -> Vec<(String, String)> {
        let settings = Sql.parse(text).expect("any text parses");
        assert!(settings.iter().all(|s| s.role == Role::Prose && !s.editable));
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn accounts_and_settings_of_scripts() {
        let want = [
            ("cook_pw", "scone1"),
            ("brew.PASSWORD", "scone2"),
            ("pot.PASSWORD", "scone3"),
            ("root.PASSWORD", "scone4"),
            ("a.PASSWORD", "scone5"),
            ("root.PASSWORD", "scone6"),
            ("PASSWORD", "scone7"),
            ("b.PASSWORD", "scone8"),
            ("f.PASSWORD", "it's"),
            ("PASSWORD", "scone9"),
            ("h.PASSWORD", "scone10"),
            ("", "postgres://u:scone11@h/d"),
        ];
        assert_eq!(found(INIT), pairs(&want));
    }

    #[test]
    fn rows_of_tables_with_secrets() {
        let want = [
            ("users.password", "scone1"),
            ("users.password", "a\\'b"),
            ("users.password", "scone3"),
            ("members.api_token", "scone4"),
            ("smtp_password", "scone5"),
            ("staff.passwd", "scone6"),
            ("staff.passwd", "scone7"),
        ];
        assert_eq!(found(DUMP), pairs(&want));
    }

    #[test]
    fn names() {
        for name in ["init.sql", "01-users.sql.example", "x.psql"] {
            assert_eq!(Sql.claims(name, name, ""), Claim::Name, "{name}");
        }
        assert_eq!(Sql.claims("a.sqlite", "a.sqlite", ""), Claim::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read(text in "([(),;='\"`:\\\\ aé\n#-]|PASSWORD |INSERT INTO t |VALUES |SET |/\\*|\\*/|CREATE TABLE t|COPY t (password) FROM stdin;\n){0,30}") {
            check(&Sql, &text, "x");
        }
    }
}
