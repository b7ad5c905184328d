//! Tokens that are something inside: JSON, macaroons, numbers with a meaning.

use super::base;
use super::judged::{Checksum, Judged, PLAIN, fits};
use super::kinds::Use;
use crate::model::date::{Date, now};

fn json(part: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    match serde_json::from_slice(&base::base64(part)?).ok()? {
        serde_json::Value::Object(map) => Some(map),
        _ => None,
    }
}

/// Whether `part` is base64 of a JSON object with all `fields`.
pub(super) fn has_fields(part: &str, fields: &[&str]) -> bool {
    json(part).is_some_and(|map| fields.iter().all(|f| map.contains_key(*f)))
}

/// `{o, n, k, m}` behind `glc_`, or `{k, n, id}`: an object of other fields is no key.
pub(super) fn grafana_json(token: &str) -> Option<Judged> {
    let (part, cloud) = token.strip_prefix("glc_").map_or((token, false), |part| (part, true));
    let fields: &[&str] = if cloud { &["o", "n", "k"] } else { &["k", "n", "id"] };
    if has_fields(part, fields) {
        fits(true)
    } else if cloud {
        fits(false)
    } else {
        None
    }
}

/// A macaroon of version 2 for the package index, all of whose packets fit.
pub(super) fn pypi_macaroon(token: &str) -> bool {
    let bytes = token.strip_prefix("pypi-").and_then(base::base64);
    bytes.is_some_and(|bytes| packets(&bytes).is_some())
}

/// Walks over the packets of a macaroon of version 2: type, length, data; sections end with 0; the signature comes last.
fn packets(bytes: &[u8]) -> Option<()> {
    let mut rest = bytes.strip_prefix(&[2])?;
    loop {
        match *rest.first()? {
            0 => rest = rest.get(1..)?,
            kind @ (1 | 2 | 4 | 6) => {
                let (length, data) = length(rest.get(1..)?)?;
                rest = data.get(length..)?;
                if kind == 6 {
                    return (length == 32 && rest.is_empty()).then_some(());
                }
            }
            _ => return None,
        }
    }
}

/// A length of seven bits a byte, lowest first.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (i, b) in bytes.iter().enumerate().take(3) {
        value |= usize::from(b & 0x7F) << (7 * i);
        if b & 0x80 == 0 {
            return Some((value, bytes.get(i + 1..)?));
        }
    }
    None
}

/// `reftkn:01:EXPIRY:RANDOM` in base64; an expiry of 0 is never.
pub(super) fn jfrog_reference(token: &str) -> Option<Judged> {
    let bytes = base::base64(token)?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let mut parts = text.strip_prefix("reftkn:")?.split(':');
    let expiry = parts.nth(1)?.parse::<u64>();
    let Ok(expiry) = expiry else { return fits(false) };
    Some(Judged { checksum: Checksum::Good, usage: None, expired: expiry != 0 && expiry < now() })
}

/// The first part is a number in base64: the account's, whose upper bits are the time it was made.
pub(super) fn discord_snowflake(token: &str) -> Option<Judged> {
    let bytes = base::base64(token.split('.').next()?)?;
    let id: u64 = std::str::from_utf8(&bytes).ok()?.parse().ok()?;
    let made = (id >> 22) / 1000 + 1_420_070_400;
    // 2040: what a token is must not depend on the day
    const LATEST: u64 = 2_208_988_800;
    // the account of the example in Discord's own documentation
    (bytes.len() >= 17 && made < LATEST && id != 198_622_483_471_925_248).then_some(PLAIN)
}

/// A number, `:`, random bytes.
pub(super) fn atlassian_data_center(token: &str) -> Option<Judged> {
    let body = token.strip_prefix("BBDC-").unwrap_or(token);
    let bytes = base::base64(body)?;
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits >= 6 && bytes.get(digits) == Some(&b':')).then_some(Judged { checksum: Checksum::Good, ..PLAIN })
}

/// `user:password` in base64. A password that is a word of documentation is none.
pub(super) fn basic_auth(token: &str) -> Option<Judged> {
    let bytes = base::base64(token)?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_graphic());
    let lower = password.to_ascii_lowercase();
    let shown = ["foo", "bar", "test", "pass", "token"].contains(&lower.as_str())
        || ["password", "passwd", "passw0rd", "secret", "changeme", "example", "your"].iter().any(|w| lower.contains(w));
    (plain(user) && plain(password) && !shown && !password.starts_with(['$', '<', '{'])).then_some(PLAIN)
}

/// The number of the account in an access key id: base 32 from the fifth character on.
pub(super) fn aws_account(id: &str) -> Option<u64> {
    if id.contains("EXAMPLE") {
        return None;
    }
    let bits = id.get(4..14)?.bytes().try_fold(0_u64, |bits, b| {
        let digit = if b.is_ascii_uppercase() { b - b'A' } else { b.checked_sub(b'2')? + 26 };
        Some(bits << 5 | u64::from(digit))
    })?;
    // the first 48 of these 50 bits; one flag, forty bits of the number, seven others
    Some((bits >> 2 & 0x7FFF_FFFF_FF80) >> 7)
}

/// The signature in a query that has the other parts of one; `se` is its end.
pub(super) fn azure_sas(_token: &str, around: &str) -> Option<Judged> {
    let field = |name: &str| {
        let at = [format!("?{name}="), format!("&{name}="), format!(";{name}=")]
            .iter()
            .find_map(|n| around.find(n.as_str()).map(|i| i + n.len()))?;
        around.get(at..)?.split(['&', '"', '\'', ' ']).next()
    };
    let end = field("se");
    field("sv").or_else(|| field("sr"))?;
    end.or_else(|| field("si"))?;
    let expired = end.and_then(|e| e.get(..10)).is_some_and(|day| day < Date::today().to_string().as_str());
    Some(Judged { expired, ..PLAIN })
}

/// A header with an algorithm and a payload (RFC 7519). Example tokens of documentation are none; Supabase's key for browsers is public.
pub(super) fn jwt(token: &str) -> Option<Judged> {
    let mut parts = token.split('.');
    let header = json(parts.next()?)?;
    let payload = json(parts.next()?)?;
    let algorithm = header.get("alg")?.as_str()?;
    let text = |name: &str| payload.get(name).and_then(serde_json::Value::as_str).unwrap_or("");
    let shown = text("sub") == "1234567890"
        || text("name") == "John Doe"
        || ["joe", "https://example.com", "supabase-demo", "example.com", "https://example.com/"].contains(&text("iss"));
    if algorithm.eq_ignore_ascii_case("none") || shown {
        return None;
    }
    let expiry = payload.get("exp").and_then(serde_json::Value::as_f64);
    let expired = expiry.is_some_and(|at| at < now() as f64);
    let public = matches!(text("role"), "anon") && (text("iss").contains("supabase") || payload.contains_key("ref"));
    Some(Judged { checksum: Checksum::None, usage: public.then_some(Use::Public), expired })
}

#[cfg(test)]
mod tests {
    use super::aws_account;

    #[test]
    fn an_access_key_id_names_its_account() {
        assert_eq!(aws_account(concat!("ASIA", "QNZGKIQY56JQ7WML")), Some(29_608_264_753));
        assert_eq!(aws_account(concat!("AKIA", "IOSFODNN7EXAMPLE")), None);
    }
}
