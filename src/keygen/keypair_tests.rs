use proptest::prelude::{any, prop_assert_eq, proptest};

use super::KeyPair;
use crate::keygen::SystemEntropy;
use crate::keygen::made::Made;
use crate::model::secret::Secret;

const BEGIN: &str = "-----BEGIN ";

/// An RSA key of 256 bits: small, so that many changes of it can be tried.
const WEAK_RSA: &str = "MIGqAgEAAiEAq3Evkd44nnj+bfoxvQFbMTJi+YdyDF0aQNzFEBXkV1cCAwEAAQIgG8K0JTaKjH6jFEPTEfvKPCVEovSd9wsWW2dNOD7pwMECEQDVl0Hn9N5Dj11BGw354yTfAhEAzXuGYWu5BsnvufLGqmHkiQIQeqE0QrPRJKLcHLQmyxDBqwIRAIDMN5wjAJQ/yXLduScdOzkCEFfM/wJOtJRfeaBqZdJdUb8=";

fn pem(label: &str, body: &str) -> String {
    format!("{BEGIN}{label}-----\n{body}\n-----END {label}-----\n")
}

/// Pairs that OpenSSL made, and the key of RFC 8292: private half, the forms of the public one.
fn pairs() -> Vec<(String, Vec<String>)> {
    vec![
        (
            // RFC 8032, test 1
            pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
            vec![
                pem("PUBLIC KEY", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".to_owned(),
            ],
        ),
        (
            // RFC 7517, appendix A.2
            "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE".to_owned(),
            vec![
                "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4".to_owned(),
                "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM".to_owned(),
                "BDCgQkzSHClEg4otdckrN-duog2fAIk6O07uijwKr-w-4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM".to_owned(),
            ],
        ),
    ]
}

#[test]
fn the_public_half_is_computed_and_made_again() {
    for (private, publics) in pairs() {
        let read = KeyPair::read(&private);
        let pair = read.iter().find(|pair| pair.public_half(&publics[0]).is_some()).unwrap_or_else(|| panic!("{}", publics[0]));
        let new = pair.fresh(&mut SystemEntropy).unwrap();
        assert!(!new.same_as(&Secret::copy_of(private.trim())));
        assert_eq!(new.len(), private.trim().len(), "the same form");
        for public in &publics {
            let half = pair.public_half(public).unwrap_or_else(|| panic!("{public}"));
            let made = half.again(&new, &mut SystemEntropy).unwrap();
            assert_eq!(made.len(), public.trim().len());
            let renewed = KeyPair::read(new.expose());
            assert!(renewed.iter().any(|pair| pair.public_half(made.expose()).is_some()), "{}", half.how());
            assert!(renewed.iter().all(|pair| pair.public_half(public).is_none()), "the old half is not the new one's");
            assert!(half.again(&Secret::copy_of("changeme"), &mut SystemEntropy).is_err());
        }
    }
}

#[test]
fn blocks_in_a_file_are_found_by_what_they_hold() {
    let (private, publics) = &pairs()[0];
    let pair = KeyPair::read(private).remove(0);
    let text = format!("note\n{}{}", publics[0], pem("PUBLIC KEY", "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    assert_eq!(pair.blocks(&text), [(5, false)]);
    assert!(pair.blocks("nothing").is_empty());
}

#[test]
fn a_weak_rsa_key_gets_a_strong_one() {
    use rand_chacha::rand_core::SeedableRng;
    use rsa::pkcs1::EncodeRsaPrivateKey;
    let weak = rsa::RsaPrivateKey::new(&mut rand_chacha::ChaCha20Rng::from_seed([7; 32]), 1024).unwrap();
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, weak.to_pkcs1_der().unwrap().as_bytes());
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pair = KeyPair::read(&pem("RSA PRIVATE KEY", &lines.join("\n"))).remove(0);
    assert_eq!(pair.name(), "RSA of 3072 bits");
    let new = pair.fresh(&mut SystemEntropy).unwrap();
    assert!(new.expose().starts_with(&format!("{BEGIN}RSA PRIVATE KEY-----\nMI")) && new.expose().lines().all(|line| line.len() <= 64));
    assert_eq!(KeyPair::read(new.expose()).remove(0).name(), "RSA of 3072 bits");
}

#[test]
fn what_is_no_key_is_none() {
    let encrypted = pem("ENCRYPTED PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v");
    for none in ["", "changeme", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", encrypted.as_str()] {
        assert!(KeyPair::read(none).is_empty(), "{none}");
    }
    // zero is no scalar of the curve, but a seed of Ed25519
    assert_eq!(KeyPair::read("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").len(), 1);
}

proptest! {
    #[test]
    fn a_key_with_any_byte_changed_is_read_without_panic(at in 0_usize..140, byte in any::<u8>(), cut in 0_usize..140) {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        for body in [WEAK_RSA, "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"] {
            let mut der = STANDARD.decode(body).unwrap();
            prop_assert_eq!(KeyPair::read(&pem("RSA PRIVATE KEY", body)).len(), 1);
            let (at, cut) = (at % der.len(), cut % der.len());
            der[at] = byte;
            let _ = KeyPair::read(&pem("RSA PRIVATE KEY", &STANDARD.encode(&der)));
            der.truncate(cut);
            let _ = KeyPair::read(&pem("PRIVATE KEY", &STANDARD.encode(&der)));
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>(), body in "[A-Za-z0-9+/=]{0,120}") {
        let _ = KeyPair::read(&text);
        let pair = KeyPair::read(&pem("PRIVATE KEY", &body));
        pair.iter().for_each(|pair| drop(pair.public_half(&text)));
    }
}
