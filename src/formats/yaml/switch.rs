//! Which words of a command are switches, and which of them carry a value.

use super::words::Word;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role, Setting};
use crate::model::span::Span;

/// A setting, and the scalars whose words it is made of.
pub(super) type Found = (Setting, Vec<usize>);

/// Programs whose short switches have a meaning here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    /// `-c TEXT` is a text for itself.
    Shell,
    /// `-pX` is a password.
    Mysql,
    /// `-p X` is a password.
    Mongo,
    /// `-a X` is a password.
    Redis,
    /// `-P X` is a password.
    Sqlcmd,
    /// `-w X` is a password.
    Ldap,
    /// Others.
    Other,
}

fn program(word: &str) -> Program {
    match word.rsplit('/').next().unwrap_or(word) {
        "sh" | "bash" | "ash" | "dash" | "zsh" => Program::Shell,
        "redis-cli" | "valkey-cli" | "keydb-cli" => Program::Redis,
        "sqlcmd" | "bcp" | "mosquitto_pub" | "mosquitto_sub" => Program::Sqlcmd,
        "ldapsearch" | "ldapadd" | "ldapmodify" | "ldapwhoami" => Program::Ldap,
        name if name.starts_with("mongo") => Program::Mongo,
        name if name.starts_with("mysql") || name.starts_with("mariadb") => Program::Mysql,
        _ => Program::Other,
    }
}

/// Words after which a command follows, so that `A=b` may set a variable.
const BEFORE_COMMAND: &[&str] = &["export", "env", "exec", "declare", "local", "readonly"];

/// Tells which words of a list have a part in what the others mean. It must see each word in order.
#[derive(Default)]
pub(super) struct Steering {
    /// The last known program is a shell.
    shell: bool,
    /// The word before is one after which `A=b` would be an assignment.
    assigns: bool,
}

impl Steering {
    /// Whether the words after `word` would be read otherwise if it were another one, or it itself if it read `A=b`.
    pub(super) fn holds(&mut self, word: &str) -> bool {
        let known = program(word);
        let marker = matches!(word, "CMD" | "CMD-SHELL" | "NONE") || word.starts_with('-');
        let held = self.assigns || marker || BEFORE_COMMAND.contains(&word) || known != Program::Other;
        if known != Program::Other {
            self.shell = known == Program::Shell;
        }
        // What follows the `-c` of a shell is a text for it, whatever its form.
        self.assigns = BEFORE_COMMAND.contains(&word) || (matches!(word, "-e" | "-c") && !self.shell);
        held
    }
}

/// The arguments of one command, as settings below `path`. `assigns` says that `A=b` before the program sets a variable.
///
/// `--name=value` and `--name value` give `--name`; a lone `--name` gives the value `true`, which cannot be edited. Whether a word after
/// a switch is its value is known only to the program; it is taken for one unless it begins with `-`.
pub(super) fn interpret(words: &[Word], bases: &[Setting], path: &KeyPath, assigns: bool, out: &mut Vec<Found>) {
    let mut walk = Walk { words, bases, path, out, program: Program::Other, assigns };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += walk.step(word, at);
    }
}

/// The arguments of the commands in a word that is itself a text for a shell: what follows `sh -c`.
pub(super) fn inside(word: &Word, bases: &[Setting], path: &KeyPath, out: &mut Vec<Found>) {
    for command in word.commands() {
        let mut found = Vec::new();
        interpret(&command, bases, path, true, &mut found);
        // The word stays a setting too, so it is not used up.
        out.extend(found.into_iter().map(|(setting, _)| (setting, Vec::new())));
    }
}

struct Walk<'w> {
    words: &'w [Word],
    bases: &'w [Setting],
    path: &'w KeyPath,
    out: &'w mut Vec<Found>,
    program: Program,
    assigns: bool,
}

