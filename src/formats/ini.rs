//! INI and its kin: git-config, my.cnf, .npmrc, systemd units, pgbouncer.ini.
//!
//! There is no one specification. Sections in brackets; `name = value` or `name: value`; comments start with `;` or `#`, behind a value
//! only after a blank. A line that is indented deeper than the name before it continues that value: neither is edited then.

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, closing, commented, lines, skip_blanks, trim_end};
use super::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// INI files.
pub(super) struct Ini;

impl Format for Ini {
    fn name(&self) -> &'static str {
        "ini"
    }

    fn claims(&self, path: &str, file_name: &str, head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let name = base_name(&name);
        let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
        let folder = path.rsplit('/').nth(1).unwrap_or("");
        let ours = matches!(extension, "ini" | "cnf" | "service" | "socket" | "timer" | "mount" | "container" | "desktop" | "editorconfig")
            || matches!(
                name,
                ".npmrc" | ".gitconfig" | ".gitmodules" | ".pypirc" | ".my.cnf" | ".s3cfg" | ".boto" | ".hgrc" | ".pgpass.ini"
            )
            || (folder == ".aws" && matches!(name, "credentials" | "config"))
            || (folder == ".git" && name == "config");
        // A `.conf` or `.cfg` with sections is one of ours too
        let general = matches!(extension, "conf" | "cfg") && has_section(head);
        if ours {
            Claim::Name
        } else if general {
            Claim::Special
        } else {
            Claim::No
        }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut reader = Reader { text, section: KeyPath::default(), indent: None, open: false, settings: Vec::new() };
        lines(text).for_each(|line| reader.line(line));
        Ok(reader.settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        if text.contains(['\n', '\r', '\0']) {
            return Err(EncodeError("a value ends with its line"));
        }
        let nested = place.key.parent().is_some_and(|p| p.name() == VARIABLES && p.segments().len() > 1);
        let fits = match place.quoting {
            Quoting::Plain if nested => !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "\"'\\%$".contains(c)),
            Quoting::Plain => !text.ends_with('\\') && ["a = ", "a="].iter().all(|before| reads_as(before, text)),
            Quoting::Double | Quoting::Single if nested => !text.contains(['"', '\'', '\\', '%']),
            Quoting::Double => !text.contains(['"', '\\']),
            Quoting::Single => !text.contains(['\'', '\\']),
            _ => false,
        };
        if fits { Ok(value.clone()) } else { Err(EncodeError("it would be read back as another value")) }
    }
}

/// Whether some line of `head` is a section's head and nothing else.
pub(super) fn has_section(head: &str) -> bool {
    head.lines().any(|line| {
        let line = line.trim_end();
        line.strip_prefix('[').and_then(|l| l.strip_suffix(']')).is_some_and(|name| {
            name.starts_with(|c: char| c.is_alphanumeric() || c == '_') && name.chars().all(|c| !c.is_control() && !"{}=[]".contains(c))
        })
    })
}

struct Reader<'t> {
    text: &'t str,
    section: KeyPath,
    /// How far the last name of this section was indented.
    indent: Option<usize>,
    /// Whether the line before ended with a backslash.
    open: bool,
    settings: Vec<Setting>,
}

