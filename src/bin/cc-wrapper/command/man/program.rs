//! Texts of `cc-wrapper`'s man page that are not in its `--help`.

/// The paragraphs of DESCRIPTION.
pub const DESCRIPTION: [&str; 3] = [
    "In a wrapped root, each tool in `bin` (gcc, g++, clang, ld and others) is a link to \
     cc-wrapper. Called by the name of a tool, cc-wrapper reads the environment variables below, \
     adds the include directories, library directories, rpaths and hardening flags that they \
     request to the arguments, and runs the real tool. The result is the same, argument for \
     argument, as with nixpkgs' wrappers, with or without Nix.",
    "A symlink to cc-wrapper called `cc`, `gcc`, `clang` or `ld` outside of a wrapped root wraps \
     the next program of that name on PATH.",
    "Called by its own name, cc-wrapper runs one of the commands below. Each has its own man page \
     and prints a summary with `--help`.",
];

/// The most important variables, for ENVIRONMENT.
pub const VARIABLES: [(&str, &str); 13] = [
    (
        "NIX_CFLAGS_COMPILE",
        "Flags added after the arguments of every compiler call.",
    ),
    (
        "NIX_CFLAGS_LINK",
        "Flags added after the arguments of a compiler call that links.",
    ),
    (
        "NIX_LDFLAGS",
        "Flags for the linker, called directly or by a compiler. Each -L directory in it that \
         contains a library of the link becomes an rpath.",
    ),
    (
        "NIX_HARDENING_ENABLE",
        "Names of hardening flags to use: fortify, stackprotector, pic, relro and others.",
    ),
    ("NIX_DYNAMIC_LINKER", "The interpreter of linked programs."),
    (
        "NIX_STORE",
        "The prefix below which library directories become rpaths.",
    ),
    ("NIX_DONT_SET_RPATH", "1: add no rpaths."),
    (
        "NIX_ENFORCE_PURITY",
        "1: remove paths outside of the store and the build directory from the arguments, and \
         refuse to link files from such paths.",
    ),
    (
        "PKG_CONFIG_PATH",
        "Where pkg-config in the wrapped root searches.",
    ),
    (
        "CC_WRAPPER_LAUNCHER",
        "A command that runs each compile, such as `ccache`.",
    ),
    (
        "CC_WRAPPER_COMPDB",
        "A file that records every compile, for `cc-wrapper compdb`.",
    ),
    (
        "CC_WRAPPER_START",
        "libc: start every call through libc. Calls that do more than run the tool always do.",
    ),
    (
        "NIX_DEBUG",
        "1: print what is added to each call; 7: print every step.",
    ),
];

/// The paragraph about all variables.
pub const ENVIRONMENT: &str = "Lists are split at white space; quotes have no effect. In a Nix \
    build, variables that begin with NIX_ also have forms with _FOR_BUILD and _FOR_TARGET, for the \
    other roles. docs/environment.md in the sources describes all variables and their rules.";

/// Man pages of other programs.
pub const SEE_ALSO: [&str; 3] = ["gcc(1)", "ld(1)", "ld.so(8)"];
