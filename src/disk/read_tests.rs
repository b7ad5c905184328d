//! Reading: limits, sniffing, links, pipes, UTF-16.

use std::fs::File;
use std::io::{Cursor, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

use super::{Content, Links, Outcome, Skip, Spare, give_back, read, read_into, read_raw, read_stream, sha256};

fn put(path: &Path, bytes: &[u8]) {
    File::create(path).and_then(|mut f| f.write_all(bytes)).expect("test file");
}

fn content(path: &Path) -> Content {
    match read(path, Links::Refuse, 1 << 20).expect("readable") {
        Outcome::Content(content, _) => content,
        Outcome::Skipped(why) => panic!("skipped: {why:?}"),
    }
}

fn skipped(path: &Path, links: Links, limit: u64) -> Option<Skip> {
    match read(path, links, limit).expect("no error") {
        Outcome::Content(..) => None,
        Outcome::Skipped(why) => Some(why),
    }
}

#[test]
fn a_file_is_read_once_into_an_exact_buffer_with_its_stamp() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("a.env");
    put(&path, b"A=1\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("mode");
    let Outcome::Content(content, stamp) = read(&path, Links::Refuse, 4).expect("readable") else { panic!("skipped") };
    assert_eq!(content.bytes.as_slice(), b"A=1\n");
    assert_eq!(content.bytes.capacity(), 4);
    assert_eq!((stamp.len, stamp.mode, stamp.nlink), (4, 0o640, 1));
    assert!(!content.utf16);
}

#[test]
fn the_limit_is_inclusive() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("a");
    put(&path, b"12345");
    assert_eq!(skipped(&path, Links::Refuse, 5), None);
    assert_eq!(skipped(&path, Links::Refuse, 4), Some(Skip::TooLarge));
    assert_eq!(read_raw(&path, Links::Refuse, 4).expect("no error"), None);
}

#[test]
fn nul_in_the_first_8_kib_is_binary_and_later_is_not() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("a");
    let mut bytes = vec![b'x'; 20_000];
    bytes[8191] = 0;
    put(&path, &bytes);
    assert_eq!(skipped(&path, Links::Refuse, 1 << 20), Some(Skip::Binary));
    assert_eq!(read_raw(&path, Links::Refuse, 1 << 20).expect("raw").map(|raw| raw.bytes.len()), Some(20_000));
    bytes[8191] = b'x';
    bytes[8192] = 0;
    put(&path, &bytes);
    assert_eq!(content(&path).bytes.as_slice(), bytes);
}

#[test]
fn links_pipes_and_folders_are_special_and_do_not_hang() {
    let dir = tempfile::tempdir().expect("dir");
    let file = dir.path().join("file");
    put(&file, b"x");
    let link = dir.path().join("link");
    symlink(&file, &link).expect("link");
    assert_eq!(skipped(&link, Links::Refuse, 10), Some(Skip::Special));
    assert_eq!(skipped(&link, Links::Follow, 10), None);
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("fifo");
    assert_eq!(skipped(&fifo, Links::Follow, 10), Some(Skip::Special));
    assert_eq!(skipped(dir.path(), Links::Refuse, 10), Some(Skip::Special));
}

#[test]
fn an_error_names_the_path_and_the_reason() {
    let error = read(Path::new("no/such/file.env"), Links::Refuse, 10).expect_err("there is none");
    assert_eq!(error.to_string(), "cannot read `no/such/file.env`: no such file or directory");
}

#[test]
fn utf16_of_both_orders_becomes_utf8() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("a");
    let text = "PASSWORT=grün𐍈\r\n";
    for (mark, order) in [([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xFE, 0xFF], u16::to_be_bytes)] {
        let mut bytes = mark.to_vec();
        bytes.extend(text.encode_utf16().flat_map(order));
        put(&path, &bytes);
        let read = content(&path);
        assert!(read.utf16);
        assert_eq!(std::str::from_utf8(&read.bytes), Ok(text));
    }
    put(&path, &[0xFF, 0xFE, 0, 0, b'a', 0, 0, 0]);
    assert_eq!(skipped(&path, Links::Refuse, 100), Some(Skip::Binary), "UTF-32");
    put(&path, &[0xFF, 0xFE, b'a', 0, 0x00, 0xD8, b'x']);
    assert_eq!(content(&path).bytes.as_slice(), "a\u{FFFD}\u{FFFD}".as_bytes(), "lone surrogate, odd byte");
}

#[test]
fn memory_that_is_read_into_again_shows_nothing_of_what_it_held() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("a");
    let mut spare = Spare::default();
    for text in [&b"a long text that fills the memory"[..], b"short", b"", b"longer than it was before, by some bytes more"] {
        put(&path, text);
        let Ok(Outcome::Content(content, _)) = read_into(&mut spare, &path, Links::Refuse, 100) else { panic!("it is there") };
        assert_eq!(content.bytes.as_slice(), text);
        give_back(&mut spare, content.bytes);
    }
    assert!(spare.capacity() >= 45);
    give_back(&mut spare, Spare::new(vec![1; 2 * 1024 * 1024]));
    assert!(spare.capacity() < 1024, "a large file's is not kept");
}

#[test]
fn digests_are_sha256() {
    let hex: String = sha256(b"abc").iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_stream_gives_the_same_bytes_as_it_holds(size in 0_usize..40_000, limit in 0_u64..40_000, seed in any::<u8>()) {
        let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8 ^ seed).map(|b| b.max(1)).map(|b| if b >= 0xFE { 1 } else { b }).collect();
        let got = read_stream(&mut Cursor::new(&bytes), limit).expect("memory");
        if size as u64 > limit {
            prop_assert_eq!(got.err(), Some(Skip::TooLarge));
        } else {
            prop_assert_eq!(got.map(|c| c.bytes.to_vec()).ok(), Some(bytes));
        }
    }
}
