//! CC_WRAPPER_LAUNCHER: compile steps run by ccache, distcc and similar
//! programs.

mod common;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use common::{command, greet, release_binary, run, run_alone, runpath, tool, wrap, wrapped, write};
use tempfile::TempDir;

/// A wrapped root, and a program with its header and library in a separate
/// prefix.
struct Place(TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        wrap(&place.path("root"), ["--no-check"]);
        greet::lay(place.0.path());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, text: &str) -> PathBuf {
        write(&self.path(name), text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
        self.path(name)
    }

    fn tool(&self, name: &str, launcher: &str) -> Command {
        let mut command = wrapped(
            &self.path("root"),
            &[&self.path("greet")],
            self.path("root/bin").join(name),
        );
        command
            .current_dir(self.0.path())
            .env("CC_WRAPPER_LAUNCHER", launcher);
        command
    }

    /// Creates a launcher that records its arguments and runs them.
    fn noting(&self) -> String {
        let log = self.path("log").display().to_string();
        let text =
            format!("#!/bin/sh\nprintf '[%s]' \"$@\" >> {log}\necho >> {log}\nexec \"$@\"\n");
        format!("'{}'", self.script("a launcher", &text).display())
    }

    fn noted(&self) -> String {
        let log = fs::read_to_string(self.path("log")).unwrap_or_default();
        let _ = fs::remove_file(self.path("log"));
        log
    }
}

#[test]
fn a_compile_step_is_launched_and_nothing_else() {
    let place = Place::new();
    let gcc = which::which("gcc").unwrap();
    let gcc = fs::canonicalize(gcc).unwrap();
    let launcher = place.noting();
    let noted = |name: &str, line: &str| {
        run(place.tool(name, &launcher).args(line.split(' ')));
        place.noted()
    };
    let log = noted("gcc", "-c main.c -o main.o");
    assert_eq!(log.lines().count(), 1);
    let include = place.path("greet/include").display().to_string();
    assert!(
        log.ends_with(&format!("[-c][main.c][-o][main.o][-isystem][{include}]\n")),
        "{log}"
    );
    let program = log[1..].split(']').next().unwrap();
    assert_eq!(fs::canonicalize(program).unwrap(), gcc, "the real compiler");

    for line in [
        "-S main.c -o main.s",
        "-x c-header greet/include/greet.h -o greet.gch",
    ] {
        assert_eq!(noted("gcc", line).lines().count(), 1, "{line}");
    }
    for line in [
        "main.o -lgreet -o main",
        "main.c -lgreet -o main",
        "-E main.c -o main.i",
        "-M main.c",
        "-MM -c main.c -o main.d",
        "-fsyntax-only main.c",
        "--version",
        "-v",
        "-dumpmachine",
        "-print-prog-name=ld",
    ] {
        assert_eq!(noted("gcc", line), "", "{line}");
    }
    assert_eq!(noted("ld", "-r main.o -o all.o"), "");
    assert_eq!(runpath(&place.path("main")), [place.path("greet/lib")]);
    assert_eq!(run_alone(&place.path("main")), "hello\n");
}

#[test]
fn the_early_start_leaves_a_launcher_to_the_ordinary_one() {
    let place = Place::new();
    let binary = place.path("root/bin/cc-wrapper");
    fs::remove_file(&binary).unwrap();
    symlink(release_binary(), binary).unwrap();
    let launcher = place.noting();
    run(place.tool("gcc", &launcher).args(["-c", "main.c"]));
    assert_eq!(place.noted().lines().count(), 1);
    run(place.tool("gcc", "").args(["-c", "main.c"]));
}

fn fails(output: &Output, status: i32, part: &str) {
    let line = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(
        (output.status.code(), line.lines().count()),
        (Some(status), 1),
        "{line}"
    );
    assert!(line.contains(part), "{line}");
}

#[test]
fn a_launcher_that_cannot_be_run() {
    let place = Place::new();
    let output = |launcher: &str| {
        place
            .tool("gcc", launcher)
            .args(["-c", "main.c"])
            .output()
            .unwrap()
    };
    fails(
        &output("ccahe --flag"),
        127,
        "gcc: cannot use CC_WRAPPER_LAUNCHER: no program ccahe on PATH; install it, or unset CC_WRAPPER_LAUNCHER",
    );
    fails(&output("'ccache"), 127, "a quote has no end");
    fails(&output("/etc/passwd"), 127, "no program /etc/passwd");
    assert!(output("  ").status.success(), "blank is none");
    let not_needed = place
        .tool("gcc", "ccahe")
        .arg("--version")
        .output()
        .unwrap();
    assert!(not_needed.status.success());
    let link = place
        .tool("gcc", "ccahe")
        .args(["main.c", "-lgreet"])
        .output()
        .unwrap();
    assert!(link.status.success());
}

