//! That whatever page a server answers, the list made of it has only names directly below the folder.
#![no_main]

use hobnob::wire::listing::Form;
use libfuzzer_sys::fuzz_target;

mod checked;

fuzz_target!(|content: &[u8]| checked::read(Form::Html, content));
