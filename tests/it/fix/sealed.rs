//! `--emit sealed`: patched copies beside the files, encrypted; the files stay as they are.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Desk, after, assert_code, between, differing, planned, stderr, stdout};

#[test]
fn a_plan_writes_nothing_and_says_that_there_is_something_to_do() {
    let desk = Desk::portal();
    let before = desk.tree();
    let output = desk.harden(&["fix"]);
    assert_code(&output, 1);
    assert!(desk.tree() == before);
    for secret in ["portal-prod-db-2024", "portal-redis-2024", "WfTAnBK9SFRPWS", "changeme", "media-portal-session-secret"] {
        assert!(!stdout(&output).contains(secret) && !stderr(&output).contains(secret), "the plan shows a value");
    }
    let clean = Desk::with(&[(".env.production", "NODE_ENV=production\nLOG_LEVEL=info\n")]);
    let output = clean.ok(&["fix"]);
    assert!(stderr(&output).contains("nothing to change"));
    clean.ok(&["fix", "--apply"]);
}

#[test]
fn without_recipients_one_line_names_the_command_that_makes_them() {
    let said = Desk::portal().refused(&["fix", "--apply"], 2);
    assert!(said.contains("nothing was written"), "{said}");
    let hints: Vec<&str> = said.lines().filter(|line| line.contains("harden init")).collect();
    assert_eq!(hints.len(), 1, "{said}");
}

#[test]
fn copies_stand_beside_the_files_and_differ_in_the_planned_lines_only() {
    let desk = Desk::portal().ready();
    let before = desk.tree();
    let output = desk.ok(&["fix", "--apply"]);
    let after = desk.tree();
    for (name, file) in &before {
        assert!(after.get(name) == Some(file), "{name} was touched");
    }
    let plan = planned(&stdout(&output), false);
    let sealed = after.keys().filter(|name| *name != ".harden/key.age").filter_map(|name| name.strip_suffix(".age").map(str::to_owned));
    let sealed: BTreeSet<String> = sealed.collect();
    assert_eq!(sealed, plan.keys().cloned().collect());
    for untouched in [".env", ".env.example", "docker-compose.dev.yml", "docs/RUNBOOK.md", "src/config.ts", "package.json", "Dockerfile"] {
        assert!(!sealed.contains(untouched), "{untouched} is no file for production, or cannot be handed on");
    }
    for (name, lines) in &plan {
        assert_eq!(differing(&desk.text(name), &desk.opened(name)), *lines, "{name}");
    }
    assert!(stderr(&output).contains("still hold the old values"));
}

#[test]
fn one_secret_is_one_value_in_all_its_places_and_two_accounts_have_two() {
    let desk = Desk::portal().ready();
    desk.ok(&["fix", "--apply"]);
    let [env, compose, kube] = [".env.production", "docker-compose.yml", "k8s/secret.yaml"].map(|name| desk.opened(name));
    let [ini, json, toml, deployment] =
        ["config/legacy.ini", "config/app.json", "config/app.toml", "k8s/deployment.yaml"].map(|name| desk.opened(name));
    let decoded = |name: &str| String::from_utf8(STANDARD.decode(after(&kube, name)).unwrap()).unwrap();

    let database = after(&env, "POSTGRES_PASSWORD=");
    assert!(database.len() >= 24);
    assert_eq!(between(&env, "DATABASE_URL=\"postgresql://portal:", "@db.media.example"), database);
    assert_eq!(after(&ini, "password = "), database);
    assert_eq!(decoded("POSTGRES_PASSWORD: "), database);
    assert_eq!(between(&kube, "postgresql://portal:", "@"), database);

    let redis = after(&env, "REDIS_PASSWORD=");
    assert_eq!(between(&env, "redis://:", "@cache"), redis);
    assert_eq!(between(&compose, "redis://:", "@cache"), redis);
    assert_eq!(between(&compose, "--requirepass ", " --appendonly yes"), redis);
    assert_eq!(between(&compose, "\"-a\", \"", "\""), redis);
    assert_eq!(between(&json, "\"password\": \"", "\""), redis);
    assert_eq!(between(&deployment, "redis://:", "@cache"), redis);
    assert_eq!(decoded("REDIS_PASSWORD: "), redis);

    let jwt = after(&env, "JWT_SECRET=");
    assert!(jwt.len() >= 43);
    assert_eq!(between(&toml, "jwt_secret = \"", "\""), jwt);
    assert_eq!(decoded("JWT_SECRET: "), jwt);

    let [storage, grafana] = ["MINIO_ROOT_PASSWORD=", "GF_SECURITY_ADMIN_PASSWORD="].map(|name| after(&env, name));
    assert_eq!(after(&compose, "- MINIO_ROOT_PASSWORD="), storage);
    assert_eq!(after(&compose, "- GF_SECURITY_ADMIN_PASSWORD="), grafana);
    let distinct: BTreeSet<&str> = [database, redis, jwt, storage, grafana].into();
    assert_eq!(distinct.len(), 5, "two accounts share a value");

    for old in ["portal-prod-db-2024", "portal-redis-2024", "WfTAnBK9SFRPWS", "=changeme", "media-portal-session-secret"] {
        for text in [&env, &compose, &kube, &ini, &json, &toml, &deployment] {
            assert!(!text.contains(old) && !text.contains(&STANDARD.encode(old)), "an old value is still there");
        }
    }
    assert!(env.contains("SESSION_SECRET='") && env.contains("export SIGNED_URL_KEY=02f949"), "quotes and strong keys stay");
    assert!(env.contains("\nENCRYPTION_KEY=6bd9c40f") && env.contains("SMTP_PASSWORD=your-smtp-password-here"), "never by itself");
}

