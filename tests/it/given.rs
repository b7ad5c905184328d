//! Secrets that stand where a name, a text or a part of a form could, and in forms of their own: each with what beside it is none.

use super::names::clean;
use super::references::check;

#[test]
fn tags_that_nobody_gave_a_meaning() {
    check(
        "app.yml",
        "a: {password: !ENV \"${DB_PASSWORD:Sommer2023}\"} # FOUND
b: {password: !ENV \"${DB_PASSWORD:-Sommer2023}\"} # FOUND
c: {password: !Join ['', ['Sup3rS0mmer2023', !Ref X]]} # FOUND
d: {password: !password Sommer2023} # FOUND
e: {password: !sensitive Sommer2023} # FOUND
f: {password: !python/str Sommer2023} # FOUND
g: {password: !binary U29tbWVyMjAyMw==} # FOUND
h: {password: !ENV Sommer2023} # FOUND
i: {password: !quoted Sommer2023} # FOUND
j: {password: !Env [DB_PASSWORD, Sommer2023]} # FOUND
k: {password: !ENV DB_PASSWORD}
l: {password: !ENV \"${DB_PASSWORD}\"}
m: {password: !Join ['', ['{{resolve:secretsmanager:', !Ref S, ':SecretString:password}}']]}
n: {password: !encrypted/pkcs1-oaep [kettle]}
o: {password: !php/const App::PASSWORD}
p: {password: !Context password}
",
    );
}

#[test]
fn a_connection_in_a_file_of_texts() {
    let broker =
        "broker: {host: mq.acme.io, username: app, password: Gladiolus} # FOUND\nlogin: {username: Username, password: Password}\n";
    check("messages.yml", broker);
    check("i18n/app.yml", broker);
    check("config/bundle.yml", "jwt:\n  secret: gladiolus tulip rose violet # FOUND\n");
    check("errors.toml", "[smtp]\nhost = \"mail.acme.io\"\npassword = \"Gladiolus\" # FOUND\n[a]\npassword = \"Password!\"\n");
    check("locale/mail.ini", "[smtp]\nport = 25\npassword = Gladiolus # FOUND\n[login]\npassword = Password\n");
    check(
        "lang/mailer.php",
        "<?php return [\n\"host\" => \"mail.acme.io\",\n\"username\" => \"app\",\n\"password\" => \"Gladiolus2023\", // FOUND\n];\n",
    );
    check("messages.properties", "login.password=Password\nFOUNDsmtp.password=Gladiolus\nsmtp.host=mail.acme.io\nurl.host=Host name\n");
    let key = ["AKIA", "Q3EGRIBPT7KWZ2MX"].concat();
    check(
        "locale/de/app.json",
        &format!(
            "{{\"login\": {{\"password\": \"Passwort\", \"secret\": \"geheim\", \"token\": \"token\", \"oauthSecret\": \"OAuth2-Geheimnis\"}},
\"smtp\": {{\"host\": \"mail.acme.io\", \"username\": \"app\", \"password\": \"Gladiolus\"}}, \"is\": \"FOUND\",
\"a\": {{\"password\": \"hunter2\"}}, \"is\": \"FOUND\",
\"hint\": {{\"url\": \"https://acme.io\", \"password\": \"Mindestens acht\"}}, \"form\": {{\"dsn\": \"postgres://user:password@host/db\"}},
\"key\": \"{key}\", \"is\": \"FOUND\"}}"
        ),
    );
    check("i18n/fr.ts", "export default {\npassword: \"motdepasse\", secret: \"secret\",\napiSecret: \"Sommer-2023\", // FOUND\n};\n");
}

#[test]
fn what_merely_ends_like_a_name() {
    check(
        "app.yaml",
        "attributes: {db_password: gladiolus-password} # FOUND
labels: {db_password: gladiolus} # FOUND
validation: {jwt_secret: gladiolustuliprose} # FOUND
fields: {api_token: swordtulip-token} # FOUND
override_attributes: {api_token: letmein-token} # FOUND
form_fields: {password: user_password, token: csrf-token, secret: clientSecret}
form_labels: {password: Passwort, token: Your token}
validations: {password: required|min:8|confirmed}
mappings: {password: userpassword}
groups: [{rules: [{alert: Expiry, labels: {token: root-token, secret: vault}}]}]
",
    );
}

#[test]
fn names_of_keys_outside_of_kubernetes() {
    check(
        "config.yml",
        "jwt: {token_key: gladiolus-token} # FOUND
secret_keys: {current: gladiolus-key} # FOUND
storage: {token_key: access_token, password_key: user-password}
",
    );
    check("config.json", "{\n\"passwordKey\": \"letmein-password\", \"is\": \"FOUND\",\n\"tokenKey\": \"authToken\"}");
    check("config.toml", "[jwt]\ntoken_key = \"gladiolus-token\" # FOUND\nuser_key = \"user\"\n");
    check(
        "chart/values.yaml",
        "tlsSecret: hunter2 # FOUND
credentialSecret: hunter2 # FOUND
configSecret: letmein # FOUND
registrySecret: changeme # FOUND
caSecret: change-me # FOUND
certSecret: my-tls
pullSecret: harbor
envSecret: admin
auth: {secretKeys: {adminPasswordKey: admin-password}, passwordKey: redis-password}
annotations:
  acme.io/webhook-secret: hunter2 # FOUND
  acme.io/auth-secret: basic-auth
",
    );
}

#[test]
fn defaults_of_spring() {
    check(
        "application.properties",
        "FOUNDa.password=#{systemEnvironment['X'] ?: 'hunter2'}
FOUNDb.password=${sm:hunter2}
FOUNDc.password=${git:hunter2}
FOUNDd.password=${vault:Sommer2023}
e.password=${vault:secret/db#password}
f.password=${env:db_password}
g.password=#{systemEnvironment['X']}
h.password=${sm:DB_PASSWORD}
i.password=#{a ?: systemProperties['x']}
",
    );
    check(
        "application-prod.yml",
        "a: {password: \"#{systemEnvironment['X'] ?: 'hunter2'}\"} # FOUND
b: {password: '${input:hunter2}'} # FOUND
c: {password: '${file:/run/secrets/x}'}
",
    );
    check("Mail.java", "class Mail {\n@Value(\"#{systemEnvironment['SMTP_PASSWORD'] ?: 'hunter2'}\") String p; // FOUND\n}\n");
    check("tasks.yml", "a: {password: '${input:password}'}\nb: {password: hunter2} # FOUND\n");
}

#[test]
fn caddyfiles() {
    let key = "e2f8559f823cdef7f73edd77b6c29163d00d68df6db75d0c3f7eb9340051e467";
    let site = format!(
        "{{
	acme_dns digitalocean {key} # FOUND
	security {{
		crypto key sign-verify {} # FOUND
		crypto key verify from env JWT_KEY
	}}
}}
a.acme.io {{
	tls {{
		dns cloudflare {} # FOUND
	}}
	reverse_proxy https://10.0.0.5 {{
		header_up Authorization \"Basic {{$BASIC:YWRtaW46U29tbWVyMjAyMw==}}\" # FOUND
		header_up Authorization \"Bearer {{$TOKEN}}\"
		header_up X-Api-Key {{$KEY:Sommer2024}} # FOUND
		header_up X-Api-Key {{$KEY}}
		transport http {{
			tls_insecure_skip_verify # FOUND
		}}
	}}
}}
b.acme.io {{
	tls {{
		dns cloudflare {{env.CF_TOKEN}}
	}}
}}
",
        key.chars().rev().collect::<String>(),
        &key.replace('e', "5")[..40],
    );
    check("Caddyfile", &site);
    check("web.Caddyfile", &site);
}

