//! Files, and parts of them, for tools that run on one machine or for one run of tests: editors, machines for development, test runners,
//! builds for debugging.

use super::blocks::{self, Label};
use crate::model::document::Document;
use crate::model::environment::Stage;
use crate::model::key_path::{Segment, words};
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
    (is_override(name) && !document.settings.iter().any(stays_up)).then_some(OVERRIDE)
}

/// `docker compose` reads it [by itself](https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/), beside the one that is deployed.
fn is_override(name: &str) -> bool {
    matches!(name, "docker-compose.override.yml" | "docker-compose.override.yaml" | "compose.override.yml" | "compose.override.yaml")
}

/// Whether the setting says that a service is up as long as its host is: nobody asks that of a laptop.
fn stays_up(setting: &Setting) -> bool {
    setting.name() == "restart" && matches!(setting.value.expose(), "always" | "unless-stopped")
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
    let development = |name: &str| {
        let said = words(name);
        said.iter().any(|w| is_development(w)) && !said.iter().any(|w| matches!(w.as_str(), "prod" | "production" | "staging"))
    };
    setting.key.segments().windows(2).any(|pair| match pair {
        [Segment::Key(table), Segment::Key(command)] => matches!(table.as_str(), "scripts" | "tasks") && development(command),
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
    head.starts_with(['\t', ' '])
        && target.and_then(|l| l.split_once(':')).is_some_and(|(name, _)| words(name).iter().any(|w| is_development(w)))
}

/// `APP_ENV=dev`, `NODE_ENV=development` and their like.
fn says_development(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, value)| super::environment::declares_development(name, value))
}

fn is_development(word: &str) -> bool {
    matches!(word, "dev" | "development" | "test" | "tests" | "local" | "e2e")
}
