"""The environment, read once.

`NAME_FILE` names a file that holds the value of `NAME`, for secrets mounted as files.
"""

from pathlib import Path

import environ

ROOT = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()
if (ROOT / ".env").is_file():
    env.read_env(ROOT / ".env")
