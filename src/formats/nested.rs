//! Whole configuration files inside a value: `redis.conf: |` in a ConfigMap, `postgresql.conf` in a Secret.
//!
//! The settings of the inner file are added after the value that holds it. They are looked at and never written: an edit would have to keep
//! the indentation of the outer file.

use super::format::Format;
use crate::model::setting::{Layer, Quoting, Setting};

/// Formats that read line by line and do not mind the indentation of a block.
const BY_LINE: &[&str] = &["env", "conf", "ini", "properties", "shell"];

/// Adds the settings of files that stand in `settings`, values of `text`, as `claimant` reads them.
pub(super) fn add(text: &str, settings: &mut Vec<Setting>, claimant: fn(&str, &str) -> &'static dyn Format) {
    let mut found = Vec::new();
    for (at, outer) in settings.iter().enumerate() {
        let block = matches!(outer.quoting, Quoting::Literal | Quoting::Folded) && outer.layer == Layer::None;
        if !block || !outer.name().contains('.') || !outer.value.expose().contains('\n') {
            continue;
        }
        let inner = outer.span.of(text);
        let format = claimant(outer.name(), inner);
        if !BY_LINE.contains(&format.name()) {
            continue;
        }
        let Ok(inside) = format.parse(inner) else { continue };
        for mut setting in inside {
            setting = setting.shifted(outer.span.start);
            setting.key = outer.key.join(&setting.key);
            setting.part = outer.part;
            setting.editable = false;
            found.push((at, setting));
        }
    }
    for (at, setting) in found.into_iter().rev() {
        settings.insert(at + 1, setting);
    }
}
