//! Which deployment a part of a file speaks for, in a file that speaks for production as a whole: `development:` beside `production:`, a
//! profile's document, a service of a pipeline, a tool of one machine.
//!
//! Names of environments: [Rails](https://guides.rubyonrails.org/configuring.html), [Sequelize](https://sequelize.org/docs/v6/other-topics/migrations/),
//! [Wrangler](https://developers.cloudflare.com/workers/wrangler/environments/); profiles: [Spring](https://docs.spring.io/spring-boot/reference/features/external-config.html),
//! [Quarkus](https://quarkus.io/guides/config-reference#profiles).

use std::collections::{BTreeMap, BTreeSet};

use super::blocks::{self, Label};
use super::inherit::{self, Class, Classes};
use super::live::Live;
use super::{environment, pipeline, tools};
use crate::model::document::Document;
use crate::model::environment::{Environment, Stage};
use crate::model::key_path::words;
use crate::model::setting::{Role, Setting};

const NAMED: Stage = Stage::Named("it stands under a name for development");

/// A name alone, which nothing reads by environment for sure, excuses neither what is strong nor what others reach.
const CALLED: Stage = Stage::Passing("it stands under a name for development");
const PROFILE: Stage = Stage::Named("only a profile for development reads it");

const DECLARED: Stage = Stage::Passing("it declares itself development, and its framework overrides it where it is deployed");

/// Whether an env file holds a framework's defaults, which are handed round and overridden where they do not fit: `.env` of
/// [Symfony](https://symfony.com/doc/current/configuration.html#overriding-environment-values-via-env-local).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Defaults {
    /// It does not: Compose may run with it, git keeps it to this machine, or nothing is known.
    #[default]
    No,
    /// It does if its text says so.
    Possible,
    /// What lies beside it says so.
    Likely,
}

/// Fills in what the parts of `document` say of their deployment, where the file speaks for production.
pub fn settle(document: &mut Document, defaults: Defaults) {
    if document.environment != Environment::Production || document.settings.is_empty() {
        return;
    }
    let stages: Vec<Option<Stage>> = if environment::is_pipeline(&document.path) {
        pipeline::stages(document)
    } else if let Some(stage) = tools::whole(document) {
        vec![Some(stage); document.settings.len()]
    } else if document.file_name() == ".env" && declares_development(document, defaults) {
        vec![Some(DECLARED); document.settings.len()]
    } else if document.format == "code" {
        members(document)
    } else if is_tree(document.format) {
        let (profiles, trees) = (profiles(document), trees(document));
        let own =
            |(i, setting): (usize, &Setting)| tools::part(document, setting).or_else(|| *profiles.get(i)?).or_else(|| *trees.get(i)?);
        document.settings.iter().enumerate().map(own).collect()
    } else {
        document.settings.iter().map(|setting| tools::part(document, setting)).collect()
    };
    let reached = reached(document, &stages);
    let stages = stages.into_iter().zip(reached).map(|(stage, reached)| stage.filter(|_| !reached));
    document.settings.iter_mut().zip(stages).for_each(|(setting, stage)| setting.stage = stage);
}

/// Which settings of parts that only pass are for a server that others reach: that excuses nothing.
fn reached(document: &Document, stages: &[Option<Stage>]) -> Vec<bool> {
    let passes = |stage: &Option<Stage>| matches!(stage, Some(Stage::Passing(_)));
    if !stages.iter().any(passes) {
        return vec![false; stages.len()];
    }
    let live = Live::of(document);
    // what a run starts is its own, whatever it is called
    let pipeline = environment::is_pipeline(&document.path);
    let asked = |(setting, stage): (&Setting, &Option<Stage>)| {
        passes(stage) && !(pipeline && pipeline::is_of_service(setting)) && live.is_for(setting)
    };
    document.settings.iter().zip(stages).map(asked).collect()
}

