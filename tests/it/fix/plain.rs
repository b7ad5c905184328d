//! `--emit plain`: files are patched in place, where git or the user's word gives a way back.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Desk, assert_code, differing, planned, stderr, stdout};

const PLAIN: [&str; 4] = ["fix", "--apply", "--emit", "plain"];

#[test]
fn outside_of_git_it_takes_the_users_word() {
    let desk = Desk::with(&[(".env.production", "JWT_SECRET=changeme\nPORT=80\n")]);
    let said = desk.refused(&PLAIN, 2);
    assert!(said.contains(".env.production could not be restored") && said.contains("--allow-dirty"), "{said}");
    desk.ok(&[&PLAIN[..], &["--allow-dirty"]].concat());
    assert_eq!(differing("JWT_SECRET=changeme\nPORT=80\n", &desk.text(".env.production")), [1].into());
    assert!(!desk.has(".env.production.age"));
}

#[test]
fn in_a_clean_checkout_exactly_the_planned_lines_change() {
    let desk = Desk::portal().committed();
    fs::set_permissions(desk.project.join("config/app.json"), fs::Permissions::from_mode(0o640)).unwrap();
    let before = desk.tree();
    let plan = planned(&stdout(&desk.ok(&PLAIN)), false);
    assert!(plan.len() >= 7, "{plan:?}");
    let after = desk.tree();
    assert!(before.keys().eq(after.keys().filter(|name| *name != ".harden/.gitignore")), "files came or went");
    for (name, (old, _)) in &before {
        let [old, new] = [old, &after[name].0].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
        assert_eq!(differing(&old, &new), plan.get(name).cloned().unwrap_or_default(), "{name}");
    }
    assert_eq!(fs::metadata(desk.project.join("config/app.json")).unwrap().permissions().mode() & 0o777, 0o640);
    desk.commit();
    let again = desk.ok(&PLAIN);
    assert!(stderr(&again).contains("nothing to change"));
    assert!(desk.tree() == after);
}

#[test]
fn what_git_does_not_hold_as_it_is_is_refused_by_name_and_others_do_not_matter() {
    let desk =
        Desk::with(&[(".env.production", "JWT_SECRET=changeme\n"), ("app.yml", "app:\n  session_secret: changeme\n"), ("notes", "a")]);
    let desk = desk.committed();
    desk.put("notes", "b");
    desk.put("new.txt", "untracked");
    desk.put("app.yml", "app:\n  session_secret: changeme\n  port: 80\n");
    let said = desk.refused(&PLAIN, 2);
    assert!(said.contains("app.yml could not be restored") && said.contains("nothing was written"), "{said}");
    desk.commit();
    desk.put("notes", "c");
    desk.ok(&PLAIN);
    assert!(!desk.text("app.yml").contains("changeme") && !desk.text(".env.production").contains("changeme"));
}

#[test]
fn an_ignored_env_file_has_no_way_back() {
    let desk = Desk::with(&[(".gitignore", ".env*\n"), (".env.production", "JWT_SECRET=changeme\n")]).committed();
    let said = desk.refused(&PLAIN, 2);
    assert!(said.contains(".env.production could not be restored"), "{said}");
}

#[test]
fn where_a_sealed_twin_is_the_truth_nothing_is_patched() {
    let desk = Desk::with(&[(".env.production", "JWT_SECRET=changeme\n")]).ready();
    desk.ok(&["fix", "--apply"]);
    let desk = desk.committed();
    let said = desk.refused(&PLAIN, 2);
    assert!(said.contains(".env.production.age is the truth"), "{said}");
    desk.refused(&[&PLAIN[..], &["--allow-dirty"]].concat(), 2);
}

#[test]
fn bytes_around_a_value_stay() {
    let cases = [
        (".env.production", "\u{feff}A=1\r\nexport JWT_SECRET=\"changeme\" # x\r\nB='2'"),
        ("app.yml", "a: [1,2]   # odd\r\napp: {session_secret: 'changeme', \"n\": 1}\r\nlast: |\r\n  text"),
        ("app.json", "{ \"a\" : 1,\n\t\"session\":{\"session_secret\" :\"changeme\"}}"),
        ("app.toml", "[app] # t\nsession_secret='changeme' # c\nz=1"),
        ("app.ini", "[app]\n; note\nsession_secret : changeme\n\n\n[b]\nx=1"),
        ("app.properties", "! note\napp.session-secret : changeme\nlist=a,\\\n  b"),
    ];
    for (name, text) in cases {
        let desk = Desk::with(&[(name, text)]);
        desk.ok(&[&PLAIN[..], &["--allow-dirty"]].concat());
        let (head, tail) = text.split_once("changeme").unwrap();
        let new = desk.text(name);
        let value = new.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        assert!(
            value.is_some_and(|v| v.len() >= 43 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))),
            "{name}: {new}"
        );
    }
}

