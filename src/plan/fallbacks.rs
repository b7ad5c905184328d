//! How languages read a variable of the environment with a literal that runs when it is unset, and how they read one that must be there.
//!
//! A row fits where the bytes before the literal and those behind it are nothing else; what is only like it is left to a person.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::span::Span;

/// A way to write a default.
struct Row {
    /// Extensions of files.
    languages: &'static [&'static str],
    /// What ends where the literal's quote begins. `{N}` is the name in quotes, `{n}` the bare name; the group `from` begins what goes, where
    /// that is more than the literal.
    before: &'static str,
    /// What begins behind the literal's closing quote and goes with it; empty where the literal ends the expression.
    after: &'static str,
    /// What comes: `NAME` the name, `'` the quote of the literal, a tab the indentation of the line.
    becomes: &'static str,
    /// What the file must hold for that to mean anything there.
    wants: &'static str,
}

const JS: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];
const THROW: &str = "(() => { throw new Error('NAME is not set') })()";
const PHP: &str = "(function () { throw new \\RuntimeException('NAME is not set'); })()";
const RUST: &str = ".expect(\"NAME is not set\")";
const GO: &str = "func() string {\n\t\tvalue := os.Getenv(\"NAME\")\n\t\tif value == \"\" {\n\t\t\tpanic(\"NAME is not set\")\n\t\t}\n\t\treturn value\n\t}()";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { languages: JS, before: r"(?:process|Bun)\.env\.{n}\s*(?:\|\||\?\?)\s*", after: "", becomes: THROW, wants: "" },
    Row { languages: JS, before: r"(?:process|Bun)\.env\[{N}\]\s*(?:\|\||\?\?)\s*", after: "", becomes: THROW, wants: "" },
    Row { languages: JS, before: r"Deno\.env\.get\({N}\)\s*(?:\|\||\?\?)\s*", after: "", becomes: THROW, wants: "" },
    Row { languages: &["py"], before: r"(?P<from>os\.environ\.get\()\s*{N}\s*,\s*", after: r"\s*,?\s*\)", becomes: "os.environ['NAME']", wants: "" },
    Row { languages: &["py"], before: r"(?P<from>os\.getenv\()\s*{N}\s*,\s*(?:default\s*=\s*)?", after: r"\s*,?\s*\)", becomes: "os.environ['NAME']", wants: "" },
    Row { languages: &["py"], before: r"(?P<from>os\.(?:getenv|environ\.get)\()\s*{N}\s*\)\s*or\s+", after: "", becomes: "os.environ['NAME']", wants: "" },
    Row { languages: &["py"], before: r"(?P<from>config\()\s*{N}\s*,\s*default\s*=\s*", after: r"\s*,?\s*\)", becomes: "config('NAME')", wants: "from decouple import" },
    Row { languages: &["py"], before: r"(?P<from>env(?:\.str)?\()\s*{N}\s*,\s*default\s*=\s*", after: r"\s*,?\s*\)", becomes: "env('NAME')", wants: "import environ" },
    Row { languages: &["rb", "rake", "ru"], before: r"(?P<from>ENV\.fetch\()\s*{N}\s*,\s*", after: r"\s*\)", becomes: "ENV.fetch('NAME')", wants: "" },
    Row { languages: &["rb", "rake", "ru"], before: r"(?P<from>ENV\.fetch\()\s*{N}\s*\)\s*\{\s*", after: r"\s*\}", becomes: "ENV.fetch('NAME')", wants: "" },
    Row { languages: &["rb", "rake", "ru"], before: r"(?P<from>ENV\[)\s*{N}\s*\]\s*\|\|\s*", after: "", becomes: "ENV.fetch('NAME')", wants: "" },
    Row { languages: &["php"], before: r"getenv\(\s*{N}\s*\)\s*\?:\s*", after: "", becomes: PHP, wants: "" },
    Row { languages: &["php"], before: r"\$_(?:ENV|SERVER)\[\s*{N}\s*\]\s*(?:\?:|\?\?)\s*", after: "", becomes: PHP, wants: "" },
    Row { languages: &["go"], before: r"(?P<from>\b(?i:get_?env\w*|env_?or\w*|env\w*default\w*)\()\s*{N}\s*,\s*", after: r"\s*\)", becomes: GO, wants: "\"os\"" },
    Row { languages: &["rs"], before: r"env::var\(\s*{N}\s*\)\s*(?P<from>\.unwrap_or(?:_else)?\()\s*(?:\|_\w*\|\s*)?", after: r"(?:\.(?:to_string|to_owned|into)\(\))?\s*\)", becomes: RUST, wants: "" },
    Row { languages: &["java", "kt"], before: r"(?P<from>System\.getenv\(\)\s*\.getOrDefault\()\s*{N}\s*,\s*", after: r"\s*\)", becomes: "java.util.Objects.requireNonNull(System.getenv(\"NAME\"), \"NAME is not set\")", wants: "" },
    Row { languages: &["java"], before: r"Optional\.ofNullable\(\s*System\.getenv\(\s*{N}\s*\)\s*\)\s*(?P<from>\.orElse\()\s*", after: r"\s*\)", becomes: ".orElseThrow(() -> new IllegalStateException(\"NAME is not set\"))", wants: "" },
    Row { languages: &["kt", "kts"], before: r"System\.getenv\(\s*{N}\s*\)\s*\?:\s*", after: "", becomes: "error(\"NAME is not set\")", wants: "" },
    Row { languages: &["cs"], before: r"Environment\.GetEnvironmentVariable\(\s*{N}\s*\)\s*\?\?\s*", after: "", becomes: "throw new System.InvalidOperationException(\"NAME is not set\")", wants: "" },
    Row { languages: &["ex", "exs"], before: r"(?P<from>System\.get_env\()\s*{N}\s*,\s*", after: r"\s*\)", becomes: "System.fetch_env!(\"NAME\")", wants: "" },
    Row { languages: &["ex", "exs"], before: r"(?P<from>System\.get_env\()\s*{N}\s*\)\s*\|\|\s*", after: "", becomes: "System.fetch_env!(\"NAME\")", wants: "" },
];

