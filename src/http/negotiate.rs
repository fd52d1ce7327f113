//! Content negotiation: which types a client accepts (`Accept`), and which type it has sent (`Content-Type`).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};

use super::answer::ResponseMedia;
use super::refusal::HttpRefusal;

/// The content type of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestContent<'a> {
    Json,
    /// A body after the GraphQL multipart request specification, with the header's value, which contains the boundary.
    Multipart(&'a str),
}

/// The type to answer with; `None` if the client accepts neither.
pub(super) fn media(headers: &HeaderMap) -> Option<ResponseMedia> {
    let Some(accept) = AcceptHeader::of(headers) else { return Some(ResponseMedia::Json) };
    let graphql = accept.quality("application", "graphql-response+json");
    let json = accept.quality("application", "json");
    match graphql.weight.max(json.weight) {
        0 => None,
        // With equal weights, the newer type is used only if the client names it.
        best if graphql.weight == best && (graphql.named || json.weight < best) => Some(ResponseMedia::GraphqlResponse),
        _ => Some(ResponseMedia::Json),
    }
}

/// Whether a client wants results as server-sent events. With equal weights, the type that is named first is wanted:
/// urql names both for queries, JSON first, and the events only for subscriptions.
pub(super) fn prefers_events(headers: &HeaderMap) -> bool {
    let Some(accept) = AcceptHeader::of(headers) else { return false };
    let events = accept.quality("text", "event-stream");
    let data = accept.quality("application", "json").weight;
    let data = data.max(accept.quality("application", "graphql-response+json").weight);
    let comes_first = || {
        let first = accept.ranges.iter().find(|range| range.weight == data && (range.is_events() || range.is_json()));
        first.is_some_and(MediaRange::is_events)
    };
    events.named && events.weight > 0 && (events.weight > data || events.weight == data && comes_first())
}

/// Whether a browser wants a page rather than data.
pub(super) fn prefers_html(headers: &HeaderMap) -> bool {
    let Some(accept) = AcceptHeader::of(headers) else { return false };
    let html = accept.quality("text", "html");
    let data = accept.quality("application", "json").weight;
    let data = data.max(accept.quality("application", "graphql-response+json").weight);
    html.named && html.weight > data
}

/// The content of a POST's body. JSON must be declared: browsers send other types cross-origin without a preflight.
pub(super) fn content(headers: &HeaderMap) -> Result<RequestContent<'_>, HttpRefusal> {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    if !encodings.into_iter().all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(HttpRefusal::media_type(
            "content-encoding",
            "send the body as it is: compressed ones are not taken",
        ));
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next().and_then(|value| value.to_str().ok()), types.next()) else {
        return Err(HttpRefusal::media_type("content-type", "send a body of application/json"));
    };
    let (essence, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let is = |name| essence.trim().eq_ignore_ascii_case(name);
    if is("multipart/form-data") {
        Ok(RequestContent::Multipart(content_type))
    } else if !is("application/json") {
        Err(HttpRefusal::media_type("content-type", "send a body of application/json"))
    } else if parameters.split(';').all(is_utf8_or_harmless) {
        Ok(RequestContent::Json)
    } else {
        Err(HttpRefusal::media_type("content-type", "send JSON in UTF-8"))
    }
}

fn is_utf8_or_harmless(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset")
        || value.eq_ignore_ascii_case("utf-8")
        || value.eq_ignore_ascii_case("utf8")
}

/// Whether the client accepts gzip: named, and not with weight 0.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        coding.trim().eq_ignore_ascii_case("gzip") && weight != Some(0.0)
    })
}

/// The media ranges of `Accept` (RFC 9110, 12.5.1).
struct AcceptHeader<'a> {
    ranges: Vec<MediaRange<'a>>,
}

struct MediaRange<'a> {
    main: &'a str,
    sub: &'a str,
    /// In thousandths.
    weight: u16,
}

/// How much a type is wanted, and whether it was named or only covered by a wildcard.
struct MediaWeight {
    weight: u16,
    named: bool,
}

impl<'a> AcceptHeader<'a> {
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(MediaRange::parse).collect();
        (!ranges.is_empty()).then_some(Self { ranges })
    }

    /// The most specific range that covers the type decides.
    fn quality(&self, main: &str, sub: &str) -> MediaWeight {
        let find = |main: &str, sub: &str| self.ranges.iter().find(|range| range.is(main, sub));
        let named = find(main, sub);
        let range = named.or_else(|| find(main, "*")).or_else(|| find("*", "*"));
        MediaWeight { weight: range.map_or(0, |range| range.weight), named: named.is_some() }
    }
}

impl<'a> MediaRange<'a> {
    fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    fn is_events(&self) -> bool {
        self.is("text", "event-stream")
    }

