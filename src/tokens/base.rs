//! Numbers and bytes in the alphabets that tokens use.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
static URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The bytes of base64 in either alphabet (RFC 4648 sections 4 and 5), padded or not.
pub(super) fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).ok().map(Zeroizing::new)
}

/// `number` in digits, then capitals, then small letters, at least `width` of them.
pub(super) fn base62(number: u32, width: usize) -> String {
    in_alphabet(number, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", width)
}

/// `number` in digits, then small letters, at least `width` of them.
pub(super) fn base36(number: u32, width: usize) -> String {
    in_alphabet(number, b"0123456789abcdefghijklmnopqrstuvwxyz", width)
}

fn in_alphabet(mut number: u32, alphabet: &[u8], width: usize) -> String {
    let radix = u32::try_from(alphabet.len()).unwrap_or(1).max(2);
    let mut digits = Vec::new();
    while number > 0 || digits.len() < width {
        digits.push(alphabet.get((number % radix) as usize).copied().map_or('0', char::from));
        number /= radix;
    }
    digits.iter().rev().collect()
}

/// How many bytes a number in base 58 (Bitcoin's alphabet) takes; `None` for other text.
pub(super) fn base58_bytes(text: &str) -> Option<usize> {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes: Vec<u8> = Vec::new();
    for c in text.bytes() {
        let mut carry = u32::try_from(ALPHABET.iter().position(|a| *a == c)?).ok()?;
        for b in &mut bytes {
            carry += u32::from(*b) * 58;
            *b = (carry & 0xFF) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xFF) as u8);
            carry >>= 8;
        }
    }
    Some(bytes.len() + text.bytes().take_while(|c| *c == b'1').count())
}

#[cfg(test)]
mod tests {
    use super::{base36, base58_bytes, base62};

    #[test]
    fn numbers_in_other_alphabets() {
        assert_eq!(base62(61, 6), "00000z");
        assert_eq!(base36(36, 7), "0000010");
        assert_eq!(base58_bytes("2g"), Some(1), "97 is one byte");
        assert_eq!(base58_bytes("0"), None);
    }
}
