//! Checks whether a wrapper's scripts do more than nixpkgs' scripts do.
//!
//! nixpkgs' scripts differ between releases, so they are not compared with fixed
//! texts. Instead, each command must be one that nixpkgs uses, on variables that
//! nixpkgs uses, and must add only nixpkgs' flags. Conditions may test anything.
//! Commands under a condition that is never true are ignored.

use super::shell::{Command, commands};

/// The values that differ between wrappers.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The wrapped program; empty in files that are sourced.
    pub program: &'a str,
    pub roots: [&'a str; 2],
    pub salt: &'a str,
}

/// The first line that is not nixpkgs'.
#[derive(Debug, PartialEq, Eq)]
pub struct Own {
    pub line: usize,
    pub text: String,
    /// The line is after the end of nixpkgs' text.
    pub is_added: bool,
}

const FUNCTIONS: &str = "\
accumulateRoles badPath badPathWithDarwinSdk checkLinkType expandResponseParams \
filterRpathFlags mangleVarBool mangleVarList mangleVarListGeneric mangleVarSingle reject skip \
test";

const PROGRAMS: &str = "\
basename expand-response-params mktemp readlink realpath rm <";

/// Variables that nixpkgs' scripts set.
const VARIABLES: &str = "\
allHardeningFlags arg args cInclude cc1 compiler cxxInclude cxxLibrary dir dir2 dontLink extraAfter \
extraBefore file flag hardeningCFlagsAfter hardeningCFlagsBefore hardeningDisableMap \
hardeningEnableMap hardeningLDFlags i inputVar isCxx kept libDirs libs link32 linkType linker \
linkerOutput n nParams nonFlagArgs outputVar p p2 params path path_backup positionalArgs prev \
relocatable responseFile rest ret role_suffixes rpaths sdkPath sep skipNext suffix type var \
var_templates_bool var_templates_list \
PATH DEVELOPER_DIR SDKROOT NIX_BINTOOLS_WRAPPER_FLAGS_SET NIX_CC_WRAPPER_FLAGS_SET \
NIX_CFLAGS_COMPILE NIX_CFLAGS_COMPILE_BEFORE NIX_CFLAGS_LINK NIX_CXXSTDLIB_COMPILE \
NIX_CXXSTDLIB_LINK NIX_DYNAMIC_LINKER NIX_GNATFLAGS_COMPILE NIX_GNATMAKE_CARGS \
NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET NIX_LDFLAGS NIX_LDFLAGS_BEFORE NIX_LINK_TYPE";

/// Variables that the scripts only read.
const INPUTS: &str = "\
NIX_BUILD_ID_STYLE NIX_COREFOUNDATION_RPATH NIX_FFLAGS_COMPILE NIX_FFLAGS_COMPILE_BEFORE \
NIX_HARDENING_ENABLE NIX_LDFLAGS_AFTER NIX_STORE TMPDIR";

/// Variables that hold no arguments, so their values are not checked.
const FREE: &str = "\
DEVELOPER_DIR NIX_LINK_TYPE PATH SDKROOT allHardeningFlags compiler flag libs linkType linker linkerOutput \
path responseFile sep type var_templates_bool var_templates_list";

/// Words that appear in nixpkgs' scripts.
const LITERALS: &str = "\
true false -- -Wl, -Wl,-dynamic-linker= -dynamic-linker -rpath --build-id= --GCC= --GNATBIND= \
--GNATLINK= -cargs -t --enable-deterministic-archives @ _FOR_BUILD _FOR_TARGET _";

const OF_HARDENING: &str = "\
-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_FORTIFY_SOURCE=3 -fcf-protection=return \
-fstrict-flex-arrays=1 -fstrict-flex-arrays=3 -mbranch-protection=pac-ret -D_GLIBCXX_ASSERTIONS \
-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST \
-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE -fstack-protector-strong --param \
ssp-buffer-size=4 -fstack-clash-protection -fno-strict-aliasing -fPIC -fPIE -pie -fwrapv \
-fno-strict-overflow -ftrivial-auto-var-init=pattern -Wformat -Wformat-security \
-Werror=format-security -fzero-call-used-regs=used-gpr -z relro now";

const SOURCED: &str = "\
utils.bash darwin-sdk-setup.bash add-flags.sh add-gnat-extra-flags.sh add-hardening.sh \
add-local-cc-cflags-before.sh add-local-ldflags-before.sh cc-wrapper-hook ld-wrapper-hook";

