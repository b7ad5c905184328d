//! Plaintext beside its sealed twin, sealed files that are sealed no longer, recipients that no longer match.

use std::fs;

use crate::harness::{assert_code, stderr, stdout};

use super::{Desk, STRONG, WEAK};

const OTHER: &str = "age1u2muy3rtgzwvc7rdapecge6tkcd04zqu45rjvmhu7ud2vz5yld7qgmgphr";

/// A project with a recipient, the hook, and `.env.production.age` committed.
fn sealed() -> Desk {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["init"]), 0);
    desk.put(".env.production", format!("DB_PASSWORD={STRONG}\nAPP_NAME=kettle\n"));
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    desk.put(".gitignore", "/.env.production\n");
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-q", "-m", "sealed"]), 0);
    desk
}

/// The commit is stopped, `parts` are said, no value is shown.
#[track_caller]
fn refused(desk: &Desk, parts: &[&str]) {
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 1);
    let text = format!("{}{}", stdout(&said), stderr(&said));
    for part in parts.iter().chain(&["why: ", "fix: ", "git commit --no-verify"]) {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
    assert!(!text.contains(STRONG) && !text.contains(WEAK), "a value is shown: {text}");
}

/// Types what the message says behind `fix: `, for the file that it names.
#[track_caller]
fn type_the_fix(desk: &Desk, file: &str) {
    let text = stderr(&desk.try_git(&["commit", "-m", "x"]));
    let after = text.lines().skip_while(|line| !line.starts_with(&format!("{file}: "))).find_map(|line| line.strip_prefix("  fix: "));
    let line = after.unwrap_or_else(|| panic!("no fix for {file}: {text}"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", desk.home("bin").display());
    let done = desk.command_in(&desk.root, "sh").args(["-c", line]).env("PATH", path).output().unwrap();
    assert_code(&done, 0);
}

#[test]
fn a_plain_twin_with_a_secret_is_refused() {
    let desk = sealed();
    desk.git(&["add", "-f", ".env.production"]);
    refused(&desk, &[".env.production: would be committed with a secret in plain text", ".env.production.age is committed"]);
    // the same while the sealed one is not in the index, only beside it
    desk.git(&["rm", "-q", "--cached", ".env.production.age"]);
    refused(&desk, &[".env.production.age lies beside it"]);
    type_the_fix(&desk, ".env.production");
    assert_eq!(desk.git(&["diff", "--cached", "--name-only"]), "", "as it was committed");
    // a twin without a secret is nobody's concern
    desk.put(".env.production", "APP_NAME=kettle\nDB_PASSWORD=${DB_PASSWORD:?}\n");
    desk.git(&["add", "-f", ".env.production"]);
    assert_code(&desk.try_git(&["commit", "-m", "no secret"]), 0);
}

/// The plain one is in git already, and only the sealed one is new: that is when the plain one has to go.
#[test]
fn a_twin_that_was_committed_before_is_refused_when_the_sealed_one_comes() {
    let desk = Desk::hooked();
    desk.put("deploy/.env.production", format!("DB_PASSWORD={STRONG}\n"));
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "plain"]);
    assert_code(&desk.harden(&["init"]), 0);
    assert_code(&desk.harden(&["encrypt", "deploy/.env.production"]), 0);
    desk.git(&["add", "-A"]);
    refused(&desk, &["deploy/.env.production: would be committed with a secret in plain text"]);
    type_the_fix(&desk, "deploy/.env.production");
    assert_code(&desk.try_git(&["commit", "-m", "sealed only"]), 0);
    assert!(!desk.git(&["ls-files"]).lines().any(|l| l == "deploy/.env.production"));
    assert!(desk.read("deploy/.env.production").contains(STRONG), "the work tree keeps it");
}

#[test]
fn a_sealed_file_that_is_plain_text_is_refused() {
    let desk = sealed();
    let whole = fs::read(desk.root.join(".env.production.age")).unwrap();
    desk.put(".env.production.age", format!("DB_PASSWORD={STRONG}\n"));
    desk.git(&["add", "-A"]);
    // only what is staged counts
    desk.put(".env.production.age", &whole);
    refused(&desk, &[".env.production.age: has the name of a sealed file and is none"]);
    desk.put(".env.production.age", format!("DB_PASSWORD={STRONG}x\n"));
    fs::remove_file(desk.root.join(".env.production")).unwrap();
    desk.git(&["add", "-A"]);
    type_the_fix(&desk, ".env.production.age");
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-m", "sealed again"]), 0);
    assert!(desk.git(&["show", "HEAD:.env.production.age"]).starts_with("-----BEGIN AGE"));
}

