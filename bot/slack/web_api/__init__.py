"""Slack's Web API: every call, its rate limits, and what the bot posts and reads through it.

One file uses Slack's SDK (calls.py). Nothing here knows questions or the journal's entries.
"""
