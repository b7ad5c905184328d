//! Which places hold one secret. By account and value, never by text alone: `changeme` for two accounts is two secrets.

use std::collections::BTreeMap;

use super::place::{Account, Place, may_hold_a_secret};
use crate::keygen::is_framed;
use crate::model::document::Document;

/// Places of one secret, by index into the list that was grouped.
#[derive(Clone, Debug, Default)]
pub(super) struct Same {
    /// Places that a plan may change.
    pub(super) live: Vec<usize>,
    /// Places that hold the same value for the same account and stay as they are: examples, documents, development files, code.
    pub(super) outside: Vec<usize>,
}

/// Groups `places`. Each group has at least one place of `wanted`, the places that are at fault, sorted.
#[must_use]
pub(super) fn group(places: &[Place], wanted: &[usize], documents: &[Document]) -> Vec<Same> {
    let mut by_value: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, place) in places.iter().enumerate() {
        if wanted.binary_search(&i).is_ok() || may_hold_a_secret(place, documents) {
            by_value.entry(place.text.expose()).or_default().push(i);
        }
    }
    let mut out = Vec::new();
    for members in by_value.values().filter(|m| m.iter().any(|i| wanted.binary_search(i).is_ok())) {
        let (live, outside): (Vec<usize>, Vec<usize>) = members.iter().partition(|i| places.get(**i).is_some_and(|p| p.is_live(documents)));
        for set in split(places, &live).into_iter().filter(|set| set.iter().any(|i| wanted.binary_search(i).is_ok())) {
            let near = outside.iter().copied().filter(|o| set.iter().any(|l| matches(places, *l, *o))).collect();
            out.push(Same { live: set, outside: near });
        }
    }
    out.sort_by_key(|s| s.live.first().copied());
    out
}

fn matches(places: &[Place], a: usize, b: usize) -> bool {
    match (places.get(a), places.get(b)) {
        (Some(a), Some(b)) => {
            // `queue.url` and `queue.password` of one file, for one user
            let grouped =
                a.document == b.document && a.in_url != b.in_url && !a.account.stem.is_empty() && a.account.stem == b.account.stem;
            // a private key is one, whatever it is called
            let pair = is_framed(&a.text) && a.text.same_as(&b.text);
            pair || same(&a.account, &b.account) || (grouped && a.account.user.is_some() && a.account.user == b.account.user)
        }
        _ => false,
    }
}

/// Splits places of one value by account. Servers come first; a client joins the server that fits it best, so that a client that could
/// belong to two servers does not make one of them.
fn split(places: &[Place], members: &[usize]) -> Vec<Vec<usize>> {
    let account = |i: usize| places.get(i).map(|p| &p.account);
    let (servers, clients): (Vec<usize>, Vec<usize>) = members.iter().partition(|i| account(**i).is_some_and(|a| a.server));
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for server in servers {
        let own = sets.iter_mut().find(|set| set.iter().any(|other| matches(places, server, *other)));
        match own {
            Some(set) => set.push(server),
            None => sets.push(vec![server]),
        }
    }
    let anchored = sets.len();
    for client in clients {
        let fit = |set: &Vec<usize>| {
            set.iter().filter(|o| matches(places, client, **o)).map(|o| closeness(places, client, *o)).max().unwrap_or(0)
        };
        let best = sets.iter().enumerate().map(|(i, set)| (fit(set), usize::MAX - i)).filter(|(fit, _)| *fit > 0).max();
        match best {
            Some((_, i)) => {
                if let Some(set) = sets.get_mut(usize::MAX - i) {
                    set.push(client);
                }
            }
            None => sets.push(vec![client]),
        }
    }
    join_clients(places, sets, anchored)
}

/// Sets without a server whose members match are one.
fn join_clients(places: &[Place], sets: Vec<Vec<usize>>, anchored: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = Vec::new();
    for (i, set) in sets.into_iter().enumerate() {
        let twin =
            out.iter_mut().skip(anchored).find(|other| i >= anchored && other.iter().any(|a| set.iter().any(|b| matches(places, *a, *b))));
        match twin {
            Some(other) => other.extend(set),
            None => out.push(set),
        }
    }
    out.iter_mut().for_each(|set| set.sort_unstable());
    out
}

