//! How far a replacement may go, on small projects: what would break an app, or part one login from the other, is not called safe.

use super::{Desk, assert_code, stdout};

/// The part of a plan that `--apply` makes by itself.
fn safe(desk: &Desk) -> String {
    let output = desk.harden(&["fix", "--emit", "plain"]);
    let plan = stdout(&output);
    plan.split("\n\n").find(|part| part.starts_with("safe:")).unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_not_safe(files: &[(&str, &str)], key: &str) {
    let desk = Desk::with(files);
    let safe = safe(&desk);
    assert!(!safe.contains(key), "{safe}");
    // found it is, all the same
    let output = desk.harden(&["scan"]);
    assert_code(&output, 1);
    assert!(stdout(&output).contains(key), "{}", stdout(&output));
}

#[test]
fn a_server_at_another_place_keeps_its_password() {
    assert_not_safe(
        &[(".env", "POSTGRES_HOST=shop.abc.eu-west-1.rds.amazonaws.com\nPOSTGRES_USER=shop\nPOSTGRES_PASSWORD=Summer2023\n")],
        "POSTGRES_PASSWORD",
    );
    assert_not_safe(&[(".env", "MYSQL_HOST=db.corp.example.com:3306\nMYSQL_USER=shop\nMYSQL_PASSWORD=shop\n")], "MYSQL_PASSWORD");
    assert_not_safe(&[(".env", "REDIS_URL=rediss://default:changeme@eu1.upstash.io:6379\nREDIS_PASSWORD=changeme\n")], "REDIS_PASSWORD");
    assert_not_safe(
        &[("values.yaml", "redis:\n  auth: {password: redis}\nexternalRedis: {host: cache.corp.example.com, password: redis}\n")],
        "password",
    );
}

#[test]
fn a_server_that_is_started_here_does_not_whatever_its_clients_call_it() {
    let desk = Desk::with(&[
        (".env", "POSTGRES_USER=shop\nPOSTGRES_PASSWORD=changeme\nDATABASE_URL=postgres://shop:changeme@db.shop.example.com/shop\n"),
        ("compose.yaml", "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}\n"),
    ]);
    let safe = safe(&desk);
    assert!(safe.contains("POSTGRES_PASSWORD (coordinated): a new value of 32 characters in 2 places"), "{safe}");
    let near = Desk::with(&[(".env", "POSTGRES_HOST=db\nPOSTGRES_PASSWORD=changeme\n")]);
    assert!(self::safe(&near).contains("POSTGRES_PASSWORD"));
}

#[test]
fn a_key_whose_tokens_stand_in_a_file_is_looked_at_first() {
    let token = ["eyJhbGciOiJIUzI1NiJ9", "eyJyb2xlIjoiYW5vbiJ9", "c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1pbi10aGUtdGVzdA"].join(".");
    let env = format!("JWT_SECRET=changeme\nANON_KEY={token}\n");
    assert_not_safe(&[(".env", env.as_str())], "JWT_SECRET");
    assert!(safe(&Desk::with(&[(".env", "JWT_SECRET=changeme\n")])).contains("JWT_SECRET"));
}

#[test]
fn null_is_no_password_to_replace_unasked() {
    assert_not_safe(&[(".env", "POSTGRES_USER=shop\nPOSTGRES_PASSWORD=null\n")], "POSTGRES_PASSWORD");
    // a cache that is reached without a password is its server's matter: `null` says no more than an empty value does
    for value in ["null", ""] {
        let env = format!("REDIS_HOST=127.0.0.1\nREDIS_PASSWORD={value}\n");
        let desk = Desk::with(&[(".env", env.as_str())]);
        assert_eq!(safe(&desk), "");
        assert_code(&desk.harden(&["scan"]), 0);
    }
}

#[test]
fn a_secret_is_made_neither_for_an_image_nor_for_a_host_that_issues_its_own() {
    let files = [
        ("Dockerfile", "FROM debian:12\nARG TOKEN=changeme\nENV SECRET_KEY=secret\nENV ADMIN_PASSWORD changeme1\n"),
        (".npmrc", "//registry.example.com/:_authToken=changeme\n"),
        (".netrc", "machine git.example.com login deploy password changeme\n"),
    ];
    let desk = Desk::with(&files);
    let found = stdout(&desk.harden(&["scan"]));
    for key in ["ENV.SECRET_KEY", "_authToken", "git.example.com"] {
        assert!(found.contains(key), "{key}: {found}");
    }
    desk.harden(&["fix", "--apply", "--emit", "plain", "--include", "review", "--allow-dirty"]);
    for (name, text) in files {
        assert_eq!(std::fs::read_to_string(desk.project.join(name)).unwrap(), text, "{name}");
    }
}

#[test]
fn a_mark_that_a_deployment_fills_in_is_a_placeholder() {
    let desk = Desk::with(&[(".env", "SESSION_SECRET=%%KEY%%\nAPI_SECRET=%%app.secret-key%%\n")]);
    let found = stdout(&desk.harden(&["scan"]));
    assert_eq!((found.matches("[placeholder-secret]").count(), found.matches("[guessable-secret]").count()), (2, 0), "{found}");
}

#[test]
fn what_others_inherit_in_a_yaml_file_is_no_first_start() {
    assert_not_safe(
        &[("config/database.yml", "default: &default\n  username: app\n  password: app\nproduction:\n  <<: *default\n")],
        "password",
    );
}

#[test]
fn a_parent_can_make_a_secret_another_partys() {
    let yaml = "production:\n  wechat: {app_secret: changeme}\n  paypal: {secret: changeme}\n  aws: {secret_key: changeme}\n  cipher: {secret_key: changeme}\n";
    let desk = Desk::with(&[("config/secrets.yml", yaml)]);
    assert_eq!(safe(&desk), "");
}

#[test]
fn one_login_is_one_value_under_each_programs_name_for_it() {
    let compose = "services:
  ldap:
    image: osixia/openldap
    environment:
      LDAP_ADMIN_PASSWORD: admin
  app:
    image: app
    environment:
      LDAP_BIND_PASSWORD: admin
      KEYCLOAK_ADMIN_PASSWORD: admin
  kc:
    image: quay.io/keycloak/keycloak
    environment:
      KC_BOOTSTRAP_ADMIN_PASSWORD: admin
      KC_DB_PASSWORD: keycloak
  grafana:
    image: grafana/grafana
    environment:
      GF_DATABASE_PASSWORD: keycloak
  kcdb:
    image: postgres
    environment: [POSTGRES_PASSWORD=keycloak, POSTGRES_USER=keycloak]
";
    let desk = Desk::with(&[("compose.yaml", compose)]);
    desk.ok(&["fix", "--apply", "--emit", "plain", "--allow-dirty"]);
    let text = desk.text("compose.yaml");
    let value =
        |key: &str| text.split(key).nth(1).unwrap().trim_start_matches([':', '=', ' ']).split([',', '\n']).next().unwrap().to_owned();
    for (server, clients) in [
        ("LDAP_ADMIN_PASSWORD", &["LDAP_BIND_PASSWORD"][..]),
        ("KC_BOOTSTRAP_ADMIN_PASSWORD", &["KEYCLOAK_ADMIN_PASSWORD"]),
        ("POSTGRES_PASSWORD", &["KC_DB_PASSWORD", "GF_DATABASE_PASSWORD"]),
    ] {
        assert_eq!(value(server).len(), 32, "{text}");
        clients.iter().for_each(|client| assert_eq!(value(client), value(server), "{client}"));
    }
}

#[test]
fn a_connection_string_beside_a_password_and_an_option_file_tell_the_server() {
    let files = [
        (
            "docker-compose.yml",
            "services:\n  db:\n    image: mysql:8.4\n    environment:\n      MYSQL_USER: clinic\n      MYSQL_PASSWORD: clinic123\n",
        ),
        (
            "context.xml",
            "<Context>\n  <Resource url=\"jdbc:mysql://db:3306/clinic\" username=\"clinic\" password=\"clinic123\"/>\n</Context>\n",
        ),
        ("my.cnf", "[client]\nuser = clinic\npassword = clinic123\n"),
        (
            "other.xml",
            "<Context>\n  <Resource url=\"jdbc:mysql://db:3306/clinic\" username=\"intern\" password=\"clinic123\"/>\n</Context>\n",
        ),
    ];
    let desk = Desk::with(&files);
    desk.ok(&["fix", "--apply", "--emit", "plain", "--allow-dirty"]);
    let new = super::after(&desk.text("docker-compose.yml"), "MYSQL_PASSWORD: ").to_owned();
    assert_eq!(new.len(), 32);
    assert!(
        desk.text("context.xml").contains(&format!("password=\"{new}\"")) && desk.text("my.cnf").contains(&format!("password = {new}"))
    );
    assert_eq!(desk.text("other.xml"), files[3].1, "another account");
}

#[test]
fn a_giant_value_gets_one_of_sense_and_stops_no_other() {
    let env = format!("PASSWORD={}\nJWT_SECRET=changeme\n", "a".repeat(5_000_000));
    let desk = Desk::with(&[(".env", &env)]);
    let output = desk.harden(&["fix", "--emit", "plain"]);
    assert_code(&output, 1);
    let plan = stdout(&output);
    assert!(plan.contains("PASSWORD (coordinated): a new value of 64 characters"), "{plan}");
    assert!(safe(&desk).contains("JWT_SECRET"), "{plan}");
}

#[test]
fn a_client_that_takes_its_password_from_elsewhere_is_thought_of() {
    let compose = |web: &str| {
        format!(
            "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: changeme\n  web:\n    image: web\n{web}"
        )
    };
    for client in [
        "    environment:\n      APP_DBHOST: db\n",
        "    depends_on: [db]\n",
        "    depends_on:\n      db: {condition: service_healthy}\n",
        "    environment:\n      - JDBC=jdbc:postgresql://db:5432/app\n",
    ] {
        let text = compose(client);
        assert_not_safe(&[("compose.yaml", &text)], "POSTGRES_PASSWORD");
        let plan = stdout(&Desk::with(&[("compose.yaml", &text)]).harden(&["fix", "--emit", "plain"]));
        assert!(plan.contains(": web speaks to db, and its password is not among these files"), "{plan}");
    }
    for client in [
        "    environment:\n      APP_DBHOST: cache\n",
        "    depends_on: [db]\n    environment:\n      DATABASE_URL: postgres://postgres:changeme@db/app\n",
        "    environment:\n      APP_DBHOST: database\n",
        "    environment:\n      APP_NAME: db\n",
    ] {
        let desk = Desk::with(&[("compose.yaml", &compose(client))]);
        assert!(safe(&desk).contains("POSTGRES_PASSWORD (coordinated)"), "{client}{}", safe(&desk));
    }
}

#[test]
fn a_program_that_names_a_server_in_its_configuration_is_not_the_server() {
    let text = "redis:\n  host: cache\n  password: hunter2\nmysql:\n  username: root\n  password: hunter3\n";
    assert_not_safe(&[("config.yaml", text)], "password");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata:\n  config.yaml: |\n    redis:\n      password: hunter2\n";
    assert_not_safe(&[("k8s/configmap.yaml", map)], "password");
    // the values of a chart start one
    let desk = Desk::with(&[("values.yaml", "redis:\n  password: hunter2\n")]);
    assert!(safe(&desk).contains("password (coordinated)"), "{}", safe(&desk));
}

#[test]
fn the_name_of_an_account_is_never_replaced_with_its_password() {
    // both are `postgres`, in base64
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata:\n  POSTGRES_USER: cG9zdGdyZXM=\n  POSTGRES_DB: cG9zdGdyZXM=\n  POSTGRES_PASSWORD: cG9zdGdyZXM=\n";
    let mongo = "services:\n  mongodb:\n    image: mongo:7\n    environment:\n      MONGO_INITDB_ROOT_USERNAME: root\n      MONGO_INITDB_ROOT_PASSWORD: root\n";
    for (file, text, kept) in [
        ("secret.yaml", secret, ["POSTGRES_USER: cG9zdGdyZXM=", "POSTGRES_DB: cG9zdGdyZXM="]),
        ("compose.yaml", mongo, ["ROOT_USERNAME: root", "image: mongo:7"]),
    ] {
        let desk = Desk::with(&[(file, text)]).committed();
        desk.ok(&["fix", "--apply", "--emit", "plain", "--include", "review"]);
        let new = desk.text(file);
        assert!(new != text && kept.iter().all(|line| new.contains(line)), "{new}");
        let again = desk.ok(&["fix", "--emit", "plain", "--allow-dirty"]);
        assert!(!stdout(&again).contains("PASSWORD (coordinated): a new value"), "{}", stdout(&again));
    }
}

#[test]
fn a_variable_that_is_called_like_a_servers_is_a_clients_in_another_service() {
    let text = "services:\n  shop_postgresql:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: shop\n      POSTGRES_PASSWORD: changeme\n  web:\n    image: web\n    environment:\n      \
                SHOP_POSTGRES_HOST: shop_postgresql\n      SHOP_POSTGRES_USER: shop\n      SHOP_POSTGRES_PASSWORD: changeme\n";
    let desk = Desk::with(&[("compose.yaml", text)]);
    assert!(safe(&desk).contains("POSTGRES_PASSWORD (coordinated): a new value of 32 characters in 2 places"), "{}", safe(&desk));
    // one client has it, the other has not
    let other = format!("{text}  worker:\n    image: worker\n    environment:\n      DB_HOST: shop_postgresql\n");
    assert_not_safe(&[("compose.yaml", &other)], "POSTGRES_PASSWORD");
    // a check of health that has it written out
    let check = text.replace(
        "image: postgres:16",
        "image: postgres:16\n    healthcheck:\n      test: [\"CMD-SHELL\", \"psql postgres://shop:changeme@localhost/shop -c 'select 1'\"]",
    );
    let plan = stdout(&Desk::with(&[("compose.yaml", &check)]).harden(&["fix", "--emit", "plain"]));
    assert!(plan.contains("in 3 places") || plan.contains("hands it over in a command"), "{plan}");
}

#[test]
fn a_uuid_stays_one_and_is_made_where_the_placeholder_asks_for_one() {
    for old in ["ChangeMe_UUIDv4", "11111111-1111-4111-8111-111111111111"] {
        let desk = Desk::with(&[(".env", &format!("PORT=1\nSHOP_ADMIN_PASSWORD={old}\n"))]);
        desk.harden(&["fix", "--apply", "--emit", "plain", "--include", "review", "--allow-dirty"]);
        let text = desk.text(".env");
        let new = text.split("SHOP_ADMIN_PASSWORD=").nth(1).unwrap_or_default().trim();
        assert!(new != old && new.len() == 36 && new.matches('-').count() == 4, "{old}: {text}");
    }
}
