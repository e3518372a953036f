//! Lines of a given width.
