//! Class of finding to the controls it touches.
