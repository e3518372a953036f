//! The plain file request.