impl Walk<'_> {
    /// Reads `word`, number `at`, and says how many words that took.
    fn step(&mut self, word: &Word, at: usize) -> usize {
        let text = word.text();
        let next = self.words.get(at + 1);
        if let Some(long) = text.strip_prefix("--") {
            return self.long(word, long, next);
        }
        if text.starts_with('-') && text.len() > 1 {
            return self.short(word, next);
        }
        if let Some(equals) = assignment(text)
            && self.assigns
        {
            self.emit(text.get(..equals).unwrap_or(""), word, word.head(equals), equals + 1, &[word]);
            return 1;
        }
        if text == "CMD-SHELL"
            && let Some(next) = next
        {
            inside(next, self.bases, self.path, self.out);
            return 2;
        }
        // As a line of redis.conf, or after `CONFIG SET`.
        if (text.eq_ignore_ascii_case("requirepass") || text.eq_ignore_ascii_case("masterauth"))
            && let Some(next) = next
        {
            return self.pair(&format!("--{}", text.to_ascii_lowercase()), word, next);
        }
        self.assigns = BEFORE_COMMAND.contains(&text);
        let named = program(text);
        if named != Program::Other {
            self.program = named;
        }
        1
    }

    fn long(&mut self, word: &Word, long: &str, next: Option<&Word>) -> usize {
        let end = long.find('=').unwrap_or(long.len());
        let Some(name) = long.get(..end).filter(|name| is_name(name)) else { return 1 };
        let shown = format!("--{name}");
        let names_another = matches!(name, "env" | "build-arg" | "set");
        if end < long.len() {
            let equals = end + 2;
            if names_another && let Some(inner) = long.get(end + 1..).and_then(key_value) {
                let from = equals + 1;
                let key = long.get(end + 1..end + 1 + inner).unwrap_or("");
                self.emit(key, word, word.head(from + inner), from + inner + 1, &[word]);
            } else {
                self.emit(&shown, word, word.head(equals), equals + 1, &[word]);
                self.hold(names_another);
            }
            return 1;
        }
        match next {
            Some(next) if names_another && key_value(next.text()).is_some() => self.key_value(word, next),
            Some(next) if !next.text().starts_with('-') => {
                let taken = self.pair(&shown, word, next);
                self.hold(names_another);
                taken
            }
            _ => self.bare(&shown, word),
        }
    }

    /// Keeps the last setting from being edited: another value could have the form `A=b`, and then be one of the variable `A`.
    fn hold(&mut self, names_another: bool) {
        if let Some((setting, _)) = self.out.last_mut().filter(|_| names_another) {
            setting.editable = false;
        }
    }

    fn short(&mut self, word: &Word, next: Option<&Word>) -> usize {
        let text = word.text();
        let letters = text.get(1..).unwrap_or("");
        let value = next.filter(|next| !next.text().starts_with('-'));
        match (self.program, letters, value) {
            (Program::Shell, _, Some(next)) if letters.ends_with('c') && letters.bytes().all(|b| b.is_ascii_lowercase()) => {
                inside(next, self.bases, self.path, self.out);
                2
            }
            (Program::Redis, "a", Some(next)) => self.pair("--pass", word, next),
            (Program::Mongo, "p", Some(next)) | (Program::Sqlcmd, "P", Some(next)) | (Program::Ldap, "w", Some(next)) => {
                self.pair("--password", word, next)
            }
            (Program::Mysql, _, _) if letters.starts_with('p') && letters.len() > 1 => {
                self.emit("--password", word, word.head(2), 2, &[word]);
                1
            }
            // `sh -e` stops at the first error; to most others it hands a variable
            (Program::Shell, "e", _) => 1,
            (_, "e" | "c", Some(next)) if key_value(next.text()).is_some() => self.key_value(word, next),
            (_, "e" | "c" | "D", _) => 1,
            _ if letters.starts_with('D') && letters.contains('=') => {
                let equals = text.find('=').unwrap_or(text.len());
                self.emit(text.get(2..equals).unwrap_or(""), word, word.head(equals), equals + 1, &[word]);
                1
            }
            _ => self.single_dash(word, letters, value),
        }
    }

    /// Long switches with one dash: `-dev`, `-bind=0.0.0.0`, as Go programs have.
    fn single_dash(&mut self, word: &Word, letters: &str, value: Option<&Word>) -> usize {
        let end = letters.find('=').unwrap_or(letters.len());
        let name = letters.get(..end).unwrap_or("");
        if name.len() < 3 || !is_name(name) || name.bytes().any(|b| b.is_ascii_uppercase()) {
            return 1;
        }
        let shown = format!("--{name}");
        if end < letters.len() {
            self.emit(&shown, word, word.head(end + 1), end + 2, &[word]);
            return 1;
        }
        match value {
            Some(next) => self.pair(&shown, word, next),
            None => self.bare(&shown, word),
        }
    }

    fn pair(&mut self, name: &str, word: &Word, next: &Word) -> usize {
        self.emit(name, next, word.head(word.text().len()), 0, &[word, next]);
        2
    }

    /// `-e NAME=value`, `-c name=value`.
    fn key_value(&mut self, word: &Word, next: &Word) -> usize {
        if let Some(equals) = key_value(next.text()) {
            self.emit(next.text().get(..equals).unwrap_or(""), next, next.head(equals), equals + 1, &[word, next]);
        }
        2
    }

    /// A switch without a value: it is on.
    fn bare(&mut self, name: &str, word: &Word) -> usize {
        let key = word.head(word.text().len());
        let mut setting = Setting::new(self.path.child(name), key, Secret::copy_of("true"), Span::new(key.end, key.end), Quoting::Plain);
        setting.role = Role::Argument;
        setting.editable = false;
        setting.part = self.bases.get(word.base()).map_or(0, |base| base.part);
        self.out.push((setting, vec![word.base()]));
        1
    }

    fn emit(&mut self, name: &str, holder: &Word, key: Span, from: usize, words: &[&Word]) {
        if let Some(setting) = holder.value(from, self.path.child(name), key, self.bases) {
            self.out.push((setting, words.iter().map(|word| word.base()).collect()));
        }
    }
}

/// Letters, digits, `-`, `_` and `.`, a letter first.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The place of the `=` in `NAME=value`.
fn assignment(text: &str) -> Option<usize> {
    let equals = text.find('=')?;
    let name = text.get(..equals)?;
    let fits = !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (fits && !name.is_empty()).then_some(equals)
}

/// The place of the `=` in `name=value`, where names may have dots.
fn key_value(text: &str) -> Option<usize> {
    let equals = text.find('=')?;
    let name = text.get(..equals)?;
    (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)))
    .then_some(equals)
}
