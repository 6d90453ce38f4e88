//! The results as a Markdown table with totals.

use std::fmt::Write;

use super::record::Record;

/// Characters of failure text shown per row.
const FAILURE_WIDTH: usize = 240;

/// The whole table.
pub(crate) fn markdown(records: &[Record]) -> String {
    let mut out = String::from(
        "| repository | rung | green | passed / total | by hand | share | wall s | ours s | runner MB | what failed |\n\
         | --- | --- | --- | --: | --: | --: | --: | --: | --: | --- |\n",
    );
    for record in records {
        out.push_str(&line(record));
        out.push('\n');
    }
    out.push('\n');
    out.push_str(&totals(records));
    out
}

/// One row.
pub(crate) fn line(record: &Record) -> String {
    let dash = || "–".to_owned();
    let count = |n: Option<u64>| n.map_or_else(dash, |n| n.to_string());
    format!(
        "| {} | {} | {} | {} / {} | {} / {} | {} | {:.0} | {} | {} | {} |",
        record.repo,
        record.rung.as_deref().unwrap_or("–"),
        if record.green { "yes" } else { "no" },
        record.tests.passed,
        record.tests.discovered,
        count(record.truth_passed),
        count(record.truth_total),
        record.share().map_or_else(dash, |share| format!("{:.0}%", share * 100.0)),
        record.wall_seconds,
        record.ours_seconds.map_or_else(dash, |ours| ours_share(ours, record.wall_seconds)),
        record.peak_bytes >> 20,
        what_failed(record),
    )
}

fn ours_share(ours: f64, wall: f64) -> String {
    let share = if wall > 0.0 { ours / wall * 100.0 } else { 0.0 };
    format!("{ours:.1} ({share:.0}%)")
}

fn what_failed(record: &Record) -> String {
    let parts = [record.trouble.clone()].into_iter().chain(record.failures.iter().cloned());
    let text = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    let text = text.replace('|', "\\|").replace(['\n', '\r'], " ");
    match text.char_indices().nth(FAILURE_WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn totals(records: &[Record]) -> String {
    let trusted: Vec<&Record> = records.iter().filter(|r| r.trusted).collect();
    let met = trusted.iter().filter(|r| r.meets_truth()).count();
    let tested = records.iter().filter(|r| r.proved_tested()).count();
    let green = records.iter().filter(|r| r.green).count();
    let ran = records.iter().filter(|r| r.ran).count();
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "- {} rows, {ran} run, {tested} proved `tested`, {green} green",
        records.len()
    );
    let _ = writeln!(out, "- rows whose truth was obtained by hand: {}", trusted.len());
    let _ = writeln!(
        out,
        "- of these, `tested` with at least 95% of the passes obtained by hand: {met} ({:.0}%)",
        if trusted.is_empty() { 0.0 } else { met as f64 / trusted.len() as f64 * 100.0 }
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::record::Counts;

    fn record(repo: &str, passed: u64, trusted: bool) -> Record {
        Record {
            repo: repo.to_owned(),
            trusted,
            ran: true,
            rung: Some("tested".to_owned()),
            truth_total: Some(10),
            truth_passed: Some(10),
            tests: Counts { discovered: 10, passed, ..Counts::default() },
            wall_seconds: 20.0,
            ours_seconds: Some(1.0),
            peak_bytes: 50 << 20,
            failures: vec!["timeout: a | b\nc".to_owned()],
            ..Record::default()
        }
    }

    #[test]
    fn a_row_shows_what_was_measured() {
        let expected = "| a/b | tested | no | 9 / 10 | 10 / 10 | 90% | 20 | 1.0 (5%) | 50 | timeout: a \\| b c |";
        assert_eq!(line(&record("a/b", 9, true)), expected);
    }

    #[test]
    fn totals_count_rows_with_truth_only() {
        let records = [record("a/b", 10, true), record("c/d", 9, true), record("e/f", 10, false)];
        let table = markdown(&records);
        assert!(table.ends_with("of the passes obtained by hand: 1 (50%)\n"), "{table}");
        assert!(table.contains("obtained by hand: 2\n"));
    }
}
