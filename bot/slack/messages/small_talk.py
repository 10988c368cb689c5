"""What a message is: a question to the archive, thanks, a greeting, a question about the bot, or talk of people."""

from __future__ import annotations

import re

from bot.question.chatter import written_out
from bot.slack.messages.text import question_text

_GREETING = re.compile(
    r"\W*(?:(?:hi|hello|hey|hallo|howdy|yo|good\s+(?:morning|afternoon|evening|day)|greetings|thanks?(?:\s+you)?(?:\s+(?:very|so)\s+much|\s+a\s+lot)?|thx|cheers|"
    r"ok(?:ay)?|great|cool|nice|help|test|ping|are\s+you\s+there|bye|there|bot|team|all|everyone)\W*)+",
    re.I,
)
_ASKS = re.compile(
    r"\W*(?:and\s+|but\s+|so\s+|or\s+|ok,?\s+)?(?:what|who|whom|whose|when|where|why|which|how|is|are|was|were|did|does|do|has|have|had|will|would|can|could|should|"
    r"about|tell\s+me|show\s+me|find|give\s+me|list|since\s+when)\b",
    re.I,
)
_AMONG_PEOPLE = re.compile(
    r"\b(?:you|your|yours|u|we|us|our|ours|i|i['’]m|my|mine|me|let['’]s|lunch|zoom|coffee|anyone|anybody|somebody|someone"
    r"|on\s+call)\b"
    # "How was Brussels?" asks for somebody's day, "how was power restored?" does not.
    r"|^\W*how\s+(?:is|are|was|were)\s+(?:the\s+)?(?:\w+\s+)?\w+(?<!ed)(?<!en)(?<!ing)(?<!one)\W*$",
    re.I,
)
_TO_US = re.compile(
    r"\b(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:tell|show|give|find)\s+(?:me|us)\b|\bwhat\s+do\s+you\s+know\b|\bdo\s+you\s+know\b|\bdo\s+we\s+know\b",
    re.I,
)
_ECHO = re.compile(
    r"\W*(?:really|seriously|right|sure|true|no|yes|what|who\s+knows|is\s+it|is\s+that\s+(?:so|true|right|ok(?:ay)?))\W*",
    re.I,
)


_PRAISE = (
    r"(?:many\s+|much\s+)?thank(?:s|\s+you|\s+u)(?:\s+(?:(?:very|so)\s+much|a\s+(?:lot|million|bunch)|again|for\s+(?:that|this|the\s+\w+|your\s+\w+|looking\w*)))*"
    r"|thx|tnx|ty|ta|cheers|danke|merci|gracias|obrigad[oa]|grazie|tack|ok(?:ay)?|got\s+it|noted|wow|lol|haha|yes|yep|no|sure"
    r"|(?:very\s+|really\s+|so\s+)?(?:great|perfect|nice|cool|awesome|brilliant|excellent|super|lovely|amazing|good|helpful|useful|fantastic)"
    r"(?:\s+(?:one|job|work|stuff|bot|answer|find|catch|to\s+know))?"
    r"|(?:well|nicely)\s+done|(?:much\s+|very\s+much\s+)?appreciated|exactly(?:\s+what\s+i\s+\w+)?|spot\s+on|works?\s+for\s+me"
    r"|(?:that|this|it|which)(?:['’]s|\s+is|\s+was|\s+has)?\s+(?:(?:very|really|so|just|exactly|all|a\s+lot|what)\s+)*"
    r"(?:helped|helps|help|helpful|useful|great|perfect|it|enough|brilliant|good|fine|works?|worked|i\s+(?:needed|wanted|meant))(?:\s+(?:a\s+lot|me|us))?"
)
_THANKS = re.compile(rf"\W*(?:(?:{_PRAISE})\b\W*|(?:to\s+)?(?:you|all|team|everyone|mate|bot|newsdesk)\b\W*)+", re.I)
_ABOUT_THE_BOT = re.compile(
    r"\W*(?:(?:hi|hello|hey|please|so|ok(?:ay)?)\W+)?(?:"
    r"(?:who|what)(?:\s+(?:exactly\s+)?are|['’]re)\s+you(?:\s+(?:for|exactly))?|are\s+you\s+(?:a\s+)?(?:bot|human|real|robot|there|ai|an\s+ai)"
    r"|what\s+(?:can|do|could)\s+(?:you|i|we)\s+(?:do|know|know\s+about|ask|ask\s+you|help\s+(?:me|us)?\s*with|answer)(?:\s+here|\s+about)?"
    r"|how\s+(?:does|do|can|should)\s+(?:you|this|it|i|we|newsdesk)\s+(?:work|use|ask)(?:\s+(?:you|this|it|newsdesk|questions?|a\s+question))?"
    r"|(?:can\s+you\s+|please\s+)?help(?:\s+me)?|usage|commands?|instructions"
    r"|how\s+many\s+(?:articles|stories|documents|sources)(?:\s+(?:do|have)\s+(?:you|we)\s+(?:have|know|got|read)|\s+are\s+(?:there|in\s+(?:the|your)\s+\w+))?"
    r"|(?:what|which)\s+(?:articles|sources|papers|publications|newspapers|publishers)\s+(?:do|have)\s+you\s+(?:have|know|got|read|use)"
    r"|what(?:['’]s|\s+is)\s+in\s+(?:the|your)\s+(?:archive|database|articles)"
    r"|what(?:['’]s|\s+is)\s+(?:your\s+name|newsdesk|this(?:\s+bot)?)"
    r")(?:\W+please)?\W*",
    re.I,
)
_COPY = re.compile(r"\W*(?:(?:cc|fyi|via|ping(?:ing)?|adding|h/t|ht|looping\s+in|and|or|with|someone)\b\W*)+", re.I)
_ONLY_LINKS = re.compile(r"\W*(?:<https?://[^>]+>\W*)+")
_ADDRESSES = re.compile(r"(?:\s*https?://\S+)+")
_SHORT = 150  # characters; a longer text is no small talk
_A_TOPIC = 6  # words before a mention that may be what is asked ("latest on Gaza @newsdesk")


