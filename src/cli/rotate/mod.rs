//! `harden rotate`: plan, show, and with `--apply` change live secrets on servers and in files.

pub(crate) mod args;
mod carry;
mod chosen;
mod consent;
mod copies;
mod forms;
mod hands;
mod servers;
mod show;

use std::io::{self, Write as _};
use std::path::PathBuf;

use harden::endpoints::Index;
use harden::keygen::SystemEntropy;
use harden::model::secret::Secret;
use harden::model::severity::Fix;
use harden::plan::{Plan, SecretChange, Wishes, rotation};
use harden::rotate::stage::{Replaced, Server, Stage};
use harden::rules::kinds::Kind;
use harden::scan::{Request, scan};
use harden::seal::Recipients;

use super::args::Global;
use super::exit::{Exit, Failure};
use super::fix_work::Work;
use super::interrupted;
use super::inventory;
use super::manifests::Manifests;
use super::progress::Progress;
use super::project::Project;
use super::sealing;
use super::ui;
use args::RotateArgs;
pub(crate) use carry::stands;
pub(crate) use forms::Forms;
use servers::Reached;
use show::Item;

/// Plans, shows, does, goes on, or takes back.
pub(crate) fn run(args: &RotateArgs, global: &Global) -> Result<Exit, Failure> {
    if !args.dir.is_dir() {
        return Err(Failure::new(format!("{}: expected a folder; nothing was changed", args.dir.display())));
    }
    let paths = vec![args.dir.clone()];
    let project = Project::load(&paths, global.no_config)?;
    let roots = interrupted::roots(&project, &paths);
    if args.resume || args.undo || args.forget || args.purge {
        return carry::again(args, &roots, project.config.as_ref());
    }
    if args.keys.is_empty() && args.class.is_empty() && !args.all && !args.due {
        return Err(Failure::new("nothing was named: which secrets are to be replaced?")
            .hint("name settings, `harden rotate JWT_SECRET 'SESSION_*'`, or see what could be: `harden rotate --all`"));
    }
    interrupted::refuse_rotation(&roots)?;
    if args.apply {
        interrupted::settle(&project, &paths)?;
    } else {
        interrupted::mention(&project, &paths);
    }
    plan(args, global, &project, &paths, &roots)
}

