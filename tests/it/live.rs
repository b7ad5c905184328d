//! The sealed files of `fix`, judged by tools that are not ours: age opens them, parsers of Python read them. `./test --live` runs it.

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
