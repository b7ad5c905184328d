use proptest::prelude::{prop_assert, proptest};

use super::{Kind, find};

/// Words of armour are put together here: no scanner is to take these tests for leaks.
fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----")
}

/// The beginning of an Ed25519 key as PKCS#8 writes it, and no key.
const BODY: &str = "MC4CAQAwBQYDK2VwBCIEIAbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefg";

fn kinds(text: &str) -> Vec<Kind> {
    find(text).into_iter().map(|b| b.kind).collect()
}

#[test]
fn pem_in_every_wrapping() {
    let key = pem("PRIVATE KEY", BODY);
    for text in [
        key.clone(),
        format!("tls:\n  key: |\n    {}\n", key.replace('\n', "\n    ")),
        format!("{{\"key\": \"{}\"}}", key.replace('\n', "\\n")),
        format!("KEY=\"{}\"", key.replace('\n', "\\\\n")),
        format!("key = \"{}\";", key.replace('\n', "\\n\" +\n    \"")),
        format!("KEY={}", key.replace('\n', " ")),
        format!("# {}", key.replace('\n', "\n# ")),
        format!("<key a=\"{}\"/>", key.replace('\n', "&#xA;")),
        key.replace('\n', "\r\n"),
    ] {
        let found = find(&text);
        assert_eq!(found.len(), 1, "{text}");
        let shown = found[0].whole.of(&text);
        assert!(found[0].kind == Kind::Pem && shown.starts_with("-----BEGIN ") && shown.ends_with("-----"), "{text}");
    }
}

#[test]
fn base64_of_pem_is_unwrapped() {
    use base64::Engine;
    let inner = format!("{}\n{}\n", pem("CERTIFICATE", BODY), pem("EC PRIVATE KEY", BODY));
    let outer = base64::engine::general_purpose::STANDARD.encode(inner);
    let text = format!("tls.key: {outer}\nnext: 1\n");
    let found = find(&text);
    assert_eq!(found.len(), 1);
    assert!(found[0].wrapped && found[0].kind == Kind::Pem && found[0].whole.of(&text) == outer, "the private one of both counts");
}

#[test]
fn a_block_that_was_cut_off_ends_with_its_lines() {
    let cut = format!("a: 1\n-----BEGIN {}-----\n{}\nnext = value\n", "RSA PRIVATE KEY", "MIIEowIBAAKCAQEA".repeat(4));
    let found = find(&cut);
    assert_eq!(found.len(), 1);
    assert!(found[0].whole.of(&cut).ends_with("AKCAQEA"));
}

#[test]
fn headers_without_a_body_are_documentation() {
    let label = "RSA PRIVATE KEY";
    for body in [
        "",
        "...",
        "MIIEowIBAAKCAQEA...",
        "<your key>",
        "YOUR KEY HERE",
        "${KEY}",
        "{{ key }}",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "yourPrivateKeyGoesRightHere",
        "\" + privateKey + \"",
        "[REDACTED]",
    ] {
        assert_eq!(kinds(&pem(label, body)), [], "{body}");
    }
    let code = format!("if s.starts_with(\"-----BEGIN {label}-----\") && s.ends_with(\"-----END {label}-----\") {{}}");
    assert_eq!(kinds(&code), []);
    assert_eq!(kinds(&format!("a line that says -----BEGIN {label}----- and goes on")), []);
    assert_eq!(kinds(&pem("PUBLIC KEY", BODY)), []);
}

#[test]
fn other_forms() {
    let d = "aGVsbG8taGVsbG8taGVsbG8taGVsbG8";
    let wireguard = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
    let minisign = format!("untrusted comment: minisign encrypted secret key\n{}\n", "RWRTY0IyEf".repeat(21));
    for (text, kind) in [
        (format!("{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"d\": \"{d}\"}}"), Some(Kind::Jwk)),
        (format!("x = '{{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"{d}\\\"}}'"), Some(Kind::Jwk)),
        (format!("{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"x\": \"{d}\"}}"), None),
        (format!("[Interface]\nPrivateKey = {wireguard}\n"), Some(Kind::Wireguard)),
        (format!("[Peer]\nPublicKey = {wireguard}\n"), None),
        ("[Interface]\nPrivateKey = <key>\n".to_owned(), None),
        (minisign, Some(Kind::Minisign)),
        (format!("AGE-SECRET-KEY-1{}", "Q".repeat(58)), Some(Kind::Age)),
        ("AGE-SECRET-KEY-1...".to_owned(), None),
        (format!("<RSAKeyValue><Modulus>{d}</Modulus><D>{d}</D></RSAKeyValue>"), Some(Kind::RsaXml)),
        (format!("<RSAKeyValue><Modulus>{d}</Modulus></RSAKeyValue>"), None),
        (
            concat!(
                "PuTTY-User-",
                "Key-File-2: ssh-rsa\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA\nPrivate-MAC: 00\nx"
            )
            .to_owned(),
            Some(Kind::Putty),
        ),
    ] {
        assert_eq!(kinds(&text), Vec::from_iter(kind), "{text}");
    }
}

#[test]
fn the_secret_of_a_json_web_key_is_its_private_member() {
    let text = "{\"keys\": [{\"kty\":\"EC\",\"d\": \"aGVsbG8taGVs\"}, {\"kty\":\"EC\",\"x\": \"aGVsbG8taGVs\"}]}";
    let found = find(text);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].secret.of(text), found[0].whole.of(text)), ("aGVsbG8taGVs", "{\"kty\":\"EC\",\"d\": \"aGVsbG8taGVs\"}"));
}

#[test]
fn hostile_repeats_are_quick() {
    let begin = concat!("-----BEGIN PRIV", "ATE KEY-----");
    let start = std::time::Instant::now();
    for hostile in [
        begin,
        "-----BEGIN ",
        "\"kty\"",
        "{\"kty\":\"d\":",
        "LS0tLS1CRUdJTi",
        "<RSAKeyValue>",
        "<RSAKeyValue><D>",
        "PrivateKey=",
        "AGE-SECRET-KEY-1",
        "untrusted comment: ",
        "PuTTY-User-Key-File-3: Private-Lines:",
    ] {
        let _ = find(&hostile.repeat(1_000_000 / hostile.len()));
    }
    assert!(start.elapsed().as_secs() < 20, "bounded work for each byte: {:?}", start.elapsed());
}

proptest! {
    #[test]
    fn spans_lie_in_the_text(text in "([-=:{}\"'\\\\ +aé.\n]|-----BEGIN |PRIVATE KEY|-----|-----END |CERTIFICATE|MC4CAQAwBQYDK2VwBCIEIAbCdEfGhIjKlMnOpQrStUv|\"kty\"|\"d\": \"|LS0tLS1CRUdJTi|PuTTY-User-Key-File-2|Private-Lines:|PrivateKey = |<RSAKeyValue>|<D>|</D>|</RSAKeyValue>|AGE-SECRET-KEY-1){0,30}") {
        let mut end = 0;
        for block in find(&text) {
            prop_assert!(block.whole.start >= end && block.whole.covers(block.secret));
            prop_assert!(!block.secret.of(&text).is_empty() && !block.whole.of(&text).is_empty());
            end = block.whole.end;
        }
    }
}
