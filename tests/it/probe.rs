//! `harden probe` against real servers: PostgreSQL, MariaDB, Redis, RabbitMQ, OpenLDAP; against ports that are closed, silent and foreign; and what it
//! says of mistakes.
#![expect(clippy::disallowed_methods, reason = "tests write in folders of their own")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs as _};
use std::path::Path;
use std::process::Output;
use std::thread;

use serde_json::Value;

use crate::harness::{assert_code, command, stderr, stdout};
use crate::servers::{Servers, wanted};

fn project(env: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), env).unwrap();
    folder
}

fn probe(folder: &Path, args: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    command(env!("CARGO_BIN_EXE_harden"), home.path(), folder).arg("probe").args(args).output().unwrap()
}

fn json(folder: &Path, args: &[&str]) -> (Value, Output) {
    let output = probe(folder, &[&["--format", "json", "--timeout", "3"], args].concat());
    let value = serde_json::from_str(&stdout(&output)).unwrap_or_else(|_| panic!("{}{}", stdout(&output), stderr(&output)));
    (value, output)
}

/// The ids of what is wrong with the server that the setting `key` names.
fn ids(told: &Value, key: &str) -> Vec<String> {
    let server = server(told, key);
    let logins = server["logins"].as_array().unwrap().iter().flat_map(|l| l["remarks"].as_array().unwrap());
    let all = server["remarks"].as_array().unwrap().iter().chain(logins);
    all.map(|r| r["id"].as_str().unwrap().to_owned()).collect()
}

fn server<'t>(told: &'t Value, key: &str) -> &'t Value {
    let has = |s: &&Value| s["places"].as_array().unwrap().iter().any(|p| p["key"] == key);
    told["servers"].as_array().unwrap().iter().find(has).unwrap_or_else(|| panic!("{key} is not among {told:#}"))
}

#[test]
fn each_kind_of_certificate_is_told() {
    if !wanted() {
        return;
    }
    let mut servers = Servers::start(&["postgres", "mariadb", "redis", "slapd"]);
    let (pg, my) = (servers.port("postgres", "port"), servers.port("mariadb", "port"));
    let (redis, ldap) = (servers.port("redis", "tls_port"), servers.port("slapd", "port"));
    let folder = project(&format!(
        "PG=postgres://app:x@localhost:{pg}/app?sslmode=verify-full\nMY=mysql://app:x@localhost:{my}/app?ssl-mode=VERIFY_IDENTITY\n\
         RD=rediss://app:x@localhost:{redis}/0\nLD=ldap://localhost:{ldap}\n"
    ));
    let authority = servers.authority().display().to_string();
    for (variant, wanted) in [
        ("good", &[][..]),
        ("self", &["certificate-untrusted"]),
        ("ca", &["certificate-is-authority", "certificate-untrusted"]),
        ("expired", &["certificate-expired"]),
        ("soon", &["certificate-expires-soon"]),
        ("name", &["certificate-wrong-name"]),
    ] {
        ["postgres", "mariadb", "redis", "slapd"].iter().for_each(|name| servers.certificate(name, variant));
        let (told, output) = json(folder.path(), &["--ca", &authority]);
        assert_code(&output, i32::from(!wanted.is_empty()));
        for key in ["PG", "MY", "RD"] {
            assert_eq!(ids(&told, key), wanted, "{key} {variant}: {told:#}");
            let tls = &server(&told, key)["tls"];
            assert_eq!(tls["version"], "1.3", "{key} {variant}");
            assert_eq!(tls["verified"], matches!(variant, "good" | "soon"), "{key} {variant}");
        }
        // asked for in the open: it is offered, and not used
        let unused = if matches!(variant, "good" | "soon") { vec!["tls-unused"] } else { Vec::new() };
        assert_eq!(ids(&told, "LD"), [wanted, &unused].concat(), "{variant}");
        if variant != "good" {
            continue;
        }
        // whoever trusts nobody trusts nobody
        let (told, _) = json(folder.path(), &[]);
        assert_eq!(ids(&told, "PG"), ["certificate-untrusted"]);
    }
    // trusted as it is: fine for a leaf that signed itself, and no help for an authority
    for (variant, wanted) in [("self", &[][..]), ("ca", &["certificate-is-authority"])] {
        servers.certificate("postgres", variant);
        let file = servers.leaf(variant).display().to_string();
        let (told, _) = json(folder.path(), &["--ca", &file]);
        assert_eq!(ids(&told, "PG"), wanted, "{variant}: {told:#}");
        let pin = server(&told, "PG")["tls"]["chain"][0]["pin"].as_str().unwrap().to_owned();
        let (told, _) = json(folder.path(), &["--pin", &pin]);
        assert_eq!(ids(&told, "PG"), [""; 0], "a pin holds whatever the certificate says");
        assert_eq!(server(&told, "PG")["tls"]["pinned"], true);
    }
    ["postgres", "mariadb"].iter().for_each(|name| servers.certificate(name, "off"));
    let (told, output) = json(folder.path(), &["--ca", &authority]);
    assert_code(&output, 1);
    for key in ["PG", "MY"] {
        assert_eq!(ids(&told, key), ["no-tls"], "{key}");
    }
}