impl Reader<'_> {
    fn line(&mut self, line: Span) {
        let start = skip_blanks(self.text, line.start, line.end);
        let body = trim_end(self.text, Span::new(start, line.end));
        let said = body.of(self.text);
        let goes_on = said.ends_with('\\');
        let continued = std::mem::replace(&mut self.open, goes_on && !said.starts_with(['#', ';']));
        if said.is_empty() {
            return;
        }
        if said.starts_with(['#', ';']) {
            self.settings.extend(commented(self.text, body).map(|s| self.in_section(s)));
        } else if continued || self.indent.is_some_and(|i| start - line.start > i) {
            self.continuation(body);
        } else if said.starts_with('[') {
            self.head(said);
        } else if let Some(mut found) = pair(self.text, body) {
            self.indent = Some(start - line.start);
            found.editable &= !goes_on;
            let mut found = self.in_section(found);
            // What it sets is edited one variable at a time
            found.editable &= found.name() != VARIABLES;
            match environment(self.text, &found, body.end).or_else(|| host_variables(self.text, &found, body)) {
                Some(variables) => self.settings.extend(variables),
                None => self.settings.push(found),
            }
        } else if is_switch(said) {
            let at = Span::new(body.end, body.end);
            let mut switch = Setting::new(KeyPath::of(said), body, Secret::copy_of("true"), at, Quoting::Plain);
            switch.editable = false;
            self.settings.push(self.in_section(switch));
        }
    }

    fn head(&mut self, said: &str) {
        let inner = said.trim_start_matches('[').split(']').next().unwrap_or("");
        // git-config: `[remote "origin"]`
        let (name, rest) = inner.split_once(" \"").unwrap_or((inner, ""));
        self.section = KeyPath::of(name.trim());
        if let Some(below) = rest.strip_suffix('"') {
            self.section = self.section.child(below);
        }
        self.indent = None;
    }

    /// What a value's further lines hold is reported as prose; the value they belong to is known only in part.
    fn continuation(&mut self, body: Span) {
        if let Some(last) = self.settings.last_mut() {
            last.editable = false;
        }
        let hits = pseudo_settings(body.of(self.text));
        self.settings.extend(hits.into_iter().map(|s| s.shifted(body.start)));
    }

    fn in_section(&self, mut setting: Setting) -> Setting {
        setting.key = self.section.child(setting.key.name());
        setting
    }
}

/// The setting on the line `body`.
fn pair(text: &str, body: Span) -> Option<Setting> {
    let said = body.of(text);
    // Names in .npmrc are URLs without a scheme
    let sign = if said.starts_with("//") { said.find('=')? } else { said.find(['=', ':'])? };
    let key = trim_end(text, Span::new(body.start, body.start + sign));
    if key.is_empty() {
        return None;
    }
    let (value, quoting) = value_at(text, body.start + sign + 1, body.end);
    let mut setting = Setting::new(KeyPath::of(key.of(text)), key, Secret::copy_of(value.of(text)), value, quoting);
    setting.editable = quoting == Quoting::Plain || !value.of(text).contains('\\');
    Some(setting)
}

/// The value behind the sign, which ends before `after`.
fn value_at(text: &str, after: usize, end: usize) -> (Span, Quoting) {
    let start = skip_blanks(text, after, end);
    let rest = Span::new(start, end).of(text);
    if rest.is_empty() || (start > after && rest.starts_with(['#', ';'])) {
        return (Span::new(after, after), Quoting::Plain);
    }
    let quote = byte(text, start);
    if matches!(quote, b'"' | b'\'')
        && let Some(close) = closing(text, start + 1, end, quote)
    {
        let next = skip_blanks(text, close + 1, end);
        if next == end || matches!(byte(text, next), b'#' | b';') {
            let quoting = if quote == b'"' { Quoting::Double } else { Quoting::Single };
            return (Span::new(start + 1, close), quoting);
        }
    }
    let comment = rest.match_indices(['#', ';']).find(|(i, _)| rest.get(..*i).is_some_and(|b| b.ends_with([' ', '\t'])));
    let stop = comment.map_or(end, |(i, _)| start + i);
    (trim_end(text, Span::new(start, stop)), Quoting::Plain)
}

fn reads_as(before: &str, value: &str) -> bool {
    let line = Secret::concat(&[before, value]);
    let whole = Span::new(0, line.len());
    let kept = trim_end(line.expose(), whole) == whole || value.is_empty();
    kept && pair(line.expose(), trim_end(line.expose(), whole)).is_some_and(|s| s.quoting == Quoting::Plain && s.value.expose() == value)
}

