//! Dockerfiles and Containerfiles: `ENV`, `ARG` and `LABEL` are settings, everything else is searched as text.
//!
//! <https://docs.docker.com/reference/dockerfile/>: instructions, the escape directive, lines that go on, comments between them. Stages
//! count as parts of the file. Commands are programs: what they hold is reported as prose and never edited.

use zeroize::Zeroizing;

use super::format::{Claim, EncodeError, Format};
use super::lines::{base_name, byte, closing, fault, line_at, lines, skip_blanks, trim_end};
use super::text::pseudo_settings;
use crate::model::document::Fault;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Portion, Quoting, Role, Setting};
use crate::model::span::Span;

/// Dockerfiles.
pub(super) struct Dockerfile;

/// Instructions, upper case.
const INSTRUCTIONS: &[&str] = &[
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

impl Format for Dockerfile {
    fn name(&self) -> &'static str {
        "dockerfile"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let name = file_name.to_ascii_lowercase();
        let name = base_name(&name);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let first = name.split(['.', '-', '_']).next().unwrap_or("");
        let is = |word: &str| matches!(word, "dockerfile" | "containerfile");
        let named = is(name) || (!stem.is_empty() && is(extension));
        // `Dockerfile.prod` is one, `dockerfile.md` is about one, `dockerfile.py` makes one
        let about = matches!(extension, "md" | "txt" | "rst" | "j2" | "tpl");
        if named || (is(first) && !about && begins(head)) { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        let mut reader = Reader { text, escape: escape(text), stage: 0, settings: Vec::new(), started: None, seen: false, unclosed: 0 };
        let mut at = 0;
        while at < text.len() {
            at = reader.instruction(at)?;
        }
        reader.settings.extend(reader.started.take());
        reader.settings.sort_by_key(|s| s.span.start);
        Ok(reader.settings)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        let text = value.expose();
        let plain = |c: char| c.is_ascii_graphic() && !"\"'\\`$#<>".contains(c) || !c.is_ascii() && !c.is_whitespace() && !c.is_control();
        let inner = |c: char| !c.is_control() && !"\"'\\`$".contains(c);
        let fits = match place.quoting {
            Quoting::Plain if place.around.portion == Portion::Rest => {
                !text.is_empty() && text.trim() == text && text.chars().all(|c| plain(c) || c == ' ')
            }
            Quoting::Plain => text.chars().all(plain),
            Quoting::Double | Quoting::Single => text.chars().all(inner),
            _ => false,
        };
        if fits { Ok(value.clone()) } else { Err(EncodeError("it would be read back as another value")) }
    }
}

/// Whether the first line that says something is an instruction.
fn begins(head: &str) -> bool {
    let first = head.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#'));
    first.and_then(|l| l.split(char::is_whitespace).next()).is_some_and(|w| INSTRUCTIONS.contains(&w.to_ascii_uppercase().as_str()))
}

/// Steps of a build that read the settings of the application, and put none of them into what they make.
const BUILD_STEPS: &[&str] = &[
    "assets:precompile",
    "collectstatic",
    "compilemessages",
    "run build",
    "yarn build",
    "pnpm build",
    "next build",
    "webpack",
    "bun build",
];

/// The character that continues a line, by the directive at the top of the file.
fn escape(text: &str) -> u8 {
    for line in lines(text) {
        let Some((name, value)) = line.of(text).strip_prefix('#').and_then(|l| l.split_once('=')) else { break };
        if name.trim().eq_ignore_ascii_case("escape") {
            return if value.trim() == "`" { b'`' } else { b'\\' };
        }
    }
    b'\\'
}

/// Whether `setting`, in the instruction `said`, is a variable that is set for one step of the build: `KEY=dummy rails assets:precompile`.
fn is_filler(said: &str, setting: &Setting) -> bool {
    // not further than a command reaches, since a line may hold many variables
    let rest = Span::new(setting.span.end, setting.span.end + 512).narrowed(said).of(said);
    let command = rest.split(['&', ';', '|']).next().unwrap_or("");
    let assigned = said.as_bytes().get(setting.key_span.end) == Some(&b'=');
    assigned && BUILD_STEPS.iter().any(|step| command.contains(step))
}

/// The command `CMD ["npm", "start"]` as a setting of that name, its words joined by blanks.
fn started(text: &str, key: Span, body: Span) -> Option<Setting> {
    let said = body.of(text);
    let value = match said.strip_prefix('[').and_then(|s| s.strip_suffix(']')) {
        Some(list) => list.split(',').map(|w| w.trim().trim_matches('"')).collect::<Vec<_>>().join(" "),
        None => said.to_owned(),
    };
    let mut setting = Setting::new(KeyPath::of("CMD"), key, Secret::new(value), body, Quoting::Plain);
    setting.role = Role::Argument;
    setting.editable = false;
    (!body.is_empty() && !said.contains('\n')).then_some(setting)
}

/// A setting's value as written.
struct Word {
    span: Span,
    quoting: Quoting,
    /// The bytes are not what a program reads: escapes, or several quotes.
    changed: Option<Secret>,
    next: usize,
}

struct Reader<'t> {
    text: &'t str,
    escape: u8,
    stage: usize,
    settings: Vec<Setting>,
    /// What the last stage starts.
    started: Option<Setting>,
    /// An instruction was seen.
    seen: bool,
    /// How many here-documents had no end: each was looked for through the whole file.
    unclosed: usize,
}

