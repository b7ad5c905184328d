//! Which value takes the place of an old one: the form that its reader demands, else the form that the old one had, else text that needs
//! no quoting anywhere; within what the server takes.

use crate::keygen::{self, Entropy, KeygenError, Recipe, Shape, Spec};
use crate::model::document::Document;
use crate::model::key_path::words;
use crate::model::secret::Secret;
use crate::rules::kinds::KindRow;
use crate::rules::programs::Server;
use crate::strength::name::Purpose;

use super::place::Place;

/// What a value is for, and what is known of where it stands.
pub(super) struct Need<'n> {
    pub(super) row: &'static KindRow,
    pub(super) purpose: Purpose,
    /// The old value, which gives its form.
    pub(super) old: &'n Secret,
    /// Whether it stands in a connection string.
    pub(super) in_url: bool,
    /// Who takes it.
    pub(super) server: Option<&'static Server>,
    /// Bytes that its algorithm asks for; 0 where nothing tells.
    pub(super) least: usize,
}

/// A value that serves the need.
///
/// # Errors
/// When the server takes none that is strong, or the system has no random bytes to give.
pub(super) fn choose(need: &Need<'_>, entropy: &mut dyn Entropy) -> Result<Secret, KeygenError> {
    let most = need.server.and_then(|s| s.most);
    let demanded = Recipe::parse(need.row.generator).filter(|r| !need.in_url || r.is_plain());
    if let Some(recipe) = demanded {
        return recipe.within(most).generate(entropy);
    }
    // what the server refuses is not kept only because the old value had it
    if let Some(recipe) = of_old(need).filter(|r| !need.in_url || r.is_plain()) {
        // where there is no room for as many bytes as the old value had, 32 are as good
        for recipe in [recipe, recipe.of_bytes(32)] {
            match recipe.within(most).generate(entropy) {
                Err(KeygenError::NoRoom { .. }) => {}
                made => return made,
            }
        }
    }
    general(need).within(most).generate(entropy)
}

/// The form of the old value, if the server takes it.
fn of_old(need: &Need<'_>) -> Option<Recipe> {
    if need.server.is_some_and(|s| s.mixed || !s.form.is_empty()) {
        return None;
    }
    // 122 bits: enough for what is compared, and its reader may take nothing else
    let is_uuid = Shape::of(need.old, 0).is_some_and(|shape| shape.generator == "uuid");
    if !need.purpose.is_key() && (is_uuid || need.old.expose().as_bytes().windows(4).any(|four| four.eq_ignore_ascii_case(b"uuid"))) {
        return Some(Recipe::of(keygen::by_name("uuid")?, Spec::default()));
    }
    let least = match need.purpose {
        // the length of a key is a part of its algorithm: 16 bytes are AES-128, and 32 do not work there
        Purpose::Password | Purpose::Encryption => 16,
        _ => need.least.max(32),
    };
    let shape = Shape::of(need.old, least).and_then(|shape| Some(Recipe::of(keygen::by_name(shape.generator)?, shape.spec)));
    // a key that is used as it is written, without being decoded
    let as_text = || (need.purpose == Purpose::Encryption && matches!(need.old.len(), 24 | 32)).then_some(need.old.len());
    shape.or_else(|| Some(Recipe::of(keygen::by_name("key")?, Spec { length: Some(as_text()?), ..Spec::default() })))
}

fn general(need: &Need<'_>) -> Recipe {
    if let Some(form) = need.server.and_then(|s| Recipe::parse(s.form)) {
        return form;
    }
    let name = if need.purpose == Purpose::Password { "password" } else { "key" };
    let spec = Spec { bytes: (need.least > 32 && need.purpose != Purpose::Password).then_some(need.least), ..Spec::default() };
    Recipe::of(keygen::by_name(name).unwrap_or(keygen::GENERATORS[0]), spec)
}

