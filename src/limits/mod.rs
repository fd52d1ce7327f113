//! All limits as constants; `serverInfo.limits` shows some of them. Numbers without another source are from the
//! project's threat model.

mod adopt;
mod exports;
mod groups;
mod messages;
mod people;
mod rates;

use std::time::Duration;

pub use adopt::*;
pub use exports::*;
pub use groups::*;
pub use messages::*;
pub use people::*;
pub use rates::*;

use crate::turns::TurnBounds;

// Documents.
/// A document's size.
pub const QUERY_BYTES: usize = 15_000;
/// Size of the cache of parsed documents, in bytes of their texts: a hundred or two documents. Parsed they are larger,
/// by an estimate up to a hundred times.
pub const DOCUMENTS_BYTES: u64 = 128 * 1024;
/// Documents that are stored for requests that name one by its hash, and their bytes: those of some hundred clients.
pub const PERSISTED_DOCUMENTS: usize = 2_000;
/// See [`PERSISTED_DOCUMENTS`].
pub const PERSISTED_BYTES: usize = 4 * 1024 * 1024;
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
/// Objects that all live subscriptions of one person can return, on all sockets: each as [`QUERY_COMPLEXITY`] counts
/// it.
pub const LIVE_OBJECTS: usize = 50_000;
/// Concurrent executions for events: one of each person, and in all as many as may read from the database.
pub const EXECUTIONS: TurnBounds = TurnBounds { at_once: READ_TURNS, at_once_per_person: 1, ..OPERATION_TURNS };
/// Processor time per second that one person's executions for events may use.
pub const EXECUTION_TIME: Duration = Duration::from_millis(250);

// Consumers.
/// The characters of a name: an app puts the id of its installation into it.
pub const CONSUMER_NAME: usize = 64;
/// Consumers of one person.
pub const CONSUMERS_PER_USER: usize = 64;
/// A consumer is deleted when it was not used for this long: as long as the feed's log is kept.
pub const CONSUMER_UNUSED: Duration = Duration::from_secs(30 * 24 * 3600);
/// The precision of a consumer's last use, which would otherwise be written with each acknowledgement.
pub const CONSUMER_USED_PRECISION: Duration = Duration::from_secs(24 * 3600);
/// Acknowledgements within this time are written together.
pub const CONSUMER_ACK_PACE: Duration = Duration::from_secs(1);
/// Consumers whose acknowledgements wait on one node: with the pace of a second, more than one writer writes.
pub const CONSUMER_ACKS: usize = 20_000;
/// Requests that wait for the acknowledgement of one consumer.
pub const CONSUMER_ACK_CALLERS: usize = 100;
/// How often a node compares its claims with the rows.
pub const CONSUMER_WATCH: Duration = Duration::from_secs(1);
/// How much later the claim of a consumer that another node has written may be than one's own, and is still believed to be
/// later: longer than a claim waits for being written, and than clocks are apart that are kept by NTP.
pub const CONSUMER_CLAIM_SKEW: Duration = Duration::from_secs(3);
/// A subscription to some kinds of events gets a new cursor after this many others.
pub const KINDS_PASSED: u64 = 1_000;
/// And this long after the first of them.
pub const KINDS_PASSED_TIME: Duration = Duration::from_secs(60);

// Pages.
/// The largest page of any list.
pub const PAGE_SIZE: u32 = 100;
/// The default page size.
pub const DEFAULT_PAGE: u32 = 50;
/// People that an event names of those who came or left.
pub const NAMED_PEOPLE: usize = 20;

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
/// A password as typed, in bytes: one of the greatest length with each letter in four characters of four bytes.
pub const PASSWORD_BYTES: usize = 16 * PASSWORD_LENGTH;
/// An e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
pub const EMAIL_BYTES: usize = 254;
/// The members that one request puts into a group. How many a group has in all is a setting.
pub const MEMBERS_AT_ONCE: usize = 1_000;

