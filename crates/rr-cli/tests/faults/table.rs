//! What came of the faults, by class, as a table for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::fault::{End, Fault};

/// Class, name and end of every fault that was judged.
static ENDS: Mutex<Vec<(String, String, End)>> = Mutex::new(Vec::new());

/// Takes a fault's end down.
pub(super) fn add(name: &str, fault: &Fault, end: End) {
    let row = (fault.class.clone(), name.to_owned(), end);
    ENDS.lock().unwrap_or_else(PoisonError::into_inner).push(row);
}

/// Prints the table, where any fault was judged.
pub(crate) fn print() {
    let ends = ENDS.lock().unwrap_or_else(PoisonError::into_inner);
    if ends.is_empty() {
        return;
    }
    let mut classes: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (class, _, end) in ends.iter() {
        classes.entry(class).or_default()[*end as usize] += 1;
    }
    println!("| class | faults | repaired | reported | missed |\n| --- | --- | --- | --- | --- |");
    let mut all = [0; 3];
    for (class, counts) in &classes {
        println!("{}", row(class, counts));
        all.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    println!("{}", row("**all**", &all));
    for (class, name, _) in ends.iter().filter(|(.., end)| *end == End::Missed) {
        println!("missed: {name} ({class})");
    }
}

fn row(name: &str, [repaired, reported, missed]: &[usize; 3]) -> String {
    let all = repaired + reported + missed;
    format!("| {name} | {all} | {repaired} | {reported} | {missed} |")
}
