//! What only says which secret, where it is or how it is handed over, and beside each the secret itself, through the program.

use crate::names::{clean, finds};

#[test]
fn paths_and_names_of_keys_are_published_by_nobody() {
    let at = "%kernel.project_dir%/config/jwt";
    clean(".env", &format!("JWT_SECRET_KEY={at}/private.pem\nJWT_PUBLIC_KEY={at}/public.pem\n"));
    clean("config/packages/jwt.yaml", &format!("jwt:\n  secret_key: '{at}/private.pem'\n  other_secret: 'classpath:jwt/private.pem'\n"));
    finds(
        ".env",
        "JWT_SECRET_KEY=your-256-bit-secret\nAPI_SECRET=%kernel%Xq7fP2mKvR9tLw3z\nAUTH_SECRET=secret-access-key\n",
        &["JWT_SECRET_KEY high", "API_SECRET medium", "AUTH_SECRET high"],
    );
}

#[test]
fn steps_ask_a_store_for_secrets() {
    let job = |rest: &str| format!("on: push\njobs:\n  a:\n{rest}");
    let step = |lines: &str| job(&format!("    steps:\n      - uses: some/action@v3\n        with:\n          secrets: |\n{lines}"));
    let file = ".github/workflows/ci.yml";
    clean(file, &job("    uses: acme/x/.github/workflows/r.yml@main\n    secrets: inherit\n"));
    clean(
        file,
        &step("            secret/data/ci npmToken | NPM_TOKEN ;\n            kv/data/${{ inputs.env }}/aws secretKey | AWS_KEY\n"),
    );
    clean(file, &step("            token:my-project/docker-registry-token\n            db:projects/my-project/secrets/db/versions/1\n"));
    clean(file, &step("            \"github_token=${{ secrets.GITHUB_TOKEN }}\"\n            npm=${{ secrets.NPM }}\n"));
    finds(
        file,
        &step("            \"npm=${{ secrets.NPM }}\"\n            token=Xq7fP2mKvR9tLw3z\n"),
        &["jobs.a.steps[0].with.secrets info"],
    );
    finds("app.yml", "web:\n  secrets: hunter2\n", &["web.secrets critical"]);
}

#[test]
fn builds_are_told_where_their_secrets_are() {
    clean("docker-bake.hcl", "target \"app\" {\n  secret = [\"type=env,id=GITHUB_TOKEN\", \"id=npmrc,src=.npmrc\"]\n}\n");
    clean(
        "build.sh",
        "docker build --secret id=npmrc,src=$HOME/.npmrc --secret id=token,env=TOKEN .\ndocker buildx build --secret=id=aws .\n",
    );
    clean("compose.yml", "services:\n  a:\n    build:\n      context: .\n      secrets: [npmrc]\nsecrets:\n  npmrc:\n    external: true\n");
    finds("docker-bake.hcl", "target \"app\" {\n  args = { TOKEN = \"Xq7fP2mKvR9tLw3zAb\" }\n}\n", &["target.app.args.TOKEN medium"]);
    finds("app.yml", "secret: id=hunter2,x\n", &["secret high"]);
}

#[test]
fn arguments_of_a_script_are_references() {
    clean(
        "run.sh",
        "PASSWORD=$1\nexport API_TOKEN=\"$1\"\ncase $1 in\n  --token) TOKEN=\"$2\"; shift 2;;\n  --all) TOKEN=$*;;\n  --each) CLIENT_SECRET=\"$@\";;\nesac\n\
         DB_PASSWORD=$?\nGH_TOKEN=${GH_TOKEN:-$1}\nBASIC_AUTH=\"$1:$2\"\n",
    );
    finds(
        "run.sh",
        "SMTP_PASSWORD='$1abc9'\nGH_TOKEN=${GH_TOKEN:-hunter2}\nexport TOKEN=\"hunter2\"; shift 2\n",
        &["SMTP_PASSWORD medium", "GH_TOKEN critical", "TOKEN critical"],
    );
}

#[test]
fn charts_pair_an_object_with_a_key() {
    let pairs = "psql:\n  password: {secret: gitlab-pg, key: postgres-password}\nrails:\n  railsSecrets: {secret: gitlab-rails-secrets}\nstore:\n  connection: \
                 {secret: gitlab-rails-storage, key: connection}\nregistry:\n  certificate: {secret: gitlab-registry}\n  httpSecret:\n    secret: reg\n    key: \
                 web\nshell: {authToken: {secret: shell, key: secret}, hostKeys: {secret: hostkeys}}\n";
    clean("chart/values.yaml", pairs);
    // in braces that YAML does not read the file is a text
    clean("chart/values.yaml", &format!("{pairs}ini: {{security: {{secret_key: $__file{{/etc/secrets/sk}}}}}}\n"));
    finds(
        "chart/values.yaml",
        "oauth: {key: minio, secret: hunter2}\nrailsSecrets: {secret: hunter2}\nsession: {secret: blue-house-river}\njwt: {secret: jwt-secret}\npassword: \
         {secret: change-me, key: password}\nsecrets: {secret: blue-house-river}\n",
        &[
            "oauth.secret critical",
            "railsSecrets.secret critical",
            "session.secret high",
            "jwt.secret critical",
            "password.secret high",
            "password.key critical",
            "secrets.secret high",
        ],
    );
}

