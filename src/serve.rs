//! The file server: one TCP port for plain requests and HTTP/1.1, and nothing outside one folder.
