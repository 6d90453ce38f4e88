//! Paths inside the repository, `/`-separated and relative to its root.

/// Joins and normalises: `..` and `.` are resolved, a path never leaves the root.
pub(super) fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder a path lies in.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path relative to a folder it lies in, or the path itself.
pub(super) fn relative<'a>(folder: &str, path: &'a str) -> &'a str {
    if folder.is_empty() {
        return path;
    }
    path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining_never_leaves_the_root() {
        assert_eq!(join("a/b", "../c.txt"), "a/c.txt");
        assert_eq!(join("", "../../x"), "x");
        assert_eq!(relative("a", "a/b"), "b");
        assert_eq!(relative("a", "ab/c"), "ab/c");
    }
}
