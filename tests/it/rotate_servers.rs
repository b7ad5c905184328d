//! Which servers and accounts `harden rotate` plans for, from the settings that name them; none is asked.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Output;

use crate::harness::{assert_code, command, stderr, stdout};

const OLD: &str = "hunter2hunter2";

struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

impl Desk {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        [&home, &project].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        for (name, text) in files {
            fs::create_dir_all(project.join(name).parent().unwrap()).unwrap();
            fs::File::create(project.join(name)).and_then(|mut file| file.write_all(text.replace("OLD", OLD).as_bytes())).unwrap();
        }
        Self { _dir: dir, home, project }
    }

    fn rotate(&self, args: &[&str]) -> Output {
        let mut program = command(env!("CARGO_BIN_EXE_harden"), &self.home, &self.project);
        program.env("PGADMIN_URL", "postgres://root:r00t-r00t-r00t@db/postgres");
        program.args([&["rotate"], args].concat()).output().unwrap()
    }
}

/// What the plan for all secrets of `files` says.
fn plan(files: &[(&str, &str)], args: &[&str]) -> String {
    let output = Desk::new(files).rotate(&[&["--all"], args].concat());
    let text = stdout(&output);
    assert!(!text.contains(OLD) && !stderr(&output).contains(OLD), "{text}");
    text + &stderr(&output)
}

const ADMIN: &str = "[[server]]\nsetting = \"DATABASE_URL\"\nadmin = { env = \"PGADMIN_URL\" }\n";

#[test]
fn a_server_is_told_by_parts() {
    for (file, text, server) in [
        (
            ".env.production",
            "DB_CONNECTION=mysql\nDB_HOST=sql.acme.io\nDB_DATABASE=x\nDB_USERNAME=shop\nDB_PASSWORD=OLD\n",
            "mysql, shop at sql.acme.io (from DB_HOST)",
        ),
        (".env.production", "PGHOST=pg\nPGPORT=5433\nPGUSER=app\nPGPASSWORD=OLD\n", "postgres, app at pg:5433 (from PGHOST)"),
        (".env.production", "REDIS_HOST=cache\nREDIS_PASSWORD=OLD\n", "redis, the default account at cache (from REDIS_HOST)"),
        (
            "application-prod.properties",
            "spring.datasource.url=jdbc:postgresql://db/x\nspring.datasource.username=u\nspring.datasource.password=OLD\n",
            "postgres, u at db (from spring.datasource.url)",
        ),
        (
            "application-prod.yaml",
            "spring:\n  datasource:\n    url: jdbc:postgresql://db/x\n    username: u\n    password: OLD\n",
            "postgres, u at db (from spring.datasource.url)",
        ),
        (
            ".env.production",
            "DB_USER=app\nDB_PASSWORD=OLD\nDATABASE_URL=postgres://${DB_USER}:${DB_PASSWORD}@pg/x\n",
            "postgres, app at pg (from DATABASE_URL)",
        ),
        (
            "config/database.yml",
            "production:\n  adapter: postgresql\n  host: pg\n  username: app\n  password: OLD\n",
            "postgres, app at pg (from production.host)",
        ),
        (
            ".env.production",
            "REDIS_HOST=cache\nREDIS_USERNAME=\nREDIS_PASSWORD=OLD\n",
            "redis, the default account at cache (from REDIS_HOST)",
        ),
        (".env.production", "POSTGRES_SERVER=pg\nPOSTGRES_USER=app\nPOSTGRES_PASSWORD=OLD\n", "postgres, app at pg (from POSTGRES_SERVER)"),
        (
            "application-prod.properties",
            "spring.datasource.url=jdbc:postgresql://db/x?user=u\nspring.datasource.password=OLD\n",
            "postgres, u at db (from spring.datasource.url)",
        ),
        (".env.production", "PW=p@hunter2:hunter2\nDATABASE_URL=postgres://app:${PW}@pg/x\n", "postgres, app at pg (from DATABASE_URL)"),
    ] {
        let shown = plan(&[(file, text)], &[]);
        assert!(shown.contains(&format!("server: {server}")), "{text}\n{shown}");
    }
}

