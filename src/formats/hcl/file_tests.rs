use proptest::prelude::{ProptestConfig, proptest};

use super::{Format, Hcl};
use crate::formats::format::Claim;
use crate::formats::lines::{check, splice};
use crate::model::secret::Secret;
use crate::model::setting::{Quoting, Role};

const MAIN: &str = include_str!("../../../fixtures/formats/hcl/main.tf");

fn found(text: &str) -> Vec<(String, String)> {
    let settings = Hcl.parse(text).expect("valid");
    settings.iter().map(|s| (s.key.to_string(), s.value.expose().to_owned())).collect()
}

#[track_caller]
fn same(text: &str, want: &[(&str, &str)]) {
    let want: Vec<(String, String)> = want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    assert_eq!(found(text), want);
}

#[test]
fn blocks_labels_objects_and_lists_make_the_path() {
    same(
        MAIN,
        &[
            ("password", "stale-1"),
            ("terraform.backend.pg.conn_str", "postgres://tea:milk@kettle/state"),
            ("variable.spout_password", "steam"),
            ("variable.spout_password.sensitive", "true"),
            ("variable.cups.size", "4"),
            ("variable.cups.lid", "on"),
            ("resource.aws_db_instance.pot.password", "br\"owné"),
            ("resource.aws_db_instance.pot.storage_encrypted", "false"),
            ("resource.aws_db_instance.pot.endpoint", "${var.host}:5432"),
            ("resource.aws_db_instance.pot.literal", "a${b}"),
            ("resource.aws_db_instance.pot.port", "5432"),
            ("resource.aws_db_instance.pot.tags[0]", "x"),
            ("resource.aws_db_instance.pot.tags[1]", "y${z[\"q\"]}"),
            ("resource.aws_db_instance.pot.ingress.cidr", "10.0.0.0/8"),
            ("resource.aws_db_instance.pot.ingress[1].cidr", "0.0.0.0/0"),
            ("resource.aws_db_instance.pot.env.name", "TEA_PASSWORD"),
            ("resource.aws_db_instance.pot.env.TEA_PASSWORD", "scones"),
            ("resource.aws_db_instance.pot.user_data", "    export JAM_PASSWORD=cream"),
            ("JAM_PASSWORD", "cream"),
            ("resource.aws_db_instance.pot.container[0].environment[0].name", "MILK_SECRET"),
            ("resource.aws_db_instance.pot.container[0].environment[0].MILK_SECRET", "oat"),
            ("old_key", "k"),
        ],
    );
    let settings = Hcl.parse(MAIN).expect("valid");
    assert_eq!((settings[0].role, settings[21].role), (Role::Commented, Role::Commented));
    assert_eq!((settings[17].quoting, settings[17].editable, settings[18].role), (Quoting::Literal, false, Role::Prose));
    assert!(!settings[15].editable && settings[16].editable);
    assert_eq!(settings[16].key_span.of(MAIN), "TEA_PASSWORD");
}

