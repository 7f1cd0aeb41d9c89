//! A machine with only a few Debian packages: a separate root directory for a
//! shell in a chroot.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::{command, run, skipped, tool};

/// The directory in which the shell starts.
pub const HOME: &str = "/home/you";

/// Directories that container images omit from packages.
const LEFT_OUT: [&str; 5] = ["doc", "info", "lintian", "locale", "man"];

/// Symlinks on machines with a merged /usr, which belong to no package.
const MERGED: [&str; 5] = ["bin", "lib", "lib32", "lib64", "sbin"];

/// Mounts /proc and /dev/null in the root $1, unless $2 is empty, and execs the
/// other arguments with no variables except those they set.
const ENTER: &str = r#"
root=$1 mounts=$2
shift 2
if [ "$mounts" ]; then
    mount --rbind /proc "$root/proc"
    mount --bind /dev/null "$root/dev/null"
fi
exec env -i "$@"
"#;

pub struct BareRoot {
    dir: TempDir,
    chroot: PathBuf,
    /// Whether /proc and a real /dev/null are mounted, as on normal machines.
    pub mounts: bool,
}

impl BareRoot {
    /// Creates a root with the files of these packages and their dependencies,
    /// and with the files of `alone` without dependencies. `None` if this
    /// machine cannot.
    pub fn with(packages: &[&str], alone: &[&str]) -> Option<BareRoot> {
        for name in ["dpkg-query", "unshare", "mount"] {
            tool(name)?;
        }
        let installed = Installed::read();
        let Some(packages) = installed.closure(packages, alone) else {
            skipped(&format!("not installed: {packages:?} {alone:?}"));
            return None;
        };
        // An ordinary user's PATH may lack its directory.
        let chroot = which::which("chroot").unwrap_or_else(|_| "/usr/sbin/chroot".into());
        let root = BareRoot {
            dir: tempfile::tempdir().unwrap(),
            chroot,
            mounts: true,
        };
        root.lay(&packages);
        let entered = root.command(&[], "/bin/sh").args(["-c", ":"]).output();
        let entered = entered.unwrap();
        if !entered.status.success() {
            let why = String::from_utf8_lossy(&entered.stderr);
            skipped(&format!("no root of one's own: {}", why.trim_end()));
            return None;
        }
        Some(root)
    }

    /// Returns the outside path of `place`, an absolute path inside the root.
    pub fn path(&self, place: &str) -> PathBuf {
        self.dir.path().join(place.strip_prefix('/').unwrap())
    }

    /// Returns a program inside, with only these variables (`NAME=VALUE`).
    pub fn command(&self, variables: &[&str], program: &str) -> Command {
        let mut unshare = command("unshare");
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            unshare.arg("--map-root-user");
        }
        let mounts = if self.mounts { "mounts" } else { "" };
        unshare
            .args(["--mount", "sh", "-euc", ENTER, "sh"])
            .args([self.dir.path(), mounts.as_ref()])
            .args(variables)
            .args([&self.chroot, self.dir.path(), program.as_ref()]);
        unshare
    }

    /// Starts a shell as after a login.
    pub fn shell(&self) -> Shell {
        let variables = [
            "PATH=/usr/local/bin:/usr/bin:/bin",
            &format!("HOME={HOME}"),
            "LC_ALL=C",
        ];
        let mut shell = self.command(&variables, "/bin/sh");
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut shell = Shell {
            types: shell.stdin.take().unwrap(),
            reads: BufReader::new(shell.stdout.take().unwrap()),
            process: shell,
        };
        let began = shell.types("exec 2>&1 && cd");
        assert_eq!(began, (0, String::new()));
        shell
    }

    fn lay(&self, packages: &[String]) {
        let listed = run(command("dpkg-query").arg("--listfiles").args(packages));
        let merged = MERGED.iter().map(|name| Path::new("/").join(name));
        let listed = listed.lines().map(PathBuf::from);
        // Not remarks about what was diverted.
        for path in merged.chain(listed).filter(|path| path.is_absolute()) {
            if !LEFT_OUT
                .iter()
                .any(|name| path.starts_with(Path::new("/usr/share").join(name)))
            {
                self.lay_one(&path);
            }
        }
        for directory in ["/dev", "/proc", "/tmp", "/opt", "/usr/local/bin", HOME] {
            fs::create_dir_all(self.path(directory)).unwrap();
        }
        fs::set_permissions(self.path("/tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::write(self.path("/dev/null"), "").unwrap();
        // As the package gcc does when it is installed.
        fs::create_dir_all(self.path("/etc/alternatives")).unwrap();
        symlink("/usr/bin/gcc", self.path("/etc/alternatives/cc")).unwrap();
        symlink("/etc/alternatives/cc", self.path("/usr/bin/cc")).unwrap();
    }

    /// Copies files instead of linking them, so that changes inside do not
    /// reach the machine's own.
    fn lay_one(&self, path: &Path) {
        // To a place that no link leads to: one that is absolute would lead
        // out of there.
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return;
        };
        let Ok(parent) = parent.canonicalize() else {
            return;
        };
        let path = parent.join(name);
        let inside = path
            .components()
            .filter(|part| *part != Component::RootDir)
            .collect::<PathBuf>();
        let copy = self.dir.path().join(inside);
        // Images of containers lack some of a package's files.
        let Ok(file) = fs::symlink_metadata(&path) else {
            return;
        };
        if file.is_dir() {
            return fs::create_dir_all(&copy).unwrap();
        }
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        if !file.is_symlink() {
            fs::copy(&path, &copy).unwrap();
            return;
        }
        match symlink(fs::read_link(&path).unwrap(), &copy) {
            // Two packages may have the same one.
            Err(why) if why.kind() == ErrorKind::AlreadyExists => {}
            linked => linked.unwrap(),
        }
    }
}

