//! The processes of this machine, as Linux lists them in `/proc`. On other systems the list is
//! empty.

use std::collections::BTreeSet;
use std::fs;

/// A process. Its id and its start time together identify it, since ids are reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessEntry {
    pub(crate) id: u32,
    pub(crate) parent: u32,
    group: u32,
    /// When it started, in ticks of the kernel's clock.
    pub(crate) start: u64,
}

/// All processes that have not ended.
pub(crate) fn processes() -> Vec<ProcessEntry> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id: u32| parse_stat(id, &read_stat(id)?))
        .filter(|(_, has_ended)| !has_ended)
        .map(|(entry, _)| entry)
        .collect()
}

/// When a process started. Also known of one that has ended, until it is reaped.
pub(crate) fn start_time(id: u32) -> Option<u64> {
    parse_stat(id, &read_stat(id)?).map(|(entry, _)| entry.start)
}

/// The ids of a process, of all its descendants, and of the members of a group that it or one of
/// them leads: processes whose parent has ended stay in their group.
pub(crate) fn process_tree(root: u32, table: &[ProcessEntry]) -> BTreeSet<u32> {
    let mut tree = BTreeSet::from([root]);
    loop {
        let before = tree.len();
        let members =
            table.iter().filter(|one| tree.contains(&one.parent) || tree.contains(&one.group));
        let more: Vec<_> = members.map(|one| one.id).collect();
        tree.extend(more);
        if tree.len() == before {
            return tree;
        }
    }
}

fn read_stat(id: u32) -> Option<String> {
    fs::read_to_string(format!("/proc/{id}/stat")).ok()
}

/// Parses `/proc/<pid>/stat`, and also returns whether the process has ended. The name in field 2
/// may have spaces, and ends with the last parenthesis. State, parent and group follow; the start
/// time is field 22.
fn parse_stat(id: u32, stat: &str) -> Option<(ProcessEntry, bool)> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<_> = fields.split_ascii_whitespace().collect();
    let has_ended = *fields.first()? == "Z";
    let entry = ProcessEntry {
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
            parse_stat(7, stat),
            Some((ProcessEntry { id: 7, parent: 5, group: 6, start: 4711 }, false))
        );
        assert_eq!(
            parse_stat(7, &stat.replace(" S ", " Z ")).map(|(_, has_ended)| has_ended),
            Some(true)
        );
        assert_eq!(parse_stat(7, "7 (a) S 5"), None);
    }

    #[test]
    fn a_tree_has_children_of_children_and_those_of_their_groups() {
        let entry = |id, parent, group| ProcessEntry { id, parent, group, start: 0 };
        let table = [
            entry(2, 1, 2),
            entry(3, 2, 2),
            entry(5, 4, 5),
            entry(4, 3, 4),
            entry(6, 1, 5),
            entry(7, 1, 7),
            entry(8, 1, 2),
        ];
        assert_eq!(process_tree(2, &table).into_iter().collect::<Vec<_>>(), [2, 3, 4, 5, 6, 8]);
    }
}