// Accounts.
/// Names whose look is cached, with some 500 bytes each at most. Computing one takes 3 to 60 µs.
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
/// How long the machine's clock has to go evenly before sessions and events expire by it.
pub const CLOCK_CONFIRMED_AFTER: Duration = Duration::from_secs(3600);
/// How far the machine's clock may be corrected between two readings. Time servers correct a clock that runs by much less.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
/// A request with a cookie older than this gets a fresh one.
pub const COOKIE_REFRESH: Duration = Duration::from_secs(24 * 3600);
/// A token's size in bytes.
pub const TOKEN_BYTES: usize = 1_024;
/// Tokens whose proof is remembered, with some 250 bytes each.
pub const VERIFIED_TOKENS: u64 = 10_000;
/// The accepted difference between the clocks of two machines.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(5);
/// Passwords that wait to be hashed.
pub const HASH_QUEUE: usize = 256;
/// How long a password waits to be hashed. Less than a request's timeout, so that the answer is an error with
/// `retryAfterMs`.
pub const HASH_WAIT: Duration = Duration::from_secs(8);
const _: () = assert!(HASH_WAIT.as_secs() < REQUEST.as_secs());

// The feed.
/// Changes that are queued for the writer or being written.
pub const WRITER_QUEUE: usize = 2_048;
/// Changes in one transaction.
pub const WRITER_BATCH: usize = 256;
/// Prepared statements that are kept for hot changes: more than there are.
pub const HOT_STATEMENTS: usize = 64;
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
/// Events of a whole replay, without read marks and trims.
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
/// The same where each failed because something took too long, although the database answers. While it is away, tries do
/// not count.
pub const BUSY_EVENT_TRIES: u32 = 30;
/// The log is kept this long.
pub const FEED_RETENTION_DAYS: u32 = 30;
/// How long feed cursors are accepted that were issued before cursors were sealed: as long as the log is kept.
pub const UNSEALED_CURSORS: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often the log is trimmed.
pub const TRIM_EVERY: Duration = Duration::from_secs(600);
/// Events that are trimmed at once.
pub const TRIM_EVENTS: u64 = 1_000;
/// Larger groups do not publish read marks.
pub const READ_MARKS_MEMBERS: usize = 100;
/// The shortest interval at which a read mark of a person in a conversation is published.
pub const READ_MARK_PACE: Duration = Duration::from_secs(1);

// Several nodes.
/// Signals to other nodes that wait to be sent, and signals that wait for whoever follows them.
pub const BUS_QUEUE: usize = 4_096;
/// Signals in one statement.
pub const BUS_BATCH: usize = 64;
/// The pause before a node listens again after it lost the connection.
pub const BUS_RETRY: Duration = Duration::from_millis(500);
/// After this silence a node asks whether its connection for listening is still there.
pub const BUS_SILENCE: Duration = Duration::from_secs(10);
/// How long a node counts as alive without renewing its lease.
pub const NODE_LEASE: Duration = Duration::from_secs(30);
/// How often a node renews its lease, and reads those of the others.
pub const NODE_RENEWAL: Duration = Duration::from_secs(10);
/// The pause before a failed renewal is tried again.
pub const NODE_RETRY: Duration = Duration::from_secs(1);
/// People who come and go within this time are written together.
pub const NODE_PACE: Duration = Duration::from_millis(20);
/// People in one signal: PostgreSQL's notifications end at 8,000 bytes, and an id takes 39.
pub const NODE_MOVES: usize = 150;
/// How long the row of a dead node is kept, for people to look at.
pub const OLD_NODES: Duration = Duration::from_secs(600);

// Retention.
/// How often one node looks for messages that are old enough to be deleted.
pub const RETENTION_LOOK: Duration = PURGE_EVERY;
/// Messages that are deleted in one transaction: as many as one transaction may send.
pub const RETENTION_MESSAGES: u64 = WRITER_BATCH as u64;
/// Conversations that are looked through at once.
pub const RETENTION_CONVERSATIONS: i64 = 500;
/// The longest time that messages can be kept for, in days; without a number they are kept for good.
pub const RETENTION_DAYS: i32 = 3_650;