fn lists(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == word)
}

/// The first command of a script in `bin` that is not nixpkgs'.
pub fn own_in_script(text: &[u8], names: Names) -> Option<Own> {
    own(text, names, |_, _| true)
}

/// The first command of a file in `nix-support` that is not nixpkgs', or that
/// is after the end of nixpkgs' text.
pub fn own_in_file(file: &str, text: &[u8], names: Names) -> Option<Own> {
    let end = |command: &Command| match command.words.as_slice() {
        [export, set] if export == "export" => set.contains("_FLAGS_SET_"),
        _ => false,
    };
    let mut ended = false;
    let own = match file {
        "add-flags.sh" | "add-gnat-extra-flags.sh" => own(text, names, |command, _| {
            let fits = !ended;
            ended |= end(command);
            fits
        }),
        // The last loop of nixpkgs' text iterates over the enabled flags.
        "add-hardening.sh" => own(text, names, |command, depth| {
            let fits = !ended || depth > 0 || command.words[0] == "done";
            ended |= depth == 0 && command.words.concat().contains("{!hardeningEnableMap");
            fits
        }),
        "utils.bash" => {
            ended = true;
            let mut defined: Vec<String> = Vec::new();
            own(text, names, |command, depth| {
                let name = &command.words[0];
                if depth > 0 || name == "}" {
                    return true;
                }
                let is_new = name.ends_with("()") && !defined.contains(name);
                defined.push(name.clone());
                is_new
            })
        }
        _ => {
            ended = true;
            own(text, names, |_, _| true)
        }
    };
    let is_added = ended && file.starts_with("add-");
    own.map(|own| Own { is_added, ..own })
}

fn own(text: &[u8], names: Names, mut fits: impl FnMut(&Command, usize) -> bool) -> Option<Own> {
    let text = String::from_utf8_lossy(text);
    let found = |line: usize| Own {
        line,
        text: text.lines().nth(line - 1).unwrap_or("").trim().to_owned(),
        is_added: false,
    };
    let commands = match commands(&text) {
        Ok(commands) => commands,
        Err(line) => return Some(found(line)),
    };
    let mut depth = 0_usize;
    // The nesting depth of a condition that is never true, while inside it.
    let mut dead = None;
    for command in &commands {
        let first = command.words[0].as_str();
        if matches!(first, "fi" | "done" | "esac" | "}") {
            depth = depth.saturating_sub(1);
        }
        let outer = match first {
            "else" | "elif" => depth.saturating_sub(1),
            _ => depth,
        };
        if dead == Some(outer) && matches!(first, "fi" | "else" | "elif") {
            dead = None;
        }
        let at = if matches!(first, "else" | "elif" | "then" | "do") {
            depth.max(1)
        } else {
            depth
        };
        if dead.is_none() && !(fits(command, at) && names.know(&command.words)) {
            return Some(found(command.line));
        }
        if dead.is_none() && first == "if" && is_never(&command.words[1..]) {
            dead = Some(depth);
        }
        let opens = |word: &String| {
            matches!(
                word.as_str(),
                "if" | "while" | "until" | "case" | "for" | "{"
            )
        };
        depth += command
            .words
            .iter()
            .take_while(|word| !is_assignment(word))
            .filter(|word| opens(word))
            .count();
    }
    None
}

fn is_never(words: &[String]) -> bool {
    let words = words.join(" ");
    ["[[ \"\" ]]", "[ \"\" ]", "[ \"\" = 1 ]"].contains(&words.as_str())
}

/// Splits `NAME=VALUE`, `NAME+=VALUE` or `NAME[INDEX]=VALUE` into name and value.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let end = word.find(|c: char| c != '_' && !c.is_ascii_alphanumeric())?;
    let (name, rest) = word.split_at(end);
    let rest = match rest.strip_prefix('[') {
        Some(index) => &index[index.find(']')? + 1..],
        None => rest,
    };
    let value = rest.strip_prefix('+').unwrap_or(rest).strip_prefix('=')?;
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, value))
}

fn is_assignment(word: &str) -> bool {
    assignment(word).is_some()
}

