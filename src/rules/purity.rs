//! Removes paths outside of the store from the arguments
//! (docs/behaviour.md#6-purity).

use alloc::vec::Vec;

use crate::machine::world::World;
use crate::model::argument::Arg;
use crate::model::environment::Environment;
use crate::model::error::Error;
use crate::model::event::Event;
use crate::model::explanation::DropReason;
use crate::options::meaning::Meaning;
use crate::planning::log::Log;

/// Decides which paths are pure. It exists only if purity is enforced.
pub struct Purity<'a> {
    prefixes: Vec<&'a [u8]>,
    /// Darwin: a path that exists below this directory counts as that file.
    sdk_root: Option<Vec<u8>>,
    world: &'a dyn World,
}

impl<'a> Purity<'a> {
    /// `None` unless NIX_ENFORCE_PURITY is 1 and NIX_STORE is set.
    pub fn enforced(
        environment: &Environment<'a>,
        sdk_root: Option<Vec<u8>>,
        world: &'a dyn World,
    ) -> Option<Purity<'a>> {
        if environment.get(b"NIX_ENFORCE_PURITY") != Some(b"1") {
            return None;
        }
        let mut prefixes = Vec::from([environment.get_nonempty(b"NIX_STORE")?, b"/tmp"]);
        prefixes.extend(environment.get_nonempty(b"NIX_BUILD_TOP"));
        for name in ["TMP", "TMPDIR", "TEMP", "TEMPDIR"] {
            prefixes.extend(environment.get_nonempty(name.as_bytes()));
        }
        Some(Purity {
            prefixes,
            sdk_root,
            world,
        })
    }

    /// Whether a path is outside of all directories that a build may use.
    pub fn is_impure(&self, path: &[u8]) -> bool {
        path.starts_with(b"/")
            && path != b"/dev/null"
            && !self.prefixes.iter().any(|prefix| path.starts_with(prefix))
    }

    /// Like [`Purity::is_impure`], for a directory that Darwin's tools also
    /// look up in the SDK.
    pub fn is_impure_directory(&self, path: &[u8]) -> bool {
        if let Some(sdk_root) = &self.sdk_root {
            let in_sdk = [sdk_root, &b"/"[..], path].concat();
            if self.world.exists(&in_sdk) {
                return self.is_impure(&in_sdk);
            }
        }
        self.is_impure(path)
    }
}

/// Removes options with an impure path, in the spellings that nixpkgs' wrappers
/// know. `params` must have been read.
pub fn drop_impure(params: &mut Vec<Arg>, purity: &Purity, log: &mut Log) {
    log.dropping(params, DropReason::Impure, |params, log| {
        drop_options(params, purity, log);
    });
}

fn drop_options(params: &mut Vec<Arg>, purity: &Purity, log: &mut Log) {
    let mut kept = Vec::with_capacity(params.len());
    let mut rest = core::mem::take(params).into_iter().peekable();
    while let Some(param) = rest.next() {
        let next = rest.peek().map(|arg| &arg[..]);
        match path_of(&param, next) {
            Some((path, is_next)) if purity.is_impure_directory(path) => {
                log.push(Event::SkippedImpure(path.to_vec()));
                if is_next {
                    rest.next();
                }
            }
            _ => kept.push(param),
        }
    }
    *params = kept;
}

/// The path in an option, and whether it is the next argument.
fn path_of<'p>(param: &'p Arg, next: Option<&'p [u8]>) -> Option<(&'p [u8], bool)> {
    match (param.parsed.in_nixpkgs()?, param.joined()) {
        (Meaning::IncludeDirectory | Meaning::LibraryDirectory, Some(path)) => {
            path.starts_with(b"/").then_some((path, false))
        }
        (
            Meaning::IncludeDirectory | Meaning::LibraryDirectory | Meaning::SystemIncludeDirectory,
            None,
        ) => next
            .filter(|path| !path.is_empty())
            .map(|path| (path, true)),
        _ => None,
    }
}

/// Removes or refuses impure linker arguments (§3.3). `params` must have been
/// read.
///
/// # Errors
/// The link uses a file outside of the store.
pub fn drop_impure_of_linker(
    params: &mut Vec<Arg>,
    purity: &Purity,
    log: &mut Log,
) -> Result<(), Error> {
    let mut kept = Vec::with_capacity(params.len());
    let mut rest = core::mem::take(params).into_iter().peekable();
    while let Some(param) = rest.next() {
        let next: &[u8] = rest.peek().map_or(b"", |arg| &arg[..]);
        let meaning = param.parsed.in_nixpkgs();
        let skipped = match (meaning, param.joined()) {
            (Some(Meaning::LibraryDirectory), Some(directory)) => {
                let is_impure =
                    directory.starts_with(b"/") && purity.is_impure_directory(directory);
                is_impure.then(|| (directory.to_vec(), false))
            }
            (Some(Meaning::LibraryDirectory), None) => purity
                .is_impure_directory(next)
                .then(|| (next.to_vec(), true)),
            (Some(Meaning::Rpath | Meaning::DynamicLinker), None) => {
                purity.is_impure(next).then(|| (next.to_vec(), true))
            }
            (Some(Meaning::SystemLibraryRoot), _) => (next == b"//").then(|| (next.to_vec(), true)),
            _ => None,
        };
        if let Some((path, with_value)) = skipped {
            log.push(Event::SkippedImpure(path));
            if with_value {
                rest.next();
            }
            continue;
        }
        let named = match param.strip_prefix(b"/LIBPATH:") {
            Some(path) if path.starts_with(b"/") => Some(path),
            _ => Some(&param[..]).filter(|param| is_absolute_path(param)),
        };
        match named {
            Some(path) if purity.is_impure(path) => return Err(Error::ImpurePath(path.to_vec())),
            _ if meaning == Some(Meaning::Sysroot) => {}
            _ => kept.push(param),
        }
    }
    *params = kept;
    Ok(())
}

