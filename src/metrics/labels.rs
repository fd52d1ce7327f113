//! The labels of metrics. Each has few values.

use std::borrow::Cow;
use std::fmt::Write;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) route: Route,
    pub(super) method: &'static str,
    pub(super) status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RouteLabel {
    pub(super) route: Route,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OperationLabels {
    pub(super) r#type: &'static str,
    pub(super) field: String,
    pub(super) code: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RootFieldLabels {
    pub(super) r#type: &'static str,
    pub(super) field: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabel {
    pub(super) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RateLabel {
    pub(super) rate: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StateLabel {
    pub(super) state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct CloseLabel {
    pub(super) code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct FieldLabel {
    pub(super) field: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct BatchLabels {
    pub(super) way: &'static str,
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct PathLabel {
    pub(super) path: &'static str,
}

/// Where a request goes, whatever its exact address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// `/graphql`.
    Graphql,
    /// `/images/…`.
    Images,
    /// `/uploads/…`.
    Uploads,
    /// `/exports/…`.
    Exports,
    /// `/healthz` and `/readyz`.
    Health,
    /// Everything else: the pages.
    Pages,
}

impl Route {
    /// The route of a path.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/graphql" => Self::Graphql,
            "/healthz" | "/readyz" => Self::Health,
            _ if path.starts_with("/images/") => Self::Images,
            _ if path.starts_with("/uploads/") => Self::Uploads,
            _ if path.starts_with("/exports/") => Self::Exports,
            _ => Self::Pages,
        }
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(match self {
            Self::Graphql => "graphql",
            Self::Images => "images",
            Self::Uploads => "uploads",
            Self::Exports => "exports",
            Self::Health => "health",
            Self::Pages => "pages",
        })
    }
}
