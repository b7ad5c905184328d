//! References: secrets leave the files that can refer to a variable, and defaults in programs become reads that fail.

use std::os::unix::fs::PermissionsExt;

use super::{Desk, after, between, stderr, stdout};

const SAFE: [&str; 5] = ["fix", "--apply", "--emit", "plain", "--allow-dirty"];
const REVIEW: [&str; 7] = ["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review"];

const COMPOSE: &str = "services:
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: 'changeme' # first start
    healthcheck:
      test: [\"CMD-SHELL\", \"PGPASSWORD=$$POSTGRES_PASSWORD pg_isready -U app\"]
  cache:
    image: redis:7
    command: redis-server --requirepass hunter2
  web:
    image: shop:1
    environment:
      - DATABASE_URL=postgres://app:changeme@db:5432/app
      - \"REDIS_URL=redis://:hunter2@cache:6379/0\"
      - SESSION_SECRET=${SESSION_SECRET:-keyboard cat}
      - UPLOAD_TOKEN=Qm7vK2xW9jR4tB6nY8mDzL3p
    labels: { tier: web }
";

/// The lines that a second run would change: none.
#[track_caller]
fn is_settled(desk: &Desk) {
    let before = desk.tree();
    assert!(stderr(&desk.ok(&REVIEW)).contains("nothing to change"));
    assert!(desk.tree() == before, "a second run wrote something");
}

#[test]
fn a_compose_file_keeps_references_and_the_env_file_gets_the_values() {
    let desk = Desk::with(&[("compose.yml", COMPOSE)]).committed();
    let plan = stdout(&desk.harden(&["fix", "--emit", "plain"]));
    for said in [
        "compose.yml:6  services.db.environment.POSTGRES_PASSWORD becomes ${POSTGRES_PASSWORD:?}",
        "compose.yml:15  services.web.environment[0].DATABASE_URL: the password becomes ${POSTGRES_PASSWORD:?}",
        "UPLOAD_TOKEN (coordinated): leaves for an env file, with the value that it has",
        "needs: `docker compose` run from the folder of .env",
    ] {
        assert!(plan.contains(said), "{said}\n{plan}");
    }
    desk.ok(&REVIEW);
    let new = desk.text("compose.yml");
    let redis = if new.contains("rediss://") { "rediss" } else { "redis" };
    let expected = COMPOSE
        .replace("'changeme'", "'${POSTGRES_PASSWORD:?}'")
        .replace(":changeme@", ":${POSTGRES_PASSWORD:?}@")
        .replace("--requirepass hunter2", "--requirepass ${REDIS_PASSWORD:?}")
        .replace("redis://:hunter2@", &format!("{redis}://:${{REDIS_PASSWORD:?}}@"))
        .replace("${SESSION_SECRET:-keyboard cat}", "${SESSION_SECRET:?}")
        .replace("Qm7vK2xW9jR4tB6nY8mDzL3p", "${UPLOAD_TOKEN:?}");
    assert_eq!(new, expected);
    let env = desk.text(".env");
    assert_eq!(after(&env, "UPLOAD_TOKEN="), "Qm7vK2xW9jR4tB6nY8mDzL3p", "what is strong only moves");
    for name in ["POSTGRES_PASSWORD=", "REDIS_PASSWORD=", "SESSION_SECRET="] {
        assert!(after(&env, name).len() >= 32, "{name}");
    }
    assert_eq!(env.lines().count(), 4);
    assert_eq!(desk.project.join(".env").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(desk.text(".gitignore"), "/.env\n");
    is_settled(&desk);
}

#[test]
fn without_review_nothing_leaves_the_file() {
    let desk = Desk::with(&[("compose.yml", COMPOSE)]).committed();
    desk.ok(&SAFE);
    let new = desk.text("compose.yml");
    assert!(!new.contains("changeme") && !new.contains("POSTGRES_PASSWORD:?"));
    assert_eq!(between(&new, "postgres://app:", "@"), between(&new, "POSTGRES_PASSWORD: '", "'"));
    assert!(!desk.has(".env") && !desk.has(".gitignore"));
}

#[test]
fn undo_takes_the_env_file_and_the_line_for_git_back() {
    let desk = Desk::with(&[("compose.yml", COMPOSE), (".gitignore", "*.log")]).committed().ready();
    desk.ok(&REVIEW);
    assert_eq!(desk.text(".gitignore"), "*.log\n/.env\n");
    desk.ok(&["undo"]);
    assert_eq!((desk.text("compose.yml").as_str(), desk.text(".gitignore").as_str(), desk.has(".env")), (COMPOSE, "*.log", false));
}

#[test]
fn a_file_that_git_ignores_or_holds_gets_no_line() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("app/compose.yml", compose), (".gitignore", ".env\n")]).committed();
    desk.ok(&REVIEW);
    assert!(desk.has("app/.env") && !desk.has("app/.gitignore"));
    let desk = Desk::with(&[("compose.yml", compose), (".env", "PORT=80\n")]).committed();
    let said = stderr(&desk.ok(&REVIEW));
    assert!(said.contains("git holds .env, which gets secrets now: `git rm --cached .env`"), "{said}");
    assert!(!desk.has(".gitignore") && desk.text(".env").starts_with("PORT=80\nPOSTGRES_PASSWORD="));
}

