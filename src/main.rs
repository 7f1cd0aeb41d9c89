//! Who was called? A tool: plan and exec. Ourselves: the command.

mod command;

fn main() -> std::process::ExitCode {
    command::main(std::env::args_os())
}
