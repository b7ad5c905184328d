//! What is kept of findings: one of those that say the same thing of the same bytes, and no checksum of a lock file.

use super::neighbours::Neighbourhood;
use super::weight::PROVIDER_TOKEN;
use crate::model::document::is_lock_file;
use crate::model::finding::Finding;
use crate::model::severity::{Class, Confidence, Severity};
use crate::model::span::Span;

/// A token that stands in a file within a file is found in both settings: the inner one says more.
pub(super) fn keep_the_innermost(findings: &mut Vec<Finding>) {
    let mut tokens: Vec<(Span, usize)> = findings.iter().filter(|f| f.topic == PROVIDER_TOKEN).map(|f| (f.span, f.key.len())).collect();
    if tokens.len() < 2 {
        return;
    }
    tokens.sort_by_key(|(span, _)| (span.start, span.end));
    findings.retain(|f| {
        let from = tokens.partition_point(|(span, _)| span.start < f.span.start);
        let mut inside = tokens.get(from..).unwrap_or_default().iter().take_while(|(span, _)| span.end <= f.span.end);
        f.topic != PROVIDER_TOKEN || !inside.any(|(span, key)| f.span.covers(*span) && (*span != f.span || *key > f.key.len()))
    });
}

/// What is known to be a provider's token is told as that, however bad a strong value in a file is otherwise.
fn weight(finding: &Finding) -> (bool, Severity, Confidence) {
    let told = finding.topic == PROVIDER_TOKEN && finding.class == Class::HardcodedSecret;
    (told, finding.severity, finding.confidence)
}

/// Of several findings of one class on overlapping bytes of one setting only the worst is kept: they say the same thing.
pub(super) fn keep_the_worst(findings: &mut Vec<Finding>, first: usize) {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings.drain(first..) {
        let twin = kept
            .iter_mut()
            .find(|k| (k.class == finding.class || (secretish(k.class) && secretish(finding.class))) && k.span.overlaps(finding.span));
        match twin {
            Some(twin) if weight(twin) < weight(&finding) => *twin = finding,
            Some(_) => {}
            None => kept.push(finding),
        }
    }
    findings.extend(kept);
}

fn secretish(class: Class) -> bool {
    matches!(class, Class::DevSecret | Class::WeakKey | Class::HardcodedSecret | Class::EmptySecret)
}

/// Whether what looks like a secret is a checksum of a lock file, sealed for a cluster, or what a scanner of secrets looks for: what a
/// provider issued counts there, too, and but for the last what stands in a URL.
pub(super) fn is_no_secret_there(around: &Neighbourhood<'_>, finding: &Finding) -> bool {
    let document = around.document();
    if is_record_of_scanner(document.file_name()) {
        return finding.topic != PROVIDER_TOKEN && !finding.rule.contains("private-key");
    }
    // a text may show how a URL is written, and speak of any setting
    if around.is_catalogue() {
        return !secretish(finding.class) || finding.rule.starts_with("url-");
    }
    let named = finding.topic != PROVIDER_TOKEN && !finding.rule.starts_with("url-") && !finding.rule.contains("private-key");
    let sealed = || document.format == "kubernetes" && finding.key.starts_with("spec.encryptedData.");
    named && finding.class != Class::NonTlsUrl && (is_lock_file(document.file_name()) || sealed())
}

/// Files in which other scanners of secrets keep patterns, what they are to pass by and what they found.
fn is_record_of_scanner(name: &str) -> bool {
    const NAMES: &[&str] = &[
        ".gitallowed",
        ".gitguardian.yaml",
        ".gitguardian.yml",
        ".gitleaks.toml",
        ".gitleaksignore",
        ".secretlintignore",
        ".secretlintrc.json",
        ".secretlintrc.yaml",
        ".secretlintrc.yml",
        ".secrets.baseline",
        ".talismanrc",
        ".trufflehog.yaml",
        ".trufflehog.yml",
        ".trufflehogignore",
        "gitleaks.toml",
        "trufflehog-exclude.txt",
        "trufflehog-excludes.txt",
    ];
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}
