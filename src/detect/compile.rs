//! Rules to tests, and tests over a document.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use super::FAMILIES;
use super::circumstances::Circumstances;
use super::dispatch::Dispatch;
use super::family::Test;
use super::kept::{is_no_secret_there, keep_the_innermost, keep_the_worst};
use super::message;
use super::neighbours::Neighbourhood;
use super::possible::{looks_around, possible};
use super::rule_set::Set;
use super::source::is_copy;
use super::subject::Subject;
use super::value::check_regex;
use super::weight::{at_stage, reach, severity_in};
use crate::config::{InternalPlaintext, Network};
use crate::dsn::HostClass;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Profile, Severity};
use crate::model::span::Span;
use crate::rules::schema::{Argument, Predicate, Rule};
use crate::strength::judge::ValueClass;
use crate::strength::name::NameClass;

/// A rule whose conditions mean nothing to any detector. No file was looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule `{rule}`: {problem}")]
pub struct CompileError {
    /// Id of the rule.
    pub rule: String,
    /// What is wrong.
    pub problem: String,
}

/// Compiled rules. Shared by all threads.
pub struct Detectors {
    rules: Vec<Compiled>,
    dispatch: Dispatch,
    profile: Profile,
    network: Network,
    hasher: RandomState,
}

struct Compiled {
    /// Place among the compiled rules.
    index: usize,
    rule: Rule,
    test: Test,
    /// Whether the rule speaks of this setting at all, for the count of settings that are in order.
    concerns: Option<Test>,
    when: Vec<(Test, Severity)>,
    at: Target,
    /// Whether it tells of what is missing around the setting: that is said beside anything else that the setting shows.
    missing: bool,
    /// Whether it may find something, as far as the setting alone can tell.
    possible: Option<Test>,
}

/// Which part of the value a rule's findings point at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Literal,
    UrlPassword,
    Token,
}

/// Something that can be right or wrong, whether or not it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The id that findings refer to; it holds for this run only.
    pub id: u64,
    /// The deployment that its file speaks for.
    pub environment: Environment,
    /// What it is.
    pub what: Sort,
}

/// What can be right or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A password or token.
    Secret,
    /// A signing or encryption key.
    Key,
    /// A connection.
    Connection,
    /// What a rule of this index in [`Detectors::rule`] speaks of.
    Setting(usize),
}

/// What one document gave.
#[derive(Default)]
pub struct Outcome {
    /// Findings by place. Fingerprints are still empty.
    pub findings: Vec<Finding>,
    /// Everything that could have been at fault.
    pub seen: Vec<Seen>,
    /// Whether another day may find more: a certificate ends.
    pub dated: bool,
}

impl Detectors {
    /// Compiles `rules`.
    ///
    /// # Errors
    /// [`CompileError`] for the first condition that no family knows, or whose argument it cannot use.
    pub fn compile(rules: &[Rule], profile: Profile, network: &Network) -> Result<Self, CompileError> {
        let rules = rules
            .iter()
            .filter(|rule| !rule.strict || profile == Profile::Strict)
            .enumerate()
            .map(|(i, rule)| compile(i, rule).map_err(|problem| CompileError { rule: rule.id.to_string(), problem }));
        let rules = rules.collect::<Result<Vec<_>, _>>()?;
        let dispatch = Dispatch::new(rules.iter().map(|c| &c.rule));
        Ok(Self { rules, dispatch, profile, network: network.clone(), hasher: RandomState::new() })
    }

    /// Compiles the patterns in `rules`, too, which [`Self::compile`] leaves for later: a user's own rules may hold any.
    ///
    /// # Errors
    /// [`CompileError`]
    pub fn check_patterns(rules: &[Rule]) -> Result<(), CompileError> {
        fn check(predicate: &Predicate) -> Result<(), String> {
            match predicate {
                Predicate::All(list) | Predicate::Any(list) | Predicate::Not(list) => list.iter().try_for_each(check),
                Predicate::Leaf(_, Argument::Nested(list)) => list.iter().try_for_each(check),
                Predicate::Leaf(name, argument) if name == "value.regex" => check_regex(argument),
                Predicate::Leaf(..) => Ok(()),
            }
        }
        rules.iter().try_for_each(|rule| {
            let conditions = rule.severity_when.iter().map(|when| &when.predicate).chain([&rule.predicate]);
            conditions.into_iter().try_for_each(check).map_err(|problem| CompileError { rule: rule.id.to_string(), problem })
        })
    }

