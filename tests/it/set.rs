//! `harden set`: one value from standard input, to where it belongs.

use std::fs;

use crate::desk::Desk;
use crate::harness::{assert_code, stderr, stdout};

const VALUE: &str = "pV3kR8tY2wQ9zL5nB7cX";
const ENV: &str = "# db\nexport DB_PASSWORD='kettle-drum-41' # ours\nPORT=5432\n";

#[test]
fn a_value_goes_into_plain_age_and_sops_files_and_nothing_else_changes() {
    let desk = Desk::ready();
    desk.put(".env", ENV);
    let output = desk.fed(format!("{VALUE}\n").as_bytes(), &["set", "DB_PASSWORD", ".env"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "set: `DB_PASSWORD` in .env\n");
    assert!(!stderr(&output).contains(VALUE) && stderr(&output).contains("harden undo"));
    let after = ENV.replace("kettle-drum-41", VALUE);
    assert_eq!(desk.text(".env"), after);
    assert_code(&desk.harden(&["undo"]), 0);
    assert_eq!(desk.text(".env"), ENV);

    assert_code(&desk.harden(&["encrypt", ".env"]), 0);
    // the twin is the truth
    let output = desk.fed(VALUE.as_bytes(), &["set", "DB_PASSWORD", ".env"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "set: `DB_PASSWORD` in .env.age\n");
    assert!(stderr(&output).contains(".env still holds"), "{}", stderr(&output));
    assert_eq!((desk.text(".env"), desk.opened(".env.age")), (ENV.to_owned(), after));
    assert_code(&desk.harden(&["rekey", "--check"]), 0);

    desk.put("app.yaml", "db:\n  - user: app\n    password: kettle-drum-41\nplain: text\n");
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "app.yaml"]), 0);
    assert_code(&desk.fed(VALUE.as_bytes(), &["set", "db[0].password", "app.sops.yaml"]), 0);
    // a setting whose name does not announce a secret becomes one
    assert_code(&desk.fed(b"another-one-63", &["set", "plain", "app.sops.yaml"]), 0);
    let text = desk.text("app.sops.yaml");
    assert!(text.lines().any(|line| line.starts_with("plain: ENC[") || line.starts_with("plain: \"ENC[")), "{text}");
    assert_eq!(desk.opened("app.sops.yaml"), format!("db:\n  - user: app\n    password: {VALUE}\nplain: another-one-63\n"));
}

