//! What is computed from a secret changes with it, and nothing else does. `tests/live/check_derived.py` asks other programs the same.

use super::{Desk, after, assert_code, between, stdout};
use harden::keygen::{Hash, KeyPair, SystemEntropy, Token};
use harden::model::secret::Secret;

/// Tokens that PyJWT signed: two with the placeholder, one with a secret that no file holds, one with `STRONG_SECRET`.
const PLACEHOLDER: &str = "your-super-secret-jwt-token-with-at-least-32-characters-long";
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
const ANON: &str =
    "eyJyb2xlIjoiYW5vbiIsImlzcyI6ImtldHRsZSIsImlhdCI6MTY0MTc2OTIwMCwiZXhwIjo0MTAyNDQ0ODAwfQ.XoElQmQVIFoVXQ7EZNgKN-rTFrCIv7hGE7LjMxHWGiM";
const SERVICE: &str = "eyJyb2xlIjoic2VydmljZV9yb2xlIiwiaXNzIjoia2V0dGxlIiwiaWF0IjoxNjQxNzY5MjAwLCJleHAiOjE3MDAwMDAwMDB9.uBE_A3hHd5BX35jZaMF3OEC4gtIhdnDg-w9mb4aRnOg";
const FOREIGN: &str = "eyJzdWIiOiJvcHMifQ.cX_Nd9XMqm9Y_piMHRxlZ2lSSrztVeOqXonteNN4RKo";
const STRONG: &str = "eyJzdWIiOiJvcHMifQ.Svvqk9mTvYx9DUgWm0ccNAlc733ABvbhQAmKijAHqWs";
const STRONG_SECRET: &str = "uV3kL8pQ1zN6wE0sT5yG7hB2cX4mJ9rDkF7aP2tZ5bW";
/// Of `changeme`, by argon2-cffi and bcrypt.
const ARGON2: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$gmCwf5XOqV0+o9B5K43Y4lXVTKyWnnknxq3cT2Gls1g";
const BCRYPT: &str = "$2y$10$.WA2xDOI6FurYfYAKM49LO28SiEumN15FnMkNfWKfbwpsGcKsmdCG";
const BCRYPT_OF_4: &str = "$2b$04$IYj6LXA3U3KqdOjnq8qgdO4BPzztFwQM9pQO5A3YVbuKFVUHuracC";
/// RFC 8032, test 1; both halves.
const ED25519: (&str, &str) =
    ("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
/// RFC 7517, appendix A.2.
const VAPID: (&str, &str) = (
    "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
    "BDCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
);

const APPLY: &[&str] = &["fix", "--emit", "plain", "--apply", "--allow-dirty"];

fn pem(kind: &str, body: &str, newline: &str) -> String {
    ["-----BEGIN ", kind, " KEY-----", newline, &body.replace('\n', newline), newline, "-----END ", kind, " KEY-----"].concat()
}

/// The plan, which must end with 1; and the same applied.
#[track_caller]
fn planned_and_applied(desk: &Desk) -> String {
    let output = desk.harden(&["fix", "--emit", "plain"]);
    assert_code(&output, 1);
    desk.ok(APPLY);
    stdout(&output)
}

/// A plan that leaves every file as it is.
#[track_caller]
fn plan(desk: &Desk) -> String {
    let before = desk.tree();
    let output = desk.harden(&["fix", "--emit", "plain"]);
    assert!(desk.tree() == before);
    stdout(&output)
}

fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

#[track_caller]
fn assert_signed(token: &str, key: &str) {
    assert!(Token::read(token).is_some_and(|t| t.signed_with(&secret(key)).is_some()), "not signed with the new key");
}

#[track_caller]
fn assert_hash_of(hash: &str, password: &str) {
    assert!(Hash::read(hash).is_some_and(|h| h.made_of(&secret(password)).is_some()), "not a hash of the new password");
}

/// Whether `public` is the public half of `private`.
#[track_caller]
fn assert_pair(private: &str, public: &str) {
    assert!(KeyPair::read(private).iter().any(|pair| pair.public_half(public).is_some()), "no pair");
}

/// Headers, arguments of commands, JSON in a string, files in a block: a token that stays behind is refused by the next request.
#[test]
fn tokens_inside_other_values_are_signed_again() {
    let token = format!("{HEADER}{ANON}");
    let env = format!(
        "JWT_SECRET={PLACEHOLDER}\nAUTH_HEADER=\"Bearer {token}\"\nCURL_ARGS=-H \"Authorization: Bearer {token}\"\nURL=https://api.kettle.test/?apikey={token}&a=1\n"
    );
    let kong = format!("headers:\n  - \"Authorization: Bearer {token}\"\n  - \"apikey: {token}\"\n");
    let compose = format!(
        "services:\n  web:\n    image: kettle\n    environment:\n      SUPA_AUTH: Bearer {token}\n      LIST: '[\"{token}\"]'\n    healthcheck:\n      test: [\"CMD\", \"curl\", \"-H\", \"Authorization: Bearer {token}\", \"http://localhost\"]\n    command: '--token {token} --header \"Authorization: Bearer {token}\"'\n"
    );
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  app.json: |\n    {{\"headers\": {{\"Authorization\": \"Bearer {token}\"}}, \"anon\": \"{token}\"}}\n  app.env: |\n    A=1\n    ANON={token}\n    HDR=\"Bearer {token}\"\n  inline: '{{\"Authorization\":\"Bearer {token}\"}}'\n"
    );
    let files = [(".env", env), ("kong.yml", kong), ("docker-compose.yml", compose), ("map.yaml", map)];
    let desk = Desk::with(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    // what is signed again does not leave for an env file with the value that it had
    let with_review = stdout(&desk.harden(&["fix", "--emit", "plain", "--include", "review"]));
    assert!(!with_review.contains("is added") && !with_review.contains("${"), "{with_review}");
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("and 15 computed from it\n"), "{plan}");
    let key = after(&desk.text(".env"), "JWT_SECRET=").to_owned();
    let mut signed = 0;
    for (name, old) in &files {
        // all but the tokens is as it was
        let new = desk.text(name).replace(&key, PLACEHOLDER);
        let mut rest = new.as_str();
        for piece in old.split(&token) {
            rest = rest.strip_prefix(piece).unwrap_or_else(|| panic!("{name} changed elsewhere: {new}"));
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).unwrap_or(rest.len());
            if !rest.is_empty() {
                assert_signed(&rest[..end], &key);
                signed += 1;
            }
            rest = &rest[end..];
        }
    }
    assert_eq!(signed, 15);
}

/// In a statement of SQL and in a file that no format reads, nothing can be written: the key waits for a person, who is told where.
#[test]
fn a_token_in_no_setting_keeps_the_key_from_being_replaced_by_itself() {
    let token = format!("{HEADER}{ANON}");
    let env = format!("JWT_SECRET={PLACEHOLDER}\n");
    for (name, text, line) in
        [("seed.sql", format!("-- seed\nINSERT INTO t VALUES ('{token}');\n"), 2), ("app.yaml", format!("a: b: c\nt: Bearer {token}\n"), 2)]
    {
        let desk = Desk::with(&[(".env", &env), (name, &text)]);
        let plan = plan(&desk);
        assert!(!plan.contains("safe:"), "{plan}");
        assert!(plan.contains(&format!("{name}:{line}")), "{plan}");
    }
}

#[test]
fn tokens_keep_their_claims_under_the_new_key() {
    use base64::Engine;
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let manifest = format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ndata:\n  JWT_SECRET: {}\n  ANON_KEY: {}\n",
        coded(PLACEHOLDER),
        coded(&format!("{HEADER}{ANON}"))
    );
    let env = format!("JWT_SECRET={PLACEHOLDER}\nANON_KEY={HEADER}{ANON}\nSERVICE_ROLE_KEY=\"{HEADER}{SERVICE}\" # of the server\n");
    let kong = format!("consumers:\n  - username: anon\n    keyauth_credentials:\n      - key: {HEADER}{ANON}\n");
    let desk = Desk::with(&[(".env", &env), ("k8s/secret.yaml", &manifest), ("kong.yml", &kong)]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("JWT_SECRET (stateless): a new value of 43 characters in 2 places, and 4 computed from it\n"), "{plan}");
    assert!(
        plan.contains(".env:2  ANON_KEY=•••••••• -> ••••••••: a token signed with it (HS256), signed again with its claims\n"),
        "{plan}"
    );
    assert!(plan.contains("SERVICE_ROLE_KEY") && plan.contains("it has expired, and stays so"), "{plan}");
    let (new, manifest) = (desk.text(".env"), desk.text("k8s/secret.yaml"));
    let key = after(&new, "JWT_SECRET=");
    let (anon, service) = (after(&new, "ANON_KEY="), between(&new, "SERVICE_ROLE_KEY=\"", "\" # of the server"));
    for (token, old) in [(anon, ANON), (service, SERVICE)] {
        assert_signed(token, key);
        let head = |t: &str| t.rsplit_once('.').unwrap().0.to_owned();
        assert_eq!(head(token), head(&format!("{HEADER}{old}")), "header and claims stay");
    }
    assert_eq!(after(&manifest, "JWT_SECRET: "), coded(key));
    assert_eq!(after(&manifest, "ANON_KEY: "), coded(anon));
    assert_eq!(after(&desk.text("kong.yml"), "- key: "), anon);
}

