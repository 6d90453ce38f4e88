//! What the index keeps of a file.

use tantivy::Index;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use crate::tokens::CodeTokenizer;

const TOKENIZER: &str = "code";
/// The folder, inside the index's own, that answers queries.
pub(super) const CURRENT: &str = "current";

/// The fields of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// Path relative to the root.
    pub(super) path: Field,
    /// The file's text.
    pub(super) body: Field,
}

/// The schema with its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqs);
    let options = TextOptions::default().set_indexing_options(indexing).set_stored();
    let mut builder = Schema::builder();
    let path = builder.add_text_field("path", options.clone());
    let body = builder.add_text_field("body", options);
    (builder.build(), Fields { path, body })
}

/// Makes the tokenizer known to an index.
pub(super) fn register(index: &Index) {
    index.tokenizers().register(TOKENIZER, CodeTokenizer);
}
