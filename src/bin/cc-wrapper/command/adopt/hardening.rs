//! Reads from a half's `add-hardening.sh` which hardening flags its tools do not
//! support (docs/behaviour.md#4-hardening).

use cc_wrapper::model::toolchain::Family;
use cc_wrapper::rules::hardening::{compiler_flags, linker_flags};

use super::lines::{between, contains, lines, trim};

/// A flag that only older scripts support.
const PIE: &str = "pie";

#[derive(Debug, PartialEq, Eq)]
pub struct Hardening {
    /// The flags in the script's list, and those that it ignores because it is
    /// older than they are.
    pub unsupported: Vec<Vec<u8>>,
    /// Flags of older nixpkgs releases that the script supports.
    pub supported: Vec<Vec<u8>>,
    /// `None`: the script does not depend on the compiler's family.
    pub is_clang: Option<bool>,
}

/// Reads the script's text; `None`: it has an unknown shape.
pub fn read(text: &[u8], is_linkers: bool) -> Option<Hardening> {
    let list = |line| {
        let list = trim(between(line, "for flag in ", "do")?);
        let list = list.strip_suffix(b";")?;
        // Other loops iterate over variables.
        (!contains(list, "$")).then_some(list)
    };
    let mut unsupported: Vec<Vec<u8>> = lines(text)
        .find_map(list)?
        .split(u8::is_ascii_whitespace)
        .filter(|flag| !flag.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    let known: Vec<&[u8]> = lines(text)
        .filter_map(|line| line.strip_suffix(b")"))
        .flat_map(|label| label.split(|&b| b == b'|'))
        .map(trim)
        .collect();
    let names: Vec<&str> = if is_linkers {
        linker_flags().collect()
    } else {
        compiler_flags(Family::Gcc).map(|flag| flag.name).collect()
    };
    for name in names {
        let name = name.as_bytes();
        if !known.contains(&name) && !unsupported.iter().any(|flag| flag == name) {
            unsupported.push(name.to_vec());
        }
    }
    let pie = known.contains(&PIE.as_bytes());
    Some(Hardening {
        unsupported,
        supported: pie.then(|| PIE.into()).into_iter().collect(),
        is_clang: is_clang(text),
    })
}

/// Whether the script is for clang, from the condition at `strictoverflow`, the
/// one flag that clang spells differently.
fn is_clang(text: &[u8]) -> Option<bool> {
    let mut lines = lines(text).skip_while(|line| line != b"strictoverflow)");
    lines.find_map(|line| match trim(between(line, "if ((", ")); then")?) {
        b"1" => Some(true),
        b"" | b"0" => Some(false),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
for flag in ${NIX_HARDENING_ENABLE_s-}; do
for flag in pacret  zerocallusedregs; do
  if (( \"${NIX_DEBUG:-0}\" >= 1 )); then
    fortify | fortify3)
    pie)
    strictoverflow)
      if (( \"${NIX_DEBUG:-0}\" >= 1 )); then echo x; fi
      if (( 1 )); then
    *)
";

    fn texts(list: &[Vec<u8>]) -> Vec<String> {
        let text = |flag: &Vec<u8>| String::from_utf8_lossy(flag).into_owned();
        list.iter().map(text).collect()
    }

    #[test]
    fn flags_that_a_script_ignores_are_unsupported() {
        let hardening = read(SCRIPT.as_bytes(), false).unwrap();
        let unsupported = texts(&hardening.unsupported);
        assert_eq!(unsupported[..2], ["pacret", "zerocallusedregs"]);
        assert!(unsupported.contains(&"stackclashprotection".to_owned()));
        assert!(!unsupported.contains(&"fortify3".to_owned()));
        assert_eq!(texts(&hardening.supported), ["pie"]);
        assert_eq!(hardening.is_clang, Some(true));
    }

    #[test]
    fn an_empty_list_is_valid_and_a_missing_one_is_not() {
        let text = b"for flag in ; do\nrelro)\nbindnow)\n";
        let hardening = read(text, true).unwrap();
        assert_eq!((hardening.unsupported, hardening.is_clang), (vec![], None));
        assert_eq!(read(b"for flag in $x; do\n", true), None);
    }

    #[test]
    fn a_script_for_gcc_is_not_for_clang() {
        let gcc = SCRIPT.replace("(( 1 ))", "((  ))");
        let hardening = read(gcc.as_bytes(), false).unwrap();
        assert_eq!(hardening.is_clang, Some(false));
    }
}
