//! A library in its own prefix, and a program that needs it.

use std::fs;
use std::path::Path;

use super::{command, run, write};

/// Creates the prefix `greet` and `main.c` in a directory.
pub fn lay(directory: &Path) {
    let prefix = directory.join("greet");
    write(
        &prefix.join("greet.c"),
        "const char *greet(void) { return \"hello\"; }\n",
    );
    write(
        &prefix.join("include/greet.h"),
        "const char *greet(void);\n",
    );
    let main =
        "#include <greet.h>\n#include <stdio.h>\nint main(void) { puts(greet()); return 0; }\n";
    write(&directory.join("main.c"), main);
    fs::create_dir(prefix.join("lib")).unwrap();
    run(command("cc")
        .args(["-shared", "-fPIC", "greet.c", "-o", "lib/libgreet.so"])
        .current_dir(prefix));
}
