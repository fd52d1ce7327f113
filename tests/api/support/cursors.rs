//! Positions of cursors. Clients see them sealed; a test opens them with the keys of its server's database.

use std::sync::{Arc, Mutex, PoisonError};

use parlour::clock::Clock;
use parlour::feed::{Cursor, CursorSeal, Position};

/// The seals of the running servers' databases, the newest last.
static SEALS: Mutex<Vec<(String, Arc<CursorSeal>)>> = Mutex::new(Vec::new());

/// Reads the keys of a database, once. If a setting put it elsewhere, its cursors stay sealed.
pub async fn read_keys(url: &str) {
    let is_missing = url.strip_prefix("sqlite://").is_some_and(|file| !std::path::Path::new(file).exists());
    if is_missing || seal_of(url).is_some() {
        return;
    }
    let db = sea_orm::Database::connect(url).await.expect("the database opens");
    let seal = CursorSeal::load(&db, Clock::default()).await.expect("the keys of a database that was served");
    db.close().await.expect("the database closes");
    SEALS.lock().unwrap_or_else(PoisonError::into_inner).push((url.to_owned(), Arc::new(seal)));
}

/// Forgets the keys of a database whose server has ended.
pub fn forget_keys(url: &str) {
    SEALS.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _)| known != url);
}

/// The seal of a database.
pub fn seal_of(url: &str) -> Option<Arc<CursorSeal>> {
    let seals = SEALS.lock().unwrap_or_else(PoisonError::into_inner);
    seals.iter().find(|(known, _)| known == url).map(|(_, seal)| Arc::clone(seal))
}

/// Opens a cursor of any of the databases.
pub fn open(cursor: &str) -> Cursor {
    let seals = SEALS.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = seals.iter().rev().find_map(|(_, seal)| seal.read_cursor(cursor));
    drop(seals);
    opened.unwrap_or_else(|| panic!("no cursor of the feed: {cursor}"))
}

/// The position of a cursor.
pub fn position_of(cursor: &str) -> Position {
    open(cursor).position
}