/// A shell with typed input.
pub struct Shell {
    process: Child,
    types: ChildStdin,
    reads: BufReader<ChildStdout>,
}

impl Shell {
    /// Types these lines. Returns their exit status and all their output.
    pub fn types(&mut self, lines: &str) -> (i32, String) {
        const END: &str = "-- end of what was typed: ";
        writeln!(self.types, "{lines}\nprintf '\\n{END}%s\\n' $?").unwrap();
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let length = self.reads.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "the shell is gone: {lines}\n{text}");
            if let Some(status) = line.strip_prefix(END) {
                text.pop();
                return (status.trim_end().parse().unwrap(), text);
            }
            text.push_str(&line);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// dpkg's packages by name.
struct Installed(BTreeMap<String, Package>);

struct Package {
    /// The name with the architecture if several packages may have this name.
    called: String,
    depends: String,
}

impl Installed {
    fn read() -> Installed {
        let format = "${db:Status-Status}\t${Architecture}\t${Package}\t${binary:Package}\t\
                      ${Pre-Depends}, ${Depends}\n";
        let told = run(command("dpkg-query").args(["--show", "--showformat", format]));
        let fields: Vec<Vec<&str>> = told
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        let native = fields.iter().find(|fields| fields[2] == "dpkg").unwrap()[1];
        let packages = fields
            .iter()
            .filter(|fields| fields[0] == "installed" && [native, "all"].contains(&fields[1]))
            .map(|fields| {
                let package = Package {
                    called: fields[3].to_owned(),
                    depends: fields[4].to_owned(),
                };
                (fields[2].to_owned(), package)
            });
        Installed(packages.collect())
    }

    /// Returns all required packages by their dpkg names; `None` if one is not
    /// installed.
    fn closure(&self, packages: &[&str], alone: &[&str]) -> Option<Vec<String>> {
        let mut found = Vec::new();
        for name in alone {
            found.push(self.0.get(*name)?.called.clone());
        }
        let mut wanted: Vec<&str> = packages.to_vec();
        while let Some(name) = wanted.pop() {
            let package = self.0.get(name)?;
            if found.contains(&package.called) {
                continue;
            }
            found.push(package.called.clone());
            // `a (>= 1) | b, c:any`
            for choice in package.depends.split(',') {
                let mut names = choice
                    .split('|')
                    .filter_map(|one| one.split([' ', '(', ':']).find(|word| !word.is_empty()));
                wanted.extend(names.find(|name| self.0.contains_key(*name)));
            }
        }
        Some(found)
    }
}
