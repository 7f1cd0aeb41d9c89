//! The meanings of options that the rules use.

/// The meaning of an argument. Most options have none: `Other`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Other,
    /// Not an option: a file or another operand.
    Input,
    /// The value of the option before it.
    Value,
    /// `--`: all further arguments are operands.
    Operands,

    // Compiler drivers.
    Stage(Stage),
    /// `-cc1`, `-cc1as`: clang's internal compiler and assembler.
    Cc1,
    NoStandardIncludes,
    NoCxxIncludes,
    NoStandardLibrary,
    Language,
    EmitLlvm,
    IncludeDirectory,
    SystemIncludeDirectory,
    OtherIncludeDirectory,
    FrameworkDirectory,
    /// `-B`
    Prefix,
    Target,
    /// `-fuse-ld=`
    LinkerName,
    /// `--ld-path=`
    LinkerPath,
    /// `-Xlinker`: one argument for the linker.
    LinkerArgument,
    /// `-Wl,`: a comma-separated list of arguments for the linker.
    LinkerList,
    /// `-fhardened`, `-fno-hardened`
    Hardened,
    /// `-print-file-name=`
    FileName,
    /// `-print-prog-name=`
    ProgramName,
    Lto,
    /// `-m…`: an option for the target machine.
    Machine,
    Machine32,
    Machine64,

    // Compiler drivers and linkers.
    Output,
    LibraryDirectory,
    Library,
    Static,
    StaticPie,
    Shared,
    Relocatable,
    Rpath,
    Sysroot,

    // Linkers.
    /// `-Bstatic`: only static libraries are used from here on.
    BindStatic,
    /// `-Bdynamic`: ends `-Bstatic`.
    BindDynamic,
    /// `--push-state`: saves whether `-Bstatic` is in effect.
    PushState,
    /// `--pop-state`
    PopState,
    NewDynamicTags,
    OldDynamicTags,
    DynamicLinker,
    Plugin,
    Emulation,
    /// `-b`: the format of the inputs after it.
    InputFormat,
    /// `-syslibroot` of Darwin's linker.
    SystemLibraryRoot,
    /// The linker prints an answer and exits.
    Question,
    /// Like `Question`, but only if there is nothing to link.
    Version,
    PlatformVersion,
    SdkVersion,
    /// `-macosx_version_min` and similar options.
    MinimumVersion,
}

impl Meaning {
    /// The last stage of a compiler call with this option.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Meaning::Stage(stage) => Some(stage),
            Meaning::FileName | Meaning::ProgramName => Some(Stage::Answer),
            _ => None,
        }
    }
}

/// The last stage of a compiler call. If options ask for several, the greatest
/// counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    #[default]
    Program,
    Object,
    Assembly,
    SyntaxTree,
    Check,
    Module,
    /// Only preprocessed text, dependencies or a report.
    Other,
    /// Only an answer, and the inputs are ignored. nixpkgs nevertheless adds
    /// the link flags.
    Answer,
}

impl Stage {
    /// Whether the call ends before linking, so that linker flags have no
    /// effect.
    pub fn ends_before_linking(self) -> bool {
        !matches!(self, Stage::Program | Stage::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_counts() {
        assert!(Stage::Check > Stage::Object && Stage::Answer > Stage::Other);
        assert!(!Stage::Answer.ends_before_linking(), "as recorded");
    }
}
