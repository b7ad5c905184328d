//! Servers whose credentials are changed: one file for each system behind [`Backend`], one cargo feature each.

mod access;
mod backend;
mod choose;
#[cfg(feature = "live-command")]
mod command;
#[cfg(feature = "live-mysql")]
mod mysql;
#[cfg(feature = "live-postgres")]
mod postgres;
#[cfg(feature = "live-postgres")]
mod postgres_pair;
#[cfg(feature = "live-rabbitmq")]
mod rabbitmq;
#[cfg(feature = "live-redis")]
mod redis;

pub use access::{Access, Admin};
pub use backend::{Backend, BackendError, Done, Facts, Outcome, Overlap, Pair, Persistence};
pub use choose::{NoBackend, alternating, for_target};
#[cfg(feature = "live-command")]
pub use command::Command;
#[cfg(feature = "live-mysql")]
pub use mysql::MySql;
#[cfg(feature = "live-postgres")]
pub use postgres::Postgres;
#[cfg(feature = "live-postgres")]
pub use postgres_pair::PostgresPair;
#[cfg(feature = "live-rabbitmq")]
pub use rabbitmq::RabbitMq;
#[cfg(feature = "live-redis")]
pub use redis::Redis;