// The operator's commands.
/// Rows that a command reads at a time: of messages, some hundred KiB.
pub const OPERATOR_WINDOW: u64 = 500;
/// What a list of a command has at most.
pub const OPERATOR_LIST: i64 = 1_000;
/// Commands that run in a server at a time: each holds a connection.
pub const LOCAL_CONNECTIONS: usize = 8;
/// What a command says to the server in one piece: its arguments, or a password.
pub const LOCAL_REQUEST: usize = 64 * 1024;
/// What a server says to a command in one piece: a message with all that it has.
pub const LOCAL_ANSWER: usize = 1024 * 1024;
/// For one piece to be written or read.
pub const LOCAL_STEP: Duration = Duration::from_secs(10);
/// For somebody to read on, as in a pager.
pub const LOCAL_PATIENCE: Duration = Duration::from_secs(300);
/// The pause after a connection could not be taken.
pub const LOCAL_PAUSE: Duration = Duration::from_secs(1);
/// For a command as a whole: an export of a long history is the longest.
pub const LOCAL_COMMAND: Duration = Duration::from_secs(3_600);

// Erasure.
/// Seqs of a history that one step searches for somebody's messages.
pub const ERASURE_WINDOW: usize = 2_000;
/// Messages whose texts are cleared in one transaction: as many as one transaction may send.
pub const ERASURE_MESSAGES: usize = WRITER_BATCH;
/// The pause before a failed erasure is retried.
pub const ERASURE_RETRY: Duration = Duration::from_secs(1);
/// How often one node looks for erasures that another one did not finish.
pub const ERASURE_LOOK: Duration = Duration::from_secs(30);
/// Attempts, one a second, to truncate the database's log after an erasure.
pub const ERASURE_CUTS: u32 = 600;

// Presence.
/// How long a person stays online after their last socket is closed.
pub const PRESENCE_GRACE: Duration = Duration::from_secs(10);
/// How long it is remembered when somebody went offline, until the database surely says so: the writer needs
/// milliseconds, and seconds where the disk stalls.
pub const LAST_SEEN_WRITTEN: Duration = Duration::from_secs(60);
/// The shortest interval between two results of `onlineUsers`.
pub const ONLINE_USERS_PACE: Duration = Duration::from_secs(1);
/// The shortest interval at which `onlineUsers` reads a viewer's contacts again when members of their conversations
/// change: up to 50,000 people, some 30 ms, for each subscribed member.
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
/// Memory for decoding an image, as its decoder counts. The decoder's default is 512 MiB, which a crafted PNG of 49 kB
/// can use up.
pub const IMAGE_MEMORY: u64 = 160 * 1024 * 1024;
/// Frames of an animation.
pub const IMAGE_FRAMES: usize = 200;
/// Pixels of an animation in all its frames.
pub const IMAGE_FRAMES_PIXELS: u64 = 100_000_000;
/// The widths of thumbnails: one for lists, and then from 240 pixels each twice the one before.
pub const THUMBNAILS: [u32; 5] = [96, 240, 480, 960, 1_920];
/// Images that are decoded at the same time.
pub const IMAGES_AT_ONCE: usize = 2;
/// Images that are decoded or wait to be stored.
pub const IMAGES_IN_MEMORY: usize = 4;
/// Images of one person that are decoded or wait to be stored: the other thread stays free for other people.
pub const IMAGES_PER_PERSON: usize = 1;
/// Images in the queue.
pub const IMAGE_QUEUE: usize = 64;
/// Images of one person in the queue: more than the burst of [`UPLOADS`], so that an album fits.
pub const IMAGE_QUEUE_PER_PERSON: usize = 16;
/// How long the image made from an upload is kept for a retry when the change that uses it has failed. At the rate of
/// uploads, such images take less space than a person's quota.
pub const UPLOAD_PREPARED: Duration = Duration::from_secs(120);
/// Uploads that are remembered as decoded.
pub const UPLOADS_DECODED: u64 = 10_000;
/// Images of one person.
pub const IMAGES_PER_USER: u64 = 10_000;
/// Bytes of one person's images, thumbnails included.
pub const IMAGE_BYTES_PER_USER: u64 = 1024 * 1024 * 1024;
/// How old the sum of all images' bytes may be, where the server has room for so many only.
pub const IMAGE_TOTAL_KEPT: Duration = Duration::from_secs(60);
/// An image's URL stays the same for this long, and is valid for at least as long again.
pub const IMAGE_ADDRESS: Duration = Duration::from_secs(30 * 60);
/// How long an upload URL is valid.
pub const UPLOAD_SLOT: Duration = Duration::from_secs(10 * 60);
/// Unused uploads are deleted after this time.
pub const UPLOAD_UNUSED: Duration = Duration::from_secs(3600);
/// How long an upload slot is remembered as used.
pub const UPLOAD_KNOWN: Duration = Duration::from_secs(24 * 3600);
/// How often the store is checked, and objects that are due are deleted.
pub const STORE_LOOK: Duration = Duration::from_secs(15);
/// How long a start waits to learn whether the bucket exists.
pub const STORE_START: Duration = Duration::from_secs(2);
/// The newest images that are looked up in the store at the start.
pub const NEWEST_IMAGES: u64 = 8;
/// Images per page when all are checked or copied.
pub const IMAGE_PAGE: u64 = 256;
/// Objects that are checked or copied at a time. Each is in memory as a whole.
pub const OBJECTS_AT_ONCE: usize = 4;
/// Objects that are deleted in one step, before other tasks get a turn.
pub const DELETIONS: u64 = 256;
/// The longest pause before a failed deletion of an object is retried.
pub const DELETION_PAUSE: Duration = Duration::from_secs(3600);

