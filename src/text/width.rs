//! Widths in terminal cells.
