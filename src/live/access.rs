//! How the servers are reached: whom to trust, how long to wait, and as whom to change things.

use std::time::Duration;

use crate::model::secret::Secret;
use crate::wire::login::Protection;
use crate::wire::{Target, Trust};

/// Of every connection of a backend.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who is trusted.
    pub trust: Trust,
    /// What each step may take.
    pub within: Duration,
    /// What a connection must be before a credential is sent.
    pub protection: Protection,
    /// As whom to change the account; `None` is the account itself.
    pub admin: Option<Admin>,
}

/// An account that may change others.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The database that it logs in to; empty for the usual one.
    pub database: String,
}

impl Access {
    /// `target` as the administrator; `None` without one.
    pub(super) fn admin(&self, target: &Target) -> Option<(Target, &Secret)> {
        let admin = self.admin.as_ref()?;
        let target = Target { user: admin.user.clone(), database: admin.database.clone(), ..target.clone() };
        Some((target, &admin.password))
    }
}
