//! The content of `nix-support/toolchain.json`. docs/toolchain.md describes the
//! keys, docs/glossary.md the words.
//!
//! A missing key has the default that changes nothing. Unknown keys are
//! skipped, so that an older binary can read a newer file.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::text::Bytes;
use crate::text::json;
use crate::text::json::{Reader, Value};

/// The version of the format that is read and written.
const VERSION: u64 = 1;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchain<'a> {
    /// The suffix of the toolchain's own variables.
    pub suffix_salt: Bytes<'a>,
    /// The compilers' family. A tool can override it.
    pub compiler: Family,
    /// The root of the linker half, absolute or relative to this root. `None`:
    /// this root.
    pub bintools: Option<Bytes<'a>>,
    pub tools: Vec<Tool<'a>>,
    /// Names of hardening flags (§4) that the tools do not support. A tool can
    /// override the list.
    pub hardening_unsupported: Vec<Bytes<'a>>,
    /// Pass all arguments in a response file, even if the kernel accepts the
    /// command line.
    pub use_response_file: bool,
    /// clang: the target triple to pass (§2.9). Empty: none.
    pub default_target: Bytes<'a>,
    /// clang: flags to pass together with the default target.
    pub machine_flags: Vec<Bytes<'a>>,
    /// clang: the `-mabi=` to pass together with the default target. Empty:
    /// none.
    pub explicit_abi: Bytes<'a>,
    pub darwin: Option<Darwin<'a>>,
    /// The target has only static libraries. pkg-config gets `--static` (§11).
    pub is_static: bool,
    /// The bash that runs hooks (§10). Empty: the one on PATH.
    pub shell: Bytes<'a>,
    /// PATH while a hook runs. Empty: the PATH that the tool gets.
    pub hook_path: Bytes<'a>,

    // Behaviour of older nixpkgs scripts.
    /// Names of hardening flags that only older scripts support: `pie`.
    pub hardening_supported: Vec<Bytes<'a>>,
    /// clang: add the C++ library's headers only to C++ calls.
    pub cxx_headers_only_in_cxx: bool,

    // Not in nixpkgs: settings for roots that are used outside of Nix builds.
    /// Whether the plain variables are read if no marker is set (§1).
    pub role_markers: RoleMarkers,
    /// Path prefixes of the store if NIX_STORE is unset. Empty: every absolute
    /// directory counts as the store.
    pub store: Vec<Bytes<'a>>,
    /// Resolved directories that get no rpath if both NIX_STORE and `store` are
    /// unset: the compilers' own, and those that the dynamic loader searches by
    /// itself.
    pub system_library_directories: Vec<Bytes<'a>>,
    /// The tools make programs for another machine.
    pub other_machine: bool,
    /// The directory with the headers and libraries of the machine that
    /// programs are for: absolute, or relative to this root. Empty: none.
    pub sysroot: Bytes<'a>,
    /// Directories of this machine, without symlinks. A call that names one of
    /// them with `-I` or `-L` is refused.
    pub host_directories: Vec<Bytes<'a>>,
    /// Such a call gets a warning instead.
    pub allow_host_directories: bool,
    /// How programs find the libraries that they were linked with.
    pub rpath: RpathPolicy,
    /// Patterns with `*` and `?` of directories that get no rpath.
    pub rpath_exclude: Vec<Bytes<'a>>,
    /// Directories that get an rpath in every dynamic link.
    pub rpath_include: Vec<Bytes<'a>>,
    /// Prefixes of dependencies whose flags are in the root's flag files.
    pub with: Vec<Bytes<'a>>,
    /// Directories that pkg-config searches after those of its variables.
    pub pkg_config_path: Vec<Bytes<'a>>,
    /// The value of NIX_HARDENING_ENABLE if a call does not set it.
    pub default_hardening: Option<Vec<Bytes<'a>>>,
    /// Drivers of any root run this linker half. It then does not repeat what a
    /// toolchain with another salt has done for the link.
    pub any_driver: bool,
}

