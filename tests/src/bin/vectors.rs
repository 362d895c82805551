//! Prints what the core makes of every example message and stream of `tests/vectors`, as the firmware of the same name
//! does (`tests/metal/stage`).

use std::path::{Path, PathBuf};
use std::{fs, io};

use system_tests::vectors::Reader;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut files = Vec::new();
    list(&root, &mut files)?;
    files.sort();
    let [mut message, mut join, mut out] = [(); 3].map(|()| vec![0; 128 * 1_024]);
    let mut reader = Reader::new(&mut message, &mut join, &mut out);
    for path in files {
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy();
        reader.look(&name, &fs::read(&path)?, &mut |line| println!("{line}"));
    }
    Ok(())
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
