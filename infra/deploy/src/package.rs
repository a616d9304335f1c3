//! Whether the functions are built, and for the processor the stage runs on.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What is wrong with the binary in `directory`, if anything is.
pub(crate) fn fault(directory: &Path, architecture: &str) -> Option<String> {
    let path = directory.join("bootstrap");
    let mut head = [0; 20];
    let read = File::open(&path).and_then(|mut it| it.read_exact(&mut head));
    if let Err(err) = read {
        return Some(format!("{} is not built: {err}", path.display()));
    }
    let built_for = machine(&head);
    (built_for != Some(architecture)).then(|| {
        let built_for = built_for.unwrap_or("something else");
        format!(
            "{} is built for {built_for}, not {architecture}",
            path.display()
        )
    })
}

/// The processor in the head of a 64-bit ELF file.
fn machine(head: &[u8; 20]) -> Option<&'static str> {
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    match u16::from_le_bytes([head[18], head[19]]) {
        0xB7 => Some("arm64"),
        0x3E => Some("x86_64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(machine: u8) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01".to_vec();
        head.resize(20, 0);
        head[18] = machine;
        head
    }

    #[test]
    fn a_binary_for_another_processor_and_a_missing_one_are_named() {
        let directory = std::env::temp_dir().join(format!("vara-deploy-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let write = |bytes: &[u8]| std::fs::write(directory.join("bootstrap"), bytes).unwrap();
        assert!(fault(&directory, "arm64").unwrap().contains("is not built"));
        write(&head(0xB7));
        assert_eq!(fault(&directory, "arm64"), None);
        assert!(
            fault(&directory, "x86_64")
                .unwrap()
                .contains("built for arm64, not x86_64")
        );
        write(&head(0x3E));
        assert_eq!(fault(&directory, "x86_64"), None);
        write(b"#!/bin/sh\nexec something else");
        assert!(
            fault(&directory, "arm64")
                .unwrap()
                .contains("something else")
        );
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
