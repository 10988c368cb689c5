"""The Slack bot: what a team asks in Slack is queued, answered once, and kept in the journal.

One file talks to Slack (api.py). Nothing outside of this folder needs Slack.
"""
