//! `harden rotate` with real servers: one command changes PostgreSQL, Redis and what lives in files only, in every form of file; a client that is
//! reloaded logs in throughout; killed in the middle it is resumed or taken back; what servers log holds no password.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{assert_code, command, stderr, stdout};
use crate::servers::{Servers, wanted};

const JWT: &str = "Zk3vQp8sLmX2tRw9YbNc4HfJ7sQm";

struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
    servers: Servers,
}

impl Desk {
    fn new() -> Self {
        let servers = Servers::start(&["postgres", "redis"]);
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        [&home, &project].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let desk = Self { _dir: dir, home, project, servers };
        assert_code(&desk.run(&["init"]), 0);
        let (pg, redis, old) = (desk.servers.port("postgres", "port"), desk.servers.port("redis", "tls_port"), desk.old());
        let stack = format!(
            "JWT_SECRET={JWT}\nDATABASE_URL=postgres://app:{old}@localhost:{pg}/app?sslmode=verify-full\nREDIS_URL=rediss://app:{old}@localhost:{redis}/0\n"
        );
        desk.put(".env", &stack);
        desk.put(".env.production", &stack);
        desk.put(
            "app.yaml",
            &format!("app:\n  jwt_secret: {JWT}\n  database_url: postgres://app:{old}@localhost:{pg}/app?sslmode=verify-full\n"),
        );
        assert_code(&desk.run(&["encrypt", "--remove-plain", ".env.production"]), 0);
        assert_code(&desk.run(&["encrypt", "--emit", "sops", "app.yaml"]), 0);
        fs::remove_file(desk.project.join("app.yaml")).unwrap();
        let config = fs::read_to_string(desk.project.join("harden.toml")).unwrap();
        let more = "\n[[environment]]\npath = \".env\"\nis = \"production\"\n\n[[server]]\nsetting = \"REDIS_URL\"\nadmin = { env = \"REDIS_ADMIN\" }\n";
        desk.put("harden.toml", &(config + more));
        desk
    }

    fn put(&self, name: &str, text: &str) {
        fs::File::create(self.project.join(name)).and_then(|mut file| file.write_all(text.as_bytes())).unwrap();
    }

    fn old(&self) -> String {
        self.servers.password("app")
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut program = command(env!("CARGO_BIN_EXE_harden"), &self.home, &self.project);
        let admin = format!("rediss://default:{}@localhost:{}/0", self.servers.password("admin"), self.servers.port("redis", "tls_port"));
        program.env("REDIS_ADMIN", admin).args(args).output().unwrap()
    }

    fn rotate(&self, more: &[&str]) -> Output {
        let ca = self.servers.authority().display().to_string();
        self.run(&[&["rotate", "--all", "--apply", "--yes", "--ca", &ca], more].concat())
    }

    fn takes(&self, system: &str, password: &str) -> bool {
        let ca = self.servers.authority();
        let output = if system == "postgres" {
            let mut psql = Command::new("psql");
            psql.env("PGPASSWORD", password).env("PGSSLMODE", "verify-full").env("PGSSLROOTCERT", &ca);
            let port = self.servers.port("postgres", "port").to_string();
            psql.args(["-AtX", "-h", "localhost", "-p", &port, "-U", "app", "-d", "app", "-c", "SELECT 'PONG'"]).output().unwrap()
        } else {
            let port = self.servers.port("redis", "tls_port").to_string();
            let mut redis = Command::new("redis-cli");
            redis.args(["--no-auth-warning", "--tls", "--cacert"]).arg(&ca);
            redis.args(["-p", &port, "--user", "app", "--pass", password, "PING"]).output().unwrap()
        };
        stdout(&output).trim() == "PONG"
    }

    /// What each file holds: the passwords of PostgreSQL and Redis, and the key; they agree.
    fn held(&self) -> (String, String, String) {
        let opened = |name: &str| stdout(&self.run(&["decrypt", name]));
        let plain = fs::read_to_string(self.project.join(".env")).unwrap();
        assert_eq!(plain, opened(".env.production.age"));
        let between = |text: &str, from: &str, to: char| {
            let start = text.find(from).unwrap() + from.len();
            text[start..].split(to).next().unwrap().to_owned()
        };
        let found = (between(&plain, "postgres://app:", '@'), between(&plain, "rediss://app:", '@'), between(&plain, "JWT_SECRET=", '\n'));
        let yaml = opened("app.sops.yaml");
        assert_eq!(
            (between(&yaml, "postgres://app:", '@'), between(&yaml, "jwt_secret: ", '\n')),
            (found.0.clone(), found.2.clone()),
            "{yaml}"
        );
        found
    }
}