#[test]
fn recipients_that_changed_stop_what_is_sealed_to_the_old_ones() {
    let desk = sealed();
    assert_code(&desk.harden(&["init", "-r", OTHER]), 0);
    desk.git(&["add", "-A"]);
    refused(&desk, &[".env.production.age: is sealed to other recipients than harden.toml lists", "1 of harden.toml cannot open it"]);
    type_the_fix(&desk, ".env.production.age");
    assert_code(&desk.try_git(&["commit", "-m", "both"]), 0);
    // and the other way: one who has left
    let config = desk.read("harden.toml");
    let without: String = config.lines().filter(|l| !l.contains(OTHER)).map(|l| format!("{l}\n")).collect();
    let without = if without.contains("age1") { without } else { config.replace(&format!(", \"{OTHER}\""), "") };
    assert_ne!(without, config);
    desk.put("harden.toml", without);
    desk.git(&["add", "-A"]);
    refused(&desk, &["1 who can open it are no longer in harden.toml"]);
    // with and without the plain one beside it
    fs::remove_file(desk.root.join(".env.production")).unwrap();
    type_the_fix(&desk, ".env.production.age");
    assert!(!desk.root.join(".env.production").exists(), "none is left behind");
    assert_code(&desk.try_git(&["commit", "-m", "one"]), 0);
    assert_code(&desk.harden(&["init", "-r", OTHER]), 0);
    desk.git(&["add", "-A"]);
    // not with --no-config, which takes nothing of the tree for its word
    assert_code(&desk.harden(&["--no-config", "hook", "run"]), 0);
}

#[test]
fn bytes_that_the_list_does_not_know_are_refused() {
    let desk = sealed();
    let project = desk.read(".harden/sealed.toml");
    // sealed anew, and the list left out
    fs::remove_file(desk.root.join(".env.production.age")).unwrap();
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    assert_ne!(desk.read(".harden/sealed.toml"), project);
    desk.git(&["add", ".env.production.age"]);
    refused(&desk, &[".env.production.age: is not what .harden/sealed.toml says it is"]);
    type_the_fix(&desk, ".env.production.age");
    assert_code(&desk.try_git(&["commit", "-m", "both"]), 0);
    // a new file without its entry
    desk.put("other.env", format!("TOKEN={STRONG}\n"));
    assert_code(&desk.harden(&["encrypt", "other.env"]), 0);
    desk.git(&["add", "other.env.age"]);
    refused(&desk, &["other.env.age: is staged without its entry in .harden/sealed.toml"]);
    type_the_fix(&desk, "other.env.age");
    assert_code(&desk.try_git(&["commit", "-m", "entry"]), 0);
    // a list that nobody can read
    desk.put(".harden/sealed.toml", "<<<<<<< ours\n");
    desk.git(&["add", ".harden/sealed.toml"]);
    refused(&desk, &[".harden/sealed.toml: cannot be understood"]);
}

#[test]
fn a_project_below_the_top_has_its_own_list() {
    let desk = Desk::hooked();
    fs::create_dir_all(desk.root.join("apps/a b")).unwrap();
    let folder = desk.root.join("apps/a b");
    assert_code(&desk.harden_in(&folder, &["init"]), 0);
    desk.put("apps/a b/x.env", format!("TOKEN={STRONG}\n"));
    assert_code(&desk.harden_in(&folder, &["encrypt", "x.env"]), 0);
    desk.put(".gitignore", "*.env\n");
    desk.git(&["add", "-A"]);
    let said = desk.try_git_in(&folder, &["commit", "-m", "from a folder below"]);
    assert_code(&said, 0);
    assert_code(&desk.harden_in(&folder, &["init", "-r", OTHER]), 0);
    desk.git(&["add", "-A"]);
    refused(&desk, &["apps/a b/x.env.age: is sealed to other recipients"]);
}