#[test]
fn a_longer_hash_gets_a_longer_key_and_base64_stays_base64() {
    let hs512 = "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvcHMifQ.4QVSABVWU8V-swv1S-c6NAeVY2Ylrh0XfwMvr90xbAX9FhHf91OCYTyukrNpUqHKNRZ7czO3j8WBtrFpSctVVg";
    let desk = Desk::with(&[(".env", &format!("JWT_SECRET=changeme-changeme\nOPS_TOKEN={hs512}\n"))]);
    planned_and_applied(&desk);
    let new = desk.text(".env");
    assert_eq!(after(&new, "JWT_SECRET=").len(), 64);
    assert_signed(after(&new, "OPS_TOKEN="), after(&new, "JWT_SECRET="));
    // the key of this one is what the base64 holds
    let token = "eyJzdWIiOiJvcHMifQ._tvZm3s1MeUvk0D0ItWs8fhn79yQcPk9N47snd75ZSA";
    let desk = Desk::with(&[(".env", &format!("JWT_SECRET=c2VjcmV0LXNlY3JldC1zZWNyZXQ=\nOPS_TOKEN={HEADER}{token}\n"))]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("(HS256, the key taken from base64)"), "{plan}");
    let new = desk.text(".env");
    assert_signed(after(&new, "OPS_TOKEN="), after(&new, "JWT_SECRET="));
    assert!(after(&new, "JWT_SECRET=").ends_with('=') && !new.contains(token));
}

