//! Values that name a place hold no secret; those beside them that only look so do. Through the program, as a user types it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::harness::{command, stdout};

/// The findings of `harden scan .` in a folder with `files`, as `file:line`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("app").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes())).unwrap();
    }
    let mut run = command(env!("CARGO_BIN_EXE_harden"), folder.path(), &folder.path().join("app"));
    let output = run.args(["scan", "--format", "jsonl", "."]).output().unwrap();
    let rows = stdout(&output);
    let rows = rows.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).filter(|v| v.get("rule").is_some());
    let mut rows: Vec<String> = rows.map(|v| format!("{}:{}", v["file"].as_str().unwrap_or(""), v["line"])).collect();
    rows.dedup();
    rows
}

/// Fails unless of the lines of `text` exactly those are found that say `FOUND` in the name of their key.
#[track_caller]
pub(super) fn check(file: &str, text: &str) {
    let bare = text.replace("FOUND", "");
    let want: Vec<String> =
        text.lines().enumerate().filter(|(_, line)| line.contains("FOUND")).map(|(i, _)| format!("{file}:{}", i + 1)).collect();
    assert!(!want.is_empty() && Path::new(file).is_relative());
    assert_eq!(found(&[(file, &bare)]), want, "{bare}");
}

#[test]
fn tags_of_cloudformation_and_others() {
    check(
        "stack.yml",
        "AWSTemplateFormatVersion: '2010-09-09'
Resources:
  A: {MasterUserPassword: !Ref DbPassword}
  B: {MasterUserPassword: !ImportValue DbPassword}
  C: {MasterUserPassword: !GetAtt Secret.Password}
  D: {MasterUserPassword: !FindInMap [Env, Prod, Password]}
  E: {MasterUserPassword: !Sub '{{resolve:secretsmanager:${Secret}::password}}'}
  F: {MasterUserPassword: !If [IsProd, !Ref DbPassword, !Ref 'AWS::NoValue']}
  G: {MasterUserPassword: !Join ['', ['{{resolve:secretsmanager:', !Ref S, '}}']]}
  H: {MasterUserPassword: {Ref: DbPassword}}
  I:
    MasterUserPassword:
      Fn::GetAtt: [Secret, Password]
  J: {MasterUserPassword: !Sub hunter2} # FOUND
  K: {MasterUserPassword: !If [IsProd, !Ref DbPassword, hunter2]} # FOUND
",
    );
    check(
        "configuration.yaml",
        "a: {password: !secret mqtt_password}
b:
  api_key: !secret password
  password: !env_var MQTT_PASSWORD
c: {DB_PASSWORD: !reference [.setup, variables, DB_PASSWORD]}
d: {password: !env_var MQTT_PASSWORD hunter2} # FOUND
e: {password: !!str hunter2} # FOUND
f: {password: !str hunter2} # FOUND
g: {password: ! hunter2} # FOUND
h: !override {password: hunter2} # FOUND
",
    );
    check(
        "stack.json",
        r#"{"Resources": {
"A": {"MasterUserPassword": {"Ref": "DbPassword"}, "password": {"Fn::GetAtt": ["Secret", "Password"]}},
"B": {"MasterUserPassword": {"Fn::ImportValue": "DbPassword"}, "password": {"Fn::FindInMap": ["Env", "Prod", "Password"]}},
"C": {"MasterUserPassword": "hunter2", "is": "FOUND"}
}}"#,
    );
}

#[test]
fn parameters_of_symfony() {
    check(
        "services.yaml",
        "framework: {secret: '%env(APP_SECRET)%'}
a: {secret: '%kernel.secret%', password: '%database_password%'}
b: {jwt_secret: '%env(json:file:resolve:AUTH_FILE)%', token: '%env(string:default:fallback:API_TOKEN)%'}
c: {url: 'mysql://app:%env(DB_PASSWORD)%@db/app?ssl-mode=VERIFY_IDENTITY'}
d: {password: '%hunter2'} # FOUND
e: {password: '100%hunter2%'} # FOUND
",
    );
    check(
        "services.xml",
        "<container><parameters>
<parameter key=\"secret\">%env(APP_SECRET)%</parameter>
<parameter key=\"jwt_secret\">%kernel.secret%</parameter>
<parameter key=\"password\">hunter2</parameter><!--FOUND-->
</parameters></container>",
    );
}