// The bucket. Together these stay below a request's timeout.
/// The timeout for connecting.
pub const S3_CONNECT: Duration = Duration::from_secs(2);
/// The timeout until an answer begins, and between its parts.
pub const S3_READ: Duration = Duration::from_secs(4);
/// The timeout for all attempts together.
pub const S3_OPERATION: Duration = Duration::from_secs(7);
/// The number of attempts.
pub const S3_TRIES: u32 = 2;
// Typing.
/// How long until a typing signal expires unless renewed.
pub const TYPING: Duration = Duration::from_secs(5);
/// Typing signals that wait to be published, and signals that wait for one subscription.
pub const TYPING_QUEUE: usize = 1_024;
/// Pairs of a person who is typing and a conversation, on this node at the same time.
pub const TYPISTS: usize = 10_000;

// Search.
/// How often new messages are indexed. A search has them indexed at once.
pub const INDEX_EVERY: Duration = Duration::from_secs(1);
/// The pause after a failure to index.
pub const INDEX_RETRY: Duration = Duration::from_secs(10);
/// Messages that are indexed in one transaction: with [`INDEX_BYTES`], this occupies the writer for some 20 ms.
pub const INDEX_MESSAGES: i64 = 100;
/// Bytes of text that are indexed in one transaction.
pub const INDEX_BYTES: usize = 64 * 1024;
/// Messages whose old words are removed in one transaction. Each takes some 3 ms, as its words are on many pages.
pub const INDEX_CHANGES: i64 = 10;
/// How long a search waits until the index has everything written before it.
pub const SEARCH_WAIT: Duration = Duration::from_secs(1);
/// Conversations of a person that are searched: those with the newest messages. Others are searched only one at a time.
pub const SEARCH_PLACES: u64 = 5_000;
/// Conversations in one query to the index. Further ones are queried only if they may have something newer.
pub const SEARCH_AT_ONCE: usize = 250;
/// Words that one search looks up in the index, counted for each conversation; some 50 µs each with a million messages.
/// Further words of the query are compared with the messages themselves.
pub const SEARCH_TERMS: usize = 10_000;
/// The largest batch of candidates that is read at once when many candidates of the index turn out not to match.
pub const SEARCH_PAGE: usize = 1_000;

