//! What shows across files, and what is no finding at all, through the program.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const SESSION: &str = "3RFvW0pXb7c2yq9KJt5uLzA1dGhSnE8mQo4iVwYxTgU";
const PASSWORD: &str = "Xq7fP2mKvR9tLw3z";

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("folder");
        fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).expect("file");
    }
    folder
}

/// What a scan of `files` prints in `format`.
fn output(files: &[(&str, &str)], format: &str) -> String {
    let folder = tree(files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
    let output = command.args(["scan", "--no-ignore", "--format", format, "."]).current_dir(folder.path()).output().expect("runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `file:line rule severity` of every finding, and all that was said.
fn scan(files: &[(&str, &str)], options: &[&str]) -> (Vec<String>, String) {
    let folder = tree(files);
    let run = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command.args(["scan", "--no-ignore", "--format", format]).args(options).arg(".").current_dir(folder.path());
        let output = command.output().expect("runs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let found = run("jsonl");
    let rows = found.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let text = |v: &serde_json::Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    let rows = rows.filter(|v| v.get("rule").is_some());
    let rows = rows.map(|v| format!("{}:{} {} {}", text(&v["file"]), v["line"], text(&v["rule"]), text(&v["severity"]))).collect();
    (rows, run("human") + &found)
}

fn of_rule<'r>(rows: &'r [String], rule: &str) -> Vec<&'r str> {
    rows.iter().filter(|r| r.contains(rule)).map(String::as_str).collect()
}

#[test]
fn a_live_secret_is_found_again_in_any_text_and_never_shown() {
    let env = format!("SESSION_SECRET={SESSION}\nPOSTGRES_PASSWORD={PASSWORD}\n");
    let compose =
        format!("services:\n  app:\n    image: app\n    environment:\n      URL: postgres://app:{PASSWORD}@db/app?sslmode=verify-full\n");
    let page = format!("<p>first</p>\n<p>Key: {SESSION} and {PASSWORD}</p>\n<p>{SESSION}9</p>\n");
    let encoded = "see M1JGdlcwcFhiN2MyeXE5S0p0NXVMekExZEdoU25FOG1RbzRpVndZeFRnVQ==\n";
    let files =
        [(".env", env.as_str()), ("compose.yml", &compose), ("docs/a.html", &page), ("notes.md", encoded), ("src/a.ts", "const a = 1;\n")];
    let (rows, said) = scan(&files, &[]);
    assert_eq!(
        of_rule(&rows, "live-secret-copied"),
        ["docs/a.html:2 live-secret-copied high", "docs/a.html:2 live-secret-copied high", "notes.md:1 live-secret-copied high"]
    );
    assert!(!said.contains(SESSION) && !said.contains(PASSWORD) && !said.contains("M1JGdlcw"), "a secret is shown");
}

#[test]
fn comments_encoded_texts_and_indexes_hold_copies_and_mounted_files_do_not() {
    let env = format!("# before: {PASSWORD}\nPOSTGRES_PASSWORD={PASSWORD}\n");
    // `metrics:PASSWORD` in base64, in a header that a page of the search index quotes
    let index = "{\"docs\":[{\"text\":\"Basic bWV0cmljczpYcTdmUDJtS3ZSOXRMdzN6\"}]}";
    let compose =
        format!("services:\n  db:\n    image: postgres\n    # was {PASSWORD}\n    environment:\n      POSTGRES_PASSWORD: {PASSWORD}\n");
    let mounted = format!("{PASSWORD}\n");
    let files = [(".env", env.as_str()), ("site/search_index.json", index), ("compose.yml", &compose), ("secrets/db.txt", &mounted)];
    let (rows, said) = scan(&files, &[]);
    assert_eq!(
        of_rule(&rows, "live-secret-copied"),
        [".env:1 live-secret-copied high", "compose.yml:4 live-secret-copied high", "site/search_index.json:1 live-secret-copied high"]
    );
    assert!(!said.contains(PASSWORD) && !said.contains("WHE3ZlAy"), "a secret is shown");
}

#[test]
fn the_other_place_is_named_in_every_format() {
    let env = format!("LEVEL=info\nSESSION_SECRET={SESSION}\n");
    let readme = format!("The key is {SESSION}.\n");
    let files = [(".env", env.as_str()), ("README.md", readme.as_str())];
    let json = output(&files, "json");
    let whole: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let copied = |v: &&serde_json::Value| v["rule"] == "live-secret-copied";
    let finding = whole["findings"].as_array().and_then(|list| list.iter().find(copied)).expect("the copy");
    assert_eq!(finding["related"], serde_json::json!([{"file": ".env", "line": 2, "column": 16, "what": "the same secret"}]));
    let sarif = output(&files, "sarif");
    let log: serde_json::Value = serde_json::from_str(&sarif).expect("JSON");
    let copied = |v: &&serde_json::Value| v["ruleId"] == "live-secret-copied";
    let result = log["runs"][0]["results"].as_array().and_then(|list| list.iter().find(copied)).expect("the copy");
    let place = &result["relatedLocations"][0];
    assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], ".env");
    assert_eq!(place["physicalLocation"]["region"], serde_json::json!({"startLine": 2, "startColumn": 16}));
    assert_eq!((&place["id"], &place["message"]["text"]), (&serde_json::json!(0), &serde_json::json!("the same secret")));
    let human = output(&files, "human");
    assert!(human.contains("note: the same secret stands at .env:2:16"), "{human}");
    let all = [json, sarif, human, output(&files, "markdown"), output(&files, "jsonl")].concat();
    assert!(!all.contains(SESSION) && !all.contains(&SESSION[..8]), "a secret is shown");
}

