//! Tags: whether the text behind one is the value, or says where the value stands. A tag that nobody gave a meaning hides nothing.
//!
//! Follows <https://yaml.org/spec/1.2.2/#681-node-tags>, CloudFormation's intrinsic functions
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>) and the tags of Compose, Ansible,
//! Home Assistant and their kin.

use super::node::{Kind, Node, Scalar};

/// What a tag makes of what stands behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The value as written: core tags, and all that nobody else gave a meaning.
    Value,
    /// A name for a value that stands elsewhere; also a value that is encrypted.
    Elsewhere,
    /// Pieces of one value, of which the first only says how to join them.
    Pieces,
    /// A condition and two values.
    Choice,
    /// A variable, and what runs when it is unset.
    Variable,
}

/// Tags behind which a name stands, or a sealed value; without `!`, in the order of the programs that read them. Any other tag says how
/// to read the value that follows: `!Sub` is a template, judged as one.
const ELSEWHERE: &[&str] = &[
    // CloudFormation, SAM and what deploys them
    "And",
    "Cidr",
    "Condition",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "ImportValue",
    "Length",
    "Not",
    "Or",
    "Ref",
    "RefAll",
    "Rain::S3Http",
    "Select",
    "Split",
    "Transform",
    "ValueOf",
    "ValueOfAll",
    "environment_variable",
    "file",
    "file_contents",
    "rcmd",
    "ssm",
    "stack_attr",
    "stack_output",
    "stack_output_external",
    // Home Assistant and ESPHome
    "extend",
    "include",
    "include_dir_list",
    "include_dir_merge_list",
    "include_dir_merge_named",
    "include_dir_named",
    "input",
    "lambda",
    "remove",
    "secret",
    // GitLab, Jenkins' job builder, Zuul, Ansible, MkDocs
    "encrypted",
    "encrypted/pkcs1-oaep",
    "include-jinja2",
    "include-raw",
    "include-raw-escape",
    "include-raw-expand",
    "j2",
    "j2-yaml",
    "reference",
    "relative",
    "vault",
    "vault-encrypted",
    // Authentik's blueprints
    "Context",
    "File",
    "Find",
    "FindObject",
    "Index",
    "KeyOf",
    "Value",
    // Symfony
    "php/const",
    "php/enum",
    "service",
    "tagged",
    "tagged_iterator",
    "tagged_locator",
];

/// `handle` and `suffix` of a tag as the parser gives them: `!Ref` is `!` and `Ref`, `!!str` the core prefix and `str`.
fn meaning(handle: &str, suffix: &str) -> Meaning {
    let core = [handle, suffix].iter().any(|part| part.starts_with("tag:yaml.org,2002:"));
    match suffix {
        _ if core => Meaning::Value,
        "Join" => Meaning::Pieces,
        "If" => Meaning::Choice,
        "ENV" | "Env" | "env" | "env_var" => Meaning::Variable,
        _ if ELSEWHERE.contains(&suffix) => Meaning::Elsewhere,
        _ => Meaning::Value,
    }
}

/// Marks in `node`, which has the tag, what stands elsewhere. A map names its values itself: it is left as it is.
pub(super) fn settle(node: &mut Node, handle: &str, suffix: &str) {
    let meaning = meaning(handle, suffix);
    if meaning == Meaning::Value {
        return;
    }
    match &mut node.kind {
        // `!env_var NAME default`, and pyaml-env's `!ENV ${NAME:default}` and `!ENV text`
        Kind::Scalar(scalar) if meaning == Meaning::Variable => scalar.elsewhere |= is_variable(scalar.value.expose()),
        Kind::Scalar(scalar) => scalar.elsewhere = true,
        Kind::List(items) => {
            let last = items.len().saturating_sub(1);
            // what stands in one value with a reference may be a part of its form
            let joined = meaning == Meaning::Pieces && items.iter().skip(1).any(|item| any(item, &|scalar| scalar.elsewhere));
            let whole = items.iter().any(|item| any(item, &|scalar| scalar.value.expose().contains("{{resolve:")));
            for (i, item) in items.iter_mut().enumerate() {
                match meaning {
                    Meaning::Choice if i > 0 => {}
                    Meaning::Pieces if i > 0 => {
                        if joined {
                            mark(item, &|text| whole || is_form(text));
                        }
                    }
                    Meaning::Variable if i > 0 && i == last => {}
                    _ => mark(item, &|_| true),
                }
            }
        }
        Kind::Map(_) | Kind::Alias(..) => {}
    }
}

