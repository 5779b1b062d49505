"""What a lawyer would send back. Each test changes one thing in a text that is otherwise clean."""

from string import Formatter

import pytest

from conventions import demo, lint_regulation
from conventions.findings import CATALOGUE
from conventions.lint import blocks, lint, says_something
from conventions.register import EMPTY
from conventions.schema import parse
from tests.conventions.test_register import agreement
from tests.conventions.test_signers import DEED
from tests.conventions.town import NOW, changed, digest, text, texts

REGULATION = "c_g917/regulation/videosorveglianza"
LEVANTO = "c_e542/regulation/videosorveglianza"
FRAMEWORK = "c_e783/framework-protocol/targhe-intercomunali"


def codes(plain, register, *, sha256="") -> set[str]:
    return {each.code for each in lint(parse(plain), register, sha256=sha256)}


def found(code, plain, register, **options):
    matching = [each for each in lint(parse(plain), register, **options) if each.code == code]
    assert matching, codes(plain, register)
    return matching[0]


@pytest.fixture(scope="module")
def deed(town):
    return text(town, DEED)


def with_clause(plain, **members):
    return changed(plain, clauses=[{**plain["clauses"][4], **members}])


def with_section(plain, **members):
    return changed(plain, sections={**plain["sections"], **members})


def test_the_demonstration_documents_may_be_published(town, register):
    for each in texts(town):
        assert not blocks(lint(parse(each.plain), register, sha256=digest(each.plain))), each.id


@pytest.mark.requirement("BEL-PR.2")
def test_an_excluded_purpose_is_sent_back_with_its_clause(register):
    """Scenario S4, step 1."""
    draft = next(each.plain for each in demo.drafts(NOW) if each.id.startswith("c_a752"))
    finding = found("purpose-excluded", draft, register)
    assert finding.severity == "error"
    assert finding.row == "BEL-PR.2"
    assert finding.where == "clauses.0.purposes"
    assert "clausola 1" in finding.message_it
    assert "public-order-security" in finding.message_en


@pytest.mark.requirement("BEL-1.2")
def test_where_police_get_media_only_no_partner_looks_on(register):
    draft = next(each.plain for each in demo.drafts(NOW) if each.id.startswith("c_a752"))
    finding = found("media-only", draft, register)
    assert (finding.row, finding.severity) == ("BEL-1.2", "error")


@pytest.mark.requirement("MC-P.3")
def test_a_purpose_without_regime_is_sent_back_with_its_clause(deed, register):
    finding = found("purpose-without-regime", with_clause(deed, purposes=["waste-control"]), register)
    assert (finding.row, finding.severity) == ("MC-P.3", "error")
    assert deed["clauses"][4]["number"] in finding.message_it


@pytest.mark.requirement("PM-1.4")
def test_a_purpose_of_another_type_of_body(deed, register):
    assert "org-type" in codes(with_clause(deed, purposes=["processing-oversight"]), register)
    assert "org-type" not in codes(with_clause(deed, purposes=["public-order-security"]), register)


@pytest.mark.requirement("LEV-22.2")
def test_a_camera_that_is_not_in_the_annex(deed, register):
    assert "camera-not-listed" in codes(with_clause(deed, cameras=["c_g917/ignota"]), register)
    assert "camera-not-listed" not in codes(with_clause(deed, cameras=["c_g917/piazza"]), register)


@pytest.mark.requirement("LEV-14.1")
def test_an_operation_outside_the_regulation(deed, register):
    assert found("operation-outside", with_clause(deed, operations=["drone.mission"]), register).severity == "error"


@pytest.mark.requirement("PM-P.2")
@pytest.mark.parametrize("empty", ["-", ".", "n/a", "N.D.", "omissis", "da definire", "  x ", "…"])
@pytest.mark.parametrize("section", ["security_measures", "purposes", "conditions", "necessity", "court"])
def test_an_empty_section(deed, register, section, empty):
    """Scenario S7, step 1."""
    finding = found("says-nothing", with_section(deed, **{section: empty}), register)
    assert finding.where == f"sections.{section}"
    assert finding.severity == "error"


def test_a_section_that_says_something(deed, register):
    assert "says-nothing" not in codes(with_section(deed, fee="Nulla è dovuto."), register)


@pytest.mark.requirement("PM-6.5")
def test_a_notice_address_that_is_none(deed, register):
    parties = [deed["parties"][0], {**deed["parties"][1], "notice_address": "-"}]
    finding = found("says-nothing", changed(deed, parties=parties), register)
    assert (finding.row, finding.where) == ("PM-6.5", "parties.1.notice_address")


@pytest.mark.requirement("MC-2.2")
def test_an_annex_without_a_protocol_number(town, register):
    plain = text(town, FRAMEWORK)
    annexes = [{**plain["annexes"][0], "protocol": "-"}]
    finding = found("says-nothing", changed(plain, annexes=annexes), register)
    assert (finding.row, finding.where) == ("MC-2.2", "annexes.0.protocol")


