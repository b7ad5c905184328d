//! Names and texts that stand where a secret could, and the secrets that stand beside them, through the program.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::harness::{command, stdout};

/// `key severity` of every finding of a scan of one file.
fn scan(file: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
    fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).unwrap();
    let mut program = command(env!("CARGO_BIN_EXE_harden"), folder.path(), folder.path());
    let output = program.args(["scan", "--no-config", "--format", "jsonl", "."]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{file} was not looked at");
    let rows = stdout(&output);
    let rows = rows.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).filter(|v| v.get("rule").is_some());
    rows.map(|v| format!("{} {}", v["key"].as_str().unwrap_or_default(), v["severity"].as_str().unwrap_or_default())).collect()
}

/// Fails unless exactly these settings are found, each with its severity.
#[track_caller]
pub(crate) fn finds(file: &str, text: &str, wanted: &[&str]) {
    assert_eq!(scan(file, text), wanted, "{file}");
}

#[track_caller]
pub(crate) fn clean(file: &str, text: &str) {
    finds(file, text, &[]);
}

/// A resource of Kubernetes.
fn resource(kind: &str, rest: &str) -> String {
    format!("apiVersion: example.io/v1\nkind: {kind}\nmetadata:\n  name: web\n{rest}")
}

#[test]
fn a_key_beside_a_path_or_an_object_selects_an_entry() {
    let volumes = "spec:\n  volumes:\n    - secret:\n        secretName: web\n        items:\n          - key: password\n            path: db-password\n    - \
                   projected:\n        sources:\n          - secret: {name: web, items: [{key: admin, path: admin}]}\n          - configMap: {items: [{key: changeme, path: x}]}\n";
    clean("pod.yaml", &resource("Pod", volumes));
    let provider =
        "spec:\n  secretObjects:\n    - secretName: web\n      data:\n        - key: password\n          objectName: db-password\n";
    clean("provider.yaml", &resource("SecretProviderClass", provider));
    let external = "spec:\n  target:\n    template:\n      data:\n        password: \"{{ .password }}\"\n  data:\n    - secretKey: password\n      \
                    remoteRef: {key: admin, property: password}\n  dataFrom:\n    - extract:\n        key: secret\n";
    clean("external.yaml", &resource("ExternalSecret", external));
    clean("kafka.yaml", &resource("KafkaConnect", "spec:\n  passwordSecret:\n    secretName: web\n    password: password\n"));
    let store =
        "spec:\n  parameters:\n    objects: |\n      - objectName: db\n        secretPath: secret/data/db\n        secretKey: password\n";
    clean("store.yaml", &resource("SecretProviderClass", store));
    let chart = "spec:\n  volumes:\n    - secret:\n        items:\n          - key: {{ .Values.passwordKey | default \"password\" }}\n            path: password\n";
    clean("templates/pod.yaml", &resource("Pod", chart));
    let config = "data:\n  app.yml: |\n    jwt:\n      key: changeme\n      path: /auth\n";
    finds("config.yaml", &resource("ConfigMap", config), &["data.\"app.yml\".jwt.key high"]);
    finds("secret.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  key: changeme\n  path: /x\n", &["stringData.key high"]);
    finds("app.yml", "jwt:\n  key: changeme\n  secretName: ''\n", &["jwt.key high"]);
}

