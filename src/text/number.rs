//! Numbers in environment variables.

use alloc::vec::Vec;

/// Parses a variable's value. Empty is 0. `None` if it is not a number.
pub fn number(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match trim(value) {
        [] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    // The bases are those of the shell.
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] => (16, digits),
        [b'0', digits @ ..] if !digits.is_empty() => (8, digits),
        digits => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let magnitude = digits.iter().try_fold(0i64, |number, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        number.checked_mul(base.into())?.checked_add(digit.into())
    })?;
    Some(if is_negative { -magnitude } else { magnitude })
}

/// Formats a number for a variable. core's formatter is not used, because it
/// would touch pages that a plain call does not need.
pub fn decimal(number: i64) -> Vec<u8> {
    let mut digits = Vec::with_capacity(20);
    let mut rest = number.unsigned_abs();
    loop {
        digits.push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        digits.push(b'-');
    }
    digits.reverse();
    digits
}

/// `text` without white space at both ends.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\n', rest @ ..] | [rest @ .., b' ' | b'\t' | b'\n'] = text {
        text = rest;
    }
    text
}
