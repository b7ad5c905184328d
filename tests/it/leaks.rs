//! No secret leaves by any door: canaries are planted in every format, and every command, output format and error path is run over them.
//!
//! Neither what a command prints nor a file that it writes may hold a canary, a piece of one, or the same in base64, hex or percent signs.
//! The two that are asked to hand values on, `decrypt` and the child of `run`, are marked in [`COMMANDS`], and there only stdout is
//! let off.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A strong value, one that is weak and so found, and one that every format has to escape.
const CANARIES: &[&str] = &["qZ7vK2xW9jR4tB6nY8mD", "quokka77", "Vy&x%k\u{e4}j<zq#w+Gp"];

/// The shortest piece of a canary that may not be seen, in characters.
const PIECE: usize = 6;

/// Files with canaries in them. In the text, `{C}` is the canary, `{U}` the same percent-encoded, `{J}` escaped for JSON, `{B}` in base64,
/// `{A}` in base64 behind a user, as in a header, `{T}` a token that it has signed, `{H}` its bcrypt hash.
const PLANTED: &[(&str, &str)] = &[
    (
        ".env",
        "DB_PASSWORD={C}\nDATABASE_URL=postgres://app:{U}@db.example.com:5432/app?sslmode=disable\nREDIS_URL=redis://:{U}@cache:6379/0\n",
    ),
    (".env.production", "export API_TOKEN=\"{C}\"\nSECRET_KEY='{C}'\n# OLD_SECRET={C}\nCONFIG={\"smtp\": {\"password\": \"{J}\"}}\n"),
    (
        "rings/.env",
        "SUPERSET_SECRET_KEY=changeme-{C}\nENCRYPTION_KEY=changeme-{C}\nENCRYPTION_KEY_OLD=\nAPP_KEYS=changeme-{C}\nDJANGO_SECRET_KEY='changeme-{C}'\n",
    ),
    (".env.example", "DB_PASSWORD={C}\nADMIN_PASSWORD=changeme-{C}\n"),
    (".env.odd", "PASSWORD = {C}\nTOKEN: {C}\n{C}\n=x{C}\nKEY=\"{C}\nKEY2={C} # harden:ignore all\n"),
    (
        "docker-compose.yml",
        "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: \"{J}\"\n    command: [\"--password={J}\", \"-a\", \"{J}\"]\n  cache:\n    command: redis-server --requirepass '{C}'\n    environment:\n      - REDIS_PASSWORD={C}\n      - 'URL=amqp://app:{U}@mq:5672/'\n",
    ),
    (
        "k8s/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  annotations:\n    last-applied: '{\"data\":{\"password\":\"{B}\"}}'\ndata:\n  password: {B}\nstringData:\n  token: \"{J}\"\n  url: mongodb://app:{U}@mongo.example.com/app\n",
    ),
    ("values.yaml", "auth:\n  password: &pw \"{J}\"\n  copy: *pw\n  block: |\n    password={C}\n    {C}\n  folded: >-\n    {C}\n"),
    (
        "config/app.json",
        "{\"db\": {\"password\": \"{J}\", \"url\": \"mysql://root:{U}@db.example.com/app\"}, \"keys\": [\"{J}\", \"{J}\"]}\n",
    ),
    ("config/app.jsonc", "{\n  // password: {C}\n  \"apiKey\": \"{J}\",\n}\n"),
    ("config/app.toml", "[db]\npassword = \"{J}\" # {C}\nurl = \"postgres://app:{U}@db/app\"\nmulti = \"\"\"\n{J}\"\"\"\n"),
    ("config/legacy.ini", "[database]\npassword = {C}\n; secret = {C}\nurl = http://admin:{U}@legacy.example.com/\n"),
    (
        "config/queue.properties",
        "queue.password={C}\nqueue.url=amqp://app:{U}@mq.example.com/\njaas=Module required username=\"app\" password=\"{J}\";\n",
    ),
    ("redis.conf", "bind 0.0.0.0\nrequirepass {C}\nuser app on >{C} ~* +@all\n"),
    (
        "backup.sh",
        "export PGPASSWORD='{C}'\nmysqldump -uroot -p'{C}' app\ncurl -u 'admin:{C}' https://example.com/ -H \"Authorization: Bearer {C}\"\n",
    ),
    ("docs/RUNBOOK.md", "The password is `{C}`.\n\n```sh\nexport DB_PASSWORD={C}\n```\npassword: {C}\n"),
    ("src/config.ts", "const password = \"{J}\";\nexport const url = `postgres://app:{U}@db.example.com/app`;\n// token: {C}\n"),
    ("src/settings.py", "SECRET_KEY = '{C}'\nDATABASES = {'default': {'PASSWORD': '{C}'}}\n"),
    (
        "web.config",
        "<configuration><!-- password={C} --><appSettings><add key=\"JwtSecret\" value=\"{C}\"/></appSettings><connectionStrings><add name=\"x\" connectionString=\"Server=db.example.com;User Id=sa;Password={C};Encrypt=False\"/></connectionStrings></configuration>\n",
    ),
    (
        "config/beans.xml",
        "<beans><password><![CDATA[{C}]]></password><password>\n {U}\n</password><x token=\"{U}\">{U}</x><url>jdbc:mysql://db.example.com/x?user=a&amp;password={U}&amp;useSSL=false</url></beans>\n",
    ),
    (
        "infra/main.tf",
        "variable \"db_password\" {\n  default = \"{J}\"\n}\nresource \"aws_db_instance\" \"x\" {\n  password = \"{J}\"\n  user_data = <<-EOT\n    export DB_PASSWORD={C}\n  EOT\n}\nlocals { token = \"${var.a == \"{J}\" ? \"{J}\" : \"\"}\" }\n",
    ),
    ("infra/prod.tfvars", "db_password = \"{J}\"\nurl = \"postgres://app:{U}@db.example.com/x?sslmode=disable\"\n"),
    (
        "Dockerfile",
        "FROM debian:12\nENV DB_PASSWORD={C} A=\"{J}\"\nARG TOKEN={C}\nRUN curl -u 'a:{C}' https://u:{U}@x.example.com && export P='{C}'\nRUN <<E\nPASSWORD={C}\nE\nCMD [\"x\", \"--password={J}\"]\n",
    ),
    (".netrc", "machine h.example.com login a password {C}\n"),
    (".pgpass", "db.example.com:5432:app:app:{C}\n"),
    (".htpasswd", "admin:{C}\n"),
    ("userlist.txt", "\"app\" \"{C}\"\n"),
    (".git-credentials", "https://u:{U}@git.example.com\n"),
    (".npmrc", "//r.example.com/:_authToken={C}\n_password={B}\n"),
    (
        "init.sql",
        "CREATE USER app WITH PASSWORD '{C}';\nCREATE USER 'x'@'%' IDENTIFIED BY '{C}';\nINSERT INTO users (name, password) VALUES ('a', '{C}');\nSET PASSWORD FOR x = PASSWORD('{C}');\n",
    ),
    ("chart/Chart.yaml", "apiVersion: v2\nname: x\nversion: 1.0.0\n"),
    (
        "chart/templates/secret.yaml",
        "kind: Secret\nstringData:\n  password: {{ .Values.x | default \"{J}\" }}\n  token: {{ \"{J}\" | b64enc }}\n{{- if eq .Values.v \"{J}\" }}\n  z_secret: \"{J}\"\n{{ end }}\n",
    ),
    (
        "k8s/nested.yaml",
        "apiVersion: v1\nkind: Secret\nstringData:\n  app.yaml: |\n    db:\n      password: \"{J}\"\n  app.properties: |\n    db.password={C}\n  header: \"Authorization: Bearer {J}\"\n",
    ),
    ("key.pem", concat!("-----BEGIN RSA PRIV", "ATE KEY-----\n{B}{B}\n-----END RSA PRIV", "ATE KEY-----\n{B}\n")),
    ("jwk.json", "{\"kty\": \"oct\", \"k\": \"{B}\", \"d\": \"{J}\"}\n"),
    ("wg0.conf", "[Interface]\nPrivateKey = {B}\n"),
    (
        "deploy/.env",
        "JWT_SECRET={C}\nANON_KEY={T}\nJWT_SECRET_BASE64={B}\nADMIN_PASSWORD={C}\nADMIN_PASSWORD_HASH='{H}'\nADMIN_HEADER={A}\n",
    ),
    ("hosts.ini", "[all]\nh ansible_password={C} ansible_become_pass='{C}'\n"),
    ("bad/a.xml", "<a><password>{C}</password><b token=\"{C}"),
    ("bad/a.tf", "a \"{C}\" {\n  password = \"{C}\n token = <<E\n{C}\n"),
    ("site/search_index.json", "{\"docs\": [{\"text\": \"the password is {J}\"}, {\"text\": \"Basic {A}\"}]}\n"),
    ("site/index.html", "<p>Authorization: Basic {A}</p><p>?password={U}</p><!-- {C} -->\n"),
    ("bad/a.yaml", "db:\n  password: \"{J}\n  next: [a, {C}\nx: }{C}\n"),
    ("bad/b.yaml", "password: {C}\n\tsecret: {C}\n- {C}\n"),
    ("bad/a.json", "{\"password\": \"{J}\", \"token\": {C}, \"{J}\n"),
    ("bad/b.json", "{\"password\" \"{J}\" \"url\": \"redis://:{U}@cache\"\n"),
    ("bad/a.toml", "[db\npassword = \"{J}\"\ntoken = {C}\n"),
    ("bad/b.toml", "password = '{J}'\npassword = '{J}'\n= {C}\n"),
    ("bad/c.properties", "password=\\u00{C}\nsecret={C}\\"),
    ("notes.txt", "mail me at admin, password {C}, or token={C}\n"),
    ("identity-of-nobody.txt", "# created by hand\n{C}\n"),
    ("not-sealed.age", "PASSWORD={C}\n"),
    ("not-sealed-either.age", "age-encryption.org/v1\n-> X25519 {C}\n{C}\n--- {C}\n{C}\n"),
];

