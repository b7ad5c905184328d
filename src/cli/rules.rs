//! `harden rules`: list, explain, test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use harden::detect::Detectors;
use harden::disk::read::Links;
use harden::rules::builtin;
use harden::rules::parse;
use harden::rules::schema::{Prose, Reach, Rule, RuleFile};
use harden::scan::selftest;

use super::args::{Global, RulesCommand};
use super::exit::{Exit, Failure};
use super::policy::Policy;
use super::project::{Project, own_rule_files, text};
use super::ui;

/// Runs one of the three.
pub(crate) fn run(command: &RulesCommand, global: &Global) -> Result<Exit, Failure> {
    match command {
        RulesCommand::List { format } => {
            let project = Project::load(&[], global.no_config)?;
            if format == "markdown" { answer(&reference(&project)) } else { list(&project) }
        }
        RulesCommand::Explain { id } => explain(&Project::load(&[], global.no_config)?, id),
        RulesCommand::Test { file } => test(file.as_deref(), global.no_config),
    }
}

fn list(project: &Project) -> Result<Exit, Failure> {
    let mut rules: Vec<&Rule> = project.rules.rules().iter().collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    let widest = rules.iter().map(|r| r.id.len()).max().unwrap_or(0);
    let mut out = String::new();
    for rule in &rules {
        let _ = writeln!(out, "{:widest$}  {:16}  {:8}  {}", rule.id, rule.class, rule.severity, rule.title);
    }
    answer(&out)
}

/// The reference: a table for each topic, then what there is to say of each rule.
fn reference(project: &Project) -> String {
    let mut topics: BTreeMap<&str, Vec<(&Rule, &Prose)>> = BTreeMap::new();
    for (rule, prose) in project.rules.rules().iter().filter_map(|rule| project.rules.get(&rule.id)) {
        let topic = if rule.topic.is_empty() { rule.class.word() } else { &*rule.topic };
        topics.entry(topic).or_default().push((rule, prose));
    }
    let mut out = format!("# Rule reference\n\n{REFERENCE_HEAD}\n\n");
    for topic in topics.keys() {
        let _ = writeln!(out, "- [{topic}](#topic-{topic})");
    }
    for (topic, rules) in &mut topics {
        rules.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let _ = write!(out, "\n## Topic: {topic}\n\n| rule | title | class | severity | profile | fix |\n|---|---|---|---|---|---|\n");
        for (rule, _) in rules.iter() {
            let profile = if rule.strict { "strict" } else { "all" };
            let (id, title, class, severity) = (&rule.id, cell(&rule.title), rule.class, rule.severity);
            let _ = writeln!(out, "| [{id}](#{id}) | {title} | {class} | {severity} | {profile} | {} |", reach_word(rule));
        }
        rules.iter().for_each(|(rule, prose)| entry(&mut out, rule, prose));
    }
    out
}

const REFERENCE_HEAD: &str = "Written by `harden rules list --format markdown`: change the rules in `rules/`, not this page. `harden rules explain ID` shows the same of one rule, \
with an example. Severities are those of a production file; rules of the profile strict are looked for with `--profile strict` only. \
How rules are written: [writing-rules.md](writing-rules.md).";