#[test]
fn without_a_file_it_is_the_one_sealed_env_file() {
    let desk = Desk::ready();
    let output = desk.fed(VALUE.as_bytes(), &["set", "STRIPE_KEY"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("no sealed env file"), "{}", stderr(&output));
    desk.put(".env.production", ENV);
    assert_code(&desk.harden(&["encrypt", "--remove-plain", ".env.production"]), 0);
    let output = desk.fed(VALUE.as_bytes(), &["set", "STRIPE_KEY"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "added: `STRIPE_KEY` in .env.production.age\n");
    assert_eq!(desk.opened(".env.production.age"), format!("{ENV}STRIPE_KEY={VALUE}\n"));
    desk.put(".env.staging", ENV);
    assert_code(&desk.harden(&["encrypt", ".env.staging"]), 0);
    let output = desk.fed(VALUE.as_bytes(), &["set", "STRIPE_KEY"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("2 sealed env files"), "{}", stderr(&output));
    let nowhere = Desk::new();
    let output = nowhere.fed(VALUE.as_bytes(), &["set", "A"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("no harden.toml"), "{}", stderr(&output));
}

/// What YAML would take for a number, a truth value, a date or nothing gets quotes where a text stood; a number may follow a number.
#[test]
fn a_text_stays_a_text_in_yaml() {
    let desk = Desk::ready();
    for value in ["12345", "true", "yes", "null", "0x1F", "1_000", ".5", "1e3", "2020-01-01", "12:30:45", "~", ".inf", "<<"] {
        desk.put("a.yaml", "db:\n  password: kettle\n  port: 5432\n");
        assert_code(&desk.fed(value.as_bytes(), &["set", "db.password", "a.yaml"]), 0);
        assert_eq!(desk.text("a.yaml"), format!("db:\n  password: '{value}'\n  port: 5432\n"));
    }
    assert_code(&desk.fed(b"5433", &["set", "db.port", "a.yaml"]), 0);
    assert!(desk.text("a.yaml").ends_with("  port: 5433\n"));
    assert_code(&desk.fed(b"kettle-drum", &["set", "db.port", "a.yaml"]), 0);
    assert!(desk.text("a.yaml").ends_with("  port: kettle-drum\n"));
}

#[test]
fn a_dollar_that_compose_would_take_for_a_variable_is_not_written() {
    let desk = Desk::ready();
    let compose = "services:\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: kettle\n";
    desk.put("compose.yaml", compose);
    let set = |value: &str| desk.fed(value.as_bytes(), &["set", "services.db.environment.POSTGRES_PASSWORD", "compose.yaml"]);
    for value in ["p$w0rd8Xk2", "a$$$b", "end$"] {
        let refused = set(value);
        assert_code(&refused, 2);
        assert!(stderr(&refused).contains("write `$$` for the sign itself") && !stderr(&refused).contains("w0rd"), "{}", stderr(&refused));
        assert_eq!(desk.text("compose.yaml"), compose);
    }
    for value in ["p$$w0rd8Xk2", "${DB_PASSWORD:?}"] {
        assert_code(&set(value), 0);
        assert!(desk.text("compose.yaml").contains(value), "{}", desk.text("compose.yaml"));
    }
}

#[test]
fn one_line_end_is_taken_off_and_no_more() {
    let desk = Desk::ready();
    for (given, args, held) in [
        ("two words\r\n", &["set", "A", "x.json"][..], "two words"),
        ("a\n\n", &["set", "A", "x.json"], "a\\n"),
        ("a\n", &["set", "--raw", "A", "x.json"], "a\\n"),
        ("-----BEGIN\nx\n-----END\n", &["set", "A", "x.json"], "-----BEGIN\\nx\\n-----END"),
    ] {
        desk.put("x.json", "{\"A\": \"old\", \"b\": 1.50}\n");
        assert_code(&desk.fed(given.as_bytes(), args), 0);
        assert_eq!(desk.text("x.json"), format!("{{\"A\": \"{held}\", \"b\": 1.50}}\n"));
    }
}

#[test]
fn a_weak_value_is_warned_about_or_refused() {
    let desk = Desk::ready();
    desk.put(".env", ENV);
    let output = desk.fed(b"changeme", &["set", "--strict", "DB_PASSWORD", ".env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("`DB_PASSWORD` is weak; nothing was written"), "{}", stderr(&output));
    assert_eq!(desk.text(".env"), ENV);
    let output = desk.fed(b"changeme", &["set", "DB_PASSWORD", ".env"]);
    assert_code(&output, 0);
    assert!(stderr(&output).contains("warning: the value for `DB_PASSWORD` is weak"), "{}", stderr(&output));
    assert!(desk.text(".env").contains("'changeme'"));
    let output = desk.fed(b"5433", &["set", "--strict", "PORT", ".env"]);
    assert_code(&output, 0);
    assert!(!stderr(&output).contains("weak"), "{}", stderr(&output));
}

#[test]
fn mistakes_change_nothing_and_repeat_no_value() {
    let desk = Desk::ready();
    let files = [
        (".env", ENV),
        ("a.yaml", "a:\n  b: 1\n---\na:\n  b: 2\n"),
        ("bad.json", "{\"a\": \n"),
        ("notes.txt", "password: kettle\n"),
        ("a.ini", "[a]\nb = x\n"),
    ];
    files.iter().for_each(|(name, text)| drop(desk.put(name, text)));
    for (stdin, args, told) in [
        (VALUE, &["set", "A=pV3kR8tY2wQ9zL5nB7cX", ".env"][..], "never from the command line"),
        (VALUE, &["set", "DB_PASSWORD", VALUE], "the file that was named is not there"),
        ("", &["set", "A", ".env"], "the value is empty"),
        ("\n", &["set", "A", ".env"], "the value is empty"),
        ("a\0b", &["set", "A", ".env"], "NUL byte"),
        (VALUE, &["set", "a.b", "a.yaml"], "2 settings are called so"),
        (VALUE, &["set", "a", "bad.json"], "bad.json:"),
        (VALUE, &["set", "password", "notes.txt"], "values are set in env, YAML"),
        (VALUE, &["set", "a.c", "a.ini"], "no place for a new one"),
        (VALUE, &["set", "b-c", ".env"], "letters, digits and `_`"),
        ("it's $HOME", &["set", "DB_PASSWORD", ".env"], "no quotes of an env file"),
    ] {
        let output = desk.fed(stdin.as_bytes(), args);
        assert_code(&output, 2);
        let said = stderr(&output);
        assert!(said.contains(told) && said.contains("nothing was written"), "{args:?}: {said}");
        assert!(!said.contains(VALUE) && !stdout(&output).contains(VALUE), "{said}");
    }
    assert_code(&desk.fed(b"\xff\xfe", &["set", "A", ".env"]), 2);
    files.iter().for_each(|(name, text)| assert_eq!(desk.text(name), *text));
}

#[test]
fn what_could_not_be_restored_is_not_overwritten() {
    let desk = Desk::tracked();
    fs::remove_file(desk.project.join("harden.toml")).unwrap();
    desk.put("app.env", ENV);
    let output = desk.fed(VALUE.as_bytes(), &["set", "DB_PASSWORD", "app.env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("could not be restored"), "{}", stderr(&output));
    assert_eq!(desk.text("app.env"), ENV);
    assert_code(&desk.fed(VALUE.as_bytes(), &["set", "--allow-dirty", "DB_PASSWORD", "app.env"]), 0);
    desk.git(&["add", "-f", "app.env"]);
    desk.git(&["commit", "-q", "-m", "env"]);
    assert_code(&desk.fed(b"another-one-63", &["set", "DB_PASSWORD", "app.env"]), 0);
    assert!(desk.text("app.env").contains("'another-one-63' # ours"));
}

/// What `run` hands to a program, and what a shell reads, is the value that was given.
#[test]
fn programs_read_what_was_given() {
    let desk = Desk::ready();
    for value in ["a b#c", "x$HOME$$y", "it's", "q\"uo\\te", "tail\\", "  spaces  ", "ümlaut=~!"] {
        desk.put("app.env", "A=old\nB=\"old\"\nC='old'\n");
        for name in ["A", "B", "C", "D"] {
            assert_code(&desk.fed(value.as_bytes(), &["set", name, "app.env"]), 0);
        }
        let script = "printf '%s|%s|%s|%s' \"$A\" \"$B\" \"$C\" \"$D\"";
        let output = desk.harden(&["run", "--env-file", "app.env", "--", "sh", "-c", script]);
        assert_code(&output, 0);
        assert_eq!(stdout(&output), [value; 4].join("|"), "{}", desk.text("app.env"));
    }
}