#[test]
fn a_copy_can_be_spoken_for() {
    let env = format!("SESSION_SECRET={SESSION}\n");
    let code = format!("# harden:ignore live-secret-copied the fixture of a test\nassert x == '{SESSION}'\n");
    let (rows, said) = scan(&[(".env", &env), ("app/check.py", &code)], &[]);
    assert_eq!(of_rule(&rows, "live-secret-copied"), [""; 0]);
    assert!(said.contains("1 suppressed by the repository"), "{said}");
    let (rows, _) = scan(&[(".env", &env), ("app/check.py", &code)], &["--no-config"]);
    assert_eq!(of_rule(&rows, "live-secret-copied").len(), 1);
    let allow = "[[allow]]\nrule = \"live-secret-copied\"\npath = \"app/**\"\nreason = \"the fixture of a test\"\n";
    let code = format!("assert x == '{SESSION}'\n");
    let (rows, _) = scan(&[(".env", &env), ("app/check.py", &code), ("harden.toml", allow)], &[]);
    assert_eq!(of_rule(&rows, "live-secret-copied"), [""; 0]);
}

#[test]
fn marks_that_match_nothing_are_told_and_documents_may_speak_of_them() {
    let (_, said) = scan(
        &[("a.env", "# harden:ignore weak-password no longer\nLEVEL=info\n"), ("README.md", "# harden:ignore weak-password why\n")],
        &[],
    );
    assert!(said.contains("a.env:1: `harden:ignore weak-password` matches nothing on its line or the next"), "{said}");
    assert!(!said.contains("README.md:1"), "{said}");
    let (_, said) = scan(&[("a.env", "# harden:ignore kettle-drum-9 why\nLEVEL=info\n")], &[]);
    assert!(said.contains("names no rule") && !said.contains("`harden:ignore kettle"), "{said}");
}

#[test]
fn what_is_missing_is_told_only_where_nothing_provides_it() {
    let compose = "services:\n  app:\n    image: app\n    env_file: app.env\n    environment:\n      API_TOKEN: ${APP_API_TOKEN:?set it}\n";
    let (rows, _) = scan(&[("compose.yml", compose), (".env", "LEVEL=info\n")], &[]);
    assert_eq!(of_rule(&rows, "missing"), ["compose.yml:4 env-file-missing low", "compose.yml:6 required-variable-missing low"]);
    // no repository: the ignore file has the word
    for provided in
        [("app.env.age", "x"), ("app.env.example", "A=1\n"), (".gitignore", "*.env\n"), ("README.md", "Write an app.env first.\n")]
    {
        let (rows, _) = scan(&[("compose.yml", compose), (".env", "APP_API_TOKEN=\n"), provided], &[]);
        assert_eq!(of_rule(&rows, "missing"), [""; 0], "{}", provided.0);
    }
}

