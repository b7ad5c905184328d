//! Which backend changes the account that a connection string names.

use super::access::Access;
use super::backend::Backend;
#[cfg(feature = "live-mysql")]
use super::mysql::MySql;
#[cfg(feature = "live-postgres")]
use super::postgres::Postgres;
#[cfg(feature = "live-postgres")]
use super::postgres_pair::PostgresPair;
#[cfg(feature = "live-rabbitmq")]
use super::rabbitmq::RabbitMq;
#[cfg(feature = "live-redis")]
use super::redis::Redis;
use crate::wire::Target;

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBackend {
    /// Of this system harden changes nothing.
    #[error("harden changes no credentials of this system")]
    Unknown,
    /// It was left out of this build; the feature of that name has it, and `full`.
    #[error("this harden is built without the feature `{0}`")]
    LeftOut(&'static str),
    /// Of this system no two accounts take turns.
    #[error("accounts that take turns are known of PostgreSQL only")]
    OneAccount,
    /// Whoever makes two accounts take turns may change both.
    #[error("accounts that take turns are changed by an administrator, and none is named")]
    NoAdmin,
    /// It takes two names.
    #[error("two accounts that take turns have two names")]
    OneName,
    /// RabbitMQ is changed over its management interface.
    #[error("the address of the management interface is needed")]
    NoApi,
}

/// The backend for `target`. `api` is the management interface of RabbitMQ: host, port and TLS of it.
///
/// # Errors
/// Where there is none.
pub fn for_target(target: &Target, api: Option<&Target>, access: &Access) -> Result<Box<dyn Backend>, NoBackend> {
    let (target, access) = (target.clone(), access.clone());
    match target.system {
        #[cfg(feature = "live-postgres")]
        "postgres" => Ok(Box::new(Postgres::new(target, access))),
        #[cfg(feature = "live-mysql")]
        "mysql" => Ok(Box::new(MySql::new(target, access))),
        #[cfg(feature = "live-redis")]
        "redis" => Ok(Box::new(Redis::new(target, access))),
        #[cfg(feature = "live-rabbitmq")]
        "amqp" => Ok(Box::new(RabbitMq::new(target, api.ok_or(NoBackend::NoApi)?.clone(), access))),
        system => {
            let _ = (api, access);
            Err(left_out(system))
        }
    }
}

/// The backend in which the account of `target` gives way to the account `other`.
///
/// # Errors
/// Where there is none, where `access` names no administrator, and where the two are one.
pub fn alternating(target: &Target, other: &str, access: &Access) -> Result<Box<dyn Backend>, NoBackend> {
    if target.system != "postgres" {
        return Err(NoBackend::OneAccount);
    }
    if access.admin.is_none() {
        return Err(NoBackend::NoAdmin);
    }
    #[cfg(feature = "live-postgres")]
    return match PostgresPair::new(target.clone(), other, access.clone()) {
        Some(pair) => Ok(Box::new(pair)),
        None => Err(NoBackend::OneName),
    };
    #[cfg(not(feature = "live-postgres"))]
    {
        let _ = other;
        Err(left_out(target.system))
    }
}

/// The feature that has the backend of `system`.
fn left_out(system: &str) -> NoBackend {
    const FEATURES: &[(&str, &str)] =
        &[("postgres", "live-postgres"), ("mysql", "live-mysql"), ("redis", "live-redis"), ("amqp", "live-rabbitmq")];
    FEATURES.iter().find(|(name, _)| *name == system).map_or(NoBackend::Unknown, |(_, feature)| NoBackend::LeftOut(feature))
}