#[test]
fn one_command_changes_servers_and_files_and_clients_go_on() {
    if !wanted() {
        return;
    }
    let desk = Desk::new();
    let old = desk.old();
    // the client reads what the reload command has given it, as an application does
    desk.put("held.by.client", &fs::read_to_string(desk.project.join(".env")).unwrap());
    let (done, counted) = (AtomicBool::new(false), Duration::from_millis(20));
    let password =
        |text: &str, scheme: &str| text.split(scheme).nth(1).and_then(|rest| rest.split('@').next()).unwrap_or_default().to_owned();
    let (output, failed, tried, gap) = thread::scope(|scope| {
        let client = scope.spawn(|| {
            let (mut failed, mut tried, mut gap, mut since) = ([0, 0], 0, Duration::ZERO, None::<Instant>);
            while !done.load(Ordering::Relaxed) {
                let held = fs::read_to_string(desk.project.join("held.by.client")).unwrap();
                tried += 1;
                failed[0] += usize::from(!desk.takes("redis", &password(&held, "rediss://app:")));
                if desk.takes("postgres", &password(&held, "postgres://app:")) {
                    gap = gap.max(since.take().map_or(Duration::ZERO, |since| since.elapsed()));
                } else {
                    failed[1] += 1;
                    since.get_or_insert_with(Instant::now);
                }
                thread::sleep(counted);
            }
            (failed, tried, gap)
        });
        let reload = "cp .env held.by.client.new && mv held.by.client.new held.by.client";
        let output = desk.rotate(&["--reload", reload, "--health", "sleep 1"]);
        thread::sleep(Duration::from_millis(500));
        done.store(true, Ordering::Relaxed);
        let (failed, tried, gap) = client.join().unwrap();
        (output, failed, tried, gap)
    });
    assert_code(&output, 0);
    println!("{tried} rounds of logins: Redis failed {}, PostgreSQL {} times, {} ms at most", failed[0], failed[1], gap.as_millis());
    assert_eq!(failed[0], 0, "Redis takes both until the old one is ended");
    assert!(gap < Duration::from_secs(2), "{gap:?}");
    let (postgres, redis, jwt) = desk.held();
    assert!(postgres != old && redis != old && postgres != redis && jwt != JWT);
    assert!(desk.takes("postgres", &postgres) && desk.takes("redis", &redis));
    assert!(!desk.takes("postgres", &old) && !desk.takes("redis", &old));
    let status = stdout(&desk.run(&["status"]));
    let verified = status.lines().filter(|line| line.ends_with("verified today")).count();
    assert_eq!(verified, 2, "what the servers took was tried, the key was not: {status}");
    for system in ["postgres", "redis"] {
        let logs = desk.servers.logs(system);
        assert!(![&old, &postgres, &redis, &jwt].iter().any(|value| logs.contains(value.as_str())), "{system}");
    }
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!(desk.held(), (old.clone(), old.clone(), JWT.to_owned()));
    assert!(
        desk.takes("postgres", &old) && desk.takes("redis", &old) && !desk.takes("postgres", &postgres) && !desk.takes("redis", &redis)
    );
}

#[test]
fn in_the_middle_it_is_resumed_or_taken_back() {
    if !wanted() {
        return;
    }
    let desk = Desk::new();
    let old = desk.old();
    // applications that are not well
    let output = desk.rotate(&["--reload", "true", "--health", "test $HARDEN_DIRECTION = back"]);
    assert_code(&output, 2);
    assert_eq!(desk.held(), (old.clone(), old.clone(), JWT.to_owned()));
    assert!(desk.takes("postgres", &old) && desk.takes("redis", &old), "{}", stderr(&output));
    for undo in [true, false] {
        let killed = desk.rotate(&["--reload", "test -e go || kill -KILL $PPID"]);
        assert_eq!(killed.status.code(), None, "{}", stderr(&killed));
        desk.put("go", "");
        assert_code(&desk.run(&["rotate", if undo { "--undo" } else { "--resume" }]), 0);
        fs::remove_file(desk.project.join("go")).unwrap();
        let (postgres, redis, jwt) = desk.held();
        assert_eq!(undo, (&postgres, &redis, jwt.as_str()) == (&old, &old, JWT));
        assert!(desk.takes("postgres", &postgres) && desk.takes("redis", &redis));
        assert_eq!((desk.takes("postgres", &old), desk.takes("redis", &old)), (undo, undo));
    }
    // what somebody else has set is left alone
    let (postgres, ..) = desk.held();
    let admin = desk.servers.password("admin");
    let port = desk.servers.port("postgres", "port").to_string();
    let psql = Command::new("psql")
        .env("PGPASSWORD", &admin)
        .env("PGSSLMODE", "require")
        .args(["-qAtX", "-h", "localhost", "-p", &port, "-U", "admin", "-d", "postgres", "-c", "ALTER ROLE app PASSWORD 'somebody-elses'"])
        .output()
        .unwrap();
    assert_code(&psql, 0);
    let refused = desk.rotate(&["--reload", "true"]);
    assert_code(&refused, 2);
    assert_eq!(desk.held().0, postgres);
    assert!(desk.takes("postgres", "somebody-elses"));
    let stands = desk.run(&["rotate", "--undo"]);
    assert_code(&stands, 4);
    assert!(stderr(&stands).contains("neither the old credential nor the new one"), "{}", stderr(&stands));
}

#[test]
fn a_server_that_was_not_there_before_is_not_spoken_to() {
    if !wanted() {
        return;
    }
    let desk = Desk::new();
    let planned = desk.run(&["rotate", "--all", "--ca", &desk.servers.authority().display().to_string()]);
    assert_code(&planned, 1);
    assert!(stdout(&planned).contains("you have not accepted it yet"), "{}", stdout(&planned));
    assert_code(&desk.rotate(&["--accept-downtime"]), 0);
    desk.put(".env.staging", "CACHE_URL=rediss://app:hunter2hunter2@localhost:1/0\n");
    let refused = desk.rotate(&["--accept-downtime"]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("a server that you have not accepted: redis app at localhost:1"), "{}", stderr(&refused));
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
}
