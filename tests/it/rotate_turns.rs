//! `harden rotate` with a real PostgreSQL of which two accounts take turns: no login fails, over rotations in a row; taken back after the end, and
//! from the middle; what either account makes belongs to the one; a server that is told by settings of their own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::{assert_code, command, stderr, stdout};
use crate::servers::{Servers, wanted};

const RELOAD: &str = "cp .env held.new && mv held.new held.by.client";

struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
    servers: Servers,
}

/// An account as a file has it: name and password.
type Account = (String, String);

impl Desk {
    /// A project whose `.env` is `text` with the port and the first password in the place of `5432` and `OLD`.
    fn new(text: &str, alternate: &str, setting: &str) -> Self {
        let servers = Servers::start(&["postgres"]);
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        [&home, &project].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let desk = Self { _dir: dir, home, project, servers };
        assert_code(&desk.run(&["init"]), 0);
        desk.put(".env", &text.replace("5432", &desk.port()).replace("OLD", &desk.servers.password("app")));
        let config = fs::read_to_string(desk.project.join("harden.toml")).unwrap();
        let more = format!(
            "\n[[environment]]\npath = \".env\"\nis = \"production\"\n\n[[server]]\nsetting = \"{setting}\"\nadmin = {{ env = \"PGADMIN_URL\" }}\n{alternate}"
        );
        desk.put("harden.toml", &(config + &more));
        desk
    }

    fn port(&self) -> String {
        self.servers.port("postgres", "port").to_string()
    }

    fn put(&self, name: &str, text: &str) {
        fs::File::create(self.project.join(name)).and_then(|mut file| file.write_all(text.as_bytes())).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut program = command(env!("CARGO_BIN_EXE_harden"), &self.home, &self.project);
        let admin = format!("postgres://admin:{}@localhost:{}/postgres", self.servers.password("admin"), self.port());
        program.env("PGADMIN_URL", admin).args(args).output().unwrap()
    }

    fn rotate(&self, more: &[&str]) -> Output {
        let ca = self.servers.authority().display().to_string();
        self.run(&[&["rotate", "--all", "--apply", "--yes", "--ca", &ca], more].concat())
    }

    /// What PostgreSQL answers to `sql`; `None` where it takes no login.
    fn ask(&self, (user, password): &Account, sql: &str) -> Option<String> {
        let mut psql = Command::new("psql");
        psql.env("PGPASSWORD", password).env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", self.servers.authority());
        let output = psql.args(["-AtXq", "-h", "localhost", "-p", &self.port(), "-U", user, "-d", "app", "-c", sql]).output().unwrap();
        output.status.success().then(|| stdout(&output).trim().to_owned())
    }

    fn takes(&self, account: &Account) -> bool {
        self.ask(account, "SELECT 1").is_some()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.project.join(name)).unwrap()
    }

    fn account(&self) -> Account {
        account(&self.text(".env"))
    }
}

/// The account in `DATABASE_URL`, else in `DB_USERNAME` and `DB_PASSWORD`.
fn account(text: &str) -> Account {
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
    match text.split("DATABASE_URL=postgres://").nth(1).and_then(|rest| rest.split('@').next()?.split_once(':')) {
        Some((user, password)) => (user.to_owned(), password.to_owned()),
        None => (value("DB_USERNAME=").unwrap(), value("DB_PASSWORD=").unwrap()),
    }
}

const URL: &str = "DATABASE_URL=postgres://app:OLD@localhost:5432/app?sslmode=verify-full\n";
const PAIR: &str = "alternate = [\"app\", \"app_b\"]\n";

#[test]
fn two_rotations_in_a_row_and_no_login_fails() {
    if !wanted() {
        return;
    }
    let desk = Desk::new(URL, PAIR, "DATABASE_URL");
    let first = desk.account();
    desk.ask(&first, "CREATE TABLE before (n int)").unwrap();
    fs::copy(desk.project.join(".env"), desk.project.join("held.by.client")).unwrap();
    let done = AtomicBool::new(false);
    let (tried, failed, seen) = thread::scope(|scope| {
        let client = scope.spawn(|| {
            let (mut tried, mut failed, mut seen) = (0, 0, Vec::new());
            while !done.load(Ordering::Relaxed) {
                let account = account(&desk.text("held.by.client"));
                tried += 1;
                failed += usize::from(!desk.takes(&account));
                seen.push(account.0);
                thread::sleep(Duration::from_millis(10));
            }
            seen.dedup();
            (tried, failed, seen)
        });
        let both = || {
            // an application that has the former value a moment longer goes on, too
            let health = "sleep 1";
            let output = desk.rotate(&["--reload", RELOAD, "--health", health]);
            assert_code(&output, 0);
            let account = desk.account();
            thread::sleep(Duration::from_millis(300));
            account
        };
        let second = both();
        assert_eq!(second.0, "app_b");
        assert!(desk.takes(&second) && !desk.takes(&first), "the former one is at rest");
        assert_eq!(desk.ask(&second, "SELECT count(*) FROM before; CREATE TABLE after (n int)").as_deref(), Some("0"));
        let owners = "SELECT string_agg(DISTINCT tableowner, ',') FROM pg_tables WHERE schemaname = 'public'";
        assert_eq!(desk.ask(&second, owners).as_deref(), Some("app"));
        let third = both();
        assert_eq!(third.0, "app");
        assert!(third.1 != first.1 && desk.takes(&third) && !desk.takes(&second) && !desk.takes(&first));
        assert_eq!(desk.ask(&third, "SELECT count(*) FROM after").as_deref(), Some("0"));
        done.store(true, Ordering::Relaxed);
        client.join().unwrap()
    });
    println!("{tried} logins, {failed} failed, as {}", seen.join(", "));
    assert_eq!((failed, seen.join(" ")), (0, "app app_b app".to_owned()));
    assert!(tried >= 30, "{tried}");
    let logs = desk.servers.logs("postgres");
    assert!(!logs.contains(&first.1) && !logs.contains(&desk.account().1));
}