/// How well a client fits a server that it matches; at least 1.
fn closeness(places: &[Place], client: usize, server: usize) -> usize {
    let (Some(a), Some(b)) = (places.get(client), places.get(server)) else { return 0 };
    let user = a.account.user.is_some() && a.account.user == b.account.user;
    let named = a.account.names.iter().any(|n| b.account.names.contains(n));
    let root = b.account.names.iter().any(|n| n.contains("root"));
    1 + 8 * usize::from(named) + 4 * usize::from(user) + 2 * usize::from(a.document == b.document) + usize::from(!root)
}

/// Whether two places that hold one value belong to one account.
pub(super) fn same(a: &Account, b: &Account) -> bool {
    let users_differ = matches!((&a.user, &b.user), (Some(x), Some(y)) if x != y);
    if a.names.iter().any(|n| b.names.contains(n)) {
        // `password` of two accounts, each in a map of one name
        return !users_differ;
    }
    // `minioadmin` is the user and the password: the first half of a login never becomes the second
    if is_access_key(a) != is_access_key(b) {
        return false;
    }
    // Grafana's own key is no password of its administrator, whatever stands in both
    if a.is_key != b.is_key {
        return false;
    }
    if users_differ || a.system.is_empty() || b.system.is_empty() || !compatible(a.system, b.system) {
        return false;
    }
    // two settings of one server under two names are two accounts: POSTGRES_PASSWORD and POSTGRES_NON_ROOT_PASSWORD
    // but `requirepass` and `masterauth`, or Keycloak's old and new name for its first administrator, are one
    let two_servers = a.server && b.server && !matches!(a.system, "redis" | "keycloak");
    // without a user on one side and with names of their own on both, only a server ties them together
    let two_names = !a.names.is_empty()
        && !b.names.is_empty()
        && !a.server
        && !b.server
        && a.system != "redis"
        && (a.user.is_none() || b.user.is_none());
    let nameless = a.names.is_empty() && b.names.is_empty() && a.user.is_none() && b.user.is_none() && a.system != "redis";
    !two_servers && !two_names && !nameless
}

/// Whether a setting holds what object stores call the access key: the name of the account.
fn is_access_key(account: &Account) -> bool {
    account.names.iter().any(|name| name.ends_with("access key") && !name.ends_with("secret access key"))
}

fn compatible(a: &str, b: &str) -> bool {
    let sql = |s: &str| matches!(s, "postgres" | "mysql" | "sqlserver" | "sql");
    a == b || (a == "sql" && sql(b)) || (b == "sql" && sql(a))
}

#[cfg(test)]
mod tests {
    use super::same;
    use crate::plan::place::{Account, signs};

    fn account(system: &'static str, user: Option<&str>, name: &str, server: bool) -> Account {
        Account {
            system,
            user: user.map(str::to_owned),
            names: if name.is_empty() { Vec::new() } else { vec![name.to_owned()] },
            server,
            stem: String::new(),
            is_key: !name.is_empty() && signs(&[name.to_owned()]),
        }
    }

    #[test]
    fn one_login_under_several_names_is_one_secret() {
        let server = account("postgres", Some("app"), "postgres password", true);
        assert!(same(&server, &account("postgres", Some("app"), "", false)), "the URL of a client");
        assert!(same(&server, &account("sql", None, "db password", false)), "a client's own name for it");
        assert!(same(&account("redis", None, "requirepass", true), &account("redis", None, "", false)));
    }

    #[test]
    fn the_name_of_an_account_is_not_its_password() {
        let server = account("storage", None, "minio root password", true);
        assert!(!same(&server, &account("storage", None, "s3 access key", false)));
        assert!(same(&server, &account("storage", None, "s3 secret key", false)));
        assert!(same(&server, &account("storage", None, "aws secret access key", false)));
    }

    #[test]
    fn a_key_is_no_password() {
        let admin = account("grafana", None, "gf security admin password", true);
        assert!(!same(&admin, &account("grafana", None, "gf security secret key", false)));
    }

    #[test]
    fn equal_values_of_different_accounts_stay_apart() {
        let server = account("postgres", None, "postgres password", true);
        assert!(!same(&server, &account("postgres", None, "postgres non root password", true)));
        assert!(!same(&account("mysql", Some("root"), "", false), &account("mysql", Some("app"), "", false)));
        assert!(!same(&account("", None, "jwt secret", false), &account("", None, "session secret", false)));
        assert!(!same(&account("postgres", None, "", false), &account("postgres", None, "", false)), "two nameless passwords");
        assert!(!same(&server, &account("redis", None, "redis password", true)));
    }
}
