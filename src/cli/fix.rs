//! `harden fix`: plan, show, and with `--apply` write. No server is touched.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harden::disk::read::{Links, Outcome, read};
use harden::keygen::SystemEntropy;
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::finding::Finding;
use harden::model::severity::{Class, Fix, Profile, Severity};
use harden::plan::{Plan, Planned, Wishes, plan, preview};
use harden::scan::{Kept, LIMIT, Request, Scan, scan};
use harden::{formats, rewrite, seal};
use zeroize::Zeroizing;

use super::args::{FixArgs, Global};
use super::exit::{Exit, Failure};
use super::fix_emit::{self, Target};
use super::fix_promote;
use super::interrupted;
use super::project::Project;
use super::sealing::{self, about, twin_of};
use super::ui;

/// Plans, shows, and writes what was asked for.
pub(crate) fn run(args: &FixArgs, global: &Global) -> Result<Exit, Failure> {
    let project = Project::load(&args.paths, global.no_config)?;
    if args.apply {
        interrupted::settle(&project, &args.paths)?;
    } else {
        interrupted::mention(&project, &args.paths);
    }
    let sealed = args.emit == "sealed";
    let identities = OnceLock::new();
    let open = |path: &Path| open_twin(path, args, &identities);
    let request = Request {
        paths: &args.paths,
        no_ignore: args.no_ignore,
        profile: Profile::Production,
        fail_on: None,
        config: project.config.as_ref(),
        rules: &project.rules,
        honour: !global.no_config,
        keep: true,
        twins: sealed.then_some(&open),
    };
    let mut scan = scan(&request).map_err(|e| Failure::new(e).hint("no file was looked at"))?;
    if let Some(problem) = scan.problems.first() {
        let place = if problem.display.is_empty() { String::new() } else { format!("`{}`: ", problem.display) };
        return Err(Failure::new(format!("{place}{}", problem.reason)));
    }
    if scan.documents.is_empty() {
        ui::note("no file to look at");
        return Ok(Exit::NothingThere);
    }
    let work = match args.promote {
        Some(_) => fix_promote::work(&request, &mut scan)?,
        None => Work::of(scan),
    };
    let drivers = project.config.as_ref().map(|c| c.config.drivers.clone()).unwrap_or_default();
    let before = work.plain_beside_twins();
    let wishes = Wishes {
        before: &before,
        only: &args.only,
        drivers: &drivers,
        rules: &project.rules,
        sealed,
        fresh: work.fresh,
        unborn: work.fresh.is_some() && work.before.is_none(),
    };
    work.carry_out(args, &project, &wishes)
}

/// What a plan is made of.
pub(crate) struct Work {
    pub(crate) documents: Vec<Document>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) twins: Vec<bool>,
    pub(crate) findings: Vec<Finding>,
    /// The document that `.env` is promoted to: new, or with more in it than its file has.
    pub(crate) fresh: Option<usize>,
    /// What the file of that document, or its twin, holds now; none where there is neither.
    pub(crate) before: Option<Zeroizing<String>>,
}

impl Work {
    fn of(scan: Scan) -> Self {
        let findings = scan.report.entries.into_iter().map(|e| e.finding).collect();
        let (mut documents, mut files, mut twins) = (Vec::new(), Vec::new(), Vec::new());
        for Kept { document, path, twin } in scan.documents {
            documents.push(document);
            files.push(path);
            twins.push(twin);
        }
        Self { documents, files, twins, findings, fresh: None, before: None }
    }

    /// The plain files whose twins were read in their place, with the index of the twin; only those whose settings still line up.
    fn plain_beside_twins(&self) -> Vec<(Document, usize)> {
        let mut out = Vec::new();
        for (i, document) in self.documents.iter().enumerate().filter(|(i, _)| self.twins.get(*i) == Some(&true)) {
            let Some(Ok(Outcome::Content(content, _))) = self.files.get(i).map(|f| read(f, Links::Refuse, LIMIT)) else { continue };
            let plain = formats::parse(&document.path, &content.bytes, document.environment);
            let lines_up = plain.settings.len() == document.settings.len()
                && plain.settings.iter().zip(&document.settings).all(|(a, b)| a.key == b.key);
            if lines_up {
                out.push((plain, i));
            }
        }
        out
    }

