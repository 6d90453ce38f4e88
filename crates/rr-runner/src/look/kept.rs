//! Answers of earlier looks, each with the stamps of all that it rests on.
//!
//! One file per answer: a line of four lengths, then the listing's stamps, the read files' stamps,
//! the answer and the listing. A file that is broken, or of another layout, is as good as absent.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use rr_core::{Analysis, Listing, Looked, RunPlan};

use super::stamps::Stamps;
use crate::error::RunError;

/// Most answers kept; the oldest go first.
const LIMIT: usize = 64;
/// Parts of a kept answer.
const PARTS: usize = 4;

/// Where answers are kept.
pub(super) struct KeptLooks {
    folder: PathBuf,
}

/// One answer and what it rests on.
pub(super) struct Kept {
    listing_stamps: Stamps,
    read_stamps: Stamps,
    answer: Vec<u8>,
    listing: Part,
}

/// The listing of a large tree is read only when it is wanted.
enum Part {
    Here(Vec<u8>),
    In { file: PathBuf, at: u64 },
}

impl KeptLooks {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn find(&self, key: &str) -> Option<Kept> {
        Kept::read(&self.folder.join(key))
    }

    /// Written aside and moved: a look beside this one reads whole files only.
    pub(super) fn put(&self, key: &str, kept: &Kept) -> Result<(), RunError> {
        let path = self.folder.join(key);
        let aside = self.folder.join(format!(".{key}-{}", std::process::id()));
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&aside, kept.encode()))
            .and_then(|()| fs::rename(&aside, &path))
            .map_err(|e| RunError::io(format!("keep `{}`", path.display()), e))?;
        self.prune();
        Ok(())
    }

    /// What cannot be removed now is tried again by a later look.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut files: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort_unstable();
        let surplus = files.len().saturating_sub(LIMIT);
        for (_, path) in files.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}

impl Kept {
    pub(super) fn new(
        listing_stamps: Stamps,
        read_stamps: Stamps,
        listing: &Listing,
        looked: &Looked,
    ) -> Result<Self, RunError> {
        let broken = |e: serde_json::Error| RunError::Internal(format!("write an analysis: {e}"));
        let answer = serde_json::to_vec(&(&looked.analysis, &looked.plan)).map_err(broken)?;
        let listing = Part::Here(serde_json::to_vec(listing).map_err(broken)?);
        Ok(Self { listing_stamps, read_stamps, answer, listing })
    }

    /// Whether nothing that decided has changed.
    pub(super) fn holds(&self) -> bool {
        self.read_stamps.hold() && self.listing_holds()
    }

    /// Whether the same files are there.
    pub(super) fn listing_holds(&self) -> bool {
        self.listing_stamps.hold()
    }

    pub(super) fn listing_stamps(&self) -> &Stamps {
        &self.listing_stamps
    }

    pub(super) fn answer(&self) -> Option<(Analysis, RunPlan)> {
        serde_json::from_slice(&self.answer).ok()
    }

    pub(super) fn listing(&self) -> Option<Listing> {
        match &self.listing {
            Part::Here(bytes) => serde_json::from_slice(bytes).ok(),
            Part::In { file, at } => {
                let mut file = File::open(file).ok()?;
                file.seek(SeekFrom::Start(*at)).ok()?;
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).ok()?;
                serde_json::from_slice(&bytes).ok()
            }
        }
    }

    fn encode(&self) -> Vec<u8> {
        let (listed, read) = (self.listing_stamps.encode(), self.read_stamps.encode());
        let Part::Here(listing) = &self.listing else { return Vec::new() };
        let parts = [&listed, &read, &self.answer, listing];
        let lengths = parts.map(|part| part.len().to_string()).join(" ");
        let mut bytes = format!("{lengths}\n").into_bytes();
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        bytes
    }

    fn read(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        let whole = file.metadata().ok()?.len();
        let mut reader = BufReader::new(file);
        let mut head = String::new();
        reader.by_ref().take(200).read_line(&mut head).ok()?;
        let words = head.strip_suffix('\n')?.split(' ');
        let lengths: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>().ok()?;
        let sum = lengths.iter().try_fold(head.len() as u64, |sum, more| sum.checked_add(*more))?;
        if lengths.len() != PARTS || sum != whole {
            return None;
        }
        let mut take = |at: usize| {
            let mut bytes = vec![0; usize::try_from(lengths[at]).ok()?];
            reader.read_exact(&mut bytes).ok()?;
            Some(bytes)
        };
        let listing = Part::In { file: path.to_owned(), at: whole - lengths[3] };
        Some(Self {
            listing_stamps: Stamps::decode(&take(0)?)?,
            read_stamps: Stamps::decode(&take(1)?)?,
            answer: take(2)?,
            listing,
        })
    }
}
