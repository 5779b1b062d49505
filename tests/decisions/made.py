"""Small documents, made from a few arguments and read by the real schema."""

from typing import Any

from conventions.schema import AnyDocument, parse
from policies.facts import NONE, Facts, padded_s

TOWN, OTHER_TOWN = "aa", "bb"
FORCE, OFFICE = "cc", "dd"
PLACES = {"one": ("aa/area/x", "it:001001", "it:001"), "two": ("aa/area/y", "it:001001", "it:001")}

PURPOSES = ("urban-security", "crime-prevention-repression", "live-traffic-flow", "processing-oversight")
OPERATIONS = (
    "live.view",
    "recording.view",
    "recording.extract",
    "plate.search",
    "log.read",
    "log.read-own",
    "inventory.list",
)


def camera(body: str = TOWN, slug: str = "one", **other: Any) -> dict[str, Any]:
    area, municipality, province = PLACES[slug]
    return {
        "id": f"{body}/{slug}",
        "name": slug,
        "site": "somewhere",
        "area": area.replace("aa/", f"{body}/"),
        "municipality": municipality,
        "province": province,
        "classes": ["live-video", "recorded-video", "transit-record"],
        "collection_purposes": list(PURPOSES),
        "deed": "line 1",
        **other,
    }


def regulation(body: str = TOWN, **other: Any) -> dict[str, Any]:
    configuration = {
        "police_access": "direct",
        "plates_retain": "all-transits",
        "log_readers": ["system-administrator"],
        **other.pop("configuration", {}),
    }
    return {
        "format": "varco-document/1",
        "kind": "regulation",
        "id": f"{body}/regulation/r",
        "version": "1",
        "title": "regulation",
        "valid_from": "2024-01-01",
        "body": body,
        "body_name": body,
        "org_type": "municipality",
        "deed": "deed",
        "ask": "the office",
        "configuration": configuration,
        "purposes": [
            {
                "purpose": purpose,
                "regime": "led" if purpose == "crime-prevention-repression" else "gdpr",
                "legal_basis": "law",
                "org_types": ["state-police", "local-police", "municipality"],
            }
            for purpose in PURPOSES
        ],
        "operations": list(OPERATIONS),
        "levels": [{"name": "all", "operations": list(OPERATIONS)}],
        "cameras": [camera(body), camera(body, "two")],
        "own": [],
        **other,
    }


def clause(number: str = "1", **other: Any) -> dict[str, Any]:
    return {
        "number": number,
        "article": f"art. {number}",
        "sources": ["PM-1.1"],
        "bodies": [FORCE],
        "roles": ["partner-operator"],
        "operations": ["live.view"],
        "classes": ["live-video"],
        "purposes": ["crime-prevention-repression"],
        "cameras": ["aa/one"],
        **other,
    }


def party(body: str) -> dict[str, Any]:
    return {"body": body, "name": body, "notice_address": "pec", "signs_as": "mayor"}


def convention(*clauses: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "convention",
        "id": "aa/convention/c",
        "version": "1",
        "title": "convention",
        "valid_from": "2025-01-01",
        "valid_until": "2026-12-31",
        "parties": [party(TOWN), party(FORCE)],
        "controllers": [TOWN],
        "renewal": "none",
        "rests_on": "aa/regulation/r",
        "basis": "law",
        "sections": dict.fromkeys(("purposes", "conditions", "security_measures", "necessity", "court"), "text"),
        "clauses": list(clauses) or [clause()],
        **other,
    }


def agreement(*clauses: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "implementing-agreement",
        "id": "aa/implementing-agreement/i",
        "version": "1",
        "title": "agreement",
        "valid_from": "2025-01-01",
        "parties": [party(TOWN), party(OTHER_TOWN), party(FORCE), party(OFFICE)],
        "controllers": [TOWN, OTHER_TOWN],
        "renewal": "by-agreement",
        "implements": "aa/framework-protocol/f",
        "prior_consultation": "favourable, protocol 1",
        "clauses": list(clauses)
        or [clause(operations=["plate.search"], classes=["transit-record"], cameras=["aa/one", "bb/one"])],
        **other,
    }


def framework(**other: Any) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "framework-protocol",
        "id": "aa/framework-protocol/f",
        "version": "1",
        "title": "framework",
        "valid_from": "2025-01-01",
        "parties": [party(TOWN), party(FORCE)],
        "controllers": [TOWN],
        "renewal": "none",
        "coordinator": TOWN,
        "commitments": ["to go on"],
        **other,
    }


def operators(body: str = FORCE, org_type: str = "state-police", **other: Any) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "operator-list",
        "id": f"aa/operator-list/{body}",
        "version": "1",
        "title": "list",
        "valid_from": "2025-01-01",
        "body": body,
        "body_name": body,
        "org_type": org_type,
        "under": "aa/convention/c",
        "instructions": "1",
        "persons": [],
        **other,
    }


def notice(act: str = "suspension", effective: str = "2025-06-01T00:00:00.000000Z", **other: Any) -> dict[str, Any]:
    return {
        "format": "varco-document/1",
        "kind": "notice",
        "id": f"aa/notice/{act}",
        "version": "1",
        "title": f"notice of {act}",
        "valid_from": "2025-01-01",
        "on": "aa/convention/c",
        "act": act,
        "by": TOWN,
        "signs_as": "mayor",
        "reason": "text",
        "effective_from": effective,
        **other,
    }


def read(*plain: dict[str, Any]) -> list[AnyDocument]:
    return [parse(document) for document in plain]


def facts(**other: Any) -> Facts:
    """The question that the default convention allows; every test differs from it in what it names."""
    slug = other.get("camera", "aa/one").split("/")[-1]
    body = other.get("camera", "aa/one").split("/")[0]
    areas = tuple(place.replace("aa/", f"{body}/") for place in PLACES.get(slug, (NONE, NONE, NONE)))
    span_s = other.pop("span_s", 0)
    return Facts(
        **{
            "controller": TOWN,
            "requesting_body": FORCE,
            "unit": "first",
            "role": "partner-operator",
            "qualification": NONE,
            "operation": "live.view",
            "data_class": "live-video",
            "purpose": "crime-prevention-repression",
            "ground": NONE,
            "camera": "aa/one",
            "areas": areas,
            "window": "closed",
            "span_s": padded_s(span_s),
            "at": "2025-05-01T12:00:00.000000Z",
            **other,
        }
    )
