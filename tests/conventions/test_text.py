"""The text form: what people write comes back as written; what two readers could read differently is refused."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import text
from conventions.faults import Fault, FaultKind

WORDS = st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" \n"), max_size=60).filter(
    lambda word: _composed(word)
)
KEYS = st.text(st.characters(categories=["L", "N", "P"], include_characters=" "), min_size=1, max_size=20).filter(
    lambda key: _composed(key)
)
PLAIN = st.dictionaries(
    KEYS,
    st.recursive(
        WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
    max_size=6,
)


def _composed(word: str) -> bool:
    try:
        text.check_characters(word, "", 1)
    except Fault:
        return False
    return True


def refused(raw: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        text.read(raw, "conv.yaml")
    assert caught.value.kind is FaultKind.DOCUMENT_MALFORMED
    assert caught.value.where == "conv.yaml"
    return caught.value


@pytest.mark.parametrize("scalar", ["020045", "no", "1.0", "2026-01-01", "~", "null", "0x10", "1e3", "yes", "12:30"])
def test_every_scalar_stays_the_text_it_is(scalar):
    assert text.read(f"a: {scalar}\n".encode()) == {"a": scalar}


@pytest.mark.parametrize(
    ("raw", "said", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "stands twice", 3),
        ("a: 1\nb:\n  - &x 1\n", "anchor", 3),
        ("a: 1\nb: *x\n", "anchor", 2),
        ("a: !!int 1\n", "a tag", 1),
        ("a: 1\nb: !python/object/apply:os.system [ls]\n", "a tag", 2),
        ("a: 1\n---\nb: 2\n", "second document", 2),
        ("%YAML 1.1\n---\na: 1\n", "directive", 1),
        ("- a\n", "mapping", 1),
        ("", "mapping", 1),
        ("a: 1\nb:\t2\n", "U+0009", 2),
        ("a: 1\nb: x\u202ey\n", "U+202E", 2),
        ("a: 1\n# \u2066nascosto\n", "U+2066", 2),
        ('a: 1\nb: "\\u200b"\n', "U+200B", 2),
        ('a: "\\0"\n', "U+0000", 1),
        ("a: x\u00a0y\n", "U+00A0", 1),
        ("\ufeffa: 1\n", "U+FEFF", 1),
        ("a: perche\u0301\n", "NFC", 1),
        ("? [a]\n: b\n", "not a word", 1),
        ("a: [1\nb: 2\n", "not YAML", 2),
    ],
)
def test_refused_with_the_line(raw, said, line):
    fault = refused(raw.encode())
    assert said in fault.detail
    assert fault.detail.startswith(f"line {line}:")


def test_not_utf8_is_refused_with_the_line():
    assert refused(b"a: 1\nb: \xff\n").detail == "line 2: not UTF-8"


def test_a_text_of_one_mebibyte_is_read_and_one_byte_more_is_not():
    longest = b"a: " + b"x" * (text.MAX_BYTES - 3)
    assert len(text.read(longest)["a"]) == text.MAX_BYTES - 3
    assert "1 MiB" in refused(longest + b"x").detail


def test_depth_is_bounded():
    def nested(depth):
        return b"a: " + b"[" * depth + b"]" * depth

    text.read(nested(text.MAX_DEPTH_COUNT - 1))
    assert "deeper" in refused(nested(text.MAX_DEPTH_COUNT)).detail


HOSTILE = {
    "open lists": b"[" * 1_000_000,
    "open mappings": b"{" * 1_000_000,
    "dashes": b"- " * 500_000,
    "question marks": b"? " * 500_000,
    "keys": b"a: " * 300_000,
    "short items": b"a:\n" + b"  - x\n" * 170_000,
    "long keys over many members": b"? "
    + b"k" * 500_000
    + b"\n: {"
    + b"".join(b"a%d: b, " % n for n in range(50_000))
    + b"}",
    "tag directives": b"%TAG ! x\n" * 100_000,
    "anchors": b"&a " * 300_000,
    "billion laughs": b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(100)),
}


def outcome(raw: bytes) -> FaultKind | None:
    """The kind of the fault; ``None`` for a text that is read. Anything else escapes and fails the test."""
    try:
        text.read(raw)
    except Fault as fault:
        return fault.kind
    return None


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(30)
def test_hostile_text_costs_no_more_than_its_size(raw):
    tracemalloc.start()
    try:
        assert outcome(raw) in (None, FaultKind.DOCUMENT_MALFORMED)
        assert tracemalloc.get_traced_memory()[1] < 64 * text.MAX_BYTES
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw):
    assert outcome(raw) in (None, FaultKind.DOCUMENT_MALFORMED)


@given(st.text(alphabet=st.sampled_from("abc: -?[]{}&*!|>'\"%@#,\n\\u0 "), max_size=80))
def test_any_yaml_like_text_is_read_or_refused(raw):
    assert outcome(raw.encode()) in (None, FaultKind.DOCUMENT_MALFORMED)


@given(PLAIN)
def test_what_is_written_is_read_back(plain):
    assert text.read(text.write(plain).encode()) == plain


def test_lines_are_found_by_path():
    raw = b"a: 1\nclauses:\n  - number: 1\n  - number: 2\n    roles:\n      - mayor\n"
    assert text.line_of(raw, "clauses.1.roles.0") == 6
    assert text.line_of(raw, "clauses.1.absent") == 4
    assert text.line_of(raw, "") == 1
