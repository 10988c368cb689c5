"""A follow-up about the answer just given is answered from it and its article, and that answer is not given again."""

from __future__ import annotations

from datetime import date

import pytest
from commands import ended
from hash_embedder import HashEmbedder
from small_archive import ingested

import ingest
from bot.answer.desk import EARLIER, Desk, Request
from bot.answer.last_answer import RecentAnswers
from bot.reply import Answer, NoAnswer

ARTICLES = [
    {
        "id": "ferry", "title": "The ferry Alba sinks off Quill", "date": "2025-03-05", "source": "The Quay",
        "authors": ["Mia Holm"],
        "text": "The ferry Alba sank on Monday morning because its pumps had failed. It lay in the port of Quill.\n\n"
        "“Nobody had checked the pumps of the Alba for a year,” said the harbour master, Tom Reyes, in Aldmoor. "
        "“We asked the owner three times.”\n\n"
        "Divers reached the wreck on Tuesday. They found the log of the ship.\n\n"
        "The Alba carried 140 cars, 12 lorries and the mail, according to the owner.",
    },
    {
        "id": "pier", "title": "The Selby pier stays closed", "source": "Harbour Post",
        "text": "The council of Selby closed the old pier. Its planks are rotten.",
    },
]  # fmt: skip
PUMPS = "What did Tom Reyes say about the pumps?"
SANK = "Did the ferry Alba sink?"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("threads")
    with ingested(folder, ARTICLES, HashEmbedder()) as archive:
        yield Desk(archive, HashEmbedder(), level="eager")


def asked(desk, question, *thread):
    return desk.ask(Request(question, date(2025, 3, 31), thread=thread)).result


def quotes(result):
    return [citation.quote for citation in result.citations] if isinstance(result, Answer) else []


def test_when_is_the_day_that_the_answer_names_and_that_of_its_article(desk):
    result = asked(desk, "When was that?", SANK)
    assert quotes(result) == ["on Monday morning"]
    assert "5 March 2025" in result.lead


def test_when_is_a_day_named_near_the_answer(desk):
    result = asked(desk, "when did he say that?", PUMPS)
    assert any("Monday" in quote or "Tuesday" in quote for quote in quotes(result))


def test_an_article_that_names_no_day_has_its_own_or_none(desk):
    assert isinstance(asked(desk, "when?", "Who closed the old pier?"), NoAnswer)


def test_who_said_it_is_the_speaker_of_the_sentence(desk):
    result = asked(desk, "who said that?", PUMPS)
    assert quotes(result) == ["Tom Reyes"], "and the sentence, which is shown above, is not repeated"


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("Divers went down with Tom Reyes at dawn. “The pumps are gone,” said Tom Reyes.", "Tom Reyes"),
        ("He administered the wharf. “The pumps are gone,” said the minister for trade.", "“The pumps are gone,” said"),
    ],
)
def test_who_said_it_is_a_name_or_else_the_sentence(tmp_path, said, quoted):
    line = {"id": "wharf", "title": "The pumps of the wharf", "date": "2025-03-05", "source": "The Quay", "text": said}
    with ingested(tmp_path, [line], HashEmbedder()) as archive:
        desk = Desk(archive, HashEmbedder(), level="eager")
        [quote] = quotes(asked(desk, "says who?", "Are the pumps gone?"))
    assert quote.startswith(quoted)
    assert said.index(quote) == said.index(quoted)


def test_what_nobody_says_the_article_says_itself(desk):
    result = asked(desk, "says who?", SANK)
    assert "Mia Holm" in result.lead
    assert "The Quay" in result.lead


def test_why_is_the_reason_in_the_answer(desk):
    assert quotes(asked(desk, "why?", SANK)) == ["because its pumps had failed"]


def test_where_somebody_spoke_is_no_place_he_spoke_of(desk):
    assert quotes(asked(desk, "where was that?", PUMPS)) == ["in Aldmoor"]


def test_what_happened_next_is_what_follows_in_the_article(desk):
    before = asked(desk, SANK)
    after = asked(desk, "and then?", SANK)
    assert after.citations[0].start >= before.citations[0].end


def test_how_many_is_the_part_of_the_answer_that_has_a_number(desk):
    result = asked(desk, "how many cars?", "What did the Alba carry?")
    assert quotes(result) == ["The Alba carried 140 cars"]


