//! Output for fish.

use super::Variable;
use crate::support::error::Result;

#[allow(clippy::unnecessary_wraps)] // All formats have this type.
pub fn print(variables: &[Variable]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for Variable { name, value } in variables {
        out.extend_from_slice(b"set -gx ");
        out.extend_from_slice(name);
        out.extend_from_slice(b" '");
        for &byte in value {
            match byte {
                b'\'' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
                // fish would decode raw bytes by the encoding of its locale.
                0x80.. => out.extend(format!("'\\X{byte:02x}'").bytes()),
                _ => out.push(byte),
            }
        }
        out.extend_from_slice(b"'\n");
    }
    Ok(out)
}