// HTTP.
/// A JSON body.
pub const BODY_BYTES: usize = 256 * 1024;
/// A multipart body: an image of 10 MiB and the operation around it.
pub const MULTIPART_BYTES: usize = 10 * 1024 * 1024 + 64 * 1024;
/// Bodies up to this size do not count against [`BODIES_BYTES`]: they need no more memory than a connection has anyway,
/// and people can still sign in when there is no room for larger bodies.
pub const SMALL_BODY_BYTES: usize = 4 * 1024;
/// Bytes of larger bodies that are held, from their arrival until their answer. Parsed they can take 40 times as much
/// (a list of numbers of one digit).
pub const BODIES_BYTES: usize = 64 * 1024 * 1024;
/// The part of [`BODIES_BYTES`] for all visitors.
pub const VISITORS_BODY_BYTES: usize = 8 * 1024 * 1024;
/// The part of [`BODIES_BYTES`] for visitors from one address: four of the largest bodies at once.
pub const VISITOR_BODY_BYTES: usize = 4 * BODY_BYTES;
/// The part of [`BODIES_BYTES`] for one person: sixteen of the largest bodies at once, or as many uploads, which is
/// more than the burst of [`UPLOADS`].
pub const PERSON_BODY_BYTES: usize = 16 * BODY_BYTES;
/// All headers of a request.
pub const HEADER_BYTES: usize = 16 * 1024;
/// Headers of a request.
pub const HEADERS: usize = 100;
/// The timeout for reading a request's headers.
pub const HEADER_READ: Duration = Duration::from_secs(10);
/// The timeout for reading a request's body.
pub const BODY_READ: Duration = Duration::from_secs(30);
/// The timeout for executing a request.
pub const REQUEST: Duration = Duration::from_secs(10);
/// The timeout for executing a request with an image, which waits for its turn and for threads of the lowest priority.
/// Work that is aborted halfway would only be requested again.
pub const UPLOAD_ANSWER: Duration = Duration::from_secs(60);
/// The timeout for reading a multipart body: an image over a phone's uplink.
pub const UPLOAD_READ: Duration = Duration::from_secs(60);
/// The part `map` of a multipart body, which assigns the file to a variable.
pub const UPLOAD_MAP_BYTES: usize = 4 * 1024;
/// How long a connection waits for its next request. Longer than the 60 s of common proxies: the proxy must close
/// first, or it may send a request on a connection that the server is closing.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long input is read and dropped after the last answer. Closing at once would reset the connection, and the client
/// could lose the answer.
pub const LINGER: Duration = Duration::from_secs(2);
/// File descriptors that are reserved for the database, the log and the like.
pub const RESERVED_FILES: u64 = 1_024;

/// One address may have this fraction (one in four) of the connections that the process can hold, if that is fewer.
pub const ADDRESS_CONNECTIONS_SHARE: usize = 4;
/// The lower bound of an address's share, however few connections there may be in all: some browsers with six
/// connections each, and their sockets.
pub const ADDRESS_CONNECTIONS_LEAST: usize = 32;
/// The shortest interval between two warnings that there is no room for connections.
pub const NO_ROOM_WARNING: Duration = Duration::from_secs(60);
/// Connections beyond the limit that are accepted at the same time: to answer probes, and to refuse others with a 503.
pub const RESERVED_CONNECTIONS: usize = 32;
/// The timeout for reading a request's headers on such a connection.
pub const RESERVED_HEADER_READ: Duration = Duration::from_secs(2);
/// The retry delay when the server is out of room: slow bodies and silent clients time out within a few times this.
pub const OVERLOAD_RETRY: Duration = Duration::from_secs(5);

// Sockets.
/// A frame of a client.
pub const FRAME_BYTES: usize = 64 * 1024;
/// The timeout for `connection_init`.
pub const INIT_WAIT: Duration = Duration::from_secs(5);
/// The interval of the server's pings.
pub const PING_EVERY: Duration = Duration::from_secs(25);
/// The timeout for the answer to a ping.
pub const PONG_WAIT: Duration = Duration::from_secs(10);
/// The timeout for a write to make progress.
pub const WRITE_WAIT: Duration = Duration::from_secs(10);
/// Frames that wait for one reader.
pub const OUTBOUND_FRAMES: usize = 256;
/// Bytes that wait for one reader.
pub const OUTBOUND_BYTES: usize = 1024 * 1024;
/// The read buffer of a socket. Clients send little, most of it `subscribe`, and each idle socket keeps its buffer.
pub const SOCKET_READ_BUFFER: usize = 512;
/// The write buffer of a socket.
pub const SOCKET_WRITE_BUFFER: usize = 4 * 1024;
/// Operations in progress on one socket.
pub const OPERATIONS_PER_SOCKET: usize = 100;
/// Sockets of one address that have not sent `connection_init` yet.
pub const WAITING_SOCKETS: usize = 64;
/// Sockets of one person.
pub const SOCKETS_PER_USER: usize = 20;
/// Operations that take turns of any kind. The queue has room for everything that one person can have in progress, and
/// for more than all sockets of a process together, so that no one is refused because of others.
pub const OPERATION_TURNS: TurnBounds = TurnBounds {
    at_once: 1_000_000,
    at_once_per_person: SOCKETS_PER_USER * OPERATIONS_PER_SOCKET,
    waiting: 1_000_000,
    waiting_per_person: SOCKETS_PER_USER * OPERATIONS_PER_SOCKET,
};
/// Queries and mutations of a person, on all sockets, that are executed or whose answers wait for the client to read.
pub const SOCKET_ANSWERS: TurnBounds = TurnBounds { at_once_per_person: 16, ..OPERATION_TURNS };
/// Bytes of an operation's id: more than a UUID, as clients may use ids of other forms.
pub const OPERATION_ID_BYTES: usize = 256;
/// Frames that a client may send at once, pings, pongs and each fragment of a message included; after these
/// [`INBOUND_RATE`] holds.
pub const INBOUND_BURST: u32 = 250;
/// Frames a second that a client may send in the long run.
pub const INBOUND_RATE: u32 = 20;
/// Bytes of one socket that are read before other tasks get a turn: a frame of the largest size.
pub const SOCKET_TURN_BYTES: usize = FRAME_BYTES;
/// Bytes that are read and dropped after a close frame was sent, within [`LINGER`]: they may already be on their way.
pub const FAREWELL_BYTES: usize = 1024 * 1024;
/// How long a socket whose session has ended waits for the mutation that ended it to be answered: within the second in
/// which a session is revoked everywhere.
pub const LAST_ANSWER: Duration = Duration::from_secs(1);
/// Cursors in `resumeFrom`.
pub const RESUME_ENTRIES: usize = 1_000;

