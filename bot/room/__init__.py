"""The Slack room: what a team asks in Slack is heard, answered once, and kept in a journal."""