#[test]
fn choices_and_switches_of_bicep() {
    check(
        "main.bicep",
        "param adminPw string = empty(x) ? 'Sommer2023' : x // FOUND
param secretName string = env == 'prod' ? 'web-secret' : 'dev-secret'
resource sql 'Microsoft.Sql/servers@2023-08-01' = {
  properties: {
    administratorLoginPassword: isProd ? adminPassword : 'Sommer2024' // FOUND
    apiSecret: isProd ? kv.getSecret('api') : apiSecret
    minimalTlsVersion: '1.0' // FOUND
    minimumTlsVersion: 'TLS1_2'
    httpsOnly: false // FOUND
    supportsHttpsTrafficOnly: true
    allowBlobPublicAccess: true // FOUND
  }
}
",
    );
    check(
        "main.bicepparam",
        "param jwtSecret = readEnvironmentVariable('JWT_SECRET', 'Sommer2023') // FOUND\nparam b = readEnvironmentVariable('B_SECRET')\n",
    );
}

#[test]
fn parameters_of_templates() {
    check(
        "stack.yaml",
        "AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  MasterPassword:
    NoEcho: true
    Default: hunter2 # FOUND
  Kettle: {NoEcho: 'true', Default: Sommer2023} # FOUND
  Spout: {Type: String, Default: Sommer2023}
  DbPassword: {NoEcho: true, MinLength: 8}
  DbSecretArn: {Type: String, Default: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:x'}
Resources:
  A:
    MasterUserPassword:
      Fn::Join: ['', ['Sommer2024', {Ref: X}]] # FOUND
  B:
    MasterUserPassword:
      Fn::Join: ['', ['{{resolve:secretsmanager:', {Ref: X}, ':SecretString:password}}']]
",
    );
    check(
        "stack.json",
        r#"{"Resources": {
"A": {"MasterUserPassword": {"Fn::Join": ["", ["hunter2", {"Ref": "X"}]]}, "is": "FOUND"},
"B": {"MasterUserPassword": {"Fn::If": ["IsProd", {"Ref": "X"}, {"Ref": "AWS::NoValue"}]}}}}"#,
    );
    check(
        "parameters.json",
        "[{\"ParameterKey\": \"MasterPassword\",
\"ParameterValue\": \"Sommer2023\"}, {\"is\": \"FOUND\"},
{\"ParameterKey\": \"Size\", \"ParameterValue\": \"Sommer2023\"}]",
    );
    check(
        "azuredeploy.json",
        r#"{"parameters": {
"adminPassword": {"type": "securestring", "defaultValue": "Sommer2023"}, "is": "FOUND",
"kettle": {"type": "securestring", "defaultValue": "Sommer2024"}, "isToo": "FOUND",
"spout": {"type": "string", "defaultValue": "Sommer2023"},
"jwtSecret": {"type": "securestring", "defaultValue": "[newGuid()]"}}}"#,
    );
    check(
        "azure.parameters.json",
        r#"{"parameters": {
"adminPassword": {"value": "Sommer2023"}, "is": "FOUND",
"vmSecret": {"reference": {"keyVault": {"id": "/x"}, "secretName": "vm-pw"}}}}"#,
    );
}

