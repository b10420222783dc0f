//! The function of fg-emulator's tests, for those of the callers of functions.

#[path = "../../fg-emulator/examples/scripted.rs"]
mod scripted;

fn main() -> std::io::Result<()> {
    scripted::main()
}