impl Names<'_> {
    fn know(&self, words: &[String]) -> bool {
        let mut words = words;
        let (first, args) = loop {
            let [first, rest @ ..] = words else {
                return true;
            };
            let function = first.strip_suffix("()");
            if let Some(name) = function.filter(|name| !name.ends_with('=')) {
                if !lists(FUNCTIONS, name) || rest.first().is_some_and(|brace| brace != "{") {
                    return false;
                }
            } else if !lists("if elif while until then else do ! { >&2", first) {
                break (first.as_str(), rest);
            }
            words = rest;
        };
        match first {
            "fi" | "done" | "esac" | "}" | "shift" | "break" | "continue" | ":" | "$skipNext" => {
                args.iter().all(|arg| arg == ">&2" || arg == "1")
            }
            "exit" | "return" => {
                matches!(args, [status] if status == "1" || status == "0" && first == "return")
            }
            "case" => args.iter().all(|arg| self.runs_known(arg)),
            "for" => match args {
                [name, _in, list @ ..] if lists(FREE, name) => list
                    .iter()
                    .all(|word| !word.starts_with('-') && self.value(word, true)),
                [name, _in, list @ ..] => self.is_variable(name) && self.values(list),
                _ => false,
            },
            "declare" | "local" | "export" => args.iter().all(|arg| self.declares(arg)),
            "source" | "." => matches!(args, [file] if self.is_sourced(file)),
            "set" => args.iter().all(|arg| {
                arg != "--" && (arg.starts_with(['-', '+']) || arg == "pipefail" || arg == "posix")
            }),
            "shopt" => args == ["-s", "nullglob"],
            "trap" => matches!(args, [what, on] if on == "EXIT" && what.contains("$responseFile")),
            "let" => args
                .iter()
                .all(|arg| arg == "\"1\"" || arg.starts_with("\"${outputVar} |=")),
            "unset" => args
                .iter()
                .all(|arg| arg == "-v" || arg.starts_with("\"hardeningEnableMap[")),
            "readarray" => {
                args.iter().any(|arg| arg == "params")
                    && args.iter().all(|arg| self.runs_known(arg))
            }
            "[" => args.iter().all(|arg| self.runs_known(arg)),
            "echo" | "printf" => self.prints(args),
            "exec" => {
                matches!(args, [program, args @ ..] if program == self.program && self.values(args))
            }
            "expandResponseParams" => args == ["\"$@\""],
            _ if first.starts_with("((") || first.starts_with("[[") => self.runs_known(first),
            _ if is_assignment(first) => words.iter().all(|word| self.assigns(word)),
            "test" => true,
            _ if lists(FUNCTIONS, first) => args.iter().all(|arg| self.value(arg, true)),
            _ => !self.program.is_empty() && first == self.program && self.values(args),
        }
    }

    fn prints(&self, args: &[String]) -> bool {
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let is_known = match arg.as_str() {
                ">&2" => true,
                ">" => args.next().is_some_and(|to| to == "\"$responseFile\""),
                arg => !arg.starts_with(['>', '<']) && self.runs_known(arg),
            };
            if !is_known {
                return false;
            }
        }
        true
    }

    /// The variable's name without the wrapper's salt.
    fn plain<'t>(&self, name: &'t str) -> &'t str {
        let plain = name.strip_suffix(self.salt);
        plain
            .and_then(|name| name.strip_suffix('_'))
            .unwrap_or(name)
    }

    fn is_variable(&self, name: &str) -> bool {
        lists(VARIABLES, self.plain(name))
    }

    fn declares(&self, word: &str) -> bool {
        let word = word.trim_start_matches('"');
        word.starts_with('-')
            || word.starts_with("$outputVar")
            || word.starts_with("${outputVar}")
            || self.is_variable(word)
            || self.assigns(word)
    }

    fn assigns(&self, word: &str) -> bool {
        let Some((name, value)) = assignment(word) else {
            return false;
        };
        let is_free = lists(FREE, self.plain(name));
        self.is_variable(name) && self.value(value, is_free)
    }

    fn values(&self, words: &[String]) -> bool {
        words.iter().all(|word| self.value(word, false))
    }

    /// Whether a value has only words and expansions that nixpkgs uses.
    /// `is_free`: the words are not arguments, so any are allowed.
    fn value(&self, value: &str, is_free: bool) -> bool {
        let mut plain = String::new();
        let mut rest = value;
        while let Some(at) = rest.find(['$', '`', '<']) {
            plain.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = if rest.starts_with("$(") || rest.starts_with("<(") {
                balanced(rest, '(', ')')
            } else if rest.starts_with("${") {
                balanced(rest, '{', '}')
            } else if let Some(name) = rest.strip_prefix('$') {
                let is_of_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
                let end = name.find(|c| !is_of_name(c)).unwrap_or(name.len());
                // `$@`
                let end = 1 + end.max(1).min(name.len());
                // No variable's name begins with another character.
                rest.is_char_boundary(end).then_some(end)
            } else {
                None
            };
            let Some(end) = end else {
                return false;
            };
            let (expansion, behind) = rest.split_at(end);
            if !self.expands(expansion) {
                return false;
            }
            plain.push(' ');
            rest = behind;
        }
        plain.push_str(rest);
        let is_between = |c: char| c.is_whitespace() || "\"'()\\;".contains(c);
        let mut pieces = plain.split(is_between).filter(|piece| !piece.is_empty());
        is_free || pieces.all(|piece| self.is_literal(piece))
    }

    fn is_literal(&self, piece: &str) -> bool {
        let inside = |path: &str| {
            let mut roots = self.roots.iter();
            roots.any(|root| !root.is_empty() && path.starts_with(root))
        };
        let behind = piece.find('/').map_or("", |at| &piece[at..]);
        let before = &piece[..piece.len() - behind.len()];
        lists(LITERALS, piece)
            || lists(OF_HARDENING, piece)
            || piece.bytes().all(|b| b.is_ascii_digit())
            || piece == ":"
            || piece.strip_prefix('_') == Some(self.salt)
            || piece.starts_with("-m") && piece.ends_with("-version-min=")
            || inside(behind) && (before.is_empty() || before == "-B" || lists(LITERALS, before))
    }

    /// Whether this is an expansion of a known variable, or the output of a
    /// known program.
    fn expands(&self, expansion: &str) -> bool {
        if expansion.starts_with("$((") {
            return true;
        }
        if expansion.starts_with("$(") || expansion.starts_with("<(") {
            return self.runs(&expansion[2..expansion.len() - 1]);
        }
        let name = expansion[1..].trim_start_matches(['{', '!', '#', '"']);
        let is_of_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let name = &name[..name.find(|c| !is_of_name(c)).unwrap_or(name.len())];
        let name = self.plain(name);
        name.is_empty()
            || name.bytes().all(|b| b.is_ascii_digit())
            || lists(VARIABLES, name)
            || lists(INPUTS, name)
            // Minimum versions of Darwin systems.
            || name.ends_with("_DEPLOYMENT_TARGET")
    }

    /// Whether all command substitutions in a word run known programs.
    fn runs_known(&self, word: &str) -> bool {
        let mut rest = word;
        let begins = |pair: &[u8]| matches!(pair, b"$(" | b"<(");
        while let Some(at) = rest.as_bytes().windows(2).position(begins) {
            rest = &rest[at..];
            let Some(end) = balanced(rest, '(', ')') else {
                return false;
            };
            let inside = &rest[2..end - 1];
            if !inside.starts_with('(') && !self.runs(inside) {
                return false;
            }
            rest = &rest[end..];
        }
        !word.replace("\\`", "").contains('`')
    }

    fn runs(&self, command: &str) -> bool {
        let first = command
            .split_ascii_whitespace()
            .next()
            .unwrap_or("")
            .trim_matches('"');
        let program = first.rsplit('/').next().unwrap_or(first);
        let is_function = lists(FUNCTIONS, first) || first == "printf";
        // `first` is empty if nixpkgs substituted an empty path.
        let is_program = lists(PROGRAMS, program) || first.is_empty();
        let only = !command.contains([';', '|', '&', '\n']) || first == "printf";
        only && (is_function || is_program) && {
            let args = &command[command.find(first).unwrap_or(0) + first.len()..];
            is_program || first == "printf" || self.value(args, false)
        }
    }

    fn is_sourced(&self, path: &str) -> bool {
        let path = path.trim_matches('"');
        let mut roots = self.roots.iter().filter(|root| !root.is_empty());
        roots.any(|root| {
            let file = path.strip_prefix(root);
            let file = file.and_then(|file| file.strip_prefix("/nix-support/"));
            file.is_some_and(|file| lists(SOURCED, file) || file == "post-link-hook")
        })
    }
}