fn plan(args: &RotateArgs, global: &Global, project: &Project, paths: &[PathBuf], roots: &[PathBuf]) -> Result<Exit, Failure> {
    let forms = Forms::new(&args.seal.identity);
    let open = |path: &std::path::Path| forms.open(path);
    let request = Request { no_ignore: args.no_ignore, ..project.whole(paths, !global.no_config, &open) };
    let mut scan = scan(&request).map_err(|e| Failure::new(e).hint("nothing was changed"))?;
    if let Some(problem) = scan.problems.first() {
        return Err(Failure::new(problem));
    }
    if scan.documents.is_empty() {
        ui::note("no file to look at");
        return Ok(Exit::NothingThere);
    }
    let findings: Vec<_> = scan.report.entries.drain(..).map(|entry| entry.finding).collect();
    let work = Work::of(scan);
    let drivers = project.config.as_ref().map(|c| c.config.drivers.clone()).unwrap_or_default();
    let read = Manifests::of(project, &work.files);
    let manifests = |index: usize| read.above(index);
    let wishes = Wishes::live(&manifests, &drivers, &project.rules);
    let policy = project.config.as_ref().map(|c| c.config.rotation.clone()).unwrap_or_default();
    if policy.approval && args.apply && args.approved_by.is_none() {
        return Err(Failure::new("harden.toml wants rotations to be approved, `approval = true`; nothing was changed")
            .hint("say who did: `--approved-by NAME`; the ledger keeps it"));
    }
    let root = roots.first().map_or(args.dir.as_path(), PathBuf::as_path);
    let seeds =
        if args.due { inventory::due(&work, &findings, &policy, root, &wishes) } else { chosen::chosen(args, &work.documents, &findings)? };
    let mut plan =
        rotation(&work.documents, &seeds, &wishes, &mut SystemEntropy).map_err(|e| Failure::new(format!("{e}; nothing was changed")))?;
    let rules = project.config.as_ref().map_or(&[][..], |c| &c.config.servers);
    let index = Index::of(&work.documents);
    let of = |change: &SecretChange| if args.files_only { Ok(Vec::new()) } else { servers::of(&index, change, args, rules) };
    let (mut servers, mut untold) = (Vec::new(), Vec::new());
    for change in &mut plan.secrets {
        let found = of(change).and_then(|found| servers::alternate(&index, change, &found).map(|()| found));
        untold.push(found.as_ref().err().cloned());
        servers.push(found.unwrap_or_default());
    }
    servers::check_names(args, rules, &servers, &work.documents, untold.iter().any(Option::is_some))?;
    let asked = servers::may_ask(root, &servers, args);
    if asked {
        servers::look(&mut servers, &values(&plan), &servers::reach(args))?;
    } else {
        let unasked = "you have not accepted it yet: `--accept-hosts` asks it for the plan";
        servers.iter_mut().flatten().for_each(|server| server.known = Err(unasked.to_owned()));
    }
    let all = plan.secrets.iter().zip(&servers).zip(untold);
    let whys: Vec<Option<String>> = all.map(|((change, servers), untold)| why_not(change, servers, untold, args)).collect();
    let all = plan.secrets.iter().zip(&servers).zip(&whys);
    show(&all.map(|((change, servers), why_not)| Item { change, servers, why_not }).collect::<Vec<_>>(), &work)?;
    let named = args.keys.iter().any(|key| !key.contains('*'));
    if let Some((change, Some(why))) = plan.secrets.iter().zip(&whys).find(|(_, why)| why.is_some()).filter(|_| args.apply && named) {
        return Err(Failure::new(format!("{} cannot be replaced: {why}; nothing was changed", change.name)));
    }
    keep(&mut plan.secrets, &whys);
    keep(&mut servers, &whys);
    if plan.secrets.is_empty() {
        ui::note("there is nothing that can be replaced");
        // due is due, whoever has to replace it
        return Ok(if args.due && whys.iter().any(Option::is_some) { Exit::Findings } else { Exit::Clean });
    }
    let window = window(&servers, args);
    if !args.apply {
        window.iter().for_each(|failure| ui::warn(failure.message.trim_end_matches("; nothing was changed")));
        ui::hint("`harden rotate ... --apply` does it; it can be taken back at any point");
        return Ok(Exit::Findings);
    }
    if let Some(failure) = window.filter(|_| asked) {
        return Err(failure);
    }
    let recipients = sealing::recipients(&args.seal, project.config.as_ref()).map_err(|f| {
        Failure { message: format!("{}; nothing was changed", f.message), ..f }.hint("the stage of a rotation is sealed: `harden init`")
    })?;
    consent::confirm(args, plan.secrets.len())?;
    servers::accept(root, &servers, args)?;
    if !asked {
        servers::look(&mut servers, &values(&plan), &servers::reach(args))?;
        if let Some(failure) = self::window(&servers, args) {
            return Err(failure);
        }
    }
    if let Some((server, Err(why))) = servers.iter().flatten().map(|s| (s, &s.known)).find(|(_, known)| known.is_err()) {
        let why = why.trim_end_matches("; nothing was changed");
        return Err(Failure::new(format!("the {} server of {}: {why}; nothing was changed", server.server.system, server.server.setting)));
    }
    let made = Made { args, request: &request, project, work: &work, forms: &forms, recipients: &recipients, roots };
    let (root, stage) = made.stage(&plan, &servers)?;
    carry::start(&root, &stage, &recipients, forms.identities().map_err(Failure::new)?, project.config.as_ref())
}

/// The values that are in force.
fn values(plan: &Plan) -> Vec<Secret> {
    plan.secrets.iter().map(|change| change.old().cloned().unwrap_or_default()).collect()
}

