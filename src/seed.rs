//! Sample people and conversations for development.

use futures_util::future::try_join_all;

use crate::accounts::{self, Email, Name, NewAccount, Password, Viewer};
use crate::audit::Operator;
use crate::conversations::{self, NewGroup, Reference, Title};
use crate::db::SidebarSelection;
use crate::error::{Error, Result};
use crate::id::{ConversationId, MessageId, UserId};
use crate::messages::{self, NewMessage};
use crate::program::Program;

/// The password of all sample people.
const PASSWORD: &str = "open sesame";
const PEOPLE: [(&str, &str); 8] = [
    ("Ada Lovelace", "ada@example.com"),
    ("Alan Turing", "alan@example.com"),
    ("Grace Hopper", "grace@example.com"),
    ("Katherine Johnson", "katherine@example.com"),
    ("محمد الخوارزمي", "muhammad@example.com"),
    ("Edsger Dijkstra", "edsger@example.com"),
    ("Barbara Liskov", "barbara@example.com"),
    ("高木 貞治", "teiji@example.com"),
];
const GROUP: &str = "Analytical Engine";
/// Sender, recipient and text of each message. People are indexes into [`PEOPLE`]; `None` is the group.
const TALK: [(usize, Option<usize>, &str); 14] = [
    (0, Some(1), "Hello Alan, have you read my notes on the engine?"),
    (1, Some(0), "Twice. Note G is a program, isn't it?"),
    (0, Some(1), "It is. I only never had a machine to run it on."),
    (1, Some(0), "I may have something for you 🙂"),
    (2, Some(0), "Found a moth in the relay. Taped it into the log book."),
    (0, Some(2), "The first bug that is one!"),
    (3, Some(0), "I checked the trajectory by hand. The machine is right."),
    (4, Some(0), "السلام عليكم، وصلتني رسالتك"),
    (0, Some(4), "وعليكم السلام! Thank you for the method."),
    (0, None, "Welcome, everybody. This is where we plan the engine."),
    (5, None, "Simplicity is a prerequisite for reliability."),
    (6, None, "Then let us agree on the abstractions first."),
    (7, None, "賛成です。"),
    (2, None, "I'd rather ask forgiveness than permission. Who builds the compiler?"),
];

/// Fills the database, with `long` more messages in the group. Idempotent: existing people and messages are not
/// changed.
pub(crate) async fn seed(program: &Program, long: u32) -> anyhow::Result<()> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for (name, email) in PEOPLE {
        people.push(person(program, name, email).await?);
    }
    let group = group(program, &people).await?;
    for (number, (sender, to, text)) in TALK.into_iter().enumerate() {
        let to = to.map_or(Reference::Id(group), |person| Reference::Direct(people[person]));
        // The ids are always the same, so a message is sent only once.
        let id = message_id([b'r', b' ', b' ', u8::try_from(number)?]);
        let new = NewMessage::of_text(id, to, text.to_owned());
        messages::send(&program.app, &Viewer::for_operator(people[sender]), &program.images, new).await?;
    }
    let numbers: Vec<u32> = (0..long).collect();
    // As many at once as the writer commits in one transaction.
    for batch in numbers.chunks(256) {
        try_join_all(batch.iter().map(|number| say(program, &people, group, *number))).await?;
    }
    println!("{} people, each with the password “{PASSWORD}”: {}, …", people.len(), PEOPLE[0].1);
    Ok(())
}

/// Sends a message of the long talk. Ada sends none, so all of it is unread for her.
async fn say(program: &Program, people: &[UserId], group: ConversationId, number: u32) -> Result<()> {
    let others = &people[1..];
    let speaker = others[number as usize / 3 % others.len()];
    let words = TALK[number as usize % TALK.len()].2;
    let id = message_id(number.to_be_bytes());
    let new = NewMessage::of_text(id, Reference::Id(group), format!("{number}: {words}"));
    messages::send(&program.app, &Viewer::for_operator(speaker), &program.images, new).await?;
    Ok(())
}

async fn person(program: &Program, name: &str, email: &str) -> Result<UserId> {
    let email = Email::parse(email)?;
    if let Some(known) = accounts::find_by_email(&program.app, &email).await? {
        return Ok(known.id);
    }
    let minimum = PASSWORD.len();
    let password = Password::parse(PASSWORD.to_owned(), minimum, "password")?;
    let account = NewAccount { name: Name::parse(name)?, email, password };
    Ok(program.accounts.add_for_operator(&Operator::default(), account).await?.id)
}

async fn group(program: &Program, people: &[UserId]) -> Result<ConversationId> {
    let [owner, members @ ..] = people else { return Err(Error::NotFound) };
    let viewer = Viewer::for_operator(*owner);
    let known = conversations::list(&program.app, &viewer, 100, None, SidebarSelection::default()).await?;
    if let Some(group) = known.items.iter().find(|known| known.row.title.as_deref() == Some(GROUP)) {
        return Ok(group.row.id);
    }
    let group =
        conversations::create(&program.app, &viewer, NewGroup::of(Title::parse(GROUP)?, members.to_vec())).await?;
    Ok(group.id)
}

/// The id of a message of the talk: of Ada Lovelace's birthday in 2025, and its number.
fn message_id(number: [u8; 4]) -> MessageId {
    const BIRTHDAY_MILLIS: u64 = 1_765_324_800_000;
    let mut random = *b"parlour   ";
    random[6..].copy_from_slice(&number);
    uuid::Builder::from_unix_timestamp_millis(BIRTHDAY_MILLIS, &random).into_uuid().into()
}
