//! Shell scripts: a default, or an assignment of a secret, becomes a demand that the environment has it, `${NAME:?}` (POSIX, XCU 2.6.2).

use super::fallbacks::Read;
use crate::model::document::Document;
use crate::model::setting::Setting;
use crate::model::span::{Span, line_before};

/// Whether the file is run. One that is read into a shell is there to set variables.
pub(super) fn is_script(document: &Document) -> bool {
    document.format == "shell" && document.text.starts_with("#!")
}

/// What takes the place of the secret at `at`, a place of `setting`: `${NAME:?}` for `${NAME:-secret}`, and `: "${NAME:?}"` for
/// `export NAME=secret` where that is all that its line does, and the only assignment of the name.
pub(super) fn read_at(document: &Document, setting: &Setting, at: Span) -> Option<Read> {
    let text = document.text.as_str();
    default(text, at).or_else(|| assignment(document, setting, at))
}

fn default(text: &str, at: Span) -> Option<Read> {
    let before = line_before(text, at.start);
    let open = before.rfind("${")?;
    let inner = before.get(open + 2..)?;
    let name = inner.trim_end_matches(['-', '=', ':']);
    let sign = inner.get(name.len()..)?;
    let fits = matches!(sign, ":-" | ":=" | "-" | "=") && is_name(name) && text.get(at.end..)?.starts_with('}');
    let start = at.start - sign.len();
    fits.then(|| Read { name: name.to_owned(), span: Span::new(start, at.end), text: ":?".to_owned() })
}

fn assignment(document: &Document, setting: &Setting, at: Span) -> Option<Read> {
    let text = document.text.as_str();
    let name = setting.name();
    let only = document.settings.iter().filter(|s| s.name() == name).count() == 1;
    let before = line_before(text, setting.key_span.start);
    let quote = text.get(setting.span.end..)?.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = setting.span.end + quote.map_or(0, char::len_utf8);
    let rest = text.get(end..)?.lines().next().unwrap_or("");
    let comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
    let alone = matches!(before.trim_start(), "" | "export ") && (rest.trim().is_empty() || comment);
    let whole = at == setting.span && setting.key_span.of(text) == name && !at.of(text).contains(['\n', '$', '`']);
    let start = setting.key_span.start - before.trim_start().len();
    // in a here-document it is another program's, or another machine's
    let here = text.get(..start)?.contains("<<");
    // what was handed on to other programs still is
    let handed = before.trim_start().starts_with("export");
    let text = if handed { format!("export {name}=\"${{{name}:?}}\"") } else { format!(": \"${{{name}:?}}\"") };
    (only && alone && whole && !here && is_name(name)).then(|| Read { name: name.to_owned(), span: Span::new(start, end), text })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::{is_script, read_at};
    use crate::formats;
    use crate::model::environment::Environment;
    use crate::model::span::Span;

    fn changed(text: &str) -> Option<String> {
        let document = formats::parse("run.sh", text.as_bytes(), Environment::Production);
        let start = text.find("kettle")?;
        let at = Span::new(start, start + "kettle".len());
        let setting = document.settings.iter().find(|s| s.span.covers(at))?;
        let read = read_at(&document, setting, at).filter(|_| is_script(&document))?;
        Some([&text[..read.span.start], &read.text, &text[read.span.end..]].concat())
    }

    #[test]
    fn a_default_and_a_lone_assignment_become_a_demand() {
        for (text, want) in [
            ("#!/bin/sh\nT_KEY=${T_KEY:-kettle}\n", "#!/bin/sh\nT_KEY=${T_KEY:?}\n"),
            ("#!/bin/sh\n: \"${T_SECRET:=kettle}\"\n", "#!/bin/sh\n: \"${T_SECRET:?}\"\n"),
            (
                "#!/bin/sh\nif a; then\n  export T_KEY='kettle' # tea\nfi\n",
                "#!/bin/sh\nif a; then\n  export T_KEY=\"${T_KEY:?}\" # tea\nfi\n",
            ),
            ("#!/bin/sh\nT_PASSWORD=kettle", "#!/bin/sh\n: \"${T_PASSWORD:?}\""),
        ] {
            assert_eq!(changed(text).as_deref(), Some(want));
        }
    }

    #[test]
    fn what_sets_variables_for_others_or_does_more_is_left_alone() {
        for text in [
            "export T_PASSWORD=kettle\n",
            "#!/bin/sh\nT_PASSWORD=kettle psql\n",
            "#!/bin/sh\nT_PASSWORD=kettle; run\n",
            "#!/bin/sh\nexport T_PASSWORD=kettle A=b\n",
            "#!/bin/sh\nlocal T_PASSWORD=kettle\n",
            "#!/bin/sh\nT_PASSWORD=kettle\nT_PASSWORD=drum\n",
            "#!/bin/sh\nT_PASSWORD=kettle$x\n",
            "#!/bin/sh\nT_PASSWORD=${T_PASSWORD:-kettle$x}\n",
        ] {
            assert_eq!(changed(text), None, "{text}");
        }
    }
}
