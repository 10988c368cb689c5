"""What can be wrong with the Slack app's tokens and scopes: the doctor says it, and the bot at its start."""

from __future__ import annotations

from collections.abc import Set

# scope: what does not work without it
SCOPES = {
    "app_mentions:read": "mentions (event app_mention)",
    "assistant:write": "suggested prompts and the stop button (event agent_session_stopped)",
    "channels:history": "follow-ups, edits and what was missed in public channels (event message.channels)",
    "channels:read": "finding what was missed in public channels",
    "chat:write": "every answer",
    "commands": "/ask and the shortcut",
    "groups:history": "follow-ups, edits and what was missed in private channels (event message.groups)",
    "groups:read": "finding what was missed in private channels",
    "im:history": "direct messages (event message.im)",
    "im:read": "finding missed direct messages",
    "im:write": "the examples of the Home tab",
    "users:read": "telling members from guests: without it nobody is answered",
}
NEEDED = {"chat:write", "users:read"}  # without one of these nobody gets an answer
ADD_SCOPES = "Add them under OAuth & Permissions, or paste manifest.yaml under App Manifest, and reinstall."

_PREFIXES = {"xoxb-": "a bot's token", "xapp-": "an app-level token", "xoxp-": "a person's token"}
_WANTED = {"SLACK_BOT_TOKEN": ("xoxb-", "xoxe.xoxb-"), "SLACK_APP_TOKEN": ("xapp-",), "SLACK_SIGNING_SECRET": ()}
_WHERE = {
    "SLACK_BOT_TOKEN": "the Bot User OAuth Token (xoxb-…) from Install App",
    "SLACK_APP_TOKEN": "an app-level token (xapp-…) from Basic Information",
    "SLACK_SIGNING_SECRET": "the Signing Secret from Basic Information",
}


def wrong_tokens(bot_token: str, app_token: str | None, signing_secret: str | None) -> list[str]:
    """Return a sentence for each token that cannot be right: of another kind, or with quotes or blanks."""
    given = {"SLACK_BOT_TOKEN": bot_token, "SLACK_APP_TOKEN": app_token, "SLACK_SIGNING_SECRET": signing_secret}
    return [sentence for name, token in given.items() if token is not None and (sentence := _wrong(name, token))]


def _wrong(name: str, token: str) -> str:
    if any(char.isspace() or char in "\"'“”‘’`" for char in token):
        return f"{name} has quotes or blanks in it. Write the token alone."
    kind = next((kind for prefix, kind in _PREFIXES.items() if token.startswith(prefix)), None)
    if kind is None or token.startswith(_WANTED[name]):
        return ""
    return f"{name} is {kind}. Set {_WHERE[name]}."


def missing_scopes(granted: Set[str]) -> dict[str, str]:
    """Return the scopes that the app lacks, and what does not work without each."""
    return {scope: why for scope, why in SCOPES.items() if scope not in granted}
