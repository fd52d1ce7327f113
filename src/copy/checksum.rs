//! A checksum of rows, the same for equal rows of any database in any order.

use anyhow::bail;
use sea_orm::{EntityTrait, Iterable, ModelTrait, Value};
use sha2::{Digest, Sha256};

/// The number of rows, and the sum of their digests. Rows of a table differ at least in their keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Checksum {
    pub(super) rows: u64,
    pub(super) sum: u128,
}

impl Checksum {
    /// Adds a row.
    pub(super) fn add<M: ModelTrait>(&mut self, row: &M) -> anyhow::Result<()> {
        let mut digest = Sha256::new();
        for column in <M::Entity as EntityTrait>::Column::iter() {
            add_value(&mut digest, &row.get(column))?;
        }
        let digest: [u8; 32] = digest.finalize().into();
        let (half, _) = digest.split_first_chunk().expect("32 bytes have 16");
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_be_bytes(*half));
        Ok(())
    }
}

/// Adds a value with its kind and its length, so that no two rows are written alike.
fn add_value(digest: &mut Sha256, value: &Value) -> anyhow::Result<()> {
    let mut add = |kind: u8, bytes: Option<&[u8]>| {
        digest.update([kind, u8::from(bytes.is_some())]);
        if let Some(bytes) = bytes {
            digest.update((bytes.len() as u64).to_be_bytes());
            digest.update(bytes);
        }
    };
    let whole = |number: i64| number.to_be_bytes();
    match value {
        Value::SmallInt(number) => add(1, number.map(i64::from).map(whole).as_ref().map(<[u8; 8]>::as_slice)),
        Value::Int(number) => add(1, number.map(i64::from).map(whole).as_ref().map(<[u8; 8]>::as_slice)),
        Value::BigInt(number) => add(1, number.map(whole).as_ref().map(<[u8; 8]>::as_slice)),
        Value::String(text) => add(2, text.as_ref().map(|text| text.as_bytes())),
        Value::Bytes(bytes) => add(3, bytes.as_ref().map(|bytes| bytes.as_slice())),
        Value::Uuid(id) => add(4, id.as_ref().map(|id| id.as_bytes().as_slice())),
        Value::Bool(is_so) => add(5, is_so.map(|is_so| [u8::from(is_so)]).as_ref().map(<[u8; 1]>::as_slice)),
        other => bail!("no checksum of a value such as {other:?}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::entity::image_deletion::Model;

    fn of(rows: &[(&str, i64, i32)]) -> Checksum {
        let mut sum = Checksum::default();
        for &(key, due_at, tries) in rows {
            let row = Model { key: key.to_owned(), due_at: Timestamp(due_at), tries };
            sum.add(&row).expect("a checksum");
        }
        sum
    }

    #[test]
    fn a_checksum_is_of_the_rows_and_not_of_their_order() {
        let rows = of(&[("a", 1, 2), ("b", 3, 4)]);
        assert_eq!(rows, of(&[("b", 3, 4), ("a", 1, 2)]));
        for others in [
            of(&[("a", 1, 2)]),
            of(&[("a", 1, 2), ("b", 3, 5)]),
            of(&[("a", 3, 2), ("b", 1, 4)]),
            of(&[("b", 1, 2), ("a", 3, 4)]),
            of(&[("a", 1, 2), ("b", 3, 4), ("c", 0, 0)]),
        ] {
            assert_ne!(rows, others);
        }
    }
}
