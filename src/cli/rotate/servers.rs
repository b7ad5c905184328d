//! The servers of a plan: which they are, how they are reached, what an operator has to know about them, and whether this user has
//! accepted them.

use std::path::{Path, PathBuf};

use harden::config::{Alternate, ServerRule};
use harden::disk::notes::Notes;
use harden::dsn;
use harden::endpoints::Index;
use harden::model::document::Document;
use harden::model::secret::Secret;
use harden::model::setting::Setting;
use harden::model::severity::Fix;
use harden::plan::{SecretChange, renamed};
use harden::rotate::connections::{Connection, connections};
use harden::rotate::servers::{Account, Known};
use harden::rotate::stage::{Credential, Reach, Server};

use super::args::RotateArgs;
use crate::cli::exit::Failure;
use crate::cli::ui;

/// A server, and what it said.
pub(super) struct Reached {
    /// As the stage holds it; the index of its secret comes later.
    pub(super) server: Server,
    /// `HOST:PORT` and account, for people and for the notes of this user.
    pub(super) at: String,
    /// The account, as the files have it.
    user: String,
    /// What it said; the reason where it was not asked, or said nothing.
    pub(super) known: Result<Known, String>,
}

impl Reached {
    /// In one line.
    pub(super) fn about(&self) -> String {
        let by = if self.server.address.is_empty() { String::new() } else { format!(", reached at {}", self.server.address) };
        let two = match &self.known {
            Ok(Known { holds_two: true, .. }) => "; takes two credentials at a time",
            Ok(_) => "; takes one credential at a time",
            Err(_) => "",
        };
        format!("{}, {}{by} (from {}){two}", self.server.system, self.at, self.server.setting)
    }

    pub(super) fn holds_two(&self) -> bool {
        !self.server.alternate.is_empty() || matches!(&self.known, Ok(Known { holds_two: true, .. }))
    }
}

/// The servers of one secret, or why they cannot be told. None is asked.
pub(super) fn of(index: &Index<'_>, change: &SecretChange, args: &RotateArgs, rules: &[ServerRule]) -> Result<Vec<Reached>, String> {
    if let Some(program) = typed(&args.program, &change.name) {
        let server =
            Server { setting: change.name.clone(), system: "program".to_owned(), program: PathBuf::from(program), ..Server::default() };
        return Ok(vec![Reached { server, at: program.clone(), user: String::new(), known: Err(String::new()) }]);
    }
    let found = connections(index, change);
    if let Some((setting, why)) = found.untold.first() {
        return Err(format!("the server of {setting} cannot be told: {why}; `--files-only` changes the files, and you the servers"));
    }
    let one = |connection: Connection| -> Result<Reached, String> {
        let rule = rules.iter().find(|rule| rule.setting.eq_ignore_ascii_case(&connection.setting));
        let address = typed(&args.address, &connection.setting).or_else(|| rule?.address.as_ref()).cloned().unwrap_or_default();
        // the variable is the operator's, its name the project's
        let admin = rule.and_then(|rule| std::env::var_os(rule.admin.as_ref()?)?.into_string().ok()).map(Secret::new).unwrap_or_default();
        let var = rule.and_then(|rule| rule.admin.as_deref()).filter(|_| !admin.is_empty());
        if let Some(var) = var.filter(|_| !is_same_server(admin.expose(), connection.url.expose(), &address)) {
            return Err(format!("${var} is for another server than {}: nothing was sent there", connection.setting));
        }
        let pair = typed(&args.alternate, &connection.setting).or_else(|| rule?.alternate.as_ref());
        let alternate = pair.map(|pair| turn(&connection, pair, rule, &admin)).transpose()?.unwrap_or_default();
        let user = match pair.map(Alternate::names) {
            // whoever's turn it is
            Some([one, two]) => &format!("{one} and {two} in turn"),
            None if connection.user.is_empty() => "the default account",
            None => &connection.user,
        };
        let by = var.map(|var| format!(", as the administrator in ${var}")).unwrap_or_default();
        let at = format!("{user} at {}{by}", connection.at);
        let management = typed(&args.management, &connection.setting).cloned().unwrap_or_default();
        let (setting, system) = (connection.setting, connection.system.to_owned());
        let server = Server { setting, system, url: connection.url, address, admin, management, alternate, ..Server::default() };
        Ok(Reached { server, at, user: connection.user, known: Err(String::new()) })
    };
    found.told.into_iter().map(one).collect()
}

