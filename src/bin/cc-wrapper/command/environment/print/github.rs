//! Output for the file that GITHUB_ENV names, and files in the same format.

use super::{Variable, text};
use crate::support::error::Result;

pub fn print(variables: &[Variable]) -> Result<Vec<u8>> {
    let mut out = String::new();
    for variable in variables {
        let (name, value) = (variable.shown(), text(variable, "such a file")?);
        if value.contains(['\n', '\r']) {
            let end = end(value);
            out.push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
        } else {
            out.push_str(&format!("{name}={value}\n"));
        }
    }
    Ok(out.into_bytes())
}

/// Returns a delimiter that is not a line of `value`.
fn end(value: &str) -> String {
    let mut end = "END".to_owned();
    while value.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}
