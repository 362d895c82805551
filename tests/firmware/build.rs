//! Where things lie in the microcontroller's memory.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("memory.x"), MEMORY)?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// The stack lies below everything else: one that overflows meets no memory, and a fault, instead of variables.
const MEMORY: &str = "
MEMORY {
    FLASH : ORIGIN = 0x00000000, LENGTH = 1M
    STACK : ORIGIN = 0x20000000, LENGTH = 32K
    RAM   : ORIGIN = 0x20008000, LENGTH = 480K
}
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
_stack_end = ORIGIN(STACK);
";
