//! `harden hook run`: what the hook does, also for hook managers, which call it by themselves.
//!
//! Within a commit git sets `GIT_INDEX_FILE`, and what is staged is looked at. Files that are named outside of a commit (`pre-commit run
//! --all-files`) are looked at whole, as they lie there: a hook that then looks into an empty index would pass without having seen anything.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

use harden::git::{Asked, Push, Repository, Sent, Tracked};
use harden::model::secret::Secret;
use harden::model::severity::Profile;
use harden::scan::baseline::Baseline;
use harden::scan::{Keep, Request, Retired, Scan, ask_staged, scan, staged};

use super::args::{Global, HookRunArgs};
use super::baseline_file;
use super::exit::{Exit, Failure};
use super::hook_guard::{self, Refusal};
use super::hook_look;
use super::hook_message::{self, Before};
use super::policy::Policy;
use super::project::Project;
use super::retired::Replaced;
use super::ui;

/// Looks, says what it found, and gives the code that lets the commit or push go on, or not.
pub(crate) fn run(args: &HookRunArgs, global: &Global) -> Result<Exit, Failure> {
    let repository = Repository::of_hook(Path::new("."))?;
    if repository.is_bare() {
        return Err(
            Failure::new("this repository has no work tree; nothing was looked at").hint("`harden scan --history` looks at its commits")
        );
    }
    let files: Vec<PathBuf> = args.rest.iter().map(PathBuf::from).collect();
    let what = what(args, &files, &repository)?;
    // rules and configuration hold for the repository, wherever in it this was typed
    let paths = [repository.root().to_owned()];
    // git answers while all else is made ready
    let ask = || ask_staged(&paths).map_err(|e| Failure::new(e).hint("nothing was looked at"));
    let asked = (what == What::Staged).then(ask).transpose()?;
    let project = match what {
        _ if global.no_config => Project::load(&paths, true)?,
        What::Staged => Project::load_by(&paths, Policy::staged(repository.root())?)?,
        What::Files | What::All | What::Push => Project::load(&paths, false)?,
    };
    let baseline = baseline_file::own(&project, repository.root(), global.no_config)?;
    let replaced = if what == What::Push { Replaced::Nothing } else { Replaced::of(project.config.as_ref()) };
    let hook = Run { repository, project, honour: !global.no_config, baseline, replaced };
    if what == What::Files {
        return hook.files(&files);
    }
    // git runs hooks there, and so do we when we are called by hand
    std::env::set_current_dir(hook.repository.root())
        .map_err(|e| Failure::new(format!("the top of the work tree cannot be entered: {}", e.kind())))?;
    match what {
        What::Push => hook.push(&args.rest.first().map(|remote| remote.to_string_lossy().into_owned()).unwrap_or_default()),
        What::All => hook.files(&[PathBuf::from(".")]),
        What::Staged | What::Files => hook.staged(&files, asked.map_or_else(ask, Ok)?),
    }
}

/// What a hook is to look at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// What is staged.
    Staged,
    /// The files that were named, as they lie there.
    Files,
    /// All files, as they lie there.
    All,
    /// What is pushed.
    Push,
}

fn what(args: &HookRunArgs, files: &[PathBuf], repository: &Repository) -> Result<What, Failure> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value: OsString| !value.is_empty());
    Ok(if args.hook == "pre-push" {
        What::Push
    } else if is_set("GIT_INDEX_FILE") {
        What::Staged
    } else if !files.is_empty() {
        What::Files
    } else if is_set("PRE_COMMIT") && repository.staged_changes()?.is_empty() {
        // the manager that is at work was asked for more than a commit, and hands no files on
        What::All
    } else {
        What::Staged
    })
}

struct Run {
    repository: Repository,
    project: Project,
    honour: bool,
    baseline: Option<Baseline>,
    replaced: Replaced,
}

impl Run {
    fn request<'r>(&'r self, paths: &'r [PathBuf], day: &'r Retired<'r>) -> Request<'r> {
        let told = self.project.config.as_ref().map(|c| &c.config);
        Request {
            paths,
            no_ignore: false,
            profile: told.and_then(|c| c.profile).unwrap_or(Profile::Production),
            fail_on: self.project.fail_on(),
            config: self.project.config.as_ref(),
            rules: &self.project.rules,
            honour: self.honour,
            keep: Keep::Nothing,
            baseline: self.baseline.as_ref(),
            twins: None,
            new_only: None,
            retired: self.replaced.is_known().then_some(day),
            spoken: None,
            cache: None,
        }
    }

