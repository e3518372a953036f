//! An address that is being typed: what is wrong with it, and whether its name is being looked up.

use super::field::Field;
use crate::event::{Fault, RequestId};
use crate::wire::address::AddressError;

/// An address bar. Owns what was typed until it is accepted.
#[derive(Debug, Clone, Default)]
pub struct AddressBar {
    /// What is being typed.
    pub field: Field,
    /// What is wrong with it, said in place until it is changed.
    pub problem: Option<Problem>,
    /// The question to the resolver that is under way.
    pub pending: Option<RequestId>,
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

    /// Takes the name of the pending question, if this is the answer to it.
    pub fn answered(&mut self, request: RequestId) -> bool {
        let ours = self.pending == Some(request);
        if ours {
            self.pending = None;
        }
        ours
    }
}
