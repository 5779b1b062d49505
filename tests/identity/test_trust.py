"""Which trust is accepted, and where requests may come from."""

import pytest

from broker.identity.origin import local_path, require_same_origin, workstation_of
from broker.identity.trust import Issuers, IssuerTrust, unlisted
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

CC, PL = BodyId("cc"), BodyId("pl")


def trust(**changes):
    return IssuerTrust(**{"issuer": "https://id.example", "bodies": (CC,), "client_id": "varco", **changes})


@pytest.mark.parametrize(
    "issuer", ["https://id.example", "https://id.example/a", "http://127.0.0.1:9", "http://localhost:9"]
)
def test_an_issuer_by_tls_or_on_this_machine(issuer):
    assert Issuers([trust(issuer=issuer)]).trust_in(issuer).path == "cc"


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://id.example"}, {"issuer": "http://127.0.0.1.example"}, {"issuer": "ftp://id.example"},
        {"issuer": "https://u@id.example"}, {"issuer": "https://id.example?a"}, {"issuer": "https://id.example#a"},
        {"issuer": "id.example"}, {"issuer": ""}, {"bodies": ()}, {"client_id": ""}, {"algorithms": ()},
        {"algorithms": ("none",)}, {"algorithms": ("RS256", "HS256")},
    ],
)  # fmt: skip
def test_trust_that_is_not_accepted_leaves_the_one_before(changes):
    issuers = Issuers([trust()])
    with pytest.raises(Fault) as caught:
        issuers.publish([trust(slug="new", **changes)])
    assert caught.value.kind is FaultKind.DOCUMENT_MALFORMED
    assert [each.path for each in issuers.all()] == ["cc"]


@pytest.mark.parametrize("second", [{}, {"slug": "other"}, {"issuer": "https://b.example"}])
def test_an_issuer_and_an_address_stand_once(second):
    with pytest.raises(Fault) as caught:
        Issuers([trust(), trust(**second)])
    assert caught.value.kind is FaultKind.DOCUMENT_CONTRADICTORY


def test_nothing_on_this_machine_is_reached_for_an_issuer_elsewhere():
    assert not trust().protects("http://127.0.0.1:9/token")
    assert trust().protects("https://login.example/token")


def test_strength_per_operation():
    issuers = Issuers([trust(acr_accepted=("2", "3"), acr_by_operation={"data.download": frozenset({"3"})})])
    asked = [("2", "live.view"), ("2", "data.download"), ("3", "data.download"), ("1", "live.view"), ("", "live.view")]
    assert [issuers.admits("https://id.example", *each) for each in asked] == [True, False, True, False, False]
    assert not issuers.admits("https://other.example", "3", "live.view")


def test_an_unlisted_subject_has_one_name_and_no_one_elses():
    names = {unlisted(CC, "i", "s"), unlisted(CC, "i", "s"), unlisted(CC, "i", "t"), unlisted(PL, "j", "s")}
    assert len(names) == 3


SITE = "https://varco.example:8443"


@pytest.mark.parametrize(
    "headers", [{"origin": SITE}, {"sec-fetch-site": "same-origin"}, {"origin": SITE, "sec-fetch-site": "same-origin"}]
)
def test_a_change_from_our_own_pages(headers):
    require_same_origin("POST", headers, f"{SITE}/")


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "null"}, {"origin": "https://varco.example"}, {"origin": "http://varco.example:8443"},
        {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}, {"sec-fetch-site": "cross-site"},
        {"origin": SITE, "sec-fetch-site": "cross-site"}, {"origin": "https://a", "sec-fetch-site": "same-origin"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "delete", "PUT", "PATCH"])
def test_a_change_from_elsewhere(method, headers):
    with pytest.raises(Fault) as caught:
        require_same_origin(method, headers, SITE)
    assert caught.value.kind is FaultKind.REQUEST_MALFORMED


def test_reading_from_elsewhere():
    require_same_origin("GET", {"sec-fetch-site": "cross-site"}, SITE)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/a?b=c", "/a?b=c"), (None, "/"), ("", "/"), ("a", "/"), ("//a", "/"), ("/\\a", "/"), ("https://a", "/"),
        ("/a\nb", "/"), ("/a\tb", "/"), ("/è", "/"), ("/" + "a" * 600, "/"),
    ],
)  # fmt: skip
def test_where_a_person_returns_to(path, kept):
    assert local_path(path) == kept


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("127.0.0.1", "loopback"), ("::1", "loopback"), ("::ffff:127.0.0.1", "loopback"),
        ("10.1.2.3", "network 10.1.2.0/24"), ("fd00::1:2", "network fd00::/64"), ("8.8.8.8", "internet"),
        (None, "unknown"), ("testclient", "unknown"),
    ],
)  # fmt: skip
def test_a_workstation_is_a_class_of_address(host, label):
    assert workstation_of(host) == label
