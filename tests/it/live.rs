//! What tools that are not ours say: age opens the sealed files of `fix`, parsers of Python read them; openssl and ssh-keygen make keys.
//! `./test --live` runs it.

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

/// Runs `tool` in `folder`; `false` where it is not installed.
fn made(folder: &Path, tool: &str, arguments: &str) -> bool {
    let output = Command::new(tool).current_dir(folder).args(arguments.split(' ').map(|a| if a == "''" { "" } else { a })).output();
    let Ok(output) = output else { return false };
    assert!(output.status.success(), "{tool} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
fn keys_are_what_the_tools_made() {
    if std::env::var_os("HARDEN_TEST_LIVE").is_none_or(|v| v != "1") {
        println!("left out: `./test --live` runs it");
        return;
    }
    for (tool, arguments, phrase) in [
        ("openssl", "genrsa -out key.pem 1024", "an RSA key of 1024 bits"),
        ("openssl", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out key.pem", "an RSA key of 3072 bits"),
        ("openssl", "genpkey -algorithm RSA -aes256 -pass pass:kettle -out key.pem", "a private key under a passphrase"),
        ("openssl", "genpkey -algorithm ed25519 -out key.pem", "an Ed25519 key of 256 bits"),
        ("openssl", "ecparam -name secp384r1 -genkey -noout -out key.pem", "an elliptic curve key of 384 bits"),
        ("ssh-keygen", "-q -t rsa -b 2048 -N '' -C kettle -f key.pem", "an RSA key of 2048 bits"),
        ("ssh-keygen", "-q -t ed25519 -N kettle-drum -C kettle -f key.pem", "an Ed25519 key of 256 bits under a passphrase"),
    ] {
        let desk = tempfile::tempdir().unwrap();
        if !made(desk.path(), tool, arguments) {
            println!("left out: no {tool}");
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_harden"))
            .current_dir(desk.path())
            .args(["scan", "--format", "jsonl", "key.pem"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains(&format!("{phrase} ")), "{tool} {arguments}: {said}");
        let text = std::fs::read_to_string(desk.path().join("key.pem")).unwrap();
        let secret = text.lines().nth(1).unwrap();
        assert!(!said.contains(secret), "the key itself is shown");
    }
}