/// Whether an expression begins behind `before`: an assignment, an argument, an item, an answer.
fn begins(before: &str) -> bool {
    let before = before.strip_suffix("System.").unwrap_or(before).trim_end();
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if !word.is_empty() {
        return matches!(word, "return" | "default");
    }
    let compares = ["==", "!=", "<=", ">="].iter().any(|sign| before.ends_with(sign));
    before.is_empty()
        || !compares && (before.ends_with(['=', '(', ',', ':', '{', '[', ';']) || before.ends_with("=>") || before.ends_with("->"))
}

/// A default and what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// The variable.
    pub(super) name: String,
    /// The bytes that go.
    pub(super) span: Span,
    /// What comes. It holds no value.
    pub(super) text: String,
}

/// The rows as patterns: of what is before, and of what is behind.
static PATTERNS: LazyLock<Vec<(&'static Row, Regex, Option<Regex>)>> = LazyLock::new(|| {
    ROWS.iter()
        .filter_map(|row| {
            let named = row.before.replace("{N}", r#"["'](?P<name>[A-Za-z_]\w*)["']"#).replace("{n}", r"(?P<name>[A-Za-z_]\w*)");
            let before = Regex::new(&format!(r"(?:^|[^\w.$]){named}$")).ok()?;
            let after = if row.after.is_empty() { None } else { Some(Regex::new(&format!("^(?:{})", row.after)).ok()?) };
            Some((row, before, after))
        })
        .collect()
});

/// The most bytes that are looked at before a literal and behind it.
const WINDOW: usize = 256;