/// Whether the text is what variables are called, not a value: `DB_PASSWORD`, `db_password`.
fn is_variable(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    plain && (text.contains('_') || !text.bytes().any(|b| b.is_ascii_lowercase()))
}

/// Whether the text only joins the pieces beside it: `:`, `-`, `secret/`, but no address with all that goes with it.
fn is_form(text: &str) -> bool {
    const JOINTS: &[char] = &['/', ':', '-', '_', '.', '@', '=', '?', '&', ',', ';', ' ', '{', '}'];
    !text.contains("://") && (text.len() < 4 || text.starts_with(JOINTS) || text.ends_with(JOINTS))
}

/// Whether a scalar of `node`, or of lists in it, fits.
fn any(node: &Node, fits: &dyn Fn(&Scalar) -> bool) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => fits(scalar),
        Kind::List(items) => items.iter().any(|item| any(item, fits)),
        Kind::Map(_) | Kind::Alias(..) => false,
    }
}

/// Marks the scalars of `node` that fit, and those of lists in it.
fn mark(node: &mut Node, fits: &dyn Fn(&str) -> bool) {
    match &mut node.kind {
        Kind::Scalar(scalar) => scalar.elsewhere |= fits(scalar.value.expose()),
        Kind::List(items) => items.iter_mut().for_each(|item| mark(item, fits)),
        Kind::Map(_) | Kind::Alias(..) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::parsed;
    use crate::formats::yaml::Yaml;
    use crate::model::setting::Role;

    /// The values of `text` that stand there as they are.
    fn live(text: &str) -> Vec<String> {
        parsed(&Yaml, text).iter().filter(|s| s.role == Role::Live).map(|s| s.value.expose().to_owned()).collect()
    }

    #[test]
    fn a_tag_of_an_application_names_a_place() {
        for text in [
            "a: !Ref kettle\n",
            "a: !secret kettle\n",
            "a: !GetAtt kettle.spout\n",
            "a: {b: !ImportValue \"kettle\"}\n",
            "a: !FindInMap [kettle, !Ref tea, spout]\n",
            "a: !reference [.kettle, variables, TEA]\n",
            "a: !Select [0, !Split [\",\", !Ref kettle]]\n",
            "a: !Join ['', ['{{resolve:', !Ref kettle, '}}']]\n",
            "a: !vault |\n  kettle\n",
            "a: !env_var KETTLE\n",
            "a: !ENV KETTLE\n",
            "a: !ENV kettle_spout\n",
            "a: !encrypted/pkcs1-oaep [kettle]\n",
            "a: !php/const App::KETTLE\n",
        ] {
            assert_eq!(live(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_is_written_behind_other_tags_stays_a_value() {
        for text in [
            "a: !!str kettle\n",
            "a: ! kettle\n",
            "a: !str kettle\n",
            "a: !unsafe kettle\n",
            "a: !Sub kettle\n",
            "a: !<tag:yaml.org,2002:str> kettle\n",
            "a: !override {b: kettle}\n",
            "a: !Recipe {b: kettle}\n",
            "a: !password kettle\n",
            "a: !sensitive kettle\n",
            "a: !python/str kettle\n",
            "a: !quoted 'kettle'\n",
            "a: !binary kettle\n",
            "a: !ENV kettle\n",
            "a: !Join ['', [kettle, !Ref tea]]\n",
            "a: !<tag:example.org,2000:tea> kettle\n",
            "a: !If [tea, !Ref spout, kettle]\n",
            "a: !ENV [TEA, kettle]\n",
            "a: \"kettle\"\n",
        ] {
            assert_eq!(live(text), ["kettle"], "{text}");
        }
        assert_eq!(live("a: !Join ['', [tea, kettle]]\n"), ["tea", "kettle"]);
        assert_eq!(live("a: !Join ['', ['redis://:tea@', !Ref kettle]]\n"), ["redis://:tea@"]);
        assert_eq!(live("a: !env_var TEA kettle\n"), ["TEA kettle"]);
        assert_eq!(live("a: !ENV ${TEA:kettle}\n"), ["${TEA:kettle}"]);
    }
}