#[test]
fn charts_name_objects_and_their_keys() {
    clean(
        "chart/values.yaml",
        "redis:\n  existingSecret: web-redis\n  passwordKey: password\n  userPasswordKey: redis-password\nsmtp:\n  secretName: smtp\n  secretKey: \
         password\ntlsSecret: my-tls\ncertSecret: web-cert\ndbSecret: web-db-secret\npullSecret: regcred\npasswordSecret: web-db\n\
         passwordSecretKey: password\njwt:\n  secretName: web-jwt\n  key: secret\nsecretKeys:\n  adminPassword: admin-password\ningress:\n  \
         annotations:\n    nginx.ingress.kubernetes.io/auth-secret: basic-auth\n    nginx.ingress.kubernetes.io/auth-tls-secret: \
         default/ca-secret\nimagePullSecrets:\n  - regcred\n",
    );
    finds(
        "chart/values.yaml",
        "clientSecret: hunter2-hunter2\njwtSecret: changeme\nadminSecret: supersecret\nsecretKey: changeme-please\nsecret: \
         s3cr3t\nwebhookSecret: webhook-secret\ndbSecret: super-secret\ndjango:\n  secretKey: secret\nredis:\n  existingSecret: ''\n  \
         passwordKey: changeme\nsecretKeys:\n  password: hunter2\nbasicAuth:\n  secret: s3cr3t\npasswordSecret: hunter2\n",
        &[
            "clientSecret high",
            "jwtSecret high",
            "adminSecret critical",
            "secretKey high",
            "secret critical",
            "webhookSecret critical",
            "dbSecret critical",
            "django.secretKey critical",
            "redis.passwordKey high",
            "secretKeys.password critical",
            "basicAuth.secret critical",
            "passwordSecret critical",
        ],
    );
}

#[test]
fn a_companion_makes_a_key_of_a_secret() {
    clean(
        "values.yaml",
        "psql:\n  password:\n    secret: web-postgresql\n    key: postgresql-password\nredis:\n  existingSecret: redis\n  authKey: \
         auth\nexternalSecrets:\n  data:\n    - secretKey: password\n      remoteRef:\n        key: secret/data/x\n",
    );
    finds(
        "values.yaml",
        "oauth:\n  key: changeme\n  secret: s3cr3t\nweb:\n  name: foo\n  encryptionKey: secret\ndisk:\n  existingClaim: x\n  encryptionKey: \
         password\n",
        &["oauth.key high", "oauth.secret critical", "web.encryptionKey critical", "disk.encryptionKey critical"],
    );
}

#[test]
fn resources_name_objects() {
    clean("a.yaml", &resource("Middleware", "spec:\n  basicAuth:\n    secret: authsecret\n"));
    clean("b.yaml", &resource("ServersTransport", "spec:\n  certificatesSecrets:\n    - my-cert\n  rootCAsSecrets:\n    - root-ca\n"));
    clean(
        "c.yaml",
        &resource("Database", "spec:\n  clientTLS:\n    certSecret: db-client\n  certificates:\n    serverTLSSecret: db-server-tls\n"),
    );
    clean("d.yaml", &resource("Issuer", "spec:\n  acme:\n    privateKeySecretRef:\n      name: account-key\n"));
    let annotations = "  annotations:\n    ingress.kubernetes.io/auth-secret: admin\n    \
                       vault.hashicorp.com/agent-inject-secret-password: secret/data/db\n";
    clean("e.yaml", &resource("Ingress", annotations));
    let release = "spec:\n  values:\n    secret: s3cr3t\n    basicAuth:\n      secret: changeme\n";
    finds("f.yaml", &resource("HelmRelease", release), &["spec.values.secret critical", "spec.values.basicAuth.secret high"]);
    let thing = "  annotations:\n    example.com/api-token: 8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e\nspec:\n  clientSecret: changeme\n  jwtSecret: supersecret\n";
    let wanted = ["metadata.annotations.\"example.com/api-token\" medium", "spec.clientSecret high", "spec.jwtSecret critical"];
    finds("g.yaml", &resource("Thing", thing), &wanted);
}

