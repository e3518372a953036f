//! What the program promises, tried on real sockets and real files.