#[test]
fn a_second_run_writes_nothing() {
    let desk = Desk::portal().ready();
    desk.ok(&["fix", "--apply"]);
    let before = desk.tree();
    let output = desk.ok(&["fix", "--apply"]);
    assert!(stderr(&output).contains("nothing to change"));
    assert!(desk.tree() == before);
    desk.ok(&["fix"]);
}

#[test]
fn a_twin_that_cannot_be_opened_stops_everything() {
    let desk = Desk::portal().ready();
    desk.ok(&["fix", "--apply", "config"]);
    let other = desk.dir.path().join("other.txt");
    let recipient = stdout(&desk.ok(&["keygen", "-o", other.to_str().unwrap()])).trim().to_owned();
    let said = desk.refused(&["fix", "--apply", "-i", other.to_str().unwrap(), "-r", &recipient], 2);
    assert!(said.contains("exists and cannot be opened; nothing was written") && said.contains(".age"), "{said}");
    desk.put("config/app.json.age", "not an age file");
    let said = desk.refused(&["fix", "--apply"], 2);
    assert!(said.contains("app.json.age exists and cannot be opened"), "{said}");
}

#[test]
fn what_a_twin_holds_is_kept_byte_for_byte_where_it_is_strong() {
    let desk = Desk::with(&[(".env.production", "# keys\r\nJWT_SECRET='secret'\r\nSESSION_SECRET=\"changeme\" # two\r\nPORT=80")]).ready();
    desk.ok(&["fix", "--apply"]);
    let first = desk.opened(".env.production");
    assert_eq!(differing(&desk.text(".env.production"), &first), [2, 3].into());
    let strong = between(&first, "SESSION_SECRET=\"", "\"").to_owned();
    let weak = first.replace(between(&first, "JWT_SECRET='", "'"), "jwt-secret");
    desk.seal_as(".env.production", &weak);
    desk.ok(&["fix", "--apply"]);
    let second = desk.opened(".env.production");
    assert_eq!(differing(&weak, &second), [2].into());
    assert_eq!(between(&second, "SESSION_SECRET=\"", "\""), strong);
    assert!(between(&second, "JWT_SECRET='", "'").len() >= 43);
}

#[test]
fn line_ends_marks_quotes_and_a_missing_last_newline_stay() {
    let cases = [
        "\u{feff}# first\r\nexport JWT_SECRET=\"changeme\"   # why\r\n\r\nPORT=80\r\n",
        "JWT_SECRET='changeme'",
        "  JWT_SECRET = changeme \nEMPTY=\n",
    ];
    for case in cases {
        let desk = Desk::with(&[(".env.production", case)]).ready();
        desk.ok(&["fix", "--apply"]);
        let new = desk.opened(".env.production");
        let (head, tail) = case.split_once("changeme").unwrap();
        let value = new.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        assert!(value.is_some_and(|v| v.len() >= 43 && v.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))), "{case}");
    }
}

#[test]
fn a_strong_secret_in_the_open_is_sealed_as_it_is() {
    let text = "SIGNED_URL_KEY=71c02f949a2ef8bc64332be4ffe829edb61cd89074024335ca4bacf5a03efd4f\n";
    let desk = Desk::with(&[(".env.production", text)]).ready();
    let output = desk.ok(&["fix", "--apply"]);
    assert!(stdout(&output).contains("sealed as they are"));
    assert_eq!(desk.opened(".env.production"), text);
    let before = desk.tree();
    desk.ok(&["fix", "--apply"]);
    assert!(desk.tree() == before);
}

