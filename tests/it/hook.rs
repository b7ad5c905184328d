//! `harden hook` against the real git: what is committed is what was looked at, what was there before goes on and comes back.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::{assert_code, stderr, stdout};

mod guards;
mod managers;
mod push;

/// A weak password in a production file; the value must never be shown.
const WEAK: &str = "quokka77";
/// A strong one.
const STRONG: &str = "qZ7vK2xW9jR4tB6nY8mDq3";

/// A repository, a home, and a copy of the program that can be taken away.
struct Desk {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Desk {
    fn new() -> Self {
        Self::at("project")
    }

    fn at(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(name);
        for folder in [&root, &dir.path().join("home"), &dir.path().join("bin")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::hard_link(env!("CARGO_BIN_EXE_harden"), dir.path().join("bin/harden"))
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_harden"), dir.path().join("bin/harden")).map(drop))
            .unwrap();
        let desk = Self { root, dir };
        desk.git(&["init", "-q", "-b", "main", "."]);
        desk
    }

    /// With the hook, and a first commit.
    fn hooked() -> Self {
        let desk = Self::new();
        desk.put("README.md", "# kettle\n");
        desk.git(&["add", "-A"]);
        desk.git(&["commit", "-q", "-m", "first"]);
        assert_code(&desk.harden(&["hook", "install"]), 0);
        desk
    }

    fn home(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command_in(&self, folder: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().env("HOME", self.home("home")).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (name, value) in [("NAME", "t"), ("EMAIL", "t@example.org")] {
            command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "protocol.file.allow");
        command.env("GIT_CONFIG_VALUE_0", "always").stdin(Stdio::null());
        command
    }

    fn try_git(&self, args: &[&str]) -> Output {
        self.try_git_in(&self.root, args)
    }

    fn try_git_in(&self, folder: &Path, args: &[&str]) -> Output {
        self.command_in(folder, "git").args(args).output().unwrap()
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let output = self.try_git(args);
        assert_code(&output, 0);
        stdout(&output)
    }

    fn harden(&self, args: &[&str]) -> Output {
        self.harden_in(&self.root, args)
    }

    fn harden_in(&self, folder: &Path, args: &[&str]) -> Output {
        self.command_in(folder, self.home("bin/harden")).args(args).output().unwrap()
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().write_all(text.as_ref()).unwrap();
        path
    }

    /// A program of the user's.
    fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.put(name, format!("#!/bin/sh\n{text}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap()
    }

    fn weak(&self, name: &str) {
        self.put(name, format!("DB_PASSWORD={WEAK}\n"));
    }

    fn commits(&self) -> usize {
        let list = self.try_git(&["rev-list", "HEAD"]);
        stdout(&list).lines().count()
    }
}

/// The commit was stopped by `rule` in `file`, the message says what to do, and shows no value.
#[track_caller]
fn stopped(output: &Output, file: &str) {
    assert_code(output, 1);
    let said = format!("{}{}", stdout(output), stderr(output));
    assert!(said.contains("this commit") && said.contains(file), "{said}");
    for part in ["why: ", "to fix: ", "to accept: ", "git commit --no-verify"] {
        assert!(said.contains(part), "`{part}` is missing: {said}");
    }
    assert!(!said.contains(WEAK) && !said.contains(STRONG), "a value is shown: {said}");
}

#[test]
fn a_commit_with_a_weak_password_is_stopped_and_one_without_is_made() {
    let desk = Desk::new();
    let installed = desk.harden(&["hook", "install"]);
    assert_code(&installed, 0);
    assert!(stdout(&installed).contains("installed: "));
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    stopped(&said, ".env.production:1");
    assert!(stderr(&said).contains("harden fix .env.production"), "{}", stderr(&said));
    assert_eq!(desk.commits(), 0, "before the first commit, too");
    desk.put(".env.production", "DB_PASSWORD=${DB_PASSWORD:?}\n");
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("harden: nothing stops it; looked at 1 file"), "{}", stderr(&said));
    // amended without a change of its own: nothing new
    assert_code(&desk.try_git(&["commit", "--amend", "-m", "y"]), 0);
    desk.weak("deploy/.env.production");
    desk.git(&["add", "-A"]);
    stopped(&desk.try_git(&["commit", "--amend", "-m", "z"]), "deploy/.env.production:1");
    assert_code(&desk.try_git(&["commit", "--no-verify", "-m", "z"]), 0);
    assert_eq!(desk.commits(), 2);
}

#[test]
fn what_is_staged_counts_and_not_what_lies_there() {
    let desk = Desk::hooked();
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    desk.put(".env.production", "DB_PASSWORD=${DB_PASSWORD:?}\n");
    stopped(&desk.try_git(&["commit", "-m", "x"]), ".env.production");
    desk.git(&["add", "-A"]);
    desk.weak(".env.production");
    assert_code(&desk.try_git(&["commit", "-m", "staged is clean"]), 0);
    // `-a` and a path take what lies there, in an index of their own
    stopped(&desk.try_git(&["commit", "-a", "-m", "x"]), ".env.production");
    desk.put("notes.txt", "a\n");
    desk.git(&["add", "notes.txt"]);
    stopped(&desk.try_git(&["commit", "-m", "x", ".env.production"]), ".env.production");
    assert_code(&desk.try_git(&["commit", "-m", "only the notes", "notes.txt"]), 0);
    assert_eq!(desk.commits(), 3);
}

#[test]
fn lines_that_were_there_before_do_not_stop_a_commit() {
    let desk = Desk::hooked();
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=a\n"));
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "old sins"]);
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=b\n"));
    desk.git(&["add", "-A"]);
    assert_code(&desk.try_git(&["commit", "-m", "another line"]), 0);
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\nMODE=b\nADMIN_PASSWORD={WEAK}\n"));
    desk.git(&["add", "-A"]);
    stopped(&desk.try_git(&["commit", "-m", "x"]), ".env.production:3");
}

#[test]
fn a_comment_accepts_and_an_empty_index_passes() {
    let desk = Desk::hooked();
    let said = desk.harden(&["hook", "run"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("nothing is staged"), "{}", stderr(&said));
    desk.put(".env.production", format!("DB_PASSWORD={WEAK}\n"));
    desk.git(&["add", "-A"]);
    let said = stderr(&desk.try_git(&["commit", "-m", "x"]));
    let rule = said.split("harden:ignore ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    desk.put(".env.production", format!("# harden:ignore {rule} replaced at the next deployment\nDB_PASSWORD={WEAK}\n"));
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("1 suppressed by the repository"), "{}", stderr(&said));
}

#[test]
fn a_hook_that_was_there_runs_first_and_its_code_counts() {
    let desk = Desk::hooked();
    assert_code(&desk.harden(&["hook", "remove"]), 0);
    let hook = desk.script(
        ".git/hooks/pre-commit",
        "echo \"foreign $# $PWD\" >> seen\nif [ -f stop ]; then exit 7; fi\necho added >> more.txt\ngit add more.txt\n",
    );
    let (before, bytes) = (fs::metadata(&hook).unwrap(), fs::read(&hook).unwrap());
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("is kept beside it"), "{}", stdout(&said));
    assert_eq!(fs::read(desk.root.join(".git/hooks/pre-commit.harden-chained")).unwrap(), bytes);
    for again in ["nothing to do", "nothing to do"] {
        let said = desk.harden(&["hook", "install"]);
        assert_code(&said, 0);
        assert!(stdout(&said).contains(again), "{}", stdout(&said));
    }
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    stopped(&desk.try_git(&["commit", "-m", "x"]), ".env.production");
    assert_eq!(desk.read("seen").lines().count(), 1);
    assert!(desk.git(&["ls-files"]).contains("more.txt"), "what it stages is there when harden looks");
    desk.put("stop", "");
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert!(!said.status.success() && !stderr(&said).contains("harden"), "harden does not run after it failed: {}", stderr(&said));
    let direct = desk.command_in(&desk.root, desk.root.join(".git/hooks/pre-commit")).output().unwrap();
    assert_code(&direct, 7);
    let said = desk.harden(&["hook", "remove"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("is back"), "{}", stdout(&said));
    let after = fs::metadata(&hook).unwrap();
    assert_eq!(fs::read(&hook).unwrap(), bytes);
    assert_eq!((before.mode(), before.ino(), before.nlink(), before.mtime()), (after.mode(), after.ino(), after.nlink(), after.mtime()));
    let mut names: Vec<_> =
        fs::read_dir(desk.root.join(".git/hooks")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|n| !n.ends_with(".sample"));
    assert_eq!(names, ["pre-commit"]);
    let said = desk.harden(&["hook", "remove"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("nothing to do"), "{}", stdout(&said));
    assert!(hook.exists(), "a foreign hook is not removed");
}

#[test]
fn an_install_that_was_cut_short_is_finished() {
    let desk = Desk::new();
    let hook = desk.script(".git/hooks/pre-commit", "exit 0\n");
    let aside = desk.root.join(".git/hooks/pre-commit.harden-chained");
    fs::hard_link(&hook, &aside).unwrap();
    desk.put(".git/hooks/pre-commit.harden-new", "half");
    assert_code(&desk.harden(&["hook", "install"]), 0);
    assert!(desk.read(".git/hooks/pre-commit").contains("harden hook install"));
    assert_eq!(fs::read_to_string(&aside).unwrap(), "#!/bin/sh\nexit 0\n");
    assert!(!desk.root.join(".git/hooks/pre-commit.harden-new").exists());
    // somebody puts another hook there, with the old one still kept
    fs::remove_file(&hook).unwrap();
    desk.script(".git/hooks/pre-commit", "exit 3\n");
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("is left from an earlier hook"), "{}", stderr(&said));
    let said = desk.harden(&["hook", "remove"]);
    assert_code(&said, 2);
    assert_eq!(desk.read(".git/hooks/pre-commit"), "#!/bin/sh\nexit 3\n");
}

#[test]
fn links_are_refused() {
    let desk = Desk::new();
    let real = desk.script("tools/check", "exit 0\n");
    let hook = desk.root.join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    symlink(&real, &hook).unwrap();
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("is a link to"), "{}", stderr(&said));
    assert!(stderr(&said).contains("nothing was written") && hook.is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), "#!/bin/sh\nexit 0\n");
    fs::remove_file(&hook).unwrap();
    fs::hard_link(&real, &hook).unwrap();
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("hard links"), "{}", stderr(&said));
    fs::remove_dir_all(hook.parent().unwrap()).unwrap();
    symlink(desk.home("home"), hook.parent().unwrap()).unwrap();
    assert_code(&desk.harden(&["hook", "install"]), 2);
    assert_eq!(fs::read_dir(desk.home("home")).unwrap().count(), 0, "nothing is written through a link");
}

