//! A machine with nothing on it but a few of Debian's packages: a root
//! directory of its own, which a shell is locked into.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::{command, run, skipped, tool};

/// Where a shell begins.
pub const HOME: &str = "/home/you";

/// What container images leave out of packages.
const LEFT_OUT: [&str; 5] = ["doc", "info", "lintian", "locale", "man"];

/// Links of machines whose /usr was merged, of which no package tells.
const MERGED: [&str; 5] = ["bin", "lib", "lib32", "lib64", "sbin"];

/// Has /proc and /dev/null in the root that the first argument names, unless
/// the second is empty, and becomes the rest, with no other variables than it
/// sets.
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
    /// As machines have them: /proc, and a /dev/null that is no plain file.
    pub mounts: bool,
}

impl BareRoot {
    /// With the files of these packages and of all that they depend on, and
    /// with those of `alone`. `None`: this machine cannot have one.
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

    /// What `place`, an absolute path in there, is from without.
    pub fn path(&self, place: &str) -> PathBuf {
        self.dir.path().join(place.strip_prefix('/').unwrap())
    }

    /// A program in there, with these variables, `NAME=VALUE`, and no others.
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

    /// A shell as one has it after logging in.
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

    /// Copies, as what is done in there must not reach the machine's files.
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

/// A shell that somebody types into.
pub struct Shell {
    process: Child,
    types: ChildStdin,
    reads: BufReader<ChildStdout>,
}

impl Shell {
    /// The status of these lines, and all that they print.
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

/// dpkg's packages, by their names.
struct Installed(BTreeMap<String, Package>);

struct Package {
    /// With its architecture, where several may have this name.
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

    /// All that are needed, as dpkg calls them; `None`: one is not installed.
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
