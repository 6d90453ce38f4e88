//! Reads `/proc`: which processes descend from one, what they use and what they listen on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use rr_core::{ListeningSocket, Usage};

/// State of a listening TCP socket in `/proc/net/tcp`.
const LISTEN: &str = "0A";

/// One process as `/proc/<pid>/stat` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessEntry {
    /// Process id.
    pub(crate) pid: u32,
    /// Its parent's.
    pub(crate) parent: u32,
    /// Its session.
    pub(crate) session: u32,
    /// State letter: `Z` is a zombie.
    pub(crate) state: u8,
    /// Clock ticks in user and kernel mode, its reaped children's included.
    pub(crate) ticks: u64,
    /// Start in clock ticks since boot.
    pub(crate) started: u64,
}

/// Reads one process.
pub(crate) fn process(pid: u32) -> Option<ProcessEntry> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let rest = text.get(text.rfind(')')? + 2..)?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(ProcessEntry {
        pid,
        state: *fields.first()?.as_bytes().first()?,
        parent: u32::try_from(number(1)?).ok()?,
        session: u32::try_from(number(3)?).ok()?,
        ticks: number(11)? + number(12)? + number(13)? + number(14)?,
        started: number(19)?,
    })
}

/// Every process there is.
pub(crate) fn all_processes() -> Vec<ProcessEntry> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(process)
        .collect()
}

/// A process and everything that descends from it.
pub(crate) fn tree_of(root: u32) -> Vec<ProcessEntry> {
    let all = all_processes();
    let mut children: BTreeMap<u32, Vec<&ProcessEntry>> = BTreeMap::new();
    for entry in &all {
        children.entry(entry.parent).or_default().push(entry);
    }
    let mut found: Vec<ProcessEntry> =
        all.iter().filter(|entry| entry.pid == root).copied().collect();
    let mut next = 0;
    while let Some(entry) = found.get(next) {
        let of_entry = children.get(&entry.pid).map(Vec::as_slice).unwrap_or_default();
        found.extend(of_entry.iter().map(|child| **child));
        next += 1;
    }
    found
}

/// What these processes use together.
pub(crate) fn usage(processes: &[ProcessEntry]) -> Usage {
    let page = rustix::param::page_size() as u64;
    let per_second = rustix::param::clock_ticks_per_second();
    let alive: Vec<&ProcessEntry> = processes.iter().filter(|entry| entry.state != b'Z').collect();
    let pages: u64 = alive.iter().filter_map(|entry| resident_pages(entry.pid)).sum();
    let ticks: u64 = processes.iter().map(|entry| entry.ticks).sum();
    #[expect(clippy::cast_precision_loss, reason = "exact far beyond any process's life")]
    Usage {
        memory: pages * page,
        cpu_seconds: ticks as f64 / per_second as f64,
        processes: u32::try_from(alive.len()).unwrap_or(u32::MAX),
    }
}

fn resident_pages(pid: u32) -> Option<u64> {
    fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split(' ').nth(1)?.parse().ok()
}

/// TCP sockets that these processes listen on, in the network namespace of `viewpoint`.
pub(crate) fn listening(viewpoint: u32, processes: &[ProcessEntry]) -> Vec<ListeningSocket> {
    let mut sockets: BTreeMap<u64, (IpAddr, u16)> = BTreeMap::new();
    for file in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/{viewpoint}/net/{file}")).unwrap_or_default();
        sockets.extend(text.lines().skip(1).filter_map(listening_line));
    }
    let mut found = BTreeSet::new();
    for entry in processes {
        for inode in socket_inodes(entry.pid) {
            if let Some((address, port)) = sockets.get(&inode) {
                let (address, port) = (address.to_string(), *port);
                found.insert(ListeningSocket { address, port, pid: entry.pid });
            }
        }
    }
    found.into_iter().collect()
}

fn socket_inodes(pid: u32) -> Vec<u64> {
    fs::read_dir(format!("/proc/{pid}/fd"))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            inode_of(&target)
        })
        .collect()
}

/// Reads `socket:[12345]`.
fn inode_of(target: &Path) -> Option<u64> {
    target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Reads a line such as
/// `0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 1 …`.
fn listening_line(line: &str) -> Option<(u64, (IpAddr, u16))> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    if *fields.get(3)? != LISTEN {
        return None;
    }
    let (address, port) = fields.get(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    Some((fields.get(9)?.parse().ok()?, (address_of(address)?, port)))
}

/// Addresses are words of 32 bits in the machine's byte order.
fn address_of(hex: &str) -> Option<IpAddr> {
    let word = |index: usize| {
        let text = hex.get(index * 8..index * 8 + 8)?;
        u32::from_str_radix(text, 16).ok().map(u32::to_ne_bytes)
    };
    if hex.len() == 8 {
        return Some(IpAddr::V4(Ipv4Addr::from(word(0)?)));
    }
    let mut bytes = [0_u8; 16];
    for (index, part) in bytes.chunks_exact_mut(4).enumerate() {
        part.copy_from_slice(&word(index)?);
    }
    Some(IpAddr::V6(Ipv6Addr::from(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_listening_lines_of_both_families() {
        let v4 = "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  \
                  1000        0 4711 1 0000000000000000 100 0 0 10 0";
        let expected = (4711, (IpAddr::V4(Ipv4Addr::LOCALHOST), 8000));
        assert_eq!(listening_line(v4), Some(expected));
        let v6 = "   0: 00000000000000000000000001000000:1F41 00000000000000000000000000000000:0000 \
                  0A 00000000:00000000 00:00000000 00000000 0 0 4712 1 0 100 0 0 10 0";
        let expected = (4712, (IpAddr::V6(Ipv6Addr::LOCALHOST), 8001));
        assert_eq!(listening_line(v6), Some(expected));
    }

    #[test]
    fn leaves_out_connections() {
        let connected = "   1: 0100007F:1F40 0100007F:9999 01 0:0 00:0 0 0 0 4713 1 0";
        assert_eq!(listening_line(connected), None);
    }

    #[test]
    fn reads_our_own_process() {
        let own = process(std::process::id()).unwrap();
        assert_eq!(own.pid, std::process::id());
        assert_eq!(tree_of(own.pid)[0].started, own.started);
        assert!(usage(&[own]).memory > 0);
    }
}
