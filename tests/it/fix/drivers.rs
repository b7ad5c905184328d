//! Which driver a connection is rewritten for, and what goes with its line.

use super::{Desk, stdout};

const REVIEW: [&str; 7] = ["fix", "--apply", "--emit", "plain", "--allow-dirty", "--include", "review"];
const URL: &str = "DATABASE_URL=postgres://app:Xq7fP2mKvR9tLw3z@db.kettle-works.com/app";

#[test]
fn the_nearest_manifest_with_one_driver_decides() {
    let desk = Desk::with(&[
        ("package.json", r#"{"dependencies": {"postgres": "3"}}"#),
        ("api/requirements.txt", "asyncpg==0.30\n"),
        ("api/.env.production", &format!("{URL}\n")),
        ("web/.env.production", &format!("{URL}\n")),
        ("old/package.json", r#"{"dependencies": {"@prisma/client": "^5.1.0"}}"#),
        ("old/.env.production", &format!("{URL}\n")),
    ])
    .committed();
    let plan = stdout(&desk.ok(&REVIEW));
    for said in
        ["driver: asyncpg, says api/requirements.txt", "driver: postgres.js, says package.json", "driver: prisma<7, says old/package.json"]
    {
        assert!(plan.contains(said), "{said}\n{plan}");
    }
    assert_eq!(desk.text("api/.env.production"), format!("{URL}?sslmode=verify-full\n"));
    assert_eq!(desk.text("web/.env.production"), format!("{URL}?sslmode=verify-full\n"));
    assert_eq!(desk.text("old/.env.production"), format!("{URL}?sslmode=require&sslaccept=strict\n"));
}

#[test]
fn several_drivers_or_none_are_said_and_nothing_is_written() {
    let desk = Desk::with(&[
        ("package.json", r#"{"dependencies": {"pg": "8", "@prisma/client": "6.0.0"}}"#),
        (".env.production", &format!("{URL}\n")),
        ("compose.yml", &format!("services:\n  flow:\n    image: flow:1\n    environment:\n      - {URL}\n")),
    ])
    .committed();
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("not settled: package.json has pg, prisma<7; name it under [drivers] in harden.toml"), "{plan}");
    assert!(plan.contains("the client is an image of its own"), "{plan}");
    assert_eq!(desk.text(".env.production"), format!("{URL}\n"));
    desk.put("harden.toml", "[drivers]\nDATABASE_URL = \"pg\"\n");
    assert!(stdout(&desk.ok(&REVIEW)).contains("driver: pg, says harden.toml"));
    assert_eq!(desk.text(".env.production"), format!("{URL}?sslmode=verify-full\n"));
}

#[test]
fn manifests_above_the_project_are_not_read() {
    let desk = Desk::with(&[("package.json", r#"{"dependencies": {"pg": "8"}}"#), ("inner/.env.production", &format!("{URL}\n"))]);
    let plan = stdout(&desk.ok(&[&REVIEW[..], &["inner"]].concat()));
    assert!(plan.contains("driver: not known"), "{plan}");
    assert_eq!(desk.text("inner/.env.production"), format!("{URL}\n"));
}

#[test]
fn a_switch_that_goes_takes_its_line_and_nothing_else() {
    let env = "# first\nA=1\r\nexport NODE_TLS_REJECT_UNAUTHORIZED='0' # for now\r\nB=2";
    let yaml = "environment:\n  NODE_TLS_REJECT_UNAUTHORIZED: \"0\"\n  B: 2\n";
    let lone = "environment: { NODE_TLS_REJECT_UNAUTHORIZED: \"0\", B: 2 }\n";
    let desk = Desk::with(&[(".env.production", env), ("values.yaml", yaml), ("lone.yaml", lone)]).committed();
    let plan = stdout(&desk.ok(&REVIEW));
    assert!(plan.contains("the line of NODE_TLS_REJECT_UNAUTHORIZED goes"), "{plan}");
    assert_eq!(desk.text(".env.production"), "# first\nA=1\r\nB=2");
    assert_eq!(desk.text("values.yaml"), "environment:\n  B: 2\n");
    assert_eq!(desk.text("lone.yaml"), lone);
}

#[test]
fn an_ampersand_is_written_as_its_place_takes_it() {
    let jdbc = "jdbc:postgresql://db.kettle-works.com/app?ApplicationName=web";
    let xml = format!("<Context>\n  <Resource url=\"{jdbc}\" name=\"a\"/>\n  <url>{jdbc}</url>\n</Context>\n");
    let compose =
        format!("services:\n  web:\n    build: .\n    command: sh -c 'run --url {jdbc}'\n    environment:\n      JDBC_URL: {jdbc}\n");
    let desk =
        Desk::with(&[("context.xml", &xml), ("compose.yaml", &compose), (".env.production", &format!("JDBC_URL={jdbc}\n"))]).committed();
    desk.ok(&REVIEW);
    let secured = |and: &str| format!("{jdbc}{and}sslmode=verify-full");
    let (new, env) = (desk.text("context.xml"), desk.text(".env.production"));
    assert_eq!(new, xml.replace(jdbc, &secured("&amp;")));
    assert_eq!(env, format!("JDBC_URL={}\n", secured("&")));
    // a shell would take what is before the sign for a command of its own
    let new = desk.text("compose.yaml");
    assert!(!new.contains("run --url jdbc:postgresql://db.kettle-works.com/app?ApplicationName=web&"), "{new}");
    assert!(new.contains(&format!("JDBC_URL: {}\n", secured("&"))), "{new}");
}