#[test]
fn without_harden_the_commit_is_stopped_with_a_way_out() {
    let desk = Desk::at("it's a $(touch pwned) \"kettle\"");
    let hook = desk.script(".git/hooks/pre-commit", "exit 0\n");
    assert_code(&desk.harden(&["hook", "install"]), 0);
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    stopped(&desk.try_git(&["commit", "-m", "x"]), ".env.production");
    fs::rename(desk.home("bin"), desk.home("moved")).unwrap();
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 1);
    let text = stderr(&said);
    for part in [
        "does not find harden",
        "nothing was checked",
        "git commit --no-verify",
        "harden hook remove",
        "mv -f '.git/hooks/pre-commit.harden-chained'",
    ] {
        assert!(text.contains(part), "`{part}` is missing: {text}");
    }
    // one on PATH does as well, but none that PATH finds in the work tree
    let mut command = desk.command_in(&desk.root, "git");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", desk.home("moved").display());
    stopped(&command.env("PATH", path).args(["commit", "-m", "x"]).output().unwrap(), ".env.production");
    desk.script("harden", "touch pwned\n");
    let mut command = desk.command_in(&desk.root, "git");
    let said = command.env("PATH", ".:/usr/local/bin:/usr/bin:/bin").args(["commit", "-m", "x"]).output().unwrap();
    assert_code(&said, 1);
    assert!(!desk.root.join("pwned").exists() && !desk.root.parent().unwrap().join("pwned").exists());
    assert!(hook.exists());
    assert_eq!(desk.commits(), 0);
}

