//! Trees that mean ill or are merely strange: no permission, pipes, links, loops, huge and deep files, bytes that are no text. Every command
//! must end, say what it left out, write nothing where it may not, and never crash.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any of these takes on a loaded machine, shorter than anybody waits: what is over it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

const WEAK: &str = "DB_PASSWORD=changeme\n";
const RECIPIENT: &str = "age1u2muy3rtgzwvc7rdapecge6tkcd04zqu45rjvmhu7ud2vz5yld7qgmgphr";

/// A home and a project, thrown away at the end.
struct Desk {
    dir: tempfile::TempDir,
    project: PathBuf,
}

/// What a command said.
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("project");
        fs::create_dir_all(dir.path().join("home")).unwrap();
        fs::create_dir_all(project.join(".git")).unwrap();
        Self { dir, project }
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.project.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap().write_all(bytes.as_ref()).unwrap();
        path
    }

    fn pipe(&self, name: &str) -> PathBuf {
        let path = self.project.join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    fn harden(&self, args: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_harden"));
        command.args(args);
        self.finish(command)
    }

    /// The same as a user who is not root, to whom permissions apply; `None`, and said, where that cannot be had.
    fn harden_as_nobody(&self, args: &[&str]) -> Option<Said> {
        let binary = self.dir.path().join("harden");
        fs::copy(env!("CARGO_BIN_EXE_harden"), &binary).unwrap();
        if self.dir.path().metadata().unwrap().uid() != 0 {
            return Some(self.harden(args));
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).args(args);
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let there =
            Command::new("setpriv").args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&binary).arg("--version").output();
        if !there.is_ok_and(|output| output.status.success()) {
            skipped("running as root, and `setpriv` cannot give that up here");
            return None;
        }
        Some(self.finish(command))
    }

    /// Runs `command` in the project, for as long as patience lasts.
    fn finish(&self, mut command: Command) -> Said {
        let at = |name| self.dir.path().join(name);
        command.current_dir(&self.project).env_clear().env("HOME", at("home")).env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(File::create(at("stdout")).unwrap()).stderr(File::create(at("stderr")).unwrap());
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{command:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let read = |name| String::from_utf8_lossy(&fs::read(at(name)).unwrap()).into_owned();
        let said = Said { code: status.code(), out: read("stdout"), err: read("stderr") };
        assert!(said.code.is_some_and(|code| code != 101), "{command:?}: {status}\n{}", said.err);
        said
    }

    /// Names in the project, to see that nothing was added.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(&self.project).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Said {
    #[track_caller]
    fn is(&self, code: i32, out: &[&str], err: &[&str]) {
        let whole = format!("code {:?}\n--- stdout\n{:.2000}\n--- stderr\n{:.2000}", self.code, self.out, self.err);
        assert_eq!(self.code, Some(code), "{whole}");
        for part in out {
            assert!(self.out.contains(part), "stdout lacks `{part}`\n{whole}");
        }
        for part in err {
            assert!(self.err.contains(part), "stderr lacks `{part}`\n{whole}");
        }
    }
}

/// Says why a test showed nothing.
#[expect(clippy::print_stdout, reason = "a test that was skipped has to say so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_and_a_file_without_permission_are_named_and_the_rest_is_looked_at() {
    let desk = Desk::new();
    desk.put(".env", WEAK);
    let closed = desk.put("closed/.env", WEAK).parent().unwrap().to_owned();
    let secret = desk.put("secret.env", WEAK);
    mode(&closed, 0o000);
    mode(&secret, 0o000);
    let said = desk.harden_as_nobody(&["scan"]);
    mode(&closed, 0o755);
    let Some(said) = said else { return };
    said.is(2, &["--> .env:1:13", "read 1 file,", "2 unreadable"], &["`closed`: permission denied", "secret.env", "permission denied"]);
}

#[test]
fn nothing_is_left_behind_in_a_folder_that_cannot_be_written() {
    let desk = Desk::new();
    desk.put("a.env", WEAK);
    mode(&desk.project, 0o555);
    let said = desk.harden_as_nobody(&["encrypt", "-r", RECIPIENT, "a.env"]);
    mode(&desk.project, 0o755);
    let Some(said) = said else { return };
    said.is(2, &[], &["a.env.age", "permission denied"]);
    assert_eq!(desk.names(), [".git", "a.env"]);
}

