//! Behaviour through the binary, one file for each behaviour and each mistake of a user: `tests/cmd/NAME.toml`, with the files that it
//! starts from in `NAME.in/` and those that must be there afterwards in `NAME.out/`.
//!
//! A new output is written by `TRYCMD=overwrite ./test -- --test it cmd`, and read before it is committed. What such a file cannot set up
//! (permissions, pipes, links, keys) is in `hostile.rs` and `seal.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Programs are looked for here and nowhere else.
const PATH: &str = "/usr/bin:/bin";

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

#[test]
fn every_case_behaves_as_written() {
    let home = tempfile::tempdir().unwrap();
    // nothing in the cases is sealed to this identity: they say what happens with a wrong one
    let made = Command::new(env!("CARGO_BIN_EXE_harden")).arg("keygen").env_clear().env("HOME", home.path()).output().unwrap();
    assert!(made.status.success());
    trycmd::TestCases::new()
        .env("HOME", home.path().to_str().unwrap())
        .env("PATH", PATH)
        .insert_var("[HOME]", home.path().to_str().unwrap().to_owned())
        .unwrap()
        .case("tests/cmd/*.toml");
}

#[test]
fn every_case_is_alone_with_its_files() {
    let mut files = 0;
    for case in cases() {
        if case.is_dir() {
            assert!(case.with_extension("toml").exists(), "{}: a folder without its case", case.display());
            continue;
        }
        let text = fs::read_to_string(&case).unwrap();
        for line in ["env.inherit = false", "fs.sandbox = true"] {
            assert!(text.lines().any(|l| l == line), "{}: `{line}` is missing", case.display());
        }
        for stream in ["stdout", "stderr"] {
            assert!(text.lines().any(|l| l.starts_with(&format!("{stream} = "))), "{}: {stream} is not compared", case.display());
        }
        assert!(text.starts_with("# "), "{}: the first line does not say what it shows", case.display());
        files += 1;
    }
    assert!(files > 100, "only {files} cases were found");
}
