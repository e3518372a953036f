//! Tasks that own the sockets, behind channels. They never touch the program's state; what they learn comes back
//! as events.
