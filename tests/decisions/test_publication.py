"""A contradiction is met before anybody signs: it names the clause, and nothing is published."""

from typing import Any

import pytest

from conventions.faults import Fault, FaultKind
from conventions.schema import AnyDocument
from policies.publication import compile_document
from tests.decisions.made import agreement, clause, convention, framework, notice, operators, party, read
from tests.decisions.made import regulation as law


def refused(document: dict[str, Any], *known: dict[str, Any]) -> tuple[FaultKind, str, str]:
    with pytest.raises(Fault) as raised:
        compile_document(*read(document), read(*(known or (law(),))))
    return raised.value.kind, raised.value.where, raised.value.detail


def known() -> list[AnyDocument]:
    return read(law(), operators())


def test_a_sound_convention_compiles_to_one_bundle():
    (bundle,) = compile_document(*read(convention()), known())
    assert (bundle.document, bundle.version) == ("aa/convention/c", 1)
    assert [rule.effect for rule in bundle.rules] == ["allow"]


@pytest.mark.requirement("BEL-PR.2")
def test_a_clause_that_asks_an_excluded_purpose_is_rejected_by_name():
    without = [entry for entry in law()["purposes"] if entry["purpose"] != "crime-prevention-repression"]
    excluding = law(purposes=without, purposes_excluded=["crime-prevention-repression"])
    assert refused(convention(clause("4")), excluding) == (
        FaultKind.DOCUMENT_CONTRADICTORY,
        "clauses.0",
        "clause 4: the regulation excludes the purpose crime-prevention-repression",
    )


@pytest.mark.requirement("MC-P.3")
def test_a_purpose_without_a_regime_does_not_compile():
    kind, where, detail = refused(convention(clause("1"), clause("2", purposes=["waste-control"])))
    assert (kind, where) == (FaultKind.DOCUMENT_CONTRADICTORY, "clauses.1")
    assert detail == "clause 2: the regulation gives the purpose waste-control no regime"


@pytest.mark.requirement("MC-P.3", "LEV-5.1")
def test_a_regime_or_a_purpose_outside_the_vocabulary_is_not_even_read():
    for purpose in ({"purpose": "marketing", "regime": "gdpr"}, {"purpose": "urban-security"}):
        with pytest.raises(Fault) as raised:
            read(law(purposes=[{"legal_basis": "law", "org_types": ["municipality"], **purpose}]))
        assert raised.value.kind in (FaultKind.VOCABULARY_UNKNOWN, FaultKind.DOCUMENT_MALFORMED)


@pytest.mark.requirement("LEV-21.1", "LEV-14.1")
@pytest.mark.parametrize("operation", ["*", "any", "live.*", "face.recognise"])
def test_a_wildcard_or_an_unknown_operation_is_not_a_word(operation: str):
    with pytest.raises(Fault) as raised:
        read(convention(clause(operations=[operation])))
    assert raised.value.kind is FaultKind.VOCABULARY_UNKNOWN


@pytest.mark.requirement("LEV-14.1")
@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"operations": ["ptz.control"]}, "the regulation does not list the operation ptz.control"),
        ({"operations": ["data.modify"]}, "no text may grant data.modify"),
        ({"operations": ["recording.view"]}, "recording.view touches none of the classes named"),
        ({"cameras": ["aa/three"]}, "the camera aa/three is not in the annex"),
        ({"cameras": ["bb/one"]}, "bb/one belongs to no controller of this deed"),
        ({"bodies": ["zz"]}, "zz is no party"),
    ],
)
def test_what_a_clause_asks_in_vain_is_named(asked: dict[str, Any], says: str):
    assert refused(convention(clause("7", **asked)))[1:] == ("clauses.0", f"clause 7: {says}")


@pytest.mark.requirement("BEL-1.2")
def test_no_live_grant_compiles_where_media_only_are_handed_over():
    detail = refused(convention(), law(configuration={"police_access": "media-only"}))[2]
    assert detail == "clause 1: this controller hands over media only, not live.view"


@pytest.mark.requirement("MC-1.1a")
def test_a_pool_that_asks_for_video_is_rejected():
    video = clause(operations=["live.view"], classes=["live-video"])
    assert refused(agreement(video), law(), law("bb"))[2] == "clause 1: a pool holds transits only, not live-video"


def test_a_convention_rests_on_a_published_regulation():
    assert refused(convention(), law("bb"))[1] == "rests_on"
    assert refused(convention(), law(state="adopted"))[1] == "rests_on"


def test_the_regulations_own_clauses_are_held_to_it():
    own = clause("9", bodies=["aa"], purposes=["waste-control"])
    assert refused(law(own=[own]))[1:] == (
        "own.0",
        "clause 9: the regulation gives the purpose waste-control no regime",
    )


@pytest.mark.requirement("MC-2.1")
@pytest.mark.parametrize("document", [framework(), operators(), notice()])
def test_kinds_that_grant_nothing_compile_to_nothing(document: dict[str, Any]):
    assert compile_document(*read(document), known()) == ()


def test_a_deed_of_several_controllers_is_held_to_each_regulation():
    both = convention(
        clause(cameras=["aa/one", "bb/one"]), parties=[party("aa"), party("bb"), party("cc")], controllers=["aa", "bb"]
    )
    assert len(compile_document(*read(both), read(law(), law("bb"), operators()))[0].rules) == 2
    assert refused(both, law(), law("bb", operations=["log.read"]))[2].endswith("does not list the operation live.view")
