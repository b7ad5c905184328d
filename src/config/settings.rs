//! What `harden.toml` can say, as meant.

use std::collections::BTreeMap;
use std::net::IpAddr;

use globset::GlobBuilder;

use super::globs::Globs;
use crate::model::date::Date;
use crate::model::environment::Environment;
use crate::model::severity::{Profile, Severity};

/// All settings; every one has a default or may be absent.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// With whose eyes to look.
    pub profile: Option<Profile>,
    /// Which findings decide the exit code.
    pub fail_on: Option<Threshold>,
    /// Paths that are not looked at.
    pub exclude: Globs,
    /// Findings that are accepted.
    pub allow: Vec<Allow>,
    /// Whom to seal to, as written; `seal` parses them.
    pub recipients: Vec<String>,
    /// Files whose environment their name does not tell. The first that matches decides.
    pub environments: Vec<EnvironmentRule>,
    /// What the network between the parts is like.
    pub network: Network,
    /// Setting or scheme = driver, for connection strings whose client cannot be guessed.
    pub drivers: BTreeMap<String, String>,
    /// How often secrets are to be replaced, and who has to agree.
    pub rotation: Policy,
    /// How servers are reached whose connection strings say it for others.
    pub servers: Vec<ServerRule>,
}

impl Config {
    /// The environment that `[[environment]]` gives the file at `path`, relative to the folder of `harden.toml`.
    #[must_use]
    pub fn environment(&self, path: &str) -> Option<Environment> {
        self.environments.iter().find(|rule| rule.path.matches(path)).map(|rule| rule.is)
    }
}

/// From which severity findings make the exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// None does.
    Never,
    /// This one and worse.
    From(Severity),
}

/// `[[allow]]`: findings of one rule, accepted with a reason.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Rule id.
    pub rule: String,
    /// The files it holds for.
    pub path: Globs,
    /// The settings it holds for, as a pattern of `KeyPath::matches`; absent: all.
    pub key: Option<String>,
    /// Why; never empty.
    pub reason: String,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Where it stands in `harden.toml`, from 1: an entry that matches nothing is named by its line.
    pub line: usize,
}

impl Allow {
    /// Whether the entry no longer holds on `today`.
    #[must_use]
    pub fn expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }
}

/// `[[environment]]`: what a file's name does not say.
#[derive(Clone, Debug)]
pub struct EnvironmentRule {
    /// The files.
    pub path: Globs,
    /// Their environment.
    pub is: Environment,
}

/// `[rotate]`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whether `harden rotate --apply` wants to be told who approved it.
    pub approval: bool,
    /// Below so many bits a secret is due, whatever its age; absent: only findings say so.
    pub least_bits: Option<usize>,
    /// Kind of secret or pattern of names = days, in the order of the file.
    pub max_age: Vec<(String, u64)>,
}

impl Policy {
    /// After how many days a secret is due: by the first pattern that fits its name, else by its kind; `None` where nothing is said.
    #[must_use]
    pub fn max_age(&self, name: &str, kind: &str) -> Option<u64> {
        let named = self.max_age.iter().find(|(pattern, _)| {
            let glob = GlobBuilder::new(pattern).case_insensitive(true).build();
            glob.is_ok_and(|glob| glob.compile_matcher().is_match(name))
        });
        named.or_else(|| self.max_age.iter().find(|(of, _)| of == kind)).map(|(_, days)| *days)
    }
}

/// `[[server]]`: the server of one connection string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerRule {
    /// The setting with the connection string.
    pub setting: String,
    /// `HOST:PORT` to reach it at, instead of the host that the string names.
    pub address: Option<String>,
    /// The environment variable with the connection string of an account that may change this one.
    pub admin: Option<String>,
    /// The two accounts that take turns.
    pub alternate: Option<Alternate>,
}

/// Two accounts of one server that take turns, so that a rotation leaves no gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternate([String; 2]);

impl Alternate {
    /// Two different names, each of at most 63 letters, digits, `_`, `-` and `.` (PostgreSQL cuts longer ones off); `None` for anything else.
    #[must_use]
    pub fn of(names: &[&str]) -> Option<Self> {
        let fits = |name: &str| {
            (1..=63).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        let &[one, two] = names else { return None };
        (fits(one) && fits(two) && one != two).then(|| Self([one.to_owned(), two.to_owned()]))
    }

    /// The account that takes over from `user`; `None` where that is neither of the two.
    #[must_use]
    pub fn other(&self, user: &str) -> Option<&str> {
        let [one, two] = &self.0;
        if user == one {
            Some(two)
        } else if user == two {
            Some(one)
        } else {
            None
        }
    }

    /// Both, always in one order.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        let [one, two] = &self.0;
        if one < two { [one, two] } else { [two, one] }
    }
}

/// `[network]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Hosts and networks between which plaintext is accepted, as written.
    pub trusted: Vec<String>,
    /// How plaintext to internal names counts; absent: as the rules say.
    pub internal_plaintext: Option<InternalPlaintext>,
}

impl Network {
    /// Whether plaintext to `host` is accepted: an entry is that name, `*.domain` above it, or a network (`10.0.0.0/8`) that it lies in.
    #[must_use]
    pub fn trusts(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        self.trusted.iter().any(|entry| match (entry.strip_prefix("*."), entry.split_once('/')) {
            (Some(domain), _) => {
                host.len() > domain.len() + 1
                    && host.get(host.len() - domain.len()..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
                    && host.get(..host.len() - domain.len()).is_some_and(|head| head.ends_with('.'))
            }
            (None, Some((network, bits))) => lies_in(host, network, bits).unwrap_or(false),
            (None, None) => entry.eq_ignore_ascii_case(host),
        })
    }
}

/// Whether an address lies in a network (RFC 4632, RFC 4291 section 2.3); `None` when one of them is none.
fn lies_in(host: &str, network: &str, bits: &str) -> Option<bool> {
    let bits: u32 = bits.parse().ok()?;
    let (host, network, width) = match (host.parse().ok()?, network.parse().ok()?) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return None,
    };
    let shift = width - Some(bits).filter(|b| *b <= width)?;
    Some(host.checked_shr(shift) == network.checked_shr(shift))
}

/// `internal-plaintext`: how bad a connection without TLS to an internal host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternalPlaintext {
    /// As bad as any.
    High,
    /// Medium.
    Medium,
    /// Accepted.
    Allow,
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn hosts_are_trusted_by_name_domain_and_network() {
        let trusted = ["cache", "*.corp.example.com", "10.0.0.0/8", "fd00::/8", "0.0.0.0/0x", "192.168.1.7/32"].map(str::to_owned).to_vec();
        let network = Network { trusted, internal_plaintext: None };
        for host in ["cache", "CACHE", "db.corp.example.com", "a.b.CORP.example.com", "10.9.8.7", "fd12::1", "192.168.1.7"] {
            assert!(network.trusts(host), "{host}");
        }
        for host in ["cache2", "corp.example.com", "evilcorp.example.com", "11.0.0.1", "fe80::1", "192.168.1.8", "", "é.com"] {
            assert!(!network.trusts(host), "{host}");
        }
    }
}
