//! `harden fix`: plan, show, and with `--apply` write. No server is asked without `--probe`, and none is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use harden::disk::read::sha256;
use harden::keygen::SystemEntropy;
use harden::model::finding::Finding;
use harden::model::severity::{Fix, Profile};
use harden::plan::{Plan, Wishes, plan, preview};
use harden::scan::{Keep, Kept, Request, Scan, scan};
use harden::{formats, seal};
use zeroize::Zeroizing;

use super::args::{FixArgs, Global};
use super::exit::{Exit, Failure};
use super::fix_emit;
use super::fix_probe;
use super::fix_promote;
use super::fix_sops;
use super::fix_work::{Target, Work};
use super::interrupted;
use super::manifests::Manifests;
use super::project::Project;
use super::sealing::{self, about, twin_of};
use super::sops::{self, Openers, existing_twin};
use super::ui;

/// Plans, shows, and writes what was asked for.
pub(crate) fn run(args: &FixArgs, global: &Global) -> Result<Exit, Failure> {
    let project = Project::load(&args.paths, global.no_config)?;
    if args.apply {
        interrupted::settle(&project, &args.paths)?;
    } else {
        interrupted::mention(&project, &args.paths);
    }
    let (sealed, for_sops) = (args.emit == "sealed", args.emit == "sops");
    if for_sops && args.promote.is_some() {
        return Err(Failure::new("`--promote` writes an age file; run it without `--emit sops`"));
    }
    if args.hand_editable && !for_sops {
        return Err(Failure::new("`--hand-editable` goes with `--emit sops`"));
    }
    let told = project.config.as_ref().and_then(|c| c.config.profile);
    let identities = OnceLock::new();
    let openers = Openers::new(&args.seal.identity);
    let sealed_as_read = Mutex::new(BTreeMap::new());
    let open = |path: &Path| if for_sops { openers.open(path) } else { open_twin(path, args, &identities, &sealed_as_read) };
    let request = Request {
        paths: &args.paths,
        no_ignore: args.no_ignore,
        profile: if told == Some(Profile::Strict) { Profile::Strict } else { Profile::Production },
        fail_on: None,
        config: project.config.as_ref(),
        rules: &project.rules,
        honour: !global.no_config,
        keep: Keep::All,
        // what is accepted is still to be put right
        baseline: None,
        twins: (sealed || for_sops).then_some(&open),
        new_only: None,
        retired: None,
        spoken: None,
        cache: None,
    };
    let mut scan = scan(&request).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
    if let Some(problem) = scan.problems.first() {
        return Err(Failure::new(problem));
    }
    if scan.documents.is_empty() {
        ui::note("no file to look at");
        return Ok(Exit::NothingThere);
    }
    if !for_sops {
        pass_by_sops(&mut scan);
    }
    let mut work = match args.promote {
        Some(_) => fix_promote::work(&request, &mut scan)?,
        None => Work::of(scan),
    };
    work.sealed = sealed_as_read.lock().map(|mut read| std::mem::take(&mut *read)).unwrap_or_default();
    work.knows(&args.only, &project.rules)?;
    if args.promote.is_none() {
        work.offer_env_files();
    }
    let drivers = project.config.as_ref().map(|c| c.config.drivers.clone()).unwrap_or_default();
    let before = work.plain_beside_twins();
    let read = Manifests::of(&project, &work.files);
    let manifests = |index: usize| read.above(index);
    let wishes = Wishes {
        manifests: &manifests,
        before: &before,
        only: &args.only,
        drivers: &drivers,
        rules: &project.rules,
        seals: match args.emit.as_str() {
            "sealed" => Some(|document| formats::is_sealable(document.format)),
            "sops" => Some(sops::holds),
            _ => None,
        },
        fresh: work.fresh,
        live: false,
        keep_previous: args.keep_previous,
        unborn: work.fresh.is_some() && work.before.is_none(),
    };
    carry_out(&work, args, &project, &wishes, &|targets| match for_sops {
        true => fix_sops::write(args, &project, &request, &openers, targets, &fix_emit::root(args, &project, targets)),
        false => fix_emit::write(args, &project, targets),
    })
}

/// What writes the files of a plan.
type Write<'w> = dyn Fn(&[Target<'_>]) -> Result<Exit, Failure> + 'w;

