//! Databases that cannot be served: the start ends with one line that gives the reason.

use sea_orm::ConnectionTrait;

use crate::support::{Disk, Server, dump};

/// The program exited at once, with one line that names the database; returns the line.
async fn refuses_its_database(server: &Server) -> String {
    let ended = server.run("serve").await;
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.starts_with("parlour: the database data/parlour.db cannot be opened: "), "{reported}");
    reported
}

/// A server that was started before and has ended.
async fn a_server_with_a_database() -> Server {
    let mut server = Server::start().await;
    server.user("Ada").await;
    server.stop().await;
    server
}

#[tokio::test]
async fn a_read_only_database_is_reported_in_one_line() {
    let server = a_server_with_a_database().await;
    let disk = Disk::read_only(&server.folder().join("data")).await;
    let launcher = disk.launcher(server.folder());

    let reported = refuses_its_database(&server.launched_by(launcher)).await;

    assert!(reported.contains("must be able to write it"), "{reported}");
}

#[tokio::test]
async fn a_read_only_folder_is_reported_in_one_line() {
    let server = Server::prepare(&[]);
    let disk = Disk::read_only(&server.folder().join("data")).await;
    let launcher = disk.launcher(server.folder());

    let ended = server.launched_by(launcher).run("serve").await;

    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.contains("data/jwt-secret cannot be read or made: Read-only file system"), "{reported}");
}

/// Starts with more and more room until one succeeds; each before ended with a line that gives the reason. How many.
async fn starts_that_found_the_disk_full(server: &Server, disk: &Disk) -> usize {
    for refused in 0.. {
        // Some pages more each time: every file that is made at the start is the one without room in turn.
        disk.leave(refused as u64 * 16 * 1024);
        let ended = server.run("migrate").await;
        if ended.status.success() {
            return refused;
        }
        let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
        // Beside what the log says of migrations that succeeded before.
        assert_eq!(reported.lines().filter(|line| !line.contains("migration.applied")).count(), 1, "{reported}");
        let says_so = ["the disk is full", "No space left on device"].iter().any(|reason| reported.contains(reason));
        assert!(says_so, "with {refused} times 16 KiB: {reported}");
    }
    unreachable!("the disk is small")
}

#[tokio::test]
async fn a_start_on_a_full_disk_says_that_it_is_full() {
    let (mut server, disk) = Disk::under(&[], 4_096).await;
    server.user("Ada").await;
    server.stop().await;

    let refused = starts_that_found_the_disk_full(&server, &disk).await;

    assert!(refused > 0, "it needs no room");
    disk.make_room();
    server.start_again().await;
    server.stop().await;
}

#[tokio::test]
async fn a_first_start_on_a_full_disk_says_that_it_is_full() {
    let server = Server::prepare(&[]);
    let disk = Disk::with_room(&server.folder().join("data"), 4_096).await;
    let launcher = disk.launcher(server.folder());
    let mut server = server.launched_by(launcher);

    let refused = starts_that_found_the_disk_full(&server, &disk).await;

    assert!(refused > 0, "it needs no room");
    // Starts that failed halfway have left nothing that stands in the way.
    disk.make_room();
    server.start_again().await;
    server.user("Ada").await;
    server.stop().await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_not_touched() {
    let mut server = a_server_with_a_database().await;
    let db = server.database().await;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 1)";
    db.execute_unprepared(newer).await.expect("a step");
    db.close().await.expect("the database closes");
    let before = dump(&server).await;

    let reported = refuses_its_database(&server).await;

    assert!(reported.contains("by a newer Parlour, which knows m9999_tomorrow"), "{reported}");
    assert_eq!(dump(&server).await, before);
    // The program that knows the migration still can.
    let db = server.database().await;
    db.execute_unprepared("DELETE FROM seaql_migrations WHERE version = 'm9999_tomorrow'").await.expect("a step");
    db.close().await.expect("the database closes");
    server.start_again().await;
    server.stop().await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_reported_in_one_line_and_kept() {
    let server = Server::prepare(&[]);
    let data = server.folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let text = "Not a database, but somebody may want it all the same.\n".repeat(100);
    std::fs::write(data.join("parlour.db"), &text).expect("a file");

    let reported = refuses_its_database(&server).await;

    assert!(reported.ends_with("file is not a database\n"), "{reported}");
    assert_eq!(std::fs::read_to_string(data.join("parlour.db")).expect("the file"), text);
}

#[tokio::test]
async fn a_truncated_database_is_reported_in_one_line() {
    let server = a_server_with_a_database().await;
    let file = std::fs::File::options().write(true).open(server.folder().join("data/parlour.db")).expect("the file");
    file.set_len(8_192).expect("it is cut");

    let reported = refuses_its_database(&server).await;

    assert!(reported.ends_with("database disk image is malformed\n"), "{reported}");
}
