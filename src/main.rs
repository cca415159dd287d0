//! The `rcosign` binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    rcosign::main(std::env::args_os().collect())
}
