//! Nix without network or daemon: its own store, and a stand-in for nixpkgs.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{command, release_binary, run, tool};

/// Where Nix stores what it builds, and for which user.
pub struct Nix {
    /// Contains our default.nix.
    source: PathBuf,
    dir: PathBuf,
    is_ordinary_user: bool,
}

/// Drops root's privileges, if the tests run as root.
const AS_NOBODY: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

impl Nix {
    /// Runs Nix as the user of the tests and keeps earlier builds. `None` if
    /// this machine has no Nix.
    pub fn new() -> Option<Nix> {
        tool("nix-build")?;
        // Nix takes no store behind a symlink.
        let dir = fs::canonicalize(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Some(Nix {
            source: PathBuf::from(env!("CARGO_MANIFEST_DIR")),
            dir: dir.join("nix"),
            is_ordinary_user: false,
        })
    }

    /// Runs Nix as a user who owns only the directory `dir`, with a copy of our
    /// sources in it.
    pub fn of_nobody(dir: &Path) -> Option<Nix> {
        tool("nix-build")?;
        tool("setpriv")?;
        let dir = fs::canonicalize(dir).unwrap();
        let source = dir.join("source");
        copy_sources(&source);
        fs::copy(release_binary(), source.join("built")).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        run(command("chown").args(["-R", "65534:65534"]).arg(&dir));
        Some(Nix {
            source,
            dir,
            is_ordinary_user: true,
        })
    }

    /// Returns the directory that stands for `/nix`.
    pub fn directory(&self) -> &Path {
        &self.dir
    }

    /// Returns a Nix command in the directory of our sources. The package is
    /// replaced by the release build that tests share.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.building_the_package(program);
        command.env(
            "CC_WRAPPER_TEST_PACKAGE",
            match self.is_ordinary_user {
                true => self.source.join("built"),
                false => release_binary().to_path_buf(),
            },
        );
        command
    }

    /// The same, but the package is built as its users build it.
    pub fn building_the_package(&self, program: &str) -> Command {
        let mut command = match self.is_ordinary_user {
            true => {
                let mut command = command(AS_NOBODY[0]);
                command
                    .args(&AS_NOBODY[1..])
                    .arg(program)
                    .env("HOME", &self.dir);
                command
            }
            false => command(program),
        };
        let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let cargo_home =
            cargo_home.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cargo")));
        for (variable, directory) in [
            ("NIX_STORE_DIR", "store"),
            ("NIX_STATE_DIR", "var"),
            ("NIX_LOG_DIR", "log"),
            ("NIX_CONF_DIR", "etc"),
        ] {
            command.env(variable, self.dir.join(directory));
        }
        command
            .current_dir(&self.source)
            // Without these, each build waits for the network, and runs as a
            // user who cannot read the toolchain.
            .env(
                "NIX_CONFIG",
                "substituters =\nbuild-users-group =\nsandbox = false\n\
                 experimental-features = nix-command flakes",
            )
            .env("NIX_PATH", "nixpkgs=tests/nix/nixpkgs")
            .env("CC_WRAPPER_TEST_CARGO_HOME", cargo_home.unwrap_or_default())
            // Not rustup's stand-ins, which want its directories.
            .env(
                "CC_WRAPPER_TEST_RUST_BIN",
                Path::new(env!("CARGO")).parent().unwrap(),
            );
        command
    }

    /// Builds an attribute of a file and returns its store path.
    pub fn build(&self, file: &str, attribute: &str) -> PathBuf {
        let mut build = self.command("nix-build");
        let said = run(build.args(["--no-out-link", file, "-A", attribute]));
        PathBuf::from(said.trim_end())
    }
}

/// Copies the sources that Nix reads into a new directory.
pub fn copy_sources(to: &Path) {
    fs::create_dir(to).unwrap();
    for name in [
        ".cargo",
        "Cargo.lock",
        "Cargo.toml",
        "benches",
        "build.rs",
        "default.nix",
        "flake.nix",
        "nix",
        "src",
        "tests",
        "wrapper-templates",
    ] {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        run(command("cp").arg("-r").arg(original).arg(to));
    }
}
