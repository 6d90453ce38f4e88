//! `init`: writes a `repo-runner.toml` that says what analysis found, ready to be changed.

use std::path::Path;

use anyhow::Context as _;
use rr_core::{ConfigFile, RepoSource};
use rr_runner::Home;

use super::look::{Looked, look};
use crate::args::{InitArguments, LookArguments, SourceArguments, SourceOptions};
use crate::{exit, ui};

pub(crate) fn init(home: &Home, arguments: &InitArguments) -> anyhow::Result<u8> {
    let named = LookArguments {
        source: SourceArguments {
            source: arguments.source.clone(),
            of: SourceOptions { package: arguments.package.clone(), ..SourceOptions::default() },
        },
        explain: false,
        output: arguments.output,
    };
    let Looked { analysis, plan, source, .. } = look(home.clone(), &named, None)?;
    let mut text = rr_runner::override_template(&analysis, &plan, true);
    let RepoSource::Folder { path, reference: None } = &source else {
        // Nothing of the user's to write into: the text is what was asked for.
        return print(&rr_runner::override_template(&analysis, &plan, false));
    };
    let config = ConfigFile { path: rr_runner::OVERRIDE_FILE.to_owned(), text: text.clone() };
    let with = look(home.clone(), &named, Some(config))?;
    if !rr_runner::same_work(&plan, &with.plan) {
        // Something that was found does not say the same again: then all of it is only shown.
        text = rr_runner::override_template(&analysis, &plan, false);
    }
    if arguments.print {
        return print(&text);
    }
    write(path, &text, arguments.force)
}

fn print(text: &str) -> anyhow::Result<u8> {
    ui::line(text.trim_end())?;
    Ok(exit::GREEN)
}

fn write(folder: &Path, text: &str, force: bool) -> anyhow::Result<u8> {
    let file = folder.join(rr_runner::OVERRIDE_FILE);
    if file.symlink_metadata().is_ok() && !force {
        ui::error(
            &format!("`{}` is there already", file.display()),
            Some("`--force` writes over it, `--print` shows what would be written"),
        );
        return Ok(exit::REFUSED);
    }
    std::fs::write(&file, text).with_context(|| format!("write `{}`", file.display()))?;
    ui::line(&format!(
        "wrote `{}`: every value in it is what would be done without it",
        file.display()
    ))?;
    Ok(exit::GREEN)
}
