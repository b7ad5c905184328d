//! `harden baseline`, and what a scan makes of it, against real files and the real git.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::harness::{assert_code, stderr, stdout};
use super::repository::Repository;

const WEAK: &str = "DB_PASSWORD=changeme\n";
const NOTHING: [&str; 0] = [];
const FILE: &str = ".harden/baseline.jsonl";

/// A repository whose findings are accepted.
fn accepted(files: &[(&str, &str)]) -> Repository {
    let r = Repository::new();
    files.iter().for_each(|(name, text)| _ = r.put(name, text));
    assert_code(&r.harden(&["baseline", "--reason", "known since spring"]), 0);
    r
}

fn lines(r: &Repository) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(r.top.join(FILE)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is warned about, one line each.
fn warned(r: &Repository, args: &[&str]) -> String {
    stderr(&r.harden(&[&["scan", "-q", "--format", "human"], args].concat()))
        + &stderr(&r.harden(&[&["scan", "--format", "jsonl"], args].concat()))
}

#[test]
fn accepted_findings_are_counted_and_new_ones_stand_out() {
    let r = accepted(&[(".env", WEAK), ("a/compose.yml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: hunter2\n")]);
    let said = r.harden(&["scan"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("; 2 suppressed by the baseline\n"), "{}", stdout(&said));
    assert!(stdout(&said).contains("B at best: 2 suppressed by the repository"), "the grade is no better for it: {}", stdout(&said));
    r.put(".env", format!("{WEAK}ADMIN_PASSWORD=hunter2\n"));
    assert_eq!(r.found(&[]), [".env:2"]);
    assert_eq!(r.found_in(&r.top.join("a"), &["."]), NOTHING, "from a folder below");
    // not honoured where the repository's word does not count, or where it is not wanted
    for args in [&["scan", "--no-baseline"][..], &["--no-config", "scan"]] {
        let said = stdout(&r.harden(args));
        assert!(said.contains("3 findings") && !said.contains("baseline"), "{said}");
    }
    let said = r.harden(&["fix"]);
    assert!(stdout(&said).contains("DB_PASSWORD"), "what is accepted is still to be put right: {}", stdout(&said));
}

#[test]
fn entries_stay_while_lines_move_and_hold_nothing_of_a_value() {
    let r = accepted(&[(".env", WEAK), ("notes.txt", "login with password: kettle-drum-99 and go\n")]);
    let text = fs::read_to_string(r.top.join(FILE)).unwrap();
    assert!(!text.contains("changeme") && !text.contains("kettle"), "{text}");
    let fields: Vec<&str> = text.lines().next().unwrap().split('"').skip(1).step_by(2).collect();
    for field in ["path", "key", "rule", "severity", "fingerprint", "place", "reason", "on"] {
        assert!(fields.contains(&field), "{field}: {text}");
    }
    r.put(".env", format!("# a\n\nPORT=80\n  {WEAK}"));
    r.put("notes.txt", "first\n\n\nlogin with password: kettle-drum-99 and go\n");
    assert_eq!(r.found(&[]), NOTHING);
    // the same bytes each time
    assert_code(&r.harden(&["baseline", "--reason", "again"]), 0);
    assert_eq!(fs::read_to_string(r.top.join(FILE)).unwrap(), text, "what is accepted keeps its reason");
}

#[test]
fn entries_follow_a_file_that_is_renamed_and_say_so() {
    let r = accepted(&[("a/.env", WEAK), ("b/app.env", "API_PASSWORD=hunter2\n")]);
    r.commit();
    r.git(&["mv", "a/.env", ".env"]);
    r.git(&["mv", "b/app.env", "b/web.env"]);
    assert_eq!(r.found(&[]), NOTHING);
    let said = warned(&r, &[]);
    assert_eq!(said.matches("since its own file is gone").count(), 2, "{said}");
    assert!(said.contains("is taken for `b/web.env`"), "{said}");
    // a part of the tree does not know whether there is another
    assert_eq!(r.found(&["b"]), ["b/web.env:1"]);
    let said = r.harden(&["baseline", "--prune"]);
    assert!(stdout(&said).contains("2 entries follow the file to its new name"), "{}", stdout(&said));
    assert_eq!(lines(&r).iter().map(|l| l["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), [".env", "b/web.env"]);
    assert_eq!(lines(&r)[0]["reason"], "known since spring");
    assert_eq!((r.found(&["b"]), warned(&r, &[])), (Vec::<String>::new(), String::new()));
}

#[test]
fn a_secret_at_another_place_is_new() {
    // the file is there still
    let r = accepted(&[("a/.env", WEAK)]);
    r.put("b/.env", WEAK);
    assert_eq!(r.found(&[]), ["b/.env:1"]);
    // it is gone, and two could be it
    r.put("c/.env", WEAK);
    fs::remove_file(r.top.join("a/.env")).unwrap();
    assert_eq!(r.found(&[]), ["b/.env:1", "c/.env:1"]);
    // accepted as that of a test, and now that of production
    let r = accepted(&[(".env.test", concat!("GITHUB_TOKEN=gh", "p_Zk3Jd8sLqPz71mVbX0aRtYw5CeHnU21Sz4co\n"))]);
    assert_eq!((r.found(&[]), lines(&r)[0]["severity"].as_str()), (Vec::<String>::new(), Some("high")));
    fs::rename(r.top.join(".env.test"), r.top.join(".env.production")).unwrap();
    assert_eq!(r.found(&[]), [".env.production:1"]);
    assert!(warned(&r, &[]).contains("was accepted as high and is critical now"), "{}", warned(&r, &[]));
}

#[test]
fn ids_that_are_not_shown_are_told_apart() {
    let users = |id: &str| format!("users:\n  {id}:\n    password: hunter2\n");
    let (one, two) = ("550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-41d1-80b4-00c04fd430c8");
    let r = accepted(&[("users.yml", &users(one))]);
    let text = fs::read_to_string(r.top.join(FILE)).unwrap();
    assert!(text.contains("users.") && !text.contains(one), "{text}");
    assert_eq!(r.found(&[]), NOTHING);
    r.put("users.yml", users(two));
    assert_eq!(r.found(&[]), ["users.yml:3"], "another account");
    r.put("users.yml", format!("{}  {one}:\n    password: hunter2\n", users(two)));
    assert_eq!(r.found(&[]), ["users.yml:3"], "and the accepted one wherever it stands");
    // of a password in a name there is no hash, so another one is the same place
    let registry = |password: &str| format!("registries:\n  'https://bot:{password}@reg.acme.io':\n    token: changeme\n");
    let r = Repository::new();
    r.put("a.yml", registry("swordfish"));
    let places = |r: &Repository| -> Vec<String> {
        let rows = stdout(&r.harden(&["scan", "--format", "jsonl"]));
        let rows = rows.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        rows.filter_map(|row| row["fingerprint"].as_str().map(str::to_owned)).collect()
    };
    let before = places(&r);
    r.put("a.yml", registry("kettledrum"));
    assert!(!before.is_empty());
    assert_eq!(places(&r), before);
}

#[test]
fn what_no_longer_holds_is_said_and_pruned() {
    let r = accepted(&[(".env", "DB_PASSWORD=changeme\nAPI_PASSWORD=hunter2\n"), ("gone.env", WEAK), ("other/.env", WEAK)]);
    r.put(".env", WEAK);
    fs::remove_file(r.top.join("gone.env")).unwrap();
    let said = warned(&r, &[]);
    assert_eq!(said.matches("matches nothing any more").count(), 2, "{said}");
    assert!(said.contains(&format!("{FILE}:1:")) && said.contains(&format!("{FILE}:3:")), "{said}");
    assert_eq!(warned(&r, &["other"]), "", "what was not looked at is not missed");
    let said = r.harden(&["baseline", "other", "--prune"]);
    assert!(stdout(&said).contains("nothing to take out"), "{}", stdout(&said));
    let said = r.harden(&["baseline", "--prune"]);
    assert!(stdout(&said).contains("took out 2 entries"), "{}", stdout(&said));
    assert_eq!((lines(&r).len(), warned(&r, &[])), (2, String::new()));
    // a file that cannot be read for now keeps its entries
    r.put("conf.json", "{\"password\": \"hunter2\"}\n");
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
    r.put("conf.json", "{\"password\": \n");
    assert_code(&r.harden(&["baseline", "--prune"]), 0);
    assert_eq!(lines(&r).len(), 3);
}

#[test]
fn a_date_ends_it() {
    let r = Repository::new();
    r.put(".env", WEAK);
    assert_code(&r.harden(&["baseline", "--reason", "x", "--until", "2099-12-31", "--by", "Kim"]), 0);
    assert_eq!((lines(&r)[0]["until"].as_str(), lines(&r)[0]["by"].as_str()), (Some("2099-12-31"), Some("Kim")));
    assert_eq!(r.found(&[]), NOTHING);
    let text = fs::read_to_string(r.top.join(FILE)).unwrap();
    r.put(FILE, text.replace("2099", "2020"));
    assert_eq!(r.found(&[]), [".env:1"]);
    assert!(warned(&r, &[]).contains(&format!("{FILE}:1: the entry for `placeholder-secret` has passed its date")), "{}", warned(&r, &[]));
    // accepted anew in its place
    assert_code(&r.harden(&["baseline", "--reason", "y"]), 0);
    assert_eq!((lines(&r).len(), lines(&r)[0]["reason"].as_str()), (1, Some("y")));
}

#[test]
fn only_takes_what_it_names() {
    let r = Repository::new();
    r.put(".env", "DB_PASSWORD=changeme\nDEBUG=true\n");
    assert_code(&r.harden(&["baseline", "--only", "debug-on", "--reason", "x"]), 0);
    assert_eq!(r.found(&[]), [".env:1"]);
    assert_code(&r.harden(&["baseline", ".env", "--only", "DB_PASSWORD", "--reason", "x"]), 0);
    assert_eq!(r.found(&[]), NOTHING);
    let said = r.harden(&["baseline", "--only", "debug-onn", "--reason", "x"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("the nearest rule is `debug-on`"), "{}", stderr(&said));
}

#[test]
fn a_reason_that_says_the_value_is_refused() {
    let r = Repository::new();
    r.put(".env", "DB_PASSWORD=hunter2-kettle\nAPI_PASSWORD=root1\n");
    for reason in ["it is HUNTER2-kettle only", "just root1, it is a test"] {
        let said = r.harden(&["baseline", "--reason", reason]);
        assert_code(&said, 2);
        assert!(stderr(&said).contains("the reason says the value at .env:") && !stderr(&said).contains("kettle"), "{}", stderr(&said));
        assert!(!r.top.join(FILE).exists());
    }
    assert_code(&r.harden(&["baseline", "--reason", "uproot1ng is another word"]), 0);
}

#[test]
fn a_file_that_cannot_be_read_stops_everything_by_its_line() {
    let r = accepted(&[(".env", WEAK)]);
    let good = fs::read_to_string(r.top.join(FILE)).unwrap();
    let line = good.trim_end();
    for (text, said) in [
        (format!("{good}kettle\n"), "`.harden/baseline.jsonl` line 2: not an entry"),
        (format!("{good}{}", good.replace("spring", "autumn")), "line 2: the same place as line 1"),
        (format!("<<<<<<< HEAD\n{line}\n=======\n>>>>>>> other\n"), "line 1: a merge conflict that is not resolved"),
        (good.replace("known since spring", ""), "line 1: `reason` must be a reason"),
        (good.replace("\"schema\":1", "\"schema\":7"), "line 1: `schema` must be 1"),
    ] {
        r.put(FILE, &text);
        r.git(&["add", FILE]);
        for args in [&["scan"][..], &["baseline", "--reason", "x"], &["baseline", "--prune"], &["scan", "--staged"]] {
            let output = r.harden(args);
            assert_code(&output, 2);
            assert!(stderr(&output).contains(said) && !stderr(&output).contains("kettle"), "{args:?}: {}", stderr(&output));
        }
        assert_eq!(fs::read_to_string(r.top.join(FILE)).unwrap(), text, "nothing was written");
        assert_code(&r.harden(&["scan", "--no-baseline"]), 1);
        assert_code(&r.harden(&["--no-config", "scan"]), 1);
    }
    fs::remove_file(r.top.join(FILE)).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", r.top.join(FILE)).unwrap();
    assert_code(&r.harden(&["scan"]), 2);
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 2);
}

#[test]
fn another_file_can_be_named() {
    let r = Repository::new();
    r.put(".env", WEAK);
    let said = r.harden(&["scan", "--baseline"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("there is no baseline `.harden/baseline.jsonl`"), "{}", stderr(&said));
    assert_code(&r.harden(&["scan", "--baseline=ci/accepted.jsonl"]), 2);
    fs::create_dir(r.top.join("ci")).unwrap();
    assert_code(&r.harden(&["baseline", "--baseline", "ci/accepted.jsonl", "--reason", "x"]), 0);
    assert!(!r.top.join(".harden").exists());
    assert_eq!(r.found(&[]), [".env:1"]);
    assert_eq!(r.found(&["--baseline=ci/accepted.jsonl"]), NOTHING);
    assert_code(&r.harden(&["--no-config", "scan", "--baseline=ci/accepted.jsonl"]), 0);
    assert_code(&r.harden(&["--no-config", "scan", "--baseline"]), 2);
    assert_code(&r.harden(&["scan", "-", "--baseline=ci/accepted.jsonl"]), 2);
}

#[test]
fn two_branches_that_both_accept_something_merge_by_themselves() {
    let r = accepted(&[("m.env", WEAK)]);
    r.commit();
    let branch = |name: &str, files: &[&str]| {
        r.git(&["checkout", "-q", "-b", name, "main"]);
        files.iter().for_each(|file| _ = r.put(file, WEAK));
        assert_code(&r.harden(&["baseline", "--reason", name]), 0);
        r.commit();
    };
    // before, behind and beside each other
    branch("one", &["a.env", "n.env", "z/.env"]);
    branch("two", &["b.env", "n2.env", "z/x.env"]);
    r.git(&["checkout", "-q", "main"]);
    r.git(&["merge", "-q", "--no-edit", "one"]);
    r.git(&["merge", "-q", "--no-edit", "two"]);
    // git may leave a line twice
    let places: std::collections::BTreeSet<String> = lines(&r).iter().map(|l| l["path"].to_string()).collect();
    assert_eq!(places.len(), 7);
    assert_eq!((r.found(&[]), warned(&r, &[])), (Vec::<String>::new(), String::new()));
    // the next one who writes puts them in order
    r.put("c.env", WEAK);
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
    let paths: Vec<_> = lines(&r).iter().map(|l| l["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, ["a.env", "b.env", "c.env", "m.env", "n.env", "n2.env", "z/.env", "z/x.env"]);
    // both begin one
    let r = Repository::new();
    r.put("x", "");
    r.commit();
    for name in ["one", "two"] {
        r.git(&["checkout", "-q", "-b", name, "main"]);
        r.put(format!("{name}.env"), WEAK);
        assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
        r.commit();
    }
    r.git(&["merge", "-q", "--no-edit", "one"]);
    assert_eq!((lines(&r).len(), r.found(&[])), (2, Vec::new()));
}

#[test]
fn the_index_and_the_history_know_it_too() {
    let r = accepted(&[(".env", WEAK)]);
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), NOTHING);
    let hook = r.harden(&["hook", "run", "pre-commit"]);
    assert_code(&hook, 0);
    assert!(stderr(&hook).contains("; 1 suppressed by the baseline"), "{}", stderr(&hook));
    r.put("b.env", WEAK);
    r.git(&["add", "-A"]);
    assert_eq!(r.found(&["--staged"]), ["b.env:1"]);
    let hook = r.harden(&["hook", "run", "pre-commit"]);
    assert_code(&hook, 1);
    // the command that the hook names does it
    let said = stderr(&hook);
    let command = said.split("`harden baseline ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    let words: Vec<&str> = command.split(' ').map(|word| word.trim_matches('"')).collect();
    assert_code(&r.harden(&[&["baseline"], &words[..]].concat()), 0);
    let again = r.harden(&["hook", "run", "pre-commit"]);
    assert_code(&again, 1);
    assert!(stderr(&again).contains("`git add .harden/baseline.jsonl`"), "{}", stderr(&again));
    r.git(&["add", ".harden/baseline.jsonl"]);
    assert_code(&r.harden(&["hook", "run", "pre-commit"]), 0);
    // one file in the scan: nothing is said of the others
    assert!(!warned(&r, &["--staged"]).contains("baseline"));
    r.commit();
    assert_eq!(r.found(&["--history"]), NOTHING);
    // what stood there before was never accepted
    let r = Repository::new();
    r.put(".env", "DB_PASSWORD=hunter2\n");
    r.commit();
    r.put(".env", WEAK);
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
    r.commit();
    assert_eq!(r.found(&["--history"]), [".env:1"]);
    let told = stdout(&r.harden(&["scan", "--history", "--format", "jsonl"]));
    assert!(told.contains("\"in_head\":false"), "{told}");
}

#[test]
fn names_that_deceive_are_escaped_and_names_that_are_not_utf8_are_not_accepted() {
    let r = Repository::new();
    let hostile = "a\n\u{202e}\"b.env";
    r.put(hostile, WEAK);
    assert_code(&r.harden(&["baseline", "--reason", "x"]), 0);
    let text = fs::read_to_string(r.top.join(FILE)).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(text.contains("a\\n\\u202e\\\"b.env"), "{text}");
    assert_eq!(r.found(&[]), NOTHING);
    // two names that look the same once they are text
    r.put(std::ffi::OsStr::from_bytes(b"x\xff.env"), WEAK);
    let said = r.harden(&["baseline", "--reason", "x"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("1 finding is not accepted"), "{}", stderr(&said));
    r.put(std::ffi::OsStr::from_bytes(b"x\xfe.env"), WEAK);
    assert_eq!(r.found(&[]).len(), 2);
}

#[test]
fn what_shows_across_files_is_accepted_by_itself() {
    let token = concat!("GITHUB_TOKEN=gh", "p_Zk3Jd8sLqPz71mVbX0aRtYw5CeHnU21Sz4co\n");
    let r = accepted(&[(".env.production", token)]);
    assert_eq!(r.found(&[]), NOTHING);
    // what was accepted is live; that a test has it as well is new, and told at both ends
    r.put(".env.test", token);
    let rules = || {
        let told = stdout(&r.harden(&["scan", "--format", "jsonl"]));
        let mut rules: Vec<String> = told.lines().filter_map(|line| line.split('"').nth(5).map(str::to_owned)).collect();
        rules.sort();
        rules
    };
    assert_eq!(rules(), ["development-secret-deployed", "live-secret-copied", "provider-token"]);
    assert_code(&r.harden(&["baseline", "--reason", "a sandbox account"]), 0);
    assert_eq!((rules().len(), warned(&r, &[])), (0, String::new()));
}
