//! What is counted and timed while the program runs, for Prometheus: <https://prometheus.io/docs/practices/naming/>.
//!
//! A process has one set of metrics, which is why they are static. What can be read when somebody asks, such as the size of
//! the database, is not here but in [`sampled`](crate::sampled). No label has a value that users type.

mod labels;
mod process;
mod prometheus_form;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry, Unit};

pub(crate) use labels::Route;
use labels::{
    BatchLabels, CloseLabel, FieldLabel, OperationLabels, PathLabel, RateLabel, ReasonLabel, RequestLabels,
    RootFieldLabels, RouteLabel, StateLabel,
};
pub(crate) use prometheus_form::in_prometheus_form;

/// Upper bounds of requests' times in seconds.
const REQUEST: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];
/// Upper bounds of batches' times in seconds: a commit waits for the disk.
const COMMIT: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];
/// Upper bounds of batches' sizes; the largest is `limits::WRITER_BATCH`.
const SIZE: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// All of them.
static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram, fn() -> Histogram>,
    operations: Family<OperationLabels, Counter>,
    operation_seconds: Family<RootFieldLabels, Histogram, fn() -> Histogram>,
    connections: Gauge,
    connections_max: Gauge,
    connections_refused: Family<ReasonLabel, Counter>,
    sockets: Family<StateLabel, Gauge>,
    sockets_closed: Family<CloseLabel, Counter>,
    subscriptions: Family<FieldLabel, Gauge>,
    batches: Family<BatchLabels, Counter>,
    batch_changes: Histogram,
    batch_seconds: Histogram,
    delivered_at_edge: Counter,
    delivered_by_task: Counter,
    replays: Counter,
    resets: Family<ReasonLabel, Counter>,
    rates_refused: Family<RateLabel, Counter>,
    images_refused: Family<ReasonLabel, Counter>,
    image_seconds: Histogram,
    read_turn_seconds: Histogram,
    hot_reads_failed: Counter,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("parlour");
        let built: Family<Vec<(&str, &str)>, Gauge> = Family::default();
        built.get_or_create(&vec![("version", env!("PARLOUR_VERSION"))]).set(1);
        registry.register("build_info", "The program that runs", built);

        let all = &mut registry;
        let requests_of = || Histogram::new(REQUEST);
        let requests = registered(all, "http_requests", "Answered HTTP requests");
        let request_seconds = Family::new_with_constructor(requests_of as fn() -> Histogram);
        timed(all, "http_request_duration", "Time from a request's headers to its answer", request_seconds.clone());
        let operations = registered(
            all,
            "graphql_operations",
            "Queries and mutations by their first root field and the code of their first error, or OK",
        );
        let operation_seconds = Family::new_with_constructor(requests_of as fn() -> Histogram);
        timed(all, "graphql_operation_duration", "Time to execute a query or mutation", operation_seconds.clone());
        let connections = registered(all, "connections", "Open connections, those of sockets included");
        let connections_max = registered(all, "connections_max", "Connections that the process can hold");
        let connections_refused =
            registered(all, "connections_refused", "Connections that were answered with 503 for lack of room");
        let sockets = registered(all, "sockets", "Open WebSockets, before and after connection_init");
        let sockets_closed = registered(
            all,
            "sockets_closed",
            "Closed WebSockets by the code of the server's close frame; 0 where the client went",
        );
        let subscriptions = registered(all, "subscriptions", "Running subscriptions");
        let batches =
            registered(all, "feed_batches", "Batches of changes: hot ones by prepared statements, others by SeaORM");
        let batch_changes = Histogram::new(SIZE);
        all.register("feed_batch_changes", "Changes in a batch", batch_changes.clone());
        let batch_seconds = Histogram::new(COMMIT);
        timed(all, "feed_batch_duration", "Time to plan, write and commit a batch", batch_seconds.clone());
        let deliveries: Family<PathLabel, Counter> = registered(
            all,
            "feed_deliveries",
            "Events delivered to subscriptions: at the edge, or by the subscription's own task",
        );
        // Kept, as there are very many of them.
        let of_path = |path| deliveries.get_or_create_owned(&PathLabel { path });
        let (delivered_at_edge, delivered_by_task) = (of_path("edge"), of_path("task"));
        let replays = registered(all, "feed_replays", "Subscriptions that began with what they had missed");
        let resets = registered(all, "feed_resets", "Subscriptions that began with FeedReset");
        let rates_refused = registered(all, "rate_limited", "What rates refused, by the rate");
        let images_refused = registered(
            all,
            "images_refused",
            "Uploaded images that were not stored: they could not be used (image), or there was no room for the work or the store was away (unavailable)",
        );
        let image_seconds = Histogram::new(REQUEST);
        timed(all, "image_duration", "Time to decode, encode and store an image", image_seconds.clone());
        let read_turn_seconds = Histogram::new(COMMIT);
        let waited = "Time that a read of a client which connects waited for its turn";
        timed(all, "read_turn_wait", waited, read_turn_seconds.clone());
        let failed = "Reads by prepared statements of SQLite that failed, and were done by the slower way";
        let hot_reads_failed = registered(all, "hot_reads_failed", failed);
        Self {
            registry,
            requests,
            request_seconds,
            operations,
            operation_seconds,
            connections,
            connections_max,
            connections_refused,
            sockets,
            sockets_closed,
            subscriptions,
            batches,
            batch_changes,
            batch_seconds,
            delivered_at_edge,
            delivered_by_task,
            replays,
            resets,
            rates_refused,
            images_refused,
            image_seconds,
            read_turn_seconds,
            hot_reads_failed,
        }
    }
}

