//! What the repository itself may do to whoever works in it: nothing but say what is found.

mod policy;
mod programs;
mod recipients;
