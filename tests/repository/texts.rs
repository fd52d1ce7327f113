//! Messages are read through `message::read`, which hides the remaining texts of erased people.

use crate::{none_of, read, sources};

/// Files that read messages in another way, and why this shows them to nobody.
const OTHERWISE: [(&str, &str); 15] = [
    ("src/messages/send/plan.rs", "senders get their own messages back, and erased people send none"),
    ("src/messages/revise.rs", "likewise"),
    ("src/messages/reactions/react.rs", "writes the counts of messages that it has read by it"),
    ("src/images/attach.rs", "looks for ids of images that are still used"),
    ("src/messages/pins.rs", "writes pins of messages that it has read by it"),
    ("src/messages/remove_content.rs", "looks for ids of messages that are to be deleted"),
    ("src/erasure/sweep.rs", "looks for ids of texts that are to be cleared"),
    ("src/entity/message.rs", "is the home of message::read"),
    ("src/db/finds.rs", "is where those two find them"),
    ("src/db/hot/write/statements.rs", "likewise"),
    ("src/messages/hot_tests.rs", "compares tables"),
    ("src/search/hot_tests.rs", "likewise"),
    ("src/retention/mod.rs", "looks at the time of the oldest message"),
    ("src/retention/trim.rs", "deletes them, and looks at their seqs, times and images alone"),
    ("src/search/index/backlog.rs", "maintains the index, whose hits are checked against the messages"),
];

#[test]
fn messages_are_shown_as_their_senders_left_them() {
    let mut wrong = Vec::new();
    for path in sources() {
        let source = read(&path);
        let (found, shown) =
            (source.matches("message::Entity::find").count(), source.matches("message::read(").count());
        // SQL that must look into the table of erasures itself, or by the condition of the search's indexes.
        let looks_into_erasures = ["FROM erasure ", "JOIN erasure ", "shown!()"].iter().any(|sql| source.contains(sql));
        let by_hand = source.contains("FROM message ") || source.contains("JOIN message ");
        if (found > shown || (by_hand && !looks_into_erasures)) && OTHERWISE.iter().all(|(known, _)| *known != path) {
            wrong.push(format!("{path} finds messages {found} times and reads them {shown} times by message::read"));
        }
    }
    none_of("Messages are shown only as message::read returns them", &wrong);
}