#[test]
fn sealed_the_references_and_the_values_are_twins() {
    let desk = Desk::with(&[("compose.yml", COMPOSE)]).committed().ready();
    desk.ok(&["fix", "--apply", "--include", "review"]);
    assert_eq!(desk.text("compose.yml"), COMPOSE);
    assert!(!desk.has(".env"));
    assert!(desk.opened("compose.yml").contains("POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?}'"));
    assert!(after(&desk.opened(".env"), "POSTGRES_PASSWORD=").len() >= 32);
    let before = desk.tree();
    desk.ok(&["fix", "--apply", "--include", "review"]);
    assert!(desk.tree() == before, "a second run wrote something");
}

#[test]
fn for_sops_references_stay_readable_and_the_values_are_sealed() {
    let desk = Desk::with(&[("compose.yml", COMPOSE), (".env", "PORT=80\n")]).committed().ready();
    desk.ok(&["fix", "--apply", "--emit", "sops", "--include", "review"]);
    let (compose, env) = (desk.text("compose.sops.yml"), desk.text(".sops.env"));
    assert!(compose.contains("${POSTGRES_PASSWORD:?}") && compose.contains("postgres://app:${POSTGRES_PASSWORD:?}@db"), "{compose}");
    assert!(!compose.contains("changeme") && !compose.contains("hunter2"), "{compose}");
    assert!(["POSTGRES_PASSWORD", "REDIS_PASSWORD", "UPLOAD_TOKEN"].iter().all(|n| env.contains(&format!("{n}=ENC["))), "{env}");
    assert_eq!(desk.text(".env"), "PORT=80\n");
}

#[test]
fn a_variable_that_is_there_is_used_and_one_that_is_taken_is_not() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n";
    // the same secret: one value for both
    let desk = Desk::with(&[("compose.yml", compose), (".env", "POSTGRES_PASSWORD=changeme\n")]);
    desk.ok(&REVIEW);
    assert_eq!(after(&desk.text("compose.yml"), "POSTGRES_PASSWORD: "), "${POSTGRES_PASSWORD:?}");
    assert_eq!(desk.text(".env").matches("POSTGRES_PASSWORD").count(), 1);
    // another secret, strong: the service's name goes before
    let desk = Desk::with(&[("compose.yml", compose), (".env", "POSTGRES_PASSWORD=Qm7vK2xW9jR4tB6nY8mDzL3p\n")]);
    desk.ok(&REVIEW);
    assert_eq!(after(&desk.text("compose.yml"), "POSTGRES_PASSWORD: "), "${DB_POSTGRES_PASSWORD:?}");
    assert!(desk.text(".env").starts_with("POSTGRES_PASSWORD=Qm7vK2xW9jR4tB6nY8mDzL3p\nDB_POSTGRES_PASSWORD="));
    // both are taken
    let env = "POSTGRES_PASSWORD=Qm7vK2xW9jR4tB6nY8mDzL3p\nDB_POSTGRES_PASSWORD=Zm7vK2xW9jR4tB6nY8mDzL3q\n";
    let desk = Desk::with(&[("compose.yml", compose), (".env", env)]);
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("stays in the file: POSTGRES_PASSWORD is in use for something else in or beside .env"), "{plan}");
    assert!(!desk.text("compose.yml").contains("${") && desk.text(".env") == env);
    // somebody else asks for it from the shell that starts the services
    let asks = format!("{compose}  other:\n    image: other:1\n    environment:\n      MAIN: ${{POSTGRES_PASSWORD}}\n");
    let desk = Desk::with(&[("compose.yml", &asks)]);
    desk.ok(&REVIEW);
    assert_eq!(after(&desk.text("compose.yml"), "POSTGRES_PASSWORD: "), "${DB_POSTGRES_PASSWORD:?}");
}

