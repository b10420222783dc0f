//! Questions on a terminal before something is changed on the platform.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::{Exit, Failure};
use crate::printable::{Form, printable};

/// Asks a question that is answered with yes or no; `yes` is the answer of `--yes`. No answer is
/// no.
///
/// Without a terminal and without `--yes`, it is an error of the command line.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    let answer = ask(&format!("{question} [y/N] "))?;
    Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The error of [`confirm`] without a terminal, before work that would be in vain.
pub(crate) fn check_terminal(yes: bool) -> Result<(), Failure> {
    if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    Err(Failure::usage("this has to be confirmed, and there is no terminal to ask on")
        .advise("add --yes to do it without a question"))
}

/// Asks for a name, to confirm what cannot be undone; `yes` is the answer of `--yes`.
pub(crate) fn confirm_name(question: &str, name: &str, yes: bool) -> Result<bool, Failure> {
    Ok(yes || ask(&format!("{question} "))? == name)
}

/// The failure of a command whose question was not answered with yes.
pub(crate) fn declined() -> Failure {
    Failure::new(Exit::Failed, "not confirmed: nothing was changed")
}

fn ask(question: &str) -> Result<String, Failure> {
    check_terminal(false)?;
    let (input, mut screen) = (io::stdin(), io::stderr());
    // What is not written is seen by the user, who can still answer.
    let _ = screen.write_all(printable(question, Form::Text).as_bytes());
    let _ = screen.flush();
    let mut answer = String::new();
    input
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failure::machine("the answer cannot be read", &error))?;
    if !answer.ends_with('\n') {
        // The end of input leaves the cursor behind the question.
        let _ = writeln!(screen);
    }
    Ok(answer.trim().to_owned())
}
