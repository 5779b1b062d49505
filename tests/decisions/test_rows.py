"""The rows of the texts, one by one: what is asked, what is answered and why; yes and no differ in one thing."""

from typing import Any

import pytest

from conventions.schema import AnyDocument
from conventions.terms import Reason
from policies.engine import Engine
from policies.facts import NONE
from policies.generator import draft, rules_of
from policies.reasons import nearest_clauses, why
from policies.rules import ALLOW
from tests.decisions.made import agreement, camera, clause, convention, facts, framework, notice, operators, party, read
from tests.decisions.made import regulation as law

YES: tuple[Reason, ...] = ()


def answer(documents: list[AnyDocument], **asked: Any) -> tuple[Reason, ...]:
    """The reasons against; empty when Casbin allows, and only then."""
    engine = Engine(draft(documents))
    question = facts(**asked)
    reasons = why(engine.between(question.controller, question.requesting_body), question)
    assert engine.ask(question).allowed == (not reasons)
    return reasons


def deed(*clauses: dict[str, Any], **other: Any) -> list[AnyDocument]:
    return read(law(), convention(*clauses, **other), operators())


POOL = read(
    law(),
    law("bb"),
    agreement(),
    operators(under="aa/implementing-agreement/i"),
    operators("dd", "municipality", under="aa/implementing-agreement/i"),
)
SEARCH = {"operation": "plate.search", "data_class": "transit-record", "controller": "bb", "camera": "bb/one"}


@pytest.mark.requirement("MC-1.1a")
def test_a_pool_opens_transits_and_no_video_of_the_same_camera():
    assert answer(POOL, **SEARCH) == YES
    assert answer(POOL, controller="bb", camera="bb/one") == (Reason.CLASS_NOT_GRANTED,)


@pytest.mark.requirement("MC-1.1a")
def test_video_named_in_a_pool_is_not_compiled():
    generous = clause(
        operations=["plate.search", "live.view"], classes=["transit-record", "live-video"], cameras=["bb/one"]
    )
    documents = read(law("bb"), agreement(generous), operators(under="aa/implementing-agreement/i"))
    assert {rule.data_class for rule in rules_of(documents)} == {"transit-record"}


@pytest.mark.requirement("MC-1.1b")
def test_a_pool_opens_to_police_and_to_no_other_office():
    everybody = clause(bodies=["cc", "dd"], operations=["plate.search"], classes=["transit-record"], cameras=["bb/one"])
    documents = [*POOL[:2], *read(agreement(everybody)), *POOL[3:]]
    assert answer(documents, **SEARCH) == YES
    assert answer(documents, **SEARCH, requesting_body="dd") == (Reason.APPLICANT_NOT_ENTITLED,)
    assert answer(POOL, **SEARCH, requesting_body="dd") == (Reason.APPLICANT_NOT_ENTITLED,)


@pytest.mark.requirement("MC-1.1b")
def test_another_deed_may_open_what_the_pool_does_not():
    bilateral = convention(
        clause(bodies=["dd"], operations=["plate.search"], classes=["transit-record"], cameras=["bb/one"]),
        id="bb/convention/c",
        parties=[party("bb"), party("dd")],
        controllers=["bb"],
        rests_on="bb/regulation/r",
    )
    theirs = operators("dd", "municipality", id="bb/operator-list/dd", under="bb/convention/c")
    assert answer([*POOL, *read(bilateral, theirs)], **SEARCH, requesting_body="dd") == YES


@pytest.mark.requirement("MC-1.1c", "PM-3.18", "LEV-5.1")
def test_a_purpose_must_be_declared_and_granted():
    assert answer(deed()) == YES
    assert answer(deed(), purpose="urban-security") == (Reason.PURPOSE_NOT_GRANTED,)
    assert answer(deed(), purpose=NONE) == (Reason.PURPOSE_MISSING,)
    assert answer(deed(), purpose="marketing") == (Reason.PURPOSE_NOT_GRANTED,)


