//! What each well-known secret is, and what it gets: through the program, in the file of a program that is recognised by its siblings.
//! The checks are those of the programs that read the values.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{Desk, after, stdout};

/// Whether a program takes a value.
type Check = fn(&str) -> bool;

const STATELESS: &str = "stateless";
const COORDINATED: &str = "coordinated";
const DATA: &str = "data-encrypting";
const DERIVED: &str = "derived";
const ISSUED: &str = "provider-issued";

/// What stands beside the secrets, and the secrets: name, kind, and the check of a new value where one is made.
type Case = (&'static str, &'static [(&'static str, &'static str, Option<Check>)]);

fn distinct(v: &str) -> usize {
    v.chars().collect::<BTreeSet<_>>().len()
}

/// Django's check security.W009.
fn django(v: &str) -> bool {
    v.len() >= 50 && distinct(v) >= 5 && !v.starts_with("django-insecure-")
}

fn hex(v: &str, bytes: usize) -> bool {
    v.len() == 2 * bytes && v.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn base64(v: &str, bytes: usize) -> bool {
    STANDARD.decode(v).is_ok_and(|d| d.len() == bytes)
}

fn hex_16(v: &str) -> bool {
    hex(v, 16)
}

fn hex_32(v: &str) -> bool {
    hex(v, 32)
}

fn hex_64(v: &str) -> bool {
    hex(v, 64)
}

fn base64_16(v: &str) -> bool {
    base64(v, 16)
}

fn base64_32(v: &str) -> bool {
    base64(v, 32)
}

/// `Fernet(key)` of pyca/cryptography.
fn fernet(v: &str) -> bool {
    v.len() == 44 && URL_SAFE.decode(v).is_ok_and(|d| d.len() == 32)
}

/// `Encrypter::supported` of Laravel for AES-256-CBC.
fn laravel(v: &str) -> bool {
    v.strip_prefix("base64:").is_some_and(|rest| base64(rest, 32))
}

/// A UUID of version 4 (RFC 9562).
fn uuid_4(v: &str) -> bool {
    v.len() == 36 && v.as_bytes()[14] == b'4' && b"89ab".contains(&v.as_bytes()[19]) && v.split('-').count() == 5
}

fn at_least_32(v: &str) -> bool {
    v.len() >= 32 && distinct(v) > 12
}

fn at_least_64(v: &str) -> bool {
    v.len() >= 64 && distinct(v) > 12
}

/// A key that is used as its 32 characters.
fn text_32(v: &str) -> bool {
    v.len() == 32 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn alnum_32(v: &str) -> bool {
    v.len() == 32 && v.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn alnum_64(v: &str) -> bool {
    v.len() == 64 && v.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn alnum_20(v: &str) -> bool {
    v.len() >= 20 && v.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `gitea generate secret JWT_SECRET`.
fn gitea_jwt(v: &str) -> bool {
    v.len() == 43 && URL_SAFE_NO_PAD.decode(v).is_ok_and(|d| d.len() == 32)
}

fn strapi_keys(v: &str) -> bool {
    let members: BTreeSet<&str> = v.split(',').collect();
    members.len() == 4 && members.iter().all(|m| base64(m, 16))
}

/// Keycloak, MySQL from MEDIUM on, MSSQL: all four kinds.
fn password(v: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| v.as_bytes().iter().any(kind);
    (22..=72).contains(&v.len())
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_punctuation)
}

/// The well-known secrets, program by program.
const CASES: &[Case] = &[
    ("PORT=8000", &[("SECRET_KEY", STATELESS, Some(django)), ("DJANGO_SECRET_KEY", STATELESS, Some(django))]),
    ("DJANGO_SETTINGS_MODULE=app.settings", &[("SECRET_KEY", STATELESS, Some(django))]),
    ("FLASK_APP=app", &[("SECRET_KEY", STATELESS, Some(hex_32)), ("FLASK_SECRET_KEY", STATELESS, Some(hex_32))]),
    ("SUPERSET_ENV=production", &[("SECRET_KEY", DATA, Some(|v| base64(v, 42)))]),
    ("PORT=8088", &[("SUPERSET_SECRET_KEY", DATA, Some(|v| base64(v, 42)))]),
    (
        "RAILS_ENV=production",
        &[
            ("SECRET_KEY_BASE", STATELESS, Some(hex_64)),
            ("RAILS_MASTER_KEY", DATA, Some(hex_16)),
            ("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", DATA, Some(alnum_32)),
            ("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", DATA, Some(alnum_32)),
            ("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", DATA, Some(alnum_32)),
            ("OTP_SECRET", DATA, Some(hex_64)),
            ("LOCKBOX_MASTER_KEY", DATA, Some(hex_32)),
        ],
    ),
    ("APP_ENV=production", &[("APP_KEY", DATA, Some(laravel)), ("APP_SECRET", STATELESS, Some(hex_16))]),
    // Plug's cookie store wants 64 bytes
    ("PHX_HOST=example.org", &[("SECRET_KEY_BASE", STATELESS, Some(at_least_64)), ("TOTP_VAULT_KEY", DATA, Some(base64_32))]),
    (
        "PORT=3000",
        &[
            ("AUTH_SECRET", STATELESS, Some(base64_32)),
            ("NEXTAUTH_SECRET", STATELESS, Some(base64_32)),
            ("SESSION_SECRET", STATELESS, Some(at_least_32)),
            ("COOKIE_SECRET", STATELESS, Some(at_least_32)),
            ("JWT_SECRET", STATELESS, Some(at_least_32)),
            ("JWT_SIGNING_KEY", STATELESS, Some(at_least_32)),
            ("PLAY_SECRET", STATELESS, Some(at_least_32)),
            ("SESSION_PASSWORD", STATELESS, Some(at_least_32)),
        ],
    ),
    (
        "SPRING_PROFILES_ACTIVE=prod",
        &[
            ("JWT_BASE64_SECRET", STATELESS, Some(|v| base64(v, 64))),
            ("JHIPSTER_SECURITY_AUTHENTICATION_JWT_BASE64_SECRET", STATELESS, Some(|v| base64(v, 64))),
        ],
    ),
    (
        "WORDPRESS_DB_HOST=db",
        &[
            ("WORDPRESS_AUTH_KEY", STATELESS, Some(at_least_64)),
            ("WORDPRESS_SECURE_AUTH_KEY", STATELESS, Some(at_least_64)),
            ("WORDPRESS_LOGGED_IN_KEY", STATELESS, Some(at_least_64)),
            ("WORDPRESS_NONCE_KEY", STATELESS, Some(at_least_64)),
            ("WORDPRESS_AUTH_SALT", STATELESS, Some(at_least_64)),
            ("WORDPRESS_SECURE_AUTH_SALT", STATELESS, Some(at_least_64)),
            ("WORDPRESS_LOGGED_IN_SALT", STATELESS, Some(at_least_64)),
            ("WORDPRESS_NONCE_SALT", STATELESS, Some(at_least_64)),
        ],
    ),
    (
        "GITEA__server__DOMAIN=git.example.org",
        &[
            ("GITEA__security__SECRET_KEY", DATA, Some(alnum_64)),
            ("GITEA__security__INTERNAL_TOKEN", STATELESS, Some(at_least_32)),
            ("GITEA__oauth2__JWT_SECRET", STATELESS, Some(gitea_jwt)),
            ("GITEA__server__LFS_JWT_SECRET", STATELESS, Some(gitea_jwt)),
        ],
    ),
    (
        "SUPABASE_PUBLIC_URL=https://example.org",
        &[
            ("JWT_SECRET", STATELESS, Some(at_least_32)),
            ("ANON_KEY", DERIVED, None),
            ("SERVICE_ROLE_KEY", DERIVED, None),
            ("VAULT_ENC_KEY", DATA, Some(alnum_32)),
            ("PG_META_CRYPTO_KEY", DATA, Some(at_least_32)),
            ("DASHBOARD_PASSWORD", STATELESS, Some(password)),
        ],
    ),
    (
        "AIRFLOW_UID=50000",
        &[
            ("AIRFLOW__CORE__FERNET_KEY", DATA, Some(fernet)),
            ("AIRFLOW__WEBSERVER__SECRET_KEY", STATELESS, Some(hex_32)),
            ("AIRFLOW__API_AUTH__JWT_SECRET", STATELESS, Some(at_least_32)),
        ],
    ),
    ("PORT=80", &[("FERNET_KEY", DATA, Some(fernet)), ("N8N_ENCRYPTION_KEY", DATA, Some(|v| base64(v, 24)))]),
    (
        "STRAPI_TELEMETRY_DISABLED=1",
        &[
            ("APP_KEYS", STATELESS, Some(strapi_keys)),
            ("ADMIN_JWT_SECRET", STATELESS, Some(at_least_32)),
            ("JWT_SECRET", STATELESS, Some(base64_32)),
            ("API_TOKEN_SALT", DATA, Some(base64_16)),
            ("TRANSFER_TOKEN_SALT", DATA, Some(base64_16)),
            ("ENCRYPTION_KEY", DATA, Some(base64_32)),
        ],
    ),
    ("PORT=3001", &[("PAYLOAD_SECRET", DATA, Some(hex_32)), ("CALENDSO_ENCRYPTION_KEY", DATA, Some(text_32))]),
    ("DB_CLIENT=pg", &[("KEY", STATELESS, Some(uuid_4)), ("SECRET", STATELESS, Some(at_least_32))]),
    ("PORT=3002", &[("GF_SECURITY_SECRET_KEY", DATA, Some(text_32)), ("GF_SECURITY_ADMIN_PASSWORD", COORDINATED, Some(password))]),
    ("GITLAB_HOST=git.example.org", &[("DB_KEY_BASE", DATA, Some(hex_64)), ("GITLAB_SECRETS_SECRET_KEY_BASE", DATA, Some(hex_64))]),
    (
        "PORT=7700",
        &[
            ("MB_ENCRYPTION_SECRET_KEY", DATA, Some(base64_32)),
            // its clients hold it as well
            ("MEILI_MASTER_KEY", COORDINATED, Some(at_least_32)),
            ("XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY", DATA, Some(at_least_32)),
            ("XPACK_SECURITY_ENCRYPTIONKEY", STATELESS, Some(at_least_32)),
            ("XPACK_REPORTING_ENCRYPTIONKEY", STATELESS, Some(at_least_32)),
            ("AUTHENTIK_SECRET_KEY", STATELESS, Some(|v| v.len() >= 60)),
            ("_APP_OPENSSL_KEY_V1", DATA, Some(at_least_32)),
        ],
    ),
    ("USE_ENCRYPTION_V2=true", &[("ENCRYPTION_KEY", DATA, Some(at_least_64))]),
    ("LANGFUSE_INIT_ORG_ID=a", &[("ENCRYPTION_KEY", DATA, Some(hex_32)), ("SALT", DATA, Some(at_least_32))]),
    ("MAGENTO_RUN_MODE=production", &[("MAGENTO_CRYPT_KEY", DATA, Some(hex_16))]),
    ("PORT=81", &[("ADMIN_PASSWORD_HASH", DERIVED, None), ("VAPID_PRIVATE_KEY", DERIVED, None), ("DKIM_PRIVATE_KEY", DERIVED, None)]),
    ("PORT=82", &[("HASURA_GRAPHQL_ADMIN_SECRET", COORDINATED, Some(at_least_32))]),
    (
        "PORT=83",
        &[("ENCRYPTION_KEY", DATA, Some(at_least_32)), ("MASTER_KEY", DATA, None), ("DATA_KEY", DATA, None), ("PEPPER", DATA, None)],
    ),
    ("PORT=84", &[("RABBITMQ_ERLANG_COOKIE", COORDINATED, Some(alnum_20)), ("K3S_TOKEN", COORDINATED, Some(at_least_32))]),
    ("CONSUL_BIND_INTERFACE=eth0", &[("GOSSIP_ENCRYPTION_KEY", COORDINATED, Some(base64_32))]),
    (
        "PORT=85",
        &[
            ("POSTGRES_PASSWORD", COORDINATED, Some(password)),
            ("MYSQL_ROOT_PASSWORD", COORDINATED, Some(password)),
            ("REDIS_PASSWORD", COORDINATED, Some(password)),
            ("MONGO_INITDB_ROOT_PASSWORD", COORDINATED, Some(password)),
            ("RABBITMQ_DEFAULT_PASS", COORDINATED, Some(password)),
            ("ELASTIC_PASSWORD", COORDINATED, Some(password)),
            ("MINIO_ROOT_PASSWORD", COORDINATED, Some(|v| (8..=40).contains(&v.len()))),
            ("MSSQL_SA_PASSWORD", COORDINATED, Some(password)),
            ("KC_BOOTSTRAP_ADMIN_PASSWORD", COORDINATED, Some(password)),
            ("PGADMIN_DEFAULT_PASSWORD", COORDINATED, Some(password)),
        ],
    ),
    ("PORT=86", &[("PGPASSWORD", COORDINATED, Some(password)), ("MYSQL_PWD", COORDINATED, Some(password))]),
    (
        "PORT=87",
        &[
            ("AWS_SECRET_ACCESS_KEY", ISSUED, None),
            ("STRIPE_SECRET_KEY", ISSUED, None),
            ("STRIPE_WEBHOOK_SECRET", ISSUED, None),
            ("GITHUB_TOKEN", ISSUED, None),
            ("GITHUB_WEBHOOK_SECRET", COORDINATED, Some(at_least_32)),
            ("GOOGLE_CLIENT_SECRET", ISSUED, None),
            ("AZURE_CLIENT_SECRET", ISSUED, None),
            ("SLACK_BOT_TOKEN", ISSUED, None),
            ("SLACK_SIGNING_SECRET", ISSUED, None),
            ("TWILIO_AUTH_TOKEN", ISSUED, None),
            ("SENDGRID_API_KEY", ISSUED, None),
            ("MAILGUN_API_KEY", ISSUED, None),
            ("OPENAI_API_KEY", ISSUED, None),
            ("ANTHROPIC_API_KEY", ISSUED, None),
            ("SENTRY_AUTH_TOKEN", ISSUED, None),
            ("NPM_TOKEN", ISSUED, None),
            ("DIGITALOCEAN_TOKEN", ISSUED, None),
            ("CLOUDFLARE_API_TOKEN", ISSUED, None),
            ("HEROKU_API_KEY", ISSUED, None),
            ("VERCEL_TOKEN", ISSUED, None),
            ("WX_APP_SECRET", ISSUED, None),
            ("QINIU_SECRET_KEY", ISSUED, None),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ISSUED, None),
            ("DINGTALK_APP_SECRET", ISSUED, None),
        ],
    ),
    ("APP_ID=1", &[("APP_SECRET", ISSUED, None)]),
    ("SMS_ACCESS_KEY=x", &[("SMS_ACCESS_SECRET", ISSUED, None)]),
    ("REDIRECT_URIS=x", &[("CLIENT_SECRET", COORDINATED, None)]),
    ("ACCESS_KEY=x", &[("SECRET_KEY", COORDINATED, None)]),
    ("PORT=88", &[("APP_SECRET", STATELESS, Some(hex_16))]),
];

#[test]
fn every_well_known_secret_has_its_kind_and_its_form() {
    let mut faults = Vec::new();
    for (evidence, rows) in CASES {
        let env: String = rows.iter().map(|(name, ..)| format!("{name}=changeme\n")).collect();
        let desk = Desk::with(&[(".env", &format!("{evidence}\n{env}"))]);
        let plan = stdout(&desk.harden(&["fix", "--emit", "plain"]));
        let known = |name: &str, kind: &str| plan.contains(&format!("\n  {name} ({kind})"));
        let wrong = rows.iter().filter(|(name, kind, _)| !known(name, kind));
        faults.extend(wrong.map(|(name, kind, _)| format!("{evidence}: {name} is not {kind}")));
        desk.harden(&["fix", "--promote", "production", "--emit", "plain", "--apply", "--include", "review"]);
        let made = if desk.has(".env.production") { desk.text(".env.production") } else { desk.text(".env") };
        let mut seen = BTreeSet::new();
        for (name, kind, check) in *rows {
            let value = after(&made, &format!("{name}="));
            let right = match check {
                Some(check) => check(value) && seen.insert(value),
                None => (value == "changeme") == matches!(*kind, DERIVED | ISSUED),
            };
            if !right {
                // the value is a test's own, and may be shown
                faults.push(format!("{evidence}: {name} is refused: {value}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
