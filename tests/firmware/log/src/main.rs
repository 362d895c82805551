//! Prints what a program of the firmware has logged with defmt, one line each: `firmware-log PROGRAM LOG`. The texts
//! stand in the program, as an ELF file; the log has their numbers and what was put into them.

use std::error::Error;
use std::{env, fs};

use defmt_decoder::{DecodeError, Table};

fn main() -> Result<(), Box<dyn Error>> {
    let [program, log] = [1, 2].map(|at| env::args_os().nth(at));
    let (Some(program), Some(log)) = (program, log) else {
        return Err("usage: firmware-log PROGRAM LOG".into());
    };
    let table = Table::parse(&fs::read(program)?)?.ok_or("the program logs nothing")?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&fs::read(log)?);
    loop {
        match decoder.decode() {
            Ok(frame) => println!("{}", frame.display(false)),
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            Err(DecodeError::Malformed) => return Err("the log is not of this program".into()),
        }
    }
}
