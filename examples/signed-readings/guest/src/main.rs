//! Count, sum, minimum and maximum of temperature readings, each signed by a key of a set, in the order of their times.
#![no_main]

mod curve;
mod ed25519;
mod key_tree;
mod message;
mod modulus;
mod p256;
mod reading;
mod verifier;

use guest_kit::{Task, word};
use reading::Reading;
use verifier::Verifier;

guest_kit::entry!(main);

fn main() {
    let task = Task::read();
    let mut verifier = Verifier::new(task.project_id);
    let mut first: Option<Reading> = None;
    let (mut count, mut sum, mut least, mut most, mut last_time) = (0, 0, u64::MAX, 0, 0);
    for payload in task.payloads() {
        let reading = Reading::read(payload, &mut verifier);
        let index = payload.index;
        if let Some(first) = &first {
            assert!(reading.time > last_time, "payload {index}: its time is not later than the one before");
            assert!(reading.keys_root == first.keys_root, "payload {index}: its key is of another set");
        }
        count += 1;
        sum += reading.u;
        least = least.min(reading.u);
        most = most.max(reading.u);
        last_time = reading.time;
        first.get_or_insert(reading);
    }
    let Some(first) = first else { panic!("the task has no readings") };
    let (keys_root, scope, first_time) = (first.keys_root, first.scope, first.time);
    task.commit(&[
        keys_root,
        scope,
        word(count),
        word(sum),
        word(least),
        word(most),
        word(first_time),
        word(last_time),
    ]);
}