#[test]
fn a_url_that_the_env_file_has_as_a_whole_is_referred_to_as_a_whole() {
    let url = "DATABASE_URL=postgres://app:changeme@db.kettle-works.com:5432/app?sslmode=disable";
    let compose = format!(
        "services:\n  web:\n    image: shop:1\n    environment:\n      - {url}\n      - OTHER_URL=postgres://app:changeme@db.kettle-works.com:5432/other\n"
    );
    let desk = Desk::with(&[("compose.yml", &compose), (".env", &format!("{url}\n"))]);
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("services.web.environment[0].DATABASE_URL becomes ${DATABASE_URL:?}"), "{plan}");
    let new = desk.text("compose.yml");
    assert!(new.contains("      - DATABASE_URL=${DATABASE_URL:?}\n"), "{new}");
    assert!(!desk.text(".env").contains("changeme") && !new.contains("changeme"), "{new}");
    is_settled(&desk);
}

#[test]
fn two_servers_get_two_variables() {
    let compose = "services:\n  one:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n  two:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: hunter2\n";
    let desk = Desk::with(&[("compose.yml", compose)]);
    desk.ok(&REVIEW);
    let (new, env) = (desk.text("compose.yml"), desk.text(".env"));
    assert!(
        new.contains("POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}") && new.contains("POSTGRES_PASSWORD: ${TWO_POSTGRES_PASSWORD:?}"),
        "{new}"
    );
    assert_ne!(after(&env, "POSTGRES_PASSWORD="), after(&env, "TWO_POSTGRES_PASSWORD="));
}

#[test]
fn what_would_break_or_would_not_help_stays_in_the_file() {
    // a service that is handed all of .env would get the password of another
    let handed = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n  web:\n    image: shop:1\n    env_file:\n      - ./.env\n";
    let desk = Desk::with(&[("compose.yml", handed), (".env", "PORT=80\n")]);
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("stays in the file: the service web of compose.yml is handed all of .env, and would get it as well"), "{plan}");
    assert!(!desk.text("compose.yml").contains("${") && desk.text(".env") == "PORT=80\n");
    // its own env_file does not matter, since its environment wins
    let own = "services:\n  db:\n    image: postgres:16\n    env_file: .env\n    environment:\n      POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("compose.yml", own), (".env", "PORT=80\n")]);
    desk.ok(&REVIEW);
    assert!(desk.text("compose.yml").contains("POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}"));
    // build arguments, files of secrets, what the shell in the container reads
    let others = "services:\n  web:\n    build:\n      context: .\n      args:\n        SESSION_SECRET: changeme\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db\n      JWT_SECRET: $$JWT_SECRET\n    healthcheck:\n      test: mysqladmin ping -p$$MYSQL_ROOT_PASSWORD\n    secrets: [db]\nsecrets:\n  db:\n    file: ./db.txt\n";
    let desk = Desk::with(&[("compose.yml", others)]);
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("stays in the file: an argument of a build stays in the history of the image"), "{plan}");
    let new = desk.text("compose.yml");
    assert_eq!(new.replace(after(&new, "SESSION_SECRET: "), "changeme"), others);
    assert!(!desk.has(".env"));
    // a stack of swarm is started by what reads no env file
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("docker-stack.yml", compose)]);
    assert!(stdout(&desk.ok(&REVIEW)).contains("stays in the file: `docker stack deploy` reads no env file"));
    // services that a file of another folder takes are read with the env file there
    let taker = "services:\n  db:\n    extends:\n      file: ../common/compose.yml\n      service: db\n";
    let desk = Desk::with(&[("common/compose.yml", compose), ("shop/compose.yml", taker)]);
    assert!(stdout(&desk.ok(&REVIEW)).contains("stays in the file: a compose file of another folder extends it"));
    // two deployments have two files: which one is meant is not known
    let desk = Desk::with(&[("compose.yml", compose), (".env.staging", "A=1\n")]);
    assert!(stdout(&desk.ok(&REVIEW)).contains("stays in the file: no env file for production was read beside it"));
    assert!(!desk.has(".env") && desk.text(".env.staging") == "A=1\n");
}