#[test]
fn a_server_that_no_setting_names_is_not_guessed() {
    for (text, why) in [
        ("DB_HOST=db\nDB_USER=app\nDB_PASSWORD=OLD\n", "no connection string in these files tells which server holds it"),
        ("PGHOST=${HOST}\nPGUSER=app\nPGPASSWORD=OLD\n", "no connection string in these files tells which server holds it"),
        ("PGHOST=pg\nPGUSER=${WHO}\nPGPASSWORD=OLD\n", "the server of PGHOST cannot be told: its user is said elsewhere"),
        ("PGHOST=old\nPGHOST=new\nPGUSER=app\nPGPASSWORD=OLD\n", "no connection string in these files tells which server holds it"),
        ("MONGO_HOST=m\nMONGO_USER=app\nMONGO_PASSWORD=OLD\n", "no connection string in these files tells which server holds it"),
    ] {
        let shown = plan(&[(".env.production", text)], &[]);
        assert!(shown.contains(why), "{text}\n{shown}");
    }
}

#[test]
fn an_account_changes_with_its_password_wherever_it_is_named() {
    let env = "PGUSER=app\nPGPASSWORD=OLD\nDATABASE_URL=postgres://app:OLD@db/x\nOTHER_URL=postgres://${PGUSER}:${PGPASSWORD}@db/y\n";
    let compose =
        "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_USER: app\n      POSTGRES_PASSWORD: ${PGPASSWORD}\n";
    let pair = ["--alternate", "DATABASE_URL=app,app_b"];
    let shown = plan(&[(".env.production", env), ("compose.yaml", compose), ("harden.toml", ADMIN)], &pair);
    for part in [
        "account app -> app_b\n",
        ".env.production:1  PGUSER: the account",
        ".env.production:3  DATABASE_URL: the account",
        "compose.yaml:5  services.db.environment.POSTGRES_USER: the account",
        "server: postgres, app and app_b in turn at db, as the administrator in $PGADMIN_URL (from DATABASE_URL)",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains(":4  OTHER_URL: the account"), "it refers to the name\n{shown}");
    // the other way
    let back = [("harden.toml", ADMIN), (".env.production", &env.replace("app", "app_b")[..])];
    let shown = plan(&back, &pair);
    assert!(shown.contains("account app_b -> app\n"), "{shown}");
    // and by harden.toml
    let toml = format!("{ADMIN}alternate = [\"app_b\", \"app\"]\n");
    let shown = plan(&[("harden.toml", &toml), (".env.production", env)], &[]);
    assert!(shown.contains("account app -> app_b\n"), "{shown}");
}

