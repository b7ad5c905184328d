//! `harden probe`: what the servers that connection settings name answer. Without the feature of that name it says how to get it.

use super::args::Global;
use super::exit::{Exit, Failure};
use super::probe_args::ProbeArgs;

/// Asks the servers, and prints what they answer to stdout.
#[cfg(not(feature = "probe"))]
pub(crate) fn run(args: &ProbeArgs, _global: &Global) -> Result<Exit, Failure> {
    // what was typed is right, and means nothing here
    let _ = (&args.paths, &args.format, &args.ca, &args.pin, args.login, args.record, &args.insecure_login, args.timeout, &args.identity);
    Err(Failure::new("this harden is built without the feature `probe`; no server was asked")
        .hint("cargo install --locked --path . --features full"))
}

#[cfg(feature = "probe")]
pub(crate) use with_network::run;

#[cfg(feature = "probe")]
mod with_network {
    use std::cell::Cell;
    use std::path::Path;
    use std::time::Duration;

    use harden::model::date::now;
    use harden::model::document::Document;
    use harden::model::severity::Severity;
    use harden::probe::{Answer, Connection, Login, ask_all, find, log_in, of_login, remarks};
    use harden::scan::{Scan, scan};
    use harden::wire::login::Standing;
    use harden::wire::{Trust, WireError};

    use super::super::probe_show::{Asked, Shown, Tried, human, json};
    use super::super::project::Project;
    use super::super::recording::Recording;
    use super::super::rotate::Forms;
    use super::super::trusted::trust;
    use super::super::ui;
    use super::{Exit, Failure, Global, ProbeArgs};

    /// Asks the servers, and prints what they answer to stdout.
    pub(crate) fn run(args: &ProbeArgs, global: &Global) -> Result<Exit, Failure> {
        let trust = trust(&args.ca, &args.pin)?;
        let (scan, sealed) = documents(args, global)?;
        for problem in &scan.problems {
            ui::error(&problem.to_string());
        }
        let documents: Vec<Document> = scan.documents.into_iter().map(|kept| kept.document).collect();
        let found = find(&documents);
        drop(documents);
        if args.login {
            announce(&found.connections, &args.insecure_login)?;
        }
        let within = Duration::from_secs(args.timeout);
        let answers = ask_all(&found.connections, &trust, within);
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        let mut asked = Vec::new();
        for (connection, answer) in found.connections.iter().zip(answers) {
            let remarks = remarks(connection, &answer, now);
            let tried = if args.login { tried(connection, &answer, &trust, within, &args.insecure_login) } else { Vec::new() };
            asked.push(Asked { connection, answer, remarks, tried });
        }
        let shown = Shown { asked, left_out: &found.left_out, sealed, now };
        let lines = if args.format == "json" { json(&shown) } else { human(&shown) };
        lines.iter().for_each(|line| ui::answer(line));
        if args.record {
            record(&shown, args, global)?;
        }
        Ok(verdict(&shown, scan.problems.is_empty()))
    }

    /// What was read, and how many sealed files could not be opened.
    fn documents(args: &ProbeArgs, global: &Global) -> Result<(Scan, usize), Failure> {
        let project = Project::load(&args.paths, global.no_config)?;
        let forms = Forms::new(&args.identity);
        let unopened = Cell::new(0);
        // what cannot be opened is told, and does not stop the rest
        let open = |path: &Path| {
            Ok(forms.open(path).unwrap_or_else(|reason| {
                ui::warn(&reason);
                unopened.set(unopened.get() + 1);
                None
            }))
        };
        let request = project.whole(&args.paths, !global.no_config, &open);
        Ok((scan(&request).map_err(Failure::new)?, unopened.get()))
    }

    /// Says who will log in where, before anything is sent.
    fn announce(connections: &[Connection], insecure: &[String]) -> Result<(), Failure> {
        let named = |host: &String| connections.iter().any(|c| c.target.host.eq_ignore_ascii_case(host));
        if !insecure.iter().all(named) {
            return Err(Failure::new("an `--insecure-login` names no host of these settings; no server was asked"));
        }
        for login in connections.iter().flat_map(|c| &c.logins) {
            let target = &login.target;
            let user = if target.user.is_empty() { "the default account" } else { &target.user };
            ui::note(&format!("will log in once: {user} at {} {}", target.system, target.address()));
        }
        Ok(())
    }

    fn tried<'c>(connection: &'c Connection, answer: &Answer, trust: &Trust, within: Duration, insecure: &[String]) -> Vec<Tried<'c>> {
        if answer.offer.is_err() {
            return Vec::new();
        }
        let insecure = insecure.iter().any(|host| connection.target.host.eq_ignore_ascii_case(host));
        let one = |login: &'c Login| {
            let outcome: Result<Standing, WireError> = log_in(login, answer, trust, within, insecure);
            let remark = of_login(&outcome);
            Tried { login, outcome, remark }
        };
        connection.logins.iter().map(one).collect()
    }

    /// Adds to the ledger which accounts were let in, if any.
    fn record(shown: &Shown<'_>, args: &ProbeArgs, global: &Global) -> Result<(), Failure> {
        let project = Project::load(&args.paths, global.no_config)?;
        let Some(mut line) = Recording::begin("probe --login", project.config.as_ref(), &args.identity, None)? else {
            return Err(
                Failure::new("there is no ledger to record in").hint("`harden init` names recipients, and a ledger begins with them")
            );
        };
        // an open server takes anything
        let let_in = |tried: &&Tried<'_>| tried.outcome.as_ref().is_ok_and(|standing| !standing.open);
        let mut noted = 0;
        for login in shown.asked.iter().flat_map(|asked| &asked.tried).filter(let_in).map(|tried| tried.login) {
            let name = login.places.first().map_or("", |place| place.key.as_str());
            noted += usize::from(login.target.password.as_ref().is_some_and(|password| line.verified(name, password)));
        }
        match noted {
            0 => ui::note("nothing to record: no account was let in by a secret that has a tag in the ledger"),
            _ => line.write()?,
        }
        Ok(())
    }

    fn verdict(shown: &Shown<'_>, looked: bool) -> Exit {
        let unasked = shown.asked.iter().any(|a| a.answer.offer.is_err() || a.tried.iter().any(Tried::is_error));
        if unasked || !looked {
            Exit::Failed
        } else if shown.remarks().any(|r| r.severity >= Severity::Medium) {
            Exit::Findings
        } else if shown.asked.is_empty() {
            Exit::NothingThere
        } else {
            Exit::Clean
        }
    }
}