#[test]
fn what_follows_a_bare_carriage_return_is_not_swallowed() {
    for (name, text) in [
        (".env", "JWT_SECRET=changeme\rDEBUG=false\rPORT=80"),
        ("app.properties", "jwt.secret=changeme\rport=80\r\n"),
        ("app.ini", "jwt_secret=changeme\rport=80\r\n"),
        ("redis.conf", "requirepass changeme\rport 80\r\n"),
    ] {
        let desk = Desk::with(&[(name, text)]);
        let output = desk.ok(&["fix", "--apply", "--emit", "plain", "--allow-dirty"]);
        assert!(stdout(&output).contains("cannot be edited safely"), "{name}: {}", stdout(&output));
        assert_eq!(desk.text(name), text);
    }
}

#[test]
fn the_line_break_that_ends_a_block_stays_and_stops_nothing() {
    let yaml = "jwt_secret: |\n  changeme\nsession_secret: |+\n  changeme\n\ncookie_secret: >\n  changeme\ncsrf_secret: changeme\n";
    let desk = Desk::with(&[("app.yml", yaml)]);
    desk.ok(&["fix", "--apply", "--emit", "plain", "--allow-dirty"]);
    let new = desk.text("app.yml");
    assert_eq!(differing(yaml, &new), [2, 4, 7, 8].into(), "{new}");
    assert!(!new.contains("changeme"));
}

#[test]
fn a_mistyped_choice_is_an_error_and_not_nothing_to_change() {
    let desk = Desk::with(&[(".env.production", "ADMIN_PASSWORD=bluehouseriver\n")]);
    let said = desk.refused(&["fix", "--only", "guesable-secret"], 2);
    assert!(said.contains("nothing was written") && said.contains("`guessable-secret`"), "{said}");
    assert_code(&desk.harden(&["fix", "--only", "admin_password"]), 1);
}

#[test]
fn a_dockerfiles_switches_are_patched_in_place_and_its_secrets_are_left() {
    let image = "FROM scratch\nENV POT=brown \\\n    JWT_SECRET=\"changeme\" \\\n    DEBUG=true\nRUN JWT_SECRET=changeme brew\n";
    let desk = Desk::with(&[("Dockerfile", image)]).ready().committed();
    desk.ok(&["fix", "--apply", "--emit", "plain", "--include", "review"]);
    assert_eq!(desk.text("Dockerfile"), image.replace("DEBUG=true", "DEBUG=false"));
}

#[test]
fn xml_and_hcl_are_patched_in_place_and_never_sealed() {
    let web = "\u{feff}<configuration>\r\n  <appSettings>\r\n    <!-- <add key=\"JwtSecret\" value=\"changeme\"/> -->\r\n    \
               <add key=\"JwtSecret\" value='changeme' />\r\n  </appSettings>\r\n</configuration>";
    let tf = "variable \"jwt_secret\" {\n  default = \"changeme\" # for now\n  type    = string\n}\n";
    let files = [("web.config", web), ("main.tf", tf)];
    let desk = Desk::with(&files).ready().committed();
    desk.ok(&PLAIN);
    for ((name, old), line) in files.into_iter().zip([4, 2]) {
        let new = desk.text(name);
        assert_eq!(differing(old, &new), [line].into(), "{name}");
        let [before, after] = [old, new.as_str()].map(|text| text.lines().nth(line - 1).unwrap().to_owned());
        let (lead, tail) = before.split_once("changeme").unwrap();
        let value =
            after.strip_prefix(lead).and_then(|rest| rest.strip_suffix(tail)).unwrap_or_else(|| panic!("{name}: other bytes changed"));
        assert!(value.len() >= 32, "{name}");
        assert!(!desk.has(&format!("{name}.age")), "{name}");
    }
}