#[test]
fn expressions_are_no_literals() {
    for text in [
        "a = var.x",
        "a = local.x.y",
        "a = data.x.y[0].z",
        "a = random_password.x.result",
        "a = file(\"x\")",
        "a = \"x\" == var.y ? \"p\" : \"q\"",
        "a = [for x in var.y : \"${x}\" if x != \"b\"]",
        "a = { for k, v in var.m : k => v }",
        "a = lookup(var.m, \"k\", \"d\")",
        "a = null",
        "a = 1 + 2",
        "a = !true",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    same("a = merge(var.x, {\n b = \"p\"\n \"c d\" : 2 # e\n (f) = \"q\"\n})", &[("a.b", "p"), ("a.\"c d\"", "2")]);
}

#[test]
fn older_forms_and_one_line_blocks() {
    same(
        "listener \"tcp\" { tls_disable = 1 }\r\nacl = {\r\n  enabled = true,\r\n}\r\n\"k\" = \"v\"",
        &[("listener.tcp.tls_disable", "1"), ("acl.enabled", "true"), ("k", "v")],
    );
    same("a = \"${f(\"}\")}b\"\nc = \"\"", &[("a", "${f(\"}\")}b"), ("c", "")]);
    same("a = <<E\nx = {\nE\nb = 1", &[("a", "x = {"), ("b", "1")]);
    same("a = <<E\nE\n", &[("a", "")]);
}

#[test]
fn what_is_no_hcl_is_a_fault_with_a_place() {
    for (text, line, column) in [
        ("a {", 1, 3),
        ("a = \"b", 1, 5),
        ("a = \"b\nc\"", 1, 5),
        ("a = [1, }", 1, 9),
        ("a b c", 1, 6),
        ("}", 1, 1),
        ("a = <<E\nb\n", 1, 5),
        ("/* a", 1, 1),
        ("= 1", 1, 1),
        ("a = {\n b = (1\n", 2, 6),
    ] {
        let fault = Hcl.parse(text).expect_err(text);
        assert_eq!((fault.line, fault.column), (line, column), "{text}: {}", fault.kind);
    }
}

#[test]
fn another_value_is_escaped() {
    let settings = Hcl.parse(MAIN).expect("valid");
    let written = Hcl.encode(&Secret::copy_of("a\"${b}\\\n"), &settings[2]).expect("fits");
    assert!(splice(MAIN, settings[2].span, written.expose()).contains("= \"a\\\"$${b}\\\\\\n\" //"));
    for (index, value) in [(4, "tea"), (3, "1"), (8, "x")] {
        assert!(Hcl.encode(&Secret::copy_of(value), &settings[index]).is_err(), "{value}");
    }
    assert_eq!(Hcl.encode(&Secret::copy_of("true"), &settings[7]).expect("fits").expose(), "true");
}

#[test]
fn large_and_deep_texts_are_quick() {
    let begun = std::time::Instant::now();
    for open in ["a {\n", "[", "{a=", "f(", "${", "\"${"] {
        assert!(Hcl.parse(&format!("a = {}", open.repeat(100_000))).is_err(), "{open}");
    }
    for hostile in ["a = 1\n", "a \"b\" {\n}\n", "a = [1,2]\n", "/* a */", "# a\n", "a = <<E\n", "a = \"$$$", "1 + "] {
        let _ = Hcl.parse(&hostile.repeat(400_000 / hostile.len()));
        let _ = Hcl.parse(&format!("a = [{}]", hostile.repeat(400_000 / hostile.len())));
    }
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn names() {
    for name in ["main.tf", "prod.auto.tfvars", "terraform.tfvars.example", "vault.hcl", "job.nomad", ".terraform.lock.hcl"] {
        assert_eq!(Hcl.claims(name, name, ""), Claim::Name, "{name}");
    }
    for name in ["main.tf.json", "tf", "a.tfstate"] {
        assert_eq!(Hcl.claims(name, name, ""), Claim::No, "{name}");
    }
}

#[test]
fn fixtures_keep_everything_else() {
    for value in ["x", "", "a b", "a\"b", "${x}", "$${x}", "%{x}", "a\\", "ünï\n", "7", "true", "\u{1}"] {
        check(&Hcl, MAIN, value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_text_can_be_read(text in "\\PC{0,60}", value in "\\PC{0,12}") {
        check(&Hcl, &text, &value);
    }

    #[test]
    fn hcl_like_text(text in "([\\[\\](){}=:,\"\\\\$% aé#\n]|a = |\"b\"|\\$\\{|<<E\n|E\n|name = |value = |true|-1|for ){0,24}", value in "[a${%\"\\\\ \n]{0,6}") {
        check(&Hcl, &text, &value);
    }

    #[test]
    fn valid_text(inner in "(a = \"b\"\n|c \"d\" \\{\ne = 1\n\\}\n|f = \\[\"g\", \\{ h = \"i\" \\}\\]\n|name = \"j\"\nvalue = \"k\"\n|l = m\\(\\{ n = \"o\" \\}\\)\n|p = <<E\nq\nE\n|# r = \"s\"\n){0,6}", value in "[a${%\"\\\\ \n]{0,6}") {
        check(&Hcl, &inner, &value);
    }
}