@pytest.mark.requirement("MC-2.1")
def test_a_framework_protocol_grants_nothing():
    assert rules_of(read(law(), framework(), operators())) == ()
    assert answer(read(law(), framework(), operators())) == (Reason.NO_CONVENTION,)


@pytest.mark.requirement("MC-3.2a")
def test_a_pool_without_the_joint_consultation_is_not_active():
    documents = [*POOL[:2], *read(agreement(prior_consultation=None)), *POOL[3:]]
    assert answer(documents, **SEARCH) == (Reason.NO_CONVENTION,)


@pytest.mark.requirement("MC-3.1c", "PM-P.1")
def test_without_a_convention_a_partner_has_nothing_and_the_towns_own_people_what_the_regulation_says():
    own = clause(bodies=["aa"], roles=["local-police-operator"], purposes=["urban-security"])
    documents = read(law(own=[own]))
    assert answer(documents) == (Reason.NO_CONVENTION,)
    asked = {"requesting_body": "aa", "purpose": "urban-security"}
    assert answer(documents, **asked, role="local-police-operator") == YES
    assert answer(documents, **asked, role="system-administrator") == (Reason.ROLE_NOT_GRANTED,)


@pytest.mark.requirement("PM-P.1")
def test_a_convention_that_has_not_begun_grants_nothing_yet():
    assert answer(deed(), at="2024-12-31T23:00:00.000000Z") == YES
    assert answer(deed(), at="2024-12-31T22:59:59.999999Z") == (Reason.NO_CONVENTION,)


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize("state", ["adopted", "published"])
def test_without_a_regulation_in_force_there_are_no_rules(state: str):
    assert rules_of(read(convention(), operators())) == ()
    assert rules_of(read(law(state=state), convention(), operators())) == ()
    assert rules_of(read(law("bb"), convention(), operators())) == ()


def test_a_newer_regulation_that_is_not_yet_law_replaces_nothing():
    draft_law = law(version="2", valid_from="2025-02-01", state="adopted", operations=["log.read"])
    assert answer(read(law(), draft_law, convention(), operators())) == YES


@pytest.mark.requirement("PM-1.1")
def test_a_camera_outside_the_deed_is_outside_its_territory():
    assert answer(deed(), camera="aa/one") == YES
    assert answer(deed(), camera="aa/two") == (Reason.OUTSIDE_TERRITORY,)
    assert answer(deed(), controller="bb", camera="bb/one") == (Reason.NO_CONVENTION,)


@pytest.mark.parametrize("territory", ["it:001", "it:001001", "aa/area/x"])
def test_a_territory_opens_the_cameras_of_the_annex_that_lie_in_it(territory: str):
    documents = deed(clause(cameras=[], territories=[territory]))
    assert answer(documents, camera="aa/one") == YES
    assert answer(documents, camera="aa/two") == (YES if territory != "aa/area/x" else (Reason.OUTSIDE_TERRITORY,))
    assert answer(documents, camera="aa/three", areas=("aa/area/x", "it:001001", "it:001")) == (
        Reason.OUTSIDE_TERRITORY,
    )


@pytest.mark.requirement("PM-1.4")
def test_a_purpose_is_for_the_types_of_body_that_the_regulation_names():
    purposes = [
        {
            "purpose": "crime-prevention-repression",
            "regime": "led",
            "legal_basis": "law",
            "org_types": ["state-police"],
        },
        {"purpose": "urban-security", "regime": "both", "legal_basis": "law", "org_types": ["municipality"]},
    ]
    both = clause(bodies=["cc", "dd"], purposes=["crime-prevention-repression", "urban-security"])
    documents = read(
        law(purposes=purposes),
        convention(both, parties=[party("aa"), party("cc"), party("dd")]),
        operators(),
        operators("dd", "municipality"),
    )
    assert answer(documents) == YES
    assert answer(documents, requesting_body="dd") == (Reason.PURPOSE_NOT_GRANTED,)
    assert answer(documents, requesting_body="dd", purpose="urban-security") == YES
    assert answer(documents, purpose="urban-security") == (Reason.PURPOSE_NOT_GRANTED,)


