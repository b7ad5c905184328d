//! PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)) as it stands in a setting: on lines, with `\n` for line breaks, or in base64
//! once more; read and written again in the same way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::encoded::{Base64, base64_bytes};
use crate::model::secret::Secret;

const BEGIN: &str = "-----BEGIN ";
/// How the base64 of PEM begins.
const WRAPPED: &str = "LS0tLS1CRUdJTi";
/// The longest text that is looked at: a key of 16384 bits takes less.
const LONGEST: usize = 64 * 1024;

/// Everything about a block but what it holds.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) label: String,
    /// What ends a line: a line break, or two letters for one.
    newline: &'static str,
    /// Characters in a line.
    width: usize,
    /// Whether a line break follows the last line.
    ended: bool,
    /// How the whole is encoded once more.
    wrapped: Option<Base64>,
}

impl Frame {
    /// The frame that `text` is, and the bytes in it.
    pub(super) fn read(text: &str) -> Option<(Self, Zeroizing<Vec<u8>>)> {
        let text = text.trim();
        if text.starts_with(WRAPPED) && text.len() <= LONGEST {
            let bytes = base64_bytes(text)?;
            let inner = std::str::from_utf8(&bytes).ok()?;
            let (frame, der) = Self::bare(inner)?;
            return Some((Self { wrapped: Some(Base64::of(text, false)), ..frame }, der));
        }
        Self::bare(text)
    }

    fn bare(text: &str) -> Option<(Self, Zeroizing<Vec<u8>>)> {
        let (label, rest) = text.strip_prefix(BEGIN).filter(|_| text.len() <= LONGEST)?.split_once("-----")?;
        let newline = ["\\n", "\r\n", "\n"].into_iter().find(|newline| rest.starts_with(newline))?;
        let (body, end) = rest.split_once("-----END ")?;
        let after = end.strip_prefix(label)?.strip_prefix("-----")?;
        let lines: Vec<&str> = body.split(newline).map(str::trim).filter(|line| !line.is_empty()).collect();
        let (first, further) = lines.split_first()?;
        let width = if further.is_empty() { first.len().max(64) } else { first.len() };
        let mut letters = Zeroizing::new(String::with_capacity(body.len()));
        lines.iter().for_each(|line| letters.push_str(line));
        let der = STANDARD.decode(letters.as_bytes()).ok().map(Zeroizing::new)?;
        let frame = Self { label: label.to_owned(), newline, width, ended: after == newline, wrapped: None };
        (after.is_empty() || frame.ended).then_some((frame, der))
    }

    /// The same frame around other bytes.
    pub(super) fn around(&self, der: &[u8]) -> Secret {
        let letters = Zeroizing::new(STANDARD.encode(der));
        let mut pieces = vec![BEGIN, &self.label, "-----", self.newline];
        let mut rest = letters.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(self.width.max(1).min(rest.len()));
            pieces.extend([line, self.newline]);
            rest = after;
        }
        pieces.extend(["-----END ", &self.label, "-----"]);
        if self.ended {
            pieces.push(self.newline);
        }
        let text = Secret::concat(&pieces);
        match self.wrapped {
            Some(form) => form.encode(text.expose().as_bytes()),
            None => text,
        }
    }
}

/// Whether a value begins as PEM does, or the base64 of it.
#[must_use]
pub fn is_framed(value: &Secret) -> bool {
    [BEGIN, WRAPPED].iter().any(|mark| value.expose().trim_start().starts_with(mark))
}

/// Every block in `text` that is not encoded once more: its start, and what it holds.
pub(super) fn frames(text: &str) -> impl Iterator<Item = (usize, Frame, Zeroizing<Vec<u8>>)> {
    text.match_indices(BEGIN).filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let close = rest.find("-----END ")? + "-----END ".len();
        let end = close + rest.get(close..)?.find("-----")? + "-----".len();
        let (frame, der) = Frame::bare(rest.get(..end)?)?;
        Some((at, frame, der))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{Frame, frames};

    const KEY: &str = concat!(
        "-----BEGIN ",
        "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIOn6BME9+IUyDM2u7H50T0vCPWyOnX593k9LCAC0LfRG\n-----END PRIVATE KEY-----\n"
    );

    #[test]
    fn a_frame_is_written_as_it_was_read() {
        use base64::Engine;
        let crlf = KEY.replace('\n', "\r\n");
        let escaped = KEY.trim_end().replace('\n', "\\n");
        let wrapped = base64::engine::general_purpose::STANDARD.encode(KEY);
        for text in [KEY.trim_end(), &crlf, &escaped, &wrapped] {
            let (frame, der) = Frame::read(text).unwrap();
            assert_eq!((frame.label.as_str(), der.len()), ("PRIVATE KEY", 48));
            assert_eq!(frame.around(&der).expose(), text.trim());
        }
        let long = [7; 200];
        let (frame, _) = Frame::read(KEY).unwrap();
        assert!(frame.around(&long).expose().lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn blocks_are_found_in_a_text() {
        let text = format!("a\n{KEY}b\n{KEY}");
        assert_eq!(frames(&text).map(|(at, ..)| at).collect::<Vec<_>>(), [2, 4 + KEY.len()]);
        for none in ["", "-----BEGIN X-----", "-----BEGIN X-----\n\n-----END X-----", "-----BEGIN X-----\n!\n-----END X-----"] {
            assert!(Frame::read(none).is_none() && frames(none).next().is_none(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_at_without_panic(text in any::<String>(), body in "[A-Za-z0-9+/=\\\\n\n\r-]{0,80}") {
            let _ = Frame::read(&text);
            let near = format!("-----BEGIN X-----{body}-----END X-----{text}");
            prop_assert!(frames(&near).count() <= 3);
            if let Some((frame, der)) = Frame::read(&near) {
                let again = frame.around(&der);
                prop_assert_eq!(&*Frame::read(again.expose()).unwrap().1, &*der);
            }
        }
    }
}