#[test]
fn a_scheme_in_braces() {
    check(
        "serverless.yml",
        r#"provider:
  a: {DB_PASSWORD: "${env:DB_PASSWORD}"}
  b: {DB_PASSWORD: "${self:custom.${opt:stage}.password}"}
  c: {DB_PASSWORD: "${ssm:/prod/db/password}"}
  d: {DB_PASSWORD: "${cf.eu-west-1:stack.Password}"}
  e: {DB_PASSWORD: "${param:password}"}
  f: {DB_PASSWORD: "${opt:stage, self:provider.stage}"}
  g: {DB_PASSWORD: "${env:DB_PASSWORD, 'hunter2'}"} # FOUND
"#,
    );
    check(
        "devcontainer.json",
        r#"{"remoteEnv": {
"DB_PASSWORD": "${localEnv:DB_PASSWORD}", "API_TOKEN": "${input:token}",
"SMTP_PASSWORD": "${localEnv:SMTP_PASSWORD:hunter2}", "is": "FOUND"}}"#,
    );
    check(
        "log4j2.xml",
        r#"<Configuration><Appenders><Smtp smtpPassword="${env:SMTP_PASSWORD}"/>
<A password="$${sys:db.password}"/><A password="${sys:db.password:-}"/>
<A password="${env:DB_PASSWORD:-hunter2}"/><!--FOUND-->
</Appenders></Configuration>"#,
    );
    check(
        "connect.properties",
        "a.password=${file:/etc/kafka/secrets.properties:password}
b.password=${directory:/mnt/secrets:password}
c.password=${secretsmanager:prod/db:password}
d.password=${vault.db.password}
FOUNDe.password=${DB_PASSWORD:hunter2}
",
    );
}

#[test]
fn stores_of_secrets_and_templates() {
    check(
        "values.yaml",
        r##"a: {password: "{vault://secret/x}"}
b: {password: "vault://secret/data/x#password"}
c: {password: "{env.DB_PASSWORD}"}
d: {password: "{$DB_PASSWORD}"}
e: {password: "gcp:secretmanager:projects/p/secrets/x"}
f: {password: "sm://project/db-password"}
g: {password: "ref+vault://secret/x#/password"}
h: {password: "op://vault/item/password"}
i: {password: "file:/run/secrets/db_password"}
j: {password: "$[variables.dbPassword]"}
k: {password: "[reference(resourceId('x','y')).password]"}
l: {password: "[variables('dbPassword')]"}
m: {password: "<path:secret/data/x#password>"}
n: {password: "$__file{/etc/secrets/db_password}"}
o: {password: "@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/db)"}
p: {password: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-password"}
q: {password: "awssm://prod/db/password"}
r: {password: "keyvault:db-password"}
s: {password: "{% db_password %}"}
t: {password: "<%= db_password %>"}
u: {password: "#{DbPassword}#"}
v: {password: "$(DbPassword)"}
w: {password: "%(ENV_DB_PASSWORD)s"}
x: {password: "@@DB_PASSWORD@@"}
y: {password: "data.vault_generic_secret.db.password"}
z: {password: "((db-password))"}
aa: {password: "[[ .db_password ]]"}
ab: {password: "secretref:db-password"}
ac: {password: "secrets.DB_PASSWORD"}
ad: {password: "__DB_PASSWORD__"} # FOUND: it must be filled in
ae: {password: "vaulthunter2"} # FOUND
am: {password: "conjur:hunter2"} # FOUND
an: {password: "[hunter2(abc]"} # FOUND
ao: {password: "{hunter2hunter2hunter2}"} # FOUND
al: {password: "{$DB_PASSWORD:hunter2}"} # FOUND
af: {password: "env.hunter2!"} # FOUND
ag: {password: "{hunter2}"} # FOUND
ah: {password: "[hunter2]"} # FOUND
ai: {password: "@hunter2"} # FOUND
aj: {password: "file:hunter2"} # FOUND
"##,
    );
}

#[test]
fn expressions_of_bicep_and_arm() {
    check(
        "main.bicep",
        "param adminPassword string
param kettlePassword string = 'hunter2' // FOUND
resource sql 'Microsoft.Sql/servers@2022-05-01-preview' = {
  properties: {
    administratorLoginPassword: adminPassword
    adminPassword: adminPassword
    apiSecret: kv.getSecret('api')
    password: 'hunter2' // FOUND
  }
}
",
    );
    check(
        "azuredeploy.json",
        r#"{"resources": [{"properties": {
"administratorLoginPassword": "[parameters('adminPassword')]", "sharedKey": "[listKeys(resourceId('x'), '2019').keys[0].value]",
"password": "hunter2", "is": "FOUND"}}]}"#,
    );
    check(
        "main.tf",
        r#"resource "aws_db_instance" "x" {
  password       = var.db_password
  admin_password = data.aws_secretsmanager_secret_version.x.secret_string
  user_password  = aws_secretsmanager_secret_version.x.secret_string
  other_password = "hunter2" # FOUND
}
"#,
    );
}

