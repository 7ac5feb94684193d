//! The program. The module [`cupola::cli`] has its code.

fn main() -> std::process::ExitCode {
    cupola::cli::main()
}