/// The default that the literal `inner` (without its quotes) of the file at `path` is, where a row fits it.
pub(super) fn read_at(path: &str, text: &str, inner: Span) -> Option<Read> {
    let extension = path.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
    let quote = text.get(inner.end..)?.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let open = inner.start.checked_sub(1).filter(|&i| text.as_bytes().get(i) == Some(&(quote as u8)))?;
    let from = Span::new(open.saturating_sub(WINDOW), open).narrowed(text);
    let behind = Span::new(inner.end + 1, inner.end + 1 + WINDOW).narrowed(text).of(text);
    if inner.of(text).contains('\n') || quote == '`' && inner.of(text).contains("${") {
        return None;
    }
    let rows = PATTERNS.iter().filter(|(row, ..)| row.languages.contains(&extension.as_str()) && text.contains(row.wants));
    rows.filter_map(|(row, before, after)| {
        let found = before.captures(from.of(text))?;
        // an operator before it may take the read alone, or the read and what it falls back to
        let whole = found.get(0)?;
        // the pattern begins with what parts it from a longer name
        let parted = whole.as_str().chars().next().filter(|c| !(c.is_ascii_alphanumeric() || "_$".contains(*c))).map_or(0, char::len_utf8);
        if after.is_none() && !begins(text.get(..from.start + whole.start() + parted)?) {
            return None;
        }
        let name = found.name("name")?.as_str();
        let end = match after {
            Some(after) => inner.end + 1 + after.find(behind)?.end(),
            None if ends(behind) => inner.end + 1,
            None => return None,
        };
        let start = found.name("from").map_or(open, |m| from.start + m.start());
        let quote = if quote == '`' { "'".to_owned() } else { quote.to_string() };
        let line = text.get(..start)?.rsplit('\n').next().unwrap_or("");
        let indent: String = line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
        let lines = row.becomes.replace("\n\t", &format!("\n{indent}"));
        let lines = if text.contains("\r\n") { lines.replace('\n', "\r\n") } else { lines };
        let text = if row.becomes.contains('"') { lines } else { lines.replace('\'', &quote) };
        Some(Read { name: name.to_owned(), span: Span::new(start, end), text: text.replace("NAME", name) })
    })
    .next()
}

