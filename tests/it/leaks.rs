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
    (".harden/baseline.jsonl", "<<<<<<< {C}\n"),
    (
        ".harden/baseline.jsonl",
        "{\"schema\":1,\"path\":\"../{J}\",\"key\":\"{J}\",\"rule\":\"{J}\",\"severity\":\"{J}\",\"fingerprint\":\"{J}\",\"place\":\"{J}\",\"reason\":\"{J}\",\"on\":\"{J}\"}\n",
    ),
    (
        ".harden/baseline.jsonl",
        "{\"schema\":1,\"path\":\"{J}\",\"key\":\"{J}\",\"rule\":\"{J}\",\"severity\":\"low\",\"fingerprint\":\"0123456789abcdef0123456789abcdef\",\"place\":\"0123456789abcdef0123456789abcdef\",\"reason\":\"{J}\",\"on\":\"2026-11-25\",\"until\":\"{J}\"}\n",
    ),
    (
        ".harden/baseline.jsonl",
        "{\"schema\":1,\"path\":\"{J}\",\"key\":\"{J}\",\"rule\":\"{J}\",\"severity\":\"low\",\"fingerprint\":\"0123456789abcdef0123456789abcdef\",\"place\":\"0123456789abcdef0123456789abcdef\",\"reason\":\"{J}\",\"on\":\"2026-11-25\"}\n",
    ),
    (".harden/sealed.toml", "{C}\n"),
    (".harden/sealed.toml", "[[file]]\npath = \"{J}\"\nrecipients = \"{J}\"\n"),
];

/// One command line. In `args`, `{C}` is the canary and `{PUB}` the desk's own public key.
struct Row {
    args: &'static [&'static str],
    /// The planted file that is its standard input.
    stdin: Option<&'static str>,
    /// Whether its stdout is the secret itself, as the user asked.
    hands_on: bool,
}

const fn row(args: &'static [&'static str]) -> Row {
    Row { args, stdin: None, hands_on: false }
}

const fn handing_on(args: &'static [&'static str]) -> Row {
    Row { args, stdin: None, hands_on: true }
}