// Webhooks.
/// Webhooks of a server: each takes a connection and a statement a second.
pub const WEBHOOKS: usize = 64;
/// The characters of a webhook's address.
pub const WEBHOOK_URL: usize = 2_000;
/// Events in one POST at most.
pub const WEBHOOK_BATCH: u32 = 500;
/// Bytes of one POST: a batch ends before the event that would exceed them. One event is always sent, and bounded by what
/// its document may cost.
pub const WEBHOOK_BODY: usize = 1024 * 1024;
/// How long one try may take, from the look-up of the name to the answer's status.
pub const WEBHOOK_TRY: Duration = Duration::from_secs(10);
/// How long a connection may take to be made to one of several addresses.
pub const WEBHOOK_CONNECT: Duration = Duration::from_secs(3);
/// Addresses of one name that are tried.
pub const WEBHOOK_ADDRESSES: usize = 4;
/// The wait after the first failure, doubled after each further one.
pub const WEBHOOK_FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait.
pub const WEBHOOK_LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// The longest wait of a webhook after an event that this server could not resolve.
pub const WEBHOOK_UNRESOLVED_WAIT: Duration = Duration::from_secs(30);
/// Headers of an answer, in bytes, and how many.
pub const WEBHOOK_ANSWER_HEAD: (usize, usize) = (16 * 1024, 64);
/// Of an answer's body, which says nothing, what is read to use the connection again, and for how long.
pub const WEBHOOK_ANSWER_BODY: (usize, Duration) = (64 * 1024, Duration::from_millis(200));
/// A connection that was idle for longer is not used again: less than the 5 seconds of Node's servers.
pub const WEBHOOK_IDLE: Duration = Duration::from_secs(4);
/// How often webhooks are compared with their rows, which commands change.
pub const WEBHOOK_LOOK: Duration = Duration::from_secs(1);

// Metrics.
/// How long what the database counts for the metrics is kept: Prometheus asks every 15 seconds or so, from two servers.
pub const SAMPLES_KEPT: Duration = Duration::from_secs(60);
/// Connections for the metrics at the same time.
pub const METRICS_CONNECTIONS: usize = 32;
/// How long one of them may be silent.
pub const METRICS_IDLE: Duration = Duration::from_secs(10);
/// How long a secret goes on signing beside its successor.
pub const WEBHOOK_ROTATION: Duration = Duration::from_secs(24 * 3600);
/// Tries that are remembered.
pub const WEBHOOK_ATTEMPTS: usize = 10;
/// Webhooks whose events are executed at the same time.
pub const WEBHOOK_EXECUTIONS: usize = 4;
/// How long a POST that is under way may go on when the server stops. What is cut off comes again.
pub const WEBHOOK_DRAIN: Duration = Duration::from_secs(3);
/// A position that only passed what is not sent is written after this long, or this many events.
pub const WEBHOOK_PASSED: (Duration, i64) = (Duration::from_secs(60), 1_000);
/// Positions of the log that are looked through at a time.
pub const STRETCH_POSITIONS: i64 = 10_000;
// Server-sent events.
/// How long an `EventSource` waits at least until it connects again, and at most twice as long.
pub const EVENT_STREAM_RETRY: Duration = Duration::from_secs(1);