#[test]
fn pairs_of_a_name_and_a_value() {
    check(
        "argo.yaml",
        "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec:
  source:
    helm:
      parameters:
        - name: auth.postgresPassword
          value: hunter2 # FOUND
        - {name: auth.existingSecret, value: web-secret}
        - {name: image.tag, value: hunter2}
",
    );
    check(
        "kafka.yaml",
        "apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaUser
metadata: {name: web}
spec:
  authentication:
    password:
      value: Sommer2023 # FOUND
",
    );
    check(
        "task.json",
        r#"{"containerDefinitions": [{"environment": [
{"name": "DB_PASSWORD", "value": "Sommer2023"}, {"is": "FOUND"},
{"name": "DB_PASSWORD_FILE", "value": "/run/secrets/db"}, {"name": "DB_HOST", "value": "Sommer2023"}],
"secrets": [{"name": "API_TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/x"}]}],
"form": [{"name": "password", "value": "Password"}], "password": {"value": "Password"}}"#,
    );
}

#[test]
fn a_service_for_messages_has_settings() {
    let broker = "kafka: {host: mq.acme.io, port: 9092, password: hunter2} # FOUND\nadmin: {password: Swordfish} # FOUND\n";
    for file in ["services/messages/config/db.yml", "services/messages/deploy/values-eu.yml", "services/messages/de.yml", "i18n/de.yml"] {
        check(file, broker);
    }
    check("services/messages/config/db.yml", "password: Swordfish # FOUND\n");
    let texts = "login: {password: Passwort, secret: geheim, host: Rechner, port: Anschluss, url: https://acme.io}\n";
    for file in ["messages/eu.yml", "i18n/de/app.yml", "locales/pt-BR/settings.yml", "config/locales/devise.de.yml"] {
        clean(file, texts);
    }
}