    /// The rule of a [`Sort::Setting`].
    #[must_use]
    pub fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.get(index).map(|c| &c.rule)
    }

    /// All rules that look.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|c| &c.rule)
    }

    /// Looks at every setting of `document`.
    #[must_use]
    pub fn run(&self, document: &Document, circumstances: Circumstances) -> Outcome {
        let mut outcome = Outcome::default();
        if is_copy(&document.path) {
            return outcome;
        }
        let around = Neighbourhood::new(document, circumstances);
        let fitting = self.fitting(document);
        let mut concerned = Set::default();
        for (index, setting) in document.settings.iter().enumerate() {
            let subject = Subject::new(document, index, setting, &around);
            let first = outcome.findings.len();
            let live = subject.is_live();
            if live {
                self.count(&subject, &mut outcome);
            }
            self.dispatch.find(&subject, &fitting, &mut concerned);
            let asked = || concerned.iter().filter_map(|i| self.rules.get(i)).filter(|c| live || c.at == Target::Token);
            asked().filter(|c| !c.missing).for_each(|compiled| self.apply(compiled, &subject, &mut outcome));
            keep_the_worst(&mut outcome.findings, first);
            asked().filter(|c| c.missing).for_each(|compiled| self.apply(compiled, &subject, &mut outcome));
            outcome.dated |= subject.has_dates();
        }
        keep_the_innermost(&mut outcome.findings);
        outcome.findings.retain(|finding| !is_no_secret_there(&around, finding));
        outcome.findings.sort_by(|a, b| (a.span, &a.rule).cmp(&(b.span, &b.rule)));
        outcome
    }

    /// Looks at `document`, which holds of a program or a text only the settings whose names or values are asked for. Whether there is certainly
    /// nothing that could be at fault, on this day or another; else all of the file has to be looked at.
    #[must_use]
    pub fn passes(&self, document: &Document, circumstances: Circumstances) -> bool {
        if is_copy(&document.path) {
            return true;
        }
        let mut outcome = Outcome::default();
        let around = Neighbourhood::of_some(document, circumstances);
        let fitting = self.fitting(document);
        let mut concerned = Set::default();
        document.settings.iter().enumerate().all(|(index, setting)| {
            let subject = Subject::new(document, index, setting, &around);
            let live = subject.is_live();
            if live {
                self.count(&subject, &mut outcome);
            }
            self.dispatch.find(&subject, &fitting, &mut concerned);
            let mut asked = concerned.iter().filter_map(|i| self.rules.get(i)).filter(|c| live || c.at == Target::Token);
            let none = asked.all(|compiled| {
                let named = compiled.concerns.as_ref().is_some_and(|concerns| concerns(&subject));
                !named && !compiled.possible.as_ref().unwrap_or(&compiled.test)(&subject)
            });
            none && outcome.seen.is_empty() && !subject.has_dates()
        })
    }

    /// The rules that look at files such as `document`.
    fn fitting(&self, document: &Document) -> Set {
        self.dispatch.set(self.rules.iter().enumerate().filter(|(_, c)| fits_file(&c.rule, document)).map(|(i, _)| i))
    }

    /// That a rule speaks of a setting, whether or not it is at fault.
    fn seen(&self, compiled: &Compiled, subject: &Subject<'_>) -> Seen {
        Seen {
            id: self.id(&(&compiled.rule.id, &subject.document.path, &subject.setting.key)),
            environment: self.environment(subject.document.environment_of(subject.setting)),
            what: Sort::Setting(compiled.index),
        }
    }

    fn apply(&self, compiled: &Compiled, subject: &Subject<'_>, outcome: &mut Outcome) {
        let rule = &compiled.rule;
        if !rule.path.is_empty() && !subject.setting.key.matches(&rule.path) {
            return;
        }
        let environment = self.environment(subject.document.environment);
        let hit = (compiled.test)(subject);
        if let Some(concerns) = &compiled.concerns
            && (hit || concerns(subject))
        {
            outcome.seen.push(self.seen(compiled, subject));
        }
        if !hit {
            return;
        }
        let (environment, because) = at_stage(environment, subject.setting.stage, rule);
        let environment = match subject.around.section(subject.setting) {
            "documentation" if environment == Environment::Production => Environment::Example,
            "test" => Environment::Development,
            _ => environment,
        };
        let span = place(compiled.at, subject);
        let severity = compiled.when.iter().rev().find(|(test, _)| test(subject)).map_or(rule.severity, |(_, severity)| *severity);
        let severity = severity_in(environment, rule, self.on_this_network(rule, subject, severity));
        let lines = &subject.document.lines;
        outcome.findings.push(Finding {
            rule: rule.id.to_string(),
            class: rule.class,
            topic: rule.topic.to_string(),
            severity,
            confidence: rule.confidence,
            file: subject.document.path.clone(),
            span,
            start: lines.position(&subject.document.text, span.start),
            end_line: lines.line(span.end.saturating_sub(1).max(span.start)),
            key: subject.setting.key.to_string(),
            fingerprint: String::new(),
            place: String::new(),
            environment,
            because,
            fix: reach(rule, subject, severity, environment),
            message: message::fill(&rule.message, rule, subject),
            help: message::fill(&rule.help, rule, subject),
            setting: Some(subject.index),
            subject: self.subject_of(rule, subject),
            related: Vec::new(),
        });
    }

    /// What `[network]` of harden.toml says of plaintext between the parts.
    fn on_this_network(&self, rule: &Rule, subject: &Subject<'_>, severity: Severity) -> Severity {
        let near = |host| matches!(host, HostClass::Internal | HostClass::External);
        let Some(connection) = subject.connection().filter(|c| rule.class == Class::NonTlsUrl && near(c.host)) else {
            return severity;
        };
        let text = connection.span.of(subject.value());
        let trusted = connection.dsn.hosts.iter().all(|h| self.network.trusts(h.name.of(text)));
        let internal = connection.host == HostClass::Internal;
        match self.network.internal_plaintext {
            _ if trusted => Severity::Info,
            _ if !internal => severity,
            Some(InternalPlaintext::Allow) => Severity::Info,
            Some(InternalPlaintext::Medium) => severity.min(Severity::Medium),
            Some(InternalPlaintext::High) => severity.max(Severity::High),
            None => severity,
        }
    }

    fn environment(&self, environment: Environment) -> Environment {
        match (self.profile, environment) {
            (Profile::Development, Environment::Production) => Environment::Development,
            (_, environment) => environment,
        }
    }

    /// Counts what could be at fault here, whether or not it is: a secret, a connection.
    fn count(&self, subject: &Subject<'_>, outcome: &mut Outcome) {
        let environment = self.environment(subject.document.environment_of(subject.setting));
        let secret = subject.name_class() == NameClass::Secret
            && !matches!(subject.verdict().class, ValueClass::Reference | ValueClass::NotSecret | ValueClass::Empty);
        if secret && subject.connection().is_none() {
            let what = if subject.purpose().is_key() { Sort::Key } else { Sort::Secret };
            outcome.seen.push(Seen { id: self.secret_id(subject), environment, what });
        }
        if subject.connection().is_some_and(|c| c.system.is_some_and(|s| !s.is_any()) && c.host != HostClass::Socket) {
            outcome.seen.push(Seen { id: self.connection_id(subject), environment, what: Sort::Connection });
        }
        if let Some((_, verdict)) = subject.url_password()
            && !matches!(verdict.class, ValueClass::Reference | ValueClass::NotSecret | ValueClass::Empty)
        {
            outcome.seen.push(Seen { id: self.password_id(subject), environment, what: Sort::Secret });
        }
    }

    fn subject_of(&self, rule: &Rule, subject: &Subject<'_>) -> u64 {
        match rule.class {
            Class::NonTlsUrl if subject.connection().is_some() => self.connection_id(subject),
            Class::NonTlsUrl | Class::InsecureSetting => self.id(&(&rule.id, &subject.document.path, &subject.setting.key)),
            _ if subject.url_password().is_some() => self.password_id(subject),
            _ => self.secret_id(subject),
        }
    }

    /// One secret under names of one purpose is one thing to put right, wherever it stands.
    fn secret_id(&self, subject: &Subject<'_>) -> u64 {
        self.id(&("secret", subject.literal(), subject.purpose()))
    }

    fn password_id(&self, subject: &Subject<'_>) -> u64 {
        let password = subject.url_password().map(|(span, _)| span.of(subject.value()));
        self.id(&("secret", password.unwrap_or(""), crate::strength::name::Purpose::Password))
    }

    fn connection_id(&self, subject: &Subject<'_>) -> u64 {
        self.id(&("connection", &subject.document.path, &subject.setting.key))
    }

    /// Keyed by this run alone: an id says nothing about a value to anyone else.
    fn id(&self, what: &impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }
}

