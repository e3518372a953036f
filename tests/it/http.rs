//! The HTTP client that listings and downloads share: its connections, whom it follows, what it keeps to itself.

mod secure;
