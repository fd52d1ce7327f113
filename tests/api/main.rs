//! The API as its users see it: over HTTP and WebSocket, each test on a server and a database of its own.

mod accounts;
mod feed;
mod messages;
mod support;
