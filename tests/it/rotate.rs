//! `harden rotate` for secrets that live in files: plan, apply, interruption at the user's own commands, resume, undo, refusals.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::harness::{assert_code, command, stderr, stdout};

const ENV: &str = "# app\nJWT_SECRET=changeme\nSESSION_SECRET='Zk3vQp8sLmX2tRw9YbNc4HfJ'\nSTRIPE_SECRET_KEY=sk_l~|~ive_51H8xQ2eZvKYlo2C8pX0mT7wq\nCACHE_PASSWORD=hunter2hunter2\nPORT=80\n";

struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        [&home, &project].iter().for_each(|folder| fs::create_dir(folder).unwrap());
        put(project.join(".env"), env());
        let desk = Self { _dir: dir, home, project };
        assert_code(&desk.run(&["init"]), 0);
        desk
    }

    fn run(&self, args: &[&str]) -> Output {
        command(env!("CARGO_BIN_EXE_harden"), &self.home, &self.project).args(args).output().unwrap()
    }

    fn apply(&self, args: &[&str]) -> Output {
        self.run(&[&["rotate"], args, &["--apply", "--yes"]].concat())
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.project.join(name)).unwrap()
    }

    /// The sealed stage, if there is one.
    fn stage(&self) -> Option<PathBuf> {
        let mut files = fs::read_dir(self.state()).unwrap().map(|entry| entry.unwrap().path());
        files.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("stage"))
    }

    fn state(&self) -> PathBuf {
        self.project.join(".harden/state")
    }

    /// What the lines that the reload command wrote say.
    fn told(&self) -> String {
        fs::read_to_string(self.project.join("told")).unwrap_or_default()
    }
}

/// The mark keeps scanners of this repository quiet.
fn env() -> String {
    ENV.replace("~|~", "")
}

fn value<'t>(text: &'t str, name: &str) -> &'t str {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().trim_matches('\'')
}

fn put(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
    fs::File::create(path).and_then(|mut file| file.write_all(bytes.as_ref())).unwrap();
}

const TELL: &str = "echo $HARDEN_DIRECTION >> told";

#[test]
fn the_plan_changes_nothing_and_shows_no_value() {
    let desk = Desk::new();
    let shown = desk.run(&["rotate", "--all"]);
    assert_code(&shown, 1);
    let text = stdout(&shown);
    for part in ["JWT_SECRET (stateless)", "SESSION_SECRET (stateless)", "STRIPE_SECRET_KEY (provider-issued)", "not replaced", ".env:2"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("changeme") && !text.contains("Zk3v") && !text.contains("hunter2"), "{text}");
    assert_eq!(desk.text(".env"), env());
    assert!(!desk.state().join("rotation").exists());
}

#[test]
fn strong_secrets_are_replaced_and_taken_back() {
    let desk = Desk::new();
    let done = desk.apply(&["JWT_SECRET", "session_*", "--reload", TELL]);
    assert_code(&done, 0);
    let new = desk.text(".env");
    assert_ne!(value(&new, "JWT_SECRET"), "changeme");
    assert!(value(&new, "SESSION_SECRET").len() >= 24 && value(&new, "SESSION_SECRET") != value(&env(), "SESSION_SECRET"));
    let rest = |text: &str| text.lines().filter(|l| !l.starts_with("JWT_") && !l.starts_with("SESSION_")).collect::<Vec<_>>().join("\n");
    assert_eq!(rest(&new), rest(&env()));
    for entry in fs::read_dir(desk.state()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("changeme") && !text.contains(value(&new, "JWT_SECRET")) && !text.contains(value(&new, "SESSION_SECRET")));
    }
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!(desk.text(".env"), env());
    assert_eq!(desk.told(), "forward\nback\n");
    let again = desk.run(&["rotate", "--undo"]);
    assert_code(&again, 0);
    assert!(stderr(&again).contains("taken back already"));
    assert_code(&desk.run(&["rotate", "--forget"]), 0);
    assert!(desk.stage().is_none() && !desk.state().join("rotation").exists());
    assert_code(&desk.run(&["rotate", "--undo"]), 2);
}