def test_a_body_whose_type_nobody_states_pursues_no_purpose():
    assert answer(read(law(), convention())) == (Reason.PURPOSE_NOT_GRANTED,)


@pytest.mark.requirement("PM-3.6")
def test_extraction_asks_for_judicial_police_functions():
    documents = deed(
        clause("1", operations=["recording.view"], classes=["recorded-video"]),
        clause(
            "2",
            operations=["recording.extract"],
            classes=["recorded-video"],
            qualification="judicial-police-qualified",
        ),
    )
    asked = {"operation": "recording.extract", "data_class": "recorded-video"}
    assert answer(documents, **asked, qualification="judicial-police-qualified") == YES
    assert answer(documents, **asked) == (Reason.ROLE_NOT_GRANTED,)


@pytest.mark.requirement("LEV-33.1")
def test_a_unit_that_the_clause_does_not_name_is_refused():
    documents = deed(clause(units=["first"]))
    assert answer(documents, unit="first") == YES
    assert answer(documents, unit="second") == (Reason.ROLE_NOT_GRANTED,)


@pytest.mark.requirement("PM-6.1")
def test_a_convention_ends_at_midnight_of_its_last_day_and_a_running_stream_with_it():
    last = "2026-12-31T22:59:59.999999Z"
    assert answer(deed(), at=last) == YES
    assert Engine(draft(deed())).ask(facts(at=last)).not_after == "2026-12-31T23:00:00.000000Z"
    assert answer(deed(), at="2026-12-31T23:00:00.000000Z") == (Reason.CONVENTION_EXPIRED,)


@pytest.mark.requirement("PM-6.1")
def test_a_clause_has_dates_of_its_own():
    documents = deed(clause(valid_from="2025-03-01", valid_until="2025-03-31"), clause("2", cameras=["aa/two"]))
    assert answer(documents, at="2025-03-31T21:59:59.999999Z") == YES
    assert answer(documents, at="2025-03-31T22:00:00.000000Z") == (Reason.OUTSIDE_TERRITORY,)
    assert answer(documents, at="2025-02-28T22:59:59.999999Z") == (Reason.OUTSIDE_TERRITORY,)


@pytest.mark.requirement("PM-6.2")
def test_a_convention_renews_itself_once_unless_notice_came_in_time():
    renewing = deed(valid_until="2025-12-31", renewal="auto-same-term", notice_period="P3M", notice_counts_from="sent")
    late = notice("non-renewal", "2025-10-01T00:00:00.000000Z")
    timely = notice("non-renewal", "2025-09-30T21:59:59.999999Z")
    asked = {"at": "2026-06-01T00:00:00.000000Z"}
    assert answer(renewing, **asked) == YES
    assert answer([*renewing, *read(late)], **asked) == YES
    assert answer([*renewing, *read(timely)], **asked) == (Reason.CONVENTION_EXPIRED,)
    assert answer(renewing, at="2027-01-01T00:00:00.000000Z") == (Reason.CONVENTION_EXPIRED,)


@pytest.mark.requirement("PM-6.3")
@pytest.mark.parametrize("by", ["aa", "cc"])
def test_a_withdrawal_of_either_party_ends_the_grants_at_its_instant(by: str):
    documents = [*deed(), *read(notice("withdrawal", by=by))]
    assert answer(documents, at="2025-05-31T23:59:59.999999Z") == YES
    assert answer(documents, at="2025-06-01T00:00:00.000000Z") == (Reason.CONVENTION_WITHDRAWN,)
    assert answer(documents, at="2027-06-01T00:00:00.000000Z") == (Reason.CONVENTION_WITHDRAWN,)


