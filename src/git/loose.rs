//! Loose objects, read without starting a process: what was just staged lies there (gitrepository-layout(5), "objects"; RFC 1950, RFC 1951).
//!
//! Only the plain case is served; for anything else `git cat-file` is asked, so nothing here has to be complete.

use std::path::Path;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use zeroize::Zeroizing;

use super::id::{Id, Object};
use crate::disk::read::{Links, read_raw};

/// `blob`, a blank, a length, NUL.
const HEAD: usize = 32;

/// The blob `id` below the folder `objects`, of at most `limit` bytes; `None` where it does not lie there by itself, or is in any way odd.
pub(super) fn blob(objects: &Path, id: &Id, limit: u64) -> Option<Object> {
    let name = id.to_string();
    let (folder, file) = name.split_at_checked(2)?;
    // what cannot be compressed is a little larger
    let raw = read_raw(&objects.join(folder).join(file), Links::Refuse, limit.saturating_mul(2)).ok()??;
    inflate(&raw.bytes, limit)
}

fn inflate(raw: &[u8], limit: u64) -> Option<Object> {
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut head = Zeroizing::new([0; HEAD]);
    let (_, _, n) = decompress(&mut DecompressorOxide::new(), raw, &mut head[..], 0, flags);
    let head = head.get(..n)?;
    let end = head.iter().position(|b| *b == 0)?;
    let size: u64 = std::str::from_utf8(head.get(..end)?.strip_prefix(b"blob ")?).ok()?.parse().ok()?;
    if size > limit {
        return Some(Object::TooLarge);
    }
    let size = usize::try_from(size).ok()?;
    // once more from the start, into a buffer that need not grow
    let mut all = Zeroizing::new(vec![0; end + 1 + size]);
    let (status, _, n) = decompress(&mut DecompressorOxide::new(), raw, &mut all, 0, flags);
    if status != TINFLStatus::Done || n != all.len() {
        return None;
    }
    all.copy_within(end + 1.., 0);
    all.truncate(size);
    Some(Object::Bytes(all))
}

#[cfg(test)]
mod tests {
    use miniz_oxide::deflate::compress_to_vec_zlib;
    use proptest::prelude::{any, prop, proptest};
    use proptest::prop_assert_eq;

    use super::inflate;
    use crate::git::id::Object;

    fn read(text: &[u8], limit: u64) -> Option<Vec<u8>> {
        match inflate(&compress_to_vec_zlib(text, 1), limit)? {
            Object::Bytes(bytes) => Some(bytes.to_vec()),
            Object::TooLarge => Some(b"too large".to_vec()),
            Object::Missing => None,
        }
    }

    #[test]
    fn blobs_and_nothing_else() {
        assert_eq!(read(b"blob 0\0", 10).as_deref(), Some(&b""[..]));
        assert_eq!(read(b"blob 11\0hello world", 10).as_deref(), Some(&b"too large"[..]));
        for odd in [&b"tree 3\0abc"[..], b"blob 4\0abc", b"blob 2\0abc", b"blob x\0abc", b"blob 3", b"", b"blob 99999999999999999999\0"] {
            assert_eq!(read(odd, 10), None, "{odd:?}");
        }
    }

    proptest! {
        #[test]
        fn what_went_in_comes_out(bytes in prop::collection::vec(any::<u8>(), 0..5000), cut in 0_usize..5000) {
            let whole = [format!("blob {}\0", bytes.len()).as_bytes(), &bytes].concat();
            let out = read(&whole, 5000);
            prop_assert_eq!(out.as_deref(), Some(&bytes[..]));
            let packed = compress_to_vec_zlib(&whole, 6);
            // cut short or not packed at all: never a panic, never something else
            if let Some(part) = packed.get(..cut.min(packed.len() - 1)) {
                prop_assert_eq!(inflate(part, 5000).is_none(), true);
            }
            let _ = inflate(&bytes, 5000);
        }
    }
}
