//! The program: everything happens in the library.

/// A check makes and drops millions of small objects on all processors, where the system's allocator spends a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pgsift::cli::main()
}
