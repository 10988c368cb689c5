"""The reader's data and training: pairs by rules, batches, a stopped run that goes on, and the exported file."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from evals.reader import news, pairs, questions, wording
from evals.reader.cases import Case
from evals.reader.items import SETS, items_of
from evals.reader.measuring import figures_of
from evals.reader.pairs import Pair
from index.errors import ModelError
from index.model.reader import READ, SMALL_FILES, Files, Network, Tokenizer, context_of, model_folder

DRAW = Random(3)


@pytest.mark.parametrize(
    ("kind", "question", "sentence", "wrong"),
    [
        ("name", "When did Anna Berg open the bridge?", "Anna Berg opened the bridge in May.", "Anna Berg"),
        ("number", "Who paid 300 dollars?", "Lund paid 300 dollars.", "300"),
        ("number", "Where were three ships built?", "The three ships were built in Lund.", "three"),
        ("time", "Who led the port in 1987?", "In 1987 Berg led the port.", "1987"),
        ("time", "What opened on Tuesday?", "The bridge opened on Tuesday.", "Tuesday"),
        ("opposite", "What is the largest harbour?", "Lund has the largest harbour.", "largest"),
    ],
)
def test_a_question_is_changed_in_what_its_sentence_says(kind, question, sentence, wrong):
    made = wording.CHANGES[kind](question, sentence, ["Carl Holm", "Lund"], DRAW)
    assert made
    assert wrong not in made
    assert made != question


@pytest.mark.parametrize("kind", wording.CHANGES)
def test_what_the_sentence_does_not_say_is_not_changed(kind):
    question = "Who said in 1987 on Tuesday that Berg has the 300 largest ships?"
    assert wording.CHANGES[kind](question, "It was a quiet day.", ["Carl Holm"], DRAW) is None


def test_casual_questions_keep_their_words_and_lose_their_form():
    made = {wording.casual("Who opened the new bridge in Lund?", Random(seed)) for seed in range(40)}
    assert len(made) > 10
    assert all("Lund" in text or "lund" in text.lower() or "l" in text for text in made)
    assert sum(text == text.lower() for text in made) > len(made) / 2


@pytest.mark.parametrize(
    ("past", "base"),
    [("opened", "open"), ("announced", "announce"), ("stopped", "stop"), ("tried", "try"), ("shared", "share"),
     ("took", "take"), ("visited", "visit"), ("created", "create")],
)  # fmt: skip
def test_the_base_form_of_a_verb(past, base):
    assert news.base_of(past) == base


ARTICLE = {
    "id": "a1",
    "title": "Harbour gets a second bridge",
    "date": "2024-03-05",
    "text": "\n\n".join(
        [
            "Anna Berg opened the second bridge over the harbour on Tuesday.",
            'Mayor Carl Holm said the bridge "will halve the long way to the ferry terminal for everyone".',
            "Around 3,000 people attended the ceremony despite the heavy rain that fell on the town.",
            "What did the bridge cost?",
            "The bridge cost 41 million crowns, which is twice what the council had planned for it.",
        ]
    ),
}


def test_questions_are_made_of_news():
    found = {item.question: item for seed in range(20) for item in news.items_of(ARTICLE, Random(seed))}
    assert "Who opened the second bridge over the harbour on Tuesday?" in found
    assert (
        found["How many people attended the ceremony despite the heavy rain that fell on the town?"].answer == "3,000"
    )
    heading = found["What did the bridge cost?"]
    assert heading.sentences[heading.gold].startswith("The bridge cost 41 million")
    assert any("Holm" in question for question in found)
    assert all(item.date == "2024-03-05" and 0 <= item.gold < len(item.sentences) for item in found.values())


def test_the_context_is_title_date_heading_and_the_end_of_what_stands_before():
    assert context_of("Bridge", "2024-03-05", "The cost", "a " * 40 + "end") == (
        "Bridge (2024-03-05). The cost. " + "a " * 21 + "end"
    )
    assert context_of("", "", "", "") == ""


@pytest.fixture
def data(tmp_path):
    """A folder of data sets in the normal form, each a few rows of our own."""
    folder = tmp_path / "reader"
    folder.mkdir()
    towns = ["Lund", "Ystad", "Malmo", "Visby", "Kalmar", "Gavle", "Lulea", "Umea"]
    for name in SETS:
        rows = []
        for number, town in enumerate(towns):
            first, second = f"The harbour of {town} was built in 17{number}1.", f"{town} also has a large old mill."
            row = {
                "set": name,
                "id": f"{name}{number}",
                "label": 1,
                "question": f"When was the harbour of {town} built?",
            }
            row |= {"answers": [f"17{number}1"], "title": "Towns", "passage": f"{first} {second}"}
            if name in ("squad_sentences", "qamr"):
                row["passage"] = first
            elif name == "selqa":
                row |= {"sentences": [first, second], "gold": [0]}
            else:
                row["start"] = row["passage"].index("17")
            rows.append(row)
        _write(folder / f"{name}.jsonl.xz", rows)
    near = {"set": "squad2_cr_pairs", "label": 0, "answers": [], "reason": "E", "overlap": 0.9}
    near |= {
        "question": "When was the sub - station of Lund built?",
        "passage": "The harbour of Lund was built in 1701.",
    }
    _write(folder / "squad2_cr_pairs.jsonl.xz", [{**near, "id": str(number)} for number in range(40)])
    quiz = tmp_path / "newsquiz"
    quiz.mkdir()
    (quiz / "queries.jsonl").write_text(json.dumps({"gold_ids": ["gold"]}) + "\n")
    with gzip.open(quiz / "corpus.jsonl.gz", "wt") as stream:
        for id_ in ("gold", "a1"):
            stream.write(json.dumps({**ARTICLE, "id": id_}) + "\n")
    return tmp_path


def _write(path, rows):
    with lzma.open(path, "wt") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)


def test_pairs_are_mixed_and_those_of_a_question_are_a_group(data, tmp_path):
    made = pairs.made(data, 120, seed=1)
    kinds = Counter(pair.kind.split()[0] for pair in made)
    assert set(kinds) == {"answers", "near", "paragraph", "article", "changed"}
    assert all(pair.label == (pair.kind == "answers") for pair in made)
    groups = {group: [pair for pair in made if pair.group == group] for group in {pair.group for pair in made}}
    assert all(len({pair.question for pair in own}) == 1 for own in groups.values())
    assert all(sum(pair.label for pair in own) <= 1 for own in groups.values())
    assert "sub-station" in next(pair for pair in made if pair.kind == "near").question.lower().replace("sbu", "sub")
    assert made == pairs.made(data, 120, seed=1)
    pairs.save(made, tmp_path / "run" / "pairs.jsonl.gz")
    assert pairs.load(tmp_path / "run" / "pairs.jsonl.gz") == made


def test_no_article_that_is_asked_about_is_trained_on(data):
    assert {pair.set for pair in pairs.made(data, 120, seed=1)} >= {"news"}
    (data / "newsquiz" / "queries.jsonl").write_text(json.dumps({"gold_ids": ["gold", "a1"]}) + "\n")
    assert "news" not in {pair.set for pair in pairs.made(data, 120, seed=1)}


def test_a_sentence_that_holds_the_answer_too_is_no_negative(data):
    rows = [
        {"set": "covidqa", "id": "1", "label": 1, "question": "When did it open?", "answers": ["1701"], "start": 15,
         "passage": "It opened in 1701. Nobody knows why. The year 1701 was cold."}
    ]  # fmt: skip
    _write(data / "reader" / "covidqa.jsonl.xz", rows)
    [item] = items_of(data / "reader", "covidqa")
    assert item.gold == 0
    assert item.unclear == {2}


def case(number, answerable, cosine, holds=(True, False)):
    return Case(f"q{number}", f"question {number}", answerable, ("", ""), (f"yes {number}", "no"), holds, cosine)


def test_refusal_and_choice_are_measured_by_half():
    cases = [case(number, number % 3 > 0, (0.2, 0.4)) for number in range(60)]
    good = {f"question {number}": number % 3 > 0 for number in range(60)}

    def score(texts):
        return np.asarray([float(good[question]) + 0.5 * text.startswith("yes") for question, _, text in texts])

    found = figures_of(cases, score)
    for half in ("dev", "blind"):
        assert found[half]["refusing"]["reader"] == {"AUC": 1.0, "refused at 0.05": 1.0, "refused at 0.1": 1.0}
        assert found[half]["refusing"]["cosine"]["AUC"] == 0.5
        assert found[half]["choosing"]["reader"] == 1.0
        assert found[half]["choosing"]["cosine"] == 0.0
    assert found["dev"]["questions"] + found["blind"]["questions"] == 60


def test_sentences_that_answer_are_compared_with_each_kind_of_the_others():
    cases = [replace(case(number, True, (0.2, 0.4)), kinds=("answers", "another speaker")) for number in range(20)]
    found = figures_of(cases, lambda texts: np.asarray([float("yes" in text) for _, _, text in texts]))
    assert found["dev"]["kinds"] == found["blind"]["kinds"] == {"another speaker": 1.0}


torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def network():
    from evals.reader import network

    return network


def small(monkeypatch, network):
    """Make a reader of two layers, eight wide, in the place of the model's."""
    from transformers import BertConfig, BertModel

    def new(seed, base=None):
        torch.manual_seed(seed)
        config = BertConfig(
            vocab_size=30522, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        )  # fmt: skip
        return network.Reader(BertModel(config, add_pooling_layer=False), 8)

    monkeypatch.setattr(network.Reader, "new", staticmethod(new))
    return new


