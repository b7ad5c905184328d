//! Any other text.

use super::format::{Claim, EncodeError, Format};
use crate::model::document::Fault;
use crate::model::secret::Secret;
use crate::model::setting::Setting;

/// Any other text.
pub(super) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }
    fn claims(&self, _path: &str, _file_name: &str, _head: &str) -> Claim {
        Claim::No
    }
    fn parse(&self, _text: &str) -> Result<Vec<Setting>, Fault> {
        Ok(Vec::new())
    }
    fn encode(&self, value: &Secret, _place: &Setting) -> Result<Secret, EncodeError> {
        Ok(value.clone())
    }
}
