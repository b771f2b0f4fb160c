use std::fs;
use std::process::{Command, Output};

use crate::server::{BINARY, Folder, weather, weather_task};

fn run(words: &[&str]) -> Output {
    Command::new(BINARY).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_wrong_line_is_answered_with_what_is_right() {
    for (words, said) in [
        (&[][..], "a command is missing"),
        (&["prov"], "there is no command \"prov\""),
        (&["serve"], "--listen is missing"),
        (&["serve", "--listen", "0.0.0.0:4001"], "can be reached from outside"),
        (&["serve", "--listen", "127.0.0.1:0", "--threads", "two"], "takes a number"),
        (&["serve", "--listen", "127.0.0.1:0", "--srs", "/a"], "go together"),
        (&["serve", "--listen", "127.0.0.1:0", "--colour"], "no option --colour"),
        (&["image-id"], "FILE is missing"),
        (&["prove", "a.elf"], "--out is missing"),
        (&["verify", "a", "--kind", "composite", "--image-id", "xyz"], "takes hex"),
        (&["keygen", "weather"], "FOLDER is missing"),
    ] {
        let done = run(words);
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        let answer = text(&done.stderr);
        assert!(answer.contains(said), "{words:?}: {answer}");
        assert!(answer.contains("w3b-runtime"), "usage follows: {answer}");
    }
    let missing = run(&["image-id", "/no/such/file"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("/no/such/file"));
}

#[test]
fn each_command_has_help() {
    for command in ["serve", "describe", "image-id", "execute", "prove", "verify", "keygen", "bench"] {
        let help = run(&["help", command]);
        assert!(help.status.success());
        let help = text(&help.stdout);
        assert!(help.starts_with(&format!("w3b-runtime {command}")));
        assert!(!help.lines().any(|line| line.starts_with('-')), "options are indented:\n{help}");
    }
    assert!(text(&run(&["--version"]).stdout).starts_with("w3b-runtime "));
}

#[test]
fn proves_and_verifies_without_a_server() {
    let folder = Folder::new();
    let path = |name: &str| folder.0.join(name).to_str().unwrap().to_string();
    fs::write(path("task.json"), weather_task()).unwrap();
    let (exp_param, state) = (weather().exp_param, path("state"));
    let circuit = ["--exp-param", &exp_param, "--input-file", &path("task.json"), "--state", &state];
    let ran = run(&[&["execute"], &circuit[..]].concat());
    assert!(ran.status.success(), "{}", text(&ran.stderr));
    let done = run(&[&["prove", "--out", &path("proof")], &circuit[..]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let shown: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let ran: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(shown["publicInputs"], ran["publicInputs"]);

    let inputs: Vec<_> = shown["publicInputs"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let verify = |inputs: &[&str]| {
        let key = shown["verifyingKey"].as_str().unwrap();
        let mut words = vec!["verify", "--kind", "halo2", "--state", &state, "--verifying-key", key];
        inputs.iter().for_each(|input| words.extend(["--public-input", input]));
        let file = path("proof");
        words.push(&file);
        run(&words)
    };
    assert_eq!(text(&verify(&inputs).stdout), "holds\n");
    let zero = format!("0x{}", "00".repeat(32));
    let tampered = [&inputs[..6], &[zero.as_str()]].concat();
    let refused = verify(&tampered);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stdout).starts_with("does not hold: "));
}
