"""Services and requests as GeoReport v2 shows them: which fields, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.open311.documents import Elements, Node
from cases.filing.services import Service
from cases.filing.standard import Text
from cases.residents.reported import Language
from facility.clock import SECOND, to_rfc3339

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
ATTRIBUTE = "code"
"""What the one attribute is called that a service may have: which code of its group it is."""


@dataclass(frozen=True, slots=True)
class Request:
    """A report as Open311 tells of it. Nothing here is of the person who made it."""

    id: int
    open: bool
    notes: str
    service: Service | None
    service_code: str
    description: str
    agency: str | None
    requested_at: int
    updated_at: int
    expected_at: int | None
    address: str | None
    address_id: str | None
    lon: float | None
    lat: float | None
    media_url: str | None


def discovery(endpoint: str, changeset: str, contact: str) -> Node:
    """The service discovery document (wiki.open311.org/Service_Discovery); ``changeset`` is since
    when the services are as they are."""
    formats = Elements("format", ["text/xml", "application/json"])
    here = {
        "specification": SPECIFICATION,
        "url": endpoint,
        "changeset": changeset,
        "type": "production",
        "formats": formats,
    }
    return {
        "changeset": changeset,
        "contact": contact,
        "key_service": contact,
        "endpoints": Elements("endpoint", [here]),
    }


def service_list(offered: Iterable[Service], language: Language) -> Elements:
    """GET services."""
    return Elements("service", [_service(one, language) for one in offered])


def service_definition(service: Service, language: Language) -> Node:
    """GET services/{code}: what is asked beside the service, where anything is."""
    attributes: list[Node] = []
    if service.choice is not None:
        values = [
            {"key": row.code.code, "name": _in(row.code.name, language)}
            for row in service.choice.rows
        ]
        attributes.append(
            {
                "variable": True,
                "code": ATTRIBUTE,
                "datatype": "singlevaluelist",
                "required": False,
                "datatype_description": _in(_CHOICE, language),
                "order": 1,
                "description": _in(service.choice.ask, language),
                "values": Elements("value", values),
            }
        )
    return {"service_code": service.code, "attributes": Elements("attribute", attributes)}


def accepted(request_id: int, notice: str) -> Elements:
    """The answer to POST requests. Whose account it is, is not told back."""
    made = {
        "service_request_id": str(request_id),
        "service_notice": notice,
        "account_id": None,
    }
    return Elements("request", [made])


def of_token(request_id: int, token: str) -> Elements:
    """GET tokens/{token}."""
    return Elements("request", [{"service_request_id": str(request_id), "token": token}])


def requests(found: Iterable[Request], language: Language) -> Elements:
    """GET requests, and GET requests/{id} with one."""
    return Elements("request", [_request(one, language) for one in found])


_CHOICE = Text("可选，不清楚时不填", "optional; leave it out where you cannot tell")


def _service(service: Service, language: Language) -> Node:
    return {
        "service_code": service.code,
        "service_name": _in(service.name, language),
        "description": _in(service.row.condition.when, language),
        "metadata": service.choice is not None,
        "type": "realtime",
        "keywords": ", ".join(_keywords(service)),
        "group": _in(service.heading, language),
    }


def _keywords(service: Service) -> tuple[str, ...]:
    """Names of what it is about, in both languages."""
    texts = (service.row.code.name, service.heading, service.name)
    # A comma parts keywords, so none may be in one.
    words = (word.replace(",", "") for text in texts for word in (text.zh, text.en))
    return tuple(dict.fromkeys(words))


def _request(request: Request, language: Language) -> Node:
    return {
        "service_request_id": str(request.id),
        "status": "open" if request.open else "closed",
        "status_notes": request.notes,
        "service_name": (
            _in(request.service.name, language) if request.service else request.service_code
        ),
        "service_code": request.service_code,
        "description": request.description,
        "agency_responsible": request.agency,
        "service_notice": None,
        "requested_datetime": _time(request.requested_at),
        "updated_datetime": _time(request.updated_at),
        "expected_datetime": None if request.expected_at is None else _time(request.expected_at),
        "address": request.address,
        "address_id": request.address_id,
        "zipcode": None,
        "lat": request.lat,
        "long": request.lon,
        "media_url": request.media_url,
    }


def _time(ms: int) -> str:
    """A time as the standard writes it: in seconds."""
    return to_rfc3339(ms - ms % SECOND)


def _in(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else text.en