#[test]
fn applications_that_are_not_well_bring_everything_back() {
    let desk = Desk::new();
    for (reload, health) in
        [(TELL, "test $HARDEN_DIRECTION = back"), ("echo $HARDEN_DIRECTION >> told; test $HARDEN_DIRECTION = back", "true")]
    {
        let done = desk.apply(&["--all", "--reload", reload, "--health", health]);
        assert_code(&done, 2);
        assert!(stderr(&done).contains("was taken back"), "{}", stderr(&done));
        assert_eq!(desk.text(".env"), env());
        assert!(desk.told().ends_with("forward\nback\n"), "{}", desk.told());
    }
    // it is over: others may write again
    assert_code(&desk.run(&["fix", "--apply"]), 0);
}

#[test]
fn killed_it_stands_in_the_way_until_it_is_resumed_or_undone() {
    for undo in [false, true] {
        let desk = Desk::new();
        let killed = desk.apply(&["--all", "--reload", "test -e go || kill -KILL $PPID", "--health", TELL]);
        assert_eq!(killed.status.code(), None, "{}", stderr(&killed));
        let new = desk.text(".env");
        assert_ne!(new, env());
        for other in [&["fix", "--apply"][..], &["rotate", "--all"], &["rotate", "--forget"]] {
            let refused = desk.run(other);
            assert_code(&refused, 4);
            assert!(stderr(&refused).contains("a rotation stands at `written`"), "{}", stderr(&refused));
        }
        assert_code(&desk.run(&["scan", "--fail-on", "none"]), 0);
        put(desk.project.join("go"), "");
        assert_code(&desk.run(&["rotate", if undo { "--undo" } else { "--resume" }]), 0);
        assert_eq!(desk.text(".env"), if undo { env() } else { new });
        assert_eq!(desk.told(), if undo { "back\n" } else { "forward\n" });
    }
}

#[test]
fn what_somebody_wrote_meanwhile_is_not_lost() {
    let desk = Desk::new();
    assert_code(&desk.apply(&["JWT_SECRET"]), 0);
    let edited = desk.text(".env") + "MORE=1\n";
    put(desk.project.join(".env"), &edited);
    let refused = desk.run(&["rotate", "--undo"]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("`.env` was changed since"), "{}", stderr(&refused));
    assert_eq!(desk.text(".env"), edited);
    // put right, it goes back
    put(desk.project.join(".env"), edited.replace("MORE=1\n", ""));
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!(desk.text(".env"), env());
}

#[test]
fn what_was_tampered_with_is_not_obeyed() {
    let desk = Desk::new();
    assert_code(&desk.apply(&["JWT_SECRET"]), 0);
    let new = desk.text(".env");
    let (journal, stage) = (desk.state().join("rotation"), desk.stage().unwrap());
    let (whole, sealed) = (fs::read_to_string(&journal).unwrap(), fs::read(&stage).unwrap());
    put(&journal, whole.replace("state retired", "state written"));
    for args in [&["rotate", "--undo"][..], &["rotate", "--resume"], &["rotate", "--all"], &["fix", "--apply"]] {
        let refused = desk.run(args);
        assert_code(&refused, 2);
        assert!(stderr(&refused).contains("was changed"), "{}", stderr(&refused));
    }
    put(&journal, &whole);
    let other = Desk::new();
    assert_code(&other.apply(&["JWT_SECRET"]), 0);
    fs::copy(other.stage().unwrap(), &stage).unwrap();
    let refused = desk.run(&["rotate", "--undo"]);
    assert_code(&refused, 4);
    assert!(stderr(&refused).contains("is not the stage of this rotation"), "{}", stderr(&refused));
    put(&stage, &sealed);
    // another user's journal
    let refused = command(env!("CARGO_BIN_EXE_harden"), &other.home, &desk.project).args(["rotate", "--undo"]).output().unwrap();
    assert_code(&refused, 2);
    assert_eq!(desk.text(".env"), new);
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
}