#[test]
fn each_account_is_tried_once_and_only_where_the_server_proved_itself() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["postgres", "mariadb", "redis", "rabbitmq"]);
    let (app, admin) = (servers.password("app"), servers.password("admin"));
    let port = |name: &str, which: &str| servers.port(name, which);
    let folder = project(&format!(
        "PG=postgres://app:{app}@localhost:{pg}/app\nPGSUPER=postgres://admin:{admin}@localhost:{pg}/postgres\nPGOLD=postgres://app:st4le-value@localhost:{pg}/app\n\
         MY=mysql://app:{app}@localhost:{my}/app\nMYROOT=mysql://admin:{admin}@localhost:{my}/app\nMYOLD=mysql://app:st4le-value@localhost:{my}/app\n\
         RD=rediss://app:{app}@localhost:{rd}/0\nRDALL=rediss://:{admin}@localhost:{rd}/0\nRDOLD=rediss://app:st4le-value@localhost:{rd}/0\n\
         MQ=amqps://app:{app}@localhost:{mq}/\nMQOLD=amqps://app:st4le-value@localhost:{mq}/\n\
         PLAIN=redis://app:{app}@localhost:{plain}/0\n",
        pg = port("postgres", "port"),
        my = port("mariadb", "port"),
        rd = port("redis", "tls_port"),
        mq = port("rabbitmq", "tls_port"),
        plain = port("redis", "port"),
    ));
    let outcome = |told: &Value, key: &str| {
        let logins = server(told, key)["logins"].as_array().unwrap();
        let own = logins.iter().find(|l| l["places"].as_array().unwrap().iter().any(|p| p["key"] == key)).unwrap();
        own["outcome"].as_str().unwrap().to_owned()
    };
    let (told, output) = json(folder.path(), &["--login"]);
    for key in ["PG", "PGSUPER", "MY", "RD", "MQ", "PLAIN"] {
        assert_eq!(outcome(&told, key), "not-tried", "{key}: nobody is trusted");
    }
    assert!(stderr(&output).contains("will log in once: app at postgres localhost:"), "{}", stderr(&output));

    let authority = servers.authority().display().to_string();
    let (told, output) = json(folder.path(), &["--login", "--ca", &authority]);
    assert_code(&output, 1);
    for (key, wanted) in [
        ("PG", "accepted"),
        ("PGSUPER", "accepted"),
        ("PGOLD", "refused"),
        ("MY", "accepted"),
        ("MYROOT", "accepted"),
        ("MYOLD", "refused"),
        ("RD", "accepted"),
        ("RDALL", "accepted"),
        ("RDOLD", "refused"),
        ("MQ", "accepted"),
        ("MQOLD", "refused"),
        ("PLAIN", "not-tried"),
    ] {
        assert_eq!(outcome(&told, key), wanted, "{key}: {told:#}");
    }
    let powerful = |key: &str| ids(&told, key).iter().filter(|id| *id == "account-too-powerful").count();
    assert_eq!((powerful("PG"), powerful("MY"), powerful("RD")), (1, 1, 1), "admin, and nobody else: {told:#}");
    let human = stdout(&probe(folder.path(), &["--login", "--ca", &authority]));
    assert!(human.contains("login as `app`: accepted, server version 15") && human.contains("bound to the certificate"), "{human}");

    let (told, _) = json(folder.path(), &["--login", "--ca", &authority, "--insecure-login", "localhost"]);
    assert_eq!(outcome(&told, "PLAIN"), "accepted");

    for said in [stdout(&output), stderr(&output), human] {
        assert!(![&app, &admin, "st4le-value"].iter().any(|secret| said.contains(*secret)), "{said}");
    }
    for name in ["postgres", "mariadb", "redis", "rabbitmq"] {
        let logs = servers.logs(name);
        assert!(!logs.contains("st4le-value"), "{name} was told a password in a way that it logs");
    }
}

