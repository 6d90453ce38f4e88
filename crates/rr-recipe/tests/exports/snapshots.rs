//! What each form looks like for each lock.

use rr_recipe::{ExportForm, HEADER_MARK, RecipeLock};

#[test]
fn exports_of_real_locks_look_like_this() {
    for (name, form, export) in crate::all() {
        if form == ExportForm::Lock {
            continue;
        }
        let files = export.files.iter().map(|file| format!("=== {}\n{}", file.path, file.text));
        let text = files.collect::<Vec<_>>().join("\n");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}@{form}"), text);
        });
    }
}

#[test]
fn every_file_says_from_which_lock_and_what_was_proved() {
    for (name, form, export) in crate::all() {
        for file in export.files {
            let head: Vec<&str> = file.text.lines().take(6).collect();
            let says = |text: &str| head.iter().any(|line| line.contains(text));
            let lock = form == ExportForm::Lock;
            assert!(lock || says(HEADER_MARK), "{name} {form} {}", file.path);
            assert!(lock || says("commit ") && says("Proved: "), "{name} {form} {}", file.path);
        }
    }
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    for name in crate::LOCKS {
        let lock = crate::lock(name);
        assert_eq!(RecipeLock::from_toml(&lock.to_toml().unwrap()).unwrap(), lock, "{name}");
    }
}

#[test]
fn a_lock_of_a_newer_program_is_refused() {
    let text = crate::lock("c-cmake").to_toml().unwrap();
    let newer = text.replacen("lock-version = 1", "lock-version = 99", 1);
    let error = RecipeLock::from_toml(&newer).unwrap_err().to_string();
    assert!(error.contains("99"), "{error}");
}