#[test]
fn a_full_disk_is_a_failure_and_a_closed_pipe_is_none() {
    let desk = Desk::new();
    desk.put(".env", WEAK);
    for format in ["human", "json", "jsonl", "sarif", "markdown"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_harden"));
        child.args(["scan", "--format", format]).current_dir(&desk.project).env_clear().stderr(Stdio::piped());
        let output = child.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{format}: {}", String::from_utf8_lossy(&output.stderr));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(child.stdout(writer).output().unwrap().status.code(), Some(1), "{format}");
    }
}

#[test]
fn a_pipe_is_counted_and_never_waited_for() {
    let desk = Desk::new();
    desk.put("app.env", WEAK);
    desk.pipe(".env");
    desk.harden(&["scan"]).is(1, &["--> app.env:1:13", "read 1 file,", "1 skipped"], &[]);
    desk.harden(&["scan", ".env"]).is(2, &[], &["`.env`: neither a file nor a folder"]);
    desk.harden(&["encrypt", "-r", RECIPIENT, ".env"]).is(2, &[], &[".env"]);
    desk.harden(&["decrypt", ".env"]).is(2, &[], &[".env"]);
    desk.harden(&["decrypt", "-i", ".env", "app.env"]).is(2, &[], &["app.env"]);
    desk.harden(&["run", "--env-file", ".env", "--", "true"]).is(125, &[], &[".env"]);
    desk.harden(&["rules", "test", ".env"]).is(2, &[], &[".env"]);
    assert_eq!(desk.names(), [".env", ".git", "app.env"]);
    desk.pipe("harden.toml");
    desk.harden(&["scan"]).is(2, &[], &["harden.toml", "not a regular file"]);
    fs::remove_file(desk.project.join("harden.toml")).unwrap();
    fs::create_dir_all(desk.project.join(".harden/rules")).unwrap();
    desk.pipe(".harden/rules/own.toml");
    desk.harden(&["scan"]).is(2, &[], &[".harden/rules/own.toml", "no regular text file"]);
}

/// `-i <(op read ...)`: such a pipe has a writer and is waited for.
#[test]
fn an_identity_may_come_through_a_pipe() {
    let desk = Desk::new();
    desk.harden(&["init"]).is(0, &[], &[]);
    desk.put("a.env", WEAK);
    desk.harden(&["encrypt", "a.env"]).is(0, &[], &[]);
    let mut command = Command::new("bash");
    let line = r#"identity=$(cat "$HOME/.config/harden/identity.txt"); exec "$0" decrypt -i <(printf '%s\n' "$identity") a.env.age"#;
    command.args(["-c", line, env!("CARGO_BIN_EXE_harden")]);
    desk.finish(command).is(0, &[WEAK], &[]);
}

#[test]
fn a_link_is_read_once_inside_and_never_outside() {
    let desk = Desk::new();
    desk.put("shared/app.env", WEAK);
    symlink("shared/app.env", desk.project.join(".env")).unwrap();
    desk.harden(&["scan"]).is(1, &["--> shared/app.env:1:13", "1 finding", "read 1 file,"], &[]);

    desk.put("../outside.env", WEAK);
    symlink("../outside.env", desk.project.join(".env.production")).unwrap();
    symlink("..", desk.project.join("up")).unwrap();
    symlink("gone", desk.project.join("dangling.env")).unwrap();
    let said = desk.harden(&["scan"]);
    said.is(1, &["1 finding", "read 1 file,", "3 skipped"], &[]);
    assert!(!said.out.contains("outside"));
    // a path that was typed may be a link
    desk.harden(&["scan", ".env.production"]).is(1, &["--> .env.production:1:13"], &[]);
}

#[test]
fn loops_of_links_end() {
    let desk = Desk::new();
    desk.put("a/b/.env", WEAK);
    symlink("two.env", desk.project.join("one.env")).unwrap();
    symlink("one.env", desk.project.join("two.env")).unwrap();
    symlink("..", desk.project.join("a/b/up")).unwrap();
    symlink(".", desk.project.join("a/here")).unwrap();
    desk.harden(&["scan"]).is(1, &["--> a/b/.env:1:13", "1 finding", "read 1 file,", "2 skipped"], &[]);
    desk.harden(&["scan", "one.env"]).is(2, &[], &["`one.env`"]);
    desk.harden(&["encrypt", "-r", RECIPIENT, "one.env"]).is(2, &[], &["one.env"]);
}

