//! The processes of local Workers, as the operating system shows them (`/proc`, which only Linux has).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// State of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";
/// Loopback as `/proc/net/tcp` writes it.
const LOOPBACK: &str = "0100007F";
/// Programs that only wait for others.
const WAITING: [&str; 2] = ["sh", "cat"];

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its program, and what it was started for.
    pub name: String,
    /// Memory of it that is in use, in bytes.
    pub resident_bytes: u64,
}

/// The processes in whose environment the name of that folder is: those of the Workers that live there.
#[must_use]
pub fn of(directory: &Path) -> Vec<Process> {
    let wanted = directory.as_os_str().as_encoded_bytes();
    let mut found: Vec<Process> = pids()
        .filter(|pid| {
            let environment = fs::read(about(*pid, "environ")).unwrap_or_default();
            environment.windows(wanted.len()).any(|part| part == wanted)
        })
        .filter_map(process)
        .collect();
    found.sort_by_key(|process| process.pid);
    found
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn about(pid: u32, what: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{what}"))
}

fn process(pid: u32) -> Option<Process> {
    let line = fs::read_to_string(about(pid, "cmdline")).ok()?;
    let name = named(&line)?;
    let status = fs::read_to_string(about(pid, "status")).ok()?;
    Some(Process {
        pid,
        name,
        resident_bytes: resident_bytes(&status)?,
    })
}

/// A name from a command line: the program, and the last file or word that it was given before any option.
fn named(command_line: &str) -> Option<String> {
    let file = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut words = command_line.split('\0').filter(|word| !word.is_empty());
    let program = file(words.next()?);
    if WAITING.contains(&program.as_str()) {
        return None;
    }
    let given: Vec<String> = words
        .filter(|word| !word.starts_with('-'))
        .map(file)
        .collect();
    let first = given
        .first()
        .map_or(String::new(), |word| format!(" {word}"));
    // of workerd the configuration tells two of them apart
    let second = given.get(1).filter(|_| program == "workerd");
    Some(format!(
        "{program}{first}{}",
        second.map_or(String::new(), |word| format!(" {word}"))
    ))
}

/// The resident set of `/proc/PID/status`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// Where these processes listen on the loopback interface, as `host:port`.
#[must_use]
pub fn listening(processes: &[Process]) -> Vec<String> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let ports = ports_by_socket(&table);
    let sockets: BTreeSet<String> = processes
        .iter()
        .flat_map(|process| sockets(process.pid))
        .collect();
    let own = sockets.iter().filter_map(|socket| ports.get(socket));
    own.map(|port| format!("127.0.0.1:{port}")).collect()
}

/// The sockets that a process has open.
fn sockets(pid: u32) -> Vec<String> {
    let files = fs::read_dir(about(pid, "fd")).into_iter().flatten();
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    let socket = |link: PathBuf| {
        let name = link.to_str()?.strip_prefix("socket:[")?;
        Some(name.strip_suffix(']')?.to_owned())
    };
    links.filter_map(socket).collect()
}

/// Ports of listening loopback sockets, by the socket's number.
fn ports_by_socket(table: &str) -> BTreeMap<String, u16> {
    let port = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = columns.get(1)?.split_once(':')?;
        let listens = *columns.get(3)? == LISTENING && address == LOOPBACK;
        let port = u16::from_str_radix(port, 16).ok()?;
        listens.then(|| Some(((*columns.get(9)?).to_owned(), port)))?
    };
    table.lines().filter_map(port).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, process};

    #[test]
    fn processes_are_named_by_what_they_were_started_for() {
        assert_eq!(
            named("/x/bin/node\0--no-warnings\0/x/wrangler/cli.js\0dev\0").as_deref(),
            Some("node cli.js")
        );
        assert_eq!(
            named("/x/workerd\0serve\0/t/public.capnp\0--control-fd=1\0").as_deref(),
            Some("workerd serve public.capnp")
        );
        assert_eq!(named("/bin/sh\0-c\0exec\0"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn the_resident_set_is_read_in_bytes() {
        let status = "Name:\tworkerd\nVmPeak:\t  999 kB\nVmRSS:\t   10240 kB\n";
        assert_eq!(resident_bytes(status), Some(10_485_760));
        assert_eq!(resident_bytes("Name:\tkthreadd\n"), None);
    }

    #[test]
    fn a_listening_port_of_this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Process {
            pid: process::id(),
            name: String::new(),
            resident_bytes: 0,
        };
        let address = listener.local_addr().unwrap().to_string();
        assert!(listening(&[this]).contains(&address));
    }
}
