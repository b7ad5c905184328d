//! Directives of Caddyfiles (<https://caddyserver.com/docs/caddyfile>) that hold a secret among several words, or say something by standing
//! there at all. The rest of such a file is read as `conf.rs` reads any.

use super::lines::skip_blanks;
use crate::model::key_path::KeyPath;
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Setting};
use crate::model::span::Span;

/// The setting that the line `body` within `blocks` makes; `None` for all other lines. What such a line takes, its module knows: it is for a
/// person to change.
pub(super) fn directive(text: &str, body: Span, blocks: &[String]) -> Option<Setting> {
    const SKIP: &str = "tls_insecure_skip_verify";
    let said = body.of(text);
    let mut words = said.split_whitespace();
    let first = words.next()?;
    // a switch without a word behind it is on
    if first == SKIP && words.next().is_none_or(|w| w.starts_with('#')) {
        let span = Span::new(body.start, body.start + SKIP.len());
        let mut setting = Setting::new(KeyPath::of(SKIP), span, Secret::copy_of("true"), span, Quoting::Plain);
        setting.editable = false;
        return Some(setting);
    }
    let (names, skip): (&[&str], usize) = match first {
        // `dns cloudflare lit` within `tls`, `acme_dns cloudflare lit` for all
        "acme_dns" => (&["api_token"], 2),
        "dns" if blocks.last().is_some_and(|block| block.starts_with("tls") || block.starts_with("issuer")) => (&["api_token"], 2),
        // caddy-security: `crypto key sign-verify lit`, with the key's id before it or not
        "crypto" if words.next() == Some("key") => {
            let verb = said.split_whitespace().position(|w| matches!(w, "sign" | "sign-verify" | "verify"))?;
            (&["key", "signing_key"], verb + 1)
        }
        _ => return None,
    };
    let span = word(text, body, skip)?;
    let value = span.of(text);
    if matches!(value, "from" | "{") || value.starts_with('#') {
        return None;
    }
    let provider = (names.len() == 1).then(|| said.split_whitespace().nth(1)).flatten();
    let path = provider.into_iter().chain(names.iter().copied()).fold(KeyPath::of(first), |path, name| path.child(name));
    let (span, quoting) = match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
        Some(inner) => (Span::new(span.start + 1, span.start + 1 + inner.len()), Quoting::Double),
        None => (span, Quoting::Plain),
    };
    let key = Span::new(body.start, body.start + first.len());
    let mut setting = Setting::new(path, key, Secret::copy_of(span.of(text)), span, quoting);
    setting.editable = false;
    Some(setting)
}

/// The word of `body` before which `skip` others stand.
fn word(text: &str, body: Span, skip: usize) -> Option<Span> {
    let mut at = body.start;
    for left in (0..=skip).rev() {
        at = skip_blanks(text, at, body.end);
        let rest = Span::new(at, body.end).of(text);
        let len = rest.find([' ', '\t']).unwrap_or(rest.len());
        if len == 0 {
            return None;
        }
        if left == 0 {
            return Some(Span::new(at, at + len));
        }
        at += len;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::directive;
    use crate::model::span::Span;

    fn read(line: &str, block: &str) -> Option<(String, String)> {
        let found = directive(line, Span::new(0, line.len()), &[block.to_owned()])?;
        Some((found.key.to_string(), found.value.expose().to_owned()))
    }

    #[test]
    fn secrets_among_words_are_found() {
        for (line, block, key) in [
            ("dns cloudflare kettle", "tls", "dns.cloudflare.api_token"),
            ("dns cloudflare \"kettle\"", "tls", "dns.cloudflare.api_token"),
            ("acme_dns digitalocean kettle", "", "acme_dns.digitalocean.api_token"),
            ("crypto key sign-verify kettle", "security", "crypto.key.signing_key"),
            ("crypto key tea sign-verify kettle", "security", "crypto.key.signing_key"),
        ] {
            assert_eq!(read(line, block), Some((key.to_owned(), "kettle".to_owned())), "{line}");
        }
        assert_eq!(read("tls_insecure_skip_verify", "transport http").map(|(_, value)| value).as_deref(), Some("true"));
    }

    #[test]
    fn other_lines_are_left_alone() {
        for (line, block) in [
            ("dns cloudflare", "tls"),
            ("dns cloudflare kettle", "a.example"),
            ("crypto key sign-verify from env TEA", "security"),
            ("crypto default token lifetime 3600", "security"),
            ("acme_dns cloudflare {", ""),
            ("", "tls"),
        ] {
            assert_eq!(read(line, block), None, "{line}");
        }
    }
}