#[test]
fn a_new_place_of_harden_renews_the_hook() {
    let desk = Desk::hooked();
    fs::rename(desk.home("bin"), desk.home("moved")).unwrap();
    let said = desk.command_in(&desk.root, desk.home("moved/harden")).args(["hook", "install"]).output().unwrap();
    assert_code(&said, 0);
    assert!(stdout(&said).contains("renewed: "), "{}", stdout(&said));
    assert!(desk.read(".git/hooks/pre-commit").contains("/moved/harden'"));
}

#[test]
fn linked_work_trees_and_submodules() {
    let desk = Desk::hooked();
    desk.git(&["worktree", "add", "-q", "-b", "side", "../side tree"]);
    let side = desk.home("side tree");
    let said = desk.harden_in(&side, &["hook", "install"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("nothing to do"), "one folder for all work trees: {}", stdout(&said));
    File::create(side.join(".env.production")).unwrap().write_all(format!("DB_PASSWORD={WEAK}\n").as_bytes()).unwrap();
    desk.try_git_in(&side, &["add", "-A"]);
    stopped(&desk.try_git_in(&side, &["commit", "-m", "x"]), ".env.production");
    // a submodule has hooks of its own, in the .git of the one above
    desk.git(&["init", "-q", "-b", "main", "../part"]);
    assert_code(&desk.try_git_in(&desk.home("part"), &["commit", "-q", "--allow-empty", "-m", "x"]), 0);
    desk.git(&["submodule", "add", "-q", "../part", "sub"]);
    assert_code(&desk.try_git(&["commit", "-q", "-m", "sub"]), 0);
    let sub = desk.root.join("sub");
    let said = desk.harden_in(&sub, &["hook", "install"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains(".git/modules/sub/hooks/pre-commit"), "{}", stdout(&said));
    desk.weak("sub/.env.production");
    desk.try_git_in(&sub, &["add", "-A"]);
    stopped(&desk.try_git_in(&sub, &["commit", "-m", "x"]), ".env.production");
    assert_code(&desk.harden_in(&sub, &["hook", "remove"]), 0);
    assert!(desk.root.join(".git/hooks/pre-commit").exists());
}

#[test]
fn a_repository_that_means_ill_runs_nothing() {
    let desk = Desk::new();
    let trap = desk.script("trap.sh", "touch \"$(dirname \"$0\")/pwned\"\ncat\n");
    let trap = trap.to_str().unwrap();
    desk.put(".gitattributes", "* filter=evil diff=evil\n");
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    for (key, value) in [
        ("core.fsmonitor", trap),
        ("filter.evil.clean", trap),
        ("filter.evil.smudge", trap),
        ("diff.evil.textconv", trap),
        ("diff.evil.command", trap),
        ("diff.external", trap),
        ("gpg.program", trap),
        ("core.hooksPath", "/proc/self/cwd/evil"),
        ("core.pager", trap),
        ("core.sshCommand", trap),
        ("alias.diff-index", &format!("!{trap}")),
    ] {
        desk.git(&["config", key, value]);
    }
    fs::remove_file(desk.root.join("pwned")).ok();
    let said = desk.harden(&["hook", "run", "pre-commit"]);
    assert_code(&said, 1);
    let said = desk.harden(&["hook", "install"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("core.hooksPath"), "{}", stderr(&said));
    assert_code(&desk.harden(&["hook", "remove"]), 0);
    assert!(!desk.root.join("pwned").exists());
}

#[test]
fn strange_names_are_named_so_that_they_can_be_pasted() {
    let desk = Desk::hooked();
    desk.weak("it's $(touch pwned)/.env.production");
    desk.weak("-x/\u{1b}[31m.env");
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 1);
    let text = stderr(&said);
    assert!(text.contains(r"'it'\''s $(touch pwned)/.env.production'"), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("./-x/") || text.contains("'./-x/"), "{text}");
}

#[test]
fn init_installs_the_hook_as_well() {
    let desk = Desk::new();
    let said = desk.harden(&["init", "--hook"]);
    assert_code(&said, 0);
    assert!(stdout(&said).contains("installed: ") && desk.root.join(".git/hooks/pre-commit").exists(), "{}", stdout(&said));
    assert_code(&desk.harden(&["init", "--hook"]), 0);
    let elsewhere = tempfile::tempdir().unwrap();
    let said = desk.harden_in(elsewhere.path(), &["init", "--hook"]);
    assert_code(&said, 2);
    assert!(stderr(&said).contains("no git repository"), "{}", stderr(&said));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "looked at before anything is written");
}

#[test]
fn a_merge_counts_with_what_it_changes_itself() {
    let desk = Desk::hooked();
    desk.git(&["checkout", "-q", "-b", "topic"]);
    desk.put("a.txt", "a\n");
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "-m", "a"]);
    desk.git(&["checkout", "-q", "main"]);
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    desk.git(&["commit", "-q", "--no-verify", "-m", "old sins"]);
    desk.git(&["checkout", "-q", "topic"]);
    desk.git(&["merge", "-q", "--no-commit", "main"]);
    assert_code(&desk.try_git(&["commit", "-m", "what main has"]), 0);
    desk.git(&["reset", "-q", "--hard", "HEAD~1"]);
    desk.git(&["merge", "-q", "--no-commit", "main"]);
    desk.weak("more.env");
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "and more"]);
    stopped(&said, "more.env:1");
    assert!(!stderr(&said).contains(".env.production"), "{}", stderr(&said));
}

#[test]
fn the_threshold_is_that_of_the_project() {
    let desk = Desk::hooked();
    desk.put("harden.toml", "fail-on = \"none\"\n");
    desk.weak(".env.production");
    desk.git(&["add", "-A"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 0);
    assert!(stderr(&said).contains("1 below the threshold"), "{}", stderr(&said));
    // its word is not taken without it; a rule file that cannot be used stops the commit
    desk.git(&["reset", "-q", "--soft", "HEAD~1"]);
    assert_code(&desk.harden(&["--no-config", "hook", "run"]), 1);
    desk.put("harden.toml", "fail-on = 3\n");
    desk.git(&["add", "harden.toml"]);
    let said = desk.try_git(&["commit", "-m", "x"]);
    assert_code(&said, 1);
    assert_eq!(desk.commits(), 1);
    assert_code(&desk.harden(&["hook", "run"]), 2);
}