/// Configurations and rule files that cannot be used, each with canaries where the fault is; one at a time.
const FAULTY: &[(&str, &str)] = &[
    ("harden.toml", "fail-on = \"high\"\n[seal\n# {C}\npassword = {C}\n"),
    ("harden.toml", "{C}\n"),
    ("harden.toml", "password = \"{J}\"\n"),
    ("harden.toml", "profile = \"{J}\"\n"),
    ("harden.toml", "fail-on = \"{J}\"\n"),
    ("harden.toml", "[seal]\nrecipients = \"{J}\"\n"),
    ("harden.toml", "[seal]\nrecipients = [\"{J}\"]\n"),
    ("harden.toml", "[seal]\nrecipients = [\"AGE-SECRET-KEY-1{J}\"]\n"),
    ("harden.toml", "[[allow]]\nrule = \"debug-on\"\npath = \"../{J}\"\nreason = \"{J}\"\n"),
    ("harden.toml", "[[allow]]\nrule = \"debug-on\"\npath = \".env\"\nreason = \"{J}\"\nexpires = \"{J}\"\n"),
    ("harden.toml", "[[environment]]\npath = \".env\"\nis = \"{J}\"\n"),
    ("harden.toml", "[network]\ntrusted = [\"{J}\"]\ninternal-plaintext = \"{J}\"\n"),
    ("harden.toml", "[scan]\nexclude = [\"[{J}\"]\n"),
    (".harden/rules/own.toml", "{C}\n"),
    (".harden/rules/own.toml", "schema = \"{J}\"\n"),
    (".harden/rules/own.toml", "schema = 1\npassword = \"{J}\"\n"),
    (".harden/rules/own.toml", "schema = 1\nrule = \"{J}\"\n"),
    (".harden/rules/own.toml", "schema = 1\n[[rule]]\nid = [\"{J}\"]\n"),
    (".harden/rules/own.toml", "schema = 1\n[[override]]\nid = \"debug-on\"\nreason = \"x\"\nenabled = \"{J}\"\n"),
    (".harden/baseline.jsonl", "{C}\n"),
    (".harden/baseline.jsonl", "{\"schema\":1,\"{J}\":1}\n"),
    (".harden/baseline.jsonl", "        assert!(String::from_utf8_lossy(&said).contains(" becomes "), "{}", String::from_utf8_lossy(&said));
    }
    assert_none(&faults);
}

