//! `harden rotate`: secrets changed where they live, on servers and in files, in steps that can be resumed or taken back.

pub mod connections;
pub mod machine;
pub mod servers;
pub mod stage;
pub mod state;
