//! The program: see [`cupola::cli`].

fn main() -> std::process::ExitCode {
    cupola::cli::main()
}