#[test]
fn a_token_of_somebody_else_stays_and_is_named() {
    let desk = Desk::with(&[(".env", &format!("JWT_SECRET={PLACEHOLDER}\nANON_KEY={HEADER}{ANON}\nHOOK_TOKEN={HEADER}{FOREIGN}\n"))]);
    let plan = plan(&desk);
    let review = plan.split("\n\n").find(|part| part.starts_with("to review")).unwrap_or_else(|| panic!("{plan}"));
    assert!(review.contains("JWT_SECRET") && review.contains(".env:3 holds a token that may be signed with it"), "{plan}");
    let mut args = APPLY.to_vec();
    args.extend(["--include", "review"]);
    desk.ok(&args);
    let new = desk.text(".env");
    assert_eq!(after(&new, "HOOK_TOKEN="), format!("{HEADER}{FOREIGN}"));
    assert_signed(after(&new, "ANON_KEY="), after(&new, "JWT_SECRET="));
    // one that another secret of these files has signed is no reason to ask
    let desk =
        Desk::with(&[(".env", &format!("JWT_SECRET={PLACEHOLDER}\nHOOK_JWT_SECRET={STRONG_SECRET}\nHOOK_TOKEN={HEADER}{STRONG}\n"))]);
    let plan = planned_and_applied(&desk);
    assert!(plan.starts_with("safe") && plan.contains("JWT_SECRET"), "{plan}");
    let new = desk.text(".env");
    assert_eq!((after(&new, "HOOK_TOKEN="), after(&new, "HOOK_JWT_SECRET=")), (format!("{HEADER}{STRONG}").as_str(), STRONG_SECRET));
    // a token of a key pair has no shared key at all
    let rs256 = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvcHMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1pbi10aGUtdGVzdA";
    let desk = Desk::with(&[(".env", &format!("JWT_SECRET={PLACEHOLDER}\nHOOK_TOKEN={rs256}\n"))]);
    assert!(self::plan(&desk).starts_with("safe"));
}

