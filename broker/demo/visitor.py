"""A person of the demonstration at a client: signs in at the real provider, asks over real HTTP, keeps a cookie."""

import html
import io
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import av
import httpx2

from broker.clock import Clock
from conventions.faults import Fault, FaultKind
from conventions.spans import instant

_FORM = re.compile(r'<form[^>]*action="([^"]+)"')
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: status and members."""

    status: int
    body: dict[str, Any]

    @property
    def reason(self) -> str:
        """The reason of a refusal, the kind of a fault, else the status."""
        found = self.body.get("reason") or str(self.body.get("type", "")).rsplit(":", 1)[-1]
        return str(found or self.status)


@dataclass(slots=True)
class Visitor:
    """One browser. ``issuer`` is the path of the provider at sign-in."""

    base_url: str
    issuer: str
    code: str
    clock: Clock
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.Client(
            base_url=self.base_url, trust_env=False, timeout=TIMEOUT_S, headers={"Origin": self.base_url}
        )

    def sign_in(self) -> "Visitor":
        """Go to the provider, give the code, come back.

        Raises:
            Fault: ``not-authenticated`` when the way back does not end here.
        """
        page = self.http.get(f"/login/{self.issuer}", follow_redirects=True)
        form = _FORM.search(page.text)
        if form is None:
            raise Fault(FaultKind.NOT_AUTHENTICATED, f"no sign-in form ({page.status_code})")
        target = page.url.join(html.unescape(form[1]))
        back = self.http.post(target, data={"codice": self.code}, follow_redirects=False)
        while back.is_redirect and "/callback/" not in str(back.url):
            back = self.http.get(back.url.join(back.headers["location"]), follow_redirects=False)
        if not back.is_redirect:
            raise Fault(FaultKind.NOT_AUTHENTICATED, f"the sign-in ended with {back.status_code}")
        return self

    def close(self) -> None:
        """Close the browser."""
        self.http.close()

    def ask(self, method: str, path: str, body: Any = None) -> Said:
        """One request; an answer without JSON has no members."""
        answer = self.http.request(method, path, json=body)
        plain = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return Said(answer.status_code, plain if isinstance(plain, dict) else {"list": plain})

    def bytes_of(self, path: str) -> tuple[int, bytes]:
        answer = self.http.get(path)
        return answer.status_code, answer.content

    def case(self, purpose: str, ground: str | None = None, reference: str | None = None, follows: bool = False) -> str:
        """Open a case; gives its identifier."""
        wish = {"purpose": purpose, "ground": ground, "reference": reference, "reference_follows": follows}
        said = self.ask("POST", "/api/v1/cases", wish)
        return str(said.body.get("case", said.reason))

    def live(self, camera: str, case: str) -> Said:
        controller = camera.split("/")[0]
        wish = {"controller": controller, "camera": camera, "operation": "live.view", "case": case}
        return self.ask("POST", "/api/v1/viewings", wish)

    def recording(self, camera: str, case: str | None, start_utc: datetime, minutes: float) -> Said:
        wish = {
            "controller": camera.split("/")[0],
            "camera": camera,
            "operation": "recording.view",
            "case": case,
            "starts": instant(start_utc),
            "ends": instant(start_utc + timedelta(minutes=minutes)),
        }
        return self.ask("POST", "/api/v1/viewings", wish)

    def plate(self, controllers: list[str], plate: str, case: str | None, hours: float = 24) -> Said:
        now_utc = self.clock.now_utc()
        wish = {
            "controllers": controllers,
            "plate": plate,
            "case": case,
            "starts": instant(now_utc - timedelta(hours=hours)),
            "ends": instant(now_utc),
        }
        return self.ask("POST", "/api/v1/plates/search", wish)

    def footage(self, grant: str, want_s: float = 15.0) -> dict[str, Any]:
        """Fetch a viewing's playlist, header and first fragment, and read them with a real decoder."""
        folder = f"/api/v1/viewings/{grant}"
        until_s = self.clock.monotonic_s() + want_s
        fragment = ""
        while not fragment and self.clock.monotonic_s() < until_s:
            status, text = self.bytes_of(f"{folder}/index.m3u8")
            if status != httpx2.codes.OK:
                return {"status": status, "frames": 0, "audio": 0}
            named = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
            fragment = named[-1] if named else ""
        _, header = self.bytes_of(f"{folder}/init.mp4")
        status, data = self.bytes_of(f"{folder}/{fragment}")
        return {"status": status, **decoded(header + data)}


def decoded(data: bytes) -> dict[str, Any]:
    """Frames and audio tracks of fragmented MP4, as a real decoder sees them."""
    with av.open(io.BytesIO(data), "r") as found:
        return {"frames": len(list(found.decode(video=0))), "audio": len(found.streams.audio)}