#[test]
fn an_env_file_for_production_is_preferred_to_a_new_one() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("compose.yml", compose), (".env.production", "PORT=80")]);
    desk.ok(&REVIEW);
    assert!(desk.text(".env.production").starts_with("PORT=80\nPOSTGRES_PASSWORD=") && !desk.has(".env"));
}

#[test]
fn anchors_and_flow_style_are_edited_where_they_are_defined() {
    let compose = "x-env: &env\n  POSTGRES_PASSWORD: &pw changeme\nservices:\n  db:\n    image: postgres:16\n    environment:\n      <<: *env\n  web:\n    image: shop:1\n    environment: { PGPASSWORD: *pw, JWT_SECRET: hunter2 }\n";
    let desk = Desk::with(&[("compose.yml", compose)]);
    desk.ok(&REVIEW);
    let expected = compose.replace("&pw changeme", "&pw ${POSTGRES_PASSWORD:?}").replace("hunter2", "'${JWT_SECRET:?}'");
    assert_eq!(desk.text("compose.yml"), expected);
    is_settled(&desk);
}

#[test]
fn a_strong_value_that_needs_quotes_does_not_move() {
    let compose = "services:\n  web:\n    image: shop:1\n    environment:\n      UPLOAD_TOKEN: 'Qm7v#K2xW9j R4tB6nY8mDzL3p'\n";
    let desk = Desk::with(&[("compose.yml", compose)]);
    desk.ok(&REVIEW);
    assert_eq!(desk.text("compose.yml"), compose);
    assert!(!desk.has(".env"));
}

#[test]
fn a_variable_of_kubernetes_comes_from_the_secret_that_holds_it() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop\ndata:\n  POSTGRES_PASSWORD: Y2hhbmdlbWU=\n";
    let deployment = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: shop:1\n          env:\n            - name: {name}\n              value: \"changeme\" # for now\n            - {{name: JWT_SECRET, value: hunter2}}\n            - name: MODE\n              value: prod\n"
        )
    };
    let desk = Desk::with(&[("k8s/secret.yaml", secret), ("k8s/web.yaml", &deployment("POSTGRES_PASSWORD"))]);
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("POSTGRES_PASSWORD becomes secretKeyRef shop/POSTGRES_PASSWORD"), "{plan}");
    assert!(plan.contains("JWT_SECRET stays in the file: no Secret of its namespace among the files holds it"), "{plan}");
    let new = desk.text("k8s/web.yaml");
    let there = "            - name: POSTGRES_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: shop\n                  key: POSTGRES_PASSWORD # for now\n            - {name: JWT_SECRET, value: ";
    assert!(new.contains(there), "{new}");
    assert!(new.ends_with("}\n            - name: MODE\n              value: prod\n"), "{new}");
    assert!(!desk.text("k8s/secret.yaml").contains("Y2hhbmdlbWU="));
    is_settled(&desk);
    // what is no variable
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("k8s/secret.yaml", secret), ("k8s/map.yaml", map)]);
    assert!(stdout(&desk.ok(&REVIEW)).contains("stays in the file: it is no variable of a container"));
    assert!(!desk.text("k8s/map.yaml").contains("changeme"));
    // a Secret of another namespace is not seen from there
    let elsewhere = secret.replace("  name: shop\n", "  name: shop\n  namespace: data\n");
    let desk = Desk::with(&[("k8s/secret.yaml", &elsewhere), ("k8s/web.yaml", &deployment("POSTGRES_PASSWORD"))]);
    desk.ok(&REVIEW);
    assert!(!desk.text("k8s/web.yaml").contains("secretKeyRef"));
}