#[test]
fn nothing_is_written_through_a_link() {
    let desk = Desk::new();
    desk.put("a.env", WEAK);
    let outside = desk.dir.path().join("outside");
    for (link, args) in [
        ("a.env.age", &["encrypt", "-r", RECIPIENT, "a.env"][..]),
        ("new.txt", &["keygen", "-o", "new.txt"]),
        ("harden.toml", &["init"]),
        (".harden", &["init"]),
    ] {
        symlink(&outside, desk.project.join(link)).unwrap();
        let said = desk.harden(args);
        assert_eq!(said.code, Some(2), "{link}: {}{}", said.out, said.err);
        assert!(!outside.exists(), "{link}: written through");
        assert!(desk.project.join(link).is_symlink(), "{link}: replaced");
        fs::remove_file(desk.project.join(link)).unwrap();
    }
    desk.harden(&["init"]).is(0, &[], &[]);
    desk.harden(&["encrypt", "a.env"]).is(0, &[], &[]);
    symlink(&outside, desk.project.join("b.env")).unwrap();
    desk.harden(&["decrypt", "-o", "b.env", "a.env.age"]).is(2, &[], &["b.env"]);
    assert!(!outside.exists());
}

#[test]
fn rule_files_are_not_taken_from_outside() {
    let desk = Desk::new();
    desk.put(".env", WEAK);
    let rules = desk.dir.path().join("rules");
    fs::create_dir_all(&rules).unwrap();
    desk.put("../rules/own.toml", "schema = 1\n");
    fs::create_dir_all(desk.project.join(".harden")).unwrap();
    symlink(&rules, desk.project.join(".harden/rules")).unwrap();
    desk.harden(&["scan"]).is(2, &[], &["a link, which is not followed"]);
    desk.harden(&["scan", "--no-config"]).is(1, &[], &[]);
    fs::remove_file(desk.project.join(".harden/rules")).unwrap();
    fs::create_dir(desk.project.join(".harden/rules")).unwrap();
    symlink(rules.join("own.toml"), desk.project.join(".harden/rules/own.toml")).unwrap();
    desk.harden(&["scan"]).is(2, &[], &["no regular text file"]);
}

