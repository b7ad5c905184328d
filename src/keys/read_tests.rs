use proptest::prelude::{prop_assert, proptest};

use super::{Frame, Material, frame, read, read_any};
use crate::keys::{Kind, find};

/// Keys of every form with what the tools that made them say (`fixtures/keys/make.sh`); the mark keeps scanners away.
fn samples() -> Vec<(String, String)> {
    let text = include_str!("../../fixtures/keys/keys.txt").replace("~|~", "");
    let sections = text.split("== ").skip(1);
    sections.map(|s| s.split_once('\n').map(|(head, body)| (head.to_owned(), body.to_owned())).unwrap()).collect()
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Pem => "pem",
        Kind::Pgp => "pgp",
        Kind::Putty => "putty",
        Kind::Age => "age",
        Kind::Minisign => "minisign",
        Kind::Wireguard => "wireguard",
        Kind::Jwk => "jwk",
        Kind::RsaXml => "rsa-xml",
        Kind::Certificate => "certificate",
        Kind::DhParameters => "dh-parameters",
    }
}

fn said(m: &Material) -> String {
    let algorithm = m.algorithm.map_or("-", |a| a.word());
    let bits = m.bits.map_or("-".to_owned(), |b| b.to_string());
    format!("{} {algorithm} {bits} {}", word(m.kind), m.encrypted.word())
}

#[test]
fn keys_are_what_the_tools_say() {
    assert!(samples().len() >= 35);
    for (expected, text) in samples() {
        let found = read("", &text).unwrap_or_else(|| panic!("{expected}: not found"));
        assert_eq!(said(&found), expected);
        assert_eq!(find(&text).len(), 1, "{expected}");
    }
}

#[test]
fn the_same_in_one_line_in_a_block_and_in_base64() {
    use base64::Engine;
    for (expected, text) in samples().into_iter().filter(|(e, _)| e.starts_with("pem") || e.starts_with("cert") || e.starts_with("dh")) {
        let armor = text.trim();
        let wrapped = base64::engine::general_purpose::STANDARD.encode(&text);
        for other in [armor.replace('\n', "\\n"), armor.replace('\n', "\n      "), armor.replace('\n', "\r\n"), wrapped] {
            assert_eq!(read("", &other).map(|m| said(&m)).as_deref(), Some(expected.as_str()));
        }
    }
}

#[test]
fn what_is_cut_short_or_damaged_still_counts() {
    for (expected, text) in samples().into_iter().filter(|(e, _)| e.starts_with("pem")) {
        let body = text.find('\n').unwrap();
        for cut in (body + 45..text.len()).step_by(7) {
            let found = read("", &text[..cut]);
            // of an encrypted key of old form the headers come first
            assert!(found.is_some() || text[..cut].contains("DEK-Info"), "{expected} at {cut}");
        }
        let damaged = text.replace("AA", "Zz");
        assert!(read("", &damaged).is_some() || !damaged.contains("\nM"), "{expected}");
    }
}

#[test]
fn json_web_keys_of_the_standards() {
    // RFC 8037 appendix A.1; RFC 7515 appendix A.1, with other `alg`
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let oct = |alg: &str, k: &str| format!(r#"{{"kty":"oct","alg":"{alg}","k":"{k}"}}"#);
    assert_eq!(said(&read("", ed25519).unwrap()), "jwk ed25519 256 no");
    assert_eq!(said(&read_any(&format!("{{\"keys\": [{ed25519}]}}")).unwrap()), "jwk ed25519 256 no");
    let short = read("", &oct("HS512", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")).unwrap();
    assert_eq!((said(&short).as_str(), short.needs), ("jwk symmetric 256 no", Some(512)));
    let enough = read("", &oct("HS256", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")).unwrap();
    assert_eq!(enough.bits, enough.needs);
}

#[test]
fn phrases_are_english() {
    let phrase = |start: &str| samples().into_iter().find(|(e, _)| e.starts_with(start)).and_then(|(_, t)| read("", &t)).unwrap().phrase();
    assert_eq!(phrase("pem rsa 1024"), "an RSA key of 1024 bits");
    assert_eq!(phrase("pem ec 256"), "an elliptic curve key of 256 bits");
    assert_eq!(phrase("pem - - yes"), "a private key");
    assert_eq!(phrase("pem dsa"), "a DSA key of 1024 bits");
    assert_eq!(phrase("dh-parameters"), "a Diffie-Hellman group of 512 bits");
    assert_eq!(phrase("certificate rsa"), "an RSA certificate of 1024 bits");
    let broken = concat!("-----BEGIN PRIV", "ATE KEY-----\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4\n-----END PRIV", "ATE KEY-----");
    assert!(read("", broken).unwrap().phrase().ends_with("key"));
}

#[test]
fn certificates_say_how_long_and_by_whom() {
    let mut seen = 0;
    for (expected, text) in samples().into_iter().filter(|(e, _)| e.starts_with("certificate")) {
        let found = read("", &text).unwrap().certificate.unwrap();
        assert_eq!((found.not_after - found.not_before) / 86_400, 30_000, "{expected}");
        assert!(found.self_issued && found.is_ca && !found.is_sample, "`openssl req -x509` makes roots");
        assert_eq!(found.is_weakly_signed, expected.contains("rsa"), "{expected}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn frames_without_a_key() {
    let frame_of = |label: &str| frame(&format!("-----BEGIN {label}-----\n...\n-----END {label}-----"));
    assert_eq!(frame_of(concat!("RSA PRIV", "ATE KEY")), Some(Frame::Empty));
    assert_eq!(frame_of("PUBLIC KEY"), Some(Frame::Public));
    assert_eq!(frame_of("CERTIFICATE"), None);
    assert_eq!(frame("kettle"), None);
}

proptest! {
    #[test]
    fn any_bytes_in_armour_can_be_read(bytes in proptest::collection::vec(proptest::num::u8::ANY, 30..300), which in 0_usize..8) {
        use base64::Engine;
        let label = [concat!("PRIV", "ATE KEY"), concat!("RSA PRIV", "ATE KEY"), concat!("EC PRIV", "ATE KEY"), concat!("OPENSSH PRIV", "ATE KEY"),
            concat!("ENCRYPTED PRIV", "ATE KEY"), concat!("PGP PRIV", "ATE KEY BLOCK"), "CERTIFICATE", "DH PARAMETERS"][which];
        let mut der = vec![0x30, 0x82, 0x01, 0x20, 0x02, 0x01, 0x00];
        der.extend(&bytes);
        let _ = super::other::pgp(&bytes);
        let _ = super::openssh(&[b"openssh-key-v1\0", bytes.as_slice()].concat());
        let body = base64::engine::general_purpose::STANDARD.encode(&der);
        let text = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        let found = read("", &text);
        prop_assert!(found.is_some() || label.starts_with("PGP") || label.starts_with("OPENSSH"));
    }

    #[test]
    fn a_flipped_byte_does_no_harm(sample in 0_usize..35, at in 0_usize..4000, byte in 0x20_u8..0x7f) {
        let (_, text) = samples().swap_remove(sample);
        let mut bytes = text.into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        let _ = read_any(&String::from_utf8(bytes).unwrap());
    }
}