fn carry_out(work: &Work, args: &FixArgs, project: &Project, wishes: &Wishes<'_>, write: &Write<'_>) -> Result<Exit, Failure> {
    let findings: Vec<&Finding> = work.findings.iter().collect();
    let mut plan =
        plan(&work.documents, &findings, wishes, &mut SystemEntropy).map_err(|e| Failure::new(format!("{e}; nothing was written")))?;
    if args.ask.probe {
        fix_probe::settle(&mut plan, &work.documents, &args.ask)?;
    }
    let most = if args.include.is_some() { Fix::Review } else { Fix::Safe };
    let edits = plan.edits(&work.documents, most).map_err(Failure::new)?;
    let bare = if wishes.seals.is_some() { work.only_to_seal(args, &edits) } else { Vec::new() };
    show(&plan, work, &bare)?;
    let extra: BTreeSet<usize> = bare.iter().copied().chain(work.grown()).filter(|i| !edits.contains_key(i)).collect();
    if edits.is_empty() && extra.is_empty() {
        ui::note(if plan.secrets.is_empty() && plan.switches.is_empty() && plan.reads.is_empty() {
            "nothing to change"
        } else {
            "nothing to change without `--include review` or a hand"
        });
        return Ok(Exit::Clean);
    }
    if !args.apply {
        fix_emit::foretell(args, work, &edits, project);
        return Ok(Exit::Findings);
    }
    let mut targets = Vec::new();
    for (index, planned) in &edits {
        targets.push(work.target(*index, Some(planned))?);
    }
    for index in extra {
        targets.push(work.target(index, None)?);
    }
    write(&targets)
}

/// Takes sops files out of a plan that is not for them: an edit in place would break their MAC.
fn pass_by_sops(scan: &mut Scan) {
    let is_sops = |kept: &Kept| !kept.twin && seal::sops::form_of(kept.document.text.as_bytes()).is_some();
    let passed: BTreeSet<String> = scan.documents.iter().filter(|kept| is_sops(kept)).map(|kept| kept.document.path.clone()).collect();
    for path in &passed {
        ui::note(&format!("{path} is a sops file and stays as it is; `--emit sops` makes the plan over its values"));
    }
    scan.documents.retain(|kept| !passed.contains(&kept.document.path));
    scan.report.entries.retain(|entry| !passed.contains(&entry.finding.file));
}

fn show(plan: &Plan, work: &Work, bare: &[usize]) -> Result<(), Failure> {
    let mut text = preview(plan, &work.documents);
    if !bare.is_empty() {
        text.push_str("sealed as they are: their secrets are strong and stand in the open\n");
        bare.iter().filter_map(|i| work.documents.get(*i)).for_each(|d| text.push_str(&format!("  {}\n", d.path)));
        text.push('\n');
    }
    match io::stdout().write_all(ui::printable(&text).as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("the plan cannot be shown: {}; nothing was written", e.kind())))
        }
        _ => Ok(()),
    }
}

/// The content of `PATH.age`, if there is one: a sealed file is never planned over unread.
fn open_twin(
    path: &Path,
    args: &FixArgs,
    identities: &OnceLock<Result<seal::Identities, String>>,
    read: &Mutex<BTreeMap<PathBuf, [u8; 32]>>,
) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    if let Some(other) = existing_twin(path).filter(|other| sealing::read(other).is_ok_and(|b| seal::sops::form_of(&b).is_some())) {
        return Err(format!("{} is the truth for {}; run with `--emit sops`; nothing was written", other.display(), path.display()));
    }
    let twin = twin_of(path);
    if twin.symlink_metadata().is_err() || !formats::is_sealable(formats::claimant(&path.to_string_lossy(), "").name()) && !path.exists() {
        return Ok(None);
    }
    let refused = |reason: String| format!("{} exists and cannot be opened; nothing was written ({reason})", twin.display());
    let sealed = sealing::read(&twin).map_err(|f| refused(f.message))?;
    if let Ok(mut read) = read.lock() {
        read.insert(path.to_owned(), sha256(&sealed));
    }
    let loaded = identities.get_or_init(|| sealing::identities(&args.seal.identity).map_err(|f| f.message));
    let identities = loaded.as_ref().map_err(|reason| refused(reason.clone()))?;
    seal::open(&sealed, identities).map(Some).map_err(|e| refused(about(&twin, &e).message))
}