#[test]
fn servers_that_do_not_answer_are_told_and_are_no_findings() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = |l: &TcpListener| l.local_addr().unwrap().port();
    let closed = port(&TcpListener::bind("127.0.0.1:0").unwrap());
    let folder = project(&format!(
        "CLOSED=postgres://a:b@127.0.0.1:{closed}/x\nSILENT=postgres://a:b@127.0.0.1:{s}/x\nSILENT_TLS=rediss://:b@127.0.0.1:{s}/0\nSILENT_PLAIN=redis://:b@127.0.0.1:{s}/0\n\
         FOREIGN=postgres://a:b@127.0.0.1:{f}/x\nFOREIGN_MY=mysql://a:b@127.0.0.1:{f}/x\nFOREIGN_TLS=amqps://a:b@127.0.0.1:{f}/\n\
         UNKNOWN=mysql://a:b@no-such-host.invalid./x\n",
        s = port(&silent),
        f = port(&foreign),
    ));
    // says what no protocol says, to whoever comes
    thread::spawn(move || {
        for stream in foreign.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(b"GO AWAY, whoever you are\r\n");
            let _ = stream.read(&mut [0; 64]);
        }
    });
    let (told, output) = json(folder.path(), &["--login"]);
    assert_code(&output, 2);
    for (key, wanted) in [
        ("CLOSED", "the connection is refused: nobody listens on that port"),
        ("SILENT", "no answer within the time allowed"),
        ("SILENT_TLS", "no answer within the time allowed"),
        ("SILENT_PLAIN", "no answer within the time allowed"),
        ("FOREIGN", "what answers there does not speak this protocol"),
        ("FOREIGN_MY", "what answers there does not speak this protocol"),
    ] {
        assert_eq!(server(&told, key)["error"], wanted, "{key}");
        assert_eq!(server(&told, key)["logins"], Value::Array(Vec::new()), "{key}");
    }
    assert_eq!(ids(&told, "FOREIGN_TLS"), ["no-tls"], "{told:#}");
    drop(silent);
}

#[test]
fn the_order_is_that_of_the_files() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lines: String = (0..40).map(|i| format!("A{i}=postgres://a:b@127.0.{i}.1:{port}/x\n")).collect();
    let folder = project(&lines);
    let (told, _) = json(folder.path(), &[]);
    let keys: Vec<&str> = told["servers"].as_array().unwrap().iter().map(|s| s["places"][0]["key"].as_str().unwrap()).collect();
    assert_eq!(keys, (0..40).map(|i| format!("A{i}")).collect::<Vec<_>>());
}

