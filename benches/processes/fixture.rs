//! The files that the calls need: wrapped roots like those of nixpkgs, a store
//! of packages, and stand-ins for the real tools.

use std::env::consts::ARCH;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Result;
use crate::environment::{salt, store_name, store_path};

pub const PACKAGES: usize = 60;

/// The content of a package's `lib` besides the library itself.
const BESIDE: [&str; 4] = ["libNAME.a", "libNAME.la", "libNAME.so.1", "libNAME.so.1.0"];

pub struct Fixture {
    dir: TempDir,
    pub packages: Vec<Package>,
}

pub struct Package {
    pub name: String,
    pub path: PathBuf,
}

impl AsRef<Path> for Package {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

impl Fixture {
    pub fn new() -> Result<Fixture> {
        let dir = tempfile::Builder::new()
            .prefix("cc-wrapper-bench-")
            .tempdir()?;
        let mut fixture = Fixture {
            dir,
            packages: Vec::new(),
        };
        fs::create_dir(fixture.temporary())?;
        fixture.lay_programs()?;
        fixture.lay_roots()?;
        for n in 0..PACKAGES {
            let package = fixture.lay_package(format!("library{n}"))?;
            fixture.packages.push(package);
        }
        Ok(fixture)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// Returns the directory where the wrapped calls may write.
    pub fn temporary(&self) -> PathBuf {
        self.path("tmp")
    }

    pub fn floor(&self) -> PathBuf {
        self.path("tools/floor")
    }

    /// Returns the stand-in for the real tool.
    pub fn stand_in(&self, tool: &str) -> PathBuf {
        self.path("tools").join(tool)
    }

    /// Returns the path of the wrapped tool, as a build in a nix-shell finds
    /// it.
    pub fn wrapped(&self, tool: &str) -> PathBuf {
        let root = match tool {
            "gcc" => "gcc-wrapper",
            "clang" => "clang-wrapper",
            _ => "bintools-wrapper",
        };
        self.path(root).join("bin").join(tool)
    }

    fn lay_programs(&self) -> Result<()> {
        fs::create_dir(self.path("tools"))?;
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/processes");
        for (source, program) in [
            ("floor.S", self.floor()),
            ("stand_in.S", self.stand_in("gcc")),
        ] {
            let status = Command::new("cc")
                .args(["-nostdlib", "-static", "-o"])
                .arg(program)
                .arg(sources.join(source))
                .status()?;
            if !status.success() {
                return Err(format!("cc cannot build {source}: {status}").into());
            }
        }
        for tool in ["clang", "ld"] {
            fs::copy(self.stand_in("gcc"), self.stand_in(tool))?;
        }
        Ok(())
    }

    fn lay_roots(&self) -> Result<()> {
        let (glibc, gcc) = (store_path("glibc-2.40"), store_path("gcc-14.2.0"));
        let loader = match ARCH {
            "aarch64" => "ld-linux-aarch64.so.1",
            _ => "ld-linux-x86-64.so.2",
        };
        let bintools = self.path("bintools-wrapper");
        let compiler_flags = [
            ("libc-crt1-cflags", format!("-B{glibc}/lib/\n")),
            (
                "libc-cflags",
                format!(
                    "-idirafter {glibc}-dev/include\n-idirafter {gcc}/lib/gcc/x/14.2.0/include-fixed\n"
                ),
            ),
            ("libc-ldflags", String::new()),
            ("cc-cflags", format!(" -B{gcc}-lib/lib\n")),
            ("cc-ldflags", format!(" -L{gcc}-lib/lib\n")),
            (
                "cc-cflags-before",
                " -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer \n".into(),
            ),
            ("libcxx-cxxflags", String::new()),
            ("libcxx-ldflags", String::new()),
            ("orig-cc", format!("{gcc}\n")),
            ("orig-libc", format!("{glibc}\n")),
            ("orig-libc-dev", format!("{glibc}-dev\n")),
        ];
        let linker_flags = [
            ("libc-ldflags", format!("-L{glibc}/lib\n")),
            ("dynamic-linker", format!("{glibc}/lib/{loader}\n")),
            ("ld-set-dynamic-linker", String::new()),
            ("orig-bintools", store_path("binutils-2.43") + "\n"),
            ("orig-libc", format!("{glibc}\n")),
        ];
        let tool = |tool: &str, role| json!({"role": role, "program": self.stand_in(tool)});
        self.lay_root(
            "gcc-wrapper",
            &json!({
                "version": 1, "suffixSalt": salt(), "compiler": "gcc", "bintools": bintools,
                "tools": {
                    "c++": tool("gcc", "c++"), "cc": tool("gcc", "cc"), "cpp": tool("gcc", "cpp"),
                    "g++": tool("gcc", "c++"), "gcc": tool("gcc", "cc"),
                },
                "hardeningUnsupported": ["pacret"],
            }),
            &compiler_flags,
        )?;
        self.lay_root(
            "clang-wrapper",
            &json!({
                "version": 1, "suffixSalt": salt(), "compiler": "clang", "bintools": bintools,
                "tools": {
                    "c++": tool("clang", "c++"), "cc": tool("clang", "cc"), "clang": tool("clang", "cc"),
                    "clang++": tool("clang", "c++"), "cpp": tool("clang", "cpp"),
                },
                "hardeningUnsupported": ["pacret"],
                "useResponseFile": true,
                "defaultTarget": format!("{ARCH}-unknown-linux-gnu"),
            }),
            &compiler_flags,
        )?;
        self.lay_root(
            "bintools-wrapper",
            &json!({
                "version": 1, "suffixSalt": salt(), "compiler": "gcc",
                "tools": {"ld": tool("ld", "ld"), "ld.bfd": tool("ld", "ld"), "ld.gold": tool("ld", "ld")},
            }),
            &linker_flags,
        )
    }

    fn lay_root(&self, name: &str, toolchain: &Value, files: &[(&str, String)]) -> Result<()> {
        let (bin, support) = (
            self.path(name).join("bin"),
            self.path(name).join("nix-support"),
        );
        fs::create_dir_all(&bin)?;
        fs::create_dir(&support)?;
        fs::copy(env!("CARGO_BIN_EXE_cc-wrapper"), bin.join("cc-wrapper"))?;
        for tool in toolchain["tools"].as_object().into_iter().flatten() {
            symlink("cc-wrapper", bin.join(tool.0))?;
        }
        fs::write(support.join("toolchain.json"), format!("{toolchain:#}\n"))?;
        for (file, text) in files {
            fs::write(support.join(file), text)?;
        }
        Ok(())
    }

    fn lay_package(&self, name: String) -> Result<Package> {
        let path = self.store().join(store_name(&format!("{name}-1.0")));
        fs::create_dir_all(path.join("include"))?;
        fs::create_dir_all(path.join("lib/pkgconfig"))?;
        fs::write(path.join(format!("lib/lib{name}.so")), "")?;
        for file in BESIDE {
            fs::write(path.join("lib").join(file.replace("NAME", &name)), "")?;
        }
        Ok(Package { name, path })
    }

    /// Writes a response file of about that many bytes with names of objects.
    pub fn response_file(&self, megabytes: usize) -> Result<PathBuf> {
        let objects = (0..).map(|n| format!("build/src/module{}/object{n}.o\n", n % 97));
        let mut text = String::new();
        for object in objects {
            if text.len() >= megabytes << 20 {
                break;
            }
            text.push_str(&object);
        }
        let path = self.path(&format!("objects{megabytes}.rsp"));
        fs::write(&path, text)?;
        Ok(path)
    }
}