#[test]
fn a_hash_changes_with_its_password_and_dollar_signs_stay_doubled() {
    let compose = format!(
        "services:\n  vaultwarden:\n    image: vaultwarden/server:1.32.0\n    environment:\n      ADMIN_TOKEN: {}\n  traefik:\n    image: traefik:3.1\n    labels:\n      - \"traefik.http.middlewares.gate.basicauth.users=ops:{},dev:x\"\n",
        ARGON2.replace('$', "$$"),
        BCRYPT.replace('$', "$$")
    );
    let desk = Desk::with(&[("docker-compose.yml", &compose), (".env", "VAULTWARDEN_PASSWORD=changeme\nTRAEFIK_PASSWORD=changeme\n")]);
    let plan = planned_and_applied(&desk);
    assert!(plan.starts_with("safe"), "what compares the password has changed with it: {plan}");
    assert!(plan.contains("a hash of it (argon2id), made again with a new salt\n"), "{plan}");
    let (env, new) = (desk.text(".env"), desk.text("docker-compose.yml"));
    let token = after(&new, "ADMIN_TOKEN: ");
    assert!(token.starts_with("$$argon2id$$v=19$$m=19456,t=2,p=1$$") && !token.replace("$$", "").contains('$'), "{token}");
    assert_hash_of(token, after(&env, "VAULTWARDEN_PASSWORD="));
    let gate = between(&new, "users=ops:", ",dev:x\"");
    assert!(gate.starts_with("$$2y$$10$$"), "{gate}");
    assert_hash_of(gate, after(&env, "TRAEFIK_PASSWORD="));
    assert_ne!(after(&env, "VAULTWARDEN_PASSWORD="), after(&env, "TRAEFIK_PASSWORD="));
}

#[test]
fn a_cheap_hash_is_made_again_at_the_cost_of_today() {
    let desk = Desk::with(&[(".env", &format!("ADMIN_PASSWORD=changeme\nADMIN_PASSWORD_HASH='{BCRYPT_OF_4}'\n"))]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("at the cost that is asked for today") && !plan.contains("by hand"), "{plan}");
    let new = desk.text(".env");
    let hash = between(&new, "ADMIN_PASSWORD_HASH='", "'");
    assert!(hash.starts_with("$2b$10$"), "{hash}");
    assert_hash_of(hash, after(&new, "ADMIN_PASSWORD="));
    let chosen =
        Desk::with(&[(".env", &format!("ADMIN_PASSWORD=changeme\nADMIN_PASSWORD_HASH='{BCRYPT_OF_4}'\nPOSTGRES_PASSWORD=changeme\n"))]);
    let said = stdout(&chosen.harden(&["fix", "--emit", "plain", "--only", "ADMIN_PASSWORD_HASH"]));
    assert!(said.contains("ADMIN_PASSWORD (") && !said.contains("POSTGRES_PASSWORD"), "chosen by what is computed from it: {said}");
}

#[test]
fn a_password_file_gets_the_new_hash_and_never_text() {
    let other = BCRYPT.replace("SiEum", "SiEun");
    let file = format!("# gate\nadmin:{BCRYPT}\nguest:{other}\n");
    let desk = Desk::with(&[(".env", "ADMIN_PASSWORD=changeme\n"), ("nginx/.htpasswd", &file)]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("nginx/.htpasswd:2  admin.password=•••••••• -> ••••••••: a hash of it (bcrypt)"), "{plan}");
    let new = desk.text("nginx/.htpasswd");
    assert_hash_of(after(&new, "admin:"), after(&desk.text(".env"), "ADMIN_PASSWORD="));
    assert_eq!(new.replace(after(&new, "admin:"), BCRYPT), file, "all else stays");
    // sealed it would be no password file: then it is a person's
    let sealed = Desk::with(&[(".env", "ADMIN_PASSWORD=changeme\n"), ("nginx/.htpasswd", &file)]);
    let plan = stdout(&sealed.harden(&["fix"]));
    assert!(plan.contains("nginx/.htpasswd cannot be sealed; `--emit plain` patches it in place") && !plan.contains("safe:"), "{plan}");
}

#[test]
fn a_hash_whose_password_is_unknown_waits_for_a_person() {
    for hash in [format!("$apr1$qT7vLx2m${}", "b".repeat(22)), BCRYPT.replace("SiEum", "SiEun"), ARGON2.replace("m=19456", "m=9194560")] {
        let desk = Desk::with(&[(".env", &format!("ADMIN_PASSWORD=changeme\nADMIN_PASSWORD_HASH='{hash}'\n"))]);
        let plan = plan(&desk);
        assert!(!plan.contains("safe:"), "{plan}");
        assert!(plan.contains(".env:2 is a hash whose password is not known here"), "{plan}");
    }
    // and is never replaced by text: nobody could log in with it
    let desk = Desk::with(&[(".env", &format!("ADMIN_TOKEN='{}'\n", ARGON2.replace("m=19456,t=2", "m=4096,t=1")))]);
    let plan = plan(&desk);
    assert!(plan.contains("by hand") && plan.contains("ADMIN_TOKEN") && plan.contains("hash a new one"), "{plan}");
}