#[test]
fn a_sealed_file_stands_for_its_plain_one() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = project(&format!("SEALED=redis://:pw@127.0.0.1:{port}/0\n"));
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| command(env!("CARGO_BIN_EXE_harden"), home.path(), folder.path()).args(args).output().unwrap();
    assert_code(&run(&["init"]), 0);
    assert_code(&run(&["encrypt", ".env"]), 0);
    std::fs::write(folder.path().join(".env"), format!("PLAIN=redis://:pw@127.0.0.1:{port}/0\n")).unwrap();
    let output = run(&["probe"]);
    assert!(stdout(&output).contains("SEALED") && !stdout(&output).contains("PLAIN"), "{}", stdout(&output));
    // for whoever has no identity it stays shut, and that is said
    let output = probe(folder.path(), &[]);
    assert!(stderr(&output).contains(".env.age exists and cannot be opened"), "{}", stderr(&output));
    assert!(stdout(&output).contains("1 sealed file not opened"), "{}", stdout(&output));
}

#[test]
fn mistakes_are_refused_before_anybody_is_asked() {
    let folder = project("A=redis://:pw@127.0.0.1:1/0\n");
    std::fs::write(folder.path().join("empty.pem"), "nothing\n").unwrap();
    for (args, wanted) in [
        (&["--pin", "sha256:abc"][..], "error: a `--pin` is no pin; no server was asked"),
        (&["--ca", "gone.pem"], "gone.pem"),
        (&["--ca", "empty.pem"], "error: `empty.pem` holds no certificate in PEM; no server was asked"),
        (&["--login", "--insecure-login", "other"], "error: an `--insecure-login` names no host of these settings; no server was asked"),
        (&["--insecure-login", "127.0.0.1"], "--login"),
    ] {
        let output = probe(folder.path(), args);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(wanted) && stdout(&output).is_empty(), "{args:?}: {}", stderr(&output));
    }
    let nothing = project("A=b\n");
    assert_code(&probe(nothing.path(), &[]), 3);
}

#[test]
fn a_rewrite_to_tls_that_would_break_is_not_made() {
    if !wanted() {
        return;
    }
    // `localhost` gets no TLS: this machine by its own name, where that leads to it
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_lowercase();
    let here = |mut all: std::vec::IntoIter<SocketAddr>| all.any(|at| at.ip() == Ipv4Addr::LOCALHOST);
    if !(host.as_str(), 1).to_socket_addrs().is_ok_and(here) {
        println!("left out: the name of this machine does not lead to 127.0.0.1");
        return;
    }
    let mut servers = Servers::start(&["postgres"]);
    let env = format!("DATABASE_URL=postgres://app:Zk3vQp8sLmX2tRw9YbNc4HfJ@{host}:{}/app\n", servers.port("postgres", "port"));
    let folder = project(&env);
    std::fs::write(folder.path().join("harden.toml"), "[network]\ninternal-plaintext = \"high\"\n[drivers]\nDATABASE_URL = \"pg\"\n")
        .unwrap();
    let authority = servers.authority().display().to_string();
    let home = tempfile::tempdir().unwrap();
    let fix = |more: &[&str]| {
        let args = ["fix", "--only", "non-tls-url", "--emit", "plain", "--include", "review", "--apply", "--allow-dirty", "--probe"];
        command(env!("CARGO_BIN_EXE_harden"), home.path(), folder.path()).args(args).args(more).output().unwrap()
    };
    let held = || std::fs::read_to_string(folder.path().join(".env")).unwrap();
    for (variant, more, why) in [
        ("off", &["--ca", &authority][..], "the server offers none"),
        ("name", &["--ca", &authority], "elsewhere.internal"),
        ("expired", &["--ca", &authority], "expired"),
        ("good", &[], "name the authority's certificate"),
    ] {
        servers.certificate("postgres", variant);
        let refused = fix(more);
        assert_code(&refused, 0);
        let shown = stdout(&refused);
        assert!(shown.contains(&format!("TLS would break it: {host}")) && shown.contains(why), "{variant}: {shown}");
        assert!(stderr(&refused).contains(&format!("will ask postgres at {host}")), "{}", stderr(&refused));
        assert!(!shown.contains("Zk3v") && held() == env, "{variant}");
    }
    servers.certificate("postgres", "good");
    let done = fix(&["--ca", &authority]);
    assert_code(&done, 0);
    assert!(stdout(&done).contains("has TLS that fits"), "{}", stdout(&done));
    assert_eq!(held(), env.replace("/app\n", "/app?sslmode=verify-full\n"));
}

