//! Messages are read through `message::read`, which hides what is left of erased people.

use crate::{none_of, read, sources};

/// Those who read messages otherwise, and why nobody sees them by it.
const OTHERWISE: [(&str, &str); 6] = [
    ("src/messages/send/mod.rs", "a sender gets their own back, and whoever is erased sends nothing"),
    ("src/messages/send/plan.rs", "likewise"),
    ("src/messages/revise.rs", "likewise"),
    ("src/erasure/sweep.rs", "looks for ids of texts that are to be cleared"),
    ("src/entity/message.rs", "is where it is"),
    ("src/search/index/fts5/maintain.rs", "keeps the index, which proposes what the messages decide"),
];

#[test]
fn messages_are_shown_as_their_senders_left_them() {
    let mut wrong = Vec::new();
    for path in sources() {
        let source = read(&path);
        let (found, shown) =
            (source.matches("message::Entity::find").count(), source.matches("message::read(").count());
        // By hand, with an eye on the table that `message::read` looks into.
        let by_hand = source.contains("FROM message ") || source.contains("JOIN message ");
        if (found > shown || (by_hand && !source.contains("FROM erasure ")))
            && OTHERWISE.iter().all(|(known, _)| *known != path)
        {
            wrong.push(format!("{path} finds messages {found} times and reads them {shown} times by message::read"));
        }
    }
    none_of("Who shows a message reads it with message::read", &wrong);
}