#[test]
fn only_chooses_by_rule_class_and_key() {
    let lines = |only: &[&str]| {
        let desk = Desk::portal().ready();
        let mut args = vec!["fix", "--apply"];
        only.iter().for_each(|o| args.extend(["--only", *o]));
        let plan = planned(&stdout(&desk.ok(&args)), false);
        for (name, lines) in &plan {
            assert_eq!(differing(&desk.text(name), &desk.opened(name)), *lines, "{name}");
        }
        assert!(plan.keys().all(|name| desk.has(&format!("{name}.age"))));
        plan.into_iter().flat_map(|(name, lines)| lines.into_iter().map(move |l| format!("{name}:{l}"))).collect::<Vec<_>>()
    };
    let jwt = [".env.production:20", "config/app.toml:3", "k8s/secret.yaml:10"];
    assert_eq!(lines(&["JWT_SECRET"]), jwt);
    let metrics = [".env.production:26", "k8s/secret.yaml:13"];
    let mut both: Vec<&str> = [&jwt[..], &metrics[..]].concat();
    both.sort_unstable();
    let mut found = lines(&["JWT_SECRET", "METRICS_TOKEN"]);
    found.sort_unstable();
    assert_eq!(found, both);
    let weak = lines(&["weak-key"]);
    assert!(jwt.iter().all(|j| weak.iter().any(|w| w == j)) && !weak.iter().any(|w| w == ".env.production:30"), "{weak:?}");
    let desk = Desk::portal();
    let scan = stdout(&desk.harden(&["scan", ".env.production", "--format", "jsonl"]));
    let finding = scan.lines().find(|line| line.contains("\"line\":30,")).unwrap();
    let rule = between(finding, "\"rule\":\"", "\"");
    assert!(lines(&[rule]).iter().any(|l| l == ".env.production:30"), "{rule}");
    let output = desk.ok(&["fix", "--only", "bcrypt-cost-too-low", "--only", "NODE_ENV"]);
    assert!(stderr(&output).contains("nothing to change"));
    desk.refused(&["fix", "--only", "no-such-thing-4711"], 2);
}

#[test]
fn one_copy_that_cannot_be_written_is_none_written() {
    // the name is as long as names may be: with `.age` behind it there can be no such file
    let long = format!("{}.yml", "c".repeat(249));
    let desk = Desk::with(&[(".env.production", "JWT_SECRET=changeme\n"), (&long, "app:\n  session_secret: changeme\n")]).ready();
    let said = desk.refused(&["fix", "--apply"], 2);
    assert!(!said.is_empty());
    desk.ok(&["fix", "--apply", ".env.production"]);
}

#[test]
fn a_folder_that_nobody_may_write_to_is_an_error_and_nothing_is_half_done() {
    let desk = Desk::with(&[(".env.production", "JWT_SECRET=changeme\n"), ("deep/app.yml", "app:\n  session_secret: changeme\n")]).ready();
    let deep = desk.project.join("deep");
    let mode = |bits| fs::set_permissions(&deep, std::os::unix::fs::PermissionsExt::from_mode(bits)).unwrap();
    mode(0o555);
    if fs::File::create(deep.join("probe")).is_ok() {
        println!("left out: this user may write everywhere");
        return;
    }
    desk.refused(&["fix", "--apply"], 2);
    desk.refused(&["fix", "--apply", "--emit", "plain", "--allow-dirty"], 2);
    mode(0o755);
}

#[test]
fn a_file_that_comes_later_gets_the_value_that_the_twin_has_already() {
    let desk = Desk::with(&[(".env.production", "POSTGRES_USER=app\nPOSTGRES_PASSWORD=bluehouseriver\n")]).ready();
    desk.ok(&["fix", "--apply"]);
    let first = after(&desk.opened(".env.production"), "POSTGRES_PASSWORD=").to_owned();
    desk.put(
        "compose.yml",
        "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_USER: app\n      POSTGRES_PASSWORD: bluehouseriver\n",
    );
    desk.ok(&["fix", "--apply"]);
    assert_eq!(after(&desk.opened("compose.yml"), "POSTGRES_PASSWORD: "), first);
    assert_eq!(after(&desk.opened(".env.production"), "POSTGRES_PASSWORD="), first);
}
