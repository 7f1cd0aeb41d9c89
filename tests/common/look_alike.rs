//! Imitations of nixpkgs' wrappers: scripts with the lines that `adopt`
//! recognises, and enough function to compile and link.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::write;

/// The version of nixpkgs' scripts to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Of2024,
    Of2026,
}

/// Both halves of a wrapper.
pub struct LookAlike {
    pub dialect: Dialect,
    pub cc: PathBuf,
    pub bintools: PathBuf,
    pub salt: String,
    /// `gcc`, `clang` or `arocc`.
    pub compiler: String,
    /// Names and programs, including gnat's tools.
    pub compilers: Vec<(String, PathBuf)>,
    pub linkers: Vec<(String, PathBuf)>,
    pub unsupported: Vec<String>,
    pub linkers_unsupported: Vec<String>,
    pub response_file: bool,
    pub linkers_response_file: bool,
    /// clang's target, the flags as they are written in the script, and the
    /// ABI.
    pub target: Option<(String, String, String)>,
    pub darwin: Option<Darwin>,
}

/// Values for Darwin targets.
pub struct Darwin {
    pub min_version: String,
    pub min_version_variable: String,
    pub platform: String,
    pub platform_for_cc: String,
    pub sdk_version: String,
    pub fallback_sdk: String,
}

const FLAGS_OF_2024: [&str; 9] = [
    "fortify | fortify3",
    "stackprotector",
    "pie",
    "pic",
    "strictoverflow",
    "trivialautovarinit",
    "format",
    "zerocallusedregs",
    "*",
];
const FLAGS_SINCE: [&str; 10] = [
    "pacret",
    "stackclashprotection",
    "shadowstack",
    "libcxxhardeningfast",
    "strictflexarrays3",
    "strictflexarrays1",
    "libcxxhardeningextensive",
    "glibcxxassertions",
    "nostrictaliasing",
    "strictoverflow",
];

impl LookAlike {
    /// Describes a wrapper for this machine's compilers, in `top`.
    pub fn of_machine(top: &Path, dialect: Dialect, compiler: &str) -> LookAlike {
        let program = |name: &str| (name.to_owned(), which::which(name).unwrap());
        let cxx = if compiler == "clang" {
            "clang++"
        } else {
            "g++"
        };
        LookAlike {
            dialect,
            cc: top.join("cc-wrapper-1"),
            bintools: top.join("bintools-wrapper-1"),
            salt: "salt_of_test".to_owned(),
            compiler: compiler.to_owned(),
            compilers: [compiler, cxx, "cpp"]
                .into_iter()
                .filter(|name| which::which(name).is_ok())
                .map(program)
                .collect(),
            linkers: ["ld", "ld.bfd", "ld.gold"]
                .into_iter()
                .filter(|name| which::which(name).is_ok())
                .map(program)
                .collect(),
            unsupported: Vec::new(),
            linkers_unsupported: Vec::new(),
            response_file: false,
            linkers_response_file: false,
            target: None,
            darwin: None,
        }
    }

    /// Writes both halves, without flag files.
    pub fn lay(&self) {
        self.lay_bintools();
        self.lay_cc();
    }

