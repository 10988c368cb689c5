"""Cleaning: page furniture goes, every sentence of the article stays, and nothing is rewritten."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES, cleaned, records

from index.clean.clean import clean

FIRST = (
    "The ferry between the islands will stop running in May, the council decided on Monday after a debate of four "
    "hours."
)
SECOND = "Some 2,000 people use it every week, and the nearest bridge is 40 kilometres away from the old harbour."
THIRD = "The mayor, Ines Holm, said she would look for money from the ministry before the summer begins."


def around(line: str) -> str:
    """A line between paragraphs of an article, as a saved page has it."""
    return f"{FIRST}\n\n{line}\n\n{SECOND}\n\n{THIRD}\n"


FURNITURE = [
    pytest.param("Advertisement", id="advertisement"),
    pytest.param("ADVERTISEMENT - CONTINUE READING BELOW", id="advertisement-continue"),
    pytest.param("Story continues below", id="story-continues"),
    pytest.param("Sponsored content by Baltic Ferries", id="sponsored"),
    pytest.param("Anzeige", id="german-advertisement"),
    pytest.param("Publicité", id="french-advertisement"),
    pytest.param("We use cookies on our website to give you the best experience.", id="cookies-we-use"),
    pytest.param("This site uses cookies. By continuing you accept them.", id="cookies-this-site"),
    pytest.param("Accept all cookies", id="cookies-button"),
    pytest.param("Cookie settings", id="cookies-settings"),
    pytest.param("Wir verwenden Cookies, um Ihnen die Seite besser anzeigen zu können.", id="cookies-german"),
    pytest.param("Privacy policy", id="privacy"),
    pytest.param("Terms of use | Privacy policy | Contact", id="legal-links"),
    pytest.param("By clicking subscribe you agree to our terms.", id="by-clicking"),
    pytest.param("By signing up, you agree to our terms of service and privacy policy.", id="by-signing-up"),
    pytest.param("© 2025 Island Herald. All rights reserved.", id="copyright"),
    pytest.param("Copyright 2025 Island Herald Media Ltd", id="copyright-word"),
    pytest.param("Impressum | Datenschutz", id="german-imprint"),
    pytest.param("(Reporting by Jo Hale; editing by Petra Sund)", id="agency-credits"),
    pytest.param(
        "This story has not been edited by our staff and is published from a syndicated feed.", id="syndicated"
    ),
    pytest.param("SEE ALSO: The bridge that was never built", id="see-also"),
    pytest.param("Read more: Who pays for the bridge?", id="read-more"),
    pytest.param("READ ALSO | The bridge that was never built", id="read-also"),
    pytest.param("Lesen Sie auch: Die Brücke, die niemand baute", id="german-read-also"),
    pytest.param("Lire aussi : Le pont que personne n’a construit", id="french-read-also"),
    pytest.param("Click here to see all our pictures", id="click-here"),
    pytest.param("Subscribe to our newsletter", id="newsletter"),
    pytest.param(
        "Sign up for the Morning Tide, our free newsletter. Enter your email address [ Subscribe ]",
        id="newsletter-form",
    ),
    pytest.param("Get the news straight to your inbox every morning", id="inbox"),
    pytest.param("Join 40,000 readers of the morning brief", id="join-readers"),
    pytest.param("You have read 2 of your 3 free articles this month.", id="paywall-count"),
    pytest.param("Already a subscriber? Log in", id="paywall-login"),
    pytest.param("Download our app for iOS and Android", id="app"),
    pytest.param("Support independent journalism: donate today", id="donate"),
    pytest.param("Abonnez-vous à notre lettre du soir", id="french-subscribe"),
    pytest.param("Follow us on Twitter and Facebook", id="follow-us"),
    pytest.param("Follow us:", id="follow-us-colon"),
    pytest.param("Follow Island Herald on Telegram", id="follow-outlet"),
    pytest.param("Tips? Write to tips@islandherald.example", id="tips"),
    pytest.param("Share  Tweet  Email  Print", id="share-row"),
    pytest.param("Share this article", id="share-this"),
    pytest.param("Facebook | X | WhatsApp | Copy link", id="share-places"),
    pytest.param("Artikel teilen: WhatsApp | E-Mail | Link kopieren", id="german-share"),
    pytest.param("212 comments", id="comment-count"),
    pytest.param("Leave a comment", id="leave-a-comment"),
    pytest.param("Home / World / Europe", id="breadcrumbs"),
    pytest.param("Home > News > Islands", id="breadcrumbs-arrows"),
    pytest.param("Skip to main content", id="skip"),
    pytest.param("^ Back to top", id="back-to-top"),
    pytest.param("Tags: ferry, islands, council", id="tags"),
    pytest.param("5 min read", id="reading-time"),
    pytest.param("Lesezeit: 3 Minuten", id="german-reading-time"),
    pytest.param("Listen to this article", id="listen"),
    pytest.param("Ferries in the old harbour on Monday. (File photo)", id="caption-file"),
    pytest.param(
        "Ferries in the old harbour on Monday. Photograph: Lotte Verhaegh for the Island Herald", id="caption-credit"
    ),
    pytest.param("The mayor at the town hall. © Tomas Reyle / Meridian Images", id="caption-copyright"),
    pytest.param("The mayor in the harbour on Monday (Jo Hale/Reuters)", id="caption-agency"),
    pytest.param("[Image: the old harbour]", id="image-placeholder"),
    pytest.param("Photo: Henrik Moe", id="photo-credit"),
    pytest.param("Foto: dpa", id="german-photo-credit"),
    pytest.param("* * *", id="stars"),
    pytest.param("– – –", id="dashes"),
    pytest.param(">>> ALSO ON THIS PAGE: Is a bridge coming to your town? Look at the map", id="also-on-this-page"),
    pytest.param(
        "This report was supplied by Meridian Wire. The Island Herald has changed nothing but the headline.",
        id="supplied-by-agency",
    ),
    pytest.param(
        "This advertisement has not loaded yet, but your article goes on below.", id="advertisement-not-loaded"
    ),
    pytest.param("We apologise, but this video has failed to load.", id="video-failed"),
    pytest.param("Try refreshing your browser, or come back later.", id="refresh"),
    pytest.param(
        "Thank you for visiting the Herald. You are using a browser version with few abilities.", id="old-browser"
    ),
    pytest.param("Thanks for signing up! Look into your mailbox.", id="thanks-for-signing-up"),
    pytest.param("A welcome email is on its way to you.", id="welcome-email"),
    pytest.param("Create an account or sign in to continue reading.", id="create-an-account"),
    pytest.param("THIS CONTENT IS RESERVED FOR SUBSCRIBERS ONLY", id="subscribers-only"),
    pytest.param(
        "If you are a print subscriber, your account gives you access to everything here.", id="if-you-are-a-subscriber"
    ),
    pytest.param("You can save this article by registering for free.", id="save-this-article"),
    pytest.param("Choose the Herald as a ‘preferred source’ on Google News to find us faster.", id="preferred-source"),
    pytest.param("Get the latest news from the harbour as it happens.", id="get-the-latest"),
    pytest.param("For the latest news from the islands, sign up for the Morning Tide.", id="for-the-latest"),
    pytest.param("Honest reporting. Brave journalism. Delivered to you.", id="delivered-to-you"),
    pytest.param("after newsletter promotion", id="after-newsletter-promotion"),
    pytest.param("Email address (required)", id="email-address"),
    pytest.param("We may earn a commission if you buy something through the links on this page.", id="commission"),
    pytest.param("Please read our comment policy before you write.", id="comment-policy"),
    pytest.param(
        (
            "Share this article on Facebook facebook Send this page by email email More ways to share it with "
            "friends at home and abroad"
        ),
        id="share-long",
    ),
    pytest.param("Pictured from left are the mayor, the harbour master and two fishermen from Leith.", id="pictured"),
    pytest.param(
        "The ferry leaves the old harbour in fog. Photo by Lotte Verhaegh / Meridian Images", id="caption-photo-by"
    ),
    pytest.param("The mayor leaves the town hall on Monday. (AP Photo/Jo Hale)", id="caption-ap-photo"),
    pytest.param("Image credits: Baltic Ferries", id="image-credits"),
    pytest.param("Jo Hale and Petra Sund contributed to this report.", id="contributed"),
    pytest.param('PULL QUOTE: "A bridge which people mistook for a promise"', id="pull-quote"),
]


@pytest.mark.parametrize("line", FURNITURE)
def test_furniture_inside_an_article_goes(line):
    text = clean(around(line)).text
    assert " ".join(line.split()) not in text
    assert text == f"{FIRST}\n\n{SECOND}\n\n{THIRD}"


NEWS = [
    pytest.param(
        "The regulator fined the chain because its website set cookies before visitors could refuse them.",
        id="cookies-fined",
    ),
    pytest.param(
        "“We will stop using cookies on our website by June,” the minister for digital affairs said.",
        id="cookies-quoted",
    ),
    pytest.param(
        "The court found that a site may not say “we use cookies” and leave it at that.", id="cookies-in-a-ruling"
    ),
    pytest.param(
        "Your browser, the commission argued, should ask about cookies once and never again.", id="cookies-your-browser"
    ),
    pytest.param(
        "Newsletter subscriptions at the publisher rose by a third between 2023 and 2025.", id="newsletter-numbers"
    ),
    pytest.param(
        "“We gave up our weekly newsletter because nobody read it,” the party’s spokesman said.", id="newsletter-quoted"
    ),
    pytest.param(
        "Voters had to subscribe to the party’s newsletter before they could vote, the court found.",
        id="subscribe-to-vote",
    ),
    pytest.param(
        "Few economists would subscribe to that view, the bank’s governor said on Tuesday.", id="subscribe-to-a-view"
    ),
    pytest.param("Subscribers to the streaming service rose by two million in the first quarter.", id="subscribers"),
    pytest.param("Advertising revenue at the broadcaster fell by a fifth, the company said.", id="advertising-revenue"),
    pytest.param("Adverts for gambling will vanish from football shirts next season.", id="adverts"),
    pytest.param("Advertisements for tobacco were banned in 2003.", id="advertisements-short"),
    pytest.param("Sharing the cost of the bridge between the two towns was the mayor’s idea.", id="sharing-the-cost"),
    pytest.param("Share prices in Frankfurt fell by four per cent after the announcement.", id="share-prices"),
    pytest.param(
        "Support for the party among US voters has fallen to its lowest level since 2001.", id="support-among-us-voters"
    ),
    pytest.param("Support for the war remains high today, according to a poll by the institute.", id="support-today"),
    pytest.param(
        "By signing the minerals deal, Kyiv would agree to pay half of its proceeds into a fund.", id="by-signing"
    ),
    pytest.param("By entering the war, Italy would break the terms of the armistice.", id="by-entering"),
    pytest.param("Signed in Paris in 2015, the agreement asks every country for a plan.", id="signed-in"),
    pytest.param(
        "Copyright law must be rewritten for the age of AI, the publishers told the commission.", id="copyright-law"
    ),
    pytest.param("Privacy policy has become a bargaining chip in the talks, the report says.", id="privacy-policy"),
    pytest.param("Like our neighbours, we want a just peace and not a pause, the minister said.", id="like-our"),
    pytest.param("Join us or be left behind, the chancellor told the smaller states in Tallinn.", id="join-us"),
    pytest.param("Paid leave will be extended to fathers from July.", id="paid-leave"),
    pytest.param("Promoted to general in 2023, he commands the southern front today.", id="promoted"),
    pytest.param("Get used to bad news from the front, the general told members of parliament.", id="get-used-to-news"),
    pytest.param("Read the full text and you will find no threat in it, the ambassador said.", id="read-the-full-text"),
    pytest.param(
        "The finance minister painted a bleak picture: debts up, growth down, no majority.", id="bleak-picture"
    ),
    pytest.param(
        "The motion was brought by the largest group in the state parliament (CDU/CSU).", id="party-in-brackets"
    ),
    pytest.param("Prices rose by 2.3 percent in February (January: 2.5 percent).", id="numbers-in-brackets"),
    pytest.param("Comments by the prime minister drew anger in Warsaw on 3 March 2025.", id="comments-by"),
    pytest.param("Register offices in Scotland will open on Saturdays, too.", id="register-offices"),
    pytest.param("Contact between the two armies broke off on Tuesday night.", id="contact"),
    pytest.param("Home prices in the capital have doubled within ten years, the bank said.", id="home-prices"),
    pytest.param("Search teams found the wreck of the ferry at a depth of 80 metres.", id="search-teams"),
    pytest.param("Close to 300 people were in the station when the roof came down.", id="close-to"),
    pytest.param("Open questions remain, among them who would watch over the truce.", id="open-questions"),
    pytest.param("Next week the leaders meet in Brussels to talk about the bill.", id="next-week"),
    pytest.param("Video of the attack, checked by investigators, shows two drones over the pier.", id="video"),
    pytest.param("90 minutes later the bridge was gone.", id="minutes-later"),
    pytest.param("Follow-up talks on Telegram channels and on X were broken off, the envoy wrote.", id="follow-up"),
    pytest.param("About us they know nothing, the fishermen said of the ministry.", id="about-us"),
    pytest.param("Post offices on the islands will close on Saturdays from the summer on.", id="post-offices"),
    pytest.param("Werbung für Tabak wird nach dem Willen der Ministerin bald ganz verboten.", id="german-werbung"),
    pytest.param(
        "Anzeige gegen den früheren Minister erstattete am Montag eine Bürgerinitiative.", id="german-anzeige"
    ),
    pytest.param(
        "Wir haben nie ungefragt Cookies gesetzt, sagte eine Sprecherin des Verlags am Dienstag.", id="german-cookies"
    ),
    pytest.param("The advertisement has not changed anybody’s mind, the pollsters found.", id="advertisement-has-not"),
    pytest.param("Refreshing rain fell on the islands in the last week of the summer.", id="refreshing"),
    pytest.param("Thanks for the rescue went to the crew of a fishing boat from Bergen.", id="thanks-for"),
    pytest.param("A welcome party of two hundred was waiting on the pier.", id="a-welcome"),
    pytest.param("If you are a fisherman on these islands, the ferry is your only way to a doctor.", id="if-you-are"),
    pytest.param("You can save this harbour only by dredging it, the engineers told the council.", id="you-can-save"),
    pytest.param(
        "The parcels were delivered to you and to nobody else, the judge told the defendant.", id="delivered-to-you"
    ),
    pytest.param("For the latest round of talks, the delegations will visit Oslo in May.", id="for-the-latest"),
    pytest.param(
        "For more about the ships, please visit the museum on the pier, its director said.", id="for-more-visit"
    ),
    pytest.param("The brokers earn a commission on every product they sell, the report found.", id="earn-a-commission"),
    pytest.param("The commission told us that links between the two companies had been found.", id="the-commission"),
    pytest.param(
        "Critics say that the tax contributed to this story of decline in the fishing towns.", id="contributed-to"
    ),
    pytest.param("Picture a harbour without a single ship and you see what the council sees.", id="picture"),
    pytest.param("Supplies reached the island on Friday after the storm had passed.", id="supplies"),
    pytest.param("The minister said so.", id="short-sentence"),
    pytest.param("Nobody came.", id="very-short-sentence"),
    pytest.param("“Never.”", id="one-word-quote"),
]


@pytest.mark.parametrize("sentence", NEWS)
def test_a_sentence_of_the_article_stays_whatever_it_mentions(sentence):
    assert clean(around(sentence)).text == f"{FIRST}\n\n{sentence}\n\n{SECOND}\n\n{THIRD}"


LONG_PARAGRAPHS = [
    pytest.param("By signing the accord, both sides agree to a pause of a month. " + THIRD, id="by-signing"),
    pytest.param(
        "Support for the plan has risen, and it is popular with us islanders today. " + THIRD, id="support-today"
    ),
    pytest.param("“We asked our readers about our newsletters,” the editor told the court. " + THIRD, id="newsletters"),
    pytest.param("Under the law your browser sends no cookies to a website unless you agree. " + THIRD, id="cookies"),
]


@pytest.mark.parametrize("paragraph", LONG_PARAGRAPHS)
def test_a_paragraph_of_several_sentences_stays_whole_whatever_one_of_them_mentions(paragraph):
    assert paragraph in clean(f"{FIRST}\n\n{paragraph}\n\n{SECOND}\n").text


BLOCKS = [
    pytest.param(
        (
            "Council stops the ferry\n\nFerries in the harbour on Monday. (File)\nFerries in the harbour on Monday. "
            f"(File)\n\n{FIRST}\n\n{SECOND}"
        ),
        ["Ferries in the harbour"],
        [FIRST, SECOND],
        id="caption-twice-above-the-article",
    ),
    pytest.param(
        "Council stops the ferry\n\nA line of 40 ships and two hundred years of history come to an end in May.\n"
        "\nBy Ines Carrow\nIsland correspondent\n"
        f"4 March 2025, 20:10 CET\n\n[Facebook] [X] [Print]\n\n{FIRST}\n\n{SECOND}",
        ["By Ines Carrow", "Island correspondent", "20:10 CET", "[Facebook]"],
        [FIRST, SECOND],
        id="byline-between-standfirst-and-article",
    ),
    pytest.param(
        (
            f"{FIRST}\n\nWebsite preview\nThe bridge that was never built\nIt was promised in 1974, in 1989 and...\n"
            f"islandherald.example\n\n{SECOND}\n\n{THIRD}"
        ),
        ["Website preview", "never built", "promised in 1974", "islandherald.example"],
        [FIRST, SECOND, THIRD],
        id="link-card",
    ),
    pytest.param(
        (
            f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\nRelated stories\n• The bridge that was never built\n• Who pays for "
            "the harbour?\n• Quiz of the week"
        ),
        ["Related stories", "never built", "Who pays", "Quiz"],
        [FIRST, SECOND, THIRD],
        id="related-list-at-the-end",
    ),
    pytest.param(
        (
            f"{FIRST}\n\nMost read\n1. The bridge that was never built\n2. Who pays for the harbour?\n\n{SECOND}\n\n"
            f"{THIRD}"
        ),
        ["Most read", "never built", "Who pays"],
        [FIRST, SECOND, THIRD],
        id="most-read-in-the-middle",
    ),
    pytest.param(
        f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\nComments (3)\n\nseagull44: I have lived here for sixty years and "
        "never seen a council like this one.\n\n"
        "Maud from Leith: The ministry should pay for all of it, and it should pay today.",
        ["seagull44", "Maud from Leith", "Comments (3)"],
        [FIRST, SECOND, THIRD],
        id="readers-comments",
    ),
    pytest.param(
        f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\nAbout Island Herald\nThe Island Herald reports on the sea and its "
        "people from a small office on the pier.\n"
        "© 2025 Island Herald",
        ["reports on the sea", "About Island Herald", "©"],
        [FIRST, SECOND, THIRD],
        id="about-the-outlet",
    ),
    pytest.param(
        f"Council stops the ferry\n\nCouncil stops the ferry\n\n{FIRST}\n\n{SECOND}",
        ["Council stops the ferry"],
        [FIRST, SECOND],
        id="headline-twice",
    ),
    pytest.param(
        f"{FIRST}\n\n{SECOND}\n\n{SECOND}\n\n{THIRD}",
        [f"{SECOND}\n\n{SECOND}"],
        [FIRST, SECOND, THIRD],
        id="paragraph-twice",
    ),
    pytest.param(
        (
            f"{FIRST}\n\nNewsletter\nMorning Tide: the islands in five minutes, weekdays at 7.\n>> Sign me up\n\n"
            f"{SECOND}\n\n{THIRD}"
        ),
        ["Morning Tide", "Sign me up"],
        [FIRST, SECOND, THIRD],
        id="newsletter-box",
    ),
    pytest.param(
        "Island Herald\n\nCouncil stops the ferry\n\nContents\n1. The vote\n2. The money\n3. The bridge\n\n"
        f"{FIRST}\n\nThe vote\n\n{SECOND}\n\nThe money\n\n{THIRD}",
        ["Contents", "1. The vote"],
        [FIRST, SECOND, THIRD],
        id="table-of-contents",
    ),
]


@pytest.mark.parametrize(("raw", "gone", "kept"), BLOCKS)
def test_blocks_around_an_article_go(raw, gone, kept):
    text = clean(raw, "Council stops the ferry", "Island Herald").text
    assert [piece for piece in gone if piece in text] == []
    assert [piece for piece in kept if piece not in text] == []


# --- where the article begins and ends
# -----------------------------------------------------------------------------------

MENU = "\n".join(
    ["Skip to main content", "Menu", "* News", "* Islands", "* Weather", "* Sport", "* Letters", "Subscribe", "Search"]
)
FOOTER = "\n".join(
    ["* About", "* Corrections", "* Jobs", "Privacy policy", "© 2025 Island Herald. All rights reserved."]
)
TEASERS = "\n".join(
    [
        "Mystery of the missing lighthouse lens solved",
        "Culture",
        (
            "A lens that vanished from the northern lighthouse in 1931 has turned up in a barn, and nobody is able "
            "to say how it got…"
        ),
        "Herring prices climb for a third week",
        "2 hours ago",
        "Buyers in the southern markets pay more than they have since the winter of the great ice.",
        "Three bakers, one recipe, no agreement",
        "Food",
        "It is the oldest quarrel on the islands, and it is about cardamom.",
    ]
)
BODY = f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\n{FIRST.replace('Monday', 'Friday')}\n\n{SECOND.replace('2,000', '1,900')}"
PAYWALL = "\n".join(
    [
        "Subscribe now to read on",
        "* Unlimited access to every article",
        "* Crosswords and puzzles",
        "* Newsletters from our newsroom",
        "Email address",
    ]
)
LEAD = (
    "My grandmother never learned to swim, and she crossed the sound twice each week for forty years, in sleet "
    "and in June sunshine, with eggs on her lap and"
    " a rosary in her coat."
)

LONG_WITHOUT_END = (
    "Those who came to the old harbour on Monday evening brought their children, their dogs, the pictures of boats "
    "that were gone before the war, and a long list of what the town had promised in all the years since then: a "
    "pier, a lift, a roof for the winter, and a boat that runs at night"
)
SURROUNDED = [
    pytest.param(f"{MENU}\n\n{BODY}\n\n{FOOTER}", ["Islands", "Letters", "Corrections", "Jobs"], [], id="menus"),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\n{TEASERS}\n\n{FOOTER}",
        ["lens", "Herring", "Buyers", "bakers", "cardamom"],
        [],
        id="teasers-without-a-heading",
    ),
    pytest.param(
        f"{MENU}\n\n{LEAD}\n\n{PAYWALL}\n\n{BODY}\n\n{FOOTER}",
        ["Unlimited", "Crosswords", "newsroom"],
        [LEAD],
        id="first-paragraph-above-a-paywall",
    ),
    pytest.param(
        f"{MENU}\n\nFerry between the islands will stop in May\nThe council decided after a debate and many "
        "people use the ferry between islands\n"
        f"Ines Carrow\n4 March 2025\nShare\n\n{BODY}\n\n{FOOTER}",
        ["Ines Carrow"],
        ["The council decided after a debate and many people use the ferry between islands"],
        id="standfirst-without-a-full-stop",
    ),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\nThe council asks for three things:\n* a bridge\n* a pier\n* a doctor\n\n{FOOTER}",
        ["Jobs"],
        ["* a bridge", "* a doctor"],
        id="ends-with-a-list",
    ),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\nThe harbour master saw it coming and told the council so in a letter that …\n\n{FOOTER}",
        ["Jobs"],
        ["told the council so"],
        id="ends-clipped",
    ),
    pytest.param(
        (
            f"{MENU}\n\nBy Ines Carrow\n\n{BODY}\n\nInes Carrow is the Herald’s reporter on the northern islands.\n\n"
            f"{FOOTER}"
        ),
        ["reporter on the northern"],
        [],
        id="about-the-author",
    ),
    pytest.param(
        (
            f"{MENU}\n\nBy Ines Carrow\n\n{BODY}\n\nAda Brun is a reporter whom the council has banned from its "
            f"meetings.\n\n{FOOTER}"
        ),
        [],
        ["Ada Brun"],
        id="another-reporter-in-the-news",
    ),
    pytest.param(
        (
            f"{MENU}\n\n{BODY}\n\nYou have read this far because our journalism matters to you: become one of its "
            f"members.\n\n{FOOTER}"
        ),
        ["read this far"],
        [],
        id="appeal",
    ),
    pytest.param(
        (
            f"{MENU}\n\n{BODY}\n\n“You read our newsletters and you still voted for him,” she told the members.\n\n"
            f"{FOOTER}"
        ),
        [],
        ["still voted for him"],
        id="appeal-in-a-quotation",
    ),
    pytest.param(
        f"{FIRST}\n\nREAD IN FULL | The pier that sank\n\n{SECOND}\n\nREAD IN FULL | The bridge that rose\n\n{THIRD}",
        ["that sank", "that rose"],
        [],
        id="links-with-one-prefix",
    ),
]


@pytest.mark.parametrize(("raw", "gone", "kept"), SURROUNDED)
def test_an_article_is_found_inside_its_page(raw, gone, kept):
    text = clean(raw).text
    assert [piece for piece in gone if piece in text] == []
    assert [piece for piece in [FIRST, SECOND, THIRD, *kept] if piece not in text] == []


MUCH_LONGER = "\n".join(
    f"Reader {number}\nThe council of {number} towns has thought of boats, of bridges and of nothing else for years, "
    f"and I have written to it {number} times about the price of a ticket to the mainland.\nIsland time\n"
    for number in range(2, 14)
)
NOTES = "Harbour notes of the week\n" * 9
FOUND_FIRST = [
    pytest.param(
        f"{MENU}\n\n{BODY}\n\nPost\nFind\nDock\n{NOTES}\n\n{MUCH_LONGER}\n\n{FOOTER}",
        [],
        [],
        id="an-article-before-a-longer-thread",
    ),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\n12 thoughts on “The last ferry”\n\n{MUCH_LONGER}\n\n{FOOTER}",
        ["Reader 2", "Reader 13", "boats, of bridges"],
        [],
        id="a-thread-longer-than-the-article",
    ),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\n12 Gedanken zu „Die letzte Fähre“\n\n{MUCH_LONGER}\n\n{FOOTER}",
        ["Reader 2", "Reader 13"],
        [],
        id="a-german-thread",
    ),
    pytest.param(
        f"{MENU}\n\nIslanders fear for their last boat\n\nThe end of the line was long in coming.\n\n"
        f"{NOTES}\n\n{BODY}\n\n{FOOTER}",
        [],
        ["long in coming"],
        id="standfirst-far-above-the-article",
    ),
    pytest.param(
        f"{MENU}\n\n{BODY}\n\n{LONG_WITHOUT_END}\n\nA bridge too far\n\n"
        f"{LONG_WITHOUT_END.replace('Monday', 'Friday')}\n\n{FOOTER}",
        [],
        [LONG_WITHOUT_END, LONG_WITHOUT_END.replace("Monday", "Friday")],
        id="paragraphs-without-full-stops",
    ),
    pytest.param(
        f"{FIRST}\n\nMost read\n1. The bridge that was never built\n\nRemember the winter in which "
        f"{'the sea froze, ' * 14}and all the boats stayed in?\n\n{SECOND}\n\n{THIRD}",
        ["never built"],
        ["Remember the winter"],
        id="a-long-question-ends-a-list",
    ),
]


@pytest.mark.parametrize(("raw", "gone", "kept"), FOUND_FIRST)
def test_an_article_keeps_its_sentences_whatever_comes_before_and_after(raw, gone, kept):
    text = clean(raw, "Islanders fear for their last boat").text
    assert [piece for piece in gone if piece in text] == []
    assert [piece for piece in [FIRST, SECOND, THIRD, *kept] if piece not in text] == []


def test_the_names_and_questions_of_an_interview_stay():
    talk = "\n".join(f"Ines Holm:\nI have asked the ministry {number} times.\nAnd then?" for number in range(2, 9))
    text = clean(f"{FIRST}\n\n{SECOND}\n\n{talk}\n\n{THIRD}").text
    assert (text.count("Ines Holm:"), text.count("And then?")) == (7, 7)


def test_a_sentence_that_was_taken_for_the_title_stays():
    assert SECOND in clean(f"{FIRST}\n\n{SECOND}\n\n{THIRD}", SECOND).text


OTHER_STORIES = "\n".join(
    f"The pier of {number} planks\nNobody had seen a pier of {number} planks until this island built it."
    for number in range(4, 8)
)


@pytest.mark.parametrize(
    "heading",
    [
        "Related posts",
        "Das könnte Sie auch interessieren",
        "À lire également",
        "Te puede interesar",
        "Leggi anche",
        "Leia também",
        "Lees ook",
        "Läs också",
        "Læs også",
        "Lue seuraavaksi",
        "Czytaj także:",
        "Čtěte také",
        "Читайте також",
        "Материалы по теме",
        "Diğer haberler",
        "مقالات ذات صلة",
        "संबंधित खबरें",
        "関連記事",
        "相关阅读",
        "Hinterlasse einen Kommentar",
        "Laisser un commentaire",
    ],
)
def test_teasers_under_a_heading_in_any_language_go(heading):
    text = clean(f"{MENU}\n\n{BODY}\n\n{heading}\n\n{OTHER_STORIES}\n\n{FOOTER}").text
    assert "planks" not in text
    assert text.endswith("the old harbour.")


ALONE = [
    pytest.param(
        "\n".join([FIRST, *(f"Pier {number}\n{number} ships" for number in range(40)), THIRD]),
        [FIRST, THIRD],
        id="table-between-two-paragraphs",
    ),
    pytest.param(
        "\n".join([FIRST, SECOND, *(f"Best ferry in class {number}\nThe Spray" for number in range(20)), THIRD]),
        [SECOND, THIRD],
        id="list-of-winners",
    ),
    pytest.param(
        "\n".join([SECOND, THIRD, *["The tide is out", "the boats lie down", "and no one rows to Leith."] * 8]),
        ["and no one rows to Leith."],
        id="poem",
    ),
    pytest.param(
        "\n".join(
            f"What do you ask of the council?\nCandidate {n}: I ask for bridge number {n} before the winter."
            for n in range(9)
        ),
        ["number 0", "number 8"],
        id="answers",
    ),
    pytest.param(
        "\n".join(
            f"{hour}:45\nBoat {hour} leaves\nThe boat of {hour} hours left the pier in a gale." for hour in range(9)
        ),
        ["boat of 0", "boat of 8"],
        id="live-report",
    ),
]


@pytest.mark.parametrize(("raw", "kept"), ALONE)
def test_a_text_without_a_page_around_it_keeps_both_its_ends(raw, kept):
    text = clean(raw).text
    assert [piece for piece in kept if piece not in text] == []


ELSEWHERE = [
    pytest.param(
        "* Startseite\n* Inseln\n* Wetter\nAnzeige\nNewsletter\n\nDie Fähre zwischen den Inseln stellt im Mai "
        "den Betrieb ein, beschloss der Rat am Montag.\n\n"
        "Rund 2.000 Menschen nutzen sie jede Woche, und die nächste Brücke ist weit entfernt.\n\n* Impressum\n* "
        "Kontakt\nDatenschutz\n© 2025 Inselbote",
        ["beschloss der Rat am Montag.", "ist weit entfernt."],
        ["Wetter", "Kontakt"],
        id="german",
    ),
    pytest.param(
        "* Accueil\n* Îles\nPublicité\nPartager\n\nLe ferry entre les îles cessera de circuler en mai, a décidé "
        "le conseil lundi soir.\n\n"
        "Quelque 2 000 personnes l’empruntent chaque semaine, et le pont est loin.\n\n* Contact\n* Emplois\n"
        "Mentions légales\n© 2025 Le Phare",
        ["a décidé le conseil lundi soir.", "et le pont est loin."],
        ["Accueil", "Emplois"],
        id="french",
    ),
    pytest.param(
        "* الرئيسية\n* الطقس\nFacebook\nTwitter\n\nقال رئيس المجلس يوم الاثنين إن العبارة ستتوقف في شهر أيار "
        "المقبل؟\n\n"
        "ويستخدمها نحو ألفي شخص كل أسبوع ويبعد أقرب جسر أربعين كيلومترا.\n\n* من نحن\nRSS\nCookie policy\n© 2025",
        ["المقبل؟", "كيلومترا."],
        ["الطقس", "من نحن"],
        id="arabic",
    ),
    pytest.param(
        "* 首页\n* 天气\nFacebook\nTwitter\n\n议会周一决定，往返于各岛之间的渡轮将于五月停运。\n\n"
        "每周约有两千人乘坐这艘渡轮，最近的桥在四十公里之外。\n\n* 关于\nCookie policy\n© 2025",
        ["将于五月停运。", "四十公里之外。"],
        ["首页", "关于"],
        id="chinese",
    ),
    pytest.param(
        "* होम\n* मौसम\nFacebook\nTwitter\n\nपरिषद ने सोमवार को फैसला किया कि द्वीपों के बीच नाव मई में बंद हो जाएगी।\n\n"
        "हर हफ्ते करीब दो हजार लोग इसका उपयोग करते हैं और पुल बहुत दूर है।\n\n* संपर्क\nCookie policy\n© 2025",
        ["बंद हो जाएगी।", "बहुत दूर है।"],
        ["मौसम", "संपर्क"],
        id="hindi",
    ),
]


@pytest.mark.parametrize(("raw", "kept", "gone"), ELSEWHERE)
def test_pages_in_other_languages_keep_their_sentences_and_lose_their_menus(raw, kept, gone):
    text = clean(raw).text
    assert [piece for piece in kept if piece not in text] == []
    assert [piece for piece in gone if piece in text] == []


HTML = [
    pytest.param(f"<p>{FIRST}</p><p>{SECOND}</p>", f"{FIRST}\n\n{SECOND}", id="paragraph-tags"),
    pytest.param(f"{FIRST}<br>{SECOND}<br/>{THIRD}", f"{FIRST}\n\n{SECOND}\n\n{THIRD}", id="line-breaks"),
    pytest.param(f"{FIRST}\n&nbsp;\n{SECOND}", f"{FIRST}\n\n{SECOND}", id="non-breaking-space"),
    pytest.param(f"{FIRST}\n&amp;nbsp;\n{SECOND}", f"{FIRST}\n\n{SECOND}", id="escaped-twice"),
    pytest.param(
        f"{FIRST}\n\nBybit&#8217;s wallet was <b>not</b> broken into, the firm said.\n\n{SECOND}",
        "Bybit’s wallet was not broken into",
        id="inline",
    ),
    pytest.param(
        f"{FIRST}\n<script>if (a < b) {{ track('We use it. Every day, all the time.'); }}</script>\n{SECOND}",
        f"{FIRST}\n\n{SECOND}",
        id="script",
    ),
    pytest.param(f"{FIRST}\n<style>p {{ color: red }}</style>\n{SECOND}", f"{FIRST}\n\n{SECOND}", id="style"),
    pytest.param(
        f"{FIRST}\n<!-- The editor cut this sentence on Monday evening. -->\n{SECOND}",
        f"{FIRST}\n\n{SECOND}",
        id="comment",
    ),
    pytest.param(
        f"{FIRST} Growth was < 2 % and > 1 %. {SECOND}", "Growth was < 2 % and > 1 %.", id="less-and-greater-stay"
    ),
    pytest.param(f"{FIRST} Marks &amp; Lund fell by 5 %. {SECOND}", "Marks & Lund fell by 5 %.", id="ampersand"),
]


@pytest.mark.parametrize(("raw", "expected"), HTML)
def test_remnants_of_html_are_read_and_only_they(raw, expected):
    assert expected in clean(raw).text


def wrapped(paragraph: str, width: int = 64) -> str:
    lines, current = [], ""
    for word in paragraph.split():
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
    return "\n".join([*lines, current])


@pytest.mark.parametrize("width", [60, 72, 80])
def test_the_paragraphs_of_a_hard_wrapped_mail_are_joined(width):
    paragraphs = [f"{FIRST} {SECOND}", f"{SECOND} {THIRD}", f"{THIRD} {FIRST}"]
    raw = "\n\n".join(wrapped(paragraph, width) for paragraph in paragraphs)
    assert clean(raw).text.split("\n\n") == paragraphs


def test_short_lines_of_an_ordinary_page_are_not_joined():
    raw = f"The vote\n{FIRST}\nThe money\n{SECOND}\nThe bridge\n{THIRD}"
    assert FIRST in clean(raw).text.split("\n\n")


def test_a_text_without_any_sentence_is_kept():
    assert clean("harbour timetable summer 2025\nboat one 06:40").text != ""


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Advertisement", "advertisement"),
        ("Council stops the ferry", "title"),
        (FIRST, "repeated"),
        ("* * *", "no words"),
    ],
)
def test_what_was_cut_is_told_with_a_reason(line, reason):
    cut = clean(f"{FIRST}\n\n{SECOND}\n\n{line}\n\n{THIRD}\n", "Council stops the ferry").cut
    assert [(item.line, item.reason) for item in cut] == [(line, reason)]


def test_every_line_is_either_kept_or_told_as_cut():
    for name in records():
        found = cleaned(name)
        told = [*found.text.split("\n\n"), *(item.line for item in found.cut)]
        squashed = ["".join(line.split()) for line in told]
        assert all(squashed)
        for line in visible_lines(records()[name].text):
            assert any("".join(line.split()) in candidate for candidate in squashed), line


# --- the sample articles
# -------------------------------------------------------------------------------------------------

# For each: first and last words of the article itself, and lines inside and around it that are furniture.
ARTICLES = {
    "brussels-summit.txt": (
        "BRUSSELS -- European Union leaders backed",
        "The leaders return to Brussels on 20 March",
        ["Advertisement", "Read more: Who pays for ReArm Europe?"],
        [
            "Photograph: Lotte Verhaegh",
            "By Martin Oake",
            "Hungary's veto, explained",
            "Sign up for the Tide Table",
            "87 comments",
            "its newsroom on Fish Quay",
        ],
    ),
    "bybit-heist.txt": (
        "It was supposed to be housekeeping.",
        "What can other exchanges learn?",
        ["Join 40,000 readers of the LEDGERLINE BRIEF"],
        [
            "prices delayed by 15 minutes",
            "This site sets cookies",
            "[chart:",
            "a wallet glossary",
            "19 comments",
            "Hacker News",
            "&nbsp;",
            "<p>",
        ],
    ),
    "ceasefires-since-minsk.txt": (
        "The first ceasefire of this war lasted ten days",
        "None of this means that a ceasefire is impossible.",
        ["ADVERTISEMENT", "[Advertisement: The Long Meadow Review tote bag", "PULL QUOTE:"],
        [
            "Reportage | Books",
            "Text size",
            "[Photograph:",
            "By Harriet Quill",
            "1. An anniversary lunch",
            "What the dredgers found",
            "funded by its subscribers",
        ],
    ),
    "iberian-blackout.txt": (
        "At 12:33 on Monday, 28 April",
        "Nobody has yet explained what set off the oscillation.",
        ["FOLLOW OUR LIVE BLOG"],
        [
            "SUMMER SALE",
            "First published",
            "Commuters walk out",
            "Beach bars",
            "Torches sell out",
            "from cape to cape",
            "&aacute;",
            "<b>",
        ],
    ),
    "jeddah-talks.md": (
        "JEDDAH, Saudi Arabia, March 12 (Meridian Wire) - Ukraine has accepted",
        "The Kremlin said on Wednesday that it was waiting",
        [],
        [
            "Reporting by Aldo Brannick",
            "What a ceasefire monitor actually does",
            "Timeline: twelve days",
            "publisher: Meridian Wire",
            "https://",
        ],
    ),
    "london-summit-truce.txt": (
        "LONDON, March 2 (Meridian Wire) - France and Britain",
        "European Union leaders will hold a special summit in Brussels on March 6.",
        [],
        [
            "143 partners",
            "(File)",
            "Reporting by Aldo Brannick",
            "changed nothing but the headline",
            "Share this story",
            "Sandringham tea",
            "ninety countries",
        ],
    ),
    "macron-truce-questions.txt": (
        "Two days after Emmanuel Macron put a number",
        "The Kremlin has yet to give a formal answer to the truce.",
        ["– – –", "Sign up: ‘North Star’"],
        [
            "Listen to this article",
            "By Signe Aarvik",
            "Paris correspondent",
            "[Facebook]",
            "leaves Lancaster House",
            "Photo: Henrik Moe",
            "TAGS:",
            "The man who counts",
        ],
    ),
    "merz-debt-deal.txt": (
        "A reform that Friedrich Merz had called out of the question",
        "The new Bundestag is to meet for the first time on 25 March.",
        ["Read more: Where will the 500 billion go?"],
        [
            "Advertisement",
            "By Clara Wendt",
            "Photograph: Paul Irmer",
            "Tide Table",
            "140 comments",
            "Harbour seal returns",
            "its newsroom on Fish Quay",
        ],
    ),
    "merz-rules-out-quick-reform.txt": (
        "Germany’s likely next chancellor has closed the door",
        "During the campaign the CDU had defended the brake.",
        [],
        [
            "[Facebook]",
            "26.02.2025",
            "Nordlys archive",
            "North Star",
            "Five coalitions",
            "What is a special fund, and",
            "Kaia Lund",
            "Tips?",
        ],
    ),
    "notre-dame-reopens.md": (
        "*PARIS.* Three times the archbishop struck",
        "The first mass was celebrated on Sunday morning.",
        [],
        ["READ NEXT", "The forest above the vaults", "Who owns a cathedral", "Tromsøya Harbour", "publisher: Nordlys"],
    ),
    "one-month-truce-plan.txt": (
        "LONDON (Meridian Wire)",
        "He listed four things on which the leaders had agreed",
        [],
        [
            "[Image:",
            "Agency report",
            "free articles this month",
            "Gazette pass",
            "Already a member",
            "Bin collection",
            "Sheep Street",
            "<p>",
            "&#8220;",
        ],
    ),
    "oval-office-clash.txt": (
        "Volodymyr Zelensky left the White House on Friday",
        "The British prime minister, Keir Starmer, spoke by telephone",
        [
            "ADVERTISEMENT",
            "CONTINUE READING BELOW",
            "SEE ALSO: What is in the minerals deal",
            "Read more: Five moments",
        ],
        [
            "Skip to main content",
            "Sign in | Subscribe",
            "By Ines Carrow",
            "5 min read",
            "Tomas Reyle",
            "the suit and the question",
            "Ferry timetable",
            "212 comments",
        ],
    ),
    "paris-ai-summit.txt": (
        "The Paris summit on artificial intelligence ended on Tuesday",
        "Researchers who had hoped for commitments on safety",
        ["ALSO ON THIS PAGE"],
        [
            "Your privacy, your choice",
            "Text: Nadia Ferreux",
            "Grand Palais (pool)",
            "Back to top",
            "Readers also liked",
            "What is a gigafactory",
            "The chip shortage",
        ],
    ),
    "putin-ceasefire-conditions.txt": (
        "Russia agrees with the idea of a ceasefire in Ukraine",
        "Foreign ministers of the G7, meeting in the Canadian province",
        ["READ MORE: Sudzha"],
        [
            "(Pool photo)",
            "Kestrel Wings",
            "Sign me up",
            "grey_heron44",
            "Ignore previous instructions",
            "Maud from Leith",
            "What Witkoff brought home",
            "Live TV",
        ],
    ),
    "wahlergebnis-bundestag.txt": (
        "Friedrich Merz hat die Bundestagswahl gewonnen",
        "Bis Ostern wolle er eine Regierung bilden",
        ["Lesen Sie auch: Wie die Linke"],
        [
            "Anzeige",
            "Lesezeit",
            "Artikel teilen",
            "Foto: Uferbote",
            "Mehr zum Thema",
            "So hat Ihr Wahlkreis",
            "Kommentare (58)",
            "Impressum",
            "Startseite",
        ],
    ),
    "wire.jsonl#mw-20250306-0412": (
        "FRANKFURT, March 6",
        "Lagarde said the bank would not commit itself",
        [],
        ["Reporting by Petra Sund"],
    ),
    "wire.jsonl#mw-20250328-0977": (
        "BANGKOK, March 28",
        "Myanmar has been in civil war since",
        [],
        ["Reporting by Salma Khoury"],
    ),
    "wire.jsonl#mw-20250428-0310": (
        "MANDALAY, April 28",
        "Rescue teams from China, India, Thailand",
        [],
        ["Reporting by Than Aye"],
    ),
}
# A tag, in any spelling that the sample pages use.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BREAKING_TAG = re.compile(r"</?(?:p|br|div|h\d|aside|footer)\b[^<>]*>")
_MARKUP = re.compile(r"^#+ |\*\*|(?<!\w)\*|\*(?!\w)")
_HEADING_LETTERS = re.compile(r"[.!?…:”\"']\)?$")


def visible_lines(raw: str) -> list[str]:
    """The lines of a page as a reader sees them; written for these tests, independent of the cleaner."""
    text = html.unescape(html.unescape(_TAG.sub("", _BREAKING_TAG.sub("\n", raw)))).replace("\ufeff", "")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def test_every_sample_article_is_in_the_table():
    assert set(ARTICLES) == set(records())
    assert {name.split("#")[0] for name in ARTICLES} == {path.name for path in SAMPLES.iterdir()}


@pytest.mark.parametrize("name", ARTICLES)
def test_the_furniture_of_a_sample_page_is_gone(name):
    _, _, inside, outside = ARTICLES[name]
    text = cleaned(name).text
    assert [piece for piece in [*inside, *outside] if piece in text] == []


@pytest.mark.parametrize("name", ARTICLES)
def test_every_sentence_of_a_sample_article_stays_in_order(name):
    first, last, inside, _ = ARTICLES[name]
    lines = visible_lines(_MARKUP.sub("", records()[name].text))
    first, last = _MARKUP.sub("", first), _MARKUP.sub("", last)
    begin = next(index for index, line in enumerate(lines) if line.startswith(first))
    end = next(index for index, line in enumerate(lines) if line.startswith(last))
    assert begin < end
    body = [
        line
        for line in lines[begin : end + 1]
        if not any(piece in line for piece in inside) and _HEADING_LETTERS.search(line)
    ]
    assert len(body) >= 5
    kept = cleaned(name).text.split("\n\n")
    assert [line for line in body if line not in kept] == []
    assert [line for line in kept if line in body] == body


# --- any text
# ------------------------------------------------------------------------------------------------------------

ODD = {
    "empty": "",
    "only white space": " \n\t \r\n",
    "one line of two megabytes": "The ship left the harbour at dawn with grain. " * 45_000,
    "one word of two megabytes": "x" * 2_000_000,
    "no sentence ends": "\n".join("ship harbour grain timber salt copper wool" for _ in range(200)),
    "windows line ends": f"{FIRST}\r\n\r\n{SECOND}\r\n{THIRD}\r\n",
    "old mac line ends": f"{FIRST}\r{SECOND}\r{THIRD}",
    "nul bytes": f"{FIRST}\x00{SECOND}\n\x00\x00\n{THIRD}\x00",
    "byte order mark": f"\ufeff{FIRST}\n\ufeff{SECOND}",
    "right to left": (
        "قال الرئيس يوم الاثنين إن الهدنة ستبدأ في الشهر المقبل.\n\nואז הוא יצא מן החדר בלי לומר מילה נוספת לאיש.\n\n"
        "\u202eThe end.\u202c"
    ),
    "emoji": f"🚢 {FIRST} 🌊\n\n👨‍👩‍👧 {SECOND}\n\n{THIRD} 🏳️‍🌈",
    "repeated paragraphs": "\n\n".join([FIRST, SECOND] * 50),
    "fifty thousand words": "\n\n".join(
        f"Paragraph {number} says that the ship left the harbour at dawn with grain on board."
        for number in range(3_500)
    ),
    "unclosed tags": f"<p>{FIRST}<div><b>{SECOND}\n<script>{THIRD}\n<!-- {FIRST}",
    "angle brackets only": "<" * 50_000 + ">" * 50_000,
    "entities only": "&amp;" * 50_000,
    "escape sequences": f"\x1b[31m{FIRST}\x1b[0m\x07\n{SECOND}\u2028{THIRD}\x85",
    "lone surrogate": f"{FIRST} \ud800 {SECOND}",
    "chinese": "会谈在周一开始，双方没有达成任何协议。\n\n部长说，下一轮会谈将在下个月举行。",
}


def squashed(text: str) -> str:
    """A text as far as the cleaner may not change it: entities decoded, tags, control characters and white space
    removed.
    """
    text = _TAG.sub("", re.sub(r"<(script|style|template)\b[^<>]*>.*?</\1\s*>|<!--.*?-->", "", text, flags=re.I | re.S))
    before = ""
    while before != text:
        before, text = text, html.unescape(text)
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", "", _TAG.sub("", text))


def assert_verbatim(raw: str) -> None:
    original = squashed(raw)
    for line in clean(raw).text.split("\n\n"):
        assert squashed(line) in original


@pytest.mark.parametrize("raw", ODD.values(), ids=[name.replace(" ", "-") for name in ODD])
def test_each_line_of_an_odd_text_stands_in_the_original(raw):
    assert_verbatim(raw)


SENTENCES_KEPT = [
    "windows line ends",
    "old mac line ends",
    "nul bytes",
    "byte order mark",
    "emoji",
    "escape sequences",
    "lone surrogate",
    "unclosed tags",
]


@pytest.mark.parametrize("name", SENTENCES_KEPT)
def test_the_sentences_of_an_odd_text_are_kept(name):
    text = clean(ODD[name]).text
    assert [sentence for sentence in (FIRST, SECOND) if sentence not in text] == []


def test_a_long_article_loses_no_paragraph():
    assert clean(ODD["fifty thousand words"]).text.count("\n\n") == 3_499


LINES = st.sampled_from(
    [
        FIRST,
        SECOND,
        THIRD,
        f"<p>{FIRST}</p>",
        "Advertisement",
        "SEE ALSO",
        "• A headline",
        "Comments (3)",
        "&nbsp;",
        "&amp;lt;",
        "A < B",
        "©",
        "",
        " ",
        "—",
        "🚢",
    ]
)


@given(st.one_of(st.text(st.characters(exclude_characters="<>&")), st.lists(LINES, max_size=30).map("\n".join)))
def test_each_line_of_any_cleaned_text_stands_in_the_original(raw):
    assert_verbatim(raw)


@given(st.one_of(st.text(), st.text("<>&;ap/ \n!-#8", max_size=200)))
def test_no_text_whatever_breaks_the_cleaner_or_leaves_control_characters(raw):
    text = clean(raw).text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", text)
    assert all(line == line.strip() for line in text.split("\n\n"))


@given(st.lists(LINES, max_size=30).map("\n".join))
def test_cleaning_a_cleaned_text_again_loses_no_sentence(raw):
    once = clean(raw).text
    again = clean(once).text
    assert [sentence for sentence in (FIRST, SECOND, THIRD) if (sentence in once) != (sentence in again)] == []
