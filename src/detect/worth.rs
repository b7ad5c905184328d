//! What of a setting is the secret, for what knows a value again: the whole of it, or the password of its connection string.

use crate::dsn;
use crate::model::secret::Secret;
use crate::model::setting::{Role, Setting};
use crate::model::span::Span;
use crate::model::template;
use crate::strength::name::{NameClass, classify};

/// The shortest value that is known again: shorter ones stand in many places by chance. In bytes.
const SHORTEST: usize = 8;

/// The secret of `setting` and where it stands in its value; `None` where the name announces none, where the value refers to another place, and where
/// it is too short to mean anything. What is commented out counts, prose does not.
#[must_use]
pub fn secret_of(setting: &Setting) -> Option<(Secret, Span)> {
    if !matches!(setting.role, Role::Live | Role::Commented) {
        return None;
    }
    let value = setting.value.expose();
    let span = match dsn::parse(value) {
        Some(found) => found.password?,
        None if classify(setting.name()) == NameClass::Secret => Span::new(0, value.len()),
        None => return None,
    };
    let secret = Secret::copy_of(span.of(value));
    is_worth(&secret).then_some((secret, span))
}

/// Whether a secret is long enough to be known again, and no reference.
#[must_use]
pub fn is_worth(secret: &Secret) -> bool {
    secret.len() >= SHORTEST && !template::is_reference(secret.expose())
}

#[cfg(test)]
mod tests {
    use super::secret_of;
    use crate::formats;
    use crate::model::environment::Environment;

    fn of(text: &str) -> Vec<String> {
        let document = formats::parse(".env", text.as_bytes(), Environment::Production);
        document.settings.iter().filter_map(secret_of).map(|(secret, _)| secret.expose().to_owned()).collect()
    }

    #[test]
    fn the_password_of_a_connection_is_the_secret_and_not_the_whole() {
        assert_eq!(of("DB_PASSWORD=hunter2-quokka\n"), ["hunter2-quokka"]);
        assert_eq!(of("DATABASE_URL=postgres://app:hunter2-quokka@db/app\n"), ["hunter2-quokka"]);
        assert_eq!(of("# OLD_PASSWORD=hunter2-quokka\n"), ["hunter2-quokka"]);
    }

    #[test]
    fn what_is_no_secret_is_not_known_again() {
        for text in ["LOG_LEVEL=production\n", "DB_PASSWORD=short\n", "DB_PASSWORD=${OTHER_PASSWORD}\n", "URL=https://example.com/a/b/c\n"]
        {
            assert!(of(text).is_empty(), "{text}");
        }
    }
}
