"""The names that exports of other systems have for what an article says of itself, and the values behind them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Best first, in lower case and without signs: "Date Published", "date_published" and "datePublished" are one name.
# Of WordPress, the Guardian's and the New York Times' APIs, NewsAPI, Media Cloud, Event Registry, GDELT, news-please,
# Nexis, Factiva, schema.org and the data sets of Hugging Face.
_NAMES = {
    "title": "title headline posttitle name webtitle headlines heading articletitle storytitle newstitle hd hed "
    "titel titulo titre titolo overskrift rubrik subject",
    "publisher": "source publisher sitename outlet provider medianame sourcename sourcetitle mediatitle publication "
    "publicationname publicationtitle newspaper mediaoutlet newsoutlet website site sourcecommonname "
    "sourcedomain domain sn",
    "author": "authors author byline creator authorname writer reporter by",
    "published": "date published datepublished publishedat publishdate pubdate publicationdate datepublish "
    "publisheddate datetimepub datetime webpublicationdate firstpublicationdate firstpublished "
    "publishtime publishedon publicationtime publicationdatetime publishdatetime publisheddateutc "
    "publisheddatetime firstpublisheddate firstpubdate postdate dateposted dateofpublication articledate "
    "datum fecha seendate dategmt releasedate issued timestamp created createdat createdutc pd loaddate",
    "url": "url link canonicalurl weburl articleurl permalink pageurl documentidentifier",
    "language": "language lang inlanguage languagecode sourcelang la",
    "text": "text articlebody body maintext content fulltext storytext articletext bodytext plaintext pagecontent "
    "contenttext contenthtml bodyhtml htmlcontent rawtext textcontent rawcontent cleanedtext "
    "contentencoded postcontent bodycontent storybody articlecontent articlehtml contents markdown "
    "bodymarkdown contentmarkdown texto inhalt paragraphs article document story td html",
}
_ALIASES = {name: tuple(aliases.split()) for name, aliases in _NAMES.items()}
_READ = {alias for aliases in _ALIASES.values() for alias in aliases}
# What is in every export and is not asked for.
_PASSED_OVER = set(
    "id uuid guid uri type context version isduplicate image images imageurl urltoimage thumbnail media keywords tags "
    "categories category section description summary abstract excerpt teaser snippet highlights lead titlepage "
    "titlerss datemodified datemodify modified modifiedgmt updated updatedat datedownload dategmt time filename "
    "localpath wordcount length index score".split()
)
_AROUND = ("fields", "attributes", "data", "article", "node", "metadata", "meta")
_PASSED_OVER |= {*_AROUND, "lp", "embedded"}
_LISTS = tuple("articles results items stories posts documents docs hits data response rows".split())
_VALUES = tuple(
    "name title rendered main value original text content #text @value displayName $date $numberLong".split()
)
_SIGNS = re.compile(r"[\W_]+")
CUT = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+\d+ chars\]\s*$")  # how NewsAPI cuts a text
_MOST = 50


@dataclass(frozen=True, slots=True)
class Unread:
    """The names of fields in a file that are not read, each with the number of its articles that have it."""

    names: dict[str, int]


def fields_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an article under names in lower case and without signs, those of objects around it too."""
    found: dict[str, Any] = {}
    inside: dict[str, Any] = {}
    for key, value in said.items():
        if key in ("_source", "_embedded") and isinstance(value, dict):  # of Elasticsearch, of WordPress
            inside.update(fields_of(value))
        elif isinstance(key, str):
            found.setdefault(_plain(key), value)
    found |= inside
    for key in _AROUND:
        inner = found.get(key)
        if isinstance(inner, dict) and not (len(inner) == 1 and any(name in inner for name in _VALUES)):
            for name, value in inner.items():
                found.setdefault(_plain(str(name)), value)
    return found


def _plain(name: str) -> str:
    return _SIGNS.sub("", name).lower()


def field_of(said: Mapping[str, Any], name: str) -> Any:
    """Return the value of a field by the first of its names that has one, None if none has."""
    return next(values_of(said, name), None)


def values_of(said: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the values of a field under each of its names that has one, best first."""
    fields = fields_of(said)
    for alias in _ALIASES[name]:
        value = value_of(fields.get(alias))
        # In place of an author, a number is that of a record elsewhere.
        if value and not (name in ("author", "publisher") and isinstance(value, (int, float))):
            yield value


def value_of(value: Any) -> Any:
    """Return a value without the objects around it: ``{"rendered": …}``, ``{"$date": {"$numberLong": …}}``."""
    for _ in range(3):
        if not isinstance(value, dict):
            break
        value = next((value[name] for name in _VALUES if value.get(name)), None)
    return value


def text_in(said: Mapping[str, Any]) -> str | None:
    """Return the text of an article, paragraphs of a list apart; None if it has none."""
    value = field_of(said, "text")
    lead = fields_of(said).get("lp")  # of Factiva
    if isinstance(lead, str) and isinstance(value, str):
        return f"{lead}\n\n{value}"
    if isinstance(value, list):
        parts = [value_of(part) for part in value]
        value = "\n\n".join(parts) if all(isinstance(part, str) for part in parts) else None
    return value if isinstance(value, str) and value.strip() else None


def articles_in(said: Any, depth: int = 4) -> Any:
    """Return the list of articles in what an interface answered, or what it was given if there is none."""
    if not isinstance(said, dict) or depth == 0 or text_in(said) is not None:
        return said
    if isinstance(said.get("@graph"), list):
        return said["@graph"]
    for name in _LISTS:
        inner = said.get(name)
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            return inner
        if isinstance(inner, dict) and isinstance(found := articles_in(inner, depth - 1), list):
            return found
    return said


def dates_in(articles: Iterable[Any]) -> list[str]:
    """Return the dates that some articles state, as they state them."""
    dates = (field_of(said, "published") for said in articles if isinstance(said, dict))
    return [value for value in dates if isinstance(value, str)]


def unread(counts: Counter[str]) -> Unread | None:
    """Return the names that were counted, the most frequent ones; None if there are none."""
    return Unread(dict(counts.most_common(_MOST))) if counts else None


def not_read(said: Mapping[str, Any]) -> list[str]:
    """Return the names of an article's fields that hold something and are not read."""
    return [
        key[:60]
        for key, value in said.items()
        if value not in (None, "", [], {}) and _plain(key) not in _READ | _PASSED_OVER
    ][:_MOST]
