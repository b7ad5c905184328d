//! Settings by name, and what refers to them: put in order once, for the questions of many secrets.

use std::collections::{BTreeSet, HashMap};

use super::references::referred;
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::setting::{Role, Setting};
use crate::model::template::{Part, parts};

/// The settings of documents that are in force in production, with their places: index of the document, index of the setting.
pub struct Index<'d> {
    /// All that it was made of.
    pub documents: &'d [Document],
    named: HashMap<(usize, &'d str), Vec<usize>>,
    referring: HashMap<&'d str, Vec<(usize, usize)>>,
    /// The `.env` beside each document.
    beside: Vec<Option<usize>>,
}

impl<'d> Index<'d> {
    /// That of `documents`.
    #[must_use]
    pub fn of(documents: &'d [Document]) -> Self {
        fn folder(document: &Document) -> &str {
            document.path.rsplit_once('/').map_or("", |(folder, _)| folder)
        }
        let env = documents.iter().enumerate().filter(|(_, document)| document.file_name() == ".env");
        let in_folder: HashMap<&str, usize> = env.map(|(d, document)| (folder(document), d)).collect();
        let beside = documents.iter().map(|document| in_folder.get(folder(document)).copied()).collect();
        let mut index = Self { documents, named: HashMap::new(), referring: HashMap::new(), beside };
        for (d, s, setting) in in_force(documents) {
            let names: BTreeSet<&str> = references(setting).collect();
            names.into_iter().for_each(|name| index.referring.entry(name).or_default().push((d, s)));
            if referred(setting.value.expose()) != Some(setting.name()) {
                index.named.entry((d, setting.name())).or_default().push(s);
            }
        }
        index
    }

    /// Every setting in force.
    pub fn in_force(&self) -> impl Iterator<Item = (usize, usize, &'d Setting)> + use<'d> {
        in_force(self.documents)
    }

    /// The settings whose values hold a reference to `name`, in order.
    #[must_use]
    pub fn referring(&self, name: &str) -> &[(usize, usize)] {
        self.referring.get(name).map_or(&[], Vec::as_slice)
    }

    /// The settings that a reference to `name` in document `d` goes to: those of that env file itself, else of the documents in `holders`, else of
    /// the `.env` beside it.
    #[must_use]
    pub fn said(&self, holders: &BTreeSet<usize>, d: usize, name: &str) -> Vec<(usize, usize)> {
        let of = |at: usize| self.named.get(&(at, name)).into_iter().flatten().map(move |s| (at, *s));
        if self.documents.get(d).is_some_and(|document| document.format == "env") && self.named.contains_key(&(d, name)) {
            return of(d).collect();
        }
        let held: Vec<(usize, usize)> = holders.iter().filter(|at| **at != d).flat_map(|at| of(*at)).collect();
        if !held.is_empty() {
            return held;
        }
        self.beside.get(d).copied().flatten().into_iter().flat_map(of).collect()
    }
}

fn in_force(documents: &[Document]) -> impl Iterator<Item = (usize, usize, &Setting)> {
    documents.iter().enumerate().flat_map(|(d, document)| {
        let live = |setting: &Setting| {
            matches!(setting.role, Role::Live | Role::Argument) && document.environment_of(setting) == Environment::Production
        };
        document.settings.iter().enumerate().filter(move |(_, setting)| live(setting)).map(move |(s, setting)| (d, s, setting))
    })
}

/// The names that the references in a value go to.
fn references(setting: &Setting) -> impl Iterator<Item = &str> {
    let value = setting.value.expose();
    let all = if value.contains('$') { parts(value) } else { Vec::new() };
    all.into_iter().filter_map(move |part| match part {
        Part::Literal(_) => None,
        Part::Fallback { name, .. } => Some(name.of(value)),
        Part::Reference(span) => referred(span.of(value)),
    })
}