    fn carry_out(&self, args: &FixArgs, project: &Project, wishes: &Wishes<'_>) -> Result<Exit, Failure> {
        let findings: Vec<&Finding> = self.findings.iter().collect();
        let plan =
            plan(&self.documents, &findings, wishes, &mut SystemEntropy).map_err(|e| Failure::new(format!("{e}; nothing was written")))?;
        let most = if args.include.is_some() { Fix::Review } else { Fix::Safe };
        let edits = plan.edits(&self.documents, most).map_err(Failure::new)?;
        let bare = if wishes.sealed { self.only_to_seal(args, &edits) } else { Vec::new() };
        show(&plan, self, &bare)?;
        let extra: BTreeSet<usize> = bare.iter().copied().chain(self.grown()).filter(|i| !edits.contains_key(i)).collect();
        if edits.is_empty() && extra.is_empty() {
            ui::note(if plan.secrets.is_empty() && plan.switches.is_empty() {
                "nothing to change"
            } else {
                "nothing to change without `--include review` or a hand"
            });
            return Ok(Exit::Clean);
        }
        if !args.apply {
            fix_emit::foretell(args, self, &edits, project);
            return Ok(Exit::Findings);
        }
        let mut targets = Vec::new();
        for (index, planned) in &edits {
            targets.push(self.target(*index, Some(planned))?);
        }
        for index in extra {
            targets.push(self.target(index, None)?);
        }
        fix_emit::write(args, project, &targets)
    }

    /// The promoted document, where it is not yet what its file holds.
    fn grown(&self) -> Option<usize> {
        self.fresh.filter(|f| self.documents.get(*f).is_some_and(|d| Some(&d.text) != self.before.as_ref()))
    }

    /// What the file of a document, or its twin, held when it was read; none where it does not exist.
    pub(crate) fn held(&self, index: usize) -> Option<&str> {
        if self.fresh == Some(index) {
            return self.before.as_ref().map(|text| text.as_str());
        }
        self.documents.get(index).map(|d| d.text.as_str())
    }

    fn target(&self, index: usize, planned: Option<&Planned>) -> Result<Target<'_>, Failure> {
        let (Some(document), Some(file)) = (self.documents.get(index), self.files.get(index)) else {
            return Err(Failure::new("the plan names a file that was not read; nothing was written"));
        };
        let bytes = match planned {
            Some(planned) => rewrite::patch(document, planned).map_err(Failure::new)?,
            None => Zeroizing::new(document.text.as_bytes().to_vec()),
        };
        Ok(Target { document, file, bytes, twin: self.twins.get(index).copied().unwrap_or(false), held: self.held(index) })
    }

    /// Env files whose secrets are strong and stand in the open: they are sealed as they are.
    fn only_to_seal(&self, args: &FixArgs, edits: &BTreeMap<usize, Planned>) -> Vec<usize> {
        let wanted = |f: &Finding| args.only.is_empty() || args.only.iter().any(|o| *o == f.rule || o == f.class.word() || *o == f.key);
        let open = |document: &Document| {
            self.findings
                .iter()
                .any(|f| f.file == document.path && f.class == Class::HardcodedSecret && f.severity > Severity::Info && wanted(f))
        };
        (0..self.documents.len())
            .filter(|i| !edits.contains_key(i) && !self.twins.get(*i).copied().unwrap_or(false))
            .filter(|i| {
                self.documents.get(*i).is_some_and(|d| d.format == "env" && d.environment == Environment::Production && !d.lossy && open(d))
            })
            .collect()
    }
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
) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let twin = twin_of(path);
    if twin.symlink_metadata().is_err() || !formats::is_sealable(formats::claimant(&path.to_string_lossy(), "").name()) && !path.exists() {
        return Ok(None);
    }
    let refused = |reason: String| format!("{} exists and cannot be opened; nothing was written ({reason})", twin.display());
    let sealed = sealing::read(&twin).map_err(|f| refused(f.message))?;
    let loaded = identities.get_or_init(|| sealing::identities(&args.seal.identity).map_err(|f| f.message));
    let identities = loaded.as_ref().map_err(|reason| refused(reason.clone()))?;
    seal::open(&sealed, identities).map(Some).map_err(|e| refused(about(&twin, &e).message))
}
