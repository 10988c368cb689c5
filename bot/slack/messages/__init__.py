"""What the bot posts, as data: messages, windows, the Home tab, safe text, and the answer as the journal stores it.

Pure functions; nothing here talks to Slack.
"""
