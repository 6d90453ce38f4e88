//! Small trees for these tests, and what is left of their processes.

use std::path::Path;

use crate::common::{Scratch, copy, fixture};

/// A shell program of its own whose test command is this line of a makefile; gives its folder.
pub(crate) fn shell_tree(scratch: &Scratch, test: &str) -> String {
    let tree = (0..).map(|n| scratch.folder().join(format!("tree{n}"))).find(|path| !path.exists());
    let tree = tree.unwrap();
    copy(Path::new(&fixture("shell-plain")), &tree);
    let line = test.replace('$', "$$");
    std::fs::write(tree.join("Makefile"), format!(".PHONY: test\ntest:\n\t{line}\n")).unwrap();
    tree.to_string_lossy().into_owned()
}

/// Command lines of processes that name this folder.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read_to_string(process.path().join("cmdline")).ok())
        .filter(|words| words.contains(&folder))
        .collect()
}