#[test]
fn a_launcher_gets_a_response_file_that_other_processes_can_read() {
    let place = Place::new();
    fs::create_dir(place.path("tmp")).unwrap();
    // It asks somebody else to read the file, as a client of a server does.
    let text = "#!/bin/sh\n[ \"${2#@}\" != \"$2\" ] && exec 3<&- && \"$1\" \"$2\"\n";
    let launcher = place.script("launcher", text).display().to_string();
    let mut gcc = place.tool("gcc", &launcher);
    gcc.env("NIX_CC_USE_RESPONSE_FILE", "1")
        .env("TMPDIR", place.path("tmp"));
    run(gcc.args(["-c", "main.c", "-o", "main.o"]));
    assert!(place.path("main.o").exists());
    assert_eq!(fs::read_dir(place.path("tmp")).unwrap().count(), 0);
}

#[test]
fn ccache_finds_what_was_really_compiled() {
    if tool("ccache").is_none() {
        return;
    }
    let place = Place::new();
    let ccache = |gcc: &mut Command| {
        gcc.env("CCACHE_DIR", place.path("cache"))
            .env("CCACHE_NOHASHDIR", "1")
            .args(["-c", "main.c", "-o", "main.o"]);
        let _ = fs::remove_file(place.path("main.o"));
        run(gcc);
        assert!(place.path("main.o").exists());
    };
    // Hits and misses so far.
    let counted = || {
        let mut ccache = command("ccache");
        let statistics = run(ccache
            .arg("--print-stats")
            .env("CCACHE_DIR", place.path("cache")));
        let count = |name: &str| -> u32 {
            let line = statistics.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().parse().unwrap()
        };
        (
            count("direct_cache_hit") + count("preprocessed_cache_hit"),
            count("cache_miss"),
        )
    };
    for compiler in ["gcc", "clang"] {
        if tool(compiler).is_none() {
            continue;
        }
        let _ = fs::remove_dir_all(place.path("cache"));
        ccache(&mut place.tool(compiler, "ccache"));
        assert_eq!(counted(), (0, 1));
        ccache(&mut place.tool(compiler, "ccache"));
        assert_eq!(counted(), (1, 1), "{compiler}: the second time it is there");
        let large = format!("-DNOT_USED=\"{}\"", "x y\t".repeat(100));
        for hits in [1, 2] {
            let mut gcc = place.tool(compiler, "ccache");
            ccache(
                gcc.env("NIX_CC_USE_RESPONSE_FILE", "1")
                    .args([&large, "-frandom-seed=file"]),
            );
            assert_eq!(counted(), (hits, 2), "{compiler}: through a response file");
        }
        // A flag that only the environment brings is part of what is compiled.
        let mut gcc = place.tool(compiler, "ccache");
        let include = place.path("greet/include").display().to_string();
        ccache(gcc.env(
            "NIX_CFLAGS_COMPILE",
            format!("-isystem {include} -frandom-seed=new"),
        ));
        assert_eq!(counted(), (2, 3));
    }
}

/// A server on this machine. It is stopped at the end of the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn distccd(log: &Path) -> (Server, u16) {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = command("distccd");
    server
        .args([
            "--no-detach",
            "--daemon",
            "--listen",
            "127.0.0.1",
            "--allow",
            "127.0.0.1",
        ])
        .args([
            "--enable-tcp-insecure",
            "--log-level",
            "info",
            "--jobs",
            "2",
            "--port",
        ])
        .arg(port.to_string())
        .arg("--log-file")
        .arg(log)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let server = Server(server.spawn().unwrap());
    for _ in 0..3000 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    (server, port)
}

#[test]
fn distcc_gets_the_object_from_a_server() {
    if tool("distcc").is_none() || tool("distccd").is_none() {
        return;
    }
    let place = Place::new();
    // The server drops to an ordinary user, who writes here.
    let log = place.path("distccd.log");
    write(&log, "");
    for path in [place.0.path(), &log] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::create_dir(place.path("distcc")).unwrap();
    let (_server, port) = distccd(&log);
    let mut gcc = place.tool("gcc", "distcc");
    gcc.env("DISTCC_HOSTS", format!("127.0.0.1:{port}"))
        .env("DISTCC_FALLBACK", "0")
        .env("DISTCC_BACKOFF_PERIOD", "0")
        .env("DISTCC_DIR", place.path("distcc"));
    run(gcc.args(["-c", "main.c", "-o", "main.o"]));
    // The server writes it when the client has what it wants.
    let told = |log: &str| log.contains("COMPILE_OK") && log.contains("main.c");
    let mut text = String::new();
    for _ in 0..1000 {
        text = fs::read_to_string(&log).unwrap();
        if told(&text) {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    assert!(told(&text), "{text}");
    run(place
        .tool("gcc", "distcc")
        .args(["main.o", "-lgreet", "-o", "main"]));
    assert_eq!(run_alone(&place.path("main")), "hello\n");
}