/// A name in `bin/` and its real program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool<'a> {
    pub name: Bytes<'a>,
    /// The key `role`: the kind of tool. See [`ToolKind::parse`].
    pub kind: Bytes<'a>,
    /// Path of the real program, absolute or relative to the root.
    pub program: Bytes<'a>,

    // Not in nixpkgs, where a root has only one compiler.
    /// The family of this compiler.
    pub compiler: Option<Family>,
    /// Hardening flags that this tool does not support.
    pub hardening_unsupported: Option<Vec<Bytes<'a>>>,
    /// The compiler searches other directories before PATH for its linker. It
    /// gets a `-B` with the directory of this root's linker.
    pub linker_by_prefix: bool,
    /// The compiler warns about unused options, except for those between
    /// `--start-no-unused-arguments` and `--end-no-unused-arguments` (clang from
    /// version 14 on).
    pub no_unused_arguments: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    #[default]
    Gcc,
    Clang,
    Arocc,
}

/// Whether the plain variables are read without a marker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleMarkers {
    /// No: without a marker no variable is read, as in nixpkgs.
    #[default]
    Required,
    /// Yes: without a marker the plain variables are read.
    Optional,
}

/// How programs find the libraries that they were linked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RpathPolicy {
    /// By what the linker writes: today DT_RUNPATH.
    #[default]
    RunPath,
    /// By DT_RPATH, which also serves the libraries that these need, and comes
    /// before LD_LIBRARY_PATH.
    Rpath,
    /// No rpath is added.
    None,
}

/// The kind of a tool. It selects the rules for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolKind {
    Cc,
    Cxx,
    Cpp,
    Fortran,
    Ld,
    Gnat,
    Strip,
    Ranlib,
    PkgConfig,
    Go,
}

/// Settings for Darwin targets (§7).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Darwin<'a> {
    pub min_version: Bytes<'a>,
    pub min_version_variable: Bytes<'a>,
    pub platform: Bytes<'a>,
    pub platform_for_cc: Bytes<'a>,
    pub sdk_version: Bytes<'a>,
    /// The SDK to use if DEVELOPER_DIR is unset. `None`: the SDK variables are
    /// not touched, as before nixpkgs 24.11.
    pub fallback_sdk: Option<Bytes<'a>>,
}

const ROLES: [(ToolKind, &str); 10] = [
    (ToolKind::Cc, "cc"),
    (ToolKind::Cxx, "c++"),
    (ToolKind::Cpp, "cpp"),
    (ToolKind::Fortran, "fortran"),
    (ToolKind::Ld, "ld"),
    (ToolKind::Gnat, "gnat"),
    (ToolKind::Strip, "strip"),
    (ToolKind::Ranlib, "ranlib"),
    (ToolKind::PkgConfig, "pkg-config"),
    (ToolKind::Go, "go"),
];

const RPATHS: [(RpathPolicy, &str); 3] = [
    (RpathPolicy::RunPath, "runpath"),
    (RpathPolicy::Rpath, "rpath"),
    (RpathPolicy::None, "none"),
];

const FAMILIES: [(Family, &str); 3] = [
    (Family::Gcc, "gcc"),
    (Family::Clang, "clang"),
    (Family::Arocc, "arocc"),
];

impl ToolKind {
    pub fn parse(name: &[u8]) -> Option<ToolKind> {
        ROLES
            .iter()
            .find(|(_, n)| n.as_bytes() == name)
            .map(|(kind, _)| *kind)
    }

    /// The name that [`ToolKind::parse`] accepts.
    pub fn name(self) -> &'static str {
        name_of(&ROLES, self)
    }

    /// Whether the tool is one of the compiler drivers of §2.
    pub fn is_compiler(self) -> bool {
        matches!(
            self,
            ToolKind::Cc | ToolKind::Cxx | ToolKind::Cpp | ToolKind::Fortran
        )
    }
}

impl Family {
    /// The name in `toolchain.json`.
    pub fn name(self) -> &'static str {
        name_of(&FAMILIES, self)
    }

    fn read(reader: &mut Reader) -> json::Result<Family> {
        let name = reader.string()?;
        let family = FAMILIES.iter().find(|(_, n)| n.as_bytes() == &*name);
        family
            .map(|(family, _)| *family)
            .ok_or_else(|| reader.error("the compiler is none of gcc, clang, arocc"))
    }
}

