//! The servers of a plan: which they are, how they are reached, what an operator has to know about them.

use harden::config::ServerRule;
use harden::model::document::Document;
use harden::model::secret::Secret;
use harden::plan::SecretChange;
use harden::rotate::connections::{Connection, connections};
use harden::rotate::servers::Account;
use harden::rotate::stage::Server;

use super::args::RotateArgs;

/// A server, and what it said.
pub(super) struct Reached {
    pub(super) connection: Connection,
    /// Where it is reached, if not where the string says.
    pub(super) address: String,
    /// The connection string of an account that may change this one; empty: it changes its own.
    pub(super) admin: Secret,
    /// Whether it takes two credentials at a time; `None` where it was not asked.
    pub(super) holds_two: Option<bool>,
    /// What has to be known.
    pub(super) notes: Vec<String>,
}

impl Reached {
    /// In one line.
    pub(super) fn about(&self) -> String {
        let Connection { system, user, at, setting, .. } = &self.connection;
        let user = if user.is_empty() { "the default account" } else { user };
        let at = if self.address.is_empty() { at.clone() } else { format!("{at}, reached at {}", self.address) };
        let two = match self.holds_two {
            Some(true) => "; takes two credentials at a time",
            Some(false) => "; takes one credential at a time",
            None => "",
        };
        format!("{system}, {user} at {at} (from {setting}){two}")
    }

    /// As the stage holds it.
    pub(super) fn staged(&self, secret: usize) -> Server {
        Server {
            setting: self.connection.setting.clone(),
            system: self.connection.system.to_owned(),
            url: self.connection.url.clone(),
            address: self.address.clone(),
            secret,
            admin: self.admin.clone(),
        }
    }
}

/// The servers of one secret.
pub(super) fn of(documents: &[Document], change: &SecretChange, args: &RotateArgs, rules: &[ServerRule]) -> Vec<Reached> {
    let address = |connection: &Connection| {
        let own = args.address.iter().find(|(setting, _)| setting.eq_ignore_ascii_case(&connection.setting));
        let ruled = || rules.iter().find(|rule| rule.setting.eq_ignore_ascii_case(&connection.setting))?.address.clone();
        own.map(|(_, at)| at.clone()).or_else(ruled).unwrap_or_default()
    };
    // the variable is the operator's, its name the project's
    let admin = |connection: &Connection| {
        let rule = rules.iter().find(|rule| rule.setting.eq_ignore_ascii_case(&connection.setting));
        rule.and_then(|rule| std::env::var_os(rule.admin.as_ref()?)?.into_string().ok()).map(Secret::new).unwrap_or_default()
    };
    let found = connections(documents, change).into_iter();
    found
        .map(|connection| Reached {
            address: address(&connection),
            admin: admin(&connection),
            connection,
            holds_two: None,
            notes: Vec::new(),
        })
        .collect()
}

/// The account of a server.
///
/// # Errors
/// Why it cannot be spoken to, in our own words.
pub(super) fn account(server: &Server) -> Result<Box<dyn Account>, String> {
    Err(format!("this build cannot speak to {}: `cargo install harden --features full`", server.system))
}