#[test]
fn commands_have_names_and_their_text_is_read() {
    clean("package.json", r#"{"scripts": {"reset-password": "node scripts/reset.js", "secret": "admin", "token": "ts-node token.ts"}}"#);
    clean("composer.json", r#"{"scripts": {"password": ["php password.php", "@token"]}, "scripts-descriptions": {"secret": "Makes one"}}"#);
    clean("deno.json", r#"{"tasks": {"token": "deno run token.ts"}}"#);
    clean("Taskfile.yml", "tasks:\n  secret: openssl rand -hex 32\n  token: admin\n  password:\n    - go run ./password\n");
    clean("Pipfile", "[scripts]\nsecret = \"python secret.py\"\ntoken = \"admin\"\n");
    clean(
        "pyproject.toml",
        "[project.scripts]\nsecret = \"x:secret\"\n[project.entry-points.\"x.y\"]\npassword = \"x:Password\"\n[tool.pdm.scripts]\ntoken = {cmd = \
         \"python token.py\"}\n[tool.poe.tasks]\nsecret = \"python -m secret\"\n[tool.hatch.envs.default.scripts]\npassword = [\"python a.py\"]\n",
    );
    finds(
        "package.json",
        r#"{"scripts": {"reset-password": "PGPASSWORD=hunter2 psql -h db", "dev": "DB_PASSWORD=postgres next dev",
            "test:e2e": "ADMIN_PASSWORD=admin123 playwright test"}, "config": {"password": "hunter2"}}"#,
        &[
            "scripts.reset-password.PGPASSWORD critical",
            "scripts.dev.DB_PASSWORD info",
            "scripts.\"test:e2e\".ADMIN_PASSWORD info",
            "config.password critical",
        ],
    );
    finds(
        "pyproject.toml",
        "[tool.poe.tasks.migrate]\nenv = {DB_PASSWORD = \"hunter2\"}\n",
        &["tool.poe.tasks.migrate.env.DB_PASSWORD critical"],
    );
    finds("playbook.yml", "- tasks:\n    - password: hunter2\n", &["[0].tasks[0].password critical"]);
    finds("app.json", r#"{"scripts": {"password": "hunter2"}}"#, &["scripts.password critical"]);
    finds("app.yml", "tasks:\n  token: ab/Cd9fG3hJ5kL7mN9pQ2rS4tU6vW8==\n", &["tasks.token medium"]);
}

#[test]
fn packages_have_names() {
    clean("composer.json", r#"{"require": {"a/jwt-secret": "^2", "symfony/token": "dev-main"}, "replace": {"a/token": "self.version"}}"#);
    clean("deno.json", r#"{"imports": {"csrf-token": "npm:csrf-token@^1", "@std/secret": "jsr:@std/secret", "token": "./token.ts"}}"#);
    clean("tsconfig.json", r#"{"compilerOptions": {"paths": {"api-key": ["packages/api-key/src"], "@secret": ["src/secret"]}}}"#);
    clean(
        "libs.versions.toml",
        "[versions]\nsecret = \"2.0\"\n[libraries]\njwt-secret = \"io.jsonwebtoken:jjwt-api:0.12.5\"\n[plugins]\nsecrets = \
         \"com.google.android.libraries.mapsplatform.secrets-gradle-plugin:2.0.1\"\n",
    );
    clean(
        "package.json",
        r#"{"exports": {"./secret": "./dist/secret.js", "./password": "./password"}, "pnpm": {"overrides": {"secret": "-"}},
            "resolutions": {"token": "npm:a@1"}, "jest": {"moduleNameMapper": {"^secret$": "<rootDir>/secret", "token": "admin"}},
            "peerDependencies": {"secret": "portal:../x"}}"#,
    );
    finds(
        "package.json",
        r#"{"dependencies": {"a": "git+https://user:hunter2@git.kettle.io/a.git"}, "publishConfig": {"token": "8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e"}}"#,
        &["dependencies.a critical", "publishConfig.token medium"],
    );
    finds(
        "settings.json",
        r#"{"imports": {"password": "hunter2"}, "overrides": {"token": "changeme"}}"#,
        &["imports.password critical", "overrides.token high"],
    );
}

#[test]
fn texts_for_people_are_no_passwords() {
    let texts = "login.password=Password\npasswordRequired=Required\nforgotPassword=Forgot?\nlogin.secret=Secret\napi.token=API Token\n\
                 error.password=Invalid password!\n";
    for file in ["messages.properties", "labels.properties", "ValidationMessages.properties", "ValidationMessages_pt_BR.properties"] {
        clean(file, texts);
    }
    clean(
        "strings.json",
        r#"{"password": "Password", "newPassword": "New", "apiKey": "API key", "errors": {"password": "must be at least 8 long"}}"#,
    );
    clean("i18n/app.yml", "login:\n  password: Password\n  token: Token\nsecret: Secret\n");
    clean("main.ftl", "password = Password\nlogin-secret = Secret\n");
    clean("res/values/strings.xml", "<resources><string name=\"password\">Password</string></resources>\n");
    clean("a.resx", "<root><data name=\"Password\"><value>Password</value></data></root>\n");
    finds("application.properties", "spring.datasource.password=Password\n", &["\"spring.datasource.password\" critical"]);
    finds("i18n/application.properties", "spring.datasource.password=Password\n", &["\"spring.datasource.password\" critical"]);
    finds("i18n/config.yml", "password: hunter2\nsmtp:\n  password: changeme\n", &["password critical", "smtp.password high"]);
    finds(
        "messages.properties",
        "db.password=hunter2\nmail.password=changeme\napi.password=Welcome1\n",
        &["\"db.password\" critical", "\"mail.password\" high", "\"api.password\" critical"],
    );
}

#[test]
fn maps_of_names_hold_names() {
    clean(
        "a.yaml",
        "headers:\n  api_key: X-Api-Key\n  token: Authorization\ncolumns:\n  password: passwd\n  secret: secret\nerrorCodes:\n  password: \
         INVALID_PASSWORD\nargTypes:\n  password: text\nrules:\n  password: required|min:8\ninputTypes:\n  password: password\nfields:\n  token: \
         access_token\nlabels:\n  password: Password\nicons:\n  secret: fa-lock\ncolors:\n  token: \"#1e90ff\"\n  secret: \"#fff\"\nroutes:\n  \
         token: token\nselectors:\n  password: \"#password\"\n  secret: input[name=password]\naliases:\n  token: access_token\nattributes:\n  \
         password: userPassword\nplaceholders:\n  token: Your token\npermissions:\n  token: write\n",
    );
    clean(
        "mkdocs.yml",
        "nav:\n  - Home: index.md\n  - Password: password.md\n  - Secret: guide/secret.html\ntheme:\n  token: \"#1e90ff\"\n",
    );
    finds(
        "a.yaml",
        "headers:\n  Authorization: Bearer 8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e\n  X-Api-Key: 8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e\n  X-Token: \
         changeme\nfields:\n  password: hunter2\n  token: changeme\ncolumns:\n  token: 8f3b2c1d9e7a4b6c8d0e1f2a3b4c5d6e\nnav:\n  - Password: \
         hunter2\ndb:\n  password: \"#123456\"\n",
        &[
            "headers.Authorization.token medium",
            "headers.X-Api-Key medium",
            "headers.X-Token high",
            "fields.password critical",
            "fields.token high",
            "columns.token medium",
            "nav[0].Password critical",
            "db.password high",
        ],
    );
    let compose = "services:\n  a:\n    image: a\n    labels:\n      app.password: hunter2\n";
    assert!(scan("compose.yml", compose).contains(&"services.a.labels.\"app.password\" critical".to_owned()));
    finds(".env", "DB_PASSWORD='#password'\n", &["DB_PASSWORD high"]);
}

#[test]
fn cookies_addresses_and_accounts_of_the_system() {
    let proxy = "backend app\n  cookie SERVERID insert indirect nocache\n  server a 10.0.0.1:80 check cookie a\nuserlist u\n  user admin insecure-password changeme\n";
    finds("haproxy.cfg", proxy, &["user.admin.password high"]);
    clean("appsettings.json", "{\"redis\": {\"connectionString\": \"localhost\"}, \"cacheConnectionString\": \"cache-1:11211\"}");
    finds("appsettings.json", "{\"db\": {\"connectionString\": \"hunter2hunter2\"}}", &["db.connectionString high"]);
    let accounts = "root:x:0:0:root:/root:/bin/bash\napp:*:1000:1000::/home/app:/bin/sh\nshort:x:1001:1001:a:/home/b:\n";
    clean("rootfs/etc/passwd", accounts);
    finds("rootfs/etc/passwd", &format!("{accounts}bad:hunter2:1002:1002::/home/bad:/bin/sh\n"), &["bad.password critical"]);
    finds("passwd", "app:hunter2\n", &["app.password critical"]);
    let label = "resource \"azurerm_mssql_server\" \"example\" {\n  administrator_login_password = \"changeme\"\n}\n";
    finds("main.tf", label, &["resource.azurerm_mssql_server.example.administrator_login_password high"]);
    let database = "database:\n  host: db\n  require_ssl: false\n";
    finds("base.yaml", database, &["database.require_ssl high"]);
    finds("app.yaml", "http:\n  require_ssl: false\n", &["http.require_ssl high"]);
}

#[test]
fn random_texts_in_programs_are_secrets_whatever_their_signs() {
    for (file, before, after) in [
        ("a.py", "DB_PASSWORD = '", "'\n"),
        ("a.php", "<?php return ['username' => 'app1', 'password' => '", "'];\n"),
        ("a.js", "module.exports = { db: { user: 'app1', password: '", "' } };\n"),
        ("a.exs", "config :app, App.Endpoint,\n  secret_key_base: \"", "\"\n"),
    ] {
        for value in ["aB3x*Q9)k=2mP(zq8W", "/+b03e4qZ7xWm2Rk9LfTs8YhUvCpDgNaEjBoQiXlK6w=", "Zk3%sQp8LmX2tRw9@YbNc4(HfJ7sQmZd1xE"] {
            assert_eq!(scan(file, &format!("{before}{value}{after}")).len(), 1, "{file} {value}");
        }
        for text in ["required|min:8|confirmed", "%(user)s:%(pass)s@%(host)s", "user.getPassword(1)"] {
            assert!(scan(file, &format!("{before}{text}{after}")).is_empty(), "{file} {text}");
        }
    }
    let salts = "<?php\ndefine('AUTH_SALT', 'Zk3%sQp8LmX2tRw9@YbNc4(HfJ7sQmZd1xE');\n$salt = 'Zk3%sQp8LmX2tRw9@YbNc4(HfJ7sQmZd1xE';\n";
    finds("wp-config.php", salts, &["AUTH_SALT medium"]);
    finds("config.php", "<?php\n$dbpass = 'changeme';\n", &["dbpass high"]);
}

#[test]
fn defaults_and_files_that_mean_none() {
    clean("compose.yaml", "services:\n  web:\n    image: web\n    environment:\n      API_KEY: ${API_KEY:-invalid}\n");
    let ports =
        "services:\n  db:\n    image: mysql\n    ports: [\"${SQL_PORT:-127.0.0.1:13306}:3306\", \"${DEBUG_PORT:-127.0.0.1:9229}:9229\"]\n";
    clean("compose.yaml", ports);
    finds("compose.yaml", &ports.replace("127.0.0.1:", ""), &["services.db.ports[0] high", "services.db.ports[1] critical"]);
    finds("compose.yaml", "services:\n  db:\n    image: redis\n    ports: [\"6379\"]\n", &["services.db.ports[0] high"]);
    finds("config/config.json", "{\"development\": {\"username\": \"root\", \"password\": \"changeme\"}}", &["development.password info"]);
    finds("config/config.json", "{\"development\": {\"password\": \"changeme\"}, \"x\": {\"y\": 1}}", &["development.password high"]);
    finds("configuration.php-dist", "<?php\n$dbpass = 'changeme';\n", &["dbpass info"]);
    finds("database.env", "DB_SSLMODE=require\n", &["DB_SSLMODE medium"]);
}
