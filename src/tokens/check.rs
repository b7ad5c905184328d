//! Whether a text of a token's form is one: the checksums and inner structures that providers put into theirs.
//!
//! A checksum that fits is as good as proof. One that does not fit lowers the finding and does not drop it: documentation carries made-up
//! tokens, and a provider may change its ways. Text that lacks the structure that every token of its kind has is none.

use super::base;
use super::crc::crc32;
use super::judged::{Checksum, Judged, PLAIN, fits};
use super::structure;

/// A test: the token, and the text near it; `None` where it is no token after all.
type Check = fn(&str, &str) -> Option<Judged>;

/// The names of all tests, which `rules/data/tokens.toml` may use.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("base62-crc32", |t, _| fits(base62_crc32(t))),
    ("gitlab-routable", |t, _| Some(gitlab_routable(t))),
    ("atlassian-crc32", |t, _| fits(atlassian_crc32(t))),
    ("bitbucket-crc32", |t, _| fits(hex_tail(t).is_some_and(|(head, sum)| crc32(head.as_bytes()) == sum))),
    ("cloudflare-crc32", |t, _| fits(cloudflare_crc32(t))),
    ("grafana-crc32", |t, _| fits(grafana_crc32(t))),
    ("artifactory", |t, _| if base::base58_bytes(t) == Some(54) { Some(PLAIN) } else { fits(false) }),
    ("pypi-macaroon", |t, _| fits(structure::pypi_macaroon(t))),
    ("jfrog-reference", |t, _| structure::jfrog_reference(t)),
    ("sentry-json", |t, _| fits(structure::has_fields(t.trim_start_matches("sntrys_").split('_').next()?, &["iat", "url", "org"]))),
    ("grafana-json", |t, _| structure::grafana_json(t)),
    ("mapbox-json", |t, _| fits(structure::has_fields(t.split('.').nth(1)?, &["u", "a"]))),
    ("discord-snowflake", |t, _| structure::discord_snowflake(t)),
    ("atlassian-data-center", |t, _| structure::atlassian_data_center(t)),
    ("basic-auth", |t, _| structure::basic_auth(t)),
    ("aws-account", |t, _| if structure::aws_account(t)? < 1_000_000_000_000 { Some(PLAIN) } else { fits(false) }),
    ("azure-sas", structure::azure_sas),
    ("jwt", |t, _| structure::jwt(t)),
    ("signature", |_, _| Some(PLAIN)),
    ("mixed", |t, _| is_mixed(t).then_some(PLAIN)),
];

/// The verdict of the test called `name` on `token`; `around` is the text near it. `None`: it is no token after all.
pub(super) fn check(name: &str, token: &str, around: &str) -> Option<Judged> {
    match CHECKS.iter().find(|(n, _)| *n == name) {
        Some((_, test)) => test(token, around),
        None => Some(PLAIN),
    }
}

/// Digits, small letters and capitals, as random text of twenty characters and more has them.
pub(super) fn is_mixed(text: &str) -> bool {
    let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-');
    let has = |f: fn(&u8) -> bool| text.as_bytes().iter().any(f);
    has(u8::is_ascii_digit)
        && (hex && has(u8::is_ascii_lowercase) || has(u8::is_ascii_uppercase) || text.len() <= 24 && has(u8::is_ascii_lowercase))
}

/// GitHub, npm: the last six are the CRC-32 of the thirty before them, in base 62.
fn base62_crc32(token: &str) -> bool {
    let body = token.rsplit('_').next().unwrap_or("");
    let (Some(random), Some(sum)) = (body.get(..30), body.get(30..)) else { return false };
    base::base62(crc32(random.as_bytes()), 6) == sum
}

/// The head of `text`, and the number in its last eight hexadecimal digits.
fn hex_tail(text: &str) -> Option<(&str, u32)> {
    let cut = text.len().checked_sub(8)?;
    Some((text.get(..cut)?, u32::from_str_radix(text.get(cut..)?, 16).ok()?))
}

/// The last eight are the CRC-32 of all before the sign that stands before them, which files escape in several ways.
fn atlassian_crc32(token: &str) -> bool {
    let Some((head, sum)) = hex_tail(token) else { return false };
    let Some(bare) = ["%3D", "%3d", "\\=", "="].iter().find_map(|sign| head.strip_suffix(sign)) else { return false };
    crc32(bare.as_bytes()) == sum || crc32([bare, "="].concat().as_bytes()) == sum
}

/// The last eight are the CRC-32 of the forty before them.
fn cloudflare_crc32(token: &str) -> bool {
    token.split_once('_').and_then(|(_, body)| hex_tail(body)).is_some_and(|(body, sum)| crc32(body.as_bytes()) == sum)
}

/// The last eight are the CRC-32 of the first 37, lowest byte first.
fn grafana_crc32(token: &str) -> bool {
    let Some((head, sum)) = hex_tail(token) else { return false };
    head.get(..37).is_some_and(|signed| crc32(signed.as_bytes()).swap_bytes() == sum)
}

/// The part behind the last full stop is a length and a CRC-32, in base 36.
fn gitlab_routable(token: &str) -> Judged {
    let judged = || {
        let cut = token.len().checked_sub(7)?;
        let (head, sum) = (token.get(..cut)?, token.get(cut..)?);
        let body = head.split_once('-').map_or(head, |(_, body)| body);
        let payload = body.split('.').next()?;
        let length = usize::from_str_radix(head.get(head.len().checked_sub(2)?..)?, 36).ok()?;
        let summed = [head, body].iter().any(|t| base::base36(crc32(t.as_bytes()), 7) == sum);
        Some(match (summed, length == payload.len()) {
            (true, _) => Checksum::Good,
            (false, true) => Checksum::None,
            (false, false) => Checksum::Bad,
        })
    };
    Judged { checksum: judged().unwrap_or(Checksum::Bad), ..PLAIN }
}
