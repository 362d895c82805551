//! Where things lie in the microcontroller's memory, and the example messages that are put there.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("memory.x"), MEMORY)?;
    fs::write(out.join("vectors.rs"), vectors()?)?;
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    if env::var_os("CARGO_FEATURE_LOG").is_some() {
        println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={VECTORS}");
    Ok(())
}

const VECTORS: &str = "../vectors";

/// The files of `tests/vectors`, each with its name, as a constant.
fn vectors() -> io::Result<String> {
    let root = fs::canonicalize(VECTORS)?;
    let mut files = Vec::new();
    list(&root, &mut files)?;
    files.sort();
    let items = files.iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap_or(path);
        format!("    ({name:?}, include_bytes!({path:?})),\n")
    });
    let items: String = items.collect();
    Ok(format!("const VECTORS: &[(&str, &[u8])] = &[\n{items}];\n"))
}

/// Every file in the folder and those below.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The stack lies below everything else: one that overflows meets no memory, and a fault, instead of variables.
const MEMORY: &str = "
MEMORY {
    FLASH : ORIGIN = 0x00000000, LENGTH = 4M
    STACK : ORIGIN = 0x20000000, LENGTH = 32K
    RAM   : ORIGIN = 0x20008000, LENGTH = 480K
}
_stack_start = ORIGIN(STACK) + LENGTH(STACK);
_stack_end = ORIGIN(STACK);
";
