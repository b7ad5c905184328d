//! Tags: whether the text behind one is the value, or says where the value stands.
//!
//! Follows <https://yaml.org/spec/1.2.2/#681-node-tags>, CloudFormation's intrinsic functions
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>) and the tags of Compose, Ansible,
//! Home Assistant and their kin.

use super::node::{Kind, Node};

/// What a tag makes of what stands behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// The value as written: core tags, and those that only say how to read it.
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

/// Tags behind which the value stands as it is; without `!`, compared as they stand. `Sub` is a template, judged as one.
const VALUES: &[&str] = &["Base64", "Sub", "literal", "override", "raw", "reset", "str", "string", "text", "unsafe"];

/// `handle` and `suffix` of a tag as the parser gives them: `!Ref` is `!` and `Ref`, `!!str` the core prefix and `str`.
fn meaning(handle: &str, suffix: &str) -> Meaning {
    let core = [handle, suffix].iter().any(|part| part.starts_with("tag:yaml.org,2002:"));
    match suffix {
        // the bare `!` only says that nothing is to be guessed
        _ if core || matches!(suffix, "" | "!") || VALUES.contains(&suffix) => Meaning::Value,
        "Join" => Meaning::Pieces,
        "If" => Meaning::Choice,
        "ENV" | "Env" | "env" | "env_var" => Meaning::Variable,
        _ => Meaning::Elsewhere,
    }
}

/// Marks in `node`, which has the tag, what stands elsewhere. A map names its values itself: it is left as it is.
pub(super) fn settle(node: &mut Node, handle: &str, suffix: &str) {
    let meaning = meaning(handle, suffix);
    if meaning == Meaning::Value {
        return;
    }
    match &mut node.kind {
        // `!env_var NAME default`
        Kind::Scalar(scalar) if meaning == Meaning::Variable && scalar.value.expose().contains(' ') => {}
        Kind::Scalar(scalar) => scalar.elsewhere = true,
        Kind::List(items) => {
            let last = items.len().saturating_sub(1);
            // what stands in one value with a reference is a part of its form, unless it is an address with all that goes with it
            let joined = meaning == Meaning::Pieces && items.iter().skip(1).any(has_elsewhere);
            for (i, item) in items.iter_mut().enumerate() {
                match meaning {
                    Meaning::Choice if i > 0 => {}
                    Meaning::Pieces if i > 0 => {
                        if joined {
                            mark(item, &|text| !text.contains("://"));
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

fn has_elsewhere(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => scalar.elsewhere,
        Kind::List(items) => items.iter().any(has_elsewhere),
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
            "a: !<tag:example.org,2000:kettle> tea\n",
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
            "a: !If [tea, !Ref spout, kettle]\n",
            "a: !ENV [TEA, kettle]\n",
            "a: \"kettle\"\n",
        ] {
            assert_eq!(live(text), ["kettle"], "{text}");
        }
        assert_eq!(live("a: !Join ['', [tea, kettle]]\n"), ["tea", "kettle"]);
        assert_eq!(live("a: !Join ['', ['redis://:tea@', !Ref kettle]]\n"), ["redis://:tea@"]);
        assert_eq!(live("a: !env_var TEA kettle\n"), ["TEA kettle"]);
    }
}
