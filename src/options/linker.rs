//! The table of linker options: all that take a value in the next argument, and
//! all that have a meaning for the rules.
//!
//! GNU ld, gold, lld, mold and Darwin's linker share it. An option that only
//! some of them accept is not restricted to them, because the others refuse
//! such a call. Only options that they read in different ways are restricted
//! (`only`).

use crate::options::meaning::Meaning::*;
use crate::options::table::Takes::*;
use crate::options::table::{Match, Row, Table, Tools};

pub const BFD: Tools = 1;
pub const GOLD: Tools = 2;
pub const LLD: Tools = 4;
pub const MOLD: Tools = 8;

/// The linker that `program` is, according to the end of its name, such as
/// `ld.lld` or `mold`. All other names count as GNU ld, because a plain `ld`
/// usually is.
pub fn from_program(program: &[u8]) -> Tools {
    if program.ends_with(b"lld") {
        LLD
    } else if program.ends_with(b"gold") {
        GOLD
    } else if program.ends_with(b"mold") {
        MOLD
    } else {
        BFD
    }
}

/// Whether a file of this name is lld, in any of its names: `ld.lld`,
/// `ld.lld-14`, `ld64.lld`, `lld`, `wasm-ld`.
pub fn is_lld(name: &[u8]) -> bool {
    let has = |part: &[u8]| name.windows(part.len()).any(|window| window == part);
    has(b"lld") || has(b"wasm-ld")
}

