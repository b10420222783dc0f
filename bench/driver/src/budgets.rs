//! The budgets of fg, from `budgets.toml`.

/// The budget of this name.
pub(crate) fn budget(name: &str) -> Option<f64> {
    include_str!("../../../budgets.toml").lines().find_map(|line| {
        let (key, rest) = line.split_once('=')?;
        let number = rest.split('#').next()?.trim();
        (key.trim() == name).then(|| number.parse().ok())?
    })
}