def test_sentences_that_answer_are_marked_in_each_of_three_articles(tmp_path):
    opened, length = (
        "The bridge over the Lund was opened in May of this year.",
        "It is longer than any other in the county.",
    )
    again, other = (
        "In May the county opened a bridge over the river Lund.",
        "Cats sleep for most of the day in the old port.",
    )
    texts = {"a": f"{opened} {length}", "b": f"{other} {again}", "c": other}
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as stream:
        for id_, text in texts.items():
            stream.write(json.dumps({"id": id_, "title": id_, "date": "2022-05-02", "text": text}) + "\n")
    places = {
        "answers": [[0, 0, len(opened)], [1, len(other) + 1, len(texts["b"])]],
        "unclear": [[0, len(opened) + 1, len(texts["a"])]],
    }
    row = {"articles": ["a", "b", "c"], "question": "when did the bridge open", "kind": "when", **places}
    gone = {**row, "articles": ["a", "missing"]}
    (tmp_path / "asked.jsonl").write_text(f"{json.dumps(row)}\n{json.dumps(gone)}\n")
    [item] = questions.written(tmp_path, tmp_path / "asked.jsonl")
    assert [item.sentences[at] for at in sorted(item.answers)] == [opened, again]
    assert [item.sentences[at] for at in item.unclear] == [length]
    assert not {"a", "b", "c"} & set(item.sentences), "nobody judged the titles"
    assert item.sentences.count(other) == 2