#[test]
fn spring_refers_to_the_nearest_env_file() {
    let yaml = "spring:\n  datasource:\n    username: shop\n    password: changeme\n  security: { user: { password: hunter2 } }\njwt:\n  secret: ${JWT_KEY:dev-secret}\n";
    let properties = "spring.datasource.password = changeme\r\nspring.mail.host=mail\r\n";
    let desk = Desk::with(&[
        ("src/main/resources/application.yml", yaml),
        ("src/main/resources/application-eu.properties", properties),
        (".env", "PORT=80\n"),
    ]);
    desk.ok(&REVIEW);
    let expected = yaml
        .replace("changeme", "${SPRING_DATASOURCE_PASSWORD}")
        .replace("hunter2", "'${SPRING_SECURITY_USER_PASSWORD}'")
        .replace("${JWT_KEY:dev-secret}", "${JWT_KEY}");
    assert_eq!(desk.text("src/main/resources/application.yml"), expected);
    assert_eq!(desk.text("src/main/resources/application-eu.properties"), properties.replace("changeme", "${SPRING_DATASOURCE_PASSWORD}"));
    let env = desk.text(".env");
    assert!(["SPRING_DATASOURCE_PASSWORD=", "SPRING_SECURITY_USER_PASSWORD=", "JWT_KEY="].iter().all(|n| after(&env, n).len() >= 32));
    is_settled(&desk);
    // another program's file of that name, and no env file at all
    let figaro = "SESSION_SECRET: changeme\n";
    let desk = Desk::with(&[("config/application.yml", figaro), (".env", "PORT=80\n"), ("lone/.keep", "")]);
    desk.ok(&REVIEW);
    assert!(!desk.text("config/application.yml").contains("${") && desk.text(".env") == "PORT=80\n");
    let desk = Desk::with(&[("application.yml", yaml)]);
    assert!(stdout(&desk.ok(&REVIEW)).contains("stays in the file: no env file for production was read beside or above it"));
    assert!(!desk.text("application.yml").contains("${SPRING"));
}

#[test]
fn a_script_demands_what_it_set() {
    let script = "#!/bin/sh\nset -eu\nexport ADMIN_PASSWORD='changeme' # first login\nJWT_SECRET=${JWT_SECRET:-hunter2}\nPGPASSWORD=changeme psql -U app\n";
    let desk = Desk::with(&[("bin/run.sh", script), (".env", "PORT=80\n"), ("bin/vars.sh", "export ADMIN_PASSWORD=changeme\n")]);
    desk.ok(&REVIEW);
    let expected = script
        .replace("export ADMIN_PASSWORD='changeme'", "export ADMIN_PASSWORD=\"${ADMIN_PASSWORD:?}\"")
        .replace("${JWT_SECRET:-hunter2}", "${JWT_SECRET:?}");
    assert_eq!(desk.text("bin/run.sh"), expected);
    assert_eq!(desk.text("bin/vars.sh"), "export ADMIN_PASSWORD=changeme\n", "it is there to set variables");
    let env = desk.text(".env");
    assert!(["ADMIN_PASSWORD=", "JWT_SECRET="].iter().all(|n| after(&env, n).len() >= 24), "{env}");
}

