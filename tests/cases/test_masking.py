"""Numbers and addresses of persons are hidden, what the report is about is not."""

from __future__ import annotations

import pytest

from cases.residents.masking import masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("打我电话13812345678。", "打我电话***。"),
        ("138-1234-5678", "***"),
        ("138 1234 5678", "***"),
        ("+86 (0371) 6597-1234", "***"),
        ("电话１３８１２３４５６７８", "电话***"),
        ("身份证41010519900307123X号", "身份证***号"),
        ("邮箱wang.xm@mail.example.cn,谢谢", "邮箱***,谢谢"),
        ("花园路100号院3号楼,坑深20厘米", "花园路100号院3号楼,坑深20厘米"),
        ("2026-06-22 早上", "2026-06-22 早上"),
        ("井盖编号M-1024", "井盖编号M-1024"),
        ("", ""),
    ],
)
def test_what_is_hidden(said: str, shown: str) -> None:
    assert masked(said) == shown
