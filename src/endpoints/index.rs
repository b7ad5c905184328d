//! Settings by name, and what refers to them: put in order once, for the questions of many secrets.

use std::collections::{BTreeSet, HashMap};

use super::references::{References, references, referred};
use crate::model::document::Document;
use crate::model::environment::Environment;
use crate::model::setting::{Role, Setting};

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
        let env = documents.iter().enumerate().filter(|(_, document)| document.file_name() == ".env");
        let in_folder: HashMap<&str, usize> = env.rev().map(|(d, document)| (document.folder(), d)).collect();
        let beside = documents.iter().map(|document| in_folder.get(document.folder()).copied()).collect();
        let mut index = Self { documents, named: HashMap::new(), referring: HashMap::new(), beside };
        for (d, s, setting) in in_force(documents) {
            let names: BTreeSet<&str> = references(setting.value.expose()).map(|(name, _)| name).collect();
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

    /// What the references in document `d` go to: the settings of an env file itself, those of the `.env` beside any other file, which is what compose
    /// reads.
    #[must_use]
    pub fn references(&self, d: usize) -> References<'d> {
        let own = self.documents.get(d).filter(|document| document.format == "env");
        References::to(own.or_else(|| self.documents.get(self.beside.get(d).copied().flatten()?)))
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
        let live = document.settings.iter().enumerate().filter(|(_, setting)| is_in_force(document, setting));
        live.map(move |(s, setting)| (d, s, setting))
    })
}

/// Whether a setting of `document` is in force in production.
pub fn is_in_force(document: &Document, setting: &Setting) -> bool {
    matches!(setting.role, Role::Live | Role::Argument) && document.environment_of(setting) == Environment::Production
}