/// What the command line says for a setting.
fn typed<'a, T>(list: &'a [(String, T)], setting: &str) -> Option<&'a T> {
    list.iter().find(|(name, _)| name.eq_ignore_ascii_case(setting)).map(|(_, value)| value)
}

/// The account that takes over from the one in `connection`.
fn turn(connection: &Connection, pair: &Alternate, rule: Option<&ServerRule>, admin: &Secret) -> Result<String, String> {
    let setting = &connection.setting;
    if connection.system != "postgres" {
        return Err(format!(
            "the accounts of {setting} cannot take turns: that is known of PostgreSQL only, and it is {}",
            connection.system
        ));
    }
    let text = connection.url.expose();
    if dsn::parse(text).is_none_or(|found| found.database(text).is_empty()) {
        return Err(format!("{setting} names no database, which is then called as the account, and that changes: name it"));
    }
    let [one, two] = pair.names();
    let other =
        pair.other(&connection.user).ok_or_else(|| format!("{setting} has neither of the accounts that take turns, {one} and {two}"))?;
    if admin.is_empty() {
        return Err(match rule.and_then(|rule| rule.admin.as_deref()) {
            Some(var) => format!("{one} and {two} are changed by an administrator, and ${var} is not set"),
            None => format!(
                "{one} and {two} are changed by an administrator: name the variable with its connection string in harden.toml, [[server]] with \
                 setting = \"{setting}\" and admin = {{ env = \"PGADMIN_URL\" }}"
            ),
        });
    }
    Ok(other.to_owned())
}

/// Gives the account of `change` its other name where its servers have two that take turns.
pub(super) fn alternate(index: &Index<'_>, change: &mut SecretChange, servers: &[Reached]) -> Result<(), String> {
    let Some(first) = servers.iter().find(|reached| !reached.server.alternate.is_empty()) else { return Ok(()) };
    if let Some(other) = servers.iter().find(|reached| reached.server.alternate != first.server.alternate) {
        return Err(format!("{} is one account with {}, and its accounts do not take turns", other.server.setting, first.server.setting));
    }
    if change.fix <= Fix::Review {
        change.account = Some(renamed(index, change, &first.user, &first.server.alternate)?);
    }
    Ok(())
}

/// Stops where `--alternate` names no server of the plan: a rotation that was to leave no gap would leave one. A setting whose server cannot be
/// told is named with its reason, and no mistake: only where there is such a secret (`untold`) may a name be of one.
pub(super) fn check_alternate(args: &RotateArgs, servers: &[Vec<Reached>], documents: &[Document], untold: bool) -> Result<(), Failure> {
    let told = |name: &str| servers.iter().flatten().any(|reached| reached.server.setting.eq_ignore_ascii_case(name));
    let is =
        |setting: &Setting, name: &str| setting.name().eq_ignore_ascii_case(name) || setting.key.to_string().eq_ignore_ascii_case(name);
    let known = |name: &str| told(name) || untold && documents.iter().flat_map(|d| &d.settings).any(|setting| is(setting, name));
    match args.alternate.iter().find(|(name, _)| !known(name)) {
        Some((name, _)) => {
            let names: Vec<&str> = servers.iter().flatten().map(|reached| reached.server.setting.as_str()).collect();
            let hint = if names.is_empty() { "no server is told".to_owned() } else { format!("servers are told by: {}", names.join(", ")) };
            Err(Failure::new(format!("`--alternate {name}=...` names no server of these secrets; nothing was changed")).hint(hint))
        }
        None => Ok(()),
    }
}

/// Whether the connection string of an administrator is for the server of `url`, or for the address that this is reached at: its password goes
/// nowhere else, whatever the repository says.
fn is_same_server(admin: &str, url: &str, address: &str) -> bool {
    let place = |text: &str| {
        let found = dsn::parse(text)?;
        let system = dsn::system(&found, text)?.name();
        let [host] = found.hosts[..] else { return None };
        let port = host.port.map(|port| port.of(text)).unwrap_or_default();
        Some((system, format!("{}:{port}", host.name.of(text).to_ascii_lowercase())))
    };
    match (place(admin), place(url)) {
        (Some((a, at)), Some((b, own))) => a == b && (at == own || at == address.to_ascii_lowercase()),
        _ => false,
    }
}