const fn fed(stdin: &'static str, args: &'static [&'static str]) -> Row {
    Row { args, stdin: Some(stdin), hands_on: false }
}

/// Every command and every way in which it fails, in order: what one writes the next one finds. Each is one line. `scan` of the whole tree
/// is run in every format and by itself on every file besides these.
const COMMANDS: &[Row] = &[
    row(&["scan", "--strict", "--no-ignore"]),
    row(&["scan", "--quiet"]),
    row(&["scan", "--no-config"]),
    row(&["scan", "--profile", "development", "--fail-on", "info"]),
    row(&["--color", "always", "scan"]),
    row(&["--color", "always", "scan", "--format", "json"]),
    row(&["scan", "gone", ".env", "docs"]),
    fed("docker-compose.yml", &["scan", "-", "--as", "compose.yml"]),
    fed("docker-compose.yml", &["scan", "-", "--as", "app.json", "--format", "sarif"]),
    fed("config/app.json", &["scan", "-", "--as", "app.toml"]),
    fed("config/app.toml", &["scan", "-", "--as", "app.yaml", "--strict"]),
    fed(".env", &["scan", "-"]),
    fed("bad/a.yaml", &["scan", "-", "--as", "k8s/secret.yaml", "--format", "jsonl"]),
    row(&["hook", "run"]),
    row(&["hook", "run", "pre-commit", "--", ".env", "docker-compose.yml", "not-sealed.age", "bad"]),
    fed(".env", &["hook", "run", "pre-push", "--", "{C}"]),
    row(&["hook", "install"]),
    // what is accepted is written down, the place and not the value
    row(&["baseline", "--reason", "{C}"]),
    row(&["baseline", "--reason", "known", "--only", "{C}"]),
    row(&["baseline", "--reason", "known", "--by", "somebody", "--until", "2099-12-31", ".env", "docs"]),
    row(&["baseline", "--reason", "known"]),
    row(&["scan"]),
    row(&["scan", "--no-baseline", "--format", "gitlab"]),
    row(&["baseline", "--prune"]),
    row(&["scan", "--baseline=.env"]),
    row(&["scan", "--baseline=config/app.json"]),
    row(&["scan", "--baseline=bad/a.json"]),
    row(&["baseline", "--baseline", "notes.txt", "--reason", "known"]),
    // its hosts do not exist: without the network nobody is asked
    row(&["probe", "--timeout", "1"]),
    row(&["--color", "always", "probe", "--timeout", "1", "--login", "--format", "json"]),
    row(&["probe", "--ca", ".env"]),
    row(&["probe", "--pin", "{C}"]),
    row(&["probe", "--login", "--insecure-login", "{C}"]),
    row(&["rules", "list"]),
    row(&["rules", "test"]),
    row(&["rules", "test", "config/app.toml"]),
    row(&["rules", "test", "bad/a.toml"]),
    row(&["rules", "test", "bad/b.toml"]),
    row(&["rules", "test", ".env"]),
    row(&["rules", "test", "identity-of-nobody.txt"]),
    row(&["encrypt", ".env"]),
    row(&["encrypt", "-r", "{C}", ".env"]),
    row(&["encrypt", "-r", "AGE-SECRET-KEY-1{C}", ".env"]),
    row(&["encrypt", "-r", "ssh-ed25519 {C}", ".env"]),
    row(&["init", "-r", "{C}"]),
    row(&["init"]),
    row(&["init"]),
    row(&["scan"]),
    row(&["encrypt", ".env", ".env.production", "config/app.json", "k8s/secret.yaml"]),
    row(&["encrypt", ".env"]),
    row(&["encrypt", "-r", "{PUB}", "bad/a.yaml", "bad/a.json", "bad/a.toml", "redis.conf", "docs/RUNBOOK.md", ".env.odd"]),
    row(&["encrypt", "-i", "identity-of-nobody.txt", "--allow-open-identity", ".env"]),
    row(&["encrypt", ".env", "gone.env"]),
    row(&["encrypt", "not-sealed.age"]),
    row(&["scan"]),
    handing_on(&["decrypt", ".env.age"]),
    handing_on(&["decrypt", "k8s/secret.yaml.age"]),
    row(&["decrypt", "-o", ".env", ".env.age"]),
    row(&["decrypt", "-o", "gone/.env", ".env.age"]),
    row(&["decrypt", ".env"]),
    row(&["decrypt", "not-sealed.age"]),
    row(&["decrypt", "not-sealed-either.age"]),
    row(&["decrypt", "-i", "identity-of-nobody.txt", ".env.age"]),
    row(&["decrypt", "-i", "identity-of-nobody.txt", "--allow-open-identity", ".env.age"]),
    row(&["decrypt", "-i", "gone.txt", ".env.age"]),
    fed("identity-of-nobody.txt", &["decrypt", "-i", "-", ".env.age"]),
    fed(".env", &["decrypt", "-"]),
    fed("not-sealed-either.age", &["decrypt", "-"]),
    row(&["--color", "always", "decrypt", "not-sealed-either.age"]),
    handing_on(&["run", "--env-file", ".env", "--", "sh", "-c", "echo \"$DB_PASSWORD\""]),
    handing_on(&["run", "--env-file", ".env.production.age", "--", "env"]),
    row(&["run", "--", "true"]),
    row(&["run", "--env-file", ".env", "--", "no-such-command"]),
    row(&["run", "--env-file", ".env", "--", "./.env"]),
    row(&["run", "--env-file", ".env.odd", "--", "true"]),
    row(&["run", "--env-file", "config/app.json", "--", "true"]),
    row(&["run", "--env-file", "bad/a.yaml", "--", "true"]),
    row(&["run", "--env-file", "docs/RUNBOOK.md", "--", "true"]),
    row(&["run", "--env-file", "src/config.ts", "--", "true"]),
    row(&["run", "--env-file", "not-sealed.age", "--", "true"]),
    row(&["run", "--env-file", "not-sealed-either.age", "--", "true"]),
    row(&["run", "--env-file", ".env.age", "-i", "identity-of-nobody.txt", "--allow-open-identity", "--", "true"]),
    row(&["keygen", "-o", "identity-of-nobody.txt"]),
    row(&["keygen", "-o", "new.txt"]),
    row(&["completions", "bash"]),
    // ---- fix: last, because it changes the planted files ----
    // A file of PLANTED may keep its canary where the plan says "by hand" or "review", so a planted file that changed is only looked at
    // for canaries that it did not hold before; all else that is new in the tree is looked at as after every other row.
    row(&["fix"]),
    row(&["fix", "--include", "review"]),
    row(&["--color", "always", "fix", "--no-ignore"]),
    row(&["fix", "--only", "dev-secret"]),
    row(&["fix", "--include", "review", "--keep-previous", "rings"]),
    row(&["fix", "--promote", "production"]),
    row(&["fix", ".env"]),
    row(&["fix", "gone"]),
    row(&["fix", "bad"]),
    row(&["fix", "--apply", ".env.production"]),
    row(&["fix", "--apply", "config/app.toml", "values.yaml"]),
    row(&["fix", "--apply", "--include", "review"]),
    row(&["fix", "--apply", "--emit", "sops", "--include", "review", "--keep-previous", "rings"]),
    row(&["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review", "--keep-previous", "rings"]),
    row(&["fix", "--apply", "--emit", "plain", "redis.conf"]),
    row(&["fix", "--apply", "--emit", "plain", "--allow-dirty", "config/legacy.ini", "docker-compose.yml"]),
    row(&["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review"]),
    row(&["fix", "--apply", "--promote", "production"]),
    row(&["ledger", "show"]),
    row(&["ledger", "show", "--format", "json"]),
    row(&["ledger", "verify"]),
    row(&["ledger", "verify", "--head", "{C}"]),
    row(&["ledger", "export"]),
    row(&["scan", "--policy-ref", "{C}"]),
    row(&["fix"]),
    row(&["undo", "--list"]),
    row(&["undo", "99"]),
    row(&["undo", "-i", "identity-of-nobody.txt", "--allow-open-identity"]),
    row(&["undo", "--forget"]),
    row(&["scan", "--format", "json"]),
    // ----------------------------------------------------------
];

/// What is run over each of [`FAULTY`].
const OVER_FAULTY: &[&[&str]] = &[
    &["scan"],
    &["scan", "--no-config"],
    &["scan", "--format", "json"],
    &["scan", "--format", "sarif"],
    &["--color", "always", "scan", "harden.toml"],
    &["rules", "list"],
    &["rules", "test"],
    &["rules", "test", "harden.toml"],
    &["rules", "test", ".harden/rules/own.toml"],
    &["rules", "explain", "debug-on"],
    &["baseline", "--prune"],
    &["baseline", "--reason", "x"],
    &["fix"],
    &["fix", "--apply"],
    &["encrypt", "plain.env"],
    &["run", "--", "true"],
    &["init"],
    &["encrypt", "plain.env"],
    &["trust"],
    &["ledger", "show"],
    &["ledger", "verify"],
];

/// A home, a project with the planted files, and what must not be seen.
struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
    canary: &'static str,
    forbidden: Forbidden,
}

