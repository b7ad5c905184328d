//! Which program reads a setting, where its name alone means different things: `SECRET_KEY` is Django's, Flask's or Superset's. Told by
//! `[[framework]]` of `rules/kinds.toml`; what stands nearest decides.

use std::cell::RefCell;
use std::collections::HashMap;

use super::wishes::Wishes;
use crate::dsn::drivers::brings;
use crate::model::document::Document;
use crate::model::key_path::{KeyPath, words, words_fit};
use crate::model::setting::Setting;
use crate::rules::kinds::{KindRow, frameworks, kind_among, kind_in, needs_framework};
use crate::rules::programs::Framework;

type Names = Vec<&'static str>;

/// The programs of a plan's documents. What is found is kept: many settings stand in one map.
pub(super) struct Programs<'p> {
    documents: &'p [Document],
    pub(super) wishes: &'p Wishes<'p>,
    /// By document, part, and the map that the setting stands in.
    near: RefCell<HashMap<(usize, usize, KeyPath), Names>>,
    /// By document: what the manifests above it bring.
    above: RefCell<HashMap<usize, Names>>,
}

impl<'p> Programs<'p> {
    pub(super) fn new(documents: &'p [Document], wishes: &'p Wishes<'p>) -> Self {
        Self { documents, wishes, near: RefCell::default(), above: RefCell::default() }
    }

    /// The row for a setting of the document with this index.
    pub(super) fn row(&self, document: usize, setting: &Setting) -> &'static KindRow {
        let (parent, name) = (setting.key.parent_name(), setting.name());
        if !needs_framework(parent, name) {
            return kind_in(parent, name);
        }
        kind_among(parent, name, &self.of(document, setting))
    }

    fn of(&self, document: usize, setting: &Setting) -> Names {
        let Some(doc) = self.documents.get(document) else { return Names::new() };
        let key = (document, setting.part, setting.key.scope());
        let near = self.near.borrow().get(&key).cloned();
        let near = near.unwrap_or_else(|| {
            let found = self.nearest(doc, setting);
            self.near.borrow_mut().insert(key, found.clone());
            found
        });
        if !near.is_empty() {
            return near;
        }
        self.above.borrow_mut().entry(document).or_insert_with(|| self.in_manifests(document)).clone()
    }

    /// What the map tells, else the image and the file, else the images of the folder.
    fn nearest(&self, document: &Document, setting: &Setting) -> Names {
        let scope = setting.key.scope_segments();
        let beside: Vec<Vec<String>> = document
            .settings
            .iter()
            .filter(|s| s.part == setting.part && s.key.scope_segments() == scope)
            .map(|s| words(s.name()))
            // the names of the maps around it: `directus: { key: .. }`
            .chain(setting.key.names().rev().skip(1).map(words))
            .collect();
        let by_names = named(|f| f.settings.iter().any(|pattern| beside.iter().any(|own| words_fit(pattern, own))));
        if !by_names.is_empty() {
            return by_names;
        }
        let images: Vec<&str> = own_image(document, setting);
        let kinds: Vec<&str> = valued(document, "kind").filter(|s| s.part == setting.part).map(|s| s.value.expose()).collect();
        let by_place = named(|f| {
            f.files.contains(&document.file_name()) || f.kinds.iter().any(|k| kinds.contains(k)) || images.iter().any(|i| is_image(f, i))
        });
        if !by_place.is_empty() || document.format != "env" {
            return by_place;
        }
        // an env file serves the services that are started beside it
        let folder = document.folder();
        let beside = self.documents.iter().filter(|d| d.folder() == folder);
        let images: Vec<&str> = beside.flat_map(|d| valued(d, "image")).map(|s| s.value.expose()).collect();
        named(|f| images.iter().any(|i| is_image(f, i)))
    }

    fn in_manifests(&self, document: usize) -> Names {
        let levels = (self.wishes.manifests)(document);
        let found = |level: &[(String, String)], f: &Framework| {
            level.iter().any(|(path, text)| {
                let file = path.rsplit('/').next().unwrap_or(path);
                f.packages.iter().any(|package| brings(file, text, package))
            })
        };
        levels.iter().map(|level| named(|f| found(level, f))).find(|names| !names.is_empty()).unwrap_or_default()
    }
}

fn named(is: impl Fn(&Framework) -> bool) -> Names {
    frameworks().iter().filter(|f| is(f)).map(|f| f.name).collect()
}

fn valued<'d>(document: &'d Document, name: &'static str) -> impl Iterator<Item = &'d Setting> {
    document.settings.iter().filter(move |s| s.name() == name)
}

