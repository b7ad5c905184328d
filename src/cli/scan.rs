//! `harden scan`: look, report, grade, exit code.

use std::io::{self, BufWriter, ErrorKind, Write};

use harden::disk::cache::Cache;
use harden::git::{Asked, Commits};
use harden::model::secret::Secret;
use harden::model::severity::{Profile, Severity};
use harden::render;
use harden::scan::{Keep, Request, Scan, ScanError, Wanted, ask_staged, history, scan, scan_stream, staged};

use super::args::{Global, ScanArgs};
use super::baseline_file;
use super::exit::{Exit, Failure};
use super::interrupted;
use super::policy::Policy;
use super::progress::Progress;
use super::project::{Project, first};
use super::retired::Replaced;
use super::scan_fixes;
use super::twins;
use super::ui;

/// Scans and prints the report to stdout; notices and problems go to stderr.
pub(crate) fn run(args: &ScanArgs, global: &Global) -> Result<Exit, Failure> {
    let in_repository = args.staged || args.history.is_some();
    if in_repository && args.paths.iter().any(|p| p.as_os_str() == "-") {
        return Err(Failure::new("standard input is in no repository").hint("leave `-` out"));
    }
    let asked = args.staged.then(|| ask_staged(&args.paths)).transpose().map_err(Failure::new)?;
    let project = project(args, global)?;
    interrupted::mention(&project, &args.paths);
    let told = project.config.as_ref().map(|c| &c.config);
    let fail_on = match args.fail_on.as_deref() {
        Some("none") => None,
        Some(word) => Some(word.parse::<Severity>().map_err(Failure::new)?),
        None => project.fail_on(),
    };
    let baseline = baseline_file::for_scan(args, &project, global.no_config)?;
    // what stands in the history was replaced since, as it should be
    let replaced = if args.history.is_some() { Replaced::Nothing } else { Replaced::of(project.config.as_ref()) };
    let day = |value: &Secret| replaced.day(value);
    // where there is no home, nothing is remembered
    let cache = if args.no_cache { None } else { Cache::of_user("clean").ok() };
    let request = Request {
        paths: &args.paths,
        no_ignore: args.no_ignore,
        profile: args.profile.or(told.and_then(|c| c.profile)).unwrap_or(Profile::Production),
        fail_on,
        config: project.config.as_ref(),
        rules: &project.rules,
        honour: !global.no_config,
        keep: if shows_fixes(args) { Keep::Found } else { Keep::Nothing },
        baseline: baseline.as_ref(),
        twins: None,
        new_only: args.new_only.as_deref(),
        retired: replaced.is_known().then_some(&day),
        spoken: project.policy.spoken(),
        cache: cache.as_ref(),
    };
    let mut scan = look(args, &request, asked)?;
    if shows_fixes(args) {
        scan_fixes::add(&mut scan, &project);
    }
    if !args.staged && args.history.is_none() {
        twins::mention(&mut scan.report);
    }
    scan.report.notices.extend(replaced.notice());
    scan.report.quiet = args.quiet;
    print(&args.format, &scan)?;
    tell(&scan, args);
    if scan.report.failing() > 0 {
        project.tell_unstaged(&args.paths);
        baseline_file::tell_unstaged(&project, &args.paths);
    }
    Ok(verdict(&scan, args))
}

/// What the project says: as it lies there, as it is staged, or as a commit has it.
fn project(args: &ScanArgs, global: &Global) -> Result<Project, Failure> {
    let start = first(&args.paths);
    let policy = match &args.policy_ref {
        _ if global.no_config => return Project::load(&args.paths, true),
        Some(revision) => Policy::commit(start, revision)?,
        None if args.staged => Policy::staged(start)?,
        None => Policy::Lying,
    };
    Project::load_by(&args.paths, policy)
}

/// Only SARIF has a place for them.
fn shows_fixes(args: &ScanArgs) -> bool {
    args.format == "sarif"
}

fn look(args: &ScanArgs, request: &Request<'_>, asked: Option<Asked>) -> Result<Scan, Failure> {
    let unfit = |error: ScanError| match error {
        ScanError::Rule(error) => Failure::new(error).hint("no file was looked at"),
        error => Failure::new(error),
    };
    if let Some(asked) = asked {
        return staged(request, asked, args.all_lines).map_err(unfit);
    }
    if let Some(range) = &args.history {
        if !range.is_empty() && args.branch.is_some() {
            return Err(Failure::new("`--branch` and a range are two ways to say which commits").hint("leave one of them out"));
        }
        let commits = Commits { range: range.clone(), since: args.since.clone(), branch: args.branch.clone() };
        let bar = Progress::of("versions");
        return history(request, &Wanted { commits, progress: &|done, all| bar.tell(done, all) }).map_err(unfit);
    }
    if !args.paths.iter().any(|p| p.as_os_str() == "-") {
        if args.stdin_name.is_some() {
            return Err(Failure::new("`--as` names standard input, which is not among the paths").hint("put `-` for standard input"));
        }
        return scan(request).map_err(unfit);
    }
    if args.paths.len() > 1 {
        return Err(Failure::new("standard input cannot be scanned together with other paths").hint("run `harden scan -` by itself"));
    }
    let name = args.stdin_name.as_deref().unwrap_or("<stdin>");
    scan_stream(request, name, &mut io::stdin().lock()).map_err(|e| Failure::new(format!("standard input cannot be read: {}", e.kind())))
}

fn print(format: &str, scan: &Scan) -> Result<(), Failure> {
    let Some(renderer) = render::by_name(format) else { return Err(Failure::new(format!("`{format}` is no output format"))) };
    let colored = anstream::AutoStream::auto(io::stdout().lock());
    let mut out = BufWriter::new(colored);
    match renderer.render(&scan.report, &mut out).and_then(|()| out.flush()) {
        // whoever closed the pipe has read enough
        Err(e) if e.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!("the report cannot be written: {}", e.kind()))),
        _ => Ok(()),
    }
}

fn tell(scan: &Scan, args: &ScanArgs) {
    for problem in &scan.problems {
        ui::error(&problem.to_string());
    }
    // json, sarif and markdown carry them
    if !matches!(args.format.as_str(), "human" | "jsonl") || args.quiet {
        return;
    }
    for notice in &scan.report.notices {
        let line = if notice.line > 0 { format!(":{}", notice.line) } else { String::new() };
        ui::warn(&format!("{}{line}: {}", notice.file, notice.message));
    }
}

fn verdict(scan: &Scan, args: &ScanArgs) -> Exit {
    let totals = &scan.report.totals;
    // an empty index, and commits that change no file, are in order; a path that holds nothing is a mistake
    let may_be_nothing = args.staged || (args.history.is_some() && args.paths.iter().all(|p| p.as_os_str() == "."));
    if !scan.problems.is_empty() || (args.strict && totals.faulty > 0) {
        Exit::Failed
    } else if scan.report.failing() > 0 {
        Exit::Findings
    } else if totals.files == 0 && scan.sealed.is_empty() && !may_be_nothing {
        Exit::NothingThere
    } else {
        Exit::Clean
    }
}
