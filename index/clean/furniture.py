"""The known forms of page furniture, each for a whole line without its bullet.

Most are labels, and a line that reads like prose is no label. There are few forms for prose, each with words that only
a page uses about itself or to its reader: losing a sentence is worse than keeping a line of furniture.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.text import BULLET, is_prose
from index.words import lines as listed

_PLACES = (
    r"twitter|x|facebook|instagram|linkedin|google\s(?:news|discover)|whatsapp|telegram|youtube|threads|bluesky|mastodon|tiktok|reddit|pinterest"
    r"|flipboard|messenger|pocket"
)
_SHARE = (
    r"share|tweet|post|e-?mail|print|save(?:\sfor\slater)?|copy(?:\slink)?|link|bookmark|listen|comments?|reply|like|gift|this|"
    rf"article|story|on|via|more|{_PLACES}"
)

# Of labels alone: the notices below are looked for in every line.
_FORMS = {
    "advertisement": [
        r"advert(?:is(?:e)?ment)?s?\b(?!\s+\w+\s+\w+\s+\w+)",
        r"(?:story\s)?continues\s(?:after|below)\b.{0,40}$",
        r"(?:sponsored|promoted|paid)(?:\s(?:content|post|by|links?))?\b.{0,40}$",
        r"(?:publicité|anzeige|werbung|publicidad|pubblicità)\b.{0,30}$",
        r"article\scontinues\sbelow.{0,40}$",
    ],
    "cookie notice": [
        r".*\bcookies?\b.*\b(?:you|your|we|our)\b.*\b(?:site|website|browser|policy|accept|agree|consent|settings|preferences|experience)\b",
        r".*\b(?:you|your|we|our)\b.*\b(?:site|website|browser|policy|accept|agree|consent|settings|preferences|experience|partners)\b.*\bcookies?\b",
        r"(?:accept|reject|manage|allow|only)\b.{0,30}\bcookies\b.{0,40}$",
        r"cookie\s(?:policy|settings|preferences|notice|consent)\b.{0,40}$",
        r"(?:wir|nous|diese\s(?:web)?seite|ce\ssite|notre\ssite|unsere\s(?:web)?seite)\b.{0,80}\bcookies\b",
    ],
    "legal notice": [
        r"(?:our\s|the\s)?privacy\s(?:statement|policy|notice)\b.{0,60}$",
        r"terms\s(?:of\s(?:use|service)|and\sconditions|&\sconditions)\b.{0,60}$",
        r"by\s(?:clicking|signing|subscribing|continuing|registering|entering)\b.{0,300}\b(?:agree|consent|privacy|terms|cookies)\b",
        r"(?:©|\(c\)|copyright\b).{0,240}$",
        r"this\s(?:material|article|story|content|website)\s(?:may\snot|is\s(?:published|protected|copyright)).{0,240}$",
        r"(?:impressum|datenschutz(?:erklärung)?|mentions\slégales|imprint|agb)\b.{0,80}$",
    ],
    "agency notice": [
        r"sources?(?:\(s\))?\s?:\s?.{0,120}$",
        r"\(?(?:with\s(?:inputs|material|reporting|files)\s(?:from|by)|additional\sreporting\sby|reporting\sby|editing\sby|edited\sby)\b.{0,160}$",
    ],
    "link to another story": [
        r"(?:see|also)\s(?:also|read|see|watch)\b.{0,160}$",
        r"(?:read|watch|listen|more|related|also\sin\s[^:]{1,40}|explained|opinion|in\spictures|gallery|video|live)\s?:\s.{0,200}$",
        r"read\s(?:more|next|also|the\sfull|this\snext)\b.{0,160}$",
        r"(?:lire\saussi|à\slire(?:\saussi)?|lesen\ssie\s(?:auch|mehr)|mehr\szum\sthema|auch\sinteressant|lesen\ssie\sdazu)\b.{0,160}$",
        r"(?:click|tap)\shere\b.{0,160}$",
        r"website\spreview$",
    ],
    "list of other stories": [
        r"(?:related|recommended|trending|popular|most\s(?:read|viewed|popular|commented|watched|shared)|top\sstories|latest\s(?:news|stories|headlines)|editor[’']?s[’']?\spicks?|in\scase\syou\smissed\sit)\b[^.?!]{0,60}:?$",
        r"more\s(?:stories|news|coverage|top\sstories|to\sread|from\s(?:the\s)?[A-Z\d][^.?!]{0,50}|(?:on|in)\sthis\s(?:story|topic|section))\b[^.?!]{0,40}:?$",
        r"(?:you\s(?:may|might)\s(?:also\s)?(?:like|be\sinterested)|don[’']t\smiss|search\strends|what\sto\sread\snext|keep\sreading|elsewhere\son)\b[^.?!]{0,80}:?$",
        r"(?:readers|people|others)\salso\s(?:liked|read|viewed|bought)\b.{0,40}$",
        r"more\s(?:videos|(?:on|about)\s(?-i:[A-Z])[^.?!]{0,50})$",
        r"(?:read|see)\s(?:all\s)?our\s[^.?!]{1,60}$",
        r"more\slong\sreads$",
        r"(?:meistgelesen|les\splus\slus|sur\sle\smême\s(?:sujet|thème)|das\skönnte\ssie\s(?:auch\s)?interessieren|mehr\saus)\b.{0,80}$",
    ],
    "sign-up": [
        r"(?:subscribe|abonnez-vous|s[’']abonner|jetzt\sabonnieren|inscrivez-vous|newsletters?)\b.{0,160}$(?<![a-z]\.)",
        r"sign\s?(?:ed\s)?[ui][pn]\b.{0,200}$",
        r"(?:get|receive|want|start\syour\s(?:day|morning))\b.{0,120}\b(?:mailbox|inbox|newsletter|e-?mail|straight\sto\syou)\b",
        r".*\bour\b.{0,40}\bnewsletters?\b",
        r"(?:join\s(?:over\s)?[\d,.]+k?\s(?:readers|subscribers|members|others)|sign\sme\sup)\b.{0,120}$",
        r".*\b(?:sign\sup|subscribe)\b.{0,80}\b(?:newsletters?|inbox|e-?mail)\b",
        r"(?:log\s?in|log\sout|register|my\saccount|create\s(?:a|an|your)\s(?:free\s)?account|already\sa\s(?:subscriber|member))\b.{0,100}$",
        r"(?:enter|your)\s(?:your\s)?e-?mail\b.{0,60}$",
        r"e-?mail(?:\saddress)?(?:\s?[*(]\w*\)?)?\s?:?$",
        r"(?:[\w’'-]+\s){0,4}newsletters?$",
        r"(?:skip\spast|after)\snewsletter\spromotion$",
        r"get\s(?:the\s|your\s)?(?:[\w’'-]+\s){0,4}news(?:letters?)?$",
        r"this\s(?:content|article|story)\sis\s(?:reserved\sfor|exclusive\sto|only\sfor|free\sto\sread)\b.{0,80}$",
        r"enjoy(?:ed|ing)\s(?:this|our)\b[^.]{1,60}$",
        r"(?:download|get|try)\b.{0,40}\b(?:our|the)\b.{0,20}\bapp\b.{0,120}$",
        r"(?:support|donate|become\sa\s(?:member|supporter))\b.{0,80}\b(?:journalism|newsroom|today|now|us)\b.{0,80}$",
        r"(?:track|catch|stay\s(?:tuned|updated|up\sto\sdate|informed)|get)\b.{0,60}\b(?:news|updates|headlines|stories)\b.{0,160}\b(?:on|from|with|at|here)\b.{0,100}$",
    ],
    "follow us": [
        r"(?:follow|like|find|join|visit)\s(?:us|me|our\s(?:live\s)?\w+)\b.{0,140}$",
        rf"(?:follow|join)\b.{{1,80}}\bon\s(?:{_PLACES})\b.{{0,100}}$",
        r"(?:suivez-nous|folgen\ssie\suns|folge\suns)\b.{0,100}$",
        r"(?:have|got)\sa\s(?:story|tip|news\stip)\b.{0,160}$",
    ],
    "share buttons": [
        rf"(?:{_SHARE})(?:[\s|/·•,]+(?:{_SHARE}))*[:.]?$",
        r"(?:share|partager|teilen)\s(?:this|on|via|article|full|cet|diesen)\b.{0,60}$",
        r"(?:partager|teilen|drucken|imprimer|merken|commenter|kommentieren)(?:[\s|/·•,]+\w+){0,6}$",
        r"[(\[]?\d[\d.,]*k?[)\]]?\s(?:comments?|shares?|likes?|views?|kommentare|commentaires)\b.{0,40}$",
        r"(?:comments?|leave\sa\s(?:comment|reply)|join\sthe\s(?:conversation|discussion)|(?:view|show|read|post)\s(?:all\s)?(?:a\s)?comments?)\b.{0,40}$(?<![a-z]\.)",
    ],
    "navigation": [
        r"(?:loading|skip\sto|jump\sto|back\sto|scroll\sto|show\smore|load\smore|view\s(?:all|more|gallery|image)|play\s(?:video|audio)|video\splayer|unmute|menu|search|close|open|home|next|previous|continue\sreading)\b[^.?!]{0,50}$(?<!\w\w\w\s\w\w\w\w\w\s\w\w\w\w)",
        r"(?:previous|next)(?:\s(?:article|story|post))?\s?:\s?.{0,120}$",
        r"listen\sto\sthis\s(?:article|story)\b.{0,40}$",
        r"also\son\sthis\spage\s?:?.{0,200}$",
        r"(?:contact(?:\sus)?|sitemap|help(?:\scent(?:re|er))?|faq|careers|jobs|advertise(?:\swith\sus)?|i\sagree|agree|accept(?:\sall)?|reject(?:\sall)?|ok(?:ay)?|got\sit|no,?\sthanks|dismiss|maybe\slater|yes|no)[.!]?$",
        r"(?:tags?|topics?|filed\sunder|categor(?:y|ies)|section|schlagworte|themen)\s?:\s?.{0,160}$",
        r"\d{1,3}\s?-?\s?min(?:ute)?[ns]?\.?\s?(?:read|lesezeit|de\slecture)?\b.{0,20}$",
        r"(?:reading\stime|lesezeit|temps\sde\slecture|time\sto\sread)\b.{0,40}$",
        r"(?:[^.?!|>»·]{1,40}\s?[|>»›·]\s?){2,}[^.?!|>»·]{0,40}$",
    ],
}
# What a page says of itself in full sentences. Each needs words that only a page uses of itself or to its reader.
_NOTICES = {
    "cookie notice": [
        r"(?=.*\bcookies?\b)(?=.*\b(?:you|your)\b)(?=.*\b(?:we|our|us|this\s(?:site|website|page)|partners)\b)[^\"“„«]",
        r".*\b(?:this|our)\s(?:site|website|page)\s(?:uses|sets)\scookies\b",
        r"(?:wir|nous|diese\s(?:web)?seite|ce\ssite|notre\ssite|unsere\s(?:web)?seite)\s(?:verwende[nt]|nutz(?:en|t)|utilis(?:ons|e))\b.{0,80}\bcookies\b",
        r"(?=.*\byour?\b)(?=.*\bprivacy\b)(?=.*\b(?:this\s(?:site|page|website)|our\spartners|choices)\b)[^\"“„«]",
        r"we\sand\sour\s(?:\d+\s)?partners\b",
    ],
    "legal notice": [
        r"by\s(?:clicking|signing\sup|subscribing|continuing|registering|(?:entering|providing|submitting)\syour)\b.{0,300}\b(?:you|i)\b.{0,40}\b(?:agree|consent|confirm|accept|have\sread)\b",
        r"(?:©|\(c\))\s?.{0,240}$",
        r"copyright\s(?:©|\(c\)|\d{4}).{0,240}$",
        r".{0,200}\b(?:all\srights\sreserved|alle\srechte\svorbehalten|tous\sdroits\sréservés)\b",
        r"this\s(?:material|article|story|content|website)\s(?:may\snot\sbe|is\s(?:published|protected|copyright)).{0,240}$",
    ],
    "agency notice": [
        r".*\bthis\s(?:story|article|report)\s(?:has\snot\sbeen\sedited|was\s(?:auto-?generated|(?:published|supplied|provided)\s(?:from|by|automatically)))",
        r".*\bpublished\s(?:automatically\s)?from\sa\s(?:syndicated|wire|news\sagency)\sfeed",
        r"\(?(?:reporting|additional\sreporting|editing)\sby\b.{0,160}$",
        r"[^\"“„«]{0,240}\bcontributed\s(?:reporting\s)?to\sthis\s(?:report|story|article)\.?$",
    ],
    "sign-up": [
        r"(?:sign\s?up|subscribe|get|receive|start\syour\s(?:day|morning))\b(?=.*\b(?:our|your)\b)(?=.*\b(?:mailbox|inbox|newsletter|e-?mails?|letter|alerts|app|straight\sto\syou)\b)",
        r"enter\syour\se-?mail\b",
        r"you\shave\s(?:read|used|reached)\b.{0,80}\bfree\b.{0,80}$",
        r"(?:support|donate\sto)\s(?:our|independent|quality)\b.{0,30}\b(?:journalism|newsroom|reporting)\b.{0,100}$",
        r"join\s(?:over\s)?[\d,.]+k?\s(?:readers|subscribers|members)\b.{0,160}$",
        r"(?:thanks|thank\syou)\sfor\s(?:signing\sup|subscribing|visiting|reading|registering)\b.{0,300}$",
        r"you(?:[’']ve|\shave)\s(?:successfully\s)?(?:subscribed|signed\sup|been\ssubscribed)\b.{0,120}$",
        r"a\s(?:welcome|confirmation)\se-?mail\s(?:is|has|was|will)\b",
        r"(?:the\snext\sissue|your\snext\scopy)\b.{0,80}\byour\s(?:inbox|mailbox)\b",
        r"(?:we\sencountered|there\swas)\san?\s(?:issue|error|problem)\b.{0,40}\b(?:signing|please|try)\b",
        r"(?:interested\sin|want|looking\sfor)\smore\snewsletters\?",
        r"(?:create|register\sfor)\san?\s(?:free\s)?account\b.{0,120}\b(?:sign|log|read|continue|access)\b",
        r"subscribe\s(?:now|today|here)\b.{0,160}$",
        r"you\scan\s(?:save|find|read|share)\sthis\s(?:article|story)\b",
        r"you\shave\s(?:full|free|limited|no)\saccess\sto\sthis\b",
        r"if\syou\sare\s(?:already\s)?an?\b.{0,60}\b(?:subscriber|member)\b.{0,200}\b(?:account|access|log|sign|activate|your\ssubscription)\b",
        r"(?=.*\bpreferred\ssource\b)(?=.*\bgoogle\b)[^\"“„«]",
        r"(?:[^\"“„«]{0,160}[.!]\s)?delivered\s(?:straight\s|right\s|directly\s)?to\s(?:you|your\sinbox)\b.{0,80}$",
        r"(?=.{0,200}$)(?=.*\b(?:news|newsletter|reporting|journalism|stories|updates|headlines|round-?up|briefing)\b)[^\"“„«]{0,160}\b(?:delivered|straight|sent)\b.{0,20}\bto\syour\s(?:inbox|mailbox)\b",
        r"(?:get|catch|read)\s(?:all\s)?(?:the\slatest|real-?time|live|instant|breaking)\s(?:news|updates|headlines|stories|coverage)\b",
        r"for\s(?:the\slatest|more|all\sthe)\b[^.\"“]{0,160},\s(?:please\s)?(?:sign\sup|subscribe|follow\sus|(?:visit|click|tap|download|check\sout)\s(?:on\s)?(?:our|us|here))\b",
        r"(?=.*\bour\s(?:website|site|homepage)\b)(?=.*\b(?:bookmark|sign\sup|subscribe|newsletters?)\b)[^\"“„«]",
        r"(?:please\s)?sign\sin\sto\b.{0,80}$",
    ],
    "page trouble": [
        r"(?:we\sapologi[sz]e,?\s(?:but\s)?)?(?:this|the)\s(?:advertisement|ad|video|audio|content)\s(?:has\s(?:not|failed)|could\snot|cannot|can[’']t)\b.{0,20}\b(?:load|loaded|be\s(?:loaded|played))\b",
        r"(?:please\s)?(?:try\s)?refresh(?:ing)?\s(?:the\spage|your\sbrowser)\b",
        r"(?:[^\"“„«]{0,80}[.!]\s)?(?:you\sare\susing|your\sbrowser\s(?:is|does\snot))\b.{0,60}\b(?:browser|version|support|out\sof\sdate|javascript)\b",
        r"(?:please\s)?(?:enable|turn\son)\s(?:javascript|cookies)\b",
    ],
    "commission notice": [
        r"(?=.*\b(?:we|us|our|this\spage)\b)(?=.*\b(?:earn|receive|get)\b.{0,30}\bcommissions?\b)(?=.*\b(?:links?|buy(?:ing)?|purchas\w+|products?|recommend\w*)\b)[^\"“„«]",
    ],
    "readers' comments policy": [
        r"(?:[^\"“„«]{0,60}[.?!]\s)?(?:please\s)?(?:read|see|follow)\sour\s(?:comment\w*|community|house)\s(?:policy|guidelines|rules|standards)\b"
    ],
    "share buttons": [r"(?:share|send)\sthis\s(?:item|page|article|story|post)\s(?:on|via|to|with)\b[^.\"“]{0,600}$"],
    "follow us": [
        r"(?:follow|like|find)\s(?:us|me)\son\b.{0,140}$",
        r"(?:tips|contact|letters\sto\sthe\seditor|corrections?)\b.{0,80}@.{0,160}$",
    ],
    "caption": [r"pictured[,:]?\s(?:above|below|left|right|here|at|from|in|with|is|are|on)\b"],
    "pull quote": [r"pull\squote\s?:"],
    "link to another story": [
        r"(?:read\s(?:more|next|also)|see\salso|also\sread|watch|listen|lire\saussi|lesen\ssie\sauch)\s?:\s.{0,200}$",
        r"watch\snow\b",
    ],
}
# Lines under these headings are headlines of other stories.
_LIST_HEADINGS = [
    *_FORMS["list of other stories"],
    r"(?:read\s(?:more|next|also)|see\salso|also\sread|lire\saussi|à\slire\saussi|mehr\szum\sthema|auch\sinteressant)\s?:?$",
]
_CREDITS = [
    # "/Philippe Example/Reuters", "© Thomas Example / AFP", "(File)", "Photo: Jo Example"
    r".*(?:^|\s)/\s?[A-Z][^/.]{2,40}/\s?[A-Z][^/.]{1,30}$",
    r"\[(?:photo|photograph|picture|image|chart|graphic|map|video|embed|advert)\w*\s?:.{0,300}\]$",
    r".*[(\[](?:pool(?:\s(?:photo|picture))?|file(?:\s(?:photo|picture|image))?|archive(?:\sphoto)?|(?:photo|image|picture|credit|foto|bild|crédit)\s?:?\s[^()]{1,60}|(?-i:(?:©\s)?[A-Z][a-z][\w.-]*(?:\s[\w.-]+){0,4})\s?/\s?[^()]{1,40})[)\]]\.?$",
    r"(?:photo|photograph|picture|image|illustration|graphic|file\s(?:photo|picture)|foto|bild|crédit(?:\sphoto)?|photo\scredit|credit|symbolbild)s?\s?(?:(?:by|credit|courtesy)\b|:|©|/).{0,200}$",
    r"(?:.*[.!?)]\s)?(?-i:Photo|Image|Picture|Photograph|Foto|Photographie|Credit|PHOTO|IMAGE)\s?(?:by|courtesy\sof)?\s?:\s?\S.{0,120}$",
    r".*(?:/|\|\s?|©\s?)(?:reuters|afp|ap(?:\sphoto)?|epa(?:-efe)?|getty(?:\simages)?|shutterstock|bloomberg|anadolu|dpa|tass|xinhua|imago|keystone)(?:\s(?:images|photo|via\s[\w\s]{1,30}))?[).]?$",
    r".*\s©\s?[^.]{2,80}$",
    r".*[.!?”\"]\s(?-i:Photo(?:graph)?s?|Images?|Pictures?|Illustration|Video)\s(?:by|courtesy(?:\sof)?|credits?\s?:?)\s.{2,100}$",
    r"(?:image|photo|picture|video)\scredits?\s?:.{0,120}$",
    r".*[.!?”\"]\s(?:supplied|handout)$",
    r".*\((?:ap|afp|reuters|epa|dpa|getty)(?:\s(?:photo|images?))?\s?/\s?[^()]{2,60}\)\.?$",
]
_COMMENTS = [
    r"(?:\d+\s)?(?:readers?[’']?s?[’']?\s)?(?:comments?|kommentare|commentaires)(?:\s?\([^()]{1,30}\))?\s?:?$",
    r"(?:top|latest|readers?[’']?)\scomments?\b.{0,30}$",
    r"comments?\sfrom\s(?:our\s)?readers\b.{0,20}$",
]

# "12 thoughts on “The old harbour”": what a blog writes above its readers' comments.
_THREAD = re.compile(
    r"\d+\s(?:thoughts?|comments?|responses?|replies|gedanken|antworten|kommentare|réponses?|commentaires?|respuestas?"
    r"|comentarios?|risposte|commenti|reacties|svar|odpowiedzi)\s(?:on|to|zu|auf|à|sur|a|en|su|op|på|do)\b",
    re.I,
)


def _compiled(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_LABELS = [(form, _compiled(patterns)) for form, patterns in _FORMS.items()]
_SENTENCES = [(form, _compiled(patterns)) for form, patterns in _NOTICES.items()]
_LIST_HEADING = _compiled(_LIST_HEADINGS)
_CREDIT = _compiled(_CREDITS)
_COMMENT = _compiled(_COMMENTS)
_WORD = re.compile(r"\w+")
# How headings of other stories and of comments begin in many languages; few words may follow.
_HEADINGS = {
    " ".join(_WORD.findall(entry)): form
    for part, form in (("other stories", "list of other stories"), ("comments", "readers' comments"))
    for entry in listed("page_furniture", part)
}
_LONGEST_HEADING = max(len(heading.split()) for heading in _HEADINGS)
_MORE_WORDS = 2
_BRACKETS = str.maketrans("", "", "[]*")
# The longest notices of a page; a longer line is prose whatever it mentions.
_LONGEST = 700


@lru_cache(maxsize=20_000)  # furniture repeats from page to page
def form_of(line: str) -> str:
    """Return which form of furniture a line is, "" if it is none by its form alone."""
    bare = BULLET.sub("", line)
    if len(bare) > _LONGEST:
        return ""
    plain = " ".join(bare.translate(_BRACKETS).split())
    if form := _heading(plain):
        return form
    for form, pattern in _SENTENCES if is_prose(bare) else _SENTENCES + _LABELS:
        if pattern.match(bare) or (plain != bare and pattern.match(plain)):
            return form
    return "caption" if len(bare) < 400 and _CREDIT.match(bare) else ""


def _heading(line: str) -> str:
    words = [] if is_prose(line) else _WORD.findall(line[:200].casefold())
    for count in range(len(words), max(0, len(words) - _MORE_WORDS - 1), -1):
        if count <= _LONGEST_HEADING and (form := _HEADINGS.get(" ".join(words[:count]))):
            return form
    return ""


def heads_link_list(line: str) -> bool:
    """Tell whether headlines of other stories follow a line ("Most read", "SEE ALSO")."""
    return _LIST_HEADING.match(BULLET.sub("", line)) is not None


def heads_thread(line: str) -> bool:
    """Tell whether a line counts the readers' comments that follow it and names what they are about."""
    return len(line) < 200 and _THREAD.match(line) is not None


def heads_comments(line: str) -> bool:
    """Tell whether readers' comments follow a line."""
    return _COMMENT.match(line) is not None