/// Keeps those that nothing speaks against.
fn keep<T>(all: &mut Vec<T>, whys: &[Option<String>]) {
    let mut whys = whys.iter();
    all.retain(|_| whys.next().is_some_and(Option::is_none));
}

/// Why a secret is not replaced; `untold`: why its servers cannot be told.
fn why_not(change: &SecretChange, servers: &[Reached], untold: Option<String>, args: &RotateArgs) -> Option<String> {
    match change.fix {
        Fix::Manual | Fix::None => Some(change.why.clone()),
        _ if untold.is_some() => untold,
        Fix::Review if args.include.is_none() => Some(format!("{}; `--include review` does it all the same", change.why)),
        _ if change.row.kind == Kind::Coordinated && servers.is_empty() && !args.files_only => Some(
            "no connection string in these files tells which server holds it; `--files-only` changes the files, and you the server"
                .to_owned(),
        ),
        _ => None,
    }
}

/// What a server that takes one credential at a time means where nothing reloads the applications.
fn window(servers: &[Vec<Reached>], args: &RotateArgs) -> Option<Failure> {
    let one = servers.iter().flatten().find(|server| !server.holds_two());
    let server = one.filter(|_| args.reload.is_none() && !args.accept_downtime)?;
    let message = format!(
        "the {} server of {} takes one credential at a time, and nothing reloads the applications that hold the old one; nothing was changed",
        server.server.system, server.server.setting
    );
    let hint = "name the command that does, `--reload COMMAND`, or say `--accept-downtime` and restart them yourself";
    Some(Failure::new(message).hint(hint))
}

fn show(items: &[Item<'_>], work: &Work) -> Result<(), Failure> {
    let text = show::text(items, &work.documents);
    match io::stdout().write_all(ui::printable(&text).as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("the plan cannot be shown: {}; nothing was changed", e.kind())))
        }
        _ => Ok(()),
    }
}

/// What a stage is put together from.
struct Made<'m> {
    args: &'m RotateArgs,
    request: &'m Request<'m>,
    project: &'m Project,
    work: &'m Work,
    forms: &'m Forms<'m>,
    recipients: &'m Recipients,
    roots: &'m [PathBuf],
}

impl Made<'_> {
    /// The root below which all files lie, and the stage.
    fn stage(&self, plan: &Plan, servers: &[Vec<Reached>]) -> Result<(PathBuf, Stage), Failure> {
        let edits = plan.edits(&self.work.documents, Fix::Review).map_err(Failure::new)?;
        let mut written = Vec::new();
        let progress = Progress::of("files");
        for (done, (index, planned)) in edits.iter().enumerate() {
            progress.tell(done, edits.len());
            written.push(self.forms.written(&self.work.target(*index, Some(planned))?, self.request, self.recipients)?);
        }
        let holds = |root: &PathBuf| written.iter().all(|file| file.path.canonicalize().is_ok_and(|path| path.starts_with(root)));
        let root = self.roots.iter().find(|root| holds(root)).cloned();
        let root = root.ok_or_else(|| Failure::new("the files lie in no common folder; nothing was changed"))?;
        let files = forms::staged(written, &root, self.recipients, self.project.config.as_ref().map(|c| c.root.as_path()))?;
        let secrets = plan.secrets.iter().map(|change| Replaced {
            name: change.name.clone(),
            old: change.old().cloned().unwrap_or_default(),
            new: change.value.clone(),
        });
        let of = |(secret, list): (usize, &Vec<Reached>)| {
            list.iter().map(|reached| Server { secret, ..reached.server.clone() }).collect::<Vec<_>>()
        };
        let stage = Stage {
            secrets: secrets.collect(),
            servers: servers.iter().enumerate().flat_map(of).collect(),
            files,
            reload: self.args.reload.clone(),
            health: self.args.health.clone(),
            grace: self.args.grace,
            approved: self.args.approved_by.clone(),
            reach: servers::reach(self.args),
        };
        Ok((root, stage))
    }
}
