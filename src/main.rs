//! The `rcosign` binary: parse, run, exit code.

fn main() -> std::process::ExitCode {
    rcosign::cli::main(std::env::args_os().collect())
}
