//! What well-known secrets are, and what replacing them does. Data: `rules/kinds.toml`.

use super::programs::{Framework, Server};
use super::rings::{Ring, RingForm};
use crate::model::key_path::{words, words_fit};

/// What a replacement means (docs/fix.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Signs or encrypts short-lived things: replacing it logs people out.
    Stateless,
    /// A second party holds the same value.
    Coordinated,
    /// Data at rest is unreadable after a plain replacement.
    DataEncrypting,
    /// Computed from another secret.
    Derived,
    /// Minted by a third party.
    ProviderIssued,
}

impl Kind {
    /// Whether a secret of this kind is never replaced by a program.
    #[must_use]
    pub fn is_by_hand(self) -> bool {
        matches!(self, Self::DataEncrypting | Self::Derived | Self::ProviderIssued)
    }

    /// The word used in data and output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stateless => "stateless",
            Self::Coordinated => "coordinated",
            Self::DataEncrypting => "data-encrypting",
            Self::Derived => "derived",
            Self::ProviderIssued => "provider-issued",
        }
    }
}

/// One row of `rules/kinds.toml`.
#[derive(Clone, Copy, Debug)]
pub struct KindRow {
    /// Patterns of [`words_fit`].
    names: &'static [&'static [&'static str]],
    /// Names of the [`Framework`]s that it is about; empty for all.
    with: &'static [&'static str],
    /// What it is.
    pub kind: Kind,
    /// Whether a server reads the setting only while its data volume is empty.
    pub first_boot: bool,
    /// Whether the row is about names within their map, and wins over one about the bare name.
    parents: bool,
    /// Whether the server itself reads this setting, rather than a client of it.
    pub server: bool,
    /// The form of a generated value, as `keygen::Recipe` reads it; empty for the general one.
    pub generator: &'static str,
    /// What replacing it does: one sentence.
    pub effect: &'static str,
    /// What there is to do besides; empty where there is nothing.
    pub steps: &'static str,
    /// Why the former one is kept by hand only, and how; empty where nothing is to be said.
    pub keep: &'static str,
    /// Where the former key goes; the first that is possible counts.
    pub rings: &'static [Ring],
}

impl KindRow {
    /// Whether a row of the table speaks of the name; otherwise it is only assumed that somebody else may hold the value.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.names.is_empty()
    }

    /// How much replacing it asks for: of two answers the greater one counts.
    #[must_use]
    pub fn strictness(&self) -> u8 {
        match self.kind {
            Kind::ProviderIssued => 4,
            Kind::Derived => 3,
            Kind::DataEncrypting => 2,
            Kind::Stateless | Kind::Coordinated => 0,
        }
    }

    fn fits(&self, own: &[String]) -> bool {
        self.names.iter().any(|pattern| words_fit(pattern, own))
    }
}

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));

/// A secret that no row names: somebody else may hold it, so it is treated as coordinated.
static UNKNOWN: KindRow = KindRow {
    names: &[],
    with: &[],
    kind: Kind::Coordinated,
    first_boot: false,
    parents: false,
    server: false,
    generator: "",
    effect: "whoever else holds this value must be given the new one",
    steps: "",
    keep: "",
    rings: &[],
};

/// Every program that the table tells apart.
#[must_use]
pub fn frameworks() -> &'static [Framework] {
    FRAMEWORKS
}

/// What is known of the server that takes the password `name`, by the name, else by the `system` that its place tells.
#[must_use]
pub fn server_of(name: &str, system: &str) -> Option<&'static Server> {
    let own = words(name);
    let named = |row: &&Server| row.names.iter().any(|pattern| words_fit(pattern, &own));
    let of_system = || SERVERS.iter().find(|row| !row.system.is_empty() && row.system == system);
    // what is called `password` and no more is the least that is known
    let general = |row: &Server| row.system.is_empty() && row.change.is_empty() && row.names.iter().any(|p| p.len() == 1);
    SERVERS.iter().filter(|row| !general(row)).find(named).or_else(of_system).or_else(|| SERVERS.iter().find(named))
}

/// Whether the program decides what a name means.
#[must_use]
pub fn needs_framework(parent: &str, name: &str) -> bool {
    let own = words(name);
    let below: Vec<String> = words(parent).into_iter().chain(own.iter().cloned()).collect();
    KINDS.iter().any(|row| !row.with.is_empty() && (row.fits(&own) || row.fits(&below)))
}

/// [`kind_among`] where no program is known.
///
/// ```
/// use harden::rules::kinds::{kind_in, Kind};
/// assert_eq!(kind_in("", "JWT_SECRET").kind, Kind::Stateless);
/// assert_eq!(kind_in("", "POSTGRES_PASSWORD").kind, Kind::Coordinated);
/// ```
#[must_use]
pub fn kind_in(parent: &str, name: &str) -> &'static KindRow {
    kind_among(parent, name, &[])
}

