//! Every backend against its server, through a whole rotation and back: the new credential works, the old one does or does not as the backend
//! said, a step that is done again finds itself done, and the server's most talkative logs hold neither.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests write in folders of their own, and helpers fail by panicking")]

use std::time::Duration;

use harden::live::{Access, Admin, Backend, BackendError, Done, Outcome, Overlap, Pair, Persistence, for_target};
use harden::model::secret::Secret;
use harden::wire::login::Protection;
use harden::wire::{Target, Trust};

use crate::servers::{Servers, wanted};

const NEW: &str = "N3w-val\u{e4}'e-of-app";

fn target(url: &str) -> Target {
    Target::of(&harden::dsn::parse(url).unwrap(), url).pop().unwrap().unwrap()
}

fn access(servers: &Servers, admin: Option<&str>) -> Access {
    let mut trust = Trust::system();
    assert_eq!(trust.add_pem(&std::fs::read(servers.authority()).unwrap()), 1);
    let admin =
        admin.map(|user| Admin { user: user.to_owned(), password: Secret::new(servers.password("admin")), database: String::new() });
    Access { trust, within: Duration::from_secs(10), protection: Protection::Verified, admin }
}

fn backend(url: &str, api: Option<&str>, access: &Access) -> Box<dyn Backend> {
    for_target(&target(url), api.map(target).as_ref(), access).unwrap()
}

/// (the old one, the new one)
fn accepted(backend: &mut dyn Backend, pair: &Pair<'_>) -> (bool, bool) {
    let mut one = |secret| match backend.login(secret) {
        Outcome::Accepted => true,
        Outcome::Refused => false,
        other => panic!("{other:?}"),
    };
    (one(pair.old), one(pair.new))
}

/// Forward, back, forward again, each step twice, the second time by a backend that knows nothing of the first: as after a crash.
fn goes_round(make: &dyn Fn() -> Box<dyn Backend>, old: &str, new: &str) {
    let (old, new) = (Secret::copy_of(old), Secret::copy_of(new));
    let pair = Pair { old: &old, new: &new };
    let mut it = make();
    assert_eq!(accepted(&mut *it, &pair), (true, false), "before");
    let overlap = it.inspect(&old).unwrap().overlap;
    let staged = (overlap == Overlap::Both, true);
    let again = |step: &dyn Fn(&mut dyn Backend) -> Result<Done, BackendError>| {
        let done = step(&mut *make()).unwrap();
        assert!(done.already, "it is done already");
    };
    for round in ["stays", "crashes"] {
        assert!(!it.stage(&pair).unwrap().already, "stage, {round}");
        assert_eq!(accepted(&mut *it, &pair), staged, "stage, {round}");
        again(&|it| it.stage(&pair));
        if round == "crashes" {
            it = make();
        }
        assert!(!it.revert(&pair).unwrap().already, "revert, {round}");
        assert_eq!(accepted(&mut *it, &pair), (true, false), "revert, {round}");
        again(&|it| it.revert(&pair));
    }
    it.stage(&pair).unwrap();
    assert_eq!(it.retire(&pair).unwrap().already, overlap == Overlap::One);
    assert_eq!(accepted(&mut *it, &pair), (false, true), "retire");
    again(&|it| it.retire(&pair));
    again(&|it| it.stage(&pair));
    // and home again, so that the next may begin: the other way round is a rotation, too
    let back = Pair { old: &new, new: &old };
    it.stage(&back).unwrap();
    it.retire(&back).unwrap();
    assert_eq!(accepted(&mut *it, &pair), (true, false), "home");
}

#[track_caller]
fn assert_silent(servers: &Servers, name: &str, secrets: &[&str]) {
    let logs = servers.logs(name);
    assert!(logs.len() > 500, "{name} logs");
    for secret in secrets {
        assert!(!logs.contains(*secret), "the log of {name} holds a password");
    }
}

#[test]
fn postgres_is_rotated_by_the_role_itself_and_by_an_administrator() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["postgres"]);
    let (old, port) = (servers.password("app"), servers.port("postgres", "port"));
    let url = format!("postgres://app@localhost:{port}/app");
    for admin in [None, Some("admin")] {
        let access = access(&servers, admin.map(|_| "admin"));
        let access = Access { admin: access.admin.map(|a| Admin { database: "postgres".to_owned(), ..a }), ..access };
        goes_round(&|| backend(&url, None, &access), &old, NEW);
    }
    let mut own = backend(&url, None, &access(&servers, None));
    let secret = Secret::new(old.clone());
    let facts = own.inspect(&secret).unwrap();
    assert!(facts.version.starts_with("15") && facts.account == "app" && facts.powers.is_empty(), "{facts:?}");
    assert_eq!(facts.sessions, Some(Vec::new()), "its own are not others");
    let wrong = Secret::copy_of("wr0ng-one");
    let neither = own.stage(&Pair { old: &wrong, new: &wrong });
    assert_eq!(neither.unwrap_err(), BackendError::LockedOut);
    assert_silent(&servers, "postgres", &[&old, NEW, &servers.password("admin"), "wr0ng-one"]);
    assert!(servers.logs("postgres").contains("ALTER ROLE"), "the log has the statements");
}

