//! Source code, pages of markup and message catalogues: text in which a name beside a word is seldom a setting.
//!
//! What stands there without quotes is an expression and no literal, what stands in a comment is not run. Only what a program would use as
//! it stands is kept: quoted literals, defaults of variables of the environment, connection URLs, and switches that are
//! handed to a call or a settings object. All of it is prose, never edited.

use super::format::{Claim, EncodeError, Format};
use super::lines::base_name;
use super::text::{Sieve, Sieves, empties_in, is_constant, is_name, pseudo_settings_in, switches_in};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::{Span, line_before};

/// Source code.
pub(super) struct Code;

/// Extensions of programming languages, and of text that is made for people or browsers.
const EXTENSIONS: &[&str] = &[
    "adb", "ads", "asm", "astro", "awk", "c", "cc", "cgi", "cjs", "clj", "coffee", "cpp", "cr", "cs", "cshtml", "css", "cts", "cxx", "d",
    "dart", "el", "ejs", "erb", "erl", "ex", "exs", "f90", "fs", "go", "gradle", "graphql", "groovy", "h", "haml", "hbs", "hh", "hpp",
    "hrl", "hs", "htm", "html", "hxx", "java", "jl", "js", "jsx", "kt", "kts", "less", "lua", "m", "ml", "mli", "mjs", "mts", "mustache",
    "nim", "pas", "php", "phtml", "pl", "pm", "po", "pod", "pot", "proto", "pug", "py", "pyi", "pyx", "r", "rake", "rb", "rs", "s", "sass",
    "scala", "scss", "sol", "svelte", "svg", "swift", "t", "tcl", "tex", "texi", "tm", "ts", "tsx", "twig", "v", "vb", "vim", "vue",
    "xhtml", "xlf", "xliff", "xsd", "xsl", "zig",
];

/// Extensions of files that a template in Ruby may make.
const CONFIGURATION: &[&str] = &["yml", "yaml", "conf", "cfg", "cnf", "ini", "json", "toml", "env", "properties", "xml", "service"];

impl Format for Code {
    fn name(&self) -> &'static str {
        "code"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let name = base_name(file_name).to_ascii_lowercase();
        if let Some((stem, _)) = name.rsplit_once('.').filter(|(_, e)| EXTENSIONS.contains(e)) {
            // the template of a configuration is searched as text
            let configuration = stem.rsplit_once('.').is_some_and(|(_, e)| CONFIGURATION.contains(&e));
            return if name.ends_with(".erb") && configuration { Claim::No } else { Claim::Name };
        }
        let first = head.lines().next().unwrap_or("");
        let interpreter = first.strip_prefix("#!").and_then(|l| l.split(['/', ' ']).rfind(|w| !w.is_empty() && !w.starts_with('-')));
        let known = interpreter.map(|i| i.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'));
        if known.is_some_and(|i| matches!(i, "python" | "node" | "perl" | "ruby" | "php" | "lua" | "deno" | "bun")) {
            Claim::Content
        } else {
            Claim::No
        }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(self.parse_parts(text, &[Span::new(0, text.len())]))
    }

    fn parse_parts(&self, text: &str, parts: &[Span]) -> Vec<Setting> {
        let mut hits = pseudo_settings_in(text, parts);
        hits.extend(empties_in(text, parts));
        hits.sort_by_key(|s| (s.span.start, s.span.end));
        let mut switched = switches_in(text, parts);
        if hits.is_empty() && switched.is_empty() {
            return hits;
        }
        let aside = [doc_strings(text), block_comments(text)];
        // they are in order and apart: only the last that begins before a place can hold it
        let within = |list: &Vec<Span>, s: &Setting| {
            let last = list.partition_point(|d| d.start < s.span.start).checked_sub(1).and_then(|i| list.get(i));
            last.is_some_and(|d| s.span.end <= d.end)
        };
        let outside = |s: &Setting| !aside.iter().any(|list| within(list, s));
        hits.retain(|s| is_run(text, s) && outside(s));
        switched.retain(|s| {
            let before = line_before(text, s.key_span.start.min(s.span.start));
            outside(s) && is_in_force(before) && (s.name() != "DEBUG" || is_switch(text, s, before))
        });
        if !switched.is_empty() {
            switched.sort_by_key(|s| s.span);
            // what a switch is handed to says more than its name alone
            hits.retain(|s| switched.binary_search_by_key(&s.span, |w| w.span).is_err());
            hits.extend(switched);
            hits.sort_by_key(|s| (s.span.start, s.span.end));
        }
        hits
    }

    fn sieve<'s>(&self, sieves: &'s Sieves) -> Option<&'s Sieve> {
        Some(&sieves.code)
    }

    fn encode(&self, _value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Err(EncodeError("source code is reported, never edited"))
    }
}