    fn is_json(&self) -> bool {
        self.is("application", "json") || self.is("application", "graphql-response+json")
    }

    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, sub) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let weight =
            weight.map_or(Some(1.0), |weight| weight.parse().ok()).filter(|weight| (0.0..=1.0).contains(weight))?;
        Some(Self { main, sub, weight: (weight * 1000.0_f32) as u16 })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::HeaderName;

    use super::*;

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_answer_has_the_type_that_is_wanted_most() {
        for (accept, media_type) in [
            ("", Some(ResponseMedia::Json)),
            ("*/*", Some(ResponseMedia::Json)),
            ("application/*", Some(ResponseMedia::Json)),
            (BROWSER, Some(ResponseMedia::Json)),
            ("application/json", Some(ResponseMedia::Json)),
            ("application/json; charset=utf-8", Some(ResponseMedia::Json)),
            ("Application/GraphQL-Response+JSON", Some(ResponseMedia::GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(ResponseMedia::GraphqlResponse),
            ),
            ("application/json, application/graphql-response+json", Some(ResponseMedia::GraphqlResponse)),
            ("application/graphql-response+json,application/json;q=0.9", Some(ResponseMedia::GraphqlResponse)),
            ("application/graphql-response+json;q=0.8,application/json;q=0.9", Some(ResponseMedia::Json)),
            ("application/graphql-response+json;q=0.5, */*", Some(ResponseMedia::Json)),
            (
                "multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9",
                Some(ResponseMedia::GraphqlResponse),
            ),
            ("application/json;q=0, */*", Some(ResponseMedia::GraphqlResponse)),
            ("application/json;q=0", None),
            ("text/html", None),
            ("text/*, image/png", None),
        ] {
            assert_eq!(media(&headers(ACCEPT, &[accept])), media_type, "{accept}");
        }
        assert_eq!(media(&HeaderMap::new()), Some(ResponseMedia::Json));
        assert_eq!(media(&headers(ACCEPT, &["text/html", "application/json"])), Some(ResponseMedia::Json));
    }

    #[test]
    fn a_page_is_for_those_who_would_rather_have_one() {
        for (accept, page) in [
            (BROWSER, true),
            ("text/html", true),
            ("*/*", false),
            ("text/html, application/json", false),
            ("text/html;q=0.5, */*", false),
            ("application/json", false),
        ] {
            assert_eq!(prefers_html(&headers(ACCEPT, &[accept])), page, "{accept}");
        }
    }

    #[test]
    fn events_are_for_those_who_name_them_and_want_nothing_else_more() {
        for (accept, events) in [
            ("text/event-stream", true),
            ("text/event-stream, application/json", true),
            ("text/event-stream, */*", true),
            ("application/json, text/event-stream", false),
            // As urql asks for a query.
            ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", false),
            ("text/event-stream, multipart/mixed", true),
            ("application/json, text/event-stream;q=0.5", false),
            ("text/event-stream;q=0", false),
            ("text/*", false),
            ("*/*", false),
            (BROWSER, false),
        ] {
            assert_eq!(prefers_events(&headers(ACCEPT, &[accept])), events, "{accept}");
        }
        assert!(!prefers_events(&HeaderMap::new()));
    }

    #[test]
    fn a_body_is_json_in_utf_8_or_multipart() {
        for (content_type, wanted) in [
            ("application/json", Some(RequestContent::Json)),
            ("Application/JSON ; Charset=\"UTF-8\"", Some(RequestContent::Json)),
            ("application/json; charset=utf-8; boundary=x", Some(RequestContent::Json)),
            ("application/json; charset=utf-16", None),
            ("application/json; charset=iso-8859-1", None),
            ("multipart/form-data; boundary=x", Some(RequestContent::Multipart("multipart/form-data; boundary=x"))),
            ("text/plain", None),
            ("text/plain; application/json", None),
            ("application/x-www-form-urlencoded", None),
            ("application/graphql", None),
            ("application/jsonp", None),
            ("", None),
        ] {
            assert_eq!(content(&headers(CONTENT_TYPE, &[content_type])).ok(), wanted, "{content_type}");
        }
        assert!(content(&HeaderMap::new()).is_err());
        assert!(content(&headers(CONTENT_TYPE, &["application/json", "text/plain"])).is_err());
    }

    #[test]
    fn a_compressed_body_is_not_taken() {
        for (encoding, taken) in
            [("identity", true), ("gzip", false), ("br", false), ("identity, gzip", false), ("", false)]
        {
            let mut headers = headers(CONTENT_TYPE, &["application/json"]);
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            assert_eq!(content(&headers).is_ok(), taken, "{encoding}");
        }
    }

    #[test]
    fn gzip_is_sent_to_clients_that_accept_it() {
        for (list, taken) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("deflate, br", false),
            ("gzip;q=0", false),
            ("gzip; q=0.000, br", false),
            ("gzipped", false),
            ("*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(list))]);
            assert_eq!(takes_gzip(&headers), taken, "{list}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
