//! Signing up and in: creating sessions.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::devices::end;
use crate::accounts::guesses::octets;
use crate::accounts::new_place::new_place;
use crate::accounts::shared_rates::SharedBucket;
use crate::accounts::{self, Accounts, Email, Name, Password, Viewer, name_parts};
use crate::audit::{AuditAction, AuditRecord, Operator};
use crate::clock::Timestamp;
use crate::db::{self, Tx};
use crate::entity::{session, user};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};
use crate::limits;

/// The kind of the rate of new accounts, by address; those of `guesses` are others.
const SIGN_UPS: u8 = 6;

/// The data of a new account.
pub struct NewAccount {
    /// The full name.
    pub name: Name,
    /// The address to sign in with.
    pub email: Email,
    /// The password to sign in with.
    pub password: Password,
}

/// The client that signs in.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its IP address, by which wrong passwords are counted.
    pub address: IpAddr,
    /// Its User-Agent header.
    pub user_agent: Option<&'a str>,
    /// The session that the client had before, which ends.
    pub replaces: Option<&'a Viewer>,
}

/// A new session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who is signed in.
    pub user: user::Model,
    /// The token that the client sends from now on.
    pub token: String,
    /// When the token expires.
    pub expires_at: Timestamp,
}

impl Accounts {
    /// `SignUpClosed` if only the operator creates accounts here.
    pub fn is_open_to_sign_ups(&self) -> Result<()> {
        self.is_open_to_passwords()?;
        if self.app.config.sign_up { Ok(()) } else { Err(Error::SignUpClosed) }
    }

    /// `LocalSignInClosed` if people sign in with the app's tokens only.
    fn is_open_to_passwords(&self) -> Result<()> {
        if self.app.config.local_sign_in { Ok(()) } else { Err(Error::LocalSignInClosed) }
    }

    /// Creates an account and signs in to it.
    pub async fn sign_up(&self, new: NewAccount, client: Client<'_>) -> Result<SignedIn> {
        self.is_open_to_sign_ups()?;
        let key = self.rates.key(SIGN_UPS, &[&octets(client.address)]);
        let limit = limits::SIGNUPS.scaled(self.app.config.sign_ups_per_hour, limits::SIGNUPS_AN_HOUR);
        self.rates.take_one(SharedBucket { key, limit }).await?;
        let email = new.email.clone();
        let user = self.new_user(new).await?;
        let session = self.new_session(user.id, client);
        let user = self.app.feed.append(SignUp { user, session: Some(session.clone()) }).await?;
        tracing::info!(event = "signup", user.id = %user.id, client.address = %client.address, "{} signed up", user.id);
        // The account is there, with or without it.
        if let Err(error) = self.guesses.remember(email.as_str(), client.address).await {
            tracing::debug!(error = %error, "the address of a new account is not remembered: {error}");
        }
        self.begun(user, &session, client.replaces)
    }

    /// Creates an account without signing in.
    pub async fn add_for_operator(&self, by: &Operator, new: NewAccount) -> Result<user::Model> {
        let user = self.new_user(new).await?;
        let done = [by.record(AuditAction::UserAdded, user.id)];
        self.app.feed.append_recorded(SignUp { user, session: None }, done).await
    }

    /// For the operator, and for fail2ban: `deploy/fail2ban/filter.d/parlour.conf` reads this line.
    fn log_failure(&self, account: &str, address: IpAddr, reason: &'static str) {
        let hash = self.guesses.account_hash(account);
        tracing::warn!(
            event = "login.failed",
            client.address = %address,
            account.hash = hash,
            reason,
            "a login from {address} failed"
        );
    }

    async fn new_user(&self, new: NewAccount) -> Result<user::Model> {
        let password_hash = self.hash(new.password).await?;
        let (name, now) = (new.name, self.app.clock.now());
        Ok(user::Model {
            email: Some(new.email.as_str().to_owned()),
            password_hash: Some(password_hash),
            ..user::Model::new(UserId::new(), name.as_str().to_owned(), name.key(), now)
        })
    }

