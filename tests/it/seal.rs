//! init, keygen, encrypt, decrypt and run, as a user types them; and the same files through the tools of age itself.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail by panicking, and say what was skipped")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::harness::{assert_code, command, stderr, stdout};

/// A home folder and a project, both thrown away at the end.
struct Desk {
    _dir: tempfile::TempDir,
    home: PathBuf,
    project: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, project) = (dir.path().join("home"), dir.path().join("project"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(project.join(".git")).unwrap();
        Self { _dir: dir, home, project }
    }

    /// With an identity and recipients.
    fn ready() -> Self {
        let desk = Self::new();
        assert_code(&desk.harden(&["init"]), 0);
        desk
    }

    fn command(&self, program: &str) -> Command {
        command(program, &self.home, &self.project)
    }

    fn harden(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_harden")).args(args).output().unwrap()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.project.join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        path
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.project.join(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }

    fn identity(&self) -> PathBuf {
        self.home.join(".config/harden/identity.txt")
    }

    fn public_key(&self) -> String {
        let text = fs::read_to_string(self.identity()).unwrap();
        text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
    }

    /// Every file of home and project, with its bytes and mode.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>, u32)> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.clone(), self.project.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mode = path.metadata().unwrap().mode();
                    found.push((path.clone(), fs::read(&path).unwrap(), mode));
                }
            }
        }
        found.sort();
        found
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

/// Whether a program is installed; says so where it is not, since the test then shows nothing.
fn installed(program: &str) -> bool {
    let there = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|dir| dir.join(program).is_file());
    if !there {
        println!("skipped: `{program}` is not installed");
    }
    there
}

#[test]
fn init_makes_everything_once_and_a_second_run_changes_nothing() {
    let desk = Desk::new();
    let first = desk.harden(&["init"]);
    assert_code(&first, 0);
    assert_eq!(mode(&desk.identity()), 0o600);
    assert_eq!(mode(desk.identity().parent().unwrap()), 0o700);
    assert_eq!(desk.text(".harden/.gitignore"), "state/\n");
    assert_eq!(desk.text("harden.toml"), format!("[seal]\nrecipients = [\n  \"{}\",\n]\n", desk.public_key()));
    assert!(stderr(&first).contains("one recipient only") && stderr(&first).contains("harden keygen --recovery"));
    assert!(!format!("{}{}", stdout(&first), stderr(&first)).contains("SECRET"));
    let before = desk.everything();
    let second = desk.harden(&["init"]);
    assert_code(&second, 0);
    assert!(stdout(&second).starts_with("nothing to do"));
    assert_eq!(desk.everything(), before);
}

#[test]
fn init_adds_to_a_harden_toml_and_keeps_its_bytes() {
    let desk = Desk::new();
    let old = "fail-on   = 'high' # since May\r\n";
    desk.put("harden.toml", old.as_bytes());
    let other = stdout(&desk.harden(&["keygen", "-o", "other.txt"])).trim().to_owned();
    let output = desk.harden(&["init", "-r", &other]);
    assert_code(&output, 0);
    let text = desk.text("harden.toml");
    assert_eq!(text, format!("{old}\r\n[seal]\r\nrecipients = [\r\n  \"{}\",\r\n  \"{other}\",\r\n]\r\n", desk.public_key()));
    assert!(!stderr(&output).contains("one recipient only"));
    assert_code(&desk.harden(&["init", "-r", &other]), 0);
    assert_eq!(desk.text("harden.toml"), text);
}

#[test]
fn init_writes_nothing_when_it_must_refuse() {
    for (toml, args) in
        [("fail-on = \"high\"\n", &["init", "-r", "age1nonsense"][..]), ("not toml [", &["init"]), ("seal = {}\n", &["init"])]
    {
        let desk = Desk::new();
        desk.put("harden.toml", toml.as_bytes());
        let before = desk.everything();
        assert_code(&desk.harden(args), 2);
        assert_eq!(desk.everything(), before);
    }
}