    fn lay_cc(&self) {
        let bin = self.cc.join("bin");
        fs::create_dir_all(&bin).unwrap();
        for entry in fs::read_dir(self.bintools.join("bin")).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), bin.join(entry.file_name())).unwrap();
        }
        for (name, program) in &self.compilers {
            let text = if name.contains("gnat") {
                self.gnat_script(program)
            } else {
                self.compiler_script(program)
            };
            script(&bin.join(name), &text);
        }
        for (alias, base) in [
            ("cc", "gcc"),
            ("c++", "g++"),
            ("cc", "clang"),
            ("c++", "clang++"),
        ] {
            let is_there = self.compilers.iter().any(|(name, _)| name == base);
            if is_there && !bin.join(alias).exists() {
                symlink(base, bin.join(alias)).unwrap();
            }
        }
        self.lay_support(
            &self.cc,
            "CC_WRAPPER",
            self.compiler_flags(),
            &self.unsupported,
            true,
        );
        let support = self.cc.join("nix-support");
        write(&support.join("orig-cc"), "/usr\n");
        let propagated = format!("{} /other\n", self.bintools.display());
        write(&support.join("propagated-build-inputs"), &propagated);
        let hook = format!("export NIX_CC={}\n", self.cc.display());
        write(&support.join("setup-hook"), &hook);
        let loader = self.bintools.join("nix-support/dynamic-linker");
        if !self.dynamic_linker().is_empty() {
            symlink(loader, support.join("dynamic-linker")).unwrap();
        }
        if let Some((target, flags, abi)) = &self.target {
            let text = self.clang_hook(target, flags, abi);
            write(&support.join("add-local-cc-cflags-before.sh"), &text);
        }
    }

    fn lay_bintools(&self) {
        let bin = self.bintools.join("bin");
        for (name, program) in &self.linkers {
            script(&bin.join(name), &self.linker_script(program));
        }
        let strip = format!(
            "#! {}\n\nexec {} --enable-deterministic-archives \"$@\"\n",
            shell(),
            which::which("strip").unwrap().display()
        );
        script(&bin.join("strip"), &strip);
        for name in ["ar", "nm"] {
            symlink(which::which(name).unwrap(), bin.join(name)).unwrap();
        }
        let flags = format!(
            "file={}/nix-support/dynamic-linker\nexport NIX_BINTOOLS_WRAPPER_FLAGS_SET_{}=1\n",
            self.bintools.display(),
            self.salt
        );
        self.lay_support(
            &self.bintools,
            "BINTOOLS_WRAPPER",
            flags,
            &self.linkers_unsupported,
            false,
        );
        let support = self.bintools.join("nix-support");
        let hook = format!("export NIX_BINTOOLS={}\n", self.bintools.display());
        write(&support.join("setup-hook"), &hook);
        write(&support.join("orig-libc"), "/usr\n");
        if !self.dynamic_linker().is_empty() {
            write(&support.join("dynamic-linker"), self.dynamic_linker());
        }
        if let Some(darwin) = &self.darwin {
            let text = self.darwin_hook(darwin);
            write(&support.join("add-local-ldflags-before.sh"), &text);
        }
    }

    fn dynamic_linker(&self) -> &'static str {
        match self.salt.as_str() {
            "salt_of_test" => "/lib64/ld-linux-x86-64.so.2\n",
            _ => "",
        }
    }

    fn lay_support(
        &self,
        root: &Path,
        half: &str,
        flags: String,
        unsupported: &[String],
        is_cc: bool,
    ) {
        let salt = &self.salt;
        let support = root.join("nix-support");
        write(&support.join("add-flags.sh"), &flags);
        write(
            &support.join("add-hardening.sh"),
            &self.hardening(unsupported, is_cc),
        );
        let utils =
            format!("accumulateRoles() {{ [ \"${{NIX_{half}_TARGET_HOST_{salt}:-}}\" ]; }}\n");
        write(&support.join("utils.bash"), &utils);
        if self.dialect == Dialect::Of2026 {
            let (version, sdk) = match &self.darwin {
                Some(darwin) => (darwin.min_version.as_str(), darwin.fallback_sdk.as_str()),
                None => ("", "@fallback_sdk@"),
            };
            let text = format!(
                "if [[ \"{version}\" ]]; then\n    export DEVELOPER_DIR=${{DEVELOPER_DIR_{salt}:-{sdk}}}\nfi\n"
            );
            write(&support.join("darwin-sdk-setup.bash"), &text);
        }
    }

    fn hardening(&self, unsupported: &[String], is_cc: bool) -> String {
        let mut labels: Vec<&str> = Vec::new();
        if is_cc {
            labels.extend(FLAGS_OF_2024);
            if self.dialect == Dialect::Of2026 {
                labels.retain(|label| *label != "pie");
                labels.extend(FLAGS_SINCE);
            }
        } else {
            labels.extend(["relro", "bindnow"]);
        }
        let is_clang = if self.compiler == "clang" { "1" } else { "" };
        let mut text = format!(
            "for flag in ${{NIX_HARDENING_ENABLE_{}-}}; do :; done\nfor flag in {}; do\n  :\ndone\n",
            self.salt,
            unsupported.join(" ")
        );
        text.push_str("for flag in \"${!hardeningEnableMap[@]}\"; do\ncase x in\n");
        for label in labels {
            text.push_str(&format!("  {label})\n"));
            if label == "strictoverflow" {
                text.push_str(&format!("      if (( {is_clang} )); then\n :\n fi\n"));
            }
            text.push_str("  ;;\n");
        }
        text.push_str("esac\ndone\n");
        text
    }

    fn compiler_flags(&self) -> String {
        let (salt, cc, bintools) = (&self.salt, self.cc.display(), self.bintools.display());
        let mut text = String::new();
        text.push_str(&format!(
            "NIX_CFLAGS_COMPILE_{salt}=\"${{NIX_CFLAGS_COMPILE-}}\"\n"
        ));
        text.push_str(&match self.dialect {
            Dialect::Of2024 => {
                format!("NIX_CFLAGS_COMPILE_{salt}=\"-B{cc}/bin/ $NIX_CFLAGS_COMPILE_{salt}\"\n")
            }
            Dialect::Of2026 => format!("path_backup=\"{bintools}/bin:$path_backup\"\n"),
        });
        text.push_str(&format!(
            "if [ -e {cc}/nix-support/cc-cflags ]; then\n    \
             NIX_CFLAGS_COMPILE_{salt}=\"$(< {cc}/nix-support/cc-cflags) $NIX_CFLAGS_COMPILE_{salt}\"\nfi\n"
        ));
        if let Some(darwin) = &self.darwin {
            text.push_str(&format!(
                "NIX_CFLAGS_COMPILE_BEFORE_{salt}=\"-m{}-version-min=${{{}_{salt}:-{}}} $NIX_CFLAGS_COMPILE_BEFORE_{salt}\"\n",
                darwin.platform_for_cc, darwin.min_version_variable, darwin.min_version
            ));
        }
        text.push_str(&format!("export NIX_CC_WRAPPER_FLAGS_SET_{salt}=1\n"));
        text
    }

    /// Returns the start of all long scripts.
    fn beginning(&self, root: &Path, with_grep: bool) -> String {
        let out = root.display();
        let mut text = format!("#! {}\nset -eu\npath_backup=\"$PATH\"\n", shell());
        text.push_str(match with_grep {
            true => "if [[ -n \"/usr\" && -n \"/usr/local\" ]]; then\n    PATH=\"/usr/bin:/usr/local/bin\"\nfi\n",
            false => "if [ -n \"/usr\" ]; then\n    PATH=\"/usr/bin\"\nfi\n",
        });
        text.push_str(&format!("source {out}/nix-support/utils.bash\n"));
        if self.dialect == Dialect::Of2026 {
            text.push_str(&format!("source {out}/nix-support/darwin-sdk-setup.bash\n"));
        }
        text
    }

    fn sources(&self) -> String {
        let salt = &self.salt;
        format!(
            "if [ -z \"${{NIX_BINTOOLS_WRAPPER_FLAGS_SET_{salt}:-}}\" ]; then\n    \
             source {}/nix-support/add-flags.sh\nfi\n\
             if [ -z \"${{NIX_CC_WRAPPER_FLAGS_SET_{salt}:-}}\" ]; then\n    \
             source {}/nix-support/add-flags.sh\nfi\n",
            self.bintools.display(),
            self.cc.display()
        )
    }

    fn compiler_script(&self, program: &Path) -> String {
        let (salt, cc, program) = (&self.salt, self.cc.display(), program.display());
        let mut text = self.beginning(&self.cc, true);
        text.push_str("isCxx=0 dontLink=0\n");
        if self.dialect == Dialect::Of2026 {
            let is_arocc = if self.compiler == "arocc" { "1" } else { "" };
            let is_clang = if self.compiler == "clang" { "1" } else { "" };
            text.push_str(&format!(
                "if [ \"{is_arocc}\" = 1 ]; then\n    dontLink=1\nfi\n"
            ));
            text.push_str(&format!(
                "if [[ \"$isCxx\" = 0 && \"{is_clang}\" ]]; then\n    isCxx=1\nfi\n"
            ));
        }
        text.push_str(&self.sources());
        text.push_str(&format!(
            "extraBefore=() extraAfter=($NIX_CFLAGS_COMPILE_{salt}) params=(\"$@\")\n\
             for p in \"$@\"; do if [ \"$p\" = -c ]; then dontLink=1; fi; done\n\
             if [ $dontLink = 0 ]; then\n    \
             for flag in ${{NIX_LDFLAGS-}}; do extraAfter+=(\"$flag\"); done\n    \
             if [ -e \"$file\" ]; then extraBefore+=(\"-Wl,-dynamic-linker=$(< \"$file\")\"); fi\n    \
             export NIX_LINK_TYPE_{salt}=dynamic\nfi\n\
             if [[ -e {cc}/nix-support/add-local-cc-cflags-before.sh ]]; then\n    \
             source {cc}/nix-support/add-local-cc-cflags-before.sh\nfi\n"
        ));
        text.push_str(&end(&program.to_string(), "CC", self.response_file));
        text
    }

    fn gnat_script(&self, program: &Path) -> String {
        let salt = &self.salt;
        let mut text = self.beginning(&self.cc, true);
        text.push_str(&self.sources());
        text.push_str(&format!(
            "if [ -z \"${{NIX_GNAT_WRAPPER_EXTRA_FLAGS_SET_{salt}:-}}\" ]; then\n    :\nfi\n\
             echo \"extra flags before to {0}:\" >&2\nexec {0} \"$@\"\n",
            program.display()
        ));
        text
    }

    fn linker_script(&self, program: &Path) -> String {
        let (salt, out) = (&self.salt, self.bintools.display());
        let mut text = self.beginning(&self.bintools, false);
        text.push_str(&format!(
            "if [ -z \"${{NIX_BINTOOLS_WRAPPER_FLAGS_SET_{salt}:-}}\" ]; then\n    \
             source {out}/nix-support/add-flags.sh\nfi\n\
             extraBefore=() extraAfter=() params=(\"$@\")\n\
             for p in \"$@\"; do\n    case \"$p\" in\n        \
             \"${{NIX_STORE:-none}}\"/*|-L/*)\n            \
             dir=\"${{p#-L}}\"\n            \
             if [ -n \"${{NIX_STORE-}}\" ] && [[ \"$dir\" = \"$NIX_STORE\"/* ]]; then extraAfter+=(-rpath \"$dir\"); fi\n            ;;\n    \
             esac\ndone\n"
        ));
        if self.dialect == Dialect::Of2026 {
            text.push_str(&format!(
                "if [[ -e {0}/nix-support/ld-wrapper-hook ]]; then\n    \
                 source {0}/nix-support/ld-wrapper-hook\nfi\n",
                out
            ));
        }
        text.push_str(&end(
            &program.display().to_string(),
            "LD",
            self.linkers_response_file,
        ));
        text
    }

    fn clang_hook(&self, target: &str, flags: &str, abi: &str) -> String {
        match self.dialect {
            Dialect::Of2024 => format!(
                "needsTarget=true\n\n\
                 for p in \"${{params[@]}}\"; do\n    case \"$p\" in\n    \
                 --target=*) needsTarget=false ;;\n    esac\ndone\n\n\
                 if $needsTarget; then\n    extraBefore+=(-target {target} {flags})\nfi\n"
            ),
            Dialect::Of2026 => format!(
                "targetPassed=false\ntargetValue=\"\"\n\n\
                 for p in \"${{params[@]}}\"; do\n    case \"$p\" in\n    \
                 --target=*) targetPassed=true targetValue=\"${{p#*=}}\" ;;\n    esac\ndone\n\n\
                 if $targetPassed && [[ \"$targetValue\" != \"{target}\" ]]; then\n    \
                 echo \"Warning: another target\" >&2\n\
                 elif [[ $0 != *cpp ]]; then\n    extraBefore+=(-target {target} {flags})\n\n    \
                 if [[ \"{abi}\" != \"\" ]]; then\n        extraBefore+=(-mabi={abi})\n    fi\nfi\n\n\
                 if [[ \"{}\" ]]; then\n    extraBefore+=(-Werror=unguarded-availability)\nfi\n",
                self.darwin
                    .as_ref()
                    .map_or("", |darwin| &darwin.min_version)
            ),
        }
    }

    fn darwin_hook(&self, darwin: &Darwin) -> String {
        let Darwin {
            min_version,
            min_version_variable,
            platform,
            sdk_version,
            ..
        } = darwin;
        format!(
            "havePlatformVersionFlag=\n\naccumulateRoles\n\n\
             mangleVarSingle {min_version_variable} ${{role_suffixes[@]}}\n\n\
             n=0\nnParams=${{#params[@]}}\nwhile (( n < nParams )); do\n    case \"${{params[n]}}\" in\n        \
             -platform_version)\n            havePlatformVersionFlag=1\n            ;;\n    esac\n    n=$((n + 1))\ndone\n\n\
             if [ ! \"$havePlatformVersionFlag\" ]; then\n    \
             extraBefore+=(-platform_version {platform} \"${{{min_version_variable}_{}:-{min_version}}}\" {sdk_version})\nfi\n",
            self.salt
        )
    }
}

/// Returns the end of all long scripts.
fn end(program: &str, kind: &str, response_file: bool) -> String {
    let default = u8::from(response_file);
    let all = "${extraBefore+\"${extraBefore[@]}\"} \"$@\" ${extraAfter+\"${extraAfter[@]}\"}";
    format!(
        "if (( \"${{NIX_DEBUG:-0}}\" >= 1 )); then\n    \
         echo \"extra flags before to {program}:\" >&2\nfi\n\
         export PATH=\"$path_backup\"\n\
         if (( \"${{NIX_{kind}_USE_RESPONSE_FILE:-{default}}}\" >= 1 )); then\n    \
         responseFile=$(mktemp)\n    printf \"%q\\n\" {all} > \"$responseFile\"\n    \
         {program} \"@$responseFile\"\nelse\n    exec {program} {all}\nfi\n"
    )
}

/// Returns the path of the bash that runs them.
pub fn shell() -> String {
    let bash = which::which("bash").unwrap();
    bash.display().to_string()
}

/// Writes an executable script.
pub fn script(path: &Path, text: &str) {
    write(path, text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
