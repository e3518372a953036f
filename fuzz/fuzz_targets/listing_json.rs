//! That whatever JSON a server answers, its list has only names directly below the folder.
#![no_main]

use hobnob::wire::listing::Form;
use libfuzzer_sys::fuzz_target;

mod checked;

fuzz_target!(|content: &[u8]| checked::read(Form::Json, content));