@pytest.mark.parametrize("question", ["what else?", "really?", "who sank?", "and then?", "When was that?", SANK])
def test_the_answer_above_is_never_given_again(desk, question):
    before, after = asked(desk, SANK), asked(desk, question, SANK)
    assert quotes(before)
    assert quotes(after) != quotes(before)
    assert not set(quotes(after)) & set(quotes(before))


def test_two_questions_of_one_message_may_have_one_answer(desk):
    assert quotes(asked(desk, "Did the ferry Alba sink? Which ferry sank?"))


def test_a_very_long_thread_is_answered(desk):
    assert quotes(asked(desk, "why?", *["and Brandt?"] * 30, SANK)) == ["because its pumps had failed"]


def test_a_sentence_that_stands_above_does_not_come_closest_to_the_follow_up(desk):
    assert "Nobody had checked" in quotes(asked(desk, PUMPS))[0]
    result = asked(desk, "what did Dahl say about the pumps?", PUMPS)
    assert isinstance(result, NoAnswer)
    assert result.closest is None


def test_a_refusal_says_whether_a_passage_has_half_of_the_words(desk):
    assert asked(desk, "What did Brandt say about the wreck of the Alba?").reason == "not_supported"
    assert asked(desk, "How do I book a meeting room?").reason == "nothing_found"


def embedded(model, desk, question, *thread):
    """How many times the model is called for a question that is asked of the answer above it."""
    before = model.calls
    asked(desk, question, *thread)
    return model.calls - before


def test_an_answer_that_is_remembered_is_not_searched_for_again(desk):
    model = HashEmbedder()
    remembers = Desk(desk._archive, model, level="eager")
    assert embedded(model, remembers, SANK)
    assert embedded(model, remembers, "why?", SANK) == 0
    other = HashEmbedder()
    assert embedded(other, Desk(desk._archive, other, level="eager"), "why?", SANK)


def test_a_remembered_answer_is_of_its_day_scope_and_thread(desk):
    model = HashEmbedder()
    remembers = Desk(desk._archive, model, level="eager")
    remembers.ask(Request(SANK, date(2025, 3, 31)))
    for request in (
        Request("why?", date(2025, 4, 1), thread=(SANK,)),
        Request("why?", date(2025, 3, 31), publisher="The Quay", thread=(SANK,)),
        Request("why?", date(2025, 3, 31), thread=("Who closed the old pier?", SANK)),
    ):
        before = model.calls
        remembers.ask(request)
        assert model.calls > before


def test_a_question_of_a_long_thread_costs_one_answer(desk):
    model, thread = HashEmbedder(), list[str]()
    remembers = Desk(desk._archive, model, level="eager")
    both = f"{SANK} {PUMPS}"
    for message in (SANK, PUMPS, both, SANK, PUMPS, SANK, SANK, PUMPS, both, PUMPS, SANK, PUMPS, SANK):
        asked(remembers, message, *thread)
        thread.append(message)
        assert embedded(model, remembers, "when was that?", *thread) == 0, len(thread)
    assert len(thread) > EARLIER


def test_a_thread_is_answered_alike_from_memory_and_found_again(desk):
    thread = [PUMPS, "what else?", "who said that?"]
    remembers = Desk(desk._archive, HashEmbedder(), level="eager")
    for n, question in enumerate(thread):
        forgets = Desk(desk._archive, HashEmbedder(), level="eager")
        assert asked(remembers, question, *thread[:n]) == asked(forgets, question, *thread[:n])


def test_a_new_generation_of_the_archive_is_searched_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "data"))
    model = HashEmbedder()
    with ingested(tmp_path, ARTICLES, model) as archive:
        desk = Desk(archive, model, level="eager")
        asked(desk, SANK)
        assert embedded(model, desk, "why?", SANK) == 0
        (tmp_path / "later.txt").write_text("The mayor of Selby opened a fountain.")
        assert ended(ingest.main, [tmp_path / "later.txt"], HashEmbedder()) == 0
        assert embedded(model, desk, "why?", SANK)


def test_the_answer_that_was_not_used_for_longest_is_forgotten(desk):
    result = asked(desk, SANK)
    recent = RecentAnswers(most=2)
    recent.put("first", result)
    recent.put("second", result)
    assert recent.get("first")
    recent.put("third", result)
    assert [key for key in ("first", "second", "third") if recent.get(key)] == ["first", "third"]
