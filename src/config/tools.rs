//! Files, and parts of them, for tools that run on one machine or for one run of tests: editors, machines for development, test runners,
//! builds for debugging.

use super::blocks::{self, Label};
use super::environment;
use super::live::{is_development_command, leads_to_live, says_production};
use crate::model::document::Document;
use crate::model::environment::Stage;
use crate::model::key_path::Segment;
use crate::model::setting::Setting;
use crate::model::span::Span;

const MACHINE: Stage = Stage::Passing("its file sets up a machine for development");
const OVERRIDE: Stage = Stage::Passing("Compose's override file is for development");
const TESTS: Stage = Stage::Named("it is set for a run of tests");
const DEBUG: Stage = Stage::Passing("it belongs to the build for debugging");
const COMMAND: Stage = Stage::Passing("it belongs to a command for development");

/// What all of `document` is for.
pub(super) fn whole(document: &Document) -> Option<Stage> {
    let (folders, name) = document.path.rsplit_once('/').unwrap_or(("", &document.path));
    let kept = folders.split('/').any(|f| matches!(f, ".vscode" | ".devcontainer" | ".ddev"));
    if kept || matches!(name, ".devcontainer.json" | "launchSettings.json" | "Vagrantfile" | ".lando.yml" | ".gitpod.yml") {
        return Some(MACHINE);
    }
    (is_override(name) && !document.settings.iter().any(|s| stays_up(s) || is_deployed(s))).then_some(OVERRIDE)
}

/// `docker compose` reads it [by itself](https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/), beside the one that is deployed.
fn is_override(name: &str) -> bool {
    matches!(name, "docker-compose.override.yml" | "docker-compose.override.yaml" | "compose.override.yml" | "compose.override.yaml")
}

/// Whether the setting says that a service is up as long as its host is: nobody asks that of a laptop.
fn stays_up(setting: &Setting) -> bool {
    setting.name() == "restart" && matches!(setting.value.expose(), "always" | "unless-stopped")
}

/// Whether the setting is one of what is deployed: it runs as production, a cluster keeps copies of it, a proxy hands it what a public name is
/// asked, or it is open to others at the ports of the web.
fn is_deployed(setting: &Setting) -> bool {
    const CLUSTER: &[&str] = &["replicas", "restart_policy", "update_config", "rollback_config", "placement"];
    let value = setting.value.expose();
    let names: Vec<&str> = setting.key.names().collect();
    let copies = names.windows(2).any(|pair| matches!(pair, [deploy, name] if *deploy == "deploy" && CLUSTER.contains(name)));
    let runs = environment::names_environment(setting.name()) && says_production(value);
    let routed =
        || [value, setting.name()].into_iter().any(|said| said.contains("Host(`") && leads_to_live(&said.replace(['`', '(', ')'], " ://")));
    let open = || {
        names.contains(&"ports")
            && match setting.name() {
                "published" => matches!(value, "80" | "443"),
                "ports" => {
                    let mut parts = value.split('/').next().unwrap_or("").rsplit(':').skip(1);
                    let port = parts.next().unwrap_or("");
                    matches!(port, "80" | "443") && parts.next().is_none_or(|address| matches!(address, "0.0.0.0" | "]" | ""))
                }
                _ => false,
            }
    };
    copies || runs || routed() || open()
}

/// What the part of `document` is for that `setting` stands in.
pub(super) fn part(document: &Document, setting: &Setting) -> Option<Stage> {
    let name = document.file_name();
    if is_in_development_script(setting) {
        return Some(COMMAND);
    }
    let gradle = || name.ends_with(".gradle") || name.ends_with(".gradle.kts");
    match name {
        "setup.cfg" | "pyproject.toml" => is_of_test_runner(setting).then_some(TESTS),
        "Makefile" | "makefile" | "GNUmakefile" | "Justfile" | "justfile" => {
            is_of_development_command(document, setting).then_some(COMMAND)
        }
        _ if gradle() => {
            let around = blocks::around(&document.text, setting.span.start, Label::Call);
            around.into_iter().any(|n| n.eq_ignore_ascii_case("debug")).then_some(DEBUG)
        }
        _ => None,
    }
}

/// `scripts: { "test:e2e": .. }` of package.json and its like, `tasks:` of Taskfiles and Deno: what the command is called.
fn is_in_development_script(setting: &Setting) -> bool {
    setting.key.segments().windows(2).any(|pair| match pair {
        [Segment::Key(table), Segment::Key(command)] => matches!(table.as_str(), "scripts" | "tasks") && is_development_command(command),
        _ => false,
    })
}

/// `[tool.pytest.ini_options]`, `[tool:pytest]`, `[testenv]`
fn is_of_test_runner(setting: &Setting) -> bool {
    let mut names = setting.key.names();
    match names.next() {
        Some("tool") => names.next().is_some_and(|n| matches!(n, "pytest" | "pytest_env" | "tox")),
        Some(first) => first == "tool:pytest" || first.starts_with("testenv") || first == "pytest_env",
        None => false,
    }
}

/// Bytes that are looked back at, and a line may have: recipes are shorter.
const FARTHEST: usize = 8192;

/// Whether the command says that it runs in development, or its target is called by it: `NODE_ENV=development node app.js`, `dev:`.
fn is_of_development_command(document: &Document, setting: &Setting) -> bool {
    // a word is not cut: its name comes first
    let (text, at) = (document.text.as_str(), setting.key_span.start.min(setting.span.start));
    let before = Span::new(at.saturating_sub(FARTHEST), at).narrowed(text).of(text);
    let after = Span::new(at, at.saturating_add(FARTHEST)).narrowed(text).of(text);
    let (above, head) = before.rsplit_once('\n').unwrap_or(("", before));
    let tail = after.lines().next().unwrap_or("");
    if head.split_whitespace().chain(tail.split_whitespace()).any(says_development) {
        return true;
    }
    let target = above.lines().rev().find(|l| !l.is_empty() && !l.starts_with(['\t', ' ', '#']));
    head.starts_with(['\t', ' ']) && target.and_then(|l| l.split_once(':')).is_some_and(|(name, _)| is_development_command(name))
}

/// `APP_ENV=dev`, `NODE_ENV=development` and their like.
fn says_development(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, value)| super::environment::declares_development(name, value))
}