/// A metric under a name; the library appends `_total` to a counter's.
fn registered<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// A histogram of seconds, which its name says.
fn timed(registry: &mut Registry, name: &str, help: &str, metric: impl Metric) {
    registry.register_with_unit(name, help, Unit::Seconds, metric);
}

/// A request was answered.
pub(crate) fn request(route: Route, method: &str, status: u16, took: Duration) {
    // What else there is may be any word.
    let method =
        ["GET", "HEAD", "POST", "PUT", "OPTIONS"].into_iter().find(|known| *known == method).unwrap_or("other");
    METRICS.requests.get_or_create(&RequestLabels { route, method, status }).inc();
    METRICS.request_seconds.get_or_create(&RouteLabel { route }).observe(took.as_secs_f64());
}

/// A query or mutation was executed or refused. `field` is its first root field, if the schema has it.
pub(crate) fn operation(kind: &'static str, field: &str, code: Cow<'static, str>, took: Duration) {
    let labels = OperationLabels { r#type: kind, field: field.to_owned(), code };
    METRICS.operations.get_or_create(&labels).inc();
    let labels = RootFieldLabels { r#type: kind, field: labels.field };
    METRICS.operation_seconds.get_or_create(&labels).observe(took.as_secs_f64());
}

/// An operation was refused before it was executed.
pub(crate) fn refused_operation(code: Cow<'static, str>) {
    METRICS.operations.get_or_create(&OperationLabels { r#type: "refused", field: String::new(), code }).inc();
}

/// The process can hold so many connections.
pub(crate) fn connections_max(most: usize) {
    METRICS.connections_max.set(i64::try_from(most).unwrap_or(i64::MAX));
}

/// There are so many connections now.
pub(crate) fn connections(count: usize) {
    METRICS.connections.set(i64::try_from(count).unwrap_or(i64::MAX));
}

/// A connection was refused for lack of room.
pub(crate) fn connection_refused(reason: &'static str) {
    METRICS.connections_refused.get_or_create(&ReasonLabel { reason }).inc();
}

/// A batch of changes was committed, or failed.
pub(crate) fn batch(is_hot: bool, is_written: bool, changes: usize, took: Duration) {
    let way = if is_hot { "hot" } else { "ordinary" };
    let result = if is_written { "committed" } else { "failed" };
    METRICS.batches.get_or_create(&BatchLabels { way, result }).inc();
    METRICS.batch_changes.observe(f64::from(u32::try_from(changes).unwrap_or(u32::MAX)));
    METRICS.batch_seconds.observe(took.as_secs_f64());
}

/// Events were delivered to a subscription.
pub(crate) fn delivered(path: DeliveryPath) {
    match path {
        DeliveryPath::Edge => METRICS.delivered_at_edge.inc(),
        DeliveryPath::Task => METRICS.delivered_by_task.inc(),
    };
}

/// How an event came to its subscriber.
#[derive(Clone, Copy)]
pub(crate) enum DeliveryPath {
    /// Written to the socket by whoever served the round.
    Edge,
    /// By the subscription's own task.
    Task,
}

/// A subscription begins with what it missed.
pub(crate) fn replay() {
    METRICS.replays.inc();
}

/// A subscription begins with `FeedReset`.
pub(crate) fn reset(reason: &'static str) {
    METRICS.resets.get_or_create(&ReasonLabel { reason }).inc();
}

/// A rate refused something.
pub(crate) fn rate_limited(rate: &'static str) {
    METRICS.rates_refused.get_or_create(&RateLabel { rate }).inc();
}

/// An image was prepared and stored.
pub(crate) fn image_stored(took: Duration) {
    METRICS.image_seconds.observe(took.as_secs_f64());
}

/// A read got its turn.
pub(crate) fn read_turn(waited: Duration) {
    METRICS.read_turn_seconds.observe(waited.as_secs_f64());
}

/// A hot read failed.
pub(crate) fn hot_read_failed() {
    METRICS.hot_reads_failed.inc();
}

/// An image was not stored: `image` if it could not be used, `unavailable` if that was not its fault.
pub(crate) fn image_refused(reason: &'static str) {
    METRICS.images_refused.get_or_create(&ReasonLabel { reason }).inc();
}

/// Counts for as long as it lives.
pub(crate) struct Held(Gauge);

impl Held {
    fn new(gauge: Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A socket is open: `opened` before `connection_init`, and `signed_in` after it.
pub(crate) fn socket(state: &'static str) -> Held {
    Held::new(METRICS.sockets.get_or_create_owned(&StateLabel { state }))
}

/// A socket was closed with this code; `None` if the client went.
pub(crate) fn socket_closed(code: Option<u16>) {
    METRICS.sockets_closed.get_or_create(&CloseLabel { code: code.unwrap_or(0) }).inc();
}

/// A subscription runs.
pub(crate) fn subscription(field: String) -> Held {
    Held::new(METRICS.subscriptions.get_or_create_owned(&FieldLabel { field }))
}

/// Everything as OpenMetrics text, with what was sampled just now.
pub(crate) fn text(sampled: &[(&'static str, &'static str, f64)]) -> Result<String, std::fmt::Error> {
    let mut now = Registry::with_prefix("parlour");
    for (name, help, value) in sampled {
        now.register(*name, *help, gauge(*value));
    }
    let mut text = String::new();
    encode_registry(&mut text, &METRICS.registry)?;
    encode_registry(&mut text, &now)?;
    encode_registry(&mut text, &process::registry())?;
    encode_eof(&mut text)?;
    Ok(text)
}

/// A gauge with a value.
fn gauge(value: f64) -> Gauge<f64, AtomicU64> {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}
