//! Normalises paths so that they can be compared.

/// Returns the absolute path of `path` in `directory`, without `.`, `..` and
/// extra slashes. Does not follow symlinks, because a recorded file may not
/// exist any more.
pub fn resolved(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let whole = match path {
        [b'/', ..] => path.to_vec(),
        _ => [directory, b"/", path].concat(),
    };
    let mut components: Vec<&[u8]> = Vec::new();
    for component in whole.split(|&b| b == b'/') {
        match component {
            b"" | b"." => {}
            b".." => drop(components.pop()),
            _ => components.push(component),
        }
    }
    let mut resolved = Vec::with_capacity(whole.len());
    for component in components {
        resolved.push(b'/');
        resolved.extend_from_slice(component);
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised() {
        for (directory, path, expected) in [
            ("/b", "a.o", "/b/a.o"),
            ("/b/", "./o//a.o", "/b/o/a.o"),
            ("/b/x", "../a.o", "/b/a.o"),
            ("/b", "/c/../a.o", "/a.o"),
            ("/", "../../a.o", "/a.o"),
        ] {
            let path = resolved(directory.as_bytes(), path.as_bytes());
            assert_eq!(String::from_utf8(path).unwrap(), expected);
        }
    }
}
