//! Edits to verified bytes. Writing them is the business of `disk` and `seal`; only what passed the proof gets there.

mod error;
mod splice;
mod verify;

pub use error::RewriteError;
pub use splice::{OutOfRange, splice};

use zeroize::Zeroizing;

use crate::model::document::Document;
use crate::plan::Planned;

/// The bytes of `document` with the planned edits made: parsed again, and found to differ in exactly the planned settings.
///
/// # Errors
/// [`RewriteError`] when the result is not as planned. Nothing was written.
pub fn patch(document: &Document, planned: &Planned) -> Result<Zeroizing<Vec<u8>>, RewriteError> {
    // a document that is not lossy holds its file byte for byte
    let new =
        splice(document.text.as_bytes(), &planned.edits).map_err(|error| RewriteError::Splice { path: document.path.clone(), error })?;
    verify::verify(document, &new, planned)?;
    Ok(new)
}

#[cfg(test)]
#[path = "assigned_tests.rs"]
mod assigned_tests;