#[test]
fn a_default_in_a_program_becomes_a_read_that_fails() {
    let files = [
        (
            "src/a.js",
            "const k = process.env.JWT_SECRET || 'hunter2';\n",
            "const k = process.env.JWT_SECRET || (() => { throw new Error('JWT_SECRET is not set') })();\n",
        ),
        ("src/b.py", "import os\nK = os.environ.get(\"JWT_SECRET\", \"hunter2\")\n", "import os\nK = os.environ[\"JWT_SECRET\"]\n"),
        ("src/c.rb", "K = ENV.fetch('JWT_SECRET', 'hunter2')\n", "K = ENV.fetch('JWT_SECRET')\n"),
        (
            "src/d.php",
            "<?php $k = getenv('JWT_SECRET') ?: 'hunter2';\n",
            "<?php $k = getenv('JWT_SECRET') ?: (function () { throw new \\RuntimeException('JWT_SECRET is not set'); })();\n",
        ),
        (
            "src/e.rs",
            "fn main() { let jwt_secret = std::env::var(\"JWT_SECRET\").unwrap_or(\"hunter2\".into()); }\n",
            "fn main() { let jwt_secret = std::env::var(\"JWT_SECRET\").expect(\"JWT_SECRET is not set\"); }\n",
        ),
    ];
    let desk = Desk::with(&[(".env", "JWT_SECRET=hunter2\n")]);
    files.iter().for_each(|(name, text, _)| desk.put(name, text));
    let plan = stdout(&desk.harden(&["fix", "--emit", "plain"]));
    assert!(
        plan.contains("JWT_SECRET: leaves the program, which fails without it from then on") && plan.contains(".env provides it"),
        "{plan}"
    );
    assert!(!plan.contains("keeps the old value"), "{plan}");
    desk.ok(&REVIEW);
    for (name, _, new) in files {
        assert_eq!(desk.text(name), new);
    }
    assert!(after(&desk.text(".env"), "JWT_SECRET=").len() >= 32);
    is_settled(&desk);
}

#[test]
fn a_variable_that_nothing_provides_is_added_or_the_default_stays() {
    let js = "const k = process.env.JWT_SECRET || 'hunter2';\n";
    // the env file above gets it, with the value that its other places get
    let compose = "services:\n  web:\n    image: shop:1\n    environment:\n      JWT_SECRET: hunter2\n";
    let desk = Desk::with(&[("src/a.js", js), ("compose.yml", compose), (".env", "PORT=80\n")]);
    desk.ok(&REVIEW);
    assert!(desk.text("src/a.js").contains("throw new Error") && desk.text("compose.yml").contains("${JWT_SECRET:?}"));
    assert_eq!(desk.text(".env").matches("JWT_SECRET=").count(), 1);
    let desk = Desk::with(&[("src/a.js", js), (".env", "PORT=80\n")]);
    desk.ok(&REVIEW);
    assert!(after(&desk.text(".env"), "JWT_SECRET=").len() >= 32 && desk.text("src/a.js").contains("throw new Error"));
    // a strong default goes where the variable is provided, and stays where it is not
    let strong = "const k = process.env.UPLOAD_TOKEN || 'Qm7vK2xW9jR4tB6nY8mDzL3p';\n";
    let desk = Desk::with(&[("src/a.js", strong), (".env", "UPLOAD_TOKEN=Zw7vK2xW9jR4tB6nY8mDzL3q\n")]);
    desk.ok(&REVIEW);
    assert!(desk.text("src/a.js").contains("throw new Error") && desk.text(".env").starts_with("UPLOAD_TOKEN=Zw7"));
    // an empty one that the plan fills
    let desk = Desk::with(&[("src/a.js", js), (".env", "JWT_SECRET=\n")]);
    desk.ok(&REVIEW);
    assert!(desk.text("src/a.js").contains("throw new Error") && after(&desk.text(".env"), "JWT_SECRET=").len() >= 32);
    // no env file; one that holds it empty; data depends on it; a service that is not handed it
    let built = "services:\n  web:\n    build: .\n    environment:\n      PORT: 80\n";
    for (js, files, why) in [
        (js, &[][..], "no env file for production lies beside or above it"),
        ("const k = process.env.ENCRYPTION_KEY || 'hunter2';\n", &[(".env", "PORT=80\n")], "nothing provides ENCRYPTION_KEY to src/a.js"),
        (
            "const k = process.env.ENCRYPTION_KEY || 'hunter2';\n",
            &[(".env", "ENCRYPTION_KEY=\n")],
            "nothing provides ENCRYPTION_KEY to src/a.js but an empty variable",
        ),
        (strong, &[(".env", "PORT=80\n")], "nothing provides UPLOAD_TOKEN to src/a.js"),
        (js, &[(".env", "PORT=80\n"), ("compose.yml", built)], "no service of compose.yml is handed JWT_SECRET"),
    ] {
        let desk = Desk::with(files);
        desk.put("src/a.js", js);
        let plan = stdout(&desk.ok(&["fix", "--emit", "plain", "src", "."]));
        assert!(plan.contains(why), "{why}\n{plan}");
        desk.ok(&REVIEW);
        assert_eq!(desk.text("src/a.js"), js);
    }
}

