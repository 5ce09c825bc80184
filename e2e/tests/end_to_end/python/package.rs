//! The build takes the files of the npm package that it was written for, and no others.

use e2e::stage;
use std::process::Command;

/// What a script that has the build's own code says: whether it accepts a file of the package.
fn replaced(script: &str) -> String {
    let root = stage::project().root().to_owned();
    let output = Command::new(root.join("node_modules/.bin/node"))
        .current_dir(&root)
        .args(["--input-type=module", "--eval", script])
        .output()
        .expect("Node.js; scripts/setup installs it");
    String::from_utf8_lossy(if output.status.success() {
        &output.stdout
    } else {
        &output.stderr
    })
    .into_owned()
}

#[test]
fn another_version_of_the_package_is_refused_by_name() {
    let read =
        "import { check, replaceAll, signatures } from './pyodide-runtime/make/replacements.mjs';
import { readFileSync } from 'node:fs';
const source = readFileSync('node_modules/pyodide/pyodide.asm.mjs', 'utf8');";
    let tried = |code: &str| {
        replaced(&format!(
            "{read}\ntry {{ {code}; console.log('accepted'); }} catch (error) {{ console.log(error.message); }}"
        ))
    };
    assert_eq!(
        tried("check('pyodide.asm.mjs', source); replaceAll(source)"),
        "accepted\n"
    );
    let other = tried("check('pyodide.asm.mjs', source + ' ')");
    assert!(
        other.contains("node_modules/pyodide/pyodide.asm.mjs is not that of pyodide 314.0.7"),
        "{other}"
    );
    let moved = tried("replaceAll(source.replace('var convertJsFunctionToWasm=', 'var other='))");
    assert!(
        moved.contains("does not have exactly one \"var convertJsFunctionToWasm="),
        "{moved}"
    );
    let compiles = tried("replaceAll(source + 'new WebAssembly.Module(bytes)')");
    assert!(
        compiles.contains("still compiles wasm while it runs"),
        "{compiles}"
    );
    let none = tried("signatures('')");
    assert!(none.contains("only 0 functions with a signature"), "{none}");
}