#[test]
fn what_is_sealed_already_and_what_other_scanners_keep() {
    check(
        "settings.xml",
        "<settings><servers>
<server><id>a</id><username>ci</username><password>{COQLCE6DU6GtcS5P=}</password></server>
<server><id>b</id><username>ci</username><password>reset in May {HSmb+vu4Dfy3s9O3hdOnmTWA7PTfYyNa/v87HuM6Rto=}</password></server>
<server><id>c</id><username>ci</username><password>hunter2</password></server><!--FOUND-->
<server><id>d</id><username>ci</username><password>{hunter2}</password></server><!--FOUND-->
</servers></settings>",
    );
    check(
        "application.properties",
        "spring.datasource.password=ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)
a.password={cipher}AQAjPgt3eFZQXwt8tsHAVv
spring.FOUND.password=DEC(hunter2)
",
    );
    let digest = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
    let record = format!("{{\"results\": {{\"a.yml\": [\n{{\"type\": \"Secret Keyword\", \"hashed_secret\": \"{digest}\"}},\n");
    check("record.json", &format!("{record}{{\"hashed_secret\": \"hunter2\", \"is\": \"FOUND\"}}]}}}}"));
    let rules = "[allowlist]
regexes = ['''password = \"changeme\"''', '''token=abcdef''', '''postgres://app:app@localhost''']
";
    let token = ["AKIA", "Q3EGRIBPT7KWZ2MX"].concat();
    let files = [
        (".gitleaks.toml", rules),
        (".secrets.baseline", &format!("{record}{{}}]}}}}")),
        (".gitleaksignore", "93f292c3dfa2649ac91f65bf4c4a1e5e3c6a4b7e:config/app.yml:generic-api-key:12\n"),
        (".trufflehog.yml", "detectors:\n  - regex:\n      password: 'password=(.+)'\n      token: '[a-z]{12}'\n"),
    ];
    assert_eq!(found(&files), [""; 0]);
    assert_eq!(found(&[("rules.toml", rules)]), ["rules.toml:2"]);
    assert_eq!(found(&[(".gitleaks.toml", &format!("[allowlist]\nregexes = ['{token}']\n"))]), [".gitleaks.toml:2"]);
}

#[test]
fn locked_accounts_and_questions() {
    check(
        "user-data.yml",
        "#cloud-config
users:
  - {name: a, passwd: '!'}
  - {name: b, passwd: '*'}
  - {name: c, passwd: '!!'}
  - {name: d, passwd: x}
  - {name: e, passwd: '*LK*'}
  - {name: f, passwd: '!hunter2'} # FOUND
  - {name: g, passwd: hunter2} # FOUND
other: {passwd: x} # FOUND
",
    );
    check(
        "openssl.cnf",
        "[ req_attributes ]
challengePassword = A challenge password
challengePassword_min = 4
challengePassword_max = 20
[ req ]
input_password = secret # FOUND
[ plain ]
challengePassword = hunter2 # FOUND
",
    );
}