#[test]
fn what_was_encrypted_is_decrypted_byte_for_byte() {
    let desk = Desk::ready();
    let binary: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let cases: [(&str, &[u8]); 5] =
        [("lf.env", b"A=1\nB=2"), ("crlf.env", b"A=1\r\nB=2\r\n"), ("bom.yml", b"\xef\xbb\xbfa: 1\n"), ("empty", b""), ("binary", &binary)];
    for (name, bytes) in cases {
        desk.put(name, bytes);
        let output = desk.harden(&["encrypt", name]);
        assert_code(&output, 0);
        assert!(stderr(&output).trim_end().lines().last().unwrap().contains("still holds its values in plain text"));
        assert!(desk.text(&format!("{name}.age")).starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        let output = desk.harden(&["decrypt", &format!("{name}.age")]);
        assert_code(&output, 0);
        assert!(output.stdout == bytes, "{name}");
        assert_eq!(desk.bytes(name), bytes);
    }
    let index = desk.text(".harden/sealed.toml");
    let names: Vec<&str> = index.lines().filter(|line| line.starts_with("[file.")).collect();
    assert_eq!(names, ["binary", "bom.yml", "crlf.env", "empty", "lf.env"].map(|name| format!("[file.\"{name}.age\"]")));
    assert_eq!(index.matches(&desk.public_key()).count(), 5);
}

#[test]
fn decrypt_makes_a_private_file_and_replaces_none() {
    let desk = Desk::ready();
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    assert_code(&desk.harden(&["decrypt", "a.env.age", "-o", "b.env"]), 0);
    assert_eq!((desk.bytes("b.env"), mode(&desk.project.join("b.env"))), (b"A=1\n".to_vec(), 0o600));
    desk.put("c.env", b"mine");
    let output = desk.harden(&["decrypt", "a.env.age", "-o", "c.env"]);
    assert_code(&output, 2);
    assert_eq!(desk.bytes("c.env"), b"mine");
}

#[test]
fn sealing_without_recipients_names_the_command_that_makes_them() {
    let desk = Desk::new();
    desk.put("a.env", b"A=1\n");
    let output = desk.harden(&["encrypt", "a.env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("hint: run `harden init`"));
    assert!(!desk.project.join("a.env.age").exists());
}

#[test]
fn another_identity_and_a_cut_file_are_told_apart() {
    let desk = Desk::ready();
    desk.put("a.env", b"PASSWORD=canary-4711\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    assert_code(&desk.harden(&["keygen", "-o", "other.txt"]), 0);
    let output = desk.harden(&["decrypt", "-i", "other.txt", "a.env.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("a.env.age: none of the identities in `other.txt` opens it"), "{}", stderr(&output));
    let sealed = desk.bytes("a.env.age");
    desk.put("cut.age", &sealed[..sealed.len() / 2]);
    let output = desk.harden(&["decrypt", "cut.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("cut.age: the sealed file is cut short"));
    let output = desk.harden(&["decrypt", "a.env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("not a sealed file") && !stderr(&output).contains("canary"));
}

#[test]
fn an_identity_that_others_can_read_is_refused() {
    let desk = Desk::ready();
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    for open in [0o640, 0o604, 0o620] {
        fs::set_permissions(desk.identity(), fs::Permissions::from_mode(open)).unwrap();
        let output = desk.harden(&["decrypt", "a.env.age"]);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(&format!("mode {open:04o}")) && stderr(&output).contains("chmod 600"));
        assert_code(&desk.harden(&["decrypt", "--allow-open-identity", "a.env.age"]), 0);
    }
}

#[test]
fn the_identity_is_taken_from_the_documented_places() {
    let desk = Desk::ready();
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    let elsewhere = desk.home.join("elsewhere.txt");
    fs::rename(desk.identity(), &elsewhere).unwrap();
    let output = desk.harden(&["decrypt", "a.env.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("no identity was found") && stderr(&output).contains("SOPS_AGE_KEY_FILE"));
    for variable in ["HARDEN_IDENTITY_FILE", "SOPS_AGE_KEY_FILE"] {
        let output = desk.command(env!("CARGO_BIN_EXE_harden")).env(variable, &elsewhere).args(["decrypt", "a.env.age"]).output().unwrap();
        assert_code(&output, 0);
    }
    let output = desk
        .command(env!("CARGO_BIN_EXE_harden"))
        .args(["decrypt", "-i", "-", "a.env.age"])
        .stdin(File::open(&elsewhere).unwrap())
        .output()
        .unwrap();
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "A=1\n");
}

#[test]
fn a_twin_is_never_replaced() {
    let desk = Desk::ready();
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    let sealed = desk.bytes("a.env.age");
    let output = desk.harden(&["encrypt", "a.env"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "unchanged: a.env.age\n");
    assert_eq!(desk.bytes("a.env.age"), sealed);

    // one refusal, and none of the other files is sealed either
    desk.put("a.env", b"A=2\n");
    desk.put("new.env", b"B=1\n");
    let output = desk.harden(&["encrypt", "new.env", "a.env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("a.env.age exists and holds other text than a.env; nothing was written"));
    assert!(stderr(&output).contains("harden decrypt a.env.age | diff - a.env"));
    assert!(!desk.project.join("new.env.age").exists());
    assert_eq!(desk.bytes("a.env.age"), sealed);

    fs::remove_file(desk.identity()).unwrap();
    let output = desk.harden(&["encrypt", "a.env"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("error: a.env.age exists and cannot be opened; nothing was written"));
    desk.put("junk.env", b"A=1\n");
    desk.put("junk.env.age", b"junk");
    assert_code(&desk.harden(&["init"]), 0);
    assert_code(&desk.harden(&["encrypt", "junk.env"]), 2);
    assert_eq!(desk.bytes("junk.env.age"), b"junk");
}

#[test]
fn keygen_prints_the_public_key_and_replaces_nothing() {
    let desk = Desk::new();
    let output = desk.harden(&["keygen"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output).trim(), desk.public_key());
    assert!(!stderr(&output).contains("SECRET"));
    let before = desk.everything();
    assert_code(&desk.harden(&["keygen"]), 2);
    assert_code(&desk.harden(&["keygen", "-o", desk.identity().to_str().unwrap()]), 2);
    assert_code(&desk.harden(&["keygen", "-o", "-"]), 2);
    assert_code(&desk.harden(&["keygen", "--recovery"]), 2);
    assert_eq!(desk.everything(), before);
}

#[test]
fn a_recovery_key_needs_a_terminal() {
    if !installed("setsid") {
        return;
    }
    let desk = Desk::new();
    let output =
        desk.command("setsid").args(["-w", env!("CARGO_BIN_EXE_harden"), "keygen", "--recovery", "-o", "recovery.age"]).output().unwrap();
    assert_code(&output, 2);
    assert!(stderr(&output).contains("terminal") && !desk.project.join("recovery.age").exists());
}

#[test]
fn sealing_what_one_cannot_open_oneself_is_warned_about() {
    let desk = Desk::ready();
    let other = stdout(&desk.harden(&["keygen", "-o", "other.txt"])).trim().to_owned();
    desk.put("a.env", b"A=1\n");
    let output = desk.harden(&["encrypt", "-r", &other, "a.env"]);
    assert_code(&output, 0);
    assert!(stderr(&output).contains("sealed to others only"));
    desk.put("b.env", b"A=1\n");
    assert!(!stderr(&desk.harden(&["encrypt", "b.env"])).contains("sealed to others only"));
}

/// Runs a harden command line on a terminal of its own and types `typed`.
fn on_terminal(desk: &Desk, arguments: &str, typed: &str) -> Output {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_harden"));
    let mut child = desk
        .command("script")
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for answer in typed.split_inclusive('\n') {
        // a passphrase typed before it is asked for is thrown away by the terminal
        std::thread::sleep(std::time::Duration::from_millis(1500));
        stdin.write_all(answer.as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    output
}

#[test]
fn a_recovery_key_is_made_and_used_on_a_terminal() {
    if !installed("script") {
        return;
    }
    let desk = Desk::ready();
    let passphrase = "seven wet stones\n";
    let made = on_terminal(&desk, "keygen --recovery -o recovery.age", &passphrase.repeat(2));
    assert_code(&made, 0);
    assert!(!stdout(&made).contains("seven wet"), "the passphrase was echoed");
    assert_eq!(mode(&desk.project.join("recovery.age")), 0o600);
    let recipient = stdout(&made).lines().find(|line| line.starts_with("age1")).unwrap().trim().to_owned();
    assert_code(&desk.harden(&["init", "-r", &recipient]), 0);
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    fs::remove_file(desk.identity()).unwrap();
    let opened = on_terminal(&desk, "decrypt -i recovery.age -o out.env a.env.age", passphrase);
    assert_code(&opened, 0);
    assert_eq!(desk.bytes("out.env"), b"A=1\n");
}

#[test]
fn an_ssh_key_with_a_passphrase_opens_on_a_terminal() {
    if !installed("script") || !installed("ssh-keygen") {
        return;
    }
    let desk = Desk::new();
    assert_code(&desk.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "seven wet stones", "-f", "key"]).output().unwrap(), 0);
    desk.put("a.env", b"A=1\n");
    assert_code(&desk.harden(&["encrypt", "-r", &desk.text("key.pub"), "a.env"]), 0);
    let wrong = on_terminal(&desk, "decrypt -i key -o wrong.env a.env.age", "six wet stones\n");
    assert_code(&wrong, 2);
    assert!(stdout(&wrong).contains("does not open this identity") && !desk.project.join("wrong.env").exists());
    assert_code(&on_terminal(&desk, "decrypt -i key -o out.env a.env.age", "seven wet stones\n"), 0);
    assert_eq!(desk.bytes("out.env"), b"A=1\n");
}

#[test]
fn values_are_not_shown_on_a_terminal_unless_asked_for() {
    if !installed("script") {
        return;
    }
    let desk = Desk::ready();
    desk.put("a.env", b"A=canary-4711\n");
    assert_code(&desk.harden(&["encrypt", "a.env"]), 0);
    let refused = on_terminal(&desk, "decrypt a.env.age", "");
    assert_code(&refused, 2);
    assert!(stdout(&refused).contains("--reveal") && !stdout(&refused).contains("canary"));
    let shown = on_terminal(&desk, "decrypt --reveal a.env.age", "");
    assert_code(&shown, 0);
    assert!(stdout(&shown).contains("canary-4711"));
}

#[test]
fn run_hands_on_environment_exit_code_and_signals() {
    let desk = Desk::ready();
    desk.put(".env.production", b"PASSWORD='canary 4711'\nPORT=80\n");
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    let output = desk.harden(&["run", "--", "sh", "-c", "printf %s \"$PASSWORD $PORT\"; exit 7"]);
    assert_code(&output, 7);
    assert_eq!(stdout(&output), "canary 4711 80");
    let output = desk.harden(&["run", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(15));
    let cmdline = desk.harden(&["run", "--", "cat", "/proc/self/cmdline"]);
    assert_code(&cmdline, 0);
    assert!(!stdout(&cmdline).contains("canary") && stdout(&cmdline).starts_with("cat"));
}

#[test]
fn run_keeps_the_identity_from_the_child() {
    let desk = Desk::ready();
    desk.put("a.env", b"A=1\nSOPS_AGE_KEY=x\n");
    let identity = desk.identity();
    let mut command = desk.command(env!("CARGO_BIN_EXE_harden"));
    command.env("HARDEN_IDENTITY_FILE", &identity).env("SOPS_AGE_KEY_FILE", &identity).env("SOPS_AGE_KEY", "k");
    let output = command.args(["run", "--env-file", "a.env", "--", "env"]).output().unwrap();
    assert_code(&output, 0);
    assert!(stdout(&output).contains("A=1\n"));
    assert!(!stdout(&output).contains("HARDEN_IDENTITY_FILE") && !stdout(&output).contains("SOPS_AGE_KEY"));
}

#[test]
fn run_merges_as_documented() {
    let desk = Desk::new();
    desk.put("a.env", b"A=file1\nB=file1\nLD_PRELOAD=\n");
    desk.put("b.env", b"B=file2\n");
    let run = |options: &[&str]| {
        let mut command = desk.command(env!("CARGO_BIN_EXE_harden"));
        command.env("A", "shell").env("C", "shell").args(["run", "--env-file", "a.env", "--env-file", "b.env"]).args(options);
        let output = command.args(["--", "sh", "-c", "echo \"$A $B $C\""]).output().unwrap();
        assert_code(&output, 0);
        assert!(stderr(&output).contains("a.env:3: `LD_PRELOAD` decides which code"));
        stdout(&output)
    };
    assert_eq!(run(&[]), "file1 file2 shell\n");
    assert_eq!(run(&["--keep-existing"]), "shell file2 shell\n");
    assert_eq!(run(&["--clean"]), "file1 file2 \n");
}

#[test]
fn run_tells_its_own_failures_from_the_commands() {
    let desk = Desk::ready();
    let none = desk.harden(&["run", "--", "true"]);
    assert_code(&none, 125);
    assert!(stderr(&none).contains("no sealed env file"));
    desk.put("bad.env", b"A=1\nB=canary 4711\n");
    let bad = desk.harden(&["run", "--env-file", "bad.env", "--", "true"]);
    assert_code(&bad, 125);
    assert!(stderr(&bad).contains("bad.env:2: expected `NAME=value`") && !stderr(&bad).contains("canary"));
    assert_code(&desk.harden(&["run", "--env-file", "gone.env", "--", "true"]), 125);
    desk.put("ok.env", b"A=1\n");
    assert_code(&desk.harden(&["run", "--env-file", "ok.env", "--", "no-such-command-4711"]), 127);
    let script = desk.put("script.sh", b"#!/bin/sh\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o644)).unwrap();
    assert_code(&desk.harden(&["run", "--env-file", "ok.env", "--", "./script.sh"]), 126);
    for name in [".env.production", ".env.staging"] {
        desk.put(name, b"A=1\n");
        assert_code(&desk.harden(&["encrypt", name]), 0);
    }
    let several = desk.harden(&["run", "--", "true"]);
    assert_code(&several, 125);
    assert!(stderr(&several).contains(".env.production.age") && stderr(&several).contains(".env.staging.age"));
}

#[test]
fn files_and_identities_pass_between_harden_and_age() {
    if !installed("age") || !installed("age-keygen") {
        return;
    }
    let desk = Desk::ready();
    let identity = desk.identity();
    let identity = identity.to_str().unwrap();
    let public = desk.command("age-keygen").args(["-y", identity]).output().unwrap();
    assert_eq!(stdout(&public).trim(), desk.public_key());

    let plain: &[u8] = b"A=1\r\n\0\xff";
    desk.put("ours.env", plain);
    assert_code(&desk.harden(&["encrypt", "ours.env"]), 0);
    assert_eq!(desk.command("age").args(["-d", "-i", identity, "ours.env.age"]).output().unwrap().stdout, plain);

    assert_code(&desk.command("age-keygen").args(["-o", "theirs.txt"]).output().unwrap(), 0);
    let theirs = stdout(&desk.command("age-keygen").args(["-y", "theirs.txt"]).output().unwrap());
    for armor in [&["-a"][..], &[]] {
        let output = desk.command("age").args(armor).args(["-r", theirs.trim(), "-o", "theirs.age", "ours.env"]).output().unwrap();
        assert_code(&output, 0);
        let output = desk.harden(&["decrypt", "-i", "theirs.txt", "theirs.age"]);
        assert_code(&output, 0);
        assert_eq!(output.stdout, plain);
    }
}

#[test]
fn ssh_keys_are_recipients_and_identities() {
    if !installed("ssh-keygen") {
        return;
    }
    let desk = Desk::new();
    for kind in ["ed25519", "rsa"] {
        assert_code(&desk.command("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-f", kind]).output().unwrap(), 0);
        desk.put("a.env", b"A=1\n");
        assert_code(&desk.harden(&["encrypt", "-r", &desk.text(&format!("{kind}.pub")), "a.env"]), 0);
        let output = desk.harden(&["decrypt", "-i", kind, "a.env.age"]);
        assert_code(&output, 0);
        assert_eq!(stdout(&output), "A=1\n");
        fs::remove_file(desk.project.join("a.env.age")).unwrap();
    }
}