#[test]
fn one_text_that_two_accounts_have_is_given_to_the_one_that_is_named() {
    let desk = Desk::with(&[
        (
            ".env",
            &format!(
                "POSTGRES_PASSWORD=changeme\nGRAFANA_PASSWORD=changeme\nGRAFANA_PASSWORD_BASE64=Y2hhbmdlbWU=\nGRAFANA_PASSWORD_HASH='{BCRYPT}'\n"
            ),
        ),
        ("compose.yaml", "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: \"${POSTGRES_PASSWORD}\"}\n"),
    ]);
    planned_and_applied(&desk);
    let new = desk.text(".env");
    let grafana = after(&new, "GRAFANA_PASSWORD=");
    use base64::Engine;
    assert_eq!(after(&new, "GRAFANA_PASSWORD_BASE64="), base64::engine::general_purpose::STANDARD.encode(grafana));
    assert_hash_of(between(&new, "GRAFANA_PASSWORD_HASH='", "'"), grafana);
    // with no name to tell, nobody gets it and a person decides
    let desk = Desk::with(&[(".env", "REDIS_PASSWORD=changeme\nMETRICS_TOKEN=changeme\nBLOB=Y2hhbmdlbWU=\n")]);
    let plan = plan(&desk);
    assert!(plan.contains(".env:3 is made of it or of another secret with the same value") && !plan.contains("safe:"), "{plan}");
    let desk = Desk::with(&[(".env", &format!("REDIS_PASSWORD=changeme\nGATE='ops:{BCRYPT}'\n"))]);
    let plan = self::plan(&desk);
    assert!(plan.contains(".env:2 is made of the same text: whether of this one is not known") && !plan.contains("safe:"), "{plan}");
}

#[test]
fn short_text_in_another_spelling_is_a_coincidence() {
    let desk = Desk::with(&[(".env", "REDIS_PASSWORD=admin\nUSER_NAME=YWRtaW4=\nCOLOUR=61646d696e\n")]);
    let plan = planned_and_applied(&desk);
    assert!(!plan.contains("computed from it"), "{plan}");
    let new = desk.text(".env");
    assert_eq!((after(&new, "USER_NAME="), after(&new, "COLOUR=")), ("YWRtaW4=", "61646d696e"));
    assert_ne!(after(&new, "REDIS_PASSWORD="), "admin");
}

#[test]
fn percent_signs_in_a_url_are_the_same_password() {
    let desk = Desk::with(&[
        (".env", "POSTGRES_USER=shop\nPOSTGRES_PASSWORD=P@ssw0rd!\nDATABASE_URL=postgres://shop:P%40ssw0rd%21@db:5432/shop\n"),
        ("compose.yaml", "services:\n  db:\n    image: postgres:16\n    environment: {POSTGRES_PASSWORD: \"${POSTGRES_PASSWORD}\"}\n"),
    ]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("in 2 places"), "{plan}");
    let new = desk.text(".env");
    assert_eq!(between(&new, "postgres://shop:", "@db"), after(&new, "POSTGRES_PASSWORD="));
}

#[test]
fn both_halves_of_a_published_pair_are_made_anew() {
    let escaped = |kind, body| pem(kind, body, "\\n");
    let block = pem("PUBLIC", ED25519.1, "\n      ");
    let desk = Desk::with(&[
        (".env", &format!("JWT_PRIVATE_KEY=\"{}\\n\"\n", escaped("PRIVATE", ED25519.0))),
        ("config/auth.yaml", &format!("auth:\n  jwt:\n    public_key: |\n      {block}\n    issuer: kettle\n")),
        (
            "config/jwks.json",
            "{\"keys\": [{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}\n",
        ),
        ("README.md", &format!("The public key:\n\n{}\n", pem("PUBLIC", ED25519.1, "\n"))),
    ]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("JWT_PRIVATE_KEY (derived): a new pair, Ed25519, in 1 place, and 2 computed from it\n"), "{plan}");
    assert!(plan.contains("the public half of it (Ed25519), of the new pair") && !plan.contains("by hand"), "{plan}");
    let private = between(&desk.text(".env"), "JWT_PRIVATE_KEY=\"", "\"").replace("\\n", "\n");
    let text = desk.text("config/auth.yaml");
    let public: Vec<&str> = text.lines().skip_while(|l| !l.contains("BEGIN")).take(3).map(str::trim).collect();
    assert!(!text.contains(ED25519.1) && text.ends_with("\n    issuer: kettle\n"));
    assert_pair(&private, &public.join("\n"));
    assert_pair(&private, between(&desk.text("config/jwks.json"), "\"x\": \"", "\""));
    assert!(desk.text("README.md").contains(ED25519.1), "documents keep the old one");
}

