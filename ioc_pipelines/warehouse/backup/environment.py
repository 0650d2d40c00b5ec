"""What the environment says of backups: where the archive is, and its key.

The key is never kept in the data root that it is to survive.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ioc_pipelines.home import Home
from ioc_pipelines.warehouse.backup.archive import Archive
from ioc_pipelines.warehouse.backup.manifest import BackupError

DIR = "IOC_BACKUP_DIR"
KEY = "IOC_BACKUP_KEY"
KEY_FILE = "IOC_BACKUP_KEY_FILE"
_SHORTEST = 20
_HOW = (
    f"set {KEY}, or {KEY_FILE} to a file that only its owner can read, outside the data root; "
    "a new key: openssl rand -hex 32"
)


def archive_of(home: Home) -> Archive:
    """The archive of a profile: below ``IOC_BACKUP_DIR``, else in the data root.

    Raises BackupError when the environment gives no usable key.
    """
    base = os.environ.get(DIR)
    folder = Path(base).absolute() / home.profile if base else home.backups
    return Archive(folder, backup_key(home))


def has_key() -> bool:
    """Whether the environment gives a key: without one no backup is scheduled."""
    return bool(os.environ.get(KEY) or os.environ.get(KEY_FILE))


def backup_key(home: Home) -> str:
    """The key that the environment gives.

    Raises BackupError when there is none, when it can be guessed, or when its file lies in the
    data root or can be read by others.
    """
    key = os.environ.get(KEY, "").strip()
    if not key and (path := os.environ.get(KEY_FILE)):
        key = _from_file(Path(path), home)
    if not key:
        msg = f"no key for the backup: {_HOW}"
        raise BackupError(msg)
    if len(key) < _SHORTEST:
        msg = f"the key for the backup has less than {_SHORTEST} characters: {_HOW}"
        raise BackupError(msg)
    return key


def _from_file(path: Path, home: Home) -> str:
    if not path.is_file():
        msg = f"{KEY_FILE} names no file: {path}"
        raise BackupError(msg)
    if path.resolve().is_relative_to(home.root.resolve()):
        msg = f"{path} lies in the data root and would be lost with it: {_HOW}"
        raise BackupError(msg)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        msg = f"{path} can be read by others than its owner: chmod 600 {path}"
        raise BackupError(msg)
    return path.read_text().strip()
