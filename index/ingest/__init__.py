"""An ingest run: finds what changed, reads, cleans and embeds it, publishes it, and reports.

The only writer of the archive.
"""