#[test]
fn two_roles_of_postgres_take_turns_and_what_they_make_is_the_owners() {
    use harden::live::PostgresPair;
    use harden::wire::login::{open, postgres_session};

    if !wanted() {
        return;
    }
    let servers = Servers::start(&["postgres"]);
    let port = servers.port("postgres", "port");
    let by_admin = access(&servers, Some("admin"));
    let by_admin = Access { admin: by_admin.admin.map(|a| Admin { database: "postgres".to_owned(), ..a }), ..by_admin };
    let as_role = |user: &str| target(&format!("postgres://{user}@localhost:{port}/app"));
    let make =
        |user: &str, other: &str| -> Box<dyn Backend> { Box::new(PostgresPair::new(as_role(user), other, by_admin.clone()).unwrap()) };
    let session = |user: &str, secret: &Secret| {
        let target = as_role(user);
        postgres_session(&target, open(&target, &by_admin.trust, by_admin.within, by_admin.protection).unwrap(), secret).unwrap()
    };
    let (first, second, third) = (Secret::new(servers.password("app")), Secret::copy_of(NEW), Secret::copy_of("th1rd-value"));
    session("app", &first).query("CREATE TABLE mine (n int)").unwrap();

    // there and back, then for good
    let pair = Pair { old: &first, new: &second };
    let mut it = make("app", "app_b");
    assert_eq!(it.inspect(&first).unwrap().overlap, Overlap::Both);
    for round in 0..2 {
        let done = it.stage(&pair).unwrap();
        assert_eq!((done.already, done.account.as_deref()), (false, Some("app_b")));
        assert!(make("app", "app_b").stage(&pair).unwrap().already);
        assert_eq!(accepted(&mut *it, &pair), (true, true), "no gap");
        if round == 0 {
            assert!(!it.revert(&pair).unwrap().already && make("app", "app_b").revert(&pair).unwrap().already);
            assert_eq!(accepted(&mut *it, &pair), (true, false));
        }
    }
    let mut open_before = session("app", &first);
    assert!(!it.retire(&pair).unwrap().already && it.retire(&pair).unwrap().already);
    assert_eq!(accepted(&mut *it, &pair), (false, true));
    open_before.query("SELECT 1").unwrap();
    let mut made = session("app_b", &second);
    made.query("INSERT INTO mine VALUES (1); CREATE TABLE more (n int)").unwrap();
    let owners = made.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").unwrap();
    assert_eq!(owners, [[Some("app".to_owned())]], "whoever made it");

    // the next rotation goes the other way
    let pair = Pair { old: &second, new: &third };
    let mut it = make("app_b", "app");
    assert_eq!(it.stage(&pair).unwrap().account.as_deref(), Some("app"));
    it.retire(&pair).unwrap();
    assert_eq!(accepted(&mut *it, &pair), (false, true));
    session("app", &third).query("INSERT INTO more VALUES (1)").unwrap();

    assert!(PostgresPair::new(as_role("app"), "app", by_admin.clone()).is_none());
    for somebodys in ["readers", "admin"] {
        let refused = make("app", somebodys).stage(&pair);
        assert!(matches!(refused, Err(BackendError::Unsupported(_))), "{somebodys}: {refused:?}");
    }
    assert_silent(&servers, "postgres", &[first.expose(), NEW, third.expose(), &servers.password("admin")]);
}

