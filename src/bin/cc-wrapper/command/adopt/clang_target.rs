//! What nixpkgs writes into clang's `add-local-cc-cflags-before.sh`: clang's
//! target, which is built into us.

use std::str;

use super::lines::{between, contains};
use super::statements::{Statement, statements};

pub const FILE: &str = "add-local-cc-cflags-before.sh";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct ClangTarget {
    pub default_target: Vec<u8>,
    pub machine_flags: Vec<Vec<u8>>,
    pub explicit_abi: Vec<u8>,
    /// Preprocessors are told of the target too, as older scripts do.
    pub for_preprocessors: bool,
    /// Where nixpkgs' own text ends and a package's begins.
    pub end: usize,
}

/// `None`: not nixpkgs' text, or not one that is known.
pub fn read(text: &[u8]) -> Option<ClangTarget> {
    let mut found = ClangTarget {
        for_preprocessors: true,
        ..ClangTarget::default()
    };
    for statement in statements(text) {
        if !take(&statement, &mut found) {
            break;
        }
        found.end = statement.end;
    }
    (!found.default_target.is_empty()).then_some(found)
}

/// Whether the statement is nixpkgs'.
fn take(statement: &Statement, found: &mut ClangTarget) -> bool {
    match statement.lines.as_slice() {
        [line] => is_setting(line),
        [first, ..] if is_loop(first) => is_search(statement),
        [first, body @ .., _fi] => {
            // The SDK's business, which `darwin` in toolchain.json covers.
            let availability = between(first, "if [[ \"", "\" ]]; then").is_some()
                && body == [b"extraBefore+=(-Werror=unguarded-availability)"];
            availability || take_target(statement, found)
        }
        [] => false,
    }
}

fn is_setting(line: &[u8]) -> bool {
    const SETTINGS: [&[u8]; 6] = [
        b"targetPassed=false",
        b"needsTarget=true",
        b"targetValue=\"\"",
        b"declare -i n=0",
        b"n=0",
        b"nParams=${#params[@]}",
    ];
    SETTINGS.contains(&line)
}

fn is_loop(line: &[u8]) -> bool {
    line.starts_with(b"while ((") || line.starts_with(b"for p in ")
}

/// The search for a target among the arguments, which changes nothing else.
fn is_search(statement: &Statement) -> bool {
    let has = |part| statement.lines.iter().any(|line| contains(line, part));
    has("--target=") && !has("extra")
}

/// The statement that adds the target.
fn take_target(statement: &Statement, found: &mut ClangTarget) -> bool {
    let mut abi_counts = false;
    let mut depends = false;
    for line in &statement.lines {
        if let Some(words) = between(line, "extraBefore+=(-target ", ")") {
            let words = str::from_utf8(words).ok().map(shell_words::split);
            let Some(Ok(mut words)) = words.filter(|_| found.default_target.is_empty()) else {
                return false;
            };
            if words.is_empty() {
                return false;
            }
            found.default_target = words.remove(0).into_bytes();
            found.machine_flags = words.into_iter().map(String::into_bytes).collect();
        } else if let Some(abi) = between(line, "extraBefore+=(-mabi=", ")") {
            if abi_counts {
                found.explicit_abi = abi.to_vec();
            }
        } else if let Some(abi) = between(line, "if [[ \"", "\" != \"\" ]]; then") {
            abi_counts = !abi.is_empty();
        } else if contains(line, "$targetPassed") || contains(line, "$needsTarget") {
            depends = true;
            found.for_preprocessors &= !contains(line, "*cpp");
        } else if *line == b"elif [[ $0 != *cpp ]]; then" {
            found.for_preprocessors = false;
        } else if *line != b"fi" && !line.starts_with(b"echo \"Warning: ") {
            return false;
        }
    }
    depends
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "\
needsTarget=true

for p in \"${params[@]}\"; do
    case \"$p\" in
    -target | --target=*) needsTarget=false ;;
    esac
done

if $needsTarget; then
    extraBefore+=(-target x86_64-linux '-march=a b')
fi
";
    const NEW: &str = "\
targetPassed=false
targetValue=\"\"

while ((\"$n\" < \"$nParams\")); do
    case \"$p\" in
    --target=*)
        targetPassed=true ;;
    esac
done

if $targetPassed && [[ \"$targetValue\" != \"mips\" ]]; then
    echo \"Warning: two targets\" >&2
elif [[ $0 != *cpp ]]; then
    extraBefore+=(-target mips )
    if [[ \"elfv2\" != \"\" ]]; then
        extraBefore+=(-mabi=elfv2)
    fi
fi

if [[ \"\" ]]; then
    extraBefore+=(-Werror=unguarded-availability)
fi
";

    #[test]
    fn both_dialects_say_the_target() {
        let old = read(OLD.as_bytes()).unwrap();
        assert_eq!(old.default_target, b"x86_64-linux");
        assert_eq!(old.machine_flags, [b"-march=a b".to_vec()]);
        assert!(old.for_preprocessors);
        assert_eq!(old.end, OLD.len());
        let new = read(NEW.as_bytes()).unwrap();
        assert_eq!(new.default_target, b"mips");
        assert_eq!(new.explicit_abi, b"elfv2");
        assert!(new.machine_flags.is_empty() && !new.for_preprocessors);
        assert_eq!(new.end, NEW.len());
        let without = NEW.replace("elfv2", "");
        assert_eq!(read(without.as_bytes()).unwrap().explicit_abi, b"");
    }

    #[test]
    fn what_a_package_added_is_not_part_of_it() {
        for added in ["extraBefore+=(-DX)\n", "if true; then\n  x\nfi\n"] {
            let text = [NEW, added].concat();
            assert_eq!(read(text.as_bytes()).unwrap().end, NEW.len());
        }
    }

    #[test]
    fn what_a_package_changed_is_not_known() {
        for (from, to) in [
            (
                "    extraBefore+=(-target",
                "    x=1\n    extraBefore+=(-target",
            ),
            ("targetPassed=false", "extraBefore+=(-DX)"),
            ("fi\n\nif [[ \"\" ]]", "\n\nif [[ \"\" ]]"),
        ] {
            let text = NEW.replace(from, to);
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(b""), None);
    }
}
