"""The calls outside of ``/api/v1`` described as OpenAPI, so that they are tried as the others are.

The reference leaves them out: the standard describes Open311, and the residents' pages are for
people. What is said here of an answer is its status, its kind, and the shape of its JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SAID: Schema = {"type": "string", "maxLength": 200}
_OR_NULL: Schema = {"type": ["string", "null"]}
_NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}

_PROBLEM = {"content": {"application/problem+json": {}}, "description": "what is wrong"}
_PAGE = {"content": {"text/html": {}}, "description": "a page"}
_SEEN = {"description": "the page to look at now", "content": {}}


def described(token: str, photo: str, report: int, service: str, key: str) -> dict[str, Schema]:
    """The paths. What is named is there; what is not is asked for as what a call does not take."""
    found = {"token": token, "photo_id": photo, "number": str(report), "code": service}
    paths: dict[str, Schema] = {}
    for path, calls in {**_open311(service, key), **_pages(service)}.items():
        names = [name for name in found if f"{{{name}}}" in path]
        parameters = [_in("path", name, _there(found[name]), required=True) for name in names]
        paths[path] = {"parameters": parameters, **calls}
    return paths


def _open311(service: str, key: str) -> dict[str, Schema]:
    codes = _there(service)
    narrowed = [
        _in("query", "service_request_id", TEXT),
        _in("query", "service_code", codes),
        _in("query", "start_date", {"type": "string", "format": "date-time"}),
        _in("query", "end_date", {"type": "string", "format": "date-time"}),
        _in("query", "status", {"enum": ["open", "closed", "open,closed"]}),
    ]
    fields = {
        **dict.fromkeys(("address_string", "description", "first_name", "device_id"), SAID),
        "email": _there("smit333@example.org"),
        "media_url": _there("https://example.org/1.jpg"),
        "api_key": _there(key),
        "service_code": codes,
        "lat": {"type": "number", "minimum": 34.7, "maximum": 34.8},
        "long": {"type": "number", "minimum": 113.6, "maximum": 113.7},
    }
    takes = _form(
        {
            "application/x-www-form-urlencoded": _object(
                fields, "api_key", "service_code", "lat", "long"
            )
        }
    )
    calls: dict[str, tuple[Schema, list[Schema]]] = {
        "discovery": (_object({}, *_DISCOVERY), []),
        "services": (_list_of(_object(_SERVICE, *_SERVICE)), []),
        "services/{code}": (_object({"service_code": TEXT, "attributes": {"type": "array"}}), []),
        "requests": (_list_of(_object(_REQUEST, *_REQUEST)), narrowed),
        "requests/{number}": (_list_of(_object(_REQUEST, *_REQUEST)), []),
        "tokens/{token}": (_list_of(_object({"token": TEXT}, "token", "service_request_id")), []),
    }
    paths: dict[str, Schema] = {}
    for call, (shape, parameters) in calls.items():
        for ending in ("", ".xml", ".json"):
            path = f"/open311/v2/{call}{ending}"
            here = [_in("query", "jurisdiction_id", _there("410105")), *parameters]
            paths[path] = {"get": {"parameters": here, "responses": _answers(ending, shape)}}
            if call == "requests":
                taken = _answers(ending, _list_of(_object(_TAKEN, *_TAKEN)))
                paths[path]["post"] = {"requestBody": takes, "responses": taken}
    return paths


_DISCOVERY = ("changeset", "contact", "key_service", "endpoints")
_SERVICE: Schema = {
    **dict.fromkeys(("service_code", "service_name", "type", "group"), TEXT),
    **dict.fromkeys(("description", "keywords"), _OR_NULL),
    "metadata": {"type": "boolean"},
}
_REQUEST: Schema = {
    **dict.fromkeys(("service_code", "requested_datetime", "updated_datetime"), TEXT),
    **dict.fromkeys(("status_notes", "service_name", "service_notice", "description"), _OR_NULL),
    **dict.fromkeys(("agency_responsible", "expected_datetime", "media_url"), _OR_NULL),
    **dict.fromkeys(("address", "address_id", "zipcode"), _OR_NULL),
    **dict.fromkeys(("lat", "long"), _NUMBER_OR_NULL),
    "service_request_id": {"type": ["string", "integer"]},
    "status": {"enum": ["open", "closed"]},
}
_TAKEN: Schema = {"service_request_id": {}, "service_notice": TEXT, "account_id": {"type": "null"}}


def _answers(ending: str, shape: Schema) -> Schema:
    """The standard's answers, in the form that the ending asks for."""
    kind = "application/json" if ending == ".json" else "text/xml"
    wrong = _list_of(_object({"code": {"type": "integer"}, "description": TEXT}, "code"))

    def document(of: Schema) -> Schema:
        shown = {"schema": of} if kind == "application/json" else {}
        return {"content": {kind: shown}, "description": "a document"}

    answers = {"200": document(shape), **{str(one): document(wrong) for one in (403, 404, 429)}}
    # What no call is asked for, an address that cannot be one, is answered before there is a form.
    refused = document(wrong)
    refused["content"]["application/problem+json"] = {}
    return {**answers, "400": refused}


