"""Real identity providers for tests: the certified one, an issuer per force, on loopback; and people who sign in.

A test module that needs them imports the fixture: ``from tests.world.providers import providers``.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from joserfc.jwk import ECKey

from broker.demo.provider import DemoAccount, DemoIssuer, DemoProvider, client, free_ports
from broker.identity.trust import IssuerTrust
from conventions.identifiers import BodyId

SPID_2 = "https://www.spid.gov.it/SpidL2"
SPID_1 = "https://www.spid.gov.it/SpidL1"
CLIENT_ID = "varco"
CARABINIERI = BodyId("cc-mantova")
LOCAL_POLICE = BodyId("pl-porto-mantovano")


@dataclass(frozen=True)
class Providers:
    """Two issuers that run, the address at which they expect Varco, and the key they know it by."""

    base_url: str
    client_key: ECKey
    process: DemoProvider
    by_path: dict[str, DemoIssuer]

    @property
    def port(self) -> int:
        return int(self.base_url.rsplit(":", 1)[1])

    def trust(self, body: BodyId, **changes: Any) -> IssuerTrust:
        """The trust document's row for a body's issuer."""
        issuer = self.by_path[body]
        row: dict[str, Any] = {
            "issuer": issuer.issuer,
            "bodies": (body,),
            "client_id": CLIENT_ID,
            "name": issuer.name,
            "acr_accepted": (SPID_2,),
        }
        return IssuerTrust(**{**row, **changes})


@pytest.fixture(scope="session")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Providers]:
    """Both issuers in one process, stopped by its id at the end."""
    varco, *ports = free_ports(3)
    base_url = f"http://127.0.0.1:{varco}"
    key = ECKey.generate_key("P-256", {"kid": "varco-test", "use": "sig", "alg": "ES256"})
    forces = {
        CARABINIERI: (
            "Carabinieri, comando provinciale",
            [("cc-7", "Operatore 7", SPID_2), ("cc-9", "Operatore 9", SPID_2)],
        ),
        LOCAL_POLICE: ("Polizia locale", [("pl-1", "Agente 1", SPID_2), ("pl-2", "Agente 2", SPID_1)]),
    }
    issuers = {
        body: DemoIssuer(
            port,
            f"http://127.0.0.1:{port}",
            name,
            [client(CLIENT_ID, base_url, body, key.as_dict(private=False))],
            [DemoAccount(*account) for account in accounts],
        )
        for port, (body, (name, accounts)) in zip(ports, forces.items(), strict=True)
    }
    process = DemoProvider(list(issuers.values()), tmp_path_factory.mktemp("provider"))
    process.start()
    yield Providers(base_url, key, process, issuers)
    process.stop()


def browser() -> httpx2.Client:
    """A browser that keeps cookies and follows nothing by itself."""
    return httpx2.Client(trust_env=False, follow_redirects=False, timeout=10.0)


def sign_in_at_issuer(client: httpx2.Client, url: str, code: str, *, base_url: str) -> str:
    """Follow the issuer's pages as a person does; gives the address on Varco to which the issuer sends the browser."""
    for _ in range(8):
        if url.startswith(base_url):
            return url
        answer = client.get(url)
        if answer.status_code == httpx2.codes.OK:
            form = re.search(r'<form method="post" action="([^"]+)"', answer.text)
            assert form is not None, answer.text
            # A form without hidden fields asks who signs in; one with them is sent on as it is (a script's work).
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            answer = client.post(httpx2.URL(url).join(html.unescape(form[1])), data=hidden or {"codice": code})
        assert answer.is_redirect, f"{answer.status_code} {answer.text}"
        url = str(httpx2.URL(url).join(answer.headers["location"]))
    raise AssertionError("the issuer sends the browser in circles")


def sign_in(client: httpx2.Client, base_url: str, path: str, code: str, *, return_to: str = "/") -> httpx2.Response:
    """Sign in from Varco's chooser to its answer to the callback; the cookies stay in the browser."""
    begun = client.get(f"{base_url}/login/{path}", params={"return_to": return_to})
    assert begun.status_code == httpx2.codes.SEE_OTHER, begun.text
    return client.get(sign_in_at_issuer(client, begun.headers["location"], code, base_url=base_url))


def sign_out_at_issuer(client: httpx2.Client, issuer: str) -> None:
    """Sign out at the issuer's own page; it tells Varco through the back channel before it answers."""
    page = client.get(f"{issuer}/session/end")
    assert page.status_code == httpx2.codes.OK, page.text
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert xsrf is not None, page.text
    answer = client.post(f"{issuer}/session/end/confirm", data={"xsrf": xsrf[1], "logout": "yes"})
    assert answer.is_redirect, answer.text