impl RpathPolicy {
    /// The names that [`RpathPolicy::parse`] accepts.
    pub const NAMES: [&str; 3] = [RPATHS[0].1, RPATHS[1].1, RPATHS[2].1];

    pub fn parse(name: &[u8]) -> Option<RpathPolicy> {
        let found = RPATHS.iter().find(|(_, n)| n.as_bytes() == name);
        found.map(|(policy, _)| *policy)
    }

    /// The name in `toolchain.json`.
    pub fn name(self) -> &'static str {
        name_of(&RPATHS, self)
    }

    fn read(reader: &mut Reader) -> json::Result<RpathPolicy> {
        let name = reader.string()?;
        RpathPolicy::parse(&name)
            .ok_or_else(|| reader.error("\"rpath\" is none of runpath, rpath, none"))
    }
}

fn name_of<T: PartialEq>(names: &[(T, &'static str)], value: T) -> &'static str {
    names
        .iter()
        .find(|(v, _)| *v == value)
        .map_or("", |(_, name)| name)
}

impl<'a> Toolchain<'a> {
    /// Parses the text of a `toolchain.json`.
    ///
    /// # Errors
    /// The text is not JSON, a value has the wrong type, a required key is
    /// missing, or the version is unknown. The error has the line and column.
    pub fn parse(text: &'a [u8]) -> json::Result<Toolchain<'a>> {
        let mut toolchain = Toolchain::default();
        let mut version = None;
        let mut reader = Reader::new(text);
        reader.object(|r, key| {
            match key {
                b"version" => {
                    version = Some(r.unsigned()?);
                    if version != Some(VERSION) {
                        return Err(r.error("unknown version; this cc-wrapper reads version 1"));
                    }
                }
                b"suffixSalt" => toolchain.suffix_salt = r.string()?,
                b"compiler" => toolchain.compiler = Family::read(r)?,
                b"bintools" => toolchain.bintools = r.optional(Reader::string)?,
                b"tools" => r.object(|r, name| {
                    let tool = Tool::read(r, name)?;
                    toolchain.tools.push(tool);
                    Ok(())
                })?,
                b"hardeningUnsupported" => toolchain.hardening_unsupported = strings(r)?,
                b"useResponseFile" => {
                    toolchain.use_response_file = r.optional(Reader::boolean)?.unwrap_or(false);
                }
                b"defaultTarget" => toolchain.default_target = r.string()?,
                b"machineFlags" => toolchain.machine_flags = strings(r)?,
                b"explicitAbi" => toolchain.explicit_abi = r.string()?,
                b"darwin" => toolchain.darwin = r.optional(Darwin::read)?,
                b"static" => toolchain.is_static = r.boolean()?,
                b"shell" => toolchain.shell = r.string()?,
                b"hookPath" => toolchain.hook_path = r.string()?,
                b"hardeningSupported" => toolchain.hardening_supported = strings(r)?,
                b"cxxHeadersOnlyInCxx" => toolchain.cxx_headers_only_in_cxx = r.boolean()?,
                b"roleMarkers" => toolchain.role_markers = RoleMarkers::read(r)?,
                b"store" => toolchain.store = strings(r)?,
                b"systemLibraryDirectories" => {
                    toolchain.system_library_directories = strings(r)?;
                }
                b"otherMachine" => toolchain.other_machine = r.boolean()?,
                b"sysroot" => toolchain.sysroot = r.string()?,
                b"hostDirectories" => toolchain.host_directories = strings(r)?,
                b"allowHostDirectories" => toolchain.allow_host_directories = r.boolean()?,
                b"rpath" => toolchain.rpath = RpathPolicy::read(r)?,
                b"rpathExclude" => toolchain.rpath_exclude = strings(r)?,
                b"rpathInclude" => toolchain.rpath_include = strings(r)?,
                b"with" => toolchain.with = strings(r)?,
                b"pkgConfigPath" => toolchain.pkg_config_path = strings(r)?,
                b"defaultHardening" => toolchain.default_hardening = r.optional(strings)?,
                b"anyDriver" => toolchain.any_driver = r.boolean()?,
                _ => r.skip()?,
            }
            Ok(())
        })?;
        reader.end()?;
        match version {
            Some(_) => Ok(toolchain),
            None => Err(Reader::new(text).error("\"version\" is missing")),
        }
    }

    pub fn tool(&self, name: &[u8]) -> Option<&Tool<'a>> {
        self.tools.iter().find(|tool| &*tool.name == name)
    }

    /// The text of a `toolchain.json` for [`Toolchain::parse`]. Keys with a
    /// default value are left out.
    pub fn to_json(&self) -> Vec<u8> {
        let tools = self.tools.iter();
        let tools = tools.map(|tool| (Cow::Borrowed(&*tool.name), tool.to_json()));
        let mut object = Object::default();
        object.entry("version", Value::Number(1));
        object.entry("suffixSalt", json::string(&*self.suffix_salt));
        object.entry("compiler", json::string(self.compiler.name().as_bytes()));
        if let Some(bintools) = &self.bintools {
            object.entry("bintools", json::string(&**bintools));
        }
        object.entry("tools", Value::Object(tools.collect()));
        object.strings("hardeningUnsupported", &self.hardening_unsupported);
        object.flag("useResponseFile", self.use_response_file);
        object.nonempty("defaultTarget", &self.default_target);
        object.strings("machineFlags", &self.machine_flags);
        object.nonempty("explicitAbi", &self.explicit_abi);
        if let Some(darwin) = &self.darwin {
            object.entry("darwin", darwin.to_json());
        }
        object.flag("static", self.is_static);
        object.nonempty("shell", &self.shell);
        object.nonempty("hookPath", &self.hook_path);
        object.strings("hardeningSupported", &self.hardening_supported);
        object.flag("cxxHeadersOnlyInCxx", self.cxx_headers_only_in_cxx);
        if self.role_markers == RoleMarkers::Optional {
            object.entry("roleMarkers", json::string(&b"optional"[..]));
        }
        object.strings("store", &self.store);
        object.strings("systemLibraryDirectories", &self.system_library_directories);
        object.flag("otherMachine", self.other_machine);
        object.nonempty("sysroot", &self.sysroot);
        object.strings("hostDirectories", &self.host_directories);
        object.flag("allowHostDirectories", self.allow_host_directories);
        if self.rpath != RpathPolicy::default() {
            object.entry("rpath", json::string(self.rpath.name().as_bytes()));
        }
        object.strings("rpathExclude", &self.rpath_exclude);
        object.strings("rpathInclude", &self.rpath_include);
        object.strings("with", &self.with);
        object.strings("pkgConfigPath", &self.pkg_config_path);
        if let Some(default) = &self.default_hardening {
            object.entry("defaultHardening", array(default));
        }
        object.flag("anyDriver", self.any_driver);
        let mut text = Vec::new();
        json::object(object.0).write(&mut text);
        text
    }
}

impl<'a> Tool<'a> {
    fn read(reader: &mut Reader<'a>, name: &[u8]) -> json::Result<Tool<'a>> {
        let mut tool = Tool {
            name: Cow::Owned(name.to_vec()),
            ..Tool::default()
        };
        reader.object(|r, key| {
            match key {
                b"role" => tool.kind = r.string()?,
                b"program" => tool.program = r.string()?,
                b"compiler" => tool.compiler = r.optional(Family::read)?,
                b"hardeningUnsupported" => tool.hardening_unsupported = r.optional(strings)?,
                b"linkerByPrefix" => tool.linker_by_prefix = r.boolean()?,
                b"noUnusedArguments" => tool.no_unused_arguments = r.boolean()?,
                _ => r.skip()?,
            }
            Ok(())
        })?;
        if tool.kind.is_empty() || tool.program.is_empty() {
            return Err(reader.error("a tool needs \"role\" and \"program\""));
        }
        if !tool.program.contains(&b'/') {
            return Err(reader.error("a tool's \"program\" must be a path, not a name"));
        }
        Ok(tool)
    }

    fn to_json(&self) -> Value<'_> {
        let mut object = Object::default();
        object.entry("role", json::string(&*self.kind));
        object.entry("program", json::string(&*self.program));
        if let Some(compiler) = self.compiler {
            object.entry("compiler", json::string(compiler.name().as_bytes()));
        }
        if let Some(unsupported) = &self.hardening_unsupported {
            object.entry("hardeningUnsupported", array(unsupported));
        }
        object.flag("linkerByPrefix", self.linker_by_prefix);
        object.flag("noUnusedArguments", self.no_unused_arguments);
        json::object(object.0)
    }
}

impl RoleMarkers {
    fn read(reader: &mut Reader) -> json::Result<RoleMarkers> {
        match &*reader.string()? {
            b"required" => Ok(RoleMarkers::Required),
            b"optional" => Ok(RoleMarkers::Optional),
            _ => Err(reader.error("roleMarkers is neither required nor optional")),
        }
    }
}

impl<'a> Darwin<'a> {
    const KEYS: [&'static str; 5] = [
        "minVersion",
        "minVersionVariable",
        "platform",
        "platformForCC",
        "sdkVersion",
    ];
    const FALLBACK_SDK: &'static str = "fallbackSdk";

    /// The fields, in the order of `KEYS`.
    fn fields(&mut self) -> [&mut Bytes<'a>; 5] {
        [
            &mut self.min_version,
            &mut self.min_version_variable,
            &mut self.platform,
            &mut self.platform_for_cc,
            &mut self.sdk_version,
        ]
    }

    fn read(reader: &mut Reader<'a>) -> json::Result<Darwin<'a>> {
        let mut darwin = Darwin::default();
        reader.object(|r, key| {
            match Darwin::KEYS.iter().position(|k| k.as_bytes() == key) {
                Some(n) => *darwin.fields()[n] = r.string()?,
                None if key == Darwin::FALLBACK_SDK.as_bytes() => {
                    darwin.fallback_sdk = r.optional(Reader::string)?;
                }
                None => r.skip()?,
            }
            Ok(())
        })?;
        Ok(darwin)
    }

    fn to_json(&self) -> Value<'_> {
        let values = [
            &self.min_version,
            &self.min_version_variable,
            &self.platform,
            &self.platform_for_cc,
            &self.sdk_version,
        ];
        let mut object = Object::default();
        for (key, value) in Darwin::KEYS.into_iter().zip(values) {
            object.entry(key, json::string(&**value));
        }
        if let Some(sdk) = &self.fallback_sdk {
            object.entry(Darwin::FALLBACK_SDK, json::string(&**sdk));
        }
        json::object(object.0)
    }
}

fn strings<'a>(reader: &mut Reader<'a>) -> json::Result<Vec<Bytes<'a>>> {
    let mut list = Vec::new();
    reader.array(|r| {
        list.push(r.string()?);
        Ok(())
    })?;
    Ok(list)
}

fn array<'a>(list: &'a [Bytes]) -> Value<'a> {
    json::array(list.iter().map(|item| json::string(&**item)))
}

