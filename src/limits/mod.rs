//! All limits as constants; `serverInfo.limits` shows some of them. Numbers without another source are from the project's
//! threat model.

mod rates;

use std::time::Duration;

pub use rates::*;

use crate::turns::TurnBounds;

// Documents.
/// A document's size.
pub const QUERY_BYTES: usize = 15_000;
/// Documents that are kept parsed, in bytes of their texts: a hundred or two. What is kept of them is larger, by an estimate
/// up to a hundred times.
pub const DOCUMENTS_BYTES: u64 = 128 * 1024;
/// A document's lexical tokens.
pub const QUERY_TOKENS: usize = 2_000;
/// How deep brackets nest; the parser's stack ends somewhere above 1,000.
pub const QUERY_NESTING: usize = 64;
/// How deep fields nest, introspection apart.
pub const QUERY_DEPTH: usize = 10;
/// How deep fields and fragments nest, introspection included: what is executed recurses as deep.
pub const QUERY_LEVELS: usize = 32;
/// Fields after fragments are expanded.
pub const QUERY_SELECTIONS: usize = 5_000;
/// Aliases after fragments are expanded.
pub const QUERY_ALIASES: usize = 30;
/// Directives after fragments are expanded.
pub const QUERY_DIRECTIVES: usize = 50;
/// Fields at the root of an operation.
pub const QUERY_ROOT_FIELDS: usize = 20;
/// Objects that a document can return.
pub const QUERY_COMPLEXITY: usize = 10_000;

// Subscriptions.
/// Objects that all live subscriptions of one person can return, on all sockets: each as [`QUERY_COMPLEXITY`] counts it.
pub const LIVE_OBJECTS: usize = 50_000;
/// Executions for events at the same time: one of each person, and as many as may look something up.
pub const EXECUTIONS: TurnBounds = TurnBounds { at_once: READ_TURNS, at_once_per_person: 1, ..OPERATION_TURNS };
/// Time of a processor that one person's executions for events may take, of each second.
pub const EXECUTION_TIME: Duration = Duration::from_millis(250);

// Pages.
/// The largest page of any list.
pub const PAGE_SIZE: u32 = 100;
/// The default page size.
pub const DEFAULT_PAGE: u32 = 50;

// Texts, in Unicode scalars.
/// A message's text.
pub const MESSAGE_LENGTH: usize = 4_000;
/// A person's name.
pub const NAME_LENGTH: usize = 80;
/// A group's title.
pub const TITLE_LENGTH: usize = 100;
/// A search for people.
pub const SEARCH_LENGTH: usize = 100;
/// A search for messages: a sentence.
pub const MESSAGE_SEARCH_LENGTH: usize = 200;
/// A password.
pub const PASSWORD_LENGTH: usize = 128;
/// An e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES: usize = 254;
/// A group's members, its owner included.
pub const GROUP_MEMBERS: usize = 1_000;

// Accounts.
/// Names whose look is remembered, with some 500 bytes each at most: to work one out takes 3 to 60 µs.
pub const NAME_LOOKS: u64 = 10_000;
/// Sessions of one person; beyond that the oldest is ended.
pub const SESSIONS_PER_USER: usize = 50;
/// A session ends this long after it began, however often it was used.
pub const SESSION_ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a session's row may be cached, and how often those of open sockets are checked.
pub const SESSION_CACHE: Duration = Duration::from_secs(5);
/// The precision of `lastUsedAt` and `lastSeenAt`.
pub const LAST_USED_PRECISION: Duration = Duration::from_secs(60);
/// How often expired sessions are purged.
pub const PURGE_EVERY: Duration = Duration::from_secs(3600);
/// A request with a cookie older than this gets a fresh one.
pub const COOKIE_REFRESH: Duration = Duration::from_secs(24 * 3600);
/// A token's size in bytes.
pub const TOKEN_BYTES: usize = 1_024;
/// Clocks of two machines may differ by this much.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(5);
/// Passwords that wait to be hashed.
pub const HASH_QUEUE: usize = 256;
/// How long a password waits to be hashed. Less than a request's timeout, so that the answer is an error with `retryAfterMs`.
pub const HASH_WAIT: Duration = Duration::from_secs(8);
const _: () = assert!(HASH_WAIT.as_secs() < REQUEST.as_secs());