/// Whether the program uses the value as it stands.
fn is_run(text: &str, setting: &Setting) -> bool {
    let from = if setting.name().is_empty() { setting.span.start } else { setting.key_span.start.min(setting.span.start) };
    let before = line_before(text, from);
    if in_comment(before) {
        return false;
    }
    setting.quoting != Quoting::Plain || setting.name().is_empty() || is_switch(text, setting, before)
}

/// Whether a switch behind `before` is one: no comment, no parameter of a function.
fn is_in_force(before: &str) -> bool {
    !in_comment(before) && !["def ", "fn ", "func ", "function "].iter().any(|w| before.contains(w))
}

/// Python's strings that are documentation: one that begins its line, or that Ansible's names for them announce.
fn doc_strings(text: &str) -> Vec<Span> {
    const NAMES: &[&str] = &["DOCUMENTATION", "EXAMPLES", "RETURN"];
    let mut found = Vec::new();
    let mut at = 0;
    // one search for both: a search for each would read the rest of the text again and again for the one that is not there
    let triple = |at: usize| {
        let rest = text.as_bytes().get(at..)?;
        let is_triple = |i: &usize| rest.get(*i..i + 3).is_some_and(|w| w.iter().all(|b| Some(b) == w.first()));
        memchr::memchr2_iter(b'"', b'\'', rest).find(is_triple).map(|i| at + i)
    };
    while let Some(open) = triple(at) {
        let quote = Span::new(open, open + 3).of(text);
        let Some(close) = text.get(open + 3..).and_then(|rest| rest.find(quote)).map(|i| open + 3 + i) else { break };
        let lead = line_before(text, open).trim().trim_end_matches(['r', 'R', 'u', 'U']);
        if lead.is_empty() || NAMES.iter().any(|n| lead.starts_with(n)) {
            found.push(Span::new(open, close));
        }
        at = close + 3;
    }
    found
}

/// Comments, `/* .. */`, that begin their line and whose end has no quote beside it on its line: the signs may stand in a text or pattern, of
/// languages that have no such comment, too.
fn block_comments(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut open = None;
    for (at, sign) in text.match_indices(['/', '*']).filter_map(|(at, _)| Some((at, text.get(at..at + 2)?))) {
        match sign {
            // one that opens within another says that the first was none
            "/*" if line_before(text, at).trim().is_empty() => open = Some(at),
            "*/" if open.is_some_and(|from| from + 2 <= at) => {
                let rest = text.get(at..).unwrap_or("");
                let behind = rest.get(..rest.find('\n').unwrap_or(rest.len())).unwrap_or("");
                let quoted = |part: &str| part.contains(['"', '`']) || part.ends_with('\'');
                let last = line_before(text, at);
                let own = last.len() < at - open.unwrap_or(at);
                if !(own && quoted(last) || quoted(behind)) {
                    found.extend(open.map(|from| Span::new(from, at)));
                }
                open = None;
            }
            _ => {}
        }
    }
    found
}

/// Whether a comment has begun in `before`: at the line's start, or behind code and a blank. `#define` and its like are code, and so is
/// an attribute of Rust: `#[arg(default_value = "x")]`.
fn in_comment(before: &str) -> bool {
    let lead = before.trim_start();
    let hash = lead.strip_prefix('#').is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_lowercase() || c == '['));
    let starts = ["//", "* ", "*/", "/*", "--", ";", "%", "<!--"].iter().any(|m| lead.starts_with(m)) || lead == "*" || hash;
    starts || [" // ", " # ", " /* ", "<!-- "].iter().any(|m| before.contains(m))
}

/// Whether a value without quotes is a switch or number given to a call or a settings object, or a setting in capitals at a line's start.
/// Variables, parameters, types and expressions are not.
fn is_switch(text: &str, setting: &Setting, before: &str) -> bool {
    let value = setting.value.expose();
    let plain = is_constant(value) && value.bytes().all(|b| is_name(b) || b == b':');
    let declared =
        ["def ", "fn ", "func ", "function ", "const fn "].iter().any(|w| before.trim_start().starts_with(w) || before.contains(w));
    if !plain || declared {
        return false;
    }
    let name = setting.name();
    let capitals = !name.chars().any(char::is_lowercase);
    let sign = Span::new(setting.key_span.end, setting.span.start).of(text);
    if name.eq_ignore_ascii_case("debug") {
        let first = capitals && (before.is_empty() || before.trim().is_empty() && is_of_settings(text, setting.key_span.start));
        // the default of a variable
        return first || capitals && sign.contains(',') || before.ends_with("run(") || before.contains(".run(");
    }
    let assigned = sign.contains('=');
    !assigned || before.contains(['(', '{', ',', '[']) || name.contains('.') || before.ends_with('.') || (capitals && before.is_empty())
}

