use proptest::prelude::{ProptestConfig, proptest};

use super::{Format, Xml};
use crate::formats::format::Claim;
use crate::formats::lines::{check, splice};
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Quoting, Role};

const WEB: &str = include_str!("../../../fixtures/formats/xml/web.config");
const BEANS: &str = include_str!("../../../fixtures/formats/xml/beans.xml");

fn found(text: &str) -> Vec<(String, String)> {
    let settings = Xml.parse(text).expect("well formed");
    settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
}

#[track_caller]
fn same(text: &str, want: &[(&str, &str)]) {
    let want: Vec<(String, String)> = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    assert_eq!(found(text), want);
}

#[test]
fn pairs_of_attributes_name_their_setting() {
    same(
        WEB,
        &[
            ("configuration.connectionStrings.add.name", "Kettle"),
            ("configuration.connectionStrings.add.connectionString", "Server=pot;User ID=tea;Password=a&b;"),
            ("configuration.connectionStrings.add.providerName", "Tea.Sql"),
            ("configuration.appSettings.clear", ""),
            ("configuration.appSettings.add.SpoutPassword", "steam"),
            ("configuration.appSettings.add.\"Lid:Secret\"", "lemon"),
            ("key", "OldPassword"),
            ("OldPassword", "stale"),
            ("configuration.\"system.web\".compilation.debug", "true"),
            ("configuration.\"system.web\".compilation.targetFramework", "4.8"),
            ("configuration.\"system.web\".machineKey.validationKey", "AutoGenerate"),
            ("configuration.\"system.web\".machineKey.validation", "SHA1"),
        ],
    );
    let settings = Xml.parse(WEB).expect("well formed");
    assert_eq!((settings[1].span.of(WEB), settings[1].quoting), ("Server=pot;User ID=tea;Password=a&amp;b;", Quoting::Double));
    assert_eq!(settings[2].quoting, Quoting::Single);
    assert_eq!(settings[4].key_span.of(WEB), "SpoutPassword");
    assert_eq!(settings[7].role, Role::Commented);
    assert!(!settings[3].editable && settings[4].editable && !settings[7].editable);
}

#[test]
fn elements_hold_text_and_name_each_other() {
    same(
        BEANS,
        &[
            ("beans.bean.id", "one"),
            ("beans.bean.password", "p1"),
            ("beans.bean.property.username", "ada"),
            ("beans.bean.property.password", "p2"),
            ("beans.bean[1].id", "two"),
            ("beans.bean[1].property.password", "p3"),
            ("beans.bean[1].password", "<p4>"),
            ("beans.bean[1].empty", ""),
            ("beans.bean[1].hollow", ""),
            ("beans.context-param.param-name", "db.password"),
            ("beans.context-param.\"db.password\"", "p5"),
            ("beans.dict.ApiKey", "p6"),
            ("beans.dict.Port", "7"),
            ("beans.Pass.encoding", "base64"),
            ("beans.Pass", "scones"),
            ("beans.note.b", "parts"),
            ("beans.script", "export TEA_PASSWORD=p7"),
        ],
    );
    let settings = Xml.parse(BEANS).expect("well formed");
    let pass = settings.iter().find(|s| s.name() == "Pass").expect("there");
    assert_eq!((pass.layer, pass.span.of(BEANS)), (Layer::Base64, "c2NvbmVz"));
    assert_eq!(Xml.encode(&Secret::copy_of("jam"), pass).expect("fits").expose(), "amFt");
    assert_eq!((settings[3].span.of(BEANS), settings[6].quoting, settings[7].editable), ("p&#50;", Quoting::Literal, true));
    assert!(!settings[8].editable, "an empty tag has no place for a text");
}

#[test]
fn scripts_and_arguments_in_elements_are_looked_into() {
    same(
        "<job><command>\nexport TEA_PASSWORD=p7\nbrew</command><args>-Dlid=on</args></job>",
        &[("job.command", "export TEA_PASSWORD=p7\nbrew"), ("TEA_PASSWORD", "p7"), ("job.args", "-Dlid=on"), ("lid", "on")],
    );
}

#[test]
fn messages_of_applications_have_no_names_of_settings() {
    same(
        "<resources><string name=\"password\">Passwort</string></resources>",
        &[("resources.string.name", "password"), ("resources.string", "Passwort")],
    );
    same("<resources><string>x</string></resources>", &[("resources.string", "x")]);
}

