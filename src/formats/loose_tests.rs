use crate::formats::parse;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::setting::Role;

/// The beginning of an Ed25519 key as PKCS#8 writes it, and no key; equal signs at line ends look like settings.
fn pem(indent: &str) -> String {
    let label = concat!("PRIV", "ATE KEY");
    let body = "MC4CAQAwBQYDK2VwBCIEIAbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcde==";
    format!("{indent}-----BEGIN {label}-----\n{indent}{body}\n{indent}-----END {label}-----")
}

fn read(path: &str, text: &str) -> Document {
    parse(path, text.as_bytes(), Environment::Production)
}

fn keys(document: &Document) -> Vec<(String, Role)> {
    let keys = document.settings.iter().filter(|s| s.value.expose().contains("-----BEGIN"));
    keys.map(|s| (s.key.to_string(), s.role)).collect()
}

#[test]
fn every_format_shows_a_key_that_no_setting_holds() {
    for (path, before, indent) in [
        ("a.ini", "[a]\nb = c\n", ""),
        ("a.toml", "# an old one\nb = 1\n", "# "),
        ("nginx.conf", "listen 80;\n", "# "),
        ("a.yml", "b: c\n", "# "),
        ("a.xml", "<a>\n", ""),
        ("a.py", "b = 1\n", "# "),
        ("a", "", ""),
        ("a.properties", "b=c\n", "# "),
        (".env", "B=c\n", "# "),
    ] {
        let text = format!("{before}{}\n", pem(indent));
        let document = read(path, &text);
        assert_eq!(keys(&document), [(String::new(), Role::Prose)], "{path} as {}", document.format);
        let key = document.settings.iter().find(|s| s.name().is_empty()).unwrap();
        assert!(!key.editable && key.span.of(&text) == key.value.expose());
        assert_eq!(document.settings.iter().filter(|s| s.span.overlaps(key.span)).count(), 1, "{path}: nothing of the body is a setting");
    }
}

#[test]
fn what_a_setting_holds_is_not_added() {
    for (path, text, key) in [
        ("a.yml", format!("tls:\n  key: |\n{}\n", pem("    ")), "tls.key"),
        ("a.json", format!("{{\"key\": \"{}\"}}", pem("").replace('\n', "\\n")), "key"),
        (".env", format!("KEY=\"{}\"\n", pem("")), "KEY"),
        ("a.toml", format!("key = \"\"\"\n{}\n\"\"\"\n", pem("")), "key"),
        ("a.js", format!("const key = `{}`;\n", pem("").replace('\n', "\\n")), "key"),
    ] {
        let document = read(path, &text);
        assert_eq!(keys(&document).iter().map(|(k, _)| k.as_str()).collect::<Vec<_>>(), [key], "{path}");
    }
}

#[test]
fn a_key_behind_a_certificate_is_shown_by_itself() {
    let text = format!("tls:\n  bundle: |\n{}\n{}\n", pem("    ").replace(concat!("PRIV", "ATE KEY"), "CERTIFICATE"), pem("    "));
    let document = read("a.yml", &text);
    assert_eq!(keys(&document), [("tls.bundle".to_owned(), Role::Live), (String::new(), Role::Prose)]);
}

#[test]
fn a_name_before_a_torn_block_is_kept() {
    let document = read(".env", &format!("TLS_KEY={}\nB=c\n", pem("")));
    assert_eq!(keys(&document), [("TLS_KEY".to_owned(), Role::Prose)]);
    assert_eq!(document.settings.len(), 2);
}

#[test]
fn examples_in_documentation_are_left_out() {
    assert_eq!(keys(&read("a.rs", &pem("/// "))), []);
    assert_eq!(keys(&read("A.kt", &pem(" * "))), []);
    assert_eq!(keys(&read("a.rs", &pem("// "))).len(), 1);
}

#[test]
fn many_certificates_are_quick() {
    let text = format!("{}\n", pem("").replace(concat!("PRIV", "ATE KEY"), "CERTIFICATE")).repeat(8000);
    let start = std::time::Instant::now();
    assert_eq!(read("ca.crt", &text).settings.len(), 8000);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