impl Desk {
    fn new(canary: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(project.join(".git")).unwrap();
        Self { _dir: dir, home, project, canary, forbidden: Forbidden::new(canary) }
    }

    fn plant(&self, name: &str, text: &str) {
        let path = self.project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(&path).unwrap().write_all(self.fill(text).as_bytes()).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn fill(&self, text: &str) -> String {
        let json = self.canary.replace('\\', "\\\\").replace('"', "\\\"");
        let own = fs::read_to_string(self.home.join(".config/harden/identity.txt")).unwrap_or_default();
        let public = own.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap_or("age1none");
        text.replace("{C}", self.canary)
            .replace("{U}", &percent(self.canary, false))
            .replace("{J}", &json)
            .replace("{B}", &STANDARD.encode(self.canary))
            .replace("{A}", &STANDARD.encode(format!("user:{}", self.canary)))
            .replace("{T}", &signed(self.canary))
            .replace("{H}", &hashed(self.canary))
            .replace("{PUB}", public)
    }

    fn run(&self, args: &[&str], stdin: Option<&str>) -> Output {
        let stdin = stdin.map_or_else(Stdio::null, |name| fs::File::open(self.project.join(name)).unwrap().into());
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command.env_clear().env("HOME", &self.home).env("PATH", "/usr/bin:/bin").env("RUST_BACKTRACE", "full");
        // the file is the last word of what the shell is given
        command.env("EDITOR", "printf 'ADDED=1\\n' >>");
        command.current_dir(&self.project).args(args.iter().map(|arg| self.fill(arg))).stdin(stdin).output().unwrap()
    }

    /// Every file of home and project.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.home.clone(), self.project.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        found
    }

