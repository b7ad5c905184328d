//! YAML files: each scalar in a map or a list is a setting.
//!
//! An anchored scalar is one setting, where it is defined; its uses are none. Keys that occur twice are two settings: YAML forbids them,
//! files have them. A missing value is an empty setting at the place where a value would be written.

use super::variables::Plain;
use super::{scalar, template};
use crate::formats::format::{Claim, EncodeError, Format};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::Setting;

/// YAML files.
pub(in crate::formats) struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn claims(&self, _path: &str, file_name: &str, _head: &str) -> Claim {
        if stem(file_name).is_some() { Claim::Name } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        template::settings(text, &Plain)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        scalar::encode(value, place)
    }
}

/// The lower-case name of a YAML file without `.yml` or `.yaml`, and without what marks it as an example of one.
pub(super) fn stem(file_name: &str) -> Option<String> {
    let name = file_name.to_ascii_lowercase();
    let name = crate::formats::lines::base_name(&name);
    name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NASTY, Tape, at, check_spans, check_splices, map, parsed, shown, values, written};
    use super::{Claim, Format, Yaml};
    use crate::model::setting::Quoting;
    use proptest::prelude::{any, prop, proptest};

    const ANCHORS: &str = include_str!("../../../fixtures/formats/yaml/anchors.yml");
    const BLOCKS: &str = include_str!("../../../fixtures/formats/yaml/blocks.yml");
    const CRLF: &str = include_str!("../../../fixtures/formats/yaml/crlf.yml");
    const FLOW: &str = include_str!("../../../fixtures/formats/yaml/flow.yaml");
    const ODD: &str = include_str!("../../../fixtures/formats/yaml/odd.yml");
    const STREAM: &str = include_str!("../../../fixtures/formats/yaml/stream.yaml");

    #[test]
    fn names_are_claimed_and_examples_of_them() {
        for name in ["a.yml", "A.YAML", "app.yml.example", "x.yaml.dist"] {
            assert_eq!(Yaml.claims(name, name, ""), Claim::Name, "{name}");
        }
        assert_eq!(Yaml.claims("a.yml.erb", "a.yml.erb", ""), Claim::No);
    }

    #[test]
    fn an_anchored_value_is_one_setting_without_its_anchor() {
        let settings = parsed(&Yaml, ANCHORS);
        let password = at(&settings, "defaults.password");
        assert_eq!(password.span.of(ANCHORS), "kestrel-owl-7");
        let keys: Vec<String> = settings.iter().map(|s| s.key.to_string()).collect();
        let expected = [
            "defaults.adapter",
            "defaults.password",
            "development.\"<<\"",
            "development.database",
            "development.replica_password",
            "test.\"<<\".pool",
            "test.\"<<\".timeout",
            "test.note",
            "list[0]",
            "list[1]",
        ];
        assert_eq!(keys, expected);
        assert!(written(&Yaml, ANCHORS, "defaults.password", "wren").is_ok_and(|t| t.contains("&pw !!str wren\n")));
        assert!(written(&Yaml, ANCHORS, "test.note", "wren").is_ok_and(|t| t.contains("note: &empty wren\n")));
    }

    #[test]
    fn blocks_end_where_their_text_ends() {
        let settings = parsed(&Yaml, BLOCKS);
        let key = at(&settings, "tls.key");
        assert!(key.value.expose().starts_with("-----BEGIN") && key.value.expose().ends_with("KEY-----\n"));
        assert!(key.span.of(BLOCKS).ends_with("KEY-----"));
        assert_eq!((key.quoting, key.around.indent, key.around.tail), (Quoting::Literal, 4, 1));
        assert_eq!(at(&settings, "tls.kept").value.expose(), "gamma\n\n");
        assert_eq!(at(&settings, "tls.folded").value.expose(), "delta epsilon");
        assert_eq!(at(&settings, "tls.commented").value.expose(), "zeta\n# text, not a comment\n");
        assert!(!at(&settings, "tls.empty").editable);
        let new = written(&Yaml, BLOCKS, "tls.key", "-----BEGIN X-----\nYQ\n-----END X-----\n").unwrap_or_default();
        assert!(new.contains("  key: |\n    -----BEGIN X-----\n    YQ\n    -----END X-----\n  stripped: |-\n"));
        assert!(written(&Yaml, BLOCKS, "tls.key", "no break at the end").is_err());
        assert!(written(&Yaml, BLOCKS, "tls.stripped", " blank first").is_err());
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        let new = written(&Yaml, CRLF, "key", "x\ny\n").unwrap_or_default();
        assert_eq!(new, "one: 1\r\nkey: |\r\n  x\r\n  y\r\ntwo:\tx\r\nempty:\r\n");
        assert_eq!(written(&Yaml, CRLF, "empty", "z").as_deref(), Ok("one: 1\r\nkey: |\r\n  a\r\n  b\r\ntwo:\tx\r\nempty: z\r\n"));
    }

    #[test]
    fn flow_style_is_read_and_quoted_more() {
        let expected = [
            "user.name=heron",
            "user.password=it's",
            "user.\"quoted key\"=tab\there",
            "user.empty=",
            "user.url=http://host:80/a",
            "list[0]=plain",
            "list[1]=single",
            "list[2]=double",
            "list[3].deep[0]=x",
            "list[3].deep[1]=y",
        ];
        assert_eq!(shown(&Yaml, FLOW), expected);
        assert!(written(&Yaml, FLOW, "user.name", "a,b").is_ok_and(|t| t.contains("{name: 'a,b', ")));
        assert!(written(&Yaml, FLOW, "user.empty", "x").is_ok_and(|t| t.contains("empty: x ,")));
    }

    #[test]
    fn documents_are_numbered() {
        assert_eq!(shown(&Yaml, STREAM), ["name=first", "2:name=second"]);
    }

    #[test]
    fn odd_files_are_read() {
        let expected = [
            "größe=𝄞 ünïcode",
            "twice=a",
            "twice=b",
            "nothing=",
            "nothing_commented=",
            "tilde=",
            "tagged=secret-text",
            "items[0]=",
            "items[1]=",
            "items[2][0]=nested",
            "complex=value",
            "multi=first line second line",
        ];
        assert_eq!(shown(&Yaml, ODD), expected);
        assert!(written(&Yaml, ODD, "nothing_commented", "x").is_ok_and(|t| t.contains("nothing_commented: x # really")));
        assert!(written(&Yaml, ODD, "items[1]", "x").is_ok_and(|t| t.contains("\n- x\n")));
        assert!(written(&Yaml, ODD, "tilde", "x").is_ok_and(|t| t.contains("tilde: x\n")));
    }

    #[test]
    fn types_are_kept_and_texts_stay_texts() {
        let text = "debug: true\nport: 80\nname: heron\nempty:\n";
        let new = |key: &str, value: &str| written(&Yaml, text, key, value).unwrap_or_default();
        assert!(new("debug", "false").contains("debug: false\n"));
        assert!(new("port", "443").contains("port: 443\n"));
        assert!(new("empty", "false").contains("empty: false\n"));
        for value in ["123", "yes", "null", "~", "0x1f", "1e5", "2024-01-31", "1_000", "12:30", ".inf", "-", "a: b", "a #b", "0123"] {
            assert!(new("name", value).contains(&format!("name: '{value}'\n")), "{value}");
        }
        assert!(new("port", "0443").contains("'0443'"));
        assert!(new("name", "a\nb").contains("name: \"a\\nb\"\n"));
        assert!(new("name", "10.0.0.1").contains("name: 10.0.0.1\n"));
        // no number to any reader: only behind `0x` are letters digits
        assert!(new("name", "05f76041a50a951631e397bc6ef7badc").contains("name: 05f76041a50a951631e397bc6ef7badc\n"));
        assert!(new("name", "0b10").contains("name: '0b10'\n") && new("name", "12e34").contains("name: '12e34'\n"));
    }

    #[test]
    fn what_is_no_yaml_is_said_with_its_place() {
        let fault = |text: &str| Yaml.parse(text).err().map(|f| (f.kind, f.line, f.column));
        assert_eq!(fault(&"[".repeat(200_000)).map(|f| f.0), Some("nested too deeply"));
        assert_eq!(fault(&"- ".repeat(50_000)).map(|f| f.0), Some("nested too deeply"));
        assert_eq!(fault("a: b\n\tc: d").map(|f| f.0), Some("tab where only spaces may indent"));
        assert_eq!(fault("a: 'b"), Some(("quote without its closing quote", 1, 4)));
        assert_eq!(fault("a: *b").map(|f| f.0), Some("alias without an anchor"));
    }

    #[test]
    fn every_fixture_takes_every_value_or_refuses_it() {
        for text in [ANCHORS, BLOCKS, CRLF, FLOW, ODD, STREAM] {
            let written: usize = NASTY.iter().map(|value| check_splices(&Yaml, text, value)).sum();
            assert!(written > 20, "{written}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in prop::collection::vec("[-:#&*!|>'\"%{}\\[\\], \n\ta-c\u{e9}]{0,8}", 0..12)) {
            let text = text.concat();
            if let Ok(settings) = Yaml.parse(&text) {
                check_spans(&text, &settings);
            }
        }

        #[test]
        fn a_value_is_read_back_where_it_was_written(
            bytes in prop::collection::vec(any::<u8>(), 0..60),
            value in values(),
            crlf in any::<bool>(),
        ) {
            let mut text = String::new();
            map(&mut Tape(bytes.iter()), 0, &mut text);
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if Yaml.parse(&text).is_ok() {
                check_splices(&Yaml, &text, &value);
            }
        }
    }
}