/// The offset after the bracket that closes the first one in `text`.
fn balanced(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names = Names {
        program: "/s/gcc/bin/gcc",
        roots: ["/s/wrapper", "/s/bintools"],
        salt: "a_s",
    };

    fn in_script(text: &str) -> Option<usize> {
        own_in_script(text.as_bytes(), NAMES).map(|own| own.line)
    }

    #[test]
    fn commands_of_nixpkgs_are_known() {
        let text = "#! /bin/bash\nset -eu -o pipefail\nif (( \"${X:-0}\" >= 1 )); then set -x; fi\n\
            source /s/wrapper/nix-support/utils.bash\nexpandResponseParams \"$@\"\nn+=1; skip \"$p2\"\n\
            params=(${kept+\"${kept[@]}\"})\nextraAfter+=($(filterRpathFlags \"$linkType\" $NIX_LDFLAGS_a_s))\n\
            extraBefore+=(\"-Wl,-dynamic-linker=$NIX_DYNAMIC_LINKER_a_s\")\n\
            if [ \"\" = 1 ]; then\n extraAfter+=(-DNEVER)\nfi\n\
            echo \"to /s/gcc/bin/gcc:\" >&2\nexec /s/gcc/bin/gcc \\\n  ${params+\"${params[@]}\"}\n";
        assert_eq!(own_in_script(text.as_bytes(), NAMES), None);
    }

    #[test]
    fn other_commands_are_reported() {
        for line in [
            "set -- -DX \"$@\"",
            "params+=(-DX)",
            "params+=(main.c)",
            "extraAfter+=($MINE)",
            "extraAfter+=($(mine))",
            "extraAfter+=(`mine`)",
            "NIX_CFLAGS_COMPILE_a_s+=\" -DX\"",
            "export MINE=1",
            "mine",
            "if true; then mine; fi",
            "source /s/mine/nix-support/utils.bash",
            "exec ccache /s/gcc/bin/gcc \"$@\"",
            "exec /s/gcc/bin/gcc -DX",
            "expandResponseParams -DX \"$@\"",
            "echo -DX >> /tmp/log",
            "mine() { :; }",
            "a='",
            "extraAfter+=($\u{e9})",
            "if [ \"1\" = 1 ]; then extraAfter+=(-DX); fi",
            "if [ \"\" = 1 ]; then :; else extraAfter+=(-DX); fi",
        ] {
            let text = format!("dontLink=0\n{line}\n");
            assert_eq!(in_script(&text), Some(2), "{line}");
        }
    }

    #[test]
    fn long_commands_take_no_long_time() {
        assert_eq!(in_script(&"skip() { ".repeat(50_000)), None);
        let substitutions = "<(basename)".repeat(50_000);
        assert_eq!(in_script(&format!("[[ {substitutions} ]]\n")), None);
        assert_eq!(in_script("[[ <(mine) == $(basename x) ]]\n"), Some(1));
    }

    #[test]
    fn commands_after_the_end_of_a_file_are_reported() {
        let line =
            |file: &str, text: &str| own_in_file(file, text.as_bytes(), NAMES).map(|own| own.line);
        let flags = "accumulateRoles\nexport NIX_CC_WRAPPER_FLAGS_SET_a_s=1\n";
        let hardening = "for flag in \"${!hardeningEnableMap[@]}\"; do\n  case $flag in\n    \
            pic)\n      hardeningCFlagsBefore+=('-fPIC')\n      ;;\n  esac\ndone\n";
        let utils = "skip() {\n    if [ a ]; then\n        echo \"$1\" >&2\n    fi\n}\n";
        for (file, text) in [
            ("add-flags.sh", flags),
            ("add-hardening.sh", hardening),
            ("utils.bash", utils),
        ] {
            assert_eq!(line(file, text), None, "{file}");
            let lines = text.lines().count();
            let more = [text, "# \nisCxx=1\n"].concat();
            assert_eq!(line(file, &more), Some(lines + 2), "{file}");
        }
        let again = [utils, "skip() {\n:\n}\n"].concat();
        assert_eq!(line("utils.bash", &again), Some(6));
        assert_eq!(line("add-flags.sh", "accumulateRoles\n"), None);
        let other = hardening.replace("-fPIC", "-fpic");
        assert_eq!(line("add-hardening.sh", &other), Some(4));
    }
}
