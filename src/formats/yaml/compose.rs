//! Compose files: YAML whose lists of `K=V` are maps, and whose commands hold passwords.
//!
//! Follows <https://github.com/compose-spec/compose-spec/blob/main/spec.md>. References (`${NAME:-default}`, `$$`) stay as written.

use super::command::{list, text};
use super::node::{Kind, Node};
use super::plain::stem;
use super::reader::{At, Reader, View};
use super::variables::{assignments, is_variable};
use super::words::Splitter;
use super::{scalar, template};
use crate::formats::format::{Claim, EncodeError, Format};
use crate::model::document::Fault;
use crate::model::key_path::Segment;
use crate::model::secret::Secret;
use crate::model::setting::Setting;

/// Compose files.
pub(in crate::formats) struct Compose;

impl Format for Compose {
    fn name(&self) -> &'static str {
        "compose"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let Some(stem) = stem(file_name) else { return Claim::No };
        let named = ["compose", "docker-compose"].iter().any(|name| stem.strip_prefix(name).is_some_and(ends_word));
        if named || is_stack(head) { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        template::settings(text, &Services)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        scalar::encode(value, place)
    }
}

/// `compose.prod` and `docker-compose-dev` are ours, `composer` is not.
fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// A map `services:` at the margin, with an image or a build below.
fn is_stack(head: &str) -> bool {
    let is_top = |line: &str| line.strip_prefix("services:").is_some_and(|rest| rest.trim().is_empty() || rest.trim().starts_with('#'));
    let after = head.lines().skip_while(|line| !is_top(line)).skip(1);
    let mut content = after.filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).peekable();
    // A list of services is that of a CI file.
    let map = content.peek().is_some_and(|line| line.starts_with(' ') && !line.trim_start().starts_with('-'));
    let mut below = content.take_while(|line| line.starts_with(' ')).map(str::trim_start);
    map && below.any(|line| line.starts_with("image:") || line.starts_with("build:"))
}

struct Services;

impl View for Services {
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
        let mut steps = at.path.segments().iter().rev();
        let (Some(Segment::Key(name)), parent) = (steps.next(), steps.next()) else { return false };
        let below = |wanted: &str| matches!(parent, Some(Segment::Key(key)) if key == wanted);
        // The name of a service, a volume or an anchor's block may be any of these words.
        let top = matches!(at.path.segments().first(), Some(Segment::Key(top)) if top == "services" || top.starts_with("x-"));
        let deep = at.path.segments().len() > 2 || (top && !below("services") && parent.is_some());
        match (name.as_str(), &node.kind) {
            ("environment", Kind::Map(pairs)) if deep => environment(self, reader, at, pairs),
            ("environment" | "labels" | "annotations" | "sysctls", Kind::List(items)) if deep => assignments(self, reader, at, items),
            ("args", Kind::List(items)) if below("build") => assignments(self, reader, at, items),
            (_, Kind::List(items)) if parent.is_none() && top && items.iter().all(is_variable) => assignments(self, reader, at, items),
            ("command" | "entrypoint", Kind::Scalar(scalar)) if deep && top => text(reader, at, node, scalar, Splitter::Words),
            ("command" | "entrypoint", Kind::List(items)) if deep && top => list(reader, self, at, items, false),
            ("test", Kind::Scalar(scalar)) if below("healthcheck") => text(reader, at, node, scalar, Splitter::Shell),
            ("test", Kind::List(items)) if below("healthcheck") => list(reader, self, at, items, false),
            _ => return false,
        }
        true
    }
}

