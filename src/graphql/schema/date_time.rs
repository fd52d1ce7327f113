//! The `DateTime` scalar.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clock::Timestamp;
use crate::graphql::written::{JsonValue, NotAtOnce};

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

impl JsonValue for DateTime {
    fn write(&self, json: &mut Vec<u8>) -> Result<(), NotAtOnce> {
        json.push(b'"');
        json.extend_from_slice(&digits(self.0));
        json.push(b'"');
        Ok(())
    }
}

fn format(moment: Timestamp) -> String {
    digits(moment).map(char::from).iter().collect()
}

/// By hand, as a page has a time for each message: the library's own formatting takes as long as reading the row.
fn digits(moment: Timestamp) -> [u8; 24] {
    let nanos = i128::from(moment.0) * 1_000_000;
    let mut text = *b"9999-12-31T23:59:59.999Z";
    let known =
        OffsetDateTime::from_unix_timestamp_nanos(nanos).ok().filter(|known| (0..=9999).contains(&known.year()));
    // RFC 3339 cannot express what is beyond.
    let Some(known) = known else { return text };
    let (year, month, day) = known.to_calendar_date();
    let (hour, minute, second, milli) = known.to_hms_milli();
    put(&mut text[0..4], year.unsigned_abs());
    put(&mut text[5..7], u8::from(month).into());
    put(&mut text[8..10], day.into());
    put(&mut text[11..13], hour.into());
    put(&mut text[14..16], minute.into());
    put(&mut text[17..19], second.into());
    put(&mut text[20..23], milli.into());
    text
}

/// Puts a number into its place.
fn put(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use time::macros::format_description;

    use super::*;

    #[test]
    fn a_time_is_written_with_milliseconds_in_utc() {
        assert_eq!(format(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(format(Timestamp(1_795_498_310_120)), "2026-11-24T05:31:50.120Z");
        assert_eq!(format(Timestamp(-1)), "1969-12-31T23:59:59.999Z");
        assert_eq!(format(Timestamp(253_402_300_799_999)), "9999-12-31T23:59:59.999Z");
        for beyond in [253_402_300_800_000, i64::MAX, -62_167_219_200_001, i64::MIN] {
            assert_eq!(format(Timestamp(beyond)), "9999-12-31T23:59:59.999Z");
        }
    }

    #[test]
    fn a_written_time_is_that_of_the_library() {
        let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        for number in 0..20_000_i64 {
            let moment = Timestamp(number * 12_345_678_901 + number);
            let known = OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000_000);
            assert_eq!(format(moment), known.expect("a time").format(form).expect("a text"));
        }
    }

    #[test]
    fn a_written_time_is_parsed() {
        let read = DateTime::parse(Value::from("2026-11-24T06:31:50.12+01:00")).map(|read| read.0);
        assert_eq!(read.ok(), Some(Timestamp(1_795_498_310_120)));
        assert!(DateTime::parse(Value::from("yesterday")).is_err());
    }
}