#[test]
fn texts_in_other_languages_sealed_values_lock_files_and_generators_are_no_findings() {
    let digest = "9f3c1e7ab04d88529f3c1e7ab04d885f9f3c1e7ab04d88529f3c1e7ab04d885f";
    let cargo = format!("[[package]]\nname = \"secrecy\"\nversion = \"0.8.0\"\nchecksum = \"{digest}\"\n");
    let sealed = "ENC[AES256_GCM,data:Tr7o=,iv:1mGkcwYk3d+x,tag:abcd==,type:str]";
    let yaml = format!("password: {sealed}\nsops:\n  mac: {sealed}\n  version: 3.9.0\n");
    let json = format!("{{\"password\": \"{sealed}\", \"sops\": {{\"mac\": \"{sealed}\"}}}}");
    let env = format!("DB_PASSWORD={sealed}\nsops_mac={sealed}\n");
    let ini = format!("[db]\npassword = {sealed}\n");
    let flake = format!("{{\"nodes\":{{\"secret\":{{\"locked\":{{\"narHash\":\"sha256-{digest}=\",\"rev\":\"{digest}\"}}}}}}}}");
    let page = format!("<script src=\"a.js\" integrity=\"sha384-{digest}\"></script>\n");
    let npm = format!("{{\"lockfileVersion\":3,\"packages\":{{\"node_modules/token\":{{\"integrity\":\"sha512-{digest}==\"}}}}}}");
    let poetry = format!(
        "[[package]]\nname = \"token\"\nfiles = [{{file = \"token.whl\", hash = \"sha256:{digest}\"}}]\n[metadata]\ncontent-hash = \"{digest}\"\n"
    );
    let sum = format!("github.com/a/token v1.0.0 h1:{digest}=\n");
    let compose = format!(
        "services:\n  app:\n    image: app@sha256:{digest}\n    environment:\n      A_PASSWORD: ${{password:32}}\n      B_SECRET: ${{base64:32}}\n      C_PASSWORD: $SERVICE_PASSWORD_C\n"
    );
    let vault = "db_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  62313365396662343061393464336163383764373764613633653634306231386433626436623361\n";
    let cases: &[(&str, &str)] = &[
        ("locales/de.json", "{\"login\": {\"password\": \"Passwort\", \"new_password\": \"Neues Passwort\", \"token\": \"Zugangstoken\"}}"),
        ("locales/fr.yml", "fr:\n  devise:\n    password: \"Mot de passe\"\n    api_key: \"Clef d'API\"\n"),
        ("locales/de.po", "msgid \"secret: %s\"\nmsgstr \"password: geheim\"\n"),
        ("i18n/Strings.de.resx", "<root><data name=\"Password\"><value>Passwort</value></data></root>"),
        ("i18n/Localizable.strings", "\"password\" = \"Passwort\";\n"),
        ("res/messages_de.properties", "login.password=Passwort\nlogin.secret=Geheimes Wort\n"),
        ("secrets.yaml", &yaml),
        ("secrets.json", &json),
        ("a.env", &env),
        ("a.ini", &ini),
        (".env.production", "DB_PASSWORD=\"encrypted:BNr24F4vW9CQ37LOXeRgOL6QlwtJfAoAVXtSdSfpicPDHtqo\"\n"),
        ("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n62313365396662343061393464336163383764373764613633653634306231386433626436623361\n"),
        ("inline.yml", vault),
        (
            "k8s/sealed.yaml",
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: app}\nspec:\n  encryptedData:\n    password: AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq7ySlZ2nBvMrRkPZ0k3xYl0bQ8n1t9pWq==\n",
        ),
        (
            "secrets.ejson",
            "{\"db_password\": \"EJ[1:WGj2t4znULHT1IRveMEdvvNXqZzNBNMsJ5iZVy6Dvxs=:kA6ekF8ViYR5ZLeSmMXWsdLfWr7wn9qS:fcHQtdt6nqcNOXa97=]\"}",
        ),
        (
            "a.txt",
            "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBTRXhhbXBsZQ\n-----END AGE ENCRYPTED FILE-----\n",
        ),
        ("git-crypt.env", "\0GITCRYPT\0abcdefpassword=changeme"),
        (
            "application-prod.properties",
            "spring.datasource.password={cipher}AQA3bXhFc29tZXRoaW5nZW5jcnlwdGVkMTIz\njwt.secret=ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)\n",
        ),
        ("Cargo.lock", &cargo),
        ("flake.lock", &flake),
        ("package-lock.json", &npm),
        ("poetry.lock", &poetry),
        ("go.sum", &sum),
        ("index.html", &page),
        ("compose.yml", &compose),
        (
            ".env",
            "# DB_PASSWORD=\n# API_TOKEN=your-token-here\nDB_PASSWORD=$(openssl rand -hex 32)\nAPI_SECRET=`openssl rand -base64 32`\nTOKEN=op://vault/item/field\nSECRET_B=arn:aws:secretsmanager:eu-west-1:123456789012:secret:x\n",
        ),
        ("main.tf", "resource \"random_password\" \"db\" {\n  length = 32\n}\nlocals {\n  password = random_password.db.result\n}\n"),
        ("group.yml", "db_password: \"{{ lookup('password', 'credentials/db length=32') }}\"\n"),
        (
            "templates/secret.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  password: {{ randAlphaNum 32 | quote }}\n",
        ),
        (
            "lib/a.ts",
            "if (process.env.JWT_SECRET === 'dev-secret') throw new Error('no');\nconst FORBIDDEN = ['changeme', 'dev-secret'];\nconst labels = { password: 'Password', newPassword: 'New password' };\nenum Field { Password = 'password', Token = 'token' }\nconst form = { name: 'password', type: 'password' };\nexpect(user.password).toBe('kettle-drum-9');\nconst a = t('password', 'Password'), TOKEN_KEY = 'auth_token';\n",
        ),
    ];
    let (rows, _) = scan(cases, &[]);
    assert_eq!(rows, [""; 0]);
}

