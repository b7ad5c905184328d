//! `harden hook run`: what the hook does, also for hook managers, which call it by themselves.
//!
//! Within a commit git sets `GIT_INDEX_FILE`, and what is staged is looked at. Files that are named outside of a commit (`pre-commit run
//! --all-files`) are looked at whole, as they lie there: a hook that then looks into an empty index would pass without having seen anything.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use harden::config::Threshold;
use harden::git::{Brought, Push, Repository};
use harden::model::severity::{Profile, Severity};
use harden::scan::{Request, Scan, scan};

use super::args::{Global, HookRunArgs};
use super::exit::{Exit, Failure};
use super::hook::repository;
use super::hook_guard::{self, Refusal};
use super::hook_look;
use super::hook_message::{self, Before};
use super::project::Project;
use super::ui;

/// Looks, says what it found, and gives the code that lets the commit or push go on, or not.
pub(crate) fn run(args: &HookRunArgs, global: &Global) -> Result<Exit, Failure> {
    let repository = repository(Path::new("."))?;
    // rules and configuration hold for the repository, wherever in it this was typed
    let project = Project::load(&[repository.root().to_owned()], global.no_config)?;
    let hook = Run { repository, project, honour: !global.no_config };
    if args.hook == "pre-push" {
        return hook.push(args.rest.first().map(|remote| remote.to_string_lossy().into_owned()).unwrap_or_default());
    }
    let files: Vec<PathBuf> = args.rest.iter().map(PathBuf::from).collect();
    let is_set = |name| std::env::var_os(name).is_some_and(|value: OsString| !value.is_empty());
    let committing = is_set("GIT_INDEX_FILE");
    if committing {
        return hook.staged();
    }
    if !files.is_empty() {
        return hook.files(&files);
    }
    let changes = hook.repository.staged_changes()?;
    if changes.is_empty() && is_set("PRE_COMMIT") {
        // the manager that is at work was asked for more than a commit, and hands no files on
        return hook.files(&[hook.repository.root().to_owned()]);
    }
    hook.staged()
}

struct Run {
    repository: Repository,
    project: Project,
    honour: bool,
}

impl Run {
    fn request<'r>(&'r self, paths: &'r [PathBuf]) -> Request<'r> {
        let told = self.project.config.as_ref().map(|c| &c.config);
        let fail_on = match told.and_then(|c| c.fail_on) {
            Some(Threshold::Never) => None,
            Some(Threshold::From(severity)) => Some(severity),
            None => Some(Severity::Medium),
        };
        Request {
            paths,
            no_ignore: true,
            profile: told.and_then(|c| c.profile).unwrap_or(Profile::Production),
            fail_on,
            config: self.project.config.as_ref(),
            rules: &self.project.rules,
            honour: self.honour,
            keep: false,
            twins: None,
        }
    }

    fn staged(&self) -> Result<Exit, Failure> {
        let changes = self.repository.staged_changes()?;
        if changes.is_empty() {
            ui::note("harden: nothing is staged");
            return Ok(Exit::Clean);
        }
        let root = [self.repository.root().to_owned()];
        let request = self.request(&root);
        let refusals = hook_guard::check(&self.repository, &changes, &request)?;
        let scan = hook_look::staged(&request, &self.repository)?;
        Ok(self.judge(scan, &refusals, Before::Commit, &[]))
    }

    /// Files as they lie there, and what the index says of those that are sealed.
    fn files(&self, files: &[PathBuf]) -> Result<Exit, Failure> {
        let request = self.request(files);
        let scan = scan(&request).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
        let names: BTreeSet<PathBuf> = files.iter().filter_map(|file| self.below(file)).collect();
        let changes: Vec<Brought> = self
            .repository
            .indexed(&names.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|(path, object)| Brought { path, old: None, new: Some(object), commit: None })
            .collect();
        let refusals = hook_guard::check(&self.repository, &changes, &request)?;
        Ok(self.judge(scan, &refusals, Before::Files, &[]))
    }

    fn push(&self, remote: String) -> Result<Exit, Failure> {
        let changes = match (std::env::var_os("PRE_COMMIT_FROM_REF"), std::env::var_os("PRE_COMMIT_TO_REF")) {
            // pre-commit reads the lines itself and hands on what it made of them
            (Some(from), Some(to)) => self.repository.changes_between(&from.to_string_lossy(), &to.to_string_lossy())?,
            _ => self.repository.pushed_changes(&lines()?, &remote)?,
        };
        let root = [self.repository.root().to_owned()];
        let request = self.request(&root);
        let (scan, commits) = hook_look::pushed(&request, &self.repository, &changes)?;
        Ok(self.judge(scan, &[], Before::Push, &commits))
    }

    fn judge(&self, mut scan: Scan, refusals: &[Refusal], before: Before, commits: &[String]) -> Exit {
        // one thing to put right is told once
        let refused: BTreeSet<String> = refusals.iter().map(|r| r.file.to_string_lossy().into_owned()).collect();
        if commits.is_empty() {
            scan.report.entries.retain(|entry| !refused.contains(&entry.finding.file));
        }
        for problem in &scan.problems {
            ui::error(&problem.to_string());
        }
        hook_message::print(&scan.report, refusals, before, commits);
        let failing = scan.report.failing() + refusals.len();
        let (files, suppressed) = (scan.report.totals.files, scan.report.totals.suppressed());
        let below = scan.report.entries.len().saturating_sub(scan.report.failing());
        let mut line =
            format!("harden: {}; looked at {files} {}", if failing == 0 { "nothing stops it" } else { "stopped" }, plural(files));
        if below > 0 {
            line += &format!("; {below} below the threshold");
        }
        if suppressed > 0 {
            line += &format!("; {suppressed} suppressed by the repository");
        }
        ui::note(&line);
        if !scan.problems.is_empty() {
            Exit::Failed
        } else if failing > 0 {
            Exit::Findings
        } else {
            Exit::Clean
        }
    }

    /// The path of a named file from the top of the work tree.
    fn below(&self, file: &Path) -> Option<PathBuf> {
        let folder = super::sealing::folder_of(file).canonicalize().ok()?;
        folder.join(file.file_name()?).strip_prefix(self.repository.root()).ok().map(Path::to_owned)
    }
}

fn plural(files: usize) -> &'static str {
    if files == 1 { "file" } else { "files" }
}

/// What git says is pushed, from standard input.
fn lines() -> Result<Vec<Push>, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(1 << 24)
        .read_to_string(&mut text)
        .map_err(|_| Failure::new("what is pushed cannot be read from standard input"))?;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.iter().map(|line| Push::parse(line)).collect::<Option<_>>().ok_or_else(|| {
        Failure::new("standard input holds something else than git hands to a pre-push hook; nothing was looked at")
            .hint("each line is `<local ref> <local object> <remote ref> <remote object>`")
    })
}