// The feed.
/// Changes that wait for the writer, with those that it is writing.
pub const WRITER_QUEUE: usize = 2_048;
/// Changes in one transaction.
pub const WRITER_BATCH: usize = 256;
/// The interval of probes after a failed write to the database.
pub const PROBE_EVERY: Duration = Duration::from_secs(1);
/// Commits of a probe, a page each: more than a message takes, so that a probe does not succeed on a full disk.
pub const PROBE_WRITES: usize = 16;
/// Events in the hub's ring.
pub const RING_EVENTS: usize = 4_096;
/// Events in the inbox of a subscription; beyond that it reads from the database.
pub const INBOX_EVENTS: usize = 1_024;
/// Events that a replay reads at once, with their messages: 4 MB, if all of them are as long as they may be.
pub const REPLAY_PAGE: u64 = 250;
/// Events of a whole replay, without read marks.
pub const REPLAY_EVENTS: u64 = 10_000;
/// Readings of the log at the same time, by replays and for pages of the feed.
pub const REPLAY_READS: TurnBounds = TurnBounds { at_once: 8, at_once_per_person: 2, ..OPERATION_TURNS };
/// Pages of up to [`REPLAY_PAGE`] events that replays hold: two replays of a person are under way, the others wait.
pub const REPLAY_PAGES: TurnBounds = TurnBounds { at_once: 4_096, at_once_per_person: 2, ..OPERATION_TURNS };
/// How often the hub looks for events that another process wrote.
pub const FEED_POLL: Duration = Duration::from_secs(1);
/// Bytes of shared frames that are kept for replays.
pub const SHARED_BYTES: usize = 64 * 1024 * 1024;
/// Tries to resolve an event before its subscription gets `FeedReset`.
pub const EVENT_TRIES: u32 = 3;
/// The log is kept this long.
pub const FEED_RETENTION_DAYS: u32 = 30;
/// How long feed cursors are read that were given out before cursors were sealed: as long as the log is kept.
pub const UNSEALED_CURSORS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often the log is trimmed.
pub const TRIM_EVERY: Duration = Duration::from_secs(600);
/// Events that are trimmed at once.
pub const TRIM_EVENTS: u64 = 1_000;
/// Larger groups do not publish read marks.
pub const READ_MARKS_MEMBERS: usize = 100;
/// The shortest interval at which a read mark of a person in a conversation is published.
pub const READ_MARK_PACE: Duration = Duration::from_secs(1);

// Erasure.
/// Seqs of a history that are looked through at once for somebody's messages.
pub const ERASURE_WINDOW: usize = 2_000;
/// Messages whose texts are cleared in one transaction: as many as it may send.
pub const ERASURE_MESSAGES: usize = WRITER_BATCH;
/// The pause before a failed erasure is retried.
pub const ERASURE_RETRY: Duration = Duration::from_secs(1);
/// How often it is tried, once a second, to cut the database's log after an erasure.
pub const ERASURE_CUTS: u32 = 600;

// Presence.
/// How long a person stays online after their last socket is closed.
pub const PRESENCE_GRACE: Duration = Duration::from_secs(10);
/// The shortest interval between two results of `onlineUsers`.
pub const ONLINE_USERS_PACE: Duration = Duration::from_secs(1);
/// How often `onlineUsers` looks up at most with whom a viewer shares a conversation, when members of one of theirs change:
/// up to 50,000 people, some 30 ms, for each member who looks on.
pub const CONTACTS_PACE: Duration = Duration::from_secs(5);
/// People in `onlineUsers`, and ids that `presenceChanged` takes.
pub const ONLINE_USERS: usize = 1_000;
/// Ids that `presenceChanged` takes.
pub const PRESENCE_USERS: usize = 200;
/// Changes of presence that wait for one subscription.
pub const PRESENCE_CHANGES: usize = 1_024;