#[test]
fn each_file_keeps_its_form() {
    let desk = Desk::new();
    let yaml = "app:\n  jwt_secret: Q7mVx2LkT9sWz4RbN8cYp3Hd\n  port: 80\n";
    fs::create_dir(desk.project.join("conf")).unwrap();
    put(desk.project.join("conf/app.yaml"), yaml);
    put(desk.project.join(".env.production"), "SESSION_SECRET=Zk3vQp8sLmX2tRw9YbNc4HfJ\nPORT=80\n");
    assert_code(&desk.run(&["encrypt", ".env.production"]), 0);
    assert_code(&desk.run(&["encrypt", "--emit", "sops", "conf/app.yaml"]), 0);
    for plain in [".env.production", "conf/app.yaml", ".env"] {
        fs::remove_file(desk.project.join(plain)).unwrap();
    }
    let (age, sops) = (desk.text(".env.production.age"), desk.text("conf/app.sops.yaml"));
    assert_code(&desk.apply(&["--all"]), 0);
    let opened = |name: &str| stdout(&desk.run(&["decrypt", name]));
    let (now, then) = (opened(".env.production.age"), opened("conf/app.sops.yaml"));
    assert!(now.starts_with("SESSION_SECRET=") && now.ends_with("\nPORT=80\n") && !now.contains("Zk3v"), "{now}");
    assert!(then.starts_with("app:\n  jwt_secret: ") && then.ends_with("\n  port: 80\n") && !then.contains("Q7mV"), "{then}");
    assert!(!desk.project.join(".env.production").exists() && !desk.project.join("conf/app.yaml").exists());
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!((desk.text(".env.production.age"), desk.text("conf/app.sops.yaml")), (age, sops));
}

#[test]
fn mistakes_are_said_and_change_nothing() {
    let desk = Desk::new();
    let asks: &[(&[&str], &str)] = &[
        (&["rotate"], "nothing was named"),
        (&["rotate", "NO_SUCH_KEY"], "names no setting"),
        (&["rotate", "--class", "nonsense"], "names no class"),
        (&["rotate", "JWT_SECRET", "--apply"], "say `--yes`"),
        (&["rotate", "STRIPE_SECRET_KEY", "--apply", "--yes"], "only its provider"),
        (&["rotate", "CACHE_PASSWORD", "--apply", "--yes"], "no connection string"),
        (&["rotate", "--resume"], "no rotation"),
        (&["rotate", "--all", "--dir", "nowhere"], "expected a folder"),
        (&["rotate", "--all", "--grace", "10"], "such as 10m"),
        (&["rotate", "--all", "--address", "X"], "SETTING=HOST:PORT"),
    ];
    for (args, part) in asks {
        let refused = desk.run(args);
        assert_code(&refused, 2);
        assert!(stderr(&refused).contains(part), "{args:?}: {}", stderr(&refused));
    }
    fs::remove_file(desk.project.join("harden.toml")).unwrap();
    let refused = desk.apply(&["JWT_SECRET"]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("harden init"), "{}", stderr(&refused));
    assert_eq!(desk.text(".env"), env());
    assert!(!has_journal(&desk.project));
}

fn has_journal(project: &Path) -> bool {
    project.join(".harden/state/rotation").exists()
}

#[test]
fn files_only_leaves_the_server_to_the_operator() {
    let desk = Desk::new();
    let done = desk.apply(&["CACHE_PASSWORD", "--files-only"]);
    assert_code(&done, 0);
    assert_ne!(value(&desk.text(".env"), "CACHE_PASSWORD"), "hunter2hunter2");
}

