//! A plain file and its sealed twin, told by their names: `NAME.age`; `app.sops.yaml` and `app.enc.yaml` for `app.yaml`; `.env.sops.env` for `.env`.
//! And what is said where a scan finds a secret in the plain one of two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::model::severity::{Class, Severity};
use harden::report::{Notice, Report};
use harden::seal::{self, sops};

use super::sealing::{self, twin_of};

/// What stands between name and ending of a sops file.
const MARKS: [&str; 2] = [".sops.", ".enc."];

/// Endings by which sops knows the form of a file.
const ENDS: [&str; 5] = ["yaml", "yml", "json", "env", "ini"];

/// The names under which a twin of the plain file `plain` may lie beside it.
pub(crate) fn sealed_names(plain: &Path) -> Vec<PathBuf> {
    let mut out = vec![twin_of(plain)];
    let name = plain.file_name().unwrap_or_default().to_string_lossy();
    if let Some((stem, end)) = name.rsplit_once('.').filter(|(stem, end)| !stem.is_empty() && ENDS.contains(end)) {
        out.extend(MARKS.iter().map(|mark| plain.with_file_name(format!("{stem}{mark}{end}"))));
    }
    if harden::disk::walk::is_env_name(std::ffi::OsStr::new(&*name)) {
        out.extend(MARKS.iter().map(|mark| plain.with_file_name(format!("{name}{mark}env"))));
    }
    out
}

/// The names that the plain twin of the file `sealed` may have; none for a file whose name is not that of a sealed one.
pub(crate) fn plain_names(sealed: &Path) -> Vec<PathBuf> {
    let Some(name) = sealed.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    if let Some(plain) = name.strip_suffix(".age").filter(|plain| !plain.is_empty()) {
        return vec![sealed.with_file_name(plain)];
    }
    match sops_parts(name) {
        Some((stem, "env")) if stem.contains("env") => vec![sealed.with_file_name(stem), sealed.with_file_name(format!("{stem}.env"))],
        Some((stem, end)) => vec![sealed.with_file_name(format!("{stem}.{end}"))],
        None => Vec::new(),
    }
}

/// Whether the name is one of those that sops files are given.
pub(crate) fn has_sops_name(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| sops_parts(name).is_some())
}

fn sops_parts(name: &str) -> Option<(&str, &str)> {
    let (stem, end) = name.rsplit_once('.').filter(|(_, end)| ENDS.contains(end))?;
    let stem = MARKS.iter().find_map(|mark| stem.strip_suffix(mark.trim_end_matches('.')))?;
    // `.sops.yaml` is where sops keeps its rules
    (!stem.is_empty()).then_some((stem, end))
}

/// Whether a file of such a name with these bytes is sealed.
pub(crate) fn is_sealed(path: &Path, bytes: &[u8]) -> bool {
    if has_sops_name(path) { sops::form_of(bytes).is_some() } else { seal::is_sealed(bytes) }
}

/// Says of each file with a secret in it that its sealed twin lies beside it.
pub(crate) fn mention(report: &mut Report) {
    let secret = |class| matches!(class, Class::DevSecret | Class::WeakKey | Class::HardcodedSecret);
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    for finding in report.entries.iter().map(|entry| &entry.finding) {
        if secret(finding.class) && finding.severity > Severity::Info && finding.rule != "placeholder-secret" {
            seen.entry(&finding.file).or_insert(true);
        }
    }
    let twin = |file: &str| {
        let there = |path: &PathBuf| path.is_file() && sealing::read(path).is_ok_and(|bytes| is_sealed(path, &bytes));
        sealed_names(Path::new(file)).into_iter().find(there)
    };
    let told: Vec<Notice> = seen
        .into_keys()
        .filter_map(|file| {
            let name = twin(file)?.file_name()?.to_string_lossy().into_owned();
            let message = format!(
                "still holds secrets in plain text, and its sealed twin {name} lies beside it; `harden encrypt --remove-plain` removes it once both hold the same"
            );
            Some(Notice { file: file.to_owned(), line: 0, message })
        })
        .collect();
    report.notices.extend(told);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{has_sops_name, plain_names, sealed_names};

    #[test]
    fn twins_know_each_other() {
        for (plain, sealed) in [
            ("a/.env", "a/.env.age"),
            ("a/app.yml", "a/app.sops.yml"),
            ("secrets.yaml", "secrets.enc.yaml"),
            (".env.production", ".env.production.sops.env"),
            ("prod.env", "prod.sops.env"),
            ("app.json", "app.json.age"),
        ] {
            assert!(sealed_names(Path::new(plain)).contains(&sealed.into()), "{plain}");
            assert!(plain_names(Path::new(sealed)).contains(&plain.into()), "{sealed}");
        }
        for name in [".sops.yaml", "main.rs", "enc.yaml", "a.yaml", ".age", "sops.yaml"] {
            assert!(plain_names(Path::new(name)).is_empty() && !has_sops_name(Path::new(name)), "{name}");
        }
        assert_eq!(sealed_names(Path::new("src/main.rs")).len(), 1);
    }
}
