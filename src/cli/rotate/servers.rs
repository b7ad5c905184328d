//! The servers of a plan: which they are, how they are reached, what an operator has to know about them, and whether this user has
//! accepted them.

use std::collections::BTreeSet;
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
use harden::rotate::connections::{Closeness, Connection, closeness, connections, told_by};
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
    /// The settings that tell it, each with its file.
    told_by: Vec<(String, String)>,
    /// The host, and the port in force.
    place: (String, Option<u16>),
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
    if let Some((_, program)) = args.program.iter().find(|(name, _)| name.eq_ignore_ascii_case(&change.name)) {
        let server =
            Server { setting: change.name.clone(), system: "program".to_owned(), program: PathBuf::from(program), ..Server::default() };
        let (user, told_by, place) = Default::default();
        return Ok(vec![Reached { server, at: program.clone(), user, told_by, place, known: Err(String::new()) }]);
    }
    let found = connections(index, change);
    if let Some((setting, why)) = found.untold.first() {
        return Err(format!("the server of {setting} cannot be told: {why}; `--files-only` changes the files, and you the servers"));
    }
    let one = |connection: Connection| -> Result<Reached, String> {
        let rule = closest(index.documents, rules.iter().map(|rule| (rule.setting.as_str(), rule)), &connection.told_by);
        let address = typed(index.documents, &args.address, &connection).or_else(|| rule?.address.as_ref()).cloned().unwrap_or_default();
        // the variable is the operator's, its name the project's
        let admin = rule.and_then(|rule| std::env::var_os(rule.admin.as_ref()?)?.into_string().ok()).map(Secret::new).unwrap_or_default();
        let var = rule.and_then(|rule| rule.admin.as_deref()).filter(|_| !admin.is_empty());
        if let Some(var) = var.filter(|_| !is_same_server(admin.expose(), connection.url.expose(), &address)) {
            return Err(format!("${var} is for another server than {}: nothing was sent there", connection.setting));
        }
        let pair = typed(index.documents, &args.alternate, &connection).or_else(|| rule?.alternate.as_ref());
        let alternate = pair.map(|pair| turn(&connection, pair, rule, &admin)).transpose()?.unwrap_or_default();
        let user = match pair.map(Alternate::names) {
            // whoever's turn it is
            Some([one, two]) => &format!("{one} and {two} in turn"),
            None if connection.user.is_empty() => "the default account",
            None => &connection.user,
        };
        let by = var.map(|var| format!(", as the administrator in ${var}")).unwrap_or_default();
        let at = format!("{user} at {}{by}", connection.at);
        let management = typed(index.documents, &args.management, &connection).cloned().unwrap_or_default();
        let (setting, system) = (connection.setting, connection.system.to_owned());
        let server = Server { setting, system, url: connection.url, address, admin, management, alternate, ..Server::default() };
        let Connection { user, told_by, place, .. } = connection;
        Ok(Reached { server, at, user, told_by, place, known: Err(String::new()) })
    };
    found.told.into_iter().map(one).collect()
}

/// What the command line says for a server.
fn typed<'a, T>(documents: &[Document], list: &'a [(String, T)], connection: &Connection) -> Option<&'a T> {
    closest(documents, list.iter().map(|(name, value)| (name.as_str(), value)), &connection.told_by)
}