/// Bytes that a signing key needs where a setting beside it names the algorithm: as many as the hash has
/// ([RFC 7518 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
pub(super) fn bytes_for_algorithm(documents: &[Document], places: &[Place]) -> usize {
    let of = |place: &Place| {
        let (document, setting) = place.setting_in(documents)?;
        let scope = setting.key.scope_segments();
        let beside = document.settings.iter().filter(|s| s.part == setting.part && s.key.scope_segments() == scope);
        beside
            .filter(|s| words(s.name()).iter().any(|w| matches!(w.as_str(), "alg" | "algo" | "algorithm" | "algorithms")))
            .map(|s| match s.value.expose().trim() {
                "HS512" => 64,
                "HS384" => 48,
                _ => 0,
            })
            .max()
    };
    places.iter().filter_map(of).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Need, bytes_for_algorithm, choose};
    use crate::formats;
    use crate::keygen::{KeygenError, SystemEntropy};
    use crate::model::environment::Environment;
    use crate::model::secret::Secret;
    use crate::plan::place::places;
    use crate::rules::kinds::{kind_in, server_of};
    use crate::strength::name::purpose;

    fn made(name: &str, system: &str, old: &str, in_url: bool) -> Result<String, KeygenError> {
        let old = Secret::copy_of(old);
        let need = Need { row: kind_in("", name), purpose: purpose(name), old: &old, in_url, server: server_of(name, system), least: 0 };
        choose(&need, &mut SystemEntropy).map(|v| v.expose().to_owned())
    }

    fn value(name: &str, old: &str, in_url: bool) -> String {
        made(name, "", old, in_url).unwrap()
    }

    #[test]
    fn the_framework_decides_then_the_old_form_then_the_purpose() {
        assert_eq!(value("SECRET_KEY_BASE", "changeme", false).len(), 128);
        assert!(value("APP_KEY", "", false).starts_with("base64:"));
        let hex = value("JWT_SECRET", "9f3c1e7ab04d88529f3c1e7ab04d885f", false);
        assert!(hex.len() == 64 && hex.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(value("JWT_SECRET", "changeme", false).len(), 43);
        assert_eq!(value("POSTGRES_PASSWORD", "postgres", true).len(), 32);
    }

    #[test]
    fn the_length_of_an_encryption_key_is_kept() {
        let hex = value("ENCRYPTION_KEY", "9f3c1e7ab04d88529f3c1e7ab04d885f", false);
        assert!(hex.len() == 32 && hex.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(value("AES_KEY", "please-change-this-32-byte-key!!", false).len(), 32);
        assert_eq!(value("AES_KEY", "changeme", false).len(), 43);
    }

    #[test]
    fn servers_get_what_they_take() {
        let hex = "9f3c1e7ab04d88529f3c1e7ab04d885f9f3c1e7ab04d88529f3c1e7ab04d885f9f3c1e7ab04d88529f3c";
        let has = |text: &str, kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        let mixed = |t: &str| {
            has(t, u8::is_ascii_uppercase)
                && has(t, u8::is_ascii_lowercase)
                && has(t, u8::is_ascii_digit)
                && has(t, u8::is_ascii_punctuation)
        };
        // validate_password refuses hexadecimal
        assert!(mixed(&value("MYSQL_PASSWORD", hex, false)) && mixed(&made("DB_PASSWORD", "mysql", hex, true).unwrap()));
        let sa = value("MSSQL_SA_PASSWORD", hex, false);
        assert!(mixed(&sa) && (8..=128).contains(&sa.len()));
        assert_eq!(value("MYSQL_REPLICATION_PASSWORD", hex, false).len(), 32);
        // what has 84 characters is more than bcrypt reads
        assert!(value("ADMIN_PASSWORD", hex, false).len() <= 72);
        assert!(made("DB_PASSWORD", "postgres", hex, false).unwrap().len() == 84, "PostgreSQL takes what it had");
        let oracle = value("ORACLE_PWD", "oracle", false);
        assert!(oracle.len() <= 30 && oracle.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(value("MINIO_SECRET_KEY", "minioadmin", false).len() <= 40);
        let cookie = value("RABBITMQ_ERLANG_COOKIE", "secret", false);
        assert!(cookie.len() >= 20 && cookie.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(matches!(made("VNC_PASSWORD", "", "vncpass", false), Err(KeygenError::NoRoom { longest: 8, .. })));
    }

    #[test]
    fn an_algorithm_named_beside_a_key_sets_its_length() {
        let least = |text: &str| {
            let documents = [formats::parse(".env", text.as_bytes(), Environment::Production)];
            let places: Vec<_> = places(&documents).into_iter().filter(|p| p.setting == 0).collect();
            bytes_for_algorithm(&documents, &places)
        };
        assert_eq!(least("JWT_SECRET=changeme\nJWT_ALGORITHM=HS512\n"), 64);
        assert_eq!(least("JWT_SECRET=changeme\nJWT_ALG=HS384\n"), 48);
        assert_eq!(least("JWT_SECRET=changeme\nJWT_ALG=HS256\n"), 0);
        let old = Secret::copy_of("changeme");
        let need =
            Need { row: kind_in("", "JWT_SECRET"), purpose: purpose("JWT_SECRET"), old: &old, in_url: false, server: None, least: 64 };
        assert!(choose(&need, &mut SystemEntropy).unwrap().len() >= 64);
    }
}
