//! `harden edit`, with editors that are scripts.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests fail by panicking, and say what was skipped")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::desk::Desk;
use crate::harness::{assert_code, stderr, stdout};

const ENV: &str = "# db\nDB_PASSWORD=kettle-drum-41\nPORT=5432\n";

/// Whether `edit` finds a folder in memory here; says so where it does not, since the test then shows nothing.
fn memory() -> bool {
    let there = fs::read_to_string("/proc/mounts").is_ok_and(|mounts| mounts.lines().any(|line| line.contains(" /dev/shm tmpfs ")));
    if !there {
        println!("skipped: there is no tmpfs at /dev/shm");
    }
    there
}

fn edit(desk: &Desk, editor: &str, args: &[&str]) -> Output {
    desk.program().env("EDITOR", editor).arg("edit").args(args).output().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    harden::disk::read::sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A sealed `.env.production`, without the plain one.
fn sealed() -> Desk {
    let desk = Desk::ready();
    desk.put(".env.production", ENV);
    assert_code(&desk.harden(&["encrypt", ".env.production"]), 0);
    fs::remove_file(desk.project.join(".env.production")).unwrap();
    desk
}

/// The folder that the editor was given, as it noted it.
fn noted(desk: &Desk) -> PathBuf {
    PathBuf::from(fs::read_to_string(desk.home.join("note")).unwrap().lines().next().unwrap())
}

#[test]
fn what_the_editor_wrote_is_sealed_and_nothing_else_is_left() {
    if !memory() {
        return;
    }
    let desk = sealed();
    let before = desk.bytes(".env.production.age");
    let note = desk.home.join("note");
    // what editors leave beside a file, and what may be asked of the folder
    let body = format!(
        "dirname \"$1\" > {0}\nstat -c '%a %n' \"$(dirname \"$1\")\" \"$1\" >> {0}\nstat -f -c %T \"$1\" >> {0}\necho \"$TMPDIR\" >> {0}\n\
         cp \"$1\" \"$1~\"; cp \"$1\" \"$(dirname \"$1\")/.swp\"; mkdir \"$TMPDIR/undo\"; cp \"$1\" \"$TMPDIR/undo/x\"\n\
         sed -i 's/kettle-drum-41/whistle-pot-52/' \"$1\"",
        note.display()
    );
    let editor = desk.script("editor", &body);
    let output = edit(&desk, &editor, &[".env.production"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("sealed: .env.production.age"), "{}", stdout(&output));
    assert_eq!(desk.opened(".env.production.age"), ENV.replace("kettle-drum-41", "whistle-pot-52"));
    assert_ne!(before, desk.bytes(".env.production.age"));
    let text = fs::read_to_string(&note).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("700 ") && lines[2].starts_with("600 ") && lines[2].ends_with("/.env.production"), "{text}");
    assert_eq!((lines[3], lines[4]), ("tmpfs", lines[0]));
    assert!(!Path::new(lines[0]).exists(), "the folder is left");
    assert!(!desk.has(".env.production"));
    // the list of sealed files, and the way back
    let list = desk.text(".harden/sealed.toml");
    assert!(list.contains(&sha256(&desk.bytes(".env.production.age"))), "{list}");
    assert_code(&desk.harden(&["undo"]), 0);
    assert_eq!(desk.bytes(".env.production.age"), before);
}

#[test]
fn an_editor_that_changes_nothing_or_fails_changes_nothing() {
    if !memory() {
        return;
    }
    let desk = sealed();
    let before = desk.bytes(".env.production.age");
    let note = desk.home.join("note");
    let keep = format!("dirname \"$1\" > {}", note.display());
    let output = edit(&desk, &desk.script("editor", &keep), &[".env.production.age"]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("unchanged: .env.production.age"));
    for (body, told) in [
        ("echo A=b > \"$1\"; exit 3", "the editor ended with code 3; nothing was written"),
        ("rm \"$1\"", "the editor left no file"),
        ("kill -9 $$", "the editor was ended by signal 9"),
    ] {
        let output = edit(&desk, &desk.script("editor", &format!("{keep}\n{body}")), &[".env.production.age"]);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
        assert!(!noted(&desk).exists());
    }
    let output = edit(&desk, "no-such-editor-anywhere", &[".env.production.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("the editor was not found"), "{}", stderr(&output));
    assert_eq!(desk.bytes(".env.production.age"), before);
}

#[test]
fn what_its_format_cannot_read_is_refused() {
    if !memory() {
        return;
    }
    let desk = sealed();
    let before = desk.bytes(".env.production.age");
    let output = edit(&desk, &desk.script("editor", "echo 'A=\"open' > \"$1\""), &[".env.production.age"]);
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains(".env.production:1") && said.contains("nothing was written") && !said.contains("open\n"), "{said}");
    assert_eq!(desk.bytes(".env.production.age"), before);
    desk.put("app.yaml", "password: kettle-drum-41\n");
    assert_code(&desk.harden(&["encrypt", "app.yaml"]), 0);
    let before = desk.bytes("app.yaml.age");
    let output = edit(&desk, &desk.script("editor", "echo 'a: [whistle' > \"$1\""), &["app.yaml"]);
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("app.yaml:") && said.contains("nothing was written") && !said.contains("whistle"), "{said}");
    assert_eq!(desk.bytes("app.yaml.age"), before);
}

#[test]
fn a_command_line_is_an_editor_too_and_visual_comes_first() {
    if !memory() {
        return;
    }
    let desk = sealed();
    let editor = desk.script("my editor", "printf '%s\\n' \"$1\" >> \"$2\"");
    let line = format!("MORE=1 '{editor}' \"NEW=$((40 + 2))\"");
    let output = desk.program().env("VISUAL", line).env("EDITOR", "false").args(["edit", ".env.production.age"]).output().unwrap();
    assert_code(&output, 0);
    assert_eq!(desk.opened(".env.production.age"), format!("{ENV}NEW=42\n"));
}

#[test]
fn a_change_by_somebody_else_stands_and_the_work_is_kept() {
    if !memory() {
        return;
    }
    let desk = sealed();
    desk.put("other", "DB_PASSWORD=other\n");
    assert_code(&desk.harden(&["encrypt", "other"]), 0);
    let other = desk.bytes("other.age");
    let body = format!("cp {0}/other.age {0}/.env.production.age; echo MINE=1 >> \"$1\"", desk.project.display());
    let output = edit(&desk, &desk.script("editor", &body), &[".env.production.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("was changed by somebody else"), "{}", stderr(&output));
    assert_eq!(desk.bytes(".env.production.age"), other);
    assert_eq!(desk.opened(".env.production.edited.age"), format!("{ENV}MINE=1\n"));
}

#[test]
fn a_signal_ends_the_editor_and_leaves_nothing() {
    if !memory() {
        return;
    }
    for signal in ["TERM", "INT", "HUP"] {
        let desk = sealed();
        let before = desk.bytes(".env.production.age");
        let note = desk.home.join("note");
        let body = format!("echo A=b > \"$1\"; dirname \"$1\" > {0}.part; mv {0}.part {0}; exec sleep 60", note.display());
        let editor = desk.script("editor", &body);
        let mut command = desk.program();
        command.env("EDITOR", editor).args(["edit", ".env.production.age"]).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let start = Instant::now();
        while !note.exists() && start.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let room = noted(&desk);
        assert!(room.exists());
        assert_code(&desk.command("kill").args(["-s", signal, &child.id().to_string()]).output().unwrap(), 0);
        let output = child.wait_with_output().unwrap();
        assert_code(&output, 2);
        assert!(stderr(&output).contains("interrupted; nothing was written"), "{}", stderr(&output));
        assert!(!room.exists(), "{signal} leaves the folder");
        assert_eq!(desk.bytes(".env.production.age"), before);
    }
}

#[test]
fn a_sops_file_is_edited_value_by_value() {
    if !memory() {
        return;
    }
    let desk = Desk::ready();
    desk.put("app.yaml", "user: app # who\npassword: kettle-drum-41\ntoken: drum-kettle-14\n");
    assert_code(&desk.harden(&["encrypt", "--emit", "sops", "app.yaml"]), 0);
    fs::remove_file(desk.project.join("app.yaml")).unwrap();
    let before = desk.text("app.sops.yaml");
    let editor = desk.script("editor", "sed -i 's/kettle-drum-41/whistle-pot-52/' \"$1\"; echo 'api_key: copper-lid-63' >> \"$1\"");
    let output = edit(&desk, &editor, &["app.yaml"]);
    assert_code(&output, 0);
    let after = desk.text("app.sops.yaml");
    let line = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    assert_eq!(line(&before, "token:"), line(&after, "token:"));
    assert!(line(&after, "api_key:").contains("ENC[") && line(&after, "user:").contains("# who"), "{after}");
    let opened = desk.opened("app.sops.yaml");
    assert_eq!(opened, "user: app # who\npassword: whistle-pot-52\ntoken: drum-kettle-14\napi_key: copper-lid-63\n");
}

#[test]
fn recipients_stay_those_of_the_file() {
    if !memory() {
        return;
    }
    let desk = sealed();
    // harden.toml gets another one afterwards: the file stays sealed to whom it was
    let (other, recipient) = desk.keygen("other.txt");
    assert_code(&desk.harden(&["init", "-r", &recipient]), 0);
    let editor = desk.script("editor", "echo A=1 >> \"$1\"");
    assert_code(&edit(&desk, &editor, &[".env.production.age"]), 0);
    assert_code(&desk.harden(&["decrypt", "-i", &other, ".env.production.age"]), 2);
    assert!(!desk.text(".harden/sealed.toml").contains(&recipient));
    // nobody knows a file that other tools have sealed
    fs::remove_file(desk.project.join(".harden/sealed.toml")).unwrap();
    let output = edit(&desk, &editor, &[".env.production.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("nobody can tell to whom it is sealed"), "{}", stderr(&output));
    let own = desk.public_key();
    assert_code(&edit(&desk, &editor, &["-r", &own, "-r", &recipient, ".env.production.age"]), 0);
    assert_code(&desk.harden(&["decrypt", "-i", &other, ".env.production.age"]), 0);
    let output = edit(&desk, &editor, &["-r", &recipient, ".env.production.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("to others only"), "{}", stderr(&output));
}

/// The list of sealed files comes with the repository.
#[test]
fn who_put_themselves_into_the_list_gets_nothing() {
    if !memory() {
        return;
    }
    let desk = sealed();
    let (_, stranger) = desk.keygen("stranger.txt");
    let list = desk.text(".harden/sealed.toml");
    let editor = desk.script("editor", "echo A=1 >> \"$1\"");
    let before = desk.bytes(".env.production.age");
    // one more than the file has: the list is not believed, and there is nobody else to ask but harden.toml
    desk.put(".harden/sealed.toml", list.replace("  \"age1", &format!("  \"{stranger}\",\n  \"age1")));
    assert_code(&edit(&desk, &editor, &[".env.production.age"]), 0);
    assert!(!desk.text(".harden/sealed.toml").contains(&stranger));
    assert_code(&desk.harden(&["undo"]), 0);
    // in the place of another
    let swapped = list.replace(&desk.public_key(), &stranger);
    desk.put(".harden/sealed.toml", &swapped);
    let output = edit(&desk, &editor, &[".env.production.age"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("to somebody whom you have not accepted"), "{}", stderr(&output));
    assert_eq!((desk.bytes(".env.production.age"), desk.text(".harden/sealed.toml")), (before, swapped));
}

#[test]
fn what_is_not_sealed_is_not_opened() {
    let desk = Desk::ready();
    desk.put(".env", ENV);
    desk.put("broken.age", ENV);
    for (name, told) in [(".env", "is not sealed"), ("broken.age", "not a sealed file"), ("gone.age", "gone.age")] {
        let output = edit(&desk, "false", &[name]);
        assert_code(&output, 2);
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    assert_eq!(desk.text(".env"), ENV);
}

/// `vim`, as it is installed: it saves, and what it would write elsewhere it does not.
#[test]
fn vim_keeps_nothing_elsewhere() {
    let vim = std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join("vim").is_file());
    if !memory() || !vim {
        println!("skipped: vim is not installed");
        return;
    }
    let desk = sealed();
    let undo = desk.home.join("undo");
    fs::create_dir(&undo).unwrap();
    let rc = format!(
        "set undofile undodir={0} backup backupdir={0} directory={0} viminfo='100\nautocmd VimEnter * %s/kettle-drum-41/whistle-pot-52/ | yank | wq\n",
        undo.display()
    );
    fs::File::create(desk.home.join(".vimrc")).and_then(|mut file| std::io::Write::write_all(&mut file, rc.as_bytes())).unwrap();
    let output = edit(&desk, "vim", &[".env.production.age"]);
    assert_code(&output, 0);
    let opened = desk.opened(".env.production.age");
    assert!(opened.contains("whistle-pot-52"), "{opened}");
    assert_eq!(fs::read_dir(&undo).unwrap().count(), 0);
    assert!(!desk.home.join(".viminfo").exists());
}
