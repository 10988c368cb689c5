"""The tables of the journal."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, Table, Text
from sqlalchemy.exc import SQLAlchemyError

from index.errors import NewsdeskError

# What a journal raises that is locked, damaged or out of reach, or whose disk is full.
JOURNAL_ERRORS = (SQLAlchemyError, NewsdeskError)

metadata = MetaData()
facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # channel:ts of what asked, or command:…, view:…
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False),
    Column("thread", Text, nullable=False),  # where the answer goes; in the browser: id of the question before
    Column("user", Text, nullable=False),
    Column("team", Text, nullable=False),  # of the user, as the event says; empty: it does not
    Column("shared", Boolean, nullable=False),  # the channel is shared with another organisation
    Column("text", Text, nullable=False),
    Column("quiet", Boolean, nullable=False),  # say nothing unless the archive answers
    Column("revision", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("finished", Float),
    Column("answer", Text),  # JSON of bot/journal/stored_answer.py
    Column("messages", Text, nullable=False),  # JSON: ts of the answer's messages in order
    Column("reply_url", Text, nullable=False),  # of /ask, until it is answered
    Index("questions_state", "state", "owner"),
    Index("questions_thread", "channel", "thread"),
)
seen = Table("seen", metadata, Column("token", Text, primary_key=True), Column("at", Float, nullable=False))
events = Table("heard", metadata, Column("kind", Text, primary_key=True), Column("at", Float, nullable=False))
feedback = Table(
    "feedback",
    metadata,
    Column("question", Text, primary_key=True),
    Column("user", Text, primary_key=True),
    Column("vote", Text, nullable=False),
    Column("reason", Text),
    Column("at", Float, nullable=False),
    Column("text", Text, nullable=False),  # question and answer as they were when rated
    Column("answer", Text, nullable=False),
    Column("revision", Integer, nullable=False),
)

# What language models did, a row for each answer. It holds no text, and stays when question and answer are deleted.
writings = Table(
    "writings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("question", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),  # version of the words it was given
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("cost", Float),
    Column("seconds", Float, nullable=False),
    Column("kept", Integer, nullable=False),  # sentences shown in the model's words
    Column("dropped", Text, nullable=False),  # JSON: how many for which reason
    Column("instead", Text, nullable=False),  # why quotes answered; empty: they did not
    Column("fault", Text, nullable=False),
    Column("replaced", Text),  # JSON as dropped: sentences for which the article's own were shown
)


# Where processes on many machines share the journal: until when each is taken to live, and when Slack's methods were
# called. By the database's clock.
bots = Table("bots", metadata, Column("name", Text, primary_key=True), Column("until", Float, nullable=False))
windows = Table(
    "windows", metadata, Column("name", Text, primary_key=True), Column("calls", Text, nullable=False)
)  # JSON: {call: time}
