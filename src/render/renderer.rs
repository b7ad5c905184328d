//! What an output format must be able to do.

use std::io::{self, Write};

use crate::report::Report;

/// An output format. It writes to `out` and nowhere else; what it is given holds no value of any setting.
pub trait Renderer: Sync {
    /// Registered name, lower case: the word after `--format`.
    fn name(&self) -> &'static str;

    /// One line for `--help`.
    fn about(&self) -> &'static str;

    /// Writes the whole report.
    ///
    /// # Errors
    /// Those of `out`; a closed pipe is among them and no fault.
    fn render(&self, report: &Report, out: &mut dyn Write) -> io::Result<()>;
}
