use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::*;

fn database() -> (tempfile::TempDir, Connection, HotReads) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("some.db");
    let writer = Connection::open(&file).expect("a database");
    let made = "PRAGMA journal_mode = WAL; CREATE TABLE number (value INTEGER); INSERT INTO number VALUES (1)";
    writer.execute_batch(made).expect("a table");
    (folder, writer, HotReads::of_file(file))
}

fn sum(hot: &HotReads) -> Option<i64> {
    hot.read(|connection| connection.statement("SELECT sum(value) FROM number")?.query_row([], |row| row.get(0)))
}

fn open_connections(hot: &HotReads) -> usize {
    hot.connections.as_ref().map_or(0, |connections| lock(connections).open)
}

#[test]
fn what_was_committed_is_read() {
    let (_folder, writer, hot) = database();
    for value in 1..100 {
        assert_eq!(sum(&hot), Some(value));
        writer.execute("UPDATE number SET value = value + 1", []).expect("written");
    }
    assert_eq!(open_connections(&hot), 1);
}

#[test]
fn what_is_not_committed_is_not_read_and_not_waited_for() {
    let (_folder, writer, hot) = database();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE number SET value = 7").expect("written");
    assert_eq!(sum(&hot), Some(1));
    writer.execute_batch("COMMIT").expect("committed");
    assert_eq!(sum(&hot), Some(7));
}

#[test]
fn several_reads_see_one_state() {
    let (_folder, writer, hot) = database();
    let read = hot.read(|connection| {
        let value = || connection.statement("SELECT value FROM number")?.query_row([], |row| row.get::<_, i64>(0));
        connection.in_one_state(|| {
            let before = value()?;
            writer.execute("UPDATE number SET value = 2", [])?;
            Ok((before, value()?))
        })
    });
    assert_eq!(read, Some((1, 1)));
    assert_eq!(sum(&hot), Some(2));
}

#[test]
fn nothing_is_written() {
    let (_folder, _writer, hot) = database();
    let written = hot.read(|connection| connection.statement("UPDATE number SET value = 2")?.execute([]));
    assert_eq!(written, None);
    assert_eq!(sum(&hot), Some(1));
}

#[test]
fn a_connection_is_closed_after_an_error_and_after_a_panic() {
    let (_folder, _writer, hot) = database();
    assert_eq!(sum(&hot), Some(1));
    assert_eq!(
        hot.read(|connection| connection.in_one_state(|| connection.statement("SELECT nothing").map(drop))),
        None
    );
    assert_eq!(open_connections(&hot), 0);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        hot.read::<()>(|connection| connection.in_one_state(|| panic!("as the test wants it")))
    }));
    assert!(panicked.is_err());
    assert_eq!(open_connections(&hot), 0);
    assert_eq!(sum(&hot), Some(1));
}

#[test]
fn more_readers_than_connections_go_the_ordinary_way() {
    // Each within the one before, until none has a connection any more.
    fn nested(hot: &HotReads) -> usize {
        hot.read(|_| Ok(1 + nested(hot))).unwrap_or(0)
    }
    let (_folder, _writer, hot) = database();
    assert_eq!(nested(&hot), limits::HOT_READERS);
    assert_eq!(open_connections(&hot), limits::HOT_READERS);
    assert_eq!(sum(&hot), Some(1));
}

#[test]
fn while_reads_are_slow_others_go_the_ordinary_way() {
    let (_folder, _writer, hot) = database();
    let slow = |times| {
        hot.read(|_| {
            thread::sleep(limits::SLOW_HOT_READ * times);
            Ok(1)
        })
    };
    assert_eq!(slow(MEAN_OF / 2), Some(1));
    assert!(hot.is_ready() && sum(&hot) == Some(1), "it may have been interrupted");
    assert_eq!(slow(MEAN_OF + 1), Some(1), "it has been read");
    assert!(!hot.is_ready() && sum(&hot).is_none());
    let over = instant().checked_sub(Duration::from_millis(1));
    lock(hot.connections.as_ref().expect("a file")).rest_until = over;
    assert!(hot.is_ready() && sum(&hot) == Some(1));
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("none.db");
    assert_eq!(sum(&HotReads::of_file(file.clone())), None);
    assert!(!file.exists());
    assert!(!HotReads::default().is_ready() && sum(&HotReads::default()).is_none());
}

#[test]
fn closed_is_closed() {
    let (folder, writer, hot) = database();
    assert_eq!(sum(&hot), Some(1));
    let inside = hot.read(|connection| {
        hot.close();
        connection.statement("SELECT sum(value) FROM number")?.query_row([], |row| row.get::<_, i64>(0))
    });
    assert_eq!(inside, Some(1), "a read that has begun ends");
    assert_eq!(open_connections(&hot), 0);
    assert!(!hot.is_ready() && sum(&hot).is_none());
    drop(writer);
    assert!(!folder.path().join("some.db-wal").exists(), "the last one folds the log into the file");
}
