//! `--include review`: defaults of references, published ports, switches.

use super::{Desk, after, differing, planned, stdout};

const REVIEW: [&str; 7] = ["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review"];

#[test]
fn a_default_becomes_a_requirement_and_the_variable_is_provided() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-postgres}\n";
    for (env, start) in [("PORT=80\n", "PORT=80\n"), ("PORT=80\r\nB=1", "PORT=80\r\nB=1\r\n"), ("DB_PASSWORD=postgres\n", "")] {
        let desk = Desk::with(&[("docker-compose.yml", compose), (".env", env)]);
        desk.ok(&REVIEW[..5]);
        assert_eq!(desk.text("docker-compose.yml"), compose, "not without being asked for");
        desk.put(".env", env);
        desk.ok(&REVIEW);
        assert_eq!(desk.text("docker-compose.yml"), compose.replace(":-postgres}", ":?}"));
        let new = desk.text(".env");
        assert!(after(&new, "DB_PASSWORD=").len() >= 24, "{env}");
        assert!(new.starts_with(start) && new.ends_with('\n') == env.ends_with('\n'), "{env}");
        assert_eq!(new.matches("DB_PASSWORD").count(), 1);
    }
}

#[test]
fn a_default_that_nothing_provides_is_left_to_a_hand() {
    let compose = "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD:-postgres}\n";
    let desk = Desk::with(&[("docker-compose.yml", compose), (".env.staging", "A=1\n")]);
    let output = desk.ok(&REVIEW);
    assert!(stdout(&output).contains("no env file beside docker-compose.yml provides DB_PASSWORD"));
    assert_eq!(desk.text("docker-compose.yml"), compose);
}

#[test]
fn the_name_of_a_key_that_reads_like_the_password_is_not_replaced() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: postgres-secret\nstringData:\n  password: changeme\n  \
                  url: postgresql://app:password@db:5432/app\n";
    let server = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: postgres\nspec:\n  containers:\n  - name: db\n    image: postgres:16\n    \
                  env:\n    - name: POSTGRES_PASSWORD\n      valueFrom:\n        secretKeyRef:\n          name: postgres-secret\n          \
                  key: password\n";
    let desk = Desk::with(&[("k8s/secret.yaml", secret), ("k8s/postgres.yaml", server)]);
    desk.ok(&REVIEW);
    assert_eq!(desk.text("k8s/postgres.yaml"), server);
    assert_eq!(differing(secret, &desk.text("k8s/secret.yaml")), [6, 7].into());
}

#[test]
fn ports_and_switches_get_the_value_that_the_plan_names() {
    let desk = Desk::portal();
    desk.ok(&REVIEW);
    let [compose, env, json] = ["docker-compose.yml", ".env.production", "config/app.json"].map(|name| desk.text(name));
    assert!(compose.contains("- \"127.0.0.1:5432:5432\"     # for the backup machine") && compose.contains("\"3000:3000\""));
    assert!(compose.contains("postgresql://portal:${POSTGRES_PASSWORD:?}@db:5432/portal"));
    assert_eq!(after(&compose, "POSTGRES_PASSWORD: "), "${POSTGRES_PASSWORD:?}");
    assert_eq!((after(&env, "COOKIE_SECURE="), after(&env, "BCRYPT_ROUNDS=")), ("true", "12"));
    assert!(json.contains("\"cookie\": { \"secure\": true, \"sameSite\": \"lax\""));
    assert!(env.contains("REDIS_URL=rediss://:"));
}

#[test]
fn a_port_that_an_override_publishes_too_is_left_to_a_hand() {
    let base = "services:\n  db:\n    image: postgres:16\n    ports:\n      - \"5432:5432\"\n";
    let over = "services:\n  db:\n    ports:\n      - 5432:5432\n";
    // joined, 127.0.0.1:5432 and 0.0.0.0:5432 of one service cannot both be had
    for base in [base, &base.replace("5432:", "${DB_PORT:-5432}:")] {
        let desk = Desk::with(&[("docker-compose.yml", base), ("docker-compose.dev.yml", over)]);
        let said = stdout(&desk.ok(&REVIEW));
        assert!(said.contains("docker-compose.dev.yml publishes it too"), "{said}");
        assert_eq!(desk.text("docker-compose.yml"), base);
    }
    for (name, text) in [("docker-compose.prod.yml", over), ("dev/docker-compose.yml", over), ("docker-compose.dev.yml", base)] {
        let desk = Desk::with(&[("docker-compose.yml", base), (name, text)]);
        desk.ok(&REVIEW);
        assert_eq!(desk.text("docker-compose.yml"), base.replace("\"5432", "\"127.0.0.1:5432"), "{name}");
    }
}

#[test]
fn the_plan_of_a_review_is_what_it_does() {
    let desk = Desk::portal();
    let before = desk.tree();
    let plan = planned(&stdout(&desk.ok(&REVIEW)), true);
    for (name, (old, _)) in &before {
        let old = String::from_utf8(old.clone()).unwrap();
        assert_eq!(differing(&old, &desk.text(name)), plan.get(name).cloned().unwrap_or_default(), "{name}");
    }
}

#[test]
fn debug_is_switched_off_in_its_own_spelling() {
    let desk = Desk::with(&[(".env.production", "DJANGO_DEBUG=True\nAPP_DEBUG=true # off at night\n")]);
    desk.ok(&REVIEW);
    let text = desk.text(".env.production").to_lowercase();
    assert_eq!(text, "django_debug=false\napp_debug=false # off at night\n");
}
