//! Just enough of DER (X.690) to tell what a key or certificate is, and to write a SubjectPublicKeyInfo (RFC 5280).
//!
//! A strict reader refuses what is cut short or not quite canonical, and such a block must be counted all the same. So this one gives
//! elements as long as there are any, and nothing beyond.

/// Tags that are asked for.
pub(super) mod tag {
    pub(in crate::keys) const BOOLEAN: u8 = 0x01;
    pub(in crate::keys) const INTEGER: u8 = 0x02;
    pub(in crate::keys) const BIT_STRING: u8 = 0x03;
    pub(in crate::keys) const OCTET_STRING: u8 = 0x04;
    pub(in crate::keys) const NULL: u8 = 0x05;
    pub(in crate::keys) const OID: u8 = 0x06;
    pub(in crate::keys) const SEQUENCE: u8 = 0x30;
    /// Explicit `[0]`.
    pub(in crate::keys) const FIRST: u8 = 0xa0;
    /// Explicit `[1]`.
    pub(in crate::keys) const SECOND: u8 = 0xa1;
    /// Explicit `[3]`.
    pub(in crate::keys) const FOURTH: u8 = 0xa3;
}

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
    /// With tag and length.
    pub(super) raw: &'d [u8],
}

/// Elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct Der<'d>(pub(super) &'d [u8]);

impl<'d> Der<'d> {
    /// The next element, whatever it is; `None` at the end, and where the length says more than there is.
    pub(super) fn any(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            length = 0;
            for _ in 0..first & 0x7f {
                let (&byte, after) = rest.split_first()?;
                length = length.checked_mul(256)?.checked_add(usize::from(byte))?;
                rest = after;
            }
        }
        let (content, after) = rest.split_at_checked(length)?;
        let raw = self.0.get(..self.0.len() - after.len())?;
        self.0 = after;
        Some(Element { tag, content, raw })
    }

    /// The content of the next element, if it has this tag; otherwise it stays where it is.
    pub(super) fn next(&mut self, tag: u8) -> Option<&'d [u8]> {
        let mut ahead = *self;
        let element = ahead.any().filter(|e| e.tag == tag)?;
        *self = ahead;
        Some(element.content)
    }

    /// The inside of the SEQUENCE that comes next.
    pub(super) fn sequence(&mut self) -> Option<Der<'d>> {
        self.next(tag::SEQUENCE).map(Der)
    }

    /// The inside of the SEQUENCE that comes next, as far as there is any: of a key that was cut short the modulus is still there.
    pub(super) fn sequence_or_rest(&mut self) -> Option<Der<'d>> {
        self.sequence().or_else(|| {
            let (&first, rest) = self.0.strip_prefix(&[tag::SEQUENCE])?.split_first()?;
            let length = if first >= 0x80 { usize::from(first & 0x7f) } else { 0 };
            rest.get(length..).map(Der)
        })
    }
}

/// Bits of a positive integer, leading zeros not counted.
pub(super) fn bits(integer: &[u8]) -> u32 {
    let significant = significant(integer);
    let top = significant.first().map_or(0, |b| b.leading_zeros());
    u32::try_from(significant.len() * 8).unwrap_or(u32::MAX).saturating_sub(top)
}

/// The bytes of a positive integer without leading zeros.
pub(super) fn significant(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|b| **b == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// An element made of `parts`.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|p| p.len()).sum();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let bytes = significant(&bytes);
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0x7f));
            out.extend(bytes);
        }
    }
    parts.iter().for_each(|p| out.extend(*p));
    out
}

/// A positive INTEGER.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let bytes = significant(bytes);
    let sign: &[u8] = if bytes.first().is_none_or(|b| *b >= 0x80) { &[0] } else { &[] };
    element(tag::INTEGER, &[sign, bytes])
}
