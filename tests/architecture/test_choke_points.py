"""Every check finds its bad sample, leaves its good sample alone, and finds nothing in the tree."""

import pytest

from tests.architecture import choke_points as rules
from tests.architecture.choke_points import CATCHES_ALL_IN, PACKAGES, modules

SAMPLES = {
    rules.made_elsewhere: (
        ("grant = Grant(grant_id)", "broker/routes/media.py"),
        ("grant = port.Grant(grant_id)", "broker/delivery/plan.py"),
        ("from adapters.port import Grant as Ticket", "broker/routes/media.py"),
        ("Ticket = Grant", "broker/routes/media.py"),
        ("make = partial(Grant, grant_id)", "broker/routes/media.py"),
        ("class Ticket(Grant): pass", "broker/routes/media.py"),
        ("caller = (Official if official else Operator)(person)", "broker/routes/media.py"),
        ("permit = Permit(basis)", "broker/pipeline.py"),
        ("refusal = Refusal(basis, reasons, ())", "broker/pipeline.py"),
        ("refused = Refused(request_id)", "broker/pipeline.py"),
        ("caller = Operator(person, body, session)", "broker/routes/signin.py"),
        ("caller = Official(person, body, session)", "broker/decision/decide.py"),
        ("caller = Machine(client_id, body, token)", "broker/routes/authzen.py"),
        ("document = VerifiedDocument(text)", "conventions/register.py"),
        ("document = VerifiedDocument(text)", "broker/ledger/writer.py"),
    ),
    rules.made_without_its_constructor: (
        ("grant = object.__new__(Grant)", "broker/routes/media.py"),
        ("grant = Grant.__new__(Grant)", "broker/ledger/writer.py"),
    ),
    rules.commits_elsewhere: (
        ("session.commit()", "broker/identity/sessions.py"),
        ("with begin() as db: db.commit()", "broker/routes/media.py"),
    ),
    rules.names_never_used: (
        ("enforcer.enable_enforce(False)", "policies/engine.py"),
        ("from casbin import FastEnforcer", "policies/engine.py"),
        ("casbin.persist.adapters.FileAdapter(path)", "policies/engine.py"),
        ("from casbin.persist.adapters.string_adapter import StringAdapter", "policies/engine.py"),
        ("app.dependency_overrides[a] = b", "broker/app.py"),
        ("client.get(url, verify=False)", "broker/identity/discovery.py"),
        ("aiohttp.TCPConnector(ssl=False)", "adapters/guard.py"),
        ("decode(token, options={'verify_signature': False})", "broker/identity/tokens.py"),
        ("context.check_hostname = False", "adapters/guard.py"),
    ),
    rules.switches: (
        ("def skip_ledger(): pass", "broker/app.py"),
        ("class BypassMode: pass", "broker/app.py"),
        ("def serve(*, insecure): pass", "broker/app.py"),
        ("settings.testing = True", "broker/app.py"),
        ("is_debug = 1", "broker/app.py"),
        ("async def open_insecure(): pass", "adapters/port.py"),
    ),
    rules.catches_everything: (
        ("try:\n    a()\nexcept Exception:\n    pass", "broker/app.py"),
        ("try:\n    a()\nexcept:\n    pass", "broker/app.py"),
        ("try:\n    a()\nexcept (OSError, BaseException):\n    pass", "broker/app.py"),
        ("with contextlib.suppress(Exception): a()", "broker/app.py"),
    ),
    rules.too_long: (("\n" * 301, "broker/app.py"),),
    rules.dumps_and_hashes: (
        ("import hashlib\nimport json\nhashlib.sha256(json.dumps(a).encode())", "broker/ledger/tree.py"),
    ),
    rules.left_out: (
        ("@pytest.mark.skip\ndef test_a(): pass", "tests/unit/test_a.py"),
        ("@pytest.mark.skipif(a, reason='b')\ndef test_a(): pass", "tests/unit/test_a.py"),
        ("@pytest.mark.xfail\ndef test_a(): pass", "tests/unit/test_a.py"),
        ("def test_a(): pytest.skip('no database')", "tests/unit/test_a.py"),
        ("av = pytest.importorskip('av')", "tests/unit/test_a.py"),
    ),
}

