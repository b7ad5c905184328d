//! `harden status`: every secret with its kind, age and whether it is due.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use harden::model::date;
use harden::plan::Wishes;
use harden::render::inventory as render;
use harden::scan::{Request, scan};

use super::args::Global;
use super::exit::{Exit, Failure};
use super::fix_work::Work;
use super::interrupted;
use super::inventory::inventory;
use super::manifests::Manifests;
use super::project::Project;
use super::rotate::Forms;
use super::status_args::StatusArgs;
use super::ui;

/// Looks, and tells.
pub(crate) fn run(args: &StatusArgs, global: &Global) -> Result<Exit, Failure> {
    let project = Project::load(&args.paths, global.no_config)?;
    interrupted::mention(&project, &args.paths);
    let forms = Forms::new(&args.identity);
    let sealed = std::cell::RefCell::new(Vec::new());
    // what cannot be opened is told, and does not stop the rest
    let open = |path: &Path| {
        Ok(forms.open(path).unwrap_or_else(|reason| {
            sealed.borrow_mut().push(reason);
            None
        }))
    };
    let request = Request { no_ignore: args.no_ignore, ..project.whole(&args.paths, !global.no_config, &open) };
    let mut scan = scan(&request).map_err(Failure::new)?;
    sealed.borrow().iter().for_each(|reason| ui::warn(reason));
    if let Some(problem) = scan.problems.first() {
        return Err(Failure::new(problem));
    }
    if scan.documents.is_empty() {
        ui::note("no file to look at");
        return Ok(Exit::NothingThere);
    }
    let (letter, readiness) = (scan.report.grade.letter, scan.report.grade.readiness);
    let findings: Vec<_> = scan.report.entries.drain(..).map(|entry| entry.finding).collect();
    let work = Work::of(scan);
    let policy = project.config.as_ref().map(|c| c.config.rotation.clone()).unwrap_or_default();
    let root = interrupted::roots(&project, &args.paths).into_iter().next().unwrap_or_else(|| PathBuf::from("."));
    let drivers = project.config.as_ref().map(|c| c.config.drivers.clone()).unwrap_or_default();
    let read = Manifests::of(&project, &work.files);
    let manifests = |index: usize| read.above(index);
    let wishes = Wishes::live(&manifests, &drivers, &project.rules);
    let mut inventory = inventory(&work, &findings, &policy, &root, &wishes);
    (inventory.letter, inventory.readiness) = (letter, readiness);
    let due = inventory.secrets.iter().any(|held| held.due_in() == Some(0));
    if args.due {
        inventory.secrets.retain(|held| held.due_in() == Some(0));
    }
    let text = render(&inventory, &args.format, date::now()).map_err(|e| Failure::new(e.kind()))?;
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(format!("the answer cannot be written: {}", e.kind()))),
        _ => Ok(if args.due && due { Exit::Findings } else { Exit::Clean }),
    }
}