    /// Signs in with an e-mail address as typed. An unknown address and a wrong password give the same answer in the
    /// same time, and are counted alike.
    pub async fn log_in(&self, email: &str, password: Password, client: Client<'_>) -> Result<SignedIn> {
        self.is_open_to_passwords()?;
        let known = Email::parse(email).ok();
        let account = known.as_ref().map_or(email, Email::as_str);
        let guess = self.guesses.begin(account, client.address).await.inspect_err(|error| {
            if matches!(error, Error::RateLimited { .. }) {
                self.log_failure(account, client.address, "rate_limited");
            }
        })?;
        let user = self.find_by_password(known.as_ref(), password).await;
        let is_new_place = guess.is_at_a_new_place();
        guess.end(user.as_ref().ok().map(Option::is_some)).await?;
        let Some(user) = user? else {
            self.log_failure(account, client.address, "wrong_password");
            return Err(Error::InvalidCredentials);
        };
        let proof = SignInProof::Password { verified: user.password_hash.clone() };
        let place = is_new_place.then(|| new_place(user.id, client.address, client.user_agent));
        let signed_in = self.begin_session(user, proof, client, place).await?;
        if let Err(error) = guess.remember_place().await {
            tracing::warn!(error = %error, "where somebody signed in was not remembered: the next time it is a new place again");
        }
        Ok(signed_in)
    }

    /// Begins a session of somebody who has proved who they are, at this place if it is a new one.
    pub(super) async fn begin_session(
        &self,
        user: user::Model,
        proof: SignInProof,
        client: Client<'_>,
        place: Option<AuditRecord>,
    ) -> Result<SignedIn> {
        let session = self.new_session(user.id, client);
        let begin = BeginSession { session: session.clone(), proof };
        for evicted in self.app.feed.append_recorded(begin, place).await? {
            self.ended(evicted);
        }
        let (address, id) = (client.address, user.id);
        let session_id = session.row.id;
        tracing::info!(event = "login", user.id = %id, session.id = %session_id, client.address = %address, "signed in as {id}");
        self.begun(user, &session, client.replaces)
    }

    /// The person with this e-mail address and password. An invalid address is treated as an unknown one, and a
    /// disabled account as a wrong password: only the operator informs people that they are disabled.
    async fn find_by_password(&self, email: Option<&Email>, password: Password) -> Result<Option<user::Model>> {
        let _turn = self.hasher.turn().await?;
        let user = match email {
            Some(email) => accounts::find_by_email(&self.app, email).await?,
            None => None,
        };
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let is_right = self.hasher.verify(password, hash).await?;
        Ok(user.filter(|user| is_right && user.disabled_at.is_none()))
    }

    fn new_session(&self, user_id: UserId, client: Client<'_>) -> NewSession {
        let now = self.app.clock.now();
        let row = session::Model {
            id: SessionId::new(),
            user_id,
            user_agent: client.user_agent.map(str::to_owned),
            created_at: now,
            last_used_at: now,
            expires_at: now + self.session_length(),
        };
        NewSession { row, replaces: client.replaces.map(Viewer::session) }
    }

    pub(super) fn session_length(&self) -> Duration {
        Duration::from_secs(u64::from(self.app.config.session_days) * 24 * 3600).min(limits::SESSION_ABSOLUTE)
    }

    fn begun(&self, user: user::Model, session: &NewSession, replaces: Option<&Viewer>) -> Result<SignedIn> {
        if let Some(before) = replaces {
            self.ended(before.session());
        }
        let expires_at = session.row.expires_at;
        let token = self.tokens.issue(user.id, session.row.id, session.row.created_at, expires_at)?;
        Ok(SignedIn { user, token, expires_at })
    }
}

/// A session to create, replacing the one that the device had (OWASP ASVS 7.2.4).
#[derive(Clone)]
struct NewSession {
    row: session::Model,
    replaces: Option<SessionId>,
}

#[derive(Clone)]
struct SignUp {
    user: user::Model,
    /// `None` if the operator creates the account.
    session: Option<NewSession>,
}

impl Change for SignUp {
    type Answer = user::Model;
    type Write = Self;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let emails: HashSet<String> = changes.iter().filter_map(|change| change.user.email.clone()).collect();
        let taken = user::Entity::find()
            .select_only()
            .column(user::Column::Email)
            .filter(user::Column::Email.is_in(emails))
            .into_tuple::<String>();
        let taken: HashSet<String> = taken.all(tx).await?.into_iter().collect();
        let plan = |change: &Self| {
            let is_free =
                change.user.email.as_ref().is_some_and(|email| !taken.contains(email) && tx.claim_email(email));
            if is_free { Ok(Plan::Write { write: change.clone(), events: 0 }) } else { Err(Error::EmailTaken) }
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        db::insert(tx, writes.iter().map(|placed| placed.write.user.clone()).collect()).await?;
        let users = writes.iter().map(|placed| &placed.write.user);
        name_parts::write(tx, users.map(|user| (user.id, user.full_name.clone())).collect()).await?;
        begin(tx, writes.iter().filter_map(|placed| placed.write.session.as_ref())).await?;
        Ok(writes.into_iter().map(|placed| Written::silent(placed.write.user)).collect())
    }
}

