use proptest::prelude::{any, proptest};

use super::{Hash, hashes};
use crate::keygen::made::Made;
use crate::keygen::{KeygenError, SystemEntropy};
use crate::model::secret::Secret;

/// Made by argon2-cffi, bcrypt, `openssl passwd` and hashlib of Python.
const MADE: &[&str] = &[
    "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$B8/abtRppevy/brAB9IvTGG/pKG2qEfFER8ac1/1npA",
    "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$EWeHWDs4ygCrXolCWC98+TFW6EPE3Sgb",
    "$2b$04$goP6ww7zKx1trf4MCDwpcu3.cvygNJ5jvKNeEK2LiWzI8Wf75VexO",
    "$2y$10$Dq533u3B9BvISHe9l1PWuOoedD/L5jmIPmcXc.uj0YTgbLGmVpjHi",
    "$5$qT7vLx2m$wJd4LZKK9WxJzGa98Oijmr4vkLKedfjmmoyrGdPOiW2",
    "$6$qT7vLx2m$WyBTl6.d1PkycM13ro1dmcya/W5279qUSrPrl3/ovnZl7vKbSKakeH9P3W.0EYCBg9gQkEZySU2f.nL0.1TWj0",
    "pbkdf2_sha256$1000$qT7vLx2mab$xDA698ZmKxq4weoDRme+J+18ElHMfv6zSr5lVAx2obc=",
    "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$NcSBH2GpqIYwLPThnyRttg61rrt3r8Fn0B3AOdFcmkI=:KZGYeu7EvRuRur0iRyOnCooL5HWBo3h/JyqjGb1kSpU=",
];

fn secret(text: &str) -> Secret {
    Secret::copy_of(text)
}

#[test]
fn hashes_of_other_programs_verify_and_are_made_again() {
    for text in MADE {
        let old = Hash::read(text).unwrap();
        let made = old.made_of(&secret("kettle-drum-77")).unwrap_or_else(|| panic!("{text}"));
        assert!(old.made_of(&secret("kettle-drum-78")).is_none() && old.made_of(&secret("")).is_none(), "{text}");
        let new = made.again(&secret("quokka-77"), &mut SystemEntropy).unwrap();
        let read = Hash::read(new.expose()).unwrap();
        assert!(read.made_of(&secret("quokka-77")).is_some() && read.made_of(&secret("kettle-drum-77")).is_none(), "{text}");
        let second = |text: &str| text.split(['$', ':']).nth(1).map(str::to_owned);
        assert_eq!(second(new.expose()), second(&text.replace("$1000$", "$600000$")), "{text}");
        assert_ne!(new.expose(), made.again(&secret("quokka-77"), &mut SystemEntropy).unwrap().expose(), "the salt is new");
    }
}

#[test]
fn parameters_are_kept_or_raised() {
    let of = |text: &str| Hash::read(text).unwrap().made_of(&secret("kettle-drum-77")).unwrap();
    let again = |text: &str| of(text).again(&secret("quokka-77"), &mut SystemEntropy).unwrap().expose().to_owned();
    assert!(again(MADE[0]).starts_with("$argon2id$v=19$m=19456,t=3,p=1$"), "4 MiB are too little");
    assert!(of(MADE[0]).how().contains("today"), "{}", of(MADE[0]).how());
    assert!(again(MADE[2]).starts_with("$2b$10$"), "4 is too little");
    assert!(again(MADE[3]).starts_with("$2y$10$") && !of(MADE[3]).how().contains("today"));
}

#[test]
fn doubled_dollar_signs_stay_doubled() {
    let text = MADE[3].replace('$', "$$");
    let value = format!("ops:{text},other:{text}");
    let found: Vec<&str> = hashes(&value).into_iter().map(|span| span.of(&value)).collect();
    assert_eq!(found, [&text, &text]);
    let new =
        Hash::read(&text).unwrap().made_of(&secret("kettle-drum-77")).unwrap().again(&secret("a-new-one"), &mut SystemEntropy).unwrap();
    assert!(new.expose().starts_with("$$2y$$10$$") && !new.expose().replace("$$", "").contains('$'));
    assert!(Hash::read(new.expose()).unwrap().made_of(&secret("a-new-one")).is_some());
}

#[test]
fn what_costs_too_much_is_not_asked() {
    for text in [
        MADE[0].replace("m=4096", "m=4194304"),
        MADE[0].replace("t=3", "t=9999"),
        MADE[2].replace("$04$", "$31$"),
        MADE[2].replace("$04$", "$00$"),
        MADE[6].replace("$1000$", "$999999999$"),
        MADE[7].replace("4096", "0"),
        "$6$rounds=999999999$salt$".to_owned() + &"b".repeat(86),
    ] {
        let hash = Hash::read(&text).unwrap();
        assert!(!hash.is_affordable() && hash.made_of(&secret("kettle-drum-77")).is_none(), "{text}");
    }
}

#[test]
fn bcrypt_takes_no_more_than_it_reads() {
    let made = Hash::read(MADE[3]).unwrap().made_of(&secret("kettle-drum-77")).unwrap();
    let refused = made.again(&secret(&"k".repeat(73)), &mut SystemEntropy);
    assert!(matches!(refused, Err(KeygenError::Unfit(_))));
    let new = made.again(&secret(&"k".repeat(72)), &mut SystemEntropy).unwrap();
    assert!(Hash::read(new.expose()).unwrap().made_of(&secret(&"k".repeat(72))).is_some());
}

#[test]
fn prices_and_variables_are_no_hashes() {
    for none in ["", "$5$ a month", "$1$ab$cdefghij", "$HOME/$USER", "$$", "$2b$10$short", "$apr1$qT7vLx2m$bbbbbbbbbbbbbbbbbbbbbb"] {
        assert!(hashes(none).is_empty(), "{none}");
    }
    for whole in MADE {
        assert_eq!(hashes(whole).first().map(|span| span.of(whole)), Some(*whole));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>(), near in "\\$(argon2id|2b|5|6)\\$[v=19mtp,$0-9a-zA-Z/.]{0,80}") {
        for text in [&text, &near] {
            for span in hashes(text) {
                let _ = Hash::read(span.of(text)).map(|hash| hash.is_affordable());
            }
            let _ = Hash::read(text);
        }
    }
}
