//! Finds people.

use std::net::IpAddr;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::{Email, search_key};
use crate::app::App;
use crate::db::Dialect;
use crate::directory;
use crate::entity::user;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;
use crate::page::Page;
use crate::rates::neighbourhood;

/// A person by id, the erased too.
pub async fn find(app: &App, id: UserId) -> Result<Option<user::Model>> {
    Ok(user::Entity::find_by_id(id).one(&app.db.reader).await?)
}

/// A person by e-mail address.
pub async fn find_by_email(app: &App, email: &Email) -> Result<Option<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Email.eq(email.as_str())).one(&app.db.reader).await?)
}

/// People by their ids, in no order.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<user::Model>> {
    Ok(user::Entity::find().filter(user::Column::Id.is_in(ids.iter().copied())).all(&app.db.reader).await?)
}

/// Whom to list: everyone but the viewer and the erased, or those who match; as far as the directory is open to the viewer.
#[derive(Clone, Debug)]
pub struct Search {
    viewer: UserId,
    /// Where they are.
    address: IpAddr,
    term: Option<String>,
    /// Who is found by name, where that is not everybody.
    found_by_name: Option<Condition>,
    finds_by_email: bool,
    dialect: Dialect,
}

impl Search {
    /// What a term finds: part of the name, in any case, or exactly the e-mail.
    pub fn new(app: &App, viewer: UserId, address: IpAddr, term: Option<&str>) -> Result<Self> {
        let term = term.map(str::trim).filter(|term| !term.is_empty());
        if let Some(term) = term {
            if term.contains('\0') {
                return Err(Error::input("search", "a search has no NUL in it"));
            }
            // The longest e-mail address is longer than the longest name.
            if term.len() > limits::EMAIL_BYTES && term.chars().count() > limits::SEARCH_LENGTH {
                let message = format!("a search has at most {} characters", limits::SEARCH_LENGTH);
                return Err(Error::input("search", message));
            }
        }
        let found_by_name = directory::found_by_name(app, viewer);
        let finds_by_email = directory::finds_by_email(app, viewer);
        let dialect = app.db.dialect();
        Ok(Self { viewer, address, term: term.map(str::to_owned), found_by_name, finds_by_email, dialect })
    }

    fn email(&self) -> Option<Email> {
        Email::parse(self.term.as_deref()?).ok()
    }

    fn condition(&self) -> Condition {
        let others = Condition::all().add(user::Column::Id.ne(self.viewer)).add(user::Column::DeletedAt.is_null());
        let Some(term) = &self.term else { return others.add_option(self.found_by_name.clone()) };
        let mut matches = Condition::any();
        let key = search_key(term);
        if !key.is_empty() {
            let in_name = self.dialect.contains(user::Column::NameKey, key);
            let by_name = Condition::all().add(in_name).add_option(self.found_by_name.clone());
            matches = matches.add(by_name);
        }
        if let Some(email) = self.email().filter(|_| self.finds_by_email) {
            matches = matches.add(user::Column::Email.eq(email.as_str()));
        }
        // A term that folds to nothing and is no e-mail finds nobody.
        if matches.is_empty() { others.add(Expr::val(1).eq(0)) } else { others.add(matches) }
    }
}

/// The place of a person in the list.
pub type NamePlace = (String, UserId);

/// People by name; `after` is the place of the one before the page.
pub async fn list(app: &App, search: &Search, first: u32, after: Option<NamePlace>) -> Result<Page<user::Model>> {
    app.rates.search.take(&search.viewer)?;
    if search.email().is_some() {
        // Found or not: to look for many that are not there is how to find out who is.
        app.rates.email_search.take(&search.viewer)?;
        let by_address = app.rates.email_search_by_address.take(&neighbourhood(search.address));
        by_address.inspect_err(|_| app.rates.email_search.give_back(&search.viewer))?;
    }
    let all = user::Entity::find().filter(search.condition());
    let place = || Expr::tuple([Expr::col(user::Column::NameKey), Expr::col(user::Column::Id)]);
    let given = |(key, id): NamePlace| Expr::tuple([Expr::val(key), Expr::val(id)]);
    let has_previous = match after.clone() {
        Some(after) => all.clone().filter(place().lte(given(after))).limit(1).one(&app.db.reader).await?.is_some(),
        None => false,
    };
    let rows = all
        .filter(Condition::all().add_option(after.map(|after| place().gt(given(after)))))
        .order_by_asc(user::Column::NameKey)
        .order_by_asc(user::Column::Id)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    Ok(Page::cut(rows, first, has_previous))
}

/// How many a search finds.
pub async fn count(app: &App, search: &Search) -> Result<u64> {
    Ok(user::Entity::find().filter(search.condition()).count(&app.db.reader).await?)
}
