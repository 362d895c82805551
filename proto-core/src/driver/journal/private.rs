//! Files and folders that only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the folder that this file is in, if there is none: 0700 on Unix. One that is there stays as it is.
pub(crate) fn private_folder(file: &Path) -> io::Result<()> {
    let Some(folder) = folder_of(file).filter(|folder| !folder.is_dir()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    sync_folder_of(folder)
}

/// Opens a file, makes it if there is none: 0600 on Unix.
pub(crate) fn private_file(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true).create(true).open(path)
}

/// Makes durable that a file was made in its folder, or was renamed.
pub(super) fn sync_folder_of(file: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and its names are written with the file.
    #[cfg(unix)]
    File::open(folder_of(file).unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn folder_of(file: &Path) -> Option<&Path> {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
}