def is_empty(text: str) -> bool:
    """Tell whether a text asks nothing: it has no words, or is only a greeting."""
    return not any(char.isalnum() for char in text) or bool(_GREETING.fullmatch(text))


def looks_like_question(text: str) -> bool:
    """Tell whether a text asks something that articles may answer, and is no talk between people."""
    if is_empty(text) or _ECHO.fullmatch(text):
        return False
    text = written_out(text)
    if _AMONG_PEOPLE.search(_TO_US.sub("", text)):
        return False
    return text.rstrip().rstrip('"”’)').endswith("?") or (bool(_ASKS.match(text)) and len(text.split()) > 2)


def is_thanks(text: str) -> bool:
    """Tell whether a text is thanks or praise and no more."""
    return len(text) <= _SHORT and bool(_THANKS.fullmatch(text))


def is_about_the_bot(text: str) -> bool:
    """Tell whether a text asks what the bot is or can do."""
    return len(text) <= _SHORT and bool(_ABOUT_THE_BOT.fullmatch(text))


def asks_nothing(text: str) -> bool:
    """Tell whether there is nothing in a text that articles could answer: a hint helps more than a search."""
    return (
        is_empty(text) or is_thanks(text) or is_about_the_bot(text) or bool(re.fullmatch(r"(?:\s*https?://\S+)+", text))
    )


def is_copy(text: str) -> bool:
    """Tell whether a message only passes something on ("cc @newsdesk")."""
    return len(text) <= _SHORT and bool(_COPY.fullmatch(text))


def is_aside(said: str, bot: str) -> bool:
    """Tell whether a message in a channel names the bot without asking it: in passing, or beside a bare link.

    ``said`` is the message as Slack gives it.
    """
    before, _, after = re.sub(rf"<@{bot}(?:\|[^>]*)?>", "\0", said).partition("\0")
    if _ONLY_LINKS.fullmatch(f"{before} {after}"[:2_000]):
        return True
    first, rest = question_text(before, bot), question_text(after.replace("\0", " "), bot)
    if is_empty(first) or is_thanks(first) or "?" in said or _TO_US.search(f"{first} {rest}"):
        return False
    if any(_ASKS.match(part) and not part.lower().startswith("about") for part in (first, rest)):
        return False
    return bool(rest.strip(" .!,")) or len(first.split()) > _A_TOPIC
