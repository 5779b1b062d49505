"""Who must sign what, kind by kind, and that nobody else can."""

from datetime import timedelta

import pytest

from conventions import schema
from conventions.faults import Fault, FaultKind
from conventions.register import EMPTY, Register
from conventions.signers import TABLE
from conventions.spans import instant
from conventions.terms import DocumentKind, Role
from conventions.trust_set import Anchor, TrustSet
from conventions.verification import verify
from tests.conventions.town import NOW, changed, text, verified

DEED = "c_g917/convention/carabinieri"
MAYOR, COMMANDER = ("c_g917", Role.MAYOR), ("c_g917", Role.PL_COMMANDER)
FORCE = "carabinieri-mantova"


def notice(act, by, role, *, at_utc=NOW, slug="n1", on=DEED, **members):
    return {
        "format": "varco-document/1",
        "kind": "notice",
        "id": f"c_g917/notice/{slug}",
        "version": "1",
        "title": "Comunicazione",
        "valid_from": "2026-01-01",
        "on": on,
        "act": act,
        "by": by,
        "signs_as": role.value,
        "reason": "violazione accertata",
        "effective_from": instant(at_utc),
        **members,
    }


def refusal(town, register, plain, *signers) -> FaultKind:
    with pytest.raises(Fault) as caught:
        verified(town, register, town.signed(plain, *signers))
    return caught.value.kind


def test_every_kind_that_the_schema_reads_has_its_row():
    kinds = {kind.model_fields["kind"].annotation.__args__[0] for kind in schema.AnyDocument.__args__}
    assert set(TABLE) == kinds
    assert set(DocumentKind) - kinds == {DocumentKind.ACCESSION, DocumentKind.PARTICIPATION}


@pytest.mark.requirement("PM-6.4")
@pytest.mark.parametrize("who", [MAYOR, COMMANDER], ids=["mayor", "commander"])
def test_those_whom_the_convention_names_suspend(town, register, who):
    plain = notice("suspension", *who)
    assert verified(town, register, town.signed(plain, who)).document.act == "suspension"


@pytest.mark.requirement("PM-6.4")
def test_nobody_else_suspends(town, register):
    partner = (FORCE, Role.PARTNER_SIGNATORY)
    dpo = ("c_g917", Role.DPO)
    for who in (partner, dpo):
        assert refusal(town, register, notice("suspension", *who), who) is FaultKind.DOCUMENT_CONTRADICTORY


def test_a_suspension_signed_by_another_role_than_it_says(town, register):
    assert refusal(town, register, notice("suspension", *MAYOR), COMMANDER) is FaultKind.SIGNATURE_MISSING


def test_a_suspension_of_a_deed_nobody_knows(town, register):
    plain = notice("suspension", *MAYOR, on="c_g917/convention/ignota")
    assert refusal(town, register, plain, MAYOR) is FaultKind.DOCUMENT_UNKNOWN


@pytest.mark.requirement("PM-6.3")
def test_either_party_withdraws_by_its_signatory(town, register):
    for who in (MAYOR, (FORCE, Role.PARTNER_SIGNATORY)):
        assert verified(town, register, town.signed(notice("withdrawal", *who), who))


@pytest.mark.requirement("PM-6.4")
def test_only_the_controller_withdraws_unilaterally(town, register):
    partner = (FORCE, Role.PARTNER_SIGNATORY)
    assert verified(town, register, town.signed(notice("unilateral-withdrawal", *MAYOR), MAYOR))
    assert refusal(town, register, notice("unilateral-withdrawal", *partner), partner) is (
        FaultKind.DOCUMENT_CONTRADICTORY
    )


def suspended(town, register) -> Register:
    raw = town.signed(notice("suspension", *MAYOR), MAYOR)
    return register.published(verified(town, register, raw), NOW)


