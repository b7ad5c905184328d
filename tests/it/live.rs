//! What tools that are not ours say: age and sops open the sealed files of `fix`, parsers of Python read them; openssl, ssh-keygen,
//! puttygen, gpg, age-keygen and minisign make keys; PyJWT, argon2-cffi, bcrypt and cryptography judge what is computed from new secrets;
//! puttygen, gpg, age-keygen and minisign make keys; docker-compose and interpreters read what refers to variables;
//! schemas and parsers judge the machine formats. `./test --live` runs it.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

#[test]
fn sealed_copies_open_with_age_and_differ_in_exactly_the_planned_values() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python)
        .arg(root.join("tests/live/check_sealed.py"))
        .args([env!("CARGO_BIN_EXE_harden").as_ref(), root.join("fixtures/projects").as_os_str()])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains(" 0 faults"), "{said}");
}

#[test]
fn patched_projects_are_what_the_plan_says_to_others_too() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
        .arg(root.join("tests/live/check_projects.py"))
        .args([env!("CARGO_BIN_EXE_harden").as_ref(), root.join("fixtures/projects").as_os_str()])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(", 0 faults"), "{said}");
}

#[test]
fn sops_files_are_read_by_sops_and_those_of_sops_by_harden() {
    let Some(sops) = std::env::var_os("HARDEN_TEST_SOPS") else {
        println!("left out: `./test --live` runs it");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
        .arg(root.join("tests/live/check_sops.py"))
        .args([env!("CARGO_BIN_EXE_harden").as_ref(), sops.as_os_str(), root.join("fixtures/projects").as_os_str()])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" 0 faults"), "{said}");
}

#[test]
fn what_is_computed_from_a_secret_is_what_other_programs_compute() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/check_derived.py");
    let python = std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).arg(script).arg(env!("CARGO_BIN_EXE_harden")).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" checks, 0 faults"), "{said}");
}

#[test]
fn what_refers_to_variables_reads_as_before_to_compose_and_interpreters() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into()))
        .arg(root.join("tests/live/check_lift.py"))
        .args([env!("CARGO_BIN_EXE_harden").as_ref(), root.join("fixtures/projects").as_os_str()])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" checks, 0 faults"), "{said}");
}

#[test]
fn machine_formats_are_what_their_readers_take() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let projects = std::fs::read_dir(root.join("fixtures/projects")).unwrap().map(|entry| entry.unwrap().path());
    let output = Command::new(std::env::var_os("HARDEN_TEST_PYTHON").unwrap())
        .arg(root.join("tests/live/check_formats.py"))
        .arg(env!("CARGO_BIN_EXE_harden"))
        .arg(std::env::var_os("HARDEN_TEST_SARIF").unwrap())
        .args(projects)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(" in every format, 0 faults"), "{said}");
    assert!(!said.starts_with("0 findings"), "{said}");
}

/// What `tests/live/faults.py` says, which must end with 0.
fn faults(args: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/faults.py");
    let python = std::env::var_os("HARDEN_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).arg(script).arg(env!("CARGO_BIN_EXE_harden")).args(args).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains(", 0 bad"), "{said}");
    said
}

#[test]
fn killed_or_failing_at_system_calls_it_leaves_all_old_or_all_new() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    // every 21st; all of them by hand, `tests/live/faults.py target/debug/harden faults`
    println!("{}{}", faults(&["faults", "--every", "21"]), faults(&["order"]));
}

#[test]
fn what_an_editor_saves_meanwhile_is_never_lost() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    println!("{}", faults(&["editors", "--rounds", "200"]));
}

