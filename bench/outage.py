"""A database that is away for a minute: `python -m bench.outage [--seconds 60]`.

InfluxDB is killed under a steady flow of numbered readings and started again after so long. The
broker keeps only 500 messages for a subscriber, so nothing but the spool can hold what comes
meanwhile. Prints what was acknowledged to the publisher and what is stored, how much waited and
how soon it was worked off; ends with status 1 where a reading was lost or is there twice.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from bench.machine import describe
from facility.store.influx import InfluxStore
from tests.faults.rig import Ingest, Source, numbers_in, publisher_of, settle
from tests.servers import InfluxDB, Mosquitto

QUEUE = 500


def short_queue() -> Mosquitto:
    """A broker that keeps few messages for a subscriber that is away."""
    broker = Mosquitto(persistence=True)
    conf = broker.folder / "mosquitto.conf"
    text = conf.read_text()
    conf.write_text(text.replace("max_queued_messages 1000000", f"max_queued_messages {QUEUE}"))
    return broker


def outage(broker: Mosquitto, database: InfluxDB, ingest: Ingest, rate: int, away_s: float) -> bool:
    """Runs it and prints what was seen; whether each reading is stored once."""
    publisher = publisher_of(ingest, broker.port, int(rate * (away_s + 4)), rate)
    publisher.wait_for(rate)
    database.stop(kill=True)
    time.sleep(away_s)
    waited = ingest.books()["in_spool"]
    database.start()
    back = time.monotonic()
    acknowledged = publisher.finish(120)
    settle([ingest], len(acknowledged), 120)
    caught_up_s = time.monotonic() - back
    with closing(InfluxStore(database.url, "outage")) as store:
        stored = Counter(numbers_in(store))
    lost = len(acknowledged - stored.keys())
    twice = sum(count > 1 for count in stored.values())
    print(f"away {away_s:g} s at {rate:,} messages/s: {waited:,} waited in the spool")
    print(f"everything stored {caught_up_s:.1f} s after it was back")
    print(f"acknowledged {len(acknowledged):,}, stored {len(stored):,}, lost {lost}, twice {twice}")
    return not lost and not twice


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=int, default=2_000, help="messages a second")
    options = parser.parse_args()
    print(describe("paho-mqtt", "influxdb-client"))
    broker, database = short_queue(), InfluxDB()
    with tempfile.TemporaryDirectory() as name, closing(Source()) as source:
        folder = Path(name)
        try:
            broker.start()
            database.start()
            ingest = Ingest(
                source,
                folder / "ingest",
                folder / "log",
                broker.url,
                "outage",
                "outage",
                influx=database.url,
                database="outage",
            )
            ingest.start()
            sound = outage(broker, database, ingest, options.rate, options.seconds)
            ingest.stop()
        finally:
            database.remove()
            broker.remove()
    sys.exit(not sound)


if __name__ == "__main__":
    main()