#[test]
fn names_of_policies_and_quantities() {
    check(
        ".env",
        "JWT_SECRET_ROTATION=weekly
API_SECRET_VERSION=kettle7
ADMIN_PASSWORD_POLICY=strong
ACCESS_TOKEN_EXPIRY=week
ENCRYPTION_KEY_ROTATION_PERIOD=monthly
FOUNDJWT_SECRET=weekly
FOUNDROTATION_SECRET=weekly
",
    );
    let rotated = found(&[(".env", "JWT_SECRET_ROTATION=supersecret\n")]);
    assert_eq!(rotated, [".env:1"]);
}

#[test]
fn examples_and_defaults_of_schemas() {
    check(
        "openapi.yaml",
        "openapi: 3.0.0
x-auth: {client_secret: hunter2} # FOUND
paths:
  /login:
    post:
      requestBody:
        content:
          application/json:
            example: {username: admin, password: hunter2}
            examples: {ok: {value: {username: admin, password: hunter2}}}
components:
  schemas:
    Login:
      properties:
        password: {type: string, example: hunter2, default: hunter2}
        apiKey: {type: string, enum: [hunter2, password]}
  examples:
    Login: {value: {password: hunter2, users: [{password: hunter2}]}}
",
    );
    check(
        "swagger.json",
        r#"{"swagger": "2.0",
"paths": {"/x": {"get": {"responses": {"200": {"examples": {"application/json": {"token": "hunter2", "user": {"password": "hunter2"}}}}}}}},
"host": "x", "password": "hunter2", "is": "FOUND"}"#,
    );
    check(
        "values.schema.json",
        r#"{"$schema": "http://json-schema.org/draft-07/schema#",
"properties": {"auth": {"default": {"adminPassword": "hunter2"}}}, "examples": [{"password": "hunter2"}],
"password": "hunter2", "is": "FOUND"}"#,
    );
    check(
        "config.json",
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
"default": {"password": "hunter2"}, "is": "FOUND",
"properties": {"x-api-key": {"example": "hunter2"}, "db": {"type": "object", "default": {"password": "hunter2"}}},
"patternProperties": {"^a": {"password": {"default": "hunter2"}}}}"#,
    );
    check(
        "app.json",
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "name": "app",
"default": {"password": "hunter2"}, "is": "FOUND",
"examples": {"db": {"password": "hunter2"}}, "is": "FOUND"}"#,
    );
    check(
        "api.yaml",
        "openapi: 3.0.0
x-auth: {default: {client_secret: hunter2}} # FOUND
paths:
  /x:
    get:
      x-integration: {default: {password: hunter2}} # FOUND
      parameters: [{name: X-Token, example: {password: hunter2}, schema: {default: {password: hunter2}}}]
      responses: {200: {headers: {x-api-key: {schema: {example: hunter2}}}}}
components: {schemas: {Login: {properties: {x-secret: {default: hunter2}}}}}
",
    );
    check(
        "config.yml",
        "default: {password: hunter2} # FOUND
services: {example: {environment: {PASSWORD: hunter2}}} # FOUND
app: {value: {password: hunter2}} # FOUND
",
    );
}

#[test]
fn variables_of_openssl_and_templates_with_quotes() {
    check(
        "openssl.cnf",
        "dir = ./demoCA
[ca]
private_key = $dir/private/cakey.pem# The private key
secret = $insta::secret # of another section
FOUNDinput_password = hunter2
[insta]
FOUNDsecret = hunter2::x
",
    );
    check(
        "mongo.env",
        "MONGO_PASS=\"{{with secret \"secret/data/mongo\"}}{{.Data.pwd}}{{end}}\"
FOUNDMYSQL_PASSWORD=\"hunter2\"
",
    );
    check(
        "settings.json",
        "{
\"a\": {\"password\": \"${DB_PASS:undefined}\"},
\"b\": {\"FOUNDpassword\": \"${DB_PASS:hunter2}\"}}
",
    );
}

#[test]
fn sections_of_configparser_and_their_options() {
    check(
        "boto.py",
        "a = config.get('Credentials', 'gs_host', None)
b = config.get(\"secrets\", \"db_host\")
FOUNDc = config.get('JWT_SECRET', 'changeme')
",
    );
}
