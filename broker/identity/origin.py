"""Whether a request that changes something comes from our own pages, and where the client sits.

Source: Fetch Metadata (Sec-Fetch-Site); RFC 6454; the cookie is SameSite=Lax besides.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from conventions.faults import Fault, FaultKind

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def require_same_origin(method: str, headers: Mapping[str, str], base_url: str) -> None:
    """Refuse a state-changing request that does not say that it comes from our own pages. ``headers`` ignore case.

    Raises:
        Fault: ``request-malformed``.
    """
    if method.upper() in SAFE_METHODS:
        return
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if (origin is None and site is None) or (site is not None and site != "same-origin"):
        raise Fault(FaultKind.REQUEST_MALFORMED, "the request comes from another site", where="origin")
    if origin is not None and origin != origin_of(base_url):
        raise Fault(FaultKind.REQUEST_MALFORMED, "the request comes from another site", where="origin")


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def local_path(path: str | None) -> str:
    """A place on our own site to return to; anything that could lead elsewhere becomes the front page."""
    if path is None or not path.startswith("/") or path.startswith("//") or len(path) > 512:
        return "/"
    return path if path.isascii() and path.isprintable() and "\\" not in path else "/"


def workstation_of(host: str | None) -> str:
    """Where the client sits, as far as an address tells: this machine, a local network, elsewhere."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "loopback"
    if not address.is_private:
        return "internet"
    return f"network {ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False)}"
