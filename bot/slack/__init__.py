"""The Slack bot: what a team asks in Slack is queued, answered once, and kept in the journal.

One file uses Slack's SDK (calls.py). Nothing outside of this folder needs Slack.
"""
