//! What holds back programs and documents in which no rule can find anything, made of the rules.

use crate::detect::{Asked, Detectors, Interest};
use crate::formats::{Concern, Sieve, Sieves};

/// Sieves for what `detectors` ask for; `None` where their rules may speak of anything.
#[must_use]
pub fn sieves(detectors: &Detectors) -> Option<Sieves> {
    let sieve = |code: bool| {
        let interest = Interest::of(detectors, code)?;
        let (names, texts) = (interest.signs(), interest.literals().map(str::to_owned).collect::<Vec<_>>());
        let concern = move |name: &str| match interest.of_name(name) {
            Asked::Not => None,
            Asked::AsSecret => Some(Concern::Secret),
            Asked::ByRule => Some(Concern::Setting),
        };
        Some(Sieve::new(code, names, &texts, concern))
    };
    Some(Sieves { code: sieve(true)?, prose: sieve(false)? })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::sieves;
    use crate::config::Network;
    use crate::config::environment::{self, Facts};
    use crate::detect::{Circumstances, Detectors};
    use crate::formats::{self, Glance, Sieves};
    use crate::model::severity::Profile;
    use crate::rules::load::RuleSet;
    use crate::rules::{builtin, parse};
    use crate::scan::selftest::MARK;
    use zeroize::Zeroizing;

    /// The rules that find something in `text` as a file `name`, and whether they would be asked.
    fn found(detectors: &Detectors, sieves: &Sieves, name: &str, text: &str) -> (Vec<String>, bool) {
        let environment = environment::of(name, &Facts::default());
        let whole = formats::parse(name, text.as_bytes(), environment);
        let found: Vec<String> = detectors.run(&whole, Circumstances::default()).findings.into_iter().map(|f| f.rule).collect();
        let held = match formats::glance(name, Zeroizing::new(text.to_owned()), environment, sieves) {
            Glance::Whole(_) => false,
            Glance::Nothing(..) => true,
            Glance::Parts(document) => detectors.passes(&document, Circumstances::default()),
        };
        (found, !held)
    }

    fn files_below(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder of the project").flatten() {
            let path = entry.path();
            match (path.is_dir(), std::fs::read_to_string(&path)) {
                (true, _) => files_below(&path, found),
                (false, Ok(text)) => found.push(text),
                (false, Err(_)) => {}
            }
        }
    }

    /// A text is as good as any: what a rule finds in it when all of it is read, it must find behind the sieve, too.
    #[test]
    fn nothing_that_a_rule_finds_is_held_back() {
        let set = RuleSet::builtin();
        let detectors = Detectors::compile(set.rules(), Profile::Strict, &Network::default()).expect("the built-in rules");
        let sieves = sieves(&detectors).expect("the built-in rules ask for names");
        let files = builtin::sources().iter().map(|(_, text)| parse(text).expect("a built-in file"));
        let examples = files.flat_map(|file| file.rules).flat_map(|written| written.examples);
        let mut texts: Vec<String> = examples.map(|example| example.input.replace(MARK, "")).collect();
        for quotes in [["\"", "\""], ["b\"", "\""], ["r'", "'"], ["@\"", "\""], ["`", "`"]] {
            texts.push(format!("<x name={0}db_password{1}\n  value={0}hunter2{1}>\n", quotes[0], quotes[1]));
            texts.push(format!("key: {0}db_password{1}, x: 1, value: {0}hunter2{1}\n", quotes[0], quotes[1]));
        }
        texts.extend(
            ["ENV NODE_TLS_REJECT_UNAUTHORIZED 0\n", "words\nENV DB_PASSWORD x\n", "DB_PASSWORD =\n    \"hunter2\"\n"].map(str::to_owned),
        );
        // names of which readers take more or less, and what reads a token from the line before
        texts.extend(
            [
                "<input name=\"2fa_password\" value=\"Xk39fjw02kfLqz81\">\n",
                "- name: 2fa_password\n  value: Xk39fjw02kfLqz81\n",
                "{\"name\": \"2fa_secret\",\n \"value\": \"Xk39fjw02kfLqz81\"}\n",
                "`enabled.password`: `Xk39fjw02kfLqz81`\n",
                "x = process.env[\"3allow.url.pwd2\"] || \"Xk39fjw02kfLqz81\"\n",
            ]
            .map(str::to_owned),
        );
        let token =
            ["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", "eyJzdWIiOiJvcHMifQ.", "Svvqk9mTvYx9DUgWm0ccNAlc733ABvbhQAmKijAHqWs"].concat();
        texts.push(format!("x = process.env.MY ||\n  \"{token}\"\n"));
        texts.push(format!("x = os.environ.get(\n    \"MY\",\n    \"{token}\",\n)\n"));
        let bot = ["6067572472", ":AA", "Hk3vQp8sLmX2tRw9YbNc4HfJ7sQmZd1xE"].concat();
        ["%26", "%3A", "%2F", "%22", "%0A", "%20"].iter().for_each(|escape| texts.push(format!("u = \"a{escape}{bot}\"\n")));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        ["fixtures", "tests/cmd", "src/formats", "src/tokens", "src/keys"]
            .iter()
            .for_each(|folder| files_below(&root.join(folder), &mut texts));
        let (mut findings, mut held) = (0, 0);
        for text in &texts {
            for name in ["notes.md", "a.py", "a.js", "b/a.go", "a.rs", "a.txt"] {
                let (rules, asked) = found(&detectors, &sieves, name, text);
                let shown: String = text.chars().take(400).collect();
                assert!(asked || rules.is_empty(), "{name}: {rules:?} in {shown}");
                findings += rules.len();
                held += usize::from(!asked);
            }
        }
        assert!(findings > 2_000 && held > 500, "{findings} findings, {held} texts held back");
    }

    #[test]
    fn a_rule_that_may_speak_of_anything_switches_it_off() {
        let mut set = RuleSet::builtin();
        let rule = r#"
schema = 1
[[rule]]
id         = "kettle"
title      = "Kettle"
class      = "insecure-setting"
topic      = "kettle"
severity   = "low"
confidence = "high"
message    = "{key} speaks of a kettle"
help       = "do not"
why        = "For the test."
references = []
controls   = { cwe = [1] }
  [rule.match]
  value.regex = "(?i)kettle"
  [rule.fix]
  strategy = "suggest"
  fix      = "manual"
"#;
        set.extend("own.toml", rule).expect("a rule");
        let detectors = Detectors::compile(set.rules(), Profile::Production, &Network::default()).expect("the rule is sound");
        assert!(sieves(&detectors).is_none());
    }
}
