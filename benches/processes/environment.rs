//! The environment of a build, like that of a nix-shell in size and content.

use std::env::consts::ARCH;
use std::path::Path;

/// The default of nixpkgs for gcc and clang.
const HARDENING: &str = "bindnow format fortify fortify3 libcxxhardeningextensive \
    libcxxhardeningfast pic relro shadowstack stackclashprotection stackprotector \
    strictflexarrays1 strictoverflow zerocallusedregs";

/// The tools for which a setup hook sets a variable.
const TOOLS: [(&str, &str); 14] = [
    ("AR", "ar"),
    ("AS", "as"),
    ("CC", "gcc"),
    ("CXX", "g++"),
    ("LD", "ld"),
    ("NM", "nm"),
    ("OBJCOPY", "objcopy"),
    ("OBJDUMP", "objdump"),
    ("RANLIB", "ranlib"),
    ("READELF", "readelf"),
    ("SIZE", "size"),
    ("STRINGS", "strings"),
    ("STRIP", "strip"),
    ("PKG_CONFIG", "pkg-config"),
];

/// Variables for temporary directories; these must exist.
const TEMPORARY: [&str; 5] = ["NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TEMP", "TMP"];

/// Further variables that a shell and stdenv set.
const OTHERS: [(&str, &str); 30] = [
    ("HOME", "/home/user"),
    ("USER", "user"),
    ("LOGNAME", "user"),
    ("SHELL", "/run/current-system/sw/bin/bash"),
    ("TERM", "xterm-256color"),
    ("COLORTERM", "truecolor"),
    ("LANG", "en_US.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("EDITOR", "vi"),
    ("PAGER", "less"),
    ("SHLVL", "3"),
    ("PWD", "/home/user/src/project"),
    ("OLDPWD", "/home/user/src"),
    ("MAKEFLAGS", " -j8 --jobserver-auth=3,4"),
    ("MAKELEVEL", "2"),
    ("MFLAGS", "-j8 --jobserver-auth=3,4"),
    ("SOURCE_DATE_EPOCH", "315532800"),
    ("DETERMINISTIC_BUILD", "1"),
    ("PYTHONHASHSEED", "0"),
    ("PYTHONNOUSERSITE", "1"),
    ("IN_NIX_SHELL", "impure"),
    ("NIX_BUILD_CORES", "8"),
    ("NIX_ENFORCE_PURITY", "0"),
    ("NIX_ENFORCE_NO_NATIVE", "1"),
    ("NIX_INDENT_MAKE", "1"),
    ("NIX_SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
    ("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
    ("XDG_RUNTIME_DIR", "/run/user/1000"),
    ("doCheck", ""),
    ("strictDeps", "1"),
];

/// The suffix of the toolchain's own variables, as in nixpkgs.
pub fn salt() -> String {
    format!("{ARCH}_unknown_linux_gnu")
}

/// Returns a path of the Nix store. It does not need to exist.
pub fn store_path(name: &str) -> String {
    format!("/nix/store/{}", store_name(name))
}

/// Returns a name in the Nix store: 32 letters, then the package's name.
pub fn store_name(name: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut letter = |b: u8| {
        hash = (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        LETTERS[(hash >> 59) as usize] as char
    };
    let padded = name.bytes().cycle().take(32);
    let letters: String = padded.map(&mut letter).collect();
    format!("{letters}-{name}")
}

/// Returns `NAME=VALUE`, with the flags for `packages` as the setup hooks add
/// them.
pub fn build(store: &Path, temporary: &Path, packages: &[impl AsRef<Path>]) -> Vec<String> {
    let flags = |flag: &str, dir: &str| {
        let words = packages
            .iter()
            .map(|package| format!(" {flag}{}", package.as_ref().join(dir).display()));
        words.collect::<String>()
    };
    let salt = salt();
    let path = |name: &str| store_path(&format!("{name}-1.0"));
    let programs = (0..24).map(|n| path(&format!("program{n}")) + "/bin");
    let mut variables = vec![
        ("PATH".into(), programs.collect::<Vec<_>>().join(":")),
        ("NIX_STORE".into(), store.display().to_string()),
        ("NIX_HARDENING_ENABLE".into(), HARDENING.into()),
        ("NIX_CFLAGS_COMPILE".into(), flags("-isystem ", "include")),
        (
            "NIX_LDFLAGS".into(),
            format!("-rpath {}/lib{}", path("out"), flags("-L", "lib")),
        ),
        (format!("NIX_CC_WRAPPER_TARGET_HOST_{salt}"), "1".into()),
        (
            format!("NIX_BINTOOLS_WRAPPER_TARGET_HOST_{salt}"),
            "1".into(),
        ),
        (
            format!("NIX_PKG_CONFIG_WRAPPER_TARGET_HOST_{salt}"),
            "1".into(),
        ),
        ("NIX_CC".into(), path("gcc-wrapper")),
        ("NIX_BINTOOLS".into(), path("binutils-wrapper")),
        ("PKG_CONFIG_PATH".into(), path("zlib") + "/lib/pkgconfig"),
        ("CONFIG_SHELL".into(), path("bash") + "/bin/bash"),
        ("stdenv".into(), path("stdenv-linux")),
        ("builder".into(), path("bash") + "/bin/bash"),
        ("out".into(), path("project")),
        ("src".into(), path("source.tar.gz")),
        ("name".into(), "project-1.0".into()),
        (
            "buildInputs".into(),
            (0..8).map(|n| path(&format!("input{n}")) + " ").collect(),
        ),
        (
            "nativeBuildInputs".into(),
            (0..4).map(|n| path(&format!("native{n}")) + " ").collect(),
        ),
    ];
    variables.extend(TEMPORARY.map(|name| (name.into(), temporary.display().to_string())));
    variables.extend(TOOLS.map(|(name, tool)| (name.into(), tool.into())));
    variables.extend(OTHERS.map(|(name, value)| (name.into(), value.into())));
    variables
        .into_iter()
        .map(|(name, value): (String, String)| format!("{name}={value}"))
        .collect()
}
