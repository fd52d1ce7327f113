//! SQL outside `src/db/` and `src/search/` is what both databases take.

use crate::{none_of, read, sources};

/// Where each database may have its own.
const OWN: [&str; 2] = ["src/db/", "src/search/"];
/// What only one of them has, in lower case.
const ONLY_ONE: [&str; 12] = [
    "pragma ",
    "rowid",
    "group_concat",
    "unhex(",
    "strftime(",
    "json_each(",
    "insert or ",
    "ilike",
    "unnest(",
    "for update",
    "collate",
    "pg_",
];
/// The types of PostgreSQL's casts: `$1::text`.
const TYPES: [&str; 12] =
    ["text", "bytea", "int", "int4", "int8", "bigint", "smallint", "boolean", "uuid", "json", "jsonb", "regclass"];

#[test]
fn sql_of_one_database_is_in_db_and_search() {
    let mut wrong = Vec::new();
    for path in sources().into_iter().filter(|path| OWN.iter().all(|own| !path.starts_with(own))) {
        let text = read(&path);
        // Tests run on SQLite.
        let code = text.split("#[cfg(test)]\nmod tests {\n").next().unwrap_or_default();
        for literal in literals(code) {
            wrong.extend(of_one_database(&literal).map(|found| format!("{path}: `{found}` in \"{literal:.60}\"")));
        }
        let names = ["Dialect::Sqlite", "Dialect::Postgres", "DbBackend::", "DatabaseBackend::"];
        wrong.extend(names.into_iter().filter(|name| code.contains(name)).map(|name| format!("{path}: {name}")));
    }
    none_of("SQL of one database is an expression of `Dialect` (src/db/dialect.rs), or a function of `db`", &wrong);
}

/// What of a text only one database takes, if it is SQL.
fn of_one_database(literal: &str) -> Option<String> {
    let text = literal.to_lowercase();
    let is_sql = ["select ", "insert ", "update ", "delete ", "pragma ", "collate ", "(", "::"];
    if !is_sql.iter().any(|sql| text.contains(sql)) {
        return None;
    }
    let is_cast = |(at, _): (usize, &str)| {
        let name: String = text[at + 2..].chars().take_while(char::is_ascii_alphanumeric).collect();
        TYPES.contains(&name.as_str())
    };
    let word = ONLY_ONE.iter().find(|word| text.contains(*word)).map(|word| (*word).trim().to_owned());
    word.or_else(|| text.match_indices("::").any(is_cast).then(|| "::".to_owned()))
}

/// The strings in Rust code, raw ones too. Comments are left out.
fn literals(code: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), code);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        let hashes = before.len() - before.trim_end_matches('#').len();
        let is_raw = before.trim_end_matches('#').ends_with('r');
        rest = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, after)| after)
        } else if from.starts_with("'\"'") || from.starts_with("'\\\"'") {
            from.split_once("\"'").map_or("", |(_, after)| after)
        } else if !from.starts_with('"') {
            &from[1..]
        } else if is_raw {
            let (literal, after) = from[1..].split_once(&format!("\"{}", "#".repeat(hashes))).unwrap_or_default();
            found.push(literal.to_owned());
            after
        } else {
            let mut is_escaped = false;
            let end = from[1..].find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            let (literal, after) = from[1..].split_at(end.unwrap_or(from.len() - 1));
            found.push(literal.to_owned());
            after.get(1..).unwrap_or_default()
        };
    }
    found
}

#[test]
fn sql_of_one_database_is_recognised() {
    for (code, found) in [
        ("\"SELECT $1::text\"", true),
        ("\"SELECT group_concat(r.emoji, ' ') FROM reaction r\"", true),
        ("// a comment's \"\nr#\"PRAGMA \"x\"\"#", true),
        ("('\"', \"\\\"key\\\" COLLATE \\\"C\\\"\")", true),
        ("\"SELECT string_agg(r.emoji, ' ') FROM reaction r\" // PRAGMA x", false),
        ("uuid::Uuid::from(\"SELECT 1\"); db::text()", false),
    ] {
        assert_eq!(literals(code).iter().any(|literal| of_one_database(literal).is_some()), found, "{code}");
    }
}