def test_a_withdrawal_does_not_speak_against_a_convention_signed_later():
    later = convention(id="aa/convention/later", valid_from="2025-09-01", valid_until="2026-09-01")
    latest = convention(clause(cameras=["aa/two"]), id="aa/convention/latest", valid_from="2025-11-01")
    lists = [operators(id=f"aa/operator-list/{one['id'][-5:]}", under=one["id"]) for one in (later, latest)]
    documents = [*deed(), *read(notice("withdrawal"), later, latest, *lists)]
    assert answer(documents, at="2025-08-31T21:59:59.999999Z") == (Reason.CONVENTION_WITHDRAWN,)
    assert answer(documents, at="2025-08-31T22:00:00.000000Z") == YES


@pytest.mark.requirement("MC-3.2b")
def test_a_suspension_refuses_until_it_is_ended():
    ended = notice("suspension-end", "2025-07-01T00:00:00.000000Z", ends="aa/notice/suspension")
    documents = [*deed(), *read(notice())]
    asked = {"at": "2025-06-15T00:00:00.000000Z"}
    assert answer(deed(), **asked) == YES
    assert answer(documents, **asked) == (Reason.CONVENTION_SUSPENDED,)
    assert answer(documents, **asked, role="nobody", camera="aa/two") == (Reason.CONVENTION_SUSPENDED,)
    assert answer([*documents, *read(ended)], **asked) == (Reason.CONVENTION_SUSPENDED,)
    assert answer([*documents, *read(ended)], at="2025-07-01T00:00:00.000000Z") == YES


@pytest.mark.requirement("MC-3.2b")
def test_a_member_that_is_suspended_leaves_the_others_alone():
    documents = [*POOL, *read(notice(on="aa/implementing-agreement/i", by="bb"))]
    asked = {**SEARCH, "at": "2025-06-15T00:00:00.000000Z"}
    assert answer(documents, **asked) == (Reason.CONVENTION_SUSPENDED,)
    assert answer(documents, **{**asked, "controller": "aa", "camera": "aa/one"}) == YES


@pytest.mark.requirement("BEL-1.1")
def test_what_the_regulation_does_not_list_is_not_granted_whatever_a_clause_says():
    short = [{"purpose": "urban-security", "regime": "gdpr", "legal_basis": "law", "org_types": ["state-police"]}]
    both = clause(purposes=["urban-security", "crime-prevention-repression"])
    documents = read(law(purposes=short), convention(both), operators())
    assert answer(documents, purpose="urban-security") == YES
    assert answer(documents) == (Reason.PURPOSE_NOT_GRANTED,)


@pytest.mark.requirement("BEL-1.2")
def test_where_media_only_are_handed_over_no_partner_is_granted_a_look():
    own = clause(bodies=["aa"], roles=["local-police-operator"])
    documents = read(law(configuration={"police_access": "media-only"}, own=[own]), convention(), operators())
    assert answer(documents) == (Reason.NO_CONVENTION,)
    assert answer(documents, requesting_body="aa", role="local-police-operator") == YES


def test_where_only_transits_are_shared_a_partner_gets_no_video_and_the_town_its_own():
    own = clause(bodies=["aa"], roles=["local-police-operator"])
    both = clause(operations=["live.view", "plate.search"], classes=["live-video", "transit-record"])
    documents = read(law(configuration={"police_access": "transits-only"}, own=[own]), convention(both), operators())
    assert answer(documents, operation="plate.search", data_class="transit-record") == YES
    assert answer(documents) == (Reason.CLASS_NOT_GRANTED,)
    assert answer(documents, requesting_body="aa", role="local-police-operator") == YES


@pytest.mark.requirement("LEV-14.1", "BEL-5.1")
@pytest.mark.parametrize("operation", ["ptz.control", "audio.speak"])
def test_an_operation_that_the_regulation_does_not_list_is_unknown(operation: str):
    documents = deed(clause(operations=["live.view", operation]))
    assert answer(documents) == YES
    assert answer(documents, operation=operation) == (Reason.OPERATION_UNKNOWN,)


