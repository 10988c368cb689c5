"""Tables of the catalog, and the steps that bring an older catalog up to date."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    column,
    table,
)

from index.store.dialect import Number

SCHEMA = "newsdesk"  # that holds the tables in PostgreSQL

metadata = MetaData()

facts = Table(  # schema version, archive id, model: one row a fact
    "facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)
files = Table(  # every file that is in, as it was when it was last read
    "files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size", Number, nullable=False),
    Column("mtime_ns", Number, nullable=False),
    Column("digest", Text, nullable=False),
    Column("articles", Integer, nullable=False),
    # JSON {run, count, failures}: what cannot be read and is not tried again until the file changes.
    Column("failure", Text),
)
fetches = Table(  # every page and feed of the web that is in, as it was when it was last fetched
    "fetches",
    metadata,
    Column("url", Text, primary_key=True),  # as it was asked for
    Column("key", Text),  # what its article's id is made of; None: a feed
    Column("final_url", Text, nullable=False),  # where the redirects led: whom etag and last_modified come from
    Column("etag", Text),
    Column("last_modified", Text),
    Column("content_type", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the body
    Column("fetched", Text, nullable=False),  # ISO 8601, UTC
    Column("body", LargeBinary, nullable=False),  # zlib
)
articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("file", Text, nullable=False),  # files.path or fetches.url
    Column("path", Text, nullable=False),  # the file, with "#record" where it holds many articles
    Column("title", Text, nullable=False),
    Column("publisher", Text),
    Column("author", Text),
    Column("url", Text),
    Column("published", Date),
    Column("published_at", Text),  # ISO 8601 with the offset from UTC, where the source says so much
    Column("date_source", Text),  # from what the day is guessed: "address", "layout", "modified"; NULL: it is stated
    Column("language", Text),
    Column("teaser", Boolean),  # the text is only the beginning; None: not known, for an older newsdesk put it in
    Column("text", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the cleaned text
    Column("original_digest", Text, nullable=False),  # of the bytes it was read from
    Column("cut", Text, nullable=False),  # JSON: what cleaning left out, [[line, reason, offset in text], …]
    Index("articles_file", "file"),
    Index("articles_published", "published"),
    Index("articles_digest", "digest"),
    Index("articles_teaser", "teaser"),
)
versions = Table(  # what articles said before they were replaced, so that what was cited can still be opened
    "versions",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("digest", Text, primary_key=True),  # of the cleaned text
    Column("source", Text, nullable=False),  # JSON of the article's source
    Column("text", LargeBinary, nullable=False),  # zlib
    Column("replaced", Text, nullable=False),  # ISO 8601, UTC
    Index("versions_replaced", "replaced"),
)
passages = Table(  # a passage's text is its article's text[start:end]: it cannot differ
    "passages",
    metadata,
    Column("row", Number, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("article_id", Text, ForeignKey("articles.id"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("key", Text, nullable=False),  # of its vector
    Index("passages_article", "article_id"),
    Index("passages_key", "key"),
)
embeddings = Table(  # texts that were embedded, so that none is embedded twice
    "embeddings",
    metadata,
    Column("row", Number, primary_key=True),
    Column("model", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),  # float32, little-endian, unit length
    Index("embeddings_model_key", "model", "key", unique=True),
)
generations = Table(  # published states; the highest number is the one in force
    "generations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("place", Text, nullable=False),  # the name of a folder, collection or table
    Column("passages", Integer, nullable=False),
    Column("dead", Integer, nullable=False),  # deleted vectors whose slots are still taken
)
vector_journal = Table(  # ids that a Chroma server must lose, whatever happens to the run
    "vector_journal",
    metadata,
    Column("row", Number, primary_key=True),
    Column("place", Text, nullable=False),
    Column("passage_id", Text),  # None: the whole collection
)
runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("started", Text, nullable=False),
    Column("seconds", Float),  # None: still running, or ended without a word
    Column("report", Text),  # JSON
)
failures = Table(  # what every run tries again: permissions, links, servers; what failed for good is with its file
    "failures",
    metadata,
    Column("row", Number, primary_key=True),
    Column("run", Integer, ForeignKey("runs.number"), nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
lines = Table(  # furniture if they recur over the articles of one publisher: index/clean/recurring.py
    "lines",
    metadata,
    Column("article_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True),  # of the paragraph, in the article with all its lines
    Column("publisher", Text, nullable=False),
    Column("digest", BigInteger, nullable=False),
    Column("title", BigInteger, nullable=False),  # copies of one story share this
    Column("longest", BigInteger, nullable=False),  # or this
    Column("cut", Text),  # the line, where it is cut from the article; None: it stands there
    Index("lines_recurring", "publisher", "digest", "title", "longest"),
)
unsettled = Table(  # lines that came or went since it was last decided which recur
    "unsettled", metadata, Column("publisher", Text, primary_key=True), Column("digest", BigInteger, primary_key=True)
)
# the smallest hashes of an article's word runs: articles that share some may be copies (index/store/duplicates.py)
sketches = Table(
    "sketches",
    metadata,
    Column("hash", BigInteger, primary_key=True),
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Index("sketches_article", "article_id"),
    sqlite_with_rowid=False,
)
duplicates = Table(  # pairs of articles that are one report, each pair both ways
    "duplicates",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Column("other_id", Text, ForeignKey("articles.id"), primary_key=True),
    Index("duplicates_other", "other_id"),
    sqlite_with_rowid=False,
)
statements = Table(  # sentences in which somebody speaks: index/statements.py
    "statements",
    metadata,
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Column("start", Integer, primary_key=True),  # in the article's text
    Column("speaker", Text, primary_key=True),  # as fully as the article names him
    Column("end", Integer, nullable=False),
    Column("verb", Text),  # None: a quotation without one
    Column("carried", Boolean, nullable=False),  # the speaker is named in another sentence
    sqlite_with_rowid=False,
)
speakers = Table(  # the search terms by which a speaker of an article can be meant
    "speakers",
    metadata,
    Column("term", Text, primary_key=True),
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Column("speaker", Text, primary_key=True),
    Index("speakers_article", "article_id"),
    sqlite_with_rowid=False,
)
acronyms = Table(  # "European Union (EU)": what an article says that an acronym stands for (index/statements.py)
    "acronyms",
    metadata,
    Column("short", Text, primary_key=True),  # a search term
    Column("long", Text, primary_key=True),  # search terms with one space between
    Column("article_id", Text, ForeignKey("articles.id"), primary_key=True),
    Index("acronyms_long", "long"),
    Index("acronyms_article", "article_id"),
    sqlite_with_rowid=False,
)
# made by index/store/keywords.py; in SQLite FTS5: rowid = passages.row, title and body as search terms
KEYWORD_TABLE = "passage_terms"
keywords = table(KEYWORD_TABLE, column("rowid"), column("title"), column("body"))