#[test]
fn a_server_that_does_not_answer_stops_no_rewrite_and_mistakes_are_said() {
    let folder = project("DATABASE_URL=postgres://app:Zk3vQp8sLmX2tRw9YbNc4HfJ@0x7f000001:1/app\n");
    std::fs::write(folder.path().join("harden.toml"), "[network]\ninternal-plaintext = \"high\"\n[drivers]\nDATABASE_URL = \"pg\"\n")
        .unwrap();
    let home = tempfile::tempdir().unwrap();
    let fix = |more: &[&str]| command(env!("CARGO_BIN_EXE_harden"), home.path(), folder.path()).arg("fix").args(more).output().unwrap();
    let open = fix(&["--probe", "--only", "non-tls-url"]);
    assert_code(&open, 0);
    assert!(stdout(&open).contains("asked: 0x7f000001:1 tells nothing"), "{}", stdout(&open));
    let missing = fix(&["--probe", "--ca", "nowhere.pem"]);
    assert_code(&missing, 2);
    assert!(stderr(&missing).contains("no server was asked"), "{}", stderr(&missing));
    assert_code(&fix(&["--ca", "nowhere.pem"]), 2);
}

#[test]
fn logins_are_recorded_for_status() {
    if !wanted() {
        return;
    }
    let servers = Servers::start(&["postgres"]);
    let (app, port) = (servers.password("app"), servers.port("postgres", "port"));
    let url = |user: &str, password: &str| format!("postgres://{user}:{password}@localhost:{port}/app?sslmode=verify-full");
    let folder = project(&format!("DATABASE_URL={}\nSTALE_URL={}\n", url("app", &app), url("app", "Zk3vQp8sLmX2tRw9YbNc4HfJ")));
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| command(env!("CARGO_BIN_EXE_harden"), home.path(), folder.path()).args(args).output().unwrap();
    let authority = servers.authority().display().to_string();
    let probe = ["probe", "--login", "--record", "--ca", &authority];
    let none = run(&probe);
    assert_code(&none, 2);
    assert!(stderr(&none).contains("there is no ledger"), "{}", stderr(&none));
    assert_code(&run(&["init"]), 0);
    let before: Value = serde_json::from_str(&stdout(&run(&["status", "--format", "json"]))).unwrap();
    assert_code(&run(&probe), 1);
    let after: Value = serde_json::from_str(&stdout(&run(&["status", "--format", "json"]))).unwrap();
    let of = |told: &Value, name: &str, field: &str| {
        let all = told["secrets"].as_array().unwrap();
        all.iter().find(|s| s["name"] == name).unwrap_or_else(|| panic!("{told:#}"))[field].clone()
    };
    assert_eq!(of(&before, "DATABASE_URL", "verified_days"), Value::Null);
    assert_eq!((of(&after, "DATABASE_URL", "verified_days"), of(&after, "STALE_URL", "verified_days")), (0.into(), Value::Null));
    assert_eq!(of(&after, "DATABASE_URL", "age_from"), of(&before, "DATABASE_URL", "age_from"), "a login makes nothing younger");
    let shown = stdout(&run(&["ledger", "show"]));
    assert!(shown.contains("probe --login") && shown.contains("DATABASE_URL") && !shown.contains("STALE_URL"), "{shown}");
    assert_code(&run(&["ledger", "verify"]), 0);
    assert!(!stdout(&run(&["scan"])).contains("retired"), "what was tried was not replaced");
}
