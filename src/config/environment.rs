//! Which deployment a file speaks for, by its name and its neighbours. Pure: the caller gathers the [`Facts`].
//!
//! Example wins over development, development over production; what nothing tells is production. `[[environment]]` in harden.toml wins over all.

use crate::model::environment::Environment;

/// What the path alone does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// What `[[environment]]` says of the file (`Config::environment`).
    pub told: Option<Environment>,
    /// Names of the files in the same folder.
    pub siblings: &'a [&'a str],
    /// Whether git ignores the file.
    pub ignored: bool,
}

/// An environment, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The environment.
    pub environment: Environment,
    /// The reason, to be put after "because": `it is a document`.
    pub because: &'static str,
}

/// The environment of the file at `path`, relative to the scanned root and separated by `/`: folders above the root say nothing, since a
/// project does not become a test by where it was checked out.
#[must_use]
pub fn of(path: &str, facts: &Facts<'_>) -> Environment {
    judge(path, facts).environment
}

/// [`of`], with the reason.
#[must_use]
pub fn judge(path: &str, facts: &Facts<'_>) -> Verdict {
    let path = path.to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    // a sealed twin speaks for what its plain one would
    let name = name.strip_suffix(".age").unwrap_or(name);
    let (environment, because) = if let Some(told) = facts.told {
        (told, "harden.toml says so")
    } else if is_document(name, folders) {
        (Environment::Example, "it is a document")
    } else if is_example(name) {
        (Environment::Example, "its name says that it is a template to copy from")
    } else if name == ".env" {
        plain_env(folders, facts)
    } else if is_development(name) && !is_pipeline(&path) {
        (Environment::Development, "its name says so")
    } else if in_tests(folders) {
        (Environment::Development, "it lies in a folder of tests")
    } else {
        (Environment::Production, "nothing says otherwise")
    };
    Verdict { environment, because }
}

const EXAMPLE_WORDS: &[&str] = &["example", "examples", "sample", "samples"];
/// Words that also have other uses (`template.yaml` of CloudFormation, `dist/`): an example only as a part between dots, and not the first.
const EXAMPLE_PARTS: &[&str] = &["template", "tmpl", "tpl", "dist"];
const DEVELOPMENT_WORDS: &[&str] =
    &["dev", "devel", "development", "test", "tests", "testing", "ci", "e2e", "local", "bench", "benches", "benchmark", "benchmarks"];
const DEVELOPMENT_FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "spec",
    "fixture",
    "fixtures",
    "e2e",
    "testdata",
    "test-data",
    "test_data",
    "__tests__",
    "__fixtures__",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
];
/// What test runners are set up with, by the names that they look for.
const RUNNERS: &[&str] = &["phpunit", "pytest", "tox", "conftest", "cypress", "cypress.env", "cypress.config", "playwright.config"];
const PRODUCTION_WORDS: &[&str] = &["production", "prod", "staging"];
const DOCUMENT_EXTENSIONS: &[&str] = &["md", "mdx", "markdown", "rst", "adoc", "asciidoc", "html", "htm"];
/// Files that are documents with the extension `.txt` or none: any other `.txt` may be a list of passwords.
const DOCUMENT_STEMS: &[&str] =
    &["readme", "install", "changelog", "changes", "contributing", "news", "history", "todo", "authors", "upgrading"];
/// Languages whose test files are called `x.spec.ts` or `x_spec.rb`; elsewhere `spec` is a specification.
const SPEC_EXTENSIONS: &[&str] = &["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "rb"];

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty())
}

fn extension(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((name, ""))
}

/// Whether a file is a text for people by its own name, whatever folder it lies in: what it quotes, nothing runs with.
#[must_use]
pub fn is_text_for_people(path: &str) -> bool {
    is_document(path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase().as_str(), "")
}

fn is_document(name: &str, folders: &str) -> bool {
    // what lies in a folder of documents is there to be read and copied, whatever its format
    if folders.split('/').any(|f| f == "doc" || f == "docs") {
        return true;
    }
    let (stem, extension) = extension(name);
    match extension {
        "txt" => words(stem).next().is_some_and(|w| DOCUMENT_STEMS.contains(&w)),
        "" => DOCUMENT_STEMS.contains(&stem),
        _ => DOCUMENT_EXTENSIONS.contains(&extension),
    }
}

fn is_example(name: &str) -> bool {
    let named = words(name).any(|w| EXAMPLE_WORDS.contains(&w));
    let part = name.split('.').filter(|p| !p.is_empty()).skip(1).any(|p| EXAMPLE_PARTS.contains(&p));
    // `.env.dist` begins with its only dot, `.env-template` has no second part
    let env = name.strip_prefix(".env").or_else(|| name.strip_prefix("env")).is_some_and(|rest| {
        let separated = rest.starts_with(|c: char| !c.is_alphanumeric());
        separated && words(rest).any(|w| EXAMPLE_PARTS.contains(&w))
    });
    // `configuration.php-dist`
    named || part || env || name.ends_with("-dist")
}

