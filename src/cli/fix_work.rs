//! What `harden fix` works on: the documents that were read, and the files that they become.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use harden::disk::read::{Links, Outcome, read};
use harden::model::document::Document;
use harden::model::environment::Environment;
use harden::model::finding::Finding;
use harden::model::severity::{Class, Severity};
use harden::plan::Planned;
use harden::rules::load::RuleSet;
use harden::scan::{Kept, LIMIT, Scan};
use harden::{formats, rewrite};
use zeroize::Zeroizing;

use super::args::FixArgs;
use super::exit::Failure;
use super::sealing::twin_of;
use super::sops::existing_twin;

/// One file with its new bytes.
pub(crate) struct Target<'w> {
    pub(crate) document: &'w Document,
    pub(crate) file: &'w PathBuf,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What is changed in it.
    pub(crate) planned: Option<&'w Planned>,
    /// SHA-256 of the age twin that was read in its place.
    pub(crate) twin: Option<[u8; 32]>,
    /// The rules that found something, by setting.
    pub(crate) rules: BTreeMap<usize, String>,
    /// What the file, or its twin, held when it was read; none where the file does not exist yet.
    pub(crate) held: Option<&'w str>,
}

/// What a plan is made of.
pub(crate) struct Work {
    pub(crate) documents: Vec<Document>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) twins: Vec<bool>,
    pub(crate) findings: Vec<Finding>,
    /// Env files that are not there, and are made where references need one.
    pub(crate) offered: BTreeSet<usize>,
    /// The document that `.env` is promoted to: new, or with more in it than its file has.
    pub(crate) fresh: Option<usize>,
    /// What the file of that document, or its twin, holds now; none where there is neither.
    pub(crate) before: Option<Zeroizing<String>>,
    /// SHA-256 of the sealed twins as they were read, by the paths of their plain files.
    pub(crate) sealed: BTreeMap<PathBuf, [u8; 32]>,
}

impl Work {
    pub(crate) fn of(scan: Scan) -> Self {
        let sealed: Vec<&String> = scan.documents.iter().filter(|kept| kept.twin).map(|kept| &kept.document.path).collect();
        // what is sealed already needs no advice to seal it
        let findings = scan.report.entries.into_iter().map(|e| e.finding);
        let findings = findings.filter(|f| f.class != Class::HardcodedSecret || !sealed.contains(&&f.file)).collect();
        let (mut documents, mut files, mut twins) = (Vec::new(), Vec::new(), Vec::new());
        for Kept { document, path, twin } in scan.documents {
            documents.push(document);
            files.push(path);
            twins.push(twin);
        }
        Self { documents, files, twins, findings, offered: BTreeSet::new(), fresh: None, before: None, sealed: BTreeMap::new() }
    }

    /// Adds an empty `.env` beside each compose file for production that has no env file: what leaves the compose file goes there. Where one
    /// of its kind lies there, read or not, none is made: two of them are the files of two deployments.
    pub(crate) fn offer_env_files(&mut self) {
        const KIN: &[&str] = &[".env", ".env.production", ".env.prod", ".env.staging"];
        let mut offered: Vec<(Document, PathBuf)> = Vec::new();
        for (document, file) in self.documents.iter().zip(&self.files) {
            let env = file.with_file_name(".env");
            let lies = |path: &PathBuf| {
                path.symlink_metadata().is_ok() || twin_of(path).symlink_metadata().is_ok() || existing_twin(path).is_some()
            };
            let known = offered.iter().any(|(_, other)| *other == env) || KIN.iter().any(|name| lies(&file.with_file_name(name)));
            if document.format != "compose" || document.environment != Environment::Production || known {
                continue;
            }
            let path = document.path.rsplit_once('/').map_or_else(|| ".env".to_owned(), |(folder, _)| format!("{folder}/.env"));
            offered.push((formats::parse(&path, b"", Environment::Production), env));
        }
        for (document, file) in offered {
            self.offered.insert(self.documents.len());
            self.documents.push(document);
            self.files.push(file);
            self.twins.push(false);
        }
    }

