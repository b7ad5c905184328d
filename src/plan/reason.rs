//! Why a place belongs to a secret, for the plan: equal values alone are no reason.

use super::place::{Form, Place};
use super::same::same;

/// Why the place at `index` of `places`, those of one secret, is among them; empty where it is alone.
pub(super) fn belongs(places: &[Place], index: usize) -> String {
    let Some(own) = places.get(index).filter(|_| places.len() > 1) else { return String::new() };
    if own.account.server {
        return "the server's own setting".to_owned();
    }
    let others = || places.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, p)| p);
    let shares = |p: &&Place| own.account.names.iter().any(|n| p.account.names.contains(n));
    if others().any(|p| shares(&p)) {
        let text = if matches!(own.form, Form::Fallback { .. }) { "the same variable" } else { "the same name" };
        return text.to_owned();
    }
    let tied = |p: &&Place| same(&own.account, &p.account);
    let by_user = others().filter(tied).any(|p| own.account.user.is_some() && own.account.user == p.account.user);
    match own.account.system {
        "" => "the same group of settings".to_owned(),
        "sql" => "a database's, like the others".to_owned(),
        system if by_user => format!("{system}, for the same user"),
        system => format!("{system}'s, like the others"),
    }
}

#[cfg(test)]
mod tests {
    use super::belongs;
    use crate::formats;
    use crate::model::environment::Environment;
    use crate::plan::place::places;

    #[test]
    fn each_place_says_what_ties_it_to_the_others() {
        let text = "POSTGRES_PASSWORD=kettle\nDATABASE_URL=postgres://app:kettle@db/app\nPGPASSWORD=kettle\nOTHER_POSTGRES_URL=postgres://kettle:kettle@db/app\n";
        let documents = [formats::parse(".env", text.as_bytes(), Environment::Production)];
        let all = places(&documents);
        let said: Vec<String> = (0..all.len()).map(|i| belongs(&all, i)).collect();
        assert_eq!(
            said,
            ["the server's own setting", "postgres's, like the others", "postgres's, like the others", "postgres's, like the others"]
        );
        assert_eq!(belongs(&all[..1], 0), "", "one place needs no reason");
        let twice = [&all[2..3], &all[2..3]].concat();
        assert_eq!(belongs(&twice, 1), "the same name");
    }
}
