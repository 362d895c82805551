//! Writes what the targets begin with, made from `tests/vectors`: `seeds FOLDER` makes a folder in it for each.

use std::fs;
use std::path::{Path, PathBuf};

use proto_core::message::FAMILIES;
use proto_core::wire::Packets;
use serde_json::Value;

fn main() -> std::io::Result<()> {
    let Some(to) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: seeds FOLDER");
        std::process::exit(2);
    };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    for folder in ["messages", "own", "fragments", "link"] {
        let mut files: Vec<_> = fs::read_dir(vectors.join(folder))?
            .map(|file| file.map(|file| file.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("json") => message(&to, &name, &fs::read(&file)?)?,
                // Behind what the target is told about room and pieces.
                Some("jsonl") => {
                    let lines = [&[0x00, 0x40, 0, 0], fs::read(&file)?.as_slice()].concat();
                    seed(&to, "joiner", &name, &lines)?;
                }
                Some("hex") => {
                    let stream = bytes(&fs::read_to_string(&file)?);
                    seed(
                        &to,
                        "framer",
                        &name,
                        &[&[180, 7, 200], stream.as_slice()].concat(),
                    )?;
                }
                _ => {}
            }
        }
    }
    noise(&to)
}

fn message(to: &Path, name: &str, text: &[u8]) -> std::io::Result<()> {
    seed(to, "open", name, text)?;
    seed(to, "json", name, text)?;
    // From 128 on the second byte says that there are checks.
    let packets = Packets::new(text, None).into_iter().flatten();
    let line = packets.flat_map(|packet| [&packet.head, packet.text, &packet.check()].concat());
    let line: Vec<u8> = [180, 130, 200].into_iter().chain(line).collect();
    seed(to, "framer", &format!("checked-{name}"), &line)?;
    let message: Value = serde_json::from_slice(text)?;
    if let Some(payload) = message["payload"].as_str() {
        seed(to, "json", &format!("payload-{name}"), payload.as_bytes())?;
    }
    Ok(())
}

/// The bytes of a stream that is written in hexadecimal.
fn bytes(text: &str) -> Vec<u8> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter_map(|hex| u8::from_str_radix(hex, 16).ok())
        .collect()
}

/// Something to make messages and trees from: the same bytes every time.
fn noise(to: &Path) -> std::io::Result<()> {
    let mut state = 1u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    let messages = FAMILIES.iter().map(|family| family.len()).sum::<usize>();
    for number in 0..messages {
        for len in [256, 2_048] {
            let mut bytes: Vec<u8> = (0..len).map(|_| next()).collect();
            // Where the message is chosen.
            bytes[0] = u8::try_from(number).unwrap_or_default();
            let name = format!("noise-{number}-{len}");
            seed(to, "views", &name, &bytes)?;
            seed(to, "writer", &name, &bytes)?;
        }
    }
    Ok(())
}

fn seed(to: &Path, target: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = to.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}
