//! What others on the machine can see of a process that holds secrets: no memory, no dump, nothing in its arguments.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{assert_code, command, stderr, stdout};

/// Nobody, where root runs the tests: root may look into everything.
const NOBODY: u32 = 65534;

struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir_in("/tmp").unwrap();
        for folder in ["home", "project"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        Self { dir }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Gives all of it to nobody, where that can be done; whether commands are run as nobody from now on.
    fn give_away(&self) -> bool {
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(path) = open.pop() {
            if std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).is_err() {
                return false;
            }
            if path.is_dir() {
                open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        true
    }

    fn command(&self, program: &str, as_nobody: bool) -> Command {
        let mut command = command(program, &self.at("home"), &self.at("project"));
        if as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

/// A copy of the program that nobody can reach; the folder of the tests may be root's alone.
fn program(desk: &Desk) -> String {
    let path = desk.at("harden");
    fs::copy(env!("CARGO_BIN_EXE_harden"), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `harden scan -`, which holds a secret and waits for more.
fn waiting(desk: &Desk, program: &str, as_nobody: bool) -> Child {
    let mut child = desk.command(program, as_nobody).args(["scan", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"DB_PASSWORD=hunter2-quokka\n").unwrap();
    let status = |id: u32| fs::read_to_string(format!("/proc/{id}/syscall")).or_else(|_| fs::read_to_string(format!("/proc/{id}/wchan")));
    let begun = Instant::now();
    // it has read what there is and waits for the rest
    while begun.elapsed() < Duration::from_secs(60) && !status(child.id()).is_ok_and(|text| text.starts_with("0 ") || text.contains("pipe"))
    {
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn nobody_of_the_same_user_reads_the_memory_or_attaches() {
    let desk = Desk::new();
    let program = program(&desk);
    let as_nobody = desk.give_away();
    let mut child = waiting(&desk, &program, as_nobody);
    let id = child.id();
    let try_to = |what: &str| {
        let script = format!("head -c 1 /proc/{id}/{what}");
        desk.command("/bin/sh", as_nobody).args(["-c", &script]).output().unwrap()
    };
    for what in ["mem", "environ", "maps", "auxv"] {
        let tried = try_to(what);
        assert!(!tried.status.success() && stderr(&tried).contains("ermission denied"), "{what}: {}", stderr(&tried));
    }
    // a process that closes nothing lets its own user look: else the test would show nothing
    let mut other = desk.command("sleep", as_nobody).arg("30").spawn().unwrap();
    let script = format!("head -c 1 /proc/{}/environ", other.id());
    std::thread::sleep(Duration::from_millis(200));
    assert!(desk.command("/bin/sh", as_nobody).args(["-c", &script]).output().unwrap().status.success());
    if let Ok(attached) = desk.command("gdb", as_nobody).args(["-batch", "-nx", "-p", &id.to_string()]).output() {
        let said = stderr(&attached) + &stdout(&attached);
        assert!(said.contains("ptrace: Operation not permitted") || said.contains("Could not attach"), "{said}");
    } else {
        eprintln!("no gdb: attaching was not tried");
    }
    other.kill().unwrap();
    other.wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn an_abort_leaves_no_core() {
    let desk = Desk::new();
    let program = program(&desk);
    let as_nobody = desk.give_away();
    // the limit that the user has is none; the process sets its own
    let shell = |script: &str| {
        let mut command = desk.command("/bin/sh", as_nobody);
        command.args(["-c", &format!("ulimit -c unlimited 2>/dev/null || ulimit -c $(ulimit -Hc); {script}")]);
        command
    };
    let mut child = shell(&format!("exec '{program}' scan -")).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"DB_PASSWORD=hunter2-quokka\n").unwrap();
    let limits = || fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap_or_default();
    let begun = Instant::now();
    let closed = |text: &str| text.lines().any(|l| l.starts_with("Max core file size") && l.split_whitespace().nth(4) == Some("0"));
    // the shell before it may have no limit to begin with
    let is_ours = || fs::read_to_string(format!("/proc/{}/comm", child.id())).is_ok_and(|name| name.trim() == "harden");
    while begun.elapsed() < Duration::from_secs(60) && !(is_ours() && closed(&limits())) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(closed(&limits()), "{}", limits());
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-ABRT", &id]).status().unwrap().success());
    let ended = child.wait().unwrap();
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
    let left: Vec<_> = fs::read_dir(desk.at("project")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_run_starts_has_the_limits_of_the_user_and_can_be_debugged() {
    let desk = Desk::new();
    let program = program(&desk);
    File::create(desk.at("project/a.env")).unwrap().write_all(b"A=1\n").unwrap();
    let as_nobody = desk.give_away();
    let limit = |script: &str| {
        let output = desk.command("/bin/sh", as_nobody).args(["-c", script]).output().unwrap();
        assert_code(&output, 0);
        stdout(&output)
    };
    let own = limit("ulimit -Sc 0; ulimit -Sc $(ulimit -Hc); ulimit -Sc; ulimit -Hc");
    let within = limit(&format!(
        "ulimit -Sc $(ulimit -Hc); exec '{program}' run --env-file a.env -- /bin/sh -c 'ulimit -Sc; ulimit -Hc; head -c 1 /proc/self/environ > /dev/null'"
    ));
    assert_eq!(own, within);
    let mut child = desk.command(&program, as_nobody).args(["run", "--env-file", "a.env", "--", "sleep", "30"]).spawn().unwrap();
    let readable = || desk.command("/bin/sh", as_nobody).args(["-c", &format!("head -c 1 /proc/{}/environ", child.id())]).output().unwrap();
    let begun = Instant::now();
    // before it closes itself, harden can be read, too
    let begun_by_us = || fs::read_to_string(format!("/proc/{}/comm", child.id())).is_ok_and(|name| name.trim() == "sleep");
    while begun.elapsed() < Duration::from_secs(60) && !begun_by_us() {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(readable().status.success(), "the command is the user's own");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whatever processes it starts, and itself: no value is among their arguments.
#[test]
fn no_argument_of_a_process_holds_a_value() {
    let desk = Desk::new();
    let git = |args: &[&str]| {
        let mut git = desk.command("git", false);
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(args);
        assert!(git.output().unwrap().status.success(), "git {args:?}");
    };
    // a git that notes how it was called
    let (bin, log) = (desk.at("bin"), desk.at("called"));
    fs::create_dir(&bin).unwrap();
    let real = stdout(&Command::new("sh").args(["-c", "command -v git"]).output().unwrap());
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\ntr '\\0' '\\n' < /proc/$PPID/cmdline >> '{0}' 2>/dev/null\nexec '{}' \"$@\"\n",
        log.display(),
        real.trim()
    );
    File::create(bin.join("git")).unwrap().write_all(script.as_bytes()).unwrap();
    fs::set_permissions(bin.join("git"), fs::Permissions::from_mode(0o755)).unwrap();
    git(&["init", "-q", "."]);
    File::create(desk.at("project/.env")).unwrap().write_all(b"JWT_SECRET=hunter2-quokka\nREDIS_PASSWORD=changeme-quokka\n").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-qm", "x"]);
    let path = format!("{}:{}", bin.display(), std::env::var_os("PATH").unwrap().into_string().unwrap());
    for args in [
        &["init"][..],
        &["scan"],
        &["scan", "--staged", "--all-lines"],
        &["scan", "--history"],
        &["hook", "run", "pre-commit"],
        &["fix", "--apply", "--include", "review"],
        &["encrypt", ".env"],
        &["fix", "--apply", "--emit", "plain", "--allow-dirty"],
        &["undo"],
        &["decrypt", ".env.age"],
        &["run", "--env-file", ".env.age", "--", "true"],
    ] {
        desk.command(env!("CARGO_BIN_EXE_harden"), false).env("PATH", &path).args(args).output().unwrap();
    }
    let mut called = String::new();
    File::open(Path::new(&log)).unwrap().read_to_string(&mut called).unwrap();
    assert!(called.contains("ls-files") && called.contains("cat-file"), "{called}");
    assert!(!called.contains("quokka"), "{called}");
}
