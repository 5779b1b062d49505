"""The text form: YAML that people write and read, with every scalar a string.

``020045`` stays a text, ``no`` stays a word: the schema gives the types. What could make two readers see two texts is
refused: duplicate keys, anchors, aliases, tags, several documents, control and look-alike characters.
INVARIANT: memory and time are bounded by the size of the input; nothing is resolved, constructed or executed.

Source: design 3 (text form); MC-2.2, PM-P.2.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from conventions.faults import Fault, FaultKind

MAX_BYTES = 1024 * 1024
MAX_DEPTH_COUNT = 32
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
    return read_located(raw, where)[0]


def read_located(raw: bytes, where: str = "") -> tuple[dict[str, Plain], Mapping[str, int]]:
    """Read the text form, and tell on which line each member stands (by path, e.g. ``clauses.0.number``)."""
    text = _decoded(raw, where)
    reading = _Reading(where)
    try:
        plain = reading.document(iter(yaml.parse(text, Loader=_Loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _fault(where, (mark.line + 1) if mark else 1, "not YAML: " + (error.problem or "unreadable")) from None
    except yaml.YAMLError:
        raise _fault(where, 1, "not YAML") from None
    return plain, reading.lines


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

    def __init__(self, where: str) -> None:
        self.where = where
        self.lines: dict[str, int] = {}

    def document(self, events: Iterator[Any]) -> dict[str, Plain]:
        plain: Plain | None = None
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                if plain is not None:
                    raise _fault(self.where, line, "a second document")
                if event.version or event.tags:
                    raise _fault(self.where, line, "a directive")
                plain = self._value(next(events), events, "", 0)
        if not isinstance(plain, dict):
            raise _fault(self.where, 1, "a document is a mapping")
        return plain

    def _value(self, event: Any, events: Iterator[Any], path: str, depth: int) -> Plain:
        line = self._plainly(event)
        self.lines[path] = line
        if isinstance(event, yaml.ScalarEvent):
            check_characters(event.value, self.where, line)
            return str(event.value)
        if depth >= MAX_DEPTH_COUNT:
            raise _fault(self.where, line, f"deeper than {MAX_DEPTH_COUNT}")
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Plain] = []
            while not isinstance(inner := next(events), yaml.SequenceEndEvent):
                items.append(self._value(inner, events, f"{path}.{len(items)}" if path else str(len(items)), depth + 1))
            return items
        return self._mapping(events, path, depth)

    def _mapping(self, events: Iterator[Any], path: str, depth: int) -> dict[str, Plain]:
        members: dict[str, Plain] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            line = self._plainly(key)
            if not isinstance(key, yaml.ScalarEvent):
                raise _fault(self.where, line, "a key that is not a word")
            check_characters(key.value, self.where, line)
            if key.value in members:
                raise _fault(self.where, line, f"the key {key.value[:40]!r} stands twice")
            inner = f"{path}.{key.value}" if path else str(key.value)
            members[key.value] = self._value(next(events), events, inner, depth + 1)
        return members

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
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


_Dumper.add_representer(str, _Dumper.represent_str)
