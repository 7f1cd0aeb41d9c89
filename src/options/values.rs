//! Options of compilers whose value stands in the next argument.

/// Those of gcc and clang, sorted. `-Xarch_…` and `-Xopenmp-target=…` are told
/// by how they begin.
const WITH_VALUE: [&str; 128] = [
    "--assert",
    "--config",
    "--define-macro",
    "--dumpbase",
    "--dumpbase-ext",
    "--dumpdir",
    "--dyld-prefix",
    "--entry",
    "--for-assembler",
    "--for-linker",
    "--force-link",
    "--imacros",
    "--include",
    "--include-directory",
    "--include-directory-after",
    "--include-prefix",
    "--include-with-prefix",
    "--include-with-prefix-after",
    "--include-with-prefix-before",
    "--language",
    "--library-directory",
    "--output",
    "--param",
    "--prefix",
    "--resource",
    "--serialize-diagnostics",
    "--specs",
    "--std",
    "--sysroot",
    "--undefine-macro",
    "-A",
    "-B",
    "-D",
    "-F",
    "-G",
    "-I",
    "-J",
    "-L",
    "-MF",
    "-MJ",
    "-MQ",
    "-MT",
    "-T",
    "-Tbss",
    "-Tdata",
    "-Ttext",
    "-U",
    "-Xanalyzer",
    "-Xassembler",
    "-Xclang",
    "-Xcuda-fatbinary",
    "-Xcuda-ptxas",
    "-Xflang",
    "-Xlinker",
    "-Xoffload-linker",
    "-Xopenmp-target",
    "-Xpreprocessor",
    "-allowable_client",
    "-arch",
    "-arch_only",
    "-aux-info",
    "-bundle_loader",
    "-ccc-gcc-name",
    "-ccc-install-dir",
    "-client_name",
    "-compatibility_version",
    "-current_version",
    "-cxx-isystem",
    "-dumpbase",
    "-dumpbase-ext",
    "-dumpdir",
    "-dylib_file",
    "-dylinker_install_name",
    "-e",
    "-exported_symbols_list",
    "-fdebug-compilation-dir",
    "-filelist",
    "-fintrinsic-modules-path",
    "-force_load",
    "-framework",
    "-idirafter",
    "-iframework",
    "-iframeworkwithsysroot",
    "-imacros",
    "-image_base",
    "-imultilib",
    "-include",
    "-include-pch",
    "-index-store-path",
    "-init",
    "-install_name",
    "-iprefix",
    "-iquote",
    "-isysroot",
    "-isystem",
    "-isystem-after",
    "-ivfsoverlay",
    "-iwithprefix",
    "-iwithprefixbefore",
    "-iwithsysroot",
    "-l",
    "-lazy_framework",
    "-lazy_library",
    "-mllvm",
    "-mmlir",
    "-module-dependency-dir",
    "-multiply_defined",
    "-o",
    "-read_only_relocs",
    "-resource-dir",
    "-rpath",
    "-seg1addr",
    "-serialize-diagnostics",
    "-specs",
    "-sub_library",
    "-sub_umbrella",
    "-target",
    "-u",
    "-umbrella",
    "-undefined",
    "-unexported_symbols_list",
    "-weak_framework",
    "-weak_library",
    "-weak_reference_mismatches",
    "-working-directory",
    "-wrapper",
    "-x",
    "-z",
];

/// Whether the argument behind `option` is its value, and no input.
pub fn takes_value(option: &[u8]) -> bool {
    WITH_VALUE
        .binary_search_by(|known| known.as_bytes().cmp(option))
        .is_ok()
        || option.starts_with(b"-Xarch_")
        || option.starts_with(b"-Xopenmp-target=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(WITH_VALUE.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn only_a_whole_option_has_its_value_behind_it() {
        for option in ["-o", "-include", "-Xarch_host", "-x", "--param", "-z"] {
            assert!(takes_value(option.as_bytes()), "{option}");
        }
        for option in ["", "-", "-c", "-ofile", "-DX", "--param=x", "main.c"] {
            assert!(!takes_value(option.as_bytes()), "{option}");
        }
    }
}