#[test]
fn charts_name_objects_in_many_words() {
    clean(
        "chart/values.yaml",
        "envFromSecret: grafana-env\nsonar: {monitoringPasscodeSecretName: sq, monitoringPasscodeSecretKey: SONAR_WEB_SYSTEMPASSCODE}\nkafka: {saslSecret: \
         kafka-sasl, jaasSecretKey: sasl.jaas.config}\nregistry: {htpasswdSecret: users}\nloki: {basicAuth: {secret: loki-htpasswd}}\nsops: {secret: \
         sops-age}\nblob: {storageAccountKeySecret: azure-storage-account-key}\ns3: {secretAccessKeyKey: secret-access-key}\ntls: {existingSecret: web, \
         keystorePasswordSecretKey: keystore-pass}\nauth: {existingSecret: kc, passwordSecretKey: admin-password}\nminio: {users: [{accessKey: app, \
         existingSecret: app, existingSecretKey: secretKey}]}\n",
    );
    finds(
        "chart/values.yaml",
        "envFromSecrets: hunter2\nsaslSecret: hunter2\nbasicAuth: {secret: hunter2}\nsops: {secret: hunter2}\nauth: {existingSecret: '', passwordSecretKey: \
         hunter2}\nminio: {existingSecret: app, accessKey: app, secretKey: hunter2}\nblob: {storageAccountKeySecret: hunter2}\n",
        &[
            "envFromSecrets critical",
            "saslSecret critical",
            "basicAuth.secret critical",
            "sops.secret critical",
            "auth.passwordSecretKey critical",
            "minio.secretKey critical",
            "blob.storageAccountKeySecret critical",
        ],
    );
}

#[test]
fn an_entry_of_a_vault_is_selected() {
    let pipeline = |entry: &str| {
        format!("pipeline {{\n  withVault(vaultSecrets: [[path: 'kv/shop', secretValues: [[{entry}]]]]) {{ sh './x' }}\n}}\n")
    };
    clean("Jenkinsfile", &pipeline("envVar: 'DB_PASSWORD', vaultKey: 'password'"));
    clean("Jenkinsfile", &pipeline("vaultKey: 'password', envVar: 'DB_PASSWORD'"));
    clean("vault.yml", "secretValues:\n  - {envVar: DB_PASSWORD, vaultKey: password}\n");
    finds("vault.yml", "- {envVar: DB_PASSWORD}\n- {vaultKey: hunter2}\n", &["[1].vaultKey critical"]);
}

#[test]
fn words_that_say_how_are_no_tokens() {
    clean(
        "server.yml",
        "strategies: {access_token: jwt}\ntokens: {access_token: opaque}\na: {token: required, secret: optional}\nb: {token: query}\nc: {token: query|header}\n",
    );
    finds(
        "server.yml",
        "a: {token: hunter2}\nb: {access_token: changeme}\nc: {jwt_secret: required}\nd: {password: header}\n",
        &["a.token critical", "b.access_token high", "c.jwt_secret high", "d.password high"],
    );
    finds(".env", "TOKEN=required\n", &["TOKEN high"]);
}

#[test]
fn braces_that_name_a_variable_or_a_file_are_references() {
    clean("agent.json", r#"{"a": {"apiKey": "{env:ANTHROPIC_API_KEY}"}, "b": {"apiKey": "{file:~/.secrets/x}"}}"#);
    finds("agent.json", r#"{"a": {"apiKey": "{hunter2:Xq7fP2mKvR9tLw3z}"}}"#, &["a.apiKey medium"]);
}

#[test]
fn versions_of_secrets_in_terraform() {
    clean(
        "main.tf",
        "resource \"google_secret_manager_secret_version\" \"a\" {\n  secret      = \"db-password\"\n  secret_data = var.pw\n}\ndata \
         \"google_secret_manager_secret_version\" \"b\" {\n  secret = \"db-password\"\n}\n",
    );
    finds(
        "main.tf",
        "resource \"google_secret_manager_secret_version\" \"b\" {\n  secret      = \"db-password\"\n  secret_data = \"Xq7fP2mKvR9tLw3zAb\"\n}\nresource \
         \"aws_secretsmanager_secret_version\" \"c\" {\n  secret_id     = \"prod/db\"\n  secret_string = \"Yq7fP2mKvR9tLw3zAc\"\n}\nresource \
         \"github_actions_secret\" \"d\" {\n  secret_name     = \"DB_PASSWORD\"\n  plaintext_value = \"Zq7fP2mKvR9tLw3zAd\"\n}\nresource \
         \"gitlab_project_variable\" \"e\" {\n  project = \"12\"\n  key     = \"DB_PASSWORD\"\n  value   = \"Wq7fP2mKvR9tLw3zAe\"\n}\nresource \
         \"some_client\" \"f\" {\n  secret = \"bluehouseriver\"\n}\n",
        &[
            "resource.google_secret_manager_secret_version.b.secret_data medium",
            "resource.aws_secretsmanager_secret_version.c.secret_string medium",
            "resource.github_actions_secret.d.plaintext_value medium",
            "resource.gitlab_project_variable.e.DB_PASSWORD medium",
            "resource.some_client.f.secret high",
        ],
    );
}

#[test]
fn no_password_is_a_switch() {
    clean("dovecot.conf", "passdb {\n  driver = static\n  args = nopassword=y\n}\n");
    finds("dovecot.conf", "passdb {\n  driver = static\n  args = password=Xq7fP2mKvR9tLw3z\n}\n", &["passdb.args.password medium"]);
}
