"""Words of news that mean the same, the opposite, or change how sure a sentence is. Each entry is a line; forms of a word need not be listed."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from anyascii import anyascii

from index.text import stemmed

_IRREGULAR = {
    form: lemma
    for line in """be is are was were been being am 's 're | have has had having | do does did done doing | say said says | tell told | rise rose risen
fall fell fallen | win won winning winner | lose lost losing loss | meet met | hold held | take took taken | go went gone | become became
begin began begun | buy bought | sell sold sale sales | lead led | leave left | make made | pay paid | send sent | shoot shot
speak spoke spoken speech | strike struck | think thought | write wrote written | grow grew grown growth | give gave given | find found
fight fought | flee fled flight | fly flew flown | choose chose chosen choice | break broke broken | build built | bring brought
catch caught | draw drew drawn | drive drove driven | feel felt | get got gotten | keep kept | know knew known | run ran | see saw seen
seek sought | stand stood | throw threw thrown | understand understood | wear wore worn | die died dead death deaths dies dying
kill killed killing | steal stole stolen theft | spend spent | teach taught | sink sank sunk | shrink shrank shrunk
withdraw withdrew withdrawn withdrawal | overturn overturned | forbid forbade forbidden | bear bore born | hide hid hidden
ride rode ridden | sing sang sung | swim swam swum | come came | man men | woman women | child children | person people persons | foot feet
wife wives | life lives | live lived living | decide decided decision | conclude concluded conclusion | refuse refused refusal
arrive arrived arrival | approve approved approval | propose proposed proposal | analyse analysis analyze | defend defence defense
respond response | succeed success succeeded | fail failure failed | deny denial denied | marry marriage married | marries | try tried tries
bid bids | vote votes voter voted voting | elect election elected | resign resignation resigned | invade invasion invaded
explode explosion exploded | organise organize organisation organization organisers organizers | colour color | labour labor | centre center
theatre theater | programme program | per cent percent | injure injured injury injuries | destroy destruction destroyed
produce production produced | reduce reduction reduced | increase increased increasing increases | accuse accusation accused
threaten threat threatened threats | pressure press pressed | agree agreed agreement | argue argued argument | invest investment invested
move moved movement | appoint appointed appointment | govern government governing | develop developed development
employ employed employment | require required requirement""".replace("\n", "|").split("|")
    for lemma, *forms in [line.split()]
    for form in (lemma, *forms)
}  # fmt: skip

_SYNONYMS = """
say tell state declare remark note add explain comment announce claim insist stress argue assert maintain write report contend
reject refuse dismiss rebuff decline deny
attack assault strike raid
kill murder slay
kill die
accord deal agreement pact treaty
truce ceasefire armistice
talk negotiation discussion meeting meet summit speak discuss
big large huge major vast enormous significant considerable
small little minor tiny
begin start launch open commence
end finish stop halt conclude cease close
show reveal disclose indicate demonstrate suggest find
buy purchase acquire acquisition
sell divest
rise increase climb grow jump surge soar gain
fall drop decline decrease slide plunge tumble slump sink dip
cut reduce lower slash trim shrink
raise lift hike boost increase
win victory triumph
beat defeat
lose defeat loss
help aid assist support assistance
support back endorse favour favor
oppose resist object against
allow permit let approve enable
ban prohibit forbid bar outlaw
arrest detain capture
release free
injure wound hurt
company firm business corporation
child kid youngster
police officer cop
car vehicle automobile
doctor physician
lawyer attorney
country nation state
president leader
prime premier
leader chief head boss
minister secretary
aide adviser advisor assistant
film movie
city town
house home
road street
money fund cash
job work employment post position role
worker employee staff
boy son
girl daughter
man male
woman female
father dad
mother mum mom
blaze fire
crash collision accident
storm hurricane cyclone typhoon
flood flooding
quake earthquake
poll survey
vote ballot
election vote poll
resign quit step
fire sack dismiss
hire recruit appoint name employ
ask request seek urge demand call
demand call
urge call
warn caution
promise pledge vow
plan intend aim propose
try attempt
want wish desire
hope
need require must
use employ
get receive obtain
give provide offer deliver supply hand
send dispatch deploy
go travel head visit
visit trip tour
arrive come reach
leave depart quit exit
return back
stay remain
keep retain maintain
build construct erect construction
destroy ruin demolish wreck
hit strike
damage harm
protect defend guard
search hunt look
hide conceal
choose pick select
change alter modify
happen occur place
describe call brand label
criticise criticize condemn denounce blast slam
praise hail commend applaud welcome
accuse blame charge
charge indict
convict guilty
sentence jail imprison prison
trial court hearing
investigate probe inquiry investigation enquiry
suspect alleged
victim casualty
soldier troop
army military force
weapon arm gun
war conflict
peace
border frontier
tax levy
tariff duty
price cost
wage salary pay
budget spending
debt
loan credit
bank lender
share stock
market
profit earnings
oil crude petroleum
gas
power electricity
climate
virus
disease illness sickness
hospital clinic
school
student pupil
teacher
university college
match game
team side squad club
coach manager
player
goal
season
championship title
song track
singer vocalist
actor star
book novel
author writer
newspaper paper
official authority
spokesman spokeswoman spokesperson
expert specialist analyst
resident inhabitant local
protester demonstrator
protest demonstration rally march
crowd
refugee migrant
party
lawmaker legislator mp parliamentarian senator congressman
parliament legislature assembly
law legislation bill act
rule regulation
order command instruct
new recent latest
old former previous
former ex
early
quick fast rapid swift
dangerous hazardous risky
important key crucial vital critical
difficult hard tough
famous well-known celebrated renowned
rich wealthy
poor impoverished
ill sick unwell
dead late
angry furious
happy glad pleased delighted
sad unhappy
afraid scared
strong powerful
full entire whole total
last final
next following
several various numerous many
whole entire
only just
also too additionally
about approximately around roughly some nearly almost
because since
though although despite
however but
while whereas
currently now presently
recently lately newly
soon shortly
often frequently
together jointly
biggest largest
smallest
highest top
lowest
"""

_OPPOSITES = """
rise increase climb grow jump surge soar gain higher up raise boost add hike expand improve strengthen upturn record-high / fall drop decline decrease slide plunge tumble slump lower down cut reduce shrink worsen weaken lose slash downturn
win victory beat winner triumph / lose loss defeat loser
more most greater majority / less fewer least fewest minority
before prior ahead earlier / after following later behind
above over exceed / below under
first / last
accept agree approve welcome confirm admit allow back endorse support praise hail embrace / reject refuse deny oppose dismiss decline block ban condemn criticise criticize denounce veto
allow permit let enable legalise / ban prohibit forbid bar block prevent outlaw stop
begin start launch open resume commence / end finish stop halt close cease conclude suspend
buy purchase acquire / sell divest
arrive enter come join / leave depart exit quit withdraw
increase / reduce
hire appoint recruit elect / fire sack dismiss oust remove
arrest detain jail imprison capture / release free acquit
guilty convict / innocent acquit clear
alive survive living survivor live / dead die kill death
attack invade assault offensive / defend protect defence
friend ally / enemy foe rival opponent
ally / opponent
succeed success successful / fail failure unsuccessful
safe safely / dangerous unsafe
legal lawful legally / illegal unlawful illegally
possible / impossible
likely probable / unlikely improbable
able / unable
happy pleased glad / sad unhappy angry
good better best / bad worse worst
large big huge major larger bigger largest biggest / small little tiny minor smaller smallest
high higher highest / low lower lowest
long longer longest / short shorter shortest
old older oldest / young younger youngest new
early earlier / late later
strong stronger strongest / weak weaker weakest
rich wealthy / poor
hot warm hottest warmest / cold cool coldest
wet rain / dry drought
fast faster quick quickly rapidly / slow slower slowly
north northern northeast northwest / south southern southeast southwest
east eastern / west western
left / right
man men male boy father husband brother son he his him king / woman women female girl mother wife sister daughter she her queen
mother / father
husband / wife
brother / sister
import / export
supply / demand
profit gain / loss
surplus / deficit
public / private
domestic internal / foreign
always / never
all every everyone everything / none nothing nobody
many / few
everyone / nobody
with / without
for favour / against
inside in within / outside
include / exclude
encourage urge / discourage
remember / forget
love like / hate dislike
open / closed
present / absent
true / false
war / peace
day / night
morning / evening
summer / winter
morning / afternoon
buyer / seller
employer / employee
teacher / student
victim / perpetrator
lead / trail
push / pull
give / take receive
lend / borrow
send / receive
build construct / destroy demolish
appear / disappear vanish
remain stay keep / leave
maximum / minimum
married / divorced single
positive / negative
optimistic / pessimistic
approve / veto
victory / defeat
winner / loser
advance / retreat
escalate / ease
ease relax loosen / tighten
widen / narrow
permanent / temporary
temporary / lasting
voluntary / mandatory compulsory
democrat / republican
liberal / conservative
left-wing / right-wing
majority / minority
major / minor
urban / rural
military / civilian
official / unofficial
home / away
home / abroad
offline / online
upper / lower
senior / junior
northern / southern
ahead / behind
front / rear
near close / far
full / empty
heavy / light
hard difficult / easy
clean / dirty
calm / violent
peaceful peacefully / violent violently
innocent / guilty
success / failure
"""

_COUNTRIES = """
france french frenchman
germany german
britain british uk briton
netherlands dutch holland
spain spanish spaniard
greece greek
switzerland swiss
denmark danish dane
poland polish pole
sweden swedish swede
turkey turkish turk turkiye
ireland irish
scotland scottish
wales welsh
england english
finland finnish
china chinese
japan japanese
portugal portuguese
norway norwegian
ukraine ukrainian
kyiv kiev
russia russian
israel israeli
iran iranian
iraq iraqi
syria syrian
egypt egyptian
italy italian
canada canadian
australia australian
brazil brazilian
mexico mexican
india indian
pakistan pakistani
vietnam vietnamese
europe european
america american us
africa african
asia asian
palestine palestinian
lebanon lebanese
saudi saudis
hungary hungarian
czech czechia
belgium belgian
austria austrian
argentina argentine
philippines philippine filipino
afghanistan afghan
yemen yemeni
thailand thai
"""

# Steps of certainty, weakest first; what a sentence states as done is above them all.
_SURENESS = {
    "possible": "may might could can possibly perhaps maybe likely possible potential potentially probably apparently seem appear reportedly alleged allegedly accuse suspect suspected purportedly purported rumoured rumored unconfirmed",
    "meant": "plan intend aim hope seek want propose consider expect try attempt threaten promise pledge vow due should must ought need supposed urge demand call ask request mull weigh offer agree prepare wish",
    "coming": "will would shall going",
}  # fmt: skip

NEGATORS = frozenset(
    "not n't no never neither nor without nobody none nothing nowhere cannot hardly barely scarcely fail refuse unable deny lack avoid prevent "
    "nicht kein keine keinen nie niemand nichts ne pas jamais aucun aucune non".split()
)
FUNCTION = frozenset(
    """a an the this that these those there here it its itself he him his himself she her hers herself they them their theirs themselves we us our ours you your i me my
    who whom whose which what where when why how and or but so yet as than then of to in on at by for from with into onto upon about over under between among
    through during within across along toward towards against per via be have do will shall would can could may might must should ought also too very just even still only such
    some any each every either both all other another more most much many few less least own same again once while because since until before after if unless
    though although whether however meanwhile well rather quite both up down out off away back around near like not no nor never n't 's 're 've 'll 'd let
    according said say tell get go come make take one""".split()
)
_POLAR = frozenset(
    "before after above below over under more less most least fewer up down with without for against inside outside all none always never".split()
)


def lemma(word: str) -> str:
    """Return the normal form of a word: folded, without possessive, regular and irregular forms of a verb as one."""
    return _lemma(word)


@lru_cache(maxsize=100_000)
def _lemma(word: str) -> str:
    folded = anyascii(word[:64]).lower().replace("’", "'")
    folded = folded.removesuffix("'s").removesuffix("'")
    folded = _IRREGULAR.get(folded, folded)
    if len(folded) <= 3 or not folded.isalpha():
        return folded.replace(".", "")
    stem = str(stemmed(folded))
    if len(stem) > 5 and stem.endswith(("iy", "yy", "yi", "ij", "yj", "ii")):
        stem = stem[:-2] + "i"
    return stem


def _groups(lines: str) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, line in enumerate(line for line in lines.splitlines() if line.strip()):
        for word in line.split():
            found[lemma(word)].add(number)
    return found


def _pairs(lines: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines.splitlines():
        if "/" in line:
            left, right = ([lemma(word) for word in side.split()] for side in line.split("/"))
            for one in left:
                found[one].update(right)
            for one in right:
                found[one].update(left)
    return found


_SAME = _groups(_SYNONYMS + _COUNTRIES)
_AGAINST = _pairs(_OPPOSITES)
_STEP = {lemma(word): step for step, words in enumerate(_SURENESS.values()) for word in words.split()}
POLAR = frozenset(map(lemma, _POLAR))
FUNCTIONS = frozenset(map(lemma, FUNCTION)) | FUNCTION
FACT = len(_SURENESS)


def sureness(word: str) -> int:
    """Return how sure a word (a lemma) makes the one it governs: 0 possible, 1 meant, 2 coming; FACT if it says nothing of that."""
    return _STEP.get(word, FACT)


def alike(one: str, other: str) -> bool:
    """Tell whether two lemmas mean the same in news, or are forms of one word."""
    return one == other or not _SAME.get(one, set()).isdisjoint(_SAME.get(other, ()))


def opposed(one: str, other: str) -> bool:
    """Tell whether two lemmas are opposites: by the list, or by a prefix ("legal", "illegal")."""
    if other in _AGAINST.get(one, ()):
        return True
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and any(
        long == prefix + short for prefix in ("un", "in", "im", "il", "ir", "dis", "non", "de", "anti", "mis")
    )
