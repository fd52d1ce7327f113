//! The parts of names: people are found without accents, and by any word of their name or any part of one. The key of
//! the list's order is another one, [`search_key`](super::search_key).
//!
//! A row for each end of each word makes what is inside of a word the beginning of a part, which an index finds:
//! `O’Connor` has `o'connor`, `oconnor`, `connor`, `onnor` … So there are as many rows as characters in a name.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use unicode_normalization::char::is_combining_mark;

use crate::db::{self, Tx};
use crate::entity::{name_change, name_part, user};
use crate::fold::{fold, is_dense};
use crate::id::UserId;

/// Characters of a part. Who types more is shown a few people too many.
const PART: usize = 24;
/// Words of a search that are looked up.
const WORDS: usize = 10;

/// A search for people by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSearch(Vec<String>);

impl NameSearch {
    /// Of what somebody typed.
    pub fn new(term: &str) -> Self {
        Self(folded(term).split_whitespace().take(WORDS).map(str::to_owned).collect())
    }

    /// Whether there is nothing to search for. It finds nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The people who have all of it in their names: the first word anywhere, further ones where a word begins.
    pub fn condition(&self) -> Condition {
        let word = |(number, word): (usize, &String)| {
            let joined = joined(word);
            let forms =
                [Some(word.as_str()), Some(joined.as_str()).filter(|joined| !joined.is_empty() && joined != word)];
            let begins = forms.into_iter().flatten().fold(Condition::any(), |any, form| any.add(begins_with(form)));
            let is_start = (number > 0).then(|| name_part::Column::IsStart.eq(true));
            let people = name_part::Entity::find().select_only().column(name_part::Column::UserId);
            let people = people.filter(begins).filter(Condition::all().add_option(is_start));
            user::Column::Id.in_subquery(QueryTrait::into_query(people))
        };
        self.0.iter().enumerate().map(word).fold(Condition::all(), Condition::add)
    }
}

/// A part that begins with this, as a range of the index.
fn begins_with(prefix: &str) -> Condition {
    let prefix = cut(prefix).to_owned();
    let end = format!("{prefix}{}", char::MAX);
    Condition::all().add(name_part::Column::Part.gte(prefix)).add(name_part::Column::Part.lt(end))
}

/// Writes the parts of these people's names, in place of those that they had.
pub async fn write(tx: &Tx, people: HashMap<UserId, String>) -> Result<(), DbErr> {
    remove(tx, people.keys().copied().collect()).await?;
    let rows = people.into_iter().flat_map(|(user_id, name)| {
        parts(&name).into_iter().map(move |(part, is_start)| name_part::Model { user_id, part, is_start })
    });
    db::insert(tx, rows.collect()).await
}

/// Removes the parts of these people's names: nobody finds them any more.
pub async fn remove(tx: &Tx, people: Vec<UserId>) -> Result<(), DbErr> {
    for some in people.chunks(db::VALUES) {
        let own = name_part::Column::UserId.is_in(some.iter().copied());
        name_part::Entity::delete_many().filter(own).exec(tx).await?;
        let written = name_change::Column::UserId.is_in(some.iter().copied());
        name_change::Entity::delete_many().filter(written).exec(tx).await?;
    }
    Ok(())
}

/// The parts of a name, and whether a word begins with each.
fn parts(name: &str) -> BTreeMap<String, bool> {
    let mut parts = BTreeMap::new();
    let mut add = |part: &str, is_start: bool| {
        *parts.entry(cut(part).to_owned()).or_insert(false) |= is_start;
    };
    for word in folded(name).split_whitespace() {
        let mut before = None;
        for (at, c) in word.char_indices().filter(|(_, c)| !is_combining_mark(*c)) {
            let is_start = before.is_none_or(|before: char| !before.is_alphanumeric() || is_dense(c));
            add(&word[at..], is_start);
            before = Some(c);
        }
        let joined = joined(word).replace('-', "");
        if !joined.is_empty() {
            add(&joined, true);
        }
    }
    parts
}

/// Folded, with one form of apostrophe and of hyphen.
fn folded(text: &str) -> String {
    let one_form = |c| match c {
        '’' | '‘' | 'ʼ' | 'ʻ' | '`' => '\'',
        '\u{2010}'..='\u{2013}' => '-',
        c => c,
    };
    fold(text).map(one_form).collect()
}

/// A word without its apostrophes.
fn joined(word: &str) -> String {
    word.replace('\'', "")
}

fn cut(part: &str) -> &str {
    part.char_indices().nth(PART).map_or(part, |(end, _)| &part[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the condition says, of one name.
    fn finds(term: &str, name: &str) -> bool {
        let (search, parts) = (NameSearch::new(term), parts(name));
        let is_found = |(number, word): (usize, &String)| {
            [word.clone(), joined(word)].iter().filter(|form| !form.is_empty()).any(|form| {
                parts.iter().any(|(part, is_start)| part.starts_with(cut(form)) && (number == 0 || *is_start))
            })
        };
        !search.is_empty() && search.0.iter().enumerate().all(is_found)
    }

    #[test]
    fn people_are_found_without_accents_and_by_any_part_of_their_names() {
        for (term, name) in [
            ("jose", "José"),
            ("JOSÉ", "Jose"),
            ("OConnor", "Sinéad O’Connor"),
            ("o'connor", "Sinead O’Connor"),
            ("o’connor", "Sinead OConnor"),
            ("connor", "Sinéad O'Connor"),
            ("curie", "Marie Curie"),
            ("mar cur", "Marie Curie"),
            ("curie marie", "Marie Curie"),
            ("LOVE", "Ada Lovelace"),
            ("ovel", "Ada Lovelace"),
            ("lukasz", "Łukasz"),
            ("soren", "Søren"),
            ("strasse", "Karl Straße"),
            ("luc", "Jean-Luc"),
            ("jeanluc", "Jean-Luc"),
            ("jean-luc", "Jean‐Luc"),
            ("小明", "王小明"),
            ("철수", "김철수"),
            ("さくら", "サクラ"),
            ("100%", "100% Bob"),
            ("%", "100% Bob"),
            ("🦀", "Ferris 🦀"),
        ] {
            assert!(finds(term, name), "{term} in {name}");
        }
        for (term, name) in [("ada ace", "Ada Lovelace"), ("adal", "Ada L"), ("snake-case", "snake_case"), ("", "Ada")]
        {
            assert!(!finds(term, name), "{term} in {name}");
        }
    }

    #[test]
    fn a_name_has_no_more_parts_than_characters_and_words() {
        let longest = "é".repeat(80);
        assert!(parts(&longest).len() <= 80);
        assert!(parts(&longest).keys().all(|part| part.chars().count() <= PART));
        assert_eq!(parts("\u{200B}").len(), 0);
    }
}