@pytest.mark.requirement("LEV-22.2")
@pytest.mark.parametrize("state", ["proposed", "assessed", "authorised", "decommission", "removed"])
def test_a_camera_that_is_not_active_in_the_annex_is_not_authorised(state: str):
    documents = read(law(cameras=[camera(state=state), camera(slug="two")]), convention(), operators())
    assert answer(deed()) == YES
    assert answer(documents) == (Reason.CAMERA_NOT_AUTHORISED,)


@pytest.mark.requirement("LEV-22.2")
def test_a_camera_of_the_deed_that_left_the_annex_is_not_authorised():
    assert answer(read(law(cameras=[camera(slug="two")]), convention(), operators())) == (Reason.CAMERA_NOT_AUTHORISED,)


@pytest.mark.requirement("LEV-7.1")
def test_an_indoor_camera_is_refused_without_an_exception():
    indoor = read(law(cameras=[camera(indoor="true")]), convention(), operators())
    excepted = read(law(cameras=[camera(indoor="true", indoor_exception="act 1")]), convention(), operators())
    assert answer(excepted) == YES
    assert answer(indoor) == (Reason.INDOOR_AREA,)


def test_a_camera_gives_only_what_the_annex_says_it_collects_and_why():
    other = [camera(collection_purposes=["urban-security"])]
    assert answer(read(law(cameras=other), convention(), operators())) == (Reason.PURPOSE_NOT_GRANTED,)
    other = [camera(classes=["recorded-video"])]
    assert answer(read(law(cameras=other), convention(), operators())) == (Reason.CLASS_NOT_GRANTED,)


@pytest.mark.requirement("PM-1.2")
def test_traffic_is_watched_live_only_inside_an_event_window():
    documents = deed(clause(window="event"))
    assert answer(documents, window="open") == YES
    assert answer(documents, window="closed") == (Reason.CAMERA_TIME_WINDOW,)


@pytest.mark.requirement("PM-3.1")
def test_recordings_ask_for_one_of_the_grounds():
    documents = deed(
        clause(operations=["recording.view"], classes=["recorded-video"], grounds=["judicial-police-delegated"])
    )
    asked = {"operation": "recording.view", "data_class": "recorded-video"}
    assert answer(documents, **asked, ground="judicial-police-delegated") == YES
    assert answer(documents, **asked) == (Reason.GROUND_MISSING,)
    assert answer(documents, **asked, ground="urban-security-public-order") == (Reason.GROUND_MISSING,)


@pytest.mark.requirement("PM-3.15")
@pytest.mark.parametrize(("limit", "seconds"), [("PT2H", 7200), ("P1D", 86_400), ("P1M", 28 * 86_400), ("PT1M", 60)])
def test_a_span_may_be_as_long_as_the_clause_says_and_not_a_second_longer(limit: str, seconds: int):
    documents = deed(clause(limits={"max_span": limit}))
    assert answer(documents, span_s=seconds) == YES
    assert answer(documents, span_s=seconds + 1) == (Reason.MINIMISATION,)


@pytest.mark.requirement("PM-3.5")
def test_the_log_is_read_by_the_readers_that_the_regulation_names():
    own = clause(
        bodies=["aa"],
        roles=["system-administrator", "auditor"],
        operations=["log.read"],
        classes=["decision-log"],
        purposes=["processing-oversight"],
    )
    documents = read(law(own=[own]))
    asked = {
        "requesting_body": "aa", "operation": "log.read", "data_class": "decision-log",
        "purpose": "processing-oversight", "camera": NONE,
    }  # fmt: skip
    assert answer(documents, **asked, role="system-administrator") == YES
    assert answer(documents, **asked, role="auditor") == (Reason.LOG_READER_NOT_ALLOWED,)


