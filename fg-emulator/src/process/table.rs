//! The processes of this machine, as Linux tells them in `/proc`. Elsewhere there are none to be
//! seen.

use std::collections::BTreeSet;
use std::fs;

/// One process, of which its id and its start make sure that it is no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: u32,
    pub(crate) parent: u32,
    group: u32,
    /// In ticks of the kernel's clock.
    pub(crate) start: u64,
}

/// All that have not ended.
pub(crate) fn processes() -> Vec<Entry> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| entry_in(id, &stat_of(id)?))
        .filter(|(_, has_ended)| !has_ended)
        .map(|(entry, _)| entry)
        .collect()
}

/// Of one that has ended, too, until its parent has asked how.
pub(crate) fn start_of(id: u32) -> Option<u64> {
    entry_in(id, &stat_of(id)?).map(|(entry, _)| entry.start)
}

/// A process, all that it has started, and its group, where it leads one: what it has left behind
/// is there.
pub(crate) fn tree_of(root: u32, table: &[Entry]) -> BTreeSet<u32> {
    let mut tree = BTreeSet::from([root]);
    loop {
        let before = tree.len();
        let of_tree =
            table.iter().filter(|one| tree.contains(&one.parent) || tree.contains(&one.group));
        let more: Vec<_> = of_tree.map(|one| one.id).collect();
        tree.extend(more);
        if tree.len() == before {
            return tree;
        }
    }
}

fn stat_of(id: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{id}/stat")).ok()
}

/// And whether it has ended. The name in field 2 may have blanks, and ends with the last
/// parenthesis; state, parent and group follow; the start is field 22.
fn entry_in(id: u32, stat: &str) -> Option<(Entry, bool)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_ascii_whitespace().collect();
    let has_ended = *fields.first()? == "Z";
    let entry = Entry {
        id,
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    };
    Some((entry, has_ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_from_its_file() {
        let stat = "7 (a b) c) S 5 6 6 0 -1 4194304 100 0 0 0 150 25 0 0 20 0 1 0 4711 1 1\n";
        assert_eq!(
            entry_in(7, stat),
            Some((Entry { id: 7, parent: 5, group: 6, start: 4711 }, false))
        );
        assert_eq!(
            entry_in(7, &stat.replace(" S ", " Z ")).map(|(_, has_ended)| has_ended),
            Some(true)
        );
        assert_eq!(entry_in(7, "7 (a) S 5"), None);
    }

    #[test]
    fn a_tree_has_children_of_children_and_those_of_their_groups() {
        let entry = |id, parent, group| Entry { id, parent, group, start: 0 };
        let table = [
            entry(2, 1, 2),
            entry(3, 2, 2),
            entry(5, 4, 5),
            entry(4, 3, 4),
            entry(6, 1, 5),
            entry(7, 1, 7),
            entry(8, 1, 2),
        ];
        assert_eq!(tree_of(2, &table).into_iter().collect::<Vec<_>>(), [2, 3, 4, 5, 6, 8]);
    }
}