    /// Runs and looks at everything that came of it; what was seen where it may not be, in words without it.
    fn faults(&self, args: &[&str], stdin: Option<&str>, hands_on: bool) -> Vec<String> {
        let before = self.files();
        let output = self.run(args, stdin);
        let mut faults = Vec::new();
        let mut look = |place: &str, bytes: &[u8]| {
            if let Some(form) = self.forbidden.seen_in(bytes) {
                faults.push(format!("{args:?} (stdin {stdin:?}): {place} holds a canary {form}"));
            }
        };
        look("stderr", &output.stderr);
        if !hands_on {
            look("stdout", &output.stdout);
        }
        for (path, bytes) in self.files() {
            let old = before.get(&path);
            let held = old.is_some_and(|old| self.forbidden.seen_in(old).is_some());
            if old != Some(&bytes) && !held {
                look(&path.display().to_string(), &bytes);
            }
        }
        if output.status.code().is_none_or(|code| code == 101) {
            faults.push(format!("{args:?} (stdin {stdin:?}): {}", output.status));
        }
        faults
    }
}

/// The forms of a canary, cut into the shortest pieces that may not be seen.
struct Forbidden {
    pieces: Vec<(&'static str, Vec<u8>)>,
}

impl Forbidden {
    fn new(canary: &str) -> Self {
        let mut pieces: Vec<(&'static str, Vec<u8>)> = Vec::new();
        let mut add = |form: &'static str, text: &str, width: usize| {
            let chars: Vec<char> = text.chars().collect();
            for window in chars.windows(width.min(chars.len())) {
                pieces.push((form, window.iter().collect::<String>().to_lowercase().into_bytes()));
            }
        };
        add("as it is", canary, PIECE);
        add("in percent signs", &percent(canary, false), PIECE * 3);
        add("all in percent signs", &percent(canary, true), PIECE * 3);
        let hex = canary.bytes().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        add("in hex", &hex, PIECE * 2);
        add("escaped for HTML", &canary.replace('&', "&amp;").replace('<', "&lt;"), PIECE * 2);
        // a canary may begin at any of three places of a group of base64; the characters at both ends depend on the neighbours
        for lead in 0..3 {
            let encoded = STANDARD.encode(format!("{}{canary}", &"..."[..lead]));
            let core = &encoded[(lead * 4).div_ceil(3)..(lead + canary.len()) * 4 / 3];
            add("in base64", core, PIECE * 4 / 3);
            add("in base64url", &core.replace('+', "-").replace('/', "_"), PIECE * 4 / 3);
        }
        pieces.retain(|(_, piece)| piece.len() >= PIECE);
        Self { pieces }
    }

    /// How a canary is in `bytes`, if it is.
    fn seen_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        self.pieces.iter().find(|(_, piece)| text.contains(std::str::from_utf8(piece).unwrap())).map(|(form, _)| *form)
    }
}

