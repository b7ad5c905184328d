//! Tests that run the binary, and tests of the house.

mod seal;
