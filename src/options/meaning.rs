//! What options mean to the rules of a wrapped call.

/// What an argument means. Most options mean nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Other,
    /// No option: a file, or an operand of any kind.
    Input,
    /// The value of the option before it.
    Value,
    /// `--`: no option follows.
    Operands,

    // Compiler drivers.
    Stage(Stage),
    /// clang's inner mode.
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
    /// `-Xlinker`: an argument for the linker.
    LinkerArgument,
    /// `-Wl,`: several, with commas between them.
    LinkerList,
    /// `-print-prog-name=`
    ProgramName,
    Lto,
    /// `-m…`: an option of the machine.
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

    // Linkers.
    DynamicLinker,
    Plugin,
    Emulation,
    Sysroot,
    /// `-syslibroot`, of Darwin.
    SystemLibraryRoot,
    /// The linker answers and does no more.
    Question,
    /// The same, unless there is something to link.
    Version,
    PlatformVersion,
    SdkVersion,
    /// `-macosx_version_min` and its like.
    MinimumVersion,
}

impl Meaning {
    /// How far a compiler call with this option goes.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Meaning::Stage(stage) => Some(stage),
            Meaning::ProgramName => Some(Stage::Answer),
            _ => None,
        }
    }
}

/// How far a compiler call goes. Of several the greatest counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    #[default]
    Program,
    Object,
    Assembly,
    SyntaxTree,
    Check,
    Module,
    /// Preprocessed text, dependencies, a report: nothing is compiled.
    Other,
    /// An answer: nothing is done with the inputs at all. nixpkgs adds the
    /// flags of a link all the same.
    Answer,
}

impl Stage {
    /// Whether linker flags are of no use.
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