/// A provider's token has a form of its own, so it is a canary of its own: in settings, comments, scripts, documents and encoded.
#[test]
fn what_is_told_of_a_token_shows_nothing_of_it() {
    let desk = Desk::new(concat!("gh", "p_Zk3Jd8sLqPz71mVbX0aRtYw5CeHnU21Sz4co"));
    let planted = [
        (".env", "GITHUB_TOKEN={C}\n# OLD_TOKEN={C}\n"),
        ("clone.sh", "git clone https://ci:{C}@github.com/acme/app\n"),
        ("notes.txt", "the old one was {C}, in base64 {B}\n"),
        ("values.yaml", "ci:\n  script: |\n    export X={C}\n  packed: {B}\n"),
        ("src/app.js", "// {C}\nconst t = '{C}';\n"),
    ];
    planted.iter().for_each(|(name, text)| desk.plant(name, text));
    let mut faults = Vec::new();
    for format in ["human", "json", "jsonl", "sarif", "gitlab", "github", "junit", "markdown"] {
        faults.extend(desk.faults(&["scan", "--format", format, "--no-ignore"], None, false));
    }
    faults.extend(desk.faults(&["fix"], None, false));
    assert_none(&faults);
    let told = desk.run(&["scan", "--format", "jsonl", "--no-ignore"], None).stdout;
    let told = String::from_utf8(told).unwrap();
    for (name, text) in planted {
        let found = told.lines().filter(|line| line.contains("\"provider-token\"") && line.contains(&format!("\"{name}\""))).count();
        assert_eq!(found, text.matches("{C}").count() + text.matches("{B}").count(), "{name}: {told}");
    }
}

