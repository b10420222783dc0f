//! Which process listens on a port: the function's, or another one.

/// Who accepts the connections to a port of loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux reports it"))]
pub(crate) enum ListenerOwner {
    /// The process, or one that it has started.
    Own,
    Other,
    /// The system does not report it.
    Unknown,
}

#[cfg(target_os = "linux")]
pub(crate) fn listener_owner(process: u32, port: u16) -> ListenerOwner {
    use super::sockets::{has_socket, is_hidden, link_of, listening_inodes};
    use super::table::{process_tree, processes};

    let Ok(inodes) = listening_inodes(port) else { return ListenerOwner::Unknown };
    let links: Vec<_> = inodes.into_iter().map(link_of).collect();
    let mut is_any_hidden = false;
    for id in process_tree(process, &processes()) {
        for link in &links {
            match has_socket(id, link) {
                Ok(true) => return ListenerOwner::Own,
                Ok(false) => {}
                // A process can hide its files, such as a program with file capabilities.
                Err(error) => is_any_hidden |= is_hidden(&error),
            }
        }
    }
    if is_any_hidden { ListenerOwner::Unknown } else { ListenerOwner::Other }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn listener_owner(_process: u32, _port: u16) -> ListenerOwner {
    ListenerOwner::Unknown
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listener_of_another_process_is_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        assert_eq!(listener_owner(std::process::id(), port), ListenerOwner::Own);
        let mut other =
            std::process::Command::new("sleep").arg("600").spawn().expect("there is sleep");
        let owner = listener_owner(other.id(), port);
        other.kill().expect("it runs");
        other.wait().expect("it ends");
        assert_eq!(owner, ListenerOwner::Other);
    }
}
