"""The Slack bot: what a team asks in Slack is queued, answered once, and kept in the journal.

The calls to Slack are in web_api. Nothing outside of this folder needs Slack.
"""
