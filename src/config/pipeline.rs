//! Files of CI services. A database that a run starts and throws away harms nobody with its password; what a job deploys with does.
//!
//! [GitHub](https://docs.github.com/actions/using-containerized-services/about-service-containers),
//! [GitLab](https://docs.gitlab.com/ci/services/), [CircleCI](https://circleci.com/docs/configuration-reference/#docker),
//! [Bitbucket](https://support.atlassian.com/bitbucket-cloud/docs/databases-and-service-containers/),
//! [Azure](https://learn.microsoft.com/azure/devops/pipelines/process/service-containers).

use std::collections::{BTreeMap, BTreeSet};

use super::environment::is_development;
use super::live::{goes_live, leads_to_live, line_around};
use crate::model::document::Document;
use crate::model::environment::Stage;
use crate::model::key_path::{Segment, words};
use crate::model::setting::{Role, Setting};

const SERVICE: Stage = Stage::Passing("the service lives as long as a run of the pipeline");
const CLIENT: Stage = Stage::Passing("it logs in at a service that lives as long as a run of the pipeline");
const RUN: Stage = Stage::Passing("by the file's name the pipeline tests");

/// What each setting of the pipeline is for.
pub(super) fn stages(document: &Document) -> Vec<Option<Stage>> {
    let settings = &document.settings;
    let name = document.file_name().to_lowercase();
    // the only one that GitLab has is called for nothing that it does
    let tests = is_development(&name) && !name.ends_with(".gitlab-ci.yml");
    let jobs = jobs(document);
    let job = |s: &Setting| job_of(s).and_then(|name| jobs.get(&(s.part, name.to_owned())));
    let deploys = |s: &Setting| deploys(s) || job(s).is_some_and(|job| job.deploys);
    let any_service = settings.iter().any(is_of_service);
    let of_service = |s: &Setting| is_of_service(s) || (any_service && is_image_variable(s.name()) && !deploys(s));
    let secrets = settings.iter().filter(|s| of_service(s) && is_secret(s.name()) && !s.value.is_empty());
    let secrets: BTreeSet<&str> = secrets.map(|s| s.value.expose()).collect();
    let hosts: BTreeSet<String> = settings.iter().filter_map(host).collect();
    let stage = |s: &Setting| {
        if of_service(s) {
            Some(SERVICE)
        } else if deploys(s) || logs_in_elsewhere(document, s) {
            None
        } else if (is_secret(s.name()) && secrets.contains(s.value.expose())) || logs_in_at(s.value.expose(), &hosts) {
            Some(CLIENT)
        } else if tests || job(s).is_some_and(|job| job.tests) {
            job(s).is_none_or(|job| job.tests || !job.reaches).then_some(RUN)
        } else {
            None
        }
    };
    settings.iter().map(stage).collect()
}

/// What is known of a job.
#[derive(Default)]
struct Job {
    /// Its name or its stage says that it tests.
    tests: bool,
    /// Its stage or its environment says that something goes live by it.
    deploys: bool,
    /// One of its commands is for a server that others reach.
    reaches: bool,
}

/// The name of the job that the setting belongs to.
fn job_of(setting: &Setting) -> Option<&str> {
    const OTHERS: &[&str] =
        &["variables", "default", "env", "services", "definitions", "image", "include", "on", "workflow", "stages", "cache"];
    let mut names = setting.key.names();
    let first = names.next()?;
    if first == "jobs" { names.next() } else { Some(first).filter(|name| !OTHERS.contains(name)) }
}

/// The jobs of a pipeline, by the document of the file and their names.
fn jobs(document: &Document) -> BTreeMap<(usize, String), Job> {
    let tested = |said: &str| {
        const WORDS: &[&str] = &[
            "test",
            "tests",
            "testing",
            "e2e",
            "unit",
            "integration",
            "lint",
            "check",
            "spec",
            "specs",
            "rspec",
            "phpunit",
            "pytest",
            "jest",
            "cypress",
            "playwright",
        ];
        words(said).iter().any(|w| WORDS.contains(&w.as_str())) && !goes_live(said)
    };
    let mut all: BTreeMap<(usize, String), Job> = BTreeMap::new();
    for setting in &document.settings {
        let Some(name) = job_of(setting) else { continue };
        let job = all.entry((setting.part, name.to_owned())).or_insert_with(|| Job { tests: tested(name), ..Job::default() });
        let below: Vec<&str> = setting.key.names().skip_while(|n| *n != name).skip(1).collect();
        let value = setting.value.expose();
        match below.as_slice() {
            ["stage"] => {
                job.tests |= tested(value);
                job.deploys |= goes_live(value);
            }
            // a run for each branch is a deployment, too; CircleCI calls variables so
            ["environment"] | ["environment", "name"] => job.deploys |= !value.is_empty() && !is_development(&value.to_lowercase()),
            ["environment", "url" | "deployment_tier"] => job.deploys |= goes_live(value) || leads_to_live(value),
            _ => {
                job.reaches |=
                    matches!(below.first(), Some(&("script" | "before_script" | "after_script" | "steps" | "run"))) && is_for_servers(value)
            }
        }
        job.tests &= !job.deploys;
    }
    all
}