/// Whether the name of a file, in small letters, is one for development or tests.
pub(super) fn is_development(name: &str) -> bool {
    let (stem, extension) = extension(name);
    RUNNERS.contains(&stem)
        || words(name).any(|w| DEVELOPMENT_WORDS.contains(&w))
        || (SPEC_EXTENSIONS.contains(&extension) && words(stem).last() == Some("spec"))
}

fn in_tests(folders: &str) -> bool {
    folders.split('/').any(|folder| DEVELOPMENT_FOLDERS.contains(&folder))
}

/// The laptop's `.env`, or the server's? Beside a file for a named deployment it is the laptop's; so it is where it never reaches the repository
/// and a compose file for development stands beside it.
fn plain_env(folders: &str, facts: &Facts<'_>) -> (Environment, &'static str) {
    let siblings = || facts.siblings.iter().map(|s| s.to_lowercase());
    if in_tests(folders) {
        (Environment::Development, "it lies in a folder of tests")
    } else if siblings().any(|s| is_deployed_env(&s)) {
        (Environment::Development, "an env file for a named deployment lies beside it")
    } else if facts.ignored && siblings().any(|s| is_development_compose(&s)) {
        (Environment::Development, "git ignores it and a compose file for development lies beside it")
    } else {
        (Environment::Production, "no env file for a named deployment lies beside it")
    }
}

fn is_deployed_env(name: &str) -> bool {
    let name = name.strip_suffix(".age").unwrap_or(name);
    let deployed = name.strip_prefix(".env.").is_some_and(|rest| words(rest).next().is_some_and(|w| PRODUCTION_WORDS.contains(&w)));
    deployed && !is_example(name) && !is_development(name)
}

/// Whether the name of a file is one that Compose reads.
#[must_use]
pub fn is_compose(name: &str) -> bool {
    let (stem, extension) = extension(name);
    matches!(extension, "yml" | "yaml") && (stem.starts_with("compose") || stem.starts_with("docker-compose"))
}

/// Whether the name is one of a file of Compose for development, or of its override.
#[must_use]
pub fn is_development_compose(name: &str) -> bool {
    let (stem, _) = extension(name);
    is_compose(name) && !is_example(name) && (is_development(name) || words(stem).any(|w| w == "override"))
}

/// Whether the file at `path` says what a CI service runs.
pub(super) fn is_pipeline(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if !(name.ends_with(".yml") || name.ends_with(".yaml")) {
        return false;
    }
    let mut folders = folders.rsplit('/');
    let last = folders.next().unwrap_or("");
    let above = folders.next().unwrap_or("");
    let hosted = matches!((above, last), (".github" | ".gitea" | ".forgejo", "workflows") | (".gitlab", "ci"));
    hosted
        || matches!(last, ".circleci" | ".woodpecker" | ".semaphore")
        || name.ends_with(".gitlab-ci.yml")
        || name.starts_with("azure-pipelines")
        || matches!(name, "bitbucket-pipelines.yml" | ".travis.yml" | ".drone.yml" | ".woodpecker.yml" | "appveyor.yml" | ".appveyor.yml")
}