// Images.
/// An uploaded image, in bytes.
pub const IMAGE_BYTES: usize = 10 * 1024 * 1024;
/// A stored image without its thumbnails: re-encoded it can be larger than the upload.
pub const IMAGE_KEPT_BYTES: usize = 2 * IMAGE_BYTES;
/// The pixels of an image.
pub const IMAGE_PIXELS: u32 = 32_000_000;
/// A side of an image, in pixels.
pub const IMAGE_SIDE: u32 = 10_000;
/// What an image may take while it is decoded, as its decoder counts. The default, 512 MiB, is what a PNG of 49 kB can
/// be made to take.
pub const IMAGE_MEMORY: u64 = 160 * 1024 * 1024;
/// Frames of an animation.
pub const IMAGE_FRAMES: usize = 200;
/// Pixels of an animation in all its frames.
pub const IMAGE_FRAMES_PIXELS: u64 = 100_000_000;
/// The widths of thumbnails: for a list, and then each twice the one before.
pub const THUMBNAILS: [u32; 5] = [96, 240, 480, 960, 1_920];
/// Images that are decoded at the same time.
pub const IMAGES_AT_ONCE: usize = 2;
/// Images that are decoded or wait to be stored.
pub const IMAGES_IN_MEMORY: usize = 4;
/// Images of one person that are decoded or wait to be stored: the other thread is for the others.
pub const IMAGES_PER_PERSON: usize = 1;
/// Images in the queue.
pub const IMAGE_QUEUE: usize = 64;
/// Those of one person: more than [`UPLOADS`] lets them send at once, so that an album passes.
pub const IMAGE_QUEUE_PER_PERSON: usize = 16;
/// How long an image that was made of an upload is kept when the change that was to have it failed: for the next try. At
/// the rate of images, what is kept so takes less room than a person may have.
pub const UPLOAD_PREPARED: Duration = Duration::from_secs(120);
/// Uploads of which is known that they were decoded.
pub const UPLOADS_DECODED: u64 = 10_000;
/// Images of one person.
pub const IMAGES_PER_USER: u64 = 10_000;
/// Bytes of one person's images, thumbnails included.
pub const IMAGE_BYTES_PER_USER: u64 = 1024 * 1024 * 1024;
/// An image's URL stays the same for this long, and is valid for at least as long again.
pub const IMAGE_ADDRESS: Duration = Duration::from_secs(30 * 60);
/// How long an upload URL is valid.
pub const UPLOAD_SLOT: Duration = Duration::from_secs(10 * 60);
/// Unused uploads are deleted after this time.
pub const UPLOAD_UNUSED: Duration = Duration::from_secs(3600);
/// How long a place for an upload is known to have been used.
pub const UPLOAD_KNOWN: Duration = Duration::from_secs(24 * 3600);
/// How often the store is looked at, and what is due is deleted.
pub const STORE_LOOK: Duration = Duration::from_secs(15);
/// Objects that are deleted one after the other before others get their turn.
pub const DELETIONS: u64 = 256;
/// The longest pause before an object is tried again that could not be deleted.
pub const DELETION_PAUSE: Duration = Duration::from_secs(3600);

// The bucket. All of it within the time of a request.
/// The timeout for connecting.
pub const S3_CONNECT: Duration = Duration::from_secs(2);
/// The timeout until an answer begins, and between its parts.
pub const S3_READ: Duration = Duration::from_secs(4);
/// The timeout of all attempts together.
pub const S3_OPERATION: Duration = Duration::from_secs(7);
/// The number of attempts.
pub const S3_TRIES: u32 = 2;
// Typing.
/// How long until a typing signal expires unless renewed.
pub const TYPING: Duration = Duration::from_secs(5);
/// Typing signals that wait to be published, and those of a person that wait for one subscription.
pub const TYPING_QUEUE: usize = 1_024;
/// Who types where, on this node at a time.
pub const TYPISTS: usize = 10_000;

