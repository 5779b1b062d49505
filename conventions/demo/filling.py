"""Fills what a demonstration text leaves open: dates at the right distance from now, addresses, keys and digests.

A scalar that begins with ``@`` is an instruction: ``@date -300d +2y -1d`` (local date), ``@instant -2h``,
``@issuer BODY``, ``@jwk``, ``@file NAME`` (its SHA-256), ``@sha256 DOCUMENT``. The world is back-dated, the clock
never is.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from conventions.calendars import add_months, local_date
from conventions.spans import instant

_STEP = re.compile(r"([+-]\d{1,5})([ydhm])\Z", re.ASCII)
_MONTHS_OF_YEAR = 12


def _steps(argument: str) -> list[tuple[int, str]]:
    found = [_STEP.match(step) for step in argument.split()]
    if any(match is None for match in found):
        raise ValueError(f"not a distance from now: {argument}")
    return [(int(match[1]), match[2]) for match in found if match]


def date_at(now_utc: datetime, argument: str) -> str:
    """A local date some days and years from today, step by step; years are calendar years."""
    day: date = local_date(now_utc)
    for count, unit in _steps(argument):
        match unit:
            case "d":
                day += timedelta(days=count)
            case "y":
                day = add_months(day, count * _MONTHS_OF_YEAR)
            case _:
                raise ValueError(f"a date moves by days and years: {argument}")
    return day.isoformat()


def instant_at(now_utc: datetime, argument: str) -> str:
    """An instant some days, hours and minutes from the present minute."""
    at_utc = now_utc.replace(second=0, microsecond=0)
    for count, unit in _steps(argument):
        match unit:
            case "d":
                at_utc += timedelta(days=count)
            case "h":
                at_utc += timedelta(hours=count)
            case "m":
                at_utc += timedelta(minutes=count)
            case _:
                raise ValueError(f"an instant moves by days, hours and minutes: {argument}")
    return instant(at_utc)


Instruction = Callable[[str], str]


def fill(plain: Any, instructions: Mapping[str, Instruction]) -> Any:
    """The same plain value with every instruction carried out.

    Raises:
        ValueError: an instruction that is not known, or whose argument is wrong.
    """
    if isinstance(plain, dict):
        return {key: fill(value, instructions) for key, value in plain.items()}
    if isinstance(plain, list):
        return [fill(value, instructions) for value in plain]
    if not isinstance(plain, str) or not plain.startswith("@"):
        return plain
    name, _, argument = plain[1:].partition(" ")
    if name not in instructions:
        raise ValueError(f"not an instruction: {plain}")
    return instructions[name](argument)
