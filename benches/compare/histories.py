"""Databases with long histories, written as the server would have, all at once. They are made once and kept.

A message takes 265 bytes, and the search's index comes on top; SQLite's log holds all of it until it is written.
"""
import hashlib
import json
import shutil
import sqlite3
import time
import urllib.request
from pathlib import Path

from compare import places, scenarios
from compare.build import Programs, say
from compare.servers import Server

SIZES = (50_000, 500_000, 5_000_000)
SMOKE_SIZES = (1_000, 2_000)
EMAIL, PASSWORD = "ada@example.com", "correct horse 7 battery"
# A word of few messages, and one of all of them.
RARE, FREQUENT = "7007", "words"
# The longest that the search's index may take.
INDEXING = 1800

GROUP = "unhex(printf('019b000000007000800000000000%04x', g))"
FILL = f"""
    BEGIN IMMEDIATE;
    CREATE TEMP TABLE at AS SELECT position AS head FROM feed_head;
    INSERT INTO conversation (id, kind, title, last_seq, last_position, active_position, created_at, updated_at)
    WITH RECURSIVE groups(g) AS (SELECT 0 UNION ALL SELECT g + 1 FROM groups WHERE g + 1 < :groups)
    SELECT {GROUP}, 2, 'Group ' || g, :each, head + :messages - :groups + g + 1, head + :messages - :groups + g + 1, 0, 0
      FROM groups, at;
    INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
    SELECT id, :bob, head, 1, :each, 0 FROM conversation, at;
    INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
    SELECT id, :ada, head, 2, :each - 3, 0 FROM conversation, at ORDER BY id LIMIT 50;
    INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :messages),
       placed AS (SELECT n, n % :groups AS g FROM numbers)
    SELECT unhex(printf('019b%08x70008000%012x', n, n)), {GROUP}, n / :groups + 1, :bob, 'some words of message ' || n, 1,
       head + 1 + n, 1, n FROM placed, at;
    INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
    SELECT position, nonce, 1, conversation_id, id, created_at FROM message ORDER BY position;
    UPDATE feed_head SET position = position + :messages;
    COMMIT;
"""


def group(number: int) -> str:
    """The id of a group. Ada is in the first 50."""
    return f"019b0000-0000-7000-8000-00000000{number:04x}"


def key() -> str:
    """Another one for other tables or another way to fill them."""
    digest = hashlib.sha256()
    for source in [Path(__file__), *sorted((places.ROOT / "migration" / "src").iterdir())]:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def made(messages: int, programs: Programs) -> Path:
    """The data folder of a server with so many messages, which are all in the search's index."""
    folder = places.HISTORIES / f"{messages}-{key()}"
    if (folder / "complete").exists():
        return folder
    # What an older version or an interrupted run left.
    for other in places.HISTORIES.glob(f"{messages}-*"):
        shutil.rmtree(other)
    folder.mkdir(parents=True)
    begun = time.monotonic()
    say(f"making a history of {messages:,} messages …")
    with Server(scenarios.PARLOUR, programs, folder) as server:
        ada, bob = (sign_up(server.url, name) for name in ("ada", "bob"))
    fill(folder / "parlour.db", messages, ada, bob)
    say(f"  written after {time.monotonic() - begun:.0f} s; it is being indexed")
    with Server(scenarios.PARLOUR, programs, folder):
        wait_for_index(folder / "parlour.db")
    say(f"  indexed after {time.monotonic() - begun:.0f} s")
    (folder / "bench.log").unlink()
    (folder / "complete").touch()
    return folder


def sign_up(url: str, name: str) -> bytes:
    """The id of a new account."""
    body = {
        "query": "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }",
        "variables": {"input": {"fullName": name.title(), "email": f"{name}@example.com", "password": PASSWORD}},
    }
    request = urllib.request.Request(
        f"http://{url}/graphql", json.dumps(body).encode(), {"content-type": "application/json", "accept": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        user = json.load(response)["data"]["signup"]["user"]["id"]
    return bytes.fromhex(user.replace("-", ""))


def fill(database: Path, messages: int, ada: bytes, bob: bytes) -> None:
    groups = min(1000, messages // 20)
    # Without Python's own transactions.
    with_values = {"groups": groups, "each": messages // groups, "messages": messages, "ada": ada, "bob": bob}
    connection = sqlite3.connect(database, isolation_level=None)
    # SQLite has it since 3.41.
    connection.create_function("unhex", 1, bytes.fromhex, deterministic=True)
    for statement in FILL.split(";\n"):
        if statement.strip():
            connection.execute(statement, {name: value for name, value in with_values.items() if f":{name}" in statement})
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def wait_for_index(database: Path) -> None:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    until = time.monotonic() + INDEXING
    behind = 1
    while behind > 0:
        if time.monotonic() > until:
            raise RuntimeError(f"the index is not complete after {INDEXING} s")
        time.sleep(0.5)
        (behind,) = connection.execute("SELECT (SELECT max(position) FROM message) - position FROM search_progress").fetchone()
    connection.close()
