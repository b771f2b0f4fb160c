use risc0_prover::{
    Limits, MIN_PO2, Phase, Program, RunError, execute, memory_of_segment, prove, segment_po2, spin_program,
};

use crate::guests::{LIMITS, program};

fn run(name: &str) -> Result<risc0_prover::Execution, RunError> {
    execute(&program(name), &["[\"{}\"]".into(), "{}".into()], &LIMITS)
}

#[test]
fn a_guest_reads_its_inputs_and_commits() {
    let execution = run("echo").unwrap();
    assert_eq!(execution.journal, b"[\"{}\"]");
    assert_eq!(execution.segments, 1);
    assert!(execution.user_cycles > 0 && execution.total_cycles >= execution.user_cycles);
    assert_eq!(execution.memory_bytes, memory_of_segment(execution.po2));
}

#[test]
fn a_guest_that_commits_nothing_has_an_empty_journal() {
    assert_eq!(run("silent").unwrap().journal, b"");
}

#[test]
fn a_guest_that_panics_is_at_fault_with_its_message() {
    let RunError::Program(text) = run("panics").unwrap_err() else { panic!("another kind of error") };
    assert!(text.contains("The guest panicked: ") && text.contains("this guest panics"), "{text}");
}

#[test]
fn a_guest_that_never_ends_goes_over_its_limit() {
    let error = run("loops").unwrap_err();
    assert_eq!(error, RunError::Limit("The guest ran for more than 2000000 cycles, its limit.".into()));
}

#[test]
fn a_guest_that_allocates_without_end_ends() {
    let error = execute(&program("allocates"), &[], &Limits { cycles: 300_000, ..Limits::default() }).unwrap_err();
    assert!(matches!(error, RunError::Program(_) | RunError::Limit(_)), "{error:?}");
}

#[test]
fn a_guest_without_its_input_is_at_fault() {
    let error = execute(&program("echo"), &[], &LIMITS).unwrap_err();
    assert!(matches!(error, RunError::Program(_)), "{error:?}");
}

#[test]
fn segments_are_as_large_as_memory_allows() {
    let program: Program = spin_program(400_000);
    let in_segments = |po2: u32| {
        let limits = Limits { memory_bytes: memory_of_segment(po2), ..LIMITS };
        let execution = execute(&program, &[], &limits).unwrap();
        assert!(execution.po2 <= po2 && execution.memory_bytes <= limits.memory_bytes);
        execution.segments
    };
    assert_eq!(in_segments(19), 1);
    assert!(in_segments(18) > 1);
    assert!(in_segments(MIN_PO2) > in_segments(18));
}

#[test]
fn a_receipt_that_would_be_too_large_is_refused_before_it_is_proved() {
    let program = spin_program(400_000);
    let limits = Limits { memory_bytes: memory_of_segment(MIN_PO2), receipt_bytes: 600_000, ..LIMITS };
    let segments = execute(&program, &[], &limits).unwrap().segments;
    assert!(segments > 2);
    let mut phases = Vec::new();
    let error = prove(&program, &[], &limits, &mut |phase, _, _| phases.push(phase)).unwrap_err();
    let RunError::Limit(text) = error else { panic!("another kind of error: {error:?}") };
    assert!(text.starts_with(&format!("The guest takes {segments} segments of 2^16 cycles")), "{text}");
    assert_eq!(phases, [Phase::Executing]);
}

#[test]
fn too_little_memory_for_any_segment_is_a_limit() {
    let little = Limits { memory_bytes: 100 << 20, ..LIMITS };
    assert_eq!(execute(&program("silent"), &[], &little).unwrap_err(), segment_po2(100 << 20).unwrap_err());
}
