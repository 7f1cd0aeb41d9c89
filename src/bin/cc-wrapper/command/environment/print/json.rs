//! For programs that read JSON, and for nu.

use cc_wrapper::text::json::write_string;

use super::{Variable, text};
use crate::support::error::Result;

/// One object, each variable a string.
pub fn print(variables: &[Variable]) -> Result<Vec<u8>> {
    object(variables, |variable, out| {
        write_string(out, text(variable, "JSON")?.as_bytes());
        Ok(())
    })
}

/// A record for `from json | load-env`, where PATH is a list.
pub fn nu(variables: &[Variable]) -> Result<Vec<u8>> {
    object(variables, |variable, out| {
        let text = text(variable, "nu")?;
        if variable.name != b"PATH" {
            write_string(out, text.as_bytes());
            return Ok(());
        }
        for (n, entry) in text.split(':').enumerate() {
            out.extend_from_slice(if n == 0 { b"[" } else { b", " });
            write_string(out, entry.as_bytes());
        }
        out.push(b']');
        Ok(())
    })
}

fn object(
    variables: &[Variable],
    value: impl Fn(&Variable, &mut Vec<u8>) -> Result<()>,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (n, variable) in variables.iter().enumerate() {
        out.extend_from_slice(if n == 0 { b"{\n  " } else { b",\n  " });
        write_string(&mut out, &variable.name);
        out.extend_from_slice(b": ");
        value(variable, &mut out)?;
    }
    out.extend_from_slice(b"\n}\n");
    Ok(out)
}