fn percent(text: &str, all: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() && !all {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// A token of HS256, with the canary among its claims.
fn signed(canary: &str) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};
    let claims = serde_json::json!({ "role": "anon", "note": canary }).to_string();
    let head = format!("{}.{}", URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(canary.as_bytes()).unwrap();
    mac.update(head.as_bytes());
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// A bcrypt hash at a cost that takes a millisecond.
fn hashed(canary: &str) -> String {
    use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
    let own = GeneralPurpose::new(&base64::alphabet::BCRYPT, GeneralPurposeConfig::new().with_encode_padding(false));
    let salt = *b"sixteen of these";
    let digest = bcrypt::bcrypt(4, salt, &[canary.as_bytes(), &[0]].concat());
    format!("$2b$04${}{}", own.encode(salt), own.encode(&digest[..23]))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} leaks:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_test_itself_sees_every_form() {
    for canary in CANARIES {
        let forbidden = Forbidden::new(canary);
        let url = STANDARD.encode(format!("user:{canary}@host")).replace('+', "-").replace('/', "_");
        let middle: String = canary.chars().skip(1).take(PIECE).collect();
        let hex: String = canary.bytes().map(|byte| format!("{byte:02X}")).collect();
        for text in [*canary, &percent(canary, false), &percent(canary, true), &STANDARD.encode(canary), &url, &middle, &hex] {
            assert!(forbidden.seen_in(format!("see: {text}, there").as_bytes()).is_some(), "a form of {} characters", text.len());
        }
        assert!(forbidden.seen_in("\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}\u{2022}".as_bytes()).is_none());
    }
}

#[test]
fn no_command_shows_or_writes_a_secret() {
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        PLANTED.iter().for_each(|(name, text)| desk.plant(name, text));
        for format in ["human", "json", "jsonl", "sarif", "gitlab", "github", "junit", "markdown"] {
            faults.extend(desk.faults(&["scan", "--format", format, "--no-ignore"], None, false));
            // of what is told of one file by itself, the longest and the shortest forms show what the others would
            for (name, _) in PLANTED.iter().filter(|_| matches!(format, "human" | "jsonl")) {
                faults.extend(desk.faults(&["scan", "--format", format, name], None, false));
            }
        }
        for row in COMMANDS {
            faults.extend(desk.faults(row.args, row.stdin, row.hands_on));
        }
        // the desk was used: findings were made, files were sealed and opened
        let sealed = desk.files().into_keys().filter(|path| path.extension().is_some_and(|e| e == "age")).count();
        assert!(sealed > 10, "only {sealed} sealed files");
        assert!(!desk.run(&["scan", "--format", "jsonl"], None).stdout.is_empty());
        let opened = desk.run(&["decrypt", ".env.age"], None).stdout;
        assert!(desk.forbidden.seen_in(&opened).is_some(), "decrypt handed nothing on");
    }
    assert_none(&faults);
}

/// A tree large enough for the cache, with files that are clean in spite of a canary in them.
#[test]
fn what_is_remembered_of_a_scan_holds_no_secret() {
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        PLANTED.iter().for_each(|(name, text)| desk.plant(name, text));
        (0..210).for_each(|n| desk.plant(&format!("filler/{n}.md"), &format!("Chapter {n} is about {{C}}.\n")));
        for _ in 0..2 {
            for format in ["human", "json", "sarif"] {
                faults.extend(desk.faults(&["scan", "--format", format], None, false));
            }
        }
        let kept = desk.files().into_keys().filter(|path| path.starts_with(desk.home.join(".cache/harden"))).count();
        let again = String::from_utf8(desk.run(&["scan"], None).stdout).unwrap();
        assert!(kept == 1 && again.contains("clean as in an earlier scan"), "{kept} files: {again}");
    }
    assert_none(&faults);
}

/// What is run where sops files are made. Only names that announce a secret hold the canary: other values stay readable, as sops has it.
const FOR_SOPS: &[Row] = &[
    row(&["encrypt", "--emit", "sops", ".env"]),
    row(&["init"]),
    row(&["encrypt", "--emit", "sops", "app.env", "compose.yml", "values.yaml", "k8s.yaml", "app.json", "block.yaml"]),
    row(&["encrypt", "--emit", "sops", "--hand-editable", "other.yaml"]),
    row(&["encrypt", "--emit", "sops", "app.env"]),
    row(&["encrypt", "--emit", "sops", "comment.env"]),
    row(&["encrypt", "--emit", "sops", "comment.yaml"]),
    row(&["encrypt", "--emit", "sops", "name.yaml"]),
    row(&["encrypt", "--emit", "sops", "bad.json", "bad.yaml"]),
    row(&["encrypt", "--emit", "sops", "lines.env"]),
    row(&["encrypt", "--emit", "sops", "-r", "{C}", "lines.env"]),
    handing_on(&["decrypt", "app.sops.env"]),
    handing_on(&["decrypt", "values.sops.yaml"]),
    handing_on(&["run", "--env-file", "app.sops.env", "--", "env"]),
    row(&["run", "--env-file", "values.sops.yaml", "--", "true"]),
    row(&["decrypt", "-o", "gone/x", "app.sops.env"]),
    row(&["keygen", "-o", "other.txt"]),
    row(&["decrypt", "-i", "other.txt", "app.sops.env"]),
    row(&["decrypt", "not-sealed.sops.yaml"]),
    row(&["decrypt", "not-sealed.sops.env"]),
    row(&["decrypt", "not-sealed.sops.json"]),
    row(&["run", "--env-file", "not-sealed.sops.env", "--", "true"]),
    row(&["scan", "--format", "json"]),
    row(&["fix", "--emit", "sops", "app.env"]),
    row(&["fix", "--emit", "sops", "--apply", "--include", "review", "app.env", "values.yaml", "k8s.yaml"]),
    row(&["fix", "--emit", "sops", "--apply", "--include", "review", "fresh.env", "fresh.yaml"]),
    row(&["fix", "--emit", "sops", "--apply", "--include", "review", "not-sealed.sops.yaml"]),
    row(&["fix", "--emit", "plain", "--apply", "app.env"]),
    row(&["fix", "--apply", "app.env"]),
];

