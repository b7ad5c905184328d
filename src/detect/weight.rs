//! How bad a finding is where it stands, and how far a fix may go there.

use super::subject::Subject;
use crate::dsn::drivers;
use crate::model::environment::{Environment, Stage};
use crate::model::setting::Role;
use crate::model::severity::{Class, Fix, Severity};
use crate::rules::kinds::{Kind, kind_in};
use crate::rules::schema::{Reach, Rule, Strategy};

/// The topic of rules on what a provider issued.
pub(super) const PROVIDER_TOKEN: &str = "provider-token";

/// The topic of rules on private keys.
const PRIVATE_KEY: &str = "private-key";

/// The severity in a file's environment (docs/environments.md): it is lowered, never made nothing.
pub(super) fn severity_in(environment: Environment, rule: &Rule, severity: Severity) -> Severity {
    let provider = rule.topic == PROVIDER_TOKEN;
    match environment {
        Environment::Production => severity,
        Environment::Development if provider => severity.min(Severity::High),
        Environment::Development => Severity::Info,
        Environment::Example => match (rule.class, &*rule.topic) {
            _ if severity == Severity::Info => Severity::Info,
            (Class::DevSecret, "placeholder") | (Class::EmptySecret, _) => Severity::Info,
            (Class::HardcodedSecret, _) => severity.min(Severity::Medium),
            _ => severity.min(Severity::Low),
        },
    }
}

/// The environment of a finding of `rule` whose file speaks for `environment`, and why where its part of the file says so. What only passes
/// weighs less where it is weak: a strong secret there may be in use elsewhere, and what a provider issued is.
pub(super) fn at_stage(environment: Environment, stage: Option<Stage>, rule: &Rule) -> (Environment, &'static str) {
    let strong = || rule.class == Class::HardcodedSecret || matches!(&*rule.topic, PROVIDER_TOKEN | PRIVATE_KEY);
    match stage {
        Some(Stage::Passing(_)) if strong() => (environment, ""),
        Some(stage) if environment == Environment::Production => (Environment::Development, stage.because()),
        _ => (environment, ""),
    }
}

/// How far a fix may go at this place (docs/fix.md); the plan may find that it must go less far.
pub(super) fn reach(rule: &Rule, subject: &Subject<'_>, severity: Severity, environment: Environment) -> Fix {
    let fixed = match rule.repair.reach {
        Reach::Always(Fix::None) => return Fix::None,
        Reach::Always(fix) => fix,
        Reach::ByKind => match kind_in(subject.setting.key.parent_name(), subject.setting.name()) {
            row if matches!(row.kind, Kind::Stateless | Kind::Coordinated) => Fix::Safe,
            // the plan writes the old one beside the new one
            row if row.rings.iter().any(|ring| !ring.present) && row.kind == Kind::DataEncrypting => Fix::Review,
            _ => Fix::Manual,
        },
    };
    let elsewhere = environment != Environment::Production || severity == Severity::Info;
    let advice = match rule.repair.strategy {
        Strategy::Suggest => true,
        // the spelling depends on a driver that nothing names
        Strategy::Url => !subject.connection().is_some_and(|c| {
            let text = c.span.of(subject.value());
            c.system.is_some_and(|s| s.secure(&c.dsn, text, drivers::of(&c.dsn, text, None)).is_some())
        }),
        Strategy::Generate | Strategy::Set | Strategy::Map | Strategy::Flip | Strategy::Delete => false,
    };
    if elsewhere || advice || subject.setting.role == Role::Prose || !subject.setting.editable || subject.document.lossy {
        return Fix::Manual;
    }
    if subject.is_fallback() { fixed.max(Fix::Review) } else { fixed }
}