/// Whether `param` has the form `/…/…` without a colon in the first component.
/// Options in the style of link.exe have one and are not paths.
fn is_absolute_path(param: &[u8]) -> bool {
    let Some(rest) = param.strip_prefix(b"/") else {
        return false;
    };
    let end = rest.iter().position(|&b| b == b'/' || b == b':');
    end.is_some_and(|end| rest[end] == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::world::fake::Machine;
    use crate::model::argument::fake;

    fn purity<'a>(
        strings: &[&'a str],
        sdk: Option<&str>,
        world: &'a Machine,
    ) -> Option<Purity<'a>> {
        let environment = Environment::new(strings.iter().map(|s| s.as_bytes()));
        Purity::enforced(&environment, sdk.map(Vec::from), world)
    }

    const ON: [&str; 4] = [
        "NIX_ENFORCE_PURITY=1",
        "NIX_STORE=/nix/store",
        "NIX_BUILD_TOP=/build",
        "TEMP=/scratch",
    ];

    #[test]
    fn purity_needs_both_variables() {
        let world = Machine::new();
        assert!(purity(&ON, None, &world).is_some());
        assert!(purity(&ON[..1], None, &world).is_none());
        assert!(purity(&["NIX_ENFORCE_PURITY=0", "NIX_STORE=/s"], None, &world).is_none());
        assert!(purity(&["NIX_ENFORCE_PURITY=1", "NIX_STORE="], None, &world).is_none());
    }

    #[test]
    fn pure_paths_are_relative_or_have_a_known_prefix() {
        let world = Machine::new();
        let purity = purity(&ON, None, &world).unwrap();
        for path in [
            "",
            "x",
            "../x",
            "/dev/null",
            "/nix/store/a",
            "/build/x",
            "/tmp",
            "/scratch/x",
        ] {
            assert!(!purity.is_impure(path.as_bytes()), "{path}");
        }
        for path in ["/usr/lib", "/", "/dev/nullx", "/nix/stor"] {
            assert!(purity.is_impure(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn directories_in_the_sdk_are_checked_there() {
        let world = Machine::new()
            .file("/nix/store/sdk/usr/lib", "")
            .file("/Library/sdk/usr/lib", "");
        let pure = purity(&ON, Some("/nix/store/sdk"), &world).unwrap();
        assert!(!pure.is_impure_directory(b"/usr/lib"));
        assert!(pure.is_impure_directory(b"/usr/local/lib"));
        let impure = purity(&ON, Some("/Library/sdk"), &world).unwrap();
        assert!(impure.is_impure_directory(b"/usr/lib"));
    }

    #[test]
    fn impure_options_are_dropped_with_their_values() {
        let world = Machine::new();
        let purity = purity(&ON, None, &world).unwrap();
        let words =
            "-I/usr/include -I /usr/include -Irel -I /tmp -isystem /opt -isystem/opt -L/opt x.c -I";
        let mut params = fake::of_driver(words);
        let mut log = Log::default();
        drop_impure(&mut params, &purity, &mut log);
        let left: Vec<&[u8]> = params.iter().map(|arg| &arg[..]).collect();
        assert_eq!(left.join(&b' '), b"-Irel -I /tmp -isystem/opt x.c -I");
        assert_eq!(log.events.len(), 4);
    }

    #[test]
    fn a_colon_distinguishes_options_from_paths() {
        for (param, path) in [
            ("/usr/lib/x.o", true),
            ("/usr", false),
            ("/LIBPATH:/x", false),
            ("x/y", false),
            ("//", true),
        ] {
            assert_eq!(is_absolute_path(param.as_bytes()), path, "{param}");
        }
    }

    fn purified(words: &'static str) -> Result<Vec<u8>, Error> {
        let strings = [&b"NIX_ENFORCE_PURITY=1"[..], b"NIX_STORE=/s"];
        let world = Machine::new();
        let purity = Purity::enforced(&Environment::new(strings), None, &world).unwrap();
        let mut params = fake::of_linker(words);
        drop_impure_of_linker(&mut params, &purity, &mut Log::default())?;
        Ok(params
            .iter()
            .map(|arg| &arg[..])
            .collect::<Vec<_>>()
            .join(&b' '))
    }

    #[test]
    fn impure_options_are_dropped_and_impure_files_refused() {
        let words = "-L/usr/lib -L /lib -L/s/a -rpath /lib -rpath /s/a -dynamic-linker /lib/ld.so -syslibroot // --sysroot=/ x.o /NOLOGO -L";
        assert_eq!(
            purified(words).unwrap(),
            b"-L/s/a -rpath /s/a x.o /NOLOGO -L"
        );
        assert_eq!(purified("-syslibroot /sdk").unwrap(), b"-syslibroot /sdk");
        assert_eq!(
            purified("/s/x.o /usr/lib/crt1.o"),
            Err(Error::ImpurePath(b"/usr/lib/crt1.o".to_vec()))
        );
        assert_eq!(
            purified("/LIBPATH:/usr/lib"),
            Err(Error::ImpurePath(b"/usr/lib".to_vec()))
        );
        assert!(purified("/LIBPATH:/s/lib").is_ok());
    }
}
