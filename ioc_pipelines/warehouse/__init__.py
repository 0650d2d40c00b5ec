"""Rows on disk, the build file, snapshots and what is published."""
