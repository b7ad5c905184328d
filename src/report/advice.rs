//! What the reader can do about a sort of fault, where the finding itself says nothing better.

use crate::model::finding::Finding;
use crate::model::severity::Class;

/// One sentence: the finding's own help, else that of its class.
#[must_use]
pub fn help(finding: &Finding) -> &str {
    if finding.help.is_empty() { of_class(finding.class) } else { &finding.help }
}

/// What to do about any finding of `class`.
#[must_use]
pub fn of_class(class: Class) -> &'static str {
    match class {
        Class::DevSecret => "`harden fix` plans a generated value for every place that holds this one",
        Class::WeakKey => "`harden fix` plans a key of full strength; data encrypted with the old key needs it until it is re-encrypted",
        Class::HardcodedSecret => {
            "move the value to a sealed env file, refer to it as `${NAME:?}`, and reissue it if this file was ever shared"
        }
        Class::NonTlsUrl => "switch TLS on with verification on both sides; `harden fix` plans what it knows of the driver",
        Class::InsecureSetting => "give the setting its production value; `harden fix --include review` plans it where the rule knows one",
        Class::LeakedCopy => "replace the secret, then take the copy out or mask it: whoever read that file knows the old one",
        Class::RetiredSecret => "put the value in that took its place, or have a new one made: `harden fix`",
        Class::ReusedSecret => "give each purpose a secret of its own: `harden fix` or `harden keygen`",
        Class::MissingVariable => "provide it, or take the reference out",
        Class::EmptySecret => "set the secret, or refer to it as `${NAME:?}` so that a start without it fails",
    }
}
