//! Finds the known word that is most like an unknown one.

/// The word that is most like this one, if there is one that is like it at all.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Treats `logLevel`, `log-level` and `LOG_LEVEL` as the same word.
    let bare = |word: &str| {
        word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let word = bare(word);
    let likeness = |known: &str| strsim::jaro_winkler(&word, &bare(known));
    let best = known
        .map(|known| (likeness(known), known))
        .max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// Advice for an unknown word: the known ones, and the most similar of them.
pub(super) fn advise(word: &str, known: &[&str]) -> String {
    let list = format!("there are: {}", known.join(", "));
    match nearest(word, known.iter().copied()) {
        Some(similar) => format!("did you mean `{similar}`? {list}"),
        None => list,
    }
}
