//! A cache of parsed documents. Clients send the same few documents repeatedly, and cloning a parsed one is much
//! cheaper than parsing.

use std::sync::Arc;

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;
use moka::sync::Cache;

use crate::limits;

/// Parsed documents by their text.
pub(in crate::graphql) struct DocumentCache(Cache<String, Arc<ExecutableDocument>>);

impl DocumentCache {
    pub(in crate::graphql) fn new() -> Self {
        let weigh = |text: &String, _: &Arc<ExecutableDocument>| u32::try_from(text.len()).unwrap_or(u32::MAX);
        Self(Cache::builder().weigher(weigh).max_capacity(limits::DOCUMENTS_BYTES).build())
    }

    /// Sets the parsed document of a request, if it is cached. Returns whether it is.
    pub(in crate::graphql) fn recall(&self, request: &mut Request) -> bool {
        let known = self.0.get(request.query.as_str());
        if let Some(document) = &known {
            request.set_parsed_query(ExecutableDocument::clone(document));
        }
        known.is_some()
    }

    /// Caches a document, which must be within the limits of the guard.
    pub(in crate::graphql) fn remember(&self, text: String, document: &ExecutableDocument) {
        self.0.insert(text, Arc::new(document.clone()));
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn a_cached_document_is_not_parsed_again() {
        let documents = DocumentCache::new();
        // This text does not parse.
        let text = "{";
        let mut request = Request::new(text);
        assert!(!documents.recall(&mut request));
        documents.remember(text.to_owned(), &parse_query("{ me { id } }").expect("a document"));
        assert!(documents.recall(&mut request));
        let known = request.parsed_query().expect("the document that was remembered");
        assert_eq!(known.operations.iter().count(), 1);
    }

    #[test]
    fn the_cache_is_bounded() {
        let documents = DocumentCache::new();
        let document = parse_query("{ me { id } }").expect("a document");
        for n in 0..1_000 {
            documents.remember(format!("{n:01000}"), &document);
        }
        documents.0.run_pending_tasks();
        assert!(documents.0.weighted_size() <= limits::DOCUMENTS_BYTES);
        assert!(documents.0.entry_count() > 0);
    }
}