fn compile(index: usize, rule: &Rule) -> Result<Compiled, String> {
    let when = rule.severity_when.iter().map(|w| Ok((test(&w.predicate)?, w.set))).collect::<Result<_, String>>()?;
    let concerns = match rule.class {
        Class::InsecureSetting | Class::NonTlsUrl => names_of(&rule.predicate).map(|p| test(&p)).transpose()?,
        _ => None,
    };
    let at = match rule.predicate_reads_url_password() {
        true => Target::UrlPassword,
        false if rule.predicate.reads("token.") => Target::Token,
        false => Target::Literal,
    };
    let missing = rule.strict && rule.predicate.reads("sibling.has");
    let possible = if looks_around(&rule.predicate) { Some(possible_test(&rule.predicate)?) } else { None };
    Ok(Compiled { index, test: test(&rule.predicate)?, concerns, when, at, missing, possible, rule: rule.clone() })
}

/// A test that holds wherever `predicate` may, whatever else stands in the file.
fn possible_test(predicate: &Predicate) -> Result<Test, String> {
    possible(predicate).map_or_else(|| Ok(Box::new(|_: &Subject<'_>| true) as Test), |p| test(&p))
}

fn test(predicate: &Predicate) -> Result<Test, String> {
    let all = |list: &[Predicate]| list.iter().map(test).collect::<Result<Vec<_>, _>>();
    Ok(match predicate {
        Predicate::All(list) => {
            // what is cheap to ask is asked first; the order makes no difference to the answer
            let mut list: Vec<&Predicate> = list.iter().collect();
            list.sort_by_key(|p| price(p));
            let tests = list.into_iter().map(test).collect::<Result<Vec<_>, _>>()?;
            Box::new(move |s| tests.iter().all(|t| t(s)))
        }
        Predicate::Any(list) => {
            let tests = all(list)?;
            Box::new(move |s| tests.iter().any(|t| t(s)))
        }
        Predicate::Not(list) => {
            let tests = all(list)?;
            Box::new(move |s| !tests.iter().any(|t| t(s)))
        }
        Predicate::Leaf(name, argument) => {
            let (word, rest) = name.split_once('.').unwrap_or((name, ""));
            let Some(family) = FAMILIES.iter().find(|f| f.word() == word) else {
                let known: Vec<&str> = FAMILIES.iter().map(|f| f.word()).collect();
                return Err(format!("`{name}` is not known; conditions begin with all, any, not, {}", known.join(", ")));
            };
            family.compile(rest, argument, &test)?
        }
    })
}

/// How dear a condition is to ask, in no unit: names and files cost nothing, texts a look, judgements and other settings the most.
fn price(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::All(list) | Predicate::Any(list) | Predicate::Not(list) => list.iter().map(price).max().unwrap_or(0),
        Predicate::Leaf(name, _) => match name.split_once('.') {
            Some(("key" | "file", _)) => 0,
            Some(("value", "is" | "in" | "truthy" | "falsy" | "length" | "number")) => 1,
            Some(("url", _)) => 2,
            Some(("value", "regex")) => 3,
            _ => 4,
        },
    }
}

/// The part of a condition that speaks of names only.
fn names_of(predicate: &Predicate) -> Option<Predicate> {
    let is_name = |p: &Predicate| matches!(p, Predicate::Leaf(name, _) if name == "key.any" || name == "key.path");
    match predicate {
        Predicate::All(list) => list.iter().find(|p| is_name(p)).cloned(),
        leaf if is_name(leaf) => Some(leaf.clone()),
        _ => None,
    }
}

fn fits_file(rule: &Rule, document: &Document) -> bool {
    let format = rule.formats.is_empty() || rule.formats.iter().any(|f| f == "*" || f == document.format);
    let name = document.file_name();
    let named = rule.include.is_empty() || rule.include.iter().any(|g| file_glob(g, name));
    format && named && !rule.exclude.iter().any(|g| file_glob(g, name))
}

/// A file name with `*` for any run of characters.
fn file_glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, rest)) => name
            .strip_prefix(head)
            .is_some_and(|tail| tail.char_indices().map(|(i, _)| i).chain([tail.len()]).any(|i| file_glob(rest, &tail[i..]))),
    }
}

fn place(at: Target, subject: &Subject<'_>) -> Span {
    let within = match at {
        Target::UrlPassword => subject.url_password().map(|(span, _)| *span),
        Target::Token => subject.token().map(|t| t.span),
        Target::Literal => subject.connection().map(|c| c.span),
    };
    let within = within.unwrap_or_else(|| subject.literal_span());
    let shown = || (at == Target::Token).then(|| find_again(subject, within)).flatten();
    subject.setting.locate(&subject.document.text, within).or_else(shown).unwrap_or(subject.setting.span)
}

/// Where the text at `within` of the value stands in the file, which writes the value in another way: the lines of an indented block.
fn find_again(subject: &Subject<'_>, within: Span) -> Option<Span> {
    let written = subject.setting.span.of(&subject.document.text);
    let wanted = Some(within.of(subject.value())).filter(|t| !t.is_empty())?;
    let at = written.find(wanted)?;
    Some(Span::new(at, at + wanted.len()).shift(subject.setting.span.start))
}
