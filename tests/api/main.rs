//! The API as its users see it: over HTTP and WebSocket, each test on a server and a database of its own.

mod accounts;
mod cookies;
mod feed;
mod messages;
mod people;
mod profiles;
mod sessions;
mod support;