#[test]
fn programs_are_never_sealed_and_never_edited_without_review() {
    let js = "const k = process.env.JWT_SECRET || 'hunter2';\n";
    let desk = Desk::with(&[("src/a.js", js), (".env", "JWT_SECRET=hunter2\n")]).committed().ready();
    desk.ok(&["fix", "--apply", "--include", "review"]);
    assert!(desk.text("src/a.js") == js && !desk.has("src/a.js.age"));
    let desk = Desk::with(&[("src/a.js", js), (".env", "JWT_SECRET=hunter2\n")]);
    desk.ok(&SAFE);
    assert_eq!(desk.text("src/a.js"), js);
    assert!(after(&desk.text(".env"), "JWT_SECRET=").len() >= 32);
}

/// The forms that the scan finds are those that the plan can read.
#[test]
fn no_default_of_any_language_stays() {
    let files = [
        ("A.java", "class A { String jwtSecret = System.getenv().getOrDefault(\"JWT_SECRET\", \"hunter2\"); }\n"),
        ("B.java", "class B { String jwtSecret = Optional.ofNullable(System.getenv(\"JWT_SECRET\")).orElse(\"hunter2\"); }\n"),
        ("a.kt", "val jwtSecret = System.getenv(\"JWT_SECRET\") ?: \"hunter2\"\n"),
        ("a.cs", "var jwtSecret = Environment.GetEnvironmentVariable(\"JWT_SECRET\") ?? \"hunter2\";\n"),
        ("a.exs", "config :app, jwt_secret: System.get_env(\"JWT_SECRET\") || \"hunter2\"\n"),
        ("b.exs", "config :app, jwt_secret: System.get_env(\"JWT_SECRET\", \"hunter2\")\n"),
        ("a.ts", "const k: string = Deno.env.get(\"JWT_SECRET\") ?? \"hunter2\";\n"),
        ("b.ts", "export default { jwt: { secret: process.env['JWT_SECRET'] || 'hunter2', expiresIn: '1d' } };\n"),
        ("a.py", "from decouple import config\nJWT_SECRET = config('JWT_SECRET', default='hunter2')\n"),
        (
            "b.py",
            "import environ\nenv = environ.Env()\nJWT_SECRET = env(\"JWT_SECRET\", default=\"hunter2\")\nX = env.str(\"JWT_SECRET\", default=\"hunter2\")\n",
        ),
        (
            "c.py",
            "import os\nclass C:\n    jwt_secret: str = os.getenv(\"JWT_SECRET\", \"hunter2\")\napp.config['JWT_SECRET_KEY'] = os.environ.get('JWT_SECRET') or 'hunter2'\n",
        ),
        ("a.rs", "fn a() { let k = std::env::var(\"JWT_SECRET\").unwrap_or_else(|_| \"hunter2\".to_string()); }\n"),
        ("a.rb", "K = ENV['JWT_SECRET'] || 'hunter2'\nL = ENV.fetch('JWT_SECRET') { 'hunter2' }\n"),
        ("a.php", "<?php $c = ['jwt_secret' => $_ENV['JWT_SECRET'] ?? 'hunter2'];\n"),
        ("a.go", "package a\n\nimport \"os\"\n\nvar jwtSecret = getEnvOrDefault(\"JWT_SECRET\", \"hunter2\")\nvar _ = os.Args\n"),
    ];
    let desk = Desk::with(&files);
    desk.put(".env", "JWT_SECRET=hunter2\n");
    desk.ok(&REVIEW);
    for (name, _) in files {
        let new = desk.text(name);
        assert!(new.contains("JWT_SECRET") && !new.contains("hunter2"), "{name}: {new}");
    }
    is_settled(&desk);
}
