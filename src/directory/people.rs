//! Listing and searching people.

use std::net::IpAddr;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::accounts::{Email, NameSearch, Viewer};
use crate::app::App;
use crate::directory::{self, blocks};
use crate::entity::user;
use crate::error::{Error, Result};
use crate::id::UserId;
use crate::limits;
use crate::page::Page;
use crate::rates::neighbourhood;

/// Which people to list: everyone except the viewer, erased people and those who are in a block with the viewer, or those
/// of them who match a term, as far as the directory is open to the viewer.
#[derive(Clone, Debug)]
pub(crate) struct PeopleFilter {
    viewer: Viewer,
    /// The viewer's IP address, which limits searches by e-mail.
    address: IpAddr,
    term: Option<String>,
    /// The people who are found by name; `None` if that is everybody.
    found_by_name: Option<Condition>,
    finds_by_email: bool,
}

impl PeopleFilter {
    /// `term` is a part of a name, ignoring case and accents, or a whole e-mail address.
    pub(crate) fn new(app: &App, viewer: &Viewer, address: IpAddr, term: Option<&str>) -> Result<Self> {
        let term = term.map(str::trim).filter(|term| !term.is_empty());
        if let Some(term) = term {
            if term.contains('\0') {
                return Err(Error::input("search", "a search cannot contain NUL"));
            }
            // The longest e-mail address is longer than the longest name.
            if term.len() > limits::EMAIL_BYTES && term.chars().count() > limits::SEARCH_LENGTH {
                let message = format!("a search has at most {} characters", limits::SEARCH_LENGTH);
                return Err(Error::input("search", message));
            }
        }
        let found_by_name = directory::found_by_name(app, viewer);
        let finds_by_email = directory::finds_by_email(app, viewer);
        let term = term.map(str::to_owned);
        Ok(Self { viewer: viewer.clone(), address, term, found_by_name, finds_by_email })
    }

    fn email(&self) -> Option<Email> {
        Email::parse(self.term.as_deref()?).ok()
    }

    fn condition(&self) -> Condition {
        let others = Condition::all()
            .add(user::Column::Id.ne(self.viewer.user()))
            .add(user::Column::DeletedAt.is_null())
            .add(blocks::not_in_blocks_with(self.viewer.user()));
        let Some(term) = &self.term else { return others.add_option(self.found_by_name.clone()) };
        let mut matches = Condition::any();
        let name = NameSearch::new(term);
        if !name.is_empty() {
            let by_name = name.condition().add_option(self.found_by_name.clone());
            matches = matches.add(by_name);
        }
        if let Some(email) = self.email().filter(|_| self.finds_by_email) {
            matches = matches.add(user::Column::Email.eq(email.as_str()));
        }
        // A term that normalises to nothing and is no e-mail address finds nobody.
        if matches.is_empty() { others.add(Expr::val(1).eq(0)) } else { others.add(matches) }
    }
}

/// The sort key of a person in the list.
pub(crate) type PeopleSortKey = (String, UserId);

/// People by name; `after` is the key of the last one on the previous page.
pub(crate) async fn list(
    app: &App,
    filter: &PeopleFilter,
    first: u32,
    after: Option<PeopleSortKey>,
) -> Result<Page<user::Model>> {
    app.rates.search.take(&filter.viewer.user())?;
    if filter.email().is_some() {
        // Counted whether or not somebody is found, because misses reveal who has no account.
        app.rates.email_search.take(&filter.viewer.user())?;
        let by_address = app.rates.email_search_by_address.take(&neighbourhood(filter.address));
        by_address.inspect_err(|_| app.rates.email_search.give_back(&filter.viewer.user()))?;
    }
    page(app, user::Entity::find().filter(filter.condition()), first, after).await
}

/// A page of people, by name.
pub(super) async fn page(
    app: &App,
    all: Select<user::Entity>,
    first: u32,
    after: Option<PeopleSortKey>,
) -> Result<Page<user::Model>> {
    let sort_key = || Expr::tuple([Expr::col(user::Column::NameKey), Expr::col(user::Column::Id)]);
    let given = |(key, id): PeopleSortKey| Expr::tuple([Expr::val(key), Expr::val(id)]);
    let has_previous = match after.clone() {
        Some(after) => all.clone().filter(sort_key().lte(given(after))).limit(1).one(&app.db.reader).await?.is_some(),
        None => false,
    };
    let rows = all
        .filter(Condition::all().add_option(after.map(|after| sort_key().gt(given(after)))))
        .order_by_asc(user::Column::NameKey)
        .order_by_asc(user::Column::Id)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    Ok(Page::cut(rows, first, has_previous))
}

/// The number of people that a filter finds.
pub(crate) async fn count(app: &App, filter: &PeopleFilter) -> Result<u64> {
    Ok(user::Entity::find().filter(filter.condition()).count(&app.db.reader).await?)
}
