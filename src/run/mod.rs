//! Sealed and plain env files to the environment of a child, and the child itself.
//!
//! ```
//! use harden::run::{self, Base, Precedence};
//! let file = run::parse("prod.env", b"PORT=80\n")?;
//! let env = run::environment([("PORT".into(), "3000".into())], &[file.variables], Base::Inherited, Precedence::File);
//! assert_eq!(env, [("PORT".into(), "80".into())]);
//! # Ok::<(), run::RunError>(())
//! ```

mod env;
mod error;
mod exec;

pub use env::{EnvFile, Variable, Warning, parse, sealed_env_files};
pub use error::RunError;
pub use exec::{Base, Precedence, environment, replace_process};