/// Whether what stands at `at`, indented, is an attribute of a class that is called like settings: levels of logs are called `DEBUG`, too.
fn is_of_settings(text: &str, at: usize) -> bool {
    const FARTHEST: usize = 4096;
    let own = line_before(text, at).len();
    let before = Span::new(at.saturating_sub(FARTHEST), at).narrowed(text).of(text);
    let outer = before.lines().rev().skip(1).find(|line| !line.trim().is_empty() && line.len() - line.trim_start().len() < own);
    outer.is_some_and(|line| {
        let lower = line.trim_start().to_ascii_lowercase();
        lower.starts_with("class ") && (lower.contains("config") || lower.contains("setting"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, proptest};

    use super::{Code, Format};
    use crate::formats::format::Claim;
    use crate::formats::lines::check;

    fn found(text: &str) -> Vec<(String, String)> {
        let hits = Code.parse(text).expect("any text parses");
        hits.iter().map(|s| (s.name().to_owned(), s.value.expose().to_owned())).collect()
    }

    #[test]
    fn expressions_types_and_comments_are_no_settings() {
        for text in [
            "let token = get_token();\n",
            "password: user.password(),\n",
            "pub colon_token: Token![:],\n",
            "const LIMIT_KEY: u32 = lookup(3);\n",
            "/// let password = \"kettle-drum-9\";\n",
            "# DB_PASSWORD = 'kettle-drum-9'\n",
            "x = 1  # token = 'kettle-drum-9'\n",
            "def connect(verify=False):\n",
            "debug = 1;\n",
            "create_debug.enabled = enabled;\n",
            "def f():\n    \"\"\"Logs in.\n\n    login(db_password='kettle-drum-9')\n    \"\"\"\n",
            "EXAMPLES = r'''\n- db_password: 'kettle-drum-9'\n'''\n",
            "x = {\n  /**\n  db_password: 'kettle-drum-9',\n  rejectUnauthorized: false\n  */\n}\n",
            "  /* 'a' => [\n    'db_password' => 'kettle-drum-9',\n  ],*/\n",
            "class LogLevel(IntEnum):\n    INFO = 0\n    DEBUG = 1\n",
            "const (\n\tDEBUG = 1\n)\n",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn quotes_without_an_end_cost_what_other_text_does() {
        let started = std::time::Instant::now();
        let three = "\"".repeat(3);
        for text in [three.clone(), "'''".to_owned(), "\"".to_owned(), format!("{three}\npassword = 'kettle-drum-9'\n{three}\n")] {
            found(&text.repeat(400_000 / text.len()));
        }
        // a search of the rest of the text for each quote takes minutes
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    #[test]
    fn literals_defaults_and_switches_are_kept() {
        for (text, name, value) in [
            ("DB_PASSWORD = 'kettle-drum-9'\n", "DB_PASSWORD", "kettle-drum-9"),
            ("key = os.getenv('TEA_KEY', 'kettle')\n", "TEA_KEY", "kettle"),
            ("requests.get(url, verify=False)\n", "verify", "False"),
            ("CONF = \"\"\"\nDB_PASSWORD='kettle-drum-9'\n\"\"\"\n", "DB_PASSWORD", "kettle-drum-9"),
            ("DEBUG = True\n", "DEBUG", "True"),
            ("class Config:\n    DEBUG = True\n", "DEBUG", "True"),
            ("DEBUG = config('DEBUG', default=True, cast=bool)\n", "DEBUG", "True"),
            ("DEBUG = int(os.environ.get('DEBUG', 1))\n", "DEBUG", "1"),
            ("'debug' => (bool) env('APP_DEBUG', true),\n", "APP_DEBUG", "true"),
            ("app.run(debug=True)\n", "debug", "True"),
            ("  rejectUnauthorized: false,\n", "rejectUnauthorized", "false"),
            ("ctx.check_hostname = False\n", "ctx.check_hostname", "False"),
            ("define('DB_PASSWORD', 'kettle-drum-9');\n", "DB_PASSWORD", "kettle-drum-9"),
            ("#define TEA_SECRET = \"kettle-drum-9\"\n", "TEA_SECRET", "kettle-drum-9"),
            ("IGNORED = \"\"\"\n/*.log\n\"\"\"\ndb_password = 'kettle-drum-9'\nOTHER = \"*/\"\n", "db_password", "kettle-drum-9"),
            ("a := `\n/* hint\n`\ndb_password := \"kettle-drum-9\"\n/* real */\n", "db_password", "kettle-drum-9"),
            ("x = {\n  glob: 'src/*',\n  db_password: 'kettle-drum-9',\n  other: '*/'\n}\n", "db_password", "kettle-drum-9"),
        ] {
            assert!(found(text).contains(&(name.to_owned(), value.to_owned())), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn names_and_interpreters() {
        assert_eq!(Code.claims("a.rs", "a.rs", ""), Claim::Name);
        assert_eq!(Code.claims("settings.py", "settings.py", ""), Claim::Name);
        assert_eq!(Code.claims("manage", "manage", "#!/usr/bin/env python3\n"), Claim::Content);
        assert_eq!(Code.claims("a.env", "a.env", ""), Claim::No);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn any_text_can_be_read(text in "([=:#/(){}'\"\\\\ aé;\n]|\npassword=|debug = ){0,30}") {
            check(&Code, &text, "x");
        }
    }
}