def _pages(service: str) -> dict[str, Schema]:
    language = _in("query", "lang", {"enum": ["zh", "en"]})
    asked = [language, _in("query", "service", _there(service)), _in("query", "asset", TEXT)]
    fields = {
        **dict.fromkeys(
            ("description", "address", "asset", "chosen", "name", "phone", "mail"), TEXT
        ),
        "service": _there(service),
        "lat": {"type": "number", "minimum": 34.7, "maximum": 34.8},
        "lon": {"type": "number", "minimum": 113.6, "maximum": 113.7},
    }
    whole = _object(fields, "service", "lat", "lon")
    photographed = _object(
        {**fields, "photo": {"type": "string", "format": "binary"}}, "service", "lat", "lon"
    )
    kinds = {"application/x-www-form-urlencoded": whole, "multipart/form-data": photographed}
    stars = _object({"satisfaction": {"enum": ["1", "5"]}}, "satisfaction")
    said = {
        "parameters": [language],
        "responses": {"303": _SEEN, **_shown(400, 404, 409, 415, 422)},
    }
    rated = {
        **said,
        "requestBody": _form({"application/x-www-form-urlencoded": stars}),
    }
    return {
        "/report": {
            "get": {
                "parameters": asked,
                "responses": {"200": _PAGE, "400": _PROBLEM, "422": _PROBLEM},
            },
            "post": {
                "parameters": [language],
                "requestBody": _form(kinds),
                "responses": {"303": _SEEN, **_shown(400, 409, 413, 415, 422, 429)},
            },
        },
        "/report/style.css": {"get": _file("text/css")},
        "/report/form.js": {"get": _file("text/javascript")},
        "/r/{token}": {
            "get": {
                "parameters": [language, _in("query", "new", {"type": "boolean"})],
                "responses": {"200": _PAGE, "400": _PROBLEM, "404": _PAGE, "422": _PROBLEM},
            }
        },
        "/r/{token}/photos/{photo_id}": {
            "get": {
                "responses": {**_file("image/jpeg")["responses"], "404": _PROBLEM, "422": _PROBLEM}
            }
        },
        "/r/{token}/rate": {"post": rated},
        "/r/{token}/not-fixed": {"post": said},
        "/r/{token}/forget": {"post": said},
    }


def _shown(*statuses: int) -> Schema:
    """What is wrong is said in a page; a wrong parameter of the address, or too many, in a
    problem document."""
    content: Schema = {"text/html": {}, "application/problem+json": {}}
    either = {"content": content, "description": "what is wrong"}
    return {str(status): either for status in (*statuses, 429)}


def _file(kind: str) -> Schema:
    return {"responses": {"200": {"content": {kind: {}}, "description": "a file"}}}


def _in(place: str, name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"in": place, "name": name, "schema": schema, "required": required}


def _there(value: str) -> Schema:
    return {"enum": [value]}


def _object(properties: Mapping[str, Any], *required: str) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _list_of(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _form(kinds: Mapping[str, Schema]) -> Schema:
    content = {
        kind: {"schema": {**one, "additionalProperties": False}} for kind, one in kinds.items()
    }
    return {"required": True, "content": content}
