//! harden.toml: what is understood, and how faults are told.

use std::path::Path;

use proptest::prelude::{any, proptest};

use super::{Config, InternalPlaintext, Threshold};
use crate::config::ConfigError;
use crate::model::date::Date;
use crate::model::environment::Environment;
use crate::model::severity::{Profile, Severity};

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("harden.toml"))
}

fn complaint(text: &str) -> String {
    parse(text).expect_err("must be refused").to_string()
}

#[test]
fn every_key_is_understood() {
    let config = parse(
        r#"
profile = "development"
fail-on = "none"

[scan]
exclude = ["vendor/**", "**/*.lock"]

[[allow]]
rule = "redis-plain-url"
path = "compose.test.yml"
reason = "test network, never published"
expires = 2027-06-30

[[allow]]
rule = "postgres-plain-url"
path = "deploy"
key = "services.*.environment.**"
reason = "sidecar on loopback"

[seal]
recipients = ["age1example", "ssh-ed25519 AAAAexample"]

[rotate.max-age]
coordinated = "90d"

[[server]]
setting = "DATABASE_URL"
admin = { env = "PGADMIN_URL" }

[[environment]]
path = ".env"
is = "development"

[network]
trusted = ["10.0.0.0/8"]
internal-plaintext = "medium"

[drivers]
DATABASE_URL = "asyncpg"
mysql = "mysql2"
"#,
    )
    .expect("valid");
    assert_eq!(config.profile, Some(Profile::Development));
    assert_eq!(config.fail_on, Some(Threshold::Never));
    assert!(config.exclude.matches("vendor/a/b.yml") && config.exclude.matches("x/Cargo.lock") && !config.exclude.matches("x/vendor/a"));
    let [first, second] = config.allow.as_slice() else { panic!("two entries") };
    assert_eq!((first.rule.as_str(), first.line, first.key.as_deref()), ("redis-plain-url", 8, None));
    assert!(first.path.matches("compose.test.yml") && !first.path.matches("sub/compose.test.yml"));
    let day = |text| Date::parse(text).expect("a day");
    assert!(!first.expired(day("2027-06-30")) && first.expired(day("2027-07-01")));
    assert_eq!(second.key.as_deref(), Some("services.*.environment.**"));
    assert!(second.path.matches("deploy/a.yml") && !second.expired(day("2999-01-01")));
    assert_eq!(config.recipients.len(), 2);
    assert_eq!(config.environment(".env"), Some(Environment::Development));
    assert_eq!(config.environment("sub/.env"), None);
    assert_eq!(config.network.internal_plaintext, Some(InternalPlaintext::Medium));
    assert_eq!(config.network.trusted, ["10.0.0.0/8"]);
    assert_eq!(config.drivers.get("DATABASE_URL").map(String::as_str), Some("asyncpg"));
}

#[test]
fn nothing_is_required() {
    let config = parse("").expect("valid");
    assert!(config.profile.is_none() && config.fail_on.is_none() && config.allow.is_empty() && !config.exclude.matches("a"));
    assert_eq!(parse("fail-on = 'high'").expect("valid").fail_on, Some(Threshold::From(Severity::High)));
}

#[test]
fn inline_tables_are_as_good() {
    let config = parse("allow = [{ rule = 'r', path = '**', reason = 'because' }]\nscan = { exclude = ['a'] }").expect("valid");
    assert_eq!(config.allow.len(), 1);
    assert!(config.exclude.matches("a/b"));
}

#[test]
fn faults_have_place_and_expectation_and_no_text_of_the_file() {
    let canary = "hunter2canary";
    for (text, message) in [
        (
            "fail-on = \"hunter2canary\"",
            "`harden.toml` line 1, column 11: `fail-on` must be `none`, `info`, `low`, `medium`, `high` or `critical`",
        ),
        ("\n  profle = \"hunter2canary\"", "`harden.toml` line 2, column 3: unknown key in the file; did you mean `profile`?"),
        ("[scan]\nexclued = []", "`harden.toml` line 2, column 1: unknown key in [scan]; did you mean `exclude`?"),
        ("fail_on = 'low'", "`harden.toml` line 1, column 1: unknown key in the file; did you mean `fail-on`?"),
        (
            "[network]\nhunter2canary = 1",
            "`harden.toml` line 2, column 1: unknown key in [network]; known are `trusted`, `internal-plaintext`",
        ),
        (
            "[scan]\nexclude = ['a', '../hunter2canary']",
            "`harden.toml` line 2, column 17: `exclude` must be a path pattern relative to harden.toml, without `..`",
        ),
        ("[[allow]]\nrule = 'r'\npath = 'p'", "`harden.toml` line 1, column 1: [[allow]] needs `reason`"),
        ("[[allow]]\nrule = 'r'\npath = 'p'\nreason = ' '", "`harden.toml` line 4, column 10: `reason` must be a text that is not empty"),
        (
            "[[allow]]\nrule = 'r'\npath = 'p'\nreason = 'x'\nexpires = '2027-01-01'",
            "`harden.toml` line 5, column 11: `expires` must be a date without quotes, such as 2027-06-30",
        ),
        (
            "[[environment]]\npath = '.env'\nis = 'prod'",
            "`harden.toml` line 3, column 6: `is` must be `production`, `development` or `example`",
        ),
        ("seal = 3", "`harden.toml` line 1, column 8: `seal` must be a table"),
        ("[seal]\nrecipients = ['a', 7]", "`harden.toml` line 2, column 20: `recipients` must be a list of texts that are not empty"),
        ("allow = ['hunter2canary']", "`harden.toml` line 1, column 10: `allow` must be a list of tables"),
        ("a = \"hunter2canary", "`harden.toml` line 1, column 19: not valid TOML"),
    ] {
        let told = complaint(text);
        assert_eq!(told, message);
        assert!(!told.contains(canary));
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        _ = parse(&text);
    }

    #[test]
    fn any_key_and_value_is_parsed_or_refused(key in "[a-z-]{1,12}", value in "(\\[[a-z0-9', ]*\\]|[0-9.:-]{1,12}|'[^'\n]*')") {
        _ = parse(&format!("{key} = {value}\n[scan]\nexclude = {value}\n[[allow]]\nrule = {value}\npath = {value}"));
    }
}