/// A name without a value that switches something: `skip-grant-tables` of `my.cnf`.
fn is_switch(said: &str) -> bool {
    let starts = ["skip-", "skip_", "enable-", "disable-", "allow-", "local-infile"].iter().any(|p| said.starts_with(p));
    starts && said.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The variables of a host in an inventory of Ansible: `h1 ansible_user=a ansible_ssh_pass=b`; `None` if the line is anything else.
fn host_variables(text: &str, setting: &Setting, body: Span) -> Option<Vec<Setting>> {
    let (host, first) = setting.key_span.of(text).split_once([' ', '\t'])?;
    if !first.trim_start().starts_with("ansible_") || byte(text, setting.key_span.end) != b'=' {
        return None;
    }
    let mut out = Vec::new();
    let mut at = setting.key_span.start + host.len();
    loop {
        at = skip_blanks(text, at, body.end);
        let rest = Span::new(at, body.end).of(text);
        let Some(sign) = rest.find('=').filter(|s| *s > 0 && !rest.starts_with('#')) else { break };
        let key = Span::new(at, at + sign);
        let quote = byte(text, key.end + 1);
        let quoted = if matches!(quote, b'"' | b'\'') { closing(text, key.end + 2, body.end, quote) } else { None };
        let (value, quoting, next) = match quoted {
            Some(close) if quote == b'"' => (Span::new(key.end + 2, close), Quoting::Double, close + 1),
            Some(close) => (Span::new(key.end + 2, close), Quoting::Single, close + 1),
            None => {
                let rest = Span::new(key.end + 1, body.end).of(text);
                let end = key.end + 1 + rest.find([' ', '\t']).unwrap_or(rest.len());
                (Span::new(key.end + 1, end), Quoting::Plain, end)
            }
        };
        let path = setting.key.parent().unwrap_or_default().child(host).child(key.of(text));
        let mut one = Setting::new(path, key, Secret::copy_of(value.of(text)), value, quoting);
        one.editable = false;
        out.push(one);
        at = next;
    }
    (!out.is_empty()).then_some(out)
}

/// The directive of systemd units that sets variables.
const VARIABLES: &str = "Environment";

/// The variables that systemd's `Environment=` sets: `A=b "C=d e"`, up to the line's `end`; `None` if the line is anything else.
fn environment(text: &str, setting: &Setting, end: usize) -> Option<Vec<Setting>> {
    if setting.name() != VARIABLES || setting.key.parent().is_none_or(|p| p.name().is_empty()) {
        return None;
    }
    // Quotes round the first variable may have been taken for quotes round the value
    let whole = Span::new(setting.span.start - usize::from(setting.quoting != Quoting::Plain), end);
    let mut out = Vec::new();
    let mut at = whole.start;
    while at < whole.end {
        let quote = byte(text, at);
        let (word, quoting, next) = if matches!(quote, b'"' | b'\'') {
            let close = closing(text, at + 1, whole.end, quote)?;
            (Span::new(at + 1, close), if quote == b'"' { Quoting::Double } else { Quoting::Single }, close + 1)
        } else {
            let rest = Span::new(at, whole.end).of(text);
            let end = at + rest.find([' ', '\t']).unwrap_or(rest.len());
            (Span::new(at, end), Quoting::Plain, end)
        };
        let sign = word.start + word.of(text).find('=')?;
        let key = Span::new(word.start, sign);
        let value = Span::new(sign + 1, word.end);
        let mut one = Setting::new(setting.key.child(key.of(text)), key, Secret::copy_of(value.of(text)), value, quoting);
        one.editable = !value.of(text).contains(['\\', '"', '\'', '%']);
        out.push(one);
        at = skip_blanks(text, next, whole.end);
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Format, Ini};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;
    use crate::model::setting::{Quoting, Role};

    const PLAIN: &str = include_str!("../../fixtures/formats/ini/plain.ini");
    const GIT: &str = include_str!("../../fixtures/formats/ini/git.gitconfig");
    const UNIT: &str = include_str!("../../fixtures/formats/ini/tea.service");

    fn found(text: &str) -> Vec<(String, String)> {
        let settings = Ini.parse(text).expect("any text parses");
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn sections_names_and_values() {
        let want = [
            ("shop", "corner"),
            ("client.user", "tea"),
            ("client.password", "scones#jam"),
            ("client.host", "kettle"),
            ("client.empty", ""),
            ("client.quoted", "a ; b"),
            ("client.old", "x1"),
            ("client.skip-networking", "true"),
            ("client.user", "twice"),
            ("mysqld.url", "http://h/?a=b"),
            ("mysqld.name", "茶"),
        ];
        assert_eq!(found(PLAIN), pairs(&want));
        let settings = Ini.parse(PLAIN).expect("parses");
        assert_eq!(settings[5].quoting, Quoting::Double);
        assert_eq!(settings[6].role, Role::Commented);
    }

    #[test]
    fn git_configs_are_indented() {
        let want = [
            ("remote.origin.url", "https://h/x.git"),
            ("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"),
            ("user.name", "Ada"),
        ];
        assert_eq!(found(GIT), pairs(&want));
    }

    #[test]
    fn units_set_variables() {
        let want = [
            ("Unit.Description", "Tea: hot"),
            ("Service.Environment.POT", "brown"),
            ("Service.Environment.LID", "on top"),
            ("Service.Environment.KEY", "steam"),
            ("Service.ExecStart", "/usr/bin/tea --strong \\"),
            ("pot", "brown"),
        ];
        assert_eq!(found(UNIT), pairs(&want));
        let settings = Ini.parse(UNIT).expect("parses");
        assert_eq!(settings[1].span.of(UNIT), "brown");
        assert!(settings[1].editable && !settings[4].editable, "a continued value is not edited");
        assert_eq!(settings[5].role, Role::Prose);
    }

    #[test]
    fn hosts_of_inventories_and_bare_switches() {
        let text = "[web]\nh1 ansible_user=ada ansible_ssh_pass='sc one' # note\nh2\n[mysqld]\nskip-grant-tables\nguest ok = yes\n";
        let want = [
            ("web.h1.ansible_user", "ada"),
            ("web.h1.ansible_ssh_pass", "sc one"),
            ("mysqld.skip-grant-tables", "true"),
            ("mysqld.\"guest ok\"", "yes"),
        ];
        assert_eq!(found(text), pairs(&want));
    }

    #[test]
    fn continuations_belong_to_no_setting() {
        let text = "[a]\nhosts =\n    one\n    key = two\nlast = 1\n";
        let settings = Ini.parse(text).expect("parses");
        assert_eq!(settings.iter().map(|s| (s.name(), s.editable)).collect::<Vec<_>>(), [("hosts", false), ("key", false), ("last", true)]);
    }

    #[test]
    fn names() {
        for name in ["my.cnf", "pgbouncer.ini", ".npmrc", "a.service", "x.ini.example"] {
            assert_eq!(Ini.claims(name, name, ""), Claim::Name, "{name}");
        }
        assert_eq!(Ini.claims("a.conf", "a.conf", "# c\n[main]\na=b\n"), Claim::Special);
        assert_eq!(Ini.claims("a.conf", "a.conf", "port 1\n"), Claim::No);
        assert_eq!(Ini.claims(".aws/credentials", "credentials", ""), Claim::Name);
        assert_eq!(found("//registry.example.org/:_authToken=abc\n"), pairs(&[("\"//registry.example.org/:_authToken\"", "abc")]));
    }

    #[test]
    fn fixtures_keep_everything_else() {
        for text in [PLAIN, GIT, UNIT] {
            for value in ["x", "", "a b", "a#b", "a #b", "#x", "'q", "\"q\"", "ünï", " lead", "a\\"] {
                check(&Ini, text, value);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read_and_spliced(text in "\\PC{0,60}", value in "\\PC{0,12}") {
            check(&Ini, &text, &value);
        }

        #[test]
        fn ini_like_text(text in "([\\[\\]=:;#'\"\\\\ aéB\r\n\t]|\na=|\n[b]\n|Environment=){0,20}", value in "[a;#'\"\\\\ =]{0,6}") {
            check(&Ini, &text, &value);
        }
    }
}
