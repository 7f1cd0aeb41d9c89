//! Output for programs that read JSON, and for nu.

use std::borrow::Cow;

use cc_wrapper::text::json::{Value, array, string};

use super::{Variable, text};
use crate::support::error::Result;

/// Returns one object with a string for each variable.
pub fn print(variables: &[Variable]) -> Result<Vec<u8>> {
    object(variables, |variable| {
        Ok(string(text(variable, "JSON")?.as_bytes()))
    })
}

/// Returns a record for nu's `from json | load-env`, with PATH as a list.
pub fn nu(variables: &[Variable]) -> Result<Vec<u8>> {
    object(variables, |variable| {
        let text = text(variable, "nu")?;
        Ok(if variable.name == b"PATH" {
            array(text.split(':').map(|entry| string(entry.as_bytes())))
        } else {
            string(text.as_bytes())
        })
    })
}

fn object<'v>(
    variables: &'v [Variable],
    value: impl Fn(&'v Variable) -> Result<Value<'v>>,
) -> Result<Vec<u8>> {
    let entries = variables.iter().map(|variable| {
        let name = Cow::Borrowed(&variable.name[..]);
        Ok((name, value(variable)?))
    });
    let mut out = Vec::new();
    Value::Object(entries.collect::<Result<_>>()?).write(&mut out);
    Ok(out)
}