/// The image of the service or container that the setting belongs to: the one in the nearest map above it.
fn own_image<'d>(document: &'d Document, setting: &Setting) -> Vec<&'d str> {
    let own = setting.key.segments();
    let shared = |s: &&Setting| {
        let above = s.key.scope_segments();
        s.part == setting.part && !above.is_empty() && own.starts_with(above)
    };
    valued(document, "image").filter(shared).map(|s| s.value.expose()).collect()
}

fn is_image(framework: &Framework, image: &str) -> bool {
    let name = words(image.rsplit_once('@').map_or(image, |(name, _)| name));
    framework.images.iter().any(|known| name.iter().any(|word| word == known))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Programs, Wishes};
    use crate::formats;
    use crate::model::document::Document;
    use crate::model::environment::Environment;
    use crate::rules::load::RuleSet;

    /// The effect that is told for the setting `key`, which shows the row.
    fn effect(files: &[(&str, &str)], manifests: &[(&str, &str)], key: &str) -> &'static str {
        let documents: Vec<Document> =
            files.iter().map(|(path, text)| formats::parse(path, text.as_bytes(), Environment::Production)).collect();
        let (rules, drivers) = (RuleSet::builtin(), BTreeMap::new());
        let above: Vec<(String, String)> = manifests.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect();
        let manifests = |_: usize| vec![above.clone()];
        let wishes = Wishes {
            only: &[],
            drivers: &drivers,
            manifests: &manifests,
            rules: &rules,
            seals: None,
            fresh: None,
            before: &[],
            keep_previous: false,
            live: false,
            unborn: false,
        };
        let programs = Programs::new(&documents, &wishes);
        let setting = documents[0].settings.iter().find(|s| s.key.to_string() == key).unwrap();
        programs.row(0, setting).effect
    }

    #[test]
    fn what_stands_in_the_same_map_decides() {
        let beside = |other: &str| effect(&[(".env", &format!("SECRET_KEY=x\n{other}=y\n"))], &[], "SECRET_KEY");
        assert!(beside("DJANGO_SETTINGS_MODULE").contains("reset passwords"));
        assert!(beside("SUPERSET_ENV").contains("stored databases"));
        assert_eq!(beside("FLASK_APP"), "everyone is logged out once");
        assert!(beside("PORT").contains("tokens signed"));
    }

    #[test]
    fn the_image_of_the_service_decides_and_not_that_of_another() {
        let compose = "services:\n  a:\n    image: directus/directus:11\n    environment:\n      KEY: x\n  b:\n    image: other\n    environment:\n      KEY: x\n";
        let of = |key: &str| effect(&[("compose.yaml", compose)], &[], key);
        assert!(of("services.a.environment.KEY").contains("sessions end"));
        assert!(of("services.b.environment.KEY").contains("whoever else"));
        let env = [(".env", "KEY=x\n"), ("compose.yaml", compose)];
        assert!(effect(&env, &[], "KEY").contains("sessions end"), "an env file beside it");
        assert!(effect(&[("app/.env", "KEY=x\n"), ("compose.yaml", compose)], &[], "KEY").contains("whoever else"));
    }

    #[test]
    fn a_manifest_decides_where_nothing_is_nearer() {
        let strapi = [("package.json", r#"{"dependencies": {"@strapi/strapi": "5"}}"#)];
        assert!(effect(&[(".env", "ENCRYPTION_KEY=x\n")], &strapi, "ENCRYPTION_KEY").contains("API tokens"));
        assert!(effect(&[(".env", "ENCRYPTION_KEY=x\nLANGFUSE_INIT_ORG_ID=y\n")], &strapi, "ENCRYPTION_KEY").contains("model providers"));
        let django = [("requirements.txt", "django==5\ndjango-cryptography\n")];
        assert!(effect(&[(".env", "SECRET_KEY=x\n")], &django, "SECRET_KEY").contains("encrypted fields"));
    }

    #[test]
    fn a_file_or_a_manifest_kind_decides() {
        assert!(effect(&[("conf/app.ini", "[security]\nSECRET_KEY = x\n")], &[], "security.SECRET_KEY").contains("mirrors"));
        let yaml = "kind: EncryptionConfiguration\nresources:\n  - providers:\n      - aescbc:\n          keys:\n            - name: key1\n              secret: x\n";
        assert!(effect(&[("enc.yaml", yaml)], &[], "resources[0].providers[0].aescbc.keys[0].secret").contains("etcd"));
    }
}
