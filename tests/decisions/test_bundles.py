"""Bundles are what their digest says; a generation is the sorted list of them; nothing stored is trusted blindly."""

import json

import pytest

from conventions.faults import Fault, FaultKind
from conventions.terms import Operation
from conventions.verified import VerifiedDocument
from policies.bundle import load, stored
from policies.engine import Engine
from policies.facts import padded_s
from policies.generator import draft, generate
from policies.operations import CLASSES, NEVER_COMPILED, class_of, concerns_camera, opens_cameras
from policies.publication import compile_document
from policies.rules import COLUMNS
from tests import oracle
from tests.conventions.town import new_town, publish_all
from tests.decisions import made
from tests.decisions.made import facts

DEED = made.read(made.regulation(), made.convention(), made.operators(), made.notice())


@pytest.fixture(scope="module")
def published() -> tuple[VerifiedDocument, ...]:
    """The demonstration documents, signed and verified for real."""
    return tuple(publish_all(new_town()))


def test_a_stored_bundle_comes_back_equal():
    for bundle in draft(DEED).bundles:
        again = load(json.loads(json.dumps(stored(bundle))))
        assert (again.rules, again.terms, again.digest) == (bundle.rules, bundle.terms, bundle.digest)


@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_a_stored_bundle_of_which_one_column_was_changed_is_refused(column: int):
    (bundle,) = (bundle for bundle in draft(DEED).bundles if bundle.rules)
    plain = json.loads(json.dumps(stored(bundle)))
    plain["rules"][0][column] += "x"
    with pytest.raises(Fault) as raised:
        load(plain)
    assert raised.value.kind is FaultKind.POLICY_UNAVAILABLE


@pytest.mark.parametrize(
    "change", [{"format": "varco-bundle/2"}, {"rules": [["one"]]}, {"rules": [[1] * 18]}, {"terms": 1}]
)
def test_a_stored_bundle_of_another_form_is_refused(change: dict[str, object]):
    with pytest.raises(Fault) as raised:
        load({**stored(draft(DEED).bundles[0]), **change})
    assert raised.value.kind is FaultKind.POLICY_UNAVAILABLE


def test_generating_again_carries_over_what_is_the_same_and_gives_the_same(published: tuple[VerifiedDocument, ...]):
    first = generate(published)
    again = generate(published, first)
    assert again == first
    assert all(mine is theirs for mine, theirs in zip(again.bundles, first.bundles, strict=True))
    fewer = [found for found in published if found.id != "c_g917/operator-list/carabinieri"]
    assert generate(fewer, first).digest == generate(fewer).digest != first.digest


def test_every_text_of_the_demonstration_compiles_beside_the_others(published: tuple[VerifiedDocument, ...]):
    known = [found.document for found in published]
    rules = [len(bundle.rules) for document in known for bundle in compile_document(document, known)]
    assert sum(rules) == sum(len(bundle.rules) for bundle in generate(published).bundles)


@pytest.mark.requirement("MC-2.1")
def test_the_members_of_the_framework_protocol_have_nothing(published: tuple[VerifiedDocument, ...]):
    assert not [rule for rule in generate(published).rules if rule.controller in ("c_e783", "comune-inventato-colle")]


def test_an_engine_keeps_the_slices_of_pairs_that_did_not_change():
    second_town = [*DEED, *made.read(made.regulation("bb", own=[made.clause(bodies=["bb"], cameras=["bb/one"])]))]
    engine = Engine(draft(DEED))
    engine.ask(facts())
    later = Engine(draft(second_town), engine)
    assert [id(slice_) for slice_ in later._slices.values()] == [id(slice_) for slice_ in engine._slices.values()]
    changed = Engine(draft(DEED[:-1]), later)
    assert not changed._slices
    assert changed.ask(facts(at="2025-06-15T00:00:00.000000Z")).allowed
    assert not engine.ask(facts(at="2025-06-15T00:00:00.000000Z")).allowed


def test_every_operation_has_its_classes_or_is_refused_by_name():

    assert set(CLASSES) | set(NEVER_COMPILED) == set(Operation)
    assert not set(CLASSES) & set(NEVER_COMPILED)
    assert all(CLASSES.values())


def test_the_oracles_table_says_the_same_as_the_engines():
    for operation, classes in oracle.CLASSES_OF.items():
        told_apart = {*oracle.FILMED, *oracle.LOGS, "camera-inventory", "extraction-copy"}
        held = {str(word) for word in CLASSES[operation]} & told_apart
        assert held == classes, operation
        assert opens_cameras(operation) == (operation in oracle.NAMES_CAMERAS)
        assert concerns_camera(operation) == (operation not in oracle.NEEDS_NO_CAMERA)


def test_a_question_touches_the_special_class_of_the_camera():
    (document,) = made.read(made.regulation(cameras=[made.camera(classes=["live-video", "school-footage"])]))
    (entry,) = document.cameras
    assert class_of("live.view", entry) == "school-footage"
    assert class_of("live.view", None) == "live-video"
    assert class_of("plate.search", entry) == "transit-record"
    assert class_of("data.modify", entry) == "none"


@pytest.mark.parametrize("seconds", [-1, 10**10])
def test_a_length_that_does_not_fit_its_form_has_none(seconds: int):
    with pytest.raises(ValueError, match="a length"):
        padded_s(seconds)
