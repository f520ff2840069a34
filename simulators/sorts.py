"""What can go wrong in a simulated district, and what only looks like it."""

from enum import StrEnum


class FaultSort(StrEnum):
    """A way to fail. The case type each must raise stands beside it."""

    LAMP_DEAD = "lamp_dead"  # streetlight.unlit
    SEGMENT_DARK = "segment_dark"  # streetlight.segment_unlit, segment
    NEIGHBOURS_DARK = "neighbours_dark"  # streetlight.segment_unlit, segment: part of it
    CIRCUIT_DARK = "circuit_dark"  # streetlight.segment_unlit, circuit
    LAMP_BURNING = "lamp_burning"  # streetlight.day_burning, streetlight
    SEGMENT_BURNING = "segment_burning"  # streetlight.day_burning, segment
    CIRCUIT_BURNING = "circuit_burning"  # streetlight.day_burning, circuit
    LAMP_WEAK = "lamp_weak"  # streetlight.degraded
    LAMP_CYCLING = "lamp_cycling"  # streetlight.degraded
    LAMP_POOR_FACTOR = "lamp_poor_factor"  # streetlight.degraded
    LAMPS_LOST = "lamps_lost"  # cabinet.lamps_lost
    COVER_DISPLACED = "cover_displaced"  # cover.displaced
    COVER_RATTLE = "cover_rattle"  # cover.rattle
    COVER_FLOODING = "cover_flooding"  # cover.flooding
    STATION_BACKLOG = "station_backlog"  # station.backlog
    STATION_ODOUR = "station_odour"  # station.odour
    STATION_GAS = "station_gas"  # station.gas_hazard
    STATION_LEACHATE = "station_leachate"  # station.leachate
    STATION_EQUIPMENT = "station_equipment"  # station.equipment
    LAMP_SILENT = "lamp_silent"  # device.silent, streetlight
    CABINET_SILENT = "cabinet_silent"  # device.silent, cabinet
    COVER_SILENT = "cover_silent"  # device.silent, cover
    STATION_SILENT = "station_silent"  # device.silent, station
    LAMP_GATEWAY_SILENT = "lamp_gateway_silent"  # device.silent, gateway
    COVER_GATEWAY_SILENT = "cover_gateway_silent"  # device.silent, gateway
    CIRCUIT_SILENT = "circuit_silent"  # device.silent, circuit


class LookAlikeSort(StrEnum):
    """What must raise nothing, drawn like a fault."""

    LORRY = "lorry"  # tilts a cover for one reading
    DETOUR = "detour"  # multiplies the traffic of a road
    NIGHT_LORRIES = "night_lorries"  # strike sound covers of a road harder, from night to morning
    RAIN = "rain"  # raises the water under covers, well below the limit
    ODOUR_SPIKE = "odour_spike"  # over the limit for minutes, not as an hourly mean
    STATION_METER_REPLACED = "station_meter_replaced"
    ENERGY_METER_REPLACED = "energy_meter_replaced"
    LATE = "late"
    REPEATED = "repeated"
    OUT_OF_ORDER = "out_of_order"
    BUFFERED = "buffered"  # offline for less than three reports, then all of them in an array


GATEWAY_LOST_AT_NIGHT = "gateway_lost_at_night"
HALF_NIGHT = "half_night"
DIMMING = "dimming"
"""Look-alikes that come with the fleet or with a fault and are not drawn."""