def test_a_suspension_is_ended_by_its_own_body(town, register):
    after = suspended(town, register)
    end = notice("suspension-end", *COMMANDER, slug="n2", ends="c_g917/notice/n1")
    assert verified(town, after, town.signed(end, COMMANDER))


def test_an_end_that_names_no_suspension(town, register):
    after = suspended(town, register)
    for ends in ("c_g917/notice/other", "c_g917/event-window/fiera"):
        end = notice("suspension-end", *MAYOR, slug="n2", ends=ends)
        assert refusal(town, after, end, MAYOR) is FaultKind.DOCUMENT_CONTRADICTORY


@pytest.mark.requirement("PM-1.2")
def test_a_window_is_opened_by_the_town_or_by_the_partners_responsible(town, register):
    plain = text(town, "c_g917/event-window/fiera")
    partner = (FORCE, Role.PARTNER_RESPONSIBLE)
    theirs = changed(plain, id="c_g917/event-window/w2", opened_by=FORCE, signs_as="partner-responsible")
    assert verified(town, register, town.signed(changed(plain, version="2")))
    assert verified(town, register, town.signed(theirs, partner))


def test_a_window_by_a_force_without_a_deed_for_it(town, register):
    who = ("carabinieri-novara", Role.PARTNER_RESPONSIBLE)
    plain = changed(text(town, "c_g917/event-window/fiera"), opened_by=who[0], signs_as="partner-responsible")
    wide = TrustSet((Anchor(town.bodies.certificate, frozenset({who[0]}), "installation"),))
    with pytest.raises(Fault, match="no deed lets carabinieri-novara open a window"):
        verify(town.signed(plain, who), wide, NOW, known=register)


def test_a_window_opened_by_an_operator(town, register):
    plain = changed(text(town, "c_g917/event-window/fiera"), opened_by=FORCE, signs_as="partner-operator")
    assert refusal(town, register, plain, (FORCE, Role.PARTNER_OPERATOR)) is FaultKind.DOCUMENT_CONTRADICTORY


@pytest.mark.requirement("PM-2.2")
def test_a_list_is_signed_by_the_body_whose_staff_it_is(town, register):
    plain = changed(text(town, "c_g917/operator-list/carabinieri"), version="2")
    assert verified(town, register, town.signed(plain, (FORCE, Role.PARTNER_RESPONSIBLE)))
    assert refusal(town, register, plain, MAYOR) is FaultKind.SIGNATURE_MISSING
    assert refusal(town, register, plain, (FORCE, Role.PARTNER_OPERATOR)) is FaultKind.SIGNATURE_MISSING


def test_own_staff_is_listed_by_the_towns_own_heads(town, register):
    plain = changed(text(town, "c_g917/operator-list/comune"), version="2")
    assert verified(town, register, town.signed(plain, COMMANDER))
    assert refusal(town, register, plain, ("c_g917", Role.SYSTEM_ADMINISTRATOR)) is FaultKind.SIGNATURE_MISSING


@pytest.mark.requirement("MC-3.3a")
def test_an_opinion_is_the_dpos_and_that_none_came_is_the_controllers(town, register):
    plain = changed(text(town, "c_g917/dpo-opinion/carabinieri"), version="2")
    silent = changed(plain, outcome="not-given-in-time")
    dpo = ("c_g917", Role.DPO)
    assert verified(town, register, town.signed(plain, dpo))
    assert refusal(town, register, plain, MAYOR) is FaultKind.SIGNATURE_MISSING
    assert verified(town, register, town.signed(silent, MAYOR))
    assert refusal(town, register, silent, dpo) is FaultKind.SIGNATURE_MISSING


def test_trust_is_the_installations(town, register):
    plain = changed(text(town, "installation/trust/dimostrazione"), version="2")
    assert verified(town, register, town.signed(plain, ("installation", Role.SYSTEM_ADMINISTRATOR)))
    assert refusal(town, register, plain, ("installation", Role.PARTNER_OPERATOR)) is FaultKind.SIGNATURE_MISSING
    assert refusal(town, register, plain, MAYOR) is FaultKind.SIGNATURE_MISSING


