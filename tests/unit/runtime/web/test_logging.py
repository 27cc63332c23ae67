"""Logs are JSON lines that carry the correlation id and no locals."""

import json
import subprocess
import sys

PROGRAM = """
import logging
from samarkiv_runtime.settings import Settings
from samarkiv_runtime.telemetry import CORRELATION, configure_logging
configure_logging(Settings(_env_file=None, log_format="json"))
CORRELATION.set("c" * 32)
logging.getLogger("samarkiv.x").warning("parked", extra={"consumer": "ingest"})
try:
    secret = "19121212-1212"
    raise ValueError("å")
except ValueError:
    logging.getLogger("samarkiv.x").exception("fault")
"""


def test_every_line_is_json_with_the_correlation_id() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    first, second = (json.loads(line) for line in done.stderr.splitlines())
    assert (first["event"], first["consumer"], first["level"]) == ("parked", "ingest", "warning")
    assert first["correlation"] == second["correlation"] == "c" * 32
    assert first["timestamp"].endswith("Z")
    assert "ValueError: å" in second["exception"]
    assert "19121212" not in done.stderr
