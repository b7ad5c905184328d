//! What an unquoted YAML scalar is to the reader that sops uses ([go-yaml v3](https://pkg.go.dev/gopkg.in/yaml.v3)), and how sops writes
//! that in its hash: `007` is the number 7.

use super::cipher::Kind;
use crate::model::date::Date;

/// A plain scalar, read.
#[derive(Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Text,
    /// Anything else: what it is, and its text in the hash.
    Other(Kind, String),
    /// Not settled here: sops would refuse it, or read it in a way that is not known for sure.
    Unknown(&'static str),
}

/// Reads `text`, which stands without quotes and without a tag.
pub(super) fn plain(text: &str) -> Plain {
    let other = |kind, text: &str| Plain::Other(kind, text.to_owned());
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return other(Kind::Truth, "True"),
        "false" | "False" | "FALSE" => return other(Kind::Truth, "False"),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return other(Kind::Float, "+Inf"),
        "-.inf" | "-.Inf" | "-.INF" => return other(Kind::Float, "-Inf"),
        ".nan" | ".NaN" | ".NAN" => return other(Kind::Float, "NaN"),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Plain::Text;
    }
    if let Some(time) = time(text) {
        return time;
    }
    let bare = text.replace('_', "");
    if let Some(number) = integer(&bare) {
        return match i64::try_from(number) {
            Ok(number) => Plain::Other(Kind::Integer, number.to_string()),
            Err(_) => Plain::Unknown("a number that is too large for sops; put it in quotes"),
        };
    }
    match float(&bare) {
        Some(number) => Plain::Other(Kind::Float, number),
        None => Plain::Text,
    }
}

/// A number as Go's `ParseInt` with base 0 reads it; `None` when it is none, or is beyond 127 bits.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let number = i128::from_str_radix(digits, base).unwrap_or(i128::MAX);
    Some(if negative { -number } else { number })
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, written as Go's shortest form without exponent.
fn float(text: &str) -> Option<String> {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let fits = match fraction {
        None => digits(whole),
        Some(fraction) if whole.is_empty() => digits(fraction),
        Some(fraction) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    let fits = fits && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)));
    let number: f64 = fits.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then(|| number.to_string())
}

/// A date or a time; `None` for other text.
fn time(text: &str) -> Option<Plain> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let month = digits(5);
    let day = digits(6 + month);
    let dashes = bytes.get(4) == Some(&b'-') && bytes.get(5 + month) == Some(&b'-');
    if digits(0) != 4 || !dashes || !(1..=2).contains(&month) || !(1..=2).contains(&day) {
        return None;
    }
    let end = 6 + month + day;
    let number = |from: usize, len: usize| text.get(from..from + len).and_then(|t| t.parse::<u8>().ok()).unwrap_or(0);
    let year = text.get(..4).and_then(|t| t.parse().ok()).unwrap_or(0);
    let date = Date::new(year, number(5, month), number(6 + month, day));
    match (date, text.get(end..).unwrap_or_default()) {
        (None, _) => None,
        (Some(date), "") => Some(Plain::Other(Kind::Time, format!("{date}T00:00:00Z"))),
        (Some(_), rest) if month == 2 && day == 2 && is_utc(rest) => Some(Plain::Other(Kind::Time, text.to_owned())),
        (Some(_), rest) if rest.bytes().all(|b| b.is_ascii_digit() || b":TtZz+-. ".contains(&b)) => {
            Some(Plain::Unknown("a time that sops would write in another form; put it in quotes"))
        }
        _ => None,
    }
}

/// `T23:59:59Z`
fn is_utc(rest: &str) -> bool {
    let form = rest.len() == 10 && rest.bytes().zip(*b"T00:00:00Z").all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f });
    let most = |at: usize, most: u8| rest.get(at..at + 2).and_then(|t| t.parse::<u8>().ok()).is_some_and(|n| n <= most);
    form && most(1, 23) && most(4, 59) && most(7, 59)
}

#[cfg(test)]
mod tests {
    use super::{Kind, Plain, plain};

    #[test]
    fn scalars_are_what_go_yaml_takes_them_for() {
        for (text, kind, written) in [
            ("5432", Kind::Integer, "5432"),
            ("007", Kind::Integer, "7"),
            ("0x1F", Kind::Integer, "31"),
            ("0o17", Kind::Integer, "15"),
            ("0b11", Kind::Integer, "3"),
            ("1_000", Kind::Integer, "1000"),
            ("-5", Kind::Integer, "-5"),
            ("+5", Kind::Integer, "5"),
            ("08", Kind::Float, "8"),
            ("1.10", Kind::Float, "1.1"),
            ("1e3", Kind::Float, "1000"),
            ("1e-7", Kind::Float, "0.0000001"),
            (".5", Kind::Float, "0.5"),
            ("1.", Kind::Float, "1"),
            ("True", Kind::Truth, "True"),
            ("false", Kind::Truth, "False"),
            ("2024-01-01", Kind::Time, "2024-01-01T00:00:00Z"),
            ("2024-1-2", Kind::Time, "2024-01-02T00:00:00Z"),
            ("2024-01-01T10:20:30Z", Kind::Time, "2024-01-01T10:20:30Z"),
        ] {
            assert_eq!(plain(text), Plain::Other(kind, written.to_owned()), "{text}");
        }
        for text in ["yes", "on", "n", "1.2.3", "12:30", "2024-13-01", "2024-01", "0xZZ", "-", "1-2", "2024-01-01-backup", "tru", "+x"] {
            assert_eq!(plain(text), Plain::Text, "{text}");
        }
        assert!(matches!(plain("18446744073709551615"), Plain::Unknown(_)));
        assert!(matches!(plain("2024-01-01 10:20:30"), Plain::Unknown(_)));
        assert!(["", "~", "null"].iter().all(|text| plain(text) == Plain::Null));
    }
}
