//! Automatic persisted queries (APQ), as the clients of Apollo and urql send them: a request has the hash of its document
//! in `extensions.persistedQuery`. A document that is known need not be sent. For one that is not, the client gets
//! `PERSISTED_QUERY_NOT_FOUND`, and sends it along once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Request, ServerError, Value, from_value};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::graphql::Caller;
use crate::graphql::error::{persisted_query_not_found, server_error};
use crate::id::UserId;
use crate::limits::{PERSISTED_BYTES, PERSISTED_DOCUMENTS, QUERY_BYTES};
use crate::rates::neighbourhood;

/// The name of the extension.
const EXTENSION: &str = "persistedQuery";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersistedQuery {
    version: u32,
    sha256_hash: String,
}

/// The documents that clients have sent, by their hashes.
///
/// All people share them, except for documents with a string in them: that can be a name or a password, and who knows
/// such a hash would learn that somebody has sent it. Those are found by their sender only.
///
/// When there is no more room, whoever has stored most loses what was not used for longest. So nobody can evict what
/// others have stored.
#[derive(Default)]
pub(in crate::graphql) struct PersistedDocuments(Mutex<DocumentStore>);

#[derive(Default)]
struct DocumentStore {
    documents: HashMap<DocumentKey, PersistedDocument>,
    /// The bytes that each has stored.
    shares: HashMap<DocumentOwner, usize>,
    bytes: usize,
    /// Counts the uses.
    uses: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct DocumentKey {
    hash: [u8; 32],
    /// Who finds it, if not everybody.
    only: Option<UserId>,
}

struct PersistedDocument {
    text: Arc<str>,
    owner: DocumentOwner,
    last_use: u64,
}

/// Who stored a document first.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum DocumentOwner {
    Person(UserId),
    /// Visitors of one address.
    Visitor(IpAddr),
}

impl PersistedDocuments {
    /// Gives a request without a document the one that it names, and stores the document of one that has both. Afterwards
    /// the request is like one that has never named it; after an error it is as it was.
    pub(in crate::graphql) fn resolve(&self, request: &mut Request, caller: &Caller) -> Result<(), ServerError> {
        let Some(extension) = request.extensions.get(EXTENSION).filter(|extension| **extension != Value::Null) else {
            return Ok(());
        };
        let hash = hash(extension.clone()).map_err(server_error)?;
        let user = caller.viewer.as_ref().map(|viewer| viewer.user());
        let store = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if request.query.is_empty() {
            let shared = DocumentKey { hash, only: None };
            let own = user.map(|user| DocumentKey { hash, only: Some(user) });
            let found = [Some(shared), own].into_iter().flatten().find_map(|key| store().find(key));
            request.query = found.ok_or_else(persisted_query_not_found)?.to_string();
            request.extensions.remove(EXTENSION);
            return Ok(());
        }
        if <[u8; 32]>::from(Sha256::digest(&request.query)) != hash {
            let differs = Error::input("extensions.persistedQuery.sha256Hash", "provided sha does not match query");
            return Err(server_error(differs));
        }
        let only = request.query.contains('"').then_some(user);
        // Of visitors nobody knows who they are.
        if only != Some(None) && request.query.len() <= QUERY_BYTES {
            let owner = user.map_or(DocumentOwner::Visitor(neighbourhood(caller.address)), DocumentOwner::Person);
            store().keep(DocumentKey { hash, only: only.flatten() }, &request.query, owner);
        }
        request.extensions.remove(EXTENSION);
        Ok(())
    }
}

impl DocumentStore {
    fn find(&mut self, key: DocumentKey) -> Option<Arc<str>> {
        let document = self.documents.get_mut(&key)?;
        self.uses += 1;
        document.last_use = self.uses;
        Some(Arc::clone(&document.text))
    }

    fn keep(&mut self, key: DocumentKey, text: &str, owner: DocumentOwner) {
        if self.find(key).is_some() {
            return;
        }
        self.uses += 1;
        self.bytes += text.len();
        *self.shares.entry(owner).or_default() += text.len();
        self.documents.insert(key, PersistedDocument { text: text.into(), owner, last_use: self.uses });
        while self.bytes > PERSISTED_BYTES || self.documents.len() > PERSISTED_DOCUMENTS {
            self.evict();
        }
    }

    /// Goes through all documents, of which there are few.
    fn evict(&mut self) {
        let fullest = self.shares.iter().max_by_key(|(_, bytes)| **bytes).map(|(owner, _)| *owner);
        let theirs = self.documents.iter().filter(|(_, document)| Some(document.owner) == fullest);
        let Some(oldest) = theirs.min_by_key(|(_, document)| document.last_use).map(|(key, _)| *key) else { return };
        let Some(evicted) = self.documents.remove(&oldest) else { return };
        self.bytes -= evicted.text.len();
        if let Some(share) = self.shares.get_mut(&evicted.owner) {
            *share -= evicted.text.len();
        }
        self.shares.retain(|_, share| *share > 0);
    }
}

fn hash(extension: Value) -> Result<[u8; 32], Error> {
    let wrong = |message: &'static str| Error::input("extensions.persistedQuery", message);
    let shape = "`persistedQuery` has to be an object with `version: 1` and a `sha256Hash` of 64 hexadecimal digits";
    let query: PersistedQuery = from_value(extension).map_err(|_| wrong(shape))?;
    if query.version != 1 {
        return Err(wrong("Unsupported persisted query version"));
    }
    let digits = query.sha256_hash.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(wrong(shape));
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or(0);
        *byte = 16 * digit(pair[0]) + digit(pair[1]);
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(store: &mut DocumentStore, number: usize, length: usize, owner: DocumentOwner) -> DocumentKey {
        let text = format!("{number:0length$}");
        let key = DocumentKey { hash: Sha256::digest(&text).into(), only: None };
        store.keep(key, &text, owner);
        key
    }

    #[test]
    fn whoever_stores_most_loses_what_was_not_used_for_longest() {
        let (ada, eve) = (DocumentOwner::Person(UserId::new()), DocumentOwner::Person(UserId::new()));
        for length in [100, QUERY_BYTES] {
            let mut store = DocumentStore::default();
            let of_ada: Vec<_> = (0..20).map(|number| keep(&mut store, number, length, ada)).collect();
            let used = keep(&mut store, 1_000_000, length, eve);
            for number in 0..2 * PERSISTED_DOCUMENTS {
                keep(&mut store, 1_000 + number, length, eve);
                assert!(store.find(used).is_some(), "what is used stays");
            }
            assert!(store.documents.len() <= PERSISTED_DOCUMENTS && store.bytes <= PERSISTED_BYTES);
            assert!(store.documents.len() == PERSISTED_DOCUMENTS || store.bytes > PERSISTED_BYTES - QUERY_BYTES);
            assert!(of_ada.into_iter().all(|key| store.find(key).is_some()));
        }
    }

    #[test]
    fn the_books_are_right_after_evictions() {
        let mut store = DocumentStore::default();
        for number in 0..3 * PERSISTED_DOCUMENTS {
            let owner = DocumentOwner::Visitor([127, 0, 0, u8::try_from(number % 7).unwrap()].into());
            keep(&mut store, number, 10 + number % 3_000, owner);
        }
        let bytes: usize = store.documents.values().map(|document| document.text.len()).sum();
        assert_eq!((store.bytes, store.shares.values().sum::<usize>()), (bytes, bytes));
    }
}