#[test]
fn no_sops_file_and_no_word_about_one_holds_a_secret() {
    let planted = [
        (".env", "DB_PASSWORD={J}\n"),
        ("app.env", "DB_PASSWORD=\"{J}\"\nDATABASE_URL=postgres://app:{U}@db.example.com/app\nUSER=app\n"),
        ("fresh.env", "API_TOKEN='{U}'\nexport SECRET_KEY={U} # the key\n"),
        ("fresh.yaml", "a: &a {password: \"{J}\", user: x}\nb:\n  <<: *a\n  tokens: [\"{J}\", 5]\n"),
        ("compose.yml", "services:\n  db:\n    environment:\n      - POSTGRES_PASSWORD={U}\n      - POSTGRES_USER=app\n"),
        ("values.yaml", "auth:\n  password: &pw \"{J}\"\n  copy: *pw\n  user: app\nsame: *pw\n"),
        ("k8s.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  password: {B}\n---\nstringData:\n  token: \"{J}\"\n"),
        ("app.json", "{\"db\": {\"password\": \"{J}\", \"port\": 5432}, \"tokens\": [\"{J}\"]}\n"),
        ("block.yaml", "private_key: |\n  {U}\n  {U}\nuser: app\n"),
        ("other.yaml", "password: '{U}'\nuser: app\n"),
        ("comment.env", "PASSWORD={U}\n# OLD_PASSWORD={U}\n"),
        ("comment.yaml", "password: {U}\n# password: {U}\n"),
        ("name.yaml", "{U}: x\n1: x\npassword: {U}\n"),
        ("bad.json", "{\"password\": \"{J}\", // {C}\n}"),
        ("bad.yaml", "password: \"{J}\n- {C}\n"),
        ("lines.env", "PASSWORD='{U}\n{U}'\n"),
        ("not-sealed.sops.yaml", "password: {U}\nsops:\n  mac: {U}\n  lastmodified: {U}\n  age:\n    - enc: {U}\n      recipient: {U}\n"),
        ("not-sealed.sops.env", "PASSWORD={U}\nsops_mac={U}\nsops_lastmodified={U}\nsops_age__list_0__map_enc={U}\n"),
        (
            "not-sealed.sops.json",
            "{\"password\": \"{U}\", \"sops\": {\"mac\": \"{U}\", \"lastmodified\": \"{U}\", \"kms\": [{\"enc\": \"{U}\"}]}}",
        ),
    ];
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        planted.iter().for_each(|(name, text)| desk.plant(name, text));
        for row in FOR_SOPS {
            faults.extend(desk.faults(row.args, row.stdin, row.hands_on));
        }
        let sealed = desk.files().into_keys().filter(|path| path.to_string_lossy().contains(".sops.")).count();
        assert!(sealed >= 8, "only {sealed} sops files");
        assert!(desk.forbidden.seen_in(&desk.run(&["decrypt", "values.sops.yaml"], None).stdout).is_some(), "decrypt handed nothing on");
    }
    assert_none(&faults);
}