    /// Refuses a word of `--only` that names nothing: a typing mistake must not look like "nothing to change".
    pub(crate) fn knows(&self, only: &[String], rules: &RuleSet) -> Result<(), Failure> {
        let names = |word: &str| {
            self.documents.iter().flat_map(|d| &d.settings).any(|s| s.name().eq_ignore_ascii_case(word) || s.key.to_string() == word)
        };
        match only.iter().find(|word| !Class::WORDS.contains(&word.as_str()) && rules.get(word).is_none() && !names(word)) {
            None => Ok(()),
            Some(word) => {
                let failure = Failure::new(format!("`--only {word}` names no rule, class or setting of these files; nothing was written"));
                let near = rules.nearest(word).map(|near| format!("the nearest rule is `{near}`"));
                Err(failure.hint(near.as_deref().unwrap_or("`harden rules list` shows rules and classes")))
            }
        }
    }

    /// The plain files whose twins were read in their place, with the index of the twin; only those whose settings still line up.
    pub(crate) fn plain_beside_twins(&self) -> Vec<(Document, usize)> {
        let mut out = Vec::new();
        for (i, document) in self.documents.iter().enumerate().filter(|(i, _)| self.twins.get(*i) == Some(&true)) {
            let Some(Ok(Outcome::Content(content, _))) = self.files.get(i).map(|f| read(f, Links::Refuse, LIMIT)) else { continue };
            let plain = formats::parse(&document.path, &content.bytes, document.environment);
            let lines_up = plain.settings.len() == document.settings.len()
                && plain.settings.iter().zip(&document.settings).all(|(a, b)| a.key == b.key);
            if lines_up {
                out.push((plain, i));
            }
        }
        out
    }

    /// The promoted document, where it is not yet what its file holds.
    pub(crate) fn grown(&self) -> Option<usize> {
        self.fresh.filter(|f| self.documents.get(*f).is_some_and(|d| Some(&d.text) != self.before.as_ref()))
    }

    /// What the file of a document, or its twin, held when it was read; none where it does not exist.
    pub(crate) fn held(&self, index: usize) -> Option<&str> {
        if self.fresh == Some(index) {
            return self.before.as_ref().map(|text| text.as_str());
        }
        if self.offered.contains(&index) {
            return None;
        }
        self.documents.get(index).map(|d| d.text.as_str())
    }

    pub(crate) fn target<'w>(&'w self, index: usize, planned: Option<&'w Planned>) -> Result<Target<'w>, Failure> {
        let (Some(document), Some(file)) = (self.documents.get(index), self.files.get(index)) else {
            return Err(Failure::new("the plan names a file that was not read; nothing was written"));
        };
        let bytes = match planned {
            Some(planned) => rewrite::patch(document, planned).map_err(Failure::new)?,
            None => Zeroizing::new(document.text.as_bytes().to_vec()),
        };
        let twin = self.sealed.get(file).copied().filter(|_| self.twins.get(index) == Some(&true));
        let own = self.findings.iter().filter(|f| f.file == document.path);
        let rules = own.filter_map(|f| Some((f.setting?, f.rule.clone()))).collect();
        Ok(Target { document, file, bytes, planned, twin, rules, held: self.held(index) })
    }

    /// Env files whose secrets are strong and stand in the open: they are sealed as they are.
    pub(crate) fn only_to_seal(&self, args: &FixArgs, edits: &BTreeMap<usize, Planned>) -> Vec<usize> {
        let wanted = |f: &Finding| args.only.is_empty() || args.only.iter().any(|o| *o == f.rule || o == f.class.word() || *o == f.key);
        let open = |document: &Document| {
            self.findings
                .iter()
                .any(|f| f.file == document.path && f.class == Class::HardcodedSecret && f.severity > Severity::Info && wanted(f))
        };
        (0..self.documents.len())
            .filter(|i| !edits.contains_key(i) && !self.twins.get(*i).copied().unwrap_or(false))
            .filter(|i| {
                self.documents.get(*i).is_some_and(|d| d.format == "env" && d.environment == Environment::Production && !d.lossy && open(d))
            })
            .collect()
    }
}