/// Whether a line of `script` is a command by which something gets to a server.
fn is_for_servers(script: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "sshpass ",
        "ssh ",
        "scp ",
        "rsync ",
        "lftp ",
        "ansible-playbook ",
        "terraform apply",
        "docker push",
        "docker login",
        "podman login",
        "helm upgrade",
        "helm registry login",
        "kubectl apply",
        "docker stack deploy",
    ];
    script
        .lines()
        .any(|line| COMMANDS.iter().any(|command| line.trim_start().starts_with(command) || line.contains(&format!(" {command}"))))
}

/// Whether the setting belongs to a command or a plugin that logs in somewhere else than at a database: a password that is a service's, too, is
/// another one there.
fn logs_in_elsewhere(document: &Document, setting: &Setting) -> bool {
    const COMMANDS: &[&str] = &["sshpass ", "docker login", "podman login", "helm registry login", "lftp "];
    let line = || line_around(&document.text, setting.span.start);
    let plugin = setting.key.names().any(|n| n == "settings");
    plugin || (setting.role == Role::Argument || setting.role == Role::Prose) && COMMANDS.iter().any(|command| line().contains(command))
}

/// Whether the setting stands in what describes a container beside that of the job.
pub(super) fn is_of_service(setting: &Setting) -> bool {
    let segments = setting.key.segments();
    let second_image = |pair: &[Segment]| matches!(pair, [Segment::Key(name), Segment::Index(i)] if name == "docker" && *i > 0);
    services(segments).is_some_and(|at| at + 1 < segments.len()) || segments.windows(2).any(second_image)
}

/// Where the list or map of services begins on a path. A job may be called so, too.
fn services(segments: &[Segment]) -> Option<usize> {
    const OF_JOBS: &[&str] = &["variables", "env", "environment", "script", "steps", "stage", "runs-on", "rules", "before_script"];
    let named = |s: &Segment| matches!(s, Segment::Key(name) if name == "services" || name == "containers");
    let at = segments.iter().position(named)?;
    let below_jobs = at > 0 && matches!(segments.get(at - 1), Some(Segment::Key(name)) if name == "jobs");
    let job = matches!(segments.get(at + 1), Some(Segment::Key(name)) if OF_JOBS.contains(&name.as_str()));
    (!below_jobs && !job).then_some(at)
}

/// Whether a name on the way to the setting is that of a job, a stage or a branch from which something goes live.
fn deploys(setting: &Setting) -> bool {
    setting.key.names().any(goes_live)
}

/// Variables that images of databases and brokers set themselves up with.
fn is_image_variable(name: &str) -> bool {
    const BEGINNINGS: &[&str] =
        &["POSTGRES_", "MYSQL_", "MARIADB_", "MONGO_INITDB_", "RABBITMQ_DEFAULT_", "MSSQL_", "MINIO_ROOT_", "COUCHDB_", "CLICKHOUSE_"];
    const NAMES: &[&str] = &["SA_PASSWORD", "NEO4J_AUTH", "ELASTIC_PASSWORD", "PGPASSWORD", "ARANGO_ROOT_PASSWORD", "ORACLE_PASSWORD"];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) || NAMES.contains(&name)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["PASS", "PWD", "SECRET", "AUTH"].iter().any(|part| name.contains(part))
}

/// By which name a job reaches a service: its own, its alias, its image's.
fn host(setting: &Setting) -> Option<String> {
    let segments = setting.key.segments();
    let at = services(segments)?;
    match segments.get(at + 1)? {
        Segment::Key(name) => Some(name.as_str().to_owned()),
        Segment::Index(_) => match segments.get(at + 2) {
            None => image(setting.value.expose()),
            Some(Segment::Key(name)) if name == "name" || name == "image" => image(setting.value.expose()),
            Some(Segment::Key(name)) if name == "alias" || name == "container" => Some(setting.value.expose().to_owned()),
            Some(_) => None,
        },
    }
}

/// `registry/postgres:16` is reached as `postgres`.
fn image(value: &str) -> Option<String> {
    let name = value.rsplit('/').next()?.split([':', '@']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether every address in `value` is one of this machine or of `hosts`.
fn logs_in_at(value: &str, hosts: &BTreeSet<String>) -> bool {
    const OWN: &[&str] = &["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal"];
    let mut rest = value.split("://").skip(1).peekable();
    rest.peek().is_some()
        && rest.all(|address| {
            let end =
                address.find(|c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '\\') || c.is_whitespace()).unwrap_or(address.len());
            let authority = address.get(..end).unwrap_or("");
            let list = authority.rsplit_once('@').map_or(authority, |(_, list)| list);
            list.split(',').all(|host| {
                let name =
                    host.rsplit_once(':').map_or(host, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host });
                OWN.contains(&name) || hosts.contains(name)
            })
        })
}