/// Whether a variable `name` says in which environment the application runs.
pub(super) fn names_environment(name: &str) -> bool {
    const NAMES: &[&str] =
        &["APP_ENV", "NODE_ENV", "RAILS_ENV", "RACK_ENV", "FLASK_ENV", "MIX_ENV", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT"];
    NAMES.contains(&name)
}

/// Whether a variable `name` of `value` says that the application runs in development.
pub(super) fn declares_development(name: &str, value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']).to_ascii_lowercase();
    names_environment(name) && matches!(value.as_str(), "dev" | "development" | "local" | "test" | "testing")
}

#[cfg(test)]
mod tests {
    use super::{Facts, judge, of};
    use crate::model::environment::Environment::{self, Development, Example, Production};

    #[track_caller]
    fn all(expected: Environment, paths: &[&str]) {
        for path in paths {
            assert_eq!(of(path, &Facts::default()), expected, "{path}");
        }
    }

    #[test]
    fn what_goes_live_is_production() {
        all(
            Production,
            &[
                ".env",
                ".env.production",
                ".env.prod",
                ".env.staging",
                ".env.staging-eu",
                "app/.env.production.age",
                "compose.yml",
                "docker-compose.yaml",
                "docker-compose.prod.yml",
                "k8s/secret.yaml",
                "chart/values.yaml",
                "terraform.tfvars",
                "application-prod.properties",
                "config/settings.py",
                "secrets.txt",
                "env",
                "prod.env",
            ],
        );
    }

    #[test]
    fn templates_and_documents_are_examples() {
        all(
            Example,
            &[
                ".env.example",
                ".env.sample",
                ".env.template",
                ".env.dist",
                ".env-template",
                "env.example",
                "example.env",
                ".env.EXAMPLE",
                ".env.production.example",
                "config.example.yml",
                "wp-config-sample.php",
                "phpunit.xml.dist",
                "nginx.conf.template",
                "values.sample.yaml",
                "README.md",
                "docs/install.rst",
                "guide.adoc",
                "README",
                "INSTALL.txt",
                "docs/notes.txt",
            ],
        );
    }

    #[test]
    fn example_wins_over_development_and_development_over_production() {
        all(Example, &[".env.test.example", "tests/.env.example", "tests/README.md", "compose.dev.sample.yml"]);
        all(Development, &[".env.production.local", "docker-compose.prod-test.yml", "tests/.env.production", "tests/.env"]);
    }

    #[test]
    fn development_words_are_whole_words_of_the_file_name() {
        all(
            Development,
            &[
                ".env.development",
                ".env.local",
                ".env.test",
                ".env.dev",
                ".env.ci",
                "compose.dev.yml",
                "docker-compose.e2e.yml",
                "docker-compose-test.yaml",
                "application-dev.yml",
                "appsettings.Development.json",
                "settings_test.py",
                "user.test.ts",
                "user.spec.ts",
                "user_spec.rb",
                "local.settings.json",
                "phpunit.xml",
                "tox.ini",
                "cypress.env.json",
                "playwright.config.ts",
            ],
        );
        all(
            Production,
            &[
                "latest.yml",
                "contest.env",
                "device.json",
                "locale.yml",
                "localhost.conf",
                "dev/app.yml",
                "openapi-spec.yaml",
                "spec.yaml",
                "attestation.json",
                "circle.yml",
                "devops.env",
                // what a pipeline deploys with is live; its parts are judged by themselves
                ".gitlab-ci.yml",
                ".github/workflows/test.yml",
            ],
        );
    }

    #[test]
    fn words_with_other_uses_are_no_examples_by_themselves() {
        all(
            Production,
            &["template.yaml", "deploy-template.yaml", "dist/config.json", "templates/secret.yaml", "distribution.yml", "envdist"],
        );
    }

    #[test]
    fn test_folders_count_below_the_root_only_as_whole_names() {
        all(
            Development,
            &[
                "tests/config.yml",
                "src/test/resources/application.properties",
                "a/testing/x.json",
                "spec/x.yml",
                "pkg/testdata/key.pem",
                "benches/sign.rs",
                "web/__tests__/a.js",
                "fixtures/x.env",
                "fixture/a.env",
                "E2E/a.json",
            ],
        );
        all(Production, &["latest/config.yml", "contests/a.yml", "examples/app.yml", "specs/a.yml", "protest/.env"]);
    }

    #[test]
    fn a_plain_env_depends_on_its_neighbours() {
        let verdict = |siblings: &[&str], ignored| of("app/.env", &Facts { told: None, siblings, ignored });
        for deployed in [".env.production", ".env.prod", ".env.staging", ".env.production.age", ".env.prod.eu"] {
            assert_eq!(verdict(&["main.py", deployed], false), Development, "{deployed}");
        }
        for other in [".env.production.example", ".env.prod.local", ".env.development", ".env.products", "x.env.production"] {
            assert_eq!(verdict(&[other], true), Production, "{other}");
        }
        for compose in ["docker-compose.override.yml", "compose.override.yaml", "compose.dev.yml", "docker-compose.local.yml"] {
            assert_eq!(verdict(&[compose], true), Development, "{compose}");
            assert_eq!(verdict(&[compose], false), Production, "{compose}, but the file is committed");
        }
        assert_eq!(verdict(&["docker-compose.yml", "compose.prod.yml", "composer.dev.json", "compose.dev.example.yml"], true), Production);
        assert_eq!(of(".env.other", &Facts { siblings: &[".env.production"], ..Facts::default() }), Production, "only the plain one");
    }

    #[test]
    fn harden_toml_wins_over_everything() {
        for told in [Production, Development, Example] {
            let facts = Facts { told: Some(told), siblings: &[".env.production"], ignored: true };
            for path in [".env", ".env.example", "tests/a.yml", "README.md"] {
                assert_eq!(judge(path, &facts).environment, told);
                assert_eq!(judge(path, &facts).because, "harden.toml says so");
            }
        }
    }

    #[test]
    fn verdicts_have_reasons() {
        assert_eq!(judge("README.md", &Facts::default()).because, "it is a document");
        assert_eq!(judge(".env", &Facts::default()).because, "no env file for a named deployment lies beside it");
    }
}
