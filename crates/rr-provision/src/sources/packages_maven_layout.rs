//! Lays the archives of published Maven sources out as Maven's own layout has them: code by its
//! language, everything else among the resources. Must not know where archives come from.

use std::fs;
use std::path::{Path, PathBuf};

use rr_core::EngineError;

use super::archive::{ArchiveKind, unpack};
use crate::fault;
use crate::store::{make_open_folder, remove_tree};

/// Languages whose sources lie in a folder named after them, by the files' extension.
const LANGUAGES: &[(&str, &str)] =
    &[("java", "java"), ("kt", "kotlin"), ("scala", "scala"), ("groovy", "groovy")];

/// Writes the POM, the sources and, where there are any, the tests' sources below `root`.
pub(super) fn lay_out(
    root: &Path,
    pom: &[u8],
    main: &Path,
    tests: Option<&Path>,
) -> Result<(), EngineError> {
    make_open_folder(root)?;
    let path = root.join("pom.xml");
    fs::write(&path, pom).map_err(|e| fault::io("write", &path, e))?;
    for (part, archive) in [("main", Some(main)), ("test", tests)] {
        let Some(archive) = archive else { continue };
        let unpacked = root.join(format!(".{part}-sources"));
        unpack(archive, ArchiveKind::Zip, &unpacked, false)?;
        sort_files(&unpacked, &root.join("src").join(part))?;
        remove_tree(&unpacked)?;
    }
    Ok(())
}

/// Moves every regular file of `from` to its place; links and the archive's own manifest are left.
fn sort_files(from: &Path, into: &Path) -> Result<(), EngineError> {
    for path in files(from)? {
        let relative = path.strip_prefix(from).unwrap_or(&path);
        if relative == Path::new("META-INF/MANIFEST.MF") {
            continue;
        }
        let target = into.join(folder_of(relative)).join(relative);
        if let Some(parent) = target.parent() {
            make_open_folder(parent)?;
        }
        fs::rename(&path, &target).map_err(|e| fault::io("move into place", &target, e))?;
    }
    Ok(())
}

/// The folder of `src/main` that a file belongs to.
fn folder_of(file: &Path) -> &'static str {
    let extension = file.extension().unwrap_or_default();
    let language = LANGUAGES.iter().find(|(known, _)| extension == *known);
    language.map_or("resources", |(_, folder)| folder)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| fault::io("list", folder, e))?.flatten() {
        let kind = entry.file_type().map_err(|e| fault::io("look at", &entry.path(), e))?;
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn archive(path: &Path, names: &[&str]) {
        let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
        for name in names {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    #[test]
    fn code_and_resources_lie_where_maven_looks_for_them() {
        let scratch = tempfile::tempdir().unwrap();
        let file = |name: &str| scratch.path().join(name);
        let main = ["META-INF/MANIFEST.MF", "META-INF/NOTICE", "a/One.java", "a/Two.kt", "a/t.txt"];
        archive(&file("main.jar"), &main);
        archive(&file("tests.jar"), &["a/OneTest.java", "a/data.csv"]);
        let root = file("root");
        lay_out(&root, b"<project/>", &file("main.jar"), Some(&file("tests.jar"))).unwrap();
        let mut laid: Vec<String> = files(&root)
            .unwrap()
            .iter()
            .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
            .collect();
        laid.sort();
        let expected = [
            "pom.xml",
            "src/main/java/a/One.java",
            "src/main/kotlin/a/Two.kt",
            "src/main/resources/META-INF/NOTICE",
            "src/main/resources/a/t.txt",
            "src/test/java/a/OneTest.java",
            "src/test/resources/a/data.csv",
        ];
        assert_eq!(laid, expected);
    }
}