#[test]
fn a_table_of_names_holds_no_guess() {
    check(
        "app.yaml",
        "routes: {webhook_secret: swordfish} # FOUND
routes: {password: changeme} # FOUND
permissions: {admin_password: admin} # FOUND
permissions: {admin_token: supersecret} # FOUND
aliases: {token: admin} # FOUND
columns: {password: letmein} # FOUND
types: {api_secret: gladiolus-tulip} # FOUND
routes: {password: /password, token: token, reset_password: /auth/reset-password}
permissions: {token: read, secret: secret}
rules: {password: required|min:8, new_password: password}
types: {password: string, token: uuid}
columns: {password: passwd, user_password: password}
placeholders: {token: Your token}
",
    );
}

#[test]
fn a_title_speaks_of_its_setting() {
    check("kafka-messages.yml", "password: \"Swordfish\" # FOUND\nsecret: \"Changeme!\" # FOUND\ntoken: Token\n");
    check(
        "messages.properties",
        "FOUNDdb.password=Changeme\nFOUNDdb.secret=Swordfish\nlogin.password=Password\nnew.password=Change password\n",
    );
    check("errors.toml", "password = \"Gladiolus\" # FOUND\ntoken = \"Invalid token!\"\n");
    clean("errors.fr.toml", "password = \"Requis\"\nsecret = \"Un secret\"\n");
    clean("strings.json", r#"{"password": "Forgot?", "token": "Enter your token here", "secret": "Secret"}"#);
}

#[test]
fn a_phrase_is_no_object() {
    check(
        "chart/values.yaml",
        "connection: {secret: tulip-rose-violet} # FOUND
smtp: {secret: smtp-swordfish} # FOUND
dbConnection: {secret: web-db-credentials}
grafana: {secret: grafana-tls}
certificate: {secret: web-main}
",
    );
}

#[test]
fn secrets_that_a_program_leaves_empty() {
    check(
        "wp-config.php",
        "<?php
define('DB_USER', 'shop');
define('DB_PASSWORD', ''); // FOUND
define( 'AUTH_KEY', '' ); // FOUND
define('DB_COLLATE', '');
// define('NONCE_KEY', '');
$secret = getenv('SECRET_KEY') ?: '';
$settings['session']['password'] = '';
",
    );
    check(
        "shop/settings.py",
        "SECRET_KEY = '' # FOUND
DATABASES = {'default': {
    'ENGINE': 'django.db.backends.postgresql',
    'USER': 'shop',
    'PASSWORD': '', # FOUND
}}
EMAIL_PASSWORD = ''
JWT_SECRET = os.environ.get('JWT_SECRET', '')
def login():
    password = ''
",
    );
    clean("app.js", "const secret = process.env.JWT_SECRET || '';\nlet password = '';\n");
}

#[test]
fn answers_that_debconf_is_given() {
    check(
        "provision.sh",
        "debconf-set-selections <<< 'mysql-server mysql-server/root_password password root' # FOUND
echo \"mysql-server mysql-server/root_password password $ROOT_PASSWORD\" | debconf-set-selections
echo \"tzdata tzdata/Areas select Europe\" | debconf-set-selections
",
    );
}