fn entry(out: &mut String, rule: &Rule, prose: &Prose) {
    let _ = write!(out, "\n### {}\n\n{}. {}\n", rule.id, rule.title, prose.why);
    if !rule.help.is_empty() {
        let _ = write!(out, "\nWhat to do: {}.\n", rule.help.trim_end_matches('.'));
    }
    rule.repair.needs.iter().for_each(|need| {
        let _ = write!(out, "\nNeeded for it: {need}.\n");
    });
    let mut controls: Vec<String> = prose.controls.iter().map(|(name, ids)| format!("{name} {}", ids.join(", "))).collect();
    if !prose.cwe.is_empty() {
        controls.push(format!("cwe {}", prose.cwe.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")));
    }
    if !controls.is_empty() {
        let _ = write!(out, "\nControls: {}.\n", controls.join("; "));
    }
    if !prose.references.is_empty() {
        let links: Vec<String> = prose.references.iter().map(|link| format!("<{link}>")).collect();
        let _ = write!(out, "\nReferences: {}\n", links.join(", "));
    }
}

/// Text that stays within its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn reach_word(rule: &Rule) -> String {
    match rule.repair.reach {
        Reach::ByKind => "by kind of secret".to_owned(),
        Reach::Always(fix) => fix.to_string(),
    }
}

fn explain(project: &Project, id: &str) -> Result<Exit, Failure> {
    let Some((rule, prose)) = project.rules.get(id) else {
        let failure = Failure::new(format!("there is no rule `{id}`"));
        return Err(match project.rules.nearest(id) {
            Some(near) => failure.hint(format!("nearest is `{near}`; `harden rules list` shows all")),
            None => failure.hint("`harden rules list` shows all"),
        });
    };
    answer(&page(rule, prose, example(id).as_deref()))
}

/// What a built-in rule finds, from its own tests. A rule of the project stands, with its tests, in the project.
fn example(id: &str) -> Option<String> {
    let files = builtin::sources().iter().filter(|(_, text)| text.contains(id));
    let mut rules = files.filter_map(|(_, text)| parse(text).ok()).flat_map(|file| file.rules);
    let written = rules.find(|written| written.rule.id == id)?;
    written.examples.into_iter().find(|example| example.expect == "match").map(|example| example.input.replace(selftest::MARK, ""))
}

/// The page of a rule: fixed headings, so that every page reads the same.
fn page(rule: &Rule, prose: &Prose, example: Option<&str>) -> String {
    let mut out = format!("{}: {}\n\n", rule.id, rule.title);
    let _ = writeln!(out, "class       {}{}", rule.class, if rule.topic.is_empty() { String::new() } else { format!(" ({})", rule.topic) });
    let _ = writeln!(out, "severity    {}; confidence {}", rule.severity, rule.confidence);
    let formats = if rule.formats.is_empty() { "all".to_owned() } else { rule.formats.join(", ") };
    let _ = writeln!(out, "formats     {formats}");
    if rule.strict {
        let _ = writeln!(out, "profile     strict: only `harden scan --profile strict` looks for it");
    }
    if !prose.why.is_empty() {
        let _ = write!(out, "\nWhy it matters\n  {}\n", prose.why);
    }
    if let Some(example) = example {
        out.push_str("\nExample\n");
        example.trim_matches('\n').lines().for_each(|line| {
            let _ = writeln!(out, "  {line}");
        });
    }
    let reach = match rule.repair.reach {
        Reach::ByKind => "the kind of the secret decides how far `harden fix` goes".to_owned(),
        Reach::Always(fix) => fix.to_string(),
    };
    let _ = write!(out, "\nFix ({reach})\n  {}\n", if rule.help.is_empty() { "see the references" } else { &rule.help });
    rule.repair.needs.iter().for_each(|need| {
        let _ = writeln!(out, "  needs: {need}");
    });
    if !prose.controls.is_empty() || !prose.cwe.is_empty() {
        out.push_str("\nControls\n");
        if !prose.cwe.is_empty() {
            let _ = writeln!(out, "  {:12}{}", "cwe", prose.cwe.iter().map(u32::to_string).collect::<Vec<_>>().join(", "));
        }
        for (name, ids) in prose.controls.iter() {
            let _ = writeln!(out, "  {name:12}{}", ids.join(", "));
        }
    }
    if !prose.references.is_empty() {
        out.push_str("\nReferences\n");
        prose.references.iter().for_each(|link| {
            let _ = writeln!(out, "  {link}");
        });
    }
    out
}

fn test(file: Option<&Path>, no_config: bool) -> Result<Exit, Failure> {
    let mut files: Vec<(String, String)> = Vec::new();
    match file {
        Some(path) => files.push((path.display().to_string(), text(path, Links::Follow)?)),
        None => {
            files.extend(builtin::sources().iter().map(|(name, text)| (format!("built-in {name}"), (*text).to_owned())));
            if !no_config {
                let config = Project::load(&[], no_config)?.config;
                for path in own_rule_files(&Policy::Lying, config.as_ref(), Path::new("."))? {
                    files.push((path.display().to_string(), text(&path, Links::Refuse)?));
                }
            }
        }
    }
    let (mut rules, mut examples, mut missed) = (0, 0, 0);
    for (name, text) in &files {
        let parsed: RuleFile = parse(text).map_err(|e| Failure::new(format!("{name}, {e}")))?;
        let (count, misses) = selftest::run(&parsed);
        rules += parsed.rules.len();
        examples += count;
        missed += misses.len();
        let own: Vec<Rule> = parsed.rules.into_iter().map(|written| written.rule).collect();
        if let Err(error) = Detectors::check_patterns(&own) {
            missed += 1;
            ui::error(&format!("{name}: {error}"));
        }
        for miss in misses {
            let which = if miss.example > 0 { format!(", test {}", miss.example) } else { String::new() };
            ui::error(&format!("{name}: rule `{}`{which}: {}", miss.rule, miss.what));
        }
    }
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    answer(&format!("{rules} rule{}, {examples} example{}, {missed} failed\n", plural(rules), plural(examples)))?;
    Ok(if missed > 0 { Exit::Findings } else { Exit::Clean })
}

/// A rule of the project may hold any character: none of them steers the terminal.
fn answer(text: &str) -> Result<Exit, Failure> {
    match io::stdout().write_all(ui::printable(text).as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!("the answer cannot be written: {}", e.kind()))),
        _ => Ok(Exit::Clean),
    }
}