/// A variable without a value is handed through from the machine that starts the services: no setting.
fn environment(view: &dyn View, reader: &mut Reader<'_>, at: &At, pairs: &[(Node, Node)]) {
    for (key, value) in pairs.iter().filter(|(_, value)| !value.scalar().is_some_and(|scalar| scalar.null)) {
        reader.walk(view, &at.child(key), value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NASTY, Tape, at, check_splices, parsed, shown, values, written};
    use super::{Claim, Compose, Format};
    use crate::model::setting::Role;
    use proptest::prelude::{any, prop, proptest};

    const FILE: &str = include_str!("../../../fixtures/formats/compose/compose.yml");

    #[test]
    fn files_are_claimed_by_name_or_content() {
        for name in ["compose.yml", "docker-compose.prod.yaml", "compose-dev.yml", "docker-compose.yml.example"] {
            assert_eq!(Compose.claims(name, name, ""), Claim::Special, "{name}");
        }
        assert_eq!(Compose.claims("composer.yml", "composer.yml", ""), Claim::No);
        let stack = "version: '3'\nservices: # all\n  web:\n    ports:\n      - 80\n    image: x\n";
        assert_eq!(Compose.claims("stack.yml", "stack.yml", stack), Claim::Special);
        let ci = "services:\n  - docker:dind\njob:\n  image: x\n";
        assert_eq!(Compose.claims("ci.yml", "ci.yml", ci), Claim::No);
    }

    #[test]
    fn lists_of_assignments_and_arguments_are_settings() {
        let expected = [
            "x-common.restart=always",
            "x-common.environment[0].SHARED_SECRET=pelican",
            "x-vars[0].QUEUE_PASSWORD=ibis",
            "services.web.\"<<\"=",
            "services.web.build.context=.",
            "services.web.build.args[0].NPM_TOKEN=avocet",
            "services.web.environment[0].DB_PASSWORD=heron#1",
            "services.web.environment[1].QUOTED=a b",
            "services.web.environment[2].DOUBLE=say \"hi\"",
            "services.web.environment[3].LITERAL=\"kept\"",
            "services.web.environment[5].EMPTY=",
            "services.web.labels[0].\"traefik.http.middlewares.auth.basicauth.users\"=admin:plover",
            "services.web.command=--api.insecure=true --bind 0.0.0.0 --dev",
            "services.web.command.\"--api.insecure\"=true",
            "services.web.command.--bind=0.0.0.0",
            "services.web.command.--dev=true",
            "services.environment.image=busybox",
            "services.environment.environment.API_TOKEN=stork",
            "services.environment.environment.PORT=8080",
            "services.redis.image=redis",
            "services.redis.command=redis-server --requirepass ${REDIS_PASSWORD:-crane} --masterauth 'two words' --save \"\"\n",
            "services.redis.command.--requirepass=${REDIS_PASSWORD:-crane}",
            "services.redis.command.--masterauth=two words",
            "services.redis.command.--save=",
            "services.redis.healthcheck.test[0]=CMD",
            "services.redis.healthcheck.test[1]=redis-cli",
            "services.redis.healthcheck.test.--pass=crane",
            "services.redis.healthcheck.test[4]=ping",
            "services.db.image=mysql",
            "services.db.command[0]=mysqld",
            "services.db.command.--default-auth=native",
            "services.db.command.max_connections=200",
            "services.db.healthcheck.test=mysqladmin ping -h localhost -pcurlew || exit 1",
            "services.db.healthcheck.test.--password=curlew",
            "services.app.image=app",
            "services.app.entrypoint=sh -c \"export TOKEN=dunlin; redis-server --requirepass $$PW\"",
            "services.app.entrypoint.TOKEN=dunlin",
            "services.app.entrypoint.--requirepass=$$PW",
            "services.app.command[0]=sh",
            "services.app.command[1]=-c",
            "services.app.command[2]=# set up\nAPI_KEY=knot exec app \\\n  --secret-key \"ruff\" \\\n  -bind=127.0.0.1\n",
            "services.app.command.API_KEY=knot",
            "services.app.command.--secret-key=ruff",
            "services.app.command.--bind=127.0.0.1",
        ];
        assert_eq!(shown(&Compose, FILE), expected);
    }

    #[test]
    fn spans_are_those_of_the_values_alone() {
        let settings = parsed(&Compose, FILE);
        let of = |key: &str| {
            let setting = at(&settings, key);
            (setting.key_span.of(FILE), setting.span.of(FILE), setting.role)
        };
        assert_eq!(of("services.web.environment[0].DB_PASSWORD"), ("DB_PASSWORD", "heron#1", Role::Live));
        assert_eq!(of("services.web.environment[2].DOUBLE"), ("DOUBLE", "say \\\"hi\\\"", Role::Live));
        assert_eq!(of("services.redis.command.--masterauth"), ("--masterauth", "two words", Role::Argument));
        assert_eq!(of("services.db.healthcheck.test.--password"), ("-p", "curlew", Role::Argument));
        assert_eq!(of("services.app.entrypoint.TOKEN"), ("TOKEN", "dunlin", Role::Argument));
        assert_eq!(of("services.app.command.--secret-key"), ("--secret-key", "ruff", Role::Argument));
        assert!(!at(&settings, "services.web.command.--dev").editable);
    }

    #[test]
    fn a_new_value_fits_its_word_or_is_refused() {
        let new = |key: &str, value: &str| written(&Compose, FILE, key, value);
        assert!(new("services.redis.command.--requirepass", "wren").is_ok_and(|t| t.contains("--requirepass wren\n")));
        assert!(new("services.redis.command.--requirepass", "${PW:?unset}").is_ok());
        assert!(new("services.redis.command.--requirepass", "two words").is_err());
        assert!(new("services.redis.command.--masterauth", "three more words").is_ok());
        assert!(new("services.redis.command.--masterauth", "it's").is_err());
        assert!(new("services.web.environment[0].DB_PASSWORD", "a #b").is_err());
        assert!(new("services.web.environment[1].QUOTED", "it's").is_ok_and(|t| t.contains("- 'QUOTED=it''s'\n")));
        assert!(new("services.web.environment[5].EMPTY", "x").is_ok_and(|t| t.contains("- EMPTY=x\n")));
    }

    #[test]
    fn the_fixture_takes_every_value_or_refuses_it() {
        let written: usize = NASTY.iter().map(|value| check_splices(&Compose, FILE, value)).sum();
        assert!(written > 300, "{written}");
    }

    const WORDS: &[&str] = &[
        "redis-server",
        "--requirepass",
        "pw",
        "'a b'",
        "\"c d\"",
        "--x=1",
        "--y='q r'",
        "-e",
        "A=b",
        "B=\"c\"",
        "sh",
        "-c",
        "\"export T=u; app --pass x\"",
        "mysql",
        "-psecret",
        "${V:-w x}",
        "$$P",
        "\\\\",
        "\\n",
        "&&",
        ";",
        "--save",
        "--env",
        "--env=z",
        "--set=k=v",
        "\"\"",
        "a'b'\"c\"",
        "#",
        "$(cat x)",
        "-dev",
        "-bind=0",
    ];

    fn file(tape: &mut Tape<'_>) -> String {
        let (open, close, quote) =
            [("", "", ""), ("'", "'", "'"), ("\"", "\"", "\""), (">\n      ", "", ""), ("|-\n      ", "", "")][tape.below(5)];
        let words: Vec<&str> = (0..tape.below(9)).map(|_| tape.one(WORDS)).collect();
        let gap = if tape.below(3) == 0 && quote != "'" { "\n      " } else { " " };
        let command = match quote {
            "'" => words.join(gap).replace('\'', "''"),
            "\"" => words.join(gap).replace('\\', "\\\\").replace('"', "\\\""),
            _ => words.join(gap),
        };
        let items: String = (0..tape.below(5))
            .map(|_| format!("      - {}\n", tape.one(&["A=b", "'C=d''e'", "\"F=\\n\"", "G", "H=", "I=\"j\"", "|\n        K=l", "- m"])))
            .collect();
        let list: Vec<String> = words.iter().map(|w| format!("'{}'", w.replace('\'', "''"))).collect();
        let key = tape.one(&["command", "entrypoint"]);
        let environment = if items.is_empty() { String::new() } else { format!("    environment:\n{items}") };
        format!("services:\n  s:\n    {key}: {open}{command}{close}\n{environment}    healthcheck:\n      test: [{}]\n", list.join(", "))
    }

    proptest! {
        #[test]
        fn a_value_is_read_back_where_it_was_written(bytes in prop::collection::vec(any::<u8>(), 0..40), value in values()) {
            let text = file(&mut Tape(bytes.iter()));
            if Compose.parse(&text).is_ok() {
                check_splices(&Compose, &text, &value);
            }
        }
    }
}