/// What is run over sealed files that are changed.
const FOR_CHANGES: &[Row] = &[
    row(&["edit", ".env"]),
    row(&["rekey"]),
    fed("value.txt", &["set", "DB_PASSWORD", ".env"]),
    row(&["init"]),
    row(&["rekey"]),
    row(&["encrypt", ".env", "app.json", "broken.yaml", "text.txt"]),
    row(&["encrypt", "--emit", "sops", "app.yaml", "app.env"]),
    row(&["edit", ".env"]),
    row(&["edit", "app.json"]),
    row(&["edit", "broken.yaml.age"]),
    row(&["edit", "app.env"]),
    row(&["edit", "app.sops.yaml"]),
    row(&["edit", "not-sealed.age"]),
    row(&["edit", "not-sealed.sops.yaml"]),
    row(&["edit", "text.txt"]),
    fed("value.txt", &["set", "DB_PASSWORD", ".env"]),
    fed("value.txt", &["set", "NEW_SECRET", ".env"]),
    fed("value.txt", &["set", "--strict", "DB_PASSWORD", "plain.env"]),
    fed("value.txt", &["set", "PLAIN_PASSWORD", "plain.env"]),
    fed("value.txt", &["set", "db.password", "app.json"]),
    fed("value.txt", &["set", "db.more", "app.json"]),
    fed("value.txt", &["set", "password", "app.sops.yaml"]),
    fed("value.txt", &["set", "user", "app.sops.yaml"]),
    fed("value.txt", &["set", "fresh", "app.sops.yaml"]),
    fed("value.txt", &["set", "API_TOKEN", "app.sops.env"]),
    fed("value.txt", &["set", "password", "broken.yaml"]),
    fed("value.txt", &["set", "password", "text.txt"]),
    fed("value.txt", &["set", "password", "not-sealed.sops.yaml"]),
    fed("value.txt", &["set", "DB_PASSWORD={C}", ".env"]),
    fed("value.txt", &["set", "DB_PASSWORD", "{C}"]),
    fed("value.txt", &["set", "a..b", ".env"]),
    row(&["set", "DB_PASSWORD", ".env"]),
    row(&["git-textconv", ".env"]),
    row(&["git-textconv", ".env.age"]),
    row(&["git-textconv", "app.json.age"]),
    row(&["git-textconv", "app.sops.yaml"]),
    row(&["git-textconv", "-i", "gone.txt", "app.sops.yaml"]),
    row(&["git-textconv", "broken.yaml"]),
    row(&["git-textconv", "text.txt"]),
    row(&["git-textconv", "value.txt"]),
    row(&["git-textconv", "not-sealed.age"]),
    row(&["git-textconv", "not-sealed.sops.yaml"]),
    row(&["git-textconv", "name.yaml"]),
    row(&["rekey", "--check"]),
    row(&["keygen", "-o", "other.txt"]),
    row(&["init", "-r", "{PUB}"]),
    row(&["rekey", "--check", "."]),
    row(&["rekey", "--apply", "not-sealed.age"]),
    row(&["rekey", "--apply", "not-sealed.sops.yaml"]),
    row(&["rekey", "--apply", "-i", "other.txt", ".env.age"]),
    row(&["rekey", "--apply"]),
    row(&["encrypt", "--remove-plain", "plain.env"]),
    row(&["encrypt", "--remove-plain", "--emit", "sops", "block.yaml"]),
    row(&["encrypt", "--remove-plain", "-i", "other.txt", ".env"]),
    row(&["undo", "--list"]),
    row(&["scan", "--format", "json"]),
];

