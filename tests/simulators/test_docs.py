"""The documentation names what there is."""

from pathlib import Path

import msgspec
import pytest

from simulators import models
from simulators.scenario import District, FleetSize, Intervals, PinnedFault, known
from simulators.sorts import (
    DIMMING,
    GATEWAY_LOST_AT_NIGHT,
    HALF_NIGHT,
    FaultSort,
    LookAlikeSort,
)

TEXT = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        *known(),
        *FaultSort,
        *LookAlikeSort,
        *(DIMMING, GATEWAY_LOST_AT_NIGHT, HALF_NIGHT),
        *(model.name for model in models.LAMPS),
        *(
            field.name
            for struct in (District, FleetSize, Intervals, PinnedFault)
            for field in msgspec.structs.fields(struct)
        ),
    ],
)
def test_it_is_in_the_documentation(name: str) -> None:
    assert f"`{name}`" in TEXT
