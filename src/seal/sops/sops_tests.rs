use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

use super::{Form, How, form_of, open, seal, takes};
use crate::model::span::Span;
use crate::seal::{Identities, KeyPair, Recipients, SealError};

fn pair() -> (Recipients, Identities) {
    let pair = KeyPair::generate();
    (Recipients::new(vec![pair.recipient().clone()]).unwrap(), Identities::of_pair(&pair))
}

/// Seals the value of `text` that is `value`, and opens it again.
fn there_and_back(form: Form, text: &str, value: &str) -> Result<(String, String), SealError> {
    let (recipients, identities) = pair();
    let at = text.find(value).unwrap();
    let how = How { recipients: &recipients, hand_editable: false, now: 1_700_000_000 };
    let sealed = seal(form, text, &[Span::new(at, at + value.len())], how)?;
    assert_eq!(form_of(&sealed), Some(form));
    let opened = open(&sealed, &identities)?;
    Ok((String::from_utf8(sealed).unwrap(), opened.text().to_string()))
}

#[test]
fn what_is_not_sealed_comes_back_byte_for_byte() {
    for (form, text) in [
        (Form::Yaml, "a: [1,  2]   # c\nsecret: kettle\n\n# end\n"),
        (Form::Yaml, "---\nsecret: 'kettle'\n---\nb: 1\n...\n"),
        (Form::Yaml, "a: &x {b: c}\r\nd: *x\r\nsecret: \"kettle\"\r\n"),
        (Form::Json, "{\"a\":1.50,\n \"secret\":\"kettle\"}"),
        (Form::Env, "# c\n\nA=1\nexport SECRET=\"kettle\" # c\n"),
    ] {
        let (sealed, opened) = there_and_back(form, text, "kettle").unwrap();
        assert_eq!(opened, text);
        assert!(!sealed.contains("kettle"));
    }
}

#[test]
fn a_change_goes_into_the_file_and_the_rest_of_it_stays() {
    let (recipients, identities) = pair();
    let how = How { recipients: &recipients, hand_editable: false, now: 1_700_000_000 };
    let text = "user: app\nsecret: kettle\ntoken: drum\n";
    let span = |text: &str, value: &str| text.find(value).map(|at| Span::new(at, at + value.len())).unwrap();
    let sealed = seal(Form::Yaml, text, &[span(text, "kettle"), span(text, "drum")], how).unwrap();
    let opened = open(&sealed, &identities).unwrap();
    let new = "user: other\nsecret: teapot\ntoken: drum\nmore: whistle\n";
    let again = opened.seal_again(new, &[span(new, "teapot"), span(new, "whistle")], 1_700_000_001).unwrap();
    let (old, again) = (String::from_utf8(sealed).unwrap(), String::from_utf8(again).unwrap());
    let line = |text: &str, start: &str| text.lines().find(|l| l.trim().starts_with(start)).unwrap().to_owned();
    assert_eq!(line(&old, "token:"), line(&again, "token:"));
    assert_ne!(line(&old, "secret:"), line(&again, "secret:"));
    assert!(line(&again, "more:").contains("ENC[") && line(&again, "encrypted_regex:").contains("^(secret|token|more)$"));
    assert_eq!(open(again.as_bytes(), &identities).unwrap().text().as_str(), new);
}

#[test]
fn who_is_left_out_cannot_open_what_comes_after() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sops");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let identity = String::from_utf8(read("identity.txt")).unwrap().replace("~|~", "");
    let old = Identities::parse(identity.as_bytes(), std::path::Path::new("identity.txt"), &crate::seal::Nobody).unwrap();
    for name in ["all.yaml", "app.env", "hand.yaml", "part.yaml", "types.json"] {
        let (recipients, new) = pair();
        let before = read(name);
        let opened = open(&before, &old).unwrap();
        let anew = opened.seal_anew(&recipients, 1_700_000_001).unwrap();
        assert_eq!(super::recipients(&anew).unwrap(), [recipients.iter().next().unwrap().as_str()], "{name}");
        assert!(matches!(open(&anew, &old), Err(SealError::WrongIdentity { .. })), "{name}");
        assert_eq!(open(&anew, &new).unwrap().text(), opened.text(), "{name}");
        let sealed = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().matches("ENC[").count();
        assert_eq!(sealed(&anew), sealed(&before), "{name}");
        let data = |bytes: &[u8]| -> Vec<String> {
            std::str::from_utf8(bytes).unwrap().split("data:").skip(1).map(|t| t.split(',').next().unwrap().to_owned()).collect()
        };
        // nothing is left that the old data key would open
        assert!(data(&anew).iter().all(|new| new.len() < 4 || !data(&before).contains(new)), "{name}");
    }
    let opened = open(&read("kms.yaml"), &old);
    if let Ok(opened) = opened {
        assert!(matches!(opened.seal_anew(&pair().0, 1), Err(SealError::SopsForeign(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        for form in [Form::Yaml, Form::Json, Form::Env] {
            let _ = takes(form, &text);
        }
        let (_, identities) = pair();
        prop_assert!(open(text.as_bytes(), &identities).is_err());
    }

    #[test]
    fn text_made_of_structure_is_read_or_refused(text in "(a: |- |&a |\\*a|<<: |\\||>|[ab'\"{}\\[\\],#=\n \r]){0,40}") {
        for form in [Form::Yaml, Form::Json, Form::Env] {
            if takes(form, &text) && !text.is_empty() {
                let (recipients, identities) = pair();
                let how = How { recipients: &recipients, hand_editable: true, now: 0 };
                if let Ok(sealed) = seal(form, &text, &[], how) {
                    prop_assert!(open(&sealed, &identities).is_ok());
                }
            }
        }
    }

    #[test]
    fn any_value_comes_back(value in "[^\0\r]{1,30}") {
        let json = format!("{{\"secret\": {}}}", serde_json::to_string(&value).unwrap());
        let (recipients, identities) = pair();
        let how = How { recipients: &recipients, hand_editable: false, now: 0 };
        for form in [Form::Yaml, Form::Json] {
            let span = Span::new(11, json.len() - 1);
            let text = if form == Form::Yaml { format!("secret: {}\n", super::yaml::double(&value).expose()) } else { json.clone() };
            let span = if form == Form::Yaml { Span::new(8, text.len() - 1) } else { span };
            if let Ok(sealed) = seal(form, &text, &[span], how) {
                let back = open(&sealed, &identities).unwrap();
                let read = crate::formats::parse(if form == Form::Yaml { "a.yaml" } else { "a.json" }, back.text().as_bytes(), crate::model::environment::Environment::Production);
                prop_assert_eq!(read.settings[0].value.expose(), value.as_str());
            } else {
                prop_assert!(false, "refused: {form:?}");
            }
        }
    }
}
