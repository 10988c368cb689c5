"""What the bot posts, as data: blocks, the Home tab, text that can do no harm, the answer as the journal keeps it.

Pure functions; nothing here talks to Slack.
"""