/// Whether an env file says that it is for development, and is one to be overridden.
fn declares_development(document: &Document, defaults: Defaults) -> bool {
    let overridden = match defaults {
        Defaults::No => false,
        Defaults::Possible => document.text.contains("###> symfony/"),
        Defaults::Likely => true,
    };
    let live = || document.settings.iter().filter(|s| s.role == Role::Live && environment::names_environment(s.name()));
    overridden && live().next().is_some() && live().all(|s| environment::declares_development(s.name(), s.value.expose()))
}

/// Formats whose maps may be environments. A service of Compose may be called anything.
fn is_tree(format: &str) -> bool {
    matches!(format, "yaml" | "json" | "jsonc" | "toml" | "ini" | "properties")
}

/// Whether `name` is one for development or tests.
fn is_development(name: &str) -> bool {
    ["development", "dev", "develop", "test", "testing", "local"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether `name` is one for what goes live.
fn is_production(name: &str) -> bool {
    ["production", "prod", "staging", "stage", "live", "preprod", "preproduction", "uat"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Whether `name` is one for what all environments share.
fn is_shared(name: &str) -> bool {
    let shared = ["default", "defaults", "shared", "common", "base", "global", "all"];
    shared.iter().any(|word| name.eq_ignore_ascii_case(word)) || name.starts_with(['.', '_']) || name.starts_with("x-")
}

/// Maps under names of environments, where those beside them are environments, too, or the file is known to be made of them.
fn trees(document: &Document) -> Vec<Option<Stage>> {
    let none = || vec![None; document.settings.len()];
    // the maps in which a map is named for development, by what leads to them
    let mut parents: BTreeSet<(usize, Vec<&str>)> = BTreeSet::new();
    for setting in &document.settings {
        for depth in named(setting) {
            parents.insert((setting.part, setting.key.names().take(depth).collect()));
        }
        if parents.len() > MOST_MAPS {
            return none();
        }
    }
    if parents.is_empty() {
        return document.settings.iter().map(|setting| rocket(document, setting)).collect();
    }
    let mut below: BTreeMap<(usize, &[&str]), BTreeSet<&str>> = BTreeMap::new();
    for setting in &document.settings {
        let names: Vec<&str> = setting.key.names().collect();
        for (part, parent) in parents.iter().filter(|(part, parent)| *part == setting.part && names.starts_with(parent)) {
            if names.len() > parent.len() + 1 {
                below.entry((*part, parent)).or_default().extend(names.get(parent.len()));
            }
        }
    }
    let known = is_made_of_environments(document.file_name());
    let sure: BTreeSet<(usize, &[&str])> = below
        .iter()
        .filter(|((_, parent), names)| {
            let environments = names.iter().filter(|n| is_development(n) || is_production(n)).count();
            let alone = names.iter().all(|n| is_development(n) || is_production(n) || is_shared(n));
            let holder = parent.last().is_none_or(|n| is_holder(n));
            // `{ "development": {..} }` and nothing else
            let whole = parent.is_empty() && names.contains("development");
            names.iter().any(|n| is_production(n)) || (known && holder) || (holder && alone && (environments > 1 || whole))
        })
        .map(|(place, _)| *place)
        .collect();
    let stage =
        |setting: &Setting| {
            let names: Vec<&str> = setting.key.names().collect();
            named(setting)
                .any(|depth| names.get(..depth).is_some_and(|parent| sure.contains(&(setting.part, parent))))
                .then_some(if known { NAMED } else { CALLED })
        };
    let taken = if document.format == "yaml" { inherit::aliased(document, is_development) } else { vec![false; document.settings.len()] };
    let own = |(setting, taken): (&Setting, &bool)| stage(setting).filter(|_| !taken).or_else(|| rocket(document, setting));
    document.settings.iter().zip(&taken).map(own).collect()
}

/// Maps that hold something named for development: a file of more is a list of something.
const MOST_MAPS: usize = 64;

/// How many names stand before each name of a map for development, on the way to `setting`.
fn named(setting: &Setting) -> impl Iterator<Item = usize> {
    let last = setting.key.names().count().saturating_sub(1);
    setting.key.names().take(last).enumerate().filter(|(_, name)| is_development(name)).map(|(depth, _)| depth)
}

/// Names of maps whose members are environments.
fn is_holder(name: &str) -> bool {
    ["env", "envs", "environment", "environments", "profiles", "stages"].iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// Files that frameworks read by environment, whichever of them are written.
fn is_made_of_environments(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "database.yml",
        "database.json",
        "dbconfig.yml",
        "secrets.yml",
        "mongoid.yml",
        "cable.yml",
        "storage.yml",
        "redis.yml",
        "resque.yml",
        "sidekiq.yml",
        "wrangler.toml",
        "wrangler.json",
        "wrangler.jsonc",
        "rocket.toml",
        "knexfile.json",
        "ormconfig.json",
    ];
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// What [Rocket](https://rocket.rs/guide/v0.5/configuration/) calls development is the profile of debug builds.
fn rocket(document: &Document, setting: &Setting) -> Option<Stage> {
    let debug = document.file_name().eq_ignore_ascii_case("rocket.toml") && setting.key.names().next() == Some("debug");
    debug.then_some(NAMED)
}

/// `%dev.name` of Quarkus, and documents that Spring reads with some profiles only.
fn profiles(document: &Document) -> Vec<Option<Stage>> {
    const ACTIVATION: &[&str] = &["spring.config.activate.on-profile", "spring.config.activate.onProfile", "spring.profiles"];
    let mark = |line: &str| matches!(line.trim_end(), "#---" | "!---");
    let starts: Vec<usize> = if document.format == "properties" {
        let mut at = 0;
        let lines = document.text.split_inclusive('\n').map(|line| {
            at += line.len();
            (at, line)
        });
        lines.filter(|(_, line)| mark(line)).map(|(end, _)| end).collect()
    } else {
        Vec::new()
    };
    let part = |setting: &Setting| setting.part + starts.partition_point(|start| *start <= setting.span.start);
    let activates = |setting: &&Setting| {
        let top = setting.key.names().next().is_some_and(|n| n.starts_with("spring"));
        top && ACTIVATION.contains(&setting.key.names().collect::<Vec<_>>().join(".").as_str())
    };
    let mut told: BTreeMap<usize, bool> = BTreeMap::new();
    for setting in document.settings.iter().filter(activates) {
        *told.entry(part(setting)).or_insert(true) &= only_development(setting.value.expose());
    }
    let quarkus = |setting: &Setting| {
        let name = setting.key.names().next().and_then(|n| n.strip_prefix('%'));
        name.is_some_and(|n| n.split('.').next().is_some_and(only_development))
    };
    let of = |s: &Setting| (quarkus(s) || told.get(&part(s)) == Some(&true)).then_some(PROFILE);
    document.settings.iter().map(of).collect()
}

/// Whether an expression of profiles holds for none but those for development: `dev`, `dev,test`, `local | test`, `!prod`.
fn only_development(expression: &str) -> bool {
    let mut names =
        expression.split(|c: char| matches!(c, ',' | '|' | '(' | ')') || c.is_whitespace()).filter(|n| !n.is_empty()).peekable();
    names.peek().is_some() && names.all(|n| is_development(n) || matches!(n, "!prod" | "!production"))
}

/// Where the classes of a program in Python begin and end, and which hold settings for development, where another holds those for what goes
/// live: `class DevelopmentConfig` beside `class ProductionConfig`, as [Flask](https://flask.palletsprojects.com/en/stable/config/#development-production) has it.
fn classes(text: &str) -> Vec<Class<'_>> {
    let mut all: Vec<Class<'_>> = Vec::new();
    let (mut at, mut live, mut open) = (0, false, false);
    // a base stands before what is made from it
    let mut of_settings: BTreeSet<&str> = BTreeSet::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '@')) {
            if let Some(last) = all.last_mut().filter(|_| open) {
                last.end = at;
            }
            let class = line.strip_prefix("class ");
            open = class.is_some();
            if let Some(rest) = class {
                let name = rest.split([':', '(']).next().unwrap_or("").trim();
                let bases = rest.split_once('(').and_then(|(_, rest)| rest.split(')').next()).unwrap_or("");
                let bases: Vec<&str> = bases.split(',').map(|b| b.trim().rsplit('.').next().unwrap_or("")).collect();
                let holds = |name: &&str| of_settings.contains(*name) || words(name).last().is_some_and(|w| means_settings(w));
                let settings = holds(&name) || bases.iter().any(holds);
                if settings {
                    of_settings.insert(name);
                }
                let said = words(name);
                // `DevRailConfig` is for something that is called so
                let last = said.iter().rev().find(|w| !means_settings(w)).map_or("", String::as_str);
                live |= settings && ["production", "prod", "staging", "preprod", "preproduction"].contains(&last);
                let development = settings
                    && ["development", "dev", "develop", "test", "testing"].contains(&last)
                    && !said.iter().any(|w| is_production(w));
                all.push(Class { start: at, end: text.len(), name, bases, development });
            }
        }
        at += line.len();
    }
    if live { all } else { Vec::new() }
}

/// Last words of names of classes that hold settings.
fn means_settings(word: &str) -> bool {
    matches!(word, "config" | "settings" | "configuration")
}

/// Where the objects for development begin in a program: members of an object that has another for what goes live, by their name or as
/// `{ development, production: {} }`.
fn environments(text: &str) -> BTreeSet<usize> {
    let development = blocks::named(text, Label::Member, is_development, MOST_MAPS);
    if development.is_empty() {
        return BTreeSet::new();
    }
    let live: BTreeSet<Option<usize>> =
        blocks::named(text, Label::Member, is_production, MOST_MAPS).into_iter().map(|b| b.parent).collect();
    let beside = |block: &blocks::Block<'_>| {
        live.contains(&block.parent)
            || block.parent.is_none() && live.iter().flatten().take(8).any(|object| blocks::has_shorthand(text, *object, block.name))
    };
    development.iter().filter(|block| beside(block)).map(|block| block.at).collect()
}

