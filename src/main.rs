//! The program. All of it is in the library, which the tests link as well: it is compiled once.

use std::process::ExitCode;

fn main() -> ExitCode {
    parlour::command_line::main()
}