#[test]
fn a_private_json_web_key_changes_with_the_public_one() {
    let x = "\"x\": \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"";
    let private = format!("{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"d\": \"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\", {x}}}\n");
    let public = format!("{{\"keys\": [{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", {x}}}]}}\n");
    let desk = Desk::with(&[("config.json", &private), ("public/jwks.json", &public)]);
    planned_and_applied(&desk);
    let (new, jwks) = (desk.text("config.json"), desk.text("public/jwks.json"));
    assert!(new.starts_with("{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"d\": \"") && !new.contains("nWGxne") && !new.contains("11qYAY"));
    assert_pair(between(&new, "\"d\": \"", "\""), between(&new, "\"x\": \"", "\""));
    assert_eq!(between(&new, "\"x\": \"", "\""), between(&jwks, "\"x\": \"", "\""));
    // its own member is no sign that whoever checks with it is here, too
    let plan = plan(&Desk::with(&[("config.json", &private)]));
    assert!(plan.contains("by hand") && plan.contains("stands only beside it"), "{plan}");
}

#[test]
fn a_vapid_pair_that_development_has_too_is_made_anew() {
    let pair = format!("VAPID_PUBLIC_KEY={}\nVAPID_PRIVATE_KEY={}\n", VAPID.1, VAPID.0);
    let desk = Desk::with(&[(".env.production", &pair), (".env.development", &pair)]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("VAPID_PRIVATE_KEY (derived): a new pair, P-256, in 1 place, and 1 computed from it"), "{plan}");
    assert!(plan.contains(".env.development:1  keeps the old value") && plan.contains(".env.development:2  keeps the old value"), "{plan}");
    let new = desk.text(".env.production");
    let (private, public) = (after(&new, "VAPID_PRIVATE_KEY="), after(&new, "VAPID_PUBLIC_KEY="));
    assert_eq!((private.len(), public.len()), (43, 87));
    assert!(private != VAPID.0 && public.starts_with('B') && !public.contains(['+', '/', '=']));
    assert_pair(private, public);
    assert_eq!(desk.text(".env.development"), pair);
}

#[test]
fn a_weak_rsa_pair_becomes_one_of_3072_bits() {
    let (private, public) = (pem("RSA PRIVATE", RSA.0, "\n    "), pem("PUBLIC", RSA.1, "\\n"));
    let desk = Desk::with(&[
        ("config.yaml", &format!("jwt:\n  private_key: |\n    {private}\n  ttl: 5\n")),
        (".env", &format!("JWT_PUBLIC_KEY=\"{public}\"\n")),
    ]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("a new pair, RSA of 3072 bits"), "{plan}");
    let text = desk.text("config.yaml");
    assert!(text.starts_with("jwt:\n  private_key: |\n    -----BEGIN RSA") && text.ends_with("-----\n  ttl: 5\n"), "the rest stays");
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let public = between(&desk.text(".env"), "JWT_PUBLIC_KEY=\"", "\"").replace("\\n", "\n");
    let pair = KeyPair::read(&lines.join("\n"));
    assert_eq!(pair[0].name(), "RSA of 3072 bits");
    assert!(pair[0].public_half(&public).is_some() && pair[0].fresh(&mut SystemEntropy).is_ok());
}

#[test]
fn a_pair_that_others_hold_a_half_of_is_left_to_a_person() {
    let private = format!("JWT_PRIVATE_KEY=\"{}\"\n", pem("PRIVATE", ED25519.0, "\\n"));
    // alone: whoever holds the public half is not among the files
    let alone = Desk::with(&[(".env", &private)]);
    let plan = plan(&alone);
    assert!(plan.contains("by hand\n  JWT_PRIVATE_KEY") && plan.contains("its public half is not among these files"), "{plan}");
    // under a name that any text would do for, too
    let named = Desk::with(&[(".env", &private.replace("JWT_PRIVATE_KEY", "JWT_SECRET"))]);
    assert!(self::plan(&named).contains("its public half is not among these files"));
    // with a certificate, which somebody has to issue anew
    let public = format!("JWT_PUBLIC_KEY=\"{}\"\n", pem("PUBLIC", ED25519.1, "\\n"));
    let certified = Desk::with(&[(".env", &format!("{private}{public}")), ("tls/server.crt", CERTIFICATE)]);
    let plan = self::plan(&certified);
    assert!(plan.contains("tls/server.crt:1 is a certificate for it") && !plan.contains("safe:"), "{plan}");
    // and with a file of its own, which cannot be edited
    let file = format!("{}\n", pem("PUBLIC", ED25519.1, "\n"));
    let desk = Desk::with(&[(".env", &format!("{private}{public}")), ("keys/jwt.pub", &file)]);
    let plan = self::plan(&desk);
    assert!(plan.contains("keys/jwt.pub:1 holds its public half, and cannot be edited") && !plan.contains("safe:"), "{plan}");
}

