"""People of two forces sign in through the certified provider; what does not fit is refused."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey

from broker.evidence import Official, Operator
from broker.identity.sign_in import SignIn
from conventions.faults import Fault, FaultKind
from tests.world.providers import CARABINIERI, LOCAL_POLICE, browser, sign_in_at_issuer


async def answered(town, path, code, base_url):
    """Sign in at the issuer; gives the browser's secret and the answer that came back."""
    begun = await town.sign_in.begin(path)
    with browser() as client:
        url = sign_in_at_issuer(client, begun.url, code, base_url=base_url)
    assert urlsplit(url).path == f"/callback/{path}"
    return begun.browser, {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def refused(town, path, answer, secret):
    with pytest.raises(Fault) as caught:
        await town.sign_in.complete(path, answer, browser=secret, workstation="loopback")
    return caught.value.kind, caught.value.detail


@pytest.mark.requirement("PM-2.2")
@pytest.mark.requirement("PM-2.7")
async def test_two_forces_sign_in_each_through_its_own_issuer(town, providers):
    people = {}
    for path, code in ((CARABINIERI, "cc-7"), (LOCAL_POLICE, "pl-1")):
        secret, answer = await answered(town, path, code, providers.base_url)
        admission = await town.sign_in.complete(path, answer, browser=secret, workstation="loopback")
        people[path] = town.identities.identify(admission.cookie)
    assert type(people[CARABINIERI]) is Operator
    assert people[CARABINIERI].person == "cc-mantova/op-7"
    assert type(people[LOCAL_POLICE]) is Official
    assert people[LOCAL_POLICE].body == LOCAL_POLICE


@pytest.mark.requirement("PM-2.2")
async def test_a_valid_token_of_an_unlisted_person_gets_a_name_to_be_refused_under(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-9", providers.base_url)
    admission = await town.sign_in.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    assert not admission.event.listed
    assert admission.event.caller.person.startswith("cc-mantova/unlisted-")
    assert "cc-9" not in admission.event.caller.person


@pytest.mark.requirement("PM-2.7")
async def test_a_binding_added_later_names_the_person_in_the_same_session(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-9", providers.base_url)
    admission = await town.sign_in.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    listed = next(iter(town.lists.bound.values()))
    town.lists.bound[(providers.by_path[CARABINIERI].issuer, "cc-9")] = listed
    assert town.identities.identify(admission.cookie).person == listed.person


async def test_a_weaker_sign_in_than_the_trust_asks_for(town, providers):
    # The provider admits agent 2 with level 1 whatever was asked; the trust document wants level 2.
    begun = await town.sign_in.begin(LOCAL_POLICE, acr="https://www.spid.gov.it/SpidL1")
    with browser() as client:
        url = sign_in_at_issuer(client, begun.url, "pl-2", base_url=providers.base_url)
    answer = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    kind, _ = await refused(town, LOCAL_POLICE, answer, begun.browser)
    assert kind is FaultKind.ASSURANCE_TOO_LOW


async def test_an_answer_is_good_once(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    await town.sign_in.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    assert await refused(town, CARABINIERI, answer, secret) == (
        FaultKind.NOT_AUTHENTICATED, "the answer fits no sign-in under way",
    )  # fmt: skip


async def test_a_code_is_good_once_even_with_a_state_of_its_own(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    await town.sign_in.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    begun = await town.sign_in.begin(CARABINIERI)
    replayed = {**answer, "state": parse_qs(urlsplit(begun.url).query)["state"][0]}
    assert await refused(town, CARABINIERI, replayed, begun.browser) == (
        FaultKind.NOT_AUTHENTICATED, "the issuer did not accept the code",
    )  # fmt: skip


async def test_a_code_stolen_from_another_browser_is_of_no_use(town, providers):
    """The thief has begun a sign-in too and puts the victim's code into it: PKCE refuses at the issuer."""
    _, victims = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    thiefs = await town.sign_in.begin(CARABINIERI)
    injected = {**victims, "state": parse_qs(urlsplit(thiefs.url).query)["state"][0]}
    kind, detail = await refused(town, CARABINIERI, injected, thiefs.browser)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the issuer did not accept the code")


async def test_an_answer_in_another_browser(town, providers):
    _, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    kind, detail = await refused(town, CARABINIERI, answer, None)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the answer comes from another browser")


async def test_an_answer_too_late(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    town.clock.moved = timedelta(minutes=11)
    kind, detail = await refused(town, CARABINIERI, answer, secret)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the answer fits no sign-in under way")


async def test_mix_up_the_code_of_one_issuer_at_the_callback_of_another(town, providers):
    secret, answer = await answered(town, LOCAL_POLICE, "pl-1", providers.base_url)
    kind, detail = await refused(town, CARABINIERI, answer, secret)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the answer comes from another issuer than was asked")


async def test_mix_up_an_answer_that_names_another_issuer(town, providers):
    _, foreign = await answered(town, LOCAL_POLICE, "pl-1", providers.base_url)
    begun = await town.sign_in.begin(CARABINIERI)
    mixed = {**foreign, "state": parse_qs(urlsplit(begun.url).query)["state"][0]}
    kind, detail = await refused(town, CARABINIERI, mixed, begun.browser)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the answer names another issuer")


async def test_an_answer_that_leaves_its_issuer_out(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    del answer["iss"]
    kind, detail = await refused(town, CARABINIERI, answer, secret)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the answer names another issuer")


async def test_a_person_who_cancels(town, providers):
    begun = await town.sign_in.begin(CARABINIERI)
    state = parse_qs(urlsplit(begun.url).query)["state"][0]
    answer = {"error": "access_denied", "state": state, "iss": providers.by_path[CARABINIERI].issuer}
    kind, detail = await refused(town, CARABINIERI, answer, begun.browser)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the issuer did not admit the person")


@pytest.mark.requirement("PM-2.2")
async def test_an_issuer_vouches_only_for_its_own_bodies(town, providers):
    """The local police list a person under the Carabinieri's issuer: nobody trusts that issuer for local police."""
    listed_there = town.lists.bound[(providers.by_path[LOCAL_POLICE].issuer, "pl-1")]
    town.lists.bound[(providers.by_path[CARABINIERI].issuer, "cc-9")] = listed_there
    secret, answer = await answered(town, CARABINIERI, "cc-9", providers.base_url)
    kind, detail = await refused(town, CARABINIERI, answer, secret)
    assert (kind, detail) == (FaultKind.NOT_AUTHENTICATED, "the issuer does not vouch for this body")


@pytest.mark.requirement("PM-2.2")
async def test_one_issuer_may_vouch_for_a_force_without_its_own(town, providers):
    both = providers.trust(LOCAL_POLICE, bodies=(LOCAL_POLICE, "gdf-mantova"))
    town.issuers.publish([both])
    listed = town.lists.bound[(both.issuer, "pl-1")]
    town.lists.bound[(both.issuer, "pl-1")] = type(listed)("gdf-mantova/op-1", "gdf-mantova")
    secret, answer = await answered(town, LOCAL_POLICE, "pl-1", providers.base_url)
    admission = await town.sign_in.complete(LOCAL_POLICE, answer, browser=secret, workstation="loopback")
    assert admission.event.caller.session.body == "gdf-mantova"


async def test_trust_withdrawn_ends_what_rests_on_it(town, providers):
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    admission = await town.sign_in.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    town.issuers.publish([providers.trust(LOCAL_POLICE)])
    with pytest.raises(Fault) as caught:
        town.identities.identify(admission.cookie)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_a_client_with_another_key_is_not_varco(town, providers):
    stranger = SignIn(
        town.identities, town.store, town.clock, town.discovery,
        base_url=town.base_url, client_key=ECKey.generate_key("P-256"),
    )  # fmt: skip
    secret, answer = await answered(town, CARABINIERI, "cc-7", providers.base_url)
    with pytest.raises(Fault) as caught:
        await stranger.complete(CARABINIERI, answer, browser=secret, workstation="loopback")
    assert caught.value.detail == "the issuer did not accept the code"


def test_no_start_with_transport_protection_switched_off(town, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with pytest.raises(Fault) as caught:
        SignIn(
            town.identities, town.store, town.clock, town.discovery, base_url=town.base_url, client_key=town.client_key
        )
    assert caught.value.kind is FaultKind.SETTINGS_INVALID
