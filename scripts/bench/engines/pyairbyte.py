"""One source into a DuckDB file, as PyAirbyte's documentation does it: pyairbyte.py '{"name","program","config","streams","folder"}'"""

import json
import sys
from pathlib import Path

import airbyte
from airbyte.caches import DuckDBCache

order = json.loads(sys.argv[1])
source = airbyte.get_source(order["name"], local_executable=order["program"], config=order["config"])
source.select_streams(order["streams"])
folder = Path(order["folder"])
source.read(cache=DuckDBCache(db_path=folder / "pyairbyte.duckdb", cache_dir=folder))
