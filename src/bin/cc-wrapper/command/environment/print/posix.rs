//! Output for bash and other shells like sh.

use super::Variable;
use crate::support::error::Result;

#[allow(clippy::unnecessary_wraps)] // All formats have this type.
pub fn print(variables: &[Variable]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for Variable { name, value } in variables {
        out.extend_from_slice(b"export ");
        out.extend_from_slice(name);
        out.extend_from_slice(b"='");
        for &byte in value {
            match byte {
                b'\'' => out.extend_from_slice(b"'\\''"),
                _ => out.push(byte),
            }
        }
        out.extend_from_slice(b"'\n");
    }
    Ok(out)
}