def test_a_title_may_answer_and_a_follow_up_is_read_with_its_subject(tmp_path):
    said = "The mayor cut a ribbon at noon."
    article = {"id": "a", "title": "Lund bridge opens", "date": "2022-05-02", "text": said}
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as stream:
        stream.write(json.dumps(article) + "\n" + json.dumps({**article, "id": "b"}) + "\n")
    row = {"articles": ["a"], "question": "is it open", "kind": "yesno", "answers": [[0, -1, 0]], "unclear": []}
    judged = {**row, "titles": True, "thread": ["what happened with the Lund bridge"]}
    older = {**row, "articles": ["b"], "answers": [[0, 0, len(said)]]}
    (tmp_path / "asked.jsonl").write_text(f"{json.dumps(judged)}\n{json.dumps(older)}\n")
    one, other = questions.written(tmp_path, tmp_path / "asked.jsonl")
    assert [one.sentences[at] for at in one.answers] == ["Lund bridge opens"]
    assert "lund" in one.read
    assert other.read == "is it open"
    assert other.sentences == (said,), "nobody judged the title"


def test_of_what_was_found_only_the_judged_sentences_are_pairs(tmp_path):
    first, second, third = (
        "Lund opened a bridge in May.",
        "The county paid nine million kroner for it.",
        "The old one had been built of wood.",
    )
    article = {"id": "a", "title": "Lund", "date": "2022-05-02", "text": f"{first} {second} {third}"}
    with gzip.open(tmp_path / "corpus.jsonl.gz", "wt") as stream:
        stream.write(json.dumps(article) + "\n")
    at = len(first) + 1
    places = {"answers": [[0, 0, len(first)]], "unclear": [], "wrong": [[0, at, at + len(second)], [0, -1, 0]]}
    row = {"articles": ["a"], "question": "when did lund open a bridge", "kind": "when", **places}
    (tmp_path / "found.jsonl").write_text(json.dumps(row) + "\n")
    found = questions.pairs_of_found(list(questions.written(tmp_path, tmp_path / "found.jsonl")), 7)
    assert {(pair.sentence, pair.label) for pair in found} == {(first, 1), (second, 0), ("Lund", 0)}
    assert {pair.group for pair in found} == {7}


