//! An address that is being typed: what is wrong with it, and whether its name is being looked up.

use super::field::Field;
use crate::event::{Fault, RequestId};
use crate::wire::address::{AddressError, Endpoint};

/// An address bar. Owns what was typed until it is accepted.
#[derive(Debug, Clone, Default)]
pub struct AddressBar {
    /// What is being typed.
    pub field: Field,
    /// What is wrong with it, said in place until it is changed.
    pub problem: Option<Problem>,
    /// The question to the resolver that is under way.
    pub pending: Option<(RequestId, Endpoint)>,
}

/// Why what was typed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is no address.
    Address(AddressError),
    /// Its name could not be resolved.
    Fault(Fault),
}

impl AddressBar {
    /// Puts another address in, as if it had been typed.
    pub fn show(&mut self, text: &str) {
        self.field.replace(text);
        self.problem = None;
    }

    /// What was asked for, if this is the answer to the question that is under way.
    pub fn answered(&mut self, request: RequestId) -> Option<Endpoint> {
        self.pending.take_if(|(pending, _)| *pending == request).map(|(_, endpoint)| endpoint)
    }
}
