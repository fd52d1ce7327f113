//! `scripts/run`: builds with S3 where a bucket is set, and without where none is.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::root;

/// What the script asks Cargo for, in a checkout with these lines in `.env`, and with the pages up to date.
fn asks_cargo(dotenv: &str, bucket: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for path in ["scripts", "web/dist", "bin"] {
        fs::create_dir_all(folder.path().join(path)).expect("a folder");
    }
    for script in ["scripts/run", "scripts/supported-node"] {
        fs::copy(root().join(script), folder.path().join(script)).expect("a copy");
    }
    let cargo = folder.path().join("bin/cargo");
    for (path, text) in [
        (folder.path().join("web/dist/graphiql.html"), ""),
        (folder.path().join(".env"), dotenv),
        (cargo.clone(), "#!/bin/sh\necho \"$*\"\n"),
    ] {
        fs::write(path, text).expect("a file");
    }
    fs::set_permissions(cargo, Permissions::from_mode(0o755)).expect("it is ours");
    let mut bash = Command::new("bash");
    bash.args(["-c", "PATH=$PWD/bin:$PATH; exec scripts/run seed"]).current_dir(folder.path());
    bash.env_remove("S3_BUCKET").envs(bucket.map(|bucket| ("S3_BUCKET", bucket)));
    let ended = bash.output().expect("bash");
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

#[test]
fn s3_is_built_where_a_bucket_is_set() {
    let with = "build --release --features s3\nrun --quiet --release --features s3 -- seed\n";
    let without = "build --release --no-default-features\nrun --quiet --release --no-default-features -- seed\n";
    for (dotenv, bucket, asked) in [
        ("", None, without),
        ("# S3_BUCKET=chat-images\nS3_BUCKETS=x\n", None, without),
        ("", Some(""), without),
        ("", Some("chat-images"), with),
        ("PORT=3000\nS3_BUCKET=chat-images\n", None, with),
        ("export S3_BUCKET = chat-images\n", None, with),
    ] {
        assert_eq!(asks_cargo(dotenv, bucket), asked, "{dotenv:?} {bucket:?}");
    }
}
