//! Reports as files.

use crate::output;
use anyhow::{Context as _, bail};
use cli::client::Client;
use protocol::{Report, RunId};
use std::{fs, path::Path, thread, time::Duration};

/// Pause between two looks for a final report.
const PAUSE: Duration = Duration::from_millis(500);

/// Looks for one: 10 s.
const LOOKS: u32 = 20;

/// A report as the orchestrator serves it, and read.
pub(crate) struct Fetched {
    /// The JSON text, byte by byte.
    pub(crate) json: String,
    /// What it says.
    pub(crate) report: Report,
    /// The Markdown text.
    pub(crate) markdown: String,
}

/// Fetches the report of a run.
pub(crate) fn fetch(client: &Client, run: &RunId) -> anyhow::Result<Fetched> {
    let json = client.report_json(run)?;
    let report = report::read(&json)
        .with_context(|| format!("the report of {run} is not one that this version reads"))?;
    let markdown = client.report_markdown(run)?;
    Ok(Fetched {
        json,
        report,
        markdown,
    })
}

/// Fetches the report of a run that has ended. An orchestrator may show for a second how it stood before.
pub(crate) fn fetch_final(client: &Client, run: &RunId) -> anyhow::Result<Fetched> {
    for _ in 0..LOOKS {
        let fetched = fetch(client, run)?;
        if fetched.report.run.state.is_final() {
            return Ok(fetched);
        }
        thread::sleep(PAUSE);
    }
    bail!(
        "run {run} has ended, and its report still says that it goes on; `rpc-latency report {run}` asks again"
    )
}

/// Makes sure that reports can be saved into `folder`, before anything is measured.
pub(crate) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let writable = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder));
    writable
        .map(|_| ())
        .with_context(|| format!("reports cannot be saved into {}", folder.display()))
}

/// Saves `<run>.json` and `<run>.md`, both as served, and says where.
pub(crate) fn save(fetched: &Fetched, folder: &Path) -> anyhow::Result<()> {
    let run = &fetched.report.run.id;
    fs::create_dir_all(folder).with_context(|| format!("folder {}", folder.display()))?;
    let write = |kind: &str, text: &str| {
        let path = folder.join(format!("{run}.{kind}"));
        fs::write(&path, text).with_context(|| format!("saving {}", path.display()))?;
        anyhow::Ok(path)
    };
    let (json, markdown) = (
        write("json", &fetched.json)?,
        write("md", &fetched.markdown)?,
    );
    output::note(format_args!(
        "saved {} and {}",
        json.display(),
        markdown.display()
    ));
    Ok(())
}