struct BeginSession {
    session: NewSession,
    proof: SignInProof,
}

/// What somebody has proved who they are with. It may have ended while it was checked.
pub(super) enum SignInProof {
    /// A password.
    Password {
        /// The stored hash that it was checked against.
        verified: Option<String>,
    },
    /// A token of the app.
    AppToken {
        /// When it was issued.
        issued: Timestamp,
    },
}

impl SignInProof {
    /// Whether it still counts for a person who may sign in, with this hash and with tokens from this time on.
    fn holds(&self, hash: Option<&str>, tokens_from: Option<Timestamp>) -> Result<()> {
        match self {
            Self::Password { verified } if verified.is_some() && verified.as_deref() == hash => Ok(()),
            Self::Password { .. } => Err(Error::InvalidCredentials),
            Self::AppToken { issued } if tokens_from.is_none_or(|from| *issued >= from) => Ok(()),
            Self::AppToken { .. } => Err(Error::Unauthenticated),
        }
    }

    /// What the caller gets if the person may not sign in any more.
    fn closed(&self) -> Error {
        match self {
            Self::Password { .. } => Error::InvalidCredentials,
            Self::AppToken { .. } => Error::Forbidden,
        }
    }
}

/// A session to create, and those that it evicts.
struct Beginning {
    session: NewSession,
    evicted: Vec<SessionId>,
}

impl Change for BeginSession {
    /// The sessions that were evicted.
    type Answer = Vec<SessionId>;
    type Write = Beginning;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let people: HashSet<UserId> = changes.iter().map(|change| change.session.row.user_id).collect();
        let open = session::Entity::find()
            .filter(session::Column::UserId.is_in(people))
            .order_by_asc(session::Column::CreatedAt)
            .order_by_asc(session::Column::Id)
            .all(tx)
            .await?;
        let may_sign_in = user::Entity::find()
            .select_only()
            .columns([user::Column::Id, user::Column::PasswordHash, user::Column::TokensFrom])
            .filter(user::Column::Id.is_in(changes.iter().map(|change| change.session.row.user_id)))
            .filter(user::Column::DisabledAt.is_null())
            .filter(user::Column::DeletedAt.is_null())
            .into_tuple::<(UserId, Option<String>, Option<Timestamp>)>();
        let may_sign_in = may_sign_in.all(tx).await?;
        let may_sign_in: HashMap<UserId, (Option<String>, Option<Timestamp>)> =
            may_sign_in.into_iter().map(|(id, hash, tokens_from)| (id, (hash, tokens_from))).collect();
        let mut by_user: HashMap<UserId, Vec<session::Model>> = HashMap::new();
        for row in open {
            by_user.entry(row.user_id).or_default().push(row);
        }
        let plan = |Self { session, proof }: &Self| {
            let (hash, tokens_from) = may_sign_in.get(&session.row.user_id).ok_or_else(|| proof.closed())?;
            proof.holds(hash.as_deref(), *tokens_from)?;
            let open = by_user.entry(session.row.user_id).or_default();
            // The device's previous session no longer counts, and expired ones are evicted anyway.
            open.retain(|row| session.replaces != Some(row.id));
            let mut evicted: Vec<SessionId> =
                open.extract_if(.., |row| row.expires_at <= tx.now).map(|row| row.id).collect();
            open.push(session.row.clone());
            let surplus = open.len().saturating_sub(limits::SESSIONS_PER_USER);
            evicted.extend(open.drain(..surplus).map(|row| row.id));
            Ok(Plan::Write { write: Beginning { session: session.clone(), evicted }, events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Beginning>>) -> Writes<Self> {
        begin(tx, writes.iter().map(|placed| &placed.write.session)).await?;
        // Afterwards: with very many simultaneous logins a session of this batch may itself be evicted.
        end(tx, writes.iter().flat_map(|placed| placed.write.evicted.iter().copied()).collect()).await?;
        Ok(writes.into_iter().map(|placed| Written::silent(placed.write.evicted)).collect())
    }
}

async fn begin<'a>(tx: &Tx, new: impl Iterator<Item = &'a NewSession> + Clone) -> Result<(), DbErr> {
    end(tx, new.clone().filter_map(|session| session.replaces).collect()).await?;
    db::insert(tx, new.map(|session| session.row.clone()).collect()).await
}
