//! What the page of `cc-wrapper` says that its `--help` does not.

/// What it is.
pub const DESCRIPTION: [&str; 3] = [
    "In a wrapped root, each tool in `bin` is a link to cc-wrapper: gcc, g++, clang, ld and their \
     like. Called by such a name, cc-wrapper reads the variables below, puts the include \
     directories, library directories, rpaths and hardening flags that they ask for among the \
     arguments, and becomes the real tool. It does so as nixpkgs' wrappers do, argument for \
     argument, with Nix and without.",
    "A symlink called `cc`, `gcc`, `clang` or `ld` that lies in no root wraps the next program of \
     its name on PATH.",
    "Called by its own name, it is one of the commands below. Each has a page of its own, and \
     tells the most important by `--help`.",
];

/// Those that most will meet, by what they do.
pub const VARIABLES: [(&str, &str); 13] = [
    (
        "NIX_CFLAGS_COMPILE",
        "Flags behind the arguments of every compiler call.",
    ),
    (
        "NIX_CFLAGS_LINK",
        "Flags behind the arguments of a compiler call that links.",
    ),
    (
        "NIX_LDFLAGS",
        "Flags for the linker, whoever calls it. Each -L directory in it that holds a library of \
         the link becomes an rpath.",
    ),
    (
        "NIX_HARDENING_ENABLE",
        "Names of hardening flags: fortify, stackprotector, pic, relro and others.",
    ),
    ("NIX_DYNAMIC_LINKER", "The interpreter of linked programs."),
    (
        "NIX_STORE",
        "The prefix under which library directories become rpaths.",
    ),
    ("NIX_DONT_SET_RPATH", "1: no rpaths."),
    (
        "NIX_ENFORCE_PURITY",
        "1: drop paths outside of the store and the build, and refuse to link files from there.",
    ),
    ("PKG_CONFIG_PATH", "Where the root's pkg-config looks."),
    (
        "CC_WRAPPER_LAUNCHER",
        "A command line that runs compile steps, such as `ccache`.",
    ),
    (
        "CC_WRAPPER_COMPDB",
        "A file in which to record every compile, for `cc-wrapper compdb`.",
    ),
    (
        "CC_WRAPPER_START",
        "libc: start every call through libc, as all that is not a plain exec does anyway.",
    ),
    (
        "NIX_DEBUG",
        "1: print what is added to each call; 7: every step.",
    ),
];

/// What there is to know of all of them.
pub const ENVIRONMENT: &str = "Lists are split at white space, and nothing in them quotes. In a Nix \
    build, those that begin with NIX_ have forms with _FOR_BUILD and _FOR_TARGET for the other \
    roles. docs/environment.md in the sources has all variables and their rules.";

/// Pages of others.
pub const SEE_ALSO: [&str; 3] = ["gcc(1)", "ld(1)", "ld.so(8)"];