/// Checksums of lock files are none, but what shows by itself is a secret there, too.
#[test]
fn what_shows_by_itself_is_found_in_a_lock_file() {
    let body = "MC4CAQAwBQYDK2VwBCIEIDqPzV1kYc8m3hQmW7eXoT5uJb2nRs9LfAaGdKyCvZxN";
    let key = ["-----BEGIN ", "PRIVATE KEY-----\n", body, "\n-----END ", "PRIVATE KEY-----\n"].concat();
    let token = ["glpat", "-", "k3Jd8sLqPz71mVbX0aRt"].concat();
    let npm = format!("{{\"packages\":{{\"a\":{{\"resolved\":\"https://ci:{token}@npm.kettle-works.com/a.tgz\"}}}}}}");
    let (rows, said) = scan(&[("yarn.lock", &format!("# yarn lockfile v1\n{key}")), ("package-lock.json", &npm)], &[]);
    assert!(rows.len() >= 2, "{rows:?} {said}");
    assert!(said.contains("yarn.lock") && said.contains("package-lock.json"), "{said}");
}

#[test]
fn a_name_that_is_the_copy_itself_is_not_shown() {
    let coded = "M1JGdlcwcFhiN2MyeXE5S0p0NXVMekExZEdoU25FOG1RbzRpVndZeFRnVQ==";
    let (rows, said) = scan(&[(".env", &format!("SESSION_SECRET={coded}\n")), ("docs/key.txt", &format!("{coded}{coded}\n"))], &[]);
    assert_ne!(rows, [""; 0]);
    assert!(!said.contains("M1JGdlcw"), "{said}");
}

/// What production files say of secrets without holding any: names, references, generators, sealed values.
#[test]
fn what_only_speaks_of_secrets_is_no_finding() {
    let external = "apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: shop}
spec:
  secretStoreRef: {name: vault, kind: ClusterSecretStore}
  data:
    - secretKey: password
      remoteRef: {key: shop/db, property: password}
";
    let tasks = "- name: Password of the user
  ansible.builtin.user: {name: deploy, password: \"{{ deploy_password | password_hash('sha512') }}\", update_password: on_create}
";
    let secret = "{{- if not .Values.auth.existingSecret }}
apiVersion: v1
kind: Secret
data:
  password: {{ default (randAlphaNum 32) .Values.auth.adminPassword | b64enc | quote }}
stringData:
  token: {{ required \"a token is needed\" .Values.token | quote }}
{{- end }}
";
    let files = [
        ("k8s/es.yaml", external),
        ("roles/app/tasks/main.yml", tasks),
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/templates/secret.yaml", secret),
        ("src/main/resources/application.properties", "spring.mail.password=@mail.password@\nspring.datasource.password=${DB_PASSWORD}\n"),
        ("appsettings.json", "{\"Jwt\": {\"KeyVaultSecret\": \"jwt-signing\", \"Issuer\": \"https://auth.example.com\"}}\n"),
        (
            "main.tf",
            "variable \"db_password\" {\n  sensitive = true\n}\nresource \"aws_db_instance\" \"db\" {\n  password = random_password.db.result\n  storage_encrypted = true\n}\n",
        ),
        ("config/beans.xml", "<!DOCTYPE c [<!ENTITY pw SYSTEM \"pw.txt\">]>\n<c><password>&pw;</password></c>\n"),
        (".npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n"),
        ("init.sql", "ALTER ROLE app PASSWORD :'pw';\nCREATE TABLE users (password_hash text NOT NULL, reset_token text);\n"),
        (".htpasswd", "admin:$2y$12$KIXQY0uN2bPqZ0m3wE8r6uQv1hT9sLxYjOa5cBdFgHiJkLmNoPqRs\n"),
    ];
    let (rows, _) = scan(&files, &[]);
    assert_eq!(rows, [""; 0]);
    let (rows, _) = scan(&[("README.md", "export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/shop?sslmode=verify-full\n")], &[]);
    assert!(rows.iter().all(|r| r.ends_with(" info")), "{rows:?}");
}
