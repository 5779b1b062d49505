"""The fast canonical form equals the reference of RFC 8785, and refuses what has no single form."""

import hashlib
import json
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from conventions.canonical import GREATEST_WHOLE_NUMBER, canonical, digest
from conventions.faults import Fault, FaultKind

STRINGS = st.text(st.characters(exclude_categories=("Cs",)))
AWKWARD_KEYS = st.text(
    st.sampled_from('a\u00e9\ud7ff\ue000\uffff\U00010000\U0001f600"\\\x00\x1f\x7f/\u2028'), max_size=3
)
WHOLE = st.integers(-GREATEST_WHOLE_NUMBER, GREATEST_WHOLE_NUMBER)
LEAVES = st.none() | st.booleans() | WHOLE | STRINGS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(STRINGS | AWKWARD_KEYS, inner, max_size=6),
    max_leaves=30,
)


@given(VALUES)
def test_equals_the_reference(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
def test_reads_back_the_same(value):
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(AWKWARD_KEYS, WHOLE, min_size=2, max_size=8))
def test_the_order_in_which_keys_were_put_does_not_matter(value):
    assert canonical(value) == canonical(dict(reversed(value.items())))


def test_keys_sort_by_utf16_units_not_by_code_points():
    assert canonical({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'.encode()


def test_digest_is_sha256_of_the_bytes():
    assert digest({"b": 1, "a": [True, None]}) == hashlib.sha256(b'{"a":[true,null],"b":1}').hexdigest()


class Colour(StrEnum):
    RED = "red"


def test_a_word_stands_as_its_identifier():
    assert canonical({Colour.RED: Colour.RED, "t": (1, 2)}) == b'{"red":"red","t":[1,2]}'


@pytest.mark.parametrize(
    "value",
    [
        1.0, float("nan"), [0.5], {"a": {"b": 1.5}}, GREATEST_WHOLE_NUMBER + 1, [-GREATEST_WHOLE_NUMBER - 1],
        {1: "a"}, {None: 1}, {b"a": 1}, b"bytes", [b"x"], {"a", "b"}, {"a": object()}, "\ud800", {"\udfff": 1},
        {"a": ["\ud83d"]}, 1j,
    ],
)  # fmt: skip
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(Fault) as caught:
        canonical(value)
    assert caught.value.kind is FaultKind.DOCUMENT_MALFORMED


def test_a_value_nested_without_end_is_refused():
    value: list[object] = []
    value.append(value)
    with pytest.raises(Fault):
        canonical(value)