/// The row for a setting whose name alone may say too little: `storage.secret_key` is tried as `storage secret key` first. `parent` is the
/// name of the map that holds it; may be empty. `programs` are the names of the frameworks that may read it: of several answers the
/// strictest counts.
///
/// ```
/// use harden::rules::kinds::{kind_among, Kind};
/// assert_eq!(kind_among("", "SECRET_KEY", &["superset"]).kind, Kind::DataEncrypting);
/// assert_eq!(kind_among("", "SECRET_KEY", &["django", "superset"]).kind, Kind::DataEncrypting);
/// ```
#[must_use]
pub fn kind_among(parent: &str, name: &str, programs: &[&str]) -> &'static KindRow {
    let own = words(name);
    let row = |own: &[String]| {
        let told = KINDS.iter().filter(|row| row.with.iter().any(|w| programs.contains(w)) && row.fits(own));
        let strictest = told.reduce(|best, row| if row.strictness() > best.strictness() { row } else { best });
        strictest.or_else(|| KINDS.iter().find(|row| row.with.is_empty() && row.fits(own)))
    };
    // `default: { password: .. }` is a map of what others inherit, not a password that a server starts with
    let above: Vec<String> = words(parent).into_iter().filter(|word| word != "default").collect();
    let below = |above: Vec<String>| row(&above.into_iter().chain(own.iter().cloned()).collect::<Vec<_>>());
    // `PayPal` is one name, and so is `GitHub`
    let squeezed = below(vec![above.concat()]).filter(|row| above.len() > 1 && row.kind.is_by_hand());
    let placed = squeezed.or_else(|| below(above.clone())).filter(|_| !above.is_empty());
    let named = row(&own);
    // the parent may only make the answer stricter or give one: `auth.password` is no other thing than `password`, but `aes.secret_key` is
    // no signing key, and `paypal.secret` is PayPal's
    match (placed, named) {
        (Some(placed), None) => placed,
        (Some(placed), Some(named)) if placed.parents || placed.kind.is_by_hand() && !named.kind.is_by_hand() => placed,
        (_, Some(named)) => named,
        (None, None) => &UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, kind_in};

    #[test]
    fn what_a_third_party_holds_is_not_ours_to_make() {
        for name in [
            "AWS_SECRET_KEY",
            "PAYSTACK_SECRET_KEY",
            "CLERK_SECRET_KEY",
            "CLERK_JWT_KEY",
            "XENDIT_SECRET_KEY",
            "DUO_SECRET_KEY",
            "OAUTH_TOKEN_SECRET",
            "MUX_SIGNING_KEY",
            "IMGIX_SIGNING_KEY",
            "INNGEST_SIGNING_KEY",
            "WECHAT_APP_SECRET",
        ] {
            assert_eq!(kind_in("", name).kind, Kind::ProviderIssued, "{name}");
        }
        for (parent, name) in [
            ("google_oauth", "secret"),
            ("paypal", "secret"),
            ("recaptcha", "secret_key"),
            ("aws", "secret_key"),
            ("facebook", "app_secret"),
            ("PayPal", "SecretKey"),
        ] {
            assert_eq!(kind_in(parent, name).kind, Kind::ProviderIssued, "{parent}.{name}");
        }
        assert_eq!(kind_in("session", "secret").kind, Kind::Stateless);
        assert_eq!(kind_in("Jwt", "SecretKey").kind, Kind::Stateless);
    }

    #[test]
    fn what_opens_files_or_data_is_kept() {
        for (parent, name) in [
            ("", "JWT_PASSPHRASE"),
            ("", "JWT_SECRET_KEY_PASSPHRASE"),
            ("ssl", "key-store-password"),
            ("", "OLD_SECRET_KEY"),
            ("", "old_secret_key_base"),
            ("", "JWT_SECRET_PREVIOUS"),
            ("", "SECRET_KEY_FALLBACKS"),
            ("cipher", "secret-key"),
            ("Aes", "SecretKey"),
            ("encryptor", "password"),
            ("", "TWO_FACTOR_SECRET_KEY"),
            ("", "CREDENTIALS_SECRET_KEY"),
            ("", "PASSWORD_HMAC_KEY"),
            ("", "RESTIC_PASSWORD"),
        ] {
            assert_eq!(kind_in(parent, name).kind, Kind::DataEncrypting, "{parent}.{name}");
        }
    }

    #[test]
    fn half_of_a_pair_is_no_random_text() {
        for name in ["JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY", "VAPID_PRIVATE_KEY", "SSH_PRIVATE_KEY", "MATRIX_SIGNING_KEY"] {
            assert_eq!(kind_in("", name).kind, Kind::Derived, "{name}");
        }
    }

    #[test]
    fn a_map_of_defaults_starts_no_server() {
        assert!(!kind_in("default", "password").server);
        assert!(kind_in("", "PGADMIN_DEFAULT_PASSWORD").server);
        assert!(kind_in("postgres", "password").server, "a parent may say which server it is");
    }
}