/// Collects the entries of an object.
#[derive(Default)]
struct Object<'a>(Vec<(&'static str, Value<'a>)>);

impl<'a> Object<'a> {
    fn entry(&mut self, key: &'static str, value: Value<'a>) {
        self.0.push((key, value));
    }

    /// Adds the key if the value is true.
    fn flag(&mut self, key: &'static str, is_set: bool) {
        if is_set {
            self.entry(key, Value::Bool(true));
        }
    }

    /// Adds the key if the value is not empty.
    fn nonempty(&mut self, key: &'static str, value: &'a [u8]) {
        if !value.is_empty() {
            self.entry(key, json::string(value));
        }
    }

    /// Adds the key if the list is not empty.
    fn strings(&mut self, key: &'static str, list: &'a [Bytes]) {
        if !list.is_empty() {
            self.entry(key, array(list));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn full() -> Toolchain<'static> {
        Toolchain {
            suffix_salt: Cow::Borrowed(b"x86_64_unknown_linux_gnu"),
            compiler: Family::Clang,
            bintools: Some(Cow::Borrowed(b"/opt/b\"in")),
            tools: vec![
                Tool {
                    name: Cow::Borrowed(b"clang"),
                    kind: Cow::Borrowed(b"cc"),
                    program: Cow::Borrowed(b"/usr/bin/cl\xe9ng"),
                    compiler: Some(Family::Gcc),
                    hardening_unsupported: Some(vec![]),
                    linker_by_prefix: true,
                    no_unused_arguments: true,
                },
                Tool {
                    name: Cow::Borrowed(b"ld"),
                    kind: Cow::Borrowed(b"ld"),
                    program: Cow::Borrowed(b"/usr/bin/ld"),
                    ..Tool::default()
                },
            ],
            hardening_unsupported: vec![Cow::Borrowed(b"pacret"), Cow::Borrowed(b"fortify3")],
            use_response_file: true,
            default_target: Cow::Borrowed(b"arm64-apple-darwin"),
            machine_flags: vec![Cow::Borrowed(b"-march=x")],
            explicit_abi: Cow::Borrowed(b"lp64d"),
            darwin: Some(Darwin {
                min_version: Cow::Borrowed(b"11.3"),
                sdk_version: Cow::Borrowed(b"14.4"),
                fallback_sdk: Some(Cow::Borrowed(b"")),
                ..Darwin::default()
            }),
            is_static: true,
            shell: Cow::Borrowed(b"/bin/bash"),
            hook_path: Cow::Borrowed(b"/a/bin:/b/bin"),
            hardening_supported: vec![Cow::Borrowed(b"pie")],
            cxx_headers_only_in_cxx: true,
            role_markers: RoleMarkers::Optional,
            store: vec![Cow::Borrowed(b"/opt")],
            system_library_directories: vec![Cow::Borrowed(b"/usr/lib")],
            other_machine: true,
            sysroot: Cow::Borrowed(b"sysroot"),
            host_directories: vec![Cow::Borrowed(b"/usr/lib")],
            allow_host_directories: true,
            rpath: RpathPolicy::Rpath,
            rpath_exclude: vec![Cow::Borrowed(b"/opt/x/*")],
            rpath_include: vec![Cow::Borrowed(b"$ORIGIN/../lib")],
            with: vec![Cow::Borrowed(b"/opt/zlib")],
            pkg_config_path: vec![Cow::Borrowed(b"/opt/zlib/lib/pkgconfig")],
            default_hardening: Some(vec![]),
            any_driver: true,
        }
    }

    #[test]
    fn written_toolchains_are_read_back() {
        assert_eq!(Toolchain::parse(&full().to_json()).unwrap(), full());
        let empty = Toolchain::default();
        assert_eq!(Toolchain::parse(&empty.to_json()).unwrap(), empty);
    }

    #[test]
    fn unknown_keys_and_nulls_change_nothing() {
        let text = br#"{"version": 1, "future": [{}], "darwin": null, "useResponseFile": null,
            "tools": {"ar": {"role": "ar", "program": "/a", "more": 7}}}"#;
        let toolchain = Toolchain::parse(text).unwrap();
        assert_eq!(toolchain.darwin, None);
        assert_eq!(&*toolchain.tool(b"ar").unwrap().program, b"/a");
        assert_eq!(ToolKind::parse(&toolchain.tool(b"ar").unwrap().kind), None);
    }

    #[test]
    fn errors_name_line_and_column() {
        for (text, line, what) in [
            (&b"{\"version\": 2}"[..], 1, "unknown version"),
            (b"{}", 1, "\"version\" is missing"),
            (
                b"{\"version\": 1,\n \"compiler\": \"tcc\"}",
                2,
                "none of gcc",
            ),
            (
                b"{\"version\": 1,\n\"tools\": {\n\"gcc\": {\"role\": \"cc\"}}}",
                3,
                "needs",
            ),
            (
                b"{\"version\": 1,\n\"store\": \"/opt\"}",
                2,
                "expected an array",
            ),
            (b"{\"version\": 1} x", 1, "after the end"),
            (b"", 1, "expected an object"),
        ] {
            let error = Toolchain::parse(text).unwrap_err();
            assert!(
                error.what.contains(what),
                "{}: {error:?}",
                text.escape_ascii()
            );
            assert_eq!(error.line, line, "{error:?}");
        }
    }
}
