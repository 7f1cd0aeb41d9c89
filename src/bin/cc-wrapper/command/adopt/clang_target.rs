//! Reads clang's target from nixpkgs' hook `add-local-cc-cflags-before.sh`.
//! cc-wrapper adds the target itself, so that hook need not run.

use std::str;

use super::lines::{between, contains};
use super::statements::{Statement, statements};

pub const FILE: &str = "add-local-cc-cflags-before.sh";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct ClangTarget {
    pub default_target: Vec<u8>,
    pub machine_flags: Vec<Vec<u8>>,
    pub explicit_abi: Vec<u8>,
    /// Preprocessors get the target too. Older scripts do that.
    pub for_preprocessors: bool,
    /// Offset where nixpkgs' text ends and a package's own text begins.
    pub end: usize,
}

/// Reads the hook's text; `None`: it is not nixpkgs' or of an unknown version.
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

/// Whether the statement is nixpkgs'. Stores what it sets in `found`.
fn take(statement: &Statement, found: &mut ClangTarget) -> bool {
    match statement.lines.as_slice() {
        [line] => is_setting(line),
        [first, ..] if is_loop(first) => is_search(statement),
        [first, body @ .., _fi] => {
            // For the SDK; `darwin` in toolchain.json has the same effect.
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

/// Whether this loop only searches the arguments for a target.
fn is_search(statement: &Statement) -> bool {
    let has = |part| statement.lines.iter().any(|line| contains(line, part));
    has("--target=") && !has("extra")
}

/// Whether this is the statement that adds the target. Stores it in `found`.
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
    fn the_target_is_read_from_old_and_new_hooks() {
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
    fn text_that_a_package_added_is_left_over() {
        for added in ["extraBefore+=(-DX)\n", "if true; then\n  x\nfi\n"] {
            let text = [NEW, added].concat();
            assert_eq!(read(text.as_bytes()).unwrap().end, NEW.len());
        }
    }

    #[test]
    fn a_changed_hook_is_unknown() {
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
