//! The files that the Workers are built from.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Crates whose sources are in no Worker.
const NOT_IN_WORKERS: [&str; 4] = ["cli", "e2e", "openapi", "soak"];

/// The source that was changed last, and when. What cannot be read is passed over: building would say so.
pub(super) fn newest(root: &Path) -> Option<(SystemTime, PathBuf)> {
    let mut files: Vec<PathBuf> = [
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
        "orchestrator/openapi.json",
    ]
    .iter()
    .map(|file| root.join(file))
    .collect();
    for folder in entries(root).filter(|folder| folder.join("Cargo.toml").is_file()) {
        let name = folder.file_name().unwrap_or_default();
        if !NOT_IN_WORKERS.iter().any(|other| name == *other) {
            files.push(folder.join("Cargo.toml"));
            add_files(&folder.join("src"), &mut files);
            add_files(&folder.join("js"), &mut files);
        }
    }
    newest_of(files)
}

/// The same for a runtime's Workers: whatever lies in its folder beside the builds is in them, functions and what lays them out included.
pub(super) fn newest_of_runtime(root: &Path, folder: &Path) -> Option<(SystemTime, PathBuf)> {
    let mut files = Vec::new();
    for path in entries(folder) {
        let is_build = path.join("index.js").is_file();
        if path.is_dir() && !is_build {
            add_files(&path, &mut files);
        }
    }
    newest(root).into_iter().chain(newest_of(files)).max()
}

fn newest_of(files: Vec<PathBuf>) -> Option<(SystemTime, PathBuf)> {
    let changed = files.into_iter().filter_map(|file| {
        let changed = fs::metadata(&file).ok()?.modified().ok()?;
        Some((changed, file))
    });
    changed.max()
}

fn add_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(Result::ok).map(|entry| entry.path())
}
