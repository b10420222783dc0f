//! Chooses the triggers of one function among those of its package, with their passwords.

use super::FgMetadata;
use super::mistake::Mistake;
use super::path::KeyPath;
use super::resolve::Secrets;
use super::similar;
use super::triggers::is_pulled;
use crate::desired::Trigger;

/// The most triggers of a function for which the platform fetches messages.
const MAX_PULLED: usize = 10;

/// The triggers of this program: those of `timers`, then those of `triggers`.
pub(super) fn triggers(
    metadata: &FgMetadata,
    program: &str,
    secrets: Secrets,
) -> Result<Vec<Trigger>, Mistake> {
    let mut found: Vec<(KeyPath, Trigger)> = Vec::new();
    for (at, timer) in metadata.timers.iter().enumerate() {
        let path = KeyPath::of("timers").index(at);
        if is_for(metadata, timer.function.as_deref(), program, &path)? {
            let trigger = timer.trigger(&format!("timer-{}", at + 1));
            add(&mut found, path, trigger)?;
        }
    }
    for (at, one) in metadata.triggers.iter().enumerate() {
        let path = KeyPath::of("triggers").index(at);
        if is_for(metadata, one.function.as_deref(), program, &path)? {
            let mut trigger = one.trigger.clone();
            for (key, variable) in &trigger.references {
                let password = secrets.read(variable, &path.key(key))?;
                trigger.passwords.insert(key.clone(), password);
            }
            add(&mut found, path, trigger)?;
        }
    }
    Ok(found.into_iter().map(|(_, trigger)| trigger).collect())
}

/// Whether a trigger with this `function` is for this program.
fn is_for(
    metadata: &FgMetadata,
    function: Option<&str>,
    program: &str,
    path: &KeyPath,
) -> Result<bool, Mistake> {
    let programs: Vec<_> = metadata.programs.iter().map(String::as_str).collect();
    match function {
        None if programs.len() > 1 => {
            Err(Mistake::new(path.clone(), "it does not name its function")
                .advise(format!("add function = \"{}\"", programs.join("|"))))
        }
        Some(name) if !programs.is_empty() && !programs.contains(&name) => {
            Err(Mistake::new(path.key("function"), "there is no such function")
                .advise(similar::advise(name, &programs)))
        }
        function => Ok(function.is_none_or(|name| name == program)),
    }
}

fn add(
    found: &mut Vec<(KeyPath, Trigger)>,
    path: KeyPath,
    trigger: Trigger,
) -> Result<(), Mistake> {
    let same = found.iter().find(|(_, other)| {
        trigger.is_same(&other.type_code, &other.settings)
            && other.is_same(&trigger.type_code, &trigger.settings)
    });
    if let Some((other, _)) = same {
        return Err(Mistake::new(path, format!("it is the same trigger as {other}")));
    }
    let pulled = found.iter().filter(|(_, other)| is_pulled(other)).count();
    if is_pulled(&trigger) && pulled >= MAX_PULLED {
        let reason = format!(
            "a function has at most {MAX_PULLED} triggers whose messages the platform fetches"
        );
        return Err(Mistake::new(path, reason));
    }
    found.push((path, trigger));
    Ok(())
}