def test_a_letter_of_another_alphabet(deed, register):
    finding = found("foreign-letter", changed(deed, title="Convеnzione"), register)  # noqa: RUF001 (what it finds)
    assert "cyrillic" in finding.message_it


def test_limits_are_missed_not_required(deed, register):
    assert found("limits-absent", with_clause(deed, limits={}), register).severity == "warning"


@pytest.mark.requirement("MC-3.3a")
def test_an_opinion_must_be_about_this_very_text(deed, register):
    sha256 = digest(deed)
    assert not codes(deed, register, sha256=sha256) & {"opinion-missing", "opinion-awaited"}
    assert found("opinion-missing", deed, register, sha256="0" * 64).severity == "error"
    assert "opinion-missing" in codes(changed(deed, version="2"), register, sha256=sha256)
    assert found("opinion-awaited", changed(deed, version="2"), register).severity == "warning"


def test_without_its_regulation_a_convention_says_nothing(deed):
    assert "regulation-unknown" in codes(deed, EMPTY)


@pytest.mark.requirement("PM-6.1")
def test_a_deed_states_its_term(deed, register):
    assert "term-missing" in codes({name: deed[name] for name in deed if name != "valid_until"}, register)
    assert "term-reversed" in codes(changed(deed, valid_until="2020-01-01"), register)


@pytest.mark.requirement("PM-6.2")
def test_a_deed_that_renews_declares_its_notice(deed, register):
    undeclared = {name: deed[name] for name in deed if name != "notice_counts_from"}
    assert "notice-undeclared" in codes(undeclared, register)
    assert "notice-too-long" in codes(changed(deed, notice_period="P2Y"), register)


@pytest.mark.requirement("MC-4.1")
def test_a_framework_lasts_two_years_and_does_not_renew(town, register):
    plain = text(town, FRAMEWORK)
    longer = changed(plain, valid_until=f"{int(plain['valid_until'][:4]) + 1}-12-31")
    assert "framework-too-long" in codes(longer, register)
    assert "framework-renews" in codes(changed(plain, renewal="auto-same-term"), register)
    assert not {"framework-too-long", "framework-renews"} & codes(plain, register)


@pytest.mark.requirement("MC-1.1a")
@pytest.mark.requirement("MC-1.1b")
def test_an_implementing_agreement_pools_transits_among_police(town, register):
    plain = agreement(town)
    video = changed(plain, clauses=[{**plain["clauses"][0], "classes": ["live-video"], "bodies": ["c_e542"]}])
    assert "transits-only" in codes(video, register)
    assert "not-police" in codes(video, register)
    assert "transits-only" not in codes(plain, register)
    assert "protocol-unknown" in codes(changed(plain, implements="c_e783/framework-protocol/altro"), register)


# Regulations.


def configured(town, **members):
    plain = text(town, LEVANTO)
    kept = {name: value for name, value in plain["configuration"].items() if members.get(name, "") is not None}
    return changed(plain, configuration={**kept, **{name: value for name, value in members.items() if value}})


@pytest.mark.requirement("LEV-32.5")
def test_180_days_are_not_six_months(town, register):
    """Scenario S8, step 6: six calendar months last 181 to 184 days."""
    finding = found("log-too-short", configured(town, log_online="P180D", log_archive_min=None), register)
    assert finding.severity == "error"
    assert "184 giorni" in finding.message_it
    assert "fino a 4 giorni" in finding.message_it


@pytest.mark.requirement("LEV-32.5")
@pytest.mark.parametrize("kept", ["P6M", "P184D", "P1Y", "P6M1D"])
def test_what_reaches_six_months_from_any_day(town, register, kept):
    assert "log-too-short" not in codes(configured(town, log_online=kept, log_archive_min=None), register)


@pytest.mark.requirement("LEV-32.5")
@pytest.mark.parametrize("kept", ["P183D", "P5M30D", "PT4000H", None])
def test_what_does_not(town, register, kept):
    assert "log-too-short" in codes(configured(town, log_online=kept, log_archive_min=None), register)


def test_a_signed_archive_reaches_the_minimum(town, register):
    assert "log-too-short" not in codes(configured(town, log_online="P180D", log_archive_min="P12M"), register)
    purged = configured(town, log_online="P180D", log_archive_min="P12M", log_end_of_life="purge-with-digest")
    assert "log-too-short" in codes(purged, register)


def test_six_months_last_181_to_184_days():
    assert lint_regulation.days_between("P6M") == (181, 184)
    assert lint_regulation.days_between("P1Y") == (365, 366)
    assert lint_regulation.days_between("PT25H") == (1, 2)


@pytest.mark.parametrize("name", ["quota_plate_searches_per_hour", "quota_recording_s_per_day"])
def test_a_quota_that_nothing_enforces_is_not_promised(town, register, name):
    assert found("quota-without-effect", configured(town, **{name: "120"}), register).row == "PM-3.19"


