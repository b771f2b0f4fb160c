use std::fs;

use crate::server::{Server, guest, loaded, weather};

/// What a process of each kind has of the machine, seen from outside.
#[tokio::test]
async fn a_process_has_nothing_of_the_server() {
    let server = Server::start(&["--network-wall"]);
    let mut client = server.client().await;
    loaded(&mut client, guest("echo")).await;
    loaded(&mut client, weather()).await;
    let children = server.children();
    assert_eq!(children.len(), 2);
    for child in children {
        let read = |name: &str| fs::read_to_string(format!("/proc/{child}/{name}")).unwrap();
        let status = read("status");
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_string();
        assert_eq!((field("NoNewPrivs:").as_str(), field("Seccomp:").as_str()), ("1", "2"));
        let environment = read("environ");
        let mut names: Vec<_> =
            environment.split_terminator('\0').map(|pair| pair.split('=').next().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["MALLOC_ARENA_MAX", "TMPDIR"]);
        for open in fs::read_dir(format!("/proc/{child}/fd")).unwrap().flatten() {
            let target = fs::read_link(open.path()).unwrap();
            assert!(target.to_string_lossy().starts_with("pipe:"), "{target:?}");
        }
        let limits = read("limits");
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(cores.split_whitespace().nth(4), Some("0"), "{cores}");
    }
}