#[test]
fn copies_of_one_private_key_stay_one_however_it_is_written() {
    let (lines, escaped) = (pem("PRIVATE", ED25519.0, "\n"), pem("PRIVATE", ED25519.0, "\\n"));
    let public = pem("PUBLIC", ED25519.1, "\n");
    let desk = Desk::with(&[
        (".env", &format!("JWT_PRIVATE_KEY=\"{lines}\n\"\nJWT_PUBLIC_KEY='{public}'\nTTL=5\n")),
        ("worker/.env", &format!("SIGNING_KEY=\"{escaped}\"\nTTL=5\n")),
    ]);
    let plan = planned_and_applied(&desk);
    assert!(plan.contains("a new pair, Ed25519, in 2 places, and 1 computed from it"), "{plan}");
    let (new, worker) = (desk.text(".env"), desk.text("worker/.env"));
    assert!(new.contains("KEY-----\nMC4") && new.ends_with("KEY-----'\nTTL=5\n"), "on lines, as it was");
    let private = new.split('"').nth(1).unwrap();
    assert_eq!(between(&worker, "SIGNING_KEY=\"", "\"").replace("\\n", "\n"), private.trim_end());
    assert_pair(private, new.split('\'').nth(1).unwrap());
}

#[test]
fn a_pair_whose_tokens_stand_in_a_file_is_looked_at_first() {
    let rs256 = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJvcHMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1pbi10aGUtdGVzdA";
    let halves = [pem("PRIVATE", ED25519.0, "\\n"), pem("PUBLIC", ED25519.1, "\\n")];
    let env = format!("JWT_PRIVATE_KEY=\"{}\"\nJWT_PUBLIC_KEY=\"{}\"\nOPS_TOKEN={rs256}\n", halves[0], halves[1]);
    let plan = plan(&Desk::with(&[(".env", &env)]));
    assert!(plan.starts_with("to review") && plan.contains(".env:3 holds a token that may be signed with it"), "{plan}");
}

#[test]
fn an_argument_is_changed_once_and_a_default_is_looked_at_first() {
    let compose = format!(
        "services:\n  app:\n    image: app:1\n    command: app --token {HEADER}{ANON} --verbose\n    environment:\n      JWT_SECRET: {PLACEHOLDER}\n"
    );
    let desk = Desk::with(&[("compose.yaml", &compose)]);
    planned_and_applied(&desk);
    let new = desk.text("compose.yaml");
    assert_signed(between(&new, "--token ", " --verbose"), after(&new, "JWT_SECRET: "));
    let desk = Desk::with(&[(
        "compose.yaml",
        &format!(
            "services:\n  app:\n    image: app:1\n    environment:\n      ANON_KEY: ${{ANON_KEY:-{HEADER}{ANON}}}\n      JWT_SECRET: {PLACEHOLDER}\n"
        ),
    )]);
    let plan = plan(&desk);
    assert!(plan.starts_with("to review") && plan.contains("compose.yaml:5 is the default of a reference, and computed from it"), "{plan}");
}

#[test]
fn a_program_that_goes_live_with_a_token_is_looked_at_first() {
    let env = format!("JWT_SECRET={PLACEHOLDER}\nANON_KEY={HEADER}{ANON}\n");
    let program = format!("export const anonKey = \"{HEADER}{ANON}\";\n");
    let told = plan(&Desk::with(&[(".env", &env), ("web/client.js", &program)]));
    assert!(
        told.starts_with("to review") && told.contains("web/client.js:1 holds a token signed with it, where nothing can be written"),
        "{told}"
    );
    // a test goes nowhere
    let told = plan(&Desk::with(&[(".env", &env), ("tests/client.test.js", &program)]));
    assert!(told.starts_with("safe"), "{told}");
}

