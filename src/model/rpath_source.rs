//! Why a directory gets an rpath.

use alloc::vec::Vec;

/// Why a directory gets an rpath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpathSource {
    /// It is in the store.
    Store,
    /// A variable or a flag file names it.
    Declared,
    /// The caller names it by an absolute path outside of the build.
    Caller,
    /// The build's own libraries will be installed there.
    InstallPrefix,
    /// `rpathInclude` of toolchain.json.
    Included,
    /// LD_RUN_PATH, which GNU ld ignores as soon as there is one `-rpath`.
    RunPath,
    /// A library of the link needs a library in it.
    Indirect,
}

impl RpathSource {
    /// The name in JSON output.
    pub fn name(self) -> &'static str {
        match self {
            RpathSource::Store => "store",
            RpathSource::Declared => "declared",
            RpathSource::Caller => "caller",
            RpathSource::InstallPrefix => "install-prefix",
            RpathSource::Included => "included",
            RpathSource::RunPath => "LD_RUN_PATH",
            RpathSource::Indirect => "indirect",
        }
    }

    /// The reason as text. `library` is the first library of the link that was
    /// found in the directory.
    pub fn text(self, library: &[u8]) -> Vec<u8> {
        match self {
            RpathSource::Store | RpathSource::Declared => [library, b" found in it"].concat(),
            RpathSource::Caller => [library, b" found in it; the caller names it"].concat(),
            RpathSource::InstallPrefix => [b"to be installed there: ", library].concat(),
            RpathSource::Included => b"toolchain.json includes it always".to_vec(),
            RpathSource::RunPath => b"LD_RUN_PATH".to_vec(),
            RpathSource::Indirect => {
                [library, b", which a library of the link needs, found in it"].concat()
            }
        }
    }
}
