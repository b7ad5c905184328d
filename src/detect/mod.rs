//! Documents and rules to findings.
//!
//! A rule is a condition on a *subject*: one setting, looked at once, with everything that conditions ask of it measured on demand. A new
//! kind of condition is one file and one line in [`FAMILIES`].

mod across;
mod beside;
mod circumstances;
mod comment;
mod compile;
mod dispatch;
mod fallback;
mod family;
mod interest;
mod issued;
mod kept;
mod label;
mod links;
mod material;
mod message;
mod name;
mod named;
mod neighbours;
mod path;
mod place;
mod possible;
mod request;
mod rule_set;
mod schema;
mod selector;
mod sibling;
mod source;
mod subject;
mod suppress;
mod token;
mod url;
mod value;
mod weight;
mod worth;

pub use across::{Place, SAME, across, project_finding, project_rule};
pub use circumstances::{Circumstances, Kept};
pub use compile::{CompileError, Detectors, Outcome, Seen, Sort};
pub use family::Family;
pub use interest::{Asked, Interest};
pub use links::{Links, Live, Needed, Object, ObjectName, Want, differ_in_purpose, holds_by_right};
pub use subject::Subject;
pub use suppress::{Mark, marks, speaks, suppress, warnings};
pub use token::holds_token;
pub use worth::{is_worth, secret_of};

/// Every family of conditions, found by the first word of a condition's name.
pub static FAMILIES: &[&dyn Family] = &[
    &name::Name,
    &value::Value,
    &url::Url,
    &sibling::Sibling,
    &beside::Beside,
    &place::Place,
    &token::Token,
    &material::OfMaterial,
    &across::Project,
];