#[test]
fn a_plain_twin_of_a_sops_file_is_refused() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["init"]), 0);
    for (plain, sealed) in [("k8s/app.yaml", "k8s/app.sops.yaml"), (".env.production", ".env.production.sops.env")] {
        let text = if plain.ends_with("yaml") { format!("password: {STRONG}\n") } else { format!("DB_PASSWORD={STRONG}\n") };
        desk.put(plain, text);
        assert_code(&desk.harden(&["encrypt", "--emit", "sops", plain]), 0);
        desk.git(&["add", "-f", "-A"]);
        refused(&desk, &[&format!("{plain}: would be committed with a secret in plain text"), &format!("{sealed} is committed")]);
        type_the_fix(&desk, plain);
        assert_code(&desk.try_git(&["commit", "-m", "sealed only"]), 0);
        fs::remove_file(desk.root.join(plain)).unwrap();
    }
    // other tools call theirs `enc`
    fs::rename(desk.root.join("k8s/app.sops.yaml"), desk.root.join("k8s/app.enc.yaml")).unwrap();
    desk.put("k8s/app.yaml", format!("password: {STRONG}\n"));
    desk.git(&["add", "-f", "-A"]);
    refused(&desk, &["k8s/app.yaml: would be committed with a secret in plain text", "k8s/app.enc.yaml"]);
    // only the name: nothing is sealed there, so nothing is undone by the plain one
    desk.put("k8s/app.enc.yaml", "user: app\n");
    desk.git(&["add", "-f", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert!(!stderr(&said).contains("sealed twin"), "{}", stderr(&said));
}

#[test]
fn a_sops_file_that_was_opened_in_place_is_refused() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["init"]), 0);
    desk.put("app.yaml", format!("password: {STRONG}\n"));
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "app.yaml"]), 0);
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-m", "sealed"]), 0);
    fs::remove_file(desk.root.join("app.sops.yaml")).unwrap();
    desk.put("app.sops.yaml", format!("password: {STRONG}\n"));
    desk.git(&["add", "-A"]);
    refused(&desk, &["app.sops.yaml: has the name of a sops file and is none"]);
    type_the_fix(&desk, "app.sops.yaml");
    assert_code(&desk.try_git(&["commit", "-m", "sealed again"]), 0);
    assert!(desk.git(&["show", "HEAD:app.sops.yaml"]).contains("ENC["));
}

#[test]
fn a_sops_file_is_sealed_to_those_of_the_list() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["init"]), 0);
    desk.put("app.yaml", format!("password: {STRONG}\n"));
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "--remove-plain", "app.yaml"]), 0);
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-m", "sealed"]), 0);
    assert_code(&desk.harden(&["init", "-r", OTHER]), 0);
    desk.git(&["add", "-A"]);
    refused(&desk, &["app.sops.yaml: is sealed to other recipients than harden.toml lists", "1 of harden.toml cannot open it"]);
    type_the_fix(&desk, "app.sops.yaml");
    assert_code(&desk.try_git(&["commit", "-m", "both"]), 0);
    assert!(desk.git(&["show", "HEAD:app.sops.yaml"]).contains(OTHER));
}

#[test]
fn a_scan_says_that_a_plain_twin_still_holds_secrets() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["init"]), 0);
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\n"));
    desk.put("app.yaml", format!("password: {WEAK}\n"));
    desk.put("lone.env", format!("DB_PASSWORD={WEAK}\n"));
    let before = stderr(&desk.harden(&["scan", "--no-ignore"]));
    assert!(!before.contains("sealed twin"), "{before}");
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "app.yaml"]), 0);
    let said = stderr(&desk.harden(&["scan", "--no-ignore"]));
    for (plain, sealed) in [(".env.production", ".env.production.age"), ("app.yaml", "app.sops.yaml")] {
        assert!(said.contains(&format!("{plain}: still holds secrets in plain text, and its sealed twin {sealed}")), "{said}");
    }
    assert!(!said.contains("lone.env: still") && !said.contains(WEAK), "{said}");
    let json = stdout(&desk.harden(&["scan", "--no-ignore", "--format", "json"]));
    assert!(json.contains("its sealed twin app.sops.yaml"), "{json}");
}