#[test]
fn an_account_that_is_not_found_everywhere_stays_with_its_password() {
    let url = "DATABASE_URL=postgres://app:OLD@db/x\n";
    let pair = "DATABASE_URL=app,app_b";
    let no_admin = ADMIN.split("admin =").next().unwrap();
    for (env, toml, pair, why) in [
        (url.to_owned(), no_admin, pair, "changed by an administrator: name the variable with its connection string in harden.toml"),
        (url.to_owned(), &ADMIN.replace("PGADMIN_URL", "UNSET_URL"), pair, "changed by an administrator, and $UNSET_URL is not set"),
        (url.to_owned(), ADMIN, "DATABASE_URL=web,web_b", "DATABASE_URL has neither of the accounts that take turns, web and web_b"),
        (url.replace("postgres", "mysql"), no_admin, pair, "that is known of PostgreSQL only, and it is mysql"),
        (
            format!("{url}POSTGRES_PASSWORD=OLD\n"),
            ADMIN,
            pair,
            ".env.production:2: POSTGRES_PASSWORD holds the password, and no name of an account stands beside it",
        ),
        (
            format!("{url}PGUSER=${{WHO}}\nPGPASSWORD=OLD\n"),
            ADMIN,
            pair,
            ".env.production:2: PGUSER has an account that is said elsewhere",
        ),
        (
            format!("{url}DB_USER=app\nDB_PASSWORD=OLD\nDB_PASS=an0ther-0ne\n"),
            ADMIN,
            pair,
            ".env.production:2: DB_USER names the account of another password, too, which stays",
        ),
        (
            "DB_USER=app\nDB_PASSWORD=OLD\nDATABASE_URL=postgres://${DB_USER}:${DB_PASSWORD}@db/x\nREPORTS_URL=postgres://${DB_USER}:an0ther-0ne@reports/x\n"
                .to_owned(),
            ADMIN,
            pair,
            ".env.production:4: REPORTS_URL names the account of another password, too, which stays",
        ),
    ] {
        let files = [(".env.production", &env[..]), ("harden.toml", toml)];
        let shown = plan(&files, &["--alternate", pair]);
        assert!(shown.contains(why), "{env}{toml}\n{shown}");
        assert!(!shown.contains("account app ->"), "{shown}");
    }
    let named = Desk::new(&[(".env.production", url), ("harden.toml", no_admin)]);
    let refused = named.rotate(&["DATABASE_URL", "--apply", "--yes", "--alternate", pair]);
    assert_code(&refused, 2);
    for wrong in ["DATABASE_URL", "DATABASE_URL=app", "DATABASE_URL=app,app", "DATABASE_URL=app,a/b", "=app,app_b"] {
        let output = named.rotate(&["--all", "--alternate", wrong]);
        assert_code(&output, 2);
        assert!(stderr(&output).contains("SETTING=USER,USER"), "{wrong}: {}", stderr(&output));
    }
    let typo = Desk::new(&[(".env.production", url), ("harden.toml", ADMIN)]).rotate(&["--all", "--alternate", "DATABSE_URL=app,app_b"]);
    assert_code(&typo, 2);
    assert!(stderr(&typo).contains("names no server of these secrets") && stderr(&typo).contains("DATABASE_URL"), "{}", stderr(&typo));
    // a setting that is there, and tells no server
    let parts = "DB_HOST=db\nDB_CONNECTION=pgsql\nDB_NAME=x\nDB_USER=app\nDB_PASSWORD=OLD\nDATABASE_URL=postgres://${DB_USER}:${DB_PASSWORD}@db/x\n";
    let other = Desk::new(&[(".env.production", parts), ("harden.toml", ADMIN)]).rotate(&["--all", "--alternate", "DB_NAME=app,app_b"]);
    assert_code(&other, 2);
    assert!(stderr(&other).contains("servers are told by: DATABASE_URL"), "{}", stderr(&other));
}

#[test]
fn two_projects_may_give_one_name_to_two_secrets() {
    let files = [
        ("a/.env.production", "REDIS_HOST=a-cache\nREDIS_PASSWORD=OLD\n"),
        (
            "b/.env.production",
            "REDIS_PASSWORD=an0ther-0ne-of-b\nQUEUE_REDIS_HOST=b-cache\nQUEUE_REDIS_PASSWORD=${REDIS_PASSWORD}\nREDIS_URL=redis://:${REDIS_PASSWORD}@b-url\n",
        ),
    ];
    let shown = plan(&files, &[]);
    assert!(!shown.contains("an0ther"), "{shown}");
    assert!(["a-cache", "b-cache", "b-url"].iter().all(|host| shown.contains(host)), "{shown}");
    // each secret is planned for the servers of its own project
    for block in shown.split("REDIS_PASSWORD (") {
        assert!(!(block.contains("a-cache") && block.contains("b-cache")), "{block}");
    }
}