// Search.
/// How often new messages are indexed while nobody searches; a search indexes them at once.
pub const INDEX_EVERY: Duration = Duration::from_secs(1);
/// The pause after a failure to index.
pub const INDEX_RETRY: Duration = Duration::from_secs(10);
/// Messages that are indexed in one transaction, and their size in bytes: the writer is held for some 20 ms.
pub const INDEX_MESSAGES: u64 = 100;
/// See [`INDEX_MESSAGES`].
pub const INDEX_BYTES: usize = 64 * 1024;
/// Messages in one transaction whose old words are removed, each from so many pages that it takes some 3 ms.
pub const INDEX_CHANGES: u64 = 10;
/// How long a search waits for the index to have what was written before it.
pub const SEARCH_WAIT: Duration = Duration::from_secs(1);
/// Conversations of a person that a search looks into, those of the newest messages. What is in others is found by a
/// search in the one.
pub const SEARCH_PLACES: u64 = 5_000;
/// Conversations that the index is asked for at once. The next are asked for only where they may have something newer.
pub const SEARCH_AT_ONCE: usize = 250;
/// Words that the index is asked for by one search, counted anew for each conversation; some 50 µs each with a million
/// messages. Further words of the query are looked for in the messages.
pub const SEARCH_TERMS: usize = 10_000;
/// Messages that are looked at together at most, where the index proposes many that are no hits.
pub const SEARCH_PAGE: usize = 1_000;

// HTTP.
/// A JSON body.
pub const BODY_BYTES: usize = 256 * 1024;
/// A multipart body: an image of 10 MiB and the operation around it.
pub const MULTIPART_BYTES: usize = 10 * 1024 * 1024 + 64 * 1024;
/// A body as large as this is read without counting: it needs no more than what a connection has anyway, and signing in is
/// possible also when no room is left for larger ones.
pub const SMALL_BODY_BYTES: usize = 4 * 1024;
/// Bytes of larger bodies that are held, while they come and until they are answered. Parsed they can take 40 times as much
/// (a list of numbers of one digit).
pub const BODIES_BYTES: usize = 64 * 1024 * 1024;
/// … of those of visitors.
pub const VISITORS_BODY_BYTES: usize = 8 * 1024 * 1024;
/// … of visitors of one address: four of the largest at once.
pub const VISITOR_BODY_BYTES: usize = 4 * BODY_BYTES;
/// … of one person: sixteen at once, and so many uploads, more than [`UPLOADS`] lets begin at once.
pub const PERSON_BODY_BYTES: usize = 16 * BODY_BYTES;
/// All headers of a request.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Headers of a request.
pub const HEADERS: usize = 100;
/// How long the headers of a request may take.
pub const HEADER_READ: Duration = Duration::from_secs(10);
/// How long the body of a request may take.
pub const BODY_READ: Duration = Duration::from_secs(30);
/// How long an answer may take to be made.
pub const REQUEST: Duration = Duration::from_secs(10);
/// How long an answer to a request with an image may take: it waits for its turn, and for threads of the lowest priority.
/// Work that is thrown away halfway is asked for again.
pub const UPLOAD_ANSWER: Duration = Duration::from_secs(60);
/// How long a multipart body may take: an image over a phone's uplink.
pub const UPLOAD_READ: Duration = Duration::from_secs(60);
/// The part of a multipart body that says which file goes where.
pub const UPLOAD_MAP_BYTES: usize = 4 * 1024;
/// How long a connection waits for its next request. Longer than the 60 s of common proxies: the one who closes
/// first must be the one who sends, or a request meets a closed door.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long what a client still sends is read and dropped after the last answer, which a reset would take from it.
pub const LINGER: Duration = Duration::from_secs(2);
/// Files that are kept free for the database, the log and the like.
pub const RESERVED_FILES: u64 = 1_024;

