//! Builds the index beside the old one, then puts it in its place.

use std::fs;
use std::io;
use std::path::Path;

use rr_core::IndexError;
use tantivy::indexer::NoMergePolicy;
use tantivy::{Index, IndexWriter, TantivyDocument, TantivyError};

use super::schema::{self, CURRENT, Fields};
use super::{BuildSummary, failed};
use crate::walk::{TreeLimits, Walk, WalkError, Walked};

/// The writer's buffer: the least that its library takes for one thread is 15 MB, and the whole
/// runner has to stay below 150 MB.
const WRITER_BYTES: usize = 15_000_000;
/// Bytes of text after which the writer has to catch up: its queue is bounded in documents only,
/// 10,000 of them, which may be much more than we may hold.
const BATCH_BYTES: usize = 12_000_000;
const DRAFT: &str = "draft";

/// Indexes the text files below `root` into `folder`.
pub(super) fn build(
    folder: &Path,
    root: &Path,
    limits: TreeLimits,
) -> Result<BuildSummary, IndexError> {
    let draft = folder.join(DRAFT);
    clear(&draft)
        .and_then(|()| fs::create_dir_all(&draft))
        .map_err(|error| failed("creating the index", &draft, error))?;
    let walked = write(&draft, root, limits)?;
    let current = folder.join(CURRENT);
    clear(&current)
        .and_then(|()| fs::rename(&draft, &current))
        .map_err(|error| failed("replacing the index", &current, error))?;
    Ok(BuildSummary { files: walked.files, bytes: walked.bytes, skipped: walked.skipped })
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(draft: &Path, root: &Path, limits: TreeLimits) -> Result<Walked, IndexError> {
    let broken = |error: TantivyError| failed("writing the index", draft, error);
    let (schema, fields) = schema::schema();
    let index = Index::create_in_dir(draft, schema).map_err(broken)?;
    schema::register(&index);
    let mut writer = index.writer_with_num_threads(1, WRITER_BYTES).map_err(broken)?;
    // Merging would take memory again, and a query over many segments is still fast.
    writer.set_merge_policy(Box::new(NoMergePolicy));
    let mut waiting = 0;
    let mut visit = |path: &str, text: &str| -> Result<(), String> {
        waiting += text.len();
        add(&writer, fields, path, text).map_err(|error| error.to_string())?;
        if waiting > BATCH_BYTES {
            waiting = 0;
            writer.commit().map_err(|error| error.to_string())?;
        }
        Ok(())
    };
    let walked = Walk::run(root, limits, &mut visit).map_err(|error| match error {
        WalkError::Root(error) => failed("opening the tree", root, error),
        WalkError::Visit(reason) => failed("writing the index", draft, reason),
    })?;
    writer.commit().map_err(broken)?;
    writer.wait_merging_threads().map_err(broken)?;
    Ok(walked)
}

fn add(writer: &IndexWriter, fields: Fields, path: &str, text: &str) -> tantivy::Result<()> {
    let mut document = TantivyDocument::default();
    document.add_text(fields.path, path);
    document.add_text(fields.body, text);
    writer.add_document(document).map(|_| ())
}
