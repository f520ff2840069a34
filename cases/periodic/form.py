"""The form that a periodic case is fed back with: its fields, and what is answered to them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from cases.filing.standard import Text
from facility.errors import UsageError
from facility.plain import is_plain

FIELDS_AT_MOST = 40
TEXT_MAX = 2_000

_Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
_Choice = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_PHOTO = re.compile(r"[0-9a-f]{32}")


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One field. ``unit``, ``least`` and ``most`` are a number's, ``choices`` a choice's.

    A photo is answered with the name that it is kept under.
    """

    key: _Key
    label: Text
    kind: Literal["text", "number", "choice", "photo"]
    required: bool = True
    unit: Annotated[str, msgspec.Meta(max_length=32)] = ""
    least: float | None = None
    most: float | None = None
    choices: Annotated[tuple[_Choice, ...], msgspec.Meta(max_length=50)] = ()


Form = Annotated[tuple[Field, ...], msgspec.Meta(max_length=FIELDS_AT_MOST)]


class WrongAnswer(UsageError):
    """A form or an answer that is not right; ``field`` says where, ``zh`` and the text why."""

    def __init__(self, field: str, zh: str, en: str) -> None:
        super().__init__(f"{field}: {en}")
        self.field = field
        self.zh = zh
        self.en = en


def form_of(evidence: Mapping[str, Any]) -> tuple[Field, ...]:
    """The form that a schedule's case was opened with; none where it has none."""
    return msgspec.convert(evidence.get("form", ()), tuple[Field, ...])


def check_form(form: Sequence[Field]) -> None:
    """WrongAnswer where the fields of a form do not fit together."""
    keys: set[str] = set()
    for field in form:
        where = f"form.{field.key}"
        if field.key in keys:
            raise WrongAnswer(where, "字段重复", "is there twice")
        keys.add(field.key)
        if (field.kind == "choice") != bool(field.choices):
            raise WrongAnswer(
                where, "选择项须有选项", "choices are for a choice, and it needs them"
            )
        if len({*field.choices}) < len(field.choices):
            raise WrongAnswer(where, "选项重复", "has a choice twice")
        of_number = bool(field.unit) or field.least is not None or field.most is not None
        if of_number and field.kind != "number":
            raise WrongAnswer(where, "只有数值有单位和范围", "unit, least and most are a number's")
        if field.least is not None and field.most is not None and field.least > field.most:
            raise WrongAnswer(where, "范围有误", "its least is above its most")


def check_answers(form: Sequence[Field], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers, in the form's order. WrongAnswer where one is missing, unknown or not right."""
    known = {field.key for field in form}
    if unknown := sorted({*answers} - known):
        raise WrongAnswer(f"form.{unknown[0]}", "没有这个字段", "the form has no such field")
    found: dict[str, Any] = {}
    for field in form:
        value = answers.get(field.key)
        if value is None or value == "":
            if field.required:
                raise WrongAnswer(f"form.{field.key}", "必填", "is missing")
            continue
        found[field.key] = _checked(field, value)
    return found


def _checked(field: Field, value: Any) -> Any:
    where = f"form.{field.key}"
    if field.kind == "number":
        return _number(where, field, value)
    if not isinstance(value, str):
        raise WrongAnswer(where, "须为文字", "must be text")
    match field.kind:
        case "text" if len(value) > TEXT_MAX or not is_plain(value):
            raise WrongAnswer(
                where,
                f"不超过 {TEXT_MAX} 字,无控制字符",
                f"is up to {TEXT_MAX} characters, none of control",
            )
        case "choice" if value not in field.choices:
            raise WrongAnswer(
                where, f"须为其中之一:{'、'.join(field.choices)}", f"is none of {field.choices}"
            )
        case "photo" if _PHOTO.fullmatch(value) is None:
            raise WrongAnswer(where, "不是照片编号", "is no photo's name")
    return value


def _number(where: str, field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WrongAnswer(where, "须为数值", "must be a number")
    low = -math.inf if field.least is None else field.least
    high = math.inf if field.most is None else field.most
    if not low <= value <= high:
        raise WrongAnswer(where, f"超出范围 {low:g}–{high:g}", f"is not within {low:g} to {high:g}")
    return value