/// Connections of one address: 500 people behind one router with a socket and a page each.
pub const ADDRESS_CONNECTIONS: usize = 1_024;
/// One in so many connections that the process can hold may be of one address, where that is fewer.
pub const ADDRESS_CONNECTIONS_SHARE: usize = 4;
/// Connections of one address however few there may be in all: some browsers with six each, and their sockets.
pub const ADDRESS_CONNECTIONS_LEAST: usize = 32;
/// Between two lines of the log that there is no room for connections.
pub const NO_ROOM_WARNING: Duration = Duration::from_secs(60);
/// Connections taken at the same time that there is no room for: for probes, and to tell others that the server is full.
pub const RESERVED_CONNECTIONS: usize = 32;
/// How long the headers of a request may take on such a connection.
pub const RESERVED_HEADER_READ: Duration = Duration::from_secs(2);
/// When it is worth another try where there is no room: a slow body or a silent client is given up in a few times this.
pub const OVERLOAD_RETRY: Duration = Duration::from_secs(5);

// Sockets.
/// A frame of a client.
pub const FRAME_BYTES: usize = 64 * 1024;
/// Until `connection_init`.
pub const INIT_WAIT: Duration = Duration::from_secs(5);
/// Between pings of the server.
pub const PING_EVERY: Duration = Duration::from_secs(25);
/// Until the answer to a ping.
pub const PONG_WAIT: Duration = Duration::from_secs(10);
/// Until a write has made progress.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);
/// Frames that wait for one reader.
pub const OUTBOUND_FRAMES: usize = 256;
/// Bytes that wait for one reader.
pub const OUTBOUND_BYTES: usize = 1024 * 1024;
/// The read buffer of a socket, whose clients say little; the library's 128 KiB would cost 134 kB an idle socket.
pub const SOCKET_READ_BUFFER: usize = 1024;
/// What is gathered for a socket before it is written.
pub const SOCKET_WRITE_BUFFER: usize = 4 * 1024;
/// Operations that are under way on one socket.
pub const OPERATIONS_PER_SOCKET: usize = 100;
/// Sockets of one address whose `connection_init` has not come.
pub const WAITING_SOCKETS: usize = 64;
/// Sockets of one person.
pub const SOCKETS_PER_USER: usize = 20;
/// Operations that take turns of any kind. The line has room for all that a person can have under way, and for more than
/// a process can hold sockets for, so that nobody is refused because of others.
pub const OPERATION_TURNS: TurnBounds = TurnBounds {
    at_once: 1_000_000,
    at_once_per_person: SOCKETS_PER_USER * OPERATIONS_PER_SOCKET,
    waiting: 1_000_000,
    waiting_per_person: SOCKETS_PER_USER * OPERATIONS_PER_SOCKET,
};
/// Queries and mutations of a person, on all sockets, that are executed or whose answers wait for the client to read.
pub const SOCKET_ANSWERS: TurnBounds = TurnBounds { at_once_per_person: 16, ..OPERATION_TURNS };
/// Bytes of an operation's id: a UUID and room for habit.
pub const OPERATION_ID_BYTES: usize = 256;
/// Frames that a client may send at once, pings, pongs and each fragment of a message included; after these
/// [`INBOUND_RATE`] holds.
pub const INBOUND_BURST: u32 = 250;
/// Frames a second that a client may send in the long run.
pub const INBOUND_RATE: u32 = 20;
/// Bytes of one socket that are read before other tasks have their turn: a frame of the largest size.
pub const SOCKET_TURN_BYTES: usize = FRAME_BYTES;
/// Bytes that a client may still send after it was sent a close frame, within [`LINGER`]: what may be on its way.
pub const FAREWELL_BYTES: usize = 1024 * 1024;
/// Cursors in `resumeFrom`.
pub const RESUME_ENTRIES: usize = 1_000;

// Going down.
/// Sockets are sent away over this long.
pub const DRAIN_SOCKETS: Duration = Duration::from_secs(10);
/// The process ends this long after it was told to, whatever is still open.
pub const DRAIN: Duration = Duration::from_secs(30);

// The database.
/// Connections that read.
pub const READERS: u32 = 8;
/// Look-ups that may wait for one of them at the same time; the next wait for their turn. It keeps the connections busy.
pub const READ_TURNS: usize = 32;
/// How long a query waits for one of them.
pub const ACQUIRE: Duration = Duration::from_secs(3);
/// How long a write of another process may hold the database.
pub const BUSY: Duration = Duration::from_secs(5);