static ROWS: [Row; 199] = [
    Row::new("A", JoinedOrSeparate, Other).one_dash(),
    Row::new("Bdynamic", Nothing, BindDynamic).dashes(),
    Row::new("Bshareable", Nothing, Shared).dashes(),
    Row::new("Bstatic", Nothing, BindStatic).dashes(),
    Row::new("C", JoinedOrSeparate, Other).one_dash().only(MOLD),
    Row::new("F", JoinedOrSeparate, Other).one_dash(),
    Row::new("G", JoinedOrSeparate, Other).one_dash().only(BFD),
    Row::new("I", JoinedOrSeparate, DynamicLinker).one_dash(),
    Row::new("L", JoinedOrSeparate, LibraryDirectory)
        .one_dash()
        .in_nixpkgs(1),
    Row::new("Map", EqualsOrSeparate, Other).dashes(),
    Row::new("O", JoinedOrSeparate, Other).one_dash(),
    Row::new("P", JoinedOrSeparate, Other).one_dash(),
    Row::new("R", JoinedOrSeparate, Rpath).one_dash(),
    Row::new("T", JoinedOrSeparate, Other).one_dash(),
    Row::new("Tbss", EqualsOrSeparate, Other).dashes(),
    Row::new("Tdata", EqualsOrSeparate, Other).dashes(),
    Row::new("Tldata-segment", EqualsOrSeparate, Other).dashes(),
    Row::new("Trodata-segment", EqualsOrSeparate, Other).dashes(),
    Row::new("Ttext", EqualsOrSeparate, Other).dashes(),
    Row::new("Ttext-segment", EqualsOrSeparate, Other).dashes(),
    Row::new("Ur", Nothing, Relocatable).one_dash(),
    Row::new("V", Nothing, Version).one_dash(),
    Row::new("Y", JoinedOrSeparate, Other).one_dash(),
    Row::new("a", JoinedOrSeparate, Other).one_dash(),
    Row::new("arch", Separate, Other).one_dash(),
    Row::new("architecture", EqualsOrSeparate, Other).dashes(),
    Row::new("assert", EqualsOrSeparate, Other).dashes(),
    Row::new("audit", EqualsOrSeparate, Other).dashes(),
    Row::new("auxiliary", EqualsOrSeparate, Other).dashes(),
    Row::new("b", JoinedOrSeparate, InputFormat).one_dash(),
    Row::new("base_file", EqualsOrSeparate, Other).dashes(),
    Row::new("build-id-chunk-size-for-treehash", EqualsOrSeparate, Other).dashes(),
    Row::new(
        "build-id-min-file-size-for-treehash",
        EqualsOrSeparate,
        Other,
    )
    .dashes(),
    Row::new("bundle_loader", Separate, Other).one_dash(),
    Row::new("c", JoinedOrSeparate, Other).one_dash(),
    Row::new("call_shared", Nothing, BindDynamic).dashes(),
    Row::new("chroot", EqualsOrSeparate, Other).dashes(),
    Row::new("compatibility_version", Separate, Other).one_dash(),
    Row::new("compress-debug-sections", EqualsOrSeparate, Other).dashes(),
    Row::new("ctf-share-types", EqualsOrSeparate, Other).dashes(),
    Row::new("current_version", Separate, Other).one_dash(),
    Row::new("dT", JoinedOrSeparate, Other).one_dash(),
    Row::new("debug", EqualsOrSeparate, Other).dashes(),
    Row::new("default-script", EqualsOrSeparate, Other).dashes(),
    Row::new("defsym", EqualsOrSeparate, Other).dashes(),
    Row::new("depaudit", EqualsOrSeparate, Other).dashes(),
    Row::new("dependency-file", EqualsOrSeparate, Other).dashes(),
    Row::new("directory", EqualsOrSeparate, Other).dashes(),
    Row::new("disable-new-dtags", Nothing, OldDynamicTags).dashes(),
    Row::new("dll-search-prefix", EqualsOrSeparate, Other).dashes(),
    Row::new("dn", Nothing, BindStatic).one_dash(),
    Row::new("dy", Nothing, BindDynamic).one_dash(),
    Row::new("dynamic-linker", EqualsOrSeparate, DynamicLinker)
        .dashes()
        .in_nixpkgs(1),
    Row::new("dynamic-list", EqualsOrSeparate, Other).dashes(),
    Row::new("e", JoinedOrSeparate, Other).one_dash(),
    Row::new("enable-new-dtags", Nothing, NewDynamicTags).dashes(),
    Row::new("entry", EqualsOrSeparate, Other).dashes(),
    Row::new("error-handling-script", EqualsOrSeparate, Other).dashes(),
    Row::new("error-limit", EqualsOrSeparate, Other).dashes(),
    Row::new("exclude-libs", EqualsOrSeparate, Other).dashes(),
    Row::new("exclude-modules-for-implib", EqualsOrSeparate, Other).dashes(),
    Row::new("exclude-symbols", EqualsOrSeparate, Other).dashes(),
    Row::new("export-dynamic-symbol", EqualsOrSeparate, Other).dashes(),
    Row::new("export-dynamic-symbol-list", EqualsOrSeparate, Other).dashes(),
    Row::new("exported_symbols_list", Separate, Other).one_dash(),
    Row::new("f", JoinedOrSeparate, Other).one_dash(),
    Row::new("file-alignment", EqualsOrSeparate, Other).dashes(),
    Row::new("filelist", Separate, Other).one_dash(),
    Row::new("filter", EqualsOrSeparate, Other).dashes(),
    Row::new("fini", EqualsOrSeparate, Other).dashes(),
    Row::new("flto-partition", EqualsOrSeparate, Other).dashes(),
    Row::new("force_load", Separate, Other).one_dash(),
    Row::new("format", EqualsOrSeparate, InputFormat).dashes(),
    Row::new("framework", Separate, Other).one_dash(),
    Row::new("fuse-ld", EqualsOrSeparate, Other).dashes(),
    Row::new("gpsize", EqualsOrSeparate, Other).dashes(),
    Row::new("h", JoinedOrSeparate, Other).one_dash(),
    Row::new("hash-bucket-empty-fraction", EqualsOrSeparate, Other).dashes(),
    Row::new("hash-size", EqualsOrSeparate, Other).dashes(),
    Row::new("hash-style", EqualsOrSeparate, Other).dashes(),
    Row::new("heap", EqualsOrSeparate, Other).dashes(),
    Row::new("help", Nothing, Question).dashes(),
    Row::new("i", Nothing, Relocatable).one_dash(),
    Row::new("icf", EqualsOrSeparate, Other).dashes(),
    Row::new("icf-iterations", EqualsOrSeparate, Other).dashes(),
    Row::new("ignore-unresolved-symbol", EqualsOrSeparate, Other).dashes(),
    Row::new("image-base", EqualsOrSeparate, Other).dashes(),
    Row::new("incremental-base", EqualsOrSeparate, Other).dashes(),
    Row::new("incremental-patch", EqualsOrSeparate, Other).dashes(),
    Row::new("init", EqualsOrSeparate, Other).dashes(),
    Row::new("install_name", Separate, Other).one_dash(),
    Row::new("ios_version_min", Separate, Other).one_dash(),
    Row::new("iosmac_version_min", Separate, MinimumVersion).dashes(),
    Row::new("iphoneos_version_min", Separate, MinimumVersion).dashes(),
    Row::new("just-symbols", EqualsOrSeparate, Other).dashes(),
    Row::new("keep-unique", EqualsOrSeparate, Other).dashes(),
    Row::new("l", JoinedOrSeparate, Library).one_dash(),
    Row::new("library", EqualsOrSeparate, Library).two_dashes(),
    Row::new("library-path", EqualsOrSeparate, LibraryDirectory).two_dashes(),
    Row::new("lto-cs-profile-file", EqualsOrSeparate, Other).dashes(),
    Row::new("lto-partitions", EqualsOrSeparate, Other).dashes(),
    Row::new("lto-sample-profile", EqualsOrSeparate, Other).dashes(),
    Row::new("lto_library", Separate, Other).one_dash(),
    Row::new("m", JoinedOrSeparate, Emulation).one_dash(),
    Row::new("macos_version_min", Separate, Other).one_dash(),
    Row::new("macosx_version_min", Separate, MinimumVersion).dashes(),
    Row::new("major-image-version", EqualsOrSeparate, Other).dashes(),
    Row::new("major-os-version", EqualsOrSeparate, Other).dashes(),
    Row::new("major-subsystem-version", EqualsOrSeparate, Other).dashes(),
    Row::new("max-cache-size", EqualsOrSeparate, Other).dashes(),
    Row::new("minor-image-version", EqualsOrSeparate, Other).dashes(),
    Row::new("minor-os-version", EqualsOrSeparate, Other).dashes(),
    Row::new("minor-subsystem-version", EqualsOrSeparate, Other).dashes(),
    Row::new("mllvm", EqualsOrSeparate, Other).dashes(),
    Row::new("mri-script", EqualsOrSeparate, Other).dashes(),
    Row::new("non_shared", Nothing, BindStatic).dashes(),
    Row::new("o", JoinedOrSeparate, Output).one_dash(),
    Row::new("oformat", EqualsOrSeparate, Other).two_dashes(),
    Row::new("opt-remarks-filename", EqualsOrSeparate, Other).two_dashes(),
    Row::new("opt-remarks-format", EqualsOrSeparate, Other).two_dashes(),
    Row::new("opt-remarks-hotness-threshold", EqualsOrSeparate, Other).two_dashes(),
    Row::new("opt-remarks-passes", EqualsOrSeparate, Other).two_dashes(),
    Row::new("optimize", EqualsOrSeparate, Other).dashes(),
    Row::new("order_file", Separate, Other).one_dash(),
    Row::new("orphan-handling", EqualsOrSeparate, Other).dashes(),
    Row::new("out-implib", EqualsOrSeparate, Other).dashes(),
    Row::new("output", EqualsOrSeparate, Output).two_dashes(),
    Row::new("output-def", EqualsOrSeparate, Other).dashes(),
    Row::new("pack-dyn-relocs", EqualsOrSeparate, Other).dashes(),
    Row::new("package-metadata", EqualsOrSeparate, Other)
        .dashes()
        .only(MOLD),
    Row::new("platform_version", Three, PlatformVersion).dashes(),
    Row::new("plugin", EqualsOrSeparate, Plugin).dashes(),
    Row::new("plugin-opt", EqualsOrSeparate, Other).dashes(),
    Row::new("pop-state", Nothing, PopState).dashes(),
    Row::new("print-symbol-counts", EqualsOrSeparate, Other).dashes(),
    Row::new("print-symbol-order", EqualsOrSeparate, Other).dashes(),
    Row::new("print-sysroot", Nothing, Question).dashes(),
    Row::new("push-state", Nothing, PushState).dashes(),
    Row::new("r", Nothing, Relocatable).one_dash(),
    Row::new("reexport_library", Separate, Other).one_dash(),
    Row::new("relocatable", Nothing, Relocatable).dashes(),
    Row::new("remap-inputs-file", EqualsOrSeparate, Other).dashes(),
    Row::new("require-defined", EqualsOrSeparate, Other).dashes(),
    Row::new("retain-symbols-file", EqualsOrSeparate, Other).dashes(),
    Row::new("rosegment-gap", EqualsOrSeparate, Other).dashes(),
    Row::new("rpath", EqualsOrSeparate, Rpath)
        .dashes()
        .in_nixpkgs(1),
    Row::new("rpath-link", EqualsOrSeparate, Other).dashes(),
    Row::new("rsp-quoting", EqualsOrSeparate, Other).dashes(),
    Row::new("script", EqualsOrSeparate, Other).dashes(),
    Row::new("sdk_version", Separate, SdkVersion).dashes(),
    Row::new("sectcreate", Three, Other).one_dash(),
    Row::new("section-alignment", EqualsOrSeparate, Other).dashes(),
    Row::new("section-ordering-file", EqualsOrSeparate, Other).dashes(),
    Row::new("section-start", EqualsOrSeparate, Other).dashes(),
    Row::new("shared", Nothing, Shared).dashes(),
    Row::new("shuffle-sections", EqualsOrSeparate, Other)
        .dashes()
        .only(LLD),
    Row::new("soname", EqualsOrSeparate, Other).dashes(),
    Row::new("sort-section", EqualsOrSeparate, Other).dashes(),
    Row::new("spare-dynamic-tags", EqualsOrSeparate, Other).dashes(),
    Row::new("split-stack-adjust-size", EqualsOrSeparate, Other).dashes(),
    Row::new("stack", EqualsOrSeparate, Other).dashes(),
    Row::new("static", Nothing, Static).dashes(),
    Row::new("static-pie", Nothing, StaticPie).dashes(),
    Row::new("stub-group-size", EqualsOrSeparate, Other).dashes(),
    Row::new("subsystem", EqualsOrSeparate, Other).dashes(),
    Row::new("syslibroot", Separate, SystemLibraryRoot)
        .one_dash()
        .in_nixpkgs(1),
    Row::new("sysroot", EqualsOrSeparate, Sysroot)
        .dashes()
        .in_nixpkgs(2),
    Row::new("target-help", Nothing, Question).dashes(),
    Row::new("target2", EqualsOrSeparate, Other).dashes(),
    Row::new("task-link", EqualsOrSeparate, Other).dashes(),
    Row::new("thinlto-cache-dir", EqualsOrSeparate, Other).dashes(),
    Row::new("thinlto-cache-policy", EqualsOrSeparate, Other).dashes(),
    Row::new("thinlto-jobs", EqualsOrSeparate, Other).dashes(),
    Row::new("thread-count", EqualsOrSeparate, Other).dashes(),
    Row::new("thread-count-final", EqualsOrSeparate, Other).dashes(),
    Row::new("thread-count-initial", EqualsOrSeparate, Other).dashes(),
    Row::new("thread-count-middle", EqualsOrSeparate, Other).dashes(),
    Row::new("threads", EqualsOrSeparate, Other)
        .dashes()
        .only(LLD),
    Row::new("thumb-entry", EqualsOrSeparate, Other).dashes(),
    Row::new("time-trace-granularity", EqualsOrSeparate, Other).dashes(),
    Row::new("trace-symbol", EqualsOrSeparate, Other).dashes(),
    Row::new("u", JoinedOrSeparate, Other).one_dash(),
    Row::new("uikitformac_version_min", Separate, MinimumVersion).dashes(),
    Row::new("undefined", EqualsOrSeparate, Other).dashes(),
    Row::new("undefined-glob", EqualsOrSeparate, Other).dashes(),
    Row::new("unexported_symbols_list", Separate, Other).one_dash(),
    Row::new("unique", EqualsOrSeparate, Other)
        .dashes()
        .only(MOLD),
    Row::new("unresolved-symbols", EqualsOrSeparate, Other).dashes(),
    Row::new("v", Nothing, Version).one_dash(),
    Row::new("verbose", MaybeEquals, Version).dashes(),
    Row::new("version", Nothing, Question).dashes(),
    Row::new("version-exports-section", EqualsOrSeparate, Other).dashes(),
    Row::new("version-script", EqualsOrSeparate, Other).dashes(),
    Row::new("warn-backrefs-exclude", EqualsOrSeparate, Other).dashes(),
    Row::new("weak_framework", Separate, Other).one_dash(),
    Row::new("weak_library", Separate, Other).one_dash(),
    Row::new("wrap", EqualsOrSeparate, Other).dashes(),
    Row::new("y", JoinedOrSeparate, Other).one_dash(),
    Row::new("z", JoinedOrSeparate, Other).one_dash(),
];

