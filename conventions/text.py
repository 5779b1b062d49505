"""The text form: YAML that people write and read, with every scalar a string.

``020045`` stays a text, ``no`` stays a word: the schema gives the types. What could make two readers see two texts is
refused: duplicate keys, anchors, aliases, tags, several documents, control and look-alike characters.
INVARIANT: memory and time are bounded by the size of the input; nothing is resolved, constructed or executed.

Source: design 3 (text form); MC-2.2, PM-P.2.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

import yaml

from conventions.faults import Fault, FaultKind

MAX_BYTES = 1024 * 1024
MAX_DEPTH_COUNT = 32
MAX_KEY_CHARS_COUNT = 64
LINE_WIDTH = 110

Plain = str | list["Plain"] | dict[str, "Plain"]
"""What a document is before the schema reads it: strings, lists, and mappings of strings."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_KEPT = frozenset({"\n", " "})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(raw: bytes, where: str = "") -> dict[str, Plain]:
    """Read the text form.

    Raises:
        Fault: ``document-malformed``; the detail names the line.
    """
    return _read(raw, _Reading(where, None))


def line_of(raw: bytes, path: str) -> int:
    """The line on which a member of a readable text stands (``clauses.0.number``), or its nearest holder."""
    reading = _Reading("", tuple(path.split(".")) if path else ())
    _read(raw, reading)
    return reading.found_line


def write(plain: Plain) -> str:
    """Write plain values as YAML that people can read; ``read`` gives the same values back."""
    text: str = yaml.dump(
        plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=LINE_WIDTH, default_flow_style=False
    )
    return text


def check_characters(text: str, where: str, line: int) -> None:
    """Refuse what a reader cannot see or cannot tell from something else.

    Raises:
        Fault: ``document-malformed``.
    """
    if text.isascii() and text.isprintable():
        return
    for sign in set(text) - _KEPT:
        if unicodedata.category(sign) in _HIDDEN:
            at = line + text.count("\n", 0, text.index(sign))
            raise _fault(where, at, f"character U+{ord(sign):04X} is invisible or looks like another")
    if not unicodedata.is_normalized("NFC", text):
        raise _fault(where, line, "an accented letter is written in two parts (not NFC)")


def _read(raw: bytes, reading: "_Reading") -> dict[str, Plain]:
    text = _decoded(raw, reading.where)
    try:
        return reading.document(iter(yaml.parse(text, Loader=_Loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line + 1) if mark else 1
        raise _fault(reading.where, line, "not YAML: " + (error.problem or "unreadable")) from None
    except yaml.YAMLError:
        raise _fault(reading.where, 1, "not YAML") from None


def _decoded(raw: bytes, where: str) -> str:
    if len(raw) > MAX_BYTES:
        raise _fault(where, 1, "larger than 1 MiB")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fault(where, raw.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    text = text.replace("\r\n", "\n")
    check_characters(text, where, 1)
    return text


def _fault(where: str, line: int, detail: str) -> Fault:
    return Fault(FaultKind.DOCUMENT_MALFORMED, f"line {line}: {detail}", where=where)


class _Reading:
    """Turns the parser's events into plain values, one at a time, so that depth stops the parser too."""

    def __init__(self, where: str, sought: tuple[str, ...] | None) -> None:
        self.where = where
        self.sought = sought
        self.found_line = 1

    def document(self, events: Iterator[Any]) -> dict[str, Plain]:
        plain: Plain | None = None
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                if plain is not None:
                    raise _fault(self.where, line, "a second document")
                if event.version or event.tags:
                    raise _fault(self.where, line, "a directive")
                plain = self._value(next(events), events, 0, self.sought)
        if not isinstance(plain, dict):
            raise _fault(self.where, 1, "a document is a mapping")
        return plain

    def _value(self, event: Any, events: Iterator[Any], depth: int, sought: tuple[str, ...] | None) -> Plain:
        line = self._plainly(event)
        if isinstance(event, yaml.ScalarEvent):
            check_characters(event.value, self.where, line)
            return str(event.value)
        if depth >= MAX_DEPTH_COUNT:
            raise _fault(self.where, line, f"deeper than {MAX_DEPTH_COUNT}")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, depth, sought)
        items: list[Plain] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            items.append(self._value(inner, events, depth + 1, self._below(sought, str(len(items)), inner)))
        return items

    def _mapping(self, events: Iterator[Any], depth: int, sought: tuple[str, ...] | None) -> dict[str, Plain]:
        members: dict[str, Plain] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            line = self._plainly(key)
            if not isinstance(key, yaml.ScalarEvent) or len(key.value) > MAX_KEY_CHARS_COUNT:
                raise _fault(self.where, line, "a key that is not a word")
            check_characters(key.value, self.where, line)
            if key.value in members:
                raise _fault(self.where, line, f"the key {key.value!r} stands twice")
            below = self._below(sought, key.value, key)
            members[key.value] = self._value(next(events), events, depth + 1, below)
        return members

    def _below(self, sought: tuple[str, ...] | None, step: str, event: Any) -> tuple[str, ...] | None:
        """What remains of the sought path below a step; the step's line is noted on the way."""
        if not sought or sought[0] != step:
            return None
        self.found_line = event.start_mark.line + 1
        return sought[1:]

    def _plainly(self, event: Any) -> int:
        """The line of an event that carries neither alias nor anchor nor tag."""
        line = int(event.start_mark.line) + 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _fault(self.where, line, "an anchor or alias")
        if event.tag is not None:
            raise _fault(self.where, line, "a tag")
        return line


class _Dumper(
    yaml.emitter.Emitter, yaml.serializer.Serializer, yaml.representer.SafeRepresenter, yaml.resolver.BaseResolver
):
    """Writes strings only, never an alias, long or broken texts as blocks."""

    def __init__(self, stream: Any, **options: Any) -> None:
        kept = {name: options[name] for name in ("width", "allow_unicode") if name in options}
        yaml.emitter.Emitter.__init__(self, stream, **kept)
        yaml.serializer.Serializer.__init__(self)
        yaml.representer.SafeRepresenter.__init__(self, default_flow_style=False, sort_keys=False)
        yaml.resolver.BaseResolver.__init__(self)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar(
            "tag:yaml.org,2002:str", data, style="|" if "\n" in data else (None if data else "'")
        )

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(str, _Dumper.represent_str)