#[test]
fn an_account_that_something_else_says_stays_with_its_password() {
    let url = "DATABASE_URL=postgres://app:OLD@db/x\n";
    let pair = ["--alternate", "DATABASE_URL=app,app_b"];
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          env:\n            - name: DB_USER\n              value: app\n            - name: DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: db\n                  key: DB_PASSWORD\n";
    let compose = "services:\n  web:\n    image: acme/web\n    env_file: .env.production\n    environment:\n      DB_USER: app\n";
    for (env, more, why) in [
        (url, Some(("deploy.yaml", deployment)), "DB_USER says the account too, and no password is found beside it"),
        (url, Some(("compose.yaml", compose)), "DB_USER says the account too, and no password is found beside it"),
        (
            "DB_USER=app\nDB_PASSWORD=OLD\nDATABASE_URL=postgres://${DB_USER}:${DB_PASSWORD}@db/${DB_USER}\n",
            None,
            "DATABASE_URL says something else by the name of the account",
        ),
        ("DATABASE_URL=postgres://app:OLD@db\n", None, "DATABASE_URL names no database"),
        ("DATABASE_URL=postgres://app:OLD@db/x\nREAD_URL=postgres://app@replica/x\n", None, "READ_URL says the account too"),
    ] {
        let files: Vec<(&str, &str)> = [(".env.production", env), ("harden.toml", ADMIN)].into_iter().chain(more).collect();
        let shown = plan(&files, &pair);
        assert!(shown.contains(why), "{why}\n{shown}");
        assert!(!shown.contains("account app ->"), "{shown}");
    }
    // of another server, or of none: their own passwords stay with them
    let others = format!("{url}CACHE_USER=app\nCACHE_PASSWORD=an0ther-0ne\nMQ_URL=amqp://app:an0ther-0ne@mq/\n");
    let shown = plan(&[(".env.production", &others), ("harden.toml", ADMIN)], &pair);
    assert!(shown.contains("account app -> app_b"), "{shown}");
    // all that stand beside the password, and in the string without one
    let both = "DB_USER=app\nDB_USERNAME=app\nDB_PASSWORD=OLD\nDB_URL=postgres://app@db/x\n";
    let toml = ADMIN.replace("DATABASE_URL", "DB_URL");
    let shown = plan(&[(".env.production", both), ("harden.toml", &toml)], &["--alternate", "DB_URL=app,app_b"]);
    for part in [":1  DB_USER: the account", ":2  DB_USERNAME: the account", ":4  DB_URL: the account"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn a_server_has_one_name_a_file() {
    let of = |host: &str, secret: &str| format!("DATABASE_URL=postgres://app:{secret}@{host}/x\n");
    let (one, two) = (of("pg-one", "OLD"), of("pg-two", "kettle-drum-9"));
    let files = [("a/.env.production", one.as_str()), ("b/.env.production", two.as_str())];
    let refused = |files: &[(&str, &str)], args: &[&str], parts: &[&str]| {
        let output = Desk::new(files).rotate(&[&["--all"], args].concat());
        assert_code(&output, 2);
        parts.iter().for_each(|part| assert!(stderr(&output).contains(part), "{part}\n{}", stderr(&output)));
    };
    let both =
        "may mean two servers, that of a/.env.production:DATABASE_URL and that of b/.env.production:DATABASE_URL; nothing was changed";
    refused(&files, &["--address", "DATABASE_URL=127.0.0.1:5432"], &["`--address DATABASE_URL=...`", both]);
    let toml = "[[server]]\nsetting = \"DATABASE_URL\"\naddress = \"127.0.0.1:3\"\n";
    refused(&[&files[..], &[("harden.toml", toml)]].concat(), &[], &["[[server]] with setting = \"DATABASE_URL\" in harden.toml", both]);
    refused(&files, &["--address", "DATABSE_URL=127.0.0.1:5432"], &["names no server of these secrets", "told by: DATABASE_URL"]);
    refused(
        &files,
        &["--management", "c/.env:DATABASE_URL=http://127.0.0.1:1"],
        &["`--management c/.env:DATABASE_URL=...` names no server"],
    );
    let shown = plan(&files, &["--address", "a/.env.production:DATABASE_URL=127.0.0.1:5499"]);
    assert!(shown.contains("app at pg-one, reached at 127.0.0.1:5499 (from DATABASE_URL)"), "{shown}");
    assert!(shown.contains("app at pg-two (from DATABASE_URL)"), "{shown}");
    // what is said of a file goes before what is said of the name
    let shown = plan(&files, &["--address", "DATABASE_URL=127.0.0.1:1", "--address", "b/.env.production:DATABASE_URL=127.0.0.1:2"]);
    assert!(shown.contains("pg-one, reached at 127.0.0.1:1 ") && shown.contains("pg-two, reached at 127.0.0.1:2 "), "{shown}");
    let toml =
        "[[server]]\nsetting = \"b/.env.production:DATABASE_URL\"\naddress = \"127.0.0.1:3\"\n[[server]]\nsetting = \"TEAPOT_URL\"\n";
    let shown = plan(&[&files[..], &[("harden.toml", toml)]].concat(), &[]);
    assert!(shown.contains("pg-two, reached at 127.0.0.1:3 ") && shown.contains("app at pg-one (from"), "{shown}");
    assert!(shown.contains("no setting is called `TEAPOT_URL`, which a [[server]] is for"), "{shown}");
}

#[test]
fn a_file_in_the_root_and_a_name_with_a_colon_can_be_named() {
    let of = |host: &str, secret: &str| format!("DATABASE_URL=postgres://app:{secret}@{host}/x\n");
    let (one, two) = (of("pg-one", "OLD"), of("pg-two", "kettle-drum-9"));
    let files = [(".env.production", one.as_str()), ("apps/.env.production", two.as_str())];
    let shown = plan(&files, &["--address", ".env.production:DATABASE_URL=127.0.0.1:1"]);
    assert!(shown.contains("pg-one, reached at 127.0.0.1:1 ") && shown.contains("app at pg-two (from"), "{shown}");
    let json = |host: &str, secret: &str| format!("{{\"ConnectionStrings:Default\": \"postgres://app:{secret}@{host}/x\"}}");
    let (one, two) = (json("pg-one", "OLD"), json("pg-two", "kettle-drum-9"));
    let files = [("a/secrets.json", one.as_str()), ("b/secrets.json", two.as_str())];
    let shown = plan(&files, &["--address", "b/secrets.json:ConnectionStrings:Default=127.0.0.1:2"]);
    assert!(shown.contains("pg-two, reached at 127.0.0.1:2 ") && shown.contains("app at pg-one (from"), "{shown}");
    // one server, of which two things are said
    let one = of("pg", "OLD");
    let files = [("a/.env.production", one.as_str()), ("b/.env.production", one.as_str())];
    let twice =
        ["--all", "--address", "a/.env.production:DATABASE_URL=127.0.0.1:1", "--address", "b/.env.production:DATABASE_URL=127.0.0.1:2"];
    let output = Desk::new(&files).rotate(&twice);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("`--address` speaks of one server twice"), "{}", stderr(&output));
}

#[test]
fn a_port_that_is_the_usual_one_need_not_be_written() {
    let text = "DATABASE_URL=postgres://app:OLD@DB/x\nPGHOST=db\nPGPORT=5432\nPGUSER=app\nPGPASSWORD=OLD\n";
    let shown = plan(&[(".env.production", text)], &[]);
    assert_eq!(shown.matches("server: postgres, app at").count(), 1, "{shown}");
    // it has both names
    let shown = plan(&[(".env.production", text)], &["--address", "PGHOST=127.0.0.1:5499"]);
    assert!(shown.contains("reached at 127.0.0.1:5499 (from DATABASE_URL)"), "{shown}");
    let other = text.replace("5432", "5433");
    let shown = plan(&[(".env.production", &other)], &[]);
    assert_eq!(shown.matches("server: postgres, app at").count(), 2, "{shown}");
    // the administrator of a string with the port is for one without it
    let toml = "[[server]]\nsetting = \"DATABASE_URL\"\nadmin = { env = \"PGADMIN_URL\" }\n";
    let shown = plan(&[("harden.toml", toml), (".env.production", "DATABASE_URL=postgres://app:OLD@db:5432/x\n")], &[]);
    assert!(shown.contains("as the administrator in $PGADMIN_URL"), "{shown}");
}