#[test]
fn nothing_is_sent_to_a_server_that_proves_nothing() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["postgres", "redis"]);
    let old = Secret::new(servers.password("app"));
    let new = Secret::copy_of(NEW);
    let (pg, open) = (servers.port("postgres", "port"), servers.port("redis", "port"));
    let stranger = Access { trust: Trust::system(), ..access(&servers, None) };
    let mut it = backend(&format!("postgres://app@localhost:{pg}/app"), None, &stranger);
    assert!(matches!(it.login(&old), Outcome::Unprotected(_)));
    assert!(matches!(it.stage(&Pair { old: &old, new: &new }), Err(BackendError::Unprotected(_))));
    let mut plain = backend(&format!("redis://app@localhost:{open}/0"), None, &access(&servers, None));
    assert!(matches!(plain.login(&old), Outcome::Unprotected(_)), "{:?}", plain.login(&old));
    let as_written = Access { protection: Protection::AsWritten, ..access(&servers, None) };
    let mut plain = backend(&format!("redis://app@localhost:{open}/0"), None, &as_written);
    assert_eq!(plain.login(&old), Outcome::Accepted);
}

#[test]
fn mariadb_is_rotated_in_the_row_that_the_login_matches() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["mariadb"]);
    let (old, port) = (servers.password("app"), servers.port("mariadb", "port"));
    let url = format!("mysql://app@localhost:{port}/app");
    for admin in [None, Some("admin")] {
        let access = access(&servers, admin);
        goes_round(&|| backend(&url, None, &access), &old, NEW);
    }
    let secret = Secret::new(old.clone());
    let mut it = backend(&url, None, &access(&servers, Some("admin")));
    let facts = it.inspect(&secret).unwrap();
    let sibling = if facts.account == "app@localhost" { "app@%" } else { "app@localhost" };
    assert_eq!(facts.siblings, Some(vec![sibling.to_owned()]), "{facts:?}");
    assert!(facts.version.contains("MariaDB") && facts.powers.is_empty(), "{facts:?}");
    let facts = backend(&url, None, &access(&servers, None)).inspect(&secret).unwrap();
    assert!(facts.siblings.is_none() && !facts.notes.is_empty(), "an account does not see the others: {facts:?}");
    assert_silent(&servers, "mariadb", &[&old, NEW, &servers.password("admin")]);
    assert!(servers.logs("mariadb").contains("SET PASSWORD"), "the log has the statements");
}

#[test]
fn redis_takes_both_until_the_old_one_is_retired_and_writes_it_down() {
    if !wanted() {
        return;
    }
    let mut servers = Servers::start(&["redis"]);
    let (app, admin) = (servers.password("app"), servers.password("admin"));
    let port = servers.port("redis", "tls_port");
    let by_admin = access(&servers, Some("default"));
    let url = format!("rediss://app@localhost:{port}/0");
    goes_round(&|| backend(&url, None, &by_admin), &app, NEW);
    let own = access(&servers, None);
    let everybody = format!("rediss://localhost:{port}/0");
    goes_round(&|| backend(&everybody, None, &own), &admin, NEW);

    let (old, new) = (Secret::new(app.clone()), Secret::copy_of(NEW));
    let pair = Pair { old: &old, new: &new };
    let mut it = backend(&url, None, &own);
    assert!(matches!(it.stage(&pair), Err(BackendError::NotPermitted(_))), "`app` may not change itself: {:?}", it.stage(&pair));
    let mut it = backend(&url, None, &by_admin);
    assert_eq!(it.stage(&pair).unwrap().persistence, Persistence::Kept);
    assert_eq!(it.retire(&pair).unwrap().persistence, Persistence::Kept);
    servers.restart("redis");
    assert_eq!(accepted(&mut *it, &pair), (false, true), "it was written down");
    let config = std::fs::read_to_string(servers.file("redis", "config")).unwrap();
    assert!(!config.contains(&app) && !config.contains(NEW), "the file holds hashes now");

    // `requirepass` stays in the file, and does not bring the old one back
    let (old, new) = (Secret::new(admin.clone()), Secret::copy_of(NEW));
    let pair = Pair { old: &old, new: &new };
    let mut it = backend(&everybody, None, &own);
    assert!(it.inspect(&old).unwrap().notes.iter().any(|note| note.contains("`requirepass`")));
    it.stage(&pair).unwrap();
    it.retire(&pair).unwrap();
    servers.restart("redis");
    assert_eq!(accepted(&mut *it, &pair), (false, true));
    assert_silent(&servers, "redis", &[&app, NEW, &admin]);
}

#[test]
fn redis_without_a_file_says_that_it_will_forget() {
    if !wanted() {
        return;
    }
    let mut servers = Servers::start(&["redis-bare"]);
    let (old, new) = (Secret::new(servers.password("admin")), Secret::copy_of(NEW));
    let pair = Pair { old: &old, new: &new };
    let url = format!("rediss://localhost:{}/0", servers.port("redis-bare", "tls_port"));
    let mut it = backend(&url, None, &access(&servers, None));
    assert_eq!(it.stage(&pair).unwrap().persistence, Persistence::UntilRestart);
    assert_eq!(it.retire(&pair).unwrap().persistence, Persistence::UntilRestart);
    assert_eq!(accepted(&mut *it, &pair), (false, true));
    servers.restart("redis-bare");
    assert_eq!(accepted(&mut *it, &pair), (true, false), "as it was said");
}

