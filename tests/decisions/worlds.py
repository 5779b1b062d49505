"""Random small worlds: a few regulations, deeds, lists and notices of two towns, a force and an office."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conventions.schema import AnyDocument
from conventions.spans import parse_instant
from conventions.terms import Reason
from policies.facts import ANY, NONE, Facts, by_precedence, padded_s
from policies.rules import Rule
from tests.decisions import made
from tests.oracle import Question

DAYS = ("2025-01-01", "2025-03-30", "2025-06-01", "2025-10-26", "2026-01-01", "2026-12-31")
INSTANTS = (
    "2024-12-31T22:59:59.999999Z",
    "2024-12-31T23:00:00.000000Z",
    "2025-03-30T21:59:59.999999Z",
    "2025-03-30T22:00:00.000000Z",
    "2025-06-15T12:00:00.000000Z",
    "2025-10-26T23:00:00.000000Z",
    "2026-02-01T00:00:00.000000Z",
    "2027-01-01T00:00:00.000000Z",
)
GRANTED = ("live.view", "recording.view", "plate.search", "log.read", "log.read-own", "inventory.list", "media.deliver")
CLASSES = (
    "live-video", "recorded-video", "school-footage", "transit-record", "plate-hit", "decision-log",
    "administration-log", "camera-inventory", "extraction-copy",
)  # fmt: skip
PURPOSES = ("urban-security", "crime-prevention-repression", "processing-oversight")
ROLES = ("partner-operator", "local-police-operator", "system-administrator")
GROUNDS = ("reported-or-detected-offence", "judicial-police-delegated")
TYPES = ("state-police", "local-police", "municipality")
CAMERAS = ("aa/one", "aa/two", "bb/one", "bb/two", "aa/unknown")
TERRITORIES = ("aa/area/x", "bb/area/y", "it:001001", "it:001")


def some(words: tuple[str, ...], least: int = 1, most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=least, max_size=most, unique=True)


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * 6 + list(others))


@st.composite
def cameras(draw: st.DrawFn, body: str) -> list[dict[str, Any]]:
    return [
        made.camera(
            body,
            slug,
            classes=draw(mostly(["live-video", "recorded-video", "transit-record"], ["school-footage"], ["plate-hit"])),
            collection_purposes=draw(mostly(list(PURPOSES), ["urban-security"])),
            state=draw(mostly("active", "assessed")),
            indoor=draw(mostly("false", "true")),
        )
        for slug in draw(mostly(["one", "two"], ["one"]))
    ]


@st.composite
def clauses(draw: st.DrawFn, bodies: tuple[str, ...]) -> list[dict[str, Any]]:
    made_clauses = []
    for number in range(draw(st.integers(1, 2))):
        named = draw(some(CAMERAS, 0, 2))
        made_clauses.append(
            made.clause(
                str(number),
                bodies=draw(some(bodies, 1, 2)),
                roles=draw(some(ROLES, 1, 2)),
                units=draw(mostly([], ["first"])),
                qualification=draw(mostly("any", "judicial-police-qualified")),
                operations=draw(some(GRANTED, 2, 5)),
                classes=draw(mostly(list(CLASSES), ["live-video"], ["transit-record", "decision-log"])),
                purposes=draw(some(PURPOSES, 1, 3)),
                grounds=draw(some(GROUNDS, 0, 1)),
                cameras=named,
                territories=draw(mostly(["it:001"], [TERRITORIES[0]], [TERRITORIES[1]]))
                if not named
                else draw(some(TERRITORIES, 0, 2)),
                window=draw(mostly("any", "event")),
                limits=draw(mostly({}, {"max_span": "PT2H"})),
                **draw(mostly({}, {"valid_from": DAYS[1]}, {"valid_until": DAYS[3]})),
            )
        )
    return made_clauses


@st.composite
def regulations(draw: st.DrawFn, body: str) -> list[dict[str, Any]]:
    versions = []
    for version in range(1, draw(mostly(2, 1, 3))):
        listed = draw(mostly(list(PURPOSES), list(PURPOSES[:2])))
        versions.append(
            made.regulation(
                body,
                version=str(version),
                valid_from=DAYS[(version - 1) * 2],
                state=draw(mostly("enforceable", "adopted")),
                configuration={
                    "police_access": draw(mostly("direct", "media-only", "transits-only")),
                    "plates_retain": draw(mostly("all-transits", "violations-and-hits", "none")),
                    "log_readers": draw(some(ROLES, 0, 2)),
                    "log_read_own": draw(st.sampled_from(["on", "off"])),
                },
                purposes=[
                    {
                        "purpose": purpose,
                        "regime": "led",
                        "legal_basis": "law",
                        "org_types": draw(mostly(list(TYPES), [TYPES[0]], list(TYPES[1:]))),
                    }
                    for purpose in listed
                ],
                purposes_excluded=[purpose for purpose in PURPOSES if purpose not in listed][: draw(st.integers(0, 1))],
                operations=draw(mostly(list(GRANTED), list(GRANTED[:3]))),
                cameras=draw(cameras(body)),
                own=draw(clauses((body,))) if draw(st.booleans()) else [],
            )
        )
    return [{**one, "own": [{**clause, "bodies": [body]} for clause in one["own"]]} for one in versions]


@st.composite
def deeds(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for slug in draw(mostly(["c"], [], ["c", "e"], ["e"])):
        for version in range(1, draw(mostly(2, 3))):
            found.append(
                made.convention(
                    *draw(clauses((made.FORCE, made.OFFICE))),
                    id=f"aa/convention/{slug}",
                    version=str(version),
                    valid_from=draw(st.sampled_from(DAYS[:3])),
                    valid_until=draw(st.sampled_from(DAYS[3:])),
                    parties=[made.party(body) for body in draw(mostly(["aa", "cc", "dd"], ["aa", "cc"]))],
                    rests_on=draw(mostly("aa/regulation/r", "bb/regulation/r")),
                )
            )
    if draw(st.booleans()):
        found.append(
            made.agreement(
                *draw(clauses((made.FORCE, made.OFFICE, made.OTHER_TOWN))),
                **draw(mostly({}, {"prior_consultation": None})),
            )
        )
    return found


@st.composite
def notices(draw: st.DrawFn, about: list[str]) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(mostly(0, 1, 2, 2)) if about else 0):
        found.append(
            made.notice(
                draw(st.sampled_from(["suspension", "withdrawal", "unilateral-withdrawal", "non-renewal"])),
                draw(st.sampled_from(INSTANTS[1:7])),
                id=f"aa/notice/n{number}",
                on=draw(st.sampled_from(about)),
                by=draw(st.sampled_from(["aa", "bb", "cc"])),
            )
        )
    ended = [one for one in found if one["act"] == "suspension"]
    if ended and draw(st.booleans()):
        end = draw(st.sampled_from(INSTANTS[1:]))
        found.append(made.notice("suspension-end", end, id="aa/notice/end", on=ended[0]["on"], ends=ended[0]["id"]))
    return found


@st.composite
def worlds(draw: st.DrawFn) -> list[AnyDocument]:
    plain = [*draw(regulations(made.TOWN)), *draw(regulations(made.OTHER_TOWN)), *draw(deeds())]
    if draw(mostly(False, True)):
        first, since = draw(st.sampled_from(DAYS[2:4])), draw(st.sampled_from(DAYS[2:5]))
        second = [{**one, "id": "aa/regulation/s", "valid_from": since} for one in draw(regulations(made.TOWN))[:1]]
        plain = [one | {"valid_until": first} if one["id"] == "aa/regulation/r" else one for one in plain] + second
    for body in draw(mostly(["cc", "dd"], ["cc"], [])):
        under = draw(st.sampled_from(["aa/convention/c", "aa/convention/e", "bb/regulation/r"]))
        org_type = draw(mostly("state-police" if body == "cc" else "municipality", "local-police"))
        plain.append(made.operators(body, org_type, under=under))
    about = sorted({one["id"] for one in plain if one["kind"] != "operator-list"})
    plain += draw(notices(about))
    if draw(st.booleans()):
        plain.append(made.framework())
    return made.read(*plain)


@dataclass(frozen=True)
class Asked:
    """The same question, for the engine and for the oracle."""

    facts: Facts
    question: Question


KINDS = (
    ("live.view", "live-video"), ("live.view", "school-footage"), ("recording.view", "recorded-video"),
    ("recording.extract", "recorded-video"), ("plate.search", "transit-record"), ("plate.search", "plate-hit"),
    ("log.read", "decision-log"), ("log.read-own", "decision-log"), ("inventory.list", "camera-inventory"),
    ("media.deliver", "extraction-copy"), ("data.modify", NONE), (NONE, NONE),
)  # fmt: skip
OBSTACLES = (
    Reason.OPERATOR_NOT_LISTED, Reason.RESOURCE_UNKNOWN, Reason.RETENTION_ELAPSED, Reason.PURPOSE_NOT_GRANTED,
    Reason.OPERATION_UNKNOWN,
)  # fmt: skip
CHOICES: dict[str, tuple[str, ...]] = {
    "controller": ("aa", "bb", "zz"),
    "requesting_body": ("cc", "dd", "aa", "bb"),
    "unit": ("first", "second"),
    "role": (*ROLES, NONE),
    "qualification": (NONE, "judicial-police-qualified"),
    "purpose": (*PURPOSES, NONE),
    "ground": (*GROUNDS, NONE),
    "camera": (*CAMERAS, NONE),
    "window": ("open", "closed"),
    "span_s": (padded_s(0), padded_s(7200), padded_s(7201)),
    "at": INSTANTS,
}


@st.composite
def questions(draw: st.DrawFn, rules: Sequence[Rule] = ()) -> Asked:
    """A question; near some rule when there are any, so that yes and no are both common."""
    words = {name: draw(st.sampled_from(choice)) for name, choice in CHOICES.items()}
    words["operation"], words["data_class"] = draw(st.sampled_from(KINDS))
    if rules and draw(mostly(True, False)):
        rule = draw(st.sampled_from(rules))
        near = {
            name: value
            for name in (
                "controller",
                "requesting_body",
                "unit",
                "role",
                "qualification",
                "purpose",
                "ground",
                "window",
            )
            if (value := getattr(rule, name)) != ANY
        }
        near |= {"operation": rule.operation, "data_class": rule.data_class, "camera": rule.territory}
        near |= {"span_s": padded_s(0), "at": draw(mostly(rule.not_before, INSTANTS[4], rule.not_after))}
        changed = draw(st.sets(st.sampled_from(sorted(near)), max_size=2)) if draw(st.booleans()) else set()
        words |= {name: value for name, value in near.items() if name not in changed}
    body, _, slug = words["camera"].partition("/")
    areas = tuple(place.replace("aa/", f"{body}/") for place in made.PLACES.get(slug, (NONE, NONE, NONE)))
    obstacles = draw(mostly(set(), *({reason} for reason in OBSTACLES))) if draw(st.booleans()) else set()
    question = Question(
        controller=words["controller"],
        body=words["requesting_body"],
        unit=words["unit"],
        role=words["role"],
        qualification=words["qualification"],
        operation=words["operation"],
        data_class=words["data_class"],
        purpose=words["purpose"],
        ground=words["ground"],
        camera=None if words["camera"] == NONE else words["camera"],
        places=frozenset(areas) - {NONE},
        in_window=words["window"] == "open",
        span_s=int(words["span_s"]),
        at_utc=parse_instant(words["at"]),
        obstacles=frozenset(obstacles),
    )
    return Asked(Facts(**words, areas=areas, obstacles=by_precedence(obstacles)), question)