def test_images_without_a_retention(town, register):
    assert found("retention-absent", configured(town, retention_images=None), register).row == "D-04"


def test_a_camera_for_a_purpose_the_regulation_does_not_know(town, register):
    plain = text(town, REGULATION)
    cameras = [{**plain["cameras"][0], "collection_purposes": ["aerial-capture"], "province": "it:001"}]
    assert {"collection-purpose", "territory-mismatch"} <= codes(changed(plain, cameras=cameras), register)


def test_a_level_beyond_the_regulation(town, register):
    plain = text(town, REGULATION)
    levels = [{**plain["levels"][0], "operations": ["biometric.analyse"]}]
    assert "level-outside" in codes(changed(plain, levels=levels), register)


def test_a_calendar_that_is_not_there_and_one_that_shuts_nothing(town, register):
    assert "calendar-unknown" in codes(text(town, REGULATION), EMPTY)
    plain = text(town, "c_g917/calendar/scuola")
    assert "never-open" in codes({name: plain[name] for name in plain if name != "opening"}, register)
    overnight = changed(plain, opening=[{"days": ["mon"], "opens": "22:00", "closes": "06:00"}])
    assert "overnight" in codes(overnight, register)


# People.


@pytest.fixture(scope="module")
def listing(town):
    return text(town, "c_g917/operator-list/carabinieri")


def with_person(plain, **members):
    return changed(plain, persons=[{**plain["persons"][0], **members}])


@pytest.mark.requirement("PM-2.3")
def test_a_level_nobody_defined(listing, register):
    assert "level-unknown" in codes(with_person(listing, level="Z9"), register)


@pytest.mark.requirement("PM-2.7")
def test_one_sign_in_for_two_persons(listing, register, town):
    taken = text(town, "c_g917/operator-list/comune")["persons"][0]
    plain = with_person(listing, issuer=taken["issuer"], subject=taken["subject"])
    assert found("credential-twice", plain, register).severity == "error"


def test_an_issuer_that_nobody_trusts_for_this_body(listing, register):
    assert "issuer-not-trusted" in codes(with_person(listing, issuer="https://example.org"), register)
    assert "issuer-not-trusted" not in codes(listing, register)


@pytest.mark.requirement("PM-2.2")
def test_a_list_under_a_deed_that_is_not_its_own(listing, register):
    assert "deed-unknown" in codes(changed(listing, under="c_g917/convention/ignota"), register)
    assert "not-a-party" in codes(changed(listing, under="c_g917/convention/polizia-locale"), register)
    assert "not-a-party" in codes(changed(listing, under=REGULATION), register)


@pytest.mark.requirement("PM-2.4")
def test_an_act_for_a_person_on_no_list(town, register):
    plain = text(town, "c_g917/appointment-act/cc-op-101")
    assert "person-not-listed" in codes(changed(plain, person="carabinieri-mantova/op-999"), register)
    assert "act-operation" in codes(changed(plain, operations=["drone.mission"]), register)
    assert "camera-not-listed" in codes(changed(plain, cameras=["c_g917/ignota"]), register)
    assert "says-nothing" in codes(changed(plain, number="-"), register)


@pytest.mark.requirement("PM-1.2")
def test_a_window_is_not_a_season(town, register):
    plain = text(town, "c_g917/event-window/fiera")
    season = changed(plain, starts="2026-05-01T00:00:00.000000Z", ends="2026-09-01T00:00:00.000000Z")
    assert found("window-long", season, register).severity == "warning"
    assert "camera-not-listed" in codes(changed(plain, cameras=["c_g917/ignota"]), register)


def test_an_opinion_about_what_nobody_knows(town, register):
    plain = text(town, "c_g917/dpo-opinion/carabinieri")
    assert "about-unknown" in codes(changed(plain, on="c_g917/convention/ignota"), register)


# The catalogue.


def test_every_finding_says_the_same_in_both_languages():
    """The values that one language fills in, the other does too, but for the Italian word itself."""

    def values(*texts):
        return {name for each in texts for _, name, _, _ in Formatter().parse(each) if name}

    words = {"italian", "purpose", "operation", "data_class", "where"}
    for code, entry in CATALOGUE.items():
        assert values(entry.it) - words == values(entry.en) - words, code
        assert values(entry.mend) - words == values(entry.mend_en) - words, code


@pytest.mark.parametrize(("given", "answer"), [("prot. 12/2025", True), ("n. 7", True), ("--", False), ("?", False)])
def test_says_something(given, answer):
    assert says_something(given) is answer


def test_errors_come_first(deed, register):
    plain = with_clause(with_section(deed, court="-"), limits={})
    severities = [each.severity for each in lint(parse(plain), register)]
    assert severities == sorted(severities)
    assert blocks(lint(parse(plain), register))