/// Names may hold an account or a token, too: where they stand on the way to a finding, beside one, or are asked for by one.
#[test]
fn no_name_that_holds_a_secret_is_shown() {
    let formats = ["human", "json", "jsonl", "sarif", "gitlab", "github", "junit", "markdown"];
    let mut faults = Vec::new();
    for (which, canary) in CANARIES.iter().enumerate() {
        let desk = Desk::new(canary);
        let accounts = [
            (
                ".gitconfig",
                "[http \"https://bot:{U}@git.acme.io/\"]\n\tsslVerify = false\n\tproxy = changeme\n[credential \"https://u:{U}@git.acme.io\"]\n\tpassword = hunter2\n[url \"https://oauth2:{U}@gitlab.acme.io/\"]\n\tinsteadOf = https://gitlab.acme.io/\n",
            ),
            (
                "docker/config.json",
                "{\"auths\": {\"https://bot:{U}@registry.acme.io\": {\"password\": \"hunter2\", \"insecure\": true}, \"bot:{U}@r.acme.io\": {\"password\": \"hunter2\"}}}\n",
            ),
            (
                "app.yaml",
                "registries:\n  \"bot:{U}@reg\":\n    verify_ssl: false\n    password: hunter2\n  \"https://bot:{U}@reg.acme.io\": {password: changeme, verify_ssl: false}\n",
            ),
            ("app.toml", "[registries.\"https://bot:{U}@reg.acme.io\"]\nverify_ssl = false\npassword = \"hunter2\"\n"),
            (
                "odd.yaml",
                "\"https://bot:{U}@\": {password: hunter2}\n\"https://x.io/hook?{U}\": {password: hunter2}\n\"https://{U}@reg.acme.io\": {verify_ssl: false, password: hunter2}\n\"user:a@{U}@\": {password: hunter2}\n\"https://bot:pass {U}@h\": {password: hunter2}\n",
            ),
            ("odd.ini", "[http \"https://bot:{U}@\"]\nsslVerify = false\n[http \"https://bot:pass {U}@h\"]\nsslVerify = false\n"),
            ("queue.properties", "https\\://bot\\:{U}@mq.acme.io/.password=hunter2\n"),
            ("app.npmrc.ini", "//bot:{U}@npm.acme.io/:_password=hunter2\nstrict-ssl=false\n"),
        ];
        let tokens = [
            (
                "tokens.yaml",
                "api_tokens:\n  {C}:\n    verify_ssl: false\n    password: hunter2\n  x: {password: hunter2, {C}: {verify_ssl: false}}\n",
            ),
            (
                "tokens.json",
                "{\"tokens\": {\"{C}\": {\"verify_ssl\": false, \"password\": \"hunter2\"}}, \"password\": {\"{C}\": \"hunter2\"}}\n",
            ),
            ("tokens.toml", "[tokens.{C}]\nverify_ssl = false\npassword = \"hunter2\"\n[password]\n{C} = \"hunter2\"\n"),
            ("tokens.ini", "[{C}]\nverify_ssl = false\npassword = hunter2\n{C}_password = hunter2\n"),
            ("tokens.env", "{C}_PASSWORD=hunter2\nPASSWORD_{C}=\n"),
        ];
        // a weak word alone cannot be told from a name
        let planted = || accounts.iter().chain(tokens.iter().filter(|_| which == 0));
        planted().for_each(|(name, text)| desk.plant(name, text));
        for format in formats {
            faults.extend(desk.faults(&["scan", "--format", format, "--no-ignore"], None, false));
        }
        for args in [
            &["fix"][..],
            &["fix", "--include", "review"],
            &["hook", "run", "pre-commit", "--", ".gitconfig", "docker/config.json", "app.yaml", "app.toml"],
            &["baseline", "--reason", "known"],
            &["scan", "--no-baseline", "--strict"],
            &["rules", "explain", "git-tls-verify-off"],
        ] {
            faults.extend(desk.faults(args, None, false));
        }
        let told = String::from_utf8(desk.run(&["scan", "--format", "jsonl", "--no-ignore", "--no-baseline"], None).stdout).unwrap();
        for (name, count) in [(".gitconfig", 3), ("docker/config.json", 2), ("app.yaml", 2), ("app.toml", 1)] {
            let found = told.lines().filter(|l| l.contains("\"url-") && l.contains(&format!("\"{name}\""))).count();
            assert!(found >= count, "{name}: {found} accounts found of {count}\n{told}");
        }
    }
    assert_none(&faults);
}

