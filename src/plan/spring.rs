//! Spring's own files, and those of frameworks that read the same language: `${NAME}` is a property or a variable, and a program whose
//! reference has no answer does not start
//! (<https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files.property-placeholders>).

use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::setting::Setting;

/// What the settings of these frameworks begin with. A file of the same name may be another program's (Figaro's `application.yml`).
const TOPS: &[&str] = &["spring", "server", "management", "logging", "quarkus", "micronaut", "datasources", "eureka"];

/// Whether the file is one of Spring's, or of a framework that reads the same references.
pub(super) fn is_spring(document: &Document) -> bool {
    let name = document.file_name().to_ascii_lowercase();
    let stem = name.rsplit_once('.').map_or("", |(stem, _)| stem);
    let named = ["application", "bootstrap"].iter().any(|n| stem.strip_prefix(n).is_some_and(|r| r.is_empty() || r.starts_with('-')));
    let top = |s: &Setting| s.key.names().next().is_some_and(|first| TOPS.contains(&first.split('.').next().unwrap_or(first)));
    named && document.settings.iter().any(top)
}

/// The name of a variable for a setting of such a file: its whole path, as the framework itself would look for it in the environment.
pub(super) fn name(document: &Document, setting: &Setting) -> Option<String> {
    if !is_spring(document) {
        return None;
    }
    let all: Vec<String> = setting.key.names().flat_map(words).collect();
    (all.len() > 1).then(|| all.join("_").to_uppercase())
}
