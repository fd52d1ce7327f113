//! The `DateTime` scalar.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::clock::Timestamp;

/// A time in RFC 3339 format, in UTC with milliseconds: `2026-11-24T05:31:50.123Z`.
pub(super) struct DateTime(pub Timestamp);

/// A time in RFC 3339 format, in UTC with milliseconds: `2026-11-24T05:31:50.123Z`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let moment = OffsetDateTime::parse(text, &Rfc3339)
            .map_err(|_| InputValueError::custom("write a DateTime as in 2026-11-24T05:31:50.123Z"))?;
        let millis = i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        Ok(Self(Timestamp(millis)))
    }

    fn to_value(&self) -> Value {
        Value::String(format(self.0))
    }
}

fn format(moment: Timestamp) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanos = i128::from(moment.0) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|moment| moment.to_offset(UtcOffset::UTC).format(form).ok())
        // Beyond the year 9999, which RFC 3339 cannot express.
        .unwrap_or_else(|| "9999-12-31T23:59:59.999Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_in_utc() {
        assert_eq!(format(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(Timestamp(1_795_498_310_120)), "2026-11-24T05:31:50.120Z");
    }

    #[test]
    fn a_written_time_is_parsed() {
        let read = DateTime::parse(Value::from("2026-11-24T06:31:50.12+01:00")).map(|read| read.0);
        assert_eq!(read.ok(), Some(Timestamp(1_795_498_310_120)));
        assert!(DateTime::parse(Value::from("yesterday")).is_err());
    }
}