@pytest.mark.parametrize(
    ("retained", "data_class", "expected"),
    [
        ("all-transits", "transit-record", YES),
        ("violations-and-hits", "transit-record", (Reason.CLASS_NOT_GRANTED,)),
        ("violations-and-hits", "plate-hit", YES),
        ("none", "plate-hit", (Reason.CLASS_NOT_GRANTED,)),
    ],
)
def test_transits_that_the_controller_does_not_keep_are_not_granted(retained: str, data_class: str, expected: object):
    hits = camera(classes=["transit-record", "plate-hit"])
    documents = read(
        law(cameras=[hits], configuration={"plates_retain": retained}),
        convention(clause(operations=["plate.search"], classes=["transit-record", "plate-hit"])),
        operators(),
    )
    assert answer(documents, operation="plate.search", data_class=data_class) == expected


@pytest.mark.requirement("PM-3.16", "LEV-6.2", "LEV-33.4", "LEV-32.2")
@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        ("data.modify", Reason.READ_ONLY),
        ("audio.listen", Reason.AUDIO_FORBIDDEN),
        ("biometric.analyse", Reason.BIOMETRIC_NOT_CLEARED),
        ("duplication.bulk", Reason.BULK_DUPLICATION),
        ("data.disseminate", Reason.THIRD_PARTY_DISCLOSURE),
        ("correlation.cross-controller", Reason.CROSS_CONTROLLER_CORRELATION),
    ],
)
def test_what_no_text_may_grant_is_refused_by_its_own_name(operation: str, reason: Reason):
    documents = read(law(operations=["live.view", operation]), convention(), operators())
    assert answer(documents, operation=operation, data_class=NONE) == (reason,)


def test_an_unknown_camera_does_not_pass_for_none():
    listing = clause(operations=["inventory.list"], classes=["camera-inventory"])
    asked = {"operation": "inventory.list", "data_class": "camera-inventory"}
    assert answer(deed(listing), **asked, camera=NONE) == YES
    assert answer(deed(listing), **asked, camera="aa/one") == YES
    assert answer(deed(listing), **asked, camera="aa/unknown") == (Reason.OUTSIDE_TERRITORY,)


def test_an_expired_deed_beside_one_in_force_is_named_when_it_would_have_granted():
    old = convention(id="aa/convention/old", valid_until="2025-02-28")
    new = convention(clause(cameras=["aa/two"]), id="aa/convention/new")
    lists = [operators(id="aa/operator-list/o", under=old["id"]), operators(id="aa/operator-list/n", under=new["id"])]
    documents = read(law(), old, new, *lists)
    assert answer(documents, camera="aa/two") == YES
    assert answer(documents) == (Reason.CONVENTION_EXPIRED, Reason.OUTSIDE_TERRITORY)


def test_a_new_version_replaces_the_old_one_from_its_first_day():
    second = convention(clause(cameras=["aa/two"]), version="2", valid_from="2025-04-01")
    documents = read(law(), convention(), second, operators())
    assert answer(documents, at="2025-03-31T21:59:59.999999Z") == YES
    assert answer(documents, at="2025-03-31T22:00:00.000000Z") == (Reason.OUTSIDE_TERRITORY,)
    assert answer(documents, at="2025-03-31T22:00:00.000000Z", camera="aa/two") == YES


def test_obstacles_that_typed_code_found_stand_beside_what_the_rules_say():
    found = (Reason.OPERATOR_NOT_LISTED, Reason.RETENTION_ELAPSED)
    assert answer(deed(), obstacles=found) == found
    assert answer(deed(), obstacles=found, purpose="urban-security") == (
        Reason.OPERATOR_NOT_LISTED,
        Reason.PURPOSE_NOT_GRANTED,
        Reason.RETENTION_ELAPSED,
    )
    assert answer(deed(), obstacles=(Reason.RESOURCE_UNKNOWN,), camera="aa/unknown") == (Reason.RESOURCE_UNKNOWN,)


def test_only_parties_are_granted_anything_and_never_the_controller_by_its_own_convention():
    assert {rule.requesting_body for rule in rules_of(deed(clause(bodies=["cc", "zz", "aa"])))} == {"cc"}


