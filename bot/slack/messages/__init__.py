"""What the bot posts, as data: messages, windows, the Home tab, and safe text.

Pure functions; nothing here talks to Slack.
"""
