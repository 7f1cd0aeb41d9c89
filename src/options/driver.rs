//! The table of gcc's and clang's options: all that take a value in the next
//! argument, and all that have a meaning for the rules.
//!
//! An option that only one of them accepts is not restricted to it, because the
//! other refuses such a call. Only options that they read in different ways are
//! restricted (`only`).

use crate::options::meaning::Meaning::*;
use crate::options::meaning::Stage;
use crate::options::table::Takes::*;
use crate::options::table::{Match, Row, Table, Tools};

pub const GCC: Tools = 1;
pub const CLANG: Tools = 2;
/// gnatmake and related tools, which accept gcc's options in addition to their
/// own.
pub const GNAT: Tools = 4;

static ROWS: [Row; 228] = [
    Row::new("-###", Nothing, Stage(Stage::Answer)),
    Row::new("--", Nothing, Operands).in_nixpkgs(0),
    Row::new("--analyze", Nothing, Stage(Stage::Other)),
    Row::new("--analyzer-output", JoinedOrSeparate, Other),
    Row::new("--assemble", Nothing, Stage(Stage::Assembly)),
    Row::new("--assert", EqualsOrSeparate, Other),
    Row::new("--compile", Nothing, Stage(Stage::Object)),
    Row::new("--config", EqualsOrSeparate, Other),
    Row::new("--define-macro", EqualsOrSeparate, Other),
    Row::new("--dependencies", Nothing, Stage(Stage::Other)),
    Row::new("--dump", EqualsOrSeparate, Other).only(GCC),
    Row::new("--dumpbase", EqualsOrSeparate, Other).only(GCC),
    Row::new("--dumpbase-ext", EqualsOrSeparate, Other).only(GCC),
    Row::new("--dumpdir", EqualsOrSeparate, Other),
    Row::new("--dyld-prefix", EqualsOrSeparate, Other),
    Row::new("--entry", EqualsOrSeparate, Other).only(GCC),
    Row::new("--for-assembler", EqualsOrSeparate, Other),
    Row::new("--for-linker", EqualsOrSeparate, LinkerArgument),
    Row::new("--force-link", EqualsOrSeparate, Other),
    Row::new("--help", MaybeEquals, Stage(Stage::Answer)),
    Row::new("--imacros", EqualsOrSeparate, Other),
    Row::new("--include", EqualsOrSeparate, Other),
    Row::new("--include-directory", EqualsOrSeparate, IncludeDirectory),
    Row::new(
        "--include-directory-after",
        EqualsOrSeparate,
        OtherIncludeDirectory,
    ),
    Row::new("--include-prefix", EqualsOrSeparate, Other),
    Row::new("--include-with-prefix", EqualsOrSeparate, Other),
    Row::new("--include-with-prefix-after", EqualsOrSeparate, Other),
    Row::new("--include-with-prefix-before", EqualsOrSeparate, Other),
    Row::new("--language", EqualsOrSeparate, Language),
    Row::new("--ld-path=", Joined, LinkerPath),
    Row::new("--library", EqualsOrSeparate, Library),
    Row::new("--library-directory", EqualsOrSeparate, LibraryDirectory),
    Row::new("--output", EqualsOrSeparate, Output),
    Row::new("--output-pch=", JoinedOrSeparate, Other),
    Row::new("--param", EqualsOrSeparate, Other),
    Row::new("--precompile", Nothing, Stage(Stage::Module)),
    Row::new("--prefix", EqualsOrSeparate, Prefix),
    Row::new("--preprocess", Nothing, Stage(Stage::Other)),
    Row::new("--print-", Joined, Stage(Stage::Answer)),
    Row::new("--print-file-name=", Joined, FileName),
    Row::new("--print-prog-name=", Joined, ProgramName),
    Row::new("--resource", EqualsOrSeparate, Other),
    Row::new("--serialize-diagnostics", EqualsOrSeparate, Other),
    Row::new("--shared", Nothing, Shared),
    Row::new("--specs", EqualsOrSeparate, Other),
    Row::new("--static", Nothing, Static),
    Row::new("--static-pie", Nothing, StaticPie),
    Row::new("--std", EqualsOrSeparate, Other),
    Row::new("--sysroot", EqualsOrSeparate, Sysroot),
    Row::new("--target-help", Nothing, Stage(Stage::Answer)),
    Row::new("--target=", Joined, Target).in_nixpkgs(0),
    Row::new("--undefine-macro", EqualsOrSeparate, Other),
    Row::new("--user-dependencies", Nothing, Stage(Stage::Other)),
    Row::new("--version", Nothing, Stage(Stage::Answer)),
    Row::new("-A", JoinedOrSeparate, Other),
    Row::new("-B", JoinedOrSeparate, Prefix),
    Row::new("-D", JoinedOrSeparate, Other),
    Row::new("-E", Nothing, Stage(Stage::Other)).in_nixpkgs(0),
    Row::new("-F", JoinedOrSeparate, FrameworkDirectory),
    Row::new("-G", JoinedOrSeparate, Other),
    Row::new("-Hd", Separate, Other).only(GCC),
    Row::new("-Hf", Separate, Other).only(GCC),
    Row::new("-I", JoinedOrSeparate, IncludeDirectory).in_nixpkgs(0),
    Row::new("-J", JoinedOrSeparate, Other),
    Row::new("-L", JoinedOrSeparate, LibraryDirectory).in_nixpkgs(0),
    Row::new("-M", Nothing, Stage(Stage::Other)).in_nixpkgs(0),
    Row::new("-MF", JoinedOrSeparate, Other),
    Row::new("-MJ", JoinedOrSeparate, Other),
    Row::new("-MM", Nothing, Stage(Stage::Other)).in_nixpkgs(0),
    Row::new("-MQ", JoinedOrSeparate, Other),
    Row::new("-MT", JoinedOrSeparate, Other),
    Row::new("-R", JoinedOrSeparate, Other).only(GCC),
    Row::new("-S", Nothing, Stage(Stage::Assembly)).in_nixpkgs(0),
    Row::new("-T", JoinedOrSeparate, Other),
    Row::new("-Tbss", JoinedOrSeparate, Other),
    Row::new("-Tdata", JoinedOrSeparate, Other),
    Row::new("-Ttext", JoinedOrSeparate, Other),
    Row::new("-U", JoinedOrSeparate, Other),
    Row::new("-Wl,", Joined, LinkerList),
    Row::new("-Xanalyzer", Separate, Other),
    Row::new("-Xarch_", JoinedAndSeparate, Other),
    Row::new("-Xassembler", Separate, Other),
    Row::new("-Xclang", Separate, Other),
    Row::new("-Xclangas", Separate, Other),
    Row::new("-Xcuda-fatbinary", Separate, Other),
    Row::new("-Xcuda-ptxas", Separate, Other),
    Row::new("-Xf", Separate, Other).only(GCC),
    Row::new("-Xflang", Separate, Other),
    Row::new("-Xlinker", Separate, LinkerArgument),
    Row::new("-Xoffload-linker", JoinedAndSeparate, Other),
    Row::new("-Xopenmp-target", Separate, Other),
    Row::new("-Xopenmp-target=", JoinedAndSeparate, Other),
    Row::new("-Xpreprocessor", Separate, Other),
    Row::new("-aI", JoinedOrSeparate, IncludeDirectory)
        .in_nixpkgs(0)
        .only(GNAT),
    Row::new("-aO", JoinedOrSeparate, LibraryDirectory)
        .in_nixpkgs(0)
        .only(GNAT),
    Row::new("-allowable_client", Separate, Other),
    Row::new("-arch", Separate, Other),
    Row::new("-arch_only", Separate, Other),
    Row::new("-arcmt-migrate-report-output", Separate, Other),
    Row::new("-aux-info", Separate, Other).only(GCC),
    Row::new("-b", JoinedOrSeparate, Other).only(CLANG),
    Row::new("-bundle_loader", Separate, Other),
    Row::new("-c", Nothing, Stage(Stage::Object)).in_nixpkgs(0),
    Row::new("-cc1", Nothing, Cc1).in_nixpkgs(0),
    Row::new("-cc1as", Nothing, Cc1),
    Row::new("-ccc-arcmt-migrate", Separate, Other),
    Row::new("-ccc-gcc-name", Separate, Other),
    Row::new("-ccc-install-dir", Separate, Other),
    Row::new("-ccc-objcmt-migrate", Separate, Other),
    Row::new("-client_name", Separate, Other),
    Row::new("-compatibility_version", Separate, Other),
    Row::new("-current_version", Separate, Other),
    Row::new("-cxx-isystem", JoinedOrSeparate, OtherIncludeDirectory),
    Row::new("-dependency-dot", Separate, Other),
    Row::new("-dependency-file", Separate, Other),
    Row::new("-dsym-dir", JoinedOrSeparate, Other),
    Row::new("-dumpbase", Separate, Other).only(GCC),
    Row::new("-dumpbase-ext", Separate, Other).only(GCC),
    Row::new("-dumpdir", Separate, Other),
    Row::new("-dumpfullversion", Nothing, Stage(Stage::Answer)),
    Row::new("-dumpmachine", Nothing, Stage(Stage::Answer)),
    Row::new("-dumpspecs", Nothing, Stage(Stage::Answer)),
    Row::new("-dumpversion", Nothing, Stage(Stage::Answer)),
    Row::new("-dylib_file", Separate, Other),
    Row::new("-dylinker_install_name", Separate, Other),
    Row::new("-e", JoinedOrSeparate, Other),
    Row::new("-emit-ast", Nothing, Stage(Stage::SyntaxTree)),
    Row::new("-emit-llvm", Nothing, EmitLlvm),
    Row::new("-exported_symbols_list", Separate, Other),
    Row::new("-fdebug-compilation-dir", Separate, Other),
    Row::new("-fhardened", Nothing, Hardened),
    Row::new("-filelist", Separate, Other),
    Row::new("-fintrinsic-modules-path", Separate, Other),
    Row::new("-flto", Joined, Lto),
    Row::new("-fmodules-user-build-path", Separate, Other),
    Row::new("-fno-hardened", Nothing, Hardened),
    Row::new("-fno-lto", Nothing, Lto),
    Row::new("-force_load", Separate, Other),
    Row::new("-framework", Separate, Other),
    Row::new("-fsyntax-only", Nothing, Stage(Stage::Check)),
    Row::new("-fuse-ld=", Joined, LinkerName),
    Row::new("-fxray-always-instrument=", JoinedOrSeparate, Other),
    Row::new("-fxray-attr-list=", JoinedOrSeparate, Other),
    Row::new("-fxray-instruction-threshold=", JoinedOrSeparate, Other),
    Row::new("-fxray-instrumentation-bundle=", JoinedOrSeparate, Other),
    Row::new("-fxray-modes=", JoinedOrSeparate, Other),
    Row::new("-fxray-never-instrument=", JoinedOrSeparate, Other),
    Row::new("-gen-cdb-fragment-path", Separate, Other),
    Row::new("-gnatO", Separate, Other).only(GCC),
    Row::new("-h", JoinedOrSeparate, Other).only(GCC),
    Row::new("-idirafter", JoinedOrSeparate, OtherIncludeDirectory),
    Row::new("-iframework", JoinedOrSeparate, FrameworkDirectory),
    Row::new("-iframeworkwithsysroot", JoinedOrSeparate, Other),
    Row::new("-imacros", JoinedOrSeparate, Other),
    Row::new("-image_base", Separate, Other),
    Row::new("-imultilib", Separate, Other),
    Row::new("-include", JoinedOrSeparate, Other),
    Row::new("-include-pch", Separate, Other),
    Row::new("-index-store-path", Separate, Other),
    Row::new("-init", Separate, Other),
    Row::new("-install_name", Separate, Other),
    Row::new("-iprefix", JoinedOrSeparate, Other),
    Row::new("-iquote", JoinedOrSeparate, OtherIncludeDirectory),
    Row::new("-isysroot", JoinedOrSeparate, Other),
    Row::new("-isystem", JoinedOrSeparate, SystemIncludeDirectory).in_nixpkgs(0),
    Row::new("-isystem-after", JoinedOrSeparate, OtherIncludeDirectory),
    Row::new("-ivfsoverlay", JoinedOrSeparate, Other),
    Row::new("-iwithprefix", JoinedOrSeparate, Other),
    Row::new("-iwithprefixbefore", JoinedOrSeparate, Other),
    Row::new("-iwithsysroot", JoinedOrSeparate, Other),
    Row::new("-l", JoinedOrSeparate, Library),
    Row::new("-lazy_framework", Separate, Other),
    Row::new("-lazy_library", Separate, Other),
    Row::new("-m", Joined, Machine),
    Row::new("-m32", Nothing, Machine32),
    Row::new("-m64", Nothing, Machine64),
    Row::new("-meabi", Separate, Other),
    Row::new("-mllvm", Separate, Other),
    Row::new("-mmlir", Separate, Other),
    Row::new("-module-dependency-dir", Separate, Other),
    Row::new("-mthread-model", Separate, Other),
    Row::new("-multiply_defined", Separate, Other),
    Row::new("-nostdinc", Nothing, NoStandardIncludes).in_nixpkgs(0),
    Row::new("-nostdinc++", Nothing, NoCxxIncludes).in_nixpkgs(0),
    Row::new("-nostdlib", Nothing, NoStandardLibrary).in_nixpkgs(0),
    Row::new("-o", JoinedOrSeparate, Output),
    Row::new("-objcmt-", Joined, Other),
    Row::new("-pagezero_size", Separate, Other),
    Row::new("-print-", Joined, Stage(Stage::Answer)),
    Row::new("-print-file-name=", Joined, FileName),
    Row::new("-print-prog-name=", Joined, ProgramName),
    Row::new("-r", Nothing, Relocatable),
    Row::new("-read_only_relocs", Separate, Other),
    Row::new("-resource-dir", Separate, Other),
    Row::new("-rpath", Separate, Rpath),
    Row::new("-sectalign", Three, Other),
    Row::new("-sectcreate", Three, Other),
    Row::new("-sectobjectsymbols", Two, Other),
    Row::new("-sectorder", Three, Other),
    Row::new("-seg1addr", Separate, Other),
    Row::new("-seg_addr_table", Separate, Other),
    Row::new("-seg_addr_table_filename", Separate, Other),
    Row::new("-segaddr", Two, Other),
    Row::new("-segcreate", Three, Other),
    Row::new("-segprot", Three, Other),
    Row::new("-segs_read_only_addr", Separate, Other),
    Row::new("-segs_read_write_addr", Separate, Other),
    Row::new("-serialize-diagnostics", Separate, Other),
    Row::new("-shared", Nothing, Shared),
    Row::new("-specs", Separate, Other),
    Row::new("-static", Nothing, Static).in_nixpkgs(0),
    Row::new("-static-pie", Nothing, StaticPie).in_nixpkgs(0),
    Row::new("-stdlib++-isystem", JoinedOrSeparate, OtherIncludeDirectory),
    Row::new("-sub_library", Separate, Other),
    Row::new("-sub_umbrella", Separate, Other),
    Row::new("-target", Separate, Target).in_nixpkgs(0),
    Row::new("-u", JoinedOrSeparate, Other),
    Row::new("-umbrella", Separate, Other),
    Row::new("-undefined", Separate, Other),
    Row::new("-unexported_symbols_list", Separate, Other),
    Row::new("-verify-pch", Nothing, Stage(Stage::Other)),
    Row::new("-weak_framework", Separate, Other),
    Row::new("-weak_library", Separate, Other),
    Row::new("-weak_reference_mismatches", Separate, Other),
    Row::new("-working-directory", Separate, Other),
    Row::new("-wrapper", Separate, Other),
    Row::new("-x", JoinedOrSeparate, Language).in_nixpkgs(0),
    Row::new("-z", Separate, Other),
];