/// How servers are reached, as it was typed; files by their whole paths, for a resumed run may start elsewhere.
pub(super) fn reach(args: &RotateArgs) -> Reach {
    let whole = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    Reach { ca: args.ca.iter().map(whole).collect(), pins: args.pin.clone(), insecure: args.insecure_login.clone(), within: args.timeout }
}

/// Servers that this user has not accepted for the project at `root`, by what they are called; `None` where nothing was accepted yet.
fn strangers<'r>(root: &Path, servers: &'r [Vec<Reached>]) -> Result<(Option<Vec<String>>, Vec<&'r Reached>), Failure> {
    let known = Notes::of_user("hosts")?.read(root)?;
    let new = servers.iter().flatten().filter(|s| known.as_ref().is_none_or(|known| !known.contains(&noted(s)))).collect();
    Ok((known, new))
}

fn noted(server: &Reached) -> String {
    let by = if server.server.address.is_empty() { String::new() } else { format!(" by way of {}", server.server.address) };
    format!("{} {}{by}", server.server.system, server.at)
}

/// Stops where the files name a server that this user has not accepted; on the first use all are, and are noted.
pub(super) fn accept(root: &Path, servers: &[Vec<Reached>], args: &RotateArgs) -> Result<(), Failure> {
    let (known, new) = strangers(root, servers)?;
    if new.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = new.iter().map(|s| noted(s)).collect();
    if known.is_some() && !args.accept_hosts {
        return Err(Failure::new(format!(
            "a server that you have not accepted: {}; nothing was sent there, nothing was changed",
            names.join(", ")
        ))
        .hint("if it belongs there, run it again with `--accept-hosts`"));
    }
    ui::note(&format!("first rotation with {}; a server that is named later has to be accepted", names.join(", ")));
    let mut all = known.unwrap_or_default();
    all.extend(names);
    Ok(Notes::of_user("hosts")?.write(root, &all)?)
}

/// Whether the servers may be asked for a plan: all of them are accepted.
pub(super) fn may_ask(root: &Path, servers: &[Vec<Reached>], args: &RotateArgs) -> bool {
    args.accept_hosts || strangers(root, servers).is_ok_and(|(_, new)| new.is_empty())
}

/// Asks each server about the account, with the value that is in force.
pub(super) fn look(servers: &mut [Vec<Reached>], values: &[Secret], reach: &Reach) -> Result<(), Failure> {
    let all: Vec<Server> = servers.iter().flatten().map(|reached| reached.server.clone()).collect();
    let mut accounts = accounts(&all, reach)?.into_iter();
    for (list, value) in servers.iter_mut().zip(values) {
        for (reached, account) in list.iter_mut().zip(&mut accounts) {
            reached.known = account.and_then(|mut account| account.look(Credential { account: "", secret: value }));
        }
    }
    Ok(())
}

/// An account that can be spoken to, or the reason why it cannot.
pub(super) type Spoken = Result<Box<dyn Account>, String>;

/// The accounts of servers, each with the reason where it cannot be spoken to.
#[cfg(feature = "live")]
pub(super) fn accounts(servers: &[Server], reach: &Reach) -> Result<Vec<Spoken>, Failure> {
    if servers.is_empty() {
        return Ok(Vec::new());
    }
    let trust = crate::cli::trusted::trust(&reach.ca, &reach.pins)?;
    let one = |server| harden::rotate::servers::account(server, reach, &trust).map(|account| Box::new(account) as Box<dyn Account>);
    Ok(servers.iter().map(one).collect())
}

/// The accounts of servers: this build speaks to none.
#[cfg(not(feature = "live"))]
pub(super) fn accounts(servers: &[Server], _reach: &Reach) -> Result<Vec<Spoken>, Failure> {
    let none = |_| Err("this harden is built without the features `live-*`: cargo install --locked --path . --features full".to_owned());
    Ok(servers.iter().map(none).collect())
}
