//! Reads the settings for Darwin targets from a wrapper's files
//! (docs/behaviour.md#7-darwin-targets-darwin-in-toolchainjson-is-not-null).

use super::lines::{behind, between, contains, lines};
use super::statements::{Statement, statements};

/// nixpkgs' hook with the linker flags for Darwin. cc-wrapper adds these itself.
pub const FILE: &str = "add-local-ldflags-before.sh";

/// The minimum version of the system, and the variable that overrides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinVersion {
    pub variable: Vec<u8>,
    pub version: Vec<u8>,
}

/// Reads the minimum version and the platform, as in `-mPLATFORM-version-min`,
/// from the compiler half's `add-flags.sh`.
pub fn of_compiler(text: &[u8], salt: &[u8]) -> Option<(MinVersion, Vec<u8>)> {
    let line = lines(text).find(|line| contains(line, "-version-min=${"))?;
    let platform = behind(line, "\"-m")?;
    let end = super::lines::find(platform, "-version-min=")?;
    let version = MinVersion::read(behind(line, "-version-min=")?, salt)?;
    (!version.version.is_empty()).then(|| (version, platform[..end].to_vec()))
}

impl MinVersion {
    /// Parses `${VARIABLE_salt:-VERSION}`.
    fn read(text: &[u8], salt: &[u8]) -> Option<MinVersion> {
        let text = text.strip_prefix(b"${")?;
        let name = super::lines::name(text);
        let version = text[name.len()..].strip_prefix(b":-")?;
        let end = version.iter().position(|&b| b == b'}')?;
        Some(MinVersion {
            variable: name.strip_suffix(salt)?.strip_suffix(b"_")?.to_vec(),
            version: version[..end].to_vec(),
        })
    }
}

/// Reads the default SDK, which may be empty, from `darwin-sdk-setup.bash`.
/// `None`: the target is not Darwin.
pub fn fallback_sdk(text: &[u8]) -> Option<Vec<u8>> {
    let condition = |line| between(line, "if [[ \"", "\" ]]; then");
    let version = lines(text).find_map(condition)?;
    let line = lines(text).find_map(|line| between(line, "export DEVELOPER_DIR=${", "}"))?;
    let sdk = behind(line, ":-")?;
    (!version.is_empty()).then(|| sdk.to_vec())
}

/// The settings in the linker half's hook.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LinkerFlags {
    pub min_version: MinVersion,
    pub platform: Vec<u8>,
    pub sdk_version: Vec<u8>,
    /// Offset where nixpkgs' text ends and a package's own text begins.
    pub end: usize,
}

/// Reads the linker half's hook; `None`: it is not nixpkgs'.
pub fn of_linker(text: &[u8], salt: &[u8]) -> Option<LinkerFlags> {
    let mut found = None;
    let mut end = 0;
    for statement in statements(text) {
        if is_flags(&statement) {
            found = Some(read_flags(&statement, salt)?);
        } else if !is_other(&statement) {
            break;
        }
        end = statement.end;
    }
    found.map(|flags| LinkerFlags { end, ..flags })
}

fn is_other(statement: &Statement) -> bool {
    match statement.lines.as_slice() {
        [line] => {
            let name = line.strip_prefix(b"have").unwrap_or_default();
            name.strip_suffix(b"=").is_some_and(<[u8]>::is_ascii)
                || line.starts_with(b"mangleVarSingle ")
                || [&b"accumulateRoles"[..], b"n=0", b"nParams=${#params[@]}"].contains(line)
        }
        [first, ..] => {
            let has = |part| statement.lines.iter().any(|line| contains(line, part));
            first.starts_with(b"while ((") && has("-platform_version)") && !has("extra")
        }
        [] => false,
    }
}

const ALL_FLAGS: &str = "extraBefore+=(-platform_version ";

fn is_flags(statement: &Statement) -> bool {
    let mut adding = statement.lines.iter().filter(|l| contains(l, "extra"));
    statement.lines.len() > 1
        && statement.lines.iter().any(|line| contains(line, ALL_FLAGS))
        && adding.all(|line| line.starts_with(b"extraBefore+=(-"))
}

fn read_flags(statement: &Statement, salt: &[u8]) -> Option<LinkerFlags> {
    let all = |line: &&[u8]| between(line, ALL_FLAGS, ")").map(<[u8]>::to_vec);
    let words = statement.lines.iter().find_map(all)?;
    let words: Vec<&[u8]> = words.split(|&b| b == b' ').collect();
    let [platform, version, sdk_version] = words.as_slice() else {
        return None;
    };
    Some(LinkerFlags {
        min_version: MinVersion::read(version.strip_prefix(b"\"")?, salt)?,
        platform: platform.to_vec(),
        sdk_version: sdk_version.to_vec(),
        end: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINKERS: &str = "\
havePlatformVersionFlag=
accumulateRoles
mangleVarSingle MACOSX_DEPLOYMENT_TARGET ${role_suffixes[@]}
n=0
while (( n < nParams )); do
    case \"$p\" in
        -platform_version) havePlatformVersionFlag=1 ;;
    esac
done
if [ ! \"$havePlatformVersionFlag\" ]; then
    if true; then
        extraBefore+=(-platform_version macos \"${MACOSX_DEPLOYMENT_TARGET_a_s:-11.3}\" 14.4)
    else
        extraBefore+=(-sdk_version 14.4)
    fi
fi
";

    #[test]
    fn platform_and_versions_are_read_from_the_linker_half() {
        let text = [LINKERS, "extraBefore+=(-x)\n"].concat();
        let flags = of_linker(text.as_bytes(), b"a_s").unwrap();
        let expected = LinkerFlags {
            min_version: MinVersion {
                variable: b"MACOSX_DEPLOYMENT_TARGET".to_vec(),
                version: b"11.3".to_vec(),
            },
            platform: b"macos".to_vec(),
            sdk_version: b"14.4".to_vec(),
            end: LINKERS.len(),
        };
        assert_eq!(flags, expected);
        assert_eq!(of_linker(LINKERS.as_bytes(), b"other"), None);
        assert_eq!(of_linker(b"extraBefore+=(-x)\n", b"a_s"), None);
    }

    #[test]
    fn platform_and_version_are_read_from_the_compiler_half() {
        let text =
            |version| format!("X=\"-mios-version-min=${{V_a_s:-{version}}} $X\"\n").into_bytes();
        let (version, platform) = of_compiler(&text("9"), b"a_s").unwrap();
        assert_eq!(
            (&version.variable[..], &version.version[..]),
            (&b"V"[..], &b"9"[..])
        );
        assert_eq!(platform, b"ios");
        assert_eq!(of_compiler(&text(""), b"a_s"), None);
    }

    #[test]
    fn the_sdk_is_used_only_for_darwin() {
        let text = |version| {
            format!(
                "if [[ \"{version}\" ]]; then\nexport DEVELOPER_DIR=${{DEVELOPER_DIR_s:-/sdk}}\n"
            )
        };
        assert_eq!(fallback_sdk(text("11").as_bytes()), Some(b"/sdk".to_vec()));
        assert_eq!(fallback_sdk(text("").as_bytes()), None);
    }
}