#[test]
fn entities_are_not_expanded() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"&c;&c;\"><!ENTITY c \"teateatea\">]><a d=\"&b;\">&b;</a>";
    same(bomb, &[("a.d", "&b;"), ("a", "&b;")]);
    same("<a>&b;&lt;&#x74;&#101;&#0;&#xFFFFFFFF;&;& </a>", &[("a", "&b;<te\u{0}&#xFFFFFFFF;&;&")]);
}

#[test]
fn what_is_no_xml_is_a_fault_with_a_place() {
    for (text, line, column) in [
        ("<a>", 1, 1),
        ("<a></b>", 1, 4),
        ("</a>", 1, 1),
        ("<a b=c/>", 1, 6),
        ("<a b/>", 1, 4),
        ("<a\n b=\"c/>", 2, 5),
        ("<a><!-- </a>", 1, 8),
        ("<a><![CDATA[ </a>", 1, 13),
        ("tea <a/>", 1, 1),
        ("<a/>\n&", 2, 1),
        ("< a/>", 1, 1),
        ("<!DOCTYPE a [", 1, 1),
        ("<a", 1, 1),
    ] {
        let fault = Xml.parse(text).expect_err(text);
        assert_eq!((fault.line, fault.column), (line, column), "{text}");
    }
    assert_eq!(Xml.parse("").expect("nothing").len(), 0);
}

#[test]
fn large_and_deep_texts_are_quick() {
    let begun = std::time::Instant::now();
    assert!(Xml.parse(&"<a>".repeat(100_000)).is_err());
    for hostile in ["<a b=\"", "<!--", "<![CDATA[", "<!DOCTYPE [\"", "<a b='c' ", "&", "<a></a>", "<a>&</a>", "<?"] {
        let text = hostile.repeat(400_000 / hostile.len());
        let _ = Xml.parse(&format!("<r>{text}</r>"));
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn names_and_content() {
    for name in ["pom.xml", "Web.config", "settings.xml.example", "a.csproj", "Info.plist", "app.exe.config"] {
        assert_eq!(Xml.claims(name, name, "<a/>"), Claim::Name, "{name}");
    }
    assert_eq!(Xml.claims("dbus.conf", "dbus.conf", "<?xml version=\"1.0\"?>\n<a/>"), Claim::Content);
    for (name, head) in
        [("kernel.config", "CONFIG_X=y\n"), ("a.xml", "{% if x %}<a/>"), ("page.xml", "<!DOCTYPE html><html>"), ("x.txt", "<a/>")]
    {
        assert_eq!(Xml.claims(name, name, head), Claim::No, "{name}");
    }
}

#[test]
fn fixtures_keep_everything_else() {
    for text in [WEB, BEANS] {
        for value in ["x", "", "a b", "a&b", "<&>\"'", "]]>", "ünï", " lead", "a\nb", "&amp;", "a -b"] {
            check(&Xml, text, value);
        }
    }
    let settings = Xml.parse(WEB).expect("well formed");
    let written = Xml.encode(&Secret::copy_of("a\"<"), &settings[4]).expect("fits");
    assert!(splice(WEB, settings[4].span, written.expose()).contains("value=\"a&quot;&lt;\" />"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,60}", value in "\\PC{0,12}") {
        check(&Xml, &text, &value);
    }

    #[test]
    fn xml_like_text(text in "(<a>|</a>|<a b=\"|\"|'|<a name='p' value='q'/>|<key>k</key>|<value>|</value>|<dict>|</dict>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|&lt;|&|[ aé=;/>\r\n\t-]){0,20}", value in "[a&<>\"' \n\r\\]-]{0,6}") {
        check(&Xml, &text, &value);
    }

    #[test]
    fn well_formed_text(inner in "(<a>x</a>|<b c='d'/>|<e name=\"f\">g</e>|<dict><key>k</key><s>v</s></dict>|<h><!\\[CDATA\\[i\\]\\]></h>|<!-- j=\"k\" -->|<l></l>| ){0,8}", value in "[a&<>\"' \n\\]-]{0,6}") {
        check(&Xml, &format!("<r>{inner}</r>"), &value);
    }
}