#[test]
fn copies_that_are_left_are_told_and_purged_from_texts() {
    let desk = Desk::new();
    let (notes, script) =
        ("# Set-up\nuse Zk3vQp8sLmX2tRw9YbNc4HfJ, or WmszdlFwOHNMbVgydFJ3OVliTmM0SGZK\nend\n", "login --with Zk3vQp8sLmX2tRw9YbNc4HfJ\n");
    put(desk.project.join("notes.md"), notes);
    put(desk.project.join("login.sh"), script);
    let git = |args: &[&str]| {
        let out = command("git", &desk.home, &desk.project).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]).args(args).output();
        assert_code(&out.unwrap(), 0);
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "first"]);
    let done = desk.apply(&["SESSION_SECRET"]);
    assert_code(&done, 0);
    let all = stdout(&done) + &stderr(&done);
    for part in [
        "notes.md:2: the former value of SESSION_SECRET",
        "login.sh:1",
        "history of the repository: 3 places",
        ".env: the former value of SESSION_SECRET, since ",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    assert!(!all.contains("Zk3v") && !all.contains("Wmsz"), "{all}");
    let shown = desk.run(&["rotate", "--purge"]);
    assert_code(&shown, 1);
    assert_eq!(desk.text("notes.md"), notes);
    assert_code(&desk.run(&["rotate", "--purge", "--apply"]), 0);
    assert_eq!(desk.text("notes.md"), "# Set-up\nuse [rotated], or [rotated]\nend\n");
    assert_eq!(desk.text("login.sh"), script, "a program may need it to be put right by hand");
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!(desk.text(".env"), env());
}

/// `minioadmin` is what everybody calls it, and a text that is in no commit would be lost.
#[test]
fn purging_leaves_common_words_and_texts_that_could_not_be_restored() {
    let desk = Desk::new();
    put(desk.project.join(".env"), "SESSION_SECRET=Zk3vQp8sLmX2tRw9YbNc4HfJ\nCACHE_PASSWORD=minioadmin\n");
    let (words, kept) = ("log in as minioadmin\n", "it was Zk3vQp8sLmX2tRw9YbNc4HfJ\n");
    put(desk.project.join("words.md"), words);
    put(desk.project.join("kept.md"), kept);
    let git = |args: &[&str]| {
        let out = command("git", &desk.home, &desk.project).args(["-c", "user.name=a", "-c", "user.email=a@b.example"]).args(args).output();
        assert_code(&out.unwrap(), 0);
    };
    git(&["init", "-q"]);
    git(&["add", "words.md"]);
    git(&["commit", "-qm", "first"]);
    assert_code(&desk.apply(&["SESSION_SECRET", "CACHE_PASSWORD", "--files-only"]), 0);
    let shown = desk.run(&["rotate", "--purge"]);
    let all = stdout(&shown) + &stderr(&shown);
    assert!(all.contains("kept.md:1: ") && !all.contains("words.md"), "{all}");
    assert!(all.contains("the former value of CACHE_PASSWORD is one that other texts hold, too"), "{all}");
    let done = desk.run(&["rotate", "--purge", "--apply"]);
    assert_code(&done, 1);
    assert!(stderr(&done).contains("kept.md could not be restored"), "{}", stderr(&done));
    assert_eq!((desk.text("words.md"), desk.text("kept.md")), (words.to_owned(), kept.to_owned()));
    git(&["add", "kept.md"]);
    git(&["commit", "-qm", "second"]);
    assert_code(&desk.run(&["rotate", "--purge", "--apply"]), 0);
    assert_eq!((desk.text("words.md"), desk.text("kept.md")), (words.to_owned(), "it was [rotated]\n".to_owned()));
}