/// What git keeps, in every format and on every way that fails.
#[test]
fn nothing_that_git_keeps_is_shown() {
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        let git = |args: &[&str]| {
            let mut git = Command::new("git");
            git.env_clear().env("HOME", &desk.home).env("PATH", "/usr/bin:/bin:/usr/local/bin").current_dir(&desk.project);
            git.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(args);
            assert!(git.output().unwrap().status.success(), "git {args:?}");
        };
        fs::remove_dir(desk.project.join(".git")).unwrap();
        git(&["init", "-q", "."]);
        PLANTED.iter().for_each(|(name, text)| desk.plant(name, text));
        git(&["add", "-A", "-f"]);
        let modes: [&[&str]; 5] =
            [&["--staged"], &["--staged", "--all-lines"], &["--history"], &["--history=HEAD~1..HEAD"], &["--new-only", "HEAD~1"]];
        let formats = ["human", "json", "jsonl", "sarif", "gitlab", "github", "junit", "markdown"];
        for format in formats {
            faults.extend(desk.faults(&["scan", "--staged", "--format", format], None, false));
        }
        assert!(!desk.run(&["scan", "--staged", "--format", "jsonl"], None).stdout.is_empty());
        git(&["commit", "-q", "-m", &desk.fill("{C}")]);
        for (name, text) in PLANTED {
            desk.plant(name, &format!("{text}\n{text}"));
        }
        desk.plant(".env", "A=1\nSMTP_PASSWORD={C}\n");
        git(&["add", "-A", "-f"]);
        git(&["commit", "-q", "-m", "x", "--author", &desk.fill("{C} <{C}@example.org>")]);
        desk.plant("more.env", "SMTP_PASSWORD={C}\n");
        git(&["add", "-A", "-f"]);
        for mode in modes {
            for format in formats {
                faults.extend(desk.faults(&[&["scan", "--format", format], mode].concat(), None, false));
            }
        }
        for wrong in [
            &["scan", "--history={C}"][..],
            &["scan", "--history", "--branch", "{C}"],
            &["scan", "--new-only", "{C}"],
            &["scan", "--policy-ref", "{C}"],
        ] {
            let output = desk.run(wrong, None);
            assert_eq!(output.status.code(), Some(2));
            faults.extend(desk.faults(wrong, None, false));
        }
    }
    assert_none(&faults);
}

#[test]
fn no_faulty_configuration_is_quoted() {
    let mut faults = Vec::new();
    for canary in CANARIES {
        for (name, text) in FAULTY {
            let desk = Desk::new(canary);
            desk.plant("plain.env", "PORT=8080\n");
            desk.plant("harden.toml", "");
            desk.plant(name, text);
            for args in OVER_FAULTY {
                faults.extend(desk.faults(args, None, false).into_iter().map(|fault| format!("{name} {text:?}: {fault}")));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn no_unreadable_place_makes_a_command_say_more() {
    let desk = Desk::new(CANARIES[0]);
    PLANTED.iter().for_each(|(name, text)| desk.plant(name, text));
    assert!(desk.run(&["init"], None).status.success());
    assert!(desk.run(&["encrypt", ".env"], None).status.success());
    let sealed = fs::read(desk.project.join(".env.age")).unwrap();
    let whole = desk.run(&["decrypt", ".env.age"], None).stdout;
    let mut faults = Vec::new();
    // cut and damaged at many places: nothing of the plain text may come out before the end is authentic
    for at in (0..sealed.len()).step_by(29) {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        for bytes in [&sealed[..at], &damaged[..]] {
            fs::File::create(desk.project.join("cut.age")).unwrap().write_all(bytes).unwrap();
            let output = desk.run(&["decrypt", "cut.age"], None);
            // the last character of base64 may have bits that nobody reads: then the file says the same as before
            if output.status.success() && output.stdout == whole {
                continue;
            }
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "at byte {at}");
            faults.extend(desk.faults(&["run", "--env-file", "cut.age", "--", "env"], None, false));
        }
    }
    assert_none(&faults);
}

/// The rows are of use only while they reach their place.
#[test]
fn every_planted_file_is_read_as_what_it_is_called() {
    let names: Vec<&Path> = PLANTED.iter().map(|(name, _)| Path::new(*name)).collect();
    for row in COMMANDS {
        if let Some(stdin) = row.stdin {
            assert!(names.contains(&Path::new(stdin)), "{stdin} is not planted");
        }
    }
}
