//! `harden fix --probe`: the servers of connections that get TLS are asked first, and what would break is not changed. Handshakes only.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use harden::model::document::Document;
use harden::plan::Plan;

use super::exit::Failure;

/// Whether servers are asked, and whom they are trusted by.
#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// Ask the servers of connections that get TLS first, by a handshake; what they show would break is not changed
    #[arg(long, help_heading = "Servers")]
    pub(crate) probe: bool,
    /// Trust the certificates in this PEM file, besides those of the system (may be given several times)
    #[arg(long, value_name = "FILE", requires = "probe", value_hint = ValueHint::FilePath, help_heading = "Servers")]
    pub(crate) ca: Vec<PathBuf>,
}

/// Asks the servers, and takes out of `plan` what would break.
#[cfg(not(feature = "probe"))]
pub(crate) fn settle(_plan: &mut Plan, _documents: &[Document], args: &AskArgs) -> Result<(), Failure> {
    // what was typed is right, and means nothing here
    let _ = &args.ca;
    Err(Failure::new("this harden is built without the feature `probe`; no server was asked, nothing was changed")
        .hint("cargo install --locked --path . --features full"))
}

#[cfg(feature = "probe")]
pub(crate) use with_network::settle;

#[cfg(feature = "probe")]
mod with_network {
    use std::time::Duration;

    use harden::endpoints::Index;
    use harden::model::date::now;
    use harden::probe::{Connection, Trial, ask_all, named_by, trial};
    use harden::wire::{NoTarget, Target};

    use super::super::trusted::trust;
    use super::super::ui;
    use super::{AskArgs, Document, Failure, Plan};

    /// How long each step may take.
    const WITHIN: Duration = Duration::from_secs(5);

    /// Asks the servers, and takes out of `plan` what would break.
    pub(crate) fn settle(plan: &mut Plan, documents: &[Document], args: &AskArgs) -> Result<(), Failure> {
        let trust = trust(&args.ca, &[])?;
        let names = Index::of(documents);
        let mut questions: Vec<(usize, Result<Target, NoTarget>)> = Vec::new();
        for (index, switch) in plan.switches.iter().enumerate().filter(|(_, switch)| switch.secures && !switch.parts.is_empty()) {
            let Some(value) = switch.value(documents) else { continue };
            questions.extend(named_by(&names, switch.document, &value).into_iter().map(|target| (index, target)));
        }
        let mut connections: Vec<Connection> = Vec::new();
        for target in questions.iter().filter_map(|(_, target)| target.as_ref().ok()) {
            if !connections.iter().any(|known| known.target.is_at(target)) {
                // a handshake needs no account
                let target = Target { user: String::new(), password: None, ..target.clone() };
                connections.push(Connection { asked: target.asked, target, places: Vec::new(), logins: Vec::new() });
            }
        }
        connections.iter().for_each(|c| ui::note(&format!("will ask {} at {}, by a handshake", c.target.system, c.target.address())));
        let answers = ask_all(&connections, &trust, WITHIN);
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        for (index, target) in questions {
            let Some(switch) = plan.switches.get_mut(index) else { continue };
            let target = match target {
                Ok(target) => target,
                Err(why) => {
                    switch.asked.push(format!("no server: {why}"));
                    continue;
                }
            };
            let at = target.address();
            let Some((_, answer)) = connections.iter().zip(&answers).find(|(known, _)| known.target.is_at(&target)) else { continue };
            match trial(target, answer, now) {
                Trial::Works => switch.asked.push(format!("{at} has TLS that fits")),
                Trial::Open(why) => switch.asked.push(format!("{at} tells nothing: {why}")),
                Trial::Breaks(why) => switch.refuse(format!("TLS would break it: {at}: {why}")),
            }
        }
        Ok(())
    }
}