#[test]
fn after_the_end_it_is_taken_back() {
    if !wanted() {
        return;
    }
    let desk = Desk::new(URL, "", "DATABASE_URL");
    let first = desk.account();
    let text = desk.text(".env");
    // in either direction: the one that rests is made by the first, and was there before the second
    for user in ["app_b", "app"] {
        let (before, was) = (desk.account(), desk.text(".env"));
        assert_code(&desk.rotate(&["--alternate", "DATABASE_URL=app,app_b", "--accept-hosts"]), 0);
        let after = desk.account();
        assert_eq!(after.0, user);
        assert_code(&desk.run(&["rotate", "--undo"]), 0);
        assert_eq!(desk.text(".env"), was);
        assert!(desk.takes(&before) && !desk.takes(&after));
        assert_code(&desk.rotate(&["--alternate", "DATABASE_URL=app_b,app"]), 0);
        assert!(desk.takes(&desk.account()) && !desk.takes(&before));
    }
    assert_ne!(desk.text(".env"), text);
    assert!(!desk.takes(&first));
}

#[test]
fn in_the_middle_it_is_resumed_or_taken_back() {
    if !wanted() {
        return;
    }
    let desk = Desk::new(URL, PAIR, "DATABASE_URL");
    let unwell = desk.rotate(&["--reload", "true", "--health", "test $HARDEN_DIRECTION = back"]);
    assert_code(&unwell, 2);
    assert!(desk.account().0 == "app" && desk.takes(&desk.account()), "{}", stderr(&unwell));
    for undo in [true, false, true, false] {
        let (before, was) = (desk.account(), desk.text(".env"));
        let killed = desk.rotate(&["--reload", "test -e go || kill -KILL $PPID"]);
        assert_eq!(killed.status.code(), None, "{}", stderr(&killed));
        let after = desk.account();
        assert!(after.0 != before.0 && desk.takes(&before) && desk.takes(&after), "both, until it is over");
        desk.put("go", "");
        assert_code(&desk.run(&["rotate", if undo { "--undo" } else { "--resume" }]), 0);
        fs::remove_file(desk.project.join("go")).unwrap();
        assert_eq!(undo, desk.text(".env") == was);
        assert_eq!((desk.takes(&before), desk.takes(&after)), (undo, !undo));
    }
}

#[test]
fn parts_of_their_own_take_turns_as_well() {
    if !wanted() {
        return;
    }
    let parts = "DB_CONNECTION=pgsql\nDB_HOST=localhost\nDB_PORT=5432\nDB_DATABASE=app\nDB_USERNAME=app\nDB_PASSWORD=OLD\n";
    let desk = Desk::new(parts, "", "DB_HOST");
    let first = desk.account();
    assert_code(&desk.rotate(&["--accept-downtime"]), 0);
    let second = desk.account();
    assert!(second.0 == "app" && desk.takes(&second) && !desk.takes(&first));
    assert_code(&desk.rotate(&["--alternate", "DB_HOST=app,app_b", "--accept-hosts"]), 0);
    let third = desk.account();
    assert!(third.0 == "app_b" && desk.takes(&third) && !desk.takes(&second));
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert!(desk.account() == second && desk.takes(&second) && !desk.takes(&third));
}

#[test]
fn somebody_elses_role_is_left_alone() {
    if !wanted() {
        return;
    }
    let desk = Desk::new(URL, "alternate = [\"app\", \"readers\"]\n", "DATABASE_URL");
    let (first, text) = (desk.account(), desk.text(".env"));
    let refused = desk.rotate(&[]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("it may be somebody's"), "{}", stderr(&refused));
    assert!(desk.text(".env") == text && desk.takes(&first));
}

#[test]
fn an_account_beside_a_connection_string_is_changed_there() {
    if !wanted() {
        return;
    }
    let desk = Desk::new("PORT=80\n", "", "spring.datasource.url");
    let text = format!(
        "spring.datasource.url=jdbc:postgresql://localhost:{}/app?sslmode=verify-full\nspring.datasource.username=app\nspring.datasource.password={}\n",
        desk.port(),
        desk.servers.password("app")
    );
    desk.put("application-prod.properties", &text);
    let held = || {
        let text = desk.text("application-prod.properties");
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
        (value("spring.datasource.username="), value("spring.datasource.password="))
    };
    let first = held();
    assert_code(&desk.rotate(&["--alternate", "spring.datasource.url=app,app_b"]), 0);
    let second = held();
    assert!(second.0 == "app_b" && desk.takes(&second) && !desk.takes(&first));
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert!(held() == first && desk.text("application-prod.properties") == text && desk.takes(&first) && !desk.takes(&second));
}
