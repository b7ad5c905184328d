//! One JSON object a line and finding: what scripts and scorers read. The fields, and their order, are fixed (docs/output.md).

use std::io::{self, Write};

use serde::Serialize;

use super::escape::json;
use super::fields::{Fields, SCHEMA};
use super::renderer::Renderer;
use crate::report::Report;

/// `--format jsonl`
pub(super) struct JsonLines;

#[derive(Serialize)]
struct Line<'a> {
    schema: u32,
    #[serde(flatten)]
    fields: Fields<'a>,
}

impl Renderer for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn about(&self) -> &'static str {
        "one JSON object a line and finding"
    }

    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        report.entries.iter().try_for_each(|entry| writeln!(out, "{}", json(&Line { schema: SCHEMA, fields: Fields::of(entry) })?))
    }
}

#[cfg(test)]
mod tests {
    use super::JsonLines;
    use crate::render::Renderer;
    use crate::report::sample;

    #[test]
    fn the_line_is_the_contract() {
        let mut out = Vec::new();
        JsonLines.render(&sample::report(), &mut out).expect("a vector takes all");
        let text = String::from_utf8(out).expect("UTF-8");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "{\"schema\":1,\"rule\":\"default-credential\",\"class\":\"dev-secret\",\"severity\":\"critical\",\"confidence\":\"high\",\
             \"file\":\".env\",\"line\":12,\"end_line\":12,\"column\":13,\"key\":\"DB_PASSWORD\",\
             \"fingerprint\":\"0123456789abcdef0123456789abcdef\",\"environment\":\"production\",\"fix\":\"safe\",\
             \"message\":\"the password is the one of the template\"}"
        );
        assert_eq!(lines.len(), 3, "info is carried too");
        let hostile: serde_json::Value = serde_json::from_str(lines[1]).expect("JSON");
        assert_eq!(hostile["file"], "we ird|`x`\u{1b}[31m%\u{202e}.yml");
        assert!(!lines[1].contains('\u{202e}'), "escaped, not raw");
    }

    #[test]
    fn nothing_found_is_no_line() {
        let mut out = Vec::new();
        JsonLines.render(&sample::clean(), &mut out).expect("a vector takes all");
        assert!(out.is_empty());
    }
}