#[test]
fn a_huge_file_is_counted_and_a_long_line_is_searched() {
    let desk = Desk::new();
    let mut line = b"DB_PASSWORD=changeme".to_vec();
    line.resize(50 << 20, b' ');
    desk.put("huge.env", &line);
    desk.harden(&["scan"]).is(3, &["no file was read", "1 skipped as too large"], &[]);
    desk.put("small.env", WEAK);
    desk.harden(&["scan"]).is(1, &["--> small.env:1:13", "1 skipped as too large"], &[]);
    fs::remove_file(desk.project.join("huge.env")).unwrap();
    fs::remove_file(desk.project.join("small.env")).unwrap();
    let pad = "x".repeat(512 << 10);
    for (name, text) in [
        ("a.json", format!("{{\"pad\": \"{pad}\", \"password\": \"changeme\", \"more\": \"{pad}\"}}")),
        ("a.yaml", format!("pad: \"{pad}\"\npassword: changeme\nmore: {pad}\n")),
        ("a.toml", format!("pad = \"{pad}\"\npassword = \"changeme\"\nmore = '{pad}'\n")),
        ("a.env", format!("PAD={pad}\nPASSWORD=changeme\nMORE={pad}\n")),
        ("a.ini", format!("pad={pad}\npassword=changeme\nmore={pad}\n")),
        ("a.md", format!("{pad} password: changeme {pad}\n")),
    ] {
        let path = desk.put(name, text);
        for format in ["human", "jsonl", "sarif", "markdown", "json"] {
            let said = desk.harden(&["scan", "--format", format, name]);
            assert!(matches!(said.code, Some(0 | 1)), "{name} {format}: {}", said.err);
            assert!(said.out.len() < 100_000, "{name} {format}: {} bytes of output", said.out.len());
        }
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn deep_nesting_neither_crashes_nor_hangs() {
    const DEPTH: usize = 100_000;
    let desk = Desk::new();
    for (name, open, close) in [
        ("open.json", "[", ""),
        ("closed.json", "[", "]"),
        ("objects.json", "{\"a\":", ""),
        ("closed.jsonc", "{\"a\":[", "]}"),
        ("flow.yaml", "[", "]"),
        ("maps.yaml", "{a: ", ""),
        ("dashes.yaml", "- ", ""),
        ("questions.yaml", "? ", ""),
        ("docker-compose.yml", "services: {", ""),
        ("arrays.toml", "a = [", ""),
        ("inline.toml", "{a=", ""),
        ("dotted.toml", "a.", ""),
        ("braces.conf", "a {\n", "}\n"),
        ("nested.env", "A=${A:-", "}"),
        ("unclosed.env", "A=$(", ""),
        ("nested.properties", "a=[", "]"),
        ("quotes.sh", "$(\"", "\")"),
        ("code.ts", "({`${", "}`})"),
        ("quotes.md", "> ", ""),
        (".env", "{\"a\":\"{\\\"a\\\":", ""),
    ] {
        let prefix = if name == "arrays.toml" { "x = " } else { "" };
        let text = format!("{prefix}{}\n{}\npassword: changeme\n", open.repeat(DEPTH), close.repeat(DEPTH));
        let path = desk.put(name, text);
        let begun = Instant::now();
        let said = desk.harden(&["scan", "--format", "jsonl", name]);
        assert!(matches!(said.code, Some(0 | 1)), "{name}: {:?} {}", said.code, said.err);
        assert!(begun.elapsed() < PATIENCE / 2, "{name}: {:?}", begun.elapsed());
        fs::remove_file(path).unwrap();
    }
    desk.put("harden.toml", format!("x = {}", "[".repeat(DEPTH)));
    desk.harden(&["scan"]).is(2, &[], &["harden.toml"]);
    fs::remove_file(desk.project.join("harden.toml")).unwrap();
    desk.put(".harden/rules/own.toml", format!("schema = 1\nx = {}", "[".repeat(DEPTH)));
    desk.harden(&["scan"]).is(2, &[], &["own.toml"]);
}

#[test]
fn thousands_of_secrets_side_by_side_are_judged_in_seconds() {
    const MANY: usize = 4000;
    let desk = Desk::new();
    let lines = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
    for (name, text) in [
        ("a.env", lines(&|i| format!("PASSWORD{i}=changeme\nUSER{i}=app{i}\n"))),
        ("a.yaml", lines(&|i| format!("password{i}: changeme\nuser{i}: app{i}\n"))),
        ("same.env", lines(&|_| WEAK.to_owned())),
        (
            "docker-compose.yml",
            "services:\n".to_owned() + &lines(&|i| format!("  s{i}: {{image: i{i}, environment: {{PASSWORD: changeme}}}}\n")),
        ),
    ] {
        let path = desk.put(name, text);
        let begun = Instant::now();
        let said = desk.harden(&["scan", "--format", "jsonl", name]);
        said.is(1, &[], &[]);
        assert!(said.out.lines().count() >= MANY, "{name}: {} findings", said.out.lines().count());
        assert!(begun.elapsed() < PATIENCE / 2, "{name}: {:?}", begun.elapsed());
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn aliases_do_not_multiply() {
    let desk = Desk::new();
    let mut text = "a0: &a0 [changeme, changeme]\n".to_owned();
    for i in 1..40 {
        text += &format!("a{i}: &a{i} [*a{}, *a{}, *a{}]\n", i - 1, i - 1, i - 1);
    }
    desk.put("bomb.yaml", text + "password: changeme\n");
    let said = desk.harden(&["scan", "--format", "jsonl"]);
    assert!(matches!(said.code, Some(0 | 1)) && said.out.len() < 100_000, "{:?}, {} bytes", said.code, said.out.len());
}

#[test]
fn bytes_that_are_no_text_are_read_as_far_as_they_are() {
    let desk = Desk::new();
    for name in ["a.env", "a.yaml", "a.json", "a.toml", "a.ini", "a.properties", "a.conf", "a.sh", "a.md", "a.ts", "docker-compose.yml"] {
        for noise in [&b"\xff\xfe\xfa"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"] {
            let mut bytes = b"PORT=1\n".to_vec();
            bytes.extend_from_slice(noise);
            bytes.extend_from_slice(b"=\"\npassword = \"changeme");
            bytes.extend_from_slice(noise);
            desk.put(name, bytes);
            let said = desk.harden(&["scan", name, "--format", "jsonl"]);
            assert!(matches!(said.code, Some(0 | 1)), "{name}: {:?} {}", said.code, said.err);
        }
    }
    desk.put("harden.toml", b"fail-on = \"\xff\"\n");
    desk.harden(&["scan"]).is(2, &[], &["harden.toml"]);
    desk.put("harden.toml", b"");
    desk.put(".harden/rules/own.toml", b"schema = 1 # \xff\n");
    desk.harden(&["scan"]).is(2, &[], &["own.toml", "UTF-8"]);
}

#[test]
fn names_that_would_deceive_stay_on_their_line() {
    let desk = Desk::new();
    let names: [&[u8]; 5] = [b"new\nline.env", b"\x1b[2Jclear.env", b"\xff\xfe.env", "\u{202e}vne.env".as_bytes(), b"a|b`c<d>&.env"];
    for name in names {
        File::create(desk.project.join(OsStr::from_bytes(name))).unwrap().write_all(WEAK.as_bytes()).unwrap();
    }
    for format in ["human", "jsonl", "json", "sarif", "markdown"] {
        let said = desk.harden(&["scan", "--format", format]);
        said.is(1, &[], &[]);
        let whole = said.out.clone() + &said.err;
        assert!(!whole.contains('\u{1b}') && !whole.contains('\u{202e}'), "{format}");
        if format == "jsonl" {
            assert_eq!(said.out.lines().count(), names.len());
            assert!(said.out.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        } else if matches!(format, "json" | "sarif") {
            assert!(serde_json::from_str::<serde_json::Value>(&said.out).is_ok(), "{format}");
        } else if format == "markdown" {
            let rows = said.out.lines().filter(|line| line.contains("`DB_PASSWORD`")).count();
            assert_eq!(rows, names.len(), "{}", said.out);
        }
    }
    desk.harden(&["scan", "\u{1b}[2Jgone"]).is(2, &[], &["\\u{1b}[2Jgone"]);
}

#[test]
fn a_rule_cannot_make_the_scan_hang() {
    let desk = Desk::new();
    desk.put("a.env", format!("PROXY={}\n", "a".repeat(1 << 20)));
    let rule = |regex: &str| {
        format!(
            "schema = 1\n[[rule]]\nid = \"own\"\ntitle = \"t\"\nclass = \"insecure-setting\"\nseverity = \"low\"\nconfidence = \"high\"\n\
             message = \"{{key}}\"\nmatch.all = [{{ value.regex = '{regex}' }}]\nfix = {{ strategy = \"suggest\", fix = \"manual\" }}\n"
        )
    };
    desk.put(".harden/rules/own.toml", rule("(((a{100}){100}){100}){100}"));
    desk.harden(&["scan"]).is(2, &[], &["own.toml", "rule `own`"]);
    desk.put(".harden/rules/own.toml", rule("^(a+)+$|^(a|aa)+b$"));
    let said = desk.harden(&["scan"]);
    assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
}

#[test]
fn a_tree_that_changes_under_the_scan_does_not_crash_it() {
    let desk = Desk::new();
    let flag = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let path = desk.project.join("b.env");
            while flag.load(std::sync::atomic::Ordering::Relaxed) {
                desk.put("b.env", WEAK);
                let _ = fs::remove_file(&path);
                let _ = symlink("/etc/hostname", &path);
                let _ = fs::remove_file(&path);
                let _ = fs::create_dir(&path);
                let _ = fs::remove_dir(&path);
            }
        });
        for _ in 0..30 {
            let said = desk.harden(&["scan"]);
            assert!(!said.out.contains("/etc/hostname") && said.code != Some(4), "{}", said.out);
        }
        flag.store(false, std::sync::atomic::Ordering::Relaxed);
    });
}