/// What is said of the server that these settings tell; as closely as anything says it. The whole path of a file of `documents` is no end of
/// another one's.
fn closest<'n, T>(documents: &[Document], said: impl Iterator<Item = (&'n str, T)>, settings: &[(String, String)]) -> Option<T> {
    let whole =
        |name: &str| documents.iter().any(|d| name.strip_prefix(d.path.trim_start_matches("./")).is_some_and(|rest| rest.starts_with(':')));
    let fits = |name: &str| told_by(settings, name).filter(|how| *how != Closeness::File || !whole(name.trim_start_matches("./")));
    said.filter_map(|(name, value)| Some((fits(name)?, value))).max_by_key(|(closeness, _)| *closeness).map(|(_, value)| value)
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

/// Stops where an option names no server of the plan, and where that or `[[server]]` names more than one: what was meant for one server would go to
/// another, or nowhere. A setting whose server cannot be told is named with its reason, and no mistake: only where there is such a secret
/// (`untold`) may a name be of one.
pub(super) fn check_names(
    args: &RotateArgs,
    rules: &[ServerRule],
    servers: &[Vec<Reached>],
    documents: &[Document],
    untold: bool,
) -> Result<(), Failure> {
    fn names<T>(list: &[(String, T)]) -> Vec<&str> {
        list.iter().map(|(name, _)| name.as_str()).collect()
    }
    let all: Vec<&Reached> = servers.iter().flatten().collect();
    let options = [("address", names(&args.address)), ("management", names(&args.management)), ("alternate", names(&args.alternate))];
    for (option, names) in &options {
        is_said_once(&format!("`--{option}`"), names, &all)?;
        for name in names {
            let meant = meant(name, names, &all);
            if meant.is_empty() && !(untold && stands_in(documents, name)) {
                let told: BTreeSet<&str> = all.iter().map(|reached| reached.server.setting.as_str()).collect();
                let hint = match told.into_iter().collect::<Vec<_>>().join(", ") {
                    _ if args.files_only => "with `--files-only` no server is spoken to".to_owned(),
                    told if told.is_empty() => "no server is told".to_owned(),
                    told => format!("servers are told by: {told}"),
                };
                return Err(
                    Failure::new(format!("`--{option} {name}=...` names no server of these secrets; nothing was changed")).hint(hint)
                );
            }
            is_one(&format!("`--{option} {name}=...`"), name, &meant)?;
        }
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.setting.as_str()).collect();
    is_said_once("[[server]] in harden.toml", &names, &all)?;
    for name in &names {
        is_one(&format!("[[server]] with setting = \"{name}\" in harden.toml"), name, &meant(name, &names, &all))?;
        if !stands_in(documents, name) {
            ui::warn(&format!("harden.toml: no setting is called `{name}`, which a [[server]] is for"));
        }
    }
    Ok(())
}

/// The servers that `name` is for: those that it means most closely, and that no other of `names` means more closely.
fn meant<'r>(name: &str, names: &[&str], all: &[&'r Reached]) -> Vec<&'r Reached> {
    let how = |reached: &Reached, name: &str| told_by(&reached.told_by, name);
    let most = all.iter().filter_map(|reached| how(reached, name)).max();
    let closer = |reached: &Reached| names.iter().any(|other| how(reached, other) > most);
    all.iter().filter(|reached| most.is_some() && how(reached, name) == most && !closer(reached)).copied().collect()
}

/// Stops where two of `names` say something of one server, and none of them more closely: one would be passed over.
fn is_said_once(what: &str, names: &[&str], all: &[&Reached]) -> Result<(), Failure> {
    for reached in all {
        let how = |name: &&str| told_by(&reached.told_by, name);
        let most = names.iter().filter_map(how).max();
        let mut said = names.iter().filter(|name| most.is_some() && how(name) == most);
        if let (Some(one), Some(two)) = (said.next(), said.next()) {
            let message = format!("{what} speaks of one server twice, as {one} and as {two}; nothing was changed");
            return Err(Failure::new(message).hint("name it once; two servers that files reach by one name are told apart by hand"));
        }
    }
    Ok(())
}

/// Stops where `meant`, the servers that `what` is for under a setting's `name`, are more than one.
fn is_one(what: &str, name: &str, meant: &[&Reached]) -> Result<(), Failure> {
    let Some(first) = meant.first() else { return Ok(()) };
    let Some(other) = meant.iter().find(|other| (&other.server.system, &other.place) != (&first.server.system, &first.place)) else {
        return Ok(());
    };
    let told = |reached: &Reached| {
        let by = reached.told_by.iter().find(|(file, own)| closeness(file, own, name).is_some());
        by.map(|(file, own)| format!("{file}:{own}")).unwrap_or_default()
    };
    let (one, two) = (told(first), told(other));
    let failure = Failure::new(format!("{what} may mean two servers, that of {one} and that of {two}; nothing was changed"));
    Err(failure.hint(format!("name the setting with its file, such as `{one}`")))
}

/// Whether a setting of `documents` is called `name`, or by its path, alone or behind its file.
fn stands_in(documents: &[Document], name: &str) -> bool {
    let called = |document: &Document, own: &str| closeness(&document.path, own, name).is_some();
    let is = |document: &Document, setting: &Setting| called(document, setting.name()) || called(document, &setting.key.to_string());
    documents.iter().any(|document| document.settings.iter().any(|setting| is(document, setting)))
}

/// Whether the connection string of an administrator is for the server of `url`, or for the address that this is reached at: its password goes
/// nowhere else, whatever the repository says.
fn is_same_server(admin: &str, url: &str, address: &str) -> bool {
    let place = |text: &str| {
        let found = dsn::parse(text)?;
        let system = dsn::system(&found, text)?.name();
        let [host] = found.hosts[..] else { return None };
        let port = host.port.map_or_else(|| dsn::own_port(system, &found.bare_scheme(text)), |port| port.of(text).parse().ok())?;
        let name = host.name.of(text).to_ascii_lowercase();
        let name = if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name };
        Some((system, format!("{name}:{port}")))
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