    /// What is staged, or of it the files that a manager names: it may leave some out, or hand on a long list in parts.
    fn staged(&self, files: &[PathBuf], asked: Asked) -> Result<Exit, Failure> {
        let mut changes = self.repository.staged_changes()?;
        let named: BTreeSet<PathBuf> = files.iter().filter_map(|file| self.below(file)).collect();
        changes.retain(|change| files.is_empty() || named.contains(&change.path));
        if changes.is_empty() {
            ui::note("harden: nothing is staged");
            return Ok(Exit::Clean);
        }
        let all = [PathBuf::from(".")];
        let day = |value: &Secret| self.replaced.day(value);
        let request = self.request(if files.is_empty() { &all } else { files }, &day);
        let refusals = hook_guard::check(&self.repository, &changes, &request)?;
        let scan = staged(&request, asked, false).map_err(|e| Failure::new(e).hint("nothing was looked at"))?;
        let exit = judge(scan, &refusals, Before::Commit, &self.replaced);
        if exit == Exit::Findings {
            let paths = [self.repository.root().to_owned()];
            self.project.tell_unstaged(&paths);
            baseline_file::tell_unstaged(&self.project, &paths);
        }
        Ok(exit)
    }

    /// Files as they lie there, and what the index says of those that are sealed.
    fn files(&self, files: &[PathBuf]) -> Result<Exit, Failure> {
        let day = |value: &Secret| self.replaced.day(value);
        let request = self.request(files, &day);
        let scan = scan(&request).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
        let names: BTreeSet<PathBuf> = files.iter().filter_map(|file| self.below(file)).collect();
        let changes: Vec<Tracked> = self
            .repository
            .indexed(&names.into_iter().collect::<Vec<_>>())?
            .into_iter()
            .map(|(path, object)| Tracked { path, new: Some(object) })
            .collect();
        let refusals = hook_guard::check(&self.repository, &changes, &request)?;
        Ok(judge(scan, &refusals, Before::Files, &self.replaced))
    }

    fn push(&self, remote: &str) -> Result<Exit, Failure> {
        let sent = match (std::env::var_os("PRE_COMMIT_FROM_REF"), std::env::var_os("PRE_COMMIT_TO_REF")) {
            // pre-commit reads the lines itself and hands on what it made of them
            (Some(from), Some(to)) => vec![self.repository.sent_between(&from.to_string_lossy(), &to.to_string_lossy())?],
            _ => lines()?.iter().map(|push| self.repository.sent(push, remote)).collect::<Result<_, _>>()?,
        };
        let sent: Vec<Sent> = sent.into_iter().flatten().collect();
        let all = [PathBuf::from(".")];
        match hook_look::pushed(&self.request(&all, &|_| None), &sent)? {
            Some(scan) => Ok(judge(scan, &[], Before::Push, &self.replaced)),
            None => {
                ui::note("harden: nothing is sent that the remote does not have");
                Ok(Exit::Clean)
            }
        }
    }

    /// The path of a named file from the top of the work tree.
    fn below(&self, file: &Path) -> Option<PathBuf> {
        let folder = super::sealing::folder_of(file).canonicalize().ok()?;
        folder.join(file.file_name()?).strip_prefix(self.repository.root()).ok().map(Path::to_owned)
    }
}

fn judge(mut scan: Scan, refusals: &[Refusal], before: Before, replaced: &Replaced) -> Exit {
    // one thing to put right is told once
    let refused: BTreeSet<String> = refusals.iter().map(|r| r.file.to_string_lossy().into_owned()).collect();
    scan.report.entries.retain(|entry| !refused.contains(&entry.finding.file));
    for problem in &scan.problems {
        ui::error(&problem.to_string());
    }
    hook_message::print(&scan.report, refusals, before);
    let failing = scan.report.failing() + refusals.len();
    let totals = &scan.report.totals;
    let (files, suppressed, accepted) = (totals.files, totals.suppressed(), totals.suppressed_baseline);
    let below = scan.report.entries.len().saturating_sub(scan.report.failing());
    let mut line = format!("harden: {}; looked at {files} {}", if failing == 0 { "nothing stops it" } else { "stopped" }, plural(files));
    if below > 0 {
        line += &format!("; {below} below the threshold");
    }
    if suppressed > 0 {
        line += &format!("; {suppressed} suppressed by the repository");
    }
    if accepted > 0 {
        line += &format!("; {accepted} suppressed by the baseline");
    }
    if let Some(notice) = replaced.notice() {
        line += &format!("; {}", notice.message);
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