#[test]
fn the_policy_says_what_is_due_and_who_has_to_agree() {
    let desk = Desk::new();
    let git = |args: &[&str]| {
        let mut git = command("git", &desk.home, &desk.project);
        git.env("GIT_AUTHOR_DATE", "2020-01-01T00:00:00Z").env("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z");
        assert_code(&git.args(["-c", "user.name=a", "-c", "user.email=a@b.example"]).args(args).output().unwrap(), 0);
    };
    put(desk.project.join(".env"), "SESSION_SECRET=Zk3vQp8sLmX2tRw9YbNc4HfJ\n");
    git(&["init", "-q"]);
    git(&["add", ".env"]);
    git(&["commit", "-qm", "first"]);
    assert_code(&desk.run(&["rotate", "--due"]), 0);
    assert_code(&desk.run(&["status", "--due"]), 0);
    let config = desk.text("harden.toml") + "\n[rotate]\napproval = true\n[rotate.max-age]\nstateless = \"90d\"\n";
    put(desk.project.join("harden.toml"), config);
    let shown = desk.run(&["rotate", "--due"]);
    assert_code(&shown, 1);
    assert!(stdout(&shown).contains("SESSION_SECRET (stateless)"), "{}", stdout(&shown));
    let status = desk.run(&["status", "--due"]);
    assert_code(&status, 1);
    assert!(stdout(&status).contains("days old, 90 are allowed"), "{}", stdout(&status));
    let refused = desk.run(&["rotate", "--due", "--apply", "--yes"]);
    assert_code(&refused, 2);
    assert!(stderr(&refused).contains("--approved-by"), "{}", stderr(&refused));
    assert_code(&desk.run(&["rotate", "--due", "--apply", "--yes", "--approved-by", "A. Smith"]), 0);
    assert_ne!(value(&desk.text(".env"), "SESSION_SECRET"), "Zk3vQp8sLmX2tRw9YbNc4HfJ");
    // what is not committed yet is of unknown age, and not due
    assert_code(&desk.run(&["status", "--due"]), 0);
    assert!(stdout(&desk.run(&["status", "--format", "prometheus"])).contains("harden_last_rotation_success 1"));
}

#[test]
fn a_mistyped_command_keeps_nothing_from_its_end() {
    let desk = Desk::new();
    let done = desk.apply(&["JWT_SECRET", "--reload", "no-such-command-anywhere"]);
    assert_code(&done, 2);
    assert!(stderr(&done).contains("was taken back") && stderr(&done).contains("see to it"), "{}", stderr(&done));
    assert_eq!(desk.text(".env"), env());
    assert_code(&desk.apply(&["JWT_SECRET", "--reload", TELL]), 0);
    // the way back of one that was done outlives one that did not begin
    let new = desk.text(".env");
    let other = Desk::new();
    let identity = other.home.join(".config/harden/identity.txt");
    let refused = desk.apply(&["SESSION_SECRET", "-i", identity.to_str().unwrap()]);
    assert_code(&refused, 2);
    assert_eq!(desk.text(".env"), new);
    assert_code(&desk.run(&["rotate", "--undo"]), 0);
    assert_eq!(desk.text(".env"), env());
}

#[test]
fn a_server_that_cannot_be_told_keeps_its_secret() {
    let desk = Desk::new();
    for url in ["pg1:5432,pg2:5432", "${DB_HOST}:5432"] {
        let text = format!("A_URL=postgres://app:hunter2hunter2@localhost:5432/app\nB_URL=postgres://app:hunter2hunter2@{url}/app\n");
        put(desk.project.join(".env"), &text);
        let refused = desk.apply(&["A_URL", "--accept-downtime"]);
        assert_code(&refused, 2);
        assert!(stderr(&refused).contains("the server of B_URL cannot be told"), "{}", stderr(&refused));
        assert_eq!(desk.text(".env"), text);
    }
}

#[test]
fn what_only_a_provider_can_replace_is_due_all_the_same() {
    let desk = Desk::new();
    put(desk.project.join(".env"), "STRIPE_SECRET_KEY=changeme\n");
    assert_code(&desk.run(&["rotate", "--due"]), 1);
}
