//! Texts in texts: many of them found at once, and where in a name they stand. What is looked for is the business of those who ask.

pub mod name_part;
pub mod signs;
