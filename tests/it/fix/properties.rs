//! Projects made at random: after one fix nothing that it may do is left, and a second one changes nothing.

use proptest::prelude::*;

use super::{Desk, between, stderr, stdout};

/// One project: the weak password, the user, how the env file quotes, ends its lines, and what stands around the settings.
#[derive(Clone, Debug)]
struct Made {
    password: &'static str,
    user: &'static str,
    quote: &'static str,
    end: &'static str,
    padding: Vec<&'static str>,
    listed: bool,
    last_newline: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let padding = prop::sample::select(vec!["# a note", "", "PORT=3000", "LOG_LEVEL=info", "NODE_ENV=production", "TITLE='It''s: here'"]);
    (
        prop::sample::select(vec!["postgres", "changeme", "password", "portal123", "secret"]),
        prop::sample::select(vec!["portal", "app_user"]),
        prop::sample::select(vec!["", "'", "\""]),
        prop::sample::select(vec!["\n", "\r\n"]),
        prop::collection::vec(padding, 0..5),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(password, user, quote, end, padding, listed, last_newline)| Made {
            password,
            user,
            quote,
            end,
            padding,
            listed,
            last_newline,
        })
}

impl Made {
    fn env(&self, password: &str) -> String {
        let Self { user, quote, end, .. } = self;
        let mut lines: Vec<String> = self.padding.iter().map(ToString::to_string).collect();
        lines.insert(lines.len() / 2, format!("POSTGRES_PASSWORD={quote}{password}{quote}"));
        lines.push(format!("DATABASE_URL={quote}postgresql://{user}:{password}@db:5432/portal?sslmode=verify-full{quote}"));
        lines.join(end) + if self.last_newline { end } else { "" }
    }

    fn compose(&self, password: &str) -> String {
        let Self { user, end, .. } = self;
        let pairs = [("POSTGRES_USER", *user), ("POSTGRES_PASSWORD", password)];
        let lines = pairs.map(|(k, v)| if self.listed { format!("      - {k}={v}") } else { format!("      {k}: \"{v}\"") });
        let head = "services:\n  db:\n    image: postgres:16\n    environment:";
        format!("{head}\n{}\n", lines.join("\n")).replace('\n', end)
    }
}

proptest! {
    // each case starts the binary five times
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_fix_is_enough(made in made()) {
        let desk = Desk::with(&[(".env.production", &made.env(made.password)), ("docker-compose.yml", &made.compose(made.password))]);
        let output = desk.harden(&["fix", "--emit", "plain", "--allow-dirty", "--apply"]);
        prop_assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let (env, compose) = (desk.text(".env.production"), desk.text("docker-compose.yml"));
        let new = between(&env, &format!("postgresql://{}:", made.user), "@db").to_owned();
        prop_assert!(new.len() >= 24);
        // everything but the password is as it was
        prop_assert_eq!(env, made.env(&new));
        prop_assert_eq!(compose, made.compose(&new));
        let found = stdout(&desk.harden(&["scan", "--format", "jsonl"]));
        let left: Vec<&str> = found.lines()
            .filter(|l| ["medium", "high", "critical"].iter().any(|s| l.contains(&format!("\"severity\":\"{s}\""))))
            .filter(|l| ["POSTGRES_PASSWORD", "DATABASE_URL"].iter().any(|k| l.contains(k)) && !l.contains("\"hardcoded-secret\""))
            .collect();
        prop_assert!(left.is_empty(), "{:?}", left);
        let before = desk.tree();
        prop_assert_eq!(desk.harden(&["fix", "--emit", "plain", "--allow-dirty", "--apply"]).status.code(), Some(0));
        prop_assert!(desk.tree() == before, "the second fix changed something");
    }
}
