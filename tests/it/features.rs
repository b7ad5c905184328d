//! What the program says where it was built without the feature that a command needs.

#[test]
#[cfg(not(feature = "probe"))]
fn without_probe_the_command_says_how_to_get_it() {
    use crate::harness::{assert_code, command, stderr};

    let folder = tempfile::tempdir().unwrap();
    let output = command(env!("CARGO_BIN_EXE_harden"), folder.path(), folder.path()).arg("probe").output().unwrap();
    assert_code(&output, 2);
    let said = stderr(&output);
    assert!(said.contains("error: this harden is built without the feature `probe`; no server was asked"), "{said}");
    assert!(said.contains("hint: cargo install --locked --path . --features full"), "{said}");
}

#[test]
#[cfg(not(feature = "probe"))]
fn without_probe_nothing_is_changed_that_was_to_be_asked_about() {
    use crate::harness::{assert_code, command, stderr};

    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| command(env!("CARGO_BIN_EXE_harden"), folder.path(), folder.path()).args(args).output().unwrap();
    assert_code(&run(&["init"]), 0);
    let held = || std::fs::read_to_string(folder.path().join("harden.toml")).unwrap();
    let before = held();
    let output = run(&["fix", "--probe", "--include", "review", "--emit", "plain", "--apply", "--allow-dirty"]);
    assert_code(&output, 2);
    assert!(stderr(&output).contains("no server was asked, nothing was changed"), "{}", stderr(&output));
    assert_eq!(held(), before);
}