#[test]
fn rabbitmq_is_rotated_over_its_management_interface_and_keeps_tags() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["rabbitmq"]);
    let (old, port, api) = (servers.password("app"), servers.port("rabbitmq", "tls_port"), servers.port("rabbitmq", "api_tls"));
    let (url, api) = (format!("amqps://app@localhost:{port}/"), format!("https://localhost:{api}"));
    let by_admin = access(&servers, Some("admin"));
    goes_round(&|| backend(&url, Some(&api), &by_admin), &old, NEW);
    let secret = Secret::new(old.clone());
    let facts = backend(&url, Some(&api), &by_admin).inspect(&secret).unwrap();
    assert_eq!((facts.account.as_str(), facts.powers), ("app", vec!["monitoring".to_owned()]));
    assert!(facts.version.starts_with("3."), "{}", facts.version);
    let mut own = backend(&url, Some(&api), &access(&servers, None));
    assert!(matches!(own.inspect(&secret), Err(BackendError::Unsupported(_))));
    let mut gone = backend(&format!("amqps://n%2Fbody@localhost:{port}/"), Some(&api), &by_admin);
    assert_eq!(gone.inspect(&secret).unwrap_err(), BackendError::Unsupported("the user is not there"));
    assert_silent(&servers, "rabbitmq", &[&old, NEW, &servers.password("admin")]);
}

#[test]
fn a_program_is_told_by_environment_and_input_and_never_by_arguments() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("rotate.sh");
    // a server in a file: the password in force, and what it was told
    let text = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nread -r line\nprintf '%s %s %s\\n' \"$HARDEN_STEP\" \"$HARDEN_KEY\" \"$*\" >> told\n\
                old=$(printf %s \"$line\" | sed -n 's/.*\"old\":\"\\([^\"]*\\)\".*/\\1/p'); new=$(printf %s \"$line\" | sed -n 's/.*\"new\":\"\\([^\"]*\\)\".*/\\1/p')\n\
                secret=$(printf %s \"$line\" | sed -n 's/.*\"secret\":\"\\([^\"]*\\)\".*/\\1/p')\n\
                echo \"it prints $line\"; echo \"and complains $line\" >&2\n\
                put() { [ \"$(cat now)\" = \"$1\" ] && exit 11; printf %s \"$1\" > now; }\n\
                case $HARDEN_STEP in login) [ \"$(cat now)\" = \"$secret\" ] || exit 20;; stage) put \"$new\";; revert) put \"$old\";; retire) exit 11;; esac\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(folder.path().join("now"), "first-one").unwrap();
    let make = |words: &[&str], within| {
        let words = words.iter().map(|w| (*w).to_owned()).collect();
        Box::new(harden::live::Command::new(script.clone(), words, "API_KEY", within)) as Box<dyn Backend>
    };
    let within = Duration::from_secs(20);
    goes_round(&|| make(&["--region", "eu"], within), "first-one", "second-one");
    let told = std::fs::read_to_string(folder.path().join("told")).unwrap();
    assert!(told.lines().all(|line| line.ends_with(" API_KEY --region eu")), "{told}");

    let (old, new) = (Secret::copy_of("first-one"), Secret::copy_of("second-one"));
    let pair = Pair { old: &old, new: &new };
    for (body, wanted) in [
        ("exit 21", BackendError::Policy(harden::wire::Code::default())),
        ("exit 22", BackendError::NotPermitted(harden::wire::Code::default())),
        ("exit 23", BackendError::Unreachable(harden::wire::WireError::Unreachable)),
        ("exit 1", BackendError::UnknownOutcome(harden::wire::WireError::Foreign)),
        ("kill -9 $$", BackendError::UnknownOutcome(harden::wire::WireError::Closed)),
        ("sleep 60", BackendError::UnknownOutcome(harden::wire::WireError::Silent)),
    ] {
        std::fs::write(&script, format!("#!/bin/sh\n{body}\n")).unwrap();
        assert_eq!(make(&[], Duration::from_secs(2)).stage(&pair).unwrap_err(), wanted, "{body}");
    }
    std::fs::remove_file(&script).unwrap();
    assert!(matches!(make(&[], within).stage(&pair), Err(BackendError::Unsupported(_))));
}