#[test]
fn no_change_of_a_sealed_file_shows_or_writes_a_secret() {
    let planted = [
        ("value.txt", "{C}\n"),
        (".env", "DB_PASSWORD='{J}'\nUSER=app\n"),
        ("plain.env", "PLAIN_PASSWORD='{J}'\n"),
        ("app.json", "{\"db\": {\"password\": \"{J}\"}}\n"),
        ("app.yaml", "password: \"{J}\"\nuser: app\n"),
        ("app.env", "API_TOKEN={U}\nUSER=app\n"),
        ("block.yaml", "private_key: |\n  {U}\n  {U}\nuser: app\n"),
        ("broken.yaml", "password: \"{J}\n- {C}\n"),
        ("text.txt", "password: {C}\n"),
        ("name.yaml", "\"https://app:{U}@db.example.com/\": 1\n"),
        ("not-sealed.age", "-----BEGIN AGE ENCRYPTED FILE-----\n{C}\n-----END AGE ENCRYPTED FILE-----\n"),
        ("not-sealed.sops.yaml", "password: {U}\nsops:\n  mac: {U}\n  lastmodified: {U}\n  age:\n    - enc: {U}\n      recipient: {U}\n"),
    ];
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        planted.iter().for_each(|(name, text)| desk.plant(name, text));
        for row in FOR_CHANGES {
            faults.extend(desk.faults(row.args, row.stdin, row.hands_on));
        }
        // it was done: the value was set, the line was added, the plain file is gone
        let opened = desk.run(&["decrypt", ".env.age"], None).stdout;
        let memory = Path::new("/dev/shm").is_dir();
        assert!(desk.forbidden.seen_in(&opened).is_some() && (!memory || opened.windows(7).any(|piece| piece == b"ADDED=1")));
        assert!(!desk.project.join("plain.env").exists());
        assert!(desk.forbidden.seen_in(&desk.run(&["decrypt", "app.sops.yaml"], None).stdout).is_some());
    }
    assert_none(&faults);
}

/// Where secrets leave their files for an env file, only that file gets them, and what is told of it shows nothing.
#[test]
fn what_is_told_of_references_shows_nothing() {
    let mut faults = Vec::new();
    for canary in CANARIES {
        let desk = Desk::new(canary);
        let planted = [
            (
                "app/docker-compose.yml",
                "services:\n  db:\n    image: postgres:16\n    environment:\n      POSTGRES_PASSWORD: '{C}'\n      UPLOAD_TOKEN: '{C}'\n  web:\n    image: web\n    command: web --redis-password {C}\n    environment:\n      - URL=postgres://app:{U}@db/app\n      - JWT_SECRET=${JWT_SECRET:-{C}}\n      - 'CONFIG={\"password\": \"{J}\"}'\n",
            ),
            ("app/src/a.js", "const k = process.env.JWT_SECRET || '{C}';\nconst t = process.env.MAIL_TOKEN ?? \"{J}\";\n"),
            ("app/src/b.py", "import os\nK = os.environ.get('SECRET_KEY', '{C}')\n"),
            ("app/run.sh", "#!/bin/sh\nexport ADMIN_PASSWORD='{C}'\nA_TOKEN=${A_TOKEN:-{C}}\n"),
            (
                "app/src/main/resources/application.yml",
                "spring:\n  datasource:\n    password: '{C}'\n    url: ${DB_URL:postgres://app:{U}@db/app}\n",
            ),
            ("k8s/a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  DB_PASSWORD: '{C}'\n"),
            (
                "k8s/b.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: w\nspec:\n  template:\n    spec:\n      containers:\n        - name: w\n          env:\n            - name: DB_PASSWORD\n              value: '{C}'\n            - name: JWT_SECRET\n              value: '{C}'\n",
            ),
            ("config/database.yml", "production:\n  password: <%= ENV['DB_PASSWORD'] || '{C}' %>\n"),
        ];
        planted.iter().for_each(|(name, text)| desk.plant(name, text));
        let review = ["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review"];
        for args in [&["fix"][..], &["fix", "--include", "review"], &["fix", "--emit", "plain"], &["fix", "--only", "hardcoded-secret"]] {
            faults.extend(desk.faults(args, None, false));
        }
        // the env file is where they go: what else is written, and what is said, is looked at
        let output = desk.run(&review, None);
        let said = [output.stdout, output.stderr].concat();
        faults.extend(desk.forbidden.seen_in(&said).map(|seen| format!("{review:?}: {seen}")));
        for (path, text) in
            desk.files().into_iter().filter(|(p, _)| !p.ends_with(".env") && !planted.iter().any(|(name, _)| p.ends_with(name)))
        {
            faults.extend(desk.forbidden.seen_in(&text).map(|seen| format!("{}: {seen}", path.display())));
        }
        assert!(String::from_utf8_lossy(&said).contains(" becomes "), "{}", String::from_utf8_lossy(&said));
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
