//! Names that are safe to give a file here.