static TABLE: Table = Table::new(&ROWS, 1);

/// All options, sorted by name.
pub fn rows() -> &'static [Row] {
    &ROWS
}

/// Finds the option in `argument`, which begins with a dash, for a driver of
/// `tools`.
pub fn find(argument: &[u8], tools: Tools) -> Option<Match> {
    TABLE.find(argument, 0, tools)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Parser;

    #[test]
    fn options_have_the_stage_where_a_call_ends() {
        let stage = |option: &str| {
            let parsed = Parser::for_driver(GCC).read(option.as_bytes());
            parsed.meaning().stage()
        };
        assert_eq!(stage("-c"), Some(Stage::Object));
        assert_eq!(stage("-dumpversion"), Some(Stage::Answer));
        assert_eq!(stage("-print-file-name=x"), Some(Stage::Answer));
        assert_eq!(stage("--help=common"), Some(Stage::Answer));
        assert_eq!(stage("-dumpbase"), None);
        assert_eq!(stage("-cx"), None);
    }

    #[test]
    fn only_a_complete_option_has_a_separate_value() {
        let is_separate = |option: &str, tools| {
            let parsed = Parser::for_driver(tools).read(option.as_bytes());
            parsed.has_separate_value()
        };
        for option in ["-o", "-include", "-Xarch_host", "-x", "--param", "-z"] {
            assert!(is_separate(option, GCC), "{option}");
        }
        for option in ["", "-", "-c", "-ofile", "-DX", "--param=x", "main.c"] {
            assert!(!is_separate(option, GCC), "{option}");
        }
        assert!(is_separate("-R", GCC) && !is_separate("-R", CLANG));
    }
}