def some_pairs(count):
    return [
        Pair(f"When did town {n} open?", "Towns", f"Town {n} opened in 17{n % 10}1." if n % 2 else "It is old.", n % 2,
             "answers" if n % 2 else "paragraph", "own", n // 2, f"17{n % 10}1" if n % 2 else "")
        for n in range(count)
    ]  # fmt: skip


def test_batches_keep_questions_together_and_lose_nothing(network):
    groups = [n // 3 for n in range(90)]
    lengths = [10 + (n * 7) % 50 for n in range(90)]
    found = network.batches(groups, lengths, 16, Random(1))
    assert sorted(index for batch in found for index in batch) == list(range(90))
    assert max(map(len, found)) <= 16
    assert all(len({at for at, batch in enumerate(found) if index in batch}) == 1 for index in range(90))
    for group in range(30):
        assert len({at for at, batch in enumerate(found) for index in batch if groups[index] == group}) == 1
    assert found == network.batches(groups, lengths, 16, Random(1))


@pytest.mark.slow
def test_the_answer_is_marked_and_long_parts_are_cut(network):
    tokenizer = Tokenizer(model_folder())
    [short, long] = tokenizer.encode([("who", "", "It was Anna Berg."), ("who " * 99, "x " * 99, "y " * 999)])
    assert network.marks_of(short, "It was Anna Berg.", "Anna Berg") == [0] * 6 + [1, 1, 0, 0]
    assert short.kinds[-1] == 1
    assert short.kinds[0] == 0
    assert len(long.ids) == 4 + sum(READ)
    assert len(long.kinds) == len(network.marks_of(long, "y", "")) == len(long.ids)


@pytest.mark.slow
def test_a_stopped_run_ends_where_one_that_was_not_stopped_does(network, monkeypatch, tmp_path):
    from evals.reader.training import Recipe, load, train

    small(monkeypatch, network)
    recipe, given = Recipe(seed=5, batch=4, bf16=False), some_pairs(40)
    assert train(given, tmp_path / "whole", recipe, every=4)
    assert not train(given, tmp_path / "parts", recipe, every=4, most=5)
    assert train(given, tmp_path / "parts", recipe, every=4)
    one, other = load(tmp_path / "whole").state_dict(), load(tmp_path / "parts").state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    last = json.loads((tmp_path / "whole" / "log.jsonl").read_text().splitlines()[-1])
    assert last["step"] == last["of"]
    with pytest.raises(ValueError, match="another recipe"):
        train(given, tmp_path / "parts", Recipe(seed=6))
    taught = [train(given, tmp_path / name, recipe, None, [SMALL_FILES.graph[0]], every=4, most=most)
              for name, most in (("taught", None), ("halves", 5), ("halves", None))]  # fmt: skip
    assert taught == [True, False, True]
    with pytest.raises(ValueError, match="another recipe"):
        train(given, tmp_path / "taught", recipe)
    again, halves = load(tmp_path / "taught").state_dict(), load(tmp_path / "halves").state_dict()
    assert all(torch.equal(again[name], halves[name]) for name in again)
    assert not all(torch.equal(again[name], one[name]) for name in again), "the teacher says something of its own"


@pytest.fixture
def base(tmp_path):
    """A small MPNet with the pieces of words of the product."""
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(3)
    base = tmp_path / "base"
    pieces = (model_folder() / "vocab.txt").read_text("utf-8").splitlines()
    own = ["<s>", "<pad>", "</s>", "<unk>", *pieces]
    config = MPNetConfig(vocab_size=len(own), hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
                         intermediate_size=16, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0)  # fmt: skip
    MPNetModel(config, add_pooling_layer=False).save_pretrained(base)
    (base / "vocab.txt").write_text("\n".join(own), "utf-8")
    return base


@pytest.mark.slow
def test_a_reader_made_of_another_encoder_is_exported_with_its_words(network, base, tmp_path):
    from evals.reader import export

    reader = network.Reader.new(1, base).eval()
    torch.nn.init.normal_(reader.answers.weight, std=3.0)
    torch.nn.init.normal_(reader.encoder.encoder.relative_attention_bias.weight, std=3.0)
    encoder = export.trained(reader, model_folder())
    long = " ".join(f"In {year} Lund built a bridge." for year in range(1700, 1740))
    texts = [("Who built it?", "Towns", "Lund did."), ("When?", long, long), ("What in 1721?", "", long)]
    figures, made = export.compared(reader, encoder, Tokenizer(model_folder()).encode(texts), [1, 0, 0])
    assert figures["float32"]["furthest off"] < 1e-3
    assert figures["whole numbers"]["correlation with torch"] > 0.98
    words = export.saved_words(encoder, tmp_path)
    read = Network(made, words)
    assert read("Who built it?", [texts[0][1:]]) != read("Who?", [texts[0][1:]])
    file = tmp_path / "reader.onnx"
    file.write_bytes(made)
    given = [(path, hashlib.sha256(path.read_bytes()).hexdigest()) for path in (file, words)]
    assert Network.load(Files(*given), "reader", "X=off")("Who?", [("", "Lund.")]) == read("Who?", [("", "Lund.")])
    words.write_bytes(words.read_bytes()[:-1])
    with pytest.raises(ModelError, match=r"reader-words.npy is damaged. Install newsdesk again, or set X=off"):
        Network.load(Files(*given), "reader", "X=off")


@pytest.mark.slow
def test_a_reader_can_begin_with_another_encoder_and_teach(network, base, tmp_path):
    from evals.reader.training import Recipe, load, train

    reader = network.Reader.new(1, base).eval()
    pieces, own = ((folder / "vocab.txt").read_text("utf-8").splitlines() for folder in (model_folder(), base))
    tokens = Tokenizer(model_folder()).encode([("who built it", "Towns", "Lund did."), ("when", "", "In 1721.")])
    alone = [network.scores(reader, [each])[0] for each in tokens]
    np.testing.assert_allclose(network.scores(reader, tokens), alone, atol=0.02)  # padding is masked; bf16 rounds
    read = []
    hooked = reader.encoder.embeddings.register_forward_pre_hook(
        lambda _, args, given: read.append(given["input_ids"]), with_kwargs=True
    )
    network.scores(reader, tokens[:1])
    hooked.remove()
    [[ids]] = read
    assert [own[number] for number in ids] == [
        {"[CLS]": "<s>", "[SEP]": "</s>"}.get(pieces[number], pieces[number]) for number in tokens[0].ids
    ]

    recipe, run, taught = Recipe(seed=5, batch=4, bf16=False), tmp_path / "run", tmp_path / "taught"
    assert train(some_pairs(20), run, recipe, base=base)
    assert load(run).base == str(base)
    assert train(some_pairs(20), taught, recipe, None, [run], base)
    one, other = load(run).state_dict(), load(taught).state_dict()
    assert not all(torch.equal(one[name], other[name]) for name in one), "the teacher says something of its own"

    (base / "vocab.txt").write_text("\n".join(piece for piece in own if piece != "town"), "utf-8")
    with pytest.raises(ValueError, match="no token for town"):
        network.Reader.new(1, base)


def test_the_loss_prefers_the_sentence_that_answers_among_those_of_its_question(network):
    from evals.reader.training import Recipe, loss_of

    def loss(scores, choose):
        return float(
            loss_of(
                torch.tensor(scores), torch.zeros(3, 4), torch.tensor([1.0, 0.0, 0.0]), [1, 1, 1],
                torch.ones(3, 4, dtype=torch.long), torch.zeros(3, 4, dtype=torch.long), Recipe(choose=choose, marks=0),
            )
        )  # fmt: skip

    assert loss([2.0, -2.0, -2.0], 1.0) < loss([-2.0, 2.0, -2.0], 1.0)
    assert loss([2.0, -2.0, -2.0], 1.0) > loss([2.0, -2.0, -2.0], 0.0)


@pytest.mark.slow
def test_the_exported_reader_gives_the_scores_of_the_padded_one(network):
    from evals.reader import export

    reader = network.Reader.new(1).eval()
    torch.nn.init.normal_(reader.answers.weight, std=0.3)
    folder = model_folder()
    texts = [
        ("Who opened it?", "Bridges", "Anna Berg opened it."),
        ("When?", "", "It was opened in 1701, long ago, by her."),
    ]
    tokens = Tokenizer(folder).encode(texts * 3)
    encoder = export.trained(reader, folder)
    figures, made = export.compared(reader, encoder, tokens, [1, 0] * 3)
    assert export.saved_words(encoder, folder) is None, "they are the embedding model's"
    assert figures["float32"]["furthest off"] < 1e-3
    assert figures["whole numbers"]["correlation with torch"] > 0.98
    assert figures["whole numbers"]["same in another order"]
    assert len(made) < 12_000_000
    read = Network(made).scores(tokens)
    assert read[0] == read[2] != read[1]


@pytest.mark.slow
def test_an_exported_file_is_read_back_and_weights_are_averaged(network, tmp_path):
    from evals.reader import export
    from evals.reader.training import load, mean_of

    folder = model_folder()
    for seed in (1, 2):
        file = export.graph(export.trained(network.Reader.new(seed), folder), coarse=True)
        (tmp_path / f"{seed}.onnx").write_bytes(file)
    one, other = (load(tmp_path / f"{seed}.onnx") for seed in (1, 2))
    again = export.graph(export.trained(one, folder), coarse=True)
    tokens = Tokenizer(folder).encode([("Who opened it?", "Bridges", "Anna Berg opened it.")])
    first = Network((tmp_path / "1.onnx").read_bytes()).scores(tokens)
    assert Network(again).scores(tokens) == pytest.approx(first, abs=1e-3)
    mean = mean_of([tmp_path / "1.onnx", tmp_path / "2.onnx"])
    assert torch.allclose(mean.answers.weight, (one.answers.weight + other.answers.weight) / 2)
    assert not torch.equal(one.answers.weight, other.answers.weight)