impl Reader<'_> {
    /// Reads the instruction whose line begins at `at`; the place of the next line.
    fn instruction(&mut self, at: usize) -> Result<usize, Fault> {
        let (line, next) = line_at(self.text, at);
        let start = skip_blanks(self.text, line.start, line.end);
        let said = Span::new(start, line.end).of(self.text);
        if said.is_empty() {
            return Ok(next);
        }
        if said.starts_with('#') {
            self.prose(line, Role::Commented);
            return Ok(next);
        }
        let (mut end, mut next) = self.logical(line, next);
        let mut word = Span::new(start, start + said.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(said.len()));
        let mut name = word.of(self.text).to_ascii_uppercase();
        if !INSTRUCTIONS.contains(&name.as_str()) && !self.seen {
            return Err(fault(self.text, "an instruction was expected", start));
        }
        self.seen = true;
        let mut body = skip_blanks(self.text, word.end, end);
        if name == "ONBUILD" {
            let rest = Span::new(body, end).of(self.text);
            word = Span::new(body, body + rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
            name = word.of(self.text).to_ascii_uppercase();
            body = skip_blanks(self.text, word.end, end);
        }
        match name.as_str() {
            "ENV" | "LABEL" | "ARG" => self.pairs(&name, body, end),
            "FROM" => {
                self.stage += 1;
                self.started = None;
            }
            _ => {
                if matches!(name.as_str(), "RUN" | "COPY" | "ADD") {
                    (end, next) = self.heredocs(Span::new(body, end), next);
                }
                self.prose(Span::new(start, end), Role::Prose);
                if name == "CMD" {
                    self.started = started(self.text, word, Span::new(body, end));
                }
            }
        }
        Ok(next)
    }

    /// Where the instruction that begins with `line` ends: lines that end with the escape go on, comments and empty lines between them are
    /// stepped over.
    fn logical(&self, line: Span, next: usize) -> (usize, usize) {
        let (mut line, mut next) = (line, next);
        loop {
            let said = trim_end(self.text, line);
            let comment = said.of(self.text).trim_start().starts_with('#') || said.is_empty();
            let goes_on = comment || byte(self.text, said.end.wrapping_sub(1)) == self.escape;
            if !goes_on || next >= self.text.len() {
                return (said.end, next);
            }
            (line, next) = line_at(self.text, next);
        }
    }

    /// The end of an instruction with the here-documents that `body` opens.
    fn heredocs(&mut self, body: Span, next: usize) -> (usize, usize) {
        let (mut end, mut next) = (body.end, next);
        for (at, _) in body.of(self.text).match_indices("<<").take(16) {
            let rest = body.of(self.text).get(at + 2..).unwrap_or("").trim_start_matches('-');
            let word = rest.trim_start_matches(['"', '\'']);
            let word = word.get(..word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(word.len())).unwrap_or("");
            if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) || self.unclosed > 8 {
                continue;
            }
            let mut from = next;
            self.unclosed += 1;
            while from < self.text.len() {
                let (line, after) = line_at(self.text, from);
                from = after;
                if line.of(self.text).trim() == word {
                    (end, next) = (line.end, after);
                    self.unclosed -= 1;
                    break;
                }
            }
        }
        (end, next)
    }

    fn prose(&mut self, span: Span, role: Role) {
        for mut setting in pseudo_settings(span.of(self.text)) {
            setting.role = if role == Role::Prose && is_filler(span.of(self.text), &setting) { Role::Commented } else { role };
            setting.part = self.stage;
            self.settings.push(setting.shifted(span.start));
        }
    }

    /// `k=v k2="v 2"`, or `k v` to the end.
    fn pairs(&mut self, instruction: &str, start: usize, end: usize) {
        let mut at = start;
        while let Some(from) = self.skip(at, end) {
            let rest = Span::new(from, end).of(self.text);
            let quote = byte(self.text, from);
            let quoted = matches!(quote, b'"' | b'\'').then(|| closing(self.text, from + 1, end, quote)).flatten();
            let (key, after) = match quoted {
                // `LABEL "a b"=c`
                Some(close) => (Span::new(from + 1, close), close + 1),
                None => {
                    let len = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
                    (Span::new(from, from + len), from + len)
                }
            };
            if byte(self.text, after) == b'=' && after < end {
                let word = self.word(after + 1, end);
                at = word.next.max(after + 1);
                self.emit(instruction, key, word, Portion::Whole);
            } else if instruction == "ARG" {
                at = after.max(from + 1);
            } else {
                if from == start
                    && let Some(value) = self.skip(after, end)
                {
                    self.rest(instruction, key, Span::new(value, end));
                }
                return;
            }
        }
    }

    /// The old form: all to the end is the value.
    fn rest(&mut self, instruction: &str, key: Span, value: Span) {
        let word = self.word(value.start, value.end);
        if word.next == value.end {
            let portion = if word.quoting == Quoting::Plain { Portion::Rest } else { Portion::Whole };
            self.emit(instruction, key, word, portion);
            return;
        }
        let raw = value.of(self.text);
        let changed = raw.contains(['"', '\'', '\n']) || raw.as_bytes().contains(&self.escape);
        let word = Word { span: value, quoting: Quoting::Plain, changed: changed.then(|| Secret::copy_of(raw)), next: value.end };
        self.emit(instruction, key, word, Portion::Rest);
    }

    fn emit(&mut self, instruction: &str, key: Span, word: Word, portion: Portion) {
        let path = KeyPath::of(instruction).child(key.of(self.text));
        let changed = word.changed.is_some();
        let value = word.changed.unwrap_or_else(|| Secret::copy_of(word.span.of(self.text)));
        let mut setting = Setting::new(path, key, value, word.span, word.quoting);
        setting.editable = !changed;
        setting.part = self.stage;
        setting.around.portion = portion;
        self.settings.push(setting);
    }

    /// The next place with something to read: not a blank, a continued line or a comment between lines.
    fn skip(&self, at: usize, end: usize) -> Option<usize> {
        let mut at = at;
        while at < end {
            let b = byte(self.text, at);
            let line_ends = || {
                let rest = Span::new(at + 1, end).of(self.text);
                rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
            };
            match b {
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                b'#' if self.text.get(..at).is_some_and(|b| b.trim_end_matches([' ', '\t']).ends_with('\n')) => {
                    at = line_at(self.text, at).0.end;
                }
                _ if b == self.escape && line_ends() => at += 1,
                _ => return Some(at),
            }
        }
        None
    }

    /// The word that begins at `at`, as Docker cuts words.
    fn word(&self, at: usize, end: usize) -> Word {
        let mut out = Zeroizing::new(String::with_capacity(end.saturating_sub(at)));
        let (mut i, mut quote, mut quotes, mut escapes) = (at, 0_u8, 0, false);
        let mut from = at;
        while i < end {
            let b = byte(self.text, i);
            let flush = |out: &mut String, to: usize| out.push_str(Span::new(from, to).of(self.text));
            match b {
                b'"' | b'\'' if quote == 0 || quote == b => {
                    flush(&mut out, i);
                    from = i + 1;
                    quotes += 1;
                    quote = if quote == 0 { b } else { 0 };
                }
                _ if b == self.escape && quote != b'\'' && i + 1 < end => {
                    flush(&mut out, i);
                    escapes = true;
                    // the escaped character is kept, a line end goes
                    from = if matches!(byte(self.text, i + 1), b'\n' | b'\r') { line_at(self.text, i + 1).1.max(i + 2) } else { i + 1 };
                    i = from.max(i + 1);
                    if byte(self.text, i - 1) == b'\n' {
                        continue;
                    }
                }
                b' ' | b'\t' | b'\n' | b'\r' if quote == 0 => break,
                _ => {}
            }
            i += self.text.get(i..).and_then(|r| r.chars().next()).map_or(1, char::len_utf8);
        }
        let i = i.min(end);
        out.push_str(Span::new(from.min(i), i).of(self.text));
        let wrapped =
            quotes == 2 && i >= at + 2 && matches!(byte(self.text, at), b'"' | b'\'') && byte(self.text, i - 1) == byte(self.text, at);
        if wrapped && !escapes {
            let quoting = if byte(self.text, at) == b'"' { Quoting::Double } else { Quoting::Single };
            return Word { span: Span::new(at + 1, i - 1), quoting, changed: None, next: i };
        }
        let changed = (quotes > 0 || escapes).then(|| Secret::new(std::mem::take(&mut *out)));
        Word { span: Span::new(at, i), quoting: Quoting::Plain, changed, next: i }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Dockerfile, Format};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;
    use crate::model::setting::Role;

    const TEA: &str = include_str!("../../fixtures/formats/dockerfile/Dockerfile.tea");

    fn found(text: &str) -> Vec<(String, String)> {
        let settings = Dockerfile.parse(text).expect("a Dockerfile");
        settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
    }

    #[track_caller]
    fn same(text: &str, want: &[(&str, &str)]) {
        let want: Vec<(String, String)> = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(found(text), want);
    }

    #[test]
    fn variables_arguments_and_labels() {
        same(
            TEA,
            &[
                ("syntax", "docker/dockerfile:1"),
                ("TEA_OLD", "stale"),
                ("ARG.LEAF", "green"),
                ("ARG.SPOUT_TOKEN", "drip"),
                ("ENV.POT", "brown"),
                ("ENV.LID", "on top"),
                ("ENV.CUP", "a b"),
                ("ENV.JAM_PASSWORD", "scones and cream"),
                ("ENV.MILK", "oat"),
                ("LABEL.\"a b\"", "c"),
                ("TEA_PASSWORD", "steam"),
                ("MUG", "x"),
                ("ENV.LAST", "${POT:-none}"),
            ],
        );
        let settings = Dockerfile.parse(TEA).expect("a Dockerfile");
        assert_eq!((settings[1].role, settings[10].role), (Role::Commented, Role::Prose));
        assert_eq!(settings[5].span.of(TEA), "on top");
        assert!(settings[5].editable && !settings[6].editable, "an escape is not edited");
        assert_eq!(settings.iter().map(|s| s.part).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    }

    #[test]
    fn the_escape_can_be_another() {
        same("# escape=`\nFROM x\nENV A=c:\\x `\n  B=2\n", &[("ENV.A", "c:\\x"), ("ENV.B", "2")]);
    }

    #[test]
    fn documents_in_commands_are_searched() {
        same("FROM x\nRUN <<EOF\nexport A_PASSWORD=b\nENV C=d\nEOF\nENV E=f\n", &[("A_PASSWORD", "b"), ("C", "d"), ("ENV.E", "f")]);
    }

    #[test]
    fn other_text_is_a_fault() {
        let fault = Dockerfile.parse("# c\n\nhello there\n").expect_err("no instruction");
        assert_eq!((fault.line, fault.column), (3, 1));
        assert!(Dockerfile.parse("from x\nFUTURE a=b\n").is_ok());
    }

    #[test]
    fn names() {
        let head = "# c\n\nFROM x\n";
        for name in ["Dockerfile", "Containerfile", "web.Dockerfile", "Dockerfile.prod", "dockerfile-web", "Dockerfile.example"] {
            assert_eq!(Dockerfile.claims(name, name, head), Claim::Special, "{name}");
        }
        for name in ["Dockerfile.md", ".dockerignore", "docker-compose.yml", "dockerfiles"] {
            assert_eq!(Dockerfile.claims(name, name, head), Claim::No, "{name}");
        }
        assert_eq!(Dockerfile.claims("dockerfile.py", "dockerfile.py", "import x\n"), Claim::No);
    }

    #[test]
    fn what_only_a_build_step_reads_is_no_setting() {
        let settings = Dockerfile.parse("FROM x\nRUN A_KEY=dummy rails assets:precompile && B_KEY=real deploy\n").expect("a Dockerfile");
        let seen: Vec<(&str, Role)> = settings.iter().map(|s| (s.name(), s.role)).collect();
        assert_eq!(seen, [("A_KEY", Role::Commented), ("B_KEY", Role::Prose)]);
    }

    #[test]
    fn large_texts_are_quick() {
        let begun = std::time::Instant::now();
        for hostile in [
            "ENV A=b \\\n",
            "RUN <<EOF\n",
            "ENV A \"",
            "ENV A=\"b\" ",
            "# c\n",
            "RUN A=b C=d ",
            "ENV A=\\\n\\\n",
            "\\\n",
            "ENV A=b C='d' \\\n# e\n",
        ] {
            let _ = Dockerfile.parse(&format!("FROM x\n{}", hostile.repeat(400_000 / hostile.len())));
            let _ = Dockerfile.parse(&format!("FROM x\nENV {}", hostile.repeat(400_000 / hostile.len())));
        }
        assert!(begun.elapsed().as_secs() < 120, "{:?}", begun.elapsed());
    }

    #[test]
    fn fixtures_keep_everything_else() {
        for value in ["x", "", "a b", "a#b", "a=b", "'", "\"", "$X", "a\\", "ünï", " lead"] {
            check(&Dockerfile, TEA, value);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn any_text_can_be_read(text in "\\PC{0,60}", value in "\\PC{0,12}") {
            check(&Dockerfile, &text, &value);
        }

        #[test]
        fn dockerfile_like_text(text in "(FROM x\n|ENV |ARG |LABEL |RUN |ONBUILD |<<E\n|E\n|\\\\\n|A=|B |[=\"'\\\\` aé#$\r\n]){0,24}", value in "[a\"'\\\\ #$=]{0,6}") {
            check(&Dockerfile, &format!("FROM y\n{text}"), &value);
        }
    }
}
