//! The API as its users see it: over HTTP and WebSocket, each test on a server and a database of its own.

mod accounts;
mod conversations;
mod cookies;
mod feed;
mod feed_page;
mod fell_behind;
mod groups;
mod history;
mod messages;
mod people;
mod presence;
mod profiles;
mod read_marks;
mod resume;
mod resume_from;
mod retries;
mod revisions;
mod seam;
mod sessions;
mod shared;
mod shared_random;
mod socket_operations;
mod statements;
mod strangers;
mod support;
mod trimming;
