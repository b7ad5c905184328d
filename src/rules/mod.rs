//! Rule files, built in and the user's own.