def test_nothing_is_believed_without_a_trust_document(town):
    assert refusal(town, EMPTY, text(town, "c_g917/regulation/videosorveglianza")) is FaultKind.SIGNER_NOT_TRUSTED


@pytest.mark.requirement("MC-2.1")
def test_a_framework_is_signed_by_all_its_members(town, register):
    plain = changed(text(town, "c_e783/framework-protocol/targhe-intercomunali"), version="2")
    everyone = [(party["body"], Role.MAYOR) for party in plain["parties"]]
    assert verified(town, register, town.signed(plain, *everyone))
    for absent in range(len(everyone)):
        rest = everyone[:absent] + everyone[absent + 1 :]
        assert refusal(town, register, plain, *rest) is FaultKind.SIGNATURE_MISSING


@pytest.mark.requirement("MC-2.3")
def test_the_coordinator_alone_decides_for_nobody(town, register):
    plain = changed(text(town, "c_e783/framework-protocol/targhe-intercomunali"), version="2")
    assert refusal(town, register, plain, ("c_e783", Role.MAYOR)) is FaultKind.SIGNATURE_MISSING


def test_a_towns_trust_document_vouches_in_its_own_documents_only(town, register):
    """Porto Mantovano names an authority for Levanto: it must not open Levanto."""
    evil = town.__class__(town.root, town.root)
    anchor = {"name": "x", "bodies": ["c_e542", "c_g917", FORCE], "certificate_pem": town.root.certificate_pem}
    trust = {
        "format": "varco-document/1",
        "kind": "trust",
        "id": "c_g917/trust/proprio",
        "version": "1",
        "title": "Fiducia",
        "valid_from": "2026-01-01",
        "anchors": [anchor],
    }
    after = register.published(verified(town, register, town.signed(trust, MAYOR)), NOW)
    theirs = changed(text(town, "c_e542/regulation/videosorveglianza"), version="2")
    with pytest.raises(Fault) as caught:
        verified(town, after, evil.signed(theirs))
    assert caught.value.kind is FaultKind.SIGNER_NOT_TRUSTED
    own = changed(text(town, "c_g917/operator-list/carabinieri"), version="2")
    assert verified(town, after, evil.signed(own, (FORCE, Role.PARTNER_SIGNATORY)))


def test_an_enforcement_point_of_another_controller(town, register):
    trust = changed(text(town, "installation/trust/dimostrazione"), id="c_g917/trust/proprio", issuers=[], anchors=[])
    point = {
        "client_id": "x",
        "controller": "c_e542",
        "name": "x",
        "public_jwk": "{}",
        "operations": ["live.view"],
    }
    assert refusal(town, register, changed(trust, enforcement_points=[point]), MAYOR) is (
        FaultKind.DOCUMENT_CONTRADICTORY
    )


def test_a_towns_issuer_vouches_for_the_town_only(town, register):
    plain = text(town, "installation/trust/dimostrazione")
    trust = changed(plain, id="c_g917/trust/proprio", anchors=[])
    trust = {name: value for name, value in trust.items() if name != "enforcement_points"}
    assert refusal(town, register, changed(trust, issuers=plain["issuers"]), MAYOR) is FaultKind.DOCUMENT_CONTRADICTORY
    own = {**plain["issuers"][0], "bodies": ["c_g917"]}
    assert verified(town, register, town.signed(changed(trust, issuers=[own]), MAYOR))


def test_a_window_over_before_it_is_published_is_still_verified(town, register):
    """A window that has closed is history, not a fault: its term is inside, not the document's."""
    plain = changed(text(town, "c_g917/event-window/fiera"), version="2", ends=instant(NOW - timedelta(seconds=1)))
    plain = changed(plain, starts=instant(NOW - timedelta(hours=1)))
    assert verified(town, register, town.signed(plain))