#[test]
fn sealed_copies_hold_what_was_computed() {
    let desk = Desk::with(&[(".env", &format!("JWT_SECRET={PLACEHOLDER}\nANON_KEY={HEADER}{ANON}\n"))]).ready();
    desk.ok(&["fix", "--apply"]);
    let new = desk.opened(".env");
    assert_signed(after(&new, "ANON_KEY="), after(&new, "JWT_SECRET="));
    // nothing is left to do, and a second plan changes nothing
    assert_code(&desk.harden(&["fix"]), 0);
}

/// A pair of 1024 bits, by OpenSSL.
const RSA: (&str, &str) = (
    "MIICXQIBAAKBgQDEf1UrZbE6ysRvG8RDucVRu1ggc8aAd08ZygT71ljZksmrWxEn\n\
     /cu7zyLd3ezvpmILYEsXihjyAgZ3dbV9D4TfGYJANfgVwxy6aPqcA0y4c5UdGvjs\n\
     Chg43YQqxcR0nBwF0gj9cBxNkDP/Jh7oXRHIQlpjS3bB9wNr+9xtNPzejwIDAQAB\n\
     AoGAGyY4v1FCpovjjjJ48J6XS86lw34bnB5f+IE4JQ+doRot8RYZDbx8TMu21o7W\n\
     MNp9S3MXjP4QqkdrW1ARLmFZizd9ca8HcO0i8Kbdx4Iwxk5zWfzAEj8W6lBAeOEf\n\
     DROLCu8FuT77ok4N9UuZxiuuXfVZUj4px9fKd2iwLTDsCAECQQD2E883tebkbGIW\n\
     YzypFiIyzQ1E5l9Uk/6DTGYPQ6kGJQOqKK/YzzGeBPhqhjihC2aJ8oAaFS9vPkI+\n\
     t0NFQsKPAkEAzGu47mUD2jKKw8dlO9dpEYyYGlGROlxMBHnV6d/sgWhy/HXowRcS\n\
     6GwrBJBL1njV7MkKXR3jy5XNZjF3JMIkAQJBAJEWsvoFDYMnCFps3opPm5BaaHV0\n\
     Y0bqD4l41UAww4r07gk4/h2WZInoIlQkmWUS5L13NuKqFRLBIav6v/YpW68CQHay\n\
     XhFe6lu6WUTQ9QFIVSPxhShTEIbYrPM0Y3eHpGaH5ayeMmZcJYh7tobR2pdQVrdF\n\
     DRWAk5LVCw05z7qyWAECQQDZZBZPVajeHp4WW2CnGXEAck6HG6kqcR+CkERmG3GV\n\
     cHazsh2ZfvHOAapL7IcEHpg/VxpK6iU8bbSt663bgZkB",
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDEf1UrZbE6ysRvG8RDucVRu1gg\n\
     c8aAd08ZygT71ljZksmrWxEn/cu7zyLd3ezvpmILYEsXihjyAgZ3dbV9D4TfGYJA\n\
     NfgVwxy6aPqcA0y4c5UdGvjsChg43YQqxcR0nBwF0gj9cBxNkDP/Jh7oXRHIQlpj\n\
     S3bB9wNr+9xtNPzejwIDAQAB",
);

/// For the key of RFC 8032, by OpenSSL.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIBRjCB+aADAgECAhR0pjxRzRySYyRe76fPmJ26+WiAZjAFBgMrZXAwGTEXMBUG\n\
    A1UEAwwOa2V0dGxlLmV4YW1wbGUwHhcNMjYxMTI5MjI0MzA3WhcNMzYxMTI2MjI0\n\
    MzA3WjAZMRcwFQYDVQQDDA5rZXR0bGUuZXhhbXBsZTAqMAUGAytlcAMhANdamAGC\n\
    sQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Eao1MwUTAdBgNVHQ4EFgQUWyeqVYkX\n\
    l3DkdXWxYqHe2XuL/G0wHwYDVR0jBBgwFoAUWyeqVYkXl3DkdXWxYqHe2XuL/G0w\n\
    DwYDVR0TAQH/BAUwAwEB/zAFBgMrZXADQQBPhgSLS4AJl9T/F52pK5MPXO9J+k9l\n\
    uJs76eVNBgVrRcLzcg5kafWIjzWzUNi3FjyAS1dQFWAAMJBraY5g1aYN\n\
    -----END CERTIFICATE-----\n";