/// Whether an expression ends before `behind`: a closing sign, or the end of a line that the next one does not go on with.
fn ends(behind: &str) -> bool {
    let rest = behind.trim_start_matches([' ', '\t']);
    match rest.chars().next() {
        None | Some(')' | ',' | ';' | ']' | '}') => true,
        Some('\n' | '\r') => !rest.trim_start().starts_with(|c: char| "+.?|&*/%-=<>([`:".contains(c)),
        Some('#') => true,
        Some('/') => rest.starts_with("//"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{PATTERNS, ROWS, read_at};
    use crate::model::span::Span;

    fn changed(path: &str, text: &str) -> Option<String> {
        let start = text.find("kettle")?;
        let read = read_at(path, text, Span::new(start, start + "kettle".len()))?;
        assert_eq!(read.name, "TEA_KEY", "{text}");
        Some([&text[..read.span.start], &read.text, &text[read.span.end..]].concat())
    }

    #[test]
    fn every_row_is_a_pattern() {
        assert_eq!(PATTERNS.len(), ROWS.len());
    }

    #[test]
    fn a_default_becomes_the_failing_read_of_its_language() {
        for (path, text, want) in [
            (
                "a.js",
                "x = process.env.TEA_KEY || 'kettle';",
                "x = process.env.TEA_KEY || (() => { throw new Error('TEA_KEY is not set') })();",
            ),
            (
                "a.ts",
                "x(process.env['TEA_KEY'] ??\n  \"kettle\")",
                "x(process.env['TEA_KEY'] ??\n  (() => { throw new Error(\"TEA_KEY is not set\") })())",
            ),
            (
                "a.ts",
                "k: Deno.env.get('TEA_KEY') ?? `kettle`,",
                "k: Deno.env.get('TEA_KEY') ?? (() => { throw new Error('TEA_KEY is not set') })(),",
            ),
            ("a.py", "x = os.environ.get('TEA_KEY', 'kettle').encode()", "x = os.environ['TEA_KEY'].encode()"),
            ("a.py", "x = os.getenv(\n    \"TEA_KEY\", \"kettle\",\n)", "x = os.environ[\"TEA_KEY\"]"),
            ("a.py", "x = os.getenv('TEA_KEY') or \"kettle\"  # tea", "x = os.environ[\"TEA_KEY\"]  # tea"),
            (
                "a.py",
                "from decouple import config\nx = config('TEA_KEY', default='kettle')",
                "from decouple import config\nx = config('TEA_KEY')",
            ),
            ("a.rb", "x = ENV.fetch('TEA_KEY', 'kettle')", "x = ENV.fetch('TEA_KEY')"),
            ("a.rb", "x = ENV.fetch(\"TEA_KEY\") { \"kettle\" }", "x = ENV.fetch(\"TEA_KEY\")"),
            ("a.rb", "x = ENV['TEA_KEY'] || 'kettle'\n", "x = ENV.fetch('TEA_KEY')\n"),
            (
                "a.php",
                "$x = getenv('TEA_KEY') ?: 'kettle';",
                "$x = getenv('TEA_KEY') ?: (function () { throw new \\RuntimeException('TEA_KEY is not set'); })();",
            ),
            (
                "a.rs",
                "let x = std::env::var(\"TEA_KEY\").unwrap_or_else(|_| \"kettle\".to_string());",
                "let x = std::env::var(\"TEA_KEY\").expect(\"TEA_KEY is not set\");",
            ),
            (
                "A.java",
                "x = System.getenv().getOrDefault(\"TEA_KEY\", \"kettle\");",
                "x = java.util.Objects.requireNonNull(System.getenv(\"TEA_KEY\"), \"TEA_KEY is not set\");",
            ),
            (
                "a.kt",
                "val x = System.getenv(\"TEA_KEY\") ?: \"kettle\"\nval y",
                "val x = System.getenv(\"TEA_KEY\") ?: error(\"TEA_KEY is not set\")\nval y",
            ),
            (
                "a.cs",
                "x = Environment.GetEnvironmentVariable(\"TEA_KEY\") ?? \"kettle\";",
                "x = Environment.GetEnvironmentVariable(\"TEA_KEY\") ?? throw new System.InvalidOperationException(\"TEA_KEY is not set\");",
            ),
            ("a.exs", "x: System.get_env(\"TEA_KEY\") || \"kettle\",", "x: System.fetch_env!(\"TEA_KEY\"),"),
        ] {
            assert_eq!(changed(path, text).as_deref(), Some(want), "{text}");
        }
        let go = changed("a.go", "import \"os\"\nfunc f() {\n\tx := getEnv(\"TEA_KEY\", \"kettle\")\n}").unwrap();
        assert!(go.contains("\tx := func() string {\n\t\tvalue := os.Getenv(\"TEA_KEY\")\n\t\tif value == \"\" {\n\t\t\tpanic(\"TEA_KEY is not set\")\n\t\t}\n\t\treturn value\n\t}()\n}"), "{go}");
    }

    #[test]
    fn what_is_only_like_it_is_left_alone() {
        for (path, text) in [
            ("a.js", "x = process.env.TEA_KEY || 'kettle' + y"),
            ("a.js", "x = process.env.TEA_KEY || 'kettle'\n  .trim()"),
            ("a.js", "x = process.env.TEA_KEY === 'kettle'"),
            ("a.js", "x = process.env.TEA_KEY || y || 'kettle'"),
            ("a.js", "x = other.process.env.TEA_KEY || 'kettle'"),
            ("a.js", "x = import.meta.env.TEA_KEY || 'kettle'"),
            ("a.js", "const { TEA_KEY = 'kettle' } = process.env"),
            ("a.js", "x = process.env.TEA_KEY || `kettle${y}`"),
            ("a.py", "x = getenv('TEA_KEY', 'kettle')"),
            ("a.py", "x = config('TEA_KEY', default='kettle')"),
            ("a.py", "x = os.getenv('TEA_KEY', 'kettle' + y)"),
            ("a.py", "x = settings.os.getenv('TEA_KEY', 'kettle')"),
            ("a.php", "$x = getenv('TEA_KEY') ?? 'kettle';"),
            ("a.php", "$x = env('TEA_KEY', 'kettle');"),
            ("a.go", "x := getEnv(\"TEA_KEY\", \"kettle\")"),
            ("a.go", "import \"os\"\nos.Setenv(\"TEA_KEY\", \"kettle\")"),
            ("a.rs", "let x = option_env!(\"TEA_KEY\").unwrap_or(\"kettle\");"),
            ("a.txt", "x = process.env.TEA_KEY || 'kettle';"),
        ] {
            assert_eq!(changed(path, text), None, "{text}");
        }
    }
}