/// A new file in `folder`.
fn put(folder: &Path, name: &str, text: &str) {
    File::create_new(folder.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Runs a line in `folder`: a tool and its arguments, where `''` is an empty one.
fn run(folder: &Path, line: &str) {
    let mut words = line.split_whitespace().map(|word| if word == "''" { "" } else { word });
    let tool = words.next().unwrap();
    let output = Command::new(tool).current_dir(folder).env("GNUPGHOME", folder).args(words).output();
    let output = output.unwrap_or_else(|e| panic!("{tool}: {e}; `./test --live` installs it"));
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The lines that make `key.pem`, and what the finding has to say of it.
const MADE: &[(&[&str], &str)] = &[
    (&["openssl genrsa -out key.pem 1024"], "an RSA key of 1024 bits"),
    (&["openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out key.pem"], "an RSA key of 3072 bits"),
    (&["openssl genpkey -algorithm RSA -aes256 -pass pass:kettle -out key.pem"], "a private key under a passphrase"),
    (&["openssl genpkey -algorithm ed25519 -out key.pem"], "an Ed25519 key of 256 bits"),
    (&["openssl ecparam -name secp384r1 -genkey -noout -out key.pem"], "an elliptic curve key of 384 bits"),
    (&["openssl dsaparam -out d 1024", "openssl gendsa -out key.pem d"], "a DSA key of 1024 bits"),
    (&["openssl dhparam -out key.pem 512"], "a Diffie-Hellman group of 512 bits"),
    (
        &["openssl req -x509 -newkey rsa:1024 -nodes -keyout k -subj /CN=kettle.example -days 9 -out key.pem"],
        "an RSA certificate of 1024 bits",
    ),
    (&["ssh-keygen -q -t rsa -b 2048 -N '' -C kettle -f key.pem"], "an RSA key of 2048 bits"),
    (&["ssh-keygen -q -t ecdsa -b 521 -N '' -C kettle -f key.pem"], "an elliptic curve key of 521 bits"),
    (&["ssh-keygen -q -t ed25519 -N kettle-drum -C kettle -f key.pem"], "an Ed25519 key of 256 bits under a passphrase"),
    (
        &["puttygen -q -t rsa -b 2048 -C kettle --new-passphrase none -O private -o key.pem --random-device /dev/urandom"],
        "an RSA key of 2048 bits",
    ),
    (
        &["puttygen -q -t ed25519 -C kettle --new-passphrase phrase -O private -o key.pem --random-device /dev/urandom"],
        "an Ed25519 key of 256 bits under a passphrase",
    ),
    (&["age-keygen -o key.pem"], "an X25519 key of 256 bits"),
    (&["minisign -G -W -p public -s key.pem"], "an Ed25519 key of 256 bits"),
    (
        &[
            "gpg --batch --pinentry-mode loopback --passphrase '' --quick-generate-key kettle rsa2048 default never",
            "gpg --batch --armor --output key.pem --export-secret-keys kettle",
            "gpgconf --kill gpg-agent",
        ],
        "an RSA key of 2048 bits",
    ),
    (
        &[
            "gpg --batch --pinentry-mode loopback --passphrase drum --quick-generate-key kettle ed25519 default never",
            "gpg --batch --pinentry-mode loopback --passphrase drum --armor --output key.pem --export-secret-keys kettle",
            "gpgconf --kill gpg-agent",
        ],
        "an Ed25519 key of 256 bits under a passphrase",
    ),
];

#[test]
fn keys_are_what_the_tools_made() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    for (lines, phrase) in MADE {
        let desk = tempfile::tempdir().unwrap();
        put(desk.path(), "none", "");
        put(desk.path(), "phrase", "kettle-drum");
        lines.iter().for_each(|line| run(desk.path(), line));
        let text = std::fs::read_to_string(desk.path().join("key.pem")).unwrap();
        let secret = text.lines().rfind(|line| line.len() >= 40).unwrap();
        let wrapped = {
            use base64::Engine;
            format!("KEY_B64={}\n", base64::engine::general_purpose::STANDARD.encode(&text))
        };
        put(desk.path(), ".env", &wrapped);
        let files: &[&str] = if text.starts_with("-----BEGIN") { &["key.pem", ".env"] } else { &["key.pem"] };
        for file in files {
            let output = Command::new(env!("CARGO_BIN_EXE_harden"))
                .current_dir(desk.path())
                .args(["scan", "--format", "jsonl", file])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!([" ", ")"].iter().any(|end| said.contains(&format!("{phrase}{end}"))), "{lines:?} in {file}: {said}");
            assert!(!said.contains(secret), "the key itself is shown: {lines:?}");
        }
    }
}