def test_all_that_allows_comes_from_a_clause_and_carries_its_terms():
    generation = draft(deed(clause(obligations=["mark-view", "no-audio"], limits={"max_cameras": "2"})))
    (rule,) = generation.rules
    terms = generation.terms[rule.clause]
    assert (rule.effect, rule.clause) == (ALLOW, "aa/convention/c@1#1")
    assert terms.article == "art. 1"
    assert terms.sources == ("PM-1.1",)
    assert (terms.mode, terms.regime, terms.max_cameras) == ("autonomous", "led", 2)
    assert terms.obligations == ("mark-view", "no-audio")


def test_of_a_list_and_of_a_notice_the_latest_version_speaks():
    state_police_only = [
        {"purpose": "crime-prevention-repression", "regime": "led", "legal_basis": "law", "org_types": ["state-police"]}
    ]
    bounds = law(purposes=state_police_only)
    first, second = operators(org_type="municipality"), operators(version="2")
    assert answer(read(bounds, convention(), first)) == (Reason.PURPOSE_NOT_GRANTED,)
    assert answer(read(bounds, convention(), first, second)) == YES
    soon, later = notice(effective="2025-04-01T00:00:00.000000Z"), notice(version="2")
    assert answer([*deed(), *read(soon)]) == (Reason.CONVENTION_SUSPENDED,)
    assert answer([*deed(), *read(soon, later)]) == YES


def test_a_body_of_two_types_is_entitled_only_where_both_are():
    lists = [operators(), operators(id="aa/operator-list/second", org_type="municipality")]
    types = {"regime": "led", "legal_basis": "law"}
    both = {"purpose": "crime-prevention-repression", "org_types": ["state-police", "municipality"], **types}
    one = {"purpose": "urban-security", "org_types": ["state-police"], **types}
    asking = clause(purposes=["crime-prevention-repression", "urban-security"])
    documents = read(law(purposes=[both, one]), convention(asking), *lists)
    assert answer(documents) == YES
    assert answer(documents, purpose="urban-security") == (Reason.PURPOSE_NOT_GRANTED,)


def nearest(documents: list[AnyDocument], **asked: Any) -> tuple[str, ...]:
    question = facts(**asked)
    return nearest_clauses(rules_of(documents), question)


def test_the_nearest_clauses_are_those_that_speak_against_else_those_that_fit_longest():
    documents = deed(
        clause("1"),
        clause("2", operations=["recording.view"], classes=["recorded-video"]),
        clause("3", purposes=["urban-security"], cameras=["aa/two"]),
    )
    assert nearest(documents, camera="aa/two") == ("aa/convention/c@1#1",)
    assert nearest(documents, camera="aa/two", purpose="urban-security") == ("aa/convention/c@1#3",)
    assert nearest(documents, purpose="live-traffic-flow") == ("aa/convention/c@1#1", "aa/convention/c@1#3")
    assert nearest(documents, data_class="recorded-video", operation="recording.view", role="dpo") == (
        "aa/convention/c@1#2",
    )
    stopped = [*documents, *read(notice())]
    asked = {"at": "2025-06-01T00:00:00.000000Z"}
    assert nearest(stopped, **asked) == ("aa/notice/suspension@1#suspension",)
    assert nearest(stopped, at="2025-05-31T23:59:59.999999Z") == ("aa/convention/c@1#1",)
    assert nearest(documents, at="2027-01-01T00:00:00.000000Z") == ("aa/convention/c@1#1",)
    assert nearest([]) == ()


def test_what_two_deeds_grant_is_closed_by_the_suspension_of_either():
    second = convention(id="aa/convention/second")
    documents = [*deed(), *read(second, operators(id="aa/operator-list/s", under=second["id"]))]
    asked = {"at": "2025-06-15T00:00:00.000000Z"}
    assert answer(documents, **asked) == YES
    assert answer([*documents, *read(notice())], **asked) == (Reason.CONVENTION_SUSPENDED,)
