//! Count, sum, minimum and maximum of temperature readings, bound to the task and to what the sequencer received.
#![no_std]
#![no_main]

use guest_kit::{Task, word};

guest_kit::entry!(main);

/// Decimal places of a reading, and its bounds at that scale: -40.0 to 60.0 degrees Celsius.
const SCALE: i32 = 1;
const MIN: i64 = -400;
const MAX: i64 = 600;

fn main() {
    let task = Task::read();
    let (mut count, mut sum, mut least, mut most) = (0, 0, u64::MAX, 0);
    for payload in task.payloads() {
        let [temperature] = payload.members(["temperature"]);
        // No number is negative: u = 10 x temperature + 400.
        let u = (payload.number(temperature, "temperature", SCALE, MIN, MAX) - MIN) as u64;
        count += 1;
        sum += u;
        least = least.min(u);
        most = most.max(u);
    }
    task.commit(&[word(count), word(sum), word(least), word(most)]);
}