// Shutdown.
/// How long sockets are waited for until they have the newest events. Clients that are slower resume.
pub const DRAIN_DELIVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether they have them.
pub const DRAIN_LOOK: Duration = Duration::from_millis(2);
/// How long clients have to answer the close frame of a server that exits. A small part of the 100 ms after which the
/// first of them reconnect: until then all frames have to be written, and the next process has to listen.
pub const DRAIN_FAREWELL: Duration = Duration::from_millis(10);
/// The process exits this long after the signal to stop, whatever is still open.
pub const DRAIN: Duration = Duration::from_secs(30);
/// Signals to stop within this time of the first are of the same request; a later one ends the process at once.
pub const SIGNALS_TOGETHER: Duration = Duration::from_secs(3);

// The log.
/// Lines that wait to be written: some thousand.
pub const LOG_BYTES: usize = 1024 * 1024;
/// Of that, what is kept for the next lines.
pub const LOG_BYTES_KEPT: usize = 16 * 1024;
/// How long lines gather before they are written. Nobody who watches a log notices.
pub const LOG_GATHER: Duration = Duration::from_millis(50);
/// How long the end of the process waits for its last lines to be written.
pub const LOG_FLUSH: Duration = Duration::from_secs(1);

// The database.
/// Reading connections.
pub const READERS: u32 = 8;
/// Connections for hot reads: more than one is opened only where as many threads read at the same time.
pub const HOT_READERS: usize = 8;
/// Hot reads that take longer than this, in the mean, wait for the disk, and their threads with them.
pub const SLOW_HOT_READ: Duration = Duration::from_millis(20);
/// How long hot reads go the ordinary way then.
pub const HOT_READ_REST: Duration = Duration::from_secs(1);
/// Rows that a hot read lists or counts where its keys do not say how many there are: as many as on ten pages. More are read
/// the ordinary way, on a thread of their own.
pub const HOT_READ_ROWS: u32 = 1_000;
/// Connections of a node to PostgreSQL that read.
pub const POSTGRES_READERS: u32 = 16;
/// A connection to PostgreSQL that was idle for longer is tested before it is used.
pub const IDLE_CONNECTION: Duration = Duration::from_secs(1);
/// How long a statement of the writer, or its wait for another node's batch, may take on PostgreSQL.
pub const WRITE_STATEMENT: Duration = Duration::from_secs(5);
/// PostgreSQL ends a transaction of the writer that is idle for this long: all other nodes wait for it.
pub const WRITE_IDLE: Duration = Duration::from_secs(1);
/// How long a batch is repeated that the database has not taken. Less than a request's timeout, so that callers get an
/// answer.
pub const WRITE_PATIENCE: Duration = Duration::from_secs(8);
const _: () = assert!(WRITE_PATIENCE.as_secs() < REQUEST.as_secs());
/// The pause before a batch is repeated.
pub const WRITE_PAUSE: Duration = Duration::from_millis(50);
/// Look-ups that may use or wait for a reading connection at the same time: enough to keep the connections busy.
/// Further ones wait for their turn.
pub const READ_TURNS: usize = 32;
/// How often a PostgreSQL server is tried that does not take connections yet.
pub const DATABASE_RETRY: Duration = Duration::from_millis(500);
/// How long the start waits for answers to probes that came before the database was open.
pub const START_HANDOVER: Duration = Duration::from_secs(1);
/// How long a query waits for a reading connection.
pub const ACQUIRE: Duration = Duration::from_secs(3);
/// The size to which the write-ahead log shrinks after a long read has made it grow. It is folded into the database at
/// 4 MiB as a rule.
pub const WAL_KEPT_BYTES: u64 = 8 * 1024 * 1024;
/// How long to wait for another process that holds the database's write lock.
pub const BUSY: Duration = Duration::from_secs(5);
