//! Edits that a report can show with its findings.

use std::collections::HashMap;

use harden::model::document::Document;
use harden::model::finding::Finding;
use harden::plan::{Wishes, proposals};
use harden::report::{Proposal, Replacement};
use harden::scan::{Kept, Scan};

use super::manifests::Manifests;
use super::project::Project;

/// Adds to the entries of `scan` what could be done about them in their file, as far as its documents were kept and it shows no secret.
pub(crate) fn add(scan: &mut Scan, project: &Project) {
    let (mut documents, mut files) = (Vec::new(), Vec::new());
    for Kept { document, path, .. } in std::mem::take(&mut scan.documents) {
        documents.push(document);
        files.push(path);
    }
    let drivers = project.config.as_ref().map(|c| c.config.drivers.clone()).unwrap_or_default();
    let read = Manifests::of(project, &files);
    let manifests = |index: usize| read.above(index);
    let wishes = Wishes {
        manifests: &manifests,
        before: &[],
        only: &[],
        drivers: &drivers,
        rules: &project.rules,
        seals: None,
        fresh: None,
        live: false,
        keep_previous: false,
        unborn: false,
    };
    let findings: Vec<&Finding> = scan.report.entries.iter().map(|e| &e.finding).collect();
    let mut by_place = HashMap::new();
    for proposed in proposals(&documents, &findings, &wishes) {
        let Some(document) = documents.get(proposed.document) else { continue };
        let replacements = proposed.edits.iter().map(|(span, text)| replacement(document, *span, text)).collect();
        let proposal = Proposal { what: proposed.what, replacements };
        by_place.insert((document.path.as_str(), proposed.setting, proposed.rule), proposal);
    }
    for entry in &mut scan.report.entries {
        let finding = &entry.finding;
        entry.proposal = finding.setting.and_then(|setting| by_place.remove(&(finding.file.as_str(), setting, finding.rule.clone())));
    }
}

fn replacement(document: &Document, span: harden::model::span::Span, text: &str) -> Replacement {
    let at = |byte| document.lines.position(&document.text, byte);
    Replacement { from: at(span.start), to: at(span.end), text: text.to_owned() }
}
