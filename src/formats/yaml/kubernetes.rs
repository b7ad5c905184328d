//! Kubernetes manifests: YAML whose Secrets are base64, whose variables are pairs of `name` and `value`, and whose commands hold passwords.
//!
//! Follows <https://kubernetes.io/docs/reference/kubernetes-api/>: `Secret`, `EnvVar`, `Container`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::command::list;
use super::node::{Kind, Node};
use super::plain::stem;
use super::reader::{At, Reader, View};
use super::{scalar, template, variables};
use crate::formats::format::{Claim, EncodeError, Format};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::{Layer, Setting};

/// Kubernetes manifests.
pub(in crate::formats) struct Kubernetes;

impl Format for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn claims(&self, _path: &str, file_name: &str, head: &str) -> Claim {
        let has = |key: &str| head.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '\t'])));
        if stem(file_name).is_some() && has("apiVersion:") && has("kind:") { Claim::Special } else { Claim::No }
    }

    fn parse(&self, text: &str) -> Result<Vec<Setting>, Fault> {
        template::settings(text, &Resources)
    }

    fn encode(&self, value: &Secret, place: &Setting) -> Result<Secret, EncodeError> {
        scalar::encode(value, place)
    }
}

struct Resources;

impl View for Resources {
    fn take(&self, reader: &mut Reader<'_>, at: &At, node: &Node) -> bool {
        let Kind::Map(pairs) = &node.kind else { return variables::take(self, reader, at, node) };
        // A `List` holds resources too, so a Secret may stand at any depth.
        let resource = node.get("apiVersion").is_some() && node.get("kind").is_some();
        let secret = resource && node.get("kind").and_then(Node::text) == Some("Secret");
        let shell = node.get("command").is_some_and(ends_in_shell);
        for (key, value) in pairs {
            let below = at.child(key);
            match (key.text().unwrap_or(""), &value.kind) {
                ("data", Kind::Map(entries)) if secret => entries.iter().for_each(|(key, value)| encoded(reader, &below.child(key), value)),
                // The meaning of the whole map hangs on these.
                ("kind" | "apiVersion", Kind::Scalar(scalar)) if resource => {
                    let setting = reader.leaf(&below, value, scalar);
                    reader.push(Setting { editable: false, ..setting });
                }
                ("env", Kind::List(items)) => variables::pairs(self, reader, &below, items),
                ("command", Kind::List(items)) => list(reader, self, &below, items, false),
                ("args", Kind::List(items)) => list(reader, self, &below, items, shell),
                _ => reader.walk(self, &below, value),
            }
        }
        true
    }
}

/// An entry of `data`: the value is what its base64 says. Text that is none stays as it is, and is not edited.
fn encoded(reader: &mut Reader<'_>, at: &At, node: &Node) {
    let Some(scalar) = node.scalar() else {
        reader.walk(&variables::Plain, at, node);
        return;
    };
    let mut setting = reader.leaf(at, node, scalar);
    match decoded(scalar.value.expose()) {
        Some(value) => {
            setting.value = value;
            setting.layer = Layer::Base64;
        }
        None => setting.editable = false,
    }
    reader.push(setting);
}

fn decoded(text: &str) -> Option<Secret> {
    // Blocks break base64 into lines.
    let mut joined = Zeroizing::new(String::with_capacity(text.len()));
    joined.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    let bytes = STANDARD.decode(joined.as_bytes()).ok()?;
    match String::from_utf8(bytes) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

/// Whether a command is `[sh, -c]`, so that `args` begins with a text for it.
fn ends_in_shell(command: &Node) -> bool {
    let Kind::List(items) = &command.kind else { return false };
    let mut words = items.iter().rev().map(|item| item.text().unwrap_or(""));
    let switch = words.next().is_some_and(|word| word.starts_with('-') && word.ends_with('c'));
    switch && words.any(|word| word.ends_with("sh"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{NASTY, at, check_splices, parsed, shown, values, written};
    use super::{Claim, Format, Kubernetes};
    use crate::model::setting::{Layer, Quoting};
    use proptest::prelude::proptest;

    const FILE: &str = include_str!("../../../fixtures/formats/kubernetes/stack.yaml");
    const VALUES: &str = include_str!("../../../fixtures/formats/kubernetes/values.yaml");

    #[test]
    fn manifests_are_claimed_by_content() {
        assert_eq!(Kubernetes.claims("a.yaml", "a.yaml", FILE), Claim::Special);
        assert_eq!(Kubernetes.claims("values.yaml", "values.yaml", VALUES), Claim::No);
        assert_eq!(Kubernetes.claims("a.md", "a.md", FILE), Claim::No);
    }

    #[test]
    fn secrets_variables_and_arguments_are_settings() {
        let got = shown(&Kubernetes, FILE);
        for expected in [
            "data.password=heron-123",
            "data.quoted=stork",
            "data.block=ibis-ibis",
            "data.broken=<base64 of the key>",
            "data.binary=//79",
            "stringData.token=plover",
            "stringData.\"app.conf\"=password = knot\nport = 1\n",
            "1:items[0].data.inner=ruff",
            "2:spec.template.spec.containers[0].env[0].DB_PASSWORD=curlew",
            "2:spec.template.spec.containers[0].env[1].valueFrom.secretKeyRef.key=token",
            "2:spec.template.spec.containers[0].env[2].LATE_NAME=avocet",
            "2:spec.template.spec.containers[0].command.--requirepass=dunlin",
            "2:spec.template.spec.containers[1].args.--token=godwit",
            "2:spec.template.spec.containers[1].args.--quiet=true",
            "2:spec.template.spec.containers[1].livenessProbe.exec.command.--pass=dunlin",
        ] {
            assert!(got.iter().any(|line| line == expected), "{expected} not in {got:#?}");
        }
        assert!(!got.iter().any(|line| line.ends_with("env[0].name=DB_PASSWORD")));
    }

    #[test]
    fn base64_is_a_layer_only_where_it_is_base64() {
        let settings = parsed(&Kubernetes, FILE);
        let of = |key: &str| (at(&settings, key).layer, at(&settings, key).editable);
        assert_eq!(of("data.password"), (Layer::Base64, true));
        assert_eq!(of("data.broken"), (Layer::None, false));
        assert_eq!(of("data.binary"), (Layer::None, false));
        assert_eq!(of("stringData.token"), (Layer::None, true));
        let new = |key: &str, value: &str| written(&Kubernetes, FILE, key, value).unwrap_or_default();
        assert!(new("data.password", "wren").contains("password: d3Jlbg==\n"));
        assert!(new("data.block", "wren").contains("block: |\n    d3Jlbg==\n"));
        assert!(new("data.quoted", "wren").contains("quoted: \"d3Jlbg==\"\n"));
    }

    #[test]
    fn the_name_of_a_variable_is_its_key() {
        let settings = parsed(&Kubernetes, FILE);
        let password = at(&settings, "spec.template.spec.containers[0].env[0].DB_PASSWORD");
        assert_eq!((password.key_span.of(FILE), password.span.of(FILE), password.quoting), ("DB_PASSWORD", "curlew", Quoting::Double));
    }

    #[test]
    fn the_fixture_takes_every_value_or_refuses_it() {
        let written: usize = NASTY.iter().map(|value| check_splices(&Kubernetes, FILE, value)).sum();
        assert!(written > 300, "{written}");
    }

    proptest! {
        #[test]
        fn a_value_is_read_back_where_it_was_written(value in values()) {
            check_splices(&Kubernetes, FILE, &value);
        }
    }
}
