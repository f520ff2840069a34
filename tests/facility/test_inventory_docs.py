"""The page about the inventory says what the code does."""

import re
from pathlib import Path

import pytest

from facility.asset_rows import CHECKS
from facility.assets import CoverType
from facility.grid import Level
from facility.importmap import load_map
from facility.measurements import Kind

PAGE = (Path(__file__).parents[2] / "docs" / "inventory.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))


@pytest.mark.parametrize("kind", Kind)
def test_every_property_is_described(kind: Kind) -> None:
    assert set(CHECKS[kind]) <= NAMED


@pytest.mark.parametrize("vocabulary", [Kind, CoverType, Level])
def test_every_word_of_a_vocabulary_is_there(vocabulary: type[Kind | CoverType | Level]) -> None:
    assert {word.value for word in vocabulary} <= NAMED


def test_the_map_of_the_page_is_one(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "map.toml"
    path.write_text(example, "utf-8")
    mapped = load_map(path)
    answer = mapped.apply({"PoleID": "7-M1/2", "Street_ID": 7, "Pole_Num": "M12", "Owner": {}})
    assert answer == (
        {
            "kind": "streetlight",
            "area": "410105",
            "id": "7-M1_2",
            "segment": "7-M",
            "seq": 120,
            "owner": None,
            "rated_w": 60,
        },
        ["no StreetName"],
    )
    assert mapped.apply({"Status": "planned"}) == "is not in service"
