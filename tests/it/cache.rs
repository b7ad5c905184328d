//! What an earlier scan found clean is not judged again, and nothing that changed is missed for that.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::desk::Desk;
use super::harness::{assert_code, stderr, stdout};
use super::repository::Repository;

/// Files enough to be remembered.
const FILES: usize = 230;

/// A project that is large enough.
fn large() -> Desk {
    let desk = Desk::new();
    for n in 0..FILES {
        desk.put(&format!("src/m{n}.py"), format!("def f{n}(x):\n    return x + {n}\n"));
    }
    desk.put("app.env", "PORT=8080\n");
    desk.put("old.env", "DB_PASSWORD=hunter2\n");
    desk
}

/// What a scan with `args` tells, as JSON.
fn scan(desk: &Desk, args: &[&str]) -> Value {
    read(&desk.harden(&[&["scan", "--format", "json"], args].concat()))
}

/// The files of the cache.
fn kept(desk: &Desk) -> Vec<PathBuf> {
    let entries = fs::read_dir(desk.home.join(".cache/harden/clean")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

fn read(output: &Output) -> Value {
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn recalled(report: &Value) -> u64 {
    report["totals"]["recalled"].as_u64().unwrap()
}

/// The places of all findings, and all that was counted but what was remembered.
fn told(report: &Value) -> (Vec<String>, Value) {
    let findings = report["findings"].as_array().unwrap();
    let mut totals = report["totals"].clone();
    totals.as_object_mut().unwrap().remove("recalled");
    (findings.iter().map(|f| format!("{}:{} {} {}", f["file"], f["line"], f["rule"], f["fingerprint"])).collect(), totals)
}

/// How many of the files are clean.
const CLEAN: u64 = FILES as u64 + 1;

#[test]
fn a_second_scan_tells_the_same_and_judges_what_changed() {
    let desk = large();
    let first = scan(&desk, &[]);
    assert_eq!((recalled(&first), told(&first).0.len()), (0, 1));
    let second = scan(&desk, &[]);
    assert_eq!((recalled(&second), told(&second)), (CLEAN, told(&first)));
    let human = stdout(&desk.harden(&["scan"]));
    assert!(human.contains(&format!("; {CLEAN} clean as in an earlier scan")), "{human}");
    // what was clean
    desk.put("src/m7.py", "DB_PASSWORD = 'hunter2'\n");
    desk.put("app.env", "PORT=8080\nDB_PASSWORD=changeme\n");
    let third = scan(&desk, &[]);
    assert_eq!((recalled(&third), told(&third).0.len()), (CLEAN - 2, 3));
    // and clean again
    desk.put("app.env", "PORT=8081\n");
    assert_eq!(told(&scan(&desk, &[])).0.len(), 2);
    fs::remove_file(desk.project.join("old.env")).unwrap();
    let last = scan(&desk, &[]);
    assert_eq!((recalled(&last), told(&last).0.len()), (CLEAN - 1, 1));
}

/// The same length and the same time of modification: git would see it, too.
#[test]
fn a_change_that_hides_is_seen() {
    let desk = large();
    let path = desk.project.join("app.env");
    let long_ago = SystemTime::now() - Duration::from_secs(1_000_000);
    let age = || File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    desk.put("app.env", "SOMETHING=nothing1\n");
    age();
    // long enough for the state of the files to count
    std::thread::sleep(Duration::from_secs(5));
    scan(&desk, &[]);
    assert_eq!(recalled(&scan(&desk, &[])), CLEAN);
    desk.put("app.env", "DB_PASSWORD=hunter\n");
    age();
    let report = scan(&desk, &[]);
    assert_eq!((recalled(&report), told(&report).0.len()), (CLEAN - 1, 2));
    // another file in its place
    desk.put("other", "DB_PASSWORD=secret\n");
    fs::rename(desk.project.join("other"), desk.project.join("src/m1.py")).unwrap();
    File::options().write(true).open(desk.project.join("src/m1.py")).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(told(&scan(&desk, &["--profile", "strict"])).0.len(), told(&scan(&desk, &["--no-cache", "--profile", "strict"])).0.len());
    assert_eq!(recalled(&scan(&desk, &[])), CLEAN - 2);
}

#[test]
fn whoever_judges_otherwise_judges_anew() {
    let desk = large();
    let warm = || {
        scan(&desk, &[]);
        assert_eq!(recalled(&scan(&desk, &[])), CLEAN);
    };
    warm();
    assert_eq!(recalled(&scan(&desk, &["--profile", "strict"])), 0);
    assert_eq!(recalled(&scan(&desk, &["--no-config"])), 0);
    warm();
    desk.put("harden.toml", "fail-on = \"high\"\n");
    assert_eq!(recalled(&scan(&desk, &[])), 0, "harden.toml");
    fs::remove_file(desk.project.join("harden.toml")).unwrap();
    warm();
    let rule = "schema = 1\n[[override]]\nid = \"default-credential\"\nenabled = true\nseverity = \"low\"\nreason = \"x\"\n";
    desk.put(".harden/rules/own.toml", rule);
    assert_eq!(recalled(&scan(&desk, &[])), 0, "rules");
    desk.put(".harden/rules/own.toml", rule.replace("low", "high"));
    assert_eq!(recalled(&scan(&desk, &[])), 0, "other rules");
    fs::remove_dir_all(desk.project.join(".harden")).unwrap();
    warm();
    // a file that speaks for another deployment, under another name
    fs::rename(desk.project.join("src/m3.py"), desk.project.join("src/m3.test.py")).unwrap();
    assert_eq!(recalled(&scan(&desk, &[])), CLEAN - 1);
    // another part of the tree is another scan, and does not make this one forget
    scan(&desk, &["src"]);
    assert_eq!((recalled(&scan(&desk, &[])), recalled(&scan(&desk, &["src"]))), (CLEAN, CLEAN - 1));
}

#[test]
fn without_the_cache_nothing_is_remembered() {
    let desk = large();
    scan(&desk, &["--no-cache"]);
    assert_eq!(kept(&desk), Vec::<PathBuf>::new());
    scan(&desk, &[]);
    assert_eq!((kept(&desk).len(), recalled(&scan(&desk, &["--no-cache"]))), (1, 0));
    let few = large();
    fs::remove_dir_all(few.project.join("src")).unwrap();
    scan(&few, &[]);
    assert_eq!(kept(&few), Vec::<PathBuf>::new(), "few files take no time");
    // where there is no home, and where nothing can be written
    let output = few.program().arg("scan").env_remove("HOME").output().unwrap();
    assert_code(&output, 1);
    let desk = large();
    put(&desk.home.join(".cache"), b"a file");
    assert_eq!(told(&scan(&desk, &[])), told(&scan(&desk, &["--no-cache"])));
}

#[test]
fn what_is_kept_is_no_text_and_is_not_believed_when_it_is_damaged() {
    let desk = large();
    scan(&desk, &[]);
    let kept = kept(&desk);
    let [file] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = fs::read(file).unwrap();
    assert_eq!(bytes.len() as u64, 32 + CLEAN * 40, "a digest, and a record for each");
    for text in ["src/", "hunter2", "PORT", "return", "m7.py"] {
        assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text}");
    }
    for damaged in [&bytes[..bytes.len() - 1], &[&bytes[..100], &[bytes[100] ^ 1], &bytes[101..]].concat(), b"", &[0; 72]] {
        put(file, damaged);
        assert_eq!(recalled(&scan(&desk, &[])), 0);
        assert_eq!(recalled(&scan(&desk, &[])), CLEAN, "and is made anew");
    }
    fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(recalled(&scan(&desk, &[])), 0, "anybody could have written it");
}

/// A repository can have a cache in it, made by somebody who wants something not to be found; and a folder can be everybody's.
#[test]
fn what_somebody_else_remembers_does_not_count() {
    let (desk, other) = (large(), large());
    for one in [&desk, &other] {
        scan(one, &[]);
        assert_eq!(recalled(&scan(one, &[])), CLEAN);
    }
    let cache = |home: &Path| home.join(".cache/harden/clean");
    let [own, foreign] = [&desk, &other].map(|one| kept(one).pop().unwrap());
    assert_ne!(fs::read(&own).unwrap(), fs::read(&foreign).unwrap(), "keyed: nobody can try a guess");
    fs::copy(&foreign, &own).unwrap();
    assert_eq!(recalled(&scan(&desk, &[])), 0);
    assert_eq!(recalled(&scan(&desk, &[])), CLEAN);
    // the same folder with another key
    fs::remove_dir_all(desk.home.join(".local")).unwrap();
    assert_eq!(recalled(&scan(&desk, &[])), 0);
    assert_eq!(recalled(&scan(&desk, &[])), CLEAN);
    // a folder that others may change, and a link to one: not used, and nothing in it is removed
    let old = cache(&desk.home).join("ab".repeat(32));
    put(&old, b"mine");
    File::options().write(true).open(&old).unwrap().set_modified(SystemTime::now() - Duration::from_secs(10_000_000)).unwrap();
    fs::set_permissions(cache(&desk.home), fs::Permissions::from_mode(0o777)).unwrap();
    desk.put("new.py", "x = 1\n");
    assert_eq!(recalled(&scan(&desk, &[])), 0);
    fs::set_permissions(cache(&desk.home), fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(cache(&desk.home), desk.home.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(desk.home.join("elsewhere"), cache(&desk.home)).unwrap();
    assert_eq!(recalled(&scan(&desk, &[])), 0);
    assert!(desk.home.join("elsewhere").join("ab".repeat(32)).exists());
}

/// A root of P-256, good until 2081.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
MIIBiTCCAS+gAwIBAgIUVQl9ggLxtZl0xQKkZstjGjQkUH0wCgYIKoZIzj0EAwIw\n\
GTEXMBUGA1UEAwwOZGIuZXhhbXBsZS5jb20wIBcNMjYxMTMwMTQxMjEyWhgPMjA4\n\
MTA5MDIxNDEyMTJaMBkxFzAVBgNVBAMMDmRiLmV4YW1wbGUuY29tMFkwEwYHKoZI\n\
zj0CAQYIKoZIzj0DAQcDQgAEl93tKx07e6e1v3gZvyQ88dVlW95ObQ8j+gq7KAVb\n\
Wu5Yx5dfRKC5RhbOqD/imWSvFk3VLuCyVJKcbxMYZhb8oqNTMFEwHQYDVR0OBBYE\n\
FCpRFCpZ/4tqB6stb4JzVymIBl5TMB8GA1UdIwQYMBaAFCpRFCpZ/4tqB6stb4Jz\n\
VymIBl5TMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAJoUBC6W\n\
cfXMTGZM89WOuZdI7brVDRjz2JUJhW4uwIxJAiBC6dwtQ+C2eMahjb2fk/Hq/uek\n\
zAmseorhALn1oPi7PQ==\n\
-----END CERTIFICATE-----\n\
";

/// Whatever else a file says is said every time.
#[test]
fn notices_comments_links_and_dates_are_looked_at_again() {
    let desk = large();
    desk.put("broken.json", "{\"a\": \n");
    desk.put("marked.py", "x = 1  # harden:ignore debug-on\n");
    desk.put("k8s/app.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {PORT: \"1\"}\n");
    let in_order = "postgres://app@db.example.com/app?sslmode=verify-full&sslrootcert=/ca.pem";
    desk.put("live.env", format!("API_TOKEN=\nDATABASE_URL={in_order}\n"));
    desk.put("ca.pem", CERTIFICATE);
    let first = scan(&desk, &[]);
    let second = scan(&desk, &[]);
    assert_eq!(recalled(&second), CLEAN, "the five were looked at");
    assert_eq!((told(&first), &first["notices"], &first["grade"]), (told(&second), &second["notices"], &second["grade"]));
    assert!(first["notices"].as_array().unwrap().len() >= 2, "{}", first["notices"]);
}

#[test]
fn in_a_history_only_new_versions_are_read() {
    let r = Repository::new();
    for n in 0..FILES {
        r.put(format!("m{n}.py"), format!("def f{n}(x):\n    return x + {n}\n"));
    }
    r.put("old.env", "DB_PASSWORD=hunter2\n");
    r.commit();
    let scan = |args: &[&str]| {
        let args = [&["scan", "--history", "--format", "json"], args].concat();
        read(&r.harden(&args))
    };
    let first = scan(&[]);
    let second = scan(&[]);
    assert_eq!((recalled(&first), recalled(&second)), (0, FILES as u64));
    assert_eq!((told(&first), &first["findings"]), (told(&second), &second["findings"]));
    // what is not told because it is known is not clean
    let known = read(&r.harden(&["scan", "--new-only", "HEAD", "--format", "json"]));
    let all = read(&r.harden(&["scan", "--format", "json"]));
    assert_eq!((told(&known).0.len(), told(&all).0.len()), (0, 1));
    // a part of the history is known with the whole, and does not make it forget
    r.put("m8.py", "x = 8\n");
    r.commit();
    assert_eq!(recalled(&scan(&["--since", "2020-01-01"])), FILES as u64);
    assert_eq!(recalled(&scan(&[])), FILES as u64 + 1);
    assert_eq!(fs::read_dir(r.home().join(".cache/harden/clean")).unwrap().count(), 2, "one for the history, one for the files");
    r.put("m7.py", "DB_PASSWORD = 'hunter2'\n");
    let commit = r.commit();
    let third = scan(&[]);
    assert_eq!((recalled(&third), third["findings"].as_array().unwrap().len()), (FILES as u64 + 1, 2));
    assert!(third["findings"].as_array().unwrap().iter().any(|f| f["history"]["commit"] == commit.as_str()), "{third}");
    assert_eq!((told(&third), recalled(&scan(&["--no-cache"]))), (told(&scan(&["--no-cache"])), 0));
}

/// Pieces that files are made of.
const PIECES: &[&str] = &[
    "DB_PASSWORD=changeme\n",
    "PORT=80\n",
    "DEBUG=true\n",
    "x = 'hello'\n",
    "password: hunter2\n",
    "services:\n  db:\n    image: postgres:17\n    environment:\n      POSTGRES_PASSWORD: ${DB_PASSWORD}\n",
    "API_KEY=sk39fjw0PkfLqz81qqXpT7\n",
    "const k = 'sk39fjw0PkfLqz81qqXpT7';\n",
    "# harden:ignore default-credential -- known\n",
    "url: postgres://app:hunter2@db.example.com/app\n",
    "DATABASE_URL=postgres://db.example.com/x?sslmode=verify-full&sslrootcert=/c\n",
    "{\"a\": \n",
    "TOKEN=\n",
    "A=${DB_PASSWORD:-x}\n",
    "caf\u{e9}\n",
];

/// Names that decide what a file is, for whom it speaks, and what its neighbours are.
const NAMES: &[&str] = &[
    "a.env",
    ".env",
    ".env.example",
    "compose.yml",
    "app.py",
    "tests/x.py",
    "conf/app.json",
    "conf/app.yaml",
    "README.md",
    "src/m3.py",
    "src/m4.test.py",
    "Dockerfile",
    "symfony.lock",
    "deploy/.env",
    "deploy/compose.yml",
    "dev/a.env",
];

const CONFIGURATIONS: &[&str] = &[
    "fail-on = \"high\"\n",
    "[[environment]]\npath = \"a.env\"\nis = \"development\"\n",
    "[[allow]]\nrule = \"default-credential\"\npath = \"*.env\"\nreason = \"known\"\n",
    "[scan]\nexclude = [\"conf\"]\n",
];

/// Whatever is changed between two scans: what is told is what a scan without the cache tells.
#[test]
fn whatever_changes_nothing_is_told_otherwise() {
    let desk = large();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        // xorshift (Marsaglia, 2003)
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % below as u64).unwrap()
    };
    let mut all_recalled = 0;
    for round in 0..60 {
        for _ in 0..=random(3) {
            let name = NAMES[random(NAMES.len())];
            let path = desk.project.join(name);
            match random(12) {
                0 => _ = fs::remove_file(&path),
                1 => _ = fs::rename(&path, desk.project.join(NAMES[random(NAMES.len())])),
                2 => _ = desk.put("harden.toml", CONFIGURATIONS[random(CONFIGURATIONS.len())]),
                3 => _ = fs::remove_file(desk.project.join("harden.toml")),
                4 => _ = desk.put(".gitignore", ["*.env\n", "src/\n", "\n"][random(3)]),
                5 if round % 4 == 0 => _ = desk.command("git").args(["init", "-q"]).output(),
                _ => _ = desk.put(name, (0..random(4)).map(|_| PIECES[random(PIECES.len())]).collect::<String>()),
            }
        }
        let args = [&[][..], &[], &["--no-ignore"], &["--profile", "strict"], &["--no-config"], &["--strict"]][random(6)];
        let scan = |more: &[&str]| {
            let output = desk.harden(&[&["scan", "--format", "json"], args, more].concat());
            let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("round {round}: {}", stderr(&output)));
            (output.status.code(), stderr(&output), recalled(&report), told(&report), report["notices"].clone(), report["grade"].clone())
        };
        let (warm, cold) = (scan(&[]), scan(&["--no-cache"]));
        all_recalled += warm.2;
        assert_eq!((&warm.0, &warm.1, &warm.3, &warm.4, &warm.5), (&cold.0, &cold.1, &cold.3, &cold.4, &cold.5), "round {round}, {args:?}");
    }
    assert!(all_recalled > 1_000, "{all_recalled}");
}
