//! The program: everything happens in the library.

/// Facts are many small values that live for one file.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pgsift::cli::main()
}