static TABLE: Table = Table::new(&ROWS, 0);

/// All options, sorted by name.
pub fn rows() -> &'static [Row] {
    &ROWS
}

/// Finds the option in `argument`, which begins with a dash, for a linker of
/// `tools`.
pub fn find(argument: &[u8], tools: Tools) -> Option<Match> {
    let dashes = if argument.starts_with(b"--") { 2 } else { 1 };
    TABLE.find(argument, dashes, tools)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Parser;
    use crate::options::meaning::Meaning;

    #[test]
    fn long_names_have_one_dash_or_two() {
        let read = |argument: &str| {
            let parsed = Parser::for_linker(from_program(b"/usr/bin/ld")).read(argument.as_bytes());
            (parsed.meaning(), parsed.has_separate_value())
        };
        for argument in ["-rpath", "--rpath"] {
            assert_eq!(read(argument), (Meaning::Rpath, true));
        }
        for argument in ["-rpath=/x", "--rpath=/x"] {
            assert_eq!(read(argument), (Meaning::Rpath, false));
        }
        assert_eq!(read("--output"), (Meaning::Output, true));
        assert_eq!(read("-output"), (Meaning::Output, false), "named utput");
        assert_eq!(read("-rpath-link"), (Meaning::Other, true));
        assert_eq!(read("--L"), (Meaning::Other, false));
    }

    #[test]
    fn a_linker_is_known_by_its_name() {
        for (name, linker) in [
            ("ld", BFD),
            ("x86_64-linux-gnu-ld.bfd", BFD),
            ("/bin/ld.lld", LLD),
            ("ld64.lld", LLD),
            ("ld.gold", GOLD),
            ("mold", MOLD),
        ] {
            assert_eq!(from_program(name.as_bytes()), linker, "{name}");
        }
    }
}
