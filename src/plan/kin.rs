//! Whether a name speaks of the same thing as a secret's: what is computed from a password that many have is only known to be of this one
//! if its name says so, too.

use std::collections::BTreeSet;

use crate::model::key_path::words;
use crate::model::setting::Setting;

/// Words that say what a value is, or where settings stand, and not whose it is.
const SAY_NOTHING: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "passphrase",
    "pwd",
    "secret",
    "secrets",
    "token",
    "key",
    "keys",
    "hash",
    "hashed",
    "hashes",
    "digest",
    "base64",
    "b64",
    "hex",
    "encoded",
    "bcrypt",
    "argon2",
    "argon2id",
    "scrypt",
    "phc",
    "htpasswd",
    "verifier",
    "user",
    "users",
    "username",
    "auth",
    "basic",
    "basicauth",
    "login",
    "credentials",
    "value",
    "data",
    "string",
    "stringdata",
    "environment",
    "env",
    "config",
    "configs",
    "settings",
    "values",
    "spec",
    "services",
    "labels",
    "annotations",
    "args",
    "command",
    "http",
    "middlewares",
    "default",
    "global",
    "server",
    "the",
    "my",
];

/// What the names of a setting say.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All words of the path that say whose it is.
    path: BTreeSet<String>,
    /// Those of the last name.
    own: BTreeSet<String>,
    /// Path without the last name; none at the top of a file.
    scope: Option<String>,
}

impl Names {
    pub(super) fn of(setting: &Setting) -> Self {
        let telling =
            |name: &str| words(name).into_iter().filter(|w| w.len() > 1 && !SAY_NOTHING.contains(&w.as_str())).collect::<Vec<_>>();
        let scope = setting.key.scope();
        Self {
            path: setting.key.names().flat_map(telling).collect(),
            own: telling(setting.name()).into_iter().collect(),
            scope: (!scope.segments().is_empty()).then(|| scope.to_string()),
        }
    }

    /// How much speaks for the two belonging together; 0 where nothing does.
    pub(super) fn closeness(&self, other: &Self) -> usize {
        let shared = self.path.intersection(&other.path).count();
        // `password` and `password_hash` of one map
        let beside = self.own.is_empty() && other.own.is_empty() && self.scope.is_some() && self.scope == other.scope;
        shared + usize::from(beside)
    }

    /// Whether the last names differ in nothing but what the value is: `ADMIN_PASSWORD` and `ADMIN_PASSWORD_HASH`.
    pub(super) fn is_namesake(&self, other: &Self) -> bool {
        !self.own.is_empty() && self.own == other.own && self.scope == other.scope
    }
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::model::key_path::KeyPath;
    use crate::model::secret::Secret;
    use crate::model::setting::{Quoting, Setting};
    use crate::model::span::Span;

    fn names(path: &[&str]) -> Names {
        let key = path.iter().skip(1).fold(KeyPath::of(path[0]), |key, name| key.child(name));
        Names::of(&Setting::new(key, Span::new(0, 0), Secret::default(), Span::new(0, 0), Quoting::Plain))
    }

    #[test]
    fn whose_it_is_counts_and_what_it_is_does_not() {
        let password = names(&["ADMIN_PASSWORD"]);
        assert!(password.is_namesake(&names(&["ADMIN_PASSWORD_HASH"])) && password.closeness(&names(&["ADMIN_TOKEN"])) == 1);
        assert_eq!(password.closeness(&names(&["POSTGRES_PASSWORD"])), 0);
        assert_eq!(names(&["VAULTWARDEN_PASSWORD"]).closeness(&names(&["services", "vaultwarden", "environment", "ADMIN_TOKEN"])), 1);
        assert_eq!(names(&["admin", "password"]).closeness(&names(&["admin", "password_hash"])), 2);
        assert_eq!(names(&["data", "password"]).closeness(&names(&["data", "password-hash"])), 1);
        assert_eq!(names(&["PASSWORD"]).closeness(&names(&["PASSWORD_HASH"])), 0, "one file is no map");
    }
}
