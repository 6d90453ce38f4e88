//! How large a source may be. A file of ten gigabytes or an archive that unpacks to a thousand times
//! its size is refused before it fills the disk.

/// Largest file, in bytes.
pub(super) const FILE_BYTES: u64 = 4 << 30;
/// All files together, in bytes.
pub(super) const TOTAL_BYTES: u64 = 20 << 30;
/// An archive may always unpack to this many bytes, however small it is.
const ALWAYS: u64 = 1 << 30;
/// Beyond that, to this many times its own size: source code packs to a tenth, logs to a
/// hundredth, a bomb to a thousandth.
const TIMES: u64 = 200;

/// Why so many bytes of one file, or of all together, are too many; `None` where they are not.
pub(super) fn excess(file: u64, total: u64) -> Option<&'static str> {
    if file > FILE_BYTES {
        Some("the file is larger than 4 GiB")
    } else if total > TOTAL_BYTES {
        Some("all files together are larger than 20 GiB")
    } else {
        None
    }
}

/// How many bytes an archive of this size may unpack to.
pub(super) fn unpacked(archive: u64) -> u64 {
    archive.saturating_mul(TIMES).clamp(ALWAYS, TOTAL_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_gigabytes_are_too_many_and_bombs_are_known_by_their_ratio() {
        assert_eq!(excess(1 << 20, 1 << 30), None);
        assert!(excess(10 << 30, 10 << 30).is_some_and(|text| text.contains("4 GiB")));
        assert!(excess(1 << 30, 30 << 30).is_some_and(|text| text.contains("20 GiB")));
        assert_eq!(unpacked(1 << 10), 1 << 30);
        assert_eq!(unpacked(50 << 20), 200 * (50 << 20));
        assert_eq!(unpacked(1 << 40), TOTAL_BYTES);
    }
}