GOOD = {
    rules.made_elsewhere: (
        ("grant = Grant(grant_id)", "broker/ledger/writer.py"),
        ("permit = Permit(basis)", "broker/decision/decide.py"),
        ("caller = Operator(person, body, session)", "broker/identity/identify.py"),
        ("document = VerifiedDocument(text)", "conventions/verification.py"),
        ("def f(grant: Grant) -> bool: return isinstance(grant, Grant)", "broker/routes/media.py"),
        ("match caller:\n    case Operator(): pass", "broker/pipeline.py"),
        ("x: dict[str, Grant] = {}", "broker/pipeline.py"),
    ),
    rules.made_without_its_constructor: (("word = str.__new__(cls, value)", "conventions/terms/word.py"),),
    rules.commits_elsewhere: (
        ("session.commit()", "broker/storage/store.py"),
        ("group.commit_count += 1", "broker/routes/media.py"),
    ),
    rules.names_never_used: (
        ("enforcer = casbin.Enforcer(model)", "policies/engine.py"),
        ("client.get(url, verify=context)", "broker/identity/discovery.py"),
        ("options = {'verify_signature': True}", "broker/identity/tokens.py"),
    ),
    rules.switches: (
        ("log.debug('started')", "broker/app.py"),
        ("def is_skipped(): pass", "broker/app.py"),
        ("from contextlib import suppress", "broker/app.py"),
    ),
    rules.catches_everything: (("try:\n    a()\nexcept (OSError, ValueError):\n    pass", "broker/app.py"),),
    rules.too_long: (("\n" * 300, "broker/app.py"),),
    rules.dumps_and_hashes: (
        ("import json\njson.dumps(a)", "broker/routes/media.py"),
        ("import hashlib\nhashlib.sha256(canonical(a))", "broker/ledger/tree.py"),
    ),
    rules.left_out: (("@pytest.mark.parametrize('a', [1])\ndef test_a(a): pass", "tests/unit/test_a.py"),),
}


def cases(samples):
    return [
        pytest.param(check, source, path, id=f"{check.__name__}-{number}")
        for check, listed in samples.items()
        for number, (source, path) in enumerate(listed)
    ]


@pytest.mark.parametrize(("check", "source", "path"), cases(SAMPLES))
def test_a_check_finds_its_bad_sample(check, source, path):
    assert list(check(source, path))


@pytest.mark.parametrize(("check", "source", "path"), cases(GOOD))
def test_a_check_leaves_its_good_sample_alone(check, source, path):
    assert not list(check(source, path))


OF_THE_PRODUCT = (
    rules.made_elsewhere,
    rules.made_without_its_constructor,
    rules.commits_elsewhere,
    rules.names_never_used,
    rules.switches,
    rules.too_long,
    rules.dumps_and_hashes,
)


@pytest.mark.parametrize("check", OF_THE_PRODUCT, ids=lambda check: check.__name__)
def test_nothing_of_the_kind_is_in_the_product(check):
    tree = modules(*PACKAGES)
    assert len(tree) > 50
    assert [found for path, source in tree.items() for found in check(source, path)] == []


def test_every_guarded_value_is_made_by_its_owner():
    tree = modules(*PACKAGES)
    for name, owners in rules.MADE_IN.items():
        owned = [source for path, source in tree.items() if path.startswith(owners)]
        found = [hit for source in owned for hit in rules.made_elsewhere(source, "elsewhere.py")]
        assert any(hit.endswith(f" makes {name}") for hit in found), name


def test_the_pipeline_alone_catches_everything_and_once():
    found = [hit for path, source in modules(*PACKAGES).items() for hit in rules.catches_everything(source, path)]
    assert len(found) == 1, found
    assert found[0].startswith(f"{CATCHES_ALL_IN}:")


def test_no_test_is_left_out():
    tree = {path: source for path, source in modules("tests").items() if not path.startswith("tests/architecture/")}
    assert [found for path, source in tree.items() for found in rules.left_out(source, path)] == []
    assert [found for path, source in tree.items() for found in rules.names_never_used(source, path)] == []
