//! The plain chat datagram.