/// Members of objects in programs, where another is named for what goes live: `knexfile.js`, `ormconfig.ts`, `config.js`.
fn members(document: &Document) -> Vec<Option<Stage>> {
    let name = document.file_name();
    let gradle = name.ends_with(".gradle") || name.ends_with(".gradle.kts");
    let environments = if gradle { BTreeSet::new() } else { environments(&document.text) };
    let member = !environments.is_empty();
    let mut classes = Classes::of(&document.text, if name.ends_with(".py") { classes(&document.text) } else { Vec::new() });
    let spreads = if member { inherit::spreads(&document.text, is_development) } else { Vec::new() };
    let of = |setting: &Setting| {
        let at = setting.span.start;
        if let Some(class) = classes.development_at(at) {
            return (!classes.hands_on(class, setting.name())).then_some(CALLED);
        }
        if member {
            let around = blocks::places(&document.text, at, Label::Member);
            if let Some(depth) = around.iter().position(|(at, _)| environments.contains(at)) {
                let names: Vec<&str> = around.iter().take(depth).map(|(_, name)| *name).chain([setting.name()]).collect();
                let own = around.get(depth).map(|(_, name)| *name);
                let taken = spreads.iter().any(|(name, behind)| own == Some(*name) && !inherit::says_anew(behind, &names));
                return (!taken).then_some(CALLED);
            }
        }
        tools::part(document, setting)
    };
    document.settings.iter().map(of).collect()
}
