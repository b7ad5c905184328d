//! Which value takes the place of an old one: the form that its reader demands, else the form that the old one had, else text that needs
//! no quoting anywhere.

use crate::keygen::{self, Entropy, KeygenError, Shape, Spec};
use crate::model::secret::Secret;
use crate::rules::kinds::KindRow;
use crate::strength::name::Purpose;

/// A value for a secret of `row`, used for `purpose`, that stands in a connection string if `in_url`; `old` gives its form.
///
/// # Errors
/// When the system has no random bytes to give.
pub(super) fn choose(
    row: &KindRow,
    purpose: Purpose,
    old: &Secret,
    in_url: bool,
    entropy: &mut dyn Entropy,
) -> Result<Secret, KeygenError> {
    let least = if purpose == Purpose::Password { 16 } else { 32 };
    let (name, spec) = demanded(row.generator)
        .or_else(|| Shape::of(old, least).map(|shape| (shape.generator, shape.spec)))
        .filter(|(name, _)| !in_url || keygen::by_name(name).is_some_and(|g| g.is_plain()))
        .unwrap_or(if purpose == Purpose::Password { ("password", Spec::default()) } else { ("key", Spec::default()) });
    keygen::by_name(name).unwrap_or(keygen::GENERATORS[0]).generate(&spec, entropy)
}

/// The generator that `rules/kinds.toml` names: `hex-32` is 32 bytes in hex.
fn demanded(text: &str) -> Option<(&'static str, Spec)> {
    let (name, size) = text.rsplit_once('-').and_then(|(name, n)| Some((name, n.parse::<usize>().ok()?))).unwrap_or((text, 0));
    let bytes = Spec { bytes: (size > 0).then_some(size), ..Spec::default() };
    Some(match name {
        "hex" => ("hex", bytes),
        "base64" => ("base64", bytes),
        "laravel" => ("base64-prefixed", bytes),
        "fernet" => ("base64url-padded", Spec { bytes: Some(32), ..Spec::default() }),
        "text" => ("key", Spec { length: Some(size), ..Spec::default() }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{choose, demanded};
    use crate::keygen::SystemEntropy;
    use crate::model::secret::Secret;
    use crate::rules::kinds::kind_in;
    use crate::strength::name::purpose;

    fn value(name: &str, old: &str, in_url: bool) -> String {
        choose(kind_in("", name), purpose(name), &Secret::copy_of(old), in_url, &mut SystemEntropy).unwrap().expose().to_owned()
    }

    #[test]
    fn every_form_in_the_data_is_known() {
        for form in ["hex-16", "hex-64", "base64-32", "base64-64", "laravel-32", "fernet", "text-64"] {
            assert!(demanded(form).is_some(), "{form}");
        }
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
}
